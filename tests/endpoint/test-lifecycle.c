/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/e2e/jxs-e2e-machine-private.h>

typedef struct
{
  Pair pair;
  Doorman doorman;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  pair_init (&fixture->pair);
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
}

static void
assert_ended (JxsSession *session, JxsReasonCondition condition)
{
  wait_until (jxs_session_get_state (session) == JXS_SESSION_STATE_ENDED);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (session)), ==, condition);
}

static gssize
read_some (gpointer connection, char *buffer, gsize size, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  g_input_stream_read_async (input, buffer, size, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  return g_input_stream_read_finish (input, result, error);
}

static void
assert_eof (gpointer connection)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];

  g_assert_cmpint (read_some (connection, buffer, sizeof buffer, &error), ==, 0);
  g_assert_no_error (error);
}

static void
assert_text (gpointer connection, const char *text)
{
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gssize n = read_some (connection, buffer, sizeof buffer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

static void
write_text (gpointer connection, const char *text)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (connection))),
      text,
      strlen (text),
      NULL,
      &error);

  g_assert_no_error (error);
  g_assert_cmpint (n, ==, strlen (text));
}

static void
half_close (gpointer connection)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  g_output_stream_close_async (output, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  g_output_stream_close_finish (output, result, &error);
  g_assert_no_error (error);
}

static void
close_start (gpointer connection, GCancellable *cancellable, Reply *reply)
{
  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, cancellable, reply_cb, reply);
}

static gboolean
close_wait (gpointer connection, Reply *reply, GError **error)
{
  g_autoptr (GAsyncResult) result = reply_wait (reply);

  return g_io_stream_close_finish (G_IO_STREAM (connection), result, error);
}

static void
close_now (gpointer connection)
{
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  close_start (connection, NULL, &reply);
  close_wait (connection, &reply, &error);
  g_assert_no_error (error);
}

/* ---- streams ---- */

/* XEP-0246 §5: whoever closes, both ends see an orderly end and the session ends with success. */
static void
test_stream_close (Fixture *fixture, gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data);
  g_autoptr (JxsXmlStream) stream = open_stream (&fixture->pair, &fixture->doorman);
  JxsXmlStream *streams[2] = { stream, fixture->doorman.stream };
  Inbox inboxes[2];

  for (guint i = 0; i < 2; i++)
    inbox_init (&inboxes[i], streams[i]);
  if (who == 2)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      Reply reply = { NULL };

      jxs_xml_stream_close_async (streams[0], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
      close_stream (streams[1]);
      result = reply_wait (&reply);
      jxs_xml_stream_close_finish (streams[0], result, &error);
      g_assert_no_error (error);
    }
  else
    close_stream (streams[who]);
  wait_until (inboxes[0].closed && inboxes[1].closed);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_no_error (inboxes[i].error);
      inbox_clear (&inboxes[i]);
    }
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
}

/* XEP-0247 §2, XEP-0246 §5: what was sent before the end arrives before the end, also when the
 * application drops the stream while it closes. */
static void
test_stream_last_words (Fixture *fixture, gconstpointer data)
{
  JxsXmlStream *stream = open_stream (&fixture->pair, &fixture->doorman);
  Inbox inbox;

  inbox_init (&inbox, fixture->doorman.stream);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *body = g_strdup_printf ("%u", i);

      send_body (stream, body);
    }
  jxs_xml_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_object_unref (stream);
  wait_until (inbox.closed);
  g_assert_no_error (inbox.error);
  g_assert_cmpuint (inbox.bodies->len, ==, 200);
  g_assert_cmpstr (g_ptr_array_index (inbox.bodies, 199), ==, "199");
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
  inbox_clear (&inbox);
}

/* Stanzas still arrive after our closing tag (RFC 6120 §4.4). */
static void
test_stream_half_closed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsXmlStream) stream = open_stream (&fixture->pair, &fixture->doorman);
  Inbox inbox;

  inbox_init (&inbox, stream);
  for (guint i = 0; i < 20; i++)
    send_body (fixture->doorman.stream, "crossing");
  close_stream (stream);
  g_assert_cmpuint (inbox.bodies->len, ==, 20);
  g_assert_true (inbox.closed);
  g_assert_no_error (inbox.error);
  inbox_clear (&inbox);
}

