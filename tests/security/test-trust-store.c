/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <string.h>

#include <jxs-glib/security/jxs-fingerprint.h>

static void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” says nothing of “%s”", text, part);
}

static void
test_first_use (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsTrustRecord) record = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_assert_false (jxs_trust_is_known (JXS_TRUST (f->store), f->juliet));
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_NONE);
  /* The key is that of the account, wherever it is connected. */
  assert_level (f, f->chamber, 0, JXS_TRUST_LEVEL_PINNED);
  /* Each account for itself, even with the same key. */
  assert_level (f, f->nurse, 0, JXS_TRUST_LEVEL_FIRST_USE);

  record = jxs_trust_store_lookup (f->store, f->chamber, f->fingerprints[0]);
  g_assert_cmpstr (jxs_jid_to_string (jxs_trust_record_get_jid (record)), ==, "juliet@capulet.lit");
  g_assert_cmpstr (jxs_trust_record_get_fingerprint (record), ==, f->fingerprints[0]);
  g_assert_cmpstr (jxs_trust_record_get_device (record), ==, "balcony");
  g_assert_true (g_tls_certificate_is_same (jxs_trust_record_get_certificate (record),
                                            jxs_identity_get_certificate (f->keys[0])));
  g_assert_null (jxs_trust_record_get_voucher (record));
  g_assert_cmpint (jxs_trust_record_get_first_seen (record), >=, now);
  g_assert_cmpint (jxs_trust_record_get_last_seen (record), >=, now);

  /* All of it is on disk. */
  reopen (f);
  g_assert_true (jxs_trust_is_known (JXS_TRUST (f->store), f->juliet));
  g_clear_object (&record);
  record = jxs_trust_store_lookup (f->store, f->juliet, f->fingerprints[0]);
  g_assert_cmpint (jxs_trust_record_get_level (record), ==, JXS_TRUST_LEVEL_PINNED);
  g_assert_true (g_tls_certificate_is_same (jxs_trust_record_get_certificate (record),
                                            jxs_identity_get_certificate (f->keys[0])));
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
}

static void
test_changed (Fixture *f, gconstpointer data)
{
  g_autofree char *known = jxs_fingerprint_to_text (f->fingerprints[0]);
  g_autofree char *shown = jxs_fingerprint_to_text (f->fingerprints[1]);
  g_autofree char *reason = NULL;
  g_autofree char *again = NULL;

  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  execute (f->path, "UPDATE keys SET first_seen = 951782400"); /* 2000-02-29 */
  reason = assert_refused (f, f->juliet, 1);
  assert_contains (reason, "juliet@capulet.lit");
  assert_contains (reason, "has changed");
  assert_contains (reason, known);
  assert_contains (reason, shown);
  assert_contains (reason, "since 2000-02-2");
  assert_contains (reason, "never verified");
  assert_contains (reason, "compare");
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);

  /* Seen again it is no better, and the old one no worse. */
  again = assert_refused (f, f->juliet, 1);
  g_assert_cmpstr (again, ==, reason);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);

  /* A person verified it. */
  set_level (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  assert_level (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
}

static void
test_new_device (Fixture *f, gconstpointer data)
{
  g_autofree char *reason = NULL;

  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_SHORT_STRING);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
  reason = assert_refused (f, f->chamber, 1);
  assert_contains (reason, "device");
  assert_contains (reason, "short string");
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
}

