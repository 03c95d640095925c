/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/**
 * JxsAddressPolicy:
 * @JXS_ADDRESS_POLICY_ALL: our network addresses are offered to the peer, and its addresses dialled
 * @JXS_ADDRESS_POLICY_RELAY_ONLY: neither; only relays that we chose ourselves are used, so that
 * the peer does not learn where we are
 * @JXS_ADDRESS_POLICY_ASK: the application decides for each peer
 *
 * Who may learn our network addresses (XEP-0260 §6.1).
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_ADDRESS_POLICY_ALL,
  JXS_ADDRESS_POLICY_RELAY_ONLY,
  JXS_ADDRESS_POLICY_ASK,
} JxsAddressPolicy;

#define JXS_TYPE_ADDRESS_POLICY (jxs_address_policy_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_address_policy_get_type (void);

/**
 * JxsCandidateKind:
 * @JXS_CANDIDATE_KIND_DIRECT: an address of a network interface
 * @JXS_CANDIDATE_KIND_ASSISTED: an address on the outside of a router that lets us in (NAT
 * assistance, port mapping)
 * @JXS_CANDIDATE_KIND_TUNNEL: an address of a tunnel, such as a VPN
 * @JXS_CANDIDATE_KIND_PROXY: a relay, to which both sides connect
 *
 * How a candidate leads to its owner (XEP-0260 §2.2).
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_CANDIDATE_KIND_DIRECT,
  JXS_CANDIDATE_KIND_ASSISTED,
  JXS_CANDIDATE_KIND_TUNNEL,
  JXS_CANDIDATE_KIND_PROXY,
} JxsCandidateKind;

#define JXS_TYPE_CANDIDATE_KIND (jxs_candidate_kind_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_candidate_kind_get_type (void);

/**
 * JxsCandidateState:
 * @JXS_CANDIDATE_STATE_WAITING: ours: the peer may try it; the peer's: its turn has not come
 * @JXS_CANDIDATE_STATE_CONNECTING: being tried
 * @JXS_CANDIDATE_STATE_CONNECTED: it works
 * @JXS_CANDIDATE_STATE_FAILED: it does not work, see [property@Candidate:error]
 * @JXS_CANDIDATE_STATE_SKIPPED: not needed, or not allowed by the address policy
 * @JXS_CANDIDATE_STATE_NOMINATED: the stream goes over this one
 *
 * What became of a candidate.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_CANDIDATE_STATE_WAITING,
  JXS_CANDIDATE_STATE_CONNECTING,
  JXS_CANDIDATE_STATE_CONNECTED,
  JXS_CANDIDATE_STATE_FAILED,
  JXS_CANDIDATE_STATE_SKIPPED,
  JXS_CANDIDATE_STATE_NOMINATED,
} JxsCandidateState;

#define JXS_TYPE_CANDIDATE_STATE (jxs_candidate_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_candidate_state_get_type (void);

#define JXS_TYPE_CANDIDATE (jxs_candidate_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsCandidate, jxs_candidate, JXS, CANDIDATE, GObject)

JXS_AVAILABLE_IN_1_0
gboolean jxs_candidate_is_local (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
JxsCandidateKind jxs_candidate_get_kind (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_candidate_get_host (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
guint jxs_candidate_get_port (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_candidate_get_jid (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
guint jxs_candidate_get_priority (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
void jxs_candidate_set_priority (JxsCandidate *self, guint priority);
JXS_AVAILABLE_IN_1_0
JxsCandidateState jxs_candidate_get_state (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
gint64 jxs_candidate_get_round_trip (JxsCandidate *self);
JXS_AVAILABLE_IN_1_0
const GError *jxs_candidate_get_error (JxsCandidate *self);

G_END_DECLS