static void
test_stream_dropped (Fixture *fixture, gconstpointer data)
{
  JxsXmlStream *stream = open_stream (&fixture->pair, &fixture->doorman);
  Inbox inbox;

  inbox_init (&inbox, fixture->doorman.stream);
  g_object_unref (stream);
  wait_until (inbox.closed);
  g_assert_nonnull (inbox.error);
  g_assert_error (inbox.error, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_ended (fixture->doorman.session, JXS_REASON_CANCEL);
  inbox_clear (&inbox);
}

/* ---- pipes ---- */

static void
test_pipe_close (Fixture *fixture, gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data);
  g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);
  gpointer ends[2] = { connection, fixture->doorman.connection };
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  write_text (ends[0], "one");
  assert_text (ends[1], "one");
  write_text (ends[1], "two");
  assert_text (ends[0], "two");
  if (who == 2)
    {
      close_start (ends[0], NULL, &reply);
      close_now (ends[1]);
    }
  else
    {
      close_start (ends[who], NULL, &reply);
      assert_eof (ends[!who]);
      close_now (ends[!who]);
      who = !who;
    }
  close_wait (ends[who == 2 ? 0 : !who], &reply, &error);
  g_assert_no_error (error);
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
  g_assert_true (g_io_stream_is_closed (G_IO_STREAM (connection)));
}

/* TLS marks the end of each direction on its own. */
static void
test_pipe_half_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);
  gpointer juliet = fixture->doorman.connection;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  write_text (connection, "question");
  half_close (connection);
  assert_text (juliet, "question");
  assert_eof (juliet);
  write_text (juliet, "answer");
  assert_text (connection, "answer");
  write_text (juliet, "more");
  half_close (juliet);
  assert_text (connection, "more");
  assert_eof (connection);
  close_start (juliet, NULL, &reply);
  close_now (connection);
  close_wait (juliet, &reply, &error);
  g_assert_no_error (error);
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
}

/* Both directions ended: nothing is lost when the rest is forgotten. */
static void
test_pipe_dropped_after_end (Fixture *fixture, gconstpointer data)
{
  JxsConnection *connection = open_pipe (&fixture->pair, &fixture->doorman);

  half_close (connection);
  assert_eof (fixture->doorman.connection);
  half_close (fixture->doorman.connection);
  assert_eof (connection);
  g_object_unref (connection);
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
  close_now (fixture->doorman.connection);
}

/* What arrived before is read, then comes a reason, never a clean end. */
static void
test_pipe_dropped (Fixture *fixture, gconstpointer data)
{
  JxsConnection *connection = open_pipe (&fixture->pair, &fixture->doorman);
  gpointer juliet = fixture->doorman.connection;
  g_autoptr (GError) error = NULL;
  char buffer[16];

  write_text (juliet, "x");
  assert_text (connection, "x");
  write_text (connection, "abc");
  assert_text (juliet, "abc");
  g_object_unref (connection);
  g_assert_cmpint (read_some (juliet, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (read_some (juliet, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  assert_ended (fixture->doorman.session, JXS_REASON_CANCEL);
}

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  if (g_str_equal (what, "connection-state") && strstr (detail, "draining") != NULL)
    *(gboolean *) user_data = TRUE;
}

static void
set_up_fake (Fixture *fixture, gconstpointer data)
{
  jxs_clock_use_fake (0);
  set_up (fixture, data);
}

/* A peer that never closes its side is waited for, but not for ever. */
static void
test_pipe_peer_stays (Fixture *fixture, gconstpointer data)
{
  gboolean draining = FALSE;
  g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  g_signal_connect (fixture->pair.endpoints[ROMEO], "trace", G_CALLBACK (trace_cb), &draining);
  close_start (connection, NULL, &reply);
  assert_eof (fixture->doorman.connection);
  wait_until (draining);
  settle ();
  g_assert_null (reply.result);
  jxs_clock_advance ((gint64) JXS_E2E_DRAIN_TIMEOUT_MS * 1000);
  g_assert_false (close_wait (connection, &reply, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  assert_ended (fixture->doorman.session, JXS_REASON_SUCCESS);
  jxs_clock_use_real ();
}

/* The other end is told of the end of the session, and closes what it has. */
static void
test_endpoint_disposed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsXmlStream) stream = open_stream (&fixture->pair, &fixture->doorman);
  Inbox inboxes[2];

  inbox_init (&inboxes[0], stream);
  inbox_init (&inboxes[1], fixture->doorman.stream);
  g_object_run_dispose (G_OBJECT (fixture->pair.endpoints[ROMEO]));
  wait_until (inboxes[0].closed && inboxes[1].closed);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_nonnull (inboxes[i].error);
      inbox_clear (&inboxes[i]);
    }
  assert_ended (fixture->doorman.session, JXS_REASON_GONE);
}

static void
test_channel_closed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsXmlStream) stream = open_stream (&fixture->pair, &fixture->doorman);
  g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);
  g_autoptr (GError) error = NULL;
  Inbox inboxes[2];
  char buffer[16];

  inbox_init (&inboxes[0], stream);
  inbox_init (&inboxes[1], fixture->doorman.stream);
  jxs_loopback_channel_close (fixture->pair.channels[ROMEO]);
  wait_until (inboxes[0].closed && inboxes[1].closed);
  g_assert_cmpint (read_some (connection, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_error (inboxes[i].error, JXS_ERROR, JXS_ERROR_CLOSED);
      inbox_clear (&inboxes[i]);
    }
}

