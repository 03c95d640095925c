/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Two managers that talk with each other. */

static Result *
get_result (Side *side)
{
  g_assert_cmpuint (side->results->len, ==, 1);

  return g_ptr_array_index (side->results, 0);
}

static void
assert_same_pipe (GIOStream *first, GIOStream *second)
{
  char buffer[8] = "";
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (first), "bytes", 5, NULL, NULL, &error);
  g_assert_no_error (error);
  g_input_stream_read_all (g_io_stream_get_input_stream (second), buffer, 5, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, "bytes");
}

static Result *
begin (Pair *pair, gboolean secure, GCancellable *cancellable)
{
  pair->juliet.accept = TRUE;

  return side_connect (&pair->romeo,
                       side_create (&pair->romeo, JULIET, secure),
                       60000,
                       cancellable);
}

static void
assert_connected (Pair *pair, const char *transport)
{
  Result *ours = get_result (&pair->romeo);
  Result *theirs = get_result (&pair->juliet);

  g_assert_true (ours->done);
  g_assert_no_error (ours->error);
  g_assert_true (theirs->done);
  g_assert_no_error (theirs->error);
  assert_same_pipe (ours->stream, theirs->stream);
  assert_same_pipe (theirs->stream, ours->stream);
  g_assert_cmpint (jxs_session_get_state (ours->session), ==, JXS_SESSION_STATE_ACTIVE);
  g_assert_cmpint (jxs_session_get_state (theirs->session), ==, JXS_SESSION_STATE_ACTIVE);
  g_assert_cmpstr (jxs_session_get_transport_namespace (ours->session), ==, transport);
  g_assert_cmpstr (jxs_session_get_transport_namespace (theirs->session), ==, transport);
}

static void
assert_both_failed (Pair *pair, JxsError ours, JxsError theirs)
{
  g_assert_error (get_result (&pair->romeo)->error, JXS_ERROR, (int) ours);
  g_assert_error (get_result (&pair->juliet)->error, JXS_ERROR, (int) theirs);
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair->romeo.manager), ==, 0);
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair->juliet.manager), ==, 0);
}

static void
test_connect (void)
{
  Pair pair;
  Result *ours;
  Result *theirs;
  JxsElement *description;

  pair_init (&pair);
  ours = begin (&pair, TRUE, NULL);
  g_assert_cmpint (jxs_session_get_state (ours->session), ==, JXS_SESSION_STATE_PENDING);
  run_until_idle ();
  assert_connected (&pair, NS_FAST);
  theirs = get_result (&pair.juliet);

  g_assert_true (jxs_session_is_initiator (ours->session));
  g_assert_false (jxs_session_is_initiator (theirs->session));
  g_assert_cmpstr (jxs_session_get_sid (ours->session), ==, jxs_session_get_sid (theirs->session));
  g_assert_cmpstr (jxs_session_get_namespace (ours->session), ==, NS_APP);
  g_assert_cmpstr (jxs_session_get_namespace (theirs->session), ==, NS_APP);
  g_assert_cmpstr (jxs_jid_to_string (jxs_session_get_local_jid (ours->session)), ==, ROMEO);
  description = jxs_session_get_description (ours->session);
  g_assert_cmpstr (jxs_element_get_namespace (description), ==, NS_APP);
  g_assert_null (jxs_session_get_reason (ours->session));
  g_assert_true (JXS_IS_SECURITY (jxs_session_get_security (ours->session)));
  g_assert_cmpuint (pair.romeo.security.n_secured, ==, 1);
  g_assert_cmpuint (pair.juliet.security.n_secured, ==, 1);
  /* session-initiate until session-accept, and what the transport counted */
  g_assert_cmpuint (jxs_session_get_round_trips (ours->session), ==, 2);
  g_assert_cmpuint (jxs_session_get_round_trips (theirs->session), ==, 2);
  pair_clear (&pair);
}

static void
test_plain (void)
{
  Pair pair;

  pair_init (&pair);
  begin (&pair, FALSE, NULL);
  run_until_idle ();
  assert_connected (&pair, NS_FAST);
  g_assert_cmpuint (pair.romeo.security.n_secured, ==, 0);
  pair_clear (&pair);
}

