/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

static void
assert_mode (const char *path, guint mode)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, mode);
}

static void
assert_not_opened (Fixture *f, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (open_store (f, &error));
  g_assert_error (error, domain, code);
}

static void
test_modes (Fixture *f, gconstpointer data)
{
  static const char *const companions[] = { "-wal", "-shm" };
  g_autofree char *folder = g_build_filename (f->folder, "a", "b", NULL);
  g_autofree char *parent = g_build_filename (f->folder, "a", NULL);
  mode_t before = umask (0);

  g_free (f->path);
  f->path = g_build_filename (folder, "trust.db", NULL);
  g_object_unref (f->file);
  f->file = g_file_new_for_path (f->path);
  reopen (f);
  umask (before);
  assert_mode (f->path, 0600);
  assert_mode (folder, 0700);
  assert_mode (parent, 0700);
  for (gsize i = 0; i < G_N_ELEMENTS (companions); i++)
    {
      g_autofree char *companion = g_strconcat (f->path, companions[i], NULL);

      assert_mode (companion, 0600);
    }
}

static void
test_writable (Fixture *f, gconstpointer data)
{
  static const guint modes[] = { 0620, 0602, 0666 };
  g_autofree char *log = g_strconcat (f->path, "-wal", NULL);

  reopen (f);
  close_store (f);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_cmpint (g_chmod (f->path, (int) modes[i]), ==, 0);
      assert_not_opened (f, JXS_ERROR, JXS_ERROR_SECURITY);
      g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
      g_assert_cmpint (g_chmod (f->folder, (int) modes[i] | 0111), ==, 0);
      assert_not_opened (f, JXS_ERROR, JXS_ERROR_SECURITY);
      g_assert_cmpint (g_chmod (f->folder, 0700), ==, 0);
    }
  /* SQLite would read this one. */
  g_assert_true (g_file_set_contents (log, "", 0, NULL));
  g_assert_cmpint (g_chmod (log, 0666), ==, 0);
  assert_not_opened (f, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_cmpint (g_unlink (log), ==, 0);
  reopen (f);
}