static void
test_distrusted (Fixture *f, gconstpointer data)
{
  g_autofree char *reason = NULL;
  g_autofree char *again = NULL;

  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  reason = assert_refused (f, f->juliet, 0);
  assert_contains (reason, "distrusted");
  /* Nothing but a person raises it, ... */
  learn (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  g_free (assert_refused (f, f->juliet, 0));
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
  /* ... nor does the next key begin anew. */
  again = assert_refused (f, f->juliet, 1);
  assert_contains (again, "distrusted");
  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_no_first_use (Fixture *f, gconstpointer data)
{
  g_autofree char *shown = jxs_fingerprint_to_text (f->fingerprints[0]);
  g_autofree char *reason = NULL;
  guint n_notified = 0;

  g_assert_true (jxs_trust_store_get_first_use (f->store));
  g_signal_connect (f->store, "notify::first-use", G_CALLBACK (count_notify), &n_notified);
  jxs_trust_store_set_first_use (f->store, FALSE);
  g_object_set (f->store, "first-use", FALSE, NULL);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_false (jxs_trust_store_get_first_use (f->store));

  reason = assert_refused (f, f->juliet, 0);
  assert_contains (reason, shown);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
  g_free (assert_refused (f, f->juliet, 0));
  /* Who showed a key can encrypt. */
  g_assert_true (jxs_trust_is_known (JXS_TRUST (f->store), f->chamber));
  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
}

/* A policy that wants more than first use does not get it by asking twice. */
static void
test_minimum (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      decide_full (f, f->juliet, 0, JXS_TRUST_ORIGIN_NONE, JXS_TRUST_LEVEL_PINNED, &error);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
    }
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
}

static void
test_authority (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      decide_full (f, f->juliet, 0, JXS_TRUST_ORIGIN_AUTHORITY, JXS_TRUST_LEVEL_VERIFIED, &error),
      ==,
      JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_AUTHORITY);
  /* Believed no more, or revoked: what is left is that the key is known. */
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  decide_full (f, f->juliet, 0, JXS_TRUST_ORIGIN_AUTHORITY, JXS_TRUST_LEVEL_VERIFIED, &error);
  g_assert_no_error (error);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_AUTHORITY);
  /* It may certify a new key, but not against a person. */
  g_assert_cmpint (
      decide_full (f, f->juliet, 1, JXS_TRUST_ORIGIN_AUTHORITY, JXS_TRUST_LEVEL_VERIFIED, &error),
      ==,
      JXS_TRUST_LEVEL_VERIFIED);
  g_assert_no_error (error);
  learn (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_SHORT_STRING, NULL);
  settle (f);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_SHORT_STRING);
  decide_full (f, f->juliet, 2, JXS_TRUST_ORIGIN_AUTHORITY, JXS_TRUST_LEVEL_FIRST_USE, &error);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

static void
test_learn (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsTrustRecord) record = NULL;

  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, f->fingerprints[0]);
  settle (f);
  /* Not more than the older key has, and not seen yet. */
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED);
  record = jxs_trust_store_lookup (f->store, f->juliet, f->fingerprints[1]);
  g_assert_cmpstr (jxs_trust_record_get_voucher (record), ==, f->fingerprints[0]);
  g_assert_cmpint (jxs_trust_record_get_first_seen (record), ==, 0);
  g_assert_cmpint (jxs_trust_record_get_last_seen (record), ==, 0);
  assert_level (f, f->juliet, 1, JXS_TRUST_LEVEL_PINNED);
  g_assert_cmpint (jxs_trust_record_get_first_seen (record), >, 0);

  /* Of an older key that nobody knows. */
  learn (f, f->nurse, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_VOUCHED, f->fingerprints[0]);
  learn (f, f->nurse, 2, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  settle (f);
  assert_no_record (f, f->nurse, 1);
  assert_record (f, f->nurse, 2, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD);
  /* It outlives the store that learned it, even when nobody waited. */
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_SHORT_STRING, NULL);
  reopen (f);
  assert_level (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED);
}

