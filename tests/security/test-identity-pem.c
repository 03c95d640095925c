/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-identity-pem-private.h>

#include "identity-file.h"
#include "make-certificate.h"

static JxsIdentity *
parse (const char *pem)
{
  g_autoptr (GError) error = NULL;
  JxsIdentity *identity = jxs_identity_new_from_pem (pem, &error);

  g_assert_no_error (error);
  return identity;
}

static void
assert_refused (const char *pem, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (jxs_identity_new_from_pem (pem, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, message));
}

static void
assert_is (JxsIdentity *identity, TestCertificate *certificate)
{
  g_assert_nonnull (identity);
  g_assert_true (g_tls_certificate_is_same (jxs_identity_get_certificate (identity),
                                            certificate->certificate));
}

static guint
count_issuers (JxsIdentity *identity)
{
  GTlsCertificate *c = jxs_identity_get_certificate (identity);
  guint n = 0;

  while ((c = g_tls_certificate_get_issuer (c)) != NULL)
    n++;
  return n;
}

static char *
key_to_pem (TestCertificate *certificate)
{
  g_autofree char *both = test_certificate_to_pem (certificate, TRUE);

  return g_strdup (strstr (both, "-----BEGIN PRIVATE KEY"));
}

/* In which order tools write them. */
static void
test_order (void)
{
  static const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) a = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) b = test_certificate_new (&spec, NULL);
  g_autofree char *a_crt = test_certificate_to_pem (a, FALSE);
  g_autofree char *b_crt = test_certificate_to_pem (b, FALSE);
  g_autofree char *a_key = key_to_pem (a);
  g_autofree char *b_key = key_to_pem (b);
  const struct
  {
    const char *parts[6];
    gboolean has_successor;
  } orders[] = {
    { { a_crt, a_key }, FALSE },
    { { a_key, a_crt }, FALSE },
    { { "Bag Attributes\n  localKeyID: 01\n", a_crt, "Key Attributes\n", a_key, "end\n" }, FALSE },
    { { "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
        a_key,
        a_crt },
      FALSE },
    { { a_crt, a_key, b_crt, b_key }, TRUE },
    { { a_key, a_crt, b_key, b_crt }, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autofree char *pem = g_strconcat (orders[i].parts[0],
                                          orders[i].parts[1],
                                          orders[i].parts[2],
                                          orders[i].parts[3],
                                          orders[i].parts[4],
                                          NULL);
      g_autoptr (GString) dos = g_string_new (pem);
      g_autoptr (JxsIdentity) identity = parse (pem);
      g_autoptr (JxsIdentity) dos_identity = NULL;

      g_string_replace (dos, "\n", "\r\n", 0);
      dos_identity = parse (dos->str);
      assert_is (identity, a);
      assert_is (dos_identity, a);
      if (orders[i].has_successor)
        assert_is (jxs_identity_get_successor (identity), b);
      else
        g_assert_null (jxs_identity_get_successor (identity));
    }
}

static void
test_refused (void)
{
  static const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) a = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) b = test_certificate_new (&spec, NULL);
  g_autofree char *a_crt = test_certificate_to_pem (a, FALSE);
  g_autofree char *b_crt = test_certificate_to_pem (b, FALSE);
  g_autofree char *a_key = key_to_pem (a);
  g_autofree char *b_key = key_to_pem (b);
  const struct
  {
    const char *parts[6];
    const char *message;
  } refused[] = {
    { { "" }, "There is no certificate" },
    { { a_crt }, "is missing" },
    { { a_key }, "There is no certificate" },
    { { a_crt, b_key }, "is not that of the certificate" },
    { { a_crt, a_key, b_key }, "There is no certificate" },
    { { a_crt, a_key, b_crt, a_key }, "is not that of the certificate" },
    { { a_crt, a_key, b_crt, b_key, b_key }, "more keys" },
    { { a_crt, "-----BEGIN PRIVATE KEY-----\n", a_crt }, "is missing" },
    { { a_crt, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n" }, "cannot be read" },
    { { a_crt, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
      "cannot be read" },
    { { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", a_key },
      "cannot be read" },
    { { "-----BEGIN ", a_crt + strlen ("-----BEGIN "), "-----BEGIN -----END " }, "is missing" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *pem = g_strconcat (refused[i].parts[0],
                                          refused[i].parts[1],
                                          refused[i].parts[2],
                                          refused[i].parts[3],
                                          refused[i].parts[4],
                                          NULL);

      g_test_message ("%" G_GSIZE_FORMAT, i);
      assert_refused (pem, refused[i].message);
    }
}

/* However a file is cut off, it is an identity without successor, or none. */
static void
test_cut (void)
{
  static const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) a = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) b = test_certificate_new (&spec, NULL);
  g_autofree char *first = test_certificate_to_pem (a, TRUE);
  g_autofree char *second = test_certificate_to_pem (b, TRUE);
  g_autofree char *pem = g_strconcat (first, second, NULL);
  gsize first_end = strlen (first) - strlen ("\n");
  gsize end = strlen (pem) - strlen ("\n");

  for (gsize length = strlen (pem); length-- > 0;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsIdentity) identity = NULL;

      pem[length] = '\0';
      identity = jxs_identity_new_from_pem (pem, &error);
      if (length < first_end)
        {
          g_assert_null (identity);
          g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
        }
      else
        {
          g_assert_no_error (error);
          assert_is (identity, a);
          g_assert_true ((jxs_identity_get_successor (identity) != NULL) == (length >= end));
        }
    }
}

static void
test_key_forms (void)
{
  static const TestSpec specs[] = {
    { .algorithm = GNUTLS_PK_RSA, .bits = 2048 },
    { .algorithm = GNUTLS_PK_ECDSA, .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1) },
  };
  static const char *const labels[] = { "BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY" };

  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      g_autoptr (TestCertificate) certificate = test_certificate_new (&specs[i], NULL);
      g_autofree char *crt = test_certificate_to_pem (certificate, FALSE);
      g_autofree char *pem = NULL;
      g_autoptr (JxsIdentity) identity = NULL;
      gnutls_datum_t key;

      g_assert_cmpint (gnutls_x509_privkey_export2 (certificate->key, GNUTLS_X509_FMT_PEM, &key),
                       ==,
                       0);
      g_assert_nonnull (strstr ((char *) key.data, labels[i]));
      pem = g_strconcat ((char *) key.data, crt, NULL);
      gnutls_free (key.data);
      identity = parse (pem);
      assert_is (identity, certificate);
    }
}

