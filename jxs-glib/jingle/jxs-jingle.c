/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-jingle-private.h>

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static const char *const action_names[JXS_JINGLE_N_ACTIONS] = {
  [JXS_JINGLE_CONTENT_ACCEPT] = "content-accept",
  [JXS_JINGLE_CONTENT_ADD] = "content-add",
  [JXS_JINGLE_CONTENT_MODIFY] = "content-modify",
  [JXS_JINGLE_CONTENT_REJECT] = "content-reject",
  [JXS_JINGLE_CONTENT_REMOVE] = "content-remove",
  [JXS_JINGLE_DESCRIPTION_INFO] = "description-info",
  [JXS_JINGLE_SECURITY_INFO] = "security-info",
  [JXS_JINGLE_SESSION_ACCEPT] = "session-accept",
  [JXS_JINGLE_SESSION_INFO] = "session-info",
  [JXS_JINGLE_SESSION_INITIATE] = "session-initiate",
  [JXS_JINGLE_SESSION_TERMINATE] = "session-terminate",
  [JXS_JINGLE_TRANSPORT_ACCEPT] = "transport-accept",
  [JXS_JINGLE_TRANSPORT_INFO] = "transport-info",
  [JXS_JINGLE_TRANSPORT_REJECT] = "transport-reject",
  [JXS_JINGLE_TRANSPORT_REPLACE] = "transport-replace",
};

static const char *const creator_names[] = { "initiator", "responder" };
static const char *const senders_names[] = { "both", "initiator", "none", "responder" };

static const struct
{
  const char *namespace_uri;
  const char *errors;
} namespaces[] = {
  { JXS_NS_JINGLE, JXS_NS_JINGLE_ERRORS },
  { JXS_NS_JINGLE_0, JXS_NS_JINGLE_ERRORS_0 },
  { JXS_NS_JINGLE_TMP, JXS_NS_JINGLE_ERRORS_TMP },
};

/* What each <content/> of an action must hold (XEP-0166 §7.2). */
typedef enum
{
  NEEDS_CONTENT = 1 << 0,
  NEEDS_DESCRIPTION = 1 << 1,
  NEEDS_TRANSPORT = 1 << 2,
  NEEDS_SECURITY = 1 << 3,
  NEEDS_SENDERS = 1 << 4,
} Needs;

static const Needs action_needs[JXS_JINGLE_N_ACTIONS] = {
  [JXS_JINGLE_CONTENT_ACCEPT] = NEEDS_CONTENT,
  [JXS_JINGLE_CONTENT_ADD] = NEEDS_CONTENT | NEEDS_DESCRIPTION | NEEDS_TRANSPORT,
  [JXS_JINGLE_CONTENT_MODIFY] = NEEDS_CONTENT | NEEDS_SENDERS,
  [JXS_JINGLE_CONTENT_REJECT] = NEEDS_CONTENT,
  [JXS_JINGLE_CONTENT_REMOVE] = NEEDS_CONTENT,
  [JXS_JINGLE_DESCRIPTION_INFO] = NEEDS_CONTENT | NEEDS_DESCRIPTION,
  [JXS_JINGLE_SECURITY_INFO] = NEEDS_CONTENT | NEEDS_SECURITY,
  [JXS_JINGLE_SESSION_ACCEPT] = NEEDS_CONTENT | NEEDS_DESCRIPTION | NEEDS_TRANSPORT,
  [JXS_JINGLE_SESSION_INFO] = 0,
  [JXS_JINGLE_SESSION_INITIATE] = NEEDS_CONTENT | NEEDS_DESCRIPTION | NEEDS_TRANSPORT,
  [JXS_JINGLE_SESSION_TERMINATE] = 0,
  [JXS_JINGLE_TRANSPORT_ACCEPT] = NEEDS_CONTENT | NEEDS_TRANSPORT,
  [JXS_JINGLE_TRANSPORT_INFO] = NEEDS_CONTENT | NEEDS_TRANSPORT,
  [JXS_JINGLE_TRANSPORT_REJECT] = NEEDS_CONTENT,
  [JXS_JINGLE_TRANSPORT_REPLACE] = NEEDS_CONTENT | NEEDS_TRANSPORT,
};

G_GNUC_PRINTF (2, 3)
static gboolean
bad_request (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, format, args);
  va_end (args);

  return FALSE;
}

static gboolean
find_name (const char *const *names, guint n_names, const char *name, guint *index)
{
  for (guint i = 0; i < n_names; i++)
    {
      if (strcmp (names[i], name) == 0)
        {
          *index = i;
          return TRUE;
        }
    }

  return FALSE;
}

static void
jxs_jingle_content_free (JxsJingleContent *content)
{
  g_free (content->name);
  g_free (content->disposition);
  g_clear_pointer (&content->description, jxs_element_unref);
  g_clear_pointer (&content->transport, jxs_element_unref);
  g_clear_pointer (&content->security, jxs_element_unref);
  g_free (content);
}

