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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define CASE(name, func)                                                                           \
  g_test_add ("/security/trust-store/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("first-use", test_first_use);
  CASE ("changed", test_changed);
  CASE ("new-device", test_new_device);

  return g_test_run ();
}
