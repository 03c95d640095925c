/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

#define JXS_TYPE_MEMORY_TRUST (jxs_memory_trust_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsMemoryTrust, jxs_memory_trust, JXS, MEMORY_TRUST, GObject)

JXS_AVAILABLE_IN_1_0
JxsMemoryTrust *jxs_memory_trust_new (void);
JXS_AVAILABLE_IN_1_0
void jxs_memory_trust_set_first_use (JxsMemoryTrust *self, gboolean first_use);
JXS_AVAILABLE_IN_1_0
gboolean jxs_memory_trust_get_first_use (JxsMemoryTrust *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_memory_trust_pin (
    JxsMemoryTrust *self, JxsJid *jid, const char *fingerprint, gboolean verified, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_memory_trust_forget (JxsMemoryTrust *self, JxsJid *jid);

G_END_DECLS
