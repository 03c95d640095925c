/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Juliet against a peer that says exactly what a script says: how she answers. */

static void
test_offer_is_acknowledged (void)
{
  Scripted t;
  JxsSession *session;

  scripted_init (&t);
  session = scripted_offer (&t);
  /* XEP-0166 §6.3.1, §6.5: the result at once, and nothing more without the user. */
  scripted_expect_none (&t);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);
  g_assert_cmpstr (jxs_session_get_sid (session), ==, "a73sjjvkla37jfea");
  g_assert_cmpstr (jxs_jid_to_string (jxs_session_get_peer_jid (session)), ==, ROMEO);
  g_assert_cmpstr (jxs_element_get_namespace (jxs_session_get_description (session)), ==, NS_APP);

  /* With a second session-initiate for it, XEP-0166 §10. */
  scripted_set (&t, "again", OFFER);
  scripted_expect_error (&t, "again", "wait", "unexpected-request", "out-of-order");
  /* Only the initiator can be accepted. */
  scripted_set (&t, "accept", JINGLE ("session-accept", CONTENT (DESCRIPTION FAST)));
  scripted_expect_error (&t, "accept", "wait", "unexpected-request", "out-of-order");
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);

  jxs_session_terminate (session, NULL);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
  scripted_expect_terminate (&t, JXS_REASON_DECLINE);
  scripted_clear (&t);
}

/* XEP-0166 §6.3.2, §6.3.1 */
static void
test_bad_offers (void)
{
  static const struct
  {
    const char *xml;
    JxsReasonCondition reason; /* NONE: bad-request instead */
  } cases[] = {
    { JINGLE ("session-initiate", CONTENT (DESCRIPTION)), JXS_REASON_NONE },
    { JINGLE ("session-initiate", ""), JXS_REASON_NONE },
    { JINGLE ("session-initiate", CONTENT (DESCRIPTION "<transport xmlns='" NS_FAST "'/>")),
      JXS_REASON_NONE },
    { JINGLE ("session-initiate",
              CONTENT (DESCRIPTION FAST "<security xmlns='" NS_SECURITY "' bad='1'/>")),
      JXS_REASON_NONE },
    { JINGLE ("session-initiate", CONTENT ("<description xmlns='urn:example:unknown'/>" FAST)),
      JXS_REASON_UNSUPPORTED_APPLICATIONS },
    { JINGLE ("session-initiate", CONTENT (DESCRIPTION "<transport xmlns='urn:example:unknown'/>")),
      JXS_REASON_UNSUPPORTED_TRANSPORTS },
    { JINGLE ("session-initiate",
              CONTENT (DESCRIPTION "<transport xmlns='" NS_FAST "' sid='t' mode='udp'/>")),
      JXS_REASON_INCOMPATIBLE_PARAMETERS },
    { JINGLE ("session-initiate",
              "<content creator='initiator' name='a' senders='initiator'>" DESCRIPTION FAST
              "</content>"),
      JXS_REASON_INCOMPATIBLE_PARAMETERS },
    { JINGLE ("session-initiate",
              "<content creator='initiator' name='a' senders='none'>" DESCRIPTION FAST
              "</content>"),
      JXS_REASON_INCOMPATIBLE_PARAMETERS },
    { JINGLE ("session-initiate", CONTENT (DESCRIPTION FAST)), JXS_REASON_SECURITY_ERROR },
    { JINGLE ("session-initiate",
              CONTENT (DESCRIPTION FAST "<security xmlns='urn:example:unknown'/>")),
      JXS_REASON_SECURITY_ERROR },
  };
  Scripted t;

  scripted_init (&t);
  t.side.security.required = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].xml);
      scripted_set (&t, "x", cases[i].xml);
      if (cases[i].reason == JXS_REASON_NONE)
        scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
      else
        {
          scripted_expect_result (&t, "x");
          scripted_expect_terminate (&t, cases[i].reason);
        }
      scripted_expect_none (&t);
      g_assert_cmpuint (jxs_session_manager_get_n_sessions (t.side.manager), ==, 0);
    }
  g_assert_cmpuint (t.side.incoming->len, ==, 0);
  scripted_clear (&t);
}

static const char *const no_session[] = {
  "content-accept",   "content-add",       "content-modify",   "content-reject",
  "content-remove",   "description-info",  "security-info",    "session-accept",
  "session-info",     "session-terminate", "transport-accept", "transport-info",
  "transport-reject", "transport-replace",
};

