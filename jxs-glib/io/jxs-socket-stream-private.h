/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A GIOStream over a GSocket: pollable both ways, safe for blocking use from another thread (one
 * reader and one writer), with
 * - read-ahead: one recv of up to 256 KiB serves many small reads (TLS reads a 5-byte header and
 *   then the body);
 * - gathering: while switched on, small writes are collected and leave in one send: when 256 KiB
 * are collected, on flush and close, and always before the main loop sleeps;
 * - half-close: closing the output stream is shutdown (SHUT_WR) when "half-close" is on;
 * - counters of bytes in each direction.
 * A failed send is reported by the next write, flush or close. */
#define JXS_TYPE_SOCKET_STREAM (jxs_socket_stream_get_type ())
G_DECLARE_FINAL_TYPE (JxsSocketStream, jxs_socket_stream, JXS, SOCKET_STREAM, GIOStream)

/* Takes a reference on connection; closing the stream closes it. */
GIOStream *jxs_socket_stream_new (GSocketConnection *connection);
void jxs_socket_stream_set_half_close (JxsSocketStream *self, gboolean half_close);
/* Call in the context that writes; off at construction, as TLS handshakes want every byte out. */
void jxs_socket_stream_set_gathering (JxsSocketStream *self, gboolean gathering);
guint64 jxs_socket_stream_get_bytes_read (JxsSocketStream *self);
guint64 jxs_socket_stream_get_bytes_written (JxsSocketStream *self);
GSocket *jxs_socket_stream_get_socket (JxsSocketStream *self);

G_END_DECLS
