/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-sas-codec-private.h>

/* The short authentication string, and the messages that lead to it. */

static void
to_hex (const guint8 *bytes, char *text)
{
  for (gsize i = 0; i < JXS_SAS_SIZE; i++)
    g_snprintf (text + 2 * i, 3, "%02x", bytes[i]);
}

static void
binding_init (JxsSasBinding *binding)
{
  memset (binding->secret, 0x5a, JXS_SAS_SIZE);
  for (gsize i = 0; i < JXS_SAS_SIZE; i++)
    {
      binding->fingerprints[0][i] = i;
      binding->fingerprints[1][i] = JXS_SAS_SIZE + i;
    }
  binding->addresses[0] = g_strdup ("romeo@montague.lit");
  binding->addresses[1] = g_strdup ("juliet@capulet.lit");
}

/* Computed with another implementation of SHA-256 and HKDF. */
static void
test_vectors (void)
{
  static const char *const commitments[] = {
    "b20ff6c0e1d794307b1cfebfeb7cde2a493b8372e3c3887bbd1ffd9e0008f67a",
    "cb0c33adbe7e600f9c073e825e5052c1be35b2a75b9db63aef4eac5e0c383027",
  };
  static const guint8 emoji[] = { 22, 19, 51, 17, 15, 59, 49 };
  g_auto (JxsSasBinding) binding = { 0 };
  JxsSasString string;
  guint8 nonces[2][JXS_SAS_SIZE];

  binding_init (&binding);
  memset (nonces[0], 0x11, JXS_SAS_SIZE);
  memset (nonces[1], 0x22, JXS_SAS_SIZE);
  for (JxsSasSide side = JXS_SAS_INITIATOR; side <= JXS_SAS_RESPONDER; side++)
    {
      guint8 commitment[JXS_SAS_SIZE];
      char text[2 * JXS_SAS_SIZE + 1];

      jxs_sas_commit (&binding, side, nonces[side], commitment);
      to_hex (commitment, text);
      g_assert_cmpstr (text, ==, commitments[side]);
    }
  jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
  g_assert_cmpstr (string.digits, ==, "0426 8436 0714");
  g_assert_cmpmem (string.emoji, sizeof string.emoji, emoji, sizeof emoji);
}

/* Every bit of everything counts, in the string and in the commitment. */
static void
test_every_bit (void)
{
  guint8 nonces[2][JXS_SAS_SIZE] = { { 1 }, { 2 } };
  g_autoptr (GHashTable) strings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (JxsSasBinding) binding = { 0 };
  guint8 *const inputs[] = {
    binding.secret, binding.fingerprints[0], binding.fingerprints[1], nonces[0], nonces[1]
  };
  JxsSasString string;

  binding_init (&binding);
  jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
  g_hash_table_add (strings, g_strdup (string.digits));
  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++)
    for (gsize bit = 0; bit < 8 * JXS_SAS_SIZE; bit++)
      {
        guint8 before[JXS_SAS_SIZE];
        guint8 after[JXS_SAS_SIZE];

        jxs_sas_commit (&binding, JXS_SAS_INITIATOR, nonces[0], before);
        inputs[i][bit / 8] ^= 1 << bit % 8;
        jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
        g_assert_true (g_hash_table_add (strings, g_strdup (string.digits)));
        jxs_sas_commit (&binding, JXS_SAS_INITIATOR, nonces[0], after);
        if (inputs[i] != binding.secret && inputs[i] != nonces[1])
          g_assert_true (memcmp (before, after, JXS_SAS_SIZE) != 0);
        inputs[i][bit / 8] ^= 1 << bit % 8;
      }
  for (gsize i = 0; i < 2; i++)
    {
      binding.addresses[i][0]++;
      jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
      g_assert_true (g_hash_table_add (strings, g_strdup (string.digits)));
      binding.addresses[i][0]--;
    }
  /* Nor do bytes wander from one field to the next. */
  g_free (binding.addresses[0]);
  g_free (binding.addresses[1]);
  binding.addresses[0] = g_strdup ("romeo@montague.lit\001");
  binding.addresses[1] = g_strdup ("uliet@capulet.lit");
  jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
  g_assert_true (g_hash_table_add (strings, g_strdup (string.digits)));
  jxs_sas_derive (&binding, nonces[1], nonces[0], &string);
  g_assert_true (g_hash_table_add (strings, g_strdup (string.digits)));
}

