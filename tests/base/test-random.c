/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-random-private.h>

static void
test_id (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int i = 0; i < 1000; i++)
    {
      char *id = jxs_random_id ();

      g_assert_cmpuint (strlen (id), ==, 32);
      g_assert_cmpuint (strspn (id, "0123456789abcdef"), ==, 32);
      g_assert_true (g_hash_table_add (seen, id));
    }
}

static void
test_bytes (void)
{
  guint8 a[64] = { 0 };
  guint8 b[64] = { 0 };

  jxs_random_bytes (a, sizeof a);
  jxs_random_bytes (b, sizeof b);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
  jxs_random_bytes (NULL, 0);
}

static void
test_seed (void)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *again = NULL;
  g_autofree char *other = NULL;
  g_autofree char *real = NULL;

  jxs_random_use_seed (7);
  first = jxs_random_id ();
  second = jxs_random_id ();
  jxs_random_use_seed (7);
  again = jxs_random_id ();
  jxs_random_use_seed (G_GUINT64_CONSTANT (7) << 32);
  other = jxs_random_id ();
  jxs_random_use_real ();
  real = jxs_random_id ();

  g_assert_cmpstr (first, !=, second);
  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (first, !=, other);
  g_assert_cmpstr (first, !=, real);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/random/id", test_id);
  g_test_add_func ("/base/random/bytes", test_bytes);
  g_test_add_func ("/base/random/seed", test_seed);
  return g_test_run ();
}
