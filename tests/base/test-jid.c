/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-jid.h>

static void
assert_invalid (JxsJid *jid, GError **error)
{
  g_assert_error (*error, JXS_ERROR, JXS_ERROR_INVALID_JID);
  g_assert_null (jid);
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  g_clear_error (error);
}

typedef struct
{
  const char *text;
  const char *local;
  const char *domain;
  const char *resource;
} Valid;

/* RFC 7622 §3.5 table 1, and the traps of splitting */
static const Valid valid[] = {
  { "juliet@example.com", "juliet", "example.com", NULL },
  { "juliet@example.com/foo", "juliet", "example.com", "foo" },
  { "juliet@example.com/foo bar", "juliet", "example.com", "foo bar" },
  { "juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar" },
  { "foo\\20bar@example.com", "foo\\20bar", "example.com", NULL },
  { "fussball@example.com", "fussball", "example.com", NULL },
  { "π@example.com", "π", "example.com", NULL },
  { "king@example.com/♚", "king", "example.com", "♚" },
  { "example.com", NULL, "example.com", NULL },
  { "example.com/foobar", NULL, "example.com", "foobar" },
  { "a.example.com/b@example.net", NULL, "a.example.com", "b@example.net" },
  { "a@b/c@d/e", "a", "b", "c@d/e" },
  { "a@b//", "a", "b", "/" },
  { "localhost", NULL, "localhost", NULL },
  { "u@my_host", "u", "my_host", NULL },
  { "u@127.0.0.1", "u", "127.0.0.1", NULL },
  { "u@[::1]/r", "u", "[::1]", "r" },
  { "u@h/😀", "u", "h", "😀" },
  { "u@h/ leading and trailing ", "u", "h", " leading and trailing " },
};

static void
test_valid (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (valid); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new (valid[i].text, &error);
      g_autoptr (JxsJid) from_parts = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (jxs_jid_get_local (jid), ==, valid[i].local);
      g_assert_cmpstr (jxs_jid_get_domain (jid), ==, valid[i].domain);
      g_assert_cmpstr (jxs_jid_get_resource (jid), ==, valid[i].resource);
      g_assert_cmpstr (jxs_jid_to_string (jid), ==, valid[i].text);
      g_assert_cmpint (jxs_jid_is_full (jid), ==, valid[i].resource != NULL);

      from_parts =
          jxs_jid_new_from_parts (valid[i].local, valid[i].domain, valid[i].resource, &error);
      g_assert_no_error (error);
      g_assert_true (jxs_jid_equal (jid, from_parts));
    }
}

static const char *const prepared[][2] = {
  { "Juliet@Example.COM/Balcony", "juliet@example.com/Balcony" },
  { "u@example.com./r", "u@example.com/r" },
  { "ΠΙ@example.com", "πι@example.com" },
  { "Fußball@example.com", "fussball@example.com" },
  { "u@BÜCHER.example", "u@bücher.example" },
  { "u@xn--bcher-kva.example", "u@bücher.example" },
  { "u@XN--BCHER-KVA.example.", "u@bücher.example" },
  { "u@b\xc3\xbc"
    "cher。example",
    "u@bücher.example" },
  { "ｊｕｌｉｅｔ@example.com", "juliet@example.com" },
  { "u@h/\xc2\xaa", "u@h/a" },         /* feminine ordinal: NFKC */
  { "u@h/e\xcc\x81", "u@h/\xc3\xa9" }, /* e and combining acute: composed */
  { "so\xc2\xad"
    "ft@h",
    "soft@h" }, /* soft hyphen: mapped to nothing */
  { "u@[2001:DB8:0:0::1]", "u@[2001:db8::1]" },
};

static void
test_prepared (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (prepared); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new (prepared[i][0], &error);
      g_autoptr (JxsJid) again = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (jxs_jid_to_string (jid), ==, prepared[i][1]);
      again = jxs_jid_new (jxs_jid_to_string (jid), &error);
      g_assert_no_error (error);
      g_assert_true (jxs_jid_equal (jid, again));
      g_assert_cmpuint (jxs_jid_hash (jid), ==, jxs_jid_hash (again));
    }
}

