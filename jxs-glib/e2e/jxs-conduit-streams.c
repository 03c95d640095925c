/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-conduit-state-private.h>

#include <glib/gi18n-lib.h>

/* ---- sources ---- */

typedef struct
{
  GSource source;
  JxsConduit *conduit; /* (owned) */
  guint direction;
  GObject *stream; /* (owned) */
  GSource *below;  /* unowned (nullable): child: the source of the stream below */
} ConduitSource;

static void
add_child (GSource *source, GSource *child)
{
  g_source_set_dummy_callback (child);
  g_source_add_child_source (source, child);
  g_source_unref (child);
}

static gboolean
conduit_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ConduitSource *self = (ConduitSource *) source;

  /* An end that waits for its reason is ready below all the time: now only the reason counts. */
  if (self->below != NULL && jxs_conduit_is_holding (self->conduit, self->direction))
    {
      g_source_remove_child_source (source, g_steal_pointer (&self->below));
      add_child (source, g_cancellable_source_new (self->conduit->over));
      return G_SOURCE_CONTINUE;
    }
  return ((GPollableSourceFunc) (void (*) (void)) callback) (self->stream, user_data);
}

static void
conduit_source_finalize (GSource *source)
{
  ConduitSource *self = (ConduitSource *) source;

  g_clear_object (&self->stream);
  g_clear_pointer (&self->conduit, jxs_conduit_unref);
}

/* For g_source_set_closure(), as language bindings use it. */
static gboolean
conduit_source_closure (GObject *stream, gpointer data)
{
  GClosure *closure = data;
  g_auto (GValue) parameter = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&parameter, G_TYPE_OBJECT);
  g_value_set_object (&parameter, stream);
  g_closure_invoke (closure, &result, 1, &parameter, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs conduit_source_funcs = {
  .dispatch = conduit_source_dispatch,
  .finalize = conduit_source_finalize,
  .closure_callback = G_SOURCE_FUNC (conduit_source_closure),
  .closure_marshal = (GSourceDummyMarshal) g_cclosure_marshal_generic,
};

/* below: (transfer full): the source of the stream below. */
static GSource *
new_source (
    JxsConduit *self, guint direction, gpointer stream, GSource *below, GCancellable *cancellable)
{
  GSource *source = g_source_new (&conduit_source_funcs, sizeof (ConduitSource));
  ConduitSource *conduit_source = (ConduitSource *) source;

  g_source_set_static_name (source, "[jxs] conduit");
  conduit_source->conduit = jxs_conduit_ref (self);
  conduit_source->direction = direction;
  conduit_source->stream = g_object_ref (stream);
  conduit_source->below = below;
  add_child (source, below);
  add_child (source, g_cancellable_source_new (self->shut));
  if (cancellable != NULL)
    add_child (source, g_cancellable_source_new (cancellable));
  return source;
}

/* ---- the input ---- */

#define JXS_TYPE_CONDUIT_INPUT (jxs_conduit_input_get_type ())
G_DECLARE_FINAL_TYPE (JxsConduitInput, jxs_conduit_input, JXS, CONDUIT_INPUT, GInputStream)

struct _JxsConduitInput
{
  GInputStream parent_instance;

  JxsConduit *conduit; /* (owned) */
};

static void jxs_conduit_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsConduitInput,
                               jxs_conduit_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      jxs_conduit_input_pollable_init))

static gssize
read_below (JxsConduit *self,
            void *buffer,
            gsize count,
            gboolean blocking,
            GCancellable *cancellable,
            GError **error)
{
  GError *problem = NULL;
  gssize n;

  if (!jxs_conduit_check_usable (self, JXS_CONDUIT_READING, error))
    return -1;
  n = g_pollable_stream_read (self->input, buffer, count, blocking, cancellable, &problem);
  if (n > 0)
    {
      self->received = TRUE;
      return n;
    }
  if (n == 0 && count == 0)
    return 0;
  return jxs_conduit_judge (self, JXS_CONDUIT_READING, problem, blocking, cancellable, error);
}

