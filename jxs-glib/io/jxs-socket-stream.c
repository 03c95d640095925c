/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-socket-stream-private.h"

#include "jxs-socket-core-private.h"

#include <jxs-glib/base/jxs-clock-private.h>

#define LINGER_MS 2000 /* for a relay to end its direction too; it may not */

/* The two streams are thin: everything is in the core they share with the JxsSocketStream. */

#define JXS_TYPE_SOCKET_INPUT (jxs_socket_input_get_type ())
G_DECLARE_FINAL_TYPE (JxsSocketInput, jxs_socket_input, JXS, SOCKET_INPUT, GInputStream)

struct _JxsSocketInput
{
  GInputStream parent_instance;
  JxsSocketCore *core; /* (owned) */
};

static void jxs_socket_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsSocketInput,
                               jxs_socket_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      jxs_socket_input_pollable_init))

static gssize
jxs_socket_input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return jxs_socket_core_read (
      JXS_SOCKET_INPUT (stream)->core, buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_socket_input_read_nonblocking (GPollableInputStream *stream,
                                   void *buffer,
                                   gsize count,
                                   GError **error)
{
  return jxs_socket_core_read (JXS_SOCKET_INPUT (stream)->core, buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_socket_input_is_readable (GPollableInputStream *stream)
{
  return jxs_socket_core_is_ready (JXS_SOCKET_INPUT (stream)->core, G_IO_IN);
}

static GSource *
jxs_socket_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return jxs_socket_core_create_source (JXS_SOCKET_INPUT (stream)->core,
                                        G_OBJECT (stream),
                                        G_IO_IN,
                                        cancellable);
}

static gboolean
jxs_socket_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  jxs_socket_core_forget_read_ahead (JXS_SOCKET_INPUT (stream)->core);
  return TRUE;
}

/* Closing never waits: no thread is needed for it. */
static void
jxs_socket_input_close_async (GInputStream *stream,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_socket_input_close_async);
  g_task_set_priority (task, io_priority);
  jxs_socket_core_forget_read_ahead (JXS_SOCKET_INPUT (stream)->core);
  g_task_return_boolean (task, TRUE);
}

static gboolean
jxs_socket_input_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_socket_input_finalize (GObject *object)
{
  g_clear_pointer (&JXS_SOCKET_INPUT (object)->core, jxs_socket_core_unref);
  G_OBJECT_CLASS (jxs_socket_input_parent_class)->finalize (object);
}

static void
jxs_socket_input_class_init (JxsSocketInputClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_socket_input_finalize;
  stream_class->read_fn = jxs_socket_input_read;
  stream_class->close_fn = jxs_socket_input_close;
  stream_class->close_async = jxs_socket_input_close_async;
  stream_class->close_finish = jxs_socket_input_close_finish;
}

static void
jxs_socket_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = jxs_socket_input_is_readable;
  iface->create_source = jxs_socket_input_create_source;
  iface->read_nonblocking = jxs_socket_input_read_nonblocking;
}

static void
jxs_socket_input_init (JxsSocketInput *self)
{
}

#define JXS_TYPE_SOCKET_OUTPUT (jxs_socket_output_get_type ())
G_DECLARE_FINAL_TYPE (JxsSocketOutput, jxs_socket_output, JXS, SOCKET_OUTPUT, GOutputStream)

struct _JxsSocketOutput
{
  GOutputStream parent_instance;
  JxsSocketCore *core; /* (owned) */
  int half_close;      /* atomic: TLS closes from its own thread */
};

static void jxs_socket_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsSocketOutput,
                               jxs_socket_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      jxs_socket_output_pollable_init))

