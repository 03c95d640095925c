/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <string.h>

#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-pump-private.h>

typedef struct
{
  GIOStream *application;
  JxsPump *pump;
  int readable;
  int drained;
  int closed;
  GError *error;
} Fixture;

static void
readable (JxsPump *pump, gpointer user_data)
{
  ((Fixture *) user_data)->readable++;
}

static void
drained (JxsPump *pump, gpointer user_data)
{
  ((Fixture *) user_data)->drained++;
}

static void
closed (JxsPump *pump, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->closed++;
  fixture->error = error != NULL ? g_error_copy (error) : NULL;
}

static const JxsPumpFuncs funcs = { readable, drained, closed };

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GIOStream) end = NULL;
  g_autoptr (GError) error = NULL;

  jxs_pipe_new (&end, &fixture->application, &error);
  g_assert_no_error (error);
  fixture->pump = jxs_pump_new (end, &funcs, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->pump, jxs_pump_free);
  g_io_stream_close (fixture->application, NULL, NULL);
  g_assert_finalize_object (g_steal_pointer (&fixture->application));
  g_clear_error (&fixture->error);
}

static GOutputStream *
app_out (Fixture *fixture)
{
  return g_io_stream_get_output_stream (fixture->application);
}

static GInputStream *
app_in (Fixture *fixture)
{
  return g_io_stream_get_input_stream (fixture->application);
}

static void
test_outbound (Fixture *fixture, gconstpointer unused)
{
  guint8 buffer[8];

  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, -1);
  g_output_stream_write_all (app_out (fixture), "abc", 3, NULL, NULL, NULL);
  jxs_test_wait_for (fixture->readable == 1);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, 2), ==, 2);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer + 2, 6), ==, 1);
  g_assert_cmpmem (buffer, 3, "abc", 3);

  g_output_stream_close (app_out (fixture), NULL, NULL);
  jxs_test_wait_for (fixture->readable == 2);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 0);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 0);
  g_assert_cmpint (fixture->closed, ==, 0);
}

static void
test_inbound (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("hello", 5);
  char buffer[16] = "";
  gsize n;

  jxs_pump_write (fixture->pump, bytes);
  g_assert_cmpuint (jxs_pump_get_queued (fixture->pump), ==, 0);
  jxs_pump_write_eof (fixture->pump);
  g_input_stream_read_all (app_in (fixture), buffer, sizeof buffer, &n, NULL, NULL);
  g_assert_cmpstr (buffer, ==, "hello");
  g_assert_cmpuint (n, ==, 5);
}

static void
test_closed (Fixture *fixture, gconstpointer unused)
{
  guint8 buffer[8];

  g_output_stream_write_all (app_out (fixture), "abc", 3, NULL, NULL, NULL);
  g_io_stream_close (fixture->application, NULL, NULL);
  jxs_test_wait_for (fixture->readable == 1);
  /* What was written before is not lost. */
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 3);
  g_assert_cmpint (fixture->closed, ==, 0);
  jxs_test_wait_for (fixture->readable == 2);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 0);
  jxs_test_wait_for (fixture->closed == 1);
  g_assert_no_error (fixture->error);
}

#define ADD(name, func) g_test_add ("/io/pump/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("outbound", test_outbound);
  ADD ("inbound", test_inbound);
  ADD ("closed", test_closed);
  return g_test_run ();
}
