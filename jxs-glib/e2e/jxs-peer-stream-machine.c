/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-peer-stream-machine-private.h>

typedef struct
{
  JxsPeerStreamState next;
  guint actions;
} Cell;

#define GO(next, actions)                                                                          \
  {                                                                                                \
    JXS_PEER_STREAM_##next, (actions)                                                              \
  }
#define STARTTLS JXS_PEER_STREAM_ACTION_SEND_STARTTLS
#define PROCEED JXS_PEER_STREAM_ACTION_SEND_PROCEED
#define TLS_FAILURE JXS_PEER_STREAM_ACTION_SEND_TLS_FAILURE
#define AUTH JXS_PEER_STREAM_ACTION_SEND_AUTH
#define WORD JXS_PEER_STREAM_ACTION_SEND_WORD
#define SUCCESS JXS_PEER_STREAM_ACTION_SEND_SUCCESS
#define FAILURE JXS_PEER_STREAM_ACTION_SEND_FAILURE
#define JUDGE JXS_PEER_STREAM_ACTION_JUDGE
#define READ JXS_PEER_STREAM_ACTION_READ
#define COMPUTE JXS_PEER_STREAM_ACTION_COMPUTE
#define PAUSE JXS_PEER_STREAM_ACTION_PAUSE
#define SECURE JXS_PEER_STREAM_ACTION_SECURE
#define OPEN JXS_PEER_STREAM_ACTION_OPEN
#define CONFIRM JXS_PEER_STREAM_ACTION_CONFIRM
#define REFUSE JXS_PEER_STREAM_ACTION_REFUSE
#define CLOSE JXS_PEER_STREAM_ACTION_CLOSE
#define FAIL JXS_PEER_STREAM_ACTION_FAIL

/* What is the same wherever elements are read: whatever is not in the table is out of place. */
#define READING                                                                                    \
  [JXS_PEER_STREAM_EVENT_UNACCEPTABLE] = GO (ENDING, REFUSE),                                      \
  [JXS_PEER_STREAM_EVENT_DEADLINE] = GO (ENDING, REFUSE),                                          \
  [JXS_PEER_STREAM_EVENT_BROKEN] = GO (FAILED, FAIL),                                              \
  [JXS_PEER_STREAM_EVENT_ENDED] = GO (FAILED, FAIL)

/* From here to TLS no other word in the clear, not even if it fails (RFC 6120 §5.4.3.2). */
#define HANDSHAKE                                                                                  \
  [JXS_PEER_STREAM_SETTLING] = {                                                                   \
    [JXS_PEER_STREAM_EVENT_PAUSED] = GO (HANDSHAKE, SECURE),                                       \
    [JXS_PEER_STREAM_EVENT_UNACCEPTABLE] = GO (FAILED, FAIL),                                      \
    [JXS_PEER_STREAM_EVENT_BROKEN] = GO (FAILED, FAIL),                                            \
    [JXS_PEER_STREAM_EVENT_DEADLINE] = GO (FAILED, FAIL),                                          \
    [JXS_PEER_STREAM_EVENT_ENDED] = GO (FAILED, FAIL),                                             \
  },                                                                                               \
  [JXS_PEER_STREAM_HANDSHAKE] = {                                                                  \
    [JXS_PEER_STREAM_EVENT_SECURED] = GO (SECURE, OPEN),                                           \
    [JXS_PEER_STREAM_EVENT_BROKEN] = GO (FAILED, FAIL),                                            \
  }