static void
test_other_description (void)
{
  Pair pair;
  JxsSession *session;
  g_autoptr (JxsElement) answer = jxs_element_new ("description", NS_APP);

  pair_init (&pair);
  session = side_create (&pair.romeo, JULIET, TRUE);
  side_connect (&pair.romeo, session, 60000, NULL);
  run_until_idle ();
  g_assert_null (jxs_session_get_description (session));
  jxs_element_set_attribute (answer, "service", "x");
  jxs_session_connect_async (
      g_ptr_array_index (pair.juliet.incoming, 0), answer, 0, NULL, NULL, NULL);
  run_until_idle ();
  g_assert_true (jxs_element_equal (jxs_session_get_description (session), answer));
  pair_clear (&pair);
}

/* XEP-0166 §7.2.15: whichever side sees it fail, the next transport serves. */
static void
test_fall_back (void)
{
  static const FakeBehaviour cases[][2] = {
    { FAKE_FAILS, FAKE_FAILS }, { FAKE_FAILS, FAKE_HANGS }, { FAKE_HANGS, FAKE_FAILS },
    { FAKE_HANGS, FAKE_HANGS }, { FAKE_FAILS, FAKE_WORKS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Pair pair;
      Result *ours;

      pair_init (&pair);
      pair.romeo.fast.connect = cases[i][0];
      pair.juliet.fast.connect = cases[i][1];
      /* A responder whose transport seems to work finds out when it secures it. */
      if (cases[i][1] == FAKE_WORKS)
        pair.juliet.security.secure = FAKE_HANGS;
      ours = begin (&pair, TRUE, NULL);
      for (guint n = 0; n < 1000 && pair.juliet.slow.n_made == 0; n++)
        g_main_context_iteration (NULL, FALSE);
      pair.juliet.security.secure = FAKE_WORKS;
      advance (JXS_SESSION_CONNECT_TIMEOUT / 3 * 2);
      assert_connected (&pair, NS_SLOW);
      /* initiate, replace, and the transport's own */
      g_assert_cmpuint (jxs_session_get_round_trips (ours->session), ==, 3);
      g_assert_cmpuint (pair.romeo.fast.n_aborted, ==, 1);
      g_assert_cmpuint (pair.romeo.slow.n_aborted, ==, 0);
      pair_clear (&pair);
    }
}

/* What the peer does not support is not proposed; one that names nothing is not believed. */
static void
test_peer_features (void)
{
  for (guint i = 0; i < 2; i++)
    {
      Pair pair;
      JxsSession *session;
      g_autoptr (GHashTable) features = g_hash_table_new (g_str_hash, g_str_equal);

      pair_init (&pair);
      pair.juliet.accept = TRUE;
      session = side_create (&pair.romeo, JULIET, TRUE);
      if (i == 0)
        g_hash_table_add (features, (gpointer) NS_SLOW);
      jxs_session_set_peer_features (session, features);
      side_connect (&pair.romeo, session, 0, NULL);
      run_until_idle ();
      assert_connected (&pair, i == 0 ? NS_SLOW : NS_FAST);
      pair_clear (&pair);
    }
}

/* The broken connection shows only under the security handshake. */
static void
test_fall_back_while_securing (void)
{
  Pair pair;
  Result *ours;

  pair_init (&pair);
  pair.romeo.security.secure = FAKE_FAILS;
  pair.romeo.security.lose = TRUE;
  pair.juliet.security.secure = FAKE_HANGS;
  ours = begin (&pair, TRUE, NULL);
  for (guint i = 0; i < 1000 && pair.romeo.slow.n_made == 0; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (pair.romeo.slow.n_made, ==, 1);
  pair.romeo.security.secure = FAKE_WORKS;
  pair.juliet.security.secure = FAKE_WORKS;
  run_until_idle ();
  g_assert_true (ours->done);
  assert_connected (&pair, NS_SLOW);
  pair_clear (&pair);
}

static void
test_no_transport_left (void)
{
  Pair pair;

  pair_init (&pair);
  pair.romeo.fast.connect = pair.romeo.slow.connect = FAKE_FAILS;
  pair.juliet.fast.connect = pair.juliet.slow.connect = FAKE_FAILS;
  begin (&pair, TRUE, NULL);
  run_until_idle ();
  assert_both_failed (&pair, JXS_ERROR_CONNECTIVITY, JXS_ERROR_CONNECTIVITY);
  g_assert_nonnull (strstr (get_result (&pair.romeo)->error->message, NS_FAST " refused"));
  pair_clear (&pair);
}

/* Security never falls back: the peer learns why. */
static void
test_untrusted (void)
{
  for (guint i = 0; i < 2; i++)
    {
      Pair pair;
      Side *side;

      pair_init (&pair);
      side = i == 0 ? &pair.romeo : &pair.juliet;
      side->security.secure = FAKE_FAILS;
      (i == 0 ? &pair.juliet : &pair.romeo)->security.secure = FAKE_HANGS;
      begin (&pair, TRUE, NULL);
      run_until_idle ();
      assert_both_failed (&pair,
                          i == 0 ? JXS_ERROR_UNTRUSTED : JXS_ERROR_SECURITY,
                          i == 0 ? JXS_ERROR_SECURITY : JXS_ERROR_UNTRUSTED);
      g_assert_cmpuint (pair.romeo.slow.n_made, ==, 0);
      pair_clear (&pair);
    }
}

/* The peer hung up during the handshake and then says why: that is what is told. */
static void
test_hung_up (void)
{
  Pair pair;

  pair_init (&pair);
  pair.romeo.fast.connect = pair.juliet.fast.connect = FAKE_FAILS;
  pair.romeo.security.secure = FAKE_FAILS;
  pair.romeo.security.lose = TRUE;
  pair.juliet.security.secure = FAKE_FAILS;
  begin (&pair, TRUE, NULL);
  run_until_idle ();
  assert_both_failed (&pair, JXS_ERROR_SECURITY, JXS_ERROR_UNTRUSTED);
  pair_clear (&pair);
}

/* XEP-0166 §7.2.16: both ask at once; who sent first does not matter. */
static void
test_tie (void)
{
  for (guint order = 0; order < 2; order++)
    for (guint accept = 0; accept < 2; accept++)
      {
        Pair pair;
        Side *sides[2];
        guint winner;
        Result *won;
        Result *lost;

        pair_init (&pair);
        sides[0] = order == 0 ? &pair.romeo : &pair.juliet;
        sides[1] = order == 0 ? &pair.juliet : &pair.romeo;
        pair.romeo.accept = pair.juliet.accept = accept;
        for (guint i = 0; i < 2; i++)
          side_connect (sides[i],
                        side_create (sides[i], sides[i] == &pair.romeo ? JULIET : ROMEO, TRUE),
                        60000,
                        NULL);
        won = g_ptr_array_index (sides[0]->results, 0);
        lost = g_ptr_array_index (sides[1]->results, 0);
        winner =
            strcmp (jxs_session_get_sid (won->session), jxs_session_get_sid (lost->session)) < 0
                ? 0
                : 1;
        won = g_ptr_array_index (sides[winner]->results, 0);
        lost = g_ptr_array_index (sides[!winner]->results, 0);
        run_until_idle ();

        g_assert_true (lost->done);
        g_assert_error (lost->error, JXS_ERROR, JXS_ERROR_CONFLICT);
        g_assert_cmpstr (jxs_reason_get_alternative_sid (jxs_session_get_reason (lost->session)),
                         ==,
                         jxs_session_get_sid (won->session));
        g_assert_cmpuint (sides[!winner]->incoming->len, ==, 1);
        g_assert_cmpuint (sides[winner]->incoming->len, ==, 0);
        g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.romeo.manager), ==, 1);
        g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.juliet.manager), ==, 1);
        if (accept)
          {
            Result *theirs = g_ptr_array_index (sides[!winner]->results, 1);

            g_assert_no_error (won->error);
            g_assert_no_error (theirs->error);
            assert_same_pipe (won->stream, theirs->stream);
          }
        else
          {
            g_assert_false (won->done);
            jxs_session_terminate (g_ptr_array_index (sides[!winner]->incoming, 0), NULL);
            run_until_idle ();
            g_assert_error (won->error, JXS_ERROR, JXS_ERROR_DECLINED);
          }
        pair_clear (&pair);
      }
}

