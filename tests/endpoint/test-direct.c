/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/e2e/jxs-connection-private.h>

/* How pipes over a direct TCP connection end (XEP-0260), with TLS and without. */

#define SIZE (256 * 1024)

typedef struct
{
  Pair pair;
  Doorman doorman;
  JxsConnection *ends[2]; /* [0] Romeo's, [1] Juliet's (unowned) */
  guint8 *text;
  guint8 *buffer;
} Fixture;

static void
set_up (Fixture *self, gconstpointer secure)
{
  static const char *const transports[] = { "s5b", NULL };

  jxs_clock_use_fake (0);
  pair_init (&self->pair);
  for (guint i = 0; i < 2; i++)
    {
      JxsEndpoint **endpoint = &self->pair.endpoints[i];

      if (!GPOINTER_TO_INT (secure))
        {
          g_object_unref (*endpoint);
          *endpoint = jxs_endpoint_new (JXS_CHANNEL (self->pair.channels[i]), NULL, NULL);
          jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (*endpoint),
                                                      FALSE);
        }
      jxs_endpoint_set_transports (*endpoint, transports);
      jxs_endpoint_set_allow_loopback (*endpoint, TRUE);
      jxs_endpoint_set_discover_proxies (*endpoint, FALSE);
    }
  doorman_init (&self->doorman, self->pair.endpoints[JULIET]);
  self->ends[0] = open_pipe (&self->pair, &self->doorman);
  self->ends[1] = self->doorman.connection;
  self->text = g_malloc (SIZE);
  self->buffer = g_malloc (SIZE);
  for (gsize i = 0; i < SIZE; i++)
    self->text[i] = (guint8) (i * 31 + i / 251);
}

static void
tear_down (Fixture *self, gconstpointer secure)
{
  g_clear_object (&self->ends[0]);
  doorman_clear (&self->doorman);
  pair_clear (&self->pair);
  g_free (self->text);
  g_free (self->buffer);
  jxs_clock_use_real ();
}

static GInputStream *
input (Fixture *self, guint i)
{
  return g_io_stream_get_input_stream (G_IO_STREAM (self->ends[i]));
}

static GOutputStream *
output (Fixture *self, guint i)
{
  return g_io_stream_get_output_stream (G_IO_STREAM (self->ends[i]));
}

/* Iterates until there is a result; an unexplained end is held for a while. */
static GAsyncResult *
wait_with_time (Reply *reply)
{
  while (reply->result == NULL)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        jxs_clock_advance (1000);
    }
  return g_steal_pointer (&reply->result);
}

static void
write_all (Fixture *self, guint from, gsize size)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  g_output_stream_write_all_async (
      output (self, from), self->text, size, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  g_output_stream_write_all_finish (output (self, from), result, NULL, &error);
  g_assert_no_error (error);
}

/* Reads so many, or to the end. */
static void
assert_arrives (Fixture *self, guint to, gsize size, gboolean to_the_end)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  gsize n = 0;

  g_input_stream_read_all_async (input (self, to),
                                 self->buffer,
                                 to_the_end ? SIZE : size,
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 reply_cb,
                                 &reply);
  result = wait_with_time (&reply);
  g_input_stream_read_all_finish (input (self, to), result, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (self->buffer, n, self->text, size);
}

static void
close_output (Fixture *self, guint i)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  g_output_stream_close_async (output (self, i), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  g_output_stream_close_finish (output (self, i), result, &error);
  g_assert_no_error (error);
}

static void
close_both (Fixture *self)
{
  Reply replies[2] = { { NULL }, { NULL } };

  for (guint i = 0; i < 2; i++)
    g_io_stream_close_async (
        G_IO_STREAM (self->ends[i]), G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[i]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = reply_wait (&replies[i]);
      g_autoptr (GError) error = NULL;

      g_io_stream_close_finish (G_IO_STREAM (self->ends[i]), result, &error);
      g_assert_no_error (error);
    }
}

static void
test_half_close (Fixture *self, gconstpointer secure)
{
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (jxs_connection_get_can_half_close (self->ends[i]));
      g_assert_true ((jxs_connection_get_tls_connection (self->ends[i]) != NULL) ==
                     GPOINTER_TO_INT (secure));
    }
  write_all (self, 0, 10000);
  close_output (self, 0);
  assert_arrives (self, 1, 10000, TRUE);
  write_all (self, 1, 20000);
  close_output (self, 1);
  assert_arrives (self, 0, 20000, TRUE);
  close_both (self);
}

/* Bytes that nobody has read here must not take with them what was written (a TCP reset would). */
static void
test_unread (Fixture *self, gconstpointer secure)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  write_all (self, 1, 50000);
  write_all (self, 0, 100000);
  g_io_stream_close_async (G_IO_STREAM (self->ends[0]), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  assert_arrives (self, 1, 100000, TRUE);
  close_output (self, 1);
  result = reply_wait (&reply);
  g_io_stream_close_finish (G_IO_STREAM (self->ends[0]), result, &error);
  g_assert_no_error (error);
}

static void
read_some (Fixture *self, gsize *received)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (input (self, 1)), self->buffer, 16384, NULL, &error);

  if (n < 0)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  *received += MAX (n, 0);
}

/* The peer reads slowly, but it reads: that is no reason to cut it off. */
static void
test_slow_reader (Fixture *self, gconstpointer secure)
{
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (output (self, 0));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  gsize written = 0;
  gsize received = 0;
  gsize pending = G_MAXSIZE;
  gint64 start;
  gssize n;

  do
    {
      n = g_pollable_output_stream_write_nonblocking (out, self->text, 16384, NULL, &error);
      written += MAX (n, 0);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  while (n > 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  /* A record may be half under way. */
  while (n <= 0)
    {
      read_some (self, &received);
      n = g_pollable_output_stream_write_nonblocking (out, self->text, 16384, NULL, NULL);
      written += MAX (n, 0);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }

  g_io_stream_close_async (G_IO_STREAM (self->ends[0]), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  start = jxs_clock_now ();
  for (guint i = 0; received < written; i++)
    {
      gsize left = jxs_socket_stream_get_pending (self->ends[0]->base);

      /* Only what TCP has not taken off our hands tells that the peer reads; the kernel takes it in
       * its own time. */
      if (i % 32 == 0 && left > 0 && left < pending)
        {
          pending = left;
          jxs_clock_advance (7 * G_USEC_PER_SEC);
        }
      while (g_main_context_iteration (NULL, FALSE))
        ;
      read_some (self, &received);
    }
  /* Longer than a peer gets that does nothing. */
  g_assert_cmpint (jxs_clock_now () - start, >, 1000 * JXS_E2E_DRAIN_TIMEOUT_MS);
  assert_arrives (self, 1, 0, TRUE);
  close_output (self, 1);
  result = reply_wait (&reply);
  g_io_stream_close_finish (G_IO_STREAM (self->ends[0]), result, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/endpoint/direct/" name "/tls", Fixture, GINT_TO_POINTER (TRUE), set_up, func, tear_down);  \
  g_test_add ("/endpoint/direct/" name "/plain",                                                   \
              Fixture,                                                                             \
              GINT_TO_POINTER (FALSE),                                                             \
              set_up,                                                                              \
              func,                                                                                \
              tear_down)
  ADD ("half-close", test_half_close);
  ADD ("unread", test_unread);
  ADD ("slow-reader", test_slow_reader);
#undef ADD

  return g_test_run ();
}
