/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-worker-private.h>

struct _JxsTrustWorker
{
  GThreadPool *pool;          /* of one thread */
  JxsTrustDatabase *database; /* (owned) */
  GMainContext *context;      /* (owned) */
  void (*deliver) (JxsTrustStore *store, JxsTrustJob *job);
};

JxsTrustJob *
jxs_trust_job_new (JxsTrustStore *store)
{
  JxsTrustJob *job = g_new0 (JxsTrustJob, 1);

  g_weak_ref_init (&job->store, store);
  return job;
}

void
jxs_trust_job_free (JxsTrustJob *job)
{
  g_weak_ref_clear (&job->store);
  g_clear_object (&job->task);
  g_clear_object (&job->request);
  g_clear_object (&job->file);
  g_clear_pointer (&job->row, jxs_trust_row_unref);
  jxs_trust_verdict_clear (&job->asked);
  g_clear_pointer (&job->rows, g_ptr_array_unref);
  g_free (job->text);
  jxs_trust_verdict_clear (&job->verdict);
  g_clear_error (&job->error);
  g_clear_pointer (&job->changes, g_ptr_array_unref);
  g_free (job);
}

GCancellable *
jxs_trust_job_get_cancellable (JxsTrustJob *job)
{
  return job->task != NULL ? g_task_get_cancellable (job->task) : NULL;
}

typedef struct
{
  JxsTrustJob *job; /* (owned) */
  void (*deliver) (JxsTrustStore *store, JxsTrustJob *job);
} Delivery;

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  jxs_trust_job_free (delivery->job);
  g_free (delivery);
}

static gboolean
deliver_cb (gpointer user_data)
{
  Delivery *delivery = user_data;
  g_autoptr (JxsTrustStore) store = g_weak_ref_get (&delivery->job->store);

  if (store != NULL)
    delivery->deliver (store, delivery->job);
  return G_SOURCE_REMOVE;
}

/* All with one priority: what changed first is told first. */
static void
deliver (JxsTrustWorker *self, JxsTrustJob *job)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->job = job;
  delivery->deliver = self->deliver;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "jxs-trust-store");
  g_source_set_callback (source, deliver_cb, delivery, delivery_free);
  g_source_attach (source, self->context);
}

static void
work (gpointer data, gpointer user_data)
{
  JxsTrustWorker *self = user_data;
  JxsTrustJob *job = data;

  /* The last one. */
  if (data == user_data)
    {
      jxs_trust_database_close (self->database);
      g_main_context_unref (self->context);
      g_free (self);
      return;
    }
  if (!g_cancellable_set_error_if_cancelled (jxs_trust_job_get_cancellable (job), &job->error) &&
      job->run != NULL)
    job->run (self->database, job);
  jxs_trust_database_rollback (self->database);
  job->changes = jxs_trust_database_take_changes (self->database);
  deliver (self, job);
}

JxsTrustWorker *
jxs_trust_worker_new (JxsTrustDatabase *database,
                      GMainContext *context,
                      void (*deliver_func) (JxsTrustStore *store, JxsTrustJob *job))
{
  JxsTrustWorker *self = g_new0 (JxsTrustWorker, 1);

  self->database = database;
  self->context = g_main_context_ref (context);
  self->deliver = deliver_func;
  self->pool = g_thread_pool_new (work, self, 1, FALSE, NULL);
  return self;
}

void
jxs_trust_worker_push (JxsTrustWorker *self, JxsTrustJob *job)
{
  g_thread_pool_push (self->pool, job, NULL);
}

void
jxs_trust_worker_shut_down (JxsTrustWorker *self)
{
  GThreadPool *pool = self->pool;

  g_thread_pool_push (pool, self, NULL);
  g_thread_pool_free (pool, FALSE, FALSE);
}
