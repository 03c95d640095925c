/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Certificates of every kind and size, shown by the peer and by us, and missing or wrong ones. */

static const JxsTlsRole roles[] = { JXS_TLS_CLIENT, JXS_TLS_SERVER };

#define ROLE(data) (*(const JxsTlsRole *) (data))

static gnutls_x509_privkey_t
make_key (gnutls_pk_algorithm_t algorithm, guint bits)
{
  gnutls_x509_privkey_t key;

  gnutls_x509_privkey_init (&key);
  g_assert_cmpint (gnutls_x509_privkey_generate (key, algorithm, bits, 0), ==, 0);
  return key;
}

/* Signed by the issuer, or by itself; so many octets are added to it. */
static gnutls_x509_crt_t
make_certificate (gnutls_x509_privkey_t key,
                  const char *name,
                  gsize padding,
                  gnutls_x509_crt_t issuer,
                  gnutls_x509_privkey_t issuer_key)
{
  const guint8 serial[] = { 1 };
  g_autofree char *dn = g_strdup_printf ("CN=%s", name);
  gnutls_x509_crt_t certificate;

  gnutls_x509_crt_init (&certificate);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
  gnutls_x509_crt_set_dn (certificate, dn, NULL);
  gnutls_x509_crt_set_activation_time (certificate, 1700000000);
  gnutls_x509_crt_set_expiration_time (certificate, 4900000000);
  gnutls_x509_crt_set_key (certificate, key);
  gnutls_x509_crt_set_basic_constraints (certificate, TRUE, -1);
  if (padding > 0)
    {
      g_autofree guint8 *zeros = g_malloc0 (padding);

      g_assert_cmpint (gnutls_x509_crt_set_extension_by_oid (
                           certificate, "1.3.6.1.4.1.32473.1", zeros, padding, 0),
                       ==,
                       0);
    }
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate,
                                          issuer != NULL ? issuer : certificate,
                                          issuer != NULL ? issuer_key : key,
                                          gnutls_x509_privkey_get_pk_algorithm (key) ==
                                                  GNUTLS_PK_EDDSA_ED25519
                                              ? GNUTLS_DIG_SHA512
                                              : GNUTLS_DIG_SHA256,
                                          0),
                   ==,
                   0);
  return certificate;
}

static void
append_certificate (GString *pem, gnutls_x509_crt_t certificate)
{
  gnutls_datum_t text;

  g_assert_cmpint (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &text), ==, 0);
  g_string_append_len (pem, (const char *) text.data, text.size);
  gnutls_free (text.data);
}

static GTlsCertificate *
load (GString *pem, gnutls_x509_privkey_t key)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate;
  gnutls_datum_t text;

  g_assert_cmpint (
      gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text),
      ==,
      0);
  g_string_append_len (pem, (const char *) text.data, text.size);
  gnutls_free (text.data);
  certificate = g_tls_certificate_new_from_pem (pem->str, pem->len, &error);
  g_assert_no_error (error);
  return certificate;
}

static GTlsCertificate *
make (gnutls_pk_algorithm_t algorithm, guint bits, gsize padding)
{
  g_autoptr (GString) pem = g_string_new (NULL);
  gnutls_x509_privkey_t key = make_key (algorithm, bits);
  gnutls_x509_crt_t certificate = make_certificate (key, "test", padding, NULL, NULL);
  GTlsCertificate *result;

  append_certificate (pem, certificate);
  result = load (pem, key);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
  return result;
}

