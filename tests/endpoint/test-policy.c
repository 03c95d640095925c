/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Who may learn our addresses (XEP-0260 §6.1): what is sent, what is dialled, and who is asked. */

typedef struct
{
  Pair pair;
  Doorman doorman;
  GPtrArray *sent[2]; /* (element-type utf8): <jingle/> that each side sent */
  gulong hook;
  GPtrArray *asked; /* (element-type JxsJid) */
  int answer;       /* in the handler; -1: later */
  gulong asking;
  GSocketListener *trap; /* at an address that one side offers */
  gboolean trapped;
  GCancellable *cancellable;
  Reply reply;
} Fixture;

static gboolean
stanza_cb (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer user_data)
{
  Fixture *fixture = user_data;
  JxsElement *jingle =
      jxs_element_find_child (g_value_get_boxed (&values[1]), "jingle", JXS_NS_JINGLE);
  gpointer receiver = g_value_get_object (&values[0]);

  if (jingle != NULL)
    g_ptr_array_add (fixture->sent[receiver == fixture->pair.channels[ROMEO] ? JULIET : ROMEO],
                     jxs_element_to_string (jingle));
  return TRUE;
}

static void
address_request_cb (JxsEndpoint *endpoint, JxsJid *peer, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add (fixture->asked, jxs_jid_ref (peer));
  if (fixture->answer >= 0)
    jxs_endpoint_set_peer_address_policy (endpoint, peer, fixture->answer);
}

static void
trapped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *trapped = user_data;
  g_autoptr (GSocketConnection) connection =
      g_socket_listener_accept_finish (G_SOCKET_LISTENER (source), result, NULL, NULL);

  if (connection != NULL)
    *trapped = TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const char *const transports[] = { "s5b", "ibb", NULL };

  *fixture = (Fixture){ .answer = -1 };
  for (guint i = 0; i < 2; i++)
    fixture->sent[i] = g_ptr_array_new_with_free_func (g_free);
  fixture->asked = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_jid_unref);
  fixture->cancellable = g_cancellable_new ();
  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (&fixture->pair);
  for (guint i = 0; i < 2; i++)
    jxs_endpoint_set_transports (fixture->pair.endpoints[i], transports);
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
  fixture->hook = g_signal_add_emission_hook (
      g_signal_lookup ("stanza", JXS_TYPE_CHANNEL), 0, stanza_cb, fixture, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_signal_remove_emission_hook (g_signal_lookup ("stanza", JXS_TYPE_CHANNEL), fixture->hook);
  g_clear_object (&fixture->reply.result);
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
  if (fixture->trap != NULL)
    g_socket_listener_close (fixture->trap);
  settle ();
  hurry_stop ();
  jxs_clock_use_real ();
  g_clear_object (&fixture->trap);
  g_clear_object (&fixture->cancellable);
  g_clear_pointer (&fixture->asked, g_ptr_array_unref);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&fixture->sent[i], g_ptr_array_unref);
}

/* Nobody gets there but who dials what the endpoint offers: as an address of its own, or as a
 * relay.
 */
