/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-reason.h>

#include <string.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/jingle/jxs-jingle-private.h>

#define MAX_TEXT 512 /* characters of the peer's text; it may be shown to people */
#define MAX_NAME 64  /* characters of a condition we do not know */
#define MAX_SID 256  /* characters of the alternative session's id */

/**
 * JxsReason:
 *
 * Why something is done to a session, most often why it ends (XEP-0166 §7.4): a condition, maybe a
 * text for people, maybe an element of another namespace. It never changes.
 *
 * Since: 1.0
 */
struct _JxsReason
{
  gatomicrefcount ref_count;
  JxsReasonCondition condition;
  char *name;            /* (owned) (nullable) */
  char *text;            /* (owned) (nullable) */
  char *alternative_sid; /* (owned) (nullable) */
  JxsElement *detail;    /* (owned) (nullable) */
};

static const char *const condition_names[] = {
  [JXS_REASON_ALTERNATIVE_SESSION] = "alternative-session",
  [JXS_REASON_BUSY] = "busy",
  [JXS_REASON_CANCEL] = "cancel",
  [JXS_REASON_CONNECTIVITY_ERROR] = "connectivity-error",
  [JXS_REASON_DECLINE] = "decline",
  [JXS_REASON_EXPIRED] = "expired",
  [JXS_REASON_FAILED_APPLICATION] = "failed-application",
  [JXS_REASON_FAILED_TRANSPORT] = "failed-transport",
  [JXS_REASON_GENERAL_ERROR] = "general-error",
  [JXS_REASON_GONE] = "gone",
  [JXS_REASON_INCOMPATIBLE_PARAMETERS] = "incompatible-parameters",
  [JXS_REASON_MEDIA_ERROR] = "media-error",
  [JXS_REASON_SECURITY_ERROR] = "security-error",
  [JXS_REASON_SUCCESS] = "success",
  [JXS_REASON_TIMEOUT] = "timeout",
  [JXS_REASON_UNSUPPORTED_APPLICATIONS] = "unsupported-applications",
  [JXS_REASON_UNSUPPORTED_TRANSPORTS] = "unsupported-transports",
};

G_DEFINE_BOXED_TYPE (JxsReason, jxs_reason, jxs_reason_ref, jxs_reason_unref)

G_DEFINE_ENUM_TYPE (
    JxsReasonCondition,
    jxs_reason_condition,
    G_DEFINE_ENUM_VALUE (JXS_REASON_NONE, "none"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_ALTERNATIVE_SESSION, "alternative-session"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_BUSY, "busy"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_CANCEL, "cancel"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_CONNECTIVITY_ERROR, "connectivity-error"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_DECLINE, "decline"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_EXPIRED, "expired"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_FAILED_APPLICATION, "failed-application"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_FAILED_TRANSPORT, "failed-transport"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_GENERAL_ERROR, "general-error"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_GONE, "gone"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_INCOMPATIBLE_PARAMETERS, "incompatible-parameters"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_MEDIA_ERROR, "media-error"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_SECURITY_ERROR, "security-error"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_SUCCESS, "success"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_TIMEOUT, "timeout"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_UNSUPPORTED_APPLICATIONS, "unsupported-applications"),
    G_DEFINE_ENUM_VALUE (JXS_REASON_UNSUPPORTED_TRANSPORTS, "unsupported-transports"))

static JxsReason *
reason_alloc (JxsReasonCondition condition, const char *text)
{
  JxsReason *self = g_new0 (JxsReason, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->condition = condition;
  self->name = g_strdup (condition_names[condition]);
  if (text != NULL && *text != '\0')
    self->text = jxs_log_sanitize (text, MAX_TEXT);

  return self;
}

static JxsReasonCondition
condition_from_name (const char *name)
{
  for (guint i = JXS_REASON_NONE + 1; i < G_N_ELEMENTS (condition_names); i++)
    if (strcmp (condition_names[i], name) == 0)
      return i;

  return JXS_REASON_GENERAL_ERROR;
}

/**
 * jxs_reason_new: (constructor)
 * @condition: the condition
 * @text: (nullable): a text for people, or %NULL
 *
 * Makes a reason.
 *
 * Returns: (transfer full): the reason
 *
 * Since: 1.0
 */
JxsReason *
jxs_reason_new (JxsReasonCondition condition, const char *text)
{
  g_return_val_if_fail (condition < G_N_ELEMENTS (condition_names), NULL);

  return reason_alloc (condition, text);
}

/**
 * jxs_reason_new_alternative_session: (constructor)
 * @sid: (nullable): the id of the session to use instead
 * @text: (nullable): a text for people, or %NULL
 *
 * Makes a reason of the condition %JXS_REASON_ALTERNATIVE_SESSION.
 *
 * Returns: (transfer full): the reason
 *
 * Since: 1.0
 */
JxsReason *
jxs_reason_new_alternative_session (const char *sid, const char *text)
{
  JxsReason *self = reason_alloc (JXS_REASON_ALTERNATIVE_SESSION, text);

  self->alternative_sid = g_strdup (sid);

  return self;
}

/**
 * jxs_reason_ref:
 * @self: a reason
 *
 * Takes a reference. Any thread may do so.
 *
 * Returns: (transfer full): the same reason
 *
 * Since: 1.0
 */
JxsReason *
jxs_reason_ref (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * jxs_reason_unref:
 * @self: (transfer full): a reason
 *
 * Gives a reference back.
 *
 * Since: 1.0
 */
void
jxs_reason_unref (JxsReason *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->name);
  g_free (self->text);
  g_free (self->alternative_sid);
  g_clear_pointer (&self->detail, jxs_element_unref);
  g_free (self);
}

/**
 * jxs_reason_get_condition:
 * @self: a reason
 *
 * Gets the condition.
 *
 * Returns: the condition
 *
 * Since: 1.0
 */
JxsReasonCondition
jxs_reason_get_condition (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, JXS_REASON_NONE);

  return self->condition;
}