static void
test_foreign (Fixture *f, gconstpointer data)
{
  if (geteuid () != 0)
    {
      g_test_skip ("only root can give files away");
      return;
    }
  reopen (f);
  close_store (f);
  g_assert_cmpint (chown (f->path, 1, 1), ==, 0);
  assert_not_opened (f, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_cmpint (chown (f->path, 0, 0), ==, 0);
  g_assert_cmpint (chown (f->folder, 1, 1), ==, 0);
  assert_not_opened (f, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_cmpint (chown (f->folder, 0, 0), ==, 0);
}

static void
test_no_file (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_mkdir (f->path, 0700), ==, 0);
  assert_not_opened (f, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
  g_assert_cmpint (g_rmdir (f->path), ==, 0);

  g_object_unref (f->file);
  f->file = g_file_new_for_uri ("https://capulet.lit/trust.db");
  assert_not_opened (f, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_object_unref (f->file);
  f->file = g_file_new_for_path ("/dev/null/trust.db");
  assert_not_opened (f, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
}

/* The bytes of the file; those of a database that nobody has open. */
static GBytes *
read_file (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize size;

  g_file_get_contents (f->path, &contents, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (contents, size);
}

static void
assert_left_alone (Fixture *f, GIOErrorEnum code)
{
  g_autoptr (GBytes) before = read_file (f);
  g_autoptr (GBytes) after = NULL;

  assert_not_opened (f, G_IO_ERROR, (int) code);
  after = read_file (f);
  g_assert_true (g_bytes_equal (before, after));
}

static void
fill (Fixture *f)
{
  reopen (f);
  for (guint i = 0; i < N_KEYS; i++)
    set_level (f, f->juliet, i, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  execute (f->path,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
           " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " SELECT 'friend' || i || '@montague.lit', printf ('%064x', i), 3, i, i FROM n");
  close_store (f);
  /* Whoever comes last writes it all into the file. */
  execute (f->path, "PRAGMA wal_checkpoint (TRUNCATE)");
}

static void
test_truncated (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) whole = NULL;
  gsize size;
  const char *bytes;

  fill (f);
  whole = read_file (f);
  bytes = g_bytes_get_data (whole, &size);
  g_assert_cmpuint (size, >, 10 * 4096);
  for (gsize cut = 1; cut < size; cut = cut < 4096 ? cut * 3 : cut + 3 * 4096)
    {
      g_assert_true (g_file_set_contents (f->path, bytes, (gssize) cut, NULL));
      g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
      assert_left_alone (f, G_IO_ERROR_INVALID_DATA);
    }
  /* A copy put in place is as good as ever. */
  g_assert_true (g_file_set_contents (f->path, bytes, (gssize) size, NULL));
  g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autofree char *junk = g_strnfill (10000, 'x');
  g_autofree char *damaged = NULL;
  g_autoptr (GBytes) whole = NULL;
  gsize size;

  g_assert_true (g_file_set_contents (f->path, junk, -1, NULL));
  g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
  assert_left_alone (f, G_IO_ERROR_INVALID_DATA);
  g_assert_cmpint (g_unlink (f->path), ==, 0);

  fill (f);
  whole = read_file (f);
  g_bytes_get_data (whole, &size);
  damaged = g_memdup2 (g_bytes_get_data (whole, NULL), size);
  memset (damaged + 3 * 4096, 0xa5, 2 * 4096);
  g_assert_true (g_file_set_contents (f->path, damaged, (gssize) size, NULL));
  g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
  assert_left_alone (f, G_IO_ERROR_INVALID_DATA);
}

static void
test_newer (Fixture *f, gconstpointer data)
{
  fill (f);
  execute (f->path, "PRAGMA user_version = 3; PRAGMA wal_checkpoint (TRUNCATE)");
  assert_left_alone (f, G_IO_ERROR_NOT_SUPPORTED);
  /* Also one that does not even use a log. */
  execute (f->path, "PRAGMA journal_mode = DELETE");
  assert_left_alone (f, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_other_application (Fixture *f, gconstpointer data)
{
  execute (f->path, "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('poison')");
  g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
  assert_left_alone (f, G_IO_ERROR_INVALID_DATA);
  execute (f->path, "PRAGMA application_id = 7; PRAGMA user_version = 2");
  assert_left_alone (f, G_IO_ERROR_INVALID_DATA);
}

static void
load_v1 (Fixture *f)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "security", "trust-store-v1.sql", NULL);
  g_autofree char *sql = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &sql, NULL, &error);
  g_assert_no_error (error);
  execute (f->path, sql);
  g_assert_cmpint (g_chmod (f->path, 0600), ==, 0);
}

static void
test_version_1 (Fixture *f, gconstpointer data)
{
  static const struct
  {
    char digit;
    JxsTrustLevel level;
    JxsTrustOrigin origin;
    const char *device;
    gint64 first_seen;
    gint64 last_seen;
  } expected[] = {
    { 'a',
      JXS_TRUST_LEVEL_VERIFIED,
      JXS_TRUST_ORIGIN_APPLICATION,
      "balcony",
      1400000000,
      1500000000 },
    { 'b', JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_NONE, "orchard", 1400000001, 1500000001 },
    { 'c', JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION, NULL, 0, 0 },
    { 'd', JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, "street", 1400000002, 1400000002 },
    { 'e', JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE, "chamber", 1400000003, 1400000003 },
  };

  load_v1 (f);
  reopen (f);
  g_assert_cmpint (query (f->path, "PRAGMA user_version"), ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->store)),
                    ==,
                    G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (JxsTrustRecord) record = g_list_model_get_item (G_LIST_MODEL (f->store), i);
      g_autofree char *fingerprint = g_strnfill (64, expected[i].digit);

      g_assert_cmpstr (jxs_trust_record_get_fingerprint (record), ==, fingerprint);
      g_assert_cmpint (jxs_trust_record_get_level (record), ==, expected[i].level);
      g_assert_cmpint (jxs_trust_record_get_origin (record), ==, expected[i].origin);
      g_assert_cmpstr (jxs_trust_record_get_device (record), ==, expected[i].device);
      g_assert_cmpint (jxs_trust_record_get_first_seen (record), ==, expected[i].first_seen);
      g_assert_cmpint (jxs_trust_record_get_last_seen (record), ==, expected[i].last_seen);
      g_assert_null (jxs_trust_record_get_certificate (record));
    }
  g_free (assert_refused (f, f->juliet, 0));
}

/* The log needs the file for a moment alone: it is waited for, but not for ever. */
static void
test_read_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  sqlite3 *other = NULL;

  load_v1 (f);
  g_assert_cmpint (sqlite3_open (f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN; SELECT * FROM keys", NULL, NULL, NULL),
                   ==,
                   SQLITE_OK);
  jxs_trust_store_open_async (f->file, G_PRIORITY_DEFAULT, cancellable, result_cb, &result);
  g_cancellable_cancel (cancellable);
  g_assert_null (jxs_trust_store_open_finish (wait_for (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_not_opened (f, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (query (f->path, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  reopen (f);
}

/* SQLite calls this for each connection that is opened. */
static int
restrict_connection (sqlite3 *db, char **message, gconstpointer api)
{
  sqlite3_exec (db, "PRAGMA max_page_count = 12", NULL, NULL, NULL);
  return SQLITE_OK;
}

typedef void (*Entry) (void);

static gboolean
try_level (Fixture *f, JxsJid *jid, guint key, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_set_level_async (f->store,
                                   jid,
                                   f->fingerprints[key],
                                   JXS_TRUST_LEVEL_VERIFIED,
                                   JXS_TRUST_ORIGIN_FINGERPRINT,
                                   G_PRIORITY_DEFAULT,
                                   cancellable,
                                   result_cb,
                                   &result);
  return jxs_trust_store_set_level_finish (f->store, wait_for (&result), error);
}

static void
assert_new_refused (Fixture *f, JxsJid *jid)
{
  g_autofree char *reason = assert_refused (f, jid, 0);

  g_assert_nonnull (strstr (reason, "cannot be remembered"));
}

/* A disk that is full: those who are known go on, what is new is refused and tells why, and once
 * there is room all is well. */
static void
test_full (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) friends = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_jid_unref);
  g_autoptr (GError) error = NULL;
  gboolean full = FALSE;

  sqlite3_auto_extension ((Entry) restrict_connection);
  reopen (f);
  sqlite3_cancel_auto_extension ((Entry) restrict_connection);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  while (!full)
    {
      g_autofree char *address = g_strdup_printf ("friend%u@montague.lit", friends->len);
      JxsJid *friend = jxs_jid_new (address, NULL);

      g_assert_cmpuint (friends->len, <, 1000);
      full = decide_full (f, friend, 0, JXS_TRUST_ORIGIN_NONE, JXS_TRUST_LEVEL_FIRST_USE, &error) <
             JXS_TRUST_LEVEL_FIRST_USE;
      if (full)
        jxs_jid_unref (friend);
      else
        g_ptr_array_add (friends, friend);
    }
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_nonnull (strstr (error->message, "cannot be remembered"));
  g_assert_nonnull (strstr (error->message, "full"));
  g_clear_error (&error);
  g_assert_cmpuint (friends->len, >, 3);

  for (guint i = 0; i < friends->len; i++)
    assert_level (f, friends->pdata[i], 0, JXS_TRUST_LEVEL_PINNED);
  g_free (assert_refused (f, f->juliet, 1));
  assert_new_refused (f, f->nurse);
  assert_no_record (f, f->nurse, 0);
  g_assert_false (try_level (f, f->nurse, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  learn (f, f->nurse, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  settle (f);
  assert_no_record (f, f->nurse, 0);

  reopen (f);
  assert_level (f, f->nurse, 0, JXS_TRUST_LEVEL_FIRST_USE);
  for (guint i = 0; i < friends->len; i++)
    assert_level (f, friends->pdata[i], 0, JXS_TRUST_LEVEL_PINNED);
}

/* The system refuses to let a file grow: the same, and it ends without opening anew. */
static void
test_file_size (Fixture *f, gconstpointer data)
{
  g_autofree char *log = g_strconcat (f->path, "-wal", NULL);
  struct rlimit limit, before;
  GStatBuf status;

  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (g_stat (log, &status), ==, 0);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = (rlim_t) status.st_size + 1000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  assert_new_refused (f, f->nurse);
  g_free (assert_refused (f, f->juliet, 1));
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  assert_no_record (f, f->juliet, 1);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  signal (SIGXFSZ, SIG_DFL);

  assert_level (f, f->nurse, 0, JXS_TRUST_LEVEL_FIRST_USE);
  assert_record (f, f->nurse, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE);
}

static int
forbid_writing (sqlite3 *db, char **message, gconstpointer api)
{
  sqlite3_exec (db, "PRAGMA query_only = 1", NULL, NULL, NULL);
  return SQLITE_OK;
}

static void
test_read_only (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  close_store (f);
  sqlite3_auto_extension ((Entry) forbid_writing);
  reopen (f);
  sqlite3_cancel_auto_extension ((Entry) forbid_writing);
  assert_new_refused (f, f->nurse);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  g_free (assert_refused (f, f->juliet, 1));
  g_assert_false (try_level (f, f->nurse, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  assert_no_record (f, f->juliet, 1);
}

/* A folder that we may not write to; root, who may, is somebody else for a while. */
static void
test_read_only_folder (Fixture *f, gconstpointer data)
{
  gboolean is_root = geteuid () == 0;

  fill (f);
  g_assert_cmpint (g_chmod (f->folder, 0555), ==, 0);
  if (is_root)
    {
      g_assert_cmpint (chown (f->path, 1, 1), ==, 0);
      g_assert_cmpint (seteuid (1), ==, 0);
    }
  /* SQLite needs its log beside the file, ... */
  assert_left_alone (f, G_IO_ERROR_READ_ONLY);
  if (is_root)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_cmpint (g_unlink (f->path), ==, is_root ? 0 : -1);
  /* ... and nothing can be made. */
  if (is_root)
    {
      g_assert_cmpint (seteuid (1), ==, 0);
      assert_not_opened (f, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
      g_assert_cmpint (seteuid (0), ==, 0);
    }
  g_assert_cmpint (g_chmod (f->folder, 0700), ==, 0);
}

/* Another process writes and does not end: one wait, then short ones. */
static void
test_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GError) error = NULL;
  sqlite3 *other = NULL;

  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (sqlite3_open (f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);

  /* Cancelled while it waits. */
  jxs_trust_store_remove_async (
      f->store, f->juliet, NULL, G_PRIORITY_DEFAULT, cancellable, result_cb, &cancelled);
  g_cancellable_cancel (cancellable);
  g_assert_false (jxs_trust_store_remove_finish (f->store, wait_for (&cancelled), NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  assert_new_refused (f, f->nurse);
  /* It would be pinned now, which can wait. */
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE);
  g_assert_false (try_level (f, f->juliet, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);

  assert_level (f, f->nurse, 0, JXS_TRUST_LEVEL_FIRST_USE);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_NONE);
}

/* Damage that comes while it is open: no key is accepted that cannot be looked up. */
static void
test_unreadable (Fixture *f, gconstpointer data)
{
  g_autofree char *reason = NULL;

  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  execute (f->path, "ALTER TABLE keys RENAME TO locks");
  reason = assert_refused (f, f->juliet, 0);
  g_assert_nonnull (strstr (reason, "cannot be looked up"));
  execute (f->path, "ALTER TABLE locks RENAME TO keys");
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
}

/* A newer version of the library changed the file meanwhile. */
static void
test_upgraded (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  reopen (f);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  execute (f->path, "PRAGMA user_version = 3");
  assert_new_refused (f, f->nurse);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  g_assert_false (try_level (f, f->juliet, 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_cmpint (query (f->path, "SELECT level FROM keys"), ==, JXS_TRUST_LEVEL_FIRST_USE);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) before = NULL;
  g_autoptr (GAsyncResult) during = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_store_open_async (f->file, G_PRIORITY_DEFAULT, cancellable, result_cb, &during);
  g_cancellable_cancel (cancellable);
  g_assert_null (jxs_trust_store_open_finish (wait_for (&during), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  jxs_trust_store_open_async (f->file, G_PRIORITY_DEFAULT, cancellable, result_cb, &before);
  g_assert_null (jxs_trust_store_open_finish (wait_for (&before), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  reopen (f);
  g_assert_false (try_level (f, f->juliet, 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_no_record (f, f->juliet, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store-files/" name, Fixture, NULL, set_up_closed, func, tear_down)
  CASE ("modes", test_modes);
  CASE ("writable", test_writable);
  CASE ("foreign", test_foreign);
  CASE ("no-file", test_no_file);
  CASE ("truncated", test_truncated);
  CASE ("damaged", test_damaged);
  CASE ("newer", test_newer);
  CASE ("other-application", test_other_application);
  CASE ("version-1", test_version_1);
  CASE ("read-locked", test_read_locked);
  CASE ("full", test_full);
  CASE ("file-size", test_file_size);
  CASE ("read-only", test_read_only);
  CASE ("read-only-folder", test_read_only_folder);
  CASE ("locked", test_locked);
  CASE ("unreadable", test_unreadable);
  CASE ("upgraded", test_upgraded);
  CASE ("cancel", test_cancel);

  return g_test_run ();
}
