/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-machine-private.h>

#include <string.h>

/* The rows: a pending session differs by role (XEP-0166 §6.5). */
typedef enum
{
  ROW_NEW,
  ROW_INITIATED,
  ROW_OFFERED,
  ROW_ACTIVE,
  ROW_ENDED,
  N_ROWS,
} Row;

typedef struct
{
  JxsSessionVerdict verdict;
  JxsSessionState next;
} Cell;

#define UNKNOWN(state)                                                                             \
  {                                                                                                \
    JXS_SESSION_REFUSE_UNKNOWN, state                                                              \
  }
#define ORDER(state)                                                                               \
  {                                                                                                \
    JXS_SESSION_REFUSE_ORDER, state                                                                \
  }
#define ACK(state)                                                                                 \
  {                                                                                                \
    JXS_SESSION_ACK, state                                                                         \
  }
#define ASK(state)                                                                                 \
  {                                                                                                \
    JXS_SESSION_ASK, state                                                                         \
  }
#define DO(state)                                                                                  \
  {                                                                                                \
    JXS_SESSION_DO, state                                                                          \
  }
#define NO(state)                                                                                  \
  {                                                                                                \
    JXS_SESSION_IMPOSSIBLE, state                                                                  \
  }

/* We never send content-add, so that there is nothing a content-accept could answer. */
#define LIVE_ACTIONS(state)                                                                        \
  [JXS_JINGLE_CONTENT_ACCEPT] = ORDER (state), [JXS_JINGLE_CONTENT_ADD] = ASK (state),             \
  [JXS_JINGLE_CONTENT_MODIFY] = ASK (state), [JXS_JINGLE_CONTENT_REJECT] = ASK (state),            \
  [JXS_JINGLE_CONTENT_REMOVE] = ASK (state), [JXS_JINGLE_DESCRIPTION_INFO] = ASK (state),          \
  [JXS_JINGLE_SECURITY_INFO] = ASK (state), [JXS_JINGLE_SESSION_INFO] = ASK (state),               \
  [JXS_JINGLE_SESSION_INITIATE] = ORDER (state),                                                   \
  [JXS_JINGLE_SESSION_TERMINATE] = ACK (JXS_SESSION_STATE_ENDED),                                  \
  [JXS_JINGLE_TRANSPORT_ACCEPT] = ASK (state), [JXS_JINGLE_TRANSPORT_INFO] = ASK (state),          \
  [JXS_JINGLE_TRANSPORT_REJECT] = ASK (state), [JXS_JINGLE_TRANSPORT_REPLACE] = ASK (state)

#define DEAD_ACTIONS(state)                                                                        \
  [JXS_JINGLE_CONTENT_ACCEPT... JXS_JINGLE_TRANSPORT_REPLACE] = UNKNOWN (state)

static const Cell table[N_ROWS][JXS_SESSION_N_EVENTS] = {
  [ROW_NEW] = {
    DEAD_ACTIONS (JXS_SESSION_STATE_NEW),
    [JXS_SESSION_EVENT_INITIATE] = DO (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_ACCEPT] = NO (JXS_SESSION_STATE_NEW),
    [JXS_SESSION_EVENT_ACCEPTED] = NO (JXS_SESSION_STATE_NEW),
    [JXS_SESSION_EVENT_END] = DO (JXS_SESSION_STATE_ENDED),
  },
  [ROW_INITIATED] = {
    LIVE_ACTIONS (JXS_SESSION_STATE_PENDING),
    [JXS_JINGLE_SESSION_ACCEPT] = ASK (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_INITIATE] = NO (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_ACCEPT] = NO (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_ACCEPTED] = DO (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_END] = DO (JXS_SESSION_STATE_ENDED),
  },
  [ROW_OFFERED] = {
    LIVE_ACTIONS (JXS_SESSION_STATE_PENDING),
    [JXS_JINGLE_SESSION_ACCEPT] = ORDER (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_INITIATE] = NO (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_ACCEPT] = DO (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_ACCEPTED] = NO (JXS_SESSION_STATE_PENDING),
    [JXS_SESSION_EVENT_END] = DO (JXS_SESSION_STATE_ENDED),
  },
  [ROW_ACTIVE] = {
    LIVE_ACTIONS (JXS_SESSION_STATE_ACTIVE),
    [JXS_JINGLE_SESSION_ACCEPT] = ORDER (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_INITIATE] = NO (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_ACCEPT] = NO (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_ACCEPTED] = NO (JXS_SESSION_STATE_ACTIVE),
    [JXS_SESSION_EVENT_END] = DO (JXS_SESSION_STATE_ENDED),
  },
  [ROW_ENDED] = {
    DEAD_ACTIONS (JXS_SESSION_STATE_ENDED),
    [JXS_SESSION_EVENT_INITIATE] = NO (JXS_SESSION_STATE_ENDED),
    [JXS_SESSION_EVENT_ACCEPT] = NO (JXS_SESSION_STATE_ENDED),
    [JXS_SESSION_EVENT_ACCEPTED] = NO (JXS_SESSION_STATE_ENDED),
    [JXS_SESSION_EVENT_END] = NO (JXS_SESSION_STATE_ENDED),
  },
};

static Row
find_row (const JxsSessionMachine *self)
{
  switch (self->state)
    {
    case JXS_SESSION_STATE_NEW:
      return ROW_NEW;
    case JXS_SESSION_STATE_PENDING:
      return self->initiator ? ROW_INITIATED : ROW_OFFERED;
    case JXS_SESSION_STATE_ACTIVE:
      return ROW_ACTIVE;
    case JXS_SESSION_STATE_ENDED:
    default:
      return ROW_ENDED;
    }
}

/* A responder's session is born pending: the session-initiate is behind it. */
void
jxs_session_machine_init (JxsSessionMachine *self, gboolean initiator)
{
  self->initiator = initiator;
  self->state = initiator ? JXS_SESSION_STATE_NEW : JXS_SESSION_STATE_PENDING;
}

JxsSessionVerdict
jxs_session_machine_handle (JxsSessionMachine *self, guint event)
{
  const Cell *cell = &table[find_row (self)][event];

  self->state = cell->next;

  return cell->verdict;
}

gboolean
jxs_session_tie_is_won (const char *our_sid,
                        const JxsJid *our_jid,
                        const char *their_sid,
                        const JxsJid *their_jid)
{
  /* i;octet collation (RFC 4790 §9.3) is what strcmp() does: octets, unsigned. */
  int order = strcmp (our_sid, their_sid);

  if (order == 0)
    order = strcmp (jxs_jid_to_string (our_jid), jxs_jid_to_string (their_jid));

  return order < 0;
}
