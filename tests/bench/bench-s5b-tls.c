/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-bulk.h"
#include "bench-s5b.h"

/* s5b.tls: bytes through an encrypted pipe over a direct SOCKS5 bytestream, against GnuTLS on the
 * socket. */

static double
library_move (int fd, gboolean is_sender)
{
  S5bProcess process;
  double seconds;

  s5b_process_init (&process, fd, is_sender, TRUE);
  seconds =
      bulk_move_and_close (G_IO_STREAM (s5b_process_connect (&process, is_sender)), is_sender);
  s5b_process_clear (&process);
  return seconds;
}

int
main (void)
{
  return bulk_main (library_move, bulk_gnutls);
}
