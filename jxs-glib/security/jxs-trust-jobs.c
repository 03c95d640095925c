/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-jobs-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-trust-text-private.h>

typedef void (*Judge) (GPtrArray *rows, JxsTrustJob *job, JxsTrustVerdict *verdict);

static void
judge (GPtrArray *rows, JxsTrustJob *job, JxsTrustVerdict *verdict)
{
  jxs_trust_judge (rows, job->row, &job->circumstances, verdict);
}

static void
judge_answer (GPtrArray *rows, JxsTrustJob *job, JxsTrustVerdict *verdict)
{
  jxs_trust_judge_answer (rows, job->row, &job->circumstances, &job->asked, job->level, verdict);
}

/* Judges by what is in the file now. */
static gboolean
look (JxsTrustDatabase *database, JxsTrustJob *job, Judge func, GError **error)
{
  g_autoptr (GPtrArray) rows = jxs_trust_database_get_peer (database, job->row->jid, error);

  if (rows == NULL)
    return FALSE;
  jxs_trust_verdict_clear (&job->verdict);
  func (rows, job, &job->verdict);
  return TRUE;
}

/* Judges again, with nobody else writing, and writes. */
static gboolean
look_and_write (JxsTrustDatabase *database, JxsTrustJob *job, Judge func, GError **error)
{
  if (!jxs_trust_database_begin (database, NULL, error) || !look (database, job, func, error))
    return FALSE;
  return job->verdict.write == NULL ||
         (jxs_trust_database_write (database, job->verdict.write, job->verdict.must_write, error) &&
          jxs_trust_database_commit (database, error));
}

/* What could not be remembered is accepted only if it is known already: a new key that is forgotten
 * would leave the place of the first to whoever comes next. */
static void
forgive (JxsTrustJob *job, const GError *error)
{
  jxs_log_info (NULL, "Cannot write to the trust store: %s", error->message);
  if (job->verdict.outcome != JXS_TRUST_OUTCOME_ACCEPTED || !job->verdict.must_write)
    return;
  job->verdict.outcome = JXS_TRUST_OUTCOME_REFUSED;
  g_free (job->text);
  job->text =
      g_strdup_printf (_ ("The key of %s is new and cannot be remembered, so it is refused: %s"),
                       job->row->jid,
                       error->message);
}

static void
decide (JxsTrustDatabase *database, JxsTrustJob *job, Judge func)
{
  g_autoptr (GError) error = NULL;

  if (!look (database, job, func, &error))
    {
      job->verdict.outcome = JXS_TRUST_OUTCOME_REFUSED;
      g_free (job->text);
      job->text = g_strdup_printf (
          _ ("Whether the key of %s is known cannot be looked up, so it is refused: %s"),
          job->row->jid,
          error->message);
      return;
    }
  if (job->verdict.write != NULL && !look_and_write (database, job, func, &error))
    forgive (job, error);
  if (job->verdict.outcome == JXS_TRUST_OUTCOME_REFUSED && job->text == NULL)
    job->text = jxs_trust_verdict_to_message (&job->verdict, job->row);
}

void
jxs_trust_job_decide (JxsTrustDatabase *database, JxsTrustJob *job)
{
  decide (database, job, judge);
}

void
jxs_trust_job_answer (JxsTrustDatabase *database, JxsTrustJob *job)
{
  decide (database, job, judge_answer);
}

void
jxs_trust_job_learn (JxsTrustDatabase *database, JxsTrustJob *job)
{
  /* Nobody asked for what a peer vouches for. */
  gboolean check_room = job->row->origin == JXS_TRUST_ORIGIN_VOUCHED;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (JxsTrustRow) row = NULL;

  if (jxs_trust_database_begin (database, NULL, &job->error))
    rows = jxs_trust_database_get_peer (database, job->row->jid, &job->error);
  if (rows != NULL)
    row = jxs_trust_judge_learned (rows, job->row);
  if (row != NULL && jxs_trust_database_write (database, row, check_room, &job->error))
    jxs_trust_database_commit (database, &job->error);
  if (job->error != NULL)
    jxs_log_info (NULL, "What was learned of a key is lost: %s", job->error->message);
}

