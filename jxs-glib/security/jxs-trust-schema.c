/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-schema-private.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <jxs-glib/base/jxs-error.h>

#define JXS_TRUST_SCHEMA_APPLICATION_ID 1249399636 /* "JxsT" */

#define DAMAGED                                                                                    \
  _ ("“%s” is damaged, or no trust store: %s; nothing was changed in it. Put a copy of it in " \
     "place, "                                                                                     \
     "or move it away to begin anew")

/* Step n brings version n to version n + 1, in a transaction of its own. What was released is never
 * changed here, only added to. Levels and origins are the numbers of JxsTrustLevel and
 * JxsTrustOrigin. */
static const char *const steps[JXS_TRUST_SCHEMA_VERSION] = {
  "PRAGMA application_id = " G_STRINGIFY (
      JXS_TRUST_SCHEMA_APPLICATION_ID) ";"
                                       "CREATE TABLE keys ("
                                       "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                       "  jid TEXT NOT NULL,"
                                       "  fingerprint TEXT NOT NULL,"
                                       "  device TEXT,"
                                       "  level INTEGER NOT NULL,"
                                       "  first_seen INTEGER NOT NULL,"
                                       "  last_seen INTEGER NOT NULL,"
                                       "  UNIQUE (jid, fingerprint));"
                                       "PRAGMA user_version = 1;",

  /* What was verified was so because the application said it. */
  "ALTER TABLE keys ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE keys ADD COLUMN voucher TEXT;"
  "ALTER TABLE keys ADD COLUMN certificate BLOB;"
  "UPDATE keys SET origin = 6 WHERE level IN (0, 4);"
  "PRAGMA user_version = 2;",
};

static GIOErrorEnum
get_io_code (sqlite3 *db)
{
  switch (sqlite3_errcode (db) & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return G_IO_ERROR_BUSY;
    case SQLITE_FULL:
      return G_IO_ERROR_NO_SPACE;
    case SQLITE_READONLY:
      return G_IO_ERROR_READ_ONLY;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return G_IO_ERROR_PERMISSION_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return G_IO_ERROR_INVALID_DATA;
    case SQLITE_INTERRUPT:
      return G_IO_ERROR_CANCELLED;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (sqlite3_system_errno (db) != 0)
        return g_io_error_from_errno (sqlite3_system_errno (db));
      return G_IO_ERROR_FAILED;
    default:
      return G_IO_ERROR_FAILED;
    }
}

gboolean
jxs_trust_schema_set_error (GError **error, sqlite3 *db)
{
  const char *path = sqlite3_db_filename (db, NULL);
  g_autofree char *name = g_filename_display_name (path != NULL ? path : "");
  GIOErrorEnum code = get_io_code (db);

  if (code == G_IO_ERROR_INVALID_DATA)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, DAMAGED, name, sqlite3_errmsg (db));
  else
    g_set_error (
        error, G_IO_ERROR, (int) code, _ ("Cannot use “%s”: %s"), name, sqlite3_errmsg (db));
  return FALSE;
}

static gboolean
set_error_from_errno (GError **error, const char *path)
{
  int saved_errno = errno;
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error,
               G_IO_ERROR,
               (int) g_io_error_from_errno (saved_errno),
               _ ("Cannot use “%s”: %s"),
               name,
               g_strerror (saved_errno));
  return FALSE;
}

/* Whoever can write decides whom we trust. */
static gboolean
check_owner (const char *path, const struct stat *status, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  if (status->st_uid != geteuid () && !(S_ISDIR (status->st_mode) && status->st_uid == 0))
    g_set_error (error,
                 JXS_ERROR,
                 JXS_ERROR_SECURITY,
                 _ ("“%s” belongs to another user, who could change which keys are trusted"),
                 name);
  else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    g_set_error (error,
                 JXS_ERROR,
                 JXS_ERROR_SECURITY,
                 _ ("Other users can write to “%s” and so change which keys are trusted; forbid it "
                    "with “chmod go-w”"),
                 name);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_file (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  struct stat status;

  if (stat (path, &status) != 0)
    return errno == ENOENT || set_error_from_errno (error, path);
  if (!S_ISREG (status.st_mode))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("“%s” is not a file"), name);
      return FALSE;
    }
  return check_owner (path, &status, error);
}

