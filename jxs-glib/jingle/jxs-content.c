/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-content-impl-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

#define MAX_REPLACEMENTS 16 /* by the peer; stops a negotiation that never ends */

G_DEFINE_FINAL_TYPE (JxsContent, jxs_content, G_TYPE_OBJECT)

static void
security_send_info_cb (JxsSecurity *security, JxsElement *element, gpointer user_data)
{
  JxsContent *self = user_data;

  if (self->funcs != NULL)
    self->funcs->send (self->owner, JXS_JINGLE_SECURITY_INFO, NULL, element);
}

static void
jxs_content_dispose (GObject *object)
{
  JxsContent *self = JXS_CONTENT (object);

  jxs_content_set_deadline (self, 0);
  jxs_content_set_limit (self, 0);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->transport);
  g_clear_object (&self->proposed);
  g_clear_object (&self->security);
  g_clear_object (&self->base);
  g_clear_object (&self->stream);
  g_clear_object (&self->router);

  G_OBJECT_CLASS (jxs_content_parent_class)->dispose (object);
}

static void
jxs_content_finalize (GObject *object)
{
  JxsContent *self = JXS_CONTENT (object);

  g_clear_object (&self->candidates);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->name, g_free);
  jxs_transport_list_clear (&self->list);
  g_clear_pointer (&self->past, g_hash_table_unref);
  g_clear_pointer (&self->rejected, jxs_element_unref);
  jxs_failures_clear (&self->failures);
  g_clear_error (&self->refusal);

  G_OBJECT_CLASS (jxs_content_parent_class)->finalize (object);
}

static void
jxs_content_class_init (JxsContentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_content_dispose;
  object_class->finalize = jxs_content_finalize;
}

static void
jxs_content_init (JxsContent *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->candidates = g_list_store_new (JXS_TYPE_CANDIDATE);
  self->past = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

JxsContent *
jxs_content_new (JxsRouter *router,
                 JxsJid *peer,
                 gboolean initiator,
                 JxsJingleCreator creator,
                 const char *name,
                 GArray *factories)
{
  JxsContent *self = g_object_new (JXS_TYPE_CONTENT, NULL);

  self->router = g_object_ref (router);
  self->peer = jxs_jid_ref (peer);
  self->initiator = initiator;
  self->creator = creator;
  self->name = g_strdup (name);
  jxs_transport_list_init (&self->list, factories);
  jxs_content_machine_init (&self->machine, initiator);

  return self;
}

void
jxs_content_set_owner (JxsContent *self, const JxsContentFuncs *funcs, gpointer owner)
{
  self->funcs = funcs;
  self->owner = owner;
}

void
jxs_content_take_security (JxsContent *self, JxsSecurity *security)
{
  g_clear_object (&self->security);
  self->security = security;
  if (security == NULL)
    return;
  g_signal_connect_object (security, "send-info", G_CALLBACK (security_send_info_cb), self, 0);
  g_signal_connect_object (security, "asking", G_CALLBACK (jxs_content_asking_cb), self, 0);
}

JxsJingleCreator
jxs_content_get_creator (JxsContent *self)
{
  return self->creator;
}

const char *
jxs_content_get_name (JxsContent *self)
{
  return self->name;
}

JxsTransport *
jxs_content_get_transport (JxsContent *self)
{
  return self->transport;
}

JxsSecurity *
jxs_content_get_security (JxsContent *self)
{
  return self->security;
}

JxsContentState
jxs_content_get_state (JxsContent *self)
{
  return self->machine.state;
}

guint
jxs_content_get_round_trips (JxsContent *self)
{
  return self->round_trips +
         (self->transport != NULL ? jxs_transport_get_round_trips (self->transport) : 0);
}

GListModel *
jxs_content_get_candidates (JxsContent *self)
{
  return G_LIST_MODEL (self->candidates);
}

void
jxs_content_set_peer_features (JxsContent *self, GHashTable *features)
{
  jxs_transport_list_set_peer_features (&self->list, features);
}

gboolean
jxs_content_choose_first (JxsContent *self)
{
  self->transport = jxs_content_make_next_transport (self);

  return self->transport != NULL;
}

gboolean
jxs_content_take_offer (JxsContent *self, JxsElement *transport, GError **error)
{
  self->transport = jxs_content_make_remote_transport (self, transport, error);

  return self->transport != NULL;
}

gboolean
jxs_content_take_answer (JxsContent *self,
                         JxsElement *transport,
                         JxsElement *security,
                         GError **error)
{
  if (g_strcmp0 (jxs_element_get_namespace (transport),
                 jxs_transport_get_namespace (self->transport)) != 0)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_PROTOCOL,
                           _ ("The peer accepted another transport than the one offered"));
      return FALSE;
    }

  return (self->agreed || jxs_transport_set_remote (self->transport, transport, error)) &&
         (self->security == NULL || jxs_security_set_remote (self->security, security, error));
}

