/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-password-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>

#define SHORT_DIGITS 9 /* 29.9 bits: one guess in a session is right once in 10^9 */
#define SHORT_LIMIT 1000000000
#define STRONG_LENGTH 20 /* 19 times 5 bits, and the check character */
#define STRONG_MIN_LENGTH                                                                          \
  16 /* of one that was not generated: 80 bits if its bytes are any good                           \
      */

/* Without the letters that look like digits, and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
#define ALPHABET_SIZE 32

G_DEFINE_ENUM_TYPE (JxsPasswordKind,
                    jxs_password_kind,
                    G_DEFINE_ENUM_VALUE (JXS_PASSWORD_SHORT, "short"),
                    G_DEFINE_ENUM_VALUE (JXS_PASSWORD_STRONG, "strong"))

struct _JxsPasswords
{
  int ref_count;
  GHashTable *entries; /* (owned) (element-type utf8 Entry): by bare JID */
};

typedef struct
{
  char *password; /* (owned) (nullable): once taken */
  JxsPasswordKind kind;
} Entry;

/* ---- generated passwords ---- */

/* The sum of Luhn in base 32 over the characters, which finds each single wrong one and almost
 * every two that changed places. */
static guint
luhn_sum (const guint8 *values, gsize length, guint factor)
{
  guint sum = 0;

  for (gsize i = length; i > 0; i--)
    {
      guint addend = values[i - 1] * factor;

      sum += addend / ALPHABET_SIZE + addend % ALPHABET_SIZE;
      factor = 3 - factor;
    }
  return sum % ALPHABET_SIZE;
}

static char *
generate_short (void)
{
  const guint32 fair = G_MAXUINT32 - G_MAXUINT32 % SHORT_LIMIT;
  guint32 number;

  /* What is left above the last full round would favour small numbers. */
  do
    jxs_random_bytes ((guint8 *) &number, sizeof number);
  while (number >= fair);
  number %= SHORT_LIMIT;
  return g_strdup_printf ("%03u %03u %03u", number / 1000000, number / 1000 % 1000, number % 1000);
}

static char *
generate_strong (void)
{
  guint8 values[STRONG_LENGTH];
  GString *text = g_string_sized_new (STRONG_LENGTH + STRONG_LENGTH / 4);

  jxs_random_bytes (values, sizeof values);
  for (gsize i = 0; i < STRONG_LENGTH - 1; i++)
    values[i] %= ALPHABET_SIZE; /* divides 256 */
  values[STRONG_LENGTH - 1] =
      (ALPHABET_SIZE - luhn_sum (values, STRONG_LENGTH - 1, 2)) % ALPHABET_SIZE;
  for (gsize i = 0; i < STRONG_LENGTH; i++)
    {
      if (i > 0 && i % 4 == 0)
        g_string_append_c (text, '-');
      g_string_append_c (text, alphabet[values[i]]);
    }
  gnutls_memset (values, 0, sizeof values);
  return g_string_free (text, FALSE);
}

/**
 * jxs_password_generate:
 * @kind: the kind
 *
 * Makes up a password for [method@Endpoint.set_peer_password], to be told to the peer's user in a
 * way that does not pass the server: by voice, on paper, from screen to screen.
 *
 * A short one is nine digits in groups of three, a strong one twenty letters and digits in groups
 * of four, of which the last tells mistyped ones. Spaces, hyphens and the case of letters do not
 * matter when they are entered.
 *
 * Returns: (transfer full): a password
 *
 * Since: 1.0
 */
char *
jxs_password_generate (JxsPasswordKind kind)
{
  return kind == JXS_PASSWORD_SHORT ? generate_short () : generate_strong ();
}

/* ---- what people type ---- */

/* One that was generated, without separators and in upper case. (nullable): it has not their form
 */
static char *
canonicalize_generated (const char *text, gboolean *mistyped)
{
  char canonical[STRONG_LENGTH + 1] = "";
  guint8 values[STRONG_LENGTH] = { 0 };
  gsize n = 0;
  gboolean only_digits = TRUE;
  gboolean found = TRUE;
  char *result = NULL;

  for (; found && *text != '\0'; text++)
    {
      char c = g_ascii_toupper (*text);
      const char *place;

      if (c == ' ' || c == '-')
        continue;
      if (!g_ascii_isdigit (c))
        only_digits = FALSE;
      if (c == 'O')
        c = '0';
      else if (c == 'I' || c == 'L')
        c = '1';
      place = strchr (alphabet, c);
      found = place != NULL && n < STRONG_LENGTH;
      if (found)
        {
          values[n] = place - alphabet;
          canonical[n++] = c;
        }
    }
  *mistyped = found && n == STRONG_LENGTH && luhn_sum (values, n, 1) != 0;
  if (found && !*mistyped && (n == STRONG_LENGTH || (n == SHORT_DIGITS && only_digits)))
    result = g_strdup (canonical);
  gnutls_memset (canonical, 0, sizeof canonical);
  gnutls_memset (values, 0, sizeof values);
  return result;
}

