/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* One transport takes the place of another (XEP-0166 §7.2.15), and how long all of them may take.
 */

/* A peer that replaces and replaces is told no in the end. */
static void
test_endless (void)
{
  Scripted t;
  guint n_accepted = 0;

  scripted_init (&t);
  t.side.fast.connect = t.side.slow.connect = FAKE_HANGS;
  scripted_accept (&t);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (JxsElement) answer = NULL;
      const char *action;

      scripted_set (&t, "x", JINGLE ("transport-replace", CONTENT (SLOW)));
      scripted_expect_result (&t, "x");
      answer = scripted_pop (&t);
      action = jxs_element_get_attribute (jxs_element_get_first_child (answer), "action");
      if (g_str_equal (action, "transport-accept"))
        n_accepted++;
      else
        g_assert_cmpstr (action, ==, "transport-reject");
    }
  g_assert_cmpuint (n_accepted, ==, 16);
  scripted_clear (&t);
}

/* A large element that is refused does not come back whole. */
static void
test_large (void)
{
  g_autofree char *flood = g_strnfill (200000, 'x');
  g_autofree char *action =
      g_strdup_printf (JINGLE ("transport-replace",
                               CONTENT (
                                   "<transport xmlns='urn:example:none' sid='t9'>%s</transport>")),
                       flood);
  g_autoptr (JxsElement) answer = NULL;
  JxsElement *transport;
  Scripted t;

  scripted_init (&t);
  scripted_accept (&t);
  scripted_set (&t, "x", action);
  scripted_expect_result (&t, "x");
  answer = scripted_pop (&t);
  transport = jxs_element_get_first_child (
      jxs_element_get_first_child (jxs_element_get_first_child (answer)));
  g_assert_true (jxs_element_is (transport, "transport", "urn:example:none"));
  g_assert_cmpstr (jxs_element_get_attribute (transport, "sid"), ==, "t9");
  g_assert_cmpstr (jxs_element_get_text (transport), ==, "");
  scripted_clear (&t);
}

/* XEP-0166 §7.2.15: a responder takes what can be used, and rejects the rest. */
static void
test_replace (void)
{
  Scripted t;
  JxsSession *session;

  scripted_init (&t);
  t.side.fast.connect = FAKE_HANGS;
  session = scripted_accept (&t);
  scripted_set (&t, "x", JINGLE ("transport-accept", CONTENT (FAST)));
  scripted_expect_error (&t, "x", "wait", "unexpected-request", "out-of-order");
  scripted_set (&t, "x", JINGLE ("transport-reject", CONTENT (FAST)));
  scripted_expect_error (&t, "x", "wait", "unexpected-request", "out-of-order");
  scripted_set (&t,
                "x",
                JINGLE ("transport-replace", CONTENT ("<transport xmlns='" NS_SLOW "'/>")));
  scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
  scripted_set (&t,
                "x",
                JINGLE ("transport-replace",
                        CONTENT ("<transport xmlns='urn:example:unknown' sid='u'/>")));
  scripted_expect_result (&t, "x");
  {
    g_autoptr (JxsJingle) reject = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REJECT);
    const JxsJingleContent *content = g_ptr_array_index (reject->contents, 0);

    g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, "urn:example:unknown");
  }
  g_assert_cmpstr (jxs_session_get_transport_namespace (session), ==, NS_FAST);
  g_assert_cmpuint (t.side.fast.n_aborted, ==, 0);

  scripted_set (&t, "x", JINGLE ("transport-replace", CONTENT (SLOW)));
  scripted_expect_result (&t, "x");
  {
    g_autoptr (JxsJingle) accept = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_ACCEPT);
    const JxsJingleContent *content = g_ptr_array_index (accept->contents, 0);

    g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, NS_SLOW);
  }
  g_assert_cmpuint (t.side.fast.n_aborted, ==, 1);
  g_assert_cmpstr (jxs_session_get_transport_namespace (session), ==, NS_SLOW);
  /* Late news of the transport that was replaced: acknowledged, and nothing else. */
  scripted_set (&t, "x", JINGLE ("transport-info", CONTENT (FAST)));
  scripted_expect_result (&t, "x");
  /* The stream is in use now: it stays where it is. */
  g_assert_true (((Result *) g_ptr_array_index (t.side.results, 0))->done);
  scripted_set (&t, "x", JINGLE ("transport-replace", CONTENT (FAST)));
  scripted_expect_result (&t, "x");
  {
    g_autoptr (JxsJingle) reject = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REJECT);

    g_assert_cmpstr (reject->sid, ==, "a73sjjvkla37jfea");
  }
  scripted_clear (&t);
}

