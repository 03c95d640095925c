/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-stream-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* One stream being opened. */
typedef struct
{
  JxsXmlStream *stream;  /* (owned) */
  GMainContext *context; /* (owned) */
  GSource *deadline;     /* (owned) (nullable) */
  gulong ended_id;       /* of the session, while its reason is awaited */
  GError *error;         /* (owned) (nullable): what broke the stream */
} Opening;

static void
clear_deadline (Opening *opening)
{
  if (opening->deadline != NULL)
    g_source_destroy (opening->deadline);
  g_clear_pointer (&opening->deadline, g_source_unref);
}

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  clear_deadline (opening);
  g_clear_object (&opening->stream);
  g_clear_pointer (&opening->context, g_main_context_unref);
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

/* ---- opening ---- */

static JxsReasonCondition
reason_for (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return JXS_REASON_CANCEL;
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_TIMED_OUT))
    return JXS_REASON_TIMEOUT;
  if (error->domain == G_TLS_ERROR || g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY))
    return JXS_REASON_SECURITY_ERROR;
  return JXS_REASON_FAILED_APPLICATION;
}

/* Takes the task. */
static void
fail (GTask *owned_task)
{
  g_autoptr (GTask) task = owned_task;
  JxsConnection *connection = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  const GError *session_error = jxs_connection_get_session_error (connection);

  clear_deadline (opening);
  if (opening->ended_id != 0)
    g_signal_handler_disconnect (jxs_connection_get_session (connection), opening->ended_id);
  opening->ended_id = 0;
  if (session_error != NULL && !g_error_matches (opening->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&opening->error);
      opening->error = g_error_copy (session_error);
    }
  jxs_connection_abort (connection, reason_for (opening->error), NULL);
  g_task_return_error (task, g_steal_pointer (&opening->error));
}

static void
session_ended_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  fail (user_data);
}

static gboolean
reason_deadline_cb (gpointer user_data)
{
  fail (user_data);
  return G_SOURCE_REMOVE;
}

/* The peer may have ended the session for a reason that is still on its way. Takes the task. */
static void
wait_for_reason (GTask *task)
{
  Opening *opening = g_task_get_task_data (task);
  JxsConnection *connection = g_task_get_source_object (task);

  clear_deadline (opening);
  opening->ended_id = g_signal_connect_after (jxs_connection_get_session (connection),
                                              "ended",
                                              G_CALLBACK (session_ended_cb),
                                              task);
  opening->deadline = jxs_clock_timeout_attach (JXS_PEER_STREAM_REASON_TIMEOUT_MS,
                                                "[jxs] reason of a broken stream",
                                                opening->context,
                                                reason_deadline_cb,
                                                task);
}

/* Over XTLS there is nothing left to negotiate; what a peer demands cannot be met. */
static gboolean
check_features (JxsElement *features, GError **error)
{
  for (JxsElement *child = features != NULL ? jxs_element_get_first_child (features) : NULL;
       child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_find_child (child, "required", NULL) != NULL)
      {
        g_autofree char *name = jxs_log_sanitize (jxs_element_get_name (child), 64);

        g_set_error (error,
                     JXS_ERROR,
                     JXS_ERROR_NOT_SUPPORTED,
                     _ ("The peer demands the stream feature “%s”"),
                     name);
        return FALSE;
      }
  return TRUE;
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsXmlStream *stream = JXS_XML_STREAM (source);
  JxsConnection *connection = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  g_autoptr (JxsElement) features = NULL;

  if (!jxs_xml_stream_open_finish (stream, result, &features, &opening->error))
    {
      if (g_error_matches (opening->error, JXS_ERROR, JXS_ERROR_TIMED_OUT) ||
          jxs_connection_is_session_over (connection) ||
          g_error_matches (opening->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
          opening->error->domain == JXS_STREAM_ERROR)
        fail (g_steal_pointer (&task));
      else
        wait_for_reason (g_steal_pointer (&task));
      return;
    }
  if (!check_features (features, &opening->error))
    {
      fail (g_steal_pointer (&task));
      return;
    }
  attach (stream, connection);
  jxs_xml_stream_set_open (stream);
  g_task_return_pointer (task, g_object_ref (stream), g_object_unref);
}

void
jxs_peer_stream_open_async (JxsConnection *connection,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (connection, cancellable, callback, user_data);
  JxsSession *session = jxs_connection_get_session (connection);
  JxsXmlStreamRole role =
      jxs_session_is_initiator (session) ? JXS_XML_STREAM_INITIATOR : JXS_XML_STREAM_RECEIVER;
  Opening *opening = g_new0 (Opening, 1);

  g_task_set_source_tag (task, jxs_peer_stream_open_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, opening, opening_free);
  opening->context = g_main_context_ref_thread_default ();
  opening->stream = jxs_xml_stream_new (G_IO_STREAM (connection),
                                        role,
                                        JXS_XML_STREAM_PEER,
                                        jxs_session_get_local_jid (session),
                                        jxs_session_get_peer_jid (session));
  jxs_xml_stream_set_opening_deadline (opening->stream, JXS_PEER_STREAM_OPEN_TIMEOUT_MS);
  jxs_xml_stream_open_async (
      opening->stream, NULL, io_priority, cancellable, opened_cb, g_steal_pointer (&task));
}

JxsXmlStream *
jxs_peer_stream_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_peer_stream_open_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
