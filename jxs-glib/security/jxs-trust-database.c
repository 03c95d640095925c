/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-database-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-trust-schema-private.h>

/* What strangers can make us keep without anybody asking for it: stops them from filling the disk.
 */
#define JXS_TRUST_MAX_KEYS 16384     /* in all; more than anybody knows people */
#define JXS_TRUST_MAX_PEER_KEYS 64   /* of an address; they are vouched for, or certified */
#define JXS_TRUST_MAX_UNKNOWN 1024   /* refused and undecided, in all; the oldest goes */
#define JXS_TRUST_MAX_PEER_UNKNOWN 8 /* the same of an address */

#define JXS_TRUST_BUSY_MS 3000 /* for another process that writes; a write takes milliseconds */
#define JXS_TRUST_STUCK_MS 100 /* the same after one that took longer, until it is over */
#define JXS_TRUST_BUSY_PAUSE_US 10000

typedef enum
{
  STATEMENT_BEGIN,
  STATEMENT_BEGIN_READ,
  STATEMENT_COMMIT,
  STATEMENT_DATA_VERSION,
  STATEMENT_GET_ALL,
  STATEMENT_GET_PEER,
  STATEMENT_GET,
  STATEMENT_INSERT,
  STATEMENT_UPDATE,
  STATEMENT_REMOVE,
  STATEMENT_COUNT,
  STATEMENT_TRIM_PEER,
  STATEMENT_TRIM,
  N_STATEMENTS
} Statement;

#define COLUMNS                                                                                    \
  "id, jid, fingerprint, device, level, origin, voucher, certificate, first_seen, last_seen"
/* JXS_TRUST_LEVEL_UNKNOWN is 1, JXS_TRUST_ORIGIN_SHORT_STRING 2: what two persons found different
 * must not be pushed out by more keys of whom they found out. */
#define UNKNOWN "(level = 1 AND origin != 2)"

