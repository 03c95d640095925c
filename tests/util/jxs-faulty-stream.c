/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-faulty-stream.h"

typedef struct
{
  gatomicrefcount ref_count;
  GIOStream *base; /* (owned) */
  JxsFaultFunc func;
  gpointer user_data;
  GMutex mutex; /* of what follows; [1] is writing */
  guint64 offset[2];
  JxsFault over[2];     /* NONE, or what goes on for ever */
  gboolean stutters[2]; /* the last answer was our own would-block: polling is ready at once */
} Shared;

static Shared *
shared_ref (Shared *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
shared_unref (Shared *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_object (&self->base);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gssize
fail (gboolean is_write, JxsFault fault, GError **error)
{
  if (fault == JXS_FAULT_CLOSE && !is_write)
    return 0;
  g_set_error_literal (error,
                       G_IO_ERROR,
                       fault == JXS_FAULT_BROKEN ? G_IO_ERROR_FAILED : G_IO_ERROR_CONNECTION_CLOSED,
                       "Injected failure");
  return -1;
}

static gssize
transfer (Shared *self,
          gboolean is_write,
          void *buffer,
          gsize count,
          gboolean blocking,
          GCancellable *cancellable,
          GError **error)
{
  JxsFault fault;
  gssize n;

  do
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;
      if (self->over[is_write] != JXS_FAULT_NONE)
        return fail (is_write, self->over[is_write], error);
      fault = self->func (is_write, self->offset[is_write], &count, self->user_data);
      if (fault != JXS_FAULT_NONE && fault != JXS_FAULT_WOULD_BLOCK)
        self->over[is_write] = fault;
      self->stutters[is_write] = fault == JXS_FAULT_WOULD_BLOCK;
    }
  while (fault == JXS_FAULT_WOULD_BLOCK && blocking);

  if (fault == JXS_FAULT_WOULD_BLOCK)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Injected would-block");
      return -1;
    }
  if (fault != JXS_FAULT_NONE)
    return fail (is_write, fault, error);

  g_assert_cmpuint (count, >, 0);
  if (is_write)
    n = g_pollable_stream_write (
        g_io_stream_get_output_stream (self->base), buffer, count, blocking, cancellable, error);
  else
    n = g_pollable_stream_read (
        g_io_stream_get_input_stream (self->base), buffer, count, blocking, cancellable, error);
  if (n > 0)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

      self->offset[is_write] += n;
    }
  return n;
}

static gboolean
is_over (Shared *self, gboolean is_write)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->over[is_write] != JXS_FAULT_NONE || self->stutters[is_write];
}

static GSource *
create_source (Shared *self, GObject *stream, gboolean is_write, GCancellable *cancellable)
{
  g_autoptr (GSource) child = NULL;
  GSource *source;

  if (is_write)
    child = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (
                                                        g_io_stream_get_output_stream (self->base)),
                                                    NULL);
  else
    child = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (
                                                       g_io_stream_get_input_stream (self->base)),
                                                   NULL);
  source = g_pollable_source_new_full (stream, child, cancellable);
  if (is_over (self, is_write))
    g_source_set_ready_time (source, 0);
  return source;
}

#define JXS_TYPE_FAULTY_INPUT (jxs_faulty_input_get_type ())
G_DECLARE_FINAL_TYPE (JxsFaultyInput, jxs_faulty_input, JXS, FAULTY_INPUT, GInputStream)

struct _JxsFaultyInput
{
  GInputStream parent_instance;
  Shared *shared; /* (owned) */
};

static void jxs_faulty_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsFaultyInput,
                               jxs_faulty_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      jxs_faulty_input_pollable_init))

