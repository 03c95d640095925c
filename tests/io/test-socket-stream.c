/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <malloc.h>
#include <string.h>
#include <sys/socket.h>

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

static gsize
read_until_would_block (Fixture *fixture, int i, GString *into)
{
  char buffer[4096];
  gsize total = 0;
  gssize n;

  while ((n = read_now (fixture, i, buffer, sizeof buffer)) > 0)
    {
      if (into != NULL)
        g_string_append_len (into, buffer, n);
      total += n;
    }
  return total;
}

/* A TLS record is taken whole or not at all, and who writes several asks for room between them. */
static void
test_whole_records (Fixture *fixture, gconstpointer unused)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->end[0]);
  g_autofree char *record = g_malloc0 (16 * 1024 + 256);
  g_autoptr (GError) error = NULL;
  gsize total = 0;
  gsize got = 0;

  /* Less than one: the socket takes pieces of it. */
  g_socket_set_option (jxs_socket_stream_get_socket (stream), SOL_SOCKET, SO_SNDBUF, 4096, &error);
  g_assert_no_error (error);
  g_assert_false (jxs_socket_stream_has_room (stream));
  g_assert_true (jxs_socket_stream_make_room (stream, &error));
  jxs_socket_stream_set_gathering (stream, TRUE);
  while (jxs_socket_stream_make_room (stream, &error))
    {
      g_assert_true (jxs_socket_stream_has_room (stream));
      g_assert_cmpint (write_now (fixture, 0, record, 16 * 1024 + 256), ==, 16 * 1024 + 256);
      total += 16 * 1024 + 256;
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_assert_false (jxs_socket_stream_has_room (stream));

  while (!jxs_socket_stream_make_room (stream, NULL))
    got += read_until_would_block (fixture, 1, NULL);
  g_assert_true (jxs_socket_stream_has_room (stream));
  while (got < total)
    {
      g_main_context_iteration (NULL, FALSE);
      got += read_until_would_block (fixture, 1, NULL);
    }
  g_assert_cmpint (write_now (fixture, 0, "last", 4), ==, 4);
  g_assert_true (jxs_socket_stream_send_all (stream, NULL, &error));
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, total + 4);

  g_assert_true (g_io_stream_close (fixture->end[0], NULL, NULL));
  g_assert_false (jxs_socket_stream_has_room (stream));
  g_assert_false (jxs_socket_stream_make_room (stream, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
wait_for_text (Fixture *fixture, int i, const char *text)
{
  g_autoptr (GString) got = g_string_new (NULL);

  /* Loopback delivers in its own time. */
  while (got->len < strlen (text))
    {
      g_autoptr (GError) error = NULL;
      char c;

      g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (fixture->in[i]), &c, 1, NULL, &error),
                       ==,
                       1);
      g_assert_no_error (error);
      g_string_append_c (got, c);
    }
  g_assert_cmpstr (got->str, ==, text);
}

static void
wait_for_eof (Fixture *fixture, int i)
{
  g_autoptr (GError) error = NULL;
  char c;

  g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (fixture->in[i]), &c, 1, NULL, &error),
                   ==,
                   0);
  g_assert_no_error (error);
}

static void
test_flush (Fixture *fixture, gconstpointer unused)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->end[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  jxs_socket_stream_set_gathering (stream, TRUE);
  write_now (fixture, 0, "sync", 4);
  g_assert_true (g_output_stream_flush (G_OUTPUT_STREAM (fixture->out[0]), NULL, &error));
  g_assert_no_error (error);
  wait_for_text (fixture, 1, "sync");

  write_now (fixture, 0, "async", 5);
  g_output_stream_flush_async (
      G_OUTPUT_STREAM (fixture->out[0]), 0, NULL, jxs_test_keep_result, &result);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, 9);
  jxs_test_wait_for (result != NULL);
  g_assert_true (g_output_stream_flush_finish (G_OUTPUT_STREAM (fixture->out[0]), result, &error));
  wait_for_text (fixture, 1, "async");

  /* A blocking write carries what was gathered before it. */
  write_now (fixture, 0, "one", 3);
  g_assert_cmpint (
      g_output_stream_write (G_OUTPUT_STREAM (fixture->out[0]), "two", 3, NULL, &error), ==, 3);
  wait_for_text (fixture, 1, "onetwo");

  /* So does the first write after gathering was switched off. */
  write_now (fixture, 0, "three", 5);
  jxs_socket_stream_set_gathering (stream, FALSE);
  write_now (fixture, 0, "four", 4);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, 24);
  wait_for_text (fixture, 1, "threefour");
}