/* The last one has issued itself. */
static GTlsCertificate *
make_chain (guint length)
{
  g_autoptr (GString) pem = g_string_new (NULL);
  g_autofree gnutls_x509_crt_t *certificates = g_new0 (gnutls_x509_crt_t, length);
  g_autofree gnutls_x509_privkey_t *keys = g_new0 (gnutls_x509_privkey_t, length);
  GTlsCertificate *result;

  for (guint i = length; i-- > 0;)
    {
      g_autofree char *name = g_strdup_printf ("test %u", i);
      gboolean is_root = i == length - 1;

      keys[i] = make_key (GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1));
      certificates[i] = make_certificate (
          keys[i], name, 0, is_root ? NULL : certificates[i + 1], is_root ? NULL : keys[i + 1]);
    }
  for (guint i = 0; i < length; i++)
    append_certificate (pem, certificates[i]);
  result = load (pem, keys[0]);
  for (guint i = 0; i < length; i++)
    {
      gnutls_x509_crt_deinit (certificates[i]);
      gnutls_x509_privkey_deinit (keys[i]);
    }
  return result;
}

static guint
count_issuers (GTlsCertificate *certificate)
{
  guint n = 0;

  while ((certificate = g_tls_certificate_get_issuer (certificate)) != NULL)
    n++;
  return n;
}

/* Both show it; each sees what the other one has shown, and bytes go both ways. */
static void
run_with (JxsTlsRole role, GTlsCertificate *certificate, guint length)
{
  g_autoptr (GByteArray) der = NULL;
  const gnutls_datum_t *seen;
  GTlsCertificate *peer;
  guint n_seen;
  TlsTorture t;

  tls_torture_init (&t, role);
  t.params.certificate = certificate;
  tls_torture_set_peer (&t, "NORMAL:-VERS-ALL:+VERS-TLS1.3", certificate);
  tls_torture_handshake (&t);
  peer = g_tls_connection_get_peer_certificate (t.connection);
  g_assert_true (g_tls_certificate_is_same (peer, certificate));
  g_assert_cmpuint (count_issuers (peer), ==, length - 1);
  seen = gnutls_certificate_get_peers (t.peer.session, &n_seen);
  g_assert_cmpuint (n_seen, ==, length);
  g_object_get (certificate, "certificate", &der, NULL);
  g_assert_cmpmem (seen[0].data, seen[0].size, der->data, der->len);

  tls_peer_send (&t, "to us", 5);
  tls_torture_read (&t, 5);
  g_assert_cmpmem (t.received->data, t.received->len, "to us", 5);
  tls_torture_write (&t, "from us", 7);
  jxs_test_wait_for (t.peer.received->len >= 7);
  g_assert_cmpmem (t.peer.received->data, t.peer.received->len, "from us", 7);
  tls_torture_clear (&t);
}

static void
test_keys (void)
{
  static const struct
  {
    gnutls_pk_algorithm_t algorithm;
    guint bits;
  } keys[] = {
    { GNUTLS_PK_RSA, 2048 },
    { GNUTLS_PK_RSA, 4096 },
    { GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED25519) },
    { GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1) },
    { GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1) },
    { GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP521R1) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GTlsCertificate) certificate = make (keys[i].algorithm, keys[i].bits, 0);

      for (int role = 0; role < 2; role++)
        run_with (role, certificate, 1);
    }
}

static void
test_chain (void)
{
  g_autoptr (GTlsCertificate) certificate = make_chain (10);

  for (int role = 0; role < 2; role++)
    run_with (role, certificate, 10);
}

/* 100 KiB are unusual, and pass. */
static void
test_large (void)
{
  g_autoptr (GTlsCertificate) certificate =
      make (GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 100 * 1024);

  for (int role = 0; role < 2; role++)
    run_with (role, certificate, 1);
}

/* More is refused before all of it has come. GnuTLS itself sends no mebibyte. */
static void
test_too_large (gconstpointer role)
{
  g_autoptr (GTlsCertificate) certificate =
      make (GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 300 * 1024);
  TlsTorture t;

  tls_torture_init (&t, ROLE (role));
  tls_torture_set_peer (&t, TLS_1_3, certificate);
  tls_torture_fail (&t);
  g_assert_nonnull (strstr (t.error->message, "large"));
  tls_torture_clear (&t);
}

