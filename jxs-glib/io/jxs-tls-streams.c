/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-streams-private.h"

#include "jxs-socket-stream-private.h"
#include "jxs-tls-source-private.h"

/* Reading */

#define JXS_TYPE_TLS_INPUT (jxs_tls_input_get_type ())
G_DECLARE_FINAL_TYPE (JxsTlsInput, jxs_tls_input, JXS, TLS_INPUT, GInputStream)

struct _JxsTlsInput
{
  GInputStream parent_instance;
  JxsTlsSession *session; /* (owned) */
};

static void jxs_tls_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsTlsInput,
                               jxs_tls_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      jxs_tls_input_pollable_init))

static gssize
jxs_tls_input_read_nonblocking (GPollableInputStream *stream,
                                void *buffer,
                                gsize count,
                                GError **error)
{
  return jxs_tls_session_read (JXS_TLS_INPUT (stream)->session, buffer, count, error);
}

static gssize
jxs_tls_input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  JxsTlsInput *self = JXS_TLS_INPUT (stream);

  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;
      n = jxs_tls_session_read (self->session, buffer, count, &local_error);
      if (n >= 0)
        return n;
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return -1;
        }
      if (!jxs_tls_source_wait (self->session, G_OBJECT (self), G_IO_IN, cancellable, error))
        return -1;
    }
}

static gboolean
jxs_tls_input_is_readable (GPollableInputStream *stream)
{
  return jxs_tls_source_is_ready (JXS_TLS_INPUT (stream)->session, G_IO_IN);
}

static GSource *
jxs_tls_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return jxs_tls_source_new (JXS_TLS_INPUT (stream)->session,
                             G_OBJECT (stream),
                             G_IO_IN,
                             cancellable);
}

static GInputStream *
close_input (GInputStream *stream)
{
  JxsTlsSession *session = JXS_TLS_INPUT (stream)->session;

  jxs_tls_session_close (session, G_IO_IN);
  return g_io_stream_get_input_stream (jxs_tls_session_get_base (session));
}

static gboolean
jxs_tls_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return g_input_stream_close (close_input (stream), cancellable, error);
}

static void
input_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_input_stream_close_finish (G_INPUT_STREAM (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
jxs_tls_input_close_async (GInputStream *stream,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_tls_input_close_async);
  g_task_set_priority (task, io_priority);
  g_input_stream_close_async (
      close_input (stream), io_priority, cancellable, input_closed_cb, task);
}

static gboolean
jxs_tls_input_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_tls_input_finalize (GObject *object)
{
  g_clear_pointer (&JXS_TLS_INPUT (object)->session, jxs_tls_session_unref);
  G_OBJECT_CLASS (jxs_tls_input_parent_class)->finalize (object);
}

static void
jxs_tls_input_class_init (JxsTlsInputClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_tls_input_finalize;
  stream_class->read_fn = jxs_tls_input_read;
  stream_class->close_fn = jxs_tls_input_close;
  stream_class->close_async = jxs_tls_input_close_async;
  stream_class->close_finish = jxs_tls_input_close_finish;
}

static void
jxs_tls_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = jxs_tls_input_is_readable;
  iface->create_source = jxs_tls_input_create_source;
  iface->read_nonblocking = jxs_tls_input_read_nonblocking;
}

static void
jxs_tls_input_init (JxsTlsInput *self)
{
}

GInputStream *
jxs_tls_input_new (JxsTlsSession *session)
{
  JxsTlsInput *self = g_object_new (JXS_TYPE_TLS_INPUT, NULL);

  self->session = jxs_tls_session_ref (session);
  return G_INPUT_STREAM (self);
}

/* Writing */

#define JXS_TYPE_TLS_OUTPUT (jxs_tls_output_get_type ())
G_DECLARE_FINAL_TYPE (JxsTlsOutput, jxs_tls_output, JXS, TLS_OUTPUT, GOutputStream)

