/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/e2e/jxs-conduit-private.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

#include "jxs-faulty-stream.h"

typedef struct
{
  GIOStream *far; /* the peer's side */
  GIOStream *near;
  JxsConduit *conduit;
  GInputStream *input;
  GOutputStream *output;
  GError *why;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  jxs_clock_use_fake (0);
  jxs_pipe_new (&fixture->near, &fixture->far, &error);
  g_assert_no_error (error);
  fixture->conduit = jxs_conduit_new (fixture->near, TRUE);
  fixture->input = jxs_conduit_new_input (fixture->conduit);
  fixture->output = jxs_conduit_new_output (fixture->conduit);
  fixture->why = g_error_new_literal (JXS_ERROR, JXS_ERROR_DECLINED, "No thanks");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  jxs_conduit_shut (fixture->conduit, NULL);
  g_assert_finalize_object (fixture->input);
  g_assert_finalize_object (fixture->output);
  g_clear_pointer (&fixture->conduit, jxs_conduit_unref);
  g_assert_finalize_object (fixture->near);
  g_assert_finalize_object (fixture->far);
  g_clear_error (&fixture->why);
  jxs_clock_use_real ();
}

static gssize
try_read (Fixture *fixture, char *buffer, gsize size, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (fixture->input), buffer, size, NULL, error);
}

static void
peer_says (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (
      g_io_stream_get_output_stream (fixture->far), text, strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
peer_ends (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_close (g_io_stream_get_output_stream (fixture->far), NULL, &error);
  g_assert_no_error (error);
}

static void
assert_reads (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gssize n = try_read (fixture, buffer, sizeof buffer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

static void
assert_read_fails (Fixture *fixture, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  char buffer[64];

  g_assert_cmpint (try_read (fixture, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, domain, code);
}

static void
test_bytes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[8];

  assert_read_fails (fixture, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  peer_says (fixture, "abc");
  assert_reads (fixture, "abc");
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                       G_POLLABLE_OUTPUT_STREAM (fixture->output), "de", 2, NULL, &error),
                   ==,
                   2);
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (fixture->far),
                                        buffer,
                                        sizeof buffer,
                                        NULL,
                                        &error),
                   ==,
                   2);
  g_assert_no_error (error);
}

/* Without TLS the end of the bytes is the peer's own only if the session says so. */
static void
test_end_in_order (Fixture *fixture, gconstpointer data)
{
  peer_says (fixture, "last");
  peer_ends (fixture);
  assert_reads (fixture, "last");
  assert_read_fails (fixture, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_false (jxs_conduit_is_peer_eof (fixture->conduit));
  jxs_conduit_session_over (fixture->conduit, NULL);
  assert_reads (fixture, "");
  g_assert_true (jxs_conduit_is_peer_eof (fixture->conduit));
  g_assert_true (jxs_conduit_is_peer_first (fixture->conduit));
}

static void
test_end_with_reason (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) failure = NULL;

  peer_says (fixture, "last");
  peer_ends (fixture);
  jxs_conduit_session_over (fixture->conduit, fixture->why);
  assert_reads (fixture, "last");
  assert_read_fails (fixture, JXS_ERROR, JXS_ERROR_DECLINED);
  assert_read_fails (fixture, JXS_ERROR, JXS_ERROR_DECLINED);
  g_assert_false (jxs_conduit_is_peer_eof (fixture->conduit));
  failure = jxs_conduit_dup_failure (fixture->conduit);
  g_assert_error (failure, JXS_ERROR, JXS_ERROR_DECLINED);
}

static gboolean
count_cb (GObject *stream, gpointer user_data)
{
  ++*(guint *) user_data;
  return G_SOURCE_CONTINUE;
}

/* A source made before the end does not spin while the reason is awaited. */
static void
test_end_without_reason (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSource) source =
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (fixture->input), NULL);
  guint n_dispatched = 0;

  g_source_set_callback (source, G_SOURCE_FUNC (count_cb), &n_dispatched, NULL);
  g_source_attach (source, NULL);
  peer_ends (fixture);
  g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_dispatched, ==, 1);
  assert_read_fails (fixture, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_dispatched, ==, 1);
  g_assert_false (g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (fixture->input)));

  jxs_clock_advance ((JXS_CONDUIT_HOLD_MS - 1) * 1000);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (n_dispatched, ==, 1);
  jxs_clock_advance (1000);
  while (n_dispatched == 1)
    g_main_context_iteration (NULL, TRUE);
  assert_reads (fixture, "");
  g_source_destroy (source);
}

