/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza-error-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MAX_TEXT                                                                                   \
  256 /* characters of the peer's text in a message; stops flooding of logs and UI                 \
       */

typedef struct
{
  const char *name;
  const char *type; /* RFC 6120 §8.3.2 */
  const char *message;
} Condition;

static const Condition conditions[] = {
  [JXS_STANZA_ERROR_BAD_REQUEST] = { "bad-request", "modify", N_ ("The request is malformed") },
  [JXS_STANZA_ERROR_CONFLICT] = { "conflict", "cancel", N_ ("Something of that name exists") },
  [JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented",
                                                 "cancel",
                                                 N_ ("The peer does not implement this feature") },
  [JXS_STANZA_ERROR_FORBIDDEN] = { "forbidden", "auth", N_ ("The peer does not permit this") },
  [JXS_STANZA_ERROR_GONE] = { "gone", "cancel", N_ ("The peer is no longer at this address") },
  [JXS_STANZA_ERROR_INTERNAL_SERVER_ERROR] = { "internal-server-error",
                                               "cancel",
                                               N_ ("The peer failed to process the request") },
  [JXS_STANZA_ERROR_ITEM_NOT_FOUND] = { "item-not-found",
                                        "cancel",
                                        N_ ("The addressed item does not exist") },
  [JXS_STANZA_ERROR_JID_MALFORMED] = { "jid-malformed",
                                       "modify",
                                       N_ ("An address in the request is malformed") },
  [JXS_STANZA_ERROR_NOT_ACCEPTABLE] = { "not-acceptable",
                                        "modify",
                                        N_ ("The request does not meet the peer's criteria") },
  [JXS_STANZA_ERROR_NOT_ALLOWED] = { "not-allowed",
                                     "cancel",
                                     N_ ("The peer allows nobody to do this") },
  [JXS_STANZA_ERROR_NOT_AUTHORIZED] = { "not-authorized",
                                        "auth",
                                        N_ ("The peer wants credentials first") },
  [JXS_STANZA_ERROR_POLICY_VIOLATION] = { "policy-violation",
                                          "modify",
                                          N_ ("The request violates a policy of the peer") },
  [JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE] = { "recipient-unavailable",
                                               "wait",
                                               N_ ("The recipient is not available now") },
  [JXS_STANZA_ERROR_REDIRECT] = { "redirect",
                                  "modify",
                                  N_ ("The recipient can be reached at another address") },
  [JXS_STANZA_ERROR_REGISTRATION_REQUIRED] = { "registration-required",
                                               "auth",
                                               N_ ("The service requires registration") },
  [JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found",
                                                 "cancel",
                                                 N_ ("The recipient's server does not exist") },
  [JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT] = { "remote-server-timeout",
                                               "wait",
                                               N_ ("The recipient's server does not answer") },
  [JXS_STANZA_ERROR_RESOURCE_CONSTRAINT] = { "resource-constraint",
                                             "wait",
                                             N_ ("The peer lacks the resources for this") },
  [JXS_STANZA_ERROR_SERVICE_UNAVAILABLE] = { "service-unavailable",
                                             "cancel",
                                             N_ ("The peer does not provide this service") },
  [JXS_STANZA_ERROR_SUBSCRIPTION_REQUIRED] = { "subscription-required",
                                               "auth",
                                               N_ ("The service requires a subscription") },
  [JXS_STANZA_ERROR_UNDEFINED_CONDITION] = { "undefined-condition",
                                             "cancel",
                                             N_ ("The peer answered with an error") },
  [JXS_STANZA_ERROR_UNEXPECTED_REQUEST] = { "unexpected-request",
                                            "wait",
                                            N_ ("The peer did not expect this request now") },
};

static const Condition *
get_condition (JxsStanzaError code)
{
  guint i = (guint) code < G_N_ELEMENTS (conditions) ? (guint) code
                                                     : JXS_STANZA_ERROR_UNDEFINED_CONDITION;
  return &conditions[i];
}

JxsElement *
jxs_stanza_error_build (const GError *error, JxsElement *app_condition)
{
  gboolean ours = error->domain == JXS_STANZA_ERROR;
  const Condition *condition =
      get_condition (ours ? (JxsStanzaError) error->code : JXS_STANZA_ERROR_UNDEFINED_CONDITION);
  JxsElement *element = jxs_element_new ("error", JXS_NS_CLIENT);

  jxs_element_set_attribute (element, "type", condition->type);
  jxs_element_append (element, condition->name, JXS_NS_STANZA_ERRORS);
  if (ours && error->message != NULL && *error->message != '\0')
    {
      g_autofree char *text = jxs_log_sanitize (error->message, MAX_TEXT);

      jxs_element_add_text (jxs_element_append (element, "text", JXS_NS_STANZA_ERRORS), text);
    }
  if (app_condition != NULL)
    jxs_element_add_child (element, app_condition);

  return element;
}

GError *
jxs_stanza_error_parse (JxsElement *error_element)
{
  const Condition *condition = &conditions[JXS_STANZA_ERROR_UNDEFINED_CONDITION];
  g_autofree char *text = NULL;

  for (JxsElement *child = jxs_element_get_first_child (error_element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      if (g_strcmp0 (jxs_element_get_namespace (child), JXS_NS_STANZA_ERRORS) != 0)
        continue;
      if (text == NULL && jxs_element_is (child, "text", NULL))
        text = jxs_log_sanitize (jxs_element_get_text (child), MAX_TEXT);
      for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
        if (jxs_element_is (child, conditions[i].name, NULL))
          condition = &conditions[i];
    }

  if (text == NULL || *text == '\0')
    return g_error_new_literal (JXS_STANZA_ERROR, condition - conditions, _ (condition->message));
  return g_error_new (
      JXS_STANZA_ERROR, condition - conditions, "%s: “%s”", _ (condition->message), text);
}

const char *
jxs_stanza_error_to_name (JxsStanzaError code)
{
  return get_condition (code)->name;
}

const char *
jxs_stanza_error_get_type_for (JxsStanzaError code)
{
  return get_condition (code)->type;
}

JxsElement *
jxs_stanza_error_find_condition (JxsElement *stanza, const char *name, const char *namespace_uri)
{
  JxsElement *error = jxs_element_find_child (stanza, "error", JXS_NS_CLIENT);

  return error != NULL ? jxs_element_find_child (error, name, namespace_uri) : NULL;
}
