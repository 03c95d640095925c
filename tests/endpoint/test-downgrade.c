/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/jxs-endpoint-private.h>

/* Endpoints that do not require security, and what goes without it all the same. Juliet has no
 * identity: to Romeo she looks as if somebody between them hid that she can encrypt. */

typedef struct
{
  Pair pair;
  Doorman doormen[2];
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  Pair *pair = &f->pair;

  pair_init (pair);
  g_clear_object (&pair->endpoints[JULIET]);
  settle ();
  pair->endpoints[JULIET] = pair_new_endpoint (JXS_CHANNEL (pair->channels[JULIET]),
                                               NULL,
                                               JXS_TRUST (pair->trusts[JULIET]));
  for (guint i = 0; i < 2; i++)
    {
      jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (
                                                      pair->endpoints[i]),
                                                  FALSE);
      doorman_init (&f->doormen[i], pair->endpoints[i]);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    doorman_clear (&f->doormen[i]);
  pair_clear (&f->pair);
}

static void
know (Fixture *f, guint who, guint whom)
{
  g_autofree char *fingerprint =
      jxs_identity_get_fingerprint (f->pair.identities[whom], G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;

  jxs_memory_trust_pin (f->pair.trusts[who], f->pair.jids[whom], fingerprint, FALSE, &error);
  g_assert_no_error (error);
}

static JxsConnection *
try_pipe (Fixture *f, guint who, GError **error)
{
  Pair *pair = &f->pair;
  g_autoptr (GAsyncResult) result = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_pipe_async (pair->endpoints[who],
                                pair->jids[1 - who],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  result = reply_wait (&reply);
  return jxs_endpoint_open_pipe_finish (pair->endpoints[who], result, error);
}

static void
assert_refused (Fixture *f, guint who)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = try_pipe (f, who, &error);

  g_assert_null (connection);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Between peers that never encrypted nothing stands against it. */
static void
test_unknown (Fixture *f, gconstpointer data)
{
  for (guint who = 0; who < 2; who++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsConnection) connection = try_pipe (f, who, &error);

      g_assert_no_error (error);
      g_assert_null (jxs_connection_get_tls_connection (connection));
      g_assert_cmpint (jxs_connection_get_trust_level (connection), ==, JXS_TRUST_LEVEL_DISTRUSTED);
      wait_until (f->doormen[1 - who].connection != NULL);
      g_assert_null (jxs_connection_get_tls_connection (f->doormen[1 - who].connection));
    }
}

/* jingle-xtls §7.3: no offer is made to who seems to have lost the feature. */
static void
test_known_called (Fixture *f, gconstpointer data)
{
  know (f, ROMEO, JULIET);
  assert_refused (f, ROMEO);
  g_assert_cmpuint (f->doormen[JULIET].n_incoming, ==, 0);
}

/* And an offer without <security/> from there is not even shown. */
static void
test_known_calls (Fixture *f, gconstpointer data)
{
  know (f, ROMEO, JULIET);
  assert_refused (f, JULIET);
  g_assert_cmpuint (f->doormen[ROMEO].n_incoming, ==, 0);
}

/* Who cannot encrypt, but knows keys, does not go on without either: as the one who calls, and as
 * the one who accepts. */
static void
test_without_identity (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;

  know (f, JULIET, ROMEO);
  assert_refused (f, JULIET);
  connection = try_pipe (f, ROMEO, &error);
  wait_until (f->doormen[JULIET].error != NULL);
  g_assert_error (f->doormen[JULIET].error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_assert_null (f->doormen[JULIET].connection);
}

/* What was refused is possible again once the key is forgotten. */
static void
test_forgotten (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = NULL;

  know (f, ROMEO, JULIET);
  assert_refused (f, ROMEO);
  jxs_memory_trust_forget (f->pair.trusts[ROMEO], f->pair.jids[JULIET]);
  connection = try_pipe (f, ROMEO, &error);
  g_assert_no_error (error);
  wait_until (f->doormen[JULIET].connection != NULL);
}

/* A trust object that ends the endpoint when it is asked. */
#define RUDE_TYPE_TRUST (rude_trust_get_type ())
G_DECLARE_FINAL_TYPE (RudeTrust, rude_trust, RUDE, TRUST, GObject)

struct _RudeTrust
{
  GObject parent_instance;
  JxsEndpoint *endpoint; /* unowned */
};

static gboolean
rude_trust_is_known (JxsTrust *trust, JxsJid *peer)
{
  g_object_run_dispose (G_OBJECT (RUDE_TRUST (trust)->endpoint));
  return FALSE;
}

static void
rude_trust_iface_init (JxsTrustInterface *iface)
{
  iface->is_known = rude_trust_is_known;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (RudeTrust,
                               rude_trust,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_TRUST, rude_trust_iface_init))

static void
rude_trust_class_init (RudeTrustClass *klass)
{
}

static void
rude_trust_init (RudeTrust *self)
{
}

static void
test_disposed (Fixture *f, gconstpointer data)
{
  guint caller = GPOINTER_TO_UINT (data);
  Pair *pair = &f->pair;
  g_autoptr (RudeTrust) trust = g_object_new (RUDE_TYPE_TRUST, NULL);
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  doorman_clear (&f->doormen[ROMEO]);
  g_clear_object (&pair->endpoints[ROMEO]);
  settle ();
  pair->endpoints[ROMEO] = pair_new_endpoint (JXS_CHANNEL (pair->channels[ROMEO]),
                                              pair->identities[ROMEO],
                                              JXS_TRUST (trust));
  trust->endpoint = pair->endpoints[ROMEO];
  jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (
                                                  pair->endpoints[ROMEO]),
                                              FALSE);
  doorman_init (&f->doormen[ROMEO], pair->endpoints[ROMEO]);

  connection = try_pipe (f, caller, &error);
  g_assert_null (connection);
  g_assert_nonnull (error);
}

/* ---- the policy and passwords, on the endpoint ---- */

/* What changes holds for the sessions that begin afterwards. */
static void
test_tightened (void)
{
  Pair pair;
  Doorman doorman;
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (JxsConnection) second = NULL;
  g_autoptr (GError) error = NULL;
  JxsSecurityPolicy *policy;
  Fixture f = { { { NULL } } };

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  policy = jxs_endpoint_get_security_policy (pair.endpoints[ROMEO]);
  jxs_security_policy_set_minimum_trust_opening (policy, JXS_TRUST_LEVEL_VERIFIED);
  f.pair = pair;
  second = try_pipe (&f, ROMEO, &error);
  g_assert_null (second);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
  g_assert_false (g_io_stream_is_closed (G_IO_STREAM (connection)));
  g_assert_cmpint (jxs_session_get_state (jxs_connection_get_session (connection)),
                   ==,
                   JXS_SESSION_STATE_ACTIVE);
  /* Juliet, whom nothing hinders, may not be done yet. */
  wait_until (doorman.n_connections == 2 || doorman.error != NULL);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* One policy may serve several endpoints. */
static void
test_shared_policy (void)
{
  g_autoptr (JxsSecurityPolicy) policy = jxs_security_policy_new ();
  g_autoptr (JxsEndpoint) endpoint = NULL;
  g_autoptr (JxsSecurityPolicy) got = NULL;
  Pair pair;

  pair_init (&pair);
  endpoint = g_object_new (
      JXS_TYPE_ENDPOINT, "channel", pair.channels[ROMEO], "security-policy", policy, NULL);
  g_assert_true (jxs_endpoint_get_security_policy (endpoint) == policy);
  g_object_get (endpoint, "security-policy", &got, NULL);
  g_assert_true (got == policy);
  g_clear_object (&endpoint);
  pair_clear (&pair);
}

static gboolean
no (void)
{
  return FALSE;
}

static gboolean
enter (JxsEndpoint *endpoint, JxsJid *peer, const char *password, JxsPasswordKind kind, int code)
{
  g_autoptr (GError) error = NULL;
  gboolean done = jxs_endpoint_set_peer_password (endpoint, peer, password, kind, &error);

  if (!done)
    g_assert_error (error, JXS_ERROR, code);
  return done;
}

/* What cannot be used is refused when it is entered, not when it is too late. */
static void
test_passwords (void)
{
  static const char strong[] = "0000-0000-0000-0000-001Y";
  JxsEndpoint *endpoint;
  Pair pair;

  pair_init (&pair);
  endpoint = pair.endpoints[ROMEO];
  g_assert_false (enter (endpoint,
                         pair.jids[JULIET],
                         "0000-0000-0000-0000-0010",
                         JXS_PASSWORD_STRONG,
                         JXS_ERROR_INVALID_ARGUMENT));
  g_assert_true (enter (endpoint, pair.jids[JULIET], strong, JXS_PASSWORD_STRONG, 0));
  g_assert_true (jxs_passwords_has (endpoint->passwords, pair.jids[JULIET], NULL));
  g_assert_true (enter (endpoint, pair.jids[JULIET], NULL, JXS_PASSWORD_STRONG, 0));
  g_assert_false (jxs_passwords_has (endpoint->passwords, pair.jids[JULIET], NULL));

  endpoint->xtls->supports_srp = no;
  g_assert_false (enter (
      endpoint, pair.jids[JULIET], "407 129 560", JXS_PASSWORD_SHORT, JXS_ERROR_NOT_SUPPORTED));
  g_assert_true (enter (endpoint, pair.jids[JULIET], strong, JXS_PASSWORD_STRONG, 0));

  g_clear_object (&pair.endpoints[JULIET]);
  settle ();
  pair.endpoints[JULIET] = pair_new_endpoint (JXS_CHANNEL (pair.channels[JULIET]), NULL, NULL);
  g_assert_false (enter (pair.endpoints[JULIET],
                         pair.jids[ROMEO],
                         strong,
                         JXS_PASSWORD_STRONG,
                         JXS_ERROR_NOT_SUPPORTED));
  pair_clear (&pair);
}

/* Who is called learns that there is a password to ask the user for, and enters it then. */
static void
test_asked (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) accepted = NULL;
  g_autoptr (JxsConnection) theirs = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  Reply accept_reply = { NULL };
  Doorman doorman;
  Pair pair;

  if (!jxs_tls_supports_srp ())
    {
      g_test_skip ("GnuTLS was built without SRP");
      return;
    }
  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  doorman.hold = TRUE;
  g_assert_true (
      enter (pair.endpoints[ROMEO], pair.jids[JULIET], "407 129 560", JXS_PASSWORD_SHORT, 0));
  jxs_endpoint_open_pipe_async (pair.endpoints[ROMEO],
                                pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  wait_until (doorman.session != NULL);
  g_assert_true (jxs_endpoint_session_wants_password (pair.endpoints[JULIET], doorman.session));
  g_assert_true (
      enter (pair.endpoints[JULIET], pair.jids[ROMEO], "407-129-560", JXS_PASSWORD_SHORT, 0));
  jxs_endpoint_accept_pipe_async (
      pair.endpoints[JULIET], doorman.session, G_PRIORITY_DEFAULT, NULL, reply_cb, &accept_reply);
  result = reply_wait (&reply);
  accepted = reply_wait (&accept_reply);
  connection = jxs_endpoint_open_pipe_finish (pair.endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  theirs = jxs_endpoint_accept_pipe_finish (pair.endpoints[JULIET], accepted, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_connection_get_security_method (theirs), ==, "srp");
  g_assert_cmpint (jxs_connection_get_trust_origin (connection), ==, JXS_TRUST_ORIGIN_PASSWORD);
  g_clear_object (&connection);
  g_clear_object (&theirs);
  g_clear_object (&result);
  g_clear_object (&accepted);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func)                                                                            \
  g_test_add ("/endpoint/downgrade/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("unknown", test_unknown);
  ADD ("known-called", test_known_called);
  ADD ("known-calls", test_known_calls);
  ADD ("without-identity", test_without_identity);
  ADD ("forgotten", test_forgotten);
#undef ADD
  for (guint who = 0; who < 2; who++)
    g_test_add (who == ROMEO ? "/endpoint/downgrade/disposed-calling"
                             : "/endpoint/downgrade/disposed-called",
                Fixture,
                GUINT_TO_POINTER (who),
                set_up,
                test_disposed,
                tear_down);
  g_test_add_func ("/endpoint/downgrade/tightened", test_tightened);
  g_test_add_func ("/endpoint/downgrade/shared-policy", test_shared_policy);
  g_test_add_func ("/endpoint/downgrade/passwords", test_passwords);
  g_test_add_func ("/endpoint/downgrade/asked", test_asked);
  return g_test_run ();
}
