/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/jxs-endpoint.h>

G_BEGIN_DECLS

/* One of two endpoints, mostly in two processes, which reach one another over SOCKS5 bytestreams on
 * loopback; their stanzas go over fd. Romeo opens, Juliet accepts. */
typedef struct
{
  JxsJid *jids[2]; /* (owned): Romeo's, Juliet's */
  JxsRelayChannel *channel;
  JxsEndpoint *endpoint;
  GSocketConnection *signalling;
  GByteArray *arrived;
  JxsConnection *connection;
  gint64 start_us;
  gint64 connected_us;
  void (*edit) (JxsElement *stanza, gpointer user_data); /* (nullable): what leaves */
  gpointer user_data;
} S5bProcess;

void s5b_process_init (S5bProcess *self, int fd, gboolean is_romeo, gboolean secure);
void s5b_process_clear (S5bProcess *self);
/* A pipe between the two: once both have started there will be a connection. */
void s5b_process_start (S5bProcess *self, gboolean is_romeo);
JxsConnection *s5b_process_connect (S5bProcess *self, gboolean is_romeo);

/* An endpoint that uses nothing but SOCKS5 bytestreams over 127.0.0.1. */
void s5b_restrict (JxsEndpoint *endpoint);

G_END_DECLS