static gssize
jxs_socket_output_write (GOutputStream *stream,
                         const void *buffer,
                         gsize count,
                         GCancellable *cancellable,
                         GError **error)
{
  return jxs_socket_core_write (
      JXS_SOCKET_OUTPUT (stream)->core, buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_socket_output_write_nonblocking (GPollableOutputStream *stream,
                                     const void *buffer,
                                     gsize count,
                                     GError **error)
{
  return jxs_socket_core_write (
      JXS_SOCKET_OUTPUT (stream)->core, buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_socket_output_is_writable (GPollableOutputStream *stream)
{
  return jxs_socket_core_is_ready (JXS_SOCKET_OUTPUT (stream)->core, G_IO_OUT);
}

static GSource *
jxs_socket_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return jxs_socket_core_create_source (JXS_SOCKET_OUTPUT (stream)->core,
                                        G_OBJECT (stream),
                                        G_IO_OUT,
                                        cancellable);
}

static gboolean
jxs_socket_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return jxs_socket_core_flush (JXS_SOCKET_OUTPUT (stream)->core, TRUE, cancellable, error);
}

static gboolean
jxs_socket_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  JxsSocketOutput *self = JXS_SOCKET_OUTPUT (stream);
  g_autoptr (GError) problem = NULL;

  /* Of a connection that the peer has reset nobody is left to be told; reading tells of that. */
  if (!g_atomic_int_get (&self->half_close) ||
      jxs_socket_core_shutdown_write (self->core, &problem) ||
      g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
finish_flush_or_close (GTask *task)
{
  JxsSocketOutput *self = g_task_get_source_object (task);
  gboolean closing = GPOINTER_TO_INT (g_task_get_task_data (task));
  g_autoptr (GError) error = NULL;

  if (!jxs_socket_core_flush (self->core, FALSE, NULL, &error) ||
      (closing && !jxs_socket_output_close (G_OUTPUT_STREAM (self), NULL, &error)))
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return FALSE;
      g_task_return_error (task, g_steal_pointer (&error));
      return TRUE;
    }
  g_task_return_boolean (task, TRUE);
  return TRUE;
}

static gboolean
flush_ready_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  GTask *task = user_data;

  if (g_task_return_error_if_cancelled (task) || finish_flush_or_close (task))
    return G_SOURCE_REMOVE;
  return G_SOURCE_CONTINUE;
}

static void
start_flush_or_close (GTask *task)
{
  JxsSocketOutput *self = g_task_get_source_object (task);
  g_autoptr (GSource) source = NULL;

  if (g_task_return_error_if_cancelled (task) || finish_flush_or_close (task))
    return;

  /* The socket is full: what waits for it is the socket alone, not the room to gather. */
  source = g_socket_create_source (jxs_socket_core_get_socket (self->core),
                                   G_IO_OUT,
                                   g_task_get_cancellable (task));
  g_task_attach_source (task, source, G_SOURCE_FUNC (flush_ready_cb));
}

static void
jxs_socket_output_flush_async (GOutputStream *stream,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_socket_output_flush_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, GINT_TO_POINTER (FALSE), NULL);
  start_flush_or_close (task);
}

static void
jxs_socket_output_close_async (GOutputStream *stream,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_socket_output_close_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, GINT_TO_POINTER (TRUE), NULL);
  start_flush_or_close (task);
}

static gboolean
jxs_socket_output_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_socket_output_finalize (GObject *object)
{
  g_clear_pointer (&JXS_SOCKET_OUTPUT (object)->core, jxs_socket_core_unref);
  G_OBJECT_CLASS (jxs_socket_output_parent_class)->finalize (object);
}

static void
jxs_socket_output_class_init (JxsSocketOutputClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_socket_output_finalize;
  stream_class->write_fn = jxs_socket_output_write;
  stream_class->flush = jxs_socket_output_flush;
  stream_class->flush_async = jxs_socket_output_flush_async;
  stream_class->flush_finish = jxs_socket_output_finish;
  stream_class->close_fn = jxs_socket_output_close;
  stream_class->close_async = jxs_socket_output_close_async;
  stream_class->close_finish = jxs_socket_output_finish;
}

static void
jxs_socket_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = jxs_socket_output_is_writable;
  iface->create_source = jxs_socket_output_create_source;
  iface->write_nonblocking = jxs_socket_output_write_nonblocking;
}

static void
jxs_socket_output_init (JxsSocketOutput *self)
{
}

struct _JxsSocketStream
{
  GIOStream parent_instance;
  JxsSocketCore *core;     /* (owned) */
  JxsSocketInput *input;   /* (owned) */
  JxsSocketOutput *output; /* (owned) */
  gboolean relayed;
};

G_DEFINE_FINAL_TYPE (JxsSocketStream, jxs_socket_stream, G_TYPE_IO_STREAM)