static void
assert_digits (const char *hexadecimal, const char *expected)
{
  guint8 bytes[8 * 4];
  gsize n = strlen (hexadecimal) / 16;
  char digits[JXS_SAS_N_DIGITS + 3];

  for (gsize i = 0; i < 8 * n; i++)
    bytes[i] = g_ascii_xdigit_value (hexadecimal[2 * i]) << 4 |
               g_ascii_xdigit_value (hexadecimal[2 * i + 1]);
  jxs_sas_choose_digits (bytes, n, digits);
  g_assert_cmpstr (digits, ==, expected);
}

/* 2^64 is no multiple of 10^12: the numbers above the last multiple are left out, as they would
 * make the strings below 0.7·10^12 likelier. */
static void
test_no_bias (void)
{
  assert_digits ("0000000000000000", "0000 0000 0000");
  assert_digits ("0000000000000001", "0000 0000 0001");
  assert_digits ("000000e8d4a50fff", "9999 9999 9999");
  assert_digits ("000000e8d4a51000", "0000 0000 0000");
  assert_digits ("ffffffeed6917fff", "9999 9999 9999");
  assert_digits ("ffffffeed6918000"
                 "0000000000000007",
                 "0000 0000 0007");
  assert_digits ("ffffffffffffffff"
                 "ffffffeed6918000"
                 "ffffffeed6917ffe"
                 "0000000000000007",
                 "9999 9999 9998");
}

/* Each digit and each picture turns up as often as any other. */
static void
test_even (void)
{
  const guint rounds = 20000;
  guint digits[JXS_SAS_N_DIGITS][10] = { { 0 } };
  guint pictures[JXS_SAS_N_EMOJI][JXS_SAS_ALPHABET] = { { 0 } };
  guint8 nonces[2][JXS_SAS_SIZE] = { { 0 } };
  g_auto (JxsSasBinding) binding = { 0 };

  binding_init (&binding);
  for (guint round = 0; round < rounds; round++)
    {
      JxsSasString string;
      guint position = 0;

      nonces[0][0] = round & 0xff;
      nonces[0][1] = round >> 8;
      jxs_sas_derive (&binding, nonces[0], nonces[1], &string);
      for (const char *p = string.digits; *p != '\0'; p++)
        if (*p != ' ')
          digits[position++][*p - '0']++;
      g_assert_cmpuint (position, ==, JXS_SAS_N_DIGITS);
      for (guint i = 0; i < JXS_SAS_N_EMOJI; i++)
        pictures[i][string.emoji[i]]++;
    }
  /* Always the same nonces: five standard deviations and no luck. */
  for (guint i = 0; i < JXS_SAS_N_DIGITS; i++)
    for (guint j = 0; j < 10; j++)
      g_assert_cmpfloat_with_epsilon (digits[i][j], rounds / 10., 5 * 42.4);
  for (guint i = 0; i < JXS_SAS_N_EMOJI; i++)
    for (guint j = 0; j < JXS_SAS_ALPHABET; j++)
      g_assert_cmpfloat_with_epsilon (pictures[i][j], rounds / 64., 5 * 17.6);
}

static void
test_pictures (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < JXS_SAS_ALPHABET; i++)
    {
      const char *picture = jxs_sas_emoji_get (i);
      const char *name = jxs_sas_emoji_get_name (i);
      gunichar character = g_utf8_get_char (picture);

      g_assert_true (g_hash_table_add (seen, (gpointer) picture));
      g_assert_true (g_hash_table_add (seen, (gpointer) name));
      g_assert_true (g_utf8_validate (picture, -1, NULL));
      g_assert_cmpint (g_utf8_strlen (picture, -1), ==, 1);
      /* Not those of the first plane, which may be shown as text, nor flags or skin colours, nor
       * faces, hands and hearts, which look alike, nor what Unicode 6.0 had not yet. */
      g_assert_cmphex (character, >=, 0x1F300);
      g_assert_cmphex (character, <, 0x1F6C6);
      g_assert_false (character >= 0x1F3FB && character <= 0x1F3FF);
      g_assert_false (character >= 0x1F440 && character <= 0x1F450);
      g_assert_false (character >= 0x1F493 && character <= 0x1F49F);
      g_assert_false (character >= 0x1F600 && character <= 0x1F64F);
      g_assert_true (g_unichar_isupper (g_utf8_get_char (name)));
    }
}

