/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fixture.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/jingle/jxs-candidate-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static JxsCandidateState
get_state (Side *side, gboolean local, JxsCandidateKind kind)
{
  JxsCandidate *candidate = side_find (side, local, kind);

  g_assert_nonnull (candidate);
  return jxs_candidate_get_state (candidate);
}

/* XEP-0260 §6.1: a relay of the peer's may turn out to be ours while it waits. */
static void
test_shared_later (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_fake (0);
  self->bob.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  fixture_add_proxy (self, &self->alice);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_settle (self);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  g_assert_cmpuint (fake_proxy_get_n_connected (self->proxy), ==, 0);
  fixture_add_proxy (self, &self->bob);
  fixture_finish_in_time (self);
  fixture_check_streams (self);
  g_assert_true (jxs_socket_stream_get_relayed (JXS_SOCKET_STREAM (self->bob.stream)));
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);
}

/* The name of our proxy at an address of the peer's choosing. */
static void
test_disguised (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (PROXY_JID, NULL);

  jxs_clock_use_fake (0);
  self->bob.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  fixture_add_proxy (self, &self->alice);
  g_assert_true (jxs_s5b_proxies_add (jxs_s5b_service_get_proxies (self->bob.service),
                                      jid,
                                      "192.0.2.1",
                                      fake_proxy_get_port (self->proxy)));
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish_in_time (self);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  g_assert_cmpuint (fake_proxy_get_n_connected (self->proxy), ==, 0);
  g_assert_nonnull (self->bob.error);
}

/* Counts the questions, and knows nobody. */
#define TEST_TYPE_RESOLVER (test_resolver_get_type ())
G_DECLARE_FINAL_TYPE (TestResolver, test_resolver, TEST, RESOLVER, GResolver)

struct _TestResolver
{
  GResolver parent_instance;
  guint n_lookups;
};

G_DEFINE_FINAL_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static void
test_resolver_lookup_async (GResolver *resolver,
                            const char *name,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);

  TEST_RESOLVER (resolver)->n_lookups++;
  g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "Nobody");
}

static GList *
test_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_class_init (TestResolverClass *klass)
{
  GResolverClass *resolver_class = G_RESOLVER_CLASS (klass);

  resolver_class->lookup_by_name_async = test_resolver_lookup_async;
  resolver_class->lookup_by_name_finish = test_resolver_lookup_finish;
}

static void
test_resolver_init (TestResolver *self)
{
}

static TestResolver *resolver; /* (owned) by main() */

/* Of alice: addresses where somebody listens, and names, of all kinds. */
static JxsElement *
new_offer (guint16 port)
{
  static const char *const kinds[] = { "direct", "assisted", "tunnel", "proxy" };
  g_autoptr (GString) xml =
      g_string_new ("<transport xmlns='" JXS_NS_JINGLE_S5B "' sid='vj3hs98y'>");
  JxsElement *offer;

  for (guint i = 0; i < 4; i++)
    g_string_append_printf (xml,
                            "<candidate cid='a%u' host='127.0.0.%u' port='%u' type='%s' "
                            "jid='alice@example.com/desk' priority='%u'/>",
                            i,
                            i + 1,
                            port,
                            kinds[i],
                            1000 - i);
  for (guint i = 0; i < 20; i++)
    g_string_append_printf (xml,
                            "<candidate cid='n%u' host='n%u.example' port='1080' type='%s' "
                            "jid='alice@example.com/desk' priority='%u'/>",
                            i,
                            i,
                            kinds[i % 4],
                            2000 - i);
  g_string_append (xml, "</transport>");
  offer = jxs_element_new_from_string (xml->str, NULL);
  g_assert_nonnull (offer);
  return offer;
}

/* Bob is offered it and dials; those who listen never answer. */
static GSocket *
start (Fixture *self, JxsAddressPolicy offering, JxsAddressPolicy dialling)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (JxsElement) offer = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *listener;

  jxs_clock_use_fake (0);
  resolver->n_lookups = 0;
  listener =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (listener, FALSE);
  g_socket_bind (listener, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_listen (listener, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (listener, &error);
  g_assert_no_error (error);
  offer = new_offer (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));

  self->bob.policy = offering;
  jxs_transport_set_remote (self->bob.transport, offer, &error);
  g_assert_no_error (error);
  answer = jxs_transport_build (self->bob.transport);
  self->bob.policy = dialling;
  side_connect (&self->bob);
  return listener;
}

static guint
count_dialled (GSocket *listener)
{
  GSocket *accepted;
  guint n = 0;

  while ((accepted = g_socket_accept (listener, NULL, NULL)) != NULL)
    {
      g_object_unref (accepted);
      n++;
    }
  return n;
}

typedef struct
{
  JxsAddressPolicy offering;
  JxsAddressPolicy dialling;
} Policies;

/* XEP-0260 §6.1: with relay-only nothing goes where the peer wants it, not even a question to its
 * DNS server; otherwise there is a limit to the names. */
