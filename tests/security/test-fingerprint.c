/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-identity.h>

/* The certificate printed in jingle-xtls §5.1. */
static const char xtls_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICCTCCAXKgAwIBAgIJALhU0Id6xxwQMA0GCSqGSIb3DQEBBQUAMA4xDDAKBgNV\n"
    "BAMTA2ZvbzAeFw0wNzEyMjgyMDA1MTRaFw0wODEyMjcyMDA1MTRaMA4xDDAKBgNV\n"
    "BAMTA2ZvbzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0DPcfeJzKWLGE22p\n"
    "RMINLKr+CxqozF14DqkXkLUwGzTqYRi49yK6aebZ9ssFspTTjqa2uNpw1U32748t\n"
    "qU6bpACWHbcC+eZ/hm5KymXBhL3Vjfb/dW0xrtxjI9JRFgrgWAyxndlNZUpN2s3D\n"
    "hKDfVgpPSx/Zp8d/ubbARxqZZZkCAwEAAaNvMG0wHQYDVR0OBBYEFJWwFqmSRGcx\n"
    "YXmQfdF+XBWkeML4MD4GA1UdIwQ3MDWAFJWwFqmSRGcxYXmQfdF+XBWkeML4oRKk\n"
    "EDAOMQwwCgYDVQQDEwNmb2+CCQC4VNCHesccEDAMBgNVHRMEBTADAQH/MA0GCSqG\n"
    "SIb3DQEBBQUAA4GBAIhlUeGZ0d0msNVxYWAXg2lRsJt9INHJQTCJMmoUeTtaRjyp\n"
    "ffJtuopguNNBDn+MjrEp2/+zLNMahDYLXaTVmBf6zvY0hzB9Ih0kNTh23Fb5j+yK\n"
    "QChPXQUo0EGCaODWhfhKRNdseUozfNWOz9iTgMGw8eYNLllQRL//iAOfOr/8\n"
    "-----END CERTIFICATE-----\n";

/* XEP-0250 §3.1 names that certificate by this. */
#define XTLS_FINGERPRINT "428b1358a286430f628da23fb33ddaf6e474f5c5"

static GTlsCertificate *
certificate_new (void)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate = g_tls_certificate_new_from_pem (xtls_certificate, -1, &error);

  g_assert_no_error (error);
  return certificate;
}

static void
test_vector (void)
{
  g_autoptr (GTlsCertificate) certificate = certificate_new ();
  g_autofree char *fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA1);
  g_autofree char *display = jxs_fingerprint_to_text (fingerprint);

  g_assert_cmpstr (fingerprint, ==, XTLS_FINGERPRINT);
  g_assert_cmpstr (display, ==, "428B 1358 A286 430F 628D A23F B33D DAF6 E474 F5C5");
}

static void
test_notations (void)
{
  static const struct
  {
    const char *text;
    const char *algo;
  } same[] = {
    { XTLS_FINGERPRINT, NULL },
    { XTLS_FINGERPRINT, "sha-1" },
    { XTLS_FINGERPRINT, "sha1" }, /* seen from kaa */
    { XTLS_FINGERPRINT, "SHA-1" },
    /* seen from Gajim */
    { "42:8B:13:58:A2:86:43:0F:62:8D:A2:3F:B3:3D:DA:F6:E4:74:F5:C5", NULL },
    { " 428B1358 A286430F\n628DA23F\tB33DDAF6 E474F5C5 \r\n", NULL },
  };
  g_autoptr (GTlsCertificate) certificate = certificate_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_autoptr (GError) error = NULL;
      GChecksumType type = G_CHECKSUM_MD5;
      g_autofree char *parsed = jxs_fingerprint_parse (same[i].text, same[i].algo, &type, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (parsed, ==, XTLS_FINGERPRINT);
      g_assert_cmpint (type, ==, G_CHECKSUM_SHA1);
      g_assert_true (jxs_fingerprint_matches (parsed, type, certificate));
    }
}

