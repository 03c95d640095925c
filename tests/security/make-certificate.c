/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "make-certificate.h"

#include <string.h>

#include <gnutls/x509-ext.h>

#define XMPP_ADDRESS_OID "1.3.6.1.5.5.7.8.5"
#define SRV_NAME_OID "1.3.6.1.5.5.7.8.7"

static int
add_name (gnutls_x509_crt_t crt, const TestName *name)
{
  gsize length = name->length != 0 ? name->length : strlen (name->text);
  g_autofree char *der = NULL;

  switch (name->kind)
    {
    case TEST_NAME_ADDRESS:
      return gnutls_x509_crt_set_subject_alt_othername (crt,
                                                        XMPP_ADDRESS_OID,
                                                        name->text,
                                                        length,
                                                        GNUTLS_FSAN_APPEND |
                                                            GNUTLS_FSAN_ENCODE_UTF8_STRING);
    case TEST_NAME_ADDRESS_RAW:
      return gnutls_x509_crt_set_subject_alt_othername (
          crt, XMPP_ADDRESS_OID, name->text, length, GNUTLS_FSAN_APPEND);
    case TEST_NAME_SERVICE: /* an IA5String */
      g_assert_cmpuint (length, <, 0x80);
      der = g_strdup_printf ("\x16%c%s", (char) length, name->text);
      return gnutls_x509_crt_set_subject_alt_othername (
          crt, SRV_NAME_OID, der, length + 2, GNUTLS_FSAN_APPEND);
    case TEST_NAME_HOST:
      return gnutls_x509_crt_set_subject_alt_name (
          crt, GNUTLS_SAN_DNSNAME, name->text, length, GNUTLS_FSAN_APPEND);
    case TEST_NAME_EXTENSION:
      return gnutls_x509_crt_set_extension_by_oid (
          crt, GNUTLS_X509EXT_OID_SAN, name->text, length, 0);
    case TEST_NAME_URI:
    case TEST_NAME_NONE:
    default:
      return gnutls_x509_crt_set_subject_alt_name (
          crt, GNUTLS_SAN_URI, name->text, length, GNUTLS_FSAN_APPEND);
    }
}

static void
constrain (gnutls_x509_crt_t crt, const char *host)
{
  gnutls_x509_name_constraints_t constraints;
  gnutls_datum_t datum = { (unsigned char *) host, strlen (host) };

  g_assert_cmpint (gnutls_x509_name_constraints_init (&constraints), ==, 0);
  g_assert_cmpint (
      gnutls_x509_name_constraints_add_permitted (constraints, GNUTLS_SAN_DNSNAME, &datum), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_name_constraints (crt, constraints, 1), ==, 0);
  gnutls_x509_name_constraints_deinit (constraints);
}

/* Nobody waits for a key of this size to be made. */
static void
set_modulus (gnutls_x509_crt_t crt, gsize size)
{
  g_autofree guint8 *modulus = g_malloc (size);
  gnutls_datum_t m = { modulus, size };
  gnutls_datum_t e = { (unsigned char *) "\x01\x00\x01", 3 };
  gnutls_pubkey_t key;

  memset (modulus, 0xc5, size);
  g_assert_cmpint (gnutls_pubkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_pubkey_import_rsa_raw (key, &m, &e), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_pubkey (crt, key), ==, 0);
  gnutls_pubkey_deinit (key);
}

