/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/jingle/jxs-jingle-error-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

/* How a session begins, sends and ends; what the peer does to it is in jxs-session-actions.c, what
 * the application sees in jxs-session.c. */

/* An action on its way. */
typedef struct
{
  JxsSession *session; /* (owned) */
  JxsJingleAction action;
  GTask *task;               /* (owned) (nullable): of jxs_session_send_info_async() */
  GCancellable *cancellable; /* (owned): follows the session's, and the task's */
  gulong session_handler;
  gulong task_handler;
} Sent;

static void
sent_free (Sent *sent)
{
  g_cancellable_disconnect (sent->session->cancellable, sent->session_handler);
  if (sent->task != NULL)
    g_cancellable_disconnect (g_task_get_cancellable (sent->task), sent->task_handler);
  g_clear_object (&sent->task);
  g_object_unref (sent->cancellable);
  g_object_unref (sent->session);
  g_free (sent);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sent, sent_free)

static void
cancel_cb (GCancellable *cancellable, GCancellable *other)
{
  g_cancellable_cancel (other);
}

/* Time line and log */

static void
trace_state (JxsSession *self)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (JXS_TYPE_SESSION_STATE);
  const char *state = g_enum_get_value (klass, self->machine.state)->value_nick;

  jxs_log_debug (self, "session is %s", state);
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "jingle",
                  "state",
                  "s:sid",
                  self->sid,
                  "s:peer",
                  jxs_jid_to_string (self->peer),
                  "s:state",
                  state,
                  "b:initiator",
                  self->machine.initiator,
                  "s:reason",
                  self->reason != NULL ? jxs_reason_get_name (self->reason) : NULL,
                  NULL);
}

void
jxs_session_trace_action (JxsRouter *router,
                          const char *what,
                          JxsJid *peer,
                          const JxsJingle *jingle)
{
  g_autoptr (GString) contents = g_string_new (NULL);
  const char *transport = NULL;

  if (jxs_router_get_trace (router) == NULL)
    return;
  for (guint i = 0; i < jingle->contents->len; i++)
    {
      const JxsJingleContent *content = g_ptr_array_index (jingle->contents, i);

      g_string_append_printf (contents, "%s%s", i > 0 ? " " : "", content->name);
      if (content->transport != NULL && transport == NULL)
        transport = jxs_element_get_namespace (content->transport);
    }
  jxs_trace_emit (jxs_router_get_trace (router),
                  "jingle",
                  what,
                  "s:sid",
                  jingle->sid,
                  "s:peer",
                  jxs_jid_to_string (peer),
                  "s:action",
                  jxs_jingle_action_to_name (jingle->action),
                  "s:contents",
                  contents->str,
                  "s:transport",
                  transport,
                  "s:reason",
                  jingle->reason != NULL ? jxs_reason_get_name (jingle->reason) : NULL,
                  NULL);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
jxs_session_clear_sources (JxsSession *self)
{
  clear_source (&self->deadline);
  clear_source (&self->gone_timer);
  clear_source (&self->connect_cancel);
}

static void
set_state_changed (JxsSession *self)
{
  trace_state (self);
  g_object_notify (G_OBJECT (self), "state");
}

/* Sending */

static GError *
new_closed_error (JxsSession *self)
{
  if (self->error != NULL)
    return g_error_copy (self->error);

  return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The session has ended"));
}

static void
initiate_refused (JxsSession *self, const GError *error, JxsElement *answer)
{
  g_autoptr (JxsReason) reason = NULL;
  /* Nobody knows whether a request without an answer arrived. */
  const gboolean tell = g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);

  self->redirect_uri = jxs_jingle_answer_get_redirect (answer);
  if (self->redirect_uri != NULL)
    g_object_notify (G_OBJECT (self), "redirect-uri");
  reason = jxs_reason_new (tell ? JXS_REASON_TIMEOUT : JXS_REASON_NONE, NULL);
  jxs_session_end (self, reason, jxs_jingle_error_from_refusal (error, answer), tell);
}

