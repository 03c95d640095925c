/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-identity.h>

#include "identity-file.h"

static void
assert_mode (const char *path, guint mode)
{
  struct stat status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 0777, ==, mode);
}

static void
check_certificate (JxsIdentity *identity, int algorithm)
{
  g_autofree char *pem = NULL;
  gnutls_x509_crt_t crt;
  gnutls_datum_t datum;
  guint8 serial[32];
  gsize serial_size = sizeof serial;
  unsigned int usage, critical, is_ca, bits;
  time_t now = g_get_real_time () / G_USEC_PER_SEC;

  g_object_get (jxs_identity_get_certificate (identity), "certificate-pem", &pem, NULL);
  datum.data = (unsigned char *) pem;
  datum.size = strlen (pem);
  g_assert_cmpint (gnutls_x509_crt_init (&crt), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_PEM), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_get_version (crt), ==, 3);
  g_assert_cmpint (gnutls_x509_crt_get_pk_algorithm (crt, &bits), ==, algorithm);
  g_assert_cmpint (bits, ==, 256);
  g_assert_cmpint (gnutls_x509_crt_get_serial (crt, serial, &serial_size), ==, 0);
  g_assert_cmpint (serial_size, ==, 16);
  g_assert_cmpint (gnutls_x509_crt_get_key_usage (crt, &usage, &critical), ==, 0);
  g_assert_cmpint (usage, ==, GNUTLS_KEY_DIGITAL_SIGNATURE);
  g_assert_cmpint (gnutls_x509_crt_get_basic_constraints (crt, &critical, &is_ca, NULL), >=, 0);
  g_assert_cmpint (is_ca, ==, 0);
  g_assert_cmpint (gnutls_x509_crt_get_activation_time (crt), <, now);
  g_assert_cmpint (gnutls_x509_crt_get_expiration_time (crt), >, now + 9 * 365 * 24 * 60 * 60);
  g_assert_cmpint (gnutls_x509_crt_check_issuer (crt, crt), ==, 1);
  gnutls_x509_crt_deinit (crt);
}

static void
test_generate (IdentityFile *f, gconstpointer data)
{
  static const struct
  {
    JxsKeyType type;
    int algorithm;
  } types[] = {
    { JXS_KEY_TYPE_ECDSA_P256, GNUTLS_PK_ECDSA },
    { JXS_KEY_TYPE_ED25519, GNUTLS_PK_EDDSA_ED25519 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsIdentity) identity = jxs_identity_generate (f->jid, types[i].type, &error);
      g_autoptr (JxsIdentity) loaded = NULL;
      g_autoptr (GTlsCertificate) certificate = NULL;
      g_autoptr (JxsJid) jid = NULL;
      g_autofree char *fingerprint = NULL;

      g_assert_no_error (error);
      check_certificate (identity, types[i].algorithm);
      g_assert_cmpstr (jxs_jid_to_string (jxs_identity_get_jid (identity)),
                       ==,
                       "romeo@montague.lit");
      fingerprint = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA1);
      g_assert_cmpuint (strlen (fingerprint), ==, 40);
      g_object_get (identity, "certificate", &certificate, "jid", &jid, NULL);
      g_assert_true (certificate == jxs_identity_get_certificate (identity));
      g_assert_true (jxs_jid_equal (jid, jxs_identity_get_jid (identity)));

      g_assert_true (identity_file_save (f, identity, NULL, NULL, &error));
      g_assert_no_error (error);
      assert_mode (f->path, 0600);
      loaded = identity_file_load (f, NULL, NULL, &error);
      g_assert_no_error (error);
      assert_same_identity (identity, loaded);
      /* Not so what was saved: the worker thread may let go of it a moment later. */
      g_assert_finalize_object (g_steal_pointer (&loaded));
    }
  g_assert_cmpuint (identity_file_count (f), ==, 1);
}

static void
test_long_address (IdentityFile *f, gconstpointer data)
{
  g_autofree char *local = g_strnfill (1000, 'a');
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsJid) jid = jxs_jid_new_from_parts (local, "example.com", NULL, &error);
  g_autoptr (JxsIdentity) identity = NULL;

  g_assert_no_error (error);
  identity = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  g_assert_true (jxs_jid_equal (jxs_identity_get_jid (identity), jid));
}