static gssize
jxs_conduit_input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return read_below (JXS_CONDUIT_INPUT (stream)->conduit, buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_conduit_input_read_nonblocking (GPollableInputStream *stream,
                                    void *buffer,
                                    gsize count,
                                    GError **error)
{
  return read_below (JXS_CONDUIT_INPUT (stream)->conduit, buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_conduit_input_is_readable (GPollableInputStream *stream)
{
  JxsConduit *self = JXS_CONDUIT_INPUT (stream)->conduit;

  if (g_cancellable_is_cancelled (self->shut))
    return TRUE;
  return !jxs_conduit_is_holding (self, JXS_CONDUIT_READING) &&
         g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (self->input));
}

static GSource *
jxs_conduit_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  JxsConduit *self = JXS_CONDUIT_INPUT (stream)->conduit;

  return new_source (self,
                     JXS_CONDUIT_READING,
                     stream,
                     g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->input),
                                                            NULL),
                     cancellable);
}

/* The other direction may still be in use, and what the peer sends has to be taken until its end:
 * the stream below stays open. */
static gboolean
jxs_conduit_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
jxs_conduit_input_close_async (GInputStream *stream,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_conduit_input_close_async);
  g_task_set_priority (task, io_priority);
  g_task_return_boolean (task, TRUE);
}

static gboolean
jxs_conduit_input_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_conduit_input_finalize (GObject *object)
{
  g_clear_pointer (&JXS_CONDUIT_INPUT (object)->conduit, jxs_conduit_unref);
  G_OBJECT_CLASS (jxs_conduit_input_parent_class)->finalize (object);
}

static void
jxs_conduit_input_class_init (JxsConduitInputClass *klass)
{
  GInputStreamClass *input_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_conduit_input_finalize;
  input_class->read_fn = jxs_conduit_input_read;
  input_class->close_fn = jxs_conduit_input_close;
  input_class->close_async = jxs_conduit_input_close_async;
  input_class->close_finish = jxs_conduit_input_close_finish;
}

static void
jxs_conduit_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = jxs_conduit_input_is_readable;
  iface->create_source = jxs_conduit_input_create_source;
  iface->read_nonblocking = jxs_conduit_input_read_nonblocking;
}

static void
jxs_conduit_input_init (JxsConduitInput *self)
{
}

GInputStream *
jxs_conduit_new_input (JxsConduit *self)
{
  JxsConduitInput *input = g_object_new (JXS_TYPE_CONDUIT_INPUT, NULL);

  input->conduit = jxs_conduit_ref (self);
  return G_INPUT_STREAM (input);
}

/* ---- the output ---- */

#define JXS_TYPE_CONDUIT_OUTPUT (jxs_conduit_output_get_type ())
G_DECLARE_FINAL_TYPE (JxsConduitOutput, jxs_conduit_output, JXS, CONDUIT_OUTPUT, GOutputStream)

struct _JxsConduitOutput
{
  GOutputStream parent_instance;

  JxsConduit *conduit; /* (owned) */
};

static void jxs_conduit_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsConduitOutput,
                               jxs_conduit_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      jxs_conduit_output_pollable_init))

static gssize
write_below (JxsConduit *self,
             const void *buffer,
             gsize count,
             gboolean blocking,
             GCancellable *cancellable,
             GError **error)
{
  GError *problem = NULL;
  gssize n;

  if (!jxs_conduit_check_usable (self, JXS_CONDUIT_WRITING, error))
    return -1;
  n = g_pollable_stream_write (self->output, buffer, count, blocking, cancellable, &problem);
  if (n >= 0)
    return n;
  return jxs_conduit_judge (self, JXS_CONDUIT_WRITING, problem, blocking, cancellable, error);
}

static gssize
jxs_conduit_output_write (GOutputStream *stream,
                          const void *buffer,
                          gsize count,
                          GCancellable *cancellable,
                          GError **error)
{
  return write_below (
      JXS_CONDUIT_OUTPUT (stream)->conduit, buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_conduit_output_write_nonblocking (GPollableOutputStream *stream,
                                      const void *buffer,
                                      gsize count,
                                      GError **error)
{
  return write_below (JXS_CONDUIT_OUTPUT (stream)->conduit, buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_conduit_output_is_writable (GPollableOutputStream *stream)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;

  if (g_cancellable_is_cancelled (self->shut))
    return TRUE;
  return !jxs_conduit_is_holding (self, JXS_CONDUIT_WRITING) &&
         g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (self->output));
}

static GSource *
jxs_conduit_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;

  return new_source (
      self,
      JXS_CONDUIT_WRITING,
      stream,
      g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (self->output), NULL),
      cancellable);
}