static void
expect_all_unknown (Scripted *t, const char *sid)
{
  for (guint i = 0; i < G_N_ELEMENTS (no_session); i++)
    {
      scripted_action (t,
                       "x",
                       no_session[i],
                       sid,
                       "<content creator='initiator' name='stream' senders='both'>" DESCRIPTION FAST
                           SECURITY "</content>");
      scripted_expect_error (t, "x", "cancel", "item-not-found", "unknown-session");
    }
  scripted_expect_none (t);
}

/* XEP-0166 §10, §6.7: no such session, and from the moment of our session-terminate on. */
static void
test_unknown_session (void)
{
  Scripted t;
  JxsSession *session;

  scripted_init (&t);
  expect_all_unknown (&t, "nobody");

  session = scripted_offer (&t);
  /* A session belongs to the address as well: others can end nothing. */
  scripted_push_from (&t,
                      "romeo@montague.example/balcony",
                      "<iq xmlns='jabber:client' type='set' id='x'>" JINGLE ("session-terminate",
                                                                             "") "</iq>");
  scripted_expect_error (&t, "x", "cancel", "item-not-found", "unknown-session");
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);

  jxs_session_terminate (session, NULL);
  g_clear_pointer (&t.sent.head->data, jxs_element_unref);
  g_queue_clear (&t.sent);
  expect_all_unknown (&t, "a73sjjvkla37jfea");
  scripted_clear (&t);
}

/* XEP-0166 §7.2: an unknown action changes nothing. */
static void
test_bad_request (void)
{
  Scripted t;
  JxsSession *session;

  scripted_init (&t);
  session = scripted_offer (&t);
  scripted_set (&t, "x", JINGLE ("frobnicate", ""));
  scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
  scripted_set (&t, "x", "<jingle xmlns='urn:xmpp:jingle:1' sid='a73sjjvkla37jfea'/>");
  scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
  scripted_set (&t, "x", "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate'/>");
  scripted_expect_error (&t, "x", "cancel", "bad-request", NULL);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_PENDING);
  scripted_clear (&t);
}

static gboolean
info_cb (JxsSession *session, JxsElement *payload, guint *count)
{
  (*count)++;

  return g_str_equal (jxs_element_get_name (payload), "ringing") ||
         g_str_equal (jxs_element_get_name (payload), "description");
}

/* XEP-0166 §6.8: in both states. */
static void
test_info (void)
{
  Scripted t;

  for (guint active = 0; active < 2; active++)
    {
      guint n_infos = 0;
      JxsSession *session;

      scripted_init (&t);
      t.side.fast.connect = FAKE_HANGS;
      session = active ? scripted_accept (&t) : scripted_offer (&t);

      scripted_set (&t, "ping", JINGLE ("session-info", ""));
      scripted_expect_result (&t, "ping");
      scripted_set (&t, "x", JINGLE ("session-info", "<ringing xmlns='urn:example:info'/>"));
      scripted_expect_error (&t, "x", "modify", "feature-not-implemented", "unsupported-info");
      scripted_set (&t, "x", JINGLE ("description-info", CONTENT (DESCRIPTION)));
      scripted_expect_error (&t, "x", "modify", "feature-not-implemented", "unsupported-info");

      g_signal_connect (session, "info", G_CALLBACK (info_cb), &n_infos);
      g_signal_connect (session, "description-info", G_CALLBACK (info_cb), &n_infos);
      scripted_set (&t, "x", JINGLE ("session-info", "<ringing xmlns='urn:example:info'/>"));
      scripted_expect_result (&t, "x");
      scripted_set (&t, "x", JINGLE ("session-info", "<humming xmlns='urn:example:info'/>"));
      scripted_expect_error (&t, "x", "modify", "feature-not-implemented", "unsupported-info");
      scripted_set (&t, "x", JINGLE ("description-info", CONTENT (DESCRIPTION)));
      scripted_expect_result (&t, "x");
      g_assert_cmpuint (n_infos, ==, 3);
      g_signal_handlers_disconnect_by_data (session, &n_infos);

      scripted_set (&t,
                    "x",
                    JINGLE ("transport-info",
                            CONTENT ("<transport xmlns='" NS_FAST "'>"
                                     "<candidate/></transport>")));
      scripted_expect_result (&t, "x");
      scripted_set (&t, "x", JINGLE ("transport-info", CONTENT (FAST)));
      scripted_expect_error (&t, "x", "modify", "feature-not-implemented", "unsupported-info");
      scripted_set (&t, "x", JINGLE ("transport-info", CONTENT (SLOW)));
      scripted_expect_error (&t, "x", "modify", "feature-not-implemented", "unsupported-info");
      g_assert_cmpuint (t.side.fast.n_infos, ==, 1);
      scripted_set (&t, "x", JINGLE ("security-info", CONTENT (SECURITY)));
      scripted_expect_result (&t, "x");
      g_assert_cmpuint (t.side.security.n_infos, ==, 1);
      /* creator and name together (XEP-0166 §7.3) */
      scripted_set (&t,
                    "x",
                    JINGLE ("transport-info",
                            "<content creator='responder' name='stream'>" FAST "</content>"));
      scripted_expect_error (&t, "x", "cancel", "item-not-found", NULL);
      scripted_clear (&t);
    }
}

