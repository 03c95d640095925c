/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "questions.h"
#include "trust.h"

G_BEGIN_DECLS

/* Tells the person about keys that were never seen, or changed, and asks where there is something
 * to decide. Without a terminal the defaults of the trust store hold. */
typedef struct _ToolContact ToolContact;

ToolContact *tool_contact_new (JxsTrustStore *store, ToolQuestions *questions);
/* Both of the persons will compare: nobody is asked before about the first key of an address. */
void tool_contact_will_compare (ToolContact *self);
/* Whether all there is to say about a new key was said. */
gboolean tool_contact_has_shown (ToolContact *self, const char *fingerprint);
/* Nothing comes of the call of peer any more: nobody is asked about its key. */
void tool_contact_withdraw (ToolContact *self, JxsJid *peer);
/* Before the store and the questions. */
void tool_contact_free (ToolContact *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolContact, tool_contact_free)

/* Shows what two persons are to compare, asks, and says what came of it. verification is kept until
 * it is over. done (nullable) is called then. */
typedef void (*ToolVerifiedFunc) (JxsVerification *verification, gpointer user_data);
void tool_contact_compare (JxsVerification *verification,
                           ToolQuestions *questions,
                           ToolVerifiedFunc done,
                           gpointer user_data);
/* Whether a comparison on this stream failed, which is said already. */
gboolean tool_contact_has_told (JxsXmlStream *stream);

G_END_DECLS
