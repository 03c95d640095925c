/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-stream-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/e2e/jxs-peer-opening-private.h>
#include <jxs-glib/e2e/jxs-peer-stream-codec-private.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>

static void drive (GTask *task, JxsPeerStreamEvent event);

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
opening_free (gpointer data)
{
  JxsPeerOpening *opening = data;

  g_clear_object (&opening->stream);
  g_clear_object (&opening->security);
  g_clear_object (&opening->stop);
  g_clear_pointer (&opening->context, g_main_context_unref);
  g_clear_pointer (&opening->sasl, jxs_sasl_exchange_unref);
  jxs_sasl_wipe (&opening->text);
  g_clear_error (&opening->error);
  g_free (opening);
}

/* ---- the life of an open stream ---- */

static GQuark
connection_quark (void)
{
  return g_quark_from_static_string ("jxs-peer-stream-connection");
}

JxsConnection *
jxs_peer_stream_get_connection (JxsXmlStream *stream)
{
  return g_object_get_qdata (G_OBJECT (stream), connection_quark ());
}

static void
connection_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GWeakRef *weak = user_data;
  g_autoptr (JxsXmlStream) stream = g_weak_ref_get (weak);

  /* The XML stream was complete: an untidy end below it loses nothing. */
  if (!g_io_stream_close_finish (G_IO_STREAM (source), result, &error))
    jxs_log_debug (source, "closing after the XML stream: %s", error->message);
  if (stream != NULL)
    jxs_xml_stream_beneath_closed (stream);
  g_weak_ref_clear (weak);
  g_free (weak);
}

/* Both sides closed. */
static void
close_connection (JxsXmlStream *stream, gpointer connection)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, stream);
  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, connection_closed_cb, weak);
}

static void
failed_connection_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_io_stream_close_finish (G_IO_STREAM (source), result, NULL);
}

static void
stream_closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  JxsConnection *connection = user_data;

  if (error == NULL)
    return;
  jxs_log_debug (stream, "XML stream failed: %s", error->message);
  jxs_connection_set_close_reason (connection, JXS_REASON_FAILED_APPLICATION);
  /* What was written last, a stream error for example, still has to reach the peer. */
  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, failed_connection_closed_cb, NULL);
}

static void
attach (JxsXmlStream *stream, JxsConnection *connection)
{
  g_object_set_qdata_full (G_OBJECT (stream),
                           connection_quark (),
                           g_object_ref (connection),
                           g_object_unref);
  jxs_xml_stream_set_beneath (stream, close_connection, connection);
  g_signal_connect (stream, "closed", G_CALLBACK (stream_closed_cb), connection);
}

/* ---- the end of opening ---- */

static JxsReasonCondition
reason_for (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return JXS_REASON_CANCEL;
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT))
    return JXS_REASON_TIMEOUT;
  if (error->domain == G_TLS_ERROR || g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY) ||
      g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED) ||
      g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION) ||
      g_error_matches (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_NOT_AUTHORIZED) ||
      g_error_matches (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION))
    return JXS_REASON_SECURITY_ERROR;
  return JXS_REASON_FAILED_APPLICATION;
}

/* Nothing of it is called any more. (transfer full) */
static GTask *
stop_all (GTask *task)
{
  JxsConnection *connection = g_task_get_source_object (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);

  clear_source (&opening->deadline);
  clear_source (&opening->cancelled);
  g_clear_signal_handler (&opening->ended_id, jxs_connection_get_session (connection));
  g_clear_signal_handler (&opening->closed_id, opening->stream);
  return g_steal_pointer (&opening->task);
}

