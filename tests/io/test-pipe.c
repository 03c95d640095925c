/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <string.h>
#include <sys/resource.h>

#include <jxs-glib/io/jxs-pipe-private.h>

static const char text[] = "from one end to the other";

static gpointer
write_thread (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (user_data, text, sizeof text, NULL, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_close (user_data, NULL, &error);
  g_assert_no_error (error);
  return NULL;
}

/* Both directions, each written blocking from a thread of its own and closed on its own. */
static void
test_both_ways (void)
{
  GIOStream *end[2];
  GThread *thread[2];
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_pipe_new (&end[0], &end[1], &error));
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    thread[i] = g_thread_new ("writer", write_thread, g_io_stream_get_output_stream (end[i]));

  for (int i = 0; i < 2; i++)
    {
      char got[2 * sizeof text];
      gsize n;

      /* up to the end of file */
      g_assert_true (g_input_stream_read_all (
          g_io_stream_get_input_stream (end[i]), got, sizeof got, &n, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (got, n, text, sizeof text);
    }
  for (int i = 0; i < 2; i++)
    {
      g_thread_join (thread[i]);
      g_assert_true (g_io_stream_close (end[i], NULL, &error));
      g_assert_finalize_object (end[i]);
    }
}

static void
keep_read (
    GIOStream *end, char *buffer, gsize size, GCancellable *cancellable, GAsyncResult **result)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (end),
                             buffer,
                             size,
                             G_PRIORITY_DEFAULT,
                             cancellable,
                             jxs_test_keep_result,
                             result);
}

/* GIO's own asynchronous calls work on it: success, cancelled before, cancelled during. */
static void
test_async (void)
{
  g_autoptr (GIOStream) first = NULL;
  g_autoptr (GIOStream) second = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *in;
  char buffer[8] = "";

  jxs_pipe_new (&first, &second, &error);
  g_assert_no_error (error);
  in = g_io_stream_get_input_stream (second);

  keep_read (second, buffer, sizeof buffer, NULL, &result);
  g_output_stream_write_all (g_io_stream_get_output_stream (first), "abc", 3, NULL, NULL, NULL);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, &error), ==, 3);
  g_assert_cmpstr (buffer, ==, "abc");
  g_clear_object (&result);

  keep_read (second, buffer, sizeof buffer, cancellable, &result);
  for (int i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_object (&result);

  keep_read (second, buffer, sizeof buffer, cancellable, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_no_descriptors (void)
{
  struct rlimit before;
  struct rlimit none;
  g_autoptr (GError) error = NULL;
  GIOStream *first = NULL;
  GIOStream *second = NULL;
  gboolean made;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = 0;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  made = jxs_pipe_new (&first, &second, &error);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);

  g_assert_false (made);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
  g_assert_null (first);
  g_assert_null (second);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io/pipe/both-ways", test_both_ways);
  g_test_add_func ("/io/pipe/async", test_async);
  g_test_add_func ("/io/pipe/no-descriptors", test_no_descriptors);
  return g_test_run ();
}