/* The responder may change the transport before it accepts (XEP-0166 §7.2.15). */
static void
test_replace_before_accept (void)
{
  Scripted t;
  Result *result;
  g_autoptr (JxsJingle) accept = NULL;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "transport-replace", sid, CONTENT (SLOW));
  scripted_expect_result (&t, "x");
  accept = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_ACCEPT);
  g_assert_cmpstr (jxs_session_get_transport_namespace (result->session), ==, NS_SLOW);
  scripted_action (&t, "y", "session-accept", sid, CONTENT (DESCRIPTION SLOW SECURITY));
  scripted_expect_result (&t, "y");
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  scripted_clear (&t);
}

/* XEP-0166 §7.2.16: within a session the initiator's action overrules. */
static void
test_replace_tie (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;
  g_autoptr (JxsElement) request = NULL;

  scripted_init (&t);
  t.side.fast.connect = FAKE_FAILS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  request = scripted_pop (&t);
  g_assert_cmpstr (jxs_element_get_attribute (jxs_element_get_first_child (request), "action"),
                   ==,
                   "transport-replace");
  scripted_action (&t, "tie", "transport-replace", sid, CONTENT (SLOW));
  scripted_expect_error (&t, "tie", "cancel", "conflict", "tie-break");
  scripted_action (&t, "accept", "transport-accept", sid, CONTENT (SLOW));
  scripted_expect_result (&t, "accept");
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  g_assert_cmpstr (jxs_session_get_transport_namespace (result->session), ==, NS_SLOW);
  scripted_clear (&t);
}

/* A peer that accepts the session once more in place of the other transport; for anything else that
 * is out of order. */
static void
test_accepted_as_session (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  t.side.fast.connect = FAKE_FAILS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  {
    g_autoptr (JxsJingle) replace = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE);

    g_assert_cmpstr (replace->sid, ==, sid);
  }
  scripted_action (&t, "again", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_error (&t, "again", "wait", "unexpected-request", "out-of-order");
  scripted_action (&t, "accept", "session-accept", sid, CONTENT (DESCRIPTION SLOW SECURITY));
  scripted_expect_result (&t, "accept");
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  scripted_action (&t, "more", "session-accept", sid, CONTENT (DESCRIPTION SLOW SECURITY));
  scripted_expect_error (&t, "more", "wait", "unexpected-request", "out-of-order");
  scripted_clear (&t);
}

/* A peer that claims to have won that tie is believed: its replacement is waited for. */
static void
test_replace_tie_lost (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  t.side.fast.connect = FAKE_FAILS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  scripted_refuse (&t, JXS_STANZA_ERROR_CONFLICT, NULL);
  scripted_action (&t, "replace", "transport-replace", sid, CONTENT (SLOW));
  scripted_expect_result (&t, "replace");
  {
    g_autoptr (JxsJingle) accept = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_ACCEPT);

    g_assert_cmpstr (accept->sid, ==, sid);
  }
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  scripted_clear (&t);
}

/* The initiator is out of transports, by rejection, error answer, or silence. */
static void
test_replace_refused (void)
{
  for (guint i = 0; i < 3; i++)
    {
      Scripted t;
      Result *result;
      g_autofree char *sid = NULL;

      scripted_init (&t);
      t.side.fast.connect = FAKE_FAILS;
      result = scripted_initiate (&t, &sid);
      scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
      scripted_expect_result (&t, "x");
      if (i == 0)
        {
          g_autoptr (JxsJingle) replace = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE);

          scripted_action (&t, "x", "transport-reject", replace->sid, CONTENT (SLOW));
          scripted_expect_result (&t, "x");
        }
      else if (i == 1)
        scripted_refuse (&t, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED, NULL);
      else
        {
          g_autoptr (JxsJingle) replace = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE);

          g_assert_cmpstr (replace->sid, ==, sid);
          advance (30000);
        }
      scripted_expect_terminate (&t, JXS_REASON_FAILED_TRANSPORT);
      g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
      /* what the preferred transport said is the best reason */
      g_assert_nonnull (strstr (result->error->message, NS_FAST " refused"));
      scripted_clear (&t);
    }
}

/* The peer says that nothing works: what we saw of that is told, too. */
static void
test_told_by_peer (void)
{
  g_autofree char *sid = NULL;
  Scripted t;
  Result *result;

  scripted_init (&t);
  t.side.fast.connect = FAKE_FAILS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  jxs_jingle_free (scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE));
  scripted_action (&t, "y", "session-terminate", sid, "<reason><failed-transport/></reason>");
  scripted_expect_result (&t, "y");
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_nonnull (strstr (result->error->message, "The peer could not"));
  g_assert_nonnull (strstr (result->error->message, NS_FAST));
  scripted_clear (&t);
}

