/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/jingle/jxs-session.h>

G_BEGIN_DECLS

/* The states of a session (XEP-0166 §5.1) and what each action means in each. No input or output.
 */

/* Limits, in milliseconds. */
#define JXS_SESSION_PENDING_TIMEOUT 300000 /* an incoming session nobody answers */
#define JXS_SESSION_GONE_TIMEOUT 10000     /* silence of a peer that went offline (§6.7) */

/* Events: the peer's actions, JXS_JINGLE_CONTENT_ACCEPT and so on, and ours. */
typedef enum
{
  JXS_SESSION_EVENT_INITIATE = JXS_JINGLE_N_ACTIONS, /* session-initiate goes out */
  JXS_SESSION_EVENT_ACCEPT,                          /* session-accept goes out */
  JXS_SESSION_EVENT_ACCEPTED,                        /* the peer's session-accept is good */
  JXS_SESSION_EVENT_END,                             /* session-terminate goes out, if any */
  JXS_SESSION_N_EVENTS,
} JxsSessionEvent;

typedef enum
{
  JXS_SESSION_REFUSE_UNKNOWN, /* unknown-session */
  JXS_SESSION_REFUSE_ORDER,   /* out-of-order */
  JXS_SESSION_ACK,            /* result, then what the action says */
  JXS_SESSION_ASK,            /* what the action says decides over the answer */
  JXS_SESSION_DO,             /* an event of ours: go ahead */
  JXS_SESSION_IMPOSSIBLE,     /* an event of ours that does not fit: no change */
} JxsSessionVerdict;

typedef struct
{
  JxsSessionState state;
  gboolean initiator;
} JxsSessionMachine;

void jxs_session_machine_init (JxsSessionMachine *self, gboolean initiator);
JxsSessionVerdict jxs_session_machine_handle (JxsSessionMachine *self, guint event);

/* Who wins when both sides asked for the same session at once (XEP-0166 §7.2.16): TRUE if the
 * session-initiate with our sid and JID overrules theirs. */
gboolean jxs_session_tie_is_won (const char *our_sid,
                                 const JxsJid *our_jid,
                                 const char *their_sid,
                                 const JxsJid *their_jid);

G_END_DECLS
