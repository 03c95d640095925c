/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static JxsCandidateState
get_state (Side *side, gboolean local, JxsCandidateKind kind)
{
  JxsCandidate *candidate = side_find (side, local, kind);

  g_assert_nonnull (candidate);

  return jxs_candidate_get_state (candidate);
}

static gboolean
is_relayed (Side *side)
{
  return jxs_socket_stream_get_relayed (JXS_SOCKET_STREAM (side->stream));
}

/* A port at which nobody listens. */
static guint16
find_dead_port (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

/* One that accepts connections, and then says nothing. */
static GSocket *
new_silent_socket (guint16 *port)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_assert_true (g_socket_listen (socket, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));

  return socket;
}

static void
use_fake_clock (void)
{
  jxs_clock_use_fake (G_USEC_PER_SEC);
}

static void
trace_cb (gint64 time_us, const char *layer, const char *what, const char *detail, gpointer data)
{
  if (g_str_equal (layer, "s5b"))
    g_string_append_printf (data, "%s ", what);
}

/* What a person who watches sees, on each side. */
static void
test_time_line (Fixture *self, gconstpointer unused)
{
  g_autoptr (GString) alice = g_string_new (NULL);
  g_autoptr (GString) bob = g_string_new (NULL);
  g_autoptr (JxsTrace) alice_trace = jxs_trace_new (trace_cb, alice);
  g_autoptr (JxsTrace) bob_trace = jxs_trace_new (trace_cb, bob);

  jxs_router_set_trace (self->alice.router, alice_trace);
  jxs_router_set_trace (self->bob.router, bob_trace);
  self->alice.direct = self->bob.direct = FALSE;
  fixture_add_proxy (self, &self->alice);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish (self);
  g_assert_cmpstr (alice->str,
                   ==,
                   "candidate-offered used-received error-sent nominated proxy-dialling proxy-open "
                   "activating activated activated-sent ready ");
  g_assert_cmpstr (bob->str,
                   ==,
                   "candidate-received dialling open used-sent error-received nominated "
                   "activated-received ready ");
  jxs_router_set_trace (self->alice.router, NULL);
  jxs_router_set_trace (self->bob.router, NULL);
}

/* XEP-0260 §2.3, §2.4 */
static void
test_direct (Fixture *self, gconstpointer unused)
{
  fixture_exchange (self);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_WAITING);
  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);

  g_assert_false (is_relayed (&self->alice));
  g_assert_false (is_relayed (&self->bob));
  /* Of two direct ones that of the responder is the better one, by its odd priority. */
  g_assert_cmpint (get_state (&self->alice, FALSE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);
  g_assert_cmpint (get_state (&self->bob, TRUE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);
  g_assert_cmpint (jxs_candidate_get_round_trip (
                       side_find (&self->alice, FALSE, JXS_CANDIDATE_KIND_DIRECT)),
                   >=,
                   0);
}

static void
test_one_sided (Fixture *self, gconstpointer bob_offers)
{
  (bob_offers != NULL ? &self->alice : &self->bob)->direct = FALSE;
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->alice.candidates)), ==, 1);
}

/* Nobody learns an address before the session is accepted. */
static void
test_patient (Fixture *self, gconstpointer unused)
{
  fixture_add_proxy (self, &self->alice);
  use_fake_clock ();
  fixture_exchange (self);
  for (guint i = 0; i < 100; i++)
    {
      fixture_settle (self);
      jxs_clock_advance (100 * 1000);
    }
  g_assert_cmpuint (fake_proxy_get_n_connected (self->proxy), ==, 0);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_WAITING);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_WAITING);
}

/* XEP-0260 §2.4: whoever offered the proxy activates it. */
static void
test_proxy (Fixture *self, gconstpointer bob_offers)
{
  Side *offerer = bob_offers != NULL ? &self->bob : &self->alice;
  Side *other = bob_offers != NULL ? &self->alice : &self->bob;

  self->alice.direct = self->bob.direct = FALSE;
  fixture_add_proxy (self, offerer);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);

  g_assert_cmpuint (self->n_activations, ==, 1);
  g_assert_true (is_relayed (&self->alice));
  g_assert_true (is_relayed (&self->bob));
  g_assert_cmpint (get_state (offerer, TRUE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);
  g_assert_cmpint (get_state (other, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);
  g_assert_cmpuint (jxs_transport_get_round_trips (offerer->transport), ==, 1);
}

/* Direct is better than relayed, also when both work. */
static void
test_proxy_spare (Fixture *self, gconstpointer unused)
{
  fixture_add_proxy (self, &self->alice);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);
  g_assert_false (is_relayed (&self->alice));
  g_assert_cmpuint (self->n_activations, ==, 0);
  g_assert_cmpuint (fake_proxy_get_n_connected (self->proxy), ==, 0);
}

