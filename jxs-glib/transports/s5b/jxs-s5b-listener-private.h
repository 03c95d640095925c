/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One listening socket per address family for all sessions of an endpoint; peers are told apart by
 * the DST.ADDR they ask for (XEP-0065 §5.3.2). An unknown one learns nothing but a refusal. */
#define JXS_TYPE_S5B_LISTENER (jxs_s5b_listener_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bListener, jxs_s5b_listener, JXS, S5B_LISTENER, GObject)

/* Handshakes under way, in all and of one host (IPv4) or network (IPv6, /64); a newcomer takes the
 * place of the oldest. Stops slow strangers, who cannot keep a peer out that is quick. Where more
 * sockets are expected there is room for these, which may all come from one host. */
#define JXS_S5B_LISTENER_MAX_HALF_OPEN 64
#define JXS_S5B_LISTENER_MAX_PER_SOURCE 16
#define JXS_S5B_LISTENER_HANDSHAKE_MS 10000
#define JXS_S5B_LISTENER_MAX_PER_HASH 4 /* sockets one peer may open for one bytestream */
/* How long it goes on listening when nobody holds it: the ports, which a router may have mapped,
 * serve the next session too. */
#define JXS_S5B_LISTENER_LINGER_MS 30000
/* Pause when a connection cannot be accepted, as when there are no descriptors left. */
#define JXS_S5B_LISTENER_PAUSE_MS 250

JxsS5bListener *jxs_s5b_listener_new (void);
/* Before the first bind; 0 (default): any port. */
void jxs_s5b_listener_set_port (JxsS5bListener *self, guint16 port);
/* Listens, at the same ports, until each hold is given back with release. FALSE: it is not held, as
 * neither family could be bound, or not to the port that was set. Ports are 0 where the family
 * could not. */
gboolean jxs_s5b_listener_hold (JxsS5bListener *self, GError **error);
void jxs_s5b_listener_release (JxsS5bListener *self);
guint16 jxs_s5b_listener_get_port (JxsS5bListener *self, GSocketFamily family);

/* A connection whose handshake is complete: the success reply is sent, nothing after it was read.
 * May forget() and drop the listener. */
typedef void (*JxsS5bIncomingFunc) (JxsS5bListener *self,
                                    GSocketConnection *connection,
                                    gpointer user_data);
/* Accepts either DST.ADDR (hash_b nullable). Returns an id, never 0. */
guint jxs_s5b_listener_expect (JxsS5bListener *self,
                               const char *hash_a,
                               const char *hash_b,
                               JxsS5bIncomingFunc func,
                               gpointer user_data);
void jxs_s5b_listener_forget (JxsS5bListener *self, guint id);

G_END_DECLS
