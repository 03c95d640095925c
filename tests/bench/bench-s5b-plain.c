/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-bulk.h"
#include "bench-s5b.h"

/* s5b.plain: bytes through a pipe without TLS over a direct SOCKS5 bytestream, against the same
 * loop on a GSocketConnection. */

static double
library_move (int fd, gboolean is_sender)
{
  S5bProcess process;
  double seconds;

  s5b_process_init (&process, fd, is_sender, FALSE);
  seconds =
      bulk_move_and_close (G_IO_STREAM (s5b_process_connect (&process, is_sender)), is_sender);
  s5b_process_clear (&process);
  return seconds;
}

static double
raw_move (int fd, gboolean is_sender)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) connection = NULL;

  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (socket);
  return bulk_move (G_IO_STREAM (connection), is_sender);
}

int
main (void)
{
  return bulk_main (library_move, raw_move);
}
