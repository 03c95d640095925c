/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "make-certificate.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-pubkey-codec-private.h>

/* The first form of XEP-0189, which jingle-xtls uses. */

/* jingle-xtls §5.1, example 6, with the name that XEP-0250 §3.1 gives that certificate. */
#define EXAMPLE_DER                                                                                \
  "\n        MIICCTCCAXKgAwIBAgIJALhU0Id6xxwQMA0GCSqGSIb3DQEBBQUAMA4xDDAKBgNV"                     \
  "\n        BAMTA2ZvbzAeFw0wNzEyMjgyMDA1MTRaFw0wODEyMjcyMDA1MTRaMA4xDDAKBgNV"                     \
  "\n        BAMTA2ZvbzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0DPcfeJzKWLGE22p"                     \
  "\n        RMINLKr+CxqozF14DqkXkLUwGzTqYRi49yK6aebZ9ssFspTTjqa2uNpw1U32748t"                     \
  "\n        qU6bpACWHbcC+eZ/hm5KymXBhL3Vjfb/dW0xrtxjI9JRFgrgWAyxndlNZUpN2s3D"                     \
  "\n        hKDfVgpPSx/Zp8d/ubbARxqZZZkCAwEAAaNvMG0wHQYDVR0OBBYEFJWwFqmSRGcx"                     \
  "\n        YXmQfdF+XBWkeML4MD4GA1UdIwQ3MDWAFJWwFqmSRGcxYXmQfdF+XBWkeML4oRKk"                     \
  "\n        EDAOMQwwCgYDVQQDEwNmb2+CCQC4VNCHesccEDAMBgNVHRMEBTADAQH/MA0GCSqG"                     \
  "\n        SIb3DQEBBQUAA4GBAIhlUeGZ0d0msNVxYWAXg2lRsJt9INHJQTCJMmoUeTtaRjyp"                     \
  "\n        ffJtuopguNNBDn+MjrEp2/+zLNMahDYLXaTVmBf6zvY0hzB9Ih0kNTh23Fb5j+yK"                     \
  "\n        QChPXQUo0EGCaODWhfhKRNdseUozfNWOz9iTgMGw8eYNLllQRL//iAOfOr/8\n      "
#define EXAMPLE_NAME "428b1358a286430f628da23fb33ddaf6e474f5c5"
#define OTHER_NAME "428b1358a286430f628da23fb33ddaf6e474f5c4"
#define NS "xmlns='urn:xmpp:tmp:pubkey'"
#define KEYINFO(name, der) "<keyinfo><name>" name "</name><x509cert>" der "</x509cert></keyinfo>"

static GPtrArray *
parse (const char *text, GError **error)
{
  g_autoptr (JxsElement) element = jxs_element_new_from_string (text, NULL);

  g_assert_nonnull (element);
  return jxs_pubkeys_parse (element, error);
}

static void
test_example (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) certificates =
      parse ("<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, EXAMPLE_DER) "</pubkeys>", &error);
  g_autofree char *name = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (certificates->len, ==, 1);
  name = jxs_fingerprint_compute (g_ptr_array_index (certificates, 0), G_CHECKSUM_SHA1);
  g_assert_cmpstr (name, ==, EXAMPLE_NAME);
}

static void
test_good (void)
{
  static const struct
  {
    const char *text;
    guint n;
  } good[] = {
    { "<pubkeys " NS "/>", 0 },
    { "<pubkeys " NS " more='1'>text<more/></pubkeys>", 0 },
    /* a key of another kind beside it */
    { "<pubkeys " NS "><pgp>AAAA</pgp>" KEYINFO (EXAMPLE_NAME, EXAMPLE_DER) "</pubkeys>", 1 },
    { "<pubkeys " NS "><keyinfo xmlns='urn:example:other'/></pubkeys>", 0 },
    /* as Gajim writes fingerprints */
    { "<pubkeys " NS ">" KEYINFO ("42:8B:13:58:A2:86:43:0F:62:8D:A2:3F:B3:3D:DA:F6:E4:74:F5:C5",
                                  EXAMPLE_DER) "</pubkeys>",
      1 },
    { "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, EXAMPLE_DER)
          KEYINFO (EXAMPLE_NAME, EXAMPLE_DER) "</pubkeys>",
      2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) certificates = parse (good[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (certificates->len, ==, good[i].n);
    }
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "<pubkey " NS "/>",
    "<pubkeys xmlns='urn:xmpp:pubkey:2'/>",
    "<pubkeys " NS "><keyinfo/></pubkeys>",
    "<pubkeys " NS "><keyinfo><name>" EXAMPLE_NAME "</name></keyinfo></pubkeys>",
    "<pubkeys " NS "><keyinfo><x509cert>" EXAMPLE_DER "</x509cert></keyinfo></pubkeys>",
    "<pubkeys " NS "><keyinfo><name xmlns='urn:example:other'>" EXAMPLE_NAME
    "</name><x509cert>" EXAMPLE_DER "</x509cert></keyinfo></pubkeys>",
    "<pubkeys " NS ">" KEYINFO (OTHER_NAME, EXAMPLE_DER) "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO ("", EXAMPLE_DER) "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO ("name", EXAMPLE_DER) "</pubkeys>",
    /* a SHA-256 */
    "<pubkeys " NS ">" KEYINFO ("428b1358a286430f628da23fb33ddaf6e474f5c5428b1358a286430f628da23f",
                                EXAMPLE_DER) "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, "") "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, "AAAA") "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, "AAA") "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, "A=AA") "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, "!" EXAMPLE_DER) "</pubkeys>",
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, EXAMPLE_DER "AAAA") "</pubkeys>",
    /* one good, one bad */
    "<pubkeys " NS ">" KEYINFO (EXAMPLE_NAME, EXAMPLE_DER)
        KEYINFO (OTHER_NAME, EXAMPLE_DER) "</pubkeys>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (parse (bad[i], &error) != NULL)
        g_test_message ("accepted: %s", bad[i]);
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
    }
}