static void
set_trap (Fixture *fixture, guint who, const char *relay)
{
  JxsEndpoint *endpoint = fixture->pair.endpoints[who];
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port;

  fixture->trap = g_socket_listener_new ();
  g_socket_listener_add_address (
      fixture->trap, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  g_socket_listener_accept_async (fixture->trap, NULL, trapped_cb, &fixture->trapped);
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  if (relay != NULL)
    {
      g_autoptr (JxsJid) jid = jxs_jid_new (relay, NULL);

      jxs_endpoint_add_proxy (endpoint, jid, "127.0.0.1", port);
    }
  else
    jxs_endpoint_add_external_address (endpoint, "127.0.0.1", port);
}

static void
ask (Fixture *fixture, guint who)
{
  jxs_endpoint_set_address_policy (fixture->pair.endpoints[who], JXS_ADDRESS_POLICY_ASK);
  fixture->asking = g_signal_connect (fixture->pair.endpoints[who],
                                      "address-request",
                                      G_CALLBACK (address_request_cb),
                                      fixture);
}

static void
begin (Fixture *fixture)
{
  jxs_endpoint_open_pipe_async (fixture->pair.endpoints[ROMEO],
                                fixture->pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                fixture->cancellable,
                                reply_cb,
                                &fixture->reply);
}

static JxsConnection *
end (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = reply_wait (&fixture->reply);

  return jxs_endpoint_open_pipe_finish (fixture->pair.endpoints[ROMEO], result, error);
}

static void
expect_path (Fixture *fixture, const char *namespace_uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsConnection) connection = end (fixture, &error);
  JxsSession *session;

  g_assert_no_error (error);
  session = jxs_connection_get_session (connection);
  g_assert_cmpstr (jxs_session_get_transport_namespace (session), ==, namespace_uri);
  g_assert_cmpint (jxs_session_get_nominated_candidate (session) != NULL,
                   ==,
                   g_str_equal (namespace_uri, JXS_NS_JINGLE_S5B));
  wait_until (fixture->doorman.connection != NULL);
}

static guint
count_sent (Fixture *fixture, guint who, const char *part)
{
  guint count = 0;

  for (guint i = 0; i < fixture->sent[who]->len; i++)
    count += strstr (g_ptr_array_index (fixture->sent[who], i), part) != NULL;
  return count;
}

/* ---- lookup ---- */

static void
test_lookup (Fixture *fixture, gconstpointer data)
{
  JxsEndpoint *endpoint = fixture->pair.endpoints[ROMEO];
  JxsJid *full = fixture->pair.jids[JULIET];
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (full);
  g_autoptr (JxsJid) other = jxs_jid_new ("juliet@capulet.lit/chamber", NULL);

  g_assert_cmpint (jxs_endpoint_get_address_policy (endpoint), ==, JXS_ADDRESS_POLICY_ALL);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, full),
                   ==,
                   JXS_ADDRESS_POLICY_ALL);
  jxs_endpoint_set_address_policy (endpoint, JXS_ADDRESS_POLICY_RELAY_ONLY);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, full),
                   ==,
                   JXS_ADDRESS_POLICY_RELAY_ONLY);
  jxs_endpoint_set_peer_address_policy (endpoint, bare, JXS_ADDRESS_POLICY_ASK);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, full),
                   ==,
                   JXS_ADDRESS_POLICY_ASK);
  jxs_endpoint_set_peer_address_policy (endpoint, full, JXS_ADDRESS_POLICY_ALL);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, full),
                   ==,
                   JXS_ADDRESS_POLICY_ALL);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, other),
                   ==,
                   JXS_ADDRESS_POLICY_ASK);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, bare),
                   ==,
                   JXS_ADDRESS_POLICY_ASK);
  jxs_endpoint_unset_peer_address_policy (endpoint, bare);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, other),
                   ==,
                   JXS_ADDRESS_POLICY_RELAY_ONLY);
  g_assert_cmpint (jxs_endpoint_get_peer_address_policy (endpoint, full),
                   ==,
                   JXS_ADDRESS_POLICY_ALL);
}

/* ---- what is sent and dialled ---- */

typedef enum
{
  FOR_ALL,
  FOR_PEER,
  FOR_BARE_JID,
} Scope;

static void
restrict_addresses (Fixture *fixture, guint who, Scope scope)
{
  JxsEndpoint *endpoint = fixture->pair.endpoints[who];
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (fixture->pair.jids[1 - who]);

  if (scope == FOR_ALL)
    jxs_endpoint_set_address_policy (endpoint, JXS_ADDRESS_POLICY_RELAY_ONLY);
  else
    jxs_endpoint_set_peer_address_policy (endpoint,
                                          scope == FOR_PEER ? fixture->pair.jids[1 - who] : bare,
                                          JXS_ADDRESS_POLICY_RELAY_ONLY);
}