static void
test_declined (void)
{
  Pair pair;
  Result *ours;
  JxsSession *theirs;
  g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_BUSY, "Later");

  pair_init (&pair);
  ours = side_connect (&pair.romeo, side_create (&pair.romeo, JULIET, TRUE), 60000, NULL);
  run_until_idle ();
  theirs = g_ptr_array_index (pair.juliet.incoming, 0);
  jxs_session_terminate (theirs, reason);
  g_assert_cmpint (jxs_session_get_state (theirs), ==, JXS_SESSION_STATE_ENDED);
  jxs_session_terminate (theirs, NULL);
  run_until_idle ();
  g_assert_error (ours->error, JXS_ERROR, JXS_ERROR_BUSY);
  g_assert_nonnull (strstr (ours->error->message, "“Later”"));
  g_assert_cmpuint (ours->n_ended, ==, 1);
  pair_clear (&pair);
}

/* The front runs into every moment of the negotiation in turn. */
static gboolean
step (guint n)
{
  for (guint i = 0; i < n; i++)
    if (!g_main_context_iteration (NULL, FALSE))
      return FALSE;

  return TRUE;
}

static void
test_cancel (void)
{
  gboolean more = TRUE;

  for (guint moment = 0; more; moment++)
    {
      Pair pair;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Result *ours;

      g_assert_cmpuint (moment, <, 1000);
      pair_init (&pair);
      ours = begin (&pair, TRUE, cancellable);
      more = step (moment);
      if (!ours->done)
        {
          g_cancellable_cancel (cancellable);
          run_until_idle ();
          g_assert_error (ours->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.romeo.manager), ==, 0);
          g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.juliet.manager), ==, 0);
          g_assert_cmpuint (ours->n_ended, ==, 1);
        }
      pair_clear (&pair);
    }
}