/* A cell left out: the event cannot happen, or means nothing any more. */
static const Cell initiator_table[JXS_PEER_STREAM_N_STATES][JXS_PEER_STREAM_N_EVENTS] = {
  [JXS_PEER_STREAM_PLAIN] = {
    [JXS_PEER_STREAM_EVENT_STARTTLS] = GO (WAIT_PROCEED, STARTTLS | READ),
    [JXS_PEER_STREAM_EVENT_NOTHING] = GO (OPEN, CONFIRM), /* where plain will do */
    READING,
  },
  [JXS_PEER_STREAM_WAIT_PROCEED] = {
    [JXS_PEER_STREAM_EVENT_PROCEED] = GO (SETTLING, PAUSE),
    [JXS_PEER_STREAM_EVENT_FAILURE] = GO (ENDING, CLOSE),
    READING,
  },
  HANDSHAKE,
  [JXS_PEER_STREAM_SECURE] = {
    [JXS_PEER_STREAM_EVENT_MECHANISM] = GO (EXCHANGE, AUTH | READ),
    [JXS_PEER_STREAM_EVENT_NOTHING] = GO (OPEN, CONFIRM),
    READING,
  },
  [JXS_PEER_STREAM_EXCHANGE] = {
    [JXS_PEER_STREAM_EVENT_WORD] = GO (COMPUTING, COMPUTE),
    [JXS_PEER_STREAM_EVENT_SUCCESS] = GO (CONFIRMING, COMPUTE),
    [JXS_PEER_STREAM_EVENT_FAILURE] = GO (ENDING, CLOSE),
    READING,
  },
  [JXS_PEER_STREAM_COMPUTING] = {
    [JXS_PEER_STREAM_EVENT_MORE] = GO (EXCHANGE, WORD | READ),
    READING,
  },
  [JXS_PEER_STREAM_CONFIRMING] = {
    [JXS_PEER_STREAM_EVENT_CONVINCED] = GO (JUDGING, JUDGE),
    READING,
  },
  [JXS_PEER_STREAM_JUDGING] = {
    [JXS_PEER_STREAM_EVENT_JUDGED] = GO (PROVEN, PAUSE),
    READING,
  },
  [JXS_PEER_STREAM_PROVEN] = {
    [JXS_PEER_STREAM_EVENT_PAUSED] = GO (PROVEN, OPEN),
    [JXS_PEER_STREAM_EVENT_NOTHING] = GO (OPEN, CONFIRM),
    READING,
  },
  [JXS_PEER_STREAM_ENDING] = {
    [JXS_PEER_STREAM_EVENT_BROKEN] = GO (FAILED, FAIL),
    [JXS_PEER_STREAM_EVENT_DEADLINE] = GO (FAILED, FAIL),
    [JXS_PEER_STREAM_EVENT_ENDED] = GO (FAILED, FAIL),
  },
};

static const Cell receiver_table[JXS_PEER_STREAM_N_STATES][JXS_PEER_STREAM_N_EVENTS] = {
  [JXS_PEER_STREAM_PLAIN] = {
    [JXS_PEER_STREAM_EVENT_HEADERS] = GO (WAIT_STARTTLS, READ),
    READING,
  },
  [JXS_PEER_STREAM_WAIT_STARTTLS] = {
    [JXS_PEER_STREAM_EVENT_STARTTLS] = GO (SETTLING, PROCEED | PAUSE),
    [JXS_PEER_STREAM_EVENT_NO_METHOD] = GO (ENDING, TLS_FAILURE | CLOSE),
    [JXS_PEER_STREAM_EVENT_EARLY_AUTH] = GO (ENDING, FAILURE | CLOSE),
    READING,
  },
  HANDSHAKE,
  [JXS_PEER_STREAM_SECURE] = {
    [JXS_PEER_STREAM_EVENT_HEADERS] = GO (WAIT_AUTH, READ), /* OPEN where SASL is not needed */
    READING,
  },
  [JXS_PEER_STREAM_WAIT_AUTH] = {
    [JXS_PEER_STREAM_EVENT_AUTH] = GO (COMPUTING, COMPUTE),
    [JXS_PEER_STREAM_EVENT_REJECTED] = GO (WAIT_AUTH, FAILURE | READ),
    READING,
  },
  [JXS_PEER_STREAM_EXCHANGE] = {
    [JXS_PEER_STREAM_EVENT_WORD] = GO (COMPUTING, COMPUTE),
    [JXS_PEER_STREAM_EVENT_REJECTED] = GO (WAIT_AUTH, FAILURE | READ),
    READING,
  },
  [JXS_PEER_STREAM_COMPUTING] = {
    [JXS_PEER_STREAM_EVENT_MORE] = GO (EXCHANGE, WORD | READ),
    [JXS_PEER_STREAM_EVENT_CONVINCED] = GO (JUDGING, JUDGE),
    [JXS_PEER_STREAM_EVENT_REJECTED] = GO (WAIT_AUTH, FAILURE | READ),
    READING,
  },
  [JXS_PEER_STREAM_JUDGING] = {
    [JXS_PEER_STREAM_EVENT_JUDGED] = GO (PROVEN, SUCCESS | PAUSE),
    [JXS_PEER_STREAM_EVENT_REJECTED] = GO (WAIT_AUTH, FAILURE | READ),
    READING,
  },
  [JXS_PEER_STREAM_PROVEN] = {
    [JXS_PEER_STREAM_EVENT_PAUSED] = GO (PROVEN, OPEN),
    [JXS_PEER_STREAM_EVENT_HEADERS] = GO (OPEN, CONFIRM),
    READING,
  },
  [JXS_PEER_STREAM_ENDING] = {
    [JXS_PEER_STREAM_EVENT_BROKEN] = GO (FAILED, FAIL),
    [JXS_PEER_STREAM_EVENT_DEADLINE] = GO (FAILED, FAIL),
    [JXS_PEER_STREAM_EVENT_ENDED] = GO (FAILED, FAIL),
  },
};