/* RFC 7622 §3.5 table 2, and worse */
static const char *const invalid[] = {
  "",
  "@",
  "/",
  "@example.com",
  "@example.com/r",
  "juliet@",
  "juliet@/r",
  "/r",
  "juliet@example.com/",
  "\"juliet\"@example.com",
  "foo bar@example.com",
  "foo&bar@example.com",
  "foo'bar@example.com",
  "foo:bar@example.com",
  "foo<bar@example.com",
  "foo>bar@example.com",
  "a@b@example.com",
  "foo\tbar@example.com",
  "foo\177@example.com",
  "henry\xe2\x85\xa3 @example.com",
  "a\xef\xbc\xa0"
  "b@example.com",         /* fullwidth @ becomes @ */
  "\xc2\xad@example.com",  /* soft hyphen alone: nothing is left */
  "a\xc2\xa0@example.com", /* no-break space */
  "a\xd8\xa7"
  "1@example.com", /* left-to-right first, right-to-left inside (RFC 3454 §6) */
  "u@ex ample.com",
  "u@exa\"mple.com",
  "u@.example.com",
  "u@example..com",
  "u@.",
  "u@example.com..",
  "u@-example.com",
  "u@example-.com",
  "u@ex:ample",
  "u@\xef\xbc\x8f", /* fullwidth solidus */
  "u@b\xc3\xbc"
  "cher..example",
  "u@xn--",
  "u@xn--\xc3\xbc",
  "u@xn--a",
  "u@xn--ab-cd-",
  "u@[::1",
  "u@[]",
  "u@[127.0.0.1]",
  "u@[::1]x",
  "u@[fe80::1%eth0]",
  "u@[::g]",
  "u@h/\n",
  "u@h/a\001b",
  "u@h/\xc2\x85",     /* next line: a control character */
  "u@h/\xee\x80\x80", /* private use */
  "u@h/\xef\xbf\xbe", /* not a character */
  "u@h/\xff",
  "\xc3@h",
  "u@\xc3",
  "u@h/\xed\xa0\x80", /* a surrogate in UTF-8 */
};

static void
test_invalid (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      GError *error = NULL;
      JxsJid *jid = jxs_jid_new (invalid[i], &error);

      if (jid != NULL)
        g_error ("“%s” was accepted as “%s”", invalid[i], jxs_jid_to_string (jid));
      assert_invalid (jid, &error);
    }
}