static void
test_algorithms (void)
{
  static const struct
  {
    GChecksumType type;
    const char *name;
    const char *old_name;
  } algorithms[] = {
    { G_CHECKSUM_SHA1, "sha-1", "sha1" },
    { G_CHECKSUM_SHA256, "sha-256", "sha256" },
    { G_CHECKSUM_SHA384, "sha-384", "sha384" },
    { G_CHECKSUM_SHA512, "sha-512", "sha512" },
  };
  g_autoptr (GTlsCertificate) certificate = certificate_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    {
      g_autofree char *computed = jxs_fingerprint_compute (certificate, algorithms[i].type);
      const char *names[] = { NULL, algorithms[i].name, algorithms[i].old_name };

      g_assert_cmpstr (jxs_fingerprint_algo_to_name (algorithms[i].type), ==, algorithms[i].name);
      for (gsize j = 0; j < G_N_ELEMENTS (names); j++)
        {
          g_autoptr (GError) error = NULL;
          GChecksumType type = G_CHECKSUM_MD5;
          g_autofree char *parsed = jxs_fingerprint_parse (computed, names[j], &type, &error);

          g_assert_no_error (error);
          g_assert_cmpint (type, ==, algorithms[i].type);
          g_assert_cmpstr (parsed, ==, computed);
          g_assert_true (jxs_fingerprint_matches (parsed, type, certificate));
          /* Every digit counts. */
          for (gsize k = 0; parsed[k] != '\0'; k++)
            {
              char digit = parsed[k];

              parsed[k] = digit == '0' ? '1' : '0';
              g_assert_false (jxs_fingerprint_matches (parsed, type, certificate));
              parsed[k] = digit;
            }
        }
    }
  g_assert_null (jxs_fingerprint_algo_to_name (G_CHECKSUM_MD5));
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *algo;
    int code;
  } refused[] = {
    { "", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { "::::", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { "RomeoX509CertificateHash", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { "428b1358a286430f628da23fb33ddaf6e474f5c", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { "428b1358a286430f628da23fb33ddaf6e474f5c55", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { XTLS_FINGERPRINT, "sha-256", JXS_STANZA_ERROR_BAD_REQUEST },
    { "428b1358a286430f628da23fb33ddaf6e474f5\xc3\xa9", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    /* MD5, by its length and by its name */
    { "d41d8cd98f00b204e9800998ecf8427e", NULL, JXS_STANZA_ERROR_BAD_REQUEST },
    { "d41d8cd98f00b204e9800998ecf8427e", "md5", JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED },
    { XTLS_FINGERPRINT, "blake2b-512", JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED },
    { XTLS_FINGERPRINT, "", JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED },
    { XTLS_FINGERPRINT, "sha", JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED },
    { XTLS_FINGERPRINT, "sh", JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED },
  };
  g_autofree char *endless = g_strnfill (100000, 'a');
  g_autoptr (GError) endless_error = NULL;
  GChecksumType type;

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (jxs_fingerprint_parse (refused[i].text, refused[i].algo, &type, &error));
      g_assert_error (error, JXS_STANZA_ERROR, refused[i].code);
    }
  g_assert_null (jxs_fingerprint_parse (endless, NULL, &type, &endless_error));
  g_assert_error (endless_error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
test_addresses (void)
{
  static const char *const jids[] = { "romeo@montague.lit", "jos\xc3\xa9@m\xc3\xbcller.example" };
  g_autoptr (GTlsCertificate) none = certificate_new ();
  g_autoptr (GPtrArray) no_addresses = jxs_certificate_get_xmpp_addresses (none);

  g_assert_cmpuint (no_addresses->len, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (jids); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new (jids[i], &error);
      g_autoptr (JxsIdentity) identity = NULL;
      g_autoptr (GPtrArray) addresses = NULL;

      g_assert_no_error (error);
      identity = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);
      g_assert_no_error (error);
      addresses = jxs_certificate_get_xmpp_addresses (jxs_identity_get_certificate (identity));
      g_assert_cmpuint (addresses->len, ==, 1);
      g_assert_cmpstr (g_ptr_array_index (addresses, 0), ==, jxs_jid_to_string (jid));
    }
}

/* A certificate with these xmppAddr names, lengths given. */
static GTlsCertificate *
certificate_with_names (const char *const *names, const gsize *lengths, gsize n_names)
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t crt;
  gnutls_datum_t pem;
  GTlsCertificate *certificate;
  g_autoptr (GError) error = NULL;
  time_t now = g_get_real_time () / G_USEC_PER_SEC;

  g_assert_cmpint (gnutls_x509_privkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_generate (
                       key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                   ==,
                   0);
  g_assert_cmpint (gnutls_x509_crt_init (&crt), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_version (crt, 3), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_serial (crt, "\x01", 1), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_activation_time (crt, now), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_expiration_time (crt, now + 60), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_key (crt, key), ==, 0);
  for (gsize i = 0; i < n_names; i++)
    g_assert_cmpint (gnutls_x509_crt_set_subject_alt_othername (crt,
                                                                "1.3.6.1.5.5.7.8.5",
                                                                names[i],
                                                                lengths[i],
                                                                (i == 0 ? GNUTLS_FSAN_SET
                                                                        : GNUTLS_FSAN_APPEND) |
                                                                    GNUTLS_FSAN_ENCODE_UTF8_STRING),
                     ==,
                     0);
  g_assert_cmpint (gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
  certificate = g_tls_certificate_new_from_pem ((const char *) pem.data, pem.size, &error);
  g_assert_no_error (error);
  gnutls_free (pem.data);
  gnutls_x509_crt_deinit (crt);
  gnutls_x509_privkey_deinit (key);
  return certificate;
}

static void
test_addresses_hostile (void)
{
  static const char *const names[] = { "good@example.com",
                                       "evil@example.com\0.example.net",
                                       "\xff\xfe@example.com",
                                       "second@example.com" };
  static const gsize lengths[] = { 16, 29, 14, 18 };
  g_autoptr (GTlsCertificate) certificate = certificate_with_names (names, lengths, 4);
  g_autoptr (GPtrArray) addresses = jxs_certificate_get_xmpp_addresses (certificate);
  const char *many_names[129];
  gsize many_lengths[129];
  g_autoptr (GTlsCertificate) many = NULL;
  g_autoptr (GPtrArray) many_addresses = NULL;

  g_assert_cmpuint (addresses->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (addresses, 0), ==, "good@example.com");
  g_assert_cmpstr (g_ptr_array_index (addresses, 1), ==, "second@example.com");

  for (gsize i = 0; i < G_N_ELEMENTS (many_names); i++)
    {
      many_names[i] = names[0];
      many_lengths[i] = lengths[0];
    }
  many = certificate_with_names (many_names, many_lengths, 129);
  many_addresses = jxs_certificate_get_xmpp_addresses (many);
  g_assert_cmpuint (many_addresses->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/fingerprint/vector", test_vector);
  g_test_add_func ("/security/fingerprint/notations", test_notations);
  g_test_add_func ("/security/fingerprint/algorithms", test_algorithms);
  g_test_add_func ("/security/fingerprint/refused", test_refused);
  g_test_add_func ("/security/fingerprint/addresses", test_addresses);
  g_test_add_func ("/security/fingerprint/addresses-hostile", test_addresses_hostile);
  return g_test_run ();
}
