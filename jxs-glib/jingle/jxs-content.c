/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-content-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/jingle/jxs-transport-list-private.h>

#define MAX_REPLACEMENTS 16 /* by the peer; stops a negotiation that never ends */

struct _JxsContent
{
  GObject parent_instance;

  const JxsContentFuncs *funcs; /* (nullable): without owner nobody is told */
  gpointer owner;               /* (unowned): clears itself with jxs_content_stop() */
  GMainContext *context;        /* (owned) */
  JxsRouter *router;            /* (owned) */
  JxsJid *peer;                 /* (owned) */
  gboolean initiator;
  JxsJingleCreator creator;
  char *name; /* (owned) */

  JxsContentMachine machine;
  JxsContentActions todo; /* what follows the answer to the peer's action */
  GSource *deadline;      /* (owned) (nullable) */
  gint64 step_started;    /* of the transport or the security handshake under way */

  JxsTransportList list;
  JxsTransport *transport;   /* (owned) (nullable): in use */
  JxsTransport *proposed;    /* (owned) (nullable): ours or the peer's transport-replace */
  JxsElement *rejected;      /* (owned) (nullable): what names the peer's transport-replace */
  GHashTable *past;          /* (owned) (element-type utf8): namespaces of replaced transports */
  GCancellable *cancellable; /* (owned) (nullable): of the attempt under way */
  GError *best_error;        /* (owned) (nullable): why there is no transport */
  guint n_replacements;      /* that the peer asked for */
  guint round_trips;         /* of transport-replace and of transports given up */

  JxsSecurity *security;  /* (owned) (nullable) */
  gboolean security_busy; /* a secure_async is under way, maybe cancelled */
  GIOStream *base;        /* (owned) (nullable): waits for security to be free */
  GIOStream *stream;      /* (owned) (nullable): to be delivered */
};

G_DEFINE_FINAL_TYPE (JxsContent, jxs_content, G_TYPE_OBJECT)

/* An asynchronous step belongs to one attempt, told by its cancellable. */
typedef struct
{
  JxsContent *content;       /* (owned) */
  GCancellable *cancellable; /* (owned) */
} Attempt;

static void jxs_content_feed (JxsContent *self, JxsContentEvent event);

static Attempt *
attempt_new (JxsContent *self)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  attempt->content = g_object_ref (self);
  attempt->cancellable = g_object_ref (self->cancellable);

  return attempt;
}

