/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-xml-stream-private.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-xml-stream-impl-private.h>

JxsXmlStream *
jxs_xml_stream_new (
    GIOStream *io_stream, JxsXmlStreamRole role, JxsXmlStreamKind kind, JxsJid *local, JxsJid *peer)
{
  JxsXmlStream *self;

  g_return_val_if_fail (G_IS_IO_STREAM (io_stream), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (local != NULL || kind == JXS_XML_STREAM_SERVER, NULL);

  self = g_object_new (JXS_TYPE_XML_STREAM, NULL);
  self->io_stream = g_object_ref (io_stream);
  self->role = role;
  self->local = local != NULL ? jxs_jid_ref (local) : NULL;
  self->peer = jxs_jid_ref (peer);
  jxs_stream_engine_set_parties (self->engine, role, kind, local, peer);
  return self;
}

void
jxs_xml_stream_open_async (JxsXmlStream *self,
                           JxsElement *features,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  task = jxs_xml_stream_begin (
      self, jxs_xml_stream_open_async, io_priority, cancellable, callback, user_data);
  if (task == NULL)
    return;
  if (jxs_stream_engine_get_state (self->engine) != JXS_STREAM_STATE_NEW)
    {
      g_task_return_error (task, jxs_stream_engine_dup_error (self->engine));
      return;
    }

  jxs_stream_waiters_add (self->waiters, g_steal_pointer (&task), JXS_STREAM_WAIT_OPENED, 0);
  if (!jxs_stream_engine_open (self->engine, self->io_stream, features, io_priority, &error))
    jxs_stream_engine_handle (self->engine, JXS_STREAM_EVENT_BROKEN, error);
}

gboolean
jxs_xml_stream_open_finish (JxsXmlStream *self,
                            GAsyncResult *result,
                            JxsElement **features,
                            GError **error)
{
  g_autoptr (JxsElement) received = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_open_async), FALSE);

  if (g_task_had_error (G_TASK (result)))
    return g_task_propagate_pointer (G_TASK (result), error) != NULL;
  received = g_task_propagate_pointer (G_TASK (result), NULL);
  if (features != NULL)
    *features = g_steal_pointer (&received);
  return TRUE;
}

/* Begins a call that only makes sense while negotiating, one at a time. */
static GTask *
begin_negotiating (JxsXmlStream *self,
                   gpointer tag,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task =
      jxs_xml_stream_begin (self, tag, G_PRIORITY_DEFAULT, cancellable, callback, user_data);

  if (task == NULL)
    return NULL;
  if (jxs_stream_engine_get_state (self->engine) != JXS_STREAM_STATE_NEGOTIATING)
    {
      g_task_return_error (task, jxs_stream_engine_dup_error (self->engine));
      return NULL;
    }
  if (self->paused || jxs_stream_waiters_has (self->waiters, JXS_STREAM_WAIT_ELEMENT))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The stream is busy");
      return NULL;
    }
  return g_steal_pointer (&task);
}

void
jxs_xml_stream_read_element_async (JxsXmlStream *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  GTask *task =
      begin_negotiating (self, jxs_xml_stream_read_element_async, cancellable, callback, user_data);

  if (task == NULL)
    return;
  jxs_stream_waiters_add (self->waiters, task, JXS_STREAM_WAIT_ELEMENT, 0);
  jxs_stream_engine_want_element (self->engine, TRUE);
}

JxsElement *
jxs_xml_stream_read_element_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_read_element_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
jxs_xml_stream_send_element (JxsXmlStream *self, JxsElement *element, GError **error)
{
  if (jxs_stream_engine_get_state (self->engine) != JXS_STREAM_STATE_NEGOTIATING)
    {
      g_propagate_error (error, jxs_stream_engine_dup_error (self->engine));
      return FALSE;
    }
  return jxs_stream_engine_send (self->engine, element, error);
}

void
jxs_xml_stream_pause_async (JxsXmlStream *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task =
      begin_negotiating (self, jxs_xml_stream_pause_async, cancellable, callback, user_data);

  if (task == NULL)
    return;
  self->paused = TRUE;
  jxs_stream_engine_set_paused (self->engine, TRUE);
  if (jxs_stream_engine_get_queued (self->engine) == 0)
    g_task_return_boolean (task, TRUE);
  else
    jxs_stream_waiters_add (self->waiters, g_steal_pointer (&task), JXS_STREAM_WAIT_PAUSED, 0);
}

gboolean
jxs_xml_stream_pause_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_pause_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
jxs_xml_stream_is_quiet (JxsXmlStream *self, gboolean strictly)
{
  return jxs_stream_engine_is_quiet (self->engine, strictly);
}

void
jxs_xml_stream_restart (JxsXmlStream *self, GIOStream *io_stream)
{
  g_return_if_fail (!jxs_stream_waiters_has (self->waiters, JXS_STREAM_WAIT_ELEMENT));

  if (jxs_stream_engine_get_state (self->engine) != JXS_STREAM_STATE_NEGOTIATING)
    return;

  self->restarted = TRUE;
  self->paused = FALSE;
  jxs_stream_engine_restart (self->engine);
  if (io_stream != NULL)
    g_set_object (&self->io_stream, io_stream);
}

void
jxs_xml_stream_set_open (JxsXmlStream *self)
{
  jxs_stream_engine_set_open (self->engine);
}

void
jxs_xml_stream_set_peer_timeout (JxsXmlStream *self, guint silence_s, guint answer_s)
{
  jxs_stream_engine_set_watch (self->engine, silence_s, answer_s);
}

void
jxs_xml_stream_fail (JxsXmlStream *self, const GError *error)
{
  g_return_if_fail (error != NULL);

  jxs_stream_engine_handle (self->engine, JXS_STREAM_EVENT_REFUSE, error);
}
