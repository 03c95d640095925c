/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-service-fixture.h"

#include <jxs-glib/jingle/jxs-candidate-private.h>

#define MANY 40

/* The application looks at each, once. */
static void
test_review (void)
{
  static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3",
                                           "192.0.2.4", "192.0.2.5", "192.0.2.6",
                                           "192.0.2.7", "192.0.2.8", NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  fixture.veto = "192.0.2.1";
  id = begin (&fixture, TRUE);
  /* What is refused takes no place, and no rank. */
  assert_gather (&fixture,
                 id,
                 "direct 192.0.2.2 4000\ndirect 192.0.2.3 4000\ndirect 192.0.2.4 4000\n"
                 "direct 192.0.2.5 4000\ndirect 192.0.2.6 4000\ndirect 192.0.2.7 4000\n"
                 "direct 192.0.2.8 4000\n");
  g_assert_cmpuint (fixture.n_reviews, ==, 8);
  fixture.veto = NULL;
  assert_gather (&fixture, id, "");
  g_assert_cmpuint (fixture.n_reviews, ==, 8);
  jxs_s5b_service_end (fixture.service, id);

  fixture.veto = "*";
  id = begin (&fixture, TRUE);
  assert_gather (&fixture, id, "");
  g_assert_cmpuint (fixture.n_reviews, ==, 16);
  fixture_clear (&fixture);
}

/* Whatever it makes of a priority: positive, 32 bits, and of the parity of our side. */
static void
test_review_priority (void)
{
  static const char *const addresses[] = { "192.0.2.1", NULL };
  static const struct
  {
    guint wish;
    guint even;
    guint odd;
  } rows[] = {
    { 1, 2, 3 },
    { 2, 2, 3 },
    { 3, 2, 3 },
    { 8257636, 8257636, 8257637 },
    { 8257637, 8257636, 8257637 },
    { G_MAXINT32 - 1, G_MAXINT32 - 1, G_MAXINT32 },
    { G_MAXINT32, G_MAXINT32 - 1, G_MAXINT32 },
    { G_MAXUINT32, G_MAXINT32 - 1, G_MAXINT32 },
  };
  Fixture fixture;

  fixture_init (&fixture, addresses);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      fixture.new_priority = rows[i].wish;
      assert_priorities (&fixture, TRUE, &rows[i].even, 1);
      assert_priorities (&fixture, FALSE, &rows[i].odd, 1);
    }
  fixture_clear (&fixture);
}

/* It may do anything while it is asked. */
static void
test_review_reenters (void)
{
  static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", NULL };
  Fixture fixture;
  guint id;

  fixture_init (&fixture, addresses);
  id = begin (&fixture, TRUE);
  fixture.end = id;
  assert_gather (&fixture, id, "");
  fixture.end = 0;
  assert_gather (&fixture, id, "");
  g_assert_false (jxs_s5b_service_is_gathering (fixture.service, id));

  fixture.n_reviews = 0;
  fixture.stop_asking = TRUE;
  assert_gather (&fixture, begin (&fixture, TRUE), "direct 192.0.2.1 4000\n");
  g_assert_cmpuint (fixture.n_reviews, ==, 1);
  fixture_clear (&fixture);
}

/* No kind crowds out another. */
static void
test_limits (void)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  Fixture fixture;
  guint id;
  g_autoptr (GPtrArray) candidates = NULL;
  guint n_of_kind[4] = { 0 };

  for (guint i = 0; i < MANY; i++)
    {
      g_ptr_array_add (addresses, g_strdup_printf ("2001:db8::%x", i + 1));
      g_ptr_array_add (addresses, g_strdup_printf ("tun:10.8.0.%u", i + 1));
    }
  g_ptr_array_add (addresses, g_strdup ("192.0.2.1"));
  g_ptr_array_add (addresses, g_strdup ("127.0.0.1"));
  g_ptr_array_add (addresses, NULL);
  fixture_init (&fixture, (const char *const *) addresses->pdata);
  jxs_s5b_service_set_allow_loopback (fixture.service, TRUE);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *host = g_strdup_printf ("host%u.example", i);

      g_assert_true (jxs_s5b_service_add_external (fixture.service, host, 5000));
      add_proxy (&fixture, host);
    }
  id = begin (&fixture, TRUE);
  candidates = jxs_s5b_service_gather (fixture.service, id);
  g_assert_cmpuint (candidates->len, ==, JXS_S5B_SERVICE_MAX_CANDIDATES);
  for (guint i = 0; i < candidates->len; i++)
    {
      JxsCandidate *candidate = g_ptr_array_index (candidates, i);

      n_of_kind[jxs_candidate_get_kind (candidate)]++;
    }
  g_assert_cmpuint (n_of_kind[JXS_CANDIDATE_KIND_DIRECT], ==, 7);
  g_assert_cmpuint (n_of_kind[JXS_CANDIDATE_KIND_ASSISTED], ==, 3);
  g_assert_cmpuint (n_of_kind[JXS_CANDIDATE_KIND_TUNNEL], ==, 2);
  g_assert_cmpuint (n_of_kind[JXS_CANDIDATE_KIND_PROXY], ==, 4);
  g_assert_cmpstr (jxs_candidate_get_host (g_ptr_array_index (candidates, 1)), ==, "192.0.2.1");
  g_assert_cmpstr (jxs_candidate_get_host (g_ptr_array_index (candidates, 3)), ==, "127.0.0.1");
  assert_gather (&fixture, id, "");
  fixture_clear (&fixture);

  /* Loopback comes last, but is offered where it is allowed. */
  g_ptr_array_set_size (addresses, 0);
  for (guint i = 0; i < MANY; i++)
    g_ptr_array_add (addresses, g_strdup_printf ("192.0.2.%u", i + 1));
  g_ptr_array_add (addresses, g_strdup ("127.0.0.1"));
  g_ptr_array_add (addresses, NULL);
  fixture_init (&fixture, (const char *const *) addresses->pdata);
  jxs_s5b_service_set_allow_loopback (fixture.service, TRUE);
  assert_gather (&fixture,
                 begin (&fixture, TRUE),
                 "direct 192.0.2.1 4000\ndirect 192.0.2.2 4000\ndirect 192.0.2.3 4000\n"
                 "direct 192.0.2.4 4000\ndirect 192.0.2.5 4000\ndirect 192.0.2.6 4000\n"
                 "direct 127.0.0.1 4000\n");
  fixture_clear (&fixture);
}