/* The other side offers all it has. */
static void
test_relay_only (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data) % 2;

  set_trap (fixture, 1 - who, NULL);
  restrict_addresses (fixture, who, GPOINTER_TO_UINT (data) / 2);
  begin (fixture);
  expect_path (fixture, JXS_NS_JINGLE_IBB);
  g_assert_cmpuint (count_sent (fixture, who, "transports:s5b:1"), >, 0);
  g_assert_cmpuint (count_sent (fixture, who, "<candidate "), ==, 0);
  g_assert_cmpuint (count_sent (fixture, who, "127.0.0.1"), ==, 0);
  g_assert_cmpuint (count_sent (fixture, who, "host="), ==, 0);
  g_assert_cmpuint (count_sent (fixture, 1 - who, "<candidate "), >, 0);
  g_assert_false (fixture->trapped);
}

static gboolean
is_direct_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  return jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_DIRECT;
}

/* The same without that policy: what the test above looks for can be seen. */
static void
test_all (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data) % 2;
  const gboolean relay = GPOINTER_TO_UINT (data) / 2;

  set_trap (fixture, 1 - who, relay ? "relay.capulet.lit" : NULL);
  /* Else the direct one wins at once. */
  g_signal_connect (fixture->pair.endpoints[1 - who], "candidate", G_CALLBACK (is_direct_cb), NULL);
  begin (fixture);
  wait_until (fixture->trapped);
  g_assert_cmpuint (count_sent (fixture, who, "<candidate "), >, 0);
  g_cancellable_cancel (fixture->cancellable);
  g_assert_null (end (fixture, NULL));
  wait_until (fixture->doorman.error != NULL || fixture->doorman.connection != NULL);
}

/* Relays of ours are offered, those of the peer, which it may run itself, are not dialled. */
static void
test_relays (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  g_autoptr (JxsJid) ours = jxs_jid_new ("relay.montague.lit", NULL);

  set_trap (fixture, 1 - who, "relay.capulet.lit");
  /* Where nobody listens, the trap neither. */
  jxs_endpoint_add_proxy (fixture->pair.endpoints[who], ours, "127.0.0.1", 1);
  restrict_addresses (fixture, who, FOR_ALL);
  begin (fixture);
  expect_path (fixture, JXS_NS_JINGLE_IBB);
  g_assert_cmpuint (count_sent (fixture, who, "relay.montague.lit"), >, 0);
  g_assert_cmpuint (count_sent (fixture, who, "type='proxy'"), >, 0);
  g_assert_cmpuint (count_sent (fixture, who, "type='direct'"), ==, 0);
  g_assert_cmpuint (count_sent (fixture, 1 - who, "relay.capulet.lit"), >, 0);
  g_assert_false (fixture->trapped);
}

/* ---- asking ---- */

static void
settle_question (Fixture *fixture, guint who)
{
  wait_until (fixture->asked->len > 0);
  settle ();
  g_assert_cmpuint (fixture->asked->len, ==, 1);
  g_assert_true (
      jxs_jid_equal (g_ptr_array_index (fixture->asked, 0), fixture->pair.jids[1 - who]));
  g_assert_null (fixture->reply.result);
  g_assert_cmpuint (fixture->sent[who]->len, ==, 0);
}

static void
test_answered (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);

  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  /* Not the answer yet. */
  jxs_endpoint_set_peer_address_policy (fixture->pair.endpoints[who],
                                        fixture->pair.jids[who],
                                        JXS_ADDRESS_POLICY_ALL);
  settle ();
  g_assert_cmpuint (fixture->sent[who]->len, ==, 0);
  jxs_endpoint_set_peer_address_policy (fixture->pair.endpoints[who],
                                        fixture->pair.jids[1 - who],
                                        JXS_ADDRESS_POLICY_ALL);
  expect_path (fixture, JXS_NS_JINGLE_S5B);
  g_assert_cmpuint (fixture->asked->len, ==, 1);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);

  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  jxs_endpoint_set_peer_address_policy (fixture->pair.endpoints[who],
                                        fixture->pair.jids[1 - who],
                                        JXS_ADDRESS_POLICY_RELAY_ONLY);
  expect_path (fixture, JXS_NS_JINGLE_IBB);
  g_assert_cmpuint (count_sent (fixture, who, "<candidate "), ==, 0);
}

