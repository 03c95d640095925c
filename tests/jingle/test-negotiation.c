/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Juliet against a peer that says exactly what a script says: how sessions go on and end. */

/* XEP-0166 §7.2.8 */
static void
test_bad_accepts (void)
{
  static const struct
  {
    const char *inside;
    const char *condition; /* NULL: a result */
    JxsReasonCondition reason;
    JxsError error;
  } cases[] = {
    { "<content creator='initiator' name='stub'>" DESCRIPTION FAST "</content>",
      "item-not-found",
      JXS_REASON_INCOMPATIBLE_PARAMETERS,
      JXS_ERROR_PROTOCOL },
    { "<content creator='responder' name='stream'>" DESCRIPTION FAST "</content>",
      "item-not-found",
      JXS_REASON_INCOMPATIBLE_PARAMETERS,
      JXS_ERROR_PROTOCOL },
    { CONTENT ("<description xmlns='urn:example:stub'/>" FAST),
      NULL,
      JXS_REASON_INCOMPATIBLE_PARAMETERS,
      JXS_ERROR_PROTOCOL },
    { "<content creator='initiator' name='stream' senders='responder'>" DESCRIPTION FAST
      "</content>",
      NULL,
      JXS_REASON_INCOMPATIBLE_PARAMETERS,
      JXS_ERROR_PROTOCOL },
    { CONTENT (DESCRIPTION SLOW), NULL, JXS_REASON_INCOMPATIBLE_PARAMETERS, JXS_ERROR_PROTOCOL },
    { CONTENT (DESCRIPTION "<transport xmlns='" NS_FAST "'/>"),
      "bad-request",
      JXS_REASON_GENERAL_ERROR,
      JXS_ERROR_PROTOCOL },
    /* no silent downgrade */
    { CONTENT (DESCRIPTION FAST), NULL, JXS_REASON_SECURITY_ERROR, JXS_ERROR_SECURITY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Scripted t;
      Result *result;
      g_autofree char *sid = NULL;

      g_test_message ("%s", cases[i].inside);
      scripted_init (&t);
      t.side.security.required = TRUE;
      result = scripted_initiate (&t, &sid);
      scripted_action (&t, "accept", "session-accept", sid, cases[i].inside);
      if (cases[i].condition == NULL)
        scripted_expect_result (&t, "accept");
      else
        scripted_expect_error (&t, "accept", "cancel", cases[i].condition, NULL);
      scripted_expect_terminate (&t, cases[i].reason);
      g_assert_error (result->error, JXS_ERROR, (int) cases[i].error);
      scripted_expect_none (&t);
      scripted_clear (&t);
    }
}

/* A malformed session-accept is refused and changes nothing; the second one counts, the third comes
 * too late (XEP-0166 §10). */
static void
test_accept_twice (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  t.side.fast.connect = FAKE_HANGS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION));
  scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
  g_assert_cmpint (jxs_session_get_state (result->session), ==, JXS_SESSION_STATE_PENDING);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  g_assert_cmpint (jxs_session_get_state (result->session), ==, JXS_SESSION_STATE_ACTIVE);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_error (&t, "x", "wait", "unexpected-request", "out-of-order");
  scripted_action (&t, "x", "session-initiate", sid, CONTENT (DESCRIPTION FAST));
  scripted_expect_error (&t, "x", "wait", "unexpected-request", "out-of-order");
  g_assert_false (result->done);
  scripted_clear (&t);
}

/* A session lives as soon as its session-initiate is sent: what overtakes the answer to it counts,
 * also if the answer is lost. */
static void
test_before_the_ack (gconstpointer lost)
{
  Scripted t;
  JxsSession *session;
  Result *result;
  g_autoptr (JxsElement) request = NULL;
  g_autofree char *ack = NULL;
  const char *sid;

  scripted_init (&t);
  session = side_create (&t.side, ROMEO, TRUE);
  result = side_connect (&t.side, session, 0, NULL);
  request = scripted_pop (&t);
  sid = jxs_session_get_sid (session);
  scripted_action (&t,
                   "info",
                   "transport-info",
                   sid,
                   CONTENT ("<transport xmlns='" NS_FAST "'><candidate/></transport>"));
  scripted_expect_result (&t, "info");
  scripted_action (&t, "accept", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "accept");
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  ack = g_strdup_printf ("<iq xmlns='jabber:client' type='result' id='%s'/>",
                         jxs_element_get_attribute (request, "id"));
  if (GPOINTER_TO_INT (lost))
    advance (JXS_ROUTER_DEFAULT_TIMEOUT_MS + 1000);
  else
    scripted_push (&t, ack);
  g_assert_cmpuint (result->n_ended, ==, 0);
  scripted_clear (&t);
}

