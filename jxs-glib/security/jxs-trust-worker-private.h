/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-database-private.h>
#include <jxs-glib/security/jxs-trust-verdict-private.h>

G_BEGIN_DECLS

/* The one thread of a trust store that touches the disk: does one job after the other, and tells of
 * each in the main context of the store. */
typedef struct _JxsTrustWorker JxsTrustWorker;
typedef struct _JxsTrustJob JxsTrustJob;

/* What is asked of the worker and what it answers; jxs-trust-jobs says what of it which uses.
 * Belongs to one thread at a time. */
struct _JxsTrustJob
{
  void (*run) (JxsTrustDatabase *database, JxsTrustJob *job); /* (nullable): only looks */
  void (*done) (JxsTrustStore *store, JxsTrustJob *job);      /* (nullable) */
  GWeakRef store;

  GTask *task;              /* (owned) (nullable): whom to tell */
  JxsTrustRequest *request; /* (owned) (nullable): the same */
  GFile *file;              /* (owned) (nullable) */

  JxsTrustRow *row; /* (owned) (nullable): the key in question */
  JxsTrustCircumstances circumstances;
  JxsTrustVerdict asked;
  JxsTrustLevel level;
  GPtrArray *rows; /* (owned) (nullable) (element-type JxsTrustRow) */
  char *text;      /* (owned) (nullable) */
  gsize size;      /* of text */

  JxsTrustVerdict verdict;
  guint n_done;
  guint n_kept;
  guint n_invalid;
  GError *error;      /* (owned) (nullable) */
  GPtrArray *changes; /* (owned) (nullable) (element-type JxsTrustChange) */
};

JxsTrustJob *jxs_trust_job_new (JxsTrustStore *store);
void jxs_trust_job_free (JxsTrustJob *job);
GCancellable *jxs_trust_job_get_cancellable (JxsTrustJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTrustJob, jxs_trust_job_free)

/* deliver is called with each job that is done, in context, as long as its store lives. */
JxsTrustWorker *jxs_trust_worker_new (JxsTrustDatabase *database,
                                      GMainContext *context,
                                      void (*deliver) (JxsTrustStore *store, JxsTrustJob *job));
/* (transfer full): job */
void jxs_trust_worker_push (JxsTrustWorker *self, JxsTrustJob *job);
/* Does not wait: what was pushed is still done, then the database is closed. */
void jxs_trust_worker_shut_down (JxsTrustWorker *self);

G_END_DECLS