static void
fail (GTask *owned_task)
{
  g_autoptr (GTask) task = stop_all (owned_task);
  JxsConnection *connection = g_task_get_source_object (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);
  const GError *session_error = jxs_connection_get_session_error (connection);

  if (session_error != NULL && !opening->told && !opening->decided &&
      !g_error_matches (opening->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&opening->error);
      opening->error = g_error_copy (session_error);
    }
  if (opening->told)
    {
      /* What was said last still has to reach the peer. */
      jxs_connection_set_close_reason (connection, reason_for (opening->error));
      g_io_stream_close_async (
          G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, failed_connection_closed_cb, NULL);
    }
  else
    jxs_connection_abort (connection, reason_for (opening->error), NULL);
  g_cancellable_cancel (opening->stop);
  g_task_return_error (task, g_steal_pointer (&opening->error));
}

static gboolean
reason_deadline_cb (gpointer user_data)
{
  fail (user_data);
  return G_SOURCE_REMOVE;
}

/* The peer may have ended the session for a reason that is still on its way. */
static gboolean
may_be_explained (JxsPeerOpening *opening, JxsConnection *connection)
{
  const GError *error = opening->error;

  return !opening->told && !opening->decided && !jxs_connection_is_session_over (connection) &&
         error->domain != JXS_STREAM_ERROR &&
         !g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT) &&
         !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
end (GTask *task)
{
  JxsConnection *connection = g_task_get_source_object (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);

  /* Its words have left. */
  if (opening->error->domain == JXS_STREAM_ERROR)
    opening->told = TRUE;
  if (!may_be_explained (opening, connection))
    {
      fail (task);
      return;
    }
  opening->waiting = TRUE;
  clear_source (&opening->deadline);
  opening->deadline = jxs_clock_timeout_attach (JXS_PEER_STREAM_REASON_TIMEOUT_MS,
                                                "[jxs] reason of a broken stream",
                                                opening->context,
                                                reason_deadline_cb,
                                                task);
}

/* ---- the steps ---- */

static void
element_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  g_autoptr (JxsElement) element = NULL;
  GError *error = NULL;

  element = jxs_xml_stream_read_element_finish (JXS_XML_STREAM (source), result, &error);
  if (element == NULL)
    {
      jxs_peer_opening_take_error (opening, error);
      drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
    }
  else
    {
      JxsPeerStreamEvent event = jxs_peer_opening_judge_element (opening, element);

      opening->decided = event == JXS_PEER_STREAM_EVENT_BROKEN;
      drive (task, event);
    }
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  g_autoptr (JxsElement) features = NULL;
  GError *error = NULL;

  opening->opened = TRUE;
  if (!jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, &features, &error))
    {
      jxs_peer_opening_take_error (opening, error);
      drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
    }
  else if (!opening->machine.initiator)
    drive (task, JXS_PEER_STREAM_EVENT_HEADERS);
  else
    drive (task, jxs_peer_opening_judge_features (opening, features));
}

static void
open_stream (GTask *task)
{
  JxsPeerOpening *opening = g_task_get_task_data (task);
  g_autoptr (JxsElement) features = NULL;

  if (!opening->machine.initiator && opening->machine.state == JXS_PEER_STREAM_PLAIN)
    {
      g_autoptr (JxsElement) offer = jxs_stream_security_build_offer (opening->security);

      features = jxs_peer_stream_build_tls_features (offer);
    }
  else if (!opening->machine.initiator)
    features = jxs_peer_stream_build_features (
        opening->machine.state == JXS_PEER_STREAM_SECURE ? opening->mechanism : NULL);
  if (opening->opened)
    jxs_xml_stream_restart (opening->stream, NULL);
  jxs_xml_stream_open_async (opening->stream,
                             features,
                             g_task_get_priority (task),
                             opening->stop,
                             opened_cb,
                             g_object_ref (task));
}

