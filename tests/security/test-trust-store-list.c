/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "trust-store-fixture.h"

#include <string.h>

/* A copy of the list, kept by what it tells. */
typedef struct
{
  JxsTrustStore *store;
  GPtrArray *items;
  guint n_emissions;
  guint n_notified;
} Mirror;

static void
changed_cb (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  Mirror *self = user_data;

  self->n_emissions++;
  g_assert_cmpuint (removed + added, >, 0);
  g_assert_cmpuint (position + removed, <=, self->items->len);
  if (removed > 0)
    g_ptr_array_remove_range (self->items, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (self->items,
                        (int) (position + i),
                        g_list_model_get_item (model, position + i));

  /* At each emission, not only in the end. */
  g_assert_cmpuint (self->items->len, ==, g_list_model_get_n_items (model));
  for (guint i = 0; i < self->items->len; i++)
    {
      g_autoptr (JxsTrustRecord) item = g_list_model_get_item (model, i);
      g_autoptr (JxsTrustRecord) found =
          jxs_trust_store_lookup (self->store,
                                  jxs_trust_record_get_jid (item),
                                  jxs_trust_record_get_fingerprint (item));

      g_assert_true (item == self->items->pdata[i]);
      g_assert_true (item == found);
    }
  g_assert_null (g_list_model_get_item (model, self->items->len));
}

static void
mirror_init (Mirror *self, JxsTrustStore *store)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (store));

  self->store = store;
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (self->items, g_list_model_get_item (G_LIST_MODEL (store), i));
  g_signal_connect (store, "items-changed", G_CALLBACK (changed_cb), self);
}