static void
test_answered_at_once (Fixture *fixture, gconstpointer data)
{
  fixture->answer = JXS_ADDRESS_POLICY_ALL;
  ask (fixture, GPOINTER_TO_UINT (data));
  begin (fixture);
  expect_path (fixture, JXS_NS_JINGLE_S5B);
  g_assert_cmpuint (fixture->asked->len, ==, 1);
}

/* A policy for everybody answers too. */
static void
test_policy_changed (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);

  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  jxs_endpoint_set_address_policy (fixture->pair.endpoints[who], JXS_ADDRESS_POLICY_ALL);
  expect_path (fixture, JXS_NS_JINGLE_S5B);
}

/* Nobody to ask: no. */
static void
test_nobody (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);

  jxs_endpoint_set_address_policy (fixture->pair.endpoints[who], JXS_ADDRESS_POLICY_ASK);
  begin (fixture);
  expect_path (fixture, JXS_NS_JINGLE_IBB);
  g_assert_cmpuint (count_sent (fixture, who, "<candidate "), ==, 0);
}

/* Where no address is at stake nobody is asked. */
static void
test_in_band (Fixture *fixture, gconstpointer data)
{
  static const char *const transports[] = { "ibb", NULL };
  const guint who = GPOINTER_TO_UINT (data);

  jxs_endpoint_set_transports (fixture->pair.endpoints[1 - who], transports);
  ask (fixture, who);
  begin (fixture);
  expect_path (fixture, JXS_NS_JINGLE_IBB);
  g_assert_cmpuint (fixture->asked->len, ==, 0);
}