/* The peer has ended its direction and goes on reading ours, which neither waits for the reason of
 * that end nor spins afterwards. */
static void
test_end_leaves_writing (Fixture *fixture, gconstpointer data)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (fixture->output);
  g_autoptr (GSource) source = g_pollable_output_stream_create_source (output, NULL);
  g_autoptr (GError) error = NULL;
  char piece[4096] = { 0 };
  guint n_dispatched = 0;

  g_source_set_callback (source, G_SOURCE_FUNC (count_cb), &n_dispatched, NULL);
  g_source_attach (source, NULL);
  peer_ends (fixture);
  assert_read_fails (fixture, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_true (g_pollable_output_stream_is_writable (output));
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_dispatched, ==, 3);

  jxs_clock_advance (JXS_CONDUIT_HOLD_MS * 1000);
  while (!g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (fixture->input)))
    g_main_context_iteration (NULL, FALSE);
  assert_reads (fixture, "");
  while (g_pollable_output_stream_write_nonblocking (output, piece, sizeof piece, NULL, &error) > 0)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  n_dispatched = 0;
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_dispatched, ==, 0);
  g_source_destroy (source);
}

static void
test_half_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[8];

  g_output_stream_close (fixture->output, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (jxs_conduit_is_output_closed (fixture->conduit));
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (fixture->far),
                                        buffer,
                                        sizeof buffer,
                                        NULL,
                                        &error),
                   ==,
                   0);
  peer_says (fixture, "still here");
  assert_reads (fixture, "still here");
  peer_ends (fixture);
  jxs_conduit_session_over (fixture->conduit, NULL);
  assert_reads (fixture, "");
  g_assert_false (jxs_conduit_is_peer_first (fixture->conduit));
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Where the peer cannot be told, that is said, and what was written is on its way all the same. */
static void
test_no_half_close (Fixture *fixture, gconstpointer async)
{
  g_autoptr (JxsConduit) conduit = jxs_conduit_new (fixture->near, FALSE);
  g_autoptr (GOutputStream) output = jxs_conduit_new_output (conduit);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[8];

  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->near), TRUE);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                       G_POLLABLE_OUTPUT_STREAM (output), "last", 4, NULL, &error),
                   ==,
                   4);
  if (GPOINTER_TO_INT (async))
    {
      g_output_stream_close_async (output, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (g_output_stream_close_finish (output, result, &error));
    }
  else
    {
      g_assert_false (g_output_stream_close (output, NULL, &error));
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_true (jxs_conduit_is_output_closed (conduit));
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (fixture->far),
                                        buffer,
                                        sizeof buffer,
                                        NULL,
                                        &error),
                   ==,
                   4);
  g_assert_cmpint (g_pollable_input_stream_is_readable (
                       G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->far))),
                   ==,
                   FALSE);
}

