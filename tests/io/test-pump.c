/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-faulty-stream.h"
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

/* Nothing is read ahead of the puller: the application's writes block at what the pipe holds. */
static void
test_outbound_bound (Fixture *fixture, gconstpointer unused)
{
  static const char block[4096];
  g_autofree guint8 *buffer = g_malloc (1024 * 1024);
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (app_out (fixture));
  gsize written = 0;
  gsize pulled = 0;
  gssize n;

  while ((n = g_pollable_output_stream_write_nonblocking (out, block, sizeof block, NULL, NULL)) >
         0)
    {
      written += n;
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_cmpuint (written, <=, 256 * 1024);
  g_assert_cmpint (fixture->readable, ==, 1);
  g_assert_false (g_pollable_output_stream_is_writable (out));

  while ((n = jxs_pump_read (fixture->pump, buffer, 1024 * 1024)) > 0)
    pulled += n;
  g_assert_cmpuint (pulled, ==, written);
  g_assert_true (g_pollable_output_stream_is_writable (out));
}

/* What the application does not take stays queued and is counted; `drained` tells when it falls. */
static void
test_inbound_bound (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *data = g_malloc0 (1024 * 1024);
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, 1024 * 1024);
  g_autofree guint8 *buffer = g_malloc (1024 * 1024 + 1);
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (app_in (fixture));
  gsize queued;
  gsize taken = 0;

  jxs_pump_write (fixture->pump, bytes);
  queued = jxs_pump_get_queued (fixture->pump);
  g_assert_cmpuint (queued, >, 700 * 1024);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (jxs_pump_get_queued (fixture->pump), ==, queued);
  g_assert_cmpint (fixture->drained, ==, 0);

  jxs_pump_write_eof (fixture->pump);
  for (;;)
    {
      gssize n = g_pollable_input_stream_read_nonblocking (
          in, buffer, 1024 * 1024 + 1 - taken, NULL, NULL);

      if (n == 0)
        break;
      taken += n > 0 ? n : 0;
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (taken, ==, 1024 * 1024);
  g_assert_cmpuint (jxs_pump_get_queued (fixture->pump), ==, 0);
  g_assert_cmpint (fixture->drained, >, 1);
}

/* An application that goes away while bytes are queued for it: they are dropped, which is told like
 * any other decrease, and more bytes are dropped at once. */
static void
test_closed_with_queue (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *data = g_malloc0 (1024 * 1024);
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, 1024 * 1024);
  guint8 buffer[8];

  jxs_pump_write (fixture->pump, bytes);
  g_io_stream_close (fixture->application, NULL, NULL);
  jxs_test_wait_for (fixture->drained > 0 && fixture->readable > 0);
  jxs_test_wait_for (jxs_pump_get_queued (fixture->pump) == 0);
  jxs_pump_write (fixture->pump, bytes);
  g_assert_cmpuint (jxs_pump_get_queued (fixture->pump), ==, 0);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 0);
  jxs_test_wait_for (fixture->closed == 1);
  g_assert_no_error (fixture->error);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (fixture->closed, ==, 1);
}

/* One that closed its own direction is gone when ours has ended as well, whether it closes the
 * whole or not. */
