/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Moves many bytes from one process to another, 16 KiB at a time, in two ways by turns. The time
 * runs from the receiver's first byte to its last. */

/* One side of one way; fd: its end of a TCP connection over loopback without Nagle. The receiver
 * returns seconds. */
typedef double (*BulkSide) (int fd, gboolean is_sender);

/* GnuTLS on the socket, one send per record: TLS 1.3, AES-256-GCM, mutual certificates. */
double bulk_gnutls (int fd, gboolean is_sender);
/* Through the pollable streams of stream, without waiting, from a source that says when. */
double bulk_move (GIOStream *stream, gboolean is_sender);
/* The same, then our direction is closed and the end of the other one awaited. */
double bulk_move_and_close (GIOStream *stream, gboolean is_sender);
/* Forks both, several times, and prints what run.py reads. */
int bulk_main (BulkSide side, BulkSide baseline);

G_END_DECLS