/* What a session-accept sets off follows its acknowledgement. */
static void
test_answer_first (void)
{
  Scripted t;
  g_autoptr (JxsJingle) info = NULL;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  t.side.security.eager = TRUE;
  scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  info = scripted_expect_action (&t, JXS_JINGLE_SECURITY_INFO);
  g_assert_cmpstr (info->sid, ==, sid);
  scripted_clear (&t);
}

/* Security first appears in the answer (XEP-0166 §9): it is used. */
static void
test_security_in_answer (void)
{
  Scripted t;
  Result *result;
  g_autoptr (JxsJingle) jingle = NULL;
  const JxsJingleContent *content;

  scripted_init (&t);
  result = side_connect (&t.side, side_create (&t.side, ROMEO, FALSE), 0, NULL);
  jingle = scripted_expect_action (&t, JXS_JINGLE_SESSION_INITIATE);
  content = g_ptr_array_index (jingle->contents, 0);
  g_assert_null (content->security);
  scripted_action (&t, "x", "session-accept", jingle->sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  g_assert_no_error (result->error);
  g_assert_cmpuint (t.side.security.n_secured, ==, 1);
  scripted_clear (&t);
}

/* XEP-0166 §6.7 */
static void
test_terminated_by_peer (void)
{
  Scripted t;
  Result *result;

  scripted_init (&t);
  t.side.fast.connect = FAKE_HANGS;
  scripted_accept (&t);
  result = g_ptr_array_index (t.side.results, 0);
  scripted_set (&t,
                "end",
                JINGLE ("session-terminate",
                        "<reason><busy/><text>On another line</text></reason>"));
  scripted_expect_result (&t, "end");
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_BUSY);
  g_assert_nonnull (strstr (result->error->message, "“On another line”"));
  g_assert_error (result->ended_error, JXS_ERROR, JXS_ERROR_BUSY);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (result->session)),
                   ==,
                   JXS_REASON_BUSY);
  g_assert_cmpuint (t.side.fast.n_aborted, ==, 1);
  scripted_set (&t, "end", JINGLE ("session-terminate", ""));
  scripted_expect_error (&t, "end", "cancel", "item-not-found", "unknown-session");
  scripted_clear (&t);
}

/* In use: what has arrived is not thrown away, and a session-terminate without reason is good. */
static void
test_terminated_in_use (void)
{
  Scripted t;
  Result *result;

  scripted_init (&t);
  scripted_accept (&t);
  result = g_ptr_array_index (t.side.results, 0);
  g_assert_nonnull (result->stream);
  scripted_set (&t, "end", JINGLE ("session-terminate", ""));
  scripted_expect_result (&t, "end");
  g_assert_cmpuint (result->n_ended, ==, 1);
  g_assert_no_error (result->ended_error);
  g_assert_cmpuint (t.side.fast.n_aborted, ==, 1);
  g_assert_false (t.side.fast.last_abort_had_error);
  g_assert_false (g_io_stream_is_closed (result->stream));
  scripted_clear (&t);
}

/* XEP-0166 §6.7: unavailable presence, and ten seconds of silence. */
static void
test_presence (void)
{
  Scripted t;
  JxsSession *session;
  const char *gone = "<presence xmlns='jabber:client' type='unavailable'/>";

  scripted_init (&t);
  session = scripted_offer (&t);
  scripted_push_from (&t, "romeo@montague.example/balcony", gone);
  advance (20000);
  scripted_push (&t, gone);
  advance (4000);
  scripted_set (&t, "ping", JINGLE ("session-info", ""));
  scripted_expect_result (&t, "ping");
  advance (9000);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);
  scripted_push (&t, "<presence xmlns='jabber:client'/>");
  advance (60000);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);
  scripted_push (&t, gone);
  advance (9999);
  scripted_expect_none (&t);
  advance (1);
  scripted_expect_terminate (&t, JXS_REASON_GONE);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
  scripted_clear (&t);
}

static void
test_nobody_answers (void)
{
  Scripted t;

  scripted_init (&t);
  scripted_offer (&t);
  advance (299000);
  scripted_expect_none (&t);
  advance (2000);
  scripted_expect_terminate (&t, JXS_REASON_TIMEOUT);
  scripted_clear (&t);
}

