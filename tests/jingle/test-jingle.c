/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/jingle/jxs-jingle-error-private.h>
#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include <string.h>

#define PARTS "<description xmlns='urn:example:app:0'/><transport xmlns='urn:example:transport:0'/>"

static JxsElement *
element (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *result = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);

  return result;
}

static JxsJingle *
parse (const char *xml)
{
  g_autoptr (JxsElement) tree = element (xml);
  g_autoptr (GError) error = NULL;
  JxsJingle *jingle = jxs_jingle_parse (tree, &error);

  g_assert_no_error (error);

  return jingle;
}

/* What each action looks like when it is well formed and complete (XEP-0166 §7.2): building what
 * was read gives the same again. */
static const char *const golden[JXS_JINGLE_N_ACTIONS] = {
  [JXS_JINGLE_CONTENT_ACCEPT] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='content-accept' sid='a73s'>"
      "<content creator='initiator' name='a'>" PARTS "</content></jingle>",
  [JXS_JINGLE_CONTENT_ADD] = "<jingle xmlns='urn:xmpp:jingle:1' action='content-add' sid='a73s'>"
                             "<content creator='responder' name='a'>" PARTS "</content></jingle>",
  [JXS_JINGLE_CONTENT_MODIFY] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='content-modify' sid='a73s'>"
      "<content creator='initiator' name='a' senders='both'/></jingle>",
  [JXS_JINGLE_CONTENT_REJECT] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='content-reject' sid='a73s'>"
      "<content creator='initiator' name='a'/></jingle>",
  [JXS_JINGLE_CONTENT_REMOVE] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='content-remove' sid='a73s'>"
      "<content creator='initiator' name='a'/></jingle>",
  [JXS_JINGLE_DESCRIPTION_INFO] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='description-info' sid='a73s'>"
      "<content creator='initiator' name='a'><description xmlns='urn:example:app:0'/></content>"
      "</jingle>",
  [JXS_JINGLE_SECURITY_INFO] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='security-info' sid='a73s'>"
      "<content creator='initiator' name='a'><security xmlns='urn:xmpp:jingle:security:xtls:0'>"
      "<method name='x509'/></security></content></jingle>",
  [JXS_JINGLE_SESSION_ACCEPT] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-accept' "
      "responder='juliet@capulet.lit/balcony' sid='a73s'>"
      "<content creator='initiator' name='a'>" PARTS "</content></jingle>",
  [JXS_JINGLE_SESSION_INFO] = "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='a73s'>"
                              "<ringing xmlns='urn:xmpp:jingle:apps:rtp:1:info'/></jingle>",
  [JXS_JINGLE_SESSION_INITIATE] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' "
      "initiator='romeo@montague.lit/orchard' sid='a73s'>"
      "<content creator='initiator' name='a' senders='responder'>" PARTS
      "<security xmlns='urn:xmpp:jingle:security:xtls:0'/></content>"
      "<content creator='initiator' name='b' disposition='early-session'>" PARTS
      "</content></jingle>",
  [JXS_JINGLE_SESSION_TERMINATE] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='a73s'>"
      "<reason><alternative-session><sid>b84tkkwlmb48kgfb</sid></alternative-session>"
      "<text>Sorry</text><detail xmlns='urn:example:detail'/></reason></jingle>",
  [JXS_JINGLE_TRANSPORT_ACCEPT] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='transport-accept' sid='a73s'>"
      "<content creator='initiator' name='a'><transport xmlns='urn:example:transport:0'/></content>"
      "</jingle>",
  [JXS_JINGLE_TRANSPORT_INFO] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='a73s'>"
      "<content creator='initiator' name='a'><transport xmlns='urn:example:transport:0'/></content>"
      "</jingle>",
  [JXS_JINGLE_TRANSPORT_REJECT] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='transport-reject' sid='a73s'>"
      "<content creator='initiator' name='a'><transport xmlns='urn:example:transport:0'/></content>"
      "<reason><failed-transport/></reason></jingle>",
  [JXS_JINGLE_TRANSPORT_REPLACE] =
      "<jingle xmlns='urn:xmpp:jingle:1' action='transport-replace' sid='a73s'>"
      "<content creator='initiator' name='a'><transport xmlns='urn:example:transport:0'/></content>"
      "</jingle>",
};

