/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-sas-string-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define MODULUS G_GUINT64_CONSTANT (1000000000000) /* as many strings of digits as there are */
/* A number is useless once in 10^7. */
#define N_NUMBERS 8
#define EMOJI_BITS 6
#define N_EMOJI_BYTES ((JXS_SAS_N_EMOJI * EMOJI_BITS + 7) / 8)

typedef struct
{
  const char *picture;
  const char *name;
} Emoji;

/* Things that everybody can name and nobody mixes up, in any script: no flags, faces, hands,
 * signs or persons, no two alike in shape or colour. Each is one character of Unicode 6.0 that is a
 * picture by itself, so old fonts have it and it needs no variation selector. The order is the
 * protocol: never change it. */
static const Emoji emoji[] = {
  /* Translators: names of pictures that two people read to each other over a telephone. Choose
   * short words that cannot be mixed up with one another when heard. */
  { "\U0001F408", NC_ ("picture", "Cat") },        { "\U0001F415", NC_ ("picture", "Dog") },
  { "\U0001F40E", NC_ ("picture", "Horse") },      { "\U0001F404", NC_ ("picture", "Cow") },
  { "\U0001F411", NC_ ("picture", "Sheep") },      { "\U0001F418", NC_ ("picture", "Elephant") },
  { "\U0001F42B", NC_ ("picture", "Camel") },      { "\U0001F412", NC_ ("picture", "Monkey") },
  { "\U0001F407", NC_ ("picture", "Rabbit") },     { "\U0001F413", NC_ ("picture", "Rooster") },
  { "\U0001F427", NC_ ("picture", "Penguin") },    { "\U0001F422", NC_ ("picture", "Turtle") },
  { "\U0001F438", NC_ ("picture", "Frog") },       { "\U0001F40D", NC_ ("picture", "Snake") },
  { "\U0001F433", NC_ ("picture", "Whale") },      { "\U0001F419", NC_ ("picture", "Octopus") },
  { "\U0001F41D", NC_ ("picture", "Bee") },        { "\U0001F40C", NC_ ("picture", "Snail") },
  { "\U0001F335", NC_ ("picture", "Cactus") },     { "\U0001F334", NC_ ("picture", "Palm tree") },
  { "\U0001F344", NC_ ("picture", "Mushroom") },   { "\U0001F33B", NC_ ("picture", "Sunflower") },
  { "\U0001F34C", NC_ ("picture", "Banana") },     { "\U0001F352", NC_ ("picture", "Cherries") },
  { "\U0001F347", NC_ ("picture", "Grapes") },     { "\U0001F34B", NC_ ("picture", "Lemon") },
  { "\U0001F34D", NC_ ("picture", "Pineapple") },  { "\U0001F33D", NC_ ("picture", "Maize") },
  { "\U0001F355", NC_ ("picture", "Pizza") },      { "\U0001F35E", NC_ ("picture", "Bread") },
  { "\U0001F366", NC_ ("picture", "Ice cream") },  { "\U0001F308", NC_ ("picture", "Rainbow") },
  { "\U0001F30B", NC_ ("picture", "Volcano") },    { "\U0001F319", NC_ ("picture", "Moon") },
  { "\U0001F525", NC_ ("picture", "Fire") },       { "\U0001F30A", NC_ ("picture", "Wave") },
  { "\U0001F511", NC_ ("picture", "Key") },        { "\U0001F528", NC_ ("picture", "Hammer") },
  { "\U0001F514", NC_ ("picture", "Bell") },       { "\U0001F388", NC_ ("picture", "Balloon") },
  { "\U0001F381", NC_ ("picture", "Present") },    { "\U0001F3B8", NC_ ("picture", "Guitar") },
  { "\U0001F3BA", NC_ ("picture", "Trumpet") },    { "\U0001F3AA", NC_ ("picture", "Tent") },
  { "\U0001F3B2", NC_ ("picture", "Dice") },       { "\U0001F3A9", NC_ ("picture", "Top hat") },
  { "\U0001F451", NC_ ("picture", "Crown") },      { "\U0001F453", NC_ ("picture", "Spectacles") },
  { "\U0001F45E", NC_ ("picture", "Shoe") },       { "\U0001F45C", NC_ ("picture", "Handbag") },
  { "\U0001F48E", NC_ ("picture", "Diamond") },    { "\U0001F4A1", NC_ ("picture", "Light bulb") },
  { "\U0001F4D6", NC_ ("picture", "Book") },       { "\U0001F4F7", NC_ ("picture", "Camera") },
  { "\U0001F4DE", NC_ ("picture", "Telephone") },  { "\U0001F52D", NC_ ("picture", "Telescope") },
  { "\U0001F3E0", NC_ ("picture", "House") },      { "\U0001F3F0", NC_ ("picture", "Castle") },
  { "\U0001F680", NC_ ("picture", "Rocket") },     { "\U0001F682", NC_ ("picture", "Locomotive") },
  { "\U0001F69C", NC_ ("picture", "Tractor") },    { "\U0001F6B2", NC_ ("picture", "Bicycle") },
  { "\U0001F681", NC_ ("picture", "Helicopter") }, { "\U0001F6A2", NC_ ("picture", "Ship") },
};
G_STATIC_ASSERT (G_N_ELEMENTS (emoji) == JXS_SAS_ALPHABET);
G_STATIC_ASSERT (JXS_SAS_ALPHABET == 1 << EMOJI_BITS);