static void
accept_refused (JxsSession *self, const GError *error)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_GENERAL_ERROR, NULL);
  GError *told = error->domain == JXS_STANZA_ERROR
                     ? g_error_new (JXS_ERROR,
                                    JXS_ERROR_PROTOCOL,
                                    _ ("The peer did not take our acceptance: %s"),
                                    error->message)
                     : g_error_copy (error);

  jxs_session_end (self, reason, told, TRUE);
}

static void
return_info (JxsSession *self, GTask *task, const GError *error)
{
  if (error == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->ended)
    {
      g_task_return_error (task, new_closed_error (self));
      return;
    }
  if (!g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED))
    {
      g_task_return_error (task, g_error_copy (error));
      return;
    }
  g_task_return_new_error (task,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The peer does not understand this information: %s"),
                           error->message);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sent) sent = user_data;
  JxsSession *self = sent->session;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  jxs_router_send_iq_finish (JXS_ROUTER (source), result, &answer, &error);
  if (answer != NULL)
    self->last_heard = jxs_clock_now ();

  /* A peer that is still busy with our offer may not know the session yet. */
  if (!self->ended && error != NULL && sent->action != JXS_JINGLE_SESSION_INITIATE &&
      (!self->machine.initiator || self->initiate_answered ||
       sent->action != JXS_JINGLE_TRANSPORT_INFO) &&
      jxs_jingle_answer_is_unknown_session (answer, self->jingle_namespace))
    {
      g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_GONE, NULL);

      jxs_session_end (self,
                       reason,
                       g_error_new_literal (JXS_ERROR,
                                            JXS_ERROR_CLOSED,
                                            _ ("The peer knows nothing of the session any more")),
                       FALSE);
    }

  if (sent->task != NULL)
    return_info (self, sent->task, error);
  else if (self->ended)
    return;
  else if (sent->action == JXS_JINGLE_SESSION_INITIATE)
    {
      self->initiate_answered = TRUE;
      /* A peer that has accepted got it, whatever became of its answer. */
      if (error != NULL && self->machine.state == JXS_SESSION_STATE_PENDING)
        initiate_refused (self, error, answer);
    }
  else if (error == NULL)
    return;
  else if (sent->action == JXS_JINGLE_SESSION_ACCEPT)
    accept_refused (self, error);
  else if (sent->action == JXS_JINGLE_TRANSPORT_REPLACE)
    jxs_content_replace_failed (
        self->content, g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_CONFLICT), error);
  else
    jxs_log_debug (self,
                   "%s was refused: %s",
                   jxs_jingle_action_to_name (sent->action),
                   error->message);
}

static JxsElement *
build_iq (JxsSession *self, const JxsJingle *jingle)
{
  g_autoptr (JxsElement) payload = jxs_jingle_build (jingle);

  jxs_session_trace_action (self->router, "action-sent", self->peer, jingle);

  return jxs_stanza_new_iq ("set", jxs_jid_to_string (self->peer), payload);
}

void
jxs_session_send_task (JxsSession *self, JxsJingle *jingle, GTask *task)
{
  g_autoptr (JxsElement) iq = build_iq (self, jingle);
  Sent *sent = g_new0 (Sent, 1);

  sent->session = g_object_ref (self);
  sent->action = jingle->action;
  sent->task = task;
  sent->cancellable = g_cancellable_new ();
  sent->session_handler = g_cancellable_connect (self->cancellable,
                                                 G_CALLBACK (cancel_cb),
                                                 g_object_ref (sent->cancellable),
                                                 g_object_unref);
  if (task != NULL && g_task_get_cancellable (task) != NULL)
    sent->task_handler = g_cancellable_connect (g_task_get_cancellable (task),
                                                G_CALLBACK (cancel_cb),
                                                g_object_ref (sent->cancellable),
                                                g_object_unref);
  jxs_router_send_iq_async (self->router, iq, 0, sent->cancellable, answered_cb, sent);
}

