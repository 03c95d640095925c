/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib-unix.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jxs-glib/io/jxs-socket-stream-private.h>

#include "jxs-test-sockets.h"
#include "proxied.h"

/* s5b.proxy: bytes through the SOCKS5 proxy of a server, and through a bare relay between the same
 * kind of streams; bench-s5b-proxy.py starts the server. */

#define PIECE 16384
#define TOTAL (128ULL * 1024 * 1024)

static guint8 piece[PIECE];

static gpointer
receive (gpointer stream)
{
  static guint8 buffer[65536];
  guint64 received = 0;

  while (received < TOTAL)
    {
      gssize n = g_input_stream_read (
          g_io_stream_get_input_stream (stream), buffer, sizeof buffer, NULL, NULL);

      if (n <= 0)
        g_error ("the stream ended too early");
      received += n;
    }
  return NULL;
}

static gboolean
writable_cb (GObject *stream, gpointer user_data)
{
  guint64 *sent = user_data;

  while (*sent < TOTAL)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (
          G_POLLABLE_OUTPUT_STREAM (stream), piece, PIECE, NULL, &error);

      if (n < 0)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            g_error ("write: %s", error->message);
          return G_SOURCE_CONTINUE;
        }
      *sent += n;
    }
  return G_SOURCE_REMOVE;
}

/* MB/s */
static double
measure (GSocketConnection *first, GSocketConnection *second)
{
  g_autoptr (GIOStream) from = jxs_socket_stream_new (first);
  g_autoptr (GIOStream) to = jxs_socket_stream_new (second);
  GThread *receiver = g_thread_new ("receiver", receive, to);
  g_autoptr (GSource) source = NULL;
  gint64 start = g_get_monotonic_time ();
  guint64 sent = 0;

  jxs_socket_stream_set_relayed (JXS_SOCKET_STREAM (from), TRUE);
  source = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (
                                                       g_io_stream_get_output_stream (from)),
                                                   NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (writable_cb), &sent, NULL);
  g_source_attach (source, NULL);
  while (sent < TOTAL || jxs_socket_stream_get_pending (JXS_SOCKET_STREAM (from)) > 0)
    g_main_context_iteration (NULL, sent < TOTAL);
  g_thread_join (receiver);
  return (double) TOTAL / (double) (g_get_monotonic_time () - start);
}

static void
relay (GSocketConnection *from, GSocketConnection *to)
{
  int in = g_socket_get_fd (g_socket_connection_get_socket (from));
  int out = g_socket_get_fd (g_socket_connection_get_socket (to));
  static char buffer[65536];
  ssize_t n;

  while ((n = recv (in, buffer, sizeof buffer, 0)) > 0)
    for (ssize_t done = 0; done < n;)
      {
        ssize_t sent = send (out, buffer + done, n - done, MSG_NOSIGNAL);

        if (sent < 0)
          _exit (1);
        done += sent;
      }
  _exit (0);
}

static double
through_relay (void)
{
  GSocketConnection *ends[4];
  double speed;
  pid_t child;

  jxs_test_tcp_pair (&ends[0], &ends[1]);
  jxs_test_tcp_pair (&ends[2], &ends[3]);
  for (guint i = 1; i < 3; i++)
    {
      int fd = g_socket_get_fd (g_socket_connection_get_socket (ends[i]));

      g_unix_set_fd_nonblocking (fd, FALSE, NULL);
    }
  child = fork ();
  if (child == 0)
    relay (ends[1], ends[2]);
  g_clear_object (&ends[1]);
  g_clear_object (&ends[2]);
  speed = measure (ends[0], ends[3]);
  for (guint i = 0; i < 4; i += 3)
    {
      g_io_stream_close (G_IO_STREAM (ends[i]), NULL, NULL);
      g_clear_object (&ends[i]);
    }
  waitpid (child, NULL, 0);
  return speed;
}

int
main (void)
{
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  double baseline = through_relay ();
  Proxied proxied;
  double value;

  proxied_init (&proxied);
  proxied_connect (&proxied, &first, &second);
  value = measure (first, second);
  proxied_clear (&proxied);
  printf ("{\"value\": %.1f, \"baseline\": %.1f}\n", value, baseline);
  return 0;
}