/* A part given on its own may hold what would split the whole. */
static void
test_parts (void)
{
  static const char *const bad[][3] = {
    { "a@b", "h", NULL }, { "a/b", "h", NULL }, { "a", "h/r", NULL }, { "a", "b@h", NULL },
    { "", "h", NULL },    { NULL, "", NULL },   { NULL, "h", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;

      assert_invalid (jxs_jid_new_from_parts (bad[i][0], bad[i][1], bad[i][2], &error), &error);
    }
}

static char *
repeat (const char *unit, gsize n)
{
  GString *text = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (text, unit);
  return g_string_free (text, FALSE);
}

/* RFC 7622 §3.2 to §3.4: 1023 octets, once prepared */
static void
test_lengths (void)
{
  static const struct
  {
    const char *unit;
    gsize n;
    gboolean ok;
  } cases[] = {
    { "a", 1023, TRUE },
    { "a", 1024, FALSE },
    { "\xcf\x80", 511, TRUE },
    { "\xcf\x80", 512, FALSE },
    { "\xef\xbd\x81", 1023, TRUE }, /* 3069 octets, 1023 prepared */
    { "\xef\xbd\x81", 1024, FALSE },
    { "a", 100000, FALSE },
    { "\xef\xb7\xba", 341, FALSE }, /* grows six-fold */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *part = repeat (cases[i].unit, cases[i].n);

      for (int as_resource = 0; as_resource < 2; as_resource++)
        {
          GError *error = NULL;
          JxsJid *jid = jxs_jid_new_from_parts (as_resource ? NULL : part,
                                                "h",
                                                as_resource ? part : NULL,
                                                &error);

          if (cases[i].ok)
            {
              g_assert_no_error (error);
              jxs_jid_unref (jid);
            }
          else
            {
              assert_invalid (jid, &error);
            }
        }
    }
}

static void
test_domain_lengths (void)
{
  g_autofree char *label63 = repeat ("a", 63);
  g_autofree char *label64 = repeat ("a", 64);
  g_autofree char *long_domain = repeat ("a.", 511);
  g_autofree char *domain1023 = g_strconcat (long_domain, "b", NULL);
  g_autofree char *domain1024 = g_strconcat (long_domain, "bc", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsJid) a = jxs_jid_new (label63, &error);
  g_autoptr (JxsJid) b = jxs_jid_new (domain1023, &error);
  GError *refused = NULL;

  g_assert_no_error (error);
  assert_invalid (jxs_jid_new (label64, &refused), &refused);
  assert_invalid (jxs_jid_new (domain1024, &refused), &refused);
}

/* What is quoted of a refused text is short and shows no control character. */
static void
test_message (void)
{
  g_autofree char *text = repeat ("\033[31m@", 1000);
  GError *error = NULL;

  g_assert_null (jxs_jid_new (text, &error));
  g_assert_null (strchr (error->message, '\033'));
  g_assert_cmpuint (g_utf8_strlen (error->message, -1), <, 250);
  g_clear_error (&error);

  g_assert_null (jxs_jid_new ("juliet@", &error));
  g_assert_cmpstr (error->message, ==, "“juliet@” is not a valid address: it has no domain");
  g_clear_error (&error);

  g_assert_null (jxs_jid_new_from_parts ("a b", "h", "r", &error));
  g_assert_nonnull (strstr (error->message, "“a b@h/r”"));
  g_clear_error (&error);
}

static void
test_compare (void)
{
  g_autoptr (JxsJid) a = jxs_jid_new ("juliet@example.com/balcony", NULL);
  g_autoptr (JxsJid) b = jxs_jid_new ("Juliet@Example.com/balcony", NULL);
  g_autoptr (JxsJid) c = jxs_jid_new ("juliet@example.com/Balcony", NULL);
  g_autoptr (JxsJid) d = jxs_jid_new ("juliet@example.co", NULL);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (a);
  g_autoptr (JxsJid) same = jxs_jid_to_bare (bare);
  g_autoptr (GHashTable) table = g_hash_table_new_full ((GHashFunc) jxs_jid_hash,
                                                        (GEqualFunc) jxs_jid_equal,
                                                        (GDestroyNotify) jxs_jid_unref,
                                                        NULL);

  g_assert_true (jxs_jid_equal (a, b));
  g_assert_false (jxs_jid_equal (a, c));
  g_assert_true (jxs_jid_equal_bare (a, c));
  g_assert_false (jxs_jid_equal_bare (a, d));
  g_assert_false (jxs_jid_equal_bare (d, a));
  g_assert_false (jxs_jid_equal (a, bare));
  g_assert_true (jxs_jid_equal_bare (a, bare));
  g_assert_cmpstr (jxs_jid_to_string (bare), ==, "juliet@example.com");
  g_assert_cmpstr (jxs_jid_get_local (bare), ==, "juliet");
  g_assert_cmpstr (jxs_jid_get_domain (bare), ==, "example.com");
  g_assert_true (same == bare);

  g_hash_table_add (table, jxs_jid_ref (a));
  g_assert_true (g_hash_table_contains (table, b));
  g_assert_false (g_hash_table_contains (table, c));
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (JxsJid) jid = jxs_jid_new ("a@b/c", NULL);

  g_value_init (&value, JXS_TYPE_JID);
  g_value_set_boxed (&value, jid);
  g_assert_true (g_value_get_boxed (&value) == jid); /* shared, not copied */
}

/* Any bytes give an address that comes out the same when it is parsed again, or an error. */
static void
test_random (void)
{
  static const char *const pieces[] = {
    "a",
    "B",
    "@",
    "/",
    ".",
    "-",
    "xn--",
    "\xc3\xbc",
    "\xc3\x9f",
    "\xef\xbc\xa0",
    "\xcc\x81",
    "[",
    "]",
    ":",
    "\xe3\x80\x82",
    "\xd7\x90",
    "\xc4\xb0",
    "\xf0\x9f\x98\x80",
    "\xff",
    " ",
    "1",
  };

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = NULL;
      g_autoptr (JxsJid) again = NULL;

      for (int n = g_test_rand_int_range (0, 12); n > 0; n--)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      jid = jxs_jid_new (text->str, &error);
      g_assert_true ((jid == NULL) == (error != NULL));
      if (jid == NULL)
        continue;
      again = jxs_jid_new (jxs_jid_to_string (jid), &error);
      if (again == NULL || !jxs_jid_equal (jid, again))
        g_error ("“%s” became “%s”, then “%s”",
                 text->str,
                 jxs_jid_to_string (jid),
                 again != NULL ? jxs_jid_to_string (again) : error->message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/jid/valid", test_valid);
  g_test_add_func ("/base/jid/prepared", test_prepared);
  g_test_add_func ("/base/jid/invalid", test_invalid);
  g_test_add_func ("/base/jid/parts", test_parts);
  g_test_add_func ("/base/jid/lengths", test_lengths);
  g_test_add_func ("/base/jid/domain-lengths", test_domain_lengths);
  g_test_add_func ("/base/jid/message", test_message);
  g_test_add_func ("/base/jid/compare", test_compare);
  g_test_add_func ("/base/jid/boxed", test_boxed);
  g_test_add_func ("/base/jid/random", test_random);
  return g_test_run ();
}
