/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-content-impl-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>

/* What a content does on its way to the stream: each action of the machine. */

/* An asynchronous step belongs to one attempt, told by its cancellable. */
typedef struct
{
  JxsContent *content;       /* (owned) */
  GCancellable *cancellable; /* (owned) */
} Attempt;

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

static void
run_out_of_time (JxsContent *self, JxsContentEvent event)
{
  const JxsContentState state = self->machine.state;
  const char *message = _ ("The peer did not go on with the negotiation");
  g_autoptr (GError) error = NULL;

  if (state == JXS_CONTENT_CONNECTING)
    message = _ ("The connection could not be made in time");
  else if (state == JXS_CONTENT_SECURING)
    message = _ ("The connection was made, but could not be encrypted in time");
  error = g_error_new_literal (JXS_ERROR, JXS_ERROR_TIMED_OUT, message);
  jxs_failures_add (&self->failures, error);
  if (state == JXS_CONTENT_CONNECTING)
    report_step (self, "transport-failed", TRUE, error);
  else if (state == JXS_CONTENT_SECURING)
    report_step (self, "security-failed", TRUE, error);
  jxs_content_feed (self, event);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
limit_cb (gpointer user_data)
{
  g_autoptr (JxsContent) self = g_object_ref (user_data);

  clear_source (&self->limit);
  run_out_of_time (self, JXS_CONTENT_EVENT_LIMIT);

  return G_SOURCE_REMOVE;
}

void
jxs_content_set_limit (JxsContent *self, guint limit_ms)
{
  clear_source (&self->limit);
  self->limit_at = 0;
  if (limit_ms == 0)
    return;
  self->limit_at = jxs_clock_now () + 1000 * (gint64) limit_ms;
  self->limit =
      jxs_clock_timeout_attach (limit_ms, "[jxs] content limit", self->context, limit_cb, self);
}

/* People take the time they need. */
void
jxs_content_asking_cb (JxsSecurity *security, gboolean asking, JxsContent *self)
{
  if (asking && self->limit != NULL)
    {
      clear_source (&self->limit);
      clear_source (&self->deadline);
      self->limit_at -= jxs_clock_now ();
    }
  else if (!asking && self->limit == NULL && self->limit_at > 0 &&
           self->machine.state < JXS_CONTENT_READY)
    jxs_content_set_limit (self, (guint) MAX (self->limit_at / 1000, 1));
}

static gboolean
deadline_cb (gpointer user_data)
{
  g_autoptr (JxsContent) self = g_object_ref (user_data);

  clear_source (&self->deadline);
  run_out_of_time (self, JXS_CONTENT_EVENT_DEADLINE);

  return G_SOURCE_REMOVE;
}

void
jxs_content_set_deadline (JxsContent *self, guint deadline_ms)
{
  clear_source (&self->deadline);
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

static JxsTransport *
make_transport (JxsContent *self, const JxsTransportFactory *factory, const char *namespace_uri)
{
  JxsTransport *transport = factory->create (
      self->router, self->peer, self->initiator, namespace_uri, factory->user_data);

  if (transport == NULL)
    return NULL;
  jxs_transport_set_candidates (transport, self->candidates);
  g_signal_connect_object (transport, "send-info", G_CALLBACK (transport_send_info_cb), self, 0);

  return transport;
}

/* The peer's transport, of a namespace that one of ours serves. */
JxsTransport *
jxs_content_make_remote_transport (JxsContent *self, JxsElement *element, GError **error)
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

JxsTransport *
jxs_content_make_next_transport (JxsContent *self)
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
      g_error_new_literal (JXS_ERROR, JXS_ERROR_CONNECTIVITY, _ ("The connection was given up"));

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
      jxs_failures_add (&self->failures, error);
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
      g_clear_error (&self->refusal);
      self->refusal = g_steal_pointer (&error);
      jxs_content_feed (self, JXS_CONTENT_EVENT_REFUSED);
    }
  else
    {
      jxs_failures_add (&self->failures, error);
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
  self->proposed = jxs_content_make_next_transport (self);
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
  g_autofree char *why = NULL;
  g_autoptr (GError) error = NULL;

  if (security)
    {
      self->funcs->failed (self->owner, JXS_REASON_SECURITY_ERROR, self->refusal);
      return;
    }

  why = jxs_failures_describe (&self->failures);
  error = g_error_new (JXS_ERROR,
                       JXS_ERROR_CONNECTIVITY,
                       _ ("No connection to %s could be made: %s"),
                       jxs_jid_to_string (self->peer),
                       why != NULL ? why : _ ("no transport is left"));
  self->funcs->failed (self->owner, JXS_REASON_FAILED_TRANSPORT, error);
}

/* Everything here may run code of others: each step looks again whether the content still lives. */
void
jxs_content_perform (JxsContent *self, JxsContentActions actions)
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
      self->agreed = TRUE;
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

/* Of the state, but time must be left for the next transport. A responder, who cannot propose one,
 * does not give up before the initiator does: it may have nothing better. */
static guint
get_deadline (JxsContent *self)
{
  const guint third = self->connect_timeout / 3;
  gint64 left = self->limit_at - jxs_clock_now ();

  if ((self->machine.state != JXS_CONTENT_CONNECTING &&
       self->machine.state != JXS_CONTENT_SECURING) ||
      !self->initiator || !self->machine.has_next || self->limit == NULL)
    return self->machine.deadline_ms;

  return MIN (self->machine.deadline_ms, (guint) MAX (left / 1000 - third, third / 2));
}

/* The machine's word, without doing anything yet. */
JxsContentActions
jxs_content_consult (JxsContent *self, JxsContentEvent event)
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
      jxs_content_set_deadline (self, get_deadline (self));
      if (self->machine.state == JXS_CONTENT_READY || self->machine.state == JXS_CONTENT_DEAD)
        jxs_content_set_limit (self, 0);
    }

  return actions;
}

void
jxs_content_feed (JxsContent *self, JxsContentEvent event)
{
  jxs_content_perform (self, jxs_content_consult (self, event));
}
