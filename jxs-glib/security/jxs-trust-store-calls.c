/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-store-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-trust-jobs-private.h>
#include <jxs-glib/security/jxs-trust-text-private.h>

/* A task whose result tells the truth: what is done is done, however late it was cancelled.
 * (transfer full) */
static GTask *
task_new (JxsTrustStore *self,
          int io_priority,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data,
          gpointer tag)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  return task;
}

static JxsTrustJob *
job_new (GTask *task,
         void (*run) (JxsTrustDatabase *database, JxsTrustJob *job),
         void (*done) (JxsTrustStore *store, JxsTrustJob *job))
{
  JxsTrustJob *job = jxs_trust_job_new (g_task_get_source_object (task));

  job->task = g_object_ref (task);
  job->run = run;
  job->done = done;
  return job;
}

static void
return_done (JxsTrustStore *self, JxsTrustJob *job)
{
  if (job->error != NULL)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else
    g_task_return_boolean (job->task, TRUE);
}

/* (transfer full) (nullable) */
static char *
parse_fingerprint (const char *fingerprint, GError **error)
{
  GChecksumType type;
  char *normalized = jxs_fingerprint_parse (fingerprint, "sha-256", &type, NULL);

  if (normalized == NULL)
    {
      g_autofree char *text = jxs_log_sanitize (fingerprint, 160);

      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a SHA-256 fingerprint: 64 hexadecimal digits are expected"),
                   text);
    }
  return normalized;
}

/**
 * jxs_trust_store_set_level_async:
 * @self: a store
 * @peer: the address of the peer; a resource is left out
 * @fingerprint: the SHA-256 of its certificate in hexadecimal, with or without colons and spaces
 * @level: how far the key is trusted from now on
 * @origin: what that rests on
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Decides about a key, also about one that was never seen. Other keys of the address stay as they
 * are.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if @fingerprint is none, %G_IO_ERROR_CANCELLED if it was
 * cancelled before anything was done, and with other errors of %G_IO_ERROR if it cannot be written.
 *
 * Since: 1.0
 */