static void
attempt_free (Attempt *attempt)
{
  g_object_unref (attempt->content);
  g_object_unref (attempt->cancellable);
  g_free (attempt);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static gboolean
attempt_is_current (const Attempt *attempt)
{
  return attempt->content->cancellable == attempt->cancellable;
}

static void
report_step (JxsContent *self, const char *what, gboolean finished, const GError *error)
{
  const gint64 duration = finished ? jxs_clock_now () - self->step_started : -1;

  if (!finished)
    self->step_started = jxs_clock_now ();
  if (self->funcs != NULL)
    self->funcs->step (self->owner,
                       what,
                       self->transport != NULL ? jxs_transport_get_namespace (self->transport)
                                               : NULL,
                       duration,
                       error);
}

/* Of several failures the first one that says something specific is told. */
static void
keep_error (JxsContent *self, const GError *error)
{
  gboolean vague = self->best_error == NULL ||
                   g_error_matches (self->best_error, JXS_ERROR, JXS_ERROR_TIMED_OUT) ||
                   g_error_matches (self->best_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
                   g_error_matches (self->best_error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);

  if (!vague)
    return;
  g_clear_error (&self->best_error);
  self->best_error = g_error_copy (error);
}

static gboolean
deadline_cb (gpointer user_data)
{
  g_autoptr (JxsContent) self = g_object_ref (user_data);
  g_autoptr (GError) error =
      g_error_new_literal (JXS_ERROR,
                           JXS_ERROR_TIMED_OUT,
                           self->machine.state == JXS_CONTENT_CONNECTING
                               ? _ ("The connection could not be made in time")
                               : _ ("The peer did not go on with the negotiation"));

  g_clear_pointer (&self->deadline, g_source_unref);
  keep_error (self, error);
  if (self->machine.state == JXS_CONTENT_CONNECTING)
    report_step (self, "transport-failed", TRUE, error);
  jxs_content_feed (self, JXS_CONTENT_EVENT_DEADLINE);

  return G_SOURCE_REMOVE;
}

static void
set_deadline (JxsContent *self, guint deadline_ms)
{
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  if (deadline_ms != 0)
    self->deadline = jxs_clock_timeout_attach (
        deadline_ms, "[jxs] content deadline", self->context, deadline_cb, self);
}

static void
transport_send_info_cb (JxsTransport *transport, JxsElement *element, gpointer user_data)
{
  JxsContent *self = user_data;

  /* Of transports given up nobody wants to hear any more. */
  if (self->funcs != NULL && (transport == self->transport || transport == self->proposed))
    self->funcs->send (self->owner, JXS_JINGLE_TRANSPORT_INFO, element, NULL);
}

static void
security_send_info_cb (JxsSecurity *security, JxsElement *element, gpointer user_data)
{
  JxsContent *self = user_data;

  if (self->funcs != NULL)
    self->funcs->send (self->owner, JXS_JINGLE_SECURITY_INFO, NULL, element);
}

static JxsTransport *
make_transport (JxsContent *self, const JxsTransportFactory *factory, const char *namespace_uri)
{
  JxsTransport *transport = factory->create (
      self->router, self->peer, self->initiator, namespace_uri, factory->user_data);

  if (transport != NULL)
    g_signal_connect_object (transport, "send-info", G_CALLBACK (transport_send_info_cb), self, 0);

  return transport;
}

/* The peer's transport, of a namespace that one of ours serves. */
static JxsTransport *
make_remote_transport (JxsContent *self, JxsElement *element, GError **error)
{
  const char *namespace_uri = jxs_element_get_namespace (element);
  const JxsTransportFactory *factory = jxs_transport_list_find (&self->list, namespace_uri);
  g_autoptr (JxsTransport) transport =
      factory != NULL ? make_transport (self, factory, namespace_uri) : NULL;

  if (transport == NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           "No transport of that namespace is supported");
      return NULL;
    }
  if (!jxs_transport_set_remote (transport, element, error))
    return NULL;

  return g_steal_pointer (&transport);
}

static JxsTransport *
make_next_transport (JxsContent *self)
{
  const JxsTransportFactory *factory;
  const char *namespace_uri;
  JxsTransport *transport = NULL;

  while (transport == NULL &&
         (factory = jxs_transport_list_take_next (&self->list, &namespace_uri)) != NULL)
    transport = make_transport (self, factory, namespace_uri);

  return transport;
}

/* The transport in use makes room. */
static void
retire_transport (JxsContent *self)
{
  if (self->transport == NULL)
    return;
  jxs_content_ignore_namespace (self, jxs_transport_get_namespace (self->transport));
  self->round_trips += jxs_transport_get_round_trips (self->transport);
  g_clear_object (&self->transport);
}

static void
drop_attempt (JxsContent *self)
{
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);
  g_autoptr (GError) error =
      g_error_new_literal (JXS_ERROR, JXS_ERROR_CONNECTIVITY, "The transport was given up");

  if (cancellable == NULL)
    return;
  g_clear_object (&self->base);
  g_cancellable_cancel (cancellable);
  if (self->transport != NULL)
    jxs_transport_abort (self->transport, error);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) attempt = user_data;
  JxsContent *self = attempt->content;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream =
      jxs_transport_connect_finish (JXS_TRANSPORT (source), result, &error);

  if (!attempt_is_current (attempt))
    return;

  if (stream != NULL)
    {
      report_step (self, "transport-connected", TRUE, NULL);
      g_set_object (&self->base, stream);
      g_set_object (&self->stream, stream);
      jxs_content_feed (self, JXS_CONTENT_EVENT_CONNECTED);
    }
  else
    {
      report_step (self, "transport-failed", TRUE, error);
      keep_error (self, error);
      jxs_content_feed (self, JXS_CONTENT_EVENT_CONNECT_FAILED);
    }
}

