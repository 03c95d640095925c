/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>

#include "identity-file.h"
#include "make-certificate.h"

#define PASSWORD "O Romeo, wherefore art thou R\xc3\xb3meo?"

static char *
read_file (IdentityFile *f)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_assert_true (g_file_get_contents (f->path, &text, NULL, &error));
  g_assert_no_error (error);
  return text;
}

static void
write_file (IdentityFile *f, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
      g_file_set_contents_full (f->path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  g_assert_no_error (error);
}

static void
assert_loads (IdentityFile *f, const char *password, JxsIdentity *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) loaded = identity_file_load (f, password, NULL, &error);
  g_autofree char *key = NULL;
  g_autofree char *expected_key = NULL;

  g_assert_no_error (error);
  assert_same_identity (loaded, expected);
  g_object_get (jxs_identity_get_certificate (loaded), "private-key-pem", &key, NULL);
  g_object_get (jxs_identity_get_certificate (expected), "private-key-pem", &expected_key, NULL);
  g_assert_cmpstr (key, ==, expected_key);
}

static void
assert_fails (IdentityFile *f, const char *password, JxsError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (identity_file_load (f, password, NULL, &error));
  g_assert_error (error, JXS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, f->path));
  g_assert_nonnull (strstr (error->message, message));
  if (password != NULL && password[0] != '\0')
    g_assert_null (strstr (error->message, password));
}

static JxsIdentity *
generate (IdentityFile *f, JxsKeyType type)
{
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity = jxs_identity_generate (f->jid, type, &error);

  g_assert_no_error (error);
  return identity;
}

static void
test_encrypted (IdentityFile *f, gconstpointer data)
{
  static const JxsKeyType types[] = { JXS_KEY_TYPE_ECDSA_P256, JXS_KEY_TYPE_ED25519 };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsIdentity) identity = generate (f, types[i]);
      g_autofree char *text = NULL;
      gnutls_datum_t datum;
      unsigned int schema, cipher, iterations, salt_size = 0;

      g_assert_true (identity_file_save (f, identity, PASSWORD, NULL, &error));
      g_assert_no_error (error);
      text = read_file (f);
      g_assert_nonnull (strstr (text, "-----BEGIN ENCRYPTED PRIVATE KEY-----"));
      g_assert_null (strstr (text, "-----BEGIN PRIVATE KEY-----"));
      datum.data = (unsigned char *) strstr (text, "-----BEGIN ENCRYPTED");
      datum.size = strlen ((char *) datum.data);
      g_assert_cmpint (
          gnutls_pkcs8_info (
              &datum, GNUTLS_X509_FMT_PEM, &schema, &cipher, NULL, &salt_size, &iterations, NULL),
          >=,
          GNUTLS_E_SHORT_MEMORY_BUFFER);
      g_assert_cmpint (cipher, ==, GNUTLS_CIPHER_AES_256_CBC);
      g_assert_cmpuint (schema, ==, GNUTLS_PKCS_PBES2_AES_256);

      assert_loads (f, PASSWORD, identity);
      assert_fails (f, NULL, JXS_ERROR_AUTHENTICATION, "is protected by a password");
      assert_fails (f, "", JXS_ERROR_AUTHENTICATION, "is not right");
      assert_fails (f, PASSWORD "!", JXS_ERROR_AUTHENTICATION, "is not right");
      assert_fails (f, "o romeo", JXS_ERROR_AUTHENTICATION, "is not right");
    }
}

