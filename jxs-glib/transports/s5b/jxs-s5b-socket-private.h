/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A connection whose SOCKS5 handshake is done and which waits to be chosen, or not. Meanwhile it is
 * watched: the other side may hang up. Nothing of what it sends is read. */
typedef struct _JxsS5bSocket JxsS5bSocket;

/* Once, from the main context: the other side hung up or sent something. May free the socket. */
typedef void (*JxsS5bSocketFunc) (JxsS5bSocket *self, gpointer user_data);

JxsS5bSocket *jxs_s5b_socket_new (GSocketConnection *connection,
                                  GMainContext *context,
                                  JxsS5bSocketFunc func,
                                  gpointer user_data);
/* Looks at the socket itself: what the main loop has not told yet is known here. */
gboolean jxs_s5b_socket_is_alive (JxsS5bSocket *self);
/* Whether the other side sent something. */
gboolean jxs_s5b_socket_has_data (JxsS5bSocket *self);
/* Whether it was accepted on that address of ours. */
gboolean jxs_s5b_socket_is_on (JxsS5bSocket *self, const char *host);
/* Frees the socket, but not its connection, which is open. (transfer full) */
GSocketConnection *jxs_s5b_socket_steal (JxsS5bSocket *self);
/* Closes the connection. */
void jxs_s5b_socket_free (JxsS5bSocket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsS5bSocket, jxs_s5b_socket_free)

G_END_DECLS