/* XEP-0166 §7.2: what a session of one stream answers, in both states. */
static void
test_contents (void)
{
  Scripted t;

  for (guint active = 0; active < 2; active++)
    {
      g_autoptr (JxsJingle) reject = NULL;
      g_autoptr (JxsJingle) modify = NULL;
      const JxsJingleContent *content;
      JxsSession *session;

      scripted_init (&t);
      t.side.fast.connect = FAKE_HANGS;
      session = active ? scripted_accept (&t) : scripted_offer (&t);

      scripted_set (&t,
                    "add",
                    JINGLE ("content-add",
                            "<content creator='initiator' name='more'>" DESCRIPTION FAST
                            "</content>"));
      scripted_expect_result (&t, "add");
      reject = scripted_expect_action (&t, JXS_JINGLE_CONTENT_REJECT);
      content = g_ptr_array_index (reject->contents, 0);
      g_assert_cmpstr (content->name, ==, "more");
      scripted_set (&t, "add", JINGLE ("content-add", CONTENT (DESCRIPTION FAST)));
      scripted_expect_error (&t, "add", "cancel", "bad-request", NULL);

      scripted_set (&t, "x", JINGLE ("content-accept", CONTENT (DESCRIPTION FAST)));
      scripted_expect_error (&t, "x", "wait", "unexpected-request", "out-of-order");

      scripted_set (&t,
                    "modify",
                    JINGLE ("content-modify",
                            "<content creator='initiator' name='stream' senders='initiator'/>"));
      scripted_expect_result (&t, "modify");
      modify = scripted_expect_action (&t, JXS_JINGLE_CONTENT_MODIFY);
      content = g_ptr_array_index (modify->contents, 0);
      g_assert_cmpint (content->senders, ==, JXS_JINGLE_SENDERS_BOTH);
      scripted_set (&t,
                    "modify",
                    JINGLE ("content-modify",
                            "<content creator='initiator' name='stream' senders='both'/>"));
      scripted_expect_result (&t, "modify");
      scripted_expect_none (&t);
      scripted_set (&t,
                    "x",
                    JINGLE ("content-remove", "<content creator='initiator' name='more'/>"));
      scripted_expect_error (&t, "x", "cancel", "item-not-found", NULL);
      g_assert_cmpint (jxs_session_get_state (session), !=, JXS_SESSION_STATE_ENDED);

      /* without its content a session is void */
      scripted_set (&t,
                    "gone",
                    active ? JINGLE ("content-reject", CONTENT (""))
                           : JINGLE ("content-remove", CONTENT ("")));
      scripted_expect_result (&t, "gone");
      scripted_expect_terminate (&t, JXS_REASON_SUCCESS);
      g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_ENDED);
      scripted_clear (&t);
    }
}

/* XEP-0166 §7.3: of alternatives of one name one is chosen; contents of other names are removed. */
static void
test_alternatives (void)
{
  Scripted t;
  g_autoptr (JxsJingle) remove = NULL;
  g_autoptr (JxsJingle) accept = NULL;
  const JxsJingleContent *content;

  scripted_init (&t);
  t.side.accept = TRUE;
  t.side.slow.connect = FAKE_HANGS;
  scripted_set (&t,
                "x",
                JINGLE ("session-initiate",
                        "<content creator='initiator' name='a'>" DESCRIPTION
                        "<transport xmlns='urn:example:unknown'/></content>"
                        "<content creator='initiator' name='a'>" DESCRIPTION SLOW "</content>"
                        "<content creator='initiator' name='a'>" DESCRIPTION FAST "</content>"
                        "<content creator='initiator' name='b'>" DESCRIPTION FAST "</content>"));
  scripted_expect_result (&t, "x");
  remove = scripted_expect_action (&t, JXS_JINGLE_CONTENT_REMOVE);
  g_assert_cmpuint (remove->contents->len, ==, 1);
  content = g_ptr_array_index (remove->contents, 0);
  g_assert_cmpstr (content->name, ==, "b");
  accept = scripted_expect_action (&t, JXS_JINGLE_SESSION_ACCEPT);
  g_assert_cmpuint (accept->contents->len, ==, 1);
  content = g_ptr_array_index (accept->contents, 0);
  g_assert_cmpstr (content->name, ==, "a");
  g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, NS_SLOW);
  /* Late news of what was not taken are acknowledged, and mean nothing. */
  scripted_set (&t,
                "x",
                JINGLE ("transport-info",
                        "<content creator='initiator' name='a'>" FAST "</content>"));
  scripted_expect_result (&t, "x");
  scripted_set (&t,
                "x",
                JINGLE ("transport-info",
                        "<content creator='initiator' name='b'>" FAST "</content>"));
  scripted_expect_result (&t, "x");
  g_assert_cmpuint (t.side.fast.n_infos, ==, 0);
  g_assert_cmpuint (jxs_session_manager_get_n_sessions (t.side.manager), ==, 1);
  scripted_clear (&t);
}