static gssize
jxs_faulty_input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return transfer (
      JXS_FAULTY_INPUT (stream)->shared, FALSE, buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_faulty_input_read_nonblocking (GPollableInputStream *stream,
                                   void *buffer,
                                   gsize count,
                                   GError **error)
{
  return transfer (JXS_FAULTY_INPUT (stream)->shared, FALSE, buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_faulty_input_is_readable (GPollableInputStream *stream)
{
  Shared *shared = JXS_FAULTY_INPUT (stream)->shared;

  return is_over (shared, FALSE) || g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (
                                        g_io_stream_get_input_stream (shared->base)));
}

static GSource *
jxs_faulty_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return create_source (JXS_FAULTY_INPUT (stream)->shared, G_OBJECT (stream), FALSE, cancellable);
}

static gboolean
jxs_faulty_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return g_input_stream_close (
      g_io_stream_get_input_stream (JXS_FAULTY_INPUT (stream)->shared->base), cancellable, error);
}

static void
jxs_faulty_input_finalize (GObject *object)
{
  g_clear_pointer (&JXS_FAULTY_INPUT (object)->shared, shared_unref);
  G_OBJECT_CLASS (jxs_faulty_input_parent_class)->finalize (object);
}

static void
jxs_faulty_input_class_init (JxsFaultyInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_faulty_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = jxs_faulty_input_read;
  G_INPUT_STREAM_CLASS (klass)->close_fn = jxs_faulty_input_close;
}

static void
jxs_faulty_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = jxs_faulty_input_is_readable;
  iface->create_source = jxs_faulty_input_create_source;
  iface->read_nonblocking = jxs_faulty_input_read_nonblocking;
}

static void
jxs_faulty_input_init (JxsFaultyInput *self)
{
}

#define JXS_TYPE_FAULTY_OUTPUT (jxs_faulty_output_get_type ())
G_DECLARE_FINAL_TYPE (JxsFaultyOutput, jxs_faulty_output, JXS, FAULTY_OUTPUT, GOutputStream)

struct _JxsFaultyOutput
{
  GOutputStream parent_instance;
  Shared *shared; /* (owned) */
};

static void jxs_faulty_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsFaultyOutput,
                               jxs_faulty_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      jxs_faulty_output_pollable_init))

static gssize
jxs_faulty_output_write (GOutputStream *stream,
                         const void *buffer,
                         gsize count,
                         GCancellable *cancellable,
                         GError **error)
{
  return transfer (
      JXS_FAULTY_OUTPUT (stream)->shared, TRUE, (void *) buffer, count, TRUE, cancellable, error);
}

static gssize
jxs_faulty_output_write_nonblocking (GPollableOutputStream *stream,
                                     const void *buffer,
                                     gsize count,
                                     GError **error)
{
  return transfer (
      JXS_FAULTY_OUTPUT (stream)->shared, TRUE, (void *) buffer, count, FALSE, NULL, error);
}

static gboolean
jxs_faulty_output_is_writable (GPollableOutputStream *stream)
{
  Shared *shared = JXS_FAULTY_OUTPUT (stream)->shared;

  return is_over (shared, TRUE) || g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (
                                       g_io_stream_get_output_stream (shared->base)));
}

static GSource *
jxs_faulty_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return create_source (JXS_FAULTY_OUTPUT (stream)->shared, G_OBJECT (stream), TRUE, cancellable);
}

static gboolean
jxs_faulty_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return g_output_stream_flush (
      g_io_stream_get_output_stream (JXS_FAULTY_OUTPUT (stream)->shared->base), cancellable, error);
}

static gboolean
jxs_faulty_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return g_output_stream_close (
      g_io_stream_get_output_stream (JXS_FAULTY_OUTPUT (stream)->shared->base), cancellable, error);
}

static void
jxs_faulty_output_finalize (GObject *object)
{
  g_clear_pointer (&JXS_FAULTY_OUTPUT (object)->shared, shared_unref);
  G_OBJECT_CLASS (jxs_faulty_output_parent_class)->finalize (object);
}

static void
jxs_faulty_output_class_init (JxsFaultyOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_faulty_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = jxs_faulty_output_write;
  G_OUTPUT_STREAM_CLASS (klass)->flush = jxs_faulty_output_flush;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = jxs_faulty_output_close;
}

