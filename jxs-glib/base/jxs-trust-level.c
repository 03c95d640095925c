/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-trust-level.h>

G_DEFINE_ENUM_TYPE (JxsTrustLevel,
                    jxs_trust_level,
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_DISTRUSTED, "distrusted"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_FIRST_USE, "first-use"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_PINNED, "pinned"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_VERIFIED, "verified"))

G_DEFINE_ENUM_TYPE (JxsTrustOrigin,
                    jxs_trust_origin,
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_FINGERPRINT, "fingerprint"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_SHORT_STRING, "short-string"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_PASSWORD, "password"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_AUTHORITY, "authority"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_VOUCHED, "vouched"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_ORIGIN_APPLICATION, "application"))