/* XEP-0260 §2.2: the responder leaves out what the initiator offered. */
static void
test_proxy_shared (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) offer = NULL;
  g_autoptr (JxsElement) answer = NULL;
  g_autofree char *dstaddr = NULL;

  self->alice.direct = self->bob.direct = FALSE;
  fixture_add_proxy (self, &self->alice);
  fixture_add_proxy (self, &self->bob);
  offer = jxs_transport_build (self->alice.transport);
  dstaddr =
      jxs_s5b_dst_addr (jxs_element_get_attribute (offer, "sid"), self->alice.jid, self->bob.jid);
  g_assert_cmpstr (jxs_element_get_attribute (offer, "dstaddr"), ==, dstaddr);
  g_assert_true (jxs_transport_set_remote (self->bob.transport, offer, NULL));
  answer = jxs_transport_build (self->bob.transport);
  g_assert_cmpuint (jxs_element_get_n_children (answer), ==, 0);
  g_assert_null (jxs_element_get_attribute (answer, "dstaddr"));
  g_assert_null (jxs_element_get_attribute (answer, "mode"));
  g_assert_true (jxs_transport_set_remote (self->alice.transport, answer, NULL));

  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);
}

/* XEP-0065 §6.3.5, XEP-0260 §2.4 */
static void
test_proxy_refuses (Fixture *self, gconstpointer unused)
{
  self->alice.direct = self->bob.direct = FALSE;
  self->refuse_to_activate = "not-authorized";
  fixture_add_proxy (self, &self->alice);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish (self);

  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_nonnull (strstr (self->alice.error->message, "127.0.0.1"));
  g_assert_error (self->bob.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_cmpint (get_state (&self->alice, TRUE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_FAILED);
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_FAILED);
}

/* The proxy is gone when its turn comes. */
static void
test_proxy_hangs_up (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) used = NULL;

  self->alice.direct = self->bob.direct = FALSE;
  fixture_add_proxy (self, &self->alice);
  fixture_exchange (self);
  self->bob.held = TRUE;
  fixture_connect (self);
  used = fixture_take (self, &self->bob, "candidate-used");
  fixture_wait_for (self, fake_proxy_get_n_connected (self->proxy) == 1);
  fake_proxy_hang_up (self->proxy);
  fixture_settle (self);
  fixture_hand (self, &self->alice, used);
  self->bob.held = FALSE;
  fixture_finish (self);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_error (self->bob.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* Nobody has anything: it does not take longer than candidates may still come. */
static void
test_nothing (Fixture *self, gconstpointer unused)
{
  guint elapsed;

  use_fake_clock ();
  self->alice.direct = self->bob.direct = FALSE;
  fixture_exchange (self);
  fixture_connect (self);
  elapsed = fixture_finish_in_time (self);
  g_assert_cmpuint (elapsed, >=, JXS_S5B_GRACE);
  g_assert_cmpuint (elapsed, <, JXS_S5B_GRACE + 500);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_assert_error (self->bob.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* The most telling reason is told: of a candidate that refuses and one that says nothing the
 * former. */
static void
test_dead (Fixture *self, gconstpointer also_refused)
{
  guint16 port;
  GSocket *silent = new_silent_socket (&port);
  const int code = also_refused != NULL ? JXS_ERROR_CONNECTIVITY : JXS_ERROR_TIMED_OUT;
  guint elapsed;

  use_fake_clock ();
  self->alice.direct = self->bob.direct = FALSE;
  jxs_s5b_service_add_external (self->alice.service, "127.0.0.1", port);
  if (also_refused != NULL)
    jxs_s5b_service_add_external (self->alice.service, "127.0.0.1", find_dead_port ());
  fixture_exchange (self);
  fixture_connect (self);
  elapsed = fixture_finish_in_time (self);
  g_assert_cmpuint (elapsed, <, JXS_S5B_ATTEMPTS_TIMEOUT + 500);

  g_assert_error (self->bob.error, JXS_ERROR, code);
  g_assert_nonnull (strstr (self->bob.error->message, "127.0.0.1"));
  g_assert_cmpint (get_state (&self->bob, FALSE, JXS_CANDIDATE_KIND_ASSISTED),
                   ==,
                   JXS_CANDIDATE_STATE_FAILED);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_object_unref (silent);
}

/* A peer that vanished is not waited for without end. */
static void
test_mute (Fixture *self, gconstpointer unused)
{
  guint elapsed = 0;

  use_fake_clock ();
  fixture_exchange (self);
  side_connect (&self->alice);
  for (fixture_settle (self); self->alice.result == NULL; fixture_settle (self))
    {
      jxs_clock_advance (100 * 1000);
      elapsed += 100;
      g_assert_cmpuint (elapsed, <=, JXS_S5B_MAX_TIME);
    }
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
}

/* XEP-0260 §6.1: with relay-only neither offers nor dials addresses. */
static void
test_relay_only (Fixture *self, gconstpointer has_proxy)
{
  g_autoptr (JxsElement) offer = NULL;

  use_fake_clock ();
  self->alice.policy = JXS_ADDRESS_POLICY_RELAY_ONLY;
  fixture_add_proxy (self, has_proxy != NULL ? &self->alice : &self->bob);
  fixture_exchange (self);
  g_assert_null (side_find (&self->alice, TRUE, JXS_CANDIDATE_KIND_DIRECT));
  fixture_connect (self);
  fixture_finish_in_time (self);
  g_assert_cmpint (get_state (&self->alice, FALSE, JXS_CANDIDATE_KIND_DIRECT),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  if (has_proxy != NULL)
    {
      fixture_check_streams (self);
      g_assert_true (is_relayed (&self->alice));
      return;
    }
  /* What the peer calls a proxy may be the peer. */
  g_assert_cmpint (get_state (&self->alice, FALSE, JXS_CANDIDATE_KIND_PROXY),
                   ==,
                   JXS_CANDIDATE_STATE_SKIPPED);
  g_assert_cmpuint (fake_proxy_get_n_connected (self->proxy), ==, 0);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* A proxy that is found late is offered late (XEP-0260 §2.2). */
static void
test_trickle (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) offer = NULL;

  self->alice.direct = self->bob.direct = FALSE;
  fixture_exchange (self);
  self->alice.held = TRUE;
  fixture_add_proxy (self, &self->alice);
  g_signal_emit_by_name (self->alice.service, "candidates-changed");
  offer = fixture_take (self, &self->alice, "candidate");
  g_assert_nonnull (jxs_element_get_attribute (offer, "dstaddr"));
  fixture_hand (self, &self->bob, offer); /* kept until it connects */
  self->alice.held = FALSE;
  fixture_connect (self);
  fixture_finish (self);
  fixture_check_streams (self);
  g_assert_true (is_relayed (&self->bob));
}

static void
test_trickle_later (Fixture *self, gconstpointer unused)
{
  self->alice.direct = self->bob.direct = FALSE;
  fixture_exchange (self);
  fixture_connect (self);
  fixture_settle (self);
  g_assert_false (fixture_is_done (self));
  fixture_add_proxy (self, &self->bob);
  g_signal_emit_by_name (self->bob.service, "candidates-changed");
  fixture_finish (self);
  fixture_check_streams (self);
  g_assert_true (is_relayed (&self->bob));
}

/* Nobody would try it any more. */
static void
test_trickle_too_late (Fixture *self, gconstpointer unused)
{
  self->alice.direct = self->bob.direct = FALSE;
  fixture_exchange (self);
  self->bob.held = self->alice.held = TRUE;
  side_connect (&self->alice);
  side_hear (&self->alice, "<candidate-error/>", -1);
  fixture_add_proxy (self, &self->alice);
  g_signal_emit_by_name (self->alice.service, "candidates-changed");
  g_assert_null (side_find (&self->alice, TRUE, JXS_CANDIDATE_KIND_PROXY));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */

#define ADD(name, func) ADD_WITH (name, NULL, func)
#define ADD_WITH(name, data, func)                                                                 \
  g_test_add (                                                                                     \
      "/transports/s5b-transport/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)

  ADD ("direct", test_direct);
  ADD ("direct/of-initiator", test_one_sided);
  ADD_WITH ("direct/of-responder", "bob", test_one_sided);
  ADD ("patient", test_patient);
  ADD ("time-line", test_time_line);
  ADD ("proxy/of-initiator", test_proxy);
  ADD_WITH ("proxy/of-responder", "bob", test_proxy);
  ADD ("proxy/spare", test_proxy_spare);
  ADD ("proxy/shared", test_proxy_shared);
  ADD ("proxy/refuses", test_proxy_refuses);
  ADD ("proxy/hangs-up", test_proxy_hangs_up);
  ADD ("nothing", test_nothing);
  ADD ("dead/silent", test_dead);
  ADD_WITH ("dead/refused", "refused", test_dead);
  ADD ("dead/mute", test_mute);
  ADD_WITH ("relay-only/works", "proxy", test_relay_only);
  ADD ("relay-only/fails", test_relay_only);
  ADD ("trickle/before", test_trickle);
  ADD ("trickle/later", test_trickle_later);
  ADD ("trickle/too-late", test_trickle_too_late);

  return g_test_run ();
}
