/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

/**
 * JxsVerificationState:
 * @JXS_VERIFICATION_STATE_WAITING: for the peer's software; there is nothing to compare yet
 * @JXS_VERIFICATION_STATE_COMPARING: the string is there: two persons compare it
 * @JXS_VERIFICATION_STATE_CONFIRMED: our person found it equal; the peer's has not answered yet
 * @JXS_VERIFICATION_STATE_VERIFIED: both found it equal: the key of the peer is verified
 * @JXS_VERIFICATION_STATE_FAILED: it is over without result: [property@Verification:error] says why
 *
 * The life of a [class@Verification].
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_VERIFICATION_STATE_WAITING,
  JXS_VERIFICATION_STATE_COMPARING,
  JXS_VERIFICATION_STATE_CONFIRMED,
  JXS_VERIFICATION_STATE_VERIFIED,
  JXS_VERIFICATION_STATE_FAILED,
} JxsVerificationState;

#define JXS_TYPE_VERIFICATION_STATE (jxs_verification_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_verification_state_get_type (void);

#define JXS_TYPE_VERIFICATION (jxs_verification_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsVerification, jxs_verification, JXS, VERIFICATION, GObject)

JXS_AVAILABLE_IN_1_0
JxsVerificationState jxs_verification_get_state (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
JxsXmlStream *jxs_verification_get_stream (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_verification_get_peer_jid (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_verification_get_digits (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
const char *const *jxs_verification_get_emoji (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
const char *const *jxs_verification_get_emoji_names (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
const GError *jxs_verification_get_error (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
void jxs_verification_confirm (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
void jxs_verification_reject (JxsVerification *self);
JXS_AVAILABLE_IN_1_0
void jxs_verification_cancel (JxsVerification *self);

G_END_DECLS