gboolean
jxs_content_knows_namespace (JxsContent *self, const char *namespace_uri)
{
  return jxs_transport_list_find (&self->list, namespace_uri) != NULL;
}

void
jxs_content_ignore_namespace (JxsContent *self, const char *namespace_uri)
{
  if (namespace_uri != NULL)
    g_hash_table_add (self->past, g_strdup (namespace_uri));
}

void
jxs_content_set_connect_timeout (JxsContent *self, guint timeout_ms)
{
  self->connect_timeout = timeout_ms;
}

void
jxs_content_start (JxsContent *self)
{
  jxs_content_set_limit (self, self->connect_timeout);
  jxs_content_feed (self, JXS_CONTENT_EVENT_START);
}

void
jxs_content_stop (JxsContent *self, const GError *error)
{
  const JxsContentState state = self->machine.state;

  self->funcs = NULL;
  self->owner = NULL;
  g_clear_object (&self->proposed);
  if (state == JXS_CONTENT_READY)
    {
      /* The stream is in use: how it ends depends on who ended the session. */
      jxs_content_consult (self, JXS_CONTENT_EVENT_STOP);
      jxs_transport_abort (self->transport, error);
      return;
    }
  jxs_content_feed (self, JXS_CONTENT_EVENT_STOP);
  /* It did not connect yet, but may have made preparations. */
  if (state == JXS_CONTENT_IDLE && self->transport != NULL)
    jxs_transport_abort (self->transport, error);
}

/* Says which transport is meant. Nothing more of it is sent back: with the words around it, it
 * could be longer than our server takes. */
static JxsElement *
new_reference (JxsElement *transport)
{
  JxsElement *element =
      jxs_element_new (jxs_element_get_name (transport), jxs_element_get_namespace (transport));
  const char *sid = jxs_element_get_attribute (transport, "sid");

  if (sid != NULL && strlen (sid) <= JXS_JINGLE_MAX_SID)
    jxs_element_set_attribute (element, "sid", sid);

  return element;
}

