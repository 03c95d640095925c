/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <gio/gio.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/security/jxs-password-private.h>

typedef struct
{
  JxsPasswords *passwords;
  JxsJid *peer;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->passwords = jxs_passwords_new ();
  f->peer = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  jxs_passwords_unref (f->passwords);
  jxs_jid_unref (f->peer);
}

static char *
canonical (Fixture *f, const char *password, JxsPasswordKind kind)
{
  g_autoptr (GError) error = NULL;

  if (!jxs_passwords_set (f->passwords, f->peer, password, kind, &error))
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
      return NULL;
    }
  return jxs_passwords_take (f->passwords, f->peer, NULL);
}

/* However it is typed, both sides use the same bytes (RFC 5054 §2.3). */
static void
test_spelling (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *typed;
    JxsPasswordKind kind;
    const char *used; /* NULL: refused */
  } cases[] = {
    { "407 129 560", JXS_PASSWORD_SHORT, "407129560" },
    { "407129560", JXS_PASSWORD_SHORT, "407129560" },
    { " 407-129-560 ", JXS_PASSWORD_SHORT, "407129560" },
    { "000 000 001", JXS_PASSWORD_SHORT, "000000001" },
    { "407129560", JXS_PASSWORD_STRONG, NULL }, /* too short */
    /* Eight digits, or ten, are somebody's own idea. */
    { "4071 2956", JXS_PASSWORD_SHORT, "4071 2956" },
    { "wherefore art thou", JXS_PASSWORD_SHORT, "wherefore art thou" },
    { "wherefore art thou", JXS_PASSWORD_STRONG, "wherefore art thou" },
    { "wherefore", JXS_PASSWORD_STRONG, NULL },
    /* Luhn: 19 zeros check to zero, a one in front of the check character to 31 - 1. */
    { "0000-0000-0000-0000-0000", JXS_PASSWORD_STRONG, "00000000000000000000" },
    { "oOoO 0000 0000 0000 0000", JXS_PASSWORD_STRONG, "00000000000000000000" },
    { "0000-0000-0000-0000-001Y", JXS_PASSWORD_STRONG, "0000000000000000001Y" },
    { "0000-0000-0000-0000-00ly", JXS_PASSWORD_STRONG, "0000000000000000001Y" },
    { "0000-0000-0000-0000-001Z", JXS_PASSWORD_STRONG, NULL },
    { "0000-0000-0000-0000-010Y", JXS_PASSWORD_STRONG, NULL },
    /* What only looks like one is used as it is where that is allowed. */
    { "0000-0000-0000-0000-001Z", JXS_PASSWORD_SHORT, "0000-0000-0000-0000-001Z" },
    /* NFC (RFC 8265 §4.2.2): e and a combining accent. */
    { "caf\x65\xcc\x81", JXS_PASSWORD_SHORT, "caf\xc3\xa9" },
    { "caf\xc3\xa9", JXS_PASSWORD_SHORT, "caf\xc3\xa9" },
    { " wherefore \n", JXS_PASSWORD_SHORT, "wherefore" },
    { " \n", JXS_PASSWORD_SHORT, NULL },
    { "", JXS_PASSWORD_SHORT, NULL },
    { "", JXS_PASSWORD_STRONG, NULL },
    { "a\tb", JXS_PASSWORD_SHORT, NULL },
    { "\xff\xfe", JXS_PASSWORD_SHORT, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *used = canonical (f, cases[i].typed, cases[i].kind);

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (used, ==, cases[i].used);
    }
}

static void
test_length (Fixture *f, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (JXS_PASSWORD_MAX_LENGTH, 'x');
  g_autofree char *longer = g_strnfill (JXS_PASSWORD_MAX_LENGTH + 1, 'x');
  g_autofree char *used = canonical (f, longest, JXS_PASSWORD_STRONG);

  g_assert_cmpstr (used, ==, longest);
  g_assert_null (canonical (f, longer, JXS_PASSWORD_STRONG));
}

static void
test_short (Fixture *f, gconstpointer data)
{
  guint first[10] = { 0 };

  jxs_random_use_seed (1);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *password = jxs_password_generate (JXS_PASSWORD_SHORT);
      g_autofree char *used = canonical (f, password, JXS_PASSWORD_SHORT);

      g_assert_cmpuint (strlen (password), ==, 11);
      g_assert_true (password[3] == ' ' && password[7] == ' ');
      g_assert_cmpuint (strlen (used), ==, 9);
      first[used[0] - '0']++;
    }
  jxs_random_use_real ();
  /* 1000 each, give or take five times the deviation of 30. */
  for (guint i = 0; i < 10; i++)
    {
      g_assert_cmpuint (first[i], >, 850);
      g_assert_cmpuint (first[i], <, 1150);
    }
}