/* The three parts are of other namespaces: they are told apart by name (XEP-0166 §7.3). */
static gboolean
parse_part (JxsElement *child, const char *name, JxsElement **part, GError **error)
{
  if (strcmp (jxs_element_get_name (child), name) != 0)
    return TRUE;
  if (*part != NULL)
    return bad_request (error, "A content holds more than one <%s/>", name);
  *part = jxs_element_copy (child);

  return TRUE;
}

static gboolean
parse_content (JxsJingle *self, JxsElement *element, GError **error)
{
  const char *name = jxs_element_get_attribute (element, "name");
  const char *creator = jxs_element_get_attribute (element, "creator");
  const char *senders = jxs_element_get_attribute (element, "senders");
  const Needs needs = action_needs[self->action];
  JxsJingleContent *content;
  JxsElement *child;
  guint index;

  if (self->contents->len >= JXS_JINGLE_MAX_CONTENTS)
    return bad_request (error, "There are more than %d contents", JXS_JINGLE_MAX_CONTENTS);
  if (name == NULL || strlen (name) > JXS_JINGLE_MAX_NAME)
    return bad_request (error, "A content has no name or one that is too long");

  content = jxs_jingle_add_content (self, JXS_JINGLE_CREATOR_INITIATOR, name);
  content->disposition = g_strdup (jxs_element_get_attribute (element, "disposition"));

  if (creator != NULL)
    {
      if (!find_name (creator_names, G_N_ELEMENTS (creator_names), creator, &index))
        return bad_request (error, "The creator of a content is neither initiator nor responder");
      content->creator = index;
    }
  if (senders != NULL)
    {
      if (!find_name (senders_names, G_N_ELEMENTS (senders_names), senders, &index))
        return bad_request (error, "The senders of a content have no known value");
      content->senders = index;
    }
  else if (needs & NEEDS_SENDERS)
    return bad_request (error, "A content says nothing about its senders");

  for (child = jxs_element_get_first_child (element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      if (g_strcmp0 (jxs_element_get_namespace (child), self->namespace_uri) == 0)
        continue;
      if (!parse_part (child, "description", &content->description, error) ||
          !parse_part (child, "transport", &content->transport, error) ||
          !parse_part (child, "security", &content->security, error))
        return FALSE;
    }

  if ((needs & NEEDS_DESCRIPTION) && content->description == NULL)
    return bad_request (error, "A content has no <description/>");
  if ((needs & NEEDS_TRANSPORT) && content->transport == NULL)
    return bad_request (error, "A content has no <transport/>");
  if ((needs & NEEDS_SECURITY) && content->security == NULL)
    return bad_request (error, "A content has no <security/>");

  return TRUE;
}

static gboolean
parse_children (JxsJingle *self, JxsElement *element, GError **error)
{
  JxsElement *child;

  for (child = jxs_element_get_first_child (element); child != NULL;
       child = jxs_element_get_next_sibling (child))
    {
      if (jxs_element_is (child, "content", self->namespace_uri))
        {
          if (!parse_content (self, child, error))
            return FALSE;
        }
      else if (jxs_element_is (child, "reason", self->namespace_uri))
        {
          if (self->reason != NULL)
            return bad_request (error, "There is more than one <reason/>");
          self->reason = jxs_reason_parse (child);
        }
      else if (self->info == NULL)
        self->info = jxs_element_copy (child);
    }

  return TRUE;
}

static gboolean
parse_jid (JxsElement *element, const char *attribute, JxsJid **jid, GError **error)
{
  const char *text = jxs_element_get_attribute (element, attribute);

  if (text == NULL)
    return TRUE;
  *jid = jxs_jid_new (text, NULL);
  if (*jid == NULL)
    return bad_request (error, "The attribute “%s” is not an address", attribute);

  return TRUE;
}

JxsJingle *
jxs_jingle_parse (JxsElement *element, GError **error)
{
  const char *namespace_uri = jxs_element_get_namespace (element);
  const char *action_name = jxs_element_get_attribute (element, "action");
  const char *sid = jxs_element_get_attribute (element, "sid");
  g_autoptr (JxsJingle) self = NULL;
  gboolean found = FALSE;
  guint action;

  if (strcmp (jxs_element_get_name (element), "jingle") != 0 ||
      jxs_jingle_errors_namespace (namespace_uri) == NULL)
    {
      bad_request (error, "This is not a Jingle element");
      return NULL;
    }
  if (action_name == NULL ||
      !find_name (action_names, G_N_ELEMENTS (action_names), action_name, &action))
    {
      bad_request (error, "The action is missing or unknown");
      return NULL;
    }
  if (sid == NULL || *sid == '\0' || strlen (sid) > JXS_JINGLE_MAX_SID)
    {
      bad_request (error, "The session id is missing or too long");
      return NULL;
    }

  self = jxs_jingle_new (namespace_uri, action, sid);
  if (!parse_children (self, element, error))
    return NULL;
  if ((action_needs[action] & NEEDS_CONTENT) && self->contents->len == 0)
    {
      bad_request (error, "There is no <content/>");
      return NULL;
    }

  /* The two attributes have a meaning here only and are ignored elsewhere (XEP-0166 §7.1). */
  if (action == JXS_JINGLE_SESSION_INITIATE)
    {
      if (!parse_jid (element, "initiator", &self->initiator, error))
        return NULL;

      for (guint i = 0; i < self->contents->len; i++)
        {
          const JxsJingleContent *content = g_ptr_array_index (self->contents, i);

          if (content->creator != JXS_JINGLE_CREATOR_INITIATOR)
            {
              bad_request (error, "An offered content claims that the responder created it");
              return NULL;
            }
          found = found || jxs_jingle_content_is_session (content);
        }
      if (!found)
        {
          bad_request (error, "No content has the disposition “session”");
          return NULL;
        }
    }
  else if (action == JXS_JINGLE_SESSION_ACCEPT)
    {
      if (!parse_jid (element, "responder", &self->responder, error))
        return NULL;
    }

  return g_steal_pointer (&self);
}

static void
build_content (JxsElement *parent, const JxsJingle *jingle, const JxsJingleContent *content)
{
  JxsElement *element = jxs_element_append (parent, "content", NULL);

  jxs_element_set_attribute (element, "creator", creator_names[content->creator]);
  jxs_element_set_attribute (element, "name", content->name);
  if (content->disposition != NULL)
    jxs_element_set_attribute (element, "disposition", content->disposition);
  if (content->senders != JXS_JINGLE_SENDERS_BOTH ||
      (action_needs[jingle->action] & NEEDS_SENDERS) != 0)
    jxs_element_set_attribute (element, "senders", senders_names[content->senders]);
  if (content->description != NULL)
    jxs_element_add_child (element, content->description);
  if (content->transport != NULL)
    jxs_element_add_child (element, content->transport);
  if (content->security != NULL)
    jxs_element_add_child (element, content->security);
}

JxsElement *
jxs_jingle_build (const JxsJingle *self)
{
  JxsElement *element = jxs_element_new ("jingle", self->namespace_uri);

  jxs_element_set_attribute (element, "action", action_names[self->action]);
  if (self->initiator != NULL)
    jxs_element_set_attribute (element, "initiator", jxs_jid_to_string (self->initiator));
  if (self->responder != NULL)
    jxs_element_set_attribute (element, "responder", jxs_jid_to_string (self->responder));
  jxs_element_set_attribute (element, "sid", self->sid);

  for (guint i = 0; i < self->contents->len; i++)
    build_content (element, self, g_ptr_array_index (self->contents, i));
  if (self->reason != NULL && jxs_reason_get_condition (self->reason) != JXS_REASON_NONE)
    {
      g_autoptr (JxsElement) reason = jxs_reason_build (self->reason, self->namespace_uri);

      jxs_element_add_child (element, reason);
    }
  if (self->info != NULL)
    jxs_element_add_child (element, self->info);

  return element;
}

JxsJingle *
jxs_jingle_new (const char *namespace_uri, JxsJingleAction action, const char *sid)
{
  JxsJingle *self = g_new0 (JxsJingle, 1);

  self->namespace_uri = namespace_uri;
  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    if (strcmp (namespaces[i].namespace_uri, namespace_uri) == 0)
      self->namespace_uri = namespaces[i].namespace_uri;
  self->action = action;
  self->sid = g_strdup (sid);
  self->contents = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_jingle_content_free);

  return self;
}