static void
test_peer_does_not_accept (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  result = scripted_initiate (&t, &sid);
  advance (60000);
  scripted_expect_terminate (&t, JXS_REASON_TIMEOUT);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  scripted_clear (&t);
}

/* No answer at all: the request may have arrived, so the session is ended aloud. */
static void
test_peer_does_not_answer (void)
{
  Scripted t;
  JxsSession *session;
  Result *result;
  g_autoptr (JxsElement) request = NULL;

  scripted_init (&t);
  session = side_create (&t.side, ROMEO, TRUE);
  result = side_connect (&t.side, session, 0, NULL);
  request = scripted_pop (&t);
  advance (JXS_ROUTER_DEFAULT_TIMEOUT_MS + 1000);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  scripted_expect_terminate (&t, JXS_REASON_TIMEOUT);
  scripted_clear (&t);
}

/* Older namespaces: nothing unless allowed, and then in theirs. */
static void
test_legacy (void)
{
  static const char *const namespaces[] = { "urn:xmpp:jingle:0", "urn:xmpp:tmp:jingle" };
  static const char *const errors[] = { "urn:xmpp:jingle:errors:0", "urn:xmpp:tmp:jingle:errors" };
  Scripted t;

  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    {
      g_autofree char *offer =
          g_strdup_printf ("<jingle xmlns='%s' action='session-initiate' sid='s'>" CONTENT (
                               DESCRIPTION FAST) "</jingle>",
                           namespaces[i]);
      g_autofree char *late =
          g_strdup_printf ("<jingle xmlns='%s' action='session-info' sid='t'/>", namespaces[i]);
      g_autoptr (JxsElement) accept = NULL;
      g_autoptr (JxsElement) answer = NULL;
      JxsElement *error;

      scripted_init (&t);
      scripted_set (&t, "x", offer);
      scripted_expect_error (&t, "x", "cancel", "service-unavailable", NULL);

      jxs_session_manager_set_legacy (t.side.manager, TRUE);
      t.side.fast.connect = FAKE_HANGS;
      t.side.accept = TRUE;
      scripted_set (&t, "x", offer);
      scripted_expect_result (&t, "x");
      accept = scripted_pop (&t);
      g_assert_cmpstr (jxs_element_get_namespace (jxs_element_get_first_child (accept)),
                       ==,
                       namespaces[i]);
      scripted_set (&t, "x", late);
      answer = scripted_pop (&t);
      error = jxs_element_find_child (answer, "error", NULL);
      g_assert_nonnull (jxs_element_find_child (error, "unknown-session", errors[i]));
      /* One session, one version. */
      scripted_set (&t, "x", JINGLE_SID ("session-info", "s", ""));
      scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
      scripted_clear (&t);
    }
}

/* XEP-0166 §9: keys belong on the encrypted stream. */
static void
test_security_required (void)
{
  Scripted t;

  scripted_init (&t);
  scripted_push (&t,
                 "<iq xmlns='jabber:client' type='get' id='x'>"
                 "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/></iq>");
  scripted_expect_error (&t, "x", "cancel", "service-unavailable", NULL);
  scripted_accept (&t);
  scripted_push (&t,
                 "<iq xmlns='jabber:client' type='get' id='x'>"
                 "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/></iq>");
  scripted_expect_error (&t, "x", "cancel", "not-acceptable", "security-required");
  scripted_clear (&t);
}

/* The same id on both sides: the lower address wins (XEP-0166 §7.2.16). Juliet's is the lower one.
 */
static void
test_tie_same_id (void)
{
  Scripted t;
  JxsSession *session;
  Result *result;
  g_autoptr (JxsElement) request = NULL;

  scripted_init (&t);
  session = side_create (&t.side, ROMEO, TRUE);
  result = side_connect (&t.side, session, 0, NULL);
  request = scripted_pop (&t);
  scripted_action (
      &t, "tie", "session-initiate", jxs_session_get_sid (session), CONTENT (DESCRIPTION FAST));
  scripted_expect_error (&t, "tie", "cancel", "conflict", "tie-break");
  g_assert_false (result->done);
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (t.side.manager), ==, 1);
  scripted_clear (&t);
}