static const char *const statements[N_STATEMENTS] = {
  [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
  [STATEMENT_BEGIN_READ] = "BEGIN",
  [STATEMENT_COMMIT] = "COMMIT",
  [STATEMENT_DATA_VERSION] = "PRAGMA data_version",
  [STATEMENT_GET_ALL] = "SELECT " COLUMNS " FROM keys ORDER BY id",
  [STATEMENT_GET_PEER] = "SELECT " COLUMNS " FROM keys WHERE jid = ?1 ORDER BY id",
  [STATEMENT_GET] = "SELECT " COLUMNS " FROM keys WHERE id = ?1",
  [STATEMENT_INSERT] = "INSERT INTO keys (jid, fingerprint, device, level, origin, voucher,"
                       " certificate, first_seen, last_seen)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
  [STATEMENT_UPDATE] = "UPDATE keys SET device = ?3, level = ?4, origin = ?5, voucher = ?6,"
                       " certificate = ?7, first_seen = ?8, last_seen = ?9"
                       " WHERE jid = ?1 AND fingerprint = ?2",
  [STATEMENT_REMOVE] = "DELETE FROM keys WHERE jid = ?1 AND (?2 IS NULL OR fingerprint = ?2)",
  [STATEMENT_COUNT] = "SELECT (SELECT count (*) FROM keys WHERE NOT " UNKNOWN "),"
                      " (SELECT count (*) FROM keys WHERE jid = ?1 AND NOT " UNKNOWN ")",
  [STATEMENT_TRIM_PEER] =
      "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE jid = ?1 AND " UNKNOWN
      " ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?2)",
  [STATEMENT_TRIM] = "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE " UNKNOWN
                     " ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?1)",
};

struct _JxsTrustDatabase
{
  sqlite3 *db;                            /* (owned) */
  sqlite3_stmt *statements[N_STATEMENTS]; /* (owned) */
  GCancellable *cancellable;              /* (owned) (nullable): of what is being done */
  gint64 busy_since;                      /* monotonic */
  gint64 patience_ms;

  GHashTable *rows;    /* (owned) (element-type gint64 JxsTrustRow): as told last */
  GHashTable *touched; /* (owned) (element-type gint64): rows that we changed since */
  gint64 data_version; /* of SQLite: tells of changes by others */
};

static void
change_free (gpointer data)
{
  JxsTrustChange *change = data;

  g_clear_pointer (&change->row, jxs_trust_row_unref);
  g_free (change);
}

static int
busy_cb (void *data, int n)
{
  JxsTrustDatabase *self = data;

  if (n == 0)
    self->busy_since = g_get_monotonic_time ();
  if (g_cancellable_is_cancelled (self->cancellable) ||
      g_get_monotonic_time () - self->busy_since >= self->patience_ms * 1000)
    return 0;
  g_usleep (JXS_TRUST_BUSY_PAUSE_US);
  return 1;
}

static void
update_cb (void *data, int operation, const char *schema, const char *table, sqlite3_int64 id)
{
  JxsTrustDatabase *self = data;
  gint64 key = id;

  if (strcmp (table, "keys") == 0)
    g_hash_table_add (self->touched, g_memdup2 (&key, sizeof key));
}

static gboolean
fail (JxsTrustDatabase *self, GError **error)
{
  return jxs_trust_schema_set_error (error, self->db);
}

/* Done when it returns: for what gives no rows. */
static gboolean
run (JxsTrustDatabase *self, Statement which, GError **error)
{
  sqlite3_stmt *statement = self->statements[which];
  gboolean done = sqlite3_step (statement) == SQLITE_DONE;

  if (!done)
    fail (self, error);
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return done;
}

static void
bind_text (sqlite3_stmt *statement, int at, const char *text)
{
  sqlite3_bind_text (statement, at, text, -1, SQLITE_TRANSIENT);
}

static char *
get_text (sqlite3_stmt *statement, int at)
{
  const char *text = (const char *) sqlite3_column_text (statement, at);

  /* Whoever can write the file can write anything. */
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

static JxsTrustRow *
get_row (sqlite3_stmt *statement)
{
  JxsTrustRow *row = g_atomic_rc_box_new0 (JxsTrustRow);
  gint64 level = sqlite3_column_int64 (statement, 4);
  gint64 origin = sqlite3_column_int64 (statement, 5);
  gconstpointer certificate = sqlite3_column_blob (statement, 7);

  row->id = sqlite3_column_int64 (statement, 0);
  row->jid = get_text (statement, 1);
  row->fingerprint = get_text (statement, 2);
  row->device = get_text (statement, 3);
  row->level = JXS_TRUST_LEVEL_DISTRUSTED;
  if (level >= JXS_TRUST_LEVEL_DISTRUSTED && level <= JXS_TRUST_LEVEL_VERIFIED)
    row->level = (JxsTrustLevel) level;
  if (origin >= JXS_TRUST_ORIGIN_NONE && origin <= JXS_TRUST_ORIGIN_APPLICATION)
    row->origin = (JxsTrustOrigin) origin;
  row->voucher = get_text (statement, 6);
  if (certificate != NULL)
    row->certificate = g_bytes_new (certificate, (gsize) sqlite3_column_bytes (statement, 7));
  row->first_seen = MAX (sqlite3_column_int64 (statement, 8), 0);
  row->last_seen = MAX (sqlite3_column_int64 (statement, 9), 0);
  return row;
}

/* (transfer full) (nullable) */
static GPtrArray *
get_rows (JxsTrustDatabase *self, Statement which, GError **error)
{
  sqlite3_stmt *statement = self->statements[which];
  g_autoptr (GPtrArray) rows = jxs_trust_rows_new ();
  int code;

  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (rows, get_row (statement));
  if (code != SQLITE_DONE)
    {
      fail (self, error);
      g_clear_pointer (&rows, g_ptr_array_unref);
    }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return g_steal_pointer (&rows);
}

JxsTrustDatabase *
jxs_trust_database_open (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (JxsTrustDatabase) self = g_new0 (JxsTrustDatabase, 1);

  self->rows = g_hash_table_new_full (g_int64_hash,
                                      g_int64_equal,
                                      g_free,
                                      (GDestroyNotify) jxs_trust_row_unref);
  self->touched = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->data_version = -1;
  self->patience_ms = JXS_TRUST_BUSY_MS;
  g_set_object (&self->cancellable, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  self->db = jxs_trust_schema_open (path, busy_cb, self, error);
  if (self->db == NULL)
    return NULL;
  for (gsize i = 0; i < N_STATEMENTS; i++)
    if (sqlite3_prepare_v3 (
            self->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &self->statements[i], NULL) !=
        SQLITE_OK)
      {
        fail (self, error);
        return NULL;
      }
  sqlite3_update_hook (self->db, update_cb, self);
  g_clear_object (&self->cancellable);
  return g_steal_pointer (&self);
}

void
jxs_trust_database_close (JxsTrustDatabase *self)
{
  for (gsize i = 0; i < N_STATEMENTS; i++)
    sqlite3_finalize (self->statements[i]);
  sqlite3_close (self->db);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->rows);
  g_hash_table_unref (self->touched);
  g_free (self);
}

gboolean
jxs_trust_database_begin (JxsTrustDatabase *self, GCancellable *cancellable, GError **error)
{
  gboolean begun;

  g_set_object (&self->cancellable, cancellable);
  begun = run (self, STATEMENT_BEGIN, error);
  g_clear_object (&self->cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    {
      jxs_trust_database_rollback (self);
      g_clear_error (error);
      g_cancellable_set_error_if_cancelled (cancellable, error);
      return FALSE;
    }
  /* One that holds the lock for long must not hold up everything that waits behind this. */
  self->patience_ms = begun ? JXS_TRUST_BUSY_MS : JXS_TRUST_STUCK_MS;
  if (begun && !jxs_trust_schema_check_version (self->db, error))
    {
      jxs_trust_database_rollback (self);
      return FALSE;
    }
  return begun;
}

gboolean
jxs_trust_database_commit (JxsTrustDatabase *self, GError **error)
{
  if (run (self, STATEMENT_COMMIT, error))
    return TRUE;
  jxs_trust_database_rollback (self);
  return FALSE;
}

void
jxs_trust_database_rollback (JxsTrustDatabase *self)
{
  /* Some failures have done it already. What was touched is read again, and found unchanged. */
  if (!sqlite3_get_autocommit (self->db))
    sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
}

GPtrArray *
jxs_trust_database_get_peer (JxsTrustDatabase *self, const char *jid, GError **error)
{
  bind_text (self->statements[STATEMENT_GET_PEER], 1, jid);
  return get_rows (self, STATEMENT_GET_PEER, error);
}

GPtrArray *
jxs_trust_database_get_all (JxsTrustDatabase *self, GError **error)
{
  return get_rows (self, STATEMENT_GET_ALL, error);
}

static gboolean
trim_unknown (JxsTrustDatabase *self, const char *jid, GError **error)
{
  bind_text (self->statements[STATEMENT_TRIM_PEER], 1, jid);
  sqlite3_bind_int (self->statements[STATEMENT_TRIM_PEER], 2, JXS_TRUST_MAX_PEER_UNKNOWN);
  sqlite3_bind_int (self->statements[STATEMENT_TRIM], 1, JXS_TRUST_MAX_UNKNOWN);
  return run (self, STATEMENT_TRIM_PEER, error) && run (self, STATEMENT_TRIM, error);
}

static gboolean
has_room (JxsTrustDatabase *self, const char *jid, GError **error)
{
  sqlite3_stmt *statement = self->statements[STATEMENT_COUNT];
  gboolean has = FALSE;

  bind_text (statement, 1, jid);
  if (sqlite3_step (statement) != SQLITE_ROW)
    fail (self, error);
  else if (sqlite3_column_int64 (statement, 0) >= JXS_TRUST_MAX_KEYS ||
           sqlite3_column_int64 (statement, 1) >= JXS_TRUST_MAX_PEER_KEYS)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_LIMIT,
                         _ ("Too many keys are remembered already"));
  else
    has = TRUE;
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return has;
}

gboolean
jxs_trust_database_write (JxsTrustDatabase *self,
                          const JxsTrustRow *row,
                          gboolean check_room,
                          GError **error)
{
  Statement which = row->id == 0 ? STATEMENT_INSERT : STATEMENT_UPDATE;
  sqlite3_stmt *statement = self->statements[which];
  gsize size;

  if (check_room && row->level != JXS_TRUST_LEVEL_UNKNOWN && !has_room (self, row->jid, error))
    return FALSE;
  bind_text (statement, 1, row->jid);
  bind_text (statement, 2, row->fingerprint);
  bind_text (statement, 3, row->device);
  sqlite3_bind_int (statement, 4, (int) row->level);
  sqlite3_bind_int (statement, 5, (int) row->origin);
  bind_text (statement, 6, row->voucher);
  if (row->certificate != NULL)
    {
      gconstpointer data = g_bytes_get_data (row->certificate, &size);

      sqlite3_bind_blob (statement, 7, data, (int) size, SQLITE_TRANSIENT);
    }
  sqlite3_bind_int64 (statement, 8, row->first_seen);
  sqlite3_bind_int64 (statement, 9, row->last_seen);
  if (!run (self, which, error))
    return FALSE;
  return row->level != JXS_TRUST_LEVEL_UNKNOWN || trim_unknown (self, row->jid, error);
}

gboolean
jxs_trust_database_remove (JxsTrustDatabase *self,
                           const char *jid,
                           const char *fingerprint,
                           guint *n_removed,
                           GError **error)
{
  bind_text (self->statements[STATEMENT_REMOVE], 1, jid);
  bind_text (self->statements[STATEMENT_REMOVE], 2, fingerprint);
  if (!run (self, STATEMENT_REMOVE, error))
    return FALSE;
  *n_removed = (guint) sqlite3_changes (self->db);
  return TRUE;
}

static gboolean
is_same_row (const JxsTrustRow *a, const JxsTrustRow *b)
{
  return a->level == b->level && a->origin == b->origin && a->first_seen == b->first_seen &&
         a->last_seen == b->last_seen && g_strcmp0 (a->device, b->device) == 0 &&
         g_strcmp0 (a->voucher, b->voucher) == 0 &&
         (a->certificate == NULL) == (b->certificate == NULL);
}

/* row: (nullable): gone */
static void
note_row (JxsTrustDatabase *self, gint64 id, JxsTrustRow *row, GPtrArray *changes)
{
  JxsTrustRow *told = g_hash_table_lookup (self->rows, &id);
  JxsTrustChange *change;

  if (row == NULL ? told == NULL : told != NULL && is_same_row (told, row))
    return;
  change = g_new0 (JxsTrustChange, 1);
  change->id = id;
  change->row = row != NULL ? jxs_trust_row_ref (row) : NULL;
  g_ptr_array_add (changes, change);
  if (row != NULL)
    g_hash_table_replace (self->rows, g_memdup2 (&id, sizeof id), jxs_trust_row_ref (row));
  else
    g_hash_table_remove (self->rows, &id);
}

static gboolean
note_all (JxsTrustDatabase *self, GPtrArray *changes, GError **error)
{
  g_autoptr (GPtrArray) rows = get_rows (self, STATEMENT_GET_ALL, error);
  g_autoptr (GHashTable) found = NULL;
  GHashTableIter iter;
  gpointer key;

  if (rows == NULL)
    return FALSE;
  found = g_hash_table_new (g_int64_hash, g_int64_equal);
  for (guint i = 0; i < rows->len; i++)
    {
      JxsTrustRow *row = g_ptr_array_index (rows, i);

      g_hash_table_add (found, &row->id);
      note_row (self, row->id, row, changes);
    }
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (found, key))
      {
        JxsTrustChange *change = g_new0 (JxsTrustChange, 1);

        change->id = *(gint64 *) key;
        g_ptr_array_add (changes, change);
        g_hash_table_iter_remove (&iter);
      }
  return TRUE;
}

static gboolean
note_touched (JxsTrustDatabase *self, GPtrArray *changes, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->touched);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_autoptr (GPtrArray) rows = NULL;
      gint64 id = *(gint64 *) key;

      sqlite3_bind_int64 (self->statements[STATEMENT_GET], 1, id);
      rows = get_rows (self, STATEMENT_GET, error);
      if (rows == NULL)
        return FALSE;
      note_row (self, id, rows->len > 0 ? g_ptr_array_index (rows, 0) : NULL, changes);
    }
  return TRUE;
}

