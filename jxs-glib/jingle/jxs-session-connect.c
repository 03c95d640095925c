/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

/* What the layer above does with a session: connects it, closes it. */

void
jxs_session_connect_async (JxsSession *self,
                           JxsElement *answer,
                           guint timeout_ms,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  const JxsSessionState state = self->machine.state;

  g_return_if_fail (JXS_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_session_connect_async);
  /* Cancellation ends the session; a stream that is there is handed out. */
  g_task_set_check_cancellable (task, FALSE);

  if (self->ended)
    {
      g_task_return_error (task,
                           self->error != NULL ? g_error_copy (self->error)
                                               : g_error_new_literal (JXS_ERROR,
                                                                      JXS_ERROR_CLOSED,
                                                                      _ ("The session has ended")));
      return;
    }
  if (self->connect_task != NULL || state == JXS_SESSION_STATE_ACTIVE ||
      (state == JXS_SESSION_STATE_PENDING && self->machine.initiator))
    {
      g_task_return_new_error (task,
                               G_IO_ERROR,
                               G_IO_ERROR_PENDING,
                               _ ("The session is being connected already"));
      return;
    }

  self->connect_task = g_object_ref (task);
  if (g_cancellable_is_cancelled (cancellable))
    {
      jxs_session_cancelled_cb (cancellable, self);
      return;
    }
  if (cancellable != NULL)
    {
      self->connect_cancel = g_cancellable_source_new (cancellable);
      g_source_set_static_name (self->connect_cancel, "[jxs] session cancelled");
      g_source_set_callback (self->connect_cancel,
                             G_SOURCE_FUNC (jxs_session_cancelled_cb),
                             self,
                             NULL);
      g_source_attach (self->connect_cancel, self->context);
    }

  if (self->machine.initiator)
    jxs_session_initiate (self, timeout_ms);
  else
    jxs_session_accept (self, answer);
}

GIOStream *
jxs_session_connect_finish (JxsSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_session_connect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
jxs_session_set_peer_features (JxsSession *self, GHashTable *features)
{
  jxs_content_set_peer_features (self->content, features);
}

JxsSecurity *
jxs_session_get_security (JxsSession *self)
{
  return jxs_content_get_security (self->content);
}

JxsTransport *
jxs_session_get_transport (JxsSession *self)
{
  return jxs_content_get_transport (self->content);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsSession *self = g_task_get_source_object (task);
  JxsReason *reason = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  jxs_transport_close_finish (JXS_TRANSPORT (source), result, &error);
  /* The peer may have ended it meanwhile: then this says nothing more. */
  jxs_session_end (self, reason, error != NULL ? g_error_copy (error) : NULL, TRUE);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

void
jxs_session_close_async (JxsSession *self,
                         JxsReason *reason,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  JxsReason *used;

  g_return_if_fail (JXS_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_session_close_async);
  used = reason != NULL ? jxs_reason_ref (reason) : jxs_reason_new (JXS_REASON_SUCCESS, NULL);
  g_task_set_task_data (task, used, (GDestroyNotify) jxs_reason_unref);

  if (self->ended || jxs_content_get_state (self->content) != JXS_CONTENT_READY)
    {
      jxs_session_terminate (self, reason);
      g_task_return_boolean (task, TRUE);
    }
  else if (self->closing)
    g_task_return_new_error (task,
                             G_IO_ERROR,
                             G_IO_ERROR_PENDING,
                             _ ("The session is being closed already"));
  else
    {
      self->closing = TRUE;
      jxs_transport_close_async (jxs_content_get_transport (self->content),
                                 cancellable,
                                 closed_cb,
                                 g_steal_pointer (&task));
    }
}

gboolean
jxs_session_close_finish (JxsSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_session_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