void
jxs_session_send (JxsSession *self, JxsJingle *action)
{
  g_autoptr (JxsJingle) jingle = action;

  jxs_session_send_task (self, jingle, NULL);
}

JxsJingle *
jxs_session_new_action (JxsSession *self, JxsJingleAction action)
{
  return jxs_jingle_new (self->jingle_namespace, action, self->sid);
}

JxsJingleContent *
jxs_session_add_content (JxsSession *self, JxsJingle *jingle)
{
  return jxs_jingle_add_content (jingle,
                                 jxs_content_get_creator (self->content),
                                 jxs_content_get_name (self->content));
}

/* session-initiate or session-accept; the security answers what the peer sent. */
static JxsJingle *
new_offer (JxsSession *self, JxsJingleAction action)
{
  JxsJingle *jingle = jxs_session_new_action (self, action);
  JxsJingleContent *content = jxs_session_add_content (self, jingle);
  JxsSecurity *security = jxs_content_get_security (self->content);

  if (self->machine.initiator)
    jingle->initiator = jxs_jid_ref (self->local);
  else
    jingle->responder = jxs_jid_ref (self->local);
  content->description = jxs_element_ref (self->local_description);
  content->transport = jxs_transport_build (jxs_content_get_transport (self->content));
  if (security != NULL)
    content->security = jxs_security_build (security);

  return jingle;
}

/* Nothing more is waited for: the answer to it finds no session (XEP-0166 §6.7). */
static void
send_terminate (JxsSession *self, JxsReason *reason)
{
  g_autoptr (JxsJingle) jingle = jxs_session_new_action (self, JXS_JINGLE_SESSION_TERMINATE);
  g_autoptr (JxsElement) iq = NULL;

  jingle->reason = jxs_reason_ref (reason);
  iq = build_iq (self, jingle);
  jxs_router_send_iq_async (self->router, iq, 0, NULL, NULL, NULL);
}

/* The end */

void
jxs_session_end (JxsSession *self, JxsReason *reason, GError *error_in, gboolean tell)
{
  g_autoptr (JxsSession) keep = g_object_ref (self);
  g_autoptr (JxsSessionManager) manager = g_weak_ref_get (&self->manager);
  g_autoptr (GError) error = error_in;
  g_autoptr (GTask) task = NULL;
  const gboolean was_new = self->machine.state == JXS_SESSION_STATE_NEW;

  if (self->ended)
    return;
  self->ended = TRUE;
  jxs_session_machine_handle (&self->machine, JXS_SESSION_EVENT_END);
  self->reason = jxs_reason_ref (reason);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  jxs_session_clear_sources (self);
  task = g_steal_pointer (&self->connect_task);

  if (manager != NULL)
    jxs_session_manager_remove (manager, self);
  if (tell && !was_new && (manager == NULL || !jxs_session_manager_is_closed (manager)))
    send_terminate (self, reason);
  g_cancellable_cancel (self->cancellable);
  if (self->closing)
    jxs_content_set_owner (self->content, NULL, NULL);
  else if (self->ended_by_peer)
    jxs_content_stop (self->content, NULL);
  else
    {
      g_autoptr (GError) closed = new_closed_error (self);

      jxs_content_stop (self->content, closed);
    }

  set_state_changed (self);
  g_object_notify (G_OBJECT (self), "reason");
  if (task != NULL)
    g_task_return_error (task, new_closed_error (self));
  else if (jxs_reason_get_condition (reason) == JXS_REASON_SUCCESS ||
           jxs_reason_get_condition (reason) == JXS_REASON_NONE)
    {
      if (self->ended_by_peer)
        g_clear_error (&error);
    }
  g_signal_emit_by_name (self, "ended", reason, error);
}

static void
end_with (JxsSession *self, JxsReasonCondition condition, JxsError code, const char *message)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  jxs_session_end (self, reason, g_error_new_literal (JXS_ERROR, (int) code, message), TRUE);
}