struct _JxsTlsOutput
{
  GOutputStream parent_instance;
  JxsTlsSession *session; /* (owned) */
};

static void jxs_tls_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsTlsOutput,
                               jxs_tls_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      jxs_tls_output_pollable_init))

static GOutputStream *
get_below (JxsTlsOutput *self)
{
  return g_io_stream_get_output_stream (jxs_tls_session_get_base (self->session));
}

static gssize
jxs_tls_output_write_nonblocking (GPollableOutputStream *stream,
                                  const void *buffer,
                                  gsize count,
                                  GError **error)
{
  return jxs_tls_session_write (JXS_TLS_OUTPUT (stream)->session, buffer, count, error);
}

/* What base gathers: the main loop that would send it may not be running. */
static gboolean
send_below (JxsTlsOutput *self, GCancellable *cancellable, GError **error)
{
  GIOStream *base = jxs_tls_session_get_base (self->session);

  return !JXS_IS_SOCKET_STREAM (base) ||
         jxs_socket_stream_send_all (JXS_SOCKET_STREAM (base), cancellable, error);
}

/* One step, tried until it does not block: what write, flush and close have in common. */
typedef gssize (*Step) (JxsTlsOutput *self, const void *buffer, gsize count, GError **error);

static gssize
step_blocking (JxsTlsOutput *self,
               Step step,
               const void *buffer,
               gsize count,
               GCancellable *cancellable,
               GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;
      n = step (self, buffer, count, &local_error);
      if (n >= 0)
        return n;
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return -1;
        }
      if (!jxs_tls_source_wait (self->session, G_OBJECT (self), G_IO_OUT, cancellable, error))
        return -1;
    }
}

static gssize
step_write (JxsTlsOutput *self, const void *buffer, gsize count, GError **error)
{
  return jxs_tls_session_write (self->session, buffer, count, error);
}

static gssize
step_flush (JxsTlsOutput *self, const void *buffer, gsize count, GError **error)
{
  return jxs_tls_session_flush (self->session, error) ? 0 : -1;
}

static gssize
step_bye (JxsTlsOutput *self, const void *buffer, gsize count, GError **error)
{
  return jxs_tls_session_bye (self->session, error) ? 0 : -1;
}

static gssize
jxs_tls_output_write (GOutputStream *stream,
                      const void *buffer,
                      gsize count,
                      GCancellable *cancellable,
                      GError **error)
{
  JxsTlsOutput *self = JXS_TLS_OUTPUT (stream);
  gssize n = step_blocking (self, step_write, buffer, count, cancellable, error);

  /* What fails here is told by the next one: these bytes were taken. */
  if (n > 0)
    send_below (self, cancellable, NULL);
  return n;
}

static gboolean
jxs_tls_output_is_writable (GPollableOutputStream *stream)
{
  return jxs_tls_source_is_ready (JXS_TLS_OUTPUT (stream)->session, G_IO_OUT);
}

static GSource *
jxs_tls_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return jxs_tls_source_new (JXS_TLS_OUTPUT (stream)->session,
                             G_OBJECT (stream),
                             G_IO_OUT,
                             cancellable);
}

static gboolean
jxs_tls_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  JxsTlsOutput *self = JXS_TLS_OUTPUT (stream);

  return step_blocking (self, step_flush, NULL, 0, cancellable, error) >= 0 &&
         send_below (self, cancellable, error);
}

static gboolean
jxs_tls_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  JxsTlsOutput *self = JXS_TLS_OUTPUT (stream);
  gboolean said = step_blocking (self, step_bye, NULL, 0, cancellable, error) >= 0;

  jxs_tls_session_close (self->session, G_IO_OUT);
  return g_output_stream_close (get_below (self), cancellable, said ? error : NULL) && said;
}

/* The data of an asynchronous flush or close. */
typedef struct
{
  Step step;
  GError *error; /* (owned) (nullable): the first one */
} Job;