static GInputStream *
jxs_socket_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (JXS_SOCKET_STREAM (stream)->input);
}

static GOutputStream *
jxs_socket_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (JXS_SOCKET_STREAM (stream)->output);
}

/* The first error counts, and the socket is closed in any case. */
static gboolean
jxs_socket_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  JxsSocketStream *self = JXS_SOCKET_STREAM (stream);
  gboolean flushed;

  jxs_socket_core_finish (self->core);
  flushed = jxs_socket_core_flush (self->core, TRUE, cancellable, error);
  flushed =
      g_output_stream_close (G_OUTPUT_STREAM (self->output), cancellable, flushed ? error : NULL) &&
      flushed;
  g_input_stream_close (G_INPUT_STREAM (self->input), NULL, NULL);
  return jxs_socket_core_close (self->core, flushed ? error : NULL) && flushed;
}

/* error: (transfer full) (nullable) */
static void
finish_close (GTask *task, GError *error)
{
  JxsSocketStream *self = g_task_get_source_object (task);

  g_input_stream_close (G_INPUT_STREAM (self->input), NULL, NULL);
  jxs_socket_core_close (self->core, error == NULL ? &error : NULL);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
too_long_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE; /* its parent is dispatched too */
}

static gboolean
linger_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  JxsSocketStream *self = g_task_get_source_object (user_data);

  /* Without a condition it took too long, or was cancelled. */
  if (condition != 0 && !jxs_socket_core_drain (self->core))
    return G_SOURCE_CONTINUE;
  finish_close (user_data, NULL);
  return G_SOURCE_REMOVE;
}

/* What the peer still sends would meet a socket that is gone, and a relay that fails to pass it on
 * drops what it has not read of ours: it is given the time to take that and to end both directions.
 * error: (transfer full) (nullable) */
static void
linger_or_close (GTask *task, GError *error)
{
  JxsSocketStream *self = g_task_get_source_object (task);
  g_autoptr (GSource) source = NULL;
  g_autoptr (GSource) timeout = NULL;

  if (error != NULL || !self->relayed || jxs_socket_core_drain (self->core))
    {
      finish_close (task, error);
      return;
    }
  source = g_socket_create_source (jxs_socket_core_get_socket (self->core),
                                   G_IO_IN,
                                   g_task_get_cancellable (task));
  timeout = jxs_clock_timeout_new (LINGER_MS);
  g_source_set_callback (timeout, too_long_cb, NULL, NULL);
  g_source_add_child_source (source, timeout);
  g_task_attach_source (task, source, G_SOURCE_FUNC (linger_cb));
}

static void
output_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, &error);
  linger_or_close (task, error);
}

static void
rest_sent_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  linger_or_close (task, error);
}

