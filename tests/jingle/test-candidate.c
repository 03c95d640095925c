/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gio/gio.h>

#include <jxs-glib/jingle/jxs-candidate-private.h>

static JxsCandidate *
make_candidate (gboolean local)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.example/balcony", NULL);

  return jxs_candidate_new (local, JXS_CANDIDATE_KIND_TUNNEL, "2001:db8::1", 5086, jid, 8257636);
}

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  GHashTable *counts = user_data;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, pspec->name));

  g_hash_table_insert (counts, (gpointer) pspec->name, GUINT_TO_POINTER (n + 1));
}

#define count(name) GPOINTER_TO_UINT (g_hash_table_lookup (counts, name))

/* Everything by its property too. */
static void
test_properties (void)
{
  g_autoptr (JxsCandidate) candidate = make_candidate (TRUE);
  JxsCandidateKind kind;
  JxsCandidateState state;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *host = NULL;
  gboolean local;
  guint port;
  guint priority;
  gint64 round_trip;

  g_object_get (candidate,
                "local",
                &local,
                "kind",
                &kind,
                "host",
                &host,
                "port",
                &port,
                "jid",
                &jid,
                "priority",
                &priority,
                "state",
                &state,
                "round-trip",
                &round_trip,
                "error",
                &error,
                NULL);
  g_assert_true (local);
  g_assert_cmpint (kind, ==, JXS_CANDIDATE_KIND_TUNNEL);
  g_assert_cmpstr (host, ==, "2001:db8::1");
  g_assert_cmpuint (port, ==, 5086);
  g_assert_cmpstr (jxs_jid_to_string (jid), ==, "juliet@capulet.example/balcony");
  g_assert_cmpuint (priority, ==, 8257636);
  g_assert_cmpint (state, ==, JXS_CANDIDATE_STATE_WAITING);
  g_assert_cmpint (round_trip, ==, -1);
  g_assert_null (error);

  g_assert_true (jxs_candidate_is_local (candidate));
  g_assert_cmpint (jxs_candidate_get_kind (candidate), ==, kind);
  g_assert_cmpstr (jxs_candidate_get_host (candidate), ==, host);
  g_assert_cmpuint (jxs_candidate_get_port (candidate), ==, port);
  g_assert_true (jxs_candidate_get_jid (candidate) == jid);
  g_assert_cmpuint (jxs_candidate_get_priority (candidate), ==, priority);
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, state);
  g_assert_cmpint (jxs_candidate_get_round_trip (candidate), ==, -1);
  g_assert_null (jxs_candidate_get_error (candidate));
}

/* The application chooses until the peer knows; the peer's are the peer's. */
static void
test_priority (void)
{
  g_autoptr (JxsCandidate) ours = make_candidate (TRUE);
  g_autoptr (JxsCandidate) peers = make_candidate (FALSE);
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);

  g_signal_connect (ours, "notify", G_CALLBACK (count_cb), counts);
  g_signal_connect (peers, "notify", G_CALLBACK (count_cb), counts);
  jxs_candidate_set_priority (ours, 7);
  g_assert_cmpuint (jxs_candidate_get_priority (ours), ==, 7);
  g_object_set (ours, "priority", 8, NULL);
  g_assert_cmpuint (jxs_candidate_get_priority (ours), ==, 8);
  g_object_set (ours, "priority", 8, NULL);
  g_assert_cmpuint (count ("priority"), ==, 2);

  jxs_candidate_freeze (ours);
  g_object_set (ours, "priority", 9, NULL);
  g_assert_cmpuint (jxs_candidate_get_priority (ours), ==, 8);
  jxs_candidate_set_priority (peers, 9);
  g_assert_cmpuint (jxs_candidate_get_priority (peers), ==, 8257636);
  g_assert_cmpuint (count ("priority"), ==, 2);
}

static void
test_states (void)
{
  g_autoptr (GError) first = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "a");
  g_autoptr (GError) second = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "b");
  g_autoptr (JxsCandidate) candidate = make_candidate (FALSE);
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);

  g_signal_connect (candidate, "notify", G_CALLBACK (count_cb), counts);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_WAITING);
  g_assert_cmpuint (count ("state"), ==, 0);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_CONNECTING);
  jxs_candidate_set_round_trip (candidate, 1500);
  jxs_candidate_set_round_trip (candidate, 1500);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_CONNECTED);
  g_assert_cmpint (jxs_candidate_get_round_trip (candidate), ==, 1500);
  g_assert_cmpuint (count ("round-trip"), ==, 1);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_NOMINATED);
  g_assert_cmpuint (count ("state"), ==, 3);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_SKIPPED);
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, JXS_CANDIDATE_STATE_NOMINATED);

  /* A lost one fails, and for its first reason. */
  jxs_candidate_fail (candidate, first);
  jxs_candidate_fail (candidate, second);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_WAITING);
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, JXS_CANDIDATE_STATE_FAILED);
  g_assert_error (jxs_candidate_get_error (candidate), G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  g_assert_cmpuint (count ("state"), ==, 4);
  g_assert_cmpuint (count ("error"), ==, 1);
}

/* Whoever hears of the failure can see why. */
static void
failed_cb (JxsCandidate *candidate, GParamSpec *pspec, gpointer user_data)
{
  gboolean *told = user_data;

  g_assert_nonnull (jxs_candidate_get_error (candidate));
  g_assert_cmpint (jxs_candidate_get_state (candidate), ==, JXS_CANDIDATE_STATE_FAILED);
  *told = TRUE;
}

static void
test_failure_is_whole (void)
{
  const char *const names[] = { "notify::state", "notify::error" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "late");
      g_autoptr (JxsCandidate) candidate = make_candidate (TRUE);
      gboolean told = FALSE;

      g_signal_connect (candidate, names[i], G_CALLBACK (failed_cb), &told);
      jxs_candidate_fail (candidate, error);
      g_assert_true (told);
    }
}

/* XEP-0260 §9 for the kinds */
static void
test_names (void)
{
  const char *const kinds[] = { "direct", "assisted", "tunnel", "proxy" };
  const char *const states[] = { "waiting", "connecting", "connected",
                                 "failed",  "skipped",    "nominated" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_assert_cmpstr (jxs_candidate_kind_to_name (i), ==, kinds[i]);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    g_assert_cmpstr (jxs_candidate_state_to_name (i), ==, states[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/candidate/properties", test_properties);
  g_test_add_func ("/jingle/candidate/priority", test_priority);
  g_test_add_func ("/jingle/candidate/states", test_states);
  g_test_add_func ("/jingle/candidate/failure-is-whole", test_failure_is_whole);
  g_test_add_func ("/jingle/candidate/names", test_names);

  return g_test_run ();
}