static void
test_never_answered (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);

  hurry_stop ();
  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  jxs_clock_advance (179 * G_USEC_PER_SEC);
  settle ();
  g_assert_cmpuint (fixture->sent[who]->len, ==, 0);
  /* The responder's answer comes too late for the initiator, who waits as long. */
  jxs_clock_advance (G_USEC_PER_SEC);
  settle ();
  hurry_start ();
  if (who == ROMEO)
    expect_path (fixture, JXS_NS_JINGLE_IBB);
  else
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (end (fixture, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
      wait_until (fixture->doorman.error != NULL);
    }
  g_assert_cmpuint (count_sent (fixture, who, "<candidate "), ==, 0);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;

  fixture->doorman.cancellable = who == JULIET ? g_object_ref (fixture->cancellable) : NULL;
  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  g_cancellable_cancel (fixture->cancellable);
  g_assert_null (end (fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  if (who == JULIET)
    {
      wait_until (fixture->doorman.error != NULL);
      g_assert_error (fixture->doorman.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_assert_cmpuint (count_sent (fixture, who, "session-initiate"), ==, 0);
  g_assert_cmpuint (count_sent (fixture, who, "session-accept"), ==, 0);
  /* Too late, and harmless. */
  jxs_endpoint_set_peer_address_policy (fixture->pair.endpoints[who],
                                        fixture->pair.jids[1 - who],
                                        JXS_ADDRESS_POLICY_ALL);
  settle ();
  g_assert_cmpuint (count_sent (fixture, who, "session-accept"), ==, 0);
}

/* The peer does not want to wait any longer. */
static void
test_given_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  ask (fixture, JULIET);
  begin (fixture);
  settle_question (fixture, JULIET);
  g_cancellable_cancel (fixture->cancellable);
  g_assert_null (end (fixture, &error));
  wait_until (fixture->doorman.error != NULL);
  g_assert_cmpint (jxs_session_get_state (fixture->doorman.session), ==, JXS_SESSION_STATE_ENDED);
  g_assert_cmpuint (count_sent (fixture, JULIET, "session-accept"), ==, 0);
}

static void
test_disposed (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;

  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  g_object_run_dispose (G_OBJECT (fixture->pair.endpoints[who]));
  g_assert_null (end (fixture, &error));
  if (who == ROMEO)
    g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  else
    {
      wait_until (fixture->doorman.error != NULL);
      g_assert_error (fixture->doorman.error, JXS_ERROR, JXS_ERROR_CLOSED);
    }
}

static void
test_channel_closed (Fixture *fixture, gconstpointer data)
{
  const guint who = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;

  ask (fixture, who);
  begin (fixture);
  settle_question (fixture, who);
  jxs_loopback_channel_close (fixture->pair.channels[who]);
  if (who == ROMEO)
    {
      g_assert_null (end (fixture, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
      return;
    }
  wait_until (fixture->doorman.error != NULL);
  g_assert_error (fixture->doorman.error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_cancellable_cancel (fixture->cancellable);
  g_assert_null (end (fixture, &error));
}

/* Two openings at once: one question, whose answer serves both. */
static void
test_two (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JxsConnection) first = NULL;
  g_autoptr (JxsConnection) other = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (fixture->pair.jids[JULIET]);
  g_autoptr (GError) error = NULL;
  Reply second = { NULL };

  ask (fixture, ROMEO);
  begin (fixture);
  settle_question (fixture, ROMEO);
  jxs_endpoint_open_pipe_async (fixture->pair.endpoints[ROMEO],
                                fixture->pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &second);
  settle_question (fixture, ROMEO);
  jxs_endpoint_set_peer_address_policy (fixture->pair.endpoints[ROMEO],
                                        bare,
                                        JXS_ADDRESS_POLICY_ALL);
  first = end (fixture, &error);
  g_assert_no_error (error);
  result = reply_wait (&second);
  other = jxs_endpoint_open_pipe_finish (fixture->pair.endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->asked->len, ==, 1);
  wait_until (fixture->doorman.n_connections == 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func, data)                                                                      \
  g_test_add ("/endpoint/policy/" path, Fixture, GUINT_TO_POINTER (data), set_up, func, tear_down)
#define ADD_BOTH(path, func)                                                                       \
  ADD (path "/initiator", func, ROMEO);                                                            \
  ADD (path "/responder", func, JULIET)
  ADD ("lookup", test_lookup, 0);
  ADD ("relay-only/initiator", test_relay_only, 2 * FOR_ALL + ROMEO);
  ADD ("relay-only/responder", test_relay_only, 2 * FOR_ALL + JULIET);
  ADD ("relay-only/initiator-peer", test_relay_only, 2 * FOR_PEER + ROMEO);
  ADD ("relay-only/responder-peer", test_relay_only, 2 * FOR_PEER + JULIET);
  ADD ("relay-only/initiator-bare", test_relay_only, 2 * FOR_BARE_JID + ROMEO);
  ADD ("relay-only/responder-bare", test_relay_only, 2 * FOR_BARE_JID + JULIET);
  ADD_BOTH ("relay-only/relays", test_relays);
  ADD_BOTH ("all/address", test_all);
  ADD ("all/relay/initiator", test_all, 2 + ROMEO);
  ADD ("all/relay/responder", test_all, 2 + JULIET);
  ADD_BOTH ("ask/answered", test_answered);
  ADD_BOTH ("ask/refused", test_refused);
  ADD_BOTH ("ask/answered-at-once", test_answered_at_once);
  ADD_BOTH ("ask/policy-changed", test_policy_changed);
  ADD_BOTH ("ask/nobody", test_nobody);
  ADD_BOTH ("ask/in-band", test_in_band);
  ADD_BOTH ("ask/never-answered", test_never_answered);
  ADD_BOTH ("ask/cancelled", test_cancelled);
  ADD ("ask/given-up", test_given_up, 0);
  ADD_BOTH ("ask/disposed", test_disposed);
  ADD_BOTH ("ask/channel-closed", test_channel_closed);
  ADD ("ask/two", test_two, 0);
#undef ADD_BOTH
#undef ADD
  return g_test_run ();
}
