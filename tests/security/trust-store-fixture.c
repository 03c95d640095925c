/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <string.h>

#include <glib/gstdio.h>

static JxsIdentity *
get_key (guint i)
{
  static JxsIdentity *keys[N_KEYS]; /* as long as the process */

  if (keys[i] == NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.lit", NULL);

      keys[i] = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);
      g_assert_no_error (error);
    }
  return keys[i];
}

void
set_up_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("jxs-trust-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "trust.db", NULL);
  f->file = g_file_new_for_path (f->path);
  f->juliet = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  f->chamber = jxs_jid_new ("juliet@capulet.lit/chamber", NULL);
  f->nurse = jxs_jid_new ("nurse@capulet.lit/balcony", NULL);
  for (guint i = 0; i < N_KEYS; i++)
    {
      f->keys[i] = get_key (i);
      f->fingerprints[i] = jxs_identity_get_fingerprint (f->keys[i], G_CHECKSUM_SHA256);
    }
}

void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  set_up_closed (f, data);
  f->store = open_store (f, &error);
  g_assert_no_error (error);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      else
        g_unlink (child);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

void
tear_down (Fixture *f, gconstpointer data)
{
  close_store (f);
  remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->path);
  g_object_unref (f->file);
  jxs_jid_unref (f->juliet);
  jxs_jid_unref (f->chamber);
  jxs_jid_unref (f->nurse);
  for (guint i = 0; i < N_KEYS; i++)
    g_free (f->fingerprints[i]);
}

void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  g_assert_null (*out);
  *out = g_object_ref (result);
}

GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

JxsTrustStore *
open_store (Fixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_open_async (f->file, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  return jxs_trust_store_open_finish (wait_for (&result), error);
}

void
close_store (Fixture *f)
{
  g_autofree char *log = g_strconcat (f->path, "-wal", NULL);

  if (f->store == NULL)
    return;
  settle (f);
  g_assert_finalize_object (g_steal_pointer (&f->store));
  /* The last one to close it removes the log; a database that may not be written keeps it. */
  for (guint i = 0; i < 2000 && g_file_test (log, G_FILE_TEST_EXISTS); i++)
    g_usleep (1000);
}

void
reopen (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  close_store (f);
  f->store = open_store (f, &error);
  g_assert_no_error (error);
}

JxsTrustLevel
decide_full (Fixture *f,
             JxsJid *jid,
             guint key,
             JxsTrustOrigin origin,
             JxsTrustLevel minimum,
             GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_decide_async (JXS_TRUST (f->store),
                          jid,
                          jxs_identity_get_certificate (f->keys[key]),
                          origin,
                          minimum,
                          NULL,
                          result_cb,
                          &result);
  return jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&result), NULL, error);
}

void
assert_level (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level)
{
  g_autoptr (GError) error = NULL;
  JxsTrustLevel decided =
      decide_full (f, jid, key, JXS_TRUST_ORIGIN_NONE, JXS_TRUST_LEVEL_FIRST_USE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (decided, ==, level);
}

char *
assert_refused (Fixture *f, JxsJid *jid, guint key)
{
  g_autoptr (GError) error = NULL;
  JxsTrustLevel decided =
      decide_full (f, jid, key, JXS_TRUST_ORIGIN_NONE, JXS_TRUST_LEVEL_FIRST_USE, &error);

  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_cmpint (decided, ==, JXS_TRUST_LEVEL_DISTRUSTED);
  return g_strdup (error->message);
}

void
set_level (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level, JxsTrustOrigin origin)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_store_set_level_async (f->store,
                                   jid,
                                   f->fingerprints[key],
                                   level,
                                   origin,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   result_cb,
                                   &result);
  jxs_trust_store_set_level_finish (f->store, wait_for (&result), &error);
  g_assert_no_error (error);
}

guint
remove_keys (Fixture *f, JxsJid *jid, const char *fingerprint)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  jxs_trust_store_remove_async (
      f->store, jid, fingerprint, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  jxs_trust_store_remove_finish (f->store, wait_for (&result), &n, &error);
  g_assert_no_error (error);
  return n;
}

void
learn (Fixture *f,
       JxsJid *jid,
       guint key,
       JxsTrustLevel level,
       JxsTrustOrigin origin,
       const char *voucher)
{
  jxs_trust_learn (JXS_TRUST (f->store),
                   jid,
                   jxs_identity_get_certificate (f->keys[key]),
                   level,
                   origin,
                   voucher);
}

void
settle (Fixture *f)
{
  g_autoptr (JxsJid) nobody = jxs_jid_new ("nobody.lit", NULL);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_remove_async (
      f->store, nobody, NULL, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  jxs_trust_store_remove_finish (f->store, wait_for (&result), NULL, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
assert_record (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level, JxsTrustOrigin origin)
{
  g_autoptr (JxsTrustRecord) record = jxs_trust_store_lookup (f->store, jid, f->fingerprints[key]);

  g_assert_nonnull (record);
  g_assert_cmpint (jxs_trust_record_get_level (record), ==, level);
  g_assert_cmpint (jxs_trust_record_get_origin (record), ==, origin);
}

void
assert_no_record (Fixture *f, JxsJid *jid, guint key)
{
  g_assert_null (jxs_trust_store_lookup (f->store, jid, f->fingerprints[key]));
}

void
execute (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

gint64
query (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  gint64 number;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return number;
}
