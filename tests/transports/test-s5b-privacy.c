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
  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */

#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/transports/s5b-privacy/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

  ADD ("shared-later", test_shared_later);
  ADD ("disguised", test_disguised);
  ADD ("ended-while-offering", test_ended_while_offering);

  return g_test_run ();
}
