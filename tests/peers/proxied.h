/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/client/jxs-client.h>
#include <jxs-glib/transports/s5b/jxs-s5b-proxies-private.h>

G_BEGIN_DECLS

/* Connections through the SOCKS5 proxy of a real server, which the environment names (see
 * tests/servers/with-prosody.py). */
typedef struct
{
  JxsClient *clients[2];
  JxsS5bProxies *proxies;
  JxsJid *proxy;
  char *host;
  guint16 port;
  guint n_streams;
} Proxied;

void proxied_init (Proxied *self);
void proxied_clear (Proxied *self);
/* Two ends of one bytestream. (transfer full) */
void proxied_connect (Proxied *self, GSocketConnection **first, GSocketConnection **second);

G_END_DECLS
