/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-waiters-private.h>

typedef struct
{
  JxsStreamWaiters *waiters; /* (unowned) */
  GTask *task;               /* (owned) */
  GSource *cancelled;        /* (owned) (nullable) */
  JxsStreamWait wait;
  guint64 mark;
} Waiter;

struct _JxsStreamWaiters
{
  GMainContext *context; /* (owned) */
  JxsStreamWaitersFunc func;
  gpointer user_data;
  GQueue queues[JXS_STREAM_N_WAITS]; /* (element-type Waiter) */
};

static GTask *
steal_task (Waiter *waiter)
{
  GTask *task = waiter->task;

  if (waiter->cancelled != NULL)
    g_source_destroy (waiter->cancelled);
  g_clear_pointer (&waiter->cancelled, g_source_unref);
  g_free (waiter);
  return task;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Waiter *waiter = user_data;
  JxsStreamWaiters *self = waiter->waiters;
  JxsStreamWait wait = waiter->wait;
  g_autoptr (GObject) owner = g_object_ref (self->user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  g_queue_remove (&self->queues[wait], waiter);
  task = steal_task (waiter);
  g_task_return_error (task, g_error_copy (error));
  self->func (wait, error, owner);
  return G_SOURCE_REMOVE;
}

JxsStreamWaiters *
jxs_stream_waiters_new (GMainContext *context, JxsStreamWaitersFunc func, gpointer user_data)
{
  JxsStreamWaiters *self = g_new0 (JxsStreamWaiters, 1);

  self->context = g_main_context_ref (context);
  self->func = func;
  self->user_data = user_data;
  return self;
}

void
jxs_stream_waiters_add (JxsStreamWaiters *self, GTask *task, JxsStreamWait wait, guint64 mark)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->waiters = self;
  waiter->task = task;
  waiter->wait = wait;
  waiter->mark = mark;
  /* What happened before the source below told of the cancellation is not undone by it. */
  g_task_set_check_cancellable (task, FALSE);
  if (cancellable != NULL)
    {
      waiter->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (waiter->cancelled, "jxs-stream-cancel");
      g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
      g_source_attach (waiter->cancelled, self->context);
    }
  g_queue_push_tail (&self->queues[wait], waiter);
}

gboolean
jxs_stream_waiters_has (JxsStreamWaiters *self, JxsStreamWait wait)
{
  return self->queues[wait].length > 0;
}

GTask *
jxs_stream_waiters_pop (JxsStreamWaiters *self, JxsStreamWait wait, guint64 reached)
{
  Waiter *waiter = g_queue_peek_head (&self->queues[wait]);

  if (waiter == NULL || waiter->mark > reached)
    return NULL;
  g_queue_pop_head (&self->queues[wait]);
  return steal_task (waiter);
}

void
jxs_stream_waiters_free (JxsStreamWaiters *self)
{
  g_main_context_unref (self->context);
  g_free (self);
}
