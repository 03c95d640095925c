/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-disco-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Which transports and candidates an endpoint uses. */

typedef struct
{
  Pair pair;
  Doorman doorman;
} Fixture;

static const char *const s5b[] = { "s5b", NULL };
static const char *const ibb[] = { "ibb", NULL };
static const char *const s5b_ibb[] = { "s5b", "ibb", NULL };
static const char *const ibb_s5b[] = { "ibb", "s5b", NULL };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  *fixture = (Fixture){ 0 };
  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (&fixture->pair);
  for (guint i = 0; i < 2; i++)
    jxs_endpoint_set_transports (fixture->pair.endpoints[i], s5b_ibb);
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
  hurry_stop ();
  jxs_clock_use_real ();
}

static JxsConnection *
try_pipe (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_pipe_async (fixture->pair.endpoints[ROMEO],
                                fixture->pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  result = reply_wait (&reply);
  return jxs_endpoint_open_pipe_finish (fixture->pair.endpoints[ROMEO], result, error);
}

/* ---- properties ---- */

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsEndpoint) endpoint =
      jxs_endpoint_new (JXS_CHANNEL (fixture->pair.channels[ROMEO]), NULL, NULL);

  g_assert_true (g_strv_equal (jxs_endpoint_get_transports (endpoint), s5b_ibb));
  g_assert_cmpint (jxs_endpoint_get_address_policy (endpoint), ==, JXS_ADDRESS_POLICY_ALL);
  g_assert_false (jxs_endpoint_get_allow_loopback (endpoint));
  g_assert_false (jxs_endpoint_get_enable_proxy (endpoint));
  g_assert_true (jxs_endpoint_get_discover_proxies (endpoint));
  g_assert_cmpuint (jxs_endpoint_get_connect_timeout (endpoint), ==, 30000);
  g_assert_cmpuint (jxs_endpoint_get_listen_port (endpoint), ==, 0);
  /* The environment of the tests says no. */
  g_assert_false (jxs_endpoint_get_port_mapping (endpoint));
}

static void
notify_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Each is told once, and only when it changes. */
static void
test_properties (Fixture *fixture, gconstpointer data)
{
  JxsEndpoint *endpoint = fixture->pair.endpoints[ROMEO];
  g_auto (GStrv) transports = NULL;
  JxsAddressPolicy policy;
  gboolean loopback, mapping, proxy, discover;
  guint timeout, port, n = 0;

  g_signal_connect (endpoint, "notify", G_CALLBACK (notify_cb), &n);
  for (guint i = 0; i < 2; i++)
    g_object_set (endpoint,
                  "address-policy",
                  JXS_ADDRESS_POLICY_ASK,
                  "transports",
                  ibb_s5b,
                  "allow-loopback",
                  FALSE,
                  "port-mapping",
                  TRUE,
                  "enable-proxy",
                  TRUE,
                  "discover-proxies",
                  TRUE,
                  "connect-timeout",
                  1234u,
                  "listen-port",
                  5678u,
                  NULL);
  g_assert_cmpuint (n, ==, 8);
  g_object_get (endpoint,
                "address-policy",
                &policy,
                "transports",
                &transports,
                "allow-loopback",
                &loopback,
                "port-mapping",
                &mapping,
                "enable-proxy",
                &proxy,
                "discover-proxies",
                &discover,
                "connect-timeout",
                &timeout,
                "listen-port",
                &port,
                NULL);
  g_assert_cmpint (policy, ==, JXS_ADDRESS_POLICY_ASK);
  g_assert_true (g_strv_equal ((const char *const *) transports, ibb_s5b));
  g_assert_true (!loopback && mapping && proxy && discover);
  g_assert_cmpuint (timeout, ==, 1234);
  g_assert_cmpuint (port, ==, 5678);

  /* What is disposed of can still be asked and told. */
  g_object_run_dispose (G_OBJECT (endpoint));
  jxs_endpoint_set_transports (endpoint, s5b);
  jxs_endpoint_set_allow_loopback (endpoint, TRUE);
  jxs_endpoint_set_connect_timeout (endpoint, 1);
  jxs_endpoint_set_address_policy (endpoint, JXS_ADDRESS_POLICY_ALL);
  jxs_endpoint_add_external_address (endpoint, "192.0.2.1", 1);
  g_assert_true (jxs_endpoint_get_allow_loopback (endpoint));
}