static void
test_golden (void)
{
  for (guint i = 0; i < JXS_JINGLE_N_ACTIONS; i++)
    {
      g_autoptr (JxsElement) tree = element (golden[i]);
      g_autoptr (JxsJingle) jingle = parse (golden[i]);
      g_autoptr (JxsElement) built = jxs_jingle_build (jingle);
      g_autofree char *expected = jxs_element_to_string (tree);
      g_autofree char *actual = jxs_element_to_string (built);

      g_assert_cmpint (jingle->action, ==, i);
      g_assert_cmpstr (jingle->sid, ==, "a73s");
      g_assert_cmpstr (jxs_jingle_action_to_name (i),
                       ==,
                       jxs_element_get_attribute (tree, "action"));
      g_assert_cmpstr (actual, ==, expected);
      g_assert_true (jxs_element_equal (tree, built));
    }
}

static void
test_offer (void)
{
  g_autoptr (JxsJingle) jingle = parse (golden[JXS_JINGLE_SESSION_INITIATE]);
  const JxsJingleContent *content;

  g_assert_cmpstr (jxs_jid_to_string (jingle->initiator), ==, "romeo@montague.lit/orchard");
  g_assert_null (jingle->responder);
  g_assert_cmpuint (jingle->contents->len, ==, 2);
  content = g_ptr_array_index (jingle->contents, 0);
  g_assert_cmpint (content->senders, ==, JXS_JINGLE_SENDERS_RESPONDER);
  g_assert_true (jxs_jingle_content_is_session (content));
  g_assert_cmpstr (jxs_element_get_namespace (content->security), ==, JXS_NS_XTLS);
  content = g_ptr_array_index (jingle->contents, 1);
  g_assert_cmpint (content->senders, ==, JXS_JINGLE_SENDERS_BOTH);
  g_assert_false (jxs_jingle_content_is_session (content));
}

/* XEP-0166 §7.1: the two addresses mean nothing on other actions, whatever is in them. */
static void
test_addresses_elsewhere (void)
{
  g_autoptr (JxsJingle) jingle =
      parse ("<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s' initiator='@' "
             "responder='victim@example.org/x'/>");

  g_assert_null (jingle->initiator);
  g_assert_null (jingle->responder);
  g_assert_null (jingle->info);
}

/* XEP-0166 §7.3: the default of creator; unknown attributes and children are ignored. */
static void
test_lenient (void)
{
  g_autoptr (JxsJingle) jingle =
      parse ("<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s' foo='bar'>"
             "<content name='a' foo='bar'><foo xmlns='urn:example:foo'/>"
             "<transport xmlns='urn:example:transport:0'/><transport/></content></jingle>");
  const JxsJingleContent *content = g_ptr_array_index (jingle->contents, 0);

  g_assert_cmpint (content->creator, ==, JXS_JINGLE_CREATOR_INITIATOR);
  g_assert_cmpstr (jxs_element_get_namespace (content->transport), ==, "urn:example:transport:0");
}

#define INITIATE(contents)                                                                         \
  "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'>" contents "</jingle>"
#define ACTION(action, contents)                                                                   \
  "<jingle xmlns='urn:xmpp:jingle:1' action='" action "' sid='s'>" contents "</jingle>"