void
jxs_trust_store_set_level_async (JxsTrustStore *self,
                                 JxsJid *peer,
                                 const char *fingerprint,
                                 JxsTrustLevel level,
                                 JxsTrustOrigin origin,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (JxsJid) bare = NULL;
  g_autofree char *normalized = NULL;
  JxsTrustJob *job;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_TRUST_STORE (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (fingerprint != NULL);
  g_return_if_fail (level >= JXS_TRUST_LEVEL_DISTRUSTED && level <= JXS_TRUST_LEVEL_VERIFIED);
  g_return_if_fail (origin >= JXS_TRUST_ORIGIN_NONE && origin <= JXS_TRUST_ORIGIN_APPLICATION);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = task_new (
      self, io_priority, cancellable, callback, user_data, jxs_trust_store_set_level_async);
  normalized = parse_fingerprint (fingerprint, &error);
  if (normalized == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  bare = jxs_jid_to_bare (peer);
  job = job_new (task, jxs_trust_job_set_level, return_done);
  job->row = jxs_trust_row_new (bare, normalized);
  job->row->level = level;
  job->row->origin = origin;
  jxs_trust_store_push (self, job);
}

/**
 * jxs_trust_store_set_level_finish:
 * @self: a store
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [method@TrustStore.set_level_async].
 *
 * Returns: %TRUE if the decision is on disk
 *
 * Since: 1.0
 */
gboolean
jxs_trust_store_set_level_finish (JxsTrustStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_store_set_level_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
return_removed (JxsTrustStore *self, JxsTrustJob *job)
{
  if (job->error != NULL)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else
    g_task_return_int (job->task, job->n_done);
}

/**
 * jxs_trust_store_remove_async:
 * @self: a store
 * @peer: the address of the peer; a resource is left out
 * @fingerprint: (nullable): the SHA-256 of its certificate in hexadecimal, with or without colons
 *   and spaces, or %NULL for all keys of the address
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Forgets a key, or all of an address, so that the next one counts as the first. With a key that is
 * distrusted, or was found different, what it vouched for is forgotten as well.
 *
 * Fails like [method@TrustStore.set_level_async].
 *
 * Since: 1.0
 */
void
jxs_trust_store_remove_async (JxsTrustStore *self,
                              JxsJid *peer,
                              const char *fingerprint,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *normalized = NULL;
  JxsTrustJob *job;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_TRUST_STORE (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task =
      task_new (self, io_priority, cancellable, callback, user_data, jxs_trust_store_remove_async);
  if (fingerprint != NULL)
    normalized = parse_fingerprint (fingerprint, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  job = job_new (task, jxs_trust_job_remove, return_removed);
  job->row = jxs_trust_row_new (peer, normalized != NULL ? normalized : "");
  jxs_trust_store_push (self, job);
}

/**
 * jxs_trust_store_remove_finish:
 * @self: a store
 * @result: the result given to the callback
 * @n_removed: (out) (optional): how many keys there were
 * @error: return location for an error
 *
 * Completes [method@TrustStore.remove_async].
 *
 * Returns: %TRUE if the keys are gone
 *
 * Since: 1.0
 */
gboolean
jxs_trust_store_remove_finish (JxsTrustStore *self,
                               GAsyncResult *result,
                               guint *n_removed,
                               GError **error)
{
  gssize n;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_store_remove_async), FALSE);

  n = g_task_propagate_int (G_TASK (result), error);
  if (n_removed != NULL)
    *n_removed = n > 0 ? (guint) n : 0;
  return n >= 0;
}

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
export_text (JxsTrustStore *self, JxsTrustJob *job)
{
  g_autoptr (GBytes) bytes = NULL;

  if (job->error != NULL)
    {
      g_task_return_error (job->task, g_steal_pointer (&job->error));
      return;
    }
  bytes = g_bytes_new_take (g_steal_pointer (&job->text), job->size);
  g_file_replace_contents_bytes_async (job->file,
                                       bytes,
                                       NULL,
                                       FALSE,
                                       G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION,
                                       jxs_trust_job_get_cancellable (job),
                                       exported_cb,
                                       g_object_ref (job->task));
}

/**
 * jxs_trust_store_export_async:
 * @self: a store
 * @file: where to write
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Writes all keys that were decided about to a text file that only this user can read; its form is
 * described at [class@TrustStore]. A file that exists is replaced.
 *
 * Fails with errors of %G_IO_ERROR.
 *
 * Since: 1.0
 */
void
jxs_trust_store_export_async (JxsTrustStore *self,
                              GFile *file,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  JxsTrustJob *job;

  g_return_if_fail (JXS_IS_TRUST_STORE (self));
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task =
      task_new (self, io_priority, cancellable, callback, user_data, jxs_trust_store_export_async);
  job = job_new (task, jxs_trust_job_export, export_text);
  job->file = g_object_ref (file);
  jxs_trust_store_push (self, job);
}

/**
 * jxs_trust_store_export_finish:
 * @self: a store
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [method@TrustStore.export_async].
 *
 * Returns: %TRUE if the file was written
 *
 * Since: 1.0
 */
gboolean
jxs_trust_store_export_finish (JxsTrustStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_store_export_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

typedef struct
{
  guint n_imported;
  guint n_kept;
  guint n_invalid;
} Counts;

static void
return_imported (JxsTrustStore *self, JxsTrustJob *job)
{
  Counts *counts = g_task_get_task_data (job->task);

  counts->n_imported = job->n_done;
  counts->n_kept = job->n_kept;
  counts->n_invalid = job->n_invalid;
  return_done (self, job);
}

/* No more than it takes to see that it is too much. */
static gboolean
is_more_wanted (const char *contents, goffset size, gpointer user_data)
{
  return size <= JXS_TRUST_TEXT_MAX_BYTES;
}

static void
import_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsTrustJob *job;
  GError *error = NULL;
  char *text;
  gsize size;

  if (!g_file_load_partial_contents_finish (G_FILE (source), result, &text, &size, NULL, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (size > JXS_TRUST_TEXT_MAX_BYTES)
    {
      g_free (text);
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_LIMIT,
                               _ ("The file is too large for a list of trusted keys"));
      return;
    }
  job = job_new (task, jxs_trust_job_import, return_imported);
  job->text = text;
  job->size = size;
  jxs_trust_store_push (g_task_get_source_object (task), job);
}

/**
 * jxs_trust_store_import_async:
 * @self: a store
 * @file: a file that [method@TrustStore.export_async] wrote
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Takes the keys in a text file over, all or, on error, none. What a person decided here stays; see
 * [class@TrustStore].
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if @file is no list of keys, %JXS_ERROR_NOT_SUPPORTED if a
 * newer version of this library wrote it, %JXS_ERROR_LIMIT if it is larger than 16 MiB, and with
 * errors of %G_IO_ERROR.
 *
 * Since: 1.0
 */
void
jxs_trust_store_import_async (JxsTrustStore *self,
                              GFile *file,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_TRUST_STORE (self));
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task =
      task_new (self, io_priority, cancellable, callback, user_data, jxs_trust_store_import_async);
  g_task_set_task_data (task, g_new0 (Counts, 1), g_free);
  g_file_load_partial_contents_async (
      file, cancellable, is_more_wanted, import_read_cb, g_steal_pointer (&task));
}

/**
 * jxs_trust_store_import_finish:
 * @self: a store
 * @result: the result given to the callback
 * @n_imported: (out) (optional): how many keys were added or are trusted otherwise than before
 * @n_kept: (out) (optional): how many stayed as they are here: they are known as well already, or a
 *   decision stands against the file
 * @n_invalid: (out) (optional): how many lines were not understood
 * @error: return location for an error
 *
 * Completes [method@TrustStore.import_async].
 *
 * Returns: %TRUE if the keys were taken over
 *
 * Since: 1.0
 */
gboolean
jxs_trust_store_import_finish (JxsTrustStore *self,
                               GAsyncResult *result,
                               guint *n_imported,
                               guint *n_kept,
                               guint *n_invalid,
                               GError **error)
{
  const Counts *counts;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_trust_store_import_async), FALSE);

  counts = g_task_get_task_data (G_TASK (result));
  if (n_imported != NULL)
    *n_imported = counts->n_imported;
  if (n_kept != NULL)
    *n_kept = counts->n_kept;
  if (n_invalid != NULL)
    *n_invalid = counts->n_invalid;
  return g_task_propagate_boolean (G_TASK (result), error);
}