static int
sign_nonsense (gnutls_privkey_t key,
               gnutls_sign_algorithm_t algorithm,
               void *user_data,
               unsigned int flags,
               const gnutls_datum_t *hash,
               gnutls_datum_t *signature)
{
  signature->size = GPOINTER_TO_SIZE (user_data);
  signature->data = gnutls_calloc (1, signature->size);
  signature->data[signature->size - 1] = 2;
  return 0;
}

static int
describe_key (gnutls_privkey_t key, unsigned int flags, void *user_data)
{
  if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
    return GPOINTER_TO_SIZE (user_data) * 8;
  if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
    return GNUTLS_FLAGS_TO_SIGN_ALGO (flags) == GNUTLS_SIGN_RSA_PSS_RSAE_SHA256;
  return flags & GNUTLS_PRIVKEY_INFO_PK_ALGO ? GNUTLS_PK_RSA : -1;
}

/* An RSA key of so many octets that nobody has; to find out takes a power of that size. */
static gnutls_certificate_credentials_t
load_rsa (gsize modulus_size, gsize exponent_size)
{
  g_autofree guint8 *bytes = g_malloc (modulus_size);
  gnutls_x509_privkey_t issuer =
      make_key (GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1));
  gnutls_x509_crt_t authority = make_certificate (issuer, "test", 0, NULL, NULL);
  gnutls_x509_crt_t crt = make_certificate (issuer, "test", 0, NULL, NULL);
  gnutls_datum_t modulus = { bytes, modulus_size };
  gnutls_datum_t exponent = { bytes, exponent_size };
  gnutls_certificate_credentials_t credentials;
  gnutls_pcert_st shown; /* becomes that of the credentials */
  gnutls_privkey_t key;
  gnutls_pubkey_t pubkey;

  memset (bytes, 0x7b, modulus_size);
  gnutls_pubkey_init (&pubkey);
  g_assert_cmpint (gnutls_pubkey_import_rsa_raw (pubkey, &modulus, &exponent), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_pubkey (crt, pubkey), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_sign2 (crt, authority, issuer, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_pcert_import_x509 (&shown, crt, 0), ==, 0);
  gnutls_privkey_init (&key);
  g_assert_cmpint (
      gnutls_privkey_import_ext4 (
          key, GSIZE_TO_POINTER (modulus_size), NULL, sign_nonsense, NULL, NULL, describe_key, 0),
      ==,
      0);
  gnutls_certificate_allocate_credentials (&credentials);
  gnutls_certificate_set_flags (credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
  g_assert_cmpint (gnutls_certificate_set_key (credentials, NULL, 0, &shown, 1, key), >=, 0);
  gnutls_pubkey_deinit (pubkey);
  gnutls_x509_crt_deinit (crt);
  gnutls_x509_crt_deinit (authority);
  gnutls_x509_privkey_deinit (issuer);
  return credentials;
}

/* Keys with which one signature would keep us busy for long, minutes even, are not even tried:
 * neither in TLS 1.3 nor on the way to a server in TLS 1.2. */
static void
test_huge_keys (gconstpointer role)
{
  static const struct
  {
    gsize modulus_size;
    gsize exponent_size;
  } keys[] = { { 2056, 3 }, { 512, 512 }, { 16384, 16384 } };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    for (int pin = ROLE (role) == JXS_TLS_SERVER; pin < 2; pin++)
      {
        gpointer credentials = load_rsa (keys[i].modulus_size, keys[i].exponent_size);
        TlsTorture t;

        tls_torture_init (&t, ROLE (role));
        t.params.pin = pin;
        tls_torture_set_peer_credentials (&t,
                                          pin ? TLS_1_3 : TLS_1_2,
                                          GNUTLS_CRD_CERTIFICATE,
                                          credentials);
        tls_torture_fail (&t);
        g_assert_error (t.error, JXS_ERROR, JXS_ERROR_LIMIT);
        tls_torture_clear (&t);
      }
}

/* A server that knows finite fields alone, in TLS 1.2 of a size of its own choice. */
static void
test_finite_field (void)
{
  g_autoptr (GTlsCertificate) certificate = make (GNUTLS_PK_RSA, 2048, 0);
  TlsTorture t;

  tls_torture_init (&t, JXS_TLS_CLIENT);
  t.params.pin = FALSE;
  tls_torture_set_peer (&t, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA", certificate);
  tls_torture_fail (&t);
  g_assert_error (t.error, JXS_ERROR, JXS_ERROR_SECURITY);
  tls_torture_clear (&t);
}

static void
test_missing (void)
{
  TlsTorture t;

  tls_torture_init (&t, JXS_TLS_SERVER);
  tls_torture_set_peer (&t, TLS_1_3, NULL);
  tls_torture_fail (&t);
  g_assert_error (t.error, JXS_ERROR, JXS_ERROR_SECURITY);
  /* The client had been content, and learns of it. */
  jxs_test_wait_for (t.peer.got_end || t.peer.read_error != 0);
  g_assert_cmpint (t.peer.read_error, !=, 0);
  tls_torture_clear (&t);
}

/* Whoever does not have the key of the certificate cannot sign with it, RFC 8446 §4.4.3. */
static void
test_stolen (gconstpointer role)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *certificate_pem = NULL;
  g_autofree char *key_pem = NULL;
  g_autofree char *pem = NULL;
  g_autoptr (GTlsCertificate) stolen = NULL;
  TlsTorture t;

  tls_torture_init (&t, ROLE (role));
  g_object_get (t.certificates[0], "certificate-pem", &certificate_pem, NULL);
  g_object_get (t.certificates[1], "private-key-pem", &key_pem, NULL);
  pem = g_strconcat (certificate_pem, key_pem, NULL);
  stolen = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  tls_torture_set_peer_credentials (&t,
                                    TLS_1_3,
                                    GNUTLS_CRD_CERTIFICATE,
                                    tls_torture_load (stolen,
                                                      GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH));
  tls_torture_fail (&t);
  g_assert_cmpuint (t.error->domain, !=, G_IO_ERROR);
  tls_torture_clear (&t);
}

/* Our own key is not that of our certificate: no peer believes us. */
static void
test_mismatched (gconstpointer role)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *certificate_pem = NULL;
  g_autofree char *key_pem = NULL;
  g_autofree char *pem = NULL;
  g_autoptr (GTlsCertificate) mismatched = NULL;
  TlsTorture t;

  tls_torture_init (&t, ROLE (role));
  g_object_get (t.certificates[0], "certificate-pem", &certificate_pem, NULL);
  g_object_get (t.certificates[1], "private-key-pem", &key_pem, NULL);
  pem = g_strconcat (certificate_pem, key_pem, NULL);
  mismatched = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  t.params.certificate = mismatched;
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_start (&t);
  tls_torture_finish (&t);
  jxs_test_wait_for (t.peer.result != GNUTLS_E_AGAIN);
  g_assert_cmpint (t.peer.result, !=, 0);
  tls_torture_clear (&t);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } cases[] = {
    { "too-large", test_too_large },
    { "huge-keys", test_huge_keys },
    { "stolen", test_stolen },
    { "mismatched", test_mismatched },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io/tls-certificates/keys", test_keys);
  g_test_add_func ("/io/tls-certificates/chain", test_chain);
  g_test_add_func ("/io/tls-certificates/large", test_large);
  g_test_add_func ("/io/tls-certificates/finite-field", test_finite_field);
  g_test_add_func ("/io/tls-certificates/missing", test_missing);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int role = 0; role < 2; role++)
      {
        g_autofree char *path = g_strdup_printf ("/io/tls-certificates/%s/%s",
                                                 cases[i].name,
                                                 role == JXS_TLS_CLIENT ? "client" : "server");

        g_test_add_data_func (path, &roles[role], cases[i].func);
      }
  return g_test_run ();
}