static void
test_flush_on_close (Fixture *fixture, gconstpointer unused)
{
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  write_now (fixture, 0, "last", 4);
  g_assert_true (g_io_stream_close (fixture->end[0], NULL, NULL));
  wait_for_text (fixture, 1, "last");
  wait_for_eof (fixture, 1);
}

static void
test_flush_on_close_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  write_now (fixture, 0, "last", 4);
  g_io_stream_close_async (fixture->end[0], 0, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_true (g_io_stream_close_finish (fixture->end[0], result, &error));
  g_assert_no_error (error);
  wait_for_text (fixture, 1, "last");
  wait_for_eof (fixture, 1);
}

/* Fills the stream and the socket by writes of size; returns the bytes that went in. */
static gsize
fill (Fixture *fixture, int i, gsize size)
{
  static const char block[256 * 1024];
  gsize total = 0;
  gssize n;

  do
    {
      while ((n = write_now (fixture, i, block, size)) > 0)
        total += n;
      /* What the loop sends by itself makes room again, up to a point. */
    }
  while (g_main_context_iteration (NULL, FALSE));
  while ((n = write_now (fixture, i, block, size)) > 0)
    total += n;
  return total;
}

static gsize
socket_buffers (Fixture *fixture)
{
  int send = 0;
  int receive = 0;

  g_socket_get_option (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (fixture->end[0])),
                       SOL_SOCKET,
                       SO_SNDBUF,
                       &send,
                       NULL);
  g_socket_get_option (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (fixture->end[1])),
                       SOL_SOCKET,
                       SO_RCVBUF,
                       &receive,
                       NULL);
  return (gsize) send + (gsize) receive;
}

/* A peer that does not read stops the writer; when it reads again everything arrives. */
static void
check_back_pressure (Fixture *fixture, gsize size)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->end[0]);
  g_autoptr (GSource) source = NULL;
  gsize received = 0;
  gsize sent;
  int ready = 0;

  jxs_socket_stream_set_gathering (stream, TRUE);
  sent = fill (fixture, 0, size);
  g_assert_cmpuint (sent - jxs_socket_stream_get_bytes_written (stream), >, 0);
  g_assert_cmpuint (sent - jxs_socket_stream_get_bytes_written (stream), <=, 256 * 1024);
  g_assert_cmpuint (sent, <=, socket_buffers (fixture) + 256 * 1024);
  g_assert_false (g_pollable_output_stream_is_writable (fixture->out[0]));

  source = g_pollable_output_stream_create_source (fixture->out[0], NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (count_cb), &ready, NULL);
  g_source_attach (source, NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpint (ready, ==, 0);

  while (received < sent)
    {
      received += read_until_would_block (fixture, 1, NULL);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (received, ==, sent);
  jxs_test_wait_for (ready > 0);
  g_assert_true (g_pollable_output_stream_is_writable (fixture->out[0]));
  g_source_destroy (source);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, sent);
}

static void
test_back_pressure (Fixture *fixture, gconstpointer unused)
{
  check_back_pressure (fixture, 5000);
}

/* A full TLS record is larger than what a pipe gathers. */
static void
test_back_pressure_of_records (Fixture *fixture, gconstpointer unused)
{
  check_back_pressure (fixture, 16406);
}

static void
test_back_pressure_of_large_writes (Fixture *fixture, gconstpointer unused)
{
  check_back_pressure (fixture, 256 * 1024);
}

/* Without gathering a full socket is the writer's affair at once. */
static void
test_plain_back_pressure (Fixture *fixture, gconstpointer unused)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->end[0]);
  gsize sent = fill (fixture, 0, 5000);

  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, sent);
  g_assert_false (g_pollable_output_stream_is_writable (fixture->out[0]));
}