static gboolean
check_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat status;

  if (g_mkdir_with_parents (folder, 0700) != 0 || stat (folder, &status) != 0)
    return set_error_from_errno (error, folder);
  return check_owner (folder, &status, error);
}

/* SQLite gives its other files the mode of this one. */
static gboolean
make_file (const char *path, GError **error)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd < 0)
    return errno == EEXIST || set_error_from_errno (error, path);
  return g_close (fd, error);
}

/* SQLite takes a file of one octet for an empty one, and would begin anew. */
static gboolean
check_size (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  struct stat status;

  if (stat (path, &status) != 0)
    return set_error_from_errno (error, path);
  if (status.st_size == 1)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, DAMAGED, name, _ ("too short"));
      return FALSE;
    }
  return TRUE;
}

static gboolean
prepare_file (const char *path, GError **error)
{
  static const char *const companions[] = { "", "-wal", "-shm", "-journal" };

  if (!check_folder (path, error) || !make_file (path, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (companions); i++)
    {
      g_autofree char *companion = g_strconcat (path, companions[i], NULL);

      if (!check_file (companion, error))
        return FALSE;
    }
  return check_size (path, error);
}

static gboolean
execute (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return jxs_trust_schema_set_error (error, db);
  return TRUE;
}

static gboolean
query_number (sqlite3 *db, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean found;

  found = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) == SQLITE_OK &&
          sqlite3_step (statement) == SQLITE_ROW;
  if (found)
    *number = sqlite3_column_int64 (statement, 0);
  else
    jxs_trust_schema_set_error (error, db);
  sqlite3_finalize (statement);
  return found;
}

/* (transfer full) (nullable) */
static char *
query_text (sqlite3 *db, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;
  char *text = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW)
    text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  if (text == NULL)
    jxs_trust_schema_set_error (error, db);
  sqlite3_finalize (statement);
  return text;
}

static gboolean
set_error_newer (sqlite3 *db, gint64 version, GError **error)
{
  g_autofree char *name = g_filename_display_name (sqlite3_db_filename (db, NULL));

  g_set_error (
      error,
      G_IO_ERROR,
      G_IO_ERROR_NOT_SUPPORTED,
      _ ("“%s” was made by a newer version of this software (%d, at most %d is understood); "
         "nothing was changed in it"),
      name,
      (int) version,
      JXS_TRUST_SCHEMA_VERSION);
  return FALSE;
}

static gboolean
check_content (sqlite3 *db, GError **error)
{
  gint64 version, application, n_tables;

  if (!query_number (db, "SELECT count (*) FROM sqlite_master", &n_tables, error) ||
      !query_number (db, "PRAGMA user_version", &version, error) ||
      !query_number (db, "PRAGMA application_id", &application, error))
    return FALSE;
  if (n_tables == 0 && version == 0 && application == 0)
    return TRUE;
  if (application != JXS_TRUST_SCHEMA_APPLICATION_ID || version < 1)
    {
      g_autofree char *name = g_filename_display_name (sqlite3_db_filename (db, NULL));

      g_set_error (error,
                   G_IO_ERROR,
                   G_IO_ERROR_INVALID_DATA,
                   _ ("“%s” is no trust store, but the database of another application"),
                   name);
      return FALSE;
    }
  if (version > JXS_TRUST_SCHEMA_VERSION)
    return set_error_newer (db, version, error);
  return TRUE;
}

static gboolean
check_integrity (sqlite3 *db, GError **error)
{
  g_autofree char *found = query_text (db, "PRAGMA quick_check (1)", error);
  g_autofree char *name = NULL;

  if (found == NULL)
    return FALSE;
  if (strcmp (found, "ok") == 0)
    return TRUE;
  name = g_filename_display_name (sqlite3_db_filename (db, NULL));
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, DAMAGED, name, found);
  return FALSE;
}