static void
note_output_closed (JxsConduit *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->output_closed = TRUE;
}

static GError *
new_half_close_error (void)
{
  return g_error_new_literal (G_IO_ERROR,
                              G_IO_ERROR_NOT_SUPPORTED,
                              _ ("The peer cannot be told of the end of one direction alone"));
}

/* Half-close: under TLS this is close_notify, without it a FIN. */
static gboolean
jxs_conduit_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;

  if (g_cancellable_is_cancelled (self->shut))
    return TRUE;
  note_output_closed (self);
  if (self->half_close)
    return g_output_stream_close (self->output, cancellable, error);
  if (g_output_stream_flush (self->output, cancellable, error))
    g_propagate_error (error, new_half_close_error ());
  return FALSE;
}

static void
output_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
flushed_for_close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_flush_finish (G_OUTPUT_STREAM (source), result, &error))
    error = new_half_close_error ();
  g_task_return_error (task, error);
}

static void
jxs_conduit_output_close_async (GOutputStream *stream,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_conduit_output_close_async);
  g_task_set_priority (task, io_priority);
  if (g_cancellable_is_cancelled (self->shut))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  note_output_closed (self);
  if (self->half_close)
    g_output_stream_close_async (
        self->output, io_priority, cancellable, output_closed_cb, g_steal_pointer (&task));
  else
    g_output_stream_flush_async (
        self->output, io_priority, cancellable, flushed_for_close_cb, g_steal_pointer (&task));
}

static gboolean
jxs_conduit_output_task_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
jxs_conduit_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;

  return jxs_conduit_check_usable (self, JXS_CONDUIT_WRITING, error) &&
         g_output_stream_flush (self->output, cancellable, error);
}

static void
flushed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_flush_finish (G_OUTPUT_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
jxs_conduit_output_flush_async (GOutputStream *stream,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  JxsConduit *self = JXS_CONDUIT_OUTPUT (stream)->conduit;
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, jxs_conduit_output_flush_async);
  g_task_set_priority (task, io_priority);
  if (!jxs_conduit_check_usable (self, JXS_CONDUIT_WRITING, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_output_stream_flush_async (
      self->output, io_priority, cancellable, flushed_cb, g_steal_pointer (&task));
}

static void
jxs_conduit_output_finalize (GObject *object)
{
  g_clear_pointer (&JXS_CONDUIT_OUTPUT (object)->conduit, jxs_conduit_unref);
  G_OBJECT_CLASS (jxs_conduit_output_parent_class)->finalize (object);
}

static void
jxs_conduit_output_class_init (JxsConduitOutputClass *klass)
{
  GOutputStreamClass *output_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = jxs_conduit_output_finalize;
  output_class->write_fn = jxs_conduit_output_write;
  output_class->flush = jxs_conduit_output_flush;
  output_class->flush_async = jxs_conduit_output_flush_async;
  output_class->flush_finish = jxs_conduit_output_task_finish;
  output_class->close_fn = jxs_conduit_output_close;
  output_class->close_async = jxs_conduit_output_close_async;
  output_class->close_finish = jxs_conduit_output_task_finish;
}

static void
jxs_conduit_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = jxs_conduit_output_is_writable;
  iface->create_source = jxs_conduit_output_create_source;
  iface->write_nonblocking = jxs_conduit_output_write_nonblocking;
}

static void
jxs_conduit_output_init (JxsConduitOutput *self)
{
}

GOutputStream *
jxs_conduit_new_output (JxsConduit *self)
{
  JxsConduitOutput *output = g_object_new (JXS_TYPE_CONDUIT_OUTPUT, NULL);

  output->conduit = jxs_conduit_ref (self);
  return G_OUTPUT_STREAM (output);
}
