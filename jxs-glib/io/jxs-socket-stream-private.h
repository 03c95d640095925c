/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A GIOStream over a GSocket: pollable both ways, safe for blocking use from another thread (one
 * reader and one writer), with
 * - read-ahead: one recv of up to 64 KiB serves many small reads (TLS reads a 5-byte header and
 *   then the body); its sources are those of the socket plus "ready now" while bytes are left;
 * - gathering: while switched on, what is written without waiting is collected and leaves in one
 *   send: when 128 KiB are collected, on flush and close, and always before the main loop sleeps.
 *   A blocking write sends at once, after what was collected before it;
 * - back-pressure: what the socket does not take stays collected, up to the same bound; then writes
 *   would block;
 * - half-close: closing the output stream is shutdown (SHUT_WR) when "half-close" is on;
 * - counters of bytes in each direction, as the socket took and gave them.
 * A failed send is reported by the next write, flush or close, and by all after it. Closing waits
 * for what is collected (cancellable; asynchronously without a thread), dropping never does.
 * Nothing is held in memory while nothing is under way. TCP sockets get TCP_NODELAY and keepalive:
 * a peer that vanished is noticed two minutes after it was last heard; while bytes are under way
 * to it, when the system gives up sending them again. */
#define JXS_TYPE_SOCKET_STREAM (jxs_socket_stream_get_type ())
G_DECLARE_FINAL_TYPE (JxsSocketStream, jxs_socket_stream, JXS, SOCKET_STREAM, GIOStream)

/* Takes a reference on connection; closing the stream closes it, with what has arrived read and
 * dropped first, as a TCP socket with unread bytes would be reset and lose what it sent. */
GIOStream *jxs_socket_stream_new (GSocketConnection *connection);
void jxs_socket_stream_set_half_close (JxsSocketStream *self, gboolean half_close);
gboolean jxs_socket_stream_get_half_close (JxsSocketStream *self);
/* The path goes through a relay that may hold back the end of what was sent until more comes, and
 * that takes a FIN for the end of both directions: no half-close any more, and the last bytes of
 * what is written without a pause leave one by one, within half a second (see JxsTailMachine);
 * flushing does not wait for them, closing the stream sends them at once; closed asynchronously, it
 * then waits for the end of the other direction, for 2 seconds at most. Call before writing, in the
 * context of the owner, which is where those bytes leave from. */
void jxs_socket_stream_set_relayed (JxsSocketStream *self, gboolean relayed);
gboolean jxs_socket_stream_get_relayed (JxsSocketStream *self);
/* Call in the context that writes, which is where the collected bytes leave from; off at
 * construction. */
void jxs_socket_stream_set_gathering (JxsSocketStream *self, gboolean gathering);
/* For TLS, from any thread. While it gathers, a record is taken whole if there is room. To make
 * room sends what can be sent without waiting: FALSE if that would block, or fails; always TRUE
 * when it does not gather. */
gboolean jxs_socket_stream_has_room (JxsSocketStream *self);
gboolean jxs_socket_stream_make_room (JxsSocketStream *self, GError **error);
/* Sends as much of what was gathered as the socket takes, without waiting for the loop to turn. */
void jxs_socket_stream_send_now (JxsSocketStream *self);
/* Blocks until all that is gathered is sent. */
gboolean
jxs_socket_stream_send_all (JxsSocketStream *self, GCancellable *cancellable, GError **error);
guint64 jxs_socket_stream_get_bytes_read (JxsSocketStream *self);
guint64 jxs_socket_stream_get_bytes_written (JxsSocketStream *self);
/* Bytes written that have not left yet, or that the other end has not acknowledged. */
gsize jxs_socket_stream_get_pending (JxsSocketStream *self);
GSocket *jxs_socket_stream_get_socket (JxsSocketStream *self);
/* The other end is about to be shut because of this error: it is what reads report in place of the
 * end of file, and writes in place of a broken pipe. Any thread; the first one counts. */
void jxs_socket_stream_set_reason (JxsSocketStream *self, const GError *reason);
/* Why nothing comes any more or can be sent, for layers above whose own error does not tell: what
 * failed, or that the other end closed it. (transfer full) (nullable) */
GError *jxs_socket_stream_dup_error (JxsSocketStream *self);

G_END_DECLS