static void
jxs_faulty_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = jxs_faulty_output_is_writable;
  iface->create_source = jxs_faulty_output_create_source;
  iface->write_nonblocking = jxs_faulty_output_write_nonblocking;
}

static void
jxs_faulty_output_init (JxsFaultyOutput *self)
{
}

struct _JxsFaultyStream
{
  GIOStream parent_instance;
  JxsFaultyInput *input;   /* (owned) */
  JxsFaultyOutput *output; /* (owned) */
};

G_DEFINE_FINAL_TYPE (JxsFaultyStream, jxs_faulty_stream, G_TYPE_IO_STREAM)

static GInputStream *
jxs_faulty_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (JXS_FAULTY_STREAM (stream)->input);
}

static GOutputStream *
jxs_faulty_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (JXS_FAULTY_STREAM (stream)->output);
}

static gboolean
jxs_faulty_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  GIOStream *base = JXS_FAULTY_STREAM (stream)->input->shared->base;
  gboolean closed =
      G_IO_STREAM_CLASS (jxs_faulty_stream_parent_class)->close_fn (stream, cancellable, error);

  return g_io_stream_close (base, cancellable, closed ? error : NULL) && closed;
}

static void
jxs_faulty_stream_finalize (GObject *object)
{
  JxsFaultyStream *self = JXS_FAULTY_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  G_OBJECT_CLASS (jxs_faulty_stream_parent_class)->finalize (object);
}

static void
jxs_faulty_stream_class_init (JxsFaultyStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_faulty_stream_finalize;
  G_IO_STREAM_CLASS (klass)->get_input_stream = jxs_faulty_stream_get_input_stream;
  G_IO_STREAM_CLASS (klass)->get_output_stream = jxs_faulty_stream_get_output_stream;
  G_IO_STREAM_CLASS (klass)->close_fn = jxs_faulty_stream_close;
}

static void
jxs_faulty_stream_init (JxsFaultyStream *self)
{
}

GIOStream *
jxs_faulty_stream_new (GIOStream *base, JxsFaultFunc func, gpointer user_data)
{
  JxsFaultyStream *self = g_object_new (JXS_TYPE_FAULTY_STREAM, NULL);
  Shared *shared = g_new0 (Shared, 1);

  g_atomic_ref_count_init (&shared->ref_count);
  shared->base = g_object_ref (base);
  shared->func = func;
  shared->user_data = user_data;
  g_mutex_init (&shared->mutex);

  self->input = g_object_new (JXS_TYPE_FAULTY_INPUT, NULL);
  self->input->shared = shared;
  self->output = g_object_new (JXS_TYPE_FAULTY_OUTPUT, NULL);
  self->output->shared = shared_ref (shared);
  return G_IO_STREAM (self);
}

JxsFault
jxs_fault_one_byte (gboolean is_write, guint64 offset, gsize *count, gpointer unused)
{
  *count = 1;
  return JXS_FAULT_NONE;
}

JxsFault
jxs_fault_stutter (gboolean is_write, guint64 offset, gsize *count, gpointer unused)
{
  static int calls[2];
  guint32 n = g_atomic_int_add (&calls[is_write], 1);

  *count = 1;
  /* One half of the calls, in no rhythm that could let one of two streams never go on. */
  return (n * 2654435761u) >> 31 == 0 ? JXS_FAULT_WOULD_BLOCK : JXS_FAULT_NONE;
}

JxsFault
jxs_fault_at (gboolean is_write, guint64 offset, gsize *count, gpointer user_data)
{
  const JxsFaultAt *at = user_data;

  if (is_write != at->is_write)
    return JXS_FAULT_NONE;
  if (offset >= at->offset)
    return at->fault;
  *count = MIN (*count, at->offset - offset);
  return JXS_FAULT_NONE;
}