static void
mirror_clear (Mirror *self)
{
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_pointer (&self->items, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mirror, mirror_clear)

/* The fingerprints, each by its last digit. */
static void
assert_items (const Mirror *mirror, const char *expected)
{
  g_autoptr (GString) actual = g_string_new (NULL);

  for (guint i = 0; i < mirror->items->len; i++)
    g_string_append_c (actual, jxs_trust_record_get_fingerprint (mirror->items->pdata[i])[63]);
  g_assert_cmpstr (actual->str, ==, expected);
}

#define INSERT(from, to)                                                                           \
  "WITH RECURSIVE n(i) AS (SELECT " #from " UNION ALL SELECT i + 1 FROM n WHERE i < " #to ")"      \
  " INSERT INTO keys (jid, fingerprint, level, first_seen, last_seen)"                             \
  " SELECT 'friend' || (i % 2) || '@montague.lit', printf ('%064x', i), 3, i, i FROM n"

/* Another process writes: nothing here asks for it. */
static void
execute_and_wait (Fixture *f, Mirror *mirror, const char *sql, guint n_items)
{
  execute (f->path, sql);
  while (mirror->items->len != n_items)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_others (Fixture *f, gconstpointer data)
{
  g_auto (Mirror) mirror = { 0 };
  g_autoptr (JxsJid) friend = jxs_jid_new ("friend1@montague.lit", NULL);

  mirror_init (&mirror, f->store);
  execute_and_wait (f, &mirror, INSERT (0, 9), 10);
  assert_items (&mirror, "0123456789");
  g_assert_cmpuint (mirror.n_emissions, ==, 1);
  g_assert_true (jxs_trust_is_known (JXS_TRUST (f->store), friend));

  /* Two holes, one at the front. */
  execute_and_wait (f, &mirror, "DELETE FROM keys WHERE first_seen IN (0, 1, 4, 5, 6)", 5);
  assert_items (&mirror, "23789");
  g_assert_cmpuint (mirror.n_emissions, ==, 3);
  /* The end, and something new. */
  execute_and_wait (f, &mirror, "DELETE FROM keys WHERE first_seen = 9;" INSERT (10, 12), 7);
  assert_items (&mirror, "2378abc");
  /* All. */
  execute_and_wait (f, &mirror, "DELETE FROM keys", 0);
  g_assert_false (jxs_trust_is_known (JXS_TRUST (f->store), friend));
}

static void
notify_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GString *names = user_data;

  g_string_append_printf (names, "%s ", pspec->name);
}

/* The same object, which tells what became of it. */
static void
test_notify (Fixture *f, gconstpointer data)
{
  g_auto (Mirror) mirror = { 0 };
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (JxsTrustRecord) record = NULL;

  mirror_init (&mirror, f->store);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpuint (mirror.items->len, ==, 1);
  record = g_object_ref (mirror.items->pdata[0]);
  g_signal_connect (record, "notify", G_CALLBACK (notify_cb), names);

  /* Ours, ... */
  set_level (f, f->juliet, 0, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  g_assert_nonnull (strstr (names->str, "level"));
  g_assert_nonnull (strstr (names->str, "origin"));
  g_assert_null (strstr (names->str, "voucher"));
  g_assert_null (strstr (names->str, "device"));
  /* ... those of another process, ... */
  g_string_set_size (names, 0);
  execute (f->path,
           "UPDATE keys SET voucher = fingerprint, device = 'x', first_seen = 1, last_seen = 2");
  while (names->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (names->str, "voucher"));
  g_assert_nonnull (strstr (names->str, "device"));
  g_assert_nonnull (strstr (names->str, "first-seen"));
  g_assert_nonnull (strstr (names->str, "last-seen"));
  g_assert_null (strstr (names->str, "level"));
  g_assert_cmpint (jxs_trust_record_get_last_seen (record), ==, 2);
  /* ... and of a key that is gone, none. */
  g_assert_cmpuint (mirror.n_emissions, ==, 1);
  remove_keys (f, f->juliet, NULL);
  g_assert_cmpuint (mirror.n_emissions, ==, 2);
  g_assert_cmpint (jxs_trust_record_get_level (record), ==, JXS_TRUST_LEVEL_VERIFIED);
}

static void
test_properties (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsTrustRecord) record = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree char *device = NULL;
  g_autofree char *fingerprint = NULL;
  g_autofree char *voucher = NULL;
  JxsTrustLevel level;
  JxsTrustOrigin origin;
  gint64 first_seen, last_seen;

  g_assert_cmpuint (g_list_model_get_item_type (G_LIST_MODEL (f->store)),
                    ==,
                    JXS_TYPE_TRUST_RECORD);
  assert_level (f, f->juliet, 0, JXS_TRUST_LEVEL_FIRST_USE);
  record = g_list_model_get_item (G_LIST_MODEL (f->store), 0);
  g_object_get (record,
                "jid",
                &jid,
                "device",
                &device,
                "fingerprint",
                &fingerprint,
                "certificate",
                &certificate,
                "level",
                &level,
                "origin",
                &origin,
                "voucher",
                &voucher,
                "first-seen",
                &first_seen,
                "last-seen",
                &last_seen,
                NULL);
  g_assert_true (jxs_jid_equal (jid, jxs_trust_record_get_jid (record)));
  g_assert_cmpstr (device, ==, "balcony");
  g_assert_cmpstr (fingerprint, ==, f->fingerprints[0]);
  g_assert_true (certificate == jxs_trust_record_get_certificate (record));
  g_assert_cmpint (level, ==, JXS_TRUST_LEVEL_FIRST_USE);
  g_assert_cmpint (origin, ==, JXS_TRUST_ORIGIN_NONE);
  g_assert_null (voucher);
  g_assert_cmpint (first_seen, ==, jxs_trust_record_get_first_seen (record));
  g_assert_cmpint (last_seen, ==, first_seen);
}

/* The same order as before, in every process. */
static void
test_order (Fixture *f, gconstpointer data)
{
  g_auto (Mirror) mirror = { 0 };
  g_auto (Mirror) again = { 0 };

  mirror_init (&mirror, f->store);
  execute_and_wait (f, &mirror, INSERT (0, 5), 6);
  execute_and_wait (f, &mirror, "DELETE FROM keys WHERE first_seen IN (2, 5)", 4);
  execute_and_wait (f, &mirror, INSERT (6, 6) ";UPDATE keys SET last_seen = 0", 5);
  assert_items (&mirror, "01346");
  mirror_clear (&mirror);
  mirror.store = NULL;
  reopen (f);
  mirror_init (&again, f->store);
  assert_items (&again, "01346");
}

/* What somebody wrote into the file that makes no sense is kept from doing harm. */
static void
test_nonsense (Fixture *f, gconstpointer data)
{
  close_store (f);
  execute (f->path,
           "INSERT INTO keys (jid, fingerprint, level, origin, first_seen, last_seen, certificate) "
           "VALUES"
           " ('@@', 'x', 4, 0, 0, 0, NULL),"
           " ('juliet@capulet.lit', 'y', 77, -3, -1, -1, 'not a certificate'),"
           " ('nurse@capulet.lit', x'ff00', 'high', NULL IS NULL, 'then', 'now', x'00')");
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (JxsTrustRecord) record = NULL;

    f->store = open_store (f, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->store)), ==, 2);
    record = g_list_model_get_item (G_LIST_MODEL (f->store), 0);
    g_assert_cmpint (jxs_trust_record_get_level (record), ==, JXS_TRUST_LEVEL_DISTRUSTED);
    g_assert_cmpint (jxs_trust_record_get_origin (record), ==, JXS_TRUST_ORIGIN_NONE);
    g_assert_cmpint (jxs_trust_record_get_first_seen (record), ==, 0);
    g_assert_null (jxs_trust_record_get_certificate (record));
  }
  g_free (assert_refused (f, f->juliet, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store-list/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("others", test_others);
  CASE ("notify", test_notify);
  CASE ("properties", test_properties);
  CASE ("order", test_order);
  CASE ("nonsense", test_nonsense);

  return g_test_run ();
}
