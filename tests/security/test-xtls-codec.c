/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define SHA1 "428b1358a286430f628da23fb33ddaf6e474f5c5"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

#define OPEN "<security xmlns='" JXS_NS_XTLS "'>"
#define CLOSE "</security>"

static JxsElement *
element_new (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

static void
parse (const char *xml, JxsXtls *xtls)
{
  g_autoptr (JxsElement) element = element_new (xml);
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_xtls_parse (element, xtls, &error));
  g_assert_no_error (error);
}

static void
assert_refused (const char *xml)
{
  g_autoptr (JxsElement) element = element_new (xml);
  g_autoptr (GError) error = NULL;
  JxsXtls xtls;

  memset (&xtls, 0xaa, sizeof xtls); /* must not be touched */
  g_assert_false (jxs_xtls_parse (element, &xtls, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
}

static void
assert_equal (const JxsXtls *a, const JxsXtls *b)
{
  g_assert_cmpint (a->form, ==, b->form);
  g_assert_cmpint (a->methods, ==, b->methods);
  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    g_assert_cmpstr (a->fingerprints[i], ==, b->fingerprints[i]);
}

/* The example of jingle-xtls §4, with a digest where it has a placeholder. */
static void
test_example (void)
{
  static const char xml[] = OPEN "<fingerprint>" SHA1 "</fingerprint>"
                                 "<method name='x509'/><method name='srp'/>" CLOSE;
  g_auto (JxsXtls) xtls = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (JxsElement) expected = element_new (xml);

  parse (xml, &xtls);
  g_assert_cmpint (xtls.form, ==, JXS_XTLS_FORM_CURRENT);
  g_assert_cmpint (xtls.methods, ==, JXS_XTLS_METHOD_X509 | JXS_XTLS_METHOD_SRP);
  g_assert_cmpstr (xtls.fingerprints[G_CHECKSUM_SHA1], ==, SHA1);
  g_assert_null (xtls.fingerprints[G_CHECKSUM_SHA256]);
  built = jxs_xtls_build (&xtls);
  g_assert_true (jxs_element_equal (built, expected));
}

/* What we send: a plain SHA-1 for all peers, a SHA-256 for those that know XEP-0300. */
static void
test_both_digests (void)
{
  JxsXtls xtls = { .methods = JXS_XTLS_METHOD_X509 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (JxsElement) expected = element_new (
      OPEN "<fingerprint>" SHA1 "</fingerprint><method name='x509'/>"
           "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>" SHA256_BASE64 "</hash>" CLOSE);
  g_auto (JxsXtls) parsed = { 0 };
  g_autoptr (GError) error = NULL;

  xtls.fingerprints[G_CHECKSUM_SHA1] = (char *) SHA1;
  xtls.fingerprints[G_CHECKSUM_SHA256] = (char *) SHA256;
  built = jxs_xtls_build (&xtls);
  g_assert_true (jxs_element_equal (built, expected));
  g_assert_true (jxs_xtls_parse (built, &parsed, &error));
  g_assert_no_error (error);
  assert_equal (&parsed, &xtls);
}

/* All that was seen of old clients, and white space. */
static void
test_variants (void)
{
  static const struct
  {
    const char *xml;
    GChecksumType type;
    const char *fingerprint;
  } variants[] = {
    { "<fingerprint algo='sha1'>" SHA1 "</fingerprint>", G_CHECKSUM_SHA1, SHA1 },
    { "<fingerprint algo='sha-256'>" SHA256 "</fingerprint>", G_CHECKSUM_SHA256, SHA256 },
    { "<fingerprint hash='sha-256'>" SHA256 "</fingerprint>", G_CHECKSUM_SHA256, SHA256 },
    { "<fingerprint>" SHA256 "</fingerprint>", G_CHECKSUM_SHA256, SHA256 },
    { "<fingerprint>42:8B:13:58:A2:86:43:0F:62:8D:A2:3F:B3:3D:DA:F6:E4:74:F5:C5</fingerprint>",
      G_CHECKSUM_SHA1,
      SHA1 },
    { "<fingerprint>\n  428b1358 a286430f 628da23f b33ddaf6 e474f5c5\n</fingerprint>",
      G_CHECKSUM_SHA1,
      SHA1 },
    { "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>\n47DEQpj8HBSa+/TImW+5\n"
      "JCeuQeRkm5NMpJWZG3hSuFU=\n</hash>",
      G_CHECKSUM_SHA256,
      SHA256 },
    /* The same twice is no contradiction. */
    { "<fingerprint>" SHA1 "</fingerprint><fingerprint algo='sha-1'>" SHA1 "</fingerprint>",
      G_CHECKSUM_SHA1,
      SHA1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autofree char *xml =
          g_strconcat (OPEN, variants[i].xml, "<method name='x509'/>" CLOSE, NULL);
      g_auto (JxsXtls) xtls = { 0 };

      parse (xml, &xtls);
      g_assert_cmpint (xtls.methods, ==, JXS_XTLS_METHOD_X509);
      for (gsize type = 0; type < JXS_XTLS_N_DIGESTS; type++)
        g_assert_cmpstr (xtls.fingerprints[type],
                         ==,
                         type == variants[i].type ? variants[i].fingerprint : NULL);
    }
}

/* What is not known is skipped: methods, algorithms, elements, attributes. */
static void
test_unknown (void)
{
  g_auto (JxsXtls) xtls = { 0 };
  g_auto (JxsXtls) nothing = { 0 };

  parse (OPEN "<method name='foo'/><method name='openpgp'/><method name='x509' prio='1'/>"
              "<fingerprint algo='md5'>d41d8cd98f00b204e9800998ecf8427e</fingerprint>"
              "<fingerprint algo='blake3'>zzz</fingerprint>"
              "<hash xmlns='" JXS_NS_HASHES "' algo='sha3-256'>!</hash>"
              "<hash algo='sha-256'>another namespace</hash>"
              "<method xmlns='urn:example:other'/><offer/><anything/>" CLOSE,
         &xtls);
  g_assert_cmpint (xtls.methods, ==, JXS_XTLS_METHOD_X509 | JXS_XTLS_METHOD_OPENPGP);
  g_assert_false (jxs_xtls_has_fingerprint (&xtls));

  parse ("<security xmlns='" JXS_NS_XTLS "'/>", &nothing);
  g_assert_cmpint (nothing.methods, ==, 0);
  g_assert_false (jxs_xtls_has_fingerprint (&nothing));
}

/* The forms of the first drafts of XEP-0247. */
static void
test_first_drafts (void)
{
  static const char offer[] =
      OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY "'><name>" SHA1
           "</name></keyinfo><srp/></offer>" CLOSE;
  static const char choice[] = "<security xmlns='" JXS_NS_XTLS "' method='x509'/>";
  g_auto (JxsXtls) parsed = { 0 };
  g_auto (JxsXtls) chosen = { 0 };
  g_auto (JxsXtls) unknown = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (JxsElement) built_choice = NULL;
  g_autoptr (JxsElement) expected = element_new (offer);
  g_autoptr (JxsElement) expected_choice = element_new (choice);

  parse (offer, &parsed);
  g_assert_cmpint (parsed.form, ==, JXS_XTLS_FORM_OFFER);
  g_assert_cmpint (parsed.methods, ==, JXS_XTLS_METHOD_X509 | JXS_XTLS_METHOD_SRP);
  g_assert_cmpstr (parsed.fingerprints[G_CHECKSUM_SHA1], ==, SHA1);
  built = jxs_xtls_build (&parsed);
  g_assert_true (jxs_element_equal (built, expected));

  parse (choice, &chosen);
  g_assert_cmpint (chosen.form, ==, JXS_XTLS_FORM_ATTRIBUTE);
  g_assert_cmpint (chosen.methods, ==, JXS_XTLS_METHOD_X509);
  built_choice = jxs_xtls_build (&chosen);
  g_assert_true (jxs_element_equal (built_choice, expected_choice));

  parse ("<security xmlns='" JXS_NS_XTLS "' method='magic'/>", &unknown);
  g_assert_cmpint (unknown.methods, ==, 0);
}

static void
test_refused (void)
{
  static const char *const refused[] = {
    OPEN "<fingerprint/>" CLOSE,
    /* as the example of jingle-xtls §4 stands */
    OPEN "<fingerprint>RomeoX509CertificateHash</fingerprint><method name='x509'/>" CLOSE,
    OPEN "<fingerprint>428b1358</fingerprint>" CLOSE,
    OPEN "<fingerprint algo='sha-256'>" SHA1 "</fingerprint>" CLOSE,
    OPEN "<method/>" CLOSE,
    OPEN "<fingerprint>" SHA1 "</fingerprint><fingerprint>"
         "0000000000000000000000000000000000000000</fingerprint>" CLOSE,
    OPEN "<fingerprint>" SHA256 "</fingerprint><hash xmlns='" JXS_NS_HASHES
         "' algo='sha-256'>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "'>" SHA256_BASE64 "</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'/>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-512'>" SHA256_BASE64 "</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>" SHA256 "</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>" SHA256_BASE64 "=</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>*" SHA256_BASE64 "</hash>" CLOSE,
    OPEN "<hash xmlns='" JXS_NS_HASHES "' algo='sha-256'>" SHA256_BASE64 SHA256_BASE64 SHA256_BASE64
         "</hash>" CLOSE,
    OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY
         "'/></offer>" CLOSE,
    OPEN "<offer xmlns='" JXS_NS_TMP_C2CTLS "'><keyinfo xmlns='" JXS_NS_TMP_PUBKEY
         "'><name>JulietX509CertificateHash</name></keyinfo></offer>" CLOSE,
  };
  g_autoptr (GString) many = g_string_new (OPEN);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    assert_refused (refused[i]);

  for (guint i = 0; i < JXS_XTLS_MAX_CHILDREN; i++)
    g_string_append (many, "<method name='x509'/>");
  {
    g_autofree char *full = g_strconcat (many->str, CLOSE, NULL);
    g_autofree char *over = g_strconcat (many->str, "<method name='x509'/>" CLOSE, NULL);
    g_auto (JxsXtls) xtls = { 0 };

    parse (full, &xtls);
    assert_refused (over);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/xtls-codec/example", test_example);
  g_test_add_func ("/security/xtls-codec/both-digests", test_both_digests);
  g_test_add_func ("/security/xtls-codec/variants", test_variants);
  g_test_add_func ("/security/xtls-codec/unknown", test_unknown);
  g_test_add_func ("/security/xtls-codec/first-drafts", test_first_drafts);
  g_test_add_func ("/security/xtls-codec/refused", test_refused);
  return g_test_run ();
}