static gboolean
random_review_cb (JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  if (g_test_rand_bit ())
    jxs_candidate_set_priority (candidate,
                                (guint) g_test_rand_int () >> g_test_rand_int_range (0, 31));
  return g_test_rand_int_range (0, 8) != 0;
}

/* One bytestream that is asked now and then, while more becomes known. Returns its priorities. */
static GHashTable *
gather_at_random (gboolean initiator)
{
  const JxsS5bServiceFuncs random_funcs = { NULL, random_review_cb };
  g_autoptr (GHashTable) priorities = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  Fixture fixture;
  guint id;
  guint n_given = 0;

  for (gint n = g_test_rand_int_range (0, 20); n > 0; n--)
    g_ptr_array_add (addresses,
                     g_strdup_printf (g_test_rand_bit () ? "%s192.0.2.%u" : "%s2001:db8::%u",
                                      g_test_rand_bit () ? "tun:" : "",
                                      g_test_rand_int_range (0, 12)));
  g_ptr_array_add (addresses, NULL);
  fixture_init (&fixture, (const char *const *) addresses->pdata);
  jxs_s5b_service_set_funcs (fixture.service, &random_funcs, NULL);
  fakes.need_mapping = g_test_rand_bit ();
  id = begin (&fixture, initiator);
  for (guint round = 0; round < 4; round++)
    {
      g_autoptr (GPtrArray) candidates = jxs_s5b_service_gather (fixture.service, id);
      guint last = G_MAXUINT;

      for (guint i = 0; i < candidates->len; i++)
        {
          JxsCandidate *candidate = g_ptr_array_index (candidates, i);
          guint priority = jxs_candidate_get_priority (candidate);

          g_assert_cmpuint (priority, >, 0);
          g_assert_cmpuint (priority, <=, G_MAXINT32);
          g_assert_cmpuint (priority % 2, ==, !initiator);
          g_assert_cmpuint (priority, <=, last);
          last = priority;
          g_hash_table_add (priorities, GUINT_TO_POINTER (priority));
          g_assert_true (g_hash_table_add (places,
                                           g_strdup_printf ("%s %u",
                                                            jxs_candidate_get_host (candidate),
                                                            jxs_candidate_get_port (candidate))));
          n_given++;
        }
      g_assert_cmpuint (n_given, <=, JXS_S5B_SERVICE_MAX_CANDIDATES);
      if (g_test_rand_bit ())
        {
          g_autofree char *host = g_strdup_printf ("192.0.2.%d", g_test_rand_int_range (0, 12));

          add_proxy (&fixture, host);
        }
      if (g_test_rand_bit ())
        g_assert_true (jxs_s5b_service_add_external (fixture.service, "192.0.2.3", 0));
      if (fakes.searching && g_test_rand_bit ())
        fakes_settle ("192.0.2.4", g_test_rand_bit () ? 4000 : 7000);
    }
  fixture_clear (&fixture);
  return g_steal_pointer (&priorities);
}

/* XEP-0260 §2.4, the fourth case: it cannot occur between two of us. */
static void
test_no_ties (void)
{
  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (GHashTable) ours = gather_at_random (TRUE);
      g_autoptr (GHashTable) peers = gather_at_random (FALSE);
      GHashTableIter iter;
      gpointer priority;

      g_hash_table_iter_init (&iter, ours);
      while (g_hash_table_iter_next (&iter, &priority, NULL))
        g_assert_false (g_hash_table_contains (peers, priority));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-offer/review", test_review);
  g_test_add_func ("/transports/s5b-offer/review-priority", test_review_priority);
  g_test_add_func ("/transports/s5b-offer/review-reenters", test_review_reenters);
  g_test_add_func ("/transports/s5b-offer/limits", test_limits);
  g_test_add_func ("/transports/s5b-offer/no-ties", test_no_ties);

  return g_test_run ();
}