/**
 * jxs_reason_get_name:
 * @self: a reason
 *
 * Gets the name of the condition as it stands in the stanza, also of one this library does not know
 * (the condition is then %JXS_REASON_GENERAL_ERROR).
 *
 * Returns: (transfer none) (nullable): the name, or %NULL for %JXS_REASON_NONE
 *
 * Since: 1.0
 */
const char *
jxs_reason_get_name (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * jxs_reason_get_text:
 * @self: a reason
 *
 * Gets the text for people. It is what the peer claims: at most 512 characters, no control
 * characters.
 *
 * Returns: (transfer none) (nullable): the text
 *
 * Since: 1.0
 */
const char *
jxs_reason_get_text (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * jxs_reason_get_alternative_sid:
 * @self: a reason
 *
 * Gets the id of the session to use instead, of the condition %JXS_REASON_ALTERNATIVE_SESSION.
 *
 * Returns: (transfer none) (nullable): the session id
 *
 * Since: 1.0
 */
const char *
jxs_reason_get_alternative_sid (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->alternative_sid;
}

/**
 * jxs_reason_get_detail:
 * @self: a reason
 *
 * Gets the element of another namespace that tells more.
 *
 * Returns: (transfer none) (nullable): the element
 *
 * Since: 1.0
 */
JxsElement *
jxs_reason_get_detail (JxsReason *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->detail;
}

JxsElement *
jxs_reason_build (JxsReason *self, const char *jingle_namespace)
{
  JxsElement *element = jxs_element_new ("reason", jingle_namespace);
  /* A peer's name that is not known, and was perhaps cut, is not passed on. */
  const char *name = condition_names[self->condition];

  if (name != NULL)
    {
      JxsElement *condition = jxs_element_append (element, name, NULL);

      if (self->alternative_sid != NULL)
        jxs_element_add_text (jxs_element_append (condition, "sid", NULL), self->alternative_sid);
    }
  if (self->text != NULL)
    jxs_element_add_text (jxs_element_append (element, "text", NULL), self->text);
  if (self->detail != NULL)
    jxs_element_add_child (element, self->detail);

  return element;
}

/* Never fails: an ending must be understood however it is worded (XEP-0166 §7.4). */
JxsReason *
jxs_reason_parse (JxsElement *element)
{
  const char *namespace_uri = jxs_element_get_namespace (element);
  JxsElement *text = jxs_element_find_child (element, "text", namespace_uri);
  JxsReason *self =
      reason_alloc (JXS_REASON_NONE, text != NULL ? jxs_element_get_text (text) : NULL);
  JxsElement *child;

  for (child = jxs_element_get_first_child (element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      const char *name = jxs_element_get_name (child);

      if (g_strcmp0 (jxs_element_get_namespace (child), namespace_uri) != 0)
        {
          if (self->detail == NULL)
            self->detail = jxs_element_copy (child);
        }
      else if (self->name == NULL && strcmp (name, "text") != 0)
        {
          self->condition = condition_from_name (name);
          self->name = jxs_log_sanitize (name, MAX_NAME);
          if (self->condition == JXS_REASON_ALTERNATIVE_SESSION)
            {
              JxsElement *sid = jxs_element_find_child (child, "sid", namespace_uri);

              if (sid != NULL)
                self->alternative_sid = jxs_log_sanitize (jxs_element_get_text (sid), MAX_SID);
            }
        }
    }

  return self;
}
