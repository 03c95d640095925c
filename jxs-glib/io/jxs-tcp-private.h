/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What GSocket does not offer of TCP; on other sockets, and where the system does not tell, the
 * answer is 0. */

/* A peer that vanished without a word is noticed so long after it was last heard, if nothing is
 * under way to it. TCP_USER_TIMEOUT, which would cover that too, also ends a connection whose peer
 * is alive and just does not read. */
#define JXS_TCP_KEEPALIVE_IDLE 60 /* seconds */
#define JXS_TCP_KEEPALIVE_INTERVAL 15
#define JXS_TCP_KEEPALIVE_COUNT 4

/* No Nagle; keepalive. */
void jxs_tcp_set_up (GSocket *socket);
/* Bytes the socket took that the other end has not acknowledged. */
gsize jxs_tcp_get_unacknowledged (GSocket *socket);
/* Bytes the other end said it has room for, when it last spoke. */
gsize jxs_tcp_get_window (GSocket *socket);
/* Of a call that does not wait: a timeout is TCP that gave up, and nothing that may pass. */
void jxs_tcp_explain (GError *error);
/* Ends our direction of any stream socket, then reads and drops what has arrived: one that is
 * closed with bytes unread sends a reset, and what it sent before can be lost on the way. Returns
 * whether nothing more can come. */
gboolean jxs_tcp_drain (GSocket *socket);

G_END_DECLS