/* ---- messages ---- */

#define NS "xmlns='urn:jxs-glib:verification:0'"
#define BYTES "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void
test_round_trip (void)
{
  for (JxsSasKind kind = JXS_SAS_COMMIT; kind < JXS_SAS_N_KINDS; kind++)
    for (gboolean timed_out = FALSE; timed_out <= (kind == JXS_SAS_CANCEL); timed_out++)
      {
        g_auto (JxsSasMessage) message = { .kind = kind, .timed_out = timed_out };
        g_auto (JxsSasMessage) again = { 0 };
        g_autoptr (JxsElement) element = NULL;
        g_autoptr (GError) error = NULL;

        message.id = g_strdup ("v1");
        if (kind <= JXS_SAS_REVEAL)
          for (guint i = 0; i < JXS_SAS_SIZE; i++)
            message.bytes[i] = 255 - i;
        element = jxs_sas_build (&message);
        g_assert_true (jxs_sas_parse (element, &again, &error));
        g_assert_no_error (error);
        g_assert_cmpint (again.kind, ==, kind);
        g_assert_cmpstr (again.id, ==, "v1");
        g_assert_cmpmem (again.bytes, JXS_SAS_SIZE, message.bytes, JXS_SAS_SIZE);
        g_assert_cmpint (again.timed_out, ==, timed_out);
      }
}

static void
test_good (void)
{
  static const char *const good[] = {
    "<commit " NS " id='x'>" BYTES "</commit>",
    "<nonce " NS " id='x'>" BYTES "</nonce>",
    "<reveal " NS " id='x' more='1'>" BYTES "<more/></reveal>",
    "<confirm " NS " id='x'/>",
    "<confirm " NS " id='x'>yes<more xmlns='urn:example:more'/></confirm>",
    "<reject " NS " id='x' reason='timeout'/>",
    "<cancel " NS " id='x' reason='tired'/>",
    "<cancel " NS " id='0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'/>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (JxsElement) element = jxs_element_new_from_string (good[i], NULL);
      g_auto (JxsSasMessage) message = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (jxs_sas_parse (element, &message, &error));
      g_assert_no_error (error);
      g_assert_false (message.timed_out);
      if (message.kind <= JXS_SAS_REVEAL)
        for (guint j = 0; j < JXS_SAS_SIZE; j++)
          g_assert_cmpuint (message.bytes[j], ==, j);
    }
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "<commit " NS ">" BYTES "</commit>",
    "<commit " NS " id=''>" BYTES "</commit>",
    "<confirm " NS "/>",
    "<confirm " NS " id='0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0'/>",
    "<confirm xmlns='urn:example:other' id='x'/>",
    "<confirm id='x'/>",
    "<approve " NS " id='x'/>",
    "<Confirm " NS " id='x'/>",
    "<commit " NS " id='x'/>",
    "<commit " NS " id='x'>AAAA</commit>",
    /* 31 and 33 bytes */
    "<commit " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==</commit>",
    "<commit " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g</commit>",
    /* no base64, base64 of something else, in two pieces */
    "<reveal " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8!</reveal>",
    "<reveal " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=</reveal>",
    "<reveal " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8</reveal>",
    "<reveal " NS " id='x'>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh=8</reveal>",
    "<reveal " NS " id='x'> " BYTES "</reveal>",
    "<reveal " NS " id='x'>" BYTES BYTES "</reveal>",
    "<nonce " NS " id='x'><bytes>" BYTES "</bytes></nonce>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (JxsElement) element = jxs_element_new_from_string (bad[i], NULL);
      JxsSasMessage message = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (element);
      if (jxs_sas_parse (element, &message, &error))
        g_test_message ("accepted: %s", bad[i]);
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      g_assert_null (message.id);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/security/sas/vectors", test_vectors);
  g_test_add_func ("/security/sas/every-bit", test_every_bit);
  g_test_add_func ("/security/sas/no-bias", test_no_bias);
  g_test_add_func ("/security/sas/even", test_even);
  g_test_add_func ("/security/sas/pictures", test_pictures);
  g_test_add_func ("/security/sas/round-trip", test_round_trip);
  g_test_add_func ("/security/sas/good", test_good);
  g_test_add_func ("/security/sas/malformed", test_malformed);
  return g_test_run ();
}
