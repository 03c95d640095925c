/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-certificate-private.h>

#include "make-certificate.h"

/* The calendar of these tests: 2033-05-18 03:33:20 UTC. */
#define NOW G_GINT64_CONSTANT (2000000000)

#define ROMEO                                                                                      \
  {                                                                                                \
    TEST_NAME_ADDRESS, "romeo@montague.lit", 0                                                     \
  }

/* Where nothing else is said it is romeo@montague.lit/orchard's, and valid around NOW. */
typedef struct
{
  const char *name;
  TestSpec spec;
  const char *peer;
  const char *refused; /* a part of the message; NULL: it is in order */
} Case;

static const Case cases[] = {
  { "plain", { 0 }, NULL, NULL },

  { "date/from-now", { .from = NOW }, NULL, NULL },
  { "date/clock-a-day-ahead", { .from = NOW + TEST_DAY }, NULL, NULL },
  { "date/future",
    { .from = NOW + TEST_DAY + 1 },
    NULL,
    "not valid before 2033-05-19 03:33; is the clock right?" },
  { "date/last-second", { .from = NOW - TEST_DAY, .until = NOW + 1 }, NULL, NULL },
  { "date/expired",
    { .from = NOW - TEST_DAY, .until = NOW },
    NULL,
    "has expired on 2033-05-18 03:33" },
  { "date/never-expires", { .until = G_GINT64_CONSTANT (253402300799) }, NULL, NULL },

  /* RFC 8446 §4.4.2.2 */
  { "usage/signature", { .usage = GNUTLS_KEY_DIGITAL_SIGNATURE }, NULL, NULL },
  { "usage/signature-and-others",
    { .usage = GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT },
    NULL,
    NULL },
  { "usage/encipherment",
    { .usage = GNUTLS_KEY_KEY_ENCIPHERMENT },
    NULL,
    "may not be used to prove who somebody is" },
  { "usage/authority",
    { .usage = GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN, .authority = TRUE },
    NULL,
    "may not be used to prove who somebody is" },

  { "purpose/client", { .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL, NULL },
  { "purpose/server", { .purpose = GNUTLS_KP_TLS_WWW_SERVER }, NULL, NULL },
  { "purpose/any", { .purpose = GNUTLS_KP_ANY }, NULL, NULL },
  { "purpose/mail",
    { .purpose = GNUTLS_KP_EMAIL_PROTECTION },
    NULL,
    "was not made for encrypted connections" },
  { "purpose/code",
    { .purpose = GNUTLS_KP_CODE_SIGNING },
    NULL,
    "was not made for encrypted connections" },

  /* Common tools set it in whatever is self-signed. */
  { "authority/self-signed", { .authority = TRUE }, NULL, NULL },

  { "key/rsa-1024",
    { .algorithm = GNUTLS_PK_RSA, .bits = 1024 },
    NULL,
    "too weak: RSA with 1024 bits" },
  { "key/rsa-2048", { .algorithm = GNUTLS_PK_RSA, .bits = 2048 }, NULL, NULL },
  { "key/rsa-4096", { .algorithm = GNUTLS_PK_RSA, .bits = 4096 }, NULL, NULL },
  { "key/p-256",
    { .algorithm = GNUTLS_PK_ECDSA, .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1) },
    NULL,
    NULL },
  { "key/p-384",
    { .algorithm = GNUTLS_PK_ECDSA, .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1) },
    NULL,
    NULL },
  { "key/p-192",
    { .algorithm = GNUTLS_PK_ECDSA, .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP192R1) },
    NULL,
    "too weak: an elliptic curve with 192 bits" },
  { "key/ed25519", { .algorithm = GNUTLS_PK_EDDSA_ED25519 }, NULL, NULL },
  { "key/ed448", { .algorithm = GNUTLS_PK_EDDSA_ED448 }, NULL, NULL },
  { "key/dsa",
    { .algorithm = GNUTLS_PK_DSA, .bits = 2048 },
    NULL,
    "of a kind that is not supported" },

  /* Nobody relies on the signature of a certificate by its own key. */
  { "signature/md5",
    { .algorithm = GNUTLS_PK_RSA, .bits = 2048, .digest = GNUTLS_DIG_MD5 },
    NULL,
    NULL },
  { "signature/sha-1",
    { .algorithm = GNUTLS_PK_RSA, .bits = 2048, .digest = GNUTLS_DIG_SHA1 },
    NULL,
    NULL },

  /* RFC 6120 §13.7.1.4 */
  { "name/right", { .names = { ROMEO } }, NULL, NULL },
  { "name/wrong",
    { .names = { { TEST_NAME_ADDRESS, "mercutio@montague.lit", 0 } } },
    NULL,
    "is that of “mercutio@montague.lit”, not of “romeo@montague.lit/orchard”" },
  { "name/of-the-server",
    { .names = { { TEST_NAME_ADDRESS, "montague.lit", 0 } } },
    NULL,
    "is that of “montague.lit”" },
  { "name/two", { .names = { { TEST_NAME_ADDRESS, "nurse@capulet.lit", 0 }, ROMEO } }, NULL, NULL },
  { "name/two-wrong",
    { .names = { { TEST_NAME_ADDRESS, "nurse@capulet.lit", 0 },
                 { TEST_NAME_ADDRESS, "romeo@capulet.lit", 0 } } },
    NULL,
    "is that of “nurse@capulet.lit”" },
  { "name/not-prepared",
    { .names = { { TEST_NAME_ADDRESS, "Romeo@MONTAGUE.lit", 0 } } },
    NULL,
    NULL },
  { "name/full",
    { .names = { { TEST_NAME_ADDRESS, "romeo@montague.lit/orchard", 0 } } },
    NULL,
    NULL },
  { "name/full-of-another-device",
    { .names = { { TEST_NAME_ADDRESS, "romeo@montague.lit/Orchard", 0 } } },
    NULL,
    "is that of “romeo@montague.lit/Orchard”" },
  { "name/not-utf-8",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x0c\x06\xff\xfe@a.b", 0 } } },
    NULL,
    "names cannot be read" },
  { "name/nul",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x0c\x17romeo@montague.lit\0.evil", 25 } } },
    NULL,
    "names cannot be read" },
  { "name/latin-string",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x16\x12romeo@montague.lit", 0 } } },
    NULL,
    "names cannot be read" },
  { "name/long-form",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x0c\x82\x00\x12romeo@montague.lit", 22 } } },
    NULL,
    NULL },
  { "name/empty",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x0c\x00", 2 } } },
    NULL,
    "names cannot be read" },
  { "name/broken-beside-right",
    { .names = { { TEST_NAME_ADDRESS_RAW, "\x0c\x00", 2 }, ROMEO } },
    NULL,
    NULL },
  { "name/no-address", { .names = { { TEST_NAME_ADDRESS, "@@@", 0 } } }, NULL, "is that of “@@@”" },
  { "name/control-characters",
    { .names = { { TEST_NAME_ADDRESS, "a\x1b[2J@b", 0 } } },
    NULL,
    "is that of “a" },
  { "name/extension-no-names",
    { .names = { { TEST_NAME_EXTENSION, "\x30\x00", 2 } } },
    NULL,
    NULL },
  { "name/most", { .names = { ROMEO }, .n_copies = 127 }, NULL, NULL },
  { "name/too-many", { .names = { ROMEO }, .n_copies = 128 }, NULL, "cannot be read" },
  { "name/only-others",
    { .names = { { TEST_NAME_URI, "xmpp:mercutio@montague.lit", 0 },
                 { TEST_NAME_HOST, "capulet.lit", 0 },
                 { TEST_NAME_SERVICE, "_xmpp-server.capulet.lit", 0 } } },
    NULL,
    NULL },
  { "size/100-kib", { .names = { ROMEO }, .padding = 100 * 1024 }, NULL, NULL },
  { "size/150-kib", { .names = { ROMEO }, .padding = 150 * 1024 }, NULL, "cannot be read" },

  { "name/international",
    { .names = { { TEST_NAME_ADDRESS, "jos\xc3\xa9@m\xc3\xbcller.example", 0 } } },
    "jos\xc3\xa9@m\xc3\xbcller.example",
    NULL },
  { "name/service",
    { .names = { { TEST_NAME_ADDRESS, "echo.montague.lit", 0 } } },
    "echo.montague.lit",
    NULL },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  TestSpec spec = c->spec;
  g_autoptr (TestCertificate) certificate = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsJid) peer =
      jxs_jid_new (c->peer != NULL ? c->peer : "romeo@montague.lit/orchard", &error);
  gboolean passed;

  g_assert_no_error (error);
  if (spec.from == 0)
    spec.from = NOW - TEST_DAY;
  if (spec.until == 0)
    spec.until = NOW + TEST_DAY;
  certificate = test_certificate_new (&spec, NULL);
  jxs_clock_set_utc (NOW);
  passed = jxs_certificate_check (certificate->certificate, peer, &error);
  if (c->refused == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (passed);
    }
  else
    {
      g_assert_false (passed);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
      g_assert_nonnull (strstr (error->message, c->refused));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\x1b'));
    }
  jxs_clock_set_utc (0);
}

