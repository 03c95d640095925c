/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-jingle-error-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/stream/jxs-stanza-error-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MAX_URI 512 /* characters of the address of a redirection; it is shown to people */

/* The type attributes are those of the examples of XEP-0166 §6, §7.2.16, §9 and, where it shows
 * none, of RFC 6120 §8.3.3. */
static const struct
{
  const char *name;
  JxsStanzaError code;
  const char *type;
  const char *text;
} conditions[] = {
  [JXS_JINGLE_OUT_OF_ORDER] = { "out-of-order",
                                JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
                                "wait",
                                "The action does not fit the state of the session" },
  [JXS_JINGLE_TIE_BREAK] = { "tie-break",
                             JXS_STANZA_ERROR_CONFLICT,
                             "cancel",
                             "The same request is on its way in the other direction" },
  [JXS_JINGLE_UNKNOWN_SESSION] = { "unknown-session",
                                   JXS_STANZA_ERROR_ITEM_NOT_FOUND,
                                   "cancel",
                                   "There is no such session" },
  [JXS_JINGLE_UNSUPPORTED_INFO] = { "unsupported-info",
                                    JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                                    "modify",
                                    "The information is not understood" },
  [JXS_JINGLE_SECURITY_REQUIRED] = { "security-required",
                                     JXS_STANZA_ERROR_NOT_ACCEPTABLE,
                                     "cancel",
                                     "This may travel over the encrypted stream only" },
};

/* error is of JXS_STANZA_ERROR; app_condition and type are nullable. */
static void
reply (JxsRouter *router,
       JxsElement *iq,
       const GError *error,
       JxsElement *app_condition,
       const char *type)
{
  g_autoptr (JxsElement) answer = jxs_stanza_new_error (iq, error, app_condition);
  JxsElement *element = jxs_element_find_child (answer, "error", NULL);

  if (type != NULL && element != NULL)
    jxs_element_set_attribute (element, "type", type);
  jxs_router_reply_stanza (router, iq, answer);
}

void
jxs_jingle_reply_condition (JxsRouter *router,
                            JxsElement *iq,
                            const char *jingle_namespace,
                            JxsJingleCondition condition)
{
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR,
                                                  (int) conditions[condition].code,
                                                  conditions[condition].text);
  g_autoptr (JxsElement) element =
      jxs_element_new (conditions[condition].name, jxs_jingle_errors_namespace (jingle_namespace));

  reply (router, iq, error, element, conditions[condition].type);
}

void
jxs_jingle_reply_error (JxsRouter *router,
                        JxsElement *iq,
                        const char *jingle_namespace,
                        const GError *error)
{
  if (g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED))
    jxs_jingle_reply_condition (router, iq, jingle_namespace, JXS_JINGLE_UNSUPPORTED_INFO);
  else if (g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE))
    jxs_jingle_reply_condition (router, iq, jingle_namespace, JXS_JINGLE_SECURITY_REQUIRED);
  else if (g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST))
    reply (router, iq, error, NULL, "cancel");
  else
    reply (router, iq, error, NULL, NULL);
}

void
jxs_jingle_reply_redirect (JxsRouter *router, JxsElement *iq, const char *uri)
{
  g_autoptr (GError) error =
      g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_REDIRECT, "Ask elsewhere");
  g_autoptr (JxsElement) answer = jxs_stanza_new_error (iq, error, NULL);
  JxsElement *element = jxs_element_find_child (answer, "error", NULL);
  JxsElement *condition =
      element != NULL ? jxs_element_find_child (element, "redirect", JXS_NS_STANZA_ERRORS) : NULL;

  if (condition != NULL)
    jxs_element_add_text (condition, uri);
  jxs_router_reply_stanza (router, iq, answer);
}

gboolean
jxs_jingle_answer_is_unknown_session (JxsElement *answer, const char *jingle_namespace)
{
  return answer != NULL &&
         jxs_stanza_error_find_condition (answer,
                                          conditions[JXS_JINGLE_UNKNOWN_SESSION].name,
                                          jxs_jingle_errors_namespace (jingle_namespace)) != NULL;
}

char *
jxs_jingle_answer_get_redirect (JxsElement *answer)
{
  JxsElement *error = answer != NULL ? jxs_element_find_child (answer, "error", NULL) : NULL;
  JxsElement *condition =
      error != NULL ? jxs_element_find_child (error, "redirect", JXS_NS_STANZA_ERRORS) : NULL;
  g_autofree char *text = NULL;
  g_autofree char *uri = NULL;

  if (condition == NULL)
    return NULL;
  text = g_strdup (jxs_element_get_text (condition));
  uri = jxs_log_sanitize (g_strstrip (text), MAX_URI);

  return g_str_has_prefix (uri, "xmpp:") ? g_steal_pointer (&uri) : NULL;
}