/* XEP-0166 §7.1, §13.5: the address in the offer is the word of a stranger. */
static void
test_foreign_initiator (void)
{
  Scripted t;
  JxsSession *session;

  scripted_init (&t);
  scripted_set (&t,
                "x",
                "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s' "
                "initiator='victim@example.org/x'>" CONTENT (DESCRIPTION FAST) "</jingle>");
  scripted_expect_result (&t, "x");
  session = g_ptr_array_index (t.side.incoming, 0);
  g_assert_cmpstr (jxs_jid_to_string (jxs_session_get_peer_jid (session)), ==, ROMEO);
  jxs_session_terminate (session, NULL);
  scripted_expect_terminate (&t, JXS_REASON_DECLINE); /* asserts that it goes to romeo */
  scripted_clear (&t);
}

static gboolean
nobody (JxsSessionManager *manager, JxsJid *from, gpointer user_data)
{
  return FALSE;
}

static char *
answer_without_id (Scripted *t, const char *xml)
{
  g_autoptr (JxsElement) answer = NULL;

  scripted_set (t, "x", xml);
  answer = scripted_pop (t);
  scripted_expect_none (t);

  return jxs_element_to_string (answer);
}

/* XEP-0166 §6.3.2: a stranger learns nothing, not even that there is Jingle. */
static void
test_filter (void)
{
  Scripted t;
  g_autofree char *with = NULL;
  g_autofree char *malformed = NULL;
  g_autofree char *unknown = NULL;
  g_autofree char *without = NULL;

  scripted_init (&t);
  jxs_session_manager_set_filter (t.side.manager, nobody, NULL);
  with = answer_without_id (&t, OFFER);
  malformed = answer_without_id (&t, JINGLE ("session-initiate", ""));
  unknown = answer_without_id (&t, JINGLE ("session-info", ""));
  g_assert_cmpuint (t.side.incoming->len, ==, 0);
  /* The same for an entity without Jingle. */
  side_clear (&t.side);
  without = answer_without_id (&t, OFFER);
  g_assert_cmpstr (with, ==, without);
  g_assert_cmpstr (malformed, ==, without);
  g_assert_cmpstr (unknown, ==, without);
  g_assert_nonnull (strstr (without, "service-unavailable"));
  side_init (&t.side, t.side.channel);
  g_object_unref (t.side.router);
  scripted_clear (&t);
}

static void
test_caps (void)
{
  Scripted t;
  g_autofree char *first = NULL;

  scripted_init (&t);
  jxs_session_manager_set_caps (t.side.manager, 2, 3);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *from = g_strdup_printf ("romeo@montague.example/%u", i);
      g_autofree char *xml = g_strdup_printf (
          "<iq xmlns='jabber:client' type='set' id='x'>"
          "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s%u'>" CONTENT (
              DESCRIPTION FAST) "</jingle></iq>",
          i);

      scripted_push_from (&t, from, xml);
      if (i < 2)
        scripted_expect_result (&t, "x");
      else
        scripted_expect_error (&t, "x", "wait", "resource-constraint", NULL);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *from = g_strdup_printf ("nurse%u@capulet.example/x", i);

      scripted_push_from (&t, from, "<iq xmlns='jabber:client' type='set' id='x'>" OFFER "</iq>");
      if (i == 0)
        scripted_expect_result (&t, "x");
      else
        scripted_expect_error (&t, "x", "wait", "resource-constraint", NULL);
    }
  scripted_clear (&t);
}

