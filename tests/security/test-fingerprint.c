/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

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

#define SHA_256 "e64db80769072849a6b054c1887cbb06c52cec8a21d7e45a301574b95f726fe4"
#define SHA_256_TEXT                                                                               \
  "E64D B807 6907 2849 A6B0 54C1 887C BB06 C52C EC8A 21D7 E45A 3015 74B9 5F72 6FE4"

static void
test_text (void)
{
  static const char *const texts[] = {
    SHA_256,
    SHA_256_TEXT,
    "E6:4D:B8:07:69:07:28:49:A6:B0:54:C1:88:7C:BB:06:"
    "C5:2C:EC:8A:21:D7:E4:5A:30:15:74:B9:5F:72:6F:E4",
    "  e64db807 69072849 a6b054c1 887cbb06\n  c52cec8a 21d7e45a 301574b9 5f726fe4\n",
  };
  static const char *const wrong[] = {
    "",
    "romeo",
    XTLS_FINGERPRINT,
    SHA_256 "0",
    "xe64db80769072849a6b054c1887cbb06c52cec8a21d7e45a301574b95f726fe4",
    "e64db80769072849a6b054c1887cbb06c52cec8a21d7e45a301574b95f726fe",
  };
  g_autofree char *text = jxs_fingerprint_to_text (SHA_256);

  g_assert_cmpstr (text, ==, SHA_256_TEXT);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *fingerprint = jxs_fingerprint_from_text (texts[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (fingerprint, ==, SHA_256);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (jxs_fingerprint_from_text (wrong[i], &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
    }
}

/* XEP-0147 §2 and RFC 5122 §2 */
static void
test_uri (void)
{
  static const struct
  {
    const char *jid;
    const char *uri;
  } uris[] = {
    { "romeo@montague.lit", "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 },
    { "romeo@montague.lit/orchard", "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 },
    { "montague.lit", "xmpp:montague.lit?trust;sha-256=" SHA_256 },
    { "jos\xc3\xa9@m\xc3\xbcller.example",
      "xmpp:jos%C3%A9@m%C3%BCller.example?trust;sha-256=" SHA_256 },
    { "a?b#c;d=e%f+g@montague.lit",
      "xmpp:a%3Fb%23c%3Bd%3De%25f%2Bg@montague.lit?trust;sha-256=" SHA_256 },
    { "juliet@[2001:db8::1]", "xmpp:juliet@[2001:db8::1]?trust;sha-256=" SHA_256 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new (uris[i].jid, &error);
      g_autoptr (JxsJid) parsed = NULL;
      g_autofree char *fingerprint = NULL;
      g_autofree char *uri = NULL;
      gboolean done;

      g_assert_no_error (error);
      uri = jxs_fingerprint_to_uri (jid, SHA_256);
      g_assert_cmpstr (uri, ==, uris[i].uri);
      done = jxs_fingerprint_from_uri (uri, &parsed, &fingerprint, &error);
      g_assert_no_error (error);
      g_assert_true (done);
      g_assert_false (jxs_jid_is_full (parsed));
      g_assert_true (jxs_jid_equal_bare (parsed, jid));
      g_assert_cmpstr (fingerprint, ==, SHA_256);
    }
}

static void
test_uri_notations (void)
{
  static const char *const uris[] = {
    "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256,
    "XMPP:Romeo@Montague.LIT?trust;sha-256=" SHA_256,
    "xmpp:romeo%40montague.lit?trust;sha-256=" SHA_256,
    "xmpp:romeo@montague.lit/orchard?trust;sha-256=" SHA_256,
    "xmpp:romeo@montague.lit?trust;name=Romeo%20Montague;sha-256=" SHA_256 ";sha-1=00",
    "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 "#top",
    "xmpp:romeo@montague.lit?trust;sha-256=%45"
    "64db80769072849a6b054c1887cbb06c52cec8a21d7e45a"
    "301574b95f726fe4",
    "xmpp:romeo@montague.lit?trust;sha-256="
    "E64DB80769072849A6B054C1887CBB06C52CEC8A21D7E45A301574B95F726FE4",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = NULL;
      g_autofree char *fingerprint = NULL;
      gboolean done = jxs_fingerprint_from_uri (uris[i], &jid, &fingerprint, &error);

      g_assert_no_error (error);
      g_assert_true (done);
      g_assert_cmpstr (jxs_jid_to_string (jid), ==, "romeo@montague.lit");
      g_assert_cmpstr (fingerprint, ==, SHA_256);
    }
}

static void
test_uri_refused (void)
{
  static const struct
  {
    const char *uri;
    const char *message;
  } refused[] = {
    { "", "not a link to an XMPP address" },
    { "romeo@montague.lit", "not a link to an XMPP address" },
    { "https://montague.lit/?trust;sha-256=" SHA_256, "not a link to an XMPP address" },
    { "xmpp", "not a link to an XMPP address" },
    { "xmpp:", "no fingerprint" },
    { "xmpp:romeo@montague.lit", "no fingerprint" },
    { "xmpp:romeo@montague.lit#?trust;sha-256=" SHA_256, "no fingerprint" },
    { "xmpp:romeo@montague.lit?", "something else" },
    { "xmpp:romeo@montague.lit?message;body=hello", "something else" },
    { "xmpp:romeo@montague.lit?sha-256=" SHA_256, "something else" },
    { "xmpp:romeo@montague.lit?trusted;sha-256=" SHA_256, "something else" },
    { "xmpp:romeo@montague.lit?trust", "no SHA-256 fingerprint" },
    { "xmpp:romeo@montague.lit?trust;", "no SHA-256 fingerprint" },
    { "xmpp:romeo@montague.lit?trust&sha-256=" SHA_256, "something else" },
    { "xmpp:romeo@montague.lit?trust;sha-1=" XTLS_FINGERPRINT, "no SHA-256 fingerprint" },
    { "xmpp:romeo@montague.lit?trust;sha-256", "no SHA-256 fingerprint" },
    { "xmpp:romeo@montague.lit?trust;sha-256=", "wrong length" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" XTLS_FINGERPRINT, "wrong length" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 "00", "wrong length" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 "?", "not a hexadecimal digest" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 "%", "fingerprint cannot be read" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 "%00", "fingerprint cannot be read" },
    { "xmpp:romeo@montague.lit?trust;sha-256=" SHA_256 ";sha-256=" SHA_256, "more than one" },
    { "xmpp:?trust;sha-256=" SHA_256, "address in the link is not valid" },
    { "xmpp:@?trust;sha-256=" SHA_256, "address in the link is not valid" },
    { "xmpp:romeo@?trust;sha-256=" SHA_256, "address in the link is not valid" },
    { "xmpp:ro meo@montague.lit?trust;sha-256=" SHA_256, "address in the link is not valid" },
    { "xmpp:ro%20meo@montague.lit?trust;sha-256=" SHA_256, "address in the link is not valid" },
    { "xmpp:romeo%@montague.lit?trust;sha-256=" SHA_256, "its address cannot be read" },
    { "xmpp:romeo%zz@montague.lit?trust;sha-256=" SHA_256, "its address cannot be read" },
    { "xmpp:romeo%00@montague.lit?trust;sha-256=" SHA_256, "its address cannot be read" },
    { "xmpp:romeo%FF@montague.lit?trust;sha-256=" SHA_256, "its address cannot be read" },
    { "xmpp://guest@example.com/romeo@montague.lit?trust;sha-256=" SHA_256,
      "for a certain account of yours" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = NULL;
      g_autofree char *fingerprint = NULL;

      g_test_message ("%s", refused[i].uri);
      g_assert_false (jxs_fingerprint_from_uri (refused[i].uri, &jid, &fingerprint, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, refused[i].message));
      g_assert_null (jid);
      g_assert_null (fingerprint);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/fingerprint/vector", test_vector);
  g_test_add_func ("/security/fingerprint/notations", test_notations);
  g_test_add_func ("/security/fingerprint/algorithms", test_algorithms);
  g_test_add_func ("/security/fingerprint/refused", test_refused);
  g_test_add_func ("/security/fingerprint/text", test_text);
  g_test_add_func ("/security/fingerprint/uri", test_uri);
  g_test_add_func ("/security/fingerprint/uri-notations", test_uri_notations);
  g_test_add_func ("/security/fingerprint/uri-refused", test_uri_refused);
  return g_test_run ();
}