static void
test_cancel_before (void)
{
  Pair pair;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Result *ours;

  pair_init (&pair);
  g_cancellable_cancel (cancellable);
  ours = begin (&pair, TRUE, cancellable);
  run_until_idle ();
  g_assert_error (ours->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (pair.juliet.incoming->len, ==, 0);
  pair_clear (&pair);
}

/* Either side ends it, or goes away whole, at every moment; with fall back on the way as well. */
static void
test_end_at_every_moment (gconstpointer data)
{
  const guint mode = GPOINTER_TO_UINT (data);
  gboolean more = TRUE;

  for (guint moment = 0; more; moment++)
    {
      Pair pair;
      Side *side;
      Result *ours;

      g_assert_cmpuint (moment, <, 1000);
      pair_init (&pair);
      side = (mode & 1) != 0 ? &pair.romeo : &pair.juliet;
      if (mode & 2)
        pair.romeo.fast.connect = pair.juliet.fast.connect = FAKE_FAILS;
      ours = begin (&pair, TRUE, NULL);
      more = step (moment);
      if (mode & 4)
        jxs_loopback_channel_close (JXS_LOOPBACK_CHANNEL (side->channel));
      else
        {
          g_autoptr (GPtrArray) sessions = jxs_session_manager_list_sessions (side->manager);

          for (guint i = 0; i < sessions->len; i++)
            jxs_session_terminate (g_ptr_array_index (sessions, i), NULL);
          if (sessions->len == 0)
            jxs_session_terminate (ours->session, NULL);
        }
      run_until_idle ();
      g_assert_true (ours->done);
      g_assert_cmpuint (ours->n_ended, ==, 1);
      g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.romeo.manager), ==, 0);
      g_assert_cmpuint (jxs_session_manager_get_n_sessions (pair.juliet.manager), ==, 0);
      pair_clear (&pair);
    }
}

static void
test_dispose (void)
{
  gboolean more = TRUE;

  for (guint moment = 0; more; moment++)
    {
      Pair pair;

      pair_init (&pair);
      begin (&pair, TRUE, NULL);
      more = step (moment);
      pair_clear (&pair); /* asserts that everything goes, and that the operation ended */
    }
}

static void
test_channel_closed (void)
{
  Pair pair;
  Result *ours;
  Result *late;

  pair_init (&pair);
  begin (&pair, TRUE, NULL);
  run_until_idle ();
  assert_connected (&pair, NS_FAST);
  ours = get_result (&pair.romeo);
  jxs_loopback_channel_close (JXS_LOOPBACK_CHANNEL (pair.romeo.channel));
  run_until_idle ();
  g_assert_cmpuint (ours->n_ended, ==, 1);
  g_assert_error (ours->ended_error, JXS_ERROR, JXS_ERROR_CLOSED);
  late = side_connect (&pair.romeo, side_create (&pair.romeo, JULIET, TRUE), 0, NULL);
  run_until_idle ();
  g_assert_error (late->error, JXS_ERROR, JXS_ERROR_CLOSED);
  pair_clear (&pair);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  if (jxs_session_close_finish (JXS_SESSION (source), result, error))
    *error = g_error_new_literal (JXS_ERROR, JXS_ERROR_FAILED, "closed");
}