static void
paused_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  GError *error = NULL;

  if (!jxs_xml_stream_pause_finish (JXS_XML_STREAM (source), result, &error))
    {
      jxs_peer_opening_take_error (opening, error);
      drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
    }
  else if (jxs_peer_opening_is_alone (opening))
    drive (task, JXS_PEER_STREAM_EVENT_PAUSED);
  else
    {
      opening->decided = TRUE;
      opening->refusal = JXS_STREAM_ERROR_NOT_AUTHORIZED;
      drive (task, JXS_PEER_STREAM_EVENT_UNACCEPTABLE);
    }
}

/* Once nothing is left to be encrypted. */
static void
learn_mechanism (JxsPeerOpening *opening, JxsConnection *connection)
{
  GTlsConnection *tls = jxs_connection_get_tls_connection (connection);

  if (opening->security != NULL)
    opening->mechanism = jxs_stream_security_get_mechanism (opening->security);
  opening->machine.authenticate = opening->mechanism != NULL;
  if (opening->mechanism != NULL && !g_str_equal (opening->mechanism, "EXTERNAL"))
    {
      opening->machine.max_attempts = 1;
      opening->machine.late_verdict = TRUE;
    }
  else
    opening->machine.early_verdict =
        tls != NULL && g_tls_connection_get_peer_certificate (tls) != NULL;
}

static void
get_facts (JxsPeerOpening *opening, JxsConnectionFacts *facts)
{
  JxsStreamSecurityFacts found = { 0 };

  jxs_stream_security_get_facts (opening->security, &found);
  facts->local_fingerprint = found.local_fingerprint;
  facts->peer_fingerprint = found.peer_fingerprint;
  facts->trust_level = found.trust_level;
  facts->trust_origin = found.trust_origin;
  facts->security_method = found.method;
}

static void
secured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsConnection *connection = g_task_get_source_object (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);
  g_autoptr (GTlsConnection) tls = NULL;
  JxsConnectionFacts facts;
  GError *error = NULL;

  tls = jxs_stream_security_secure_finish (opening->security, result, &error);
  if (tls == NULL || opening->machine.state != JXS_PEER_STREAM_HANDSHAKE)
    {
      if (error != NULL)
        {
          opening->decided = g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY) ||
                             g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
          jxs_peer_opening_take_error (opening, error);
        }
      drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
      return;
    }
  get_facts (opening, &facts);
  jxs_connection_upgrade (connection, tls, &facts);
  learn_mechanism (opening, connection);
  drive (task, JXS_PEER_STREAM_EVENT_SECURED);
}

static void
computed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  GError *error = NULL;
  JxsPeerStreamEvent event;

  jxs_sasl_wipe (&opening->text);
  if (jxs_sasl_exchange_step_finish (result, &opening->text, &error))
    {
      if (opening->machine.state != JXS_PEER_STREAM_COMPUTING &&
          opening->machine.state != JXS_PEER_STREAM_CONFIRMING)
        return;
      if (!opening->machine.initiator)
        event = jxs_peer_opening_judge_proof (opening);
      else if (opening->machine.state == JXS_PEER_STREAM_CONFIRMING)
        event = JXS_PEER_STREAM_EVENT_CONVINCED;
      else
        event = JXS_PEER_STREAM_EVENT_MORE;
    }
  else if (error->domain == JXS_SASL_ERROR)
    {
      event = jxs_peer_opening_reject (opening, (JxsSaslError) error->code);
      g_error_free (error);
    }
  else
    {
      event = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                  ? JXS_PEER_STREAM_EVENT_BROKEN
                  : JXS_PEER_STREAM_EVENT_UNACCEPTABLE;
      opening->refusal = JXS_STREAM_ERROR_POLICY_VIOLATION;
      jxs_peer_opening_take_error (opening, error);
    }
  drive (task, event);
}

static gboolean
send (GTask *task, JxsElement *owned_element)
{
  g_autoptr (JxsElement) element = owned_element;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  GError *error = NULL;

  if (jxs_xml_stream_send_element (opening->stream, element, &error))
    return TRUE;
  jxs_peer_opening_take_error (opening, error);
  drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
  return FALSE;
}