static void
test_both_eof (Fixture *fixture, gconstpointer unused)
{
  guint8 buffer[8];
  g_autoptr (GBytes) late = g_bytes_new_static ("late", 4);
  char text[8] = "";

  g_output_stream_close (app_out (fixture), NULL, NULL);
  jxs_test_wait_for (fixture->readable == 1);
  g_assert_cmpint (jxs_pump_read (fixture->pump, buffer, sizeof buffer), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (fixture->closed, ==, 0);

  /* it can still be given bytes */
  jxs_pump_write (fixture->pump, late);
  jxs_pump_write_eof (fixture->pump);
  g_input_stream_read_all (app_in (fixture), text, sizeof text, NULL, NULL, NULL);
  g_assert_cmpstr (text, ==, "late");
  jxs_test_wait_for (fixture->closed == 1);
  g_assert_no_error (fixture->error);
}

/* Freeing delivers what fits, then the end of file. */
static void
test_free (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("bye", 3);
  char text[8] = "";
  gsize n;

  jxs_pump_write (fixture->pump, bytes);
  g_clear_pointer (&fixture->pump, jxs_pump_free);
  g_input_stream_read_all (app_in (fixture), text, sizeof text, &n, NULL, NULL);
  g_assert_cmpstr (text, ==, "bye");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (fixture->readable + fixture->drained + fixture->closed, ==, 0);
}

static void
free_in_readable (JxsPump *pump, gpointer user_data)
{
  jxs_pump_free (pump);
  *(gboolean *) user_data = TRUE;
}

static void
free_in_closed (JxsPump *pump, const GError *error, gpointer user_data)
{
  free_in_readable (pump, user_data);
}

static void
pull_all (JxsPump *pump, gpointer user_data)
{
  guint8 buffer[64];

  while (jxs_pump_read (pump, buffer, sizeof buffer) > 0)
    ;
}

/* Every callback may free the pump. */
static void
test_free_in_callback (void)
{
  static const JxsPumpFuncs variants[] = {
    { .readable = free_in_readable },
    { .drained = free_in_readable },
    { .readable = pull_all, .closed = free_in_closed },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autofree guint8 *data = g_malloc0 (1024 * 1024);
      g_autoptr (GBytes) bytes = g_bytes_new_static (data, 1024 * 1024);
      g_autoptr (GIOStream) end = NULL;
      g_autoptr (GIOStream) application = NULL;
      gboolean freed = FALSE;
      JxsPump *pump;

      jxs_pipe_new (&end, &application, NULL);
      pump = jxs_pump_new (end, &variants[i], &freed);
      if (variants[i].drained != NULL)
        jxs_pump_write (pump, bytes);
      g_io_stream_close (application, NULL, NULL);
      jxs_test_wait_for (freed);
      g_assert_true (g_io_stream_is_closed (end));
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

/* An end that breaks is told with the reason, once, wherever it breaks; one that is reset was
 * closed. */
static void
test_faults (void)
{
  for (int variant = 0; variant < 4; variant++)
    {
      JxsFaultAt at = { .is_write = variant & 1,
                        .offset = 3,
                        .fault = (variant & 2) != 0 ? JXS_FAULT_BROKEN : JXS_FAULT_ERROR };
      Fixture fixture = { 0 };
      g_autoptr (GIOStream) end = NULL;
      g_autoptr (GIOStream) faulty = NULL;
      g_autoptr (GBytes) bytes = g_bytes_new_static ("abcdef", 6);
      guint8 buffer[8];

      jxs_pipe_new (&end, &fixture.application, NULL);
      faulty = jxs_faulty_stream_new (end, jxs_fault_at, &at);
      fixture.pump = jxs_pump_new (faulty, &funcs, &fixture);
      g_output_stream_write_all (app_out (&fixture), "abcdef", 6, NULL, NULL, NULL);
      jxs_test_wait_for (fixture.readable == 1);
      jxs_pump_write (fixture.pump, bytes);
      g_assert_cmpint (jxs_pump_read (fixture.pump, buffer, sizeof buffer),
                       ==,
                       at.is_write ? 6 : 3);
      if (at.is_write)
        g_assert_cmpuint (jxs_pump_get_queued (fixture.pump), ==, 0);
      else
        g_assert_cmpint (jxs_pump_read (fixture.pump, buffer, sizeof buffer), <=, 0);

      if (at.fault == JXS_FAULT_BROKEN)
        {
          jxs_test_wait_for (fixture.closed == 1);
          g_assert_error (fixture.error, G_IO_ERROR, G_IO_ERROR_FAILED);
        }
      else
        {
          g_io_stream_close (fixture.application, NULL, NULL);
          if (at.is_write)
            {
              jxs_test_wait_for (fixture.readable == 2);
              g_assert_cmpint (jxs_pump_read (fixture.pump, buffer, sizeof buffer), ==, 0);
            }
          jxs_test_wait_for (fixture.closed == 1);
          g_assert_no_error (fixture.error);
        }
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpint (fixture.closed, ==, 1);
      tear_down (&fixture, NULL);
    }
}

typedef struct
{
  JxsPump *pump;
  GChecksum *sums[4]; /* app out, pulled, pushed, app in */
  gsize moved[4];
} Bulk;

static void
account (Bulk *bulk, int which, const guint8 *data, gssize n)
{
  if (n > 0)
    {
      g_checksum_update (bulk->sums[which], data, n);
      bulk->moved[which] += n;
    }
}

/* Both directions at once, in pieces of every size, through a stream that gives and takes what it
 * likes; neither side ever holds more than its bound. */
static void
test_bulk (gconstpointer faulty)
{
  const gsize total = 8 * 1024 * 1024;
  const gsize queue_max = 256 * 1024;
  g_autofree guint8 *pool = g_malloc (128 * 1024);
  g_autofree guint8 *buffer = g_malloc (128 * 1024);
  g_autoptr (GIOStream) end = NULL;
  g_autoptr (GIOStream) application = NULL;
  GPollableInputStream *in;
  GPollableOutputStream *out;
  static const JxsPumpFuncs none;
  Bulk bulk = { 0 };

  for (int i = 0; i < 128 * 1024; i++)
    pool[i] = g_test_rand_int () & 0xff;
  for (int i = 0; i < 4; i++)
    bulk.sums[i] = g_checksum_new (G_CHECKSUM_MD5);
  jxs_pipe_new (&end, &application, NULL);
  if (faulty != NULL)
    {
      GIOStream *wrapped =
          jxs_faulty_stream_new (end, (JxsFaultFunc) (void (*) (void)) faulty, NULL);

      g_object_unref (end);
      end = wrapped;
    }
  in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (application));
  out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (application));
  bulk.pump = jxs_pump_new (end, &none, NULL);

  while (bulk.moved[1] < total || bulk.moved[3] < total)
    {
      gsize from = g_test_rand_int_range (0, 64 * 1024);
      gsize size = g_test_rand_int_range (1, 64 * 1024);

      if (bulk.moved[0] < total)
        account (&bulk,
                 0,
                 pool + from,
                 g_pollable_output_stream_write_nonblocking (
                     out, pool + from, MIN (size, total - bulk.moved[0]), NULL, NULL));
      if (bulk.moved[2] < total && jxs_pump_get_queued (bulk.pump) < queue_max)
        {
          g_autoptr (GBytes) bytes = g_bytes_new (pool + from, MIN (size, total - bulk.moved[2]));

          jxs_pump_write (bulk.pump, bytes);
          account (&bulk, 2, pool + from, g_bytes_get_size (bytes));
        }
      g_assert_cmpuint (jxs_pump_get_queued (bulk.pump), <=, queue_max + 64 * 1024);
      account (&bulk, 1, buffer, jxs_pump_read (bulk.pump, buffer, size));
      account (&bulk,
               3,
               buffer,
               g_pollable_input_stream_read_nonblocking (in, buffer, 128 * 1024, NULL, NULL));
      g_main_context_iteration (NULL, FALSE);
    }
  for (int i = 0; i < 4; i++)
    g_assert_cmpuint (bulk.moved[i], ==, total);
  g_assert_cmpstr (g_checksum_get_string (bulk.sums[0]), ==, g_checksum_get_string (bulk.sums[1]));
  g_assert_cmpstr (g_checksum_get_string (bulk.sums[2]), ==, g_checksum_get_string (bulk.sums[3]));
  jxs_pump_free (bulk.pump);
  for (int i = 0; i < 4; i++)
    g_checksum_free (bulk.sums[i]);
}

static JxsFault
any_fault (gboolean is_write, guint64 offset, gsize *count, gpointer unused)
{
  if (g_test_rand_int_range (0, 4) == 0)
    return JXS_FAULT_WOULD_BLOCK;
  *count = g_test_rand_int_range (1, *count + 1);
  return JXS_FAULT_NONE;
}

#define ADD(name, func) g_test_add ("/io/pump/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("outbound", test_outbound);
  ADD ("inbound", test_inbound);
  ADD ("closed", test_closed);
  ADD ("outbound-bound", test_outbound_bound);
  ADD ("inbound-bound", test_inbound_bound);
  ADD ("closed-with-queue", test_closed_with_queue);
  ADD ("both-eof", test_both_eof);
  ADD ("free", test_free);
  g_test_add_func ("/io/pump/free-in-callback", test_free_in_callback);
  g_test_add_func ("/io/pump/faults", test_faults);
  g_test_add_data_func ("/io/pump/bulk", NULL, test_bulk);
  g_test_add_data_func ("/io/pump/bulk-faulty", any_fault, test_bulk);
  return g_test_run ();
}
