/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tcp-private.h>

static const char block[65536];

/* Writes until it would block. */
static void
fill (GIOStream *stream)
{
  g_autoptr (GError) error = NULL;

  while (g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (
                                                         g_io_stream_get_output_stream (stream)),
                                                     block,
                                                     sizeof block,
                                                     NULL,
                                                     &error) > 0)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static void
test_options (void)
{
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GIOStream) stream = NULL;
  GSocket *socket;
  int idle = 0;

  jxs_test_tcp_pair (&first, &second);
  stream = jxs_socket_stream_new (first);
  socket = g_socket_connection_get_socket (first);
  g_assert_true (g_socket_get_keepalive (socket));
  g_assert_true (g_socket_get_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, NULL));
  g_assert_cmpint (idle, ==, JXS_TCP_KEEPALIVE_IDLE);
}

static void
test_facts (void)
{
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GIOStream) stream = NULL;
  GSocket *socket;

  jxs_test_tcp_pair (&first, &second);
  stream = jxs_socket_stream_new (first);
  socket = g_socket_connection_get_socket (first);
  g_assert_cmpuint (jxs_tcp_get_unacknowledged (socket), ==, 0);
  g_assert_cmpuint (jxs_tcp_get_window (socket), >, 0);
  fill (stream);
  g_assert_cmpuint (jxs_tcp_get_unacknowledged (socket), >, 0);
  g_assert_cmpuint (jxs_socket_stream_get_pending (JXS_SOCKET_STREAM (stream)), >, 0);
}

/* What is no TCP has nothing to tell. */
static void
test_pipe (void)
{
  g_autoptr (GIOStream) first = NULL;
  g_autoptr (GIOStream) second = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  jxs_pipe_new (&first, &second, &error);
  g_assert_no_error (error);
  fill (first);
  socket = jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (first));
  g_assert_false (g_socket_get_keepalive (socket));
  g_assert_cmpuint (jxs_tcp_get_unacknowledged (socket), ==, 0);
  g_assert_cmpuint (jxs_tcp_get_window (socket), ==, 0);
}

/* TCP gave up: the system says that once, here it stays, and never looks like an end of file. A
 * window that remains shut stands for a peer that vanished. */
static void
test_vanished (void)
{
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;
  char byte;

  jxs_test_tcp_pair (&first, &second);
  stream = jxs_socket_stream_new (first);
  socket = g_socket_connection_get_socket (first);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 1, &error);
  g_assert_no_error (error);
  fill (stream);
  g_socket_condition_wait (socket, G_IO_IN, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      g_assert_cmpint (g_pollable_input_stream_read_nonblocking (
                           G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream)),
                           &byte,
                           1,
                           NULL,
                           &error),
                       ==,
                       -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
      g_clear_error (&error);
    }
}

/* Of a connection that the peer has reset, the end of our direction is nothing to fail with. */
static void
test_reset (void)
{
  const struct linger at_once = { .l_onoff = 1 };
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *sockets[2];

  jxs_test_tcp_pair (&first, &second);
  sockets[0] = g_socket_connection_get_socket (first);
  sockets[1] = g_socket_connection_get_socket (second);
  stream = jxs_socket_stream_new (first);
  jxs_socket_stream_set_half_close (JXS_SOCKET_STREAM (stream), TRUE);
  g_assert_cmpint (
      setsockopt (g_socket_get_fd (sockets[1]), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
      ==,
      0);
  g_assert_true (g_socket_close (sockets[1], NULL));
  g_assert_true (g_socket_condition_wait (sockets[0], G_IO_HUP, NULL, NULL));
  g_assert_false (g_socket_shutdown (sockets[0], FALSE, TRUE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  g_assert_true (g_output_stream_close (g_io_stream_get_output_stream (stream), NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/io/tcp/options", test_options);
  g_test_add_func ("/io/tcp/facts", test_facts);
  g_test_add_func ("/io/tcp/pipe", test_pipe);
  g_test_add_func ("/io/tcp/vanished", test_vanished);
  g_test_add_func ("/io/tcp/reset", test_reset);

  return g_test_run ();
}