/* A send that fails behind the writer's back reaches it at the next call, whichever that is. */
static void
test_failed_send (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSource) source = NULL;
  int ready = 0;
  gssize n;

  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  g_io_stream_close (fixture->end[1], NULL, NULL);

  /* TCP learns of it by the reset that answers the first segment. */
  do
    {
      n = g_pollable_output_stream_write_nonblocking (fixture->out[0], "x", 1, NULL, &error);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  while (n == 1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_clear_error (&error);

  source = g_pollable_output_stream_create_source (fixture->out[0], NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (count_cb), &ready, NULL);
  g_source_attach (source, NULL);
  jxs_test_wait_for (ready > 0);
  g_source_destroy (source);

  g_assert_false (g_output_stream_flush (G_OUTPUT_STREAM (fixture->out[0]), NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_clear_error (&error);
  g_assert_false (g_io_stream_close (fixture->end[0], NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_true (g_io_stream_is_closed (fixture->end[0]));
}

static void
test_half_close (Fixture *fixture, gconstpointer unused)
{
  jxs_socket_stream_set_half_close (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  write_now (fixture, 0, "question", 8);
  g_assert_true (g_output_stream_close (G_OUTPUT_STREAM (fixture->out[0]), NULL, NULL));
  wait_for_text (fixture, 1, "question");
  wait_for_eof (fixture, 1);
  write_now (fixture, 1, "answer", 6);
  wait_for_text (fixture, 0, "answer");
}

static void
test_no_half_close (Fixture *fixture, gconstpointer unused)
{
  jxs_socket_stream_set_half_close (JXS_SOCKET_STREAM (fixture->end[0]), FALSE);
  write_now (fixture, 0, "x", 1);
  g_assert_true (g_output_stream_close (G_OUTPUT_STREAM (fixture->out[0]), NULL, NULL));
  wait_for_text (fixture, 1, "x");
  g_assert_false (g_pollable_input_stream_is_readable (fixture->in[1]));
}

/* What this end sent arrives although it never read what the other sent. */
static void
test_close_with_unread (Fixture *fixture, gconstpointer unused)
{
  write_now (fixture, 1, "never read", 10);
  while (!g_pollable_input_stream_is_readable (fixture->in[0]))
    g_thread_yield ();
  write_now (fixture, 0, "farewell", 8);
  g_assert_true (g_io_stream_close (fixture->end[0], NULL, NULL));
  wait_for_text (fixture, 1, "farewell");
  wait_for_eof (fixture, 1);
}

typedef struct
{
  Fixture *fixture;
  GCancellable *cancellable;
  gboolean is_write;
  int done;
  GError *error;
} Blocked;

static gpointer
block_thread (gpointer user_data)
{
  static char block[65536];
  Blocked *self = user_data;
  GInputStream *in = G_INPUT_STREAM (self->fixture->in[0]);
  GOutputStream *out = G_OUTPUT_STREAM (self->fixture->out[0]);
  gssize n = 1;

  while (n > 0)
    if (self->is_write)
      n = g_output_stream_write (out, block, sizeof block, self->cancellable, &self->error);
    else
      n = g_input_stream_read (in, block, sizeof block, self->cancellable, &self->error);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

static GThread *
start_blocked (Blocked *self)
{
  Fixture *fixture = self->fixture;
  GThread *thread = g_thread_new ("blocked", block_thread, self);

  if (!self->is_write)
    write_now (fixture, 1, "woken", 5);
  while (self->is_write
             ? g_pollable_output_stream_is_writable (fixture->out[0])
             : jxs_socket_stream_get_bytes_read (JXS_SOCKET_STREAM (fixture->end[0])) < 5)
    g_thread_yield ();
  return thread;
}

/* As a TLS handshake does: blocking in a thread of its own, until cancelled. */
static void
test_blocking (Fixture *fixture, gconstpointer unused)
{
  for (int is_write = 0; is_write < 2; is_write++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Blocked blocked = { fixture, cancellable, is_write, FALSE, NULL };
      GThread *thread = start_blocked (&blocked);

      g_assert_false (g_atomic_int_get (&blocked.done));
      g_cancellable_cancel (cancellable);
      g_thread_join (thread);
      g_assert_error (blocked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&blocked.error);

      /* and cancelled from the start */
      g_thread_join (g_thread_new ("cancelled", block_thread, &blocked));
      g_assert_error (blocked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&blocked.error);
    }
}

/* Who blocks in other threads while the stream is closed comes back, whatever the peer does. */
static void
test_closed_while_blocked (Fixture *fixture, gconstpointer unused)
{
  Blocked blocked[2] = { { .fixture = fixture }, { .fixture = fixture, .is_write = TRUE } };
  GThread *threads[2] = { start_blocked (&blocked[0]), start_blocked (&blocked[1]) };

  g_io_stream_close (fixture->end[0], NULL, NULL);
  for (int i = 0; i < 2; i++)
    {
      g_thread_join (threads[i]);
      g_assert_error (blocked[i].error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      g_clear_error (&blocked[i].error);
    }
}

/* A close that waits for a peer that does not read can be cancelled, and closes all the same. */
static void
test_close_stalled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  fill (fixture, 0, 5000);
  g_io_stream_close_async (fixture->end[0], 0, cancellable, jxs_test_keep_result, &result);
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (result != NULL);
  g_assert_false (g_io_stream_close_finish (fixture->end[0], result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_io_stream_is_closed (fixture->end[0]));
}

/* Dropping a stream never waits, whatever is gathered, and leaves nothing behind. */
static void
test_dropped (Fixture *fixture, gconstpointer unused)
{
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  fill (fixture, 0, 5000);
  g_assert_finalize_object (g_steal_pointer (&fixture->end[0]));
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  read_until_would_block (fixture, 1, NULL);
  wait_for_eof (fixture, 1);
}

static gboolean
stop_cb (GObject *stream, gpointer user_data)
{
  ++*(int *) user_data;
  return G_SOURCE_REMOVE;
}

/* Who polls a stream that is closed meanwhile is woken and told. */
static void
test_closed_while_polled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GSource) in = g_pollable_input_stream_create_source (fixture->in[0], NULL);
  g_autoptr (GSource) later = NULL;
  g_autoptr (GError) error = NULL;
  int ready = 0;
  char c;

  g_source_set_callback (in, G_SOURCE_FUNC (stop_cb), &ready, NULL);
  g_source_attach (in, NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_io_stream_close (fixture->end[0], NULL, NULL);
  jxs_test_wait_for (ready == 1);
  g_assert_cmpint (g_pollable_input_stream_read_nonblocking (fixture->in[0], &c, 1, NULL, &error),
                   ==,
                   -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);

  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), TRUE);
  g_assert_cmpint (
      g_pollable_output_stream_write_nonblocking (fixture->out[0], "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);

  later = g_pollable_output_stream_create_source (fixture->out[0], NULL);
  g_source_set_callback (later, G_SOURCE_FUNC (stop_cb), &ready, NULL);
  g_source_attach (later, NULL);
  jxs_test_wait_for (ready == 2);
}

static gboolean
closure_cb (GObject *stream, gpointer user_data)
{
  g_assert_true (G_IS_POLLABLE_INPUT_STREAM (stream));
  ++*(int *) user_data;
  return G_SOURCE_REMOVE;
}

/* Sources work as bindings use them, and end with their cancellable. */
static void
test_source_kinds (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) with_closure = g_pollable_input_stream_create_source (fixture->in[0], NULL);
  g_autoptr (GSource) cancelled =
      g_pollable_input_stream_create_source (fixture->in[1], cancellable);
  int closures = 0;
  int ready = 0;

  g_source_set_closure (with_closure, g_cclosure_new (G_CALLBACK (closure_cb), &closures, NULL));
  g_source_attach (with_closure, NULL);
  g_source_set_callback (cancelled, G_SOURCE_FUNC (stop_cb), &ready, NULL);
  g_source_attach (cancelled, NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));

  write_now (fixture, 1, "x", 1);
  jxs_test_wait_for (closures == 1);
  g_assert_cmpint (ready, ==, 0);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (ready == 1);
}

/* Long transfers in pieces of every size come out as they went in. */
static void
test_bulk (Fixture *fixture, gconstpointer unused)
{
  const gsize total = 64 * 1024 * 1024;
  g_autoptr (GChecksum) sent_sum = g_checksum_new (G_CHECKSUM_MD5);
  g_autoptr (GChecksum) got_sum = g_checksum_new (G_CHECKSUM_MD5);
  g_autofree guint8 *pool = g_malloc (400 * 1024);
  g_autofree guint8 *buffer = g_malloc (400 * 1024);
  gsize sent = 0;
  gsize got = 0;

  for (gsize i = 0; i < 400 * 1024; i++)
    pool[i] = g_test_rand_int () & 0xff;

  while (got < total)
    {
      gsize max = g_test_rand_bit () ? 400 * 1024 : 2000;
      gssize n = 0;

      if (g_test_rand_int_range (0, 20) == 0)
        jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->end[0]), g_test_rand_bit ());
      for (int rounds = g_test_rand_int_range (1, 10); rounds > 0 && sent < total && n >= 0;
           rounds--)
        {
          gsize from = g_test_rand_int_range (0, 400 * 1024 - max + 1);
          gsize size = g_test_rand_int_range (1, max);

          n = write_now (fixture, 0, pool + from, MIN (size, total - sent));
          if (n > 0)
            {
              g_checksum_update (sent_sum, pool + from, n);
              sent += n;
            }
        }
      g_main_context_iteration (NULL, FALSE);
      do
        {
          n = read_now (fixture, 1, buffer, g_test_rand_int_range (1, max));
          if (n > 0)
            {
              g_checksum_update (got_sum, buffer, n);
              got += n;
            }
        }
      while (n > 0);
    }
  g_assert_cmpuint (sent, ==, total);
  g_assert_cmpuint (got, ==, total);
  g_assert_cmpstr (g_checksum_get_string (sent_sum), ==, g_checksum_get_string (got_sum));
}

/* An idle stream holds no buffer, also after traffic: a thousand of them cost what objects cost. */
static void
test_idle_memory (void)
{
  enum
  {
    N = 200
  };
  Fixture *fixtures = g_new0 (Fixture, N);
  gsize before = mallinfo2 ().uordblks;
  gsize per_stream;

  for (int i = 0; i < N; i++)
    {
      set_up (&fixtures[i], GINT_TO_POINTER (FALSE));
      jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixtures[i].end[0]), TRUE);
      g_assert_cmpint (write_now (&fixtures[i], 0, "traffic", 7), ==, 7);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (int i = 0; i < N; i++)
    g_assert_cmpuint (read_until_would_block (&fixtures[i], 1, NULL), ==, 7);

  per_stream = (mallinfo2 ().uordblks - before) / (2 * N);
  g_test_message ("%" G_GSIZE_FORMAT " bytes per idle stream", per_stream);
  g_assert_cmpuint (per_stream, <, 4096);
  for (int i = 0; i < N; i++)
    tear_down (&fixtures[i], NULL);
  g_free (fixtures);
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
  ADD ("whole-records", test_whole_records);
  ADD ("flush", test_flush);
  ADD ("flush-on-close", test_flush_on_close);
  ADD ("flush-on-close-async", test_flush_on_close_async);
  ADD ("back-pressure", test_back_pressure);
  ADD ("back-pressure-of-records", test_back_pressure_of_records);
  ADD ("back-pressure-of-large-writes", test_back_pressure_of_large_writes);
  ADD ("plain-back-pressure", test_plain_back_pressure);
  ADD ("failed-send", test_failed_send);
  ADD ("half-close", test_half_close);
  ADD ("no-half-close", test_no_half_close);
  ADD ("close-with-unread", test_close_with_unread);
  ADD ("blocking", test_blocking);
  ADD ("close-stalled", test_close_stalled);
  ADD ("dropped", test_dropped);
  ADD ("closed-while-polled", test_closed_while_polled);
  ADD ("closed-while-blocked", test_closed_while_blocked);
  ADD ("source-kinds", test_source_kinds);
  ADD ("bulk", test_bulk);
  g_test_add_func ("/io/socket-stream/idle-memory", test_idle_memory);
  return g_test_run ();
}
