/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* The flows XEP-0166 prints, with its identifiers. */

#define NS_STUB_APP "urn:xmpp:jingle:apps:stub:0"
#define NS_RTP "urn:xmpp:jingle:apps:rtp:1"

#define STUB_INITIATE                                                                              \
  "<iq xmlns='jabber:client' id='xs51r0k4' type='set'>"                                            \
  "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate'"                                    \
  " initiator='romeo@montague.lit/orchard' sid='a73sjjvkla37jfea'>"                                \
  "<content creator='initiator' name='this-is-a-stub'>"                                            \
  "<description xmlns='urn:xmpp:jingle:apps:stub:0'/>"                                             \
  "<transport xmlns='urn:xmpp:jingle:transports:stub:0'/>"                                         \
  "</content></jingle></iq>"

static void
init (Scripted *t)
{
  scripted_init (t);
  jxs_session_manager_add_application (t->side.manager, NS_STUB_APP);
  fake_add_transport (t->side.manager, NS_STUB, 5, &t->side.slow);
}

/* §2: from the offer to the end. */
static void
test_stub (void)
{
  Scripted t;
  g_autoptr (JxsJingle) accept = NULL;
  const JxsJingleContent *content;
  Result *result;

  init (&t);
  t.side.accept = TRUE;
  scripted_push (&t, STUB_INITIATE);
  scripted_expect_result (&t, "xs51r0k4");
  accept = scripted_expect_action (&t, JXS_JINGLE_SESSION_ACCEPT);
  g_assert_cmpstr (accept->sid, ==, "a73sjjvkla37jfea");
  g_assert_cmpstr (jxs_jid_to_string (accept->responder), ==, JULIET);
  content = g_ptr_array_index (accept->contents, 0);
  g_assert_cmpstr (content->name, ==, "this-is-a-stub");
  g_assert_cmpint (content->creator, ==, JXS_JINGLE_CREATOR_INITIATOR);
  g_assert_cmpstr (jxs_element_get_namespace (content->description), ==, NS_STUB_APP);
  g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, NS_STUB);
  result = g_ptr_array_index (t.side.results, 0);
  g_assert_no_error (result->error);

  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='psy617r4' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate'"
                 " sid='a73sjjvkla37jfea'><reason><success/></reason></jingle></iq>");
  scripted_expect_result (&t, "psy617r4");
  g_assert_no_error (result->ended_error);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (result->session)),
                   ==,
                   JXS_REASON_SUCCESS);
  /* §6.7: what comes now finds no session. */
  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='ur71vs62' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'"
                 " sid='a73sjjvkla37jfea'/></iq>");
  scripted_expect_error (&t, "ur71vs62", "cancel", "item-not-found", "unknown-session");
  scripted_clear (&t);
}

/* §6.2: a voice call, for somebody who takes none, or not this way. */
static void
test_call (void)
{
  const char *initiate =
      "<iq xmlns='jabber:client' id='xs51r0k4' type='set'>"
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate'"
      " initiator='romeo@montague.lit/orchard' sid='a73sjjvkla37jfea'>"
      "<content creator='initiator' name='voice'>"
      "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
      "<payload-type id='96' name='speex' clockrate='16000'/></description>"
      "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' pwd='asd88fgpdd777uzjYhagZg'"
      " ufrag='8hhy'><candidate component='1' foundation='1' generation='0' id='el0747fg11'"
      " ip='10.0.1.1' network='1' port='8998' priority='2130706431' protocol='udp' type='host'/>"
      "</transport></content></jingle></iq>";
  Scripted t;

  init (&t);
  scripted_push (&t, initiate);
  scripted_expect_result (&t, "xs51r0k4");
  scripted_expect_terminate (&t, JXS_REASON_UNSUPPORTED_APPLICATIONS);
  jxs_session_manager_add_application (t.side.manager, NS_RTP);
  scripted_push (&t, initiate);
  scripted_expect_result (&t, "xs51r0k4");
  scripted_expect_terminate (&t, JXS_REASON_UNSUPPORTED_TRANSPORTS);
  jxs_session_manager_remove_application (t.side.manager, NS_RTP);
  scripted_push (&t, initiate);
  scripted_expect_result (&t, "xs51r0k4");
  scripted_expect_terminate (&t, JXS_REASON_UNSUPPORTED_APPLICATIONS);
  scripted_clear (&t);
}