/* All transports together have so much time, and the first one leaves some to the others. */
static void
test_connect_timeout (gconstpointer data)
{
  const guint timeout_ms = GPOINTER_TO_UINT (data);
  g_autoptr (JxsJingle) replace = NULL;
  g_autofree char *sid = NULL;
  Scripted t;
  Result *result;

  scripted_init (&t);
  t.side.fast.connect = FAKE_HANGS;
  t.side.slow.connect = FAKE_HANGS;
  jxs_session_manager_set_connect_timeout (t.side.manager, timeout_ms);
  result = scripted_initiate (&t, &sid);
  advance (timeout_ms); /* a person thinks: that does not count */
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  advance (timeout_ms / 3 * 2 - 1);
  scripted_expect_none (&t);
  advance (1);
  replace = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE);
  scripted_action (&t, "y", "transport-accept", replace->sid, CONTENT (SLOW));
  scripted_expect_result (&t, "y");
  advance (timeout_ms - timeout_ms / 3 * 2 - 1);
  g_assert_false (result->done);
  scripted_expect_none (&t);
  advance (1);
  scripted_expect_terminate (&t, JXS_REASON_FAILED_TRANSPORT);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  scripted_clear (&t);
}

/* Encrypting counts, the time that people take to decide about a key does not. */
static void
test_connect_timeout_secures (void)
{
  Scripted t;
  Result *result;
  JxsSecurity *security;

  scripted_init (&t);
  t.side.security.secure = FAKE_HANGS;
  security = jxs_session_get_security (scripted_accept (&t));
  result = g_ptr_array_index (t.side.results, 0);
  advance (1000);
  jxs_security_set_asking (security, TRUE);
  advance (JXS_SESSION_CONNECT_TIMEOUT * 100);
  g_assert_false (result->done);
  scripted_expect_none (&t);

  jxs_security_set_asking (security, FALSE);
  advance (JXS_SESSION_CONNECT_TIMEOUT - 1001);
  g_assert_false (result->done);
  advance (1);
  scripted_expect_terminate (&t, JXS_REASON_FAILED_TRANSPORT);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  scripted_clear (&t);
}

/* A connection on which nothing can be encrypted in time is no connection: the next one is tried.
 */
static void
test_secure_falls_back (void)
{
  Scripted t;
  Result *result;
  g_autoptr (JxsJingle) replace = NULL;
  g_autofree char *sid = NULL;

  scripted_init (&t);
  t.side.security.secure = FAKE_HANGS;
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", sid, CONTENT (DESCRIPTION FAST SECURITY));
  scripted_expect_result (&t, "x");
  advance (JXS_SESSION_CONNECT_TIMEOUT / 3 * 2);
  replace = scripted_expect_action (&t, JXS_JINGLE_TRANSPORT_REPLACE);
  t.side.security.secure = FAKE_WORKS;
  scripted_action (&t, "y", "transport-accept", sid, CONTENT (SLOW));
  scripted_expect_result (&t, "y");
  g_assert_true (result->done);
  g_assert_no_error (result->error);
  g_assert_cmpuint (t.side.fast.n_aborted, ==, 1);
  scripted_clear (&t);
}

/* A responder whose transport failed waits for the initiator, and not for ever. */
static void
test_responder_waits (void)
{
  Scripted t;
  Result *result;

  scripted_init (&t);
  t.side.fast.connect = FAKE_FAILS;
  scripted_accept (&t);
  result = g_ptr_array_index (t.side.results, 0);
  scripted_expect_none (&t);
  advance (JXS_SESSION_CONNECT_TIMEOUT - 1);
  g_assert_false (result->done);
  advance (1);
  scripted_expect_terminate (&t, JXS_REASON_FAILED_TRANSPORT);
  g_assert_error (result->error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  scripted_clear (&t);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/replacement/endless", test_endless);
  g_test_add_func ("/jingle/replacement/large", test_large);
  g_test_add_func ("/jingle/replacement/accepted", test_replace);
  g_test_add_func ("/jingle/replacement/before-accept", test_replace_before_accept);
  g_test_add_func ("/jingle/replacement/tie", test_replace_tie);
  g_test_add_func ("/jingle/replacement/accepted-as-session", test_accepted_as_session);
  g_test_add_func ("/jingle/replacement/secure-falls-back", test_secure_falls_back);
  g_test_add_func ("/jingle/replacement/tie-lost", test_replace_tie_lost);
  g_test_add_func ("/jingle/replacement/refused", test_replace_refused);
  g_test_add_data_func ("/jingle/replacement/connect-timeout/default",
                        GUINT_TO_POINTER (JXS_SESSION_CONNECT_TIMEOUT),
                        test_connect_timeout);
  g_test_add_data_func ("/jingle/replacement/connect-timeout/short",
                        GUINT_TO_POINTER (3000),
                        test_connect_timeout);
  g_test_add_func ("/jingle/replacement/told-by-peer", test_told_by_peer);
  g_test_add_func ("/jingle/replacement/connect-timeout/secures", test_connect_timeout_secures);
  g_test_add_func ("/jingle/replacement/responder-waits", test_responder_waits);

  return g_test_run ();
}