static void
test_programmer_errors (Fixture *fixture, gconstpointer data)
{
  static const char *const wrong[][4] = {
    { NULL }, { "s5b", "tcp", NULL }, { "", NULL }, { "ibb", "s5b", "ibb", NULL }
  };
  JxsEndpoint *endpoint = fixture->pair.endpoints[ROMEO];

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_test_expect_message ("jxs-endpoint", G_LOG_LEVEL_CRITICAL, "*are_valid_transports*");
      jxs_endpoint_set_transports (endpoint, wrong[i]);
      g_test_assert_expected_messages ();
    }
  g_test_expect_message ("jxs-endpoint", G_LOG_LEVEL_CRITICAL, "*are_valid_transports*");
  g_object_set (endpoint, "transports", NULL, NULL);
  g_test_assert_expected_messages ();
  g_test_expect_message ("jxs-endpoint", G_LOG_LEVEL_CRITICAL, "*port > 0*");
  jxs_endpoint_add_proxy (endpoint, fixture->pair.jids[JULIET], "proxy.example.org", 0);
  g_test_assert_expected_messages ();
  g_test_expect_message ("jxs-endpoint", G_LOG_LEVEL_CRITICAL, "*connect_timeout > 0*");
  jxs_endpoint_set_connect_timeout (endpoint, 0);
  g_test_assert_expected_messages ();
  g_assert_true (g_strv_equal (jxs_endpoint_get_transports (endpoint), s5b_ibb));
}

/* ---- transports ---- */

static const struct
{
  const char *path;
  const char *const *ours;
  const char *const *theirs;
  const char *used; /* NULL: none */
} choices[] = {
  { "both", s5b_ibb, s5b_ibb, JXS_NS_JINGLE_S5B },
  { "in-band-first", ibb_s5b, s5b_ibb, JXS_NS_JINGLE_IBB },
  { "only-s5b-here", s5b, s5b_ibb, JXS_NS_JINGLE_S5B },
  { "only-s5b-there", s5b_ibb, s5b, JXS_NS_JINGLE_S5B },
  { "only-in-band-here", ibb, s5b_ibb, JXS_NS_JINGLE_IBB },
  { "only-in-band-there", s5b_ibb, ibb, JXS_NS_JINGLE_IBB },
  { "nothing-in-common", s5b, ibb, NULL },
  { "nothing-in-common-2", ibb, s5b, NULL },
};

static void
test_choice (Fixture *fixture, gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;

  jxs_endpoint_set_transports (fixture->pair.endpoints[ROMEO], choices[i].ours);
  jxs_endpoint_set_transports (fixture->pair.endpoints[JULIET], choices[i].theirs);
  connection = try_pipe (fixture, &error);
  if (choices[i].used == NULL)
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
      g_assert_nonnull (strstr (error->message, choices[i].ours[0]));
      g_assert_cmpuint (fixture->doorman.n_incoming, ==, 0);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_session_get_transport_namespace (jxs_connection_get_session (connection)),
                   ==,
                   choices[i].used);
  wait_until (fixture->doorman.connection != NULL);
}

/* XEP-0260 §5, XEP-0261 §4 */
static void
test_features (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *const *transports;
    gboolean s5b, ibb;
  } cases[] = { { s5b_ibb, TRUE, TRUE }, { s5b, TRUE, FALSE }, { ibb, FALSE, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsRouter) router = jxs_router_get (JXS_CHANNEL (fixture->pair.channels[ROMEO]));
      g_autoptr (JxsDisco) disco = jxs_disco_new (router);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GHashTable) features = NULL;
      Reply reply = { NULL };

      jxs_endpoint_set_transports (fixture->pair.endpoints[JULIET], cases[i].transports);
      jxs_disco_query_async (disco, fixture->pair.jids[JULIET], NULL, reply_cb, &reply);
      result = reply_wait (&reply);
      features = jxs_disco_query_finish (disco, result, NULL);
      g_assert_nonnull (features);
      g_assert_cmpint (g_hash_table_contains (features, JXS_NS_JINGLE_S5B), ==, cases[i].s5b);
      g_assert_cmpint (g_hash_table_contains (features, JXS_NS_JINGLE_IBB), ==, cases[i].ibb);
      /* Plain bytestreams, outside Jingle, are not served (XEP-0065 §3). */
      g_assert_false (g_hash_table_contains (features, JXS_NS_BYTESTREAMS));
    }
}

/* ---- candidates ---- */

typedef struct
{
  JxsJid *peer;   /* the last one asked about */
  guint n;        /* asked about */
  gboolean veto;  /* all */
  guint priority; /* 0: left as it is */
} Review;

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  Review *review = user_data;

  g_assert_true (jxs_candidate_is_local (candidate));
  review->peer = peer;
  review->n++;
  if (review->priority != 0)
    jxs_candidate_set_priority (candidate, review->priority);
  return review->veto;
}