static void
test_ensure (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = identity_file_ensure (f, PASSWORD, NULL, &error);
  g_autoptr (JxsIdentity) again = NULL;
  g_autofree char *text = read_file (f);
  g_autofree char *after = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "ENCRYPTED PRIVATE KEY"));
  again = identity_file_ensure (f, PASSWORD, NULL, &error);
  g_assert_no_error (error);
  assert_same_identity (identity, again);

  /* Who does not know the password gets no new key instead. */
  g_assert_null (identity_file_ensure (f, "other", NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  g_clear_error (&error);
  g_assert_null (identity_file_ensure (f, NULL, NULL, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
  after = read_file (f);
  g_assert_cmpstr (after, ==, text);
}

/* A password may be set, changed and taken away. */
static void
test_change (IdentityFile *f, gconstpointer data)
{
  static const char *const passwords[] = { NULL, "first", "second", NULL };
  g_autoptr (JxsIdentity) identity = generate (f, JXS_KEY_TYPE_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (passwords); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (identity_file_save (f, identity, passwords[i], NULL, &error));
      g_assert_no_error (error);
      assert_loads (f, passwords[i], identity);
    }
  assert_loads (f, "not needed", identity);
}

static void
test_damage (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = generate (f, JXS_KEY_TYPE_ED25519);
  g_autofree char *text = NULL;
  char *key;

  g_assert_true (identity_file_save (f, identity, "balcony", NULL, &error));
  g_assert_no_error (error);
  text = read_file (f);
  key = strstr (strstr (text, "ENCRYPTED"), "\n") + 1;
  key[100] = key[100] == 'A' ? 'B' : 'A';
  write_file (f, text);
  assert_fails (f, "balcony", JXS_ERROR_AUTHENTICATION, "is not right");
  key[0] = '!';
  write_file (f, text);
  assert_fails (f, "balcony", JXS_ERROR_AUTHENTICATION, "is not right");
}

/* Made with OpenSSL: openssl ec -aes128 (password "juliet"), and req -x509. */
static const char openssl_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBeDCCAR+gAwIBAgIUMDLs2Xib7E3v36Jj6O9YKrSmhQwwCgYIKoZIzj0EAwIw\n"
    "ETEPMA0GA1UEAwwGanVsaWV0MCAXDTI2MTEyMTEyNTQyNFoYDzIxMjYxMDI4MTI1\n"
    "NDI0WjARMQ8wDQYDVQQDDAZqdWxpZXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AATJt3hDgt7SmthxHRDjhs63wHrb3G2VOdbf7mE8n/nx9j1FNIkkq7kYJm9mcEvE\n"
    "7WMdgbZUml7bBWBQnlCr/l1ao1MwUTAdBgNVHQ4EFgQUkdK9LsJ5vZ4JSoZlRfG5\n"
    "KMsByFEwHwYDVR0jBBgwFoAUkdK9LsJ5vZ4JSoZlRfG5KMsByFEwDwYDVR0TAQH/\n"
    "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiARFlEi/KU+f3wrtfj87LG2vPW+uXCm\n"
    "fFm0CZr9N1vQ7wIgWpEj3W1sQRvgl/smC0Phi+gU9Ctvn54J3a5jdsyVT5o=\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,B296117E63319CE1F1605B86BF712F94\n"
    "\n"
    "sYL2bismc9///2MUFrlQfDrYH5fVtX3woznG254wbF16hNQKjlYMibOXfUzNi6di\n"
    "PnvVmrp6VUGd4BV8DSFHJF3swmiFrw34U7+ilhI7chKmXUJko0kDVSSxdA17VAMc\n"
    "w+FZ50PiIZzy8fS2fpFfCgmVrVdt3KumEk1/Gesv1XQ=\n"
    "-----END EC PRIVATE KEY-----\n";

static void
test_openssl (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = NULL;

  write_file (f, openssl_pem);
  assert_fails (f, NULL, JXS_ERROR_AUTHENTICATION, "is protected by a password");
  assert_fails (f, "romeo", JXS_ERROR_AUTHENTICATION, "is not right");
  identity = identity_file_load (f, "juliet", NULL, &error);
  g_assert_no_error (error);
  g_assert_null (jxs_identity_get_jid (identity));
}

static void
test_cancel (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = generate (f, JXS_KEY_TYPE_ED25519);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_save_async (identity,
                           f->file,
                           "password",
                           G_PRIORITY_DEFAULT,
                           cancellable,
                           identity_file_result_cb,
                           &result);
  g_cancellable_cancel (cancellable);
  g_assert_false (jxs_identity_save_finish (identity, identity_file_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (identity_file_count (f), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/identity-password/" name,                                                 \
              IdentityFile,                                                                        \
              NULL,                                                                                \
              identity_file_set_up,                                                                \
              func,                                                                                \
              identity_file_tear_down)
  ADD ("encrypted", test_encrypted);
  ADD ("ensure", test_ensure);
  ADD ("change", test_change);
  ADD ("damage", test_damage);
  ADD ("openssl", test_openssl);
  ADD ("cancel", test_cancel);
  return g_test_run ();
}
