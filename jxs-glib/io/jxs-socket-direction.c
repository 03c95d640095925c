/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-socket-direction-private.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>

/* Who is woken when the buffer makes ready. It is no source: one that another thread is about to
 * drop can neither be told anything nor be referenced. */
typedef struct
{
  GMainContext *context; /* (owned) (nullable): once the source was polled there */
} Waiter;

void
jxs_socket_direction_init (JxsSocketDirection *self)
{
  *self = (JxsSocketDirection){ 0 };
  g_mutex_init (&self->mutex);
}

void
jxs_socket_direction_clear (JxsSocketDirection *self)
{
  /* Each source holds a reference on its stream. */
  g_assert (self->waiters == NULL);
  jxs_byte_buffer_clear (&self->buffer);
  g_clear_error (&self->reason);
  g_mutex_clear (&self->mutex);
}

void
jxs_socket_direction_set_ready (JxsSocketDirection *self, gboolean ready)
{
  ready = ready || self->closed;
  if (self->ready == ready)
    return;

  self->ready = ready;
  if (!ready)
    return;
  for (GSList *l = self->waiters; l != NULL; l = l->next)
    {
      GMainContext *context = ((Waiter *) l->data)->context;

      /* Whoever runs the loop here looks again before it sleeps. */
      if (context != NULL && !g_main_context_is_owner (context))
        g_main_context_wakeup (context);
    }
}

void
jxs_socket_direction_set_reason (JxsSocketDirection *self, const GError *reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->reason == NULL)
    self->reason = g_error_copy (reason);
}

GError *
jxs_socket_direction_dup_end (JxsSocketDirection *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->reason != NULL)
    return g_error_copy (self->reason);
  if (self->at_end)
    return g_error_new_literal (G_IO_ERROR,
                                G_IO_ERROR_CONNECTION_CLOSED,
                                _ ("The other side closed the connection"));
  return NULL;
}

/* The number of the socket may soon belong to another: who polls it is woken and leaves it, and is
 * told by the next read or write. */
void
jxs_socket_direction_close (JxsSocketDirection *self)
{
  self->closed = TRUE;
  jxs_byte_buffer_clear (&self->buffer);
  jxs_socket_direction_set_ready (self, TRUE);
}

typedef struct
{
  GSource source;
  JxsSocketDirection *direction; /* (unowned): of stream */
  GObject *stream;               /* (owned) */
  gpointer fd_tag;               /* (nullable) */
  Waiter *waiter;                /* (owned) */
} Watch;

static gboolean
watch_is_ready (GSource *source)
{
  Watch *self = (Watch *) source;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->direction->mutex);

  if (self->waiter->context == NULL)
    self->waiter->context = g_main_context_ref (g_source_get_context (source));
  if (self->direction->closed && self->fd_tag != NULL)
    g_source_remove_unix_fd (source, g_steal_pointer (&self->fd_tag));
  return self->direction->ready;
}

static gboolean
watch_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return watch_is_ready (source);
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  GPollableSourceFunc func = (GPollableSourceFunc) (void (*) (void)) callback;

  return func != NULL ? func (((Watch *) source)->stream, user_data) : G_SOURCE_REMOVE;
}

static void
watch_finalize (GSource *source)
{
  Watch *self = (Watch *) source;

  g_mutex_lock (&self->direction->mutex);
  self->direction->waiters = g_slist_remove (self->direction->waiters, self->waiter);
  g_mutex_unlock (&self->direction->mutex);
  g_clear_pointer (&self->waiter->context, g_main_context_unref);
  g_free (self->waiter);
  g_clear_object (&self->stream);
}

/* For g_source_set_closure(), as bindings use it. */
static gboolean
watch_closure_callback (GObject *stream, gpointer user_data)
{
  g_auto (GValue) param = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&param, G_TYPE_OBJECT);
  g_value_set_object (&param, stream);
  g_closure_invoke (user_data, &result, 1, &param, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs watch_funcs = {
  .prepare = watch_prepare,
  .check = watch_is_ready,
  .dispatch = watch_dispatch,
  .finalize = watch_finalize,
  .closure_callback = G_SOURCE_FUNC (watch_closure_callback),
  .closure_marshal = (GSourceDummyMarshal) g_cclosure_marshal_generic,
};

GSource *
jxs_socket_direction_create_source (JxsSocketDirection *self,
                                    GSocket *socket,
                                    GObject *stream,
                                    GIOCondition condition,
                                    GCancellable *cancellable)
{
  GSource *source = g_source_new (&watch_funcs, sizeof (Watch));
  Watch *watch = (Watch *) source;
  g_autoptr (GMutexLocker) locker = NULL;

  g_source_set_static_name (source, "[jxs] socket stream");
  watch->direction = self;
  watch->stream = g_object_ref (stream);
  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_dummy_callback (child);
      g_source_add_child_source (source, child);
    }

  locker = g_mutex_locker_new (&self->mutex);
  if (!self->closed)
    watch->fd_tag = g_source_add_unix_fd (source, g_socket_get_fd (socket), condition);
  watch->waiter = g_new0 (Waiter, 1);
  self->waiters = g_slist_prepend (self->waiters, watch->waiter);
  return source;
}