static gboolean
send_tls (GTask *task, const char *name)
{
  JxsPeerOpening *opening = g_task_get_task_data (task);
  g_autoptr (JxsElement) offer = jxs_stream_security_build_offer (opening->security);

  return send (task, jxs_peer_stream_build_tls (name, offer));
}

static gboolean
send_auth (GTask *task)
{
  JxsPeerOpening *opening = g_task_get_task_data (task);

  opening->refusal = JXS_STREAM_ERROR_POLICY_VIOLATION;
  opening->sasl = jxs_stream_security_start_sasl (opening->security, TRUE, &opening->error);
  if (opening->sasl == NULL ||
      !jxs_sasl_exchange_start (opening->sasl, &opening->text, &opening->error))
    {
      drive (task, JXS_PEER_STREAM_EVENT_UNACCEPTABLE);
      return FALSE;
    }
  return send (task, jxs_peer_stream_build_sasl ("auth", opening->mechanism, opening->text));
}

static gboolean
send_failure (GTask *task)
{
  JxsPeerOpening *opening = g_task_get_task_data (task);

  if (opening->machine.state == JXS_PEER_STREAM_ENDING)
    jxs_peer_opening_take_problem (
        opening,
        JXS_ERROR_AUTHENTICATION,
        g_strcmp0 (opening->mechanism, "EXTERNAL") == 0 ? _ ("The peer did not prove who it is")
        : opening->mechanism != NULL
            ? _ ("The peer does not know the password that was entered here")
            : _ ("The peer wanted to authenticate without encryption"));
  return send (task, jxs_sasl_failure_build (opening->condition));
}

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);
  JxsConnectionFacts facts;
  GError *error = NULL;

  if (jxs_stream_security_confirm_finish (opening->security, result, &error))
    {
      get_facts (opening, &facts);
      jxs_connection_set_facts (g_task_get_source_object (task), &facts);
      drive (task, JXS_PEER_STREAM_EVENT_JUDGED);
      return;
    }
  jxs_peer_opening_take_error (opening, error);
  opening->refusal = JXS_STREAM_ERROR_NOT_AUTHORIZED;
  drive (task, JXS_PEER_STREAM_EVENT_UNACCEPTABLE);
}

/* FALSE: that failed, and everything is over. */
static gboolean
say (GTask *task, JxsPeerStreamActions actions)
{
  JxsPeerOpening *opening = g_task_get_task_data (task);

  if ((actions & JXS_PEER_STREAM_ACTION_SEND_STARTTLS) && !send_tls (task, "starttls"))
    return FALSE;
  if ((actions & JXS_PEER_STREAM_ACTION_SEND_PROCEED) && !send_tls (task, "proceed"))
    return FALSE;
  if ((actions & JXS_PEER_STREAM_ACTION_SEND_TLS_FAILURE) &&
      !send (task, jxs_peer_stream_build_tls ("failure", NULL)))
    return FALSE;
  if ((actions & JXS_PEER_STREAM_ACTION_SEND_AUTH) && !send_auth (task))
    return FALSE;
  if ((actions & JXS_PEER_STREAM_ACTION_SEND_WORD) &&
      !send (task,
             jxs_peer_stream_build_sasl (opening->machine.initiator ? "response" : "challenge",
                                         NULL,
                                         opening->text)))
    return FALSE;
  if ((actions & JXS_PEER_STREAM_ACTION_SEND_SUCCESS) &&
      !send (task, jxs_peer_stream_build_sasl ("success", NULL, opening->text)))
    return FALSE;
  return (actions & JXS_PEER_STREAM_ACTION_SEND_FAILURE) == 0 || send_failure (task);
}

