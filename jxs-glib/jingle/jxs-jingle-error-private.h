/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/jingle/jxs-reason.h>

G_BEGIN_DECLS

/* Errors on the wire (XEP-0166 §10) and what they mean to the application. */

typedef enum
{
  JXS_JINGLE_OUT_OF_ORDER,
  JXS_JINGLE_TIE_BREAK,
  JXS_JINGLE_UNKNOWN_SESSION,
  JXS_JINGLE_UNSUPPORTED_INFO,
  JXS_JINGLE_SECURITY_REQUIRED,
} JxsJingleCondition;

/* Answer iq. The namespace of the condition goes with jingle_namespace. */
void jxs_jingle_reply_condition (JxsRouter *router,
                                 JxsElement *iq,
                                 const char *jingle_namespace,
                                 JxsJingleCondition condition);
/* A plain JXS_STANZA_ERROR; feature-not-implemented and not-acceptable get the Jingle condition
 * that goes with them. */
void jxs_jingle_reply_error (JxsRouter *router,
                             JxsElement *iq,
                             const char *jingle_namespace,
                             const GError *error);
void jxs_jingle_reply_redirect (JxsRouter *router, JxsElement *iq, const char *uri);

/* Whether an error answer says that the session is not known any more. */
gboolean jxs_jingle_answer_is_unknown_session (JxsElement *answer, const char *jingle_namespace);
/* The "xmpp:" address an error answer redirects to; NULL: none. (transfer full) */
char *jxs_jingle_answer_get_redirect (JxsElement *answer);
/* What the refusal of our session-initiate means. answer: nullable. (transfer full) */
GError *jxs_jingle_error_from_refusal (const GError *error, JxsElement *answer);
/* What the peer's session-terminate means to an operation that waits. connected: a connection was
 * established. (transfer full) */
GError *jxs_jingle_error_from_reason (JxsReason *reason, gboolean connected);

G_END_DECLS
