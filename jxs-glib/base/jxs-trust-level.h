/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib-object.h>

#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

/**
 * JxsTrustLevel:
 * @JXS_TRUST_LEVEL_DISTRUSTED: the key is refused: the session ends with security-error
 * @JXS_TRUST_LEVEL_UNKNOWN: nobody decided about the key: as a decision, a refusal too
 * @JXS_TRUST_LEVEL_FIRST_USE: the key was seen for the first time and is remembered; nobody
 *   verified it, so it may be an attacker's
 * @JXS_TRUST_LEVEL_PINNED: the same key as before
 * @JXS_TRUST_LEVEL_VERIFIED: a person or a third party verified the key
 *
 * How far the key of a peer is trusted. Higher is better.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_TRUST_LEVEL_DISTRUSTED,
  JXS_TRUST_LEVEL_UNKNOWN,
  JXS_TRUST_LEVEL_FIRST_USE,
  JXS_TRUST_LEVEL_PINNED,
  JXS_TRUST_LEVEL_VERIFIED,
} JxsTrustLevel;

#define JXS_TYPE_TRUST_LEVEL (jxs_trust_level_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_trust_level_get_type (void);

/**
 * JxsTrustOrigin:
 * @JXS_TRUST_ORIGIN_NONE: nothing but that the key was there before, or for the first time
 * @JXS_TRUST_ORIGIN_FINGERPRINT: a person compared the fingerprint
 * @JXS_TRUST_ORIGIN_SHORT_STRING: two persons compared a short authentication string
 * @JXS_TRUST_ORIGIN_PASSWORD: both sides knew a password
 * @JXS_TRUST_ORIGIN_AUTHORITY: an authority that the application trusts certified the address
 * @JXS_TRUST_ORIGIN_VOUCHED: the peer named the key in a session authenticated by an older one
 * @JXS_TRUST_ORIGIN_APPLICATION: the application said so
 *
 * What the trust in a key rests on.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_TRUST_ORIGIN_NONE,
  JXS_TRUST_ORIGIN_FINGERPRINT,
  JXS_TRUST_ORIGIN_SHORT_STRING,
  JXS_TRUST_ORIGIN_PASSWORD,
  JXS_TRUST_ORIGIN_AUTHORITY,
  JXS_TRUST_ORIGIN_VOUCHED,
  JXS_TRUST_ORIGIN_APPLICATION,
} JxsTrustOrigin;

#define JXS_TYPE_TRUST_ORIGIN (jxs_trust_origin_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_trust_origin_get_type (void);

G_END_DECLS
