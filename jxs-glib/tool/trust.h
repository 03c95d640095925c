/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool.h"

G_BEGIN_DECLS

/* The keys of others, and how far each is trusted: one file for all accounts. */

/* path (nullable): the default one. NULL with an error. (transfer full) */
JxsTrustStore *tool_trust_open (const char *path, GError **error);
/* Waits until what was learned so far is on disk: the store writes one thing after the other, and
 * the program may end before. jid: any */
void tool_trust_settle (JxsTrustStore *store, JxsJid *jid);
/* In words; both are parts of sentences. */
const char *tool_trust_describe_level (JxsTrustLevel level);
const char *tool_trust_describe_origin (JxsTrustOrigin origin);
/* How far a key is trusted, and what that rests on. (transfer full) */
char *tool_trust_describe (JxsTrustRecord *record);
/* "2026-11-21 14:05", or “never”. (transfer full) */
char *tool_trust_date (gint64 seconds);

G_END_DECLS