static void
connect_transport (JxsContent *self)
{
  g_set_object (&self->stream, NULL);
  self->cancellable = g_cancellable_new ();
  report_step (self, "transport-connecting", FALSE, NULL);
  if (self->cancellable == NULL)
    return; /* whoever watches the time line ended it */
  jxs_transport_connect_async (self->transport,
                               self->cancellable,
                               connected_cb,
                               attempt_new (self));
}

static void secure_base (JxsContent *self);

static void
secured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) attempt = user_data;
  JxsContent *self = attempt->content;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = jxs_security_secure_finish (JXS_SECURITY (source), result, &error);

  self->security_busy = FALSE;
  if (!attempt_is_current (attempt))
    {
      if (self->base != NULL && self->machine.state == JXS_CONTENT_SECURING)
        secure_base (self);
      return;
    }

  if (stream != NULL)
    {
      report_step (self, "secured", TRUE, NULL);
      g_set_object (&self->stream, stream);
      jxs_content_feed (self, JXS_CONTENT_EVENT_SECURED);
      return;
    }

  report_step (self, "security-failed", TRUE, error);
  if (jxs_security_error_is_refusal (error))
    {
      g_clear_error (&self->best_error);
      self->best_error = g_steal_pointer (&error);
      jxs_content_feed (self, JXS_CONTENT_EVENT_REFUSED);
    }
  else
    {
      keep_error (self, error);
      jxs_content_feed (self, JXS_CONTENT_EVENT_LOST);
    }
}

static void
secure_base (JxsContent *self)
{
  g_autoptr (GIOStream) base = NULL;

  if (self->security_busy)
    return; /* the cancelled handshake on the replaced transport has to come back first */

  base = g_steal_pointer (&self->base);
  g_set_object (&self->stream, NULL);
  report_step (self, "securing", FALSE, NULL);
  if (self->cancellable == NULL)
    return;
  self->security_busy = TRUE;
  jxs_security_secure_async (
      self->security, base, self->cancellable, secured_cb, attempt_new (self));
}

static void
propose_next (JxsContent *self)
{
  g_autoptr (JxsElement) element = NULL;

  g_clear_object (&self->proposed);
  self->proposed = make_next_transport (self);
  if (self->proposed == NULL)
    {
      jxs_content_feed (self, JXS_CONTENT_EVENT_REPLACE_FAILED);
      return;
    }

  element = jxs_transport_build (self->proposed);
  self->funcs->send (self->owner, JXS_JINGLE_TRANSPORT_REPLACE, element, NULL);
}

static void
fail (JxsContent *self, gboolean security)
{
  g_autoptr (GError) error = NULL;

  if (security)
    {
      self->funcs->failed (self->owner, JXS_REASON_SECURITY_ERROR, self->best_error);
      return;
    }

  error = g_error_new (JXS_ERROR,
                       JXS_ERROR_CONNECTIVITY,
                       _ ("No connection to %s could be made: %s"),
                       jxs_jid_to_string (self->peer),
                       self->best_error != NULL ? self->best_error->message
                                                : _ ("no transport is left"));
  self->funcs->failed (self->owner, JXS_REASON_FAILED_TRANSPORT, error);
}

/* Everything here may run code of others: each step looks again whether the content still lives. */
static void
perform (JxsContent *self, JxsContentActions actions)
{
  g_autoptr (JxsContent) keep = g_object_ref (self);

  if (actions & JXS_CONTENT_DROP)
    drop_attempt (self);
  if (self->funcs == NULL)
    return;
  if (actions & (JXS_CONTENT_ADOPT | JXS_CONTENT_TAKE))
    {
      retire_transport (self);
      self->transport = g_steal_pointer (&self->proposed);
    }
  if (actions & JXS_CONTENT_SEND_ACCEPT)
    {
      g_autoptr (JxsElement) element = jxs_transport_build (self->transport);

      self->funcs->send (self->owner, JXS_JINGLE_TRANSPORT_ACCEPT, element, NULL);
    }
  if (actions & JXS_CONTENT_SEND_REJECT)
    {
      g_autoptr (JxsElement) element = g_steal_pointer (&self->rejected);

      g_clear_object (&self->proposed);
      self->funcs->send (self->owner, JXS_JINGLE_TRANSPORT_REJECT, element, NULL);
    }
  if (self->funcs == NULL)
    return;
  if (actions & JXS_CONTENT_PROPOSE)
    propose_next (self);
  else if (actions & JXS_CONTENT_CONNECT)
    connect_transport (self);
  else if (actions & JXS_CONTENT_SECURE)
    secure_base (self);
  else if (actions & JXS_CONTENT_DELIVER)
    {
      g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

      g_clear_object (&self->base);
      self->funcs->ready (self->owner, stream);
    }
  else if (actions & (JXS_CONTENT_FAIL | JXS_CONTENT_FAIL_SECURITY))
    fail (self, (actions & JXS_CONTENT_FAIL_SECURITY) != 0);
}