/* Only peers' own flag is forgiven: an authority's certificate is no peer's. */
static void
test_issued_authority (void)
{
  static const TestSpec spec = { .authority = TRUE };
  g_autoptr (TestCertificate) root = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) middle = test_certificate_new (&spec, root);
  g_autoptr (JxsJid) peer = jxs_jid_new ("romeo@montague.lit", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_certificate_check (middle->certificate, peer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_nonnull (strstr (error->message, "that of an authority"));
}

/* What the issuer is worth is the authority check's business. */
static void
test_issued (void)
{
  static const TestSpec root_spec = {
    .authority = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 1024, .digest = GNUTLS_DIG_SHA1
  };
  static const TestSpec spec = { .digest = GNUTLS_DIG_SHA1, .names = { ROMEO } };
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec, NULL);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&spec, root);
  g_autoptr (JxsJid) peer = jxs_jid_new ("romeo@montague.lit", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_certificate_check (leaf->certificate, peer, &error));
  g_assert_no_error (error);
}

static void
test_large_keys (void)
{
  static const TestSpec largest = { .modulus = 2048 };
  static const TestSpec too_large = { .modulus = 2049 };
  static const TestSpec root_spec = { .authority = TRUE };
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec, NULL);
  g_autoptr (TestCertificate) good = test_certificate_new (&largest, root);
  g_autoptr (TestCertificate) bad = test_certificate_new (&too_large, root);
  g_autoptr (JxsJid) peer = jxs_jid_new ("romeo@montague.lit", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_certificate_check (good->certificate, peer, &error));
  g_assert_no_error (error);
  g_assert_false (jxs_certificate_check (bad->certificate, peer, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_nonnull (strstr (error->message, "too large: RSA with 16392 bits"));
}

static void
test_dates (void)
{
  static const TestSpec spec = { .from = NOW - 5, .until = NOW + 5 };
  static const TestSpec endless = { .until = G_GINT64_CONSTANT (253402300799) };
  g_autoptr (TestCertificate) certificate = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) endless_certificate = test_certificate_new (&endless, NULL);

  g_assert_cmpint (jxs_certificate_get_activation (certificate->certificate), ==, NOW - 5);
  g_assert_cmpint (jxs_certificate_get_expiry (certificate->certificate), ==, NOW + 5);
  g_assert_cmpint (jxs_certificate_get_expiry (endless_certificate->certificate), ==, G_MAXINT64);
}