JxsContentActions
jxs_content_handle (JxsContent *self, JxsJingleAction action, JxsElement *transport, GError **error)
{
  const JxsContentActions answers =
      JXS_CONTENT_ACK | JXS_CONTENT_TIE_BREAK | JXS_CONTENT_OUT_OF_ORDER;
  JxsContentEvent event = JXS_CONTENT_EVENT_PEER_REJECT;
  g_autoptr (JxsTransport) replacement = NULL;
  g_autoptr (GError) local_error = NULL;
  JxsContentActions actions;

  if (action == JXS_JINGLE_TRANSPORT_REPLACE)
    {
      replacement = jxs_content_make_remote_transport (self, transport, &local_error);
      if (replacement == NULL && local_error->domain == JXS_STANZA_ERROR)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return 0;
        }
      event = replacement != NULL && self->n_replacements++ < MAX_REPLACEMENTS
                  ? JXS_CONTENT_EVENT_PEER_REPLACE
                  : JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE;
    }
  else if (action == JXS_JINGLE_TRANSPORT_ACCEPT)
    {
      event = JXS_CONTENT_EVENT_PEER_ACCEPT;
      if (self->machine.state == JXS_CONTENT_REPLACING)
        {
          if (g_strcmp0 (jxs_element_get_namespace (transport),
                         jxs_transport_get_namespace (self->proposed)) != 0)
            return JXS_CONTENT_OUT_OF_ORDER; /* the answer to something we did not propose */
          if (!jxs_transport_set_remote (self->proposed, transport, &local_error))
            {
              if (local_error->domain == JXS_STANZA_ERROR)
                {
                  g_propagate_error (error, g_steal_pointer (&local_error));
                  return 0;
                }
              jxs_failures_add (&self->failures, local_error);
              event = JXS_CONTENT_EVENT_PEER_REJECT;
            }
        }
    }
  else if (self->machine.state == JXS_CONTENT_REPLACING)
    {
      local_error = g_error_new_literal (JXS_ERROR,
                                         JXS_ERROR_NOT_SUPPORTED,
                                         _ ("The peer refused the other transports"));
      jxs_failures_add (&self->failures, local_error);
    }

  if (event != JXS_CONTENT_EVENT_PEER_REPLACE && self->machine.state == JXS_CONTENT_REPLACING)
    self->round_trips++;
  actions = jxs_content_consult (self, event);
  if (actions & JXS_CONTENT_ADOPT)
    g_set_object (&self->proposed, replacement);
  if (actions & JXS_CONTENT_SEND_REJECT)
    {
      g_clear_pointer (&self->rejected, jxs_element_unref);
      self->rejected = new_reference (transport);
    }
  self->todo = actions & ~answers;

  return actions & answers;
}

void
jxs_content_go_on (JxsContent *self)
{
  const JxsContentActions todo = self->todo;

  self->todo = 0;
  jxs_content_perform (self, todo);
}

gboolean
jxs_content_handle_transport_info (JxsContent *self, JxsElement *transport, GError **error)
{
  const char *namespace_uri = jxs_element_get_namespace (transport);
  g_autoptr (JxsTransport) current =
      self->transport != NULL ? g_object_ref (self->transport) : NULL;
  g_autoptr (JxsTransport) proposed = self->proposed != NULL ? g_object_ref (self->proposed) : NULL;
  JxsTransport *transports[] = { current, proposed };
  g_autoptr (GError) local_error = NULL;

  /* Both may be of one namespace: what one does not know may be the other's. */
  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    if (transports[i] != NULL &&
        g_strcmp0 (namespace_uri, jxs_transport_get_namespace (transports[i])) == 0)
      {
        g_clear_error (&local_error);
        if (jxs_transport_handle_info (transports[i], transport, &local_error))
          return TRUE;
        if (!g_error_matches (local_error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND))
          break;
      }

  /* Late news of a transport that was replaced, or not chosen, mean nothing any more. */
  if ((local_error == NULL ||
       g_error_matches (local_error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND)) &&
      namespace_uri != NULL && g_hash_table_contains (self->past, namespace_uri))
    return TRUE;

  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    g_set_error_literal (error,
                         JXS_STANZA_ERROR,
                         JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                         "This content has another transport");
  return FALSE;
}

gboolean
jxs_content_handle_security_info (JxsContent *self, JxsElement *security, GError **error)
{
  if (self->security != NULL)
    return jxs_security_handle_info (self->security, security, error);

  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                       "This content has no security precondition");
  return FALSE;
}

void
jxs_content_replace_failed (JxsContent *self, gboolean conflict, const GError *error)
{
  if (self->machine.state != JXS_CONTENT_REPLACING)
    return;
  if (!conflict)
    jxs_failures_add (&self->failures, error);
  jxs_content_feed (self,
                    conflict ? JXS_CONTENT_EVENT_REPLACE_CONFLICT
                             : JXS_CONTENT_EVENT_REPLACE_FAILED);
}

void
jxs_content_explain (JxsContent *self, GError *error)
{
  g_autofree char *why = NULL;
  g_autofree char *message = NULL;

  if (self->machine.state >= JXS_CONTENT_READY ||
      !g_error_matches (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY) ||
      (why = jxs_failures_describe (&self->failures)) == NULL)
    return;
  message = g_steal_pointer (&error->message);
  error->message = g_strdup_printf ("%s: %s", message, why);
}