void
jxs_trust_job_set_level (JxsTrustDatabase *database, JxsTrustJob *job)
{
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (JxsTrustRow) row = NULL;
  JxsTrustRow *own;

  if (!jxs_trust_database_begin (database, jxs_trust_job_get_cancellable (job), &job->error))
    return;
  rows = jxs_trust_database_get_peer (database, job->row->jid, &job->error);
  if (rows == NULL)
    return;
  own = jxs_trust_rows_find (rows, job->row->fingerprint);
  row = jxs_trust_row_copy (own != NULL ? own : job->row);
  row->level = job->row->level;
  row->origin = job->row->origin;
  g_clear_pointer (&row->voucher, g_free);
  if (jxs_trust_database_write (database, row, FALSE, &job->error))
    jxs_trust_database_commit (database, &job->error);
}

static gboolean
remove_key (JxsTrustDatabase *database, JxsTrustJob *job, const char *fingerprint)
{
  guint n = 0;
  gboolean removed =
      jxs_trust_database_remove (database, job->row->jid, fingerprint, &n, &job->error);

  job->n_done += n;
  return removed;
}

/* What a key vouched for that is distrusted, or was found different, must not come to be trusted by
 * this being forgotten. */
static gboolean
remove_void (JxsTrustDatabase *database, JxsTrustJob *job, const char *fingerprint)
{
  g_autoptr (GPtrArray) rows = jxs_trust_database_get_peer (database, job->row->jid, &job->error);
  g_autoptr (GPtrArray) revived = g_ptr_array_new ();
  JxsTrustRow *own;

  if (rows == NULL)
    return FALSE;
  own = jxs_trust_rows_find (rows, fingerprint);
  for (guint i = 0; i < rows->len; i++)
    if (jxs_trust_row_is_void (rows, g_ptr_array_index (rows, i)))
      g_ptr_array_add (revived, g_ptr_array_index (rows, i));
  if (own != NULL)
    g_ptr_array_remove (rows, own);
  for (guint i = 0; i < revived->len; i++)
    {
      const JxsTrustRow *row = g_ptr_array_index (revived, i);

      if (row != own && !jxs_trust_row_is_void (rows, row) &&
          !remove_key (database, job, row->fingerprint))
        return FALSE;
    }
  return TRUE;
}

void
jxs_trust_job_remove (JxsTrustDatabase *database, JxsTrustJob *job)
{
  const char *fingerprint = job->row->fingerprint[0] != '\0' ? job->row->fingerprint : NULL;

  if (jxs_trust_database_begin (database, jxs_trust_job_get_cancellable (job), &job->error) &&
      (fingerprint == NULL || remove_void (database, job, fingerprint)) &&
      remove_key (database, job, fingerprint))
    jxs_trust_database_commit (database, &job->error);
}

void
jxs_trust_job_export (JxsTrustDatabase *database, JxsTrustJob *job)
{
  g_autoptr (GPtrArray) rows = jxs_trust_database_get_all (database, &job->error);

  if (rows != NULL)
    {
      job->text = jxs_trust_text_build (rows);
      job->size = strlen (job->text);
    }
}

/* decided: (element-type utf8 gboolean): addresses of the file, and whether keys of them were
 * decided about before it came */
static gboolean
import_row (JxsTrustDatabase *database,
            JxsTrustJob *job,
            GHashTable *decided,
            JxsTrustRow *imported)
{
  g_autoptr (GPtrArray) rows = jxs_trust_database_get_peer (database, imported->jid, &job->error);
  g_autoptr (JxsTrustRow) row = NULL;

  if (rows == NULL)
    return FALSE;
  if (!g_hash_table_contains (decided, imported->jid))
    g_hash_table_insert (decided,
                         imported->jid,
                         GINT_TO_POINTER (jxs_trust_rows_are_decided (rows)));

  row = jxs_trust_judge_imported (rows,
                                  imported,
                                  GPOINTER_TO_INT (g_hash_table_lookup (decided, imported->jid)));
  if (row == NULL)
    job->n_kept++;
  else if (jxs_trust_database_write (database, row, FALSE, &job->error))
    job->n_done++;
  else
    return FALSE;
  return TRUE;
}

void
jxs_trust_job_import (JxsTrustDatabase *database, JxsTrustJob *job)
{
  GCancellable *cancellable = jxs_trust_job_get_cancellable (job);
  g_autoptr (GPtrArray) rows =
      jxs_trust_text_parse (job->text, job->size, &job->n_invalid, &job->error);
  g_autoptr (GHashTable) decided = g_hash_table_new (g_str_hash, g_str_equal);

  if (rows == NULL || !jxs_trust_database_begin (database, cancellable, &job->error))
    return;
  for (guint i = 0; i < rows->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, &job->error) ||
        !import_row (database, job, decided, g_ptr_array_index (rows, i)))
      return;
  jxs_trust_database_commit (database, &job->error);
}