static gboolean
deadline_cb (gpointer user_data)
{
  JxsSession *self = user_data;

  clear_source (&self->deadline);
  end_with (self,
            JXS_REASON_TIMEOUT,
            JXS_ERROR_TIMED_OUT,
            self->machine.initiator ? _ ("The peer did not answer in time")
                                    : _ ("The session was not answered in time"));

  return G_SOURCE_REMOVE;
}

static gboolean
gone_cb (gpointer user_data)
{
  JxsSession *self = user_data;
  JxsTransport *transport = jxs_content_get_transport (self->content);
  gint64 heard = self->last_heard;
  gint64 silence;

  if (transport != NULL)
    heard = MAX (heard, jxs_transport_get_last_heard (transport));
  silence = (jxs_clock_now () - heard) / 1000;
  clear_source (&self->gone_timer);
  if (silence < JXS_SESSION_GONE_TIMEOUT)
    self->gone_timer = jxs_clock_timeout_attach (JXS_SESSION_GONE_TIMEOUT - (guint) silence,
                                                 "[jxs] session silence",
                                                 self->context,
                                                 gone_cb,
                                                 self);
  else
    end_with (self, JXS_REASON_GONE, JXS_ERROR_PEER_UNAVAILABLE, _ ("The peer went offline"));

  return G_SOURCE_REMOVE;
}

void
jxs_session_set_peer_available (JxsSession *self, gboolean available)
{
  JxsTransport *transport = jxs_content_get_transport (self->content);

  clear_source (&self->gone_timer);
  if (!available && transport != NULL)
    jxs_transport_get_last_heard (transport); /* from now on it has to listen */
  if (!available)
    self->gone_timer = jxs_clock_timeout_attach (
        JXS_SESSION_GONE_TIMEOUT, "[jxs] session silence", self->context, gone_cb, self);
}

/* The content's word */

static void
content_send (gpointer owner, JxsJingleAction action, JxsElement *transport, JxsElement *security)
{
  JxsSession *self = owner;
  g_autoptr (JxsJingle) jingle = jxs_session_new_action (self, action);
  JxsJingleContent *content = jxs_session_add_content (self, jingle);

  if (transport != NULL)
    content->transport = jxs_element_ref (transport);
  if (security != NULL)
    content->security = jxs_element_ref (security);
  if (self->held != NULL)
    g_ptr_array_add (self->held, g_steal_pointer (&jingle));
  else
    jxs_session_send_task (self, jingle, NULL);
}

static void
content_ready (gpointer owner, GIOStream *stream)
{
  JxsSession *self = owner;
  g_autoptr (GTask) task = g_steal_pointer (&self->connect_task);

  clear_source (&self->connect_cancel);
  self->round_trips += jxs_content_get_round_trips (self->content);
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "jingle",
                  "connected",
                  "s:sid",
                  self->sid,
                  "s:peer",
                  jxs_jid_to_string (self->peer),
                  "s:transport",
                  jxs_session_get_transport_namespace (self),
                  "i:round-trips",
                  (gint64) self->round_trips,
                  NULL);
  g_object_notify (G_OBJECT (self), "transport-namespace");
  g_object_notify (G_OBJECT (self), "round-trips");
  if (task != NULL)
    g_task_return_pointer (task, g_object_ref (stream), g_object_unref);
}

static void
content_failed (gpointer owner, JxsReasonCondition condition, const GError *error)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  jxs_session_end (owner, reason, g_error_copy (error), TRUE);
}

static void
content_step (gpointer owner,
              const char *what,
              const char *namespace_uri,
              gint64 duration,
              const GError *error)
{
  JxsSession *self = owner;

  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "jingle",
                  what,
                  "s:sid",
                  self->sid,
                  "s:peer",
                  jxs_jid_to_string (self->peer),
                  "s:transport",
                  namespace_uri,
                  "i:duration-us",
                  duration,
                  "s:error",
                  error != NULL ? error->message : NULL,
                  NULL);
}

const JxsContentFuncs jxs_session_content_funcs = {
  content_send, content_ready, content_failed, content_step
};

/* Beginnings */