static void
jxs_socket_stream_close_async (GIOStream *stream,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  JxsSocketStream *self = JXS_SOCKET_STREAM (stream);
  GOutputStream *output = G_OUTPUT_STREAM (self->output);
  GTask *task = g_task_new (stream, cancellable, callback, user_data);
  g_autoptr (GTask) rest = NULL;

  g_task_set_source_tag (task, jxs_socket_stream_close_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  jxs_socket_core_finish (self->core);
  if (!g_output_stream_is_closed (output))
    {
      g_output_stream_close_async (output, io_priority, cancellable, output_closed_cb, task);
      return;
    }

  /* The end of a burst may still wait. */
  rest = g_task_new (output, cancellable, rest_sent_cb, task);
  g_task_set_source_tag (rest, jxs_socket_stream_close_async);
  g_task_set_priority (rest, io_priority);
  start_flush_or_close (rest);
}

static gboolean
jxs_socket_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Who drops the stream does not wait for the peer: what the socket does not take now is lost. */
static void
jxs_socket_stream_dispose (GObject *object)
{
  JxsSocketStream *self = JXS_SOCKET_STREAM (object);

  if (self->core != NULL)
    jxs_socket_core_abandon (self->core);
  G_OBJECT_CLASS (jxs_socket_stream_parent_class)->dispose (object);
}

static void
jxs_socket_stream_finalize (GObject *object)
{
  JxsSocketStream *self = JXS_SOCKET_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_pointer (&self->core, jxs_socket_core_unref);
  G_OBJECT_CLASS (jxs_socket_stream_parent_class)->finalize (object);
}

static void
jxs_socket_stream_class_init (JxsSocketStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  object_class->dispose = jxs_socket_stream_dispose;
  object_class->finalize = jxs_socket_stream_finalize;
  stream_class->get_input_stream = jxs_socket_stream_get_input_stream;
  stream_class->get_output_stream = jxs_socket_stream_get_output_stream;
  stream_class->close_fn = jxs_socket_stream_close;
  stream_class->close_async = jxs_socket_stream_close_async;
  stream_class->close_finish = jxs_socket_stream_close_finish;
}

static void
jxs_socket_stream_init (JxsSocketStream *self)
{
}

GIOStream *
jxs_socket_stream_new (GSocketConnection *connection)
{
  JxsSocketStream *self;

  g_return_val_if_fail (G_IS_SOCKET_CONNECTION (connection), NULL);

  self = g_object_new (JXS_TYPE_SOCKET_STREAM, NULL);
  self->core = jxs_socket_core_new (connection);
  self->input = g_object_new (JXS_TYPE_SOCKET_INPUT, NULL);
  self->input->core = jxs_socket_core_ref (self->core);
  self->output = g_object_new (JXS_TYPE_SOCKET_OUTPUT, NULL);
  self->output->core = jxs_socket_core_ref (self->core);
  return G_IO_STREAM (self);
}

void
jxs_socket_stream_set_half_close (JxsSocketStream *self, gboolean half_close)
{
  g_return_if_fail (JXS_IS_SOCKET_STREAM (self));

  g_atomic_int_set (&self->output->half_close, half_close && !self->relayed);
}

gboolean
jxs_socket_stream_get_half_close (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), FALSE);

  return g_atomic_int_get (&self->output->half_close);
}

void
jxs_socket_stream_set_relayed (JxsSocketStream *self, gboolean relayed)
{
  g_return_if_fail (JXS_IS_SOCKET_STREAM (self));

  self->relayed = relayed;
  jxs_socket_core_set_relayed (self->core, relayed);
  if (relayed)
    g_atomic_int_set (&self->output->half_close, FALSE);
}

gboolean
jxs_socket_stream_get_relayed (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), FALSE);

  return self->relayed;
}

void
jxs_socket_stream_set_gathering (JxsSocketStream *self, gboolean gathering)
{
  g_return_if_fail (JXS_IS_SOCKET_STREAM (self));

  jxs_socket_core_set_gathering (self->core, gathering);
}

gboolean
jxs_socket_stream_has_room (JxsSocketStream *self)
{
  return jxs_socket_core_has_room (self->core);
}

gboolean
jxs_socket_stream_make_room (JxsSocketStream *self, GError **error)
{
  return jxs_socket_core_make_room (self->core, error);
}

gboolean
jxs_socket_stream_send_all (JxsSocketStream *self, GCancellable *cancellable, GError **error)
{
  return jxs_socket_core_flush (self->core, TRUE, cancellable, error);
}

void
jxs_socket_stream_send_now (JxsSocketStream *self)
{
  g_return_if_fail (JXS_IS_SOCKET_STREAM (self));

  jxs_socket_core_flush (self->core, FALSE, NULL, NULL);
}

gsize
jxs_socket_stream_get_pending (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), 0);

  return jxs_socket_core_get_pending (self->core);
}

guint64
jxs_socket_stream_get_bytes_read (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), 0);

  return jxs_socket_core_get_bytes_read (self->core);
}

guint64
jxs_socket_stream_get_bytes_written (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), 0);

  return jxs_socket_core_get_bytes_written (self->core);
}

GSocket *
jxs_socket_stream_get_socket (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), NULL);

  return jxs_socket_core_get_socket (self->core);
}

void
jxs_socket_stream_set_reason (JxsSocketStream *self, const GError *reason)
{
  g_return_if_fail (JXS_IS_SOCKET_STREAM (self));
  g_return_if_fail (reason != NULL);

  jxs_socket_core_set_reason (self->core, reason);
}

GError *
jxs_socket_stream_dup_error (JxsSocketStream *self)
{
  g_return_val_if_fail (JXS_IS_SOCKET_STREAM (self), NULL);

  return jxs_socket_core_dup_error (self->core);
}
