/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

typedef struct
{
  guint n_imported;
  guint n_kept;
  guint n_invalid;
} Counts;

static gboolean export(Fixture *f, GFile *file, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_export_async (f->store, file, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  return jxs_trust_store_export_finish (f->store, wait_for (&result), error);
}

static gboolean
import (Fixture *f, GFile *file, Counts *counts, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_import_async (f->store, file, G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  return jxs_trust_store_import_finish (f->store,
                                        wait_for (&result),
                                        &counts->n_imported,
                                        &counts->n_kept,
                                        &counts->n_invalid,
                                        error);
}

static GFile *
text_file (Fixture *f, const char *text)
{
  g_autofree char *path = g_build_filename (f->folder, "keys.txt", NULL);
  g_autoptr (GError) error = NULL;

  if (text != NULL)
    g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return g_file_new_for_path (path);
}

static void
assert_imported (Fixture *f, GFile *file, guint n_imported, guint n_kept, guint n_invalid)
{
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_assert_true (import (f, file, &counts, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (counts.n_imported, ==, n_imported);
  g_assert_cmpuint (counts.n_kept, ==, n_kept);
  g_assert_cmpuint (counts.n_invalid, ==, n_invalid);
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GFile) file = text_file (f, "old");
  g_autoptr (JxsTrustRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED, f->fingerprints[0]);
  g_free (assert_refused (f, f->juliet, 2));
  set_level (f, f->nurse, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  g_assert_true (export(f, file, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (g_file_peek_path (file), &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);

  /* Into the same: nothing to do. */
  assert_imported (f, file, 0, 3, 0);
  /* Into an empty one; two keys of one address do not speak against one another. */
  remove_keys (f, f->juliet, NULL);
  remove_keys (f, f->nurse, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->store)), ==, 0);
  assert_imported (f, file, 3, 0, 0);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED);
  assert_no_record (f, f->juliet, 2);
  assert_record (f, f->nurse, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  record = jxs_trust_store_lookup (f->store, f->juliet, f->fingerprints[0]);
  g_assert_nonnull (jxs_trust_record_get_certificate (record));
  g_assert_cmpstr (jxs_trust_record_get_device (record), ==, "balcony");
  g_assert_cmpint (jxs_trust_record_get_first_seen (record), >, 0);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
}

static void
test_conflicts (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strdup_printf ("jxs-trust 1\n"
                                           "juliet@capulet.lit\t%s\tverified\tpassword\t0\t0\n"
                                           "juliet@capulet.lit\t%s\tpinned\tnone\t0\t0\n"
                                           "nurse@capulet.lit\t%s\tpinned\tnone\t0\t0\n"
                                           "nurse@capulet.lit\t%s\tverified\tfingerprint\t0\t0\n"
                                           "rubbish\n",
                                           f->fingerprints[0],
                                           f->fingerprints[1],
                                           f->fingerprints[0],
                                           f->fingerprints[2]);
  g_autoptr (GFile) file = text_file (f, text);

  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  assert_level (f, f->nurse, 1, JXS_TRUST_LEVEL_FIRST_USE);
  assert_imported (f, file, 1, 3, 1);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  assert_no_record (f, f->juliet, 1);
  assert_no_record (f, f->nurse, 0);
  assert_record (f, f->nurse, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE);
  assert_record (f, f->nurse, 2, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
}

static void
assert_import_fails (Fixture *f, GFile *file, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  Counts counts;

  g_assert_false (import (f, file, &counts, &error));
  g_assert_error (error, domain, code);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (GFile) missing = text_file (f, NULL);
  g_autoptr (GFile) nowhere = g_file_new_for_path ("/dev/null/keys.txt");
  g_autoptr (GFile) huge = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (f->folder, "huge.txt", NULL);

  assert_import_fails (f, missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_object_unref (text_file (f, "something else\n"));
  assert_import_fails (f, missing, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_object_unref (text_file (f, ""));
  assert_import_fails (f, missing, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_object_unref (text_file (f, "jxs-trust 7\n"));
  assert_import_fails (f, missing, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
  /* Not read to its end: it has none that memory could hold. */
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_cmpint (truncate (path, G_GINT64_CONSTANT (1) << 40), ==, 0);
  huge = g_file_new_for_path (path);
  assert_import_fails (f, huge, JXS_ERROR, JXS_ERROR_LIMIT);
  g_assert_false (export(f, nowhere, &error));
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
}

/* All or nothing. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *text =
      g_strdup_printf ("jxs-trust 1\njuliet@capulet.lit\t%s\tverified\tpassword\t0\t0\n",
                       f->fingerprints[0]);
  g_autoptr (GFile) file = text_file (f, text);

  execute (f->path,
           "CREATE UNIQUE INDEX one ON keys (level);"
           "INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " VALUES ('romeo@montague.lit', 'x', 4, 0, 0)");
  assert_import_fails (f, file, G_IO_ERROR, G_IO_ERROR_FAILED);
  assert_no_record (f, f->juliet, 0);
  execute (f->path, "PRAGMA user_version = 3");
  assert_import_fails (f, file, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autofree char *text =
      g_strdup_printf ("jxs-trust 1\njuliet@capulet.lit\t%s\tverified\tpassword\t0\t0\n",
                       f->fingerprints[0]);
  g_autoptr (GFile) file = text_file (f, text);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) exported = NULL;
      g_autoptr (GAsyncResult) imported = NULL;
      g_autoptr (GError) error = NULL;

      if (i == 0)
        g_cancellable_cancel (cancellable);
      jxs_trust_store_export_async (
          f->store, file, G_PRIORITY_DEFAULT, cancellable, result_cb, &exported);
      jxs_trust_store_import_async (
          f->store, file, G_PRIORITY_DEFAULT, cancellable, result_cb, &imported);
      g_cancellable_cancel (cancellable);
      g_assert_false (jxs_trust_store_export_finish (f->store, wait_for (&exported), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_false (
          jxs_trust_store_import_finish (f->store, wait_for (&imported), NULL, NULL, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  assert_no_record (f, f->juliet, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store-text/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("round-trip", test_round_trip);
  CASE ("conflicts", test_conflicts);
  CASE ("errors", test_errors);
  CASE ("refused", test_refused);
  CASE ("cancel", test_cancel);

  return g_test_run ();
}