static void
test_too_much (void)
{
  for (guint n = JXS_PUBKEYS_MAX_CERTIFICATES; n <= JXS_PUBKEYS_MAX_CERTIFICATES + 1; n++)
    {
      g_autoptr (GString) text = g_string_new ("<pubkeys " NS ">");
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) certificates = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, KEYINFO (EXAMPLE_NAME, EXAMPLE_DER));
      g_string_append (text, "</pubkeys>");
      certificates = parse (text->str, &error);
      if (n == JXS_PUBKEYS_MAX_CERTIFICATES)
        g_assert_cmpuint (certificates->len, ==, n);
      else
        g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
    }
  for (guint n = 16; n <= 17; n++)
    {
      g_autoptr (GString) text = g_string_new ("<pubkeys " NS ">");
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) certificates = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, "<pgp/>");
      g_string_append (text, "</pubkeys>");
      certificates = parse (text->str, &error);
      if (n == 16)
        g_assert_no_error (error);
      else
        g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
    }
}

static JxsElement *
build_one (GTlsCertificate *certificate)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new ();

  g_ptr_array_add (certificates, certificate);
  return jxs_pubkeys_build (certificates);
}

/* Large ones are read and very large ones are not. */
static void
test_size (void)
{
  const TestSpec large = { .padding = JXS_PUBKEYS_MAX_BYTES - 2048 };
  const TestSpec huge = { .padding = JXS_PUBKEYS_MAX_BYTES };
  g_autoptr (TestCertificate) first = test_certificate_new (&large, NULL);
  g_autoptr (TestCertificate) second = test_certificate_new (&huge, NULL);
  g_autoptr (JxsElement) good = build_one (first->certificate);
  g_autoptr (JxsElement) bad = build_one (second->certificate);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) error = NULL;

  certificates = jxs_pubkeys_parse (good, &error);
  g_assert_no_error (error);
  g_assert_true (
      g_tls_certificate_is_same (g_ptr_array_index (certificates, 0), first->certificate));
  g_assert_null (jxs_pubkeys_parse (bad, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
}

static void
test_round_trip (void)
{
  const TestSpec spec = { 0 };
  g_autoptr (TestCertificate) first = test_certificate_new (&spec, NULL);
  g_autoptr (TestCertificate) second = test_certificate_new (&spec, NULL);
  g_autoptr (GPtrArray) certificates = g_ptr_array_new ();
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (JxsElement) request = jxs_pubkeys_build (NULL);
  g_autoptr (JxsElement) pubkeys = NULL;
  g_autofree char *text = jxs_element_to_string (request);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (text, ==, "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/>");
  g_ptr_array_add (certificates, first->certificate);
  g_ptr_array_add (certificates, second->certificate);
  pubkeys = jxs_pubkeys_build (certificates);
  again = jxs_pubkeys_parse (pubkeys, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_true (g_tls_certificate_is_same (g_ptr_array_index (again, i),
                                              g_ptr_array_index (certificates, i)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/pubkey-codec/example", test_example);
  g_test_add_func ("/security/pubkey-codec/good", test_good);
  g_test_add_func ("/security/pubkey-codec/malformed", test_malformed);
  g_test_add_func ("/security/pubkey-codec/too-much", test_too_much);
  g_test_add_func ("/security/pubkey-codec/size", test_size);
  g_test_add_func ("/security/pubkey-codec/round-trip", test_round_trip);
  return g_test_run ();
}