void
jxs_peer_stream_machine_init (JxsPeerStreamMachine *self, gboolean initiator)
{
  *self = (JxsPeerStreamMachine){ .initiator = initiator,
                                  .max_attempts = JXS_PEER_STREAM_MAX_ATTEMPTS };
}

static JxsPeerStreamActions
enter (JxsPeerStreamMachine *self, JxsPeerStreamState state, guint actions)
{
  self->state = state;
  return actions;
}

JxsPeerStreamActions
jxs_peer_stream_machine_handle (JxsPeerStreamMachine *self, JxsPeerStreamEvent event)
{
  const Cell *cell = &(self->initiator ? initiator_table : receiver_table)[self->state][event];

  if (self->state == JXS_PEER_STREAM_NEW && event == JXS_PEER_STREAM_EVENT_START)
    return enter (self, self->encrypt ? JXS_PEER_STREAM_PLAIN : JXS_PEER_STREAM_SECURE, OPEN);
  if (cell->actions == 0)
    return 0;
  if (self->state == JXS_PEER_STREAM_SECURE && event == JXS_PEER_STREAM_EVENT_HEADERS &&
      !self->authenticate)
    return enter (self, JXS_PEER_STREAM_OPEN, CONFIRM);
  if (event == JXS_PEER_STREAM_EVENT_REJECTED && ++self->attempts >= self->max_attempts)
    return enter (self, JXS_PEER_STREAM_ENDING, FAILURE | CLOSE);
  return enter (self, cell->next, cell->actions);
}

guint
jxs_peer_stream_machine_get_timeout (const JxsPeerStreamMachine *self)
{
  switch (self->state)
    {
    case JXS_PEER_STREAM_PLAIN:
    case JXS_PEER_STREAM_WAIT_STARTTLS:
    case JXS_PEER_STREAM_WAIT_PROCEED:
    case JXS_PEER_STREAM_SETTLING:
      return JXS_PEER_STREAM_PLAIN_TIMEOUT_MS;
    case JXS_PEER_STREAM_SECURE:
      return self->early_verdict ? JXS_PEER_STREAM_OPEN_TIMEOUT_MS
                                 : JXS_PEER_STREAM_PLAIN_TIMEOUT_MS;
    case JXS_PEER_STREAM_EXCHANGE:
      return self->late_verdict && self->initiator ? JXS_PEER_STREAM_OPEN_TIMEOUT_MS
                                                   : JXS_PEER_STREAM_AUTH_TIMEOUT_MS;
    case JXS_PEER_STREAM_PROVEN:
      return self->late_verdict && !self->initiator ? JXS_PEER_STREAM_OPEN_TIMEOUT_MS
                                                    : JXS_PEER_STREAM_AUTH_TIMEOUT_MS;
    case JXS_PEER_STREAM_WAIT_AUTH:
    case JXS_PEER_STREAM_COMPUTING:
    case JXS_PEER_STREAM_CONFIRMING:
      return JXS_PEER_STREAM_AUTH_TIMEOUT_MS;
    case JXS_PEER_STREAM_ENDING:
      return JXS_PEER_STREAM_ENDING_TIMEOUT_MS;
    case JXS_PEER_STREAM_HANDSHAKE: /* has a limit of its own, and a person none */
    case JXS_PEER_STREAM_JUDGING:
    case JXS_PEER_STREAM_NEW:
    case JXS_PEER_STREAM_OPEN:
    case JXS_PEER_STREAM_FAILED:
    case JXS_PEER_STREAM_N_STATES:
    default:
      return 0;
    }
}

const char *
jxs_peer_stream_state_to_name (JxsPeerStreamState state)
{
  static const char *const names[JXS_PEER_STREAM_N_STATES] = {
    [JXS_PEER_STREAM_NEW] = "new",
    [JXS_PEER_STREAM_PLAIN] = "plain",
    [JXS_PEER_STREAM_WAIT_STARTTLS] = "wait-starttls",
    [JXS_PEER_STREAM_WAIT_PROCEED] = "wait-proceed",
    [JXS_PEER_STREAM_SETTLING] = "settling",
    [JXS_PEER_STREAM_HANDSHAKE] = "handshake",
    [JXS_PEER_STREAM_SECURE] = "secure",
    [JXS_PEER_STREAM_WAIT_AUTH] = "wait-auth",
    [JXS_PEER_STREAM_EXCHANGE] = "exchange",
    [JXS_PEER_STREAM_COMPUTING] = "computing",
    [JXS_PEER_STREAM_CONFIRMING] = "confirming",
    [JXS_PEER_STREAM_JUDGING] = "judging",
    [JXS_PEER_STREAM_PROVEN] = "proven",
    [JXS_PEER_STREAM_OPEN] = "open",
    [JXS_PEER_STREAM_ENDING] = "ending",
    [JXS_PEER_STREAM_FAILED] = "failed",
  };

  return names[state];
}