static const struct
{
  const char *name;
  const char *xml;
} malformed[] = {
  { "no-action", "<jingle xmlns='urn:xmpp:jingle:1' sid='s'/>" },
  { "unknown-action", "<jingle xmlns='urn:xmpp:jingle:1' action='frobnicate' sid='s'/>" },
  { "no-sid", "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'/>" },
  { "empty-sid", "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid=''/>" },
  { "other-namespace", "<jingle xmlns='urn:example:jingle' action='session-info' sid='s'/>" },
  { "other-name", "<jangle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s'/>" },
  /* Printed in XEP-0247 0.2 and in Jingle-XTLS: the tag is closed before its attributes. */
  { "attributes-as-text",
    "<jingle xmlns='urn:xmpp:jingle:0'>action='session-accept' initiator='romeo@montague.lit/o' "
    "sid='a73sjjvkla37jfea'><content creator='initiator' name='xmlstream'>" PARTS
    "</content></jingle>" },
  { "no-content", INITIATE ("") },
  { "no-content-info", ACTION ("transport-info", "") },
  { "no-description", INITIATE ("<content name='a'><transport xmlns='urn:x'/></content>") },
  { "no-transport", INITIATE ("<content name='a'><description xmlns='urn:x'/></content>") },
  { "two-descriptions",
    INITIATE ("<content name='a'><description xmlns='urn:y'/>" PARTS "</content>") },
  { "two-transports",
    INITIATE ("<content name='a'><transport xmlns='urn:y'/>" PARTS "</content>") },
  { "two-securities",
    INITIATE ("<content name='a'>" PARTS
              "<security xmlns='urn:y'/><security xmlns='urn:z'/></content>") },
  { "description-of-no-application",
    INITIATE ("<content name='a'><description/><transport xmlns='urn:x'/></content>") },
  { "no-name", INITIATE ("<content creator='initiator'>" PARTS "</content>") },
  { "bad-creator", INITIATE ("<content name='a' creator='romeo'>" PARTS "</content>") },
  { "responder-created", INITIATE ("<content name='a' creator='responder'>" PARTS "</content>") },
  { "bad-senders", INITIATE ("<content name='a' senders='all'>" PARTS "</content>") },
  { "early-session-alone",
    INITIATE ("<content name='a' disposition='early-session'>" PARTS "</content>") },
  { "no-session-among-two",
    INITIATE ("<content name='a' disposition='early-session'>" PARTS
              "</content><content name='b' disposition='x'>" PARTS "</content>") },
  { "bad-initiator",
    "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s' initiator='@'>"
    "<content name='a'>" PARTS "</content></jingle>" },
  { "accept-no-transport",
    ACTION ("session-accept", "<content name='a'><description xmlns='urn:x'/></content>") },
  { "accept-no-content", ACTION ("session-accept", "") },
  { "add-without-parts", ACTION ("content-add", "<content name='a'/>") },
  { "modify-no-senders", ACTION ("content-modify", "<content name='a'/>") },
  { "info-no-description", ACTION ("description-info", "<content name='a'/>") },
  { "info-no-transport", ACTION ("transport-info", "<content name='a'/>") },
  { "info-no-security", ACTION ("security-info", "<content name='a'/>") },
  { "replace-no-transport", ACTION ("transport-replace", "<content name='a'/>") },
  { "two-reasons",
    ACTION ("session-terminate", "<reason><success/></reason><reason><decline/></reason>") },
};