/* The machine's word, without doing anything yet. */
static JxsContentActions
consult (JxsContent *self, JxsContentEvent event)
{
  const JxsContentState before = self->machine.state;
  JxsContentActions actions;

  self->machine.has_next = jxs_transport_list_has_next (&self->list);
  self->machine.has_security = self->security != NULL;
  actions = jxs_content_machine_handle (&self->machine, event);
  if (self->machine.state != before || (actions & JXS_CONTENT_PROPOSE))
    {
      jxs_log_debug (self,
                     "content “%s”: %s → %s",
                     self->name,
                     jxs_content_state_to_name (before),
                     jxs_content_state_to_name (self->machine.state));
      set_deadline (self, self->machine.deadline_ms);
    }

  return actions;
}

static void
jxs_content_feed (JxsContent *self, JxsContentEvent event)
{
  perform (self, consult (self, event));
}

static void
jxs_content_dispose (GObject *object)
{
  JxsContent *self = JXS_CONTENT (object);

  set_deadline (self, 0);
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

  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->name, g_free);
  jxs_transport_list_clear (&self->list);
  g_clear_pointer (&self->past, g_hash_table_unref);
  g_clear_pointer (&self->rejected, jxs_element_unref);
  g_clear_error (&self->best_error);

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
  if (security != NULL)
    g_signal_connect_object (security, "send-info", G_CALLBACK (security_send_info_cb), self, 0);
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

void
jxs_content_set_peer_features (JxsContent *self, GHashTable *features)
{
  jxs_transport_list_set_peer_features (&self->list, features);
}

gboolean
jxs_content_choose_first (JxsContent *self)
{
  self->transport = make_next_transport (self);

  return self->transport != NULL;
}

gboolean
jxs_content_take_offer (JxsContent *self, JxsElement *transport, GError **error)
{
  self->transport = make_remote_transport (self, transport, error);

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

  return jxs_transport_set_remote (self->transport, transport, error) &&
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
jxs_content_start (JxsContent *self)
{
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
      consult (self, JXS_CONTENT_EVENT_STOP);
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
      replacement = make_remote_transport (self, transport, &local_error);
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
              keep_error (self, local_error);
              event = JXS_CONTENT_EVENT_PEER_REJECT;
            }
        }
    }
  else if (self->machine.state == JXS_CONTENT_REPLACING)
    {
      local_error = g_error_new_literal (JXS_ERROR,
                                         JXS_ERROR_NOT_SUPPORTED,
                                         _ ("The peer refused the other transports"));
      keep_error (self, local_error);
    }

  if (event != JXS_CONTENT_EVENT_PEER_REPLACE && self->machine.state == JXS_CONTENT_REPLACING)
    self->round_trips++;
  actions = consult (self, event);
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
  perform (self, todo);
}

gboolean
jxs_content_handle_transport_info (JxsContent *self, JxsElement *transport, GError **error)
{
  const char *namespace_uri = jxs_element_get_namespace (transport);
  JxsTransport *transports[] = { self->transport, self->proposed };

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    if (transports[i] != NULL &&
        g_strcmp0 (namespace_uri, jxs_transport_get_namespace (transports[i])) == 0)
      return jxs_transport_handle_info (transports[i], transport, error);

  /* Late news of a transport that was replaced, or not chosen, mean nothing any more. */
  if (namespace_uri != NULL && g_hash_table_contains (self->past, namespace_uri))
    return TRUE;

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
    keep_error (self, error);
  jxs_content_feed (self,
                    conflict ? JXS_CONTENT_EVENT_REPLACE_CONFLICT
                             : JXS_CONTENT_EVENT_REPLACE_FAILED);
}
