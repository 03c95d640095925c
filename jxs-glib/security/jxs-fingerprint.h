/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

JXS_AVAILABLE_IN_1_0
char *jxs_fingerprint_to_text (const char *fingerprint);
JXS_AVAILABLE_IN_1_0
char *jxs_fingerprint_from_text (const char *text, GError **error);
JXS_AVAILABLE_IN_1_0
char *jxs_fingerprint_to_uri (JxsJid *jid, const char *fingerprint);
JXS_AVAILABLE_IN_1_0
gboolean
jxs_fingerprint_from_uri (const char *uri, JxsJid **jid, char **fingerprint, GError **error);

G_END_DECLS
