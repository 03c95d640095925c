/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <string.h>

#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

/* Two ends: over TCP or a pipe. */
typedef struct
{
  GIOStream *end[2];
  GPollableInputStream *in[2];
  GPollableOutputStream *out[2];
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer over_tcp)
{
  if (GPOINTER_TO_INT (over_tcp))
    {
      g_autoptr (GSocketConnection) first = NULL;
      g_autoptr (GSocketConnection) second = NULL;

      jxs_test_tcp_pair (&first, &second);
      fixture->end[0] = jxs_socket_stream_new (first);
      fixture->end[1] = jxs_socket_stream_new (second);
    }
  else
    {
      g_autoptr (GError) error = NULL;

      jxs_pipe_new (&fixture->end[0], &fixture->end[1], &error);
      g_assert_no_error (error);
    }

  for (int i = 0; i < 2; i++)
    {
      fixture->in[i] = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->end[i]));
      fixture->out[i] = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (fixture->end[i]));
    }
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  for (int i = 0; i < 2; i++)
    {
      if (fixture->end[i] != NULL)
        g_io_stream_close (fixture->end[i], NULL, NULL);
      g_clear_object (&fixture->end[i]);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gssize
write_now (Fixture *fixture, int i, const void *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (fixture->out[i], data, size, NULL, &error);

  if (n < 0)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return n;
}

static gssize
read_now (Fixture *fixture, int i, void *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (fixture->in[i], data, size, NULL, &error);

  if (n < 0)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return n;
}

static gboolean
count_cb (GObject *stream, gpointer user_data)
{
  ++*(int *) user_data;
  return G_SOURCE_CONTINUE;
}

/* Bytes that were read ahead keep the stream readable although the socket is empty. */
static void
test_read_ahead (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (fixture->in[1], NULL);
  char buffer[16] = "";
  int ready = 0;

  g_source_set_callback (source, G_SOURCE_FUNC (count_cb), &ready, NULL);
  g_source_attach (source, NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpint (read_now (fixture, 1, buffer, 1), ==, -1);
  g_assert_false (g_pollable_input_stream_is_readable (fixture->in[1]));

  g_assert_cmpint (write_now (fixture, 0, "hello", 5), ==, 5);
  jxs_test_wait_for (ready > 0);
  for (int i = 0; i < 5; i++)
    {
      g_assert_true (g_pollable_input_stream_is_readable (fixture->in[1]));
      g_assert_true (g_main_context_iteration (NULL, FALSE));
      g_assert_cmpint (ready, ==, i + 2);
      g_assert_cmpint (read_now (fixture, 1, buffer + i, 1), ==, 1);
      if (i == 0)
        g_assert_cmpuint (jxs_socket_stream_get_bytes_read (JXS_SOCKET_STREAM (fixture->end[1])),
                          ==,
                          5);
    }
  g_assert_cmpstr (buffer, ==, "hello");
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_false (g_pollable_input_stream_is_readable (fixture->in[1]));
  g_source_destroy (source);
}

/* What is gathered leaves in one send when the loop would sleep. */
static void
test_gathering (Fixture *fixture, gconstpointer unused)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->end[0]);
  char buffer[16] = "";
  int n = 0;

  jxs_socket_stream_set_gathering (stream, TRUE);
  g_assert_cmpint (write_now (fixture, 0, "hel", 3), ==, 3);
  g_assert_cmpint (write_now (fixture, 0, "lo", 2), ==, 2);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, 0);
  g_assert_cmpint (read_now (fixture, 1, buffer, sizeof buffer), ==, -1);

  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, 5);
  while (n < 5)
    {
      gssize got = read_now (fixture, 1, buffer + n, sizeof buffer - n);

      n += got > 0 ? got : 0;
    }
  g_assert_cmpstr (buffer, ==, "hello");
  g_assert_false (g_main_context_iteration (NULL, FALSE));
}

#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/io/socket-stream/" name "/tcp", Fixture, GINT_TO_POINTER (TRUE), set_up, func, tear_down); \
  g_test_add ("/io/socket-stream/" name "/pipe",                                                   \
              Fixture,                                                                             \
              GINT_TO_POINTER (FALSE),                                                             \
              set_up,                                                                              \
              func,                                                                                \
              tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("read-ahead", test_read_ahead);
  ADD ("gathering", test_gathering);
  return g_test_run ();
}