/* Every field has a fixed length or is preceded by it, so no two inputs look alike. */
static void
append_text (GByteArray *bytes, const char *text)
{
  gsize length = strlen (text);
  const guint8 prefix[] = { length >> 8 & 0xff, length & 0xff };

  g_byte_array_append (bytes, prefix, sizeof prefix);
  g_byte_array_append (bytes, (const guint8 *) text, length);
}

static void
append_fingerprints (GByteArray *bytes, const JxsSasBinding *binding)
{
  for (gsize i = 0; i < 2; i++)
    g_byte_array_append (bytes, binding->fingerprints[i], JXS_SAS_SIZE);
}

void
jxs_sas_commit (const JxsSasBinding *binding,
                JxsSasSide side,
                const guint8 *nonce,
                guint8 *commitment)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const guint8 role = side;
  gsize length = JXS_SAS_SIZE;

  /* The namespace holds the version of the protocol. */
  append_text (bytes, JXS_NS_VERIFICATION " commitment");
  /* Otherwise a commitment could be sent back to who made it. */
  g_byte_array_append (bytes, &role, 1);
  append_fingerprints (bytes, binding);
  g_byte_array_append (bytes, nonce, JXS_SAS_SIZE);
  g_checksum_update (checksum, bytes->data, bytes->len);
  g_checksum_get_digest (checksum, commitment, &length);
}

void
jxs_sas_choose_digits (const guint8 *bytes, gsize n, char *digits)
{
  const guint64 limit = G_MAXUINT64 - G_MAXUINT64 % MODULUS;
  guint64 number = limit;
  char plain[JXS_SAS_N_DIGITS + 1];

  /* Numbers of the last, incomplete round would make some strings likelier than others. */
  for (gsize i = 0; i < n && number >= limit; i++)
    {
      number = 0;
      for (gsize j = 0; j < 8; j++)
        number = number << 8 | bytes[8 * i + j];
    }
  g_snprintf (plain, sizeof plain, "%012" G_GUINT64_FORMAT, number % MODULUS);
  g_snprintf (digits, JXS_SAS_N_DIGITS + 3, "%.4s %.4s %.4s", plain, plain + 4, plain + 8);
}

void
jxs_sas_derive (const JxsSasBinding *binding,
                const guint8 *initiator_nonce,
                const guint8 *responder_nonce,
                JxsSasString *string)
{
  g_autoptr (GByteArray) info = g_byte_array_new ();
  guint8 salt_bytes[2 * JXS_SAS_SIZE];
  guint8 key_bytes[JXS_SAS_SIZE];
  guint8 output[8 * N_NUMBERS + N_EMOJI_BYTES];
  gnutls_datum_t secret = { (guint8 *) binding->secret, JXS_SAS_SIZE };
  gnutls_datum_t salt = { salt_bytes, sizeof salt_bytes };
  gnutls_datum_t key = { key_bytes, sizeof key_bytes };
  gnutls_datum_t context;
  guint64 bits = 0;

  memcpy (salt_bytes, initiator_nonce, JXS_SAS_SIZE);
  memcpy (salt_bytes + JXS_SAS_SIZE, responder_nonce, JXS_SAS_SIZE);
  append_text (info, JXS_NS_VERIFICATION " string");
  append_fingerprints (info, binding);
  for (gsize i = 0; i < 2; i++)
    append_text (info, binding->addresses[i]);
  context = (gnutls_datum_t){ info->data, info->len };

  /* HKDF (RFC 5869); neither fails with SHA-256 and so little output. */
  gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &secret, &salt, key_bytes);
  gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &key, &context, output, sizeof output);

  jxs_sas_choose_digits (output, N_NUMBERS, string->digits);
  for (gsize i = 0; i < N_EMOJI_BYTES; i++)
    bits = bits << 8 | output[8 * N_NUMBERS + i];
  for (gsize i = 0; i < JXS_SAS_N_EMOJI; i++)
    string->emoji[i] = bits >> EMOJI_BITS * i & (JXS_SAS_ALPHABET - 1);
  gnutls_memset (key_bytes, 0, sizeof key_bytes);
  gnutls_memset (output, 0, sizeof output);
}

const char *
jxs_sas_emoji_get (guint number)
{
  return emoji[number].picture;
}

const char *
jxs_sas_emoji_get_name (guint number)
{
  return g_dpgettext2 (GETTEXT_PACKAGE, "picture", emoji[number].name);
}

void
jxs_sas_binding_clear (JxsSasBinding *binding)
{
  for (gsize i = 0; i < 2; i++)
    g_clear_pointer (&binding->addresses[i], g_free);
  gnutls_memset (binding->secret, 0, sizeof binding->secret);
}
