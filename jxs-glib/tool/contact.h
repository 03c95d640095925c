/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "questions.h"
#include "trust.h"

G_BEGIN_DECLS

/* Tells the person about keys that were never seen, or changed, and asks where there is something
 * to decide. Without a terminal the defaults of the trust store hold. Both must outlive the
 * endpoint. */
void tool_contact_watch (JxsTrustStore *store, ToolQuestions *questions);
/* Answers what peers ask to verify: shows what is to be compared, and asks. verification is kept
 * until it is over. done (nullable) is called then. */
typedef void (*ToolVerifiedFunc) (JxsVerification *verification, gpointer user_data);
void tool_contact_compare (JxsVerification *verification,
                           ToolQuestions *questions,
                           ToolVerifiedFunc done,
                           gpointer user_data);

G_END_DECLS