static void
fill (gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const TestSpec *spec)
{
  static int serial;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *name = g_strdup_printf ("Test %d", ++serial);
  const char *common_name = spec->common_name != NULL ? spec->common_name : name;
  guint8 bytes[2] = { 1 + serial / 256, serial % 256 };

  g_assert_cmpint (gnutls_x509_crt_set_version (crt, 3), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_serial (crt, bytes, sizeof bytes), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_activation_time (crt,
                                                        spec->from != 0 ? spec->from
                                                                        : now - TEST_DAY),
                   ==,
                   0);
  g_assert_cmpint (gnutls_x509_crt_set_expiration_time (crt,
                                                        spec->until != 0 ? spec->until
                                                                         : now + 365 * TEST_DAY),
                   ==,
                   0);
  g_assert_cmpint (gnutls_x509_crt_set_dn_by_oid (
                       crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name, strlen (common_name)),
                   ==,
                   0);
  if (spec->modulus > 0)
    set_modulus (crt, spec->modulus);
  else
    g_assert_cmpint (gnutls_x509_crt_set_key (crt, key), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_set_basic_constraints (crt, spec->authority ? 1 : 0, -1), ==, 0);
  if (spec->usage != 0)
    g_assert_cmpint (gnutls_x509_crt_set_key_usage (crt, spec->usage), ==, 0);
  if (spec->purpose != NULL)
    g_assert_cmpint (gnutls_x509_crt_set_key_purpose_oid (crt, spec->purpose, 0), ==, 0);
  if (spec->permitted_host != NULL)
    constrain (crt, spec->permitted_host);
  for (gsize i = 0; i < G_N_ELEMENTS (spec->names) && spec->names[i].kind != TEST_NAME_NONE; i++)
    g_assert_cmpint (add_name (crt, &spec->names[i]), ==, 0);
  for (gsize i = 0; i < spec->n_copies; i++)
    g_assert_cmpint (add_name (crt, &spec->names[0]), ==, 0);
  if (spec->padding > 0)
    {
      g_autofree guint8 *padding = g_malloc0 (spec->padding);

      g_assert_cmpint (gnutls_x509_crt_set_extension_by_oid (
                           crt, "1.3.6.1.4.1.32473.1", padding, spec->padding, 0),
                       ==,
                       0);
    }
}

static GTlsCertificate *
to_gio (gnutls_x509_crt_t crt, GTlsCertificate *issuer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) der = g_byte_array_new ();
  gnutls_datum_t datum;
  GTlsCertificate *certificate;

  g_assert_cmpint (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_DER, &datum), ==, 0);
  g_byte_array_append (der, datum.data, datum.size);
  gnutls_free (datum.data);
  certificate = g_initable_new (g_tls_backend_get_certificate_type (g_tls_backend_get_default ()),
                                NULL,
                                &error,
                                "certificate",
                                der,
                                "issuer",
                                issuer,
                                NULL);
  g_assert_no_error (error);
  return certificate;
}

TestCertificate *
test_certificate_new (const TestSpec *spec, TestCertificate *issuer)
{
  TestCertificate *self = g_new0 (TestCertificate, 1);
  gnutls_pk_algorithm_t algorithm =
      spec->algorithm != GNUTLS_PK_UNKNOWN ? spec->algorithm : GNUTLS_PK_EDDSA_ED25519;
  gnutls_pk_algorithm_t signer = GNUTLS_PK_UNKNOWN;
  gnutls_digest_algorithm_t digest = spec->digest;

  g_assert_cmpint (gnutls_x509_privkey_init (&self->key), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_init (&self->crt), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_generate (self->key, algorithm, spec->bits, 0), ==, 0);
  fill (self->crt, self->key, spec);
  signer = gnutls_x509_privkey_get_pk_algorithm (issuer != NULL ? issuer->key : self->key);
  if (digest == GNUTLS_DIG_UNKNOWN)
    digest = signer == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512
             : signer == GNUTLS_PK_EDDSA_ED448 ? GNUTLS_DIG_SHAKE_256
                                               : GNUTLS_DIG_SHA256;
  g_assert_cmpint (gnutls_x509_crt_sign2 (self->crt,
                                          issuer != NULL ? issuer->crt : self->crt,
                                          issuer != NULL ? issuer->key : self->key,
                                          digest,
                                          0),
                   ==,
                   0);
  self->certificate = to_gio (self->crt, issuer != NULL ? issuer->certificate : NULL);
  return self;
}

void
test_certificate_free (TestCertificate *self)
{
  gnutls_x509_crt_deinit (self->crt);
  gnutls_x509_privkey_deinit (self->key);
  g_object_unref (self->certificate);
  g_free (self);
}

char *
test_certificate_to_pem (TestCertificate *self, gboolean with_key)
{
  gnutls_datum_t crt = { NULL, 0 };
  gnutls_datum_t key = { NULL, 0 };
  char *pem;

  g_assert_cmpint (gnutls_x509_crt_export2 (self->crt, GNUTLS_X509_FMT_PEM, &crt), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_export2_pkcs8 (
                       self->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key),
                   ==,
                   0);
  pem = g_strconcat ((char *) crt.data, with_key ? (char *) key.data : NULL, NULL);
  gnutls_free (crt.data);
  gnutls_free (key.data);
  return pem;
}

GTlsCertificate *
test_certificate_chain (TestCertificate *const *list, gsize n)
{
  GTlsCertificate *chain = NULL;

  while (n-- > 0)
    {
      g_autoptr (GTlsCertificate) issuer = chain;

      chain = to_gio (list[n]->crt, issuer);
    }
  return chain;
}
