/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-error-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MAX_TEXT                                                                                   \
  256 /* characters of the peer's text in a message; stops flooding of logs and UI                 \
       */

typedef struct
{
  const char *name;
  const char *message;
} Condition;

static const Condition conditions[] = {
  [JXS_STREAM_ERROR_BAD_FORMAT] = { "bad-format", N_ ("Something that is not XMPP was sent") },
  [JXS_STREAM_ERROR_BAD_NAMESPACE_PREFIX] = { "bad-namespace-prefix",
                                              N_ ("A namespace prefix is not supported") },
  [JXS_STREAM_ERROR_CONFLICT] = { "conflict", N_ ("A newer stream took the place of this one") },
  [JXS_STREAM_ERROR_CONNECTION_TIMEOUT] = { "connection-timeout",
                                            N_ ("Nothing was received for too long") },
  [JXS_STREAM_ERROR_HOST_GONE] = { "host-gone", N_ ("The address is no longer served") },
  [JXS_STREAM_ERROR_HOST_UNKNOWN] = { "host-unknown", N_ ("The address is not served here") },
  [JXS_STREAM_ERROR_IMPROPER_ADDRESSING] = { "improper-addressing",
                                             N_ ("A stanza carries improper addresses") },
  [JXS_STREAM_ERROR_INTERNAL_SERVER_ERROR] = { "internal-server-error",
                                               N_ ("The stream failed for an internal reason") },
  [JXS_STREAM_ERROR_INVALID_FROM] = { "invalid-from",
                                      N_ ("The sender's address is not the authenticated one") },
  [JXS_STREAM_ERROR_INVALID_NAMESPACE] = { "invalid-namespace",
                                           N_ ("The stream is in another namespace") },
  [JXS_STREAM_ERROR_INVALID_XML] = { "invalid-xml", N_ ("The XML failed validation") },
  [JXS_STREAM_ERROR_NOT_AUTHORIZED] = { "not-authorized",
                                        N_ ("Data was sent before the stream was negotiated") },
  [JXS_STREAM_ERROR_NOT_WELL_FORMED] = { "not-well-formed", N_ ("The XML is not well-formed") },
  [JXS_STREAM_ERROR_POLICY_VIOLATION] = { "policy-violation", N_ ("A policy was violated") },
  [JXS_STREAM_ERROR_REMOTE_CONNECTION_FAILED] = { "remote-connection-failed",
                                                  N_ ("A connection to another host failed") },
  [JXS_STREAM_ERROR_RESET] = { "reset", N_ ("The stream must be opened anew") },
  [JXS_STREAM_ERROR_RESOURCE_CONSTRAINT] = { "resource-constraint",
                                             N_ ("The resources for the stream are lacking") },
  [JXS_STREAM_ERROR_RESTRICTED_XML] = { "restricted-xml",
                                        N_ ("XML that is prohibited in XMPP was sent") },
  [JXS_STREAM_ERROR_SEE_OTHER_HOST] = { "see-other-host",
                                        N_ ("The stream was redirected to another host") },
  [JXS_STREAM_ERROR_SYSTEM_SHUTDOWN] = { "system-shutdown", N_ ("The system is shutting down") },
  [JXS_STREAM_ERROR_UNDEFINED_CONDITION] = { "undefined-condition",
                                             N_ ("The stream was ended with an error") },
  [JXS_STREAM_ERROR_UNSUPPORTED_ENCODING] = { "unsupported-encoding",
                                              N_ ("The stream is not encoded in UTF-8") },
  [JXS_STREAM_ERROR_UNSUPPORTED_FEATURE] = { "unsupported-feature",
                                             N_ ("A mandatory stream feature is not supported") },
  [JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE] = { "unsupported-stanza-type",
                                                 N_ ("An element that is no stanza was sent") },
  [JXS_STREAM_ERROR_UNSUPPORTED_VERSION] = { "unsupported-version",
                                             N_ ("The version of XMPP is not supported") },
};

static const Condition *
get_condition (JxsStreamError code)
{
  guint i = (guint) code < G_N_ELEMENTS (conditions) ? (guint) code
                                                     : JXS_STREAM_ERROR_UNDEFINED_CONDITION;
  return &conditions[i];
}

JxsElement *
jxs_stream_error_build (const GError *error)
{
  JxsElement *element = jxs_element_new ("error", JXS_NS_STREAMS);
  JxsStreamError code = JXS_STREAM_ERROR_UNDEFINED_CONDITION;

  if (error->domain == JXS_STREAM_ERROR)
    code = (JxsStreamError) error->code;
  else if (g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT))
    code = JXS_STREAM_ERROR_CONNECTION_TIMEOUT;

  jxs_element_append (element, get_condition (code)->name, JXS_NS_STREAM_ERRORS);
  if (error->domain == JXS_STREAM_ERROR && error->message != NULL && *error->message != '\0')
    {
      g_autofree char *text = jxs_log_sanitize (error->message, MAX_TEXT);

      jxs_element_add_text (jxs_element_append (element, "text", JXS_NS_STREAM_ERRORS), text);
    }

  return element;
}

GError *
jxs_stream_error_parse (JxsElement *error_element)
{
  const Condition *condition = &conditions[JXS_STREAM_ERROR_UNDEFINED_CONDITION];
  g_autofree char *text = NULL;

  for (JxsElement *child = jxs_element_get_first_child (error_element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      if (g_strcmp0 (jxs_element_get_namespace (child), JXS_NS_STREAM_ERRORS) != 0)
        continue;
      if (text == NULL && jxs_element_is (child, "text", NULL))
        text = jxs_log_sanitize (jxs_element_get_text (child), MAX_TEXT);
      for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
        if (jxs_element_is (child, conditions[i].name, NULL))
          condition = &conditions[i];
    }

  if (text == NULL || *text == '\0')
    return jxs_stream_error_new (condition - conditions);
  return g_error_new (
      JXS_STREAM_ERROR, condition - conditions, "%s: “%s”", _ (condition->message), text);
}

const char *
jxs_stream_error_to_name (JxsStreamError code)
{
  return get_condition (code)->name;
}

GError *
jxs_stream_error_new (JxsStreamError code)
{
  return g_error_new_literal (JXS_STREAM_ERROR, code, _ (get_condition (code)->message));
}