static void
job_free (gpointer data)
{
  g_clear_error (&((Job *) data)->error);
  g_free (data);
}

static void
finish_job (GTask *task, GError *error)
{
  Job *job = g_task_get_task_data (task);

  if (job->error != NULL)
    {
      g_clear_error (&error);
      error = g_steal_pointer (&job->error);
    }
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
below_flushed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_output_stream_flush_finish (G_OUTPUT_STREAM (object), result, &error);
  finish_job (task, error);
}

static void
below_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, &error);
  finish_job (task, error);
}

static void
go_below (GTask *task)
{
  JxsTlsOutput *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  int io_priority = g_task_get_priority (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (job->step == step_bye)
    {
      jxs_tls_session_close (self->session, G_IO_OUT);
      g_output_stream_close_async (
          get_below (self), io_priority, cancellable, below_closed_cb, g_object_ref (task));
    }
  else if (job->error != NULL)
    finish_job (task, NULL);
  else
    g_output_stream_flush_async (
        get_below (self), io_priority, cancellable, below_flushed_cb, g_object_ref (task));
}

/* FALSE: once more when something changed. */
static gboolean
try_step (GTask *task)
{
  JxsTlsOutput *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &job->error) &&
      job->step (self, NULL, 0, &job->error) < 0 &&
      g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_clear_error (&job->error);
      return FALSE;
    }
  go_below (task);
  return TRUE;
}

static gboolean
step_ready_cb (GObject *stream, gpointer user_data)
{
  return try_step (user_data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
start_job (JxsTlsOutput *self,
           Step step,
           gpointer tag,
           int io_priority,
           GCancellable *cancellable,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GSource) source = NULL;
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  job->step = step;
  g_task_set_task_data (task, job, job_free);
  if (try_step (task))
    return;
  source = jxs_tls_source_new (self->session, G_OBJECT (self), G_IO_OUT, cancellable);
  g_task_attach_source (task, source, G_SOURCE_FUNC (step_ready_cb));
}

static void
jxs_tls_output_flush_async (GOutputStream *stream,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  start_job (JXS_TLS_OUTPUT (stream),
             step_flush,
             jxs_tls_output_flush_async,
             io_priority,
             cancellable,
             callback,
             user_data);
}

static void
jxs_tls_output_close_async (GOutputStream *stream,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  start_job (JXS_TLS_OUTPUT (stream),
             step_bye,
             jxs_tls_output_close_async,
             io_priority,
             cancellable,
             callback,
             user_data);
}

static gboolean
jxs_tls_output_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_tls_output_finalize (GObject *object)
{
  g_clear_pointer (&JXS_TLS_OUTPUT (object)->session, jxs_tls_session_unref);
  G_OBJECT_CLASS (jxs_tls_output_parent_class)->finalize (object);
}

static void
jxs_tls_output_class_init (JxsTlsOutputClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_tls_output_finalize;
  stream_class->write_fn = jxs_tls_output_write;
  stream_class->flush = jxs_tls_output_flush;
  stream_class->flush_async = jxs_tls_output_flush_async;
  stream_class->flush_finish = jxs_tls_output_finish;
  stream_class->close_fn = jxs_tls_output_close;
  stream_class->close_async = jxs_tls_output_close_async;
  stream_class->close_finish = jxs_tls_output_finish;
}

static void
jxs_tls_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = jxs_tls_output_is_writable;
  iface->create_source = jxs_tls_output_create_source;
  iface->write_nonblocking = jxs_tls_output_write_nonblocking;
}

static void
jxs_tls_output_init (JxsTlsOutput *self)
{
}

GOutputStream *
jxs_tls_output_new (JxsTlsSession *session)
{
  JxsTlsOutput *self = g_object_new (JXS_TYPE_TLS_OUTPUT, NULL);

  self->session = jxs_tls_session_ref (session);
  return G_OUTPUT_STREAM (self);
}