static void
test_strong (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 200; i++)
    {
      char *password = jxs_password_generate (JXS_PASSWORD_STRONG);
      g_autofree char *used = canonical (f, password, JXS_PASSWORD_STRONG);

      g_assert_cmpuint (strlen (password), ==, 24);
      g_assert_cmpuint (strlen (used), ==, 20);
      g_assert_true (g_hash_table_add (seen, password));
    }
}

/* Each single wrong character is found, and two that changed places almost always. */
static void
test_mistyped (Fixture *f, gconstpointer data)
{
  static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  guint swaps = 0;
  guint missed = 0;

  jxs_random_use_seed (2);
  for (guint run = 0; run < 20; run++)
    {
      g_autofree char *password = jxs_password_generate (JXS_PASSWORD_STRONG);

      for (gsize i = 0; password[i] != '\0'; i++)
        {
          const char right = password[i];

          if (right == '-')
            continue;
          for (const char *wrong = alphabet; *wrong != '\0'; wrong++)
            {
              if (*wrong == right)
                continue;
              password[i] = *wrong;
              g_assert_null (canonical (f, password, JXS_PASSWORD_STRONG));
            }
          password[i] = right;
          if (g_ascii_isalnum (password[i + 1]) && password[i + 1] != right)
            {
              g_autofree char *used = NULL;

              password[i] = password[i + 1];
              password[i + 1] = right;
              used = canonical (f, password, JXS_PASSWORD_STRONG);
              swaps++;
              missed += used != NULL;
              password[i + 1] = password[i];
              password[i] = right;
            }
        }
    }
  jxs_random_use_real ();
  g_assert_cmpuint (swaps, >, 200);
  g_assert_cmpuint (missed, <=, swaps / 100);
}

/* By bare address, once. */
static void
test_table (Fixture *f, gconstpointer data)
{
  g_autoptr (JxsJid) phone = jxs_jid_new ("juliet@capulet.lit/phone", NULL);
  g_autoptr (JxsJid) nurse = jxs_jid_new ("nurse@capulet.lit/phone", NULL);
  g_autofree char *password = NULL;
  g_autoptr (GError) error = NULL;
  JxsPasswordKind kind;

  g_assert_false (jxs_passwords_has (f->passwords, f->peer, NULL));
  g_assert_null (jxs_passwords_take (f->passwords, f->peer, NULL));
  g_assert_true (
      jxs_passwords_set (f->passwords, f->peer, "first guess", JXS_PASSWORD_SHORT, &error));
  g_assert_true (
      jxs_passwords_set (f->passwords, phone, "the second of them", JXS_PASSWORD_STRONG, &error));
  g_assert_no_error (error);
  g_assert_false (jxs_passwords_has (f->passwords, nurse, NULL));
  g_assert_true (jxs_passwords_has (f->passwords, f->peer, &kind));
  g_assert_cmpint (kind, ==, JXS_PASSWORD_STRONG);

  /* One that is refused leaves the older one. */
  g_assert_false (jxs_passwords_set (f->passwords, f->peer, "", JXS_PASSWORD_SHORT, NULL));
  kind = JXS_PASSWORD_SHORT;
  password = jxs_passwords_take (f->passwords, f->peer, &kind);
  g_assert_cmpstr (password, ==, "the second of them");
  g_assert_cmpint (kind, ==, JXS_PASSWORD_STRONG);
  g_assert_false (jxs_passwords_has (f->passwords, phone, NULL));
  g_assert_null (jxs_passwords_take (f->passwords, phone, NULL));

  g_assert_true (jxs_passwords_set (f->passwords, phone, "forgotten", JXS_PASSWORD_SHORT, &error));
  g_assert_true (jxs_passwords_set (f->passwords, f->peer, NULL, JXS_PASSWORD_SHORT, &error));
  g_assert_false (jxs_passwords_has (f->passwords, phone, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/security/password/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("spelling", test_spelling);
  ADD ("length", test_length);
  ADD ("short", test_short);
  ADD ("strong", test_strong);
  ADD ("mistyped", test_mistyped);
  ADD ("table", test_table);
#undef ADD
  return g_test_run ();
}