/* Looks before anything is written. */
static gboolean
check_database (sqlite3 *db, GError **error)
{
  if (!execute (db, "BEGIN", error))
    return FALSE;
  if (!check_content (db, error) || !check_integrity (db, error))
    {
      sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
      return FALSE;
    }
  return execute (db, "COMMIT", error);
}

/* Readers do not wait for writers, and an entry costs one synchronization. Other processes that
 * open the file at this moment are in the way, and SQLite does not always wait for them. */
static gboolean
use_wal (sqlite3 *db, int (*busy) (void *data, int n), gpointer busy_data, GError **error)
{
  g_autofree char *name = NULL;

  for (int i = 0; i == 0 || busy (busy_data, i - 1); i++)
    {
      g_autoptr (GError) local_error = NULL;
      g_autofree char *mode = query_text (db, "PRAGMA journal_mode = WAL", &local_error);

      if (mode != NULL && strcmp (mode, "wal") == 0)
        return TRUE;
      if (mode == NULL && !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_BUSY))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }
  name = g_filename_display_name (sqlite3_db_filename (db, NULL));
  g_set_error (
      error,
      G_IO_ERROR,
      G_IO_ERROR_BUSY,
      _ ("“%s” cannot be shared with other programs: it is locked, or its file system cannot "
         "do it"),
      name);
  return FALSE;
}

static gboolean
migrate (sqlite3 *db, GError **error)
{
  for (int i = 0; i < JXS_TRUST_SCHEMA_VERSION; i++)
    {
      gint64 version;

      if (!execute (db, "BEGIN IMMEDIATE", error))
        return FALSE;
      /* Another process may have gone this step, or further than we know. */
      if (!query_number (db, "PRAGMA user_version", &version, error) ||
          (version > JXS_TRUST_SCHEMA_VERSION && !set_error_newer (db, version, error)) ||
          (version == i && !execute (db, steps[i], error)) || !execute (db, "COMMIT", error))
        {
          sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
needs_migration (sqlite3 *db, gboolean *needs, GError **error)
{
  gint64 version;

  if (!query_number (db, "PRAGMA user_version", &version, error))
    return FALSE;
  *needs = version != JXS_TRUST_SCHEMA_VERSION;
  return TRUE;
}

/* The file is no program: nothing in it is run, and it is not to be broken by ours. */
static void
harden (sqlite3 *db)
{
  sqlite3_extended_result_codes (db, 1);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}

static gboolean
set_up (sqlite3 *db, int (*busy) (void *data, int n), gpointer busy_data, GError **error)
{
  gboolean needs;

  /* Until it is known to be ours, closing must not touch it either. */
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (!check_database (db, error) || !use_wal (db, busy, busy_data, error))
    return FALSE;
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);

  /* FULL: what was answered from is not forgotten when the power fails, or whoever comes next would
   * be first. */
  return execute (db, "PRAGMA synchronous = FULL", error) && needs_migration (db, &needs, error) &&
         (!needs || migrate (db, error));
}

sqlite3 *
jxs_trust_schema_open (const char *path,
                       int (*busy) (void *data, int n),
                       gpointer busy_data,
                       GError **error)
{
  /* Making a file and closing it would drop the locks that SQLite holds on it in this process. */
  static GMutex mutex;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  sqlite3 *db = NULL;
  gboolean opened;

  if (!prepare_file (path, error))
    return NULL;
  opened = sqlite3_open_v2 (path,
                            &db,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                            NULL) == SQLITE_OK;
  if (opened)
    {
      harden (db);
      sqlite3_busy_handler (db, busy, busy_data);
      opened = set_up (db, busy, busy_data, error);
    }
  else
    jxs_trust_schema_set_error (error, db);
  if (!opened)
    g_clear_pointer (&db, sqlite3_close);
  return db;
}

gboolean
jxs_trust_schema_check_version (sqlite3 *db, GError **error)
{
  gint64 version;

  if (!query_number (db, "PRAGMA user_version", &version, error))
    return FALSE;
  return version == JXS_TRUST_SCHEMA_VERSION || set_error_newer (db, version, error);
}