/* ---- cancellation, at every turn of the main loop ---- */

typedef enum
{
  CANCEL_OPEN_STREAM,
  CANCEL_OPEN_PIPE,
  CANCEL_ACCEPT_STREAM,
  CANCEL_ACCEPT_PIPE,
} What;

static gboolean
both_done (Fixture *fixture, Reply *reply)
{
  Doorman *doorman = &fixture->doorman;

  return reply->result != NULL && (doorman->n_incoming == 0 || doorman->error != NULL ||
                                   doorman->stream != NULL || doorman->connection != NULL);
}

/* TRUE: it was too late to cancel. */
static gboolean
cancel_after (Fixture *fixture, What what, guint n_turns)
{
  gboolean is_stream = what == CANCEL_OPEN_STREAM || what == CANCEL_ACCEPT_STREAM;
  gboolean is_open = what == CANCEL_OPEN_STREAM || what == CANCEL_OPEN_PIPE;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  JxsEndpoint *romeo = fixture->pair.endpoints[ROMEO];
  g_autoptr (GObject) opened = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  gboolean late;

  g_clear_object (&fixture->doorman.cancellable);
  if (!is_open)
    fixture->doorman.cancellable = g_object_ref (cancellable);
  fixture->doorman.n_incoming = 0;
  if (is_stream)
    jxs_endpoint_open_stream_async (romeo,
                                    fixture->pair.jids[JULIET],
                                    G_PRIORITY_DEFAULT,
                                    is_open ? cancellable : NULL,
                                    reply_cb,
                                    &reply);
  else
    jxs_endpoint_open_pipe_async (romeo,
                                  fixture->pair.jids[JULIET],
                                  "org.example.Echo",
                                  G_PRIORITY_DEFAULT,
                                  is_open ? cancellable : NULL,
                                  reply_cb,
                                  &reply);
  for (guint i = 0; i < n_turns && !both_done (fixture, &reply); i++)
    g_main_context_iteration (NULL, TRUE);
  late = both_done (fixture, &reply);
  if (!late)
    g_cancellable_cancel (cancellable);
  wait_until (both_done (fixture, &reply));

  if (is_stream)
    opened = (GObject *) jxs_endpoint_open_stream_finish (romeo, reply.result, &error);
  else
    opened = (GObject *) jxs_endpoint_open_pipe_finish (romeo, reply.result, &error);
  g_clear_object (&reply.result);
  if (late)
    {
      g_assert_no_error (error);
      g_assert_no_error (fixture->doorman.error);
    }
  else if (is_open && opened == NULL)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else if (!is_open && fixture->doorman.error != NULL)
    g_assert_error (fixture->doorman.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_clear_object (&opened);
  g_clear_object (&fixture->doorman.stream);
  g_clear_object (&fixture->doorman.connection);
  g_clear_error (&fixture->doorman.error);
  if (fixture->doorman.session != NULL)
    wait_until (jxs_session_get_state (fixture->doorman.session) == JXS_SESSION_STATE_ENDED);
  g_clear_object (&fixture->doorman.session);
  return late;
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  guint n = 0;

  while (!cancel_after (fixture, GPOINTER_TO_UINT (data), n))
    {
      n++;
      g_assert_cmpuint (n, <, 1000);
    }
  g_test_message ("%u turns", n);
  g_assert_cmpuint (n, >, 5);
}

/* Closing, cancelled at every turn, with a peer that closes too. */
static void
test_cancel_close (Fixture *fixture, gconstpointer data)
{
  for (guint n = 0; n < 1000; n++)
    {
      g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Reply replies[2] = { { NULL } };
      gboolean late;

      close_start (connection, cancellable, &replies[0]);
      close_start (fixture->doorman.connection, NULL, &replies[1]);
      for (guint i = 0; i < n && replies[0].result == NULL; i++)
        g_main_context_iteration (NULL, TRUE);
      late = replies[0].result != NULL;
      if (!late)
        g_cancellable_cancel (cancellable);
      if (!close_wait (connection, &replies[0], &error))
        {
          g_assert_false (late);
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        }
      close_wait (fixture->doorman.connection, &replies[1], NULL);
      wait_until (jxs_session_get_state (fixture->doorman.session) == JXS_SESSION_STATE_ENDED);
      g_clear_object (&fixture->doorman.connection);
      if (late)
        {
          g_test_message ("%u turns", n);
          return;
        }
    }
  g_assert_not_reached ();
}

/* Everything goes away at every turn. */
static void
test_vanish (gconstpointer data)
{
  gboolean channel = GPOINTER_TO_UINT (data);

  for (guint n = 0; n < 1000; n++)
    {
      g_autoptr (JxsXmlStream) stream = NULL;
      g_autoptr (GError) error = NULL;
      Reply reply = { NULL };
      Fixture fixture;
      gboolean late;

      set_up (&fixture, NULL);
      jxs_endpoint_open_stream_async (fixture.pair.endpoints[ROMEO],
                                      fixture.pair.jids[JULIET],
                                      G_PRIORITY_DEFAULT,
                                      NULL,
                                      reply_cb,
                                      &reply);
      for (guint i = 0; i < n && !both_done (&fixture, &reply); i++)
        g_main_context_iteration (NULL, TRUE);
      late = both_done (&fixture, &reply);
      if (channel)
        jxs_loopback_channel_close (fixture.pair.channels[n % 2]);
      else
        g_object_run_dispose (G_OBJECT (fixture.pair.endpoints[n % 2]));
      wait_until (both_done (&fixture, &reply));
      stream =
          jxs_endpoint_open_stream_finish (fixture.pair.endpoints[ROMEO], reply.result, &error);
      g_clear_object (&reply.result);
      g_assert_cmpint (stream == NULL, ==, error != NULL);
      g_clear_object (&stream);
      tear_down (&fixture, NULL);
      if (late)
        {
          g_test_message ("%u turns", n);
          return;
        }
    }
  g_assert_not_reached ();
}

static gboolean
count_data_cb (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer count)
{
  *(guint *) count += jxs_element_find_child (g_value_get_boxed (&values[1]), "data", NULL) != NULL;
  return TRUE;
}

/* The messages of the TLS handshake travel in flights: a stanza for each write would be twelve. */
static void
test_few_stanzas (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  const guint signal_id = g_signal_lookup ("stanza", JXS_TYPE_CHANNEL);
  Reply reply = { NULL };
  guint n_data = 0;
  gulong hook;

  /* Before those that take it. */
  hook = g_signal_add_emission_hook (signal_id, 0, count_data_cb, &n_data, NULL);
  jxs_endpoint_open_stream_async (fixture->pair.endpoints[ROMEO],
                                  fixture->pair.jids[JULIET],
                                  G_PRIORITY_DEFAULT,
                                  NULL,
                                  reply_cb,
                                  &reply);
  result = reply_wait (&reply);
  stream = jxs_endpoint_open_stream_finish (fixture->pair.endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_data, >=, 4);
  g_assert_cmpuint (n_data, <=, 6);
  g_signal_remove_emission_hook (signal_id, hook);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD_WITH(path, func, data)                                                                 \
  g_test_add (                                                                                     \
      "/endpoint/lifecycle/" path, Fixture, GUINT_TO_POINTER (data), set_up, func, tear_down)
#define ADD(path, func) ADD_WITH (path, func, 0)
  if (pair_is_in_band ())
    ADD ("stream/few-stanzas", test_few_stanzas);
  ADD_WITH ("stream/close-initiator", test_stream_close, ROMEO);
  ADD_WITH ("stream/close-responder", test_stream_close, JULIET);
  ADD_WITH ("stream/close-both", test_stream_close, 2);
  ADD ("stream/last-words", test_stream_last_words);
  ADD ("stream/half-closed", test_stream_half_closed);
  ADD ("stream/dropped", test_stream_dropped);
  ADD_WITH ("pipe/close-initiator", test_pipe_close, ROMEO);
  ADD_WITH ("pipe/close-responder", test_pipe_close, JULIET);
  ADD_WITH ("pipe/close-both", test_pipe_close, 2);
  ADD ("pipe/half-close", test_pipe_half_close);
  ADD ("pipe/dropped-after-end", test_pipe_dropped_after_end);
  ADD ("pipe/dropped", test_pipe_dropped);
  ADD ("endpoint-disposed", test_endpoint_disposed);
  ADD ("channel-closed", test_channel_closed);
  ADD_WITH ("cancel/open-stream", test_cancel, CANCEL_OPEN_STREAM);
  ADD_WITH ("cancel/open-pipe", test_cancel, CANCEL_OPEN_PIPE);
  ADD_WITH ("cancel/accept-stream", test_cancel, CANCEL_ACCEPT_STREAM);
  ADD_WITH ("cancel/accept-pipe", test_cancel, CANCEL_ACCEPT_PIPE);
  ADD ("cancel/close", test_cancel_close);
#undef ADD
#undef ADD_WITH
  g_test_add ("/endpoint/lifecycle/pipe/peer-stays",
              Fixture,
              NULL,
              set_up_fake,
              test_pipe_peer_stays,
              tear_down);
  g_test_add_data_func ("/endpoint/lifecycle/vanish/channel", GUINT_TO_POINTER (TRUE), test_vanish);
  g_test_add_data_func ("/endpoint/lifecycle/vanish/endpoint",
                        GUINT_TO_POINTER (FALSE),
                        test_vanish);
  return g_test_run ();
}