/* XEP-0166 §6.3.2, both ways. */
static void
test_redirect (void)
{
  Scripted t;
  JxsSession *session;
  Result *result;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (JxsElement) request = NULL;
  g_autofree char *xml = NULL;
  JxsElement *error;

  scripted_init (&t);
  jxs_session_manager_set_redirect (t.side.manager, "xmpp:voicemail@capulet.example");
  scripted_set (&t, "x", OFFER);
  answer = scripted_pop (&t);
  error = jxs_element_find_child (answer, "error", NULL);
  g_assert_cmpstr (jxs_element_get_attribute (error, "type"), ==, "modify");
  g_assert_cmpstr (jxs_element_get_text (
                       jxs_element_find_child (error, "redirect", JXS_NS_STANZA_ERRORS)),
                   ==,
                   "xmpp:voicemail@capulet.example");

  session = side_create (&t.side, ROMEO, TRUE);
  result = side_connect (&t.side, session, 0, NULL);
  request = scripted_pop (&t);
  xml = g_strdup_printf ("<iq xmlns='jabber:client' type='error' id='%s'><error type='modify'>"
                         "<redirect xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>\n"
                         "  xmpp:voicemail@montague.example\n</redirect></error></iq>",
                         jxs_element_get_attribute (request, "id"));
  scripted_push (&t, xml);
  g_assert_error (result->error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_REDIRECT);
  g_assert_nonnull (strstr (result->error->message, "xmpp:voicemail@montague.example"));
  g_assert_cmpstr (jxs_session_get_redirect_uri (session), ==, "xmpp:voicemail@montague.example");
  /* It is never followed. */
  scripted_expect_none (&t);
  scripted_clear (&t);
}

/* What refusals of our session-initiate mean. */
static void
test_initiate_refused (void)
{
  static const struct
  {
    JxsStanzaError condition;
    const char *app_condition;
    JxsError error;
  } cases[] = {
    { JXS_STANZA_ERROR_SERVICE_UNAVAILABLE, NULL, JXS_ERROR_PEER_UNAVAILABLE },
    { JXS_STANZA_ERROR_ITEM_NOT_FOUND, NULL, JXS_ERROR_PEER_UNAVAILABLE },
    { JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND, NULL, JXS_ERROR_PEER_UNAVAILABLE },
    { JXS_STANZA_ERROR_RESOURCE_CONSTRAINT, NULL, JXS_ERROR_BUSY },
    { JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED, NULL, JXS_ERROR_NOT_SUPPORTED },
    { JXS_STANZA_ERROR_FORBIDDEN, NULL, JXS_ERROR_DECLINED },
    { JXS_STANZA_ERROR_BAD_REQUEST, NULL, JXS_ERROR_PROTOCOL },
    /* a lost tie, with the child and without, or with an odd one */
    { JXS_STANZA_ERROR_CONFLICT, "tie-break", JXS_ERROR_CONFLICT },
    { JXS_STANZA_ERROR_CONFLICT, "tiebreak", JXS_ERROR_CONFLICT },
    { JXS_STANZA_ERROR_CONFLICT, NULL, JXS_ERROR_CONFLICT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Scripted t;
      JxsSession *session;
      Result *result;

      scripted_init (&t);
      session = side_create (&t.side, ROMEO, TRUE);
      result = side_connect (&t.side, session, 0, NULL);
      scripted_refuse (&t, cases[i].condition, cases[i].app_condition);
      g_assert_true (result->done);
      g_assert_error (result->error, JXS_ERROR, (int) cases[i].error);
      g_assert_cmpuint (result->n_ended, ==, 1);
      /* There is no session to end. */
      scripted_expect_none (&t);
      scripted_clear (&t);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/protocol/offer", test_offer_is_acknowledged);
  g_test_add_func ("/jingle/protocol/bad-offers", test_bad_offers);
  g_test_add_func ("/jingle/protocol/unknown-session", test_unknown_session);
  g_test_add_func ("/jingle/protocol/bad-request", test_bad_request);
  g_test_add_func ("/jingle/protocol/info", test_info);
  g_test_add_func ("/jingle/protocol/contents", test_contents);
  g_test_add_func ("/jingle/protocol/alternatives", test_alternatives);
  g_test_add_func ("/jingle/protocol/foreign-initiator", test_foreign_initiator);
  g_test_add_func ("/jingle/protocol/filter", test_filter);
  g_test_add_func ("/jingle/protocol/caps", test_caps);
  g_test_add_func ("/jingle/protocol/redirect", test_redirect);
  g_test_add_func ("/jingle/protocol/initiate-refused", test_initiate_refused);

  return g_test_run ();
}