static const char *
describe_refusal (JxsStanzaError condition, JxsError *code)
{
  switch (condition)
    {
    case JXS_STANZA_ERROR_CONFLICT:
      *code = JXS_ERROR_CONFLICT;
      return _ ("The peer asked for the same session at the same time");
    case JXS_STANZA_ERROR_SERVICE_UNAVAILABLE:
    case JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE:
    case JXS_STANZA_ERROR_ITEM_NOT_FOUND:
    case JXS_STANZA_ERROR_GONE:
    case JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND:
    case JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT:
      *code = JXS_ERROR_PEER_UNAVAILABLE;
      return _ ("The peer cannot be reached, or takes no sessions from this address");
    case JXS_STANZA_ERROR_RESOURCE_CONSTRAINT:
      *code = JXS_ERROR_BUSY;
      return _ ("The peer has no room for another session");
    case JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED:
      *code = JXS_ERROR_NOT_SUPPORTED;
      return _ ("The peer does not support such a session");
    case JXS_STANZA_ERROR_FORBIDDEN:
    case JXS_STANZA_ERROR_NOT_ALLOWED:
    case JXS_STANZA_ERROR_NOT_AUTHORIZED:
    case JXS_STANZA_ERROR_POLICY_VIOLATION:
    case JXS_STANZA_ERROR_SUBSCRIPTION_REQUIRED:
    case JXS_STANZA_ERROR_REGISTRATION_REQUIRED:
      *code = JXS_ERROR_DECLINED;
      return _ ("The peer does not allow the session");
    default:
      *code = JXS_ERROR_PROTOCOL;
      return _ ("The peer refused the session");
    }
}

GError *
jxs_jingle_error_from_refusal (const GError *error, JxsElement *answer)
{
  g_autofree char *uri = jxs_jingle_answer_get_redirect (answer);
  JxsError code = JXS_ERROR_FAILED;
  const char *what;

  if (error->domain != JXS_STANZA_ERROR)
    return g_error_copy (error);
  if (uri != NULL)
    return g_error_new (JXS_STANZA_ERROR,
                        JXS_STANZA_ERROR_REDIRECT,
                        _ ("The peer asks to contact “%s” instead"),
                        uri);

  what = describe_refusal ((JxsStanzaError) error->code, &code);

  return g_error_new (JXS_ERROR, (int) code, "%s: %s", what, error->message);
}

static const char *
describe_reason (JxsReasonCondition condition, gboolean connected, JxsError *code)
{
  switch (condition)
    {
    case JXS_REASON_ALTERNATIVE_SESSION:
      *code = JXS_ERROR_CONFLICT;
      return _ ("The peer prefers another session that exists already");
    case JXS_REASON_BUSY:
      *code = JXS_ERROR_BUSY;
      return _ ("The peer is busy");
    case JXS_REASON_CANCEL:
      *code = JXS_ERROR_CLOSED;
      return _ ("The peer withdrew the session");
    case JXS_REASON_CONNECTIVITY_ERROR:
    case JXS_REASON_FAILED_TRANSPORT:
      *code = JXS_ERROR_CONNECTIVITY;
      return connected ? _ ("The connection broke on the peer’s side")
                       : _ ("The peer could not establish a connection");
    case JXS_REASON_DECLINE:
      *code = JXS_ERROR_DECLINED;
      return _ ("The peer declined");
    case JXS_REASON_EXPIRED:
    case JXS_REASON_TIMEOUT:
      *code = JXS_ERROR_TIMED_OUT;
      return _ ("The session timed out on the peer’s side");
    case JXS_REASON_GONE:
      *code = JXS_ERROR_PEER_UNAVAILABLE;
      return _ ("The peer is going offline");
    case JXS_REASON_INCOMPATIBLE_PARAMETERS:
    case JXS_REASON_UNSUPPORTED_APPLICATIONS:
      *code = JXS_ERROR_NOT_SUPPORTED;
      return _ ("The peer does not support such a session");
    case JXS_REASON_UNSUPPORTED_TRANSPORTS:
      *code = JXS_ERROR_NOT_SUPPORTED;
      return _ ("The peer supports none of the transports offered");
    case JXS_REASON_SECURITY_ERROR:
      *code = JXS_ERROR_SECURITY;
      return _ ("The peer refused the encryption or the key");
    case JXS_REASON_FAILED_APPLICATION:
    case JXS_REASON_GENERAL_ERROR:
    case JXS_REASON_MEDIA_ERROR:
      *code = JXS_ERROR_FAILED;
      return _ ("The session failed on the peer’s side");
    case JXS_REASON_NONE:
    case JXS_REASON_SUCCESS:
    default:
      *code = JXS_ERROR_CLOSED;
      return _ ("The peer ended the session");
    }
}

GError *
jxs_jingle_error_from_reason (JxsReason *reason, gboolean connected)
{
  JxsError code = JXS_ERROR_FAILED;
  const char *what = describe_reason (jxs_reason_get_condition (reason), connected, &code);
  const char *text = jxs_reason_get_text (reason);

  if (text != NULL)
    return g_error_new (JXS_ERROR, (int) code, "%s: “%s”", what, text);

  return g_error_new_literal (JXS_ERROR, (int) code, what);
}