static gboolean
invalid (GError **error, const char *message)
{
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

/* The same bytes on both sides, however it was typed (RFC 5054 §2.3: prepared with SASLprep, which
 * RFC 8265 replaced). */
static char *
prepare (const char *password, JxsPasswordKind kind, GError **error)
{
  gnutls_datum_t prepared = { NULL, 0 };
  gboolean mistyped = FALSE;
  gsize length;
  char *canonical;

  if (strlen (password) > JXS_PASSWORD_MAX_LENGTH)
    {
      invalid (error, _ ("The password is too long"));
      return NULL;
    }
  canonical = canonicalize_generated (password, &mistyped);
  if (canonical == NULL)
    {
      if (kind == JXS_PASSWORD_STRONG && mistyped)
        {
          invalid (error, _ ("The password was not typed correctly: its check character differs"));
          return NULL;
        }
      while (g_ascii_isspace (*password))
        password++;
      length = strlen (password);
      while (length > 0 && g_ascii_isspace (password[length - 1]))
        length--;
      if (length == 0 ||
          gnutls_utf8_password_normalize ((const guchar *) password, length, &prepared, 0) < 0)
        {
          invalid (error, _ ("The password is empty or contains unusual characters"));
          return NULL;
        }
      canonical = g_strndup ((const char *) prepared.data, prepared.size);
      gnutls_memset (prepared.data, 0, prepared.size);
      gnutls_free (prepared.data);
    }
  if (kind == JXS_PASSWORD_STRONG && strlen (canonical) < STRONG_MIN_LENGTH)
    {
      jxs_password_free (canonical);
      invalid (error, _ ("The password is too short to count as a strong one"));
      return NULL;
    }
  return canonical;
}

void
jxs_password_free (char *password)
{
  if (password == NULL)
    return;
  gnutls_memset (password, 0, strlen (password));
  g_free (password);
}

/* ---- the table ---- */

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  jxs_password_free (entry->password);
  g_free (entry);
}

static char *
get_key (JxsJid *peer)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);

  return g_strdup (jxs_jid_to_string (bare));
}

JxsPasswords *
jxs_passwords_new (void)
{
  JxsPasswords *self = g_new0 (JxsPasswords, 1);

  self->ref_count = 1;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  return self;
}

JxsPasswords *
jxs_passwords_ref (JxsPasswords *self)
{
  self->ref_count++;
  return self;
}

void
jxs_passwords_unref (JxsPasswords *self)
{
  if (--self->ref_count > 0)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

gboolean
jxs_passwords_set (
    JxsPasswords *self, JxsJid *peer, const char *password, JxsPasswordKind kind, GError **error)
{
  g_autofree char *key = get_key (peer);
  Entry *entry;
  char *prepared;

  if (password == NULL)
    {
      g_hash_table_remove (self->entries, key);
      return TRUE;
    }
  prepared = prepare (password, kind, error);
  if (prepared == NULL)
    return FALSE;
  entry = g_new0 (Entry, 1);
  entry->password = prepared;
  entry->kind = kind;
  g_hash_table_replace (self->entries, g_steal_pointer (&key), entry);
  return TRUE;
}

gboolean
jxs_passwords_has (JxsPasswords *self, JxsJid *peer, JxsPasswordKind *kind)
{
  g_autofree char *key = get_key (peer);
  const Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL && kind != NULL)
    *kind = entry->kind;
  return entry != NULL;
}

char *
jxs_passwords_take (JxsPasswords *self, JxsJid *peer, JxsPasswordKind *kind)
{
  g_autofree char *key = get_key (peer);
  Entry *entry = g_hash_table_lookup (self->entries, key);
  char *password;

  if (entry == NULL)
    return NULL;
  if (kind != NULL)
    *kind = entry->kind;
  password = g_steal_pointer (&entry->password);
  g_hash_table_remove (self->entries, key);
  return password;
}