static void
test_shut_ends_reading (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[8];

  g_input_stream_read_async (
      fixture->input, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (result);
  jxs_conduit_shut (fixture->conduit, NULL);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_input_stream_read_finish (fixture->input, result, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_read_fails (fixture, JXS_ERROR, JXS_ERROR_CLOSED);
}

static void
test_cancel_reading (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[8];

  g_input_stream_read_async (
      fixture->input, buffer, sizeof buffer, G_PRIORITY_DEFAULT, cancellable, result_cb, &result);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_input_stream_read_finish (fixture->input, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  peer_says (fixture, "abc");
  assert_reads (fixture, "abc");
}

static gpointer
read_thread (gpointer data)
{
  Fixture *fixture = data;
  char buffer[8];
  GError *error = NULL;

  while (g_input_stream_read (fixture->input, buffer, sizeof buffer, NULL, &error) > 0)
    ;
  return error;
}

static void
test_blocking (Fixture *fixture, gconstpointer data)
{
  GThread *thread = g_thread_new ("reader", read_thread, fixture);
  g_autoptr (GError) error = NULL;

  peer_says (fixture, "some bytes more");
  peer_ends (fixture);
  jxs_conduit_session_over (fixture->conduit, fixture->why);
  error = g_thread_join (thread);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_DECLINED);
}

/* The transport breaks below: either the session knows why, or it was cut off. */
static void
test_broken (gconstpointer data)
{
  gboolean is_write = GPOINTER_TO_INT (data) & 1;
  gboolean explained = GPOINTER_TO_INT (data) & 2;
  int code = explained ? JXS_ERROR_CONNECTIVITY : JXS_ERROR_TRUNCATED;
  JxsFaultAt fault = { is_write, 3, JXS_FAULT_ERROR };
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) near = NULL;
  g_autoptr (GIOStream) far = NULL;
  g_autoptr (GIOStream) broken = NULL;
  g_autoptr (GError) why =
      g_error_new_literal (JXS_ERROR, JXS_ERROR_CONNECTIVITY, "The cable is out");
  g_autoptr (JxsConduit) conduit = NULL;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  char buffer[8] = "abcdefg";
  gssize n;

  jxs_clock_use_fake (0);
  jxs_pipe_new (&near, &far, &error);
  g_assert_no_error (error);
  broken = jxs_faulty_stream_new (near, jxs_fault_at, &fault);
  conduit = jxs_conduit_new (broken, TRUE);
  input = jxs_conduit_new_input (conduit);
  output = jxs_conduit_new_output (conduit);
  g_output_stream_write_all (g_io_stream_get_output_stream (far), "abcdef", 6, NULL, NULL, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < 2; i++)
    {
      g_clear_error (&error);
      if (is_write)
        n = g_pollable_output_stream_write_nonblocking (
            G_POLLABLE_OUTPUT_STREAM (output), buffer, 3, NULL, &error);
      else
        n = g_pollable_input_stream_read_nonblocking (
            G_POLLABLE_INPUT_STREAM (input), buffer, sizeof buffer, NULL, &error);
      g_assert_cmpint (n, ==, i == 0 ? 3 : -1);
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  if (explained)
    jxs_conduit_session_over (conduit, why);
  else
    {
      jxs_clock_advance (JXS_CONDUIT_HOLD_MS * 1000);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  if (is_write)
    g_pollable_output_stream_write_nonblocking (
        G_POLLABLE_OUTPUT_STREAM (output), buffer, 3, NULL, &error);
  else
    g_pollable_input_stream_read_nonblocking (
        G_POLLABLE_INPUT_STREAM (input), buffer, sizeof buffer, NULL, &error);
  g_assert_error (error, JXS_ERROR, code);
  jxs_conduit_shut (conduit, NULL);
  jxs_clock_use_real ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/e2e/conduit/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("bytes", test_bytes);
  ADD ("end-in-order", test_end_in_order);
  ADD ("end-with-reason", test_end_with_reason);
  ADD ("end-without-reason", test_end_without_reason);
  ADD ("end-leaves-writing", test_end_leaves_writing);
  ADD ("half-close", test_half_close);
  g_test_add ("/e2e/conduit/no-half-close/blocking",
              Fixture,
              GINT_TO_POINTER (FALSE),
              set_up,
              test_no_half_close,
              tear_down);
  g_test_add ("/e2e/conduit/no-half-close/async",
              Fixture,
              GINT_TO_POINTER (TRUE),
              set_up,
              test_no_half_close,
              tear_down);
  ADD ("shut-ends-reading", test_shut_ends_reading);
  ADD ("cancel-reading", test_cancel_reading);
  ADD ("blocking", test_blocking);
#undef ADD
  g_test_add_data_func ("/e2e/conduit/broken-read", GINT_TO_POINTER (0), test_broken);
  g_test_add_data_func ("/e2e/conduit/broken-write", GINT_TO_POINTER (1), test_broken);
  g_test_add_data_func ("/e2e/conduit/broken-read-explained", GINT_TO_POINTER (2), test_broken);
  g_test_add_data_func ("/e2e/conduit/broken-write-explained", GINT_TO_POINTER (3), test_broken);
  return g_test_run ();
}