static void
test_set_level (Fixture *f, gconstpointer data)
{
  g_autofree char *colons = jxs_fingerprint_to_text (f->fingerprints[0]);
  g_autoptr (JxsTrustRecord) record = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* A key that was never seen. */
  jxs_trust_store_set_level_async (f->store,
                                   f->juliet,
                                   colons,
                                   JXS_TRUST_LEVEL_VERIFIED,
                                   JXS_TRUST_ORIGIN_FINGERPRINT,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   result_cb,
                                   &result);
  g_assert_true (jxs_trust_store_set_level_finish (f->store, wait_for (&result), &error));
  g_assert_no_error (error);
  record = jxs_trust_store_lookup (f->store, f->chamber, colons);
  g_assert_nonnull (record);
  g_assert_null (jxs_trust_record_get_device (record));
  g_assert_null (jxs_trust_record_get_certificate (record));
  g_assert_cmpint (jxs_trust_record_get_first_seen (record), ==, 0);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_nonnull (jxs_trust_record_get_certificate (record));
  g_assert_cmpstr (jxs_trust_record_get_device (record), ==, "balcony");

  /* A person may also think less of it. */
  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_APPLICATION);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);
  g_assert_cmpint (jxs_trust_record_get_level (record), ==, JXS_TRUST_LEVEL_UNKNOWN);

  g_clear_object (&result);
  jxs_trust_store_set_level_async (f->store,
                                   f->juliet,
                                   "ab:cd",
                                   JXS_TRUST_LEVEL_VERIFIED,
                                   JXS_TRUST_ORIGIN_FINGERPRINT,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   result_cb,
                                   &result);
  g_assert_false (jxs_trust_store_set_level_finish (f->store, wait_for (&result), &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_assert_null (jxs_trust_store_lookup (f->store, f->juliet, "ab:cd"));
}

static void
test_remove (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_KEYS; i++)
    set_level (f, f->juliet, i, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  set_level (f, f->nurse, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);

  g_assert_cmpuint (remove_keys (f, f->juliet, f->fingerprints[1]), ==, 1);
  g_assert_cmpuint (remove_keys (f, f->juliet, f->fingerprints[1]), ==, 0);
  assert_no_record (f, f->juliet, 1);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED);
  g_assert_cmpuint (remove_keys (f, f->chamber, NULL), ==, 2);
  g_assert_false (jxs_trust_is_known (JXS_TRUST (f->store), f->juliet));
  g_assert_true (jxs_trust_is_known (JXS_TRUST (f->store), f->nurse));
  assert_level (f, f->juliet, 2, JXS_TRUST_LEVEL_FIRST_USE);

  jxs_trust_store_remove_async (
      f->store, f->juliet, "?", G_PRIORITY_DEFAULT, NULL, result_cb, &result);
  g_assert_false (jxs_trust_store_remove_finish (f->store, wait_for (&result), NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
}

/* What a distrusted key vouched for must not be trusted once that is forgotten; what a good one did
 * stays. */
static void
test_remove_voucher (Fixture *f, gconstpointer data)
{
  for (gboolean distrusted = FALSE; distrusted <= TRUE; distrusted++)
    {
      set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED, JXS_TRUST_ORIGIN_APPLICATION);
      for (guint i = 1; i < N_KEYS; i++)
        learn (f,
               f->juliet,
               i,
               JXS_TRUST_LEVEL_PINNED,
               JXS_TRUST_ORIGIN_VOUCHED,
               f->fingerprints[i - 1]);
      assert_level (f, f->juliet, 2, JXS_TRUST_LEVEL_PINNED);
      if (distrusted)
        {
          set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_APPLICATION);
          for (guint i = 0; i < N_KEYS; i++)
            g_free (assert_refused (f, f->juliet, i));
        }
      g_assert_cmpuint (remove_keys (f, f->juliet, f->fingerprints[0]), ==, distrusted ? 3 : 1);
      if (!distrusted)
        assert_level (f, f->juliet, 2, JXS_TRUST_LEVEL_PINNED);
      g_assert_true (jxs_trust_is_known (JXS_TRUST (f->store), f->juliet) != distrusted);
    }
}

/* Not opened, or disposed by the garbage collector of another language: nobody is trusted. */
static void
test_not_open (Fixture *f, gconstpointer data)
{
  JxsTrustStore *const stores[] = { g_object_new (JXS_TYPE_TRUST_STORE, NULL),
                                    g_steal_pointer (&f->store) };

  g_object_run_dispose (G_OBJECT (stores[1]));
  for (gsize i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autoptr (JxsTrustStore) store = stores[i];
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      g_test_expect_message ("jxs-security", G_LOG_LEVEL_CRITICAL, "*worker*");
      jxs_trust_decide_async (JXS_TRUST (store),
                              f->nurse,
                              jxs_identity_get_certificate (f->keys[0]),
                              JXS_TRUST_ORIGIN_NONE,
                              JXS_TRUST_LEVEL_FIRST_USE,
                              NULL,
                              result_cb,
                              &result);
      g_test_assert_expected_messages ();
      jxs_trust_decide_finish (JXS_TRUST (store), wait_for (&result), NULL, &error);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      g_clear_object (&result);
    }
}

/* Two sessions with one new peer: one key wins, the other is judged against it. */
static void
test_race (Fixture *f, gconstpointer data)
{
  GAsyncResult *results[N_KEYS] = { NULL };

  for (guint i = 0; i < N_KEYS; i++)
    jxs_trust_decide_async (JXS_TRUST (f->store),
                            f->juliet,
                            jxs_identity_get_certificate (f->keys[i]),
                            JXS_TRUST_ORIGIN_NONE,
                            JXS_TRUST_LEVEL_FIRST_USE,
                            NULL,
                            result_cb,
                            &results[i]);
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autoptr (GError) error = NULL;
      JxsTrustLevel level =
          jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&results[i]), NULL, &error);

      if (i == 0)
        g_assert_cmpint (level, ==, JXS_TRUST_LEVEL_FIRST_USE);
      else
        g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      g_object_unref (results[i]);
    }
}