static gboolean
get_data_version (JxsTrustDatabase *self, gint64 *version, GError **error)
{
  sqlite3_stmt *statement = self->statements[STATEMENT_DATA_VERSION];
  gboolean found = sqlite3_step (statement) == SQLITE_ROW;

  if (found)
    *version = sqlite3_column_int64 (statement, 0);
  else
    fail (self, error);
  sqlite3_reset (statement);
  return found;
}

static gboolean
note_changes (JxsTrustDatabase *self, GPtrArray *changes, GError **error)
{
  gint64 version;

  if (!run (self, STATEMENT_BEGIN_READ, error) || !get_data_version (self, &version, error))
    return FALSE;
  if (version != self->data_version ? !note_all (self, changes, error)
                                    : !note_touched (self, changes, error))
    return FALSE;
  self->data_version = version;
  g_hash_table_remove_all (self->touched);
  return TRUE;
}

static int
compare_changes (gconstpointer a, gconstpointer b)
{
  const JxsTrustChange *first = *(const JxsTrustChange *const *) a;
  const JxsTrustChange *second = *(const JxsTrustChange *const *) b;

  return (first->id > second->id) - (first->id < second->id);
}

GPtrArray *
jxs_trust_database_take_changes (JxsTrustDatabase *self)
{
  GPtrArray *changes = g_ptr_array_new_with_free_func (change_free);
  g_autoptr (GError) error = NULL;

  if (!note_changes (self, changes, &error))
    jxs_log_info (NULL, "Cannot read the trust store again: %s", error->message);
  /* It only read. */
  jxs_trust_database_rollback (self);
  g_ptr_array_sort (changes, compare_changes);
  return changes;
}
