/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/jxs-endpoint.h>

G_BEGIN_DECLS

/* One of two endpoints in two processes, which reach one another over SOCKS5 bytestreams on
 * loopback; their stanzas go over fd. Romeo opens, Juliet accepts. */
typedef struct
{
  JxsJid *jids[2]; /* (owned): Romeo's, Juliet's */
  JxsRelayChannel *channel;
  JxsEndpoint *endpoint;
  GSocketConnection *signalling;
  GByteArray *arrived;
  JxsConnection *connection;
} S5bProcess;

void s5b_process_init (S5bProcess *self, int fd, gboolean is_romeo, gboolean secure);
void s5b_process_clear (S5bProcess *self);
/* A pipe between the two. */
JxsConnection *s5b_process_connect (S5bProcess *self, gboolean is_romeo);

/* An endpoint that uses nothing but SOCKS5 bytestreams over 127.0.0.1. */
void s5b_restrict (JxsEndpoint *endpoint);

G_END_DECLS
