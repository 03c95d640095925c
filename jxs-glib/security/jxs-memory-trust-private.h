/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-memory-trust.h>

G_BEGIN_DECLS

/* What was decided about a key; UNKNOWN if nothing was. fingerprint: SHA-256, normalized. */
JxsTrustLevel
jxs_memory_trust_get_level (JxsMemoryTrust *self, JxsJid *peer, const char *fingerprint);

G_END_DECLS