static void
confirm (GTask *owned_task)
{
  g_autoptr (GTask) task = stop_all (owned_task);
  JxsPeerOpening *opening = g_task_get_task_data (task);

  attach (opening->stream, g_task_get_source_object (task));
  jxs_xml_stream_set_open (opening->stream);
  g_task_return_pointer (task, g_object_ref (opening->stream), g_object_unref);
}

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  jxs_xml_stream_close_finish (JXS_XML_STREAM (source), result, NULL);
}

static void
act (GTask *task, JxsPeerStreamActions actions)
{
  JxsConnection *connection = g_task_get_source_object (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);

  if (!say (task, actions))
    return;
  if (actions & JXS_PEER_STREAM_ACTION_JUDGE)
    jxs_stream_security_confirm_async (opening->security,
                                       opening->stop,
                                       confirmed_cb,
                                       g_object_ref (task));
  if (actions & JXS_PEER_STREAM_ACTION_READ)
    jxs_xml_stream_read_element_async (opening->stream,
                                       opening->stop,
                                       element_cb,
                                       g_object_ref (task));
  if (actions & JXS_PEER_STREAM_ACTION_COMPUTE)
    jxs_sasl_exchange_step_async (opening->sasl,
                                  opening->text,
                                  opening->machine.state == JXS_PEER_STREAM_CONFIRMING,
                                  g_task_get_priority (task),
                                  opening->stop,
                                  computed_cb,
                                  g_object_ref (task));
  if (actions & JXS_PEER_STREAM_ACTION_PAUSE)
    jxs_xml_stream_pause_async (opening->stream, opening->stop, paused_cb, g_object_ref (task));
  if (actions & JXS_PEER_STREAM_ACTION_SECURE)
    jxs_stream_security_secure_async (
        opening->security, connection->stream, opening->stop, secured_cb, g_object_ref (task));
  if (actions & JXS_PEER_STREAM_ACTION_OPEN)
    open_stream (task);
  if (actions & JXS_PEER_STREAM_ACTION_CONFIRM)
    confirm (task);
  if (actions & (JXS_PEER_STREAM_ACTION_REFUSE | JXS_PEER_STREAM_ACTION_CLOSE))
    opening->told = TRUE;
  if (actions & JXS_PEER_STREAM_ACTION_REFUSE)
    {
      g_autoptr (GError) error = jxs_stream_error_new (opening->refusal);

      jxs_xml_stream_fail (opening->stream, error);
    }
  if (actions & JXS_PEER_STREAM_ACTION_CLOSE)
    jxs_xml_stream_close_async (opening->stream, g_task_get_priority (task), NULL, close_cb, NULL);
  if (actions & JXS_PEER_STREAM_ACTION_FAIL)
    end (task);
}

static gboolean
deadline_cb (gpointer user_data)
{
  GTask *task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);

  opening->refusal = JXS_STREAM_ERROR_CONNECTION_TIMEOUT;
  jxs_peer_opening_take_problem (opening,
                                 JXS_ERROR_TIMED_OUT,
                                 _ ("The peer did not open the stream in time"));
  drive (task, JXS_PEER_STREAM_EVENT_DEADLINE);
  return G_SOURCE_REMOVE;
}

static void
drive (GTask *task, JxsPeerStreamEvent event)
{
  g_autoptr (GTask) keep = g_object_ref (task);
  JxsPeerOpening *opening = g_task_get_task_data (task);
  JxsPeerStreamState before = opening->machine.state;
  JxsPeerStreamActions actions = jxs_peer_stream_machine_handle (&opening->machine, event);
  guint limit = jxs_peer_stream_machine_get_timeout (&opening->machine);

  if (opening->machine.state != before)
    jxs_log_debug (opening->stream,
                   "%s -> %s",
                   jxs_peer_stream_state_to_name (before),
                   jxs_peer_stream_state_to_name (opening->machine.state));
  if (limit != opening->limit)
    {
      clear_source (&opening->deadline);
      opening->limit = limit;
      if (limit > 0)
        opening->deadline = jxs_clock_timeout_attach (
            limit, "[jxs] opening a stream", opening->context, deadline_cb, task);
    }
  if (actions != 0)
    act (task, actions);
}