static void
test_close (void)
{
  for (guint i = 0; i < 3; i++)
    {
      Pair pair;
      Result *ours;
      Result *theirs;
      g_autoptr (GError) first = NULL;
      g_autoptr (GError) second = NULL;

      pair_init (&pair);
      pair.romeo.fast.fail_close = i == 1;
      ours = begin (&pair, TRUE, NULL);
      run_until_idle ();
      theirs = get_result (&pair.juliet);
      jxs_session_close_async (ours->session, NULL, NULL, closed_cb, &first);
      if (i == 2) /* both at once */
        jxs_session_close_async (theirs->session, NULL, NULL, closed_cb, &second);
      else
        jxs_session_close_async (ours->session, NULL, NULL, closed_cb, &second);
      run_until_idle ();
      if (i == 1)
        g_assert_error (first, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
      else
        g_assert_error (first, JXS_ERROR, JXS_ERROR_FAILED); /* closed */
      if (i == 2)
        g_assert_error (second, JXS_ERROR, JXS_ERROR_FAILED);
      else
        g_assert_error (second, G_IO_ERROR, G_IO_ERROR_PENDING);
      g_assert_cmpuint (ours->n_ended, ==, 1);
      g_assert_cmpuint (theirs->n_ended, ==, 1);
      g_assert_cmpuint (pair.romeo.fast.n_closed, ==, 1);
      /* closed in order: never aborted on top of that */
      g_assert_cmpuint (pair.romeo.fast.n_aborted, ==, 0);
      g_assert_no_error (theirs->ended_error);
      g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (theirs->session)),
                       ==,
                       JXS_REASON_SUCCESS);
      g_clear_error (&first);
      jxs_session_close_async (ours->session, NULL, NULL, closed_cb, &first);
      run_until_idle ();
      g_assert_error (first, JXS_ERROR, JXS_ERROR_FAILED);
      pair_clear (&pair);
    }
}

/* Connecting twice, too late, or with nothing to offer. */
static void
test_misuse (void)
{
  Pair pair;
  Result *ours;
  Result *again;
  Result *late;

  pair_init (&pair);
  pair.romeo.fast.connect = FAKE_HANGS;
  ours = begin (&pair, TRUE, NULL);
  again = side_connect (&pair.romeo, ours->session, 0, NULL);
  run_until_idle ();
  g_assert_error (again->error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_false (ours->done);
  jxs_session_terminate (ours->session, NULL);
  run_until_idle ();
  g_assert_error (ours->error, JXS_ERROR, JXS_ERROR_CLOSED);
  late = side_connect (&pair.romeo, ours->session, 0, NULL);
  run_until_idle ();
  g_assert_error (late->error, JXS_ERROR, JXS_ERROR_CLOSED);
  jxs_session_terminate (side_create (&pair.romeo, JULIET, TRUE), NULL);
  pair_clear (&pair);
}

/* The peer that is no longer there answers nothing but errors; and nobody at all. */
static void
test_nobody (void)
{
  Pair pair;
  Result *result;

  pair_init (&pair);
  result = side_connect (&pair.romeo,
                         side_create (&pair.romeo, "nurse@capulet.example/x", TRUE),
                         60000,
                         NULL);
  run_until_idle ();
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_PEER_UNAVAILABLE);
  pair_clear (&pair);
}

static void
trace_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  GString *line = user_data;

  if (!g_str_equal (layer, "jingle"))
    return;
  g_assert_nonnull (strstr (detail, "\"sid\":"));
  g_string_append_printf (line, "%s ", what);
}