gboolean
jxs_session_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  JxsSession *self = user_data;
  g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_CANCEL, NULL);

  jxs_session_end (self,
                   reason,
                   g_error_new_literal (G_IO_ERROR,
                                        G_IO_ERROR_CANCELLED,
                                        _ ("Operation was cancelled")),
                   TRUE);

  return G_SOURCE_REMOVE;
}

void
jxs_session_initiate (JxsSession *self, guint timeout_ms)
{
  g_autoptr (JxsSessionManager) manager = g_weak_ref_get (&self->manager);
  g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_NONE, NULL);

  if (manager == NULL || jxs_session_manager_is_closed (manager) || self->local == NULL)
    {
      jxs_session_end (self,
                       reason,
                       g_error_new_literal (JXS_ERROR,
                                            JXS_ERROR_CLOSED,
                                            _ ("The connection is closed")),
                       FALSE);
      return;
    }
  if (!jxs_content_choose_first (self->content))
    {
      jxs_session_end (self,
                       reason,
                       g_error_new_literal (JXS_ERROR,
                                            JXS_ERROR_NOT_SUPPORTED,
                                            _ ("There is no transport to offer")),
                       FALSE);
      return;
    }

  jxs_session_machine_handle (&self->machine, JXS_SESSION_EVENT_INITIATE);
  jxs_session_manager_insert (manager, self);
  if (timeout_ms != 0)
    self->deadline = jxs_clock_timeout_attach (
        timeout_ms, "[jxs] session-accept deadline", self->context, deadline_cb, self);
  set_state_changed (self);
  if (!self->ended)
    jxs_session_send (self, new_offer (self, JXS_JINGLE_SESSION_INITIATE));
}

void
jxs_session_accept (JxsSession *self, JxsElement *answer)
{
  clear_source (&self->deadline);
  self->local_description = jxs_element_ref (answer != NULL ? answer : self->remote_description);
  jxs_session_machine_handle (&self->machine, JXS_SESSION_EVENT_ACCEPT);
  self->round_trips++;

  /* What else was offered is removed before, so that the peer need not guess (XEP-0166 §6.4). */
  if (self->extra != NULL && self->extra->contents->len > 0)
    jxs_session_send_task (self, self->extra, NULL);
  if (!self->ended)
    jxs_session_send (self, new_offer (self, JXS_JINGLE_SESSION_ACCEPT));
  if (!self->ended)
    set_state_changed (self);
  if (!self->ended)
    jxs_content_start (self->content);
}

void
jxs_session_accepted (JxsSession *self, JxsElement *description)
{
  clear_source (&self->deadline);
  jxs_session_machine_handle (&self->machine, JXS_SESSION_EVENT_ACCEPTED);
  self->initiate_answered = TRUE;
  self->remote_description = jxs_element_ref (description);
  self->round_trips++;
  set_state_changed (self);
  g_object_notify (G_OBJECT (self), "description");
  if (!self->ended)
    jxs_content_start (self->content);
}

void
jxs_session_wait_for_application (JxsSession *self)
{
  self->deadline = jxs_clock_timeout_attach (JXS_SESSION_PENDING_TIMEOUT,
                                             "[jxs] incoming session deadline",
                                             self->context,
                                             deadline_cb,
                                             self);
  trace_state (self);
}

gboolean
jxs_session_contends (JxsSession *self, JxsElement *description)
{
  return self->machine.initiator && self->machine.state == JXS_SESSION_STATE_PENDING &&
         !self->initiate_answered && jxs_element_equal (self->local_description, description);
}

void
jxs_session_lose_tie (JxsSession *self, const char *winner_sid)
{
  g_autoptr (JxsReason) reason = jxs_reason_new_alternative_session (winner_sid, NULL);

  jxs_session_end (self,
                   reason,
                   g_error_new (JXS_ERROR,
                                JXS_ERROR_CONFLICT,
                                _ ("%s asked for the same session at the same time"),
                                jxs_jid_to_string (self->peer)),
                   FALSE);
}