/* A stranger with a new key each time fills neither memory nor disk. */
static void
test_flood (Fixture *f, gconstpointer data)
{
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  execute (
      f->path,
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
      " SELECT 'stranger' || (i % 200) || '@montague.lit', printf ('%064x', i), 1, i, i FROM n");
  g_free (assert_refused (f, f->juliet, 1));
  g_assert_cmpint (query (f->path, "SELECT count(*) FROM keys WHERE level = 1"), ==, 1024);
  /* The newest stay. */
  g_assert_cmpint (query (f->path, "SELECT min(last_seen) FROM keys WHERE level = 1"), ==, 978);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);

  execute (f->path,
           "DELETE FROM keys WHERE level = 1;"
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
           " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " SELECT 'juliet@capulet.lit', printf ('%064x', i), 1, i, i FROM n");
  g_free (assert_refused (f, f->juliet, 1));
  g_assert_cmpint (query (f->path, "SELECT count(*) FROM keys WHERE level = 1"), ==, 8);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_NONE);

  /* Accepted keys are never pushed out: what is new is refused. */
  execute (f->path,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16383)"
           " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " SELECT 'friend' || i || '@montague.lit', printf ('%064x', i), 3, i, i FROM n");
  {
    g_autofree char *reason = assert_refused (f, f->nurse, 0);

    assert_contains (reason, "Too many keys");
  }
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_PINNED);
  /* But a person may. */
  set_level (f, f->nurse, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  assert_level (f, f->nurse, 0, JXS_TRUST_LEVEL_VERIFIED);
}

/* One address, too: what a peer vouches for without end. */
static void
test_flood_vouched (Fixture *f, gconstpointer data)
{
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  execute (f->path,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 63)"
           " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " SELECT 'juliet@capulet.lit', printf ('%064x', i), 3, i, i FROM n");
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED, f->fingerprints[0]);
  settle (f);
  assert_no_record (f, f->juliet, 1);
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  settle (f);
  assert_record (f, f->juliet, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD);
}

/* Two persons found a key different: nobody is the first any more, whoever shows however many keys,
 * until a person decides. */
static void
test_rejected (Fixture *f, gconstpointer data)
{
  g_autofree char *reason = NULL;

  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  learn (f, f->juliet, 1, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_VOUCHED, f->fingerprints[0]);
  learn (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_SHORT_STRING, NULL);
  settle (f);
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_SHORT_STRING);
  reopen (f);
  reason = assert_refused (f, f->juliet, 0);
  assert_contains (reason, "different");
  g_free (assert_refused (f, f->juliet, 1));
  execute (f->path,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
           " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"
           " SELECT 'juliet@capulet.lit', printf ('%064x', i), 1, i, 1 << 40 FROM n");
  g_free (assert_refused (f, f->juliet, 2));
  assert_record (f, f->juliet, 0, JXS_TRUST_LEVEL_UNKNOWN, JXS_TRUST_ORIGIN_SHORT_STRING);

  set_level (f, f->juliet, 2, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  assert_level (f, f->juliet, 2, JXS_TRUST_LEVEL_VERIFIED);
  g_free (assert_refused (f, f->juliet, 0));
  remove_keys (f, f->juliet, NULL);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
}

/* Let go of with questions and lessons under way. */
static void
test_let_go (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_decide_async (JXS_TRUST (f->store),
                          f->juliet,
                          jxs_identity_get_certificate (f->keys[0]),
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          cancellable,
                          result_cb,
                          &result);
  learn (f, f->nurse, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD, NULL);
  g_cancellable_cancel (cancellable);
  jxs_trust_decide_finish (JXS_TRUST (f->store), wait_for (&result), NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  g_assert_finalize_object (g_steal_pointer (&f->store));

  g_clear_error (&error);
  f->store = open_store (f, &error);
  g_assert_no_error (error);
  /* Another connection: it waits for what the first one still writes. */
  while (jxs_trust_store_lookup (f->store, f->nurse, f->fingerprints[1]) == NULL)
    settle (f);
  assert_record (f, f->nurse, 1, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_PASSWORD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("first-use", test_first_use);
  CASE ("changed", test_changed);
  CASE ("new-device", test_new_device);
  CASE ("distrusted", test_distrusted);
  CASE ("no-first-use", test_no_first_use);
  CASE ("minimum", test_minimum);
  CASE ("authority", test_authority);
  CASE ("learn", test_learn);
  CASE ("set-level", test_set_level);
  CASE ("remove", test_remove);
  CASE ("remove-voucher", test_remove_voucher);
  CASE ("not-open", test_not_open);
  CASE ("race", test_race);
  CASE ("flood", test_flood);
  CASE ("flood-vouched", test_flood_vouched);
  CASE ("rejected", test_rejected);
  CASE ("let-go", test_let_go);

  return g_test_run ();
}