static void
test_malformed (gconstpointer data)
{
  const char *xml = data;
  g_autoptr (JxsElement) tree = element (xml);
  g_autoptr (GError) error = NULL;

  g_assert_null (jxs_jingle_parse (tree, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
test_limits (void)
{
  g_autoptr (JxsElement) tree = element (INITIATE ("<content name='a'>" PARTS "</content>"));
  g_autoptr (JxsElement) content =
      jxs_element_copy (jxs_element_find_child (tree, "content", NULL));
  g_autofree char *longest = g_strnfill (JXS_JINGLE_MAX_SID, 's');
  g_autofree char *too_long = g_strnfill (JXS_JINGLE_MAX_SID + 1, 's');

  jxs_element_set_attribute (tree, "sid", longest);
  for (guint i = 1; i < JXS_JINGLE_MAX_CONTENTS; i++)
    jxs_element_add_child (tree, content);
  {
    g_autoptr (JxsJingle) jingle = jxs_jingle_parse (tree, NULL);

    g_assert_nonnull (jingle);
    g_assert_cmpuint (jingle->contents->len, ==, JXS_JINGLE_MAX_CONTENTS);
  }
  jxs_element_set_attribute (tree, "sid", too_long);
  g_assert_null (jxs_jingle_parse (tree, NULL));
  jxs_element_set_attribute (tree, "sid", "s");
  jxs_element_set_attribute (jxs_element_get_first_child (tree), "name", too_long);
  g_assert_null (jxs_jingle_parse (tree, NULL));
  jxs_element_set_attribute (jxs_element_get_first_child (tree), "name", "a");
  jxs_element_add_child (tree, content);
  g_assert_null (jxs_jingle_parse (tree, NULL));
}

/* The namespace is kept, and the errors namespace goes with it. */
static void
test_namespaces (void)
{
  static const struct
  {
    const char *namespace_uri;
    const char *errors;
  } cases[] = {
    { "urn:xmpp:jingle:1", "urn:xmpp:jingle:errors:1" },
    { "urn:xmpp:jingle:0", "urn:xmpp:jingle:errors:0" },
    { "urn:xmpp:tmp:jingle", "urn:xmpp:tmp:jingle:errors" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (
          "<jingle xmlns='%s' action='session-terminate' sid='s'><reason><busy/></reason></jingle>",
          cases[i].namespace_uri);
      g_autoptr (JxsJingle) jingle = parse (xml);
      g_autoptr (JxsElement) built = jxs_jingle_build (jingle);
      JxsElement *reason = jxs_element_find_child (built, "reason", cases[i].namespace_uri);

      g_assert_cmpstr (jingle->namespace_uri, ==, cases[i].namespace_uri);
      g_assert_cmpstr (jxs_element_get_namespace (built), ==, cases[i].namespace_uri);
      g_assert_nonnull (jxs_element_find_child (reason, "busy", cases[i].namespace_uri));
      g_assert_cmpstr (jxs_jingle_errors_namespace (cases[i].namespace_uri), ==, cases[i].errors);
    }
  g_assert_null (jxs_jingle_errors_namespace ("urn:example:jingle"));
  g_assert_null (jxs_jingle_errors_namespace (NULL));
}

/* XEP-0166 §7.4: every condition, both ways, and what it means. */
static void
test_reasons (void)
{
  static const struct
  {
    const char *name;
    JxsReasonCondition condition;
    JxsError error;
  } cases[] = {
    { "alternative-session", JXS_REASON_ALTERNATIVE_SESSION, JXS_ERROR_CONFLICT },
    { "busy", JXS_REASON_BUSY, JXS_ERROR_BUSY },
    { "cancel", JXS_REASON_CANCEL, JXS_ERROR_CLOSED },
    { "connectivity-error", JXS_REASON_CONNECTIVITY_ERROR, JXS_ERROR_CONNECTIVITY },
    { "decline", JXS_REASON_DECLINE, JXS_ERROR_DECLINED },
    { "expired", JXS_REASON_EXPIRED, JXS_ERROR_TIMED_OUT },
    { "failed-application", JXS_REASON_FAILED_APPLICATION, JXS_ERROR_FAILED },
    { "failed-transport", JXS_REASON_FAILED_TRANSPORT, JXS_ERROR_CONNECTIVITY },
    { "general-error", JXS_REASON_GENERAL_ERROR, JXS_ERROR_FAILED },
    { "gone", JXS_REASON_GONE, JXS_ERROR_PEER_UNAVAILABLE },
    { "incompatible-parameters", JXS_REASON_INCOMPATIBLE_PARAMETERS, JXS_ERROR_NOT_SUPPORTED },
    { "media-error", JXS_REASON_MEDIA_ERROR, JXS_ERROR_FAILED },
    { "security-error", JXS_REASON_SECURITY_ERROR, JXS_ERROR_SECURITY },
    { "success", JXS_REASON_SUCCESS, JXS_ERROR_CLOSED },
    { "timeout", JXS_REASON_TIMEOUT, JXS_ERROR_TIMED_OUT },
    { "unsupported-applications", JXS_REASON_UNSUPPORTED_APPLICATIONS, JXS_ERROR_NOT_SUPPORTED },
    { "unsupported-transports", JXS_REASON_UNSUPPORTED_TRANSPORTS, JXS_ERROR_NOT_SUPPORTED },
    /* not ours to know: general-error, and the name is kept for the application */
    { "out-of-cheese", JXS_REASON_GENERAL_ERROR, JXS_ERROR_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml =
          g_strdup_printf ("<reason xmlns='urn:xmpp:jingle:1'><%s/><text>a word</text></reason>",
                           cases[i].name);
      g_autoptr (JxsElement) tree = element (xml);
      g_autoptr (JxsReason) reason = jxs_reason_parse (tree);
      g_autoptr (JxsElement) built = jxs_reason_build (reason, JXS_NS_JINGLE);
      g_autoptr (GError) error = jxs_jingle_error_from_reason (reason, FALSE);

      g_assert_cmpint (jxs_reason_get_condition (reason), ==, cases[i].condition);
      g_assert_cmpstr (jxs_reason_get_name (reason), ==, cases[i].name);
      g_assert_cmpstr (jxs_reason_get_text (reason), ==, "a word");
      if (g_str_equal (cases[i].name, "out-of-cheese"))
        g_assert_nonnull (jxs_element_find_child (built, "general-error", JXS_NS_JINGLE));
      else
        g_assert_true (jxs_element_equal (tree, built));
      g_assert_error (error, JXS_ERROR, (int) cases[i].error);
      g_assert_nonnull (strstr (error->message, "“a word”"));
      if (cases[i].error == JXS_ERROR_CONNECTIVITY)
        {
          g_autoptr (GError) later = jxs_jingle_error_from_reason (reason, TRUE);

          g_assert_error (later, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
          g_assert_null (strstr (later->message, "establish"));
        }
    }
}

/* Reason text is the peer's, and may be shown. */
static void
test_reason_text (void)
{
  g_autofree char *huge = g_strnfill (100000, 'x');
  g_autofree char *xml = g_strdup_printf (
      "<reason xmlns='urn:xmpp:jingle:1'><text>\xe2\x80\xae one\ntwo %s</text></reason>", huge);
  g_autoptr (JxsElement) tree = element (xml);
  g_autoptr (JxsReason) reason = jxs_reason_parse (tree);
  const char *text = jxs_reason_get_text (reason);

  g_assert_cmpint (jxs_reason_get_condition (reason), ==, JXS_REASON_NONE);
  g_assert_null (jxs_reason_get_name (reason));
  g_assert_cmpint (g_utf8_strlen (text, -1), <=, 512);
  g_assert_null (strchr (text, '\n'));
  g_assert_null (strstr (text, "\xe2\x80\xae"));
}

static void
test_reason_new (void)
{
  g_autoptr (JxsReason) reason = jxs_reason_new_alternative_session ("b84t", "later");
  g_autoptr (JxsReason) none = jxs_reason_new (JXS_REASON_NONE, NULL);
  g_autoptr (JxsJingle) jingle =
      jxs_jingle_new (JXS_NS_JINGLE, JXS_JINGLE_SESSION_TERMINATE, "sid");
  g_autoptr (JxsElement) built = NULL;

  g_assert_cmpstr (jxs_reason_get_alternative_sid (reason), ==, "b84t");
  g_assert_cmpstr (jxs_reason_get_name (reason), ==, "alternative-session");
  g_assert_null (jxs_reason_get_detail (reason));
  jingle->reason = g_steal_pointer (&none);
  built = jxs_jingle_build (jingle);
  g_assert_null (jxs_element_get_first_child (built));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/codec/golden", test_golden);
  g_test_add_func ("/jingle/codec/offer", test_offer);
  g_test_add_func ("/jingle/codec/addresses-elsewhere", test_addresses_elsewhere);
  g_test_add_func ("/jingle/codec/lenient", test_lenient);
  g_test_add_func ("/jingle/codec/limits", test_limits);
  g_test_add_func ("/jingle/codec/namespaces", test_namespaces);
  g_test_add_func ("/jingle/reason/conditions", test_reasons);
  g_test_add_func ("/jingle/reason/text", test_reason_text);
  g_test_add_func ("/jingle/reason/new", test_reason_new);
  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autofree char *path = g_strconcat ("/jingle/codec/malformed/", malformed[i].name, NULL);

      g_test_add_data_func (path, malformed[i].xml, test_malformed);
    }

  return g_test_run ();
}
