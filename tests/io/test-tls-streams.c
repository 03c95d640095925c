/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-faulty-stream.h"
#include "jxs-test-sockets.h"
#include "tls-pair.h"

#include <jxs-glib/io/jxs-socket-stream-private.h>

static void
iterate_all (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* ---- reading and writing ---- */

#define BULK (4 * 1024 * 1024)

typedef struct
{
  GIOStream *stream;
  gboolean is_writer;
  char *sum; /* (owned) */
} Mover;

static gpointer
move_thread (gpointer user_data)
{
  Mover *mover = user_data;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  g_autofree guint8 *buffer = g_malloc (70000);
  g_autoptr (GError) error = NULL;
  gsize moved = 0;

  for (gsize i = 0; i < 70000; i++)
    buffer[i] = g_rand_int (rand) & 0xff;
  while (moved < BULK)
    {
      gsize piece = g_rand_int_range (rand, 1, 70000);
      gsize count = MIN (piece, BULK - moved);
      gssize n =
          mover->is_writer
              ? g_output_stream_write (
                    g_io_stream_get_output_stream (mover->stream), buffer, count, NULL, &error)
              : g_input_stream_read (
                    g_io_stream_get_input_stream (mover->stream), buffer, count, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpint (n, >, 0);
      g_checksum_update (sum, buffer, n);
      moved += n;
    }
  mover->sum = g_strdup (g_checksum_get_string (sum));
  return NULL;
}

/* A thread that reads and one that writes on each end, all of them blocking, both ways at once. */
static void
test_threads (TlsPair *fixture, gconstpointer gathering)
{
  Mover movers[4];
  GThread *threads[4];

  tls_pair_handshake (fixture);
  for (int i = 0; i < 2; i++)
    jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->base[i]),
                                     GPOINTER_TO_INT (gathering));
  for (int i = 0; i < 4; i++)
    {
      movers[i] = (Mover){ G_IO_STREAM (fixture->connection[i / 2]), i % 2 == 0, NULL };
      threads[i] = g_thread_new ("mover", move_thread, &movers[i]);
    }
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpstr (movers[0].sum, ==, movers[3].sum);
  g_assert_cmpstr (movers[2].sum, ==, movers[1].sum);
  for (int i = 0; i < 4; i++)
    g_free (movers[i].sum);
}

static gpointer
answer_thread (gpointer user_data)
{
  TlsPair *fixture = user_data;
  char c;

  g_assert_cmpint (g_input_stream_read (tls_pair_get_in (fixture, 1), &c, 1, NULL, NULL), ==, 1);
  g_assert_cmpint (g_output_stream_write (tls_pair_get_out (fixture, 1), &c, 1, NULL, NULL), ==, 1);
  return NULL;
}

/* Who wrote without waiting and then waits for the answer has sent the question. */
static void
test_answer (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;
  char c;

  tls_pair_handshake (fixture);
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->base[0]), TRUE);
  thread = g_thread_new ("answer", answer_thread, fixture);
  g_assert_cmpint (tls_pair_write_now (fixture, 0, "x", 1, &error), ==, 1);
  g_assert_cmpint (g_input_stream_read (tls_pair_get_in (fixture, 0), &c, 1, NULL, &error), ==, 1);
  g_assert_cmpint (c, ==, 'x');
  g_thread_join (thread);
}

static gpointer
read_thread (gpointer user_data)
{
  TlsPair *fixture = user_data;
  GError *error = NULL;
  char c;

  g_assert_cmpint (
      g_input_stream_read (tls_pair_get_in (fixture, 0), &c, 1, fixture->cancellable[0], &error),
      ==,
      -1);
  return error;
}

static void
test_cancel_blocking (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;
  char c;

  tls_pair_handshake (fixture);
  thread = g_thread_new ("reader", read_thread, fixture);
  g_cancellable_cancel (fixture->cancellable[0]);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_assert_cmpint (g_output_stream_write (tls_pair_get_out (fixture, 1), "x", 1, NULL, &error),
                   ==,
                   1);
  g_assert_cmpint (g_input_stream_read (tls_pair_get_in (fixture, 0), &c, 1, NULL, &error), ==, 1);
  g_assert_cmpint (c, ==, 'x');
}

