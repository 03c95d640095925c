/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate.h>

G_BEGIN_DECLS

/* host: an address without brackets and zone, or a name. jid: who is there. */
JxsCandidate *jxs_candidate_new (gboolean local,
                                 JxsCandidateKind kind,
                                 const char *host,
                                 guint16 port,
                                 JxsJid *jid,
                                 guint32 priority);
/* Each of these notifies. From now on the priority is fixed: the peer knows it. */
void jxs_candidate_freeze (JxsCandidate *self);
/* FAILED takes its error: jxs_candidate_fail(). NOMINATED is never left but for FAILED. */
void jxs_candidate_set_state (JxsCandidate *self, JxsCandidateState state);
void jxs_candidate_fail (JxsCandidate *self, const GError *error);
/* Microseconds that connecting took (TCP, and the answer of the other side). */
void jxs_candidate_set_round_trip (JxsCandidate *self, gint64 round_trip_us);
const char *jxs_candidate_kind_to_name (JxsCandidateKind kind); /* "direct", … as on the wire */
const char *jxs_candidate_state_to_name (JxsCandidateState state); /* "waiting", … for the trace */

G_END_DECLS