static void
test_peer_chooses (Fixture *self, gconstpointer data)
{
  const Policies *policies = data;
  g_autoptr (GSocket) listener = NULL;

  listener = start (self, policies->offering, policies->dialling);
  for (fixture_settle (self); self->bob.result == NULL; fixture_settle (self))
    jxs_clock_advance (100 * 1000);
  g_assert_nonnull (self->bob.error);
  if (policies->offering == JXS_ADDRESS_POLICY_ALL && policies->dialling == JXS_ADDRESS_POLICY_ALL)
    {
      g_assert_cmpuint (count_dialled (listener), ==, 4);
      g_assert_cmpuint (resolver->n_lookups, ==, 8);
    }
  else
    {
      g_assert_cmpuint (count_dialled (listener), ==, 0);
      g_assert_cmpuint (resolver->n_lookups, ==, 0);
    }
}

/* What was about to be dialled is not, when the policy becomes stricter. */
static void
test_stricter_while_dialling (Fixture *self, gconstpointer unused)
{
  g_autoptr (GSocket) listener = start (self, JXS_ADDRESS_POLICY_ALL, JXS_ADDRESS_POLICY_ALL);

  fixture_settle (self);
  self->bob.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  for (fixture_settle (self); self->bob.result == NULL; fixture_settle (self))
    jxs_clock_advance (100 * 1000);
  g_assert_cmpuint (count_dialled (listener), ==, 1);
}

/* Both sides may have the same private address and the same port, which the user forwards: whoever
 * dials it finds itself. */
static void
test_own_place (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) offer = NULL;
  g_autoptr (JxsElement) answer = NULL;
  JxsS5bListener *listener = jxs_s5b_service_get_listener (self->bob.service);

  jxs_clock_use_fake (0);
  g_assert_true (jxs_s5b_listener_hold (listener, NULL));
  self->alice.direct = FALSE;
  fixture_add_proxy (self, &self->alice);
  g_assert_true (
      jxs_s5b_service_add_external (self->alice.service,
                                    "127.0.0.1",
                                    jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4)));
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish_in_time (self);
  fixture_check_streams (self);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_ASSISTED),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  jxs_s5b_listener_release (listener);
}

static void
shown_cb (
    GListModel *candidates, guint position, guint n_removed, guint n_added, gpointer user_data)
{
  Side *side = user_data;
  g_autoptr (GError) error = g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, "Enough");

  jxs_transport_abort (side->transport, error);
}

/* Who sees the first candidate ends it: nobody is let in any more. */
static void
test_ended_while_offering (Fixture *self, gconstpointer unused)
{
  Side *alice = &self->alice;
  g_autoptr (JxsElement) offer = NULL;
  g_autofree char *hash = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  JxsS5bDialParams params = { .timeout_ms = 2000, .allow_loopback = TRUE };
  JxsCandidate *candidate;

  g_signal_connect (alice->candidates, "items-changed", G_CALLBACK (shown_cb), alice);
  offer = jxs_transport_build (alice->transport);
  g_signal_handlers_disconnect_by_data (alice->candidates, alice);
  candidate = side_find (alice, TRUE, JXS_CANDIDATE_KIND_DIRECT);
  g_assert_nonnull (candidate);
  g_signal_handlers_disconnect_by_data (alice->transport, alice);
  g_assert_finalize_object (g_steal_pointer (&alice->transport));

  hash = jxs_s5b_dst_addr (jxs_element_get_attribute (offer, "sid"), alice->jid, self->bob.jid);
  params.host = jxs_candidate_get_host (candidate);
  params.port = (guint16) jxs_candidate_get_port (candidate);
  params.dst_addrs[0] = hash;
  jxs_s5b_dial_async (&params, NULL, jxs_test_keep_result, &result);
  fixture_wait_for (self, result != NULL);
  connection = jxs_s5b_dial_finish (result, NULL, &error);
  g_assert_null (connection);
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  static const Policies all = { JXS_ADDRESS_POLICY_ALL, JXS_ADDRESS_POLICY_ALL };
  static const Policies relay_only = { JXS_ADDRESS_POLICY_RELAY_ONLY,
                                       JXS_ADDRESS_POLICY_RELAY_ONLY };
  static const Policies stricter = { JXS_ADDRESS_POLICY_ALL, JXS_ADDRESS_POLICY_RELAY_ONLY };
  static const Policies laxer = { JXS_ADDRESS_POLICY_RELAY_ONLY, JXS_ADDRESS_POLICY_ALL };
  int status;

  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */
  resolver = g_object_new (TEST_TYPE_RESOLVER, NULL);
  g_resolver_set_default (G_RESOLVER (resolver));

#define ADD(name, func) ADD_WITH (name, NULL, func)
#define ADD_WITH(name, data, func)                                                                 \
  g_test_add (                                                                                     \
      "/transports/s5b-privacy/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)

  ADD ("shared-later", test_shared_later);
  ADD ("disguised", test_disguised);
  ADD ("ended-while-offering", test_ended_while_offering);

  ADD_WITH ("peer-chooses/all", &all, test_peer_chooses);
  ADD_WITH ("peer-chooses/relay-only", &relay_only, test_peer_chooses);
  ADD_WITH ("peer-chooses/stricter", &stricter, test_peer_chooses);
  ADD_WITH ("peer-chooses/laxer", &laxer, test_peer_chooses);
  ADD ("stricter-while-dialling", test_stricter_while_dialling);
  ADD ("own-place", test_own_place);

  status = g_test_run ();
  g_object_unref (resolver);
  return status;
}