/* ---- what happens meanwhile ---- */

static void
session_ended_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  GTask *task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);

  if (opening->waiting)
    fail (task);
  /* Elsewhere it shows in what is read. */
  else if (opening->machine.state == JXS_PEER_STREAM_HANDSHAKE ||
           opening->machine.state == JXS_PEER_STREAM_JUDGING)
    {
      if (error != NULL)
        jxs_peer_opening_take_error (opening, g_error_copy (error));
      else
        jxs_peer_opening_take_problem (opening,
                                       JXS_ERROR_CLOSED,
                                       _ ("The peer ended the session first"));
      g_cancellable_cancel (opening->stop);
    }
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  GTask *task = user_data;
  JxsPeerOpening *opening = g_task_get_task_data (task);

  if (error != NULL)
    jxs_peer_opening_take_error (opening, g_error_copy (error));
  else
    jxs_peer_opening_take_problem (opening, JXS_ERROR_CLOSED, _ ("The peer closed the stream"));
  drive (task, JXS_PEER_STREAM_EVENT_ENDED);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  JxsPeerOpening *opening = g_task_get_task_data (task);

  g_clear_error (&opening->error);
  jxs_peer_opening_take_error (opening,
                               g_error_new_literal (G_IO_ERROR,
                                                    G_IO_ERROR_CANCELLED,
                                                    _ ("Operation was cancelled")));
  opening->told = FALSE;
  g_cancellable_cancel (opening->stop);
  if (opening->waiting)
    fail (task);
  else
    drive (task, JXS_PEER_STREAM_EVENT_BROKEN);
  return G_SOURCE_REMOVE;
}

void
jxs_peer_stream_open_async (JxsConnection *connection,
                            const JxsPeerStreamParams *params,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (connection, cancellable, callback, user_data);
  JxsSession *session = jxs_connection_get_session (connection);
  gboolean initiator = jxs_session_is_initiator (session);
  JxsPeerOpening *opening = g_new0 (JxsPeerOpening, 1);

  g_task_set_source_tag (task, jxs_peer_stream_open_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, opening, opening_free);
  opening->task = task;
  opening->context = g_main_context_ref_thread_default ();
  opening->stop = g_cancellable_new ();
  opening->stream =
      jxs_xml_stream_new (G_IO_STREAM (connection),
                          initiator ? JXS_XML_STREAM_INITIATOR : JXS_XML_STREAM_RECEIVER,
                          JXS_XML_STREAM_PEER,
                          jxs_session_get_local_jid (session),
                          jxs_session_get_peer_jid (session));
  /* Ours are tighter. */
  jxs_xml_stream_set_opening_deadline (opening->stream, JXS_PEER_STREAM_OPEN_TIMEOUT_MS + 1);
  jxs_peer_stream_machine_init (&opening->machine, initiator);
  if (params != NULL && params->security != NULL)
    {
      opening->security = g_object_ref (params->security);
      opening->optional = params->optional;
      opening->machine.encrypt = jxs_stream_security_needs_tls (opening->security);
    }
  if (!opening->machine.encrypt)
    learn_mechanism (opening, connection);
  opening->ended_id =
      g_signal_connect_after (session, "ended", G_CALLBACK (session_ended_cb), task);
  opening->closed_id = g_signal_connect (opening->stream, "closed", G_CALLBACK (closed_cb), task);
  if (cancellable != NULL)
    {
      opening->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (opening->cancelled, "[jxs] opening a stream cancelled");
      g_source_set_callback (opening->cancelled, G_SOURCE_FUNC (cancelled_cb), task, NULL);
      g_source_attach (opening->cancelled, opening->context);
    }
  drive (task, JXS_PEER_STREAM_EVENT_START);
}

JxsXmlStream *
jxs_peer_stream_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_peer_stream_open_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