/* The time line of one side. */
static void
test_trace (void)
{
  Pair pair;
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (JxsTrace) trace = jxs_trace_new (trace_cb, line);

  pair_init (&pair);
  jxs_router_set_trace (pair.romeo.router, trace);
  pair.romeo.fast.connect = pair.juliet.fast.connect = FAKE_FAILS;
  begin (&pair, TRUE, NULL);
  run_until_idle ();
  assert_connected (&pair, NS_SLOW);
  g_assert_cmpstr (line->str,
                   ==,
                   "state action-sent action-received state transport-connecting "
                   "transport-failed action-sent action-received transport-connecting "
                   "transport-connected securing secured connected ");
  jxs_router_set_trace (pair.romeo.router, NULL);
  pair_clear (&pair);
}

typedef struct
{
  Side *side;
  gboolean close;
  guint countdown;
  gboolean ended; /* something */
} Watcher;

static void
watcher_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  Watcher *self = user_data;
  g_autoptr (GPtrArray) sessions = NULL;

  if (self->countdown == 0 || --self->countdown > 0)
    return;
  if (self->close)
    jxs_loopback_channel_close (JXS_LOOPBACK_CHANNEL (self->side->channel));
  sessions = jxs_session_manager_list_sessions (self->side->manager);
  for (guint i = 0; i < sessions->len; i++)
    jxs_session_terminate (g_ptr_array_index (sessions, i), NULL);
  self->ended = self->close || sessions->len > 0;
}

/* Who watches the time line ends it at any event. */
static void
test_end_from_the_time_line (gconstpointer data)
{
  const guint mode = GPOINTER_TO_UINT (data);
  gboolean more = TRUE;

  for (guint event = 1; more; event++)
    {
      g_autoptr (JxsTrace) trace = NULL;
      Watcher watcher = { .close = (mode & 4) != 0, .countdown = event };
      Pair pair;
      Result *ours;

      g_assert_cmpuint (event, <, 100);
      pair_init (&pair);
      watcher.side = (mode & 1) != 0 ? &pair.romeo : &pair.juliet;
      if (mode & 2)
        pair.romeo.fast.connect = pair.juliet.fast.connect = FAKE_FAILS;
      trace = jxs_trace_new (watcher_cb, &watcher);
      jxs_router_set_trace (watcher.side->router, trace);
      ours = begin (&pair, TRUE, NULL);
      run_until_idle ();
      more = watcher.countdown == 0;
      g_assert_true (ours->done);
      g_assert_cmpuint (ours->n_ended, ==, watcher.ended ? 1 : 0);
      jxs_router_set_trace (watcher.side->router, NULL);
      pair_clear (&pair);
    }
}

int
main (int argc, char *argv[])
{
  static const char *const modes[] = { "responder",        "initiator",      "responder-fallen",
                                       "initiator-fallen", "responder-lost", "initiator-lost",
                                       "both-lost-1",      "both-lost-2" };

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/session/connect", test_connect);
  g_test_add_func ("/jingle/session/plain", test_plain);
  g_test_add_func ("/jingle/session/other-description", test_other_description);
  g_test_add_func ("/jingle/session/fall-back", test_fall_back);
  g_test_add_func ("/jingle/session/peer-features", test_peer_features);
  g_test_add_func ("/jingle/session/fall-back-while-securing", test_fall_back_while_securing);
  g_test_add_func ("/jingle/session/no-transport-left", test_no_transport_left);
  g_test_add_func ("/jingle/session/untrusted", test_untrusted);
  g_test_add_func ("/jingle/session/hung-up", test_hung_up);
  g_test_add_func ("/jingle/session/tie", test_tie);
  g_test_add_func ("/jingle/session/declined", test_declined);
  g_test_add_func ("/jingle/session/cancel", test_cancel);
  g_test_add_func ("/jingle/session/cancel-before", test_cancel_before);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *path = g_strconcat ("/jingle/session/end/", modes[i], NULL);

      g_autofree char *watched = g_strconcat ("/jingle/session/watched/", modes[i], NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_end_at_every_moment);
      g_test_add_data_func (watched, GUINT_TO_POINTER (i), test_end_from_the_time_line);
    }
  g_test_add_func ("/jingle/session/dispose", test_dispose);
  g_test_add_func ("/jingle/session/channel-closed", test_channel_closed);
  g_test_add_func ("/jingle/session/close", test_close);
  g_test_add_func ("/jingle/session/misuse", test_misuse);
  g_test_add_func ("/jingle/session/nobody", test_nobody);
  g_test_add_func ("/jingle/session/trace", test_trace);

  return g_test_run ();
}
