/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-trust-level.h>

G_DEFINE_ENUM_TYPE (JxsTrustLevel,
                    jxs_trust_level,
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_FIRST_USE, "first-use"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_PINNED, "pinned"),
                    G_DEFINE_ENUM_VALUE (JXS_TRUST_LEVEL_VERIFIED, "verified"))