/* Another wish is no tie, nor is one after the peer has answered ours. */
static void
test_no_tie (void)
{
  Scripted t;
  JxsSession *session;
  Result *second;
  g_autoptr (JxsElement) request = NULL;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  jxs_session_manager_add_application (t.side.manager, NS_OTHER_APP);
  session = side_create (&t.side, ROMEO, TRUE);
  side_connect (&t.side, session, 0, NULL);
  request = scripted_pop (&t);
  scripted_action (&t,
                   "x",
                   "session-initiate",
                   "other",
                   CONTENT ("<description xmlns='" NS_OTHER_APP "'/>" FAST));
  scripted_expect_result (&t, "x");
  jxs_session_terminate (session, NULL);
  scripted_expect_terminate (&t, JXS_REASON_CANCEL);

  second = scripted_initiate (&t, &sid);
  scripted_set (&t, "x", OFFER);
  scripted_expect_result (&t, "x");
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (t.side.manager), ==, 3);
  g_assert_false (second->done);
  scripted_clear (&t);
}

static void
send_info_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_true (jxs_session_send_info_finish (JXS_SESSION (source), async_result, error) ==
                 (*error == NULL));
  if (*error == NULL)
    *error = g_error_new_literal (JXS_ERROR, JXS_ERROR_FAILED, "no error");
}

/* XEP-0166 §6.8; an answer that says the session is not known ends it here as well. */
static void
test_send_info (void)
{
  Scripted t;
  JxsSession *session;
  g_autoptr (JxsElement) payload = jxs_element_new ("ringing", "urn:example:info");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) ignored = NULL;

  scripted_init (&t);
  session = scripted_offer (&t);
  jxs_session_send_info_async (session, payload, 0, NULL, send_info_cb, &error);
  {
    g_autoptr (JxsJingle) jingle = scripted_expect_action (&t, JXS_JINGLE_SESSION_INFO);

    g_assert_true (jxs_element_equal (jingle->info, payload));
  }
  g_assert_error (error, JXS_ERROR, JXS_ERROR_FAILED); /* no error */
  g_clear_error (&error);

  jxs_session_send_info_async (session, payload, 0, NULL, send_info_cb, &error);
  scripted_refuse (&t, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED, "unsupported-info");
  g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  /* cancelled before, and during */
  jxs_session_send_info_async (session, NULL, 0, cancellable, send_info_cb, &error);
  ignored = scripted_pop (&t);
  g_cancellable_cancel (cancellable);
  run_until_idle ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  jxs_session_send_info_async (session, NULL, 0, cancellable, send_info_cb, &error);
  run_until_idle ();
  scripted_expect_none (&t);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  jxs_session_send_info_async (session, NULL, 0, NULL, send_info_cb, &error);
  scripted_refuse (&t, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "unknown-session");
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
  scripted_expect_none (&t);

  jxs_session_send_info_async (session, NULL, 0, NULL, send_info_cb, &error);
  run_until_idle ();
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  scripted_clear (&t);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/negotiation/bad-accepts", test_bad_accepts);
  g_test_add_func ("/jingle/negotiation/accept-twice", test_accept_twice);
  g_test_add_data_func ("/jingle/negotiation/before-the-ack",
                        GINT_TO_POINTER (FALSE),
                        test_before_the_ack);
  g_test_add_data_func ("/jingle/negotiation/without-the-ack",
                        GINT_TO_POINTER (TRUE),
                        test_before_the_ack);
  g_test_add_func ("/jingle/negotiation/answer-first", test_answer_first);
  g_test_add_func ("/jingle/negotiation/security-in-answer", test_security_in_answer);
  g_test_add_func ("/jingle/negotiation/terminated-by-peer", test_terminated_by_peer);
  g_test_add_func ("/jingle/negotiation/terminated-in-use", test_terminated_in_use);
  g_test_add_func ("/jingle/negotiation/presence", test_presence);
  g_test_add_func ("/jingle/negotiation/nobody-answers", test_nobody_answers);
  g_test_add_func ("/jingle/negotiation/peer-does-not-accept", test_peer_does_not_accept);
  g_test_add_func ("/jingle/negotiation/peer-does-not-answer", test_peer_does_not_answer);
  g_test_add_func ("/jingle/negotiation/legacy", test_legacy);
  g_test_add_func ("/jingle/negotiation/security-required", test_security_required);
  g_test_add_func ("/jingle/negotiation/tie-same-id", test_tie_same_id);
  g_test_add_func ("/jingle/negotiation/no-tie", test_no_tie);
  g_test_add_func ("/jingle/negotiation/send-info", test_send_info);

  return g_test_run ();
}