/* Closing wakes who blocks in another thread. */
static void
test_close_blocking (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;

  tls_pair_handshake (fixture);
  thread = g_thread_new ("reader", read_thread, fixture);
  g_io_stream_close (G_IO_STREAM (fixture->connection[0]), NULL, &error);
  g_assert_no_error (error);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

typedef struct
{
  guint64 offset;
  gboolean lifted;
} Barrier;

static JxsFault
barrier (gboolean is_write, guint64 offset, gsize *count, gpointer user_data)
{
  Barrier *at = user_data;

  if (!is_write || at->lifted || at->offset == 0)
    return JXS_FAULT_NONE;
  if (offset >= at->offset)
    return JXS_FAULT_WOULD_BLOCK;
  *count = MIN (*count, at->offset - offset);
  return JXS_FAULT_NONE;
}

/* Where base stops in the middle of a record the write is repeated, with no less. */
static void
test_repeated (TlsPair *fixture, gconstpointer flushed)
{
  g_autofree char *data = g_malloc0 (40000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = NULL;
  Barrier at = { 0 };
  GIOStream *faulty = jxs_faulty_stream_new (fixture->base[0], barrier, &at);

  g_object_unref (fixture->base[0]);
  fixture->base[0] = faulty;
  tls_pair_handshake (fixture);
  at.offset = 1; /* long gone */

  g_assert_cmpint (tls_pair_write_now (fixture, 0, data, 40000, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_assert_cmpint (tls_pair_write_now (fixture, 0, data, 16383, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_cmpint (tls_pair_write_now (fixture, 0, data, 40000, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);

  at.lifted = TRUE;
  if (GPOINTER_TO_INT (flushed))
    {
      g_autoptr (GAsyncResult) result = NULL;

      g_output_stream_flush_async (
          tls_pair_get_out (fixture, 0), 0, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      g_assert_true (g_output_stream_flush_finish (tls_pair_get_out (fixture, 0), result, &error));
    }
  g_assert_cmpint (tls_pair_write_now (fixture, 0, data, 40000, &error), ==, 16384);
  g_assert_true (g_output_stream_close (tls_pair_get_out (fixture, 0), NULL, &error));
  text = tls_pair_read_all (fixture, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (text->len, ==, 16384);
}

/* ---- the end ---- */

/* Dropped: what was written arrives, and that it was all. */
static void
test_dropped (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = NULL;

  tls_pair_handshake (fixture);
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->base[0]), TRUE);
  g_assert_cmpint (tls_pair_write_now (fixture, 0, "hello", 5, &error), ==, 5);
  g_assert_finalize_object (g_steal_pointer (&fixture->connection[0]));
  g_assert_finalize_object (g_steal_pointer (&fixture->base[0]));
  text = tls_pair_read_all (fixture, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text->str, ==, "hello");
}

/* The streams outlive the connection, and know that it is gone. */
static void
test_streams_survive (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GOutputStream) out = NULL;
  g_autoptr (GError) error = NULL;
  char c;

  tls_pair_handshake (fixture);
  in = g_object_ref (tls_pair_get_in (fixture, 0));
  out = g_object_ref (tls_pair_get_out (fixture, 0));
  g_assert_finalize_object (g_steal_pointer (&fixture->connection[0]));
  g_assert_cmpint (g_input_stream_read (in, &c, 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (g_output_stream_write (out, "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* Closed in front of a peer that does not read: it waits for room, and who cancels gets it over. */
static void
test_close_full (TlsPair *fixture, gconstpointer by_output)
{
  g_autofree char *data = g_malloc0 (16384);
  g_autoptr (GError) error = NULL;
  GCancellable *cancellable = fixture->cancellable[0];

  tls_pair_handshake (fixture);
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->base[0]), TRUE);
  while (tls_pair_write_now (fixture, 0, data, 16384, &error) > 0)
    iterate_all ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  if (GPOINTER_TO_INT (by_output))
    g_output_stream_close_async (
        tls_pair_get_out (fixture, 0), 0, cancellable, jxs_test_keep_result, &fixture->result[0]);
  else
    g_io_stream_close_async (G_IO_STREAM (fixture->connection[0]),
                             0,
                             cancellable,
                             jxs_test_keep_result,
                             &fixture->result[0]);
  iterate_all ();
  g_assert_null (fixture->result[0]);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (fixture->result[0] != NULL);
  if (GPOINTER_TO_INT (by_output))
    {
      g_assert_false (
          g_output_stream_close_finish (tls_pair_get_out (fixture, 0), fixture->result[0], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      return;
    }
  g_assert_false (
      g_io_stream_close_finish (G_IO_STREAM (fixture->connection[0]), fixture->result[0], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_io_stream_is_closed (fixture->base[0]));
}

/* Without close_notify, if that is said to be all right. */
static void
test_end_allowed (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = NULL;

  tls_pair_handshake (fixture);
  g_tls_connection_set_require_close_notify (fixture->connection[1], FALSE);
  g_assert_cmpint (g_output_stream_write (tls_pair_get_out (fixture, 0), "hello", 5, NULL, &error),
                   ==,
                   5);
  g_io_stream_close (fixture->base[0], NULL, NULL);
  text = tls_pair_read_all (fixture, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text->str, ==, "hello");
}

#define ADD(name, func, data)                                                                      \
  g_test_add ("/io/tls-streams/" name,                                                             \
              TlsPair,                                                                             \
              GINT_TO_POINTER (data),                                                              \
              tls_pair_set_up,                                                                     \
              func,                                                                                \
              tls_pair_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("threads", test_threads, FALSE);
  ADD ("threads/gathering", test_threads, TRUE);
  ADD ("answer", test_answer, 0);
  ADD ("cancel-blocking", test_cancel_blocking, 0);
  ADD ("close-blocking", test_close_blocking, 0);
  ADD ("repeated", test_repeated, FALSE);
  ADD ("repeated/flushed", test_repeated, TRUE);
  ADD ("dropped", test_dropped, 0);
  ADD ("streams-survive", test_streams_survive, 0);
  ADD ("close-full", test_close_full, FALSE);
  ADD ("close-full/output", test_close_full, TRUE);
  ADD ("end-allowed", test_end_allowed, 0);
  return g_test_run ();
}