/* §6.7: each way to end it, and what becomes of the operation that waits. */
static void
test_terminations (void)
{
  static const struct
  {
    const char *reason;
    JxsError error;
  } cases[] = {
    { "<success/>", JXS_ERROR_CLOSED },
    { "<busy/>", JXS_ERROR_BUSY },
    { "<decline/>", JXS_ERROR_DECLINED },
    { "<alternative-session><sid>b84tkkwlmb48kgfb</sid></alternative-session>",
      JXS_ERROR_CONFLICT },
    { "<unsupported-transports/>", JXS_ERROR_NOT_SUPPORTED },
    { "<failed-transport/>", JXS_ERROR_CONNECTIVITY },
    { "<unsupported-applications/>", JXS_ERROR_NOT_SUPPORTED },
    { "<failed-application/>", JXS_ERROR_FAILED },
    { "<incompatible-parameters/>", JXS_ERROR_NOT_SUPPORTED },
    { "<security-error/>", JXS_ERROR_SECURITY },
    { "<timeout/>", JXS_ERROR_TIMED_OUT },
    { "<gone/>", JXS_ERROR_PEER_UNAVAILABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Scripted t;
      Result *result;
      g_autofree char *sid = NULL;
      g_autofree char *reason = g_strdup_printf ("<reason>%s</reason>", cases[i].reason);

      init (&t);
      result = scripted_initiate (&t, &sid);
      scripted_action (&t, "h82bs51g", "session-terminate", sid, reason);
      scripted_expect_result (&t, "h82bs51g");
      g_assert_error (result->error, JXS_ERROR, (int) cases[i].error);
      g_assert_error (result->ended_error, JXS_ERROR, (int) cases[i].error);
      if (i == 3)
        g_assert_cmpstr (jxs_reason_get_alternative_sid (jxs_session_get_reason (result->session)),
                         ==,
                         "b84tkkwlmb48kgfb");
      scripted_expect_none (&t);
      scripted_clear (&t);
    }
}

/* §6.8 and §9: ringing, ping, hints about security. */
static void
test_information (void)
{
  Scripted t;

  init (&t);
  scripted_push (&t, STUB_INITIATE);
  scripted_expect_result (&t, "xs51r0k4");
  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='hq7rg186' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'"
                 " sid='a73sjjvkla37jfea'><ringing xmlns='urn:xmpp:jingle:apps:rtp:1:info'/>"
                 "</jingle></iq>");
  scripted_expect_error (&t, "hq7rg186", "modify", "feature-not-implemented", "unsupported-info");
  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='ug37vb25' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'"
                 " sid='a73sjjvkla37jfea'/></iq>");
  scripted_expect_result (&t, "ug37vb25");
  /* The content is called otherwise in this session (XEP-0247 prints such a slip). */
  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='zyw6m167' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='security-info'"
                 " sid='a73sjjvkla37jfea'><content creator='initiator' name='xmlstream'>"
                 "<security xmlns='urn:xmpp:jingle:security:xtls:0'><method name='x509'/>"
                 "</security></content></jingle></iq>");
  scripted_expect_error (&t, "zyw6m167", "cancel", "item-not-found", NULL);
  scripted_push (&t,
                 "<iq xmlns='jabber:client' id='zyw6m167' type='set'>"
                 "<jingle xmlns='urn:xmpp:jingle:1' action='security-info'"
                 " sid='a73sjjvkla37jfea'><content creator='initiator' name='this-is-a-stub'>"
                 "<security xmlns='urn:example:security:0'><method name='x509'/>"
                 "</security></content></jingle></iq>");
  scripted_expect_result (&t, "zyw6m167");
  scripted_clear (&t);
}

/* XEP-0247 prints an offer with one session id and its acceptance with another: no guessing. */
static void
test_two_ids (void)
{
  Scripted t;
  Result *result;
  g_autofree char *sid = NULL;

  init (&t);
  result = scripted_initiate (&t, &sid);
  scripted_action (&t, "x", "session-accept", "a73sjjvkla37jfea", CONTENT (DESCRIPTION FAST));
  scripted_expect_error (&t, "x", "cancel", "item-not-found", "unknown-session");
  g_assert_false (result->done);
  g_assert_cmpint (jxs_session_get_state (result->session), ==, JXS_SESSION_STATE_PENDING);
  scripted_clear (&t);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/transcript/stub", test_stub);
  g_test_add_func ("/jingle/transcript/call", test_call);
  g_test_add_func ("/jingle/transcript/terminations", test_terminations);
  g_test_add_func ("/jingle/transcript/information", test_information);
  g_test_add_func ("/jingle/transcript/two-ids", test_two_ids);

  return g_test_run ();
}
