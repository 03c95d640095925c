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
 * @JXS_TRUST_LEVEL_REFUSED: the key is refused: the session ends with security-error
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
  JXS_TRUST_LEVEL_REFUSED,
  JXS_TRUST_LEVEL_FIRST_USE,
  JXS_TRUST_LEVEL_PINNED,
  JXS_TRUST_LEVEL_VERIFIED,
} JxsTrustLevel;

#define JXS_TYPE_TRUST_LEVEL (jxs_trust_level_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_trust_level_get_type (void);

G_END_DECLS