static void
test_veto (Fixture *fixture, gconstpointer data)
{
  Review review = { .veto = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  GListModel *candidates;

  for (guint i = 0; i < 2; i++)
    g_signal_connect (fixture->pair.endpoints[i], "candidate", G_CALLBACK (candidate_cb), &review);
  connection = try_pipe (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (review.n, >, 0);
  candidates = jxs_session_get_candidates (jxs_connection_get_session (connection));
  g_assert_cmpuint (g_list_model_get_n_items (candidates), ==, 0);
  g_assert_cmpstr (jxs_session_get_transport_namespace (jxs_connection_get_session (connection)),
                   ==,
                   JXS_NS_JINGLE_IBB);
  wait_until (fixture->doorman.connection != NULL);
}

/* Only Romeo's candidates are left, so one of them must be used, with the priority he gave it. */
static void
test_priority (Fixture *fixture, gconstpointer data)
{
  Review ours = { .priority = 4712 };
  Review theirs = { .veto = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  JxsCandidate *nominated;
  JxsSession *session;

  g_signal_connect (fixture->pair.endpoints[ROMEO], "candidate", G_CALLBACK (candidate_cb), &ours);
  g_signal_connect (fixture->pair.endpoints[JULIET],
                    "candidate",
                    G_CALLBACK (candidate_cb),
                    &theirs);
  connection = try_pipe (fixture, &error);
  g_assert_no_error (error);
  session = jxs_connection_get_session (connection);
  nominated = jxs_session_get_nominated_candidate (session);
  g_assert_nonnull (nominated);
  g_assert_true (jxs_candidate_is_local (nominated));
  g_assert_cmpuint (jxs_candidate_get_priority (nominated), ==, 4712);
  g_assert_true (jxs_jid_equal (jxs_candidate_get_jid (nominated), fixture->pair.jids[ROMEO]));
  wait_until (fixture->doorman.connection != NULL);

  /* Both sides mean the same one. */
  session = jxs_connection_get_session (fixture->doorman.connection);
  g_assert_false (jxs_candidate_is_local (jxs_session_get_nominated_candidate (session)));
  g_assert_cmpstr (jxs_candidate_get_host (jxs_session_get_nominated_candidate (session)),
                   ==,
                   jxs_candidate_get_host (nominated));
  g_assert_cmpuint (jxs_candidate_get_port (jxs_session_get_nominated_candidate (session)),
                    ==,
                    jxs_candidate_get_port (nominated));
}

/* A port of our choice, such as one that a router forwards. */
static void
test_listen_port (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocketListener) finder = g_socket_listener_new ();
  const guint16 port = g_socket_listener_add_any_inet_port (finder, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  GListModel *candidates;
  guint n_local = 0;

  g_socket_listener_close (finder);
  jxs_endpoint_set_listen_port (fixture->pair.endpoints[ROMEO], port);
  connection = try_pipe (fixture, &error);
  g_assert_no_error (error);
  candidates = jxs_session_get_candidates (jxs_connection_get_session (connection));
  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);

      if (!jxs_candidate_is_local (candidate))
        continue;
      g_assert_cmpuint (jxs_candidate_get_port (candidate), ==, port);
      n_local++;
    }
  g_assert_cmpuint (n_local, >, 0);
  wait_until (fixture->doorman.connection != NULL);
}

/* Nothing but a dead address: one clear error that says so, not a hang. */
static void
test_no_way (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  Review review = { .veto = TRUE };

  for (guint i = 0; i < 2; i++)
    {
      jxs_endpoint_set_transports (fixture->pair.endpoints[i], s5b);
      g_signal_connect (fixture->pair.endpoints[i],
                        "candidate",
                        G_CALLBACK (candidate_cb),
                        &review);
      jxs_endpoint_set_connect_timeout (fixture->pair.endpoints[i], 5000);
    }
  g_assert_null (try_pipe (fixture, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_nonnull (strstr (error->message, "juliet@capulet.lit/balcony"));
  wait_until (fixture->doorman.error != NULL);
  g_assert_error (fixture->doorman.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add ("/endpoint/network/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("defaults", test_defaults);
  ADD ("properties", test_properties);
  ADD ("programmer-errors", test_programmer_errors);
  ADD ("features", test_features);
  ADD ("veto", test_veto);
  ADD ("priority", test_priority);
  ADD ("listen-port", test_listen_port);
  ADD ("no-way", test_no_way);
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/network/transports/", choices[i].path, NULL);

      g_test_add (path, Fixture, GUINT_TO_POINTER (i), set_up, test_choice, tear_down);
    }
  return g_test_run ();
}