static void
test_save_replaces (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (JxsIdentity) loaded = NULL;

  /* Whatever was there, with whatever mode, gives way. */
  g_assert_true (g_file_set_contents (f->path, "old", -1, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (f->path, 0644), ==, 0);
  identity = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  g_assert_true (identity_file_save (f, identity, NULL, NULL, &error));
  g_assert_no_error (error);
  assert_mode (f->path, 0600);
  loaded = identity_file_load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_same_identity (identity, loaded);
  g_assert_cmpuint (identity_file_count (f), ==, 1);
}

/* Without its key the file would be of no use, and what was there is not lost for it. */
static void
test_save_without_key (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) whole = identity_file_ensure (f, NULL, NULL, &error);
  g_autoptr (JxsIdentity) keyless = NULL;
  g_autoptr (JxsIdentity) loaded = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree char *pem = NULL;

  g_assert_no_error (error);
  g_object_get (jxs_identity_get_certificate (whole), "certificate-pem", &pem, NULL);
  certificate = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  keyless = g_object_new (JXS_TYPE_IDENTITY, "certificate", certificate, NULL);
  g_assert_false (identity_file_save (f, keyless, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  loaded = identity_file_load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_same_identity (whole, loaded);
}

static void
test_folders (IdentityFile *f, gconstpointer data)
{
  g_autofree char *one = g_build_filename (f->folder, "one", NULL);
  g_autofree char *two = g_build_filename (one, "two", NULL);
  g_autofree char *path = g_build_filename (two, "identity.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;

  g_clear_object (&f->file);
  f->file = g_file_new_for_path (path);
  identity = identity_file_ensure (f, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_mode (path, 0600);
  assert_mode (two, 0700);
  assert_mode (one, 0700);
  g_unlink (path);
  g_rmdir (two);
  g_rmdir (one);
}

static void
test_load_errors (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (JxsIdentity) other = NULL;
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;
  g_autofree char *other_key = NULL;
  g_autofree char *mixed = NULL;
  g_autofree char *large = g_strnfill (65537, 'x');
  g_autofree char *cut = NULL;

  g_assert_null (identity_file_load (f, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, f->path));
  g_clear_error (&error);

  identity = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  other = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  g_object_get (jxs_identity_get_certificate (identity),
                "certificate-pem",
                &certificate,
                "private-key-pem",
                &key,
                NULL);
  g_object_get (jxs_identity_get_certificate (other), "private-key-pem", &other_key, NULL);
  mixed = g_strconcat (certificate, other_key, NULL);
  cut = g_strndup (certificate, strlen (certificate) / 2);

  {
    const char *const contents[] = { "", "garbage", certificate, key, mixed, cut, large };

    for (gsize i = 0; i < G_N_ELEMENTS (contents); i++)
      {
        g_assert_true (g_file_set_contents_full (
            f->path, contents[i], -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
        g_assert_no_error (error);
        g_assert_null (identity_file_load (f, NULL, NULL, &error));
        g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
        g_assert_nonnull (strstr (error->message, f->path));
        g_clear_error (&error);

        /* Never replaced by a new one. */
        g_assert_null (identity_file_ensure (f, NULL, NULL, &error));
        g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
        g_clear_error (&error);
        g_unlink (f->path);
      }
  }

  g_assert_cmpint (g_mkdir (f->path, 0700), ==, 0);
  g_assert_null (identity_file_load (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (identity_file_save (f, identity, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);
  g_assert_cmpint (g_rmdir (f->path), ==, 0);

  /* Opening a named pipe does not wait for its other end. */
  g_assert_cmpint (mkfifo (f->path, 0600), ==, 0);
  g_assert_null (identity_file_load (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
}

/* Who made it may have kept a copy. */
static void
test_foreign (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;

  if (geteuid () != 0)
    {
      g_test_skip ("Only root can give files away");
      return;
    }
  identity = identity_file_ensure (f, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (chown (f->path, 1, 1), ==, 0);
  g_assert_null (identity_file_load (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_clear_error (&error);
  g_assert_null (identity_file_ensure (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

static void
test_open_to_others (IdentityFile *f, gconstpointer data)
{
  static const guint modes[] = { 0640, 0604, 0620, 0602, 0644, 0666, 0777 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = identity_file_ensure (f, NULL, NULL, &error);
  g_autoptr (JxsIdentity) loaded = NULL;

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_cmpint (g_chmod (f->path, modes[i]), ==, 0);
      g_assert_null (identity_file_load (f, NULL, NULL, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
      g_assert_nonnull (strstr (error->message, f->path));
      g_clear_error (&error);
    }
  g_assert_cmpint (g_chmod (f->path, 0400), ==, 0);
  loaded = identity_file_load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_same_identity (identity, loaded);
}

static void
test_not_local (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->file);
  f->file = g_file_new_for_uri ("resource:///nowhere/identity.pem");
  g_assert_null (identity_file_ensure (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
}

/* Whoever comes first, all end with one identity, and it is the one in the file. */
static void
test_race (IdentityFile *f, gconstpointer data)
{
  GAsyncResult *results[8] = { NULL };
  JxsIdentity *identities[8];
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) loaded = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    jxs_identity_load_or_generate_async (
        f->file, f->jid, NULL, G_PRIORITY_DEFAULT, NULL, identity_file_result_cb, &results[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    {
      identities[i] =
          jxs_identity_load_or_generate_finish (identity_file_wait (&results[i]), &error);
      g_assert_no_error (error);
      g_object_unref (results[i]);
    }
  loaded = identity_file_load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    {
      assert_same_identity (identities[i], loaded);
      g_object_unref (identities[i]);
    }
  g_assert_cmpuint (identity_file_count (f), ==, 1);
}

static void
test_cancel (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GCancellable) during = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_cancellable_cancel (before);
  g_assert_null (identity_file_load (f, NULL, before, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (identity_file_ensure (f, NULL, before, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));

  identity = jxs_identity_generate (f->jid, JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  g_assert_false (identity_file_save (f, identity, NULL, before, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));

  jxs_identity_save_async (
      identity, f->file, NULL, G_PRIORITY_DEFAULT, during, identity_file_result_cb, &result);
  g_cancellable_cancel (during);
  g_assert_false (jxs_identity_save_finish (identity, identity_file_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_empty (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = jxs_identity_new_from_pem ("", &error);

  g_assert_null (identity);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add (name, IdentityFile, NULL, identity_file_set_up, func, identity_file_tear_down)
  ADD ("/security/identity/generate", test_generate);
  ADD ("/security/identity/long-address", test_long_address);
  ADD ("/security/identity/save-replaces", test_save_replaces);
  ADD ("/security/identity/save-without-key", test_save_without_key);
  ADD ("/security/identity/folders", test_folders);
  ADD ("/security/identity/load-errors", test_load_errors);
  ADD ("/security/identity/open-to-others", test_open_to_others);
  ADD ("/security/identity/foreign", test_foreign);
  ADD ("/security/identity/not-local", test_not_local);
  ADD ("/security/identity/race", test_race);
  ADD ("/security/identity/cancel", test_cancel);
  ADD ("/security/identity/empty", test_empty);
  return g_test_run ();
}