/* What an authority hands out: the chain, mostly without the root. */
static void
test_chain (IdentityFile *f, gconstpointer data)
{
  static const TestSpec authority = { .authority = TRUE };
  static const TestSpec leaf_spec = { .names = { { TEST_NAME_ADDRESS, "romeo@montague.lit", 0 } } };
  g_autoptr (TestCertificate) root = test_certificate_new (&authority, NULL);
  g_autoptr (TestCertificate) middle = test_certificate_new (&authority, root);
  g_autoptr (TestCertificate) leaf = test_certificate_new (&leaf_spec, middle);
  g_autofree char *leaf_crt = test_certificate_to_pem (leaf, FALSE);
  g_autofree char *leaf_key = key_to_pem (leaf);
  g_autofree char *middle_crt = test_certificate_to_pem (middle, FALSE);
  g_autofree char *root_crt = test_certificate_to_pem (root, FALSE);
  const struct
  {
    const char *parts[5];
    guint n_issuers;
  } chains[] = {
    { { leaf_crt, leaf_key }, 0 },
    { { leaf_crt, leaf_key, middle_crt }, 1 },
    { { leaf_crt, middle_crt, leaf_key }, 1 },
    { { leaf_key, leaf_crt, middle_crt, root_crt }, 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (chains); i++)
    {
      g_autofree char *pem = g_strconcat (
          chains[i].parts[0], chains[i].parts[1], chains[i].parts[2], chains[i].parts[3], NULL);
      g_autoptr (JxsIdentity) identity = parse (pem);
      g_autoptr (JxsIdentity) successor = NULL;
      g_autoptr (JxsIdentity) loaded = NULL;
      g_autoptr (GError) error = NULL;

      assert_is (identity, leaf);
      g_assert_cmpuint (count_issuers (identity), ==, chains[i].n_issuers);
      g_assert_false (jxs_identity_pem_is_own (jxs_identity_get_certificate (identity)));

      /* None of it is lost in the file, nor taken for the successor's. */
      successor = jxs_identity_renew (identity, &error);
      g_assert_no_error (error);
      g_assert_true (identity_file_save (f, identity, NULL, NULL, &error));
      g_assert_no_error (error);
      loaded = identity_file_load (f, NULL, NULL, &error);
      g_assert_no_error (error);
      assert_is (loaded, leaf);
      g_assert_cmpuint (count_issuers (loaded), ==, chains[i].n_issuers);
      assert_same_identity (jxs_identity_get_successor (loaded), successor);
      g_assert_cmpuint (count_issuers (jxs_identity_get_successor (loaded)), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/identity-pem/order", test_order);
  g_test_add_func ("/security/identity-pem/refused", test_refused);
  g_test_add_func ("/security/identity-pem/cut", test_cut);
  g_test_add_func ("/security/identity-pem/key-forms", test_key_forms);
  g_test_add ("/security/identity-pem/chain",
              IdentityFile,
              NULL,
              identity_file_set_up,
              test_chain,
              identity_file_tear_down);
  return g_test_run ();
}