JxsJingleContent *
jxs_jingle_add_content (JxsJingle *self, JxsJingleCreator creator, const char *name)
{
  JxsJingleContent *content = g_new0 (JxsJingleContent, 1);

  content->creator = creator;
  content->name = g_strdup (name);
  g_ptr_array_add (self->contents, content);

  return content;
}

void
jxs_jingle_free (JxsJingle *self)
{
  g_free (self->sid);
  g_clear_pointer (&self->initiator, jxs_jid_unref);
  g_clear_pointer (&self->responder, jxs_jid_unref);
  g_ptr_array_unref (self->contents);
  g_clear_pointer (&self->reason, jxs_reason_unref);
  g_clear_pointer (&self->info, jxs_element_unref);
  g_free (self);
}

gboolean
jxs_jingle_content_is_session (const JxsJingleContent *content)
{
  return content->disposition == NULL || strcmp (content->disposition, "session") == 0;
}

const char *
jxs_jingle_action_to_name (JxsJingleAction action)
{
  g_return_val_if_fail (action < JXS_JINGLE_N_ACTIONS, NULL);

  return action_names[action];
}

const char *
jxs_jingle_errors_namespace (const char *namespace_uri)
{
  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    if (g_strcmp0 (namespaces[i].namespace_uri, namespace_uri) == 0)
      return namespaces[i].errors;

  return NULL;
}