static void
assert_addresses (const TestSpec *spec, const char *expected)
{
  g_autoptr (TestCertificate) certificate = test_certificate_new (spec, NULL);
  g_autoptr (GPtrArray) addresses = jxs_certificate_get_xmpp_addresses (certificate->certificate);
  g_autofree char *joined = NULL;

  g_ptr_array_add (addresses, NULL);
  joined = g_strjoinv (" ", (char **) addresses->pdata);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_addresses (void)
{
  static const TestSpec none = { 0 };
  static const TestSpec some = { .names = { ROMEO,
                                            { TEST_NAME_HOST, "montague.lit", 0 },
                                            { TEST_NAME_ADDRESS_RAW,
                                              "\x0c\x07"
                                              "a@b.c\0d",
                                              9 },
                                            { TEST_NAME_ADDRESS_RAW, "\x0c\x06\xff\xfe@a.b", 0 },
                                            { TEST_NAME_ADDRESS, "juliet@capulet.lit", 0 } } };
  static const TestSpec many = { .names = { ROMEO }, .n_copies = 1000 };

  assert_addresses (&none, "");
  assert_addresses (&some, "romeo@montague.lit juliet@capulet.lit");
  assert_addresses (&many, "");
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/security/certificate/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/security/certificate/authority/issued", test_issued_authority);
  g_test_add_func ("/security/certificate/signature/issued", test_issued);
  g_test_add_func ("/security/certificate/key/large", test_large_keys);
  g_test_add_func ("/security/certificate/dates", test_dates);
  g_test_add_func ("/security/certificate/addresses", test_addresses);
  return g_test_run ();
}
