/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-sas-machine-private.h>

#include <string.h>

/* What a transition does besides. */
typedef enum
{
  DO_NOTHING,
  DO_COMMIT,
  DO_ANSWER,
  DO_REVEAL,
  DO_SHOW,
  DO_CONFIRM,
  DO_CONFIRM_AND_VERIFY,
  DO_VERIFY,
  DO_REFUSE_UNKNOWN,    /* nothing of that id is under way */
  DO_REFUSE_UNEXPECTED, /* not now */
  DO_REFUSE_LIE,
  DO_SEND_REJECT,
  DO_SEND_CANCEL,
} Deed;

typedef struct
{
  gboolean defined;
  JxsSasState next;
  Deed deed;
  JxsSasFailure failure;
} Transition;

#define TO(state, deed)                                                                            \
  {                                                                                                \
    TRUE, JXS_SAS_STATE_##state, DO_##deed, JXS_SAS_NO_FAILURE                                     \
  }
#define FAIL(failure, deed)                                                                        \
  {                                                                                                \
    TRUE, JXS_SAS_STATE_FAILED, DO_##deed, JXS_SAS_FAILURE_##failure                               \
  }
#define END                                                                                        \
  {                                                                                                \
    TRUE, JXS_SAS_STATE_ENDED, DO_NOTHING, JXS_SAS_FAILURE_CLOSED                                  \
  }

/* What is late finds nothing. */
#define LATE(state)                                                                                \
  [JXS_SAS_EVENT_REVEAL] = TO (state, REFUSE_UNKNOWN),                                             \
  [JXS_SAS_EVENT_LIE] = TO (state, REFUSE_UNKNOWN),                                                \
  [JXS_SAS_EVENT_THEY_CONFIRM] = TO (state, REFUSE_UNKNOWN),                                       \
  [JXS_SAS_EVENT_THEY_REJECT] = TO (state, REFUSE_UNKNOWN),                                        \
  [JXS_SAS_EVENT_THEY_CANCEL] = TO (state, REFUSE_UNKNOWN)

/* While no attempt is under way. */
#define AT_REST(state)                                                                             \
  LATE (state), [JXS_SAS_EVENT_START] = TO (COMMITTED, COMMIT),                                    \
                [JXS_SAS_EVENT_COMMIT] = TO (ANSWERED, ANSWER),                                    \
                [JXS_SAS_EVENT_CLOSED] = TO (ENDED, NOTHING)

/* While one is. */
#define UNDER_WAY                                                                                  \
  [JXS_SAS_EVENT_THEY_CANCEL] = FAIL (THEY_CANCELLED, NOTHING),                                    \
  [JXS_SAS_EVENT_MALFORMED] = FAIL (PROTOCOL, NOTHING),                                            \
  [JXS_SAS_EVENT_CANCEL] = FAIL (CANCELLED, SEND_CANCEL),                                          \
  [JXS_SAS_EVENT_TIMEOUT] = FAIL (TIMED_OUT, SEND_CANCEL), [JXS_SAS_EVENT_CLOSED] = END

#define OUT_OF_ORDER FAIL (PROTOCOL, REFUSE_UNEXPECTED)

/* While the persons are at it. */
#define SHOWN                                                                                      \
  UNDER_WAY, [JXS_SAS_EVENT_COMMIT] = OUT_OF_ORDER, [JXS_SAS_EVENT_REVEAL] = OUT_OF_ORDER,         \
             [JXS_SAS_EVENT_LIE] = OUT_OF_ORDER,                                                   \
             [JXS_SAS_EVENT_THEY_REJECT] = FAIL (THEY_REJECTED, NOTHING),                          \
             [JXS_SAS_EVENT_REFUSED] = FAIL (REFUSED, NOTHING),                                    \
             [JXS_SAS_EVENT_REJECT] = FAIL (REJECTED, SEND_REJECT)

/* What is not here changes nothing: our person is too late, or an answer comes to what is over. */
static const Transition transitions[JXS_SAS_N_STATES][JXS_SAS_N_EVENTS] = {
  [JXS_SAS_STATE_IDLE] = { AT_REST (IDLE) },
  [JXS_SAS_STATE_COMMITTED] = {
    UNDER_WAY,
    /* Both began at the same time, and theirs counts. */
    [JXS_SAS_EVENT_COMMIT] = TO (ANSWERED, ANSWER),
    [JXS_SAS_EVENT_NONCE] = TO (COMPARING, REVEAL),
    [JXS_SAS_EVENT_REVEAL] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_LIE] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_THEY_CONFIRM] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_THEY_REJECT] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_BAD_ANSWER] = FAIL (PROTOCOL, SEND_CANCEL),
    [JXS_SAS_EVENT_REFUSED] = FAIL (REFUSED, NOTHING),
  },
  [JXS_SAS_STATE_ANSWERED] = {
    UNDER_WAY,
    [JXS_SAS_EVENT_COMMIT] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_REVEAL] = TO (COMPARING, SHOW),
    [JXS_SAS_EVENT_LIE] = FAIL (LIE, REFUSE_LIE),
    [JXS_SAS_EVENT_THEY_CONFIRM] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_THEY_REJECT] = OUT_OF_ORDER,
  },
  [JXS_SAS_STATE_COMPARING] = {
    SHOWN,
    [JXS_SAS_EVENT_THEY_CONFIRM] = TO (AGREED, NOTHING),
    [JXS_SAS_EVENT_CONFIRM] = TO (CONFIRMED, CONFIRM),
  },
  [JXS_SAS_STATE_CONFIRMED] = {
    SHOWN,
    [JXS_SAS_EVENT_THEY_CONFIRM] = TO (VERIFIED, VERIFY),
  },
  [JXS_SAS_STATE_AGREED] = {
    SHOWN,
    [JXS_SAS_EVENT_THEY_CONFIRM] = OUT_OF_ORDER,
    [JXS_SAS_EVENT_CONFIRM] = TO (VERIFIED, CONFIRM_AND_VERIFY),
  },
  [JXS_SAS_STATE_VERIFIED] = { AT_REST (VERIFIED) },
  [JXS_SAS_STATE_FAILED] = { AT_REST (FAILED) },
  /* Nothing leads out. */
  [JXS_SAS_STATE_ENDED] = { LATE (ENDED) },
};

void
jxs_sas_machine_init (JxsSasMachine *self, JxsSasSide side, const JxsSasBinding *binding)
{
  *self = (JxsSasMachine){ .side = side, .binding = binding };
}

static void
refuse (JxsSasActions *actions, JxsStanzaError condition)
{
  actions->refuse = TRUE;
  actions->condition = condition;
}

static void
send (JxsSasActions *actions, JxsSasKind kind)
{
  actions->send = kind;
}

static void
send_nonce (JxsSasMachine *self, JxsSasKind kind, JxsSasActions *actions)
{
  send (actions, kind);
  memcpy (actions->bytes, self->nonces[self->side], JXS_SAS_SIZE);
  self->attempts++;
}

static void
show (JxsSasMachine *self, JxsSasActions *actions)
{
  jxs_sas_derive (self->binding,
                  self->nonces[JXS_SAS_INITIATOR],
                  self->nonces[JXS_SAS_RESPONDER],
                  &self->string);
  actions->show = TRUE;
}

static void
verify (JxsSasActions *actions)
{
  actions->verified = TRUE;
}

static void
act (JxsSasMachine *self, Deed deed, const JxsSasInput *input, JxsSasActions *actions)
{
  JxsSasSide other = !self->side;

  switch (deed)
    {
    case DO_COMMIT:
      memcpy (self->nonces[self->side], input->nonce, JXS_SAS_SIZE);
      send (actions, JXS_SAS_COMMIT);
      jxs_sas_commit (self->binding, self->side, self->nonces[self->side], actions->bytes);
      break;
    case DO_ANSWER:
      memcpy (self->nonces[self->side], input->nonce, JXS_SAS_SIZE);
      memcpy (self->commitment, input->bytes, JXS_SAS_SIZE);
      send_nonce (self, JXS_SAS_NONCE, actions);
      break;
    case DO_REVEAL:
      memcpy (self->nonces[other], input->bytes, JXS_SAS_SIZE);
      send_nonce (self, JXS_SAS_REVEAL, actions);
      show (self, actions);
      break;
    case DO_SHOW:
      memcpy (self->nonces[other], input->bytes, JXS_SAS_SIZE);
      show (self, actions);
      break;
    case DO_CONFIRM:
      send (actions, JXS_SAS_CONFIRM);
      break;
    case DO_CONFIRM_AND_VERIFY:
      send (actions, JXS_SAS_CONFIRM);
      verify (actions);
      break;
    case DO_VERIFY:
      verify (actions);
      break;
    case DO_REFUSE_UNKNOWN:
      refuse (actions, JXS_STANZA_ERROR_ITEM_NOT_FOUND);
      break;
    case DO_REFUSE_UNEXPECTED:
      refuse (actions, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
      break;
    case DO_REFUSE_LIE:
      refuse (actions, JXS_STANZA_ERROR_NOT_ACCEPTABLE);
      break;
    case DO_SEND_REJECT:
      send (actions, JXS_SAS_REJECT);
      break;
    case DO_SEND_CANCEL:
      send (actions, JXS_SAS_CANCEL);
      break;
    case DO_NOTHING:
    default:
      break;
    }
}

/* What they reveal has to be what they committed to. */
static gboolean
is_lie (JxsSasMachine *self, const guint8 *nonce)
{
  guint8 commitment[JXS_SAS_SIZE];

  jxs_sas_commit (self->binding, !self->side, nonce, commitment);
  return memcmp (commitment, self->commitment, JXS_SAS_SIZE) != 0;
}

static gboolean
is_spent (const JxsSasMachine *self)
{
  return self->attempts >= JXS_SAS_MAX_ATTEMPTS;
}

gboolean
jxs_sas_machine_can_begin (const JxsSasMachine *self)
{
  return self->state != JXS_SAS_STATE_ENDED && !jxs_sas_machine_is_active (self) &&
         !is_spent (self);
}

static gboolean
has_to_end (const JxsSasMachine *self, JxsSasFailure failure)
{
  return is_spent (self) || failure == JXS_SAS_FAILURE_REJECTED ||
         failure == JXS_SAS_FAILURE_THEY_REJECTED || failure == JXS_SAS_FAILURE_LIE;
}

void
jxs_sas_machine_handle (JxsSasMachine *self, const JxsSasInput *input, JxsSasActions *actions)
{
  const gboolean begins =
      input->event == JXS_SAS_EVENT_START || input->event == JXS_SAS_EVENT_COMMIT;
  JxsSasEvent event = input->event;
  const Transition *transition;
  JxsSasState before = self->state;

  *actions = (JxsSasActions){ 0 };
  if (event == JXS_SAS_EVENT_REVEAL && is_lie (self, input->bytes))
    event = JXS_SAS_EVENT_LIE;
  if (event == JXS_SAS_EVENT_COMMIT && before == JXS_SAS_STATE_COMMITTED &&
      self->side == JXS_SAS_INITIATOR)
    {
      /* Both began at the same time: the begin of the stream's initiator counts. */
      refuse (actions, JXS_STANZA_ERROR_CONFLICT);
      return;
    }
  if (begins && !jxs_sas_machine_is_active (self) && is_spent (self))
    {
      refuse (actions, JXS_STANZA_ERROR_POLICY_VIOLATION);
      return;
    }

  transition = &transitions[before][event];
  if (!transition->defined)
    {
      if (begins)
        refuse (actions, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
      return;
    }
  act (self, transition->deed, input, actions);
  self->state = transition->next;
  actions->failure = transition->failure;
  if (self->state == JXS_SAS_STATE_FAILED && has_to_end (self, transition->failure))
    {
      self->state = JXS_SAS_STATE_ENDED;
      actions->end_stream = TRUE;
    }
}

JxsSasWait
jxs_sas_machine_get_wait (const JxsSasMachine *self)
{
  switch (self->state)
    {
    case JXS_SAS_STATE_COMMITTED:
    case JXS_SAS_STATE_ANSWERED:
      return JXS_SAS_WAIT_ANSWER;
    case JXS_SAS_STATE_COMPARING:
    case JXS_SAS_STATE_CONFIRMED:
    case JXS_SAS_STATE_AGREED:
      return JXS_SAS_WAIT_PERSONS;
    case JXS_SAS_STATE_IDLE:
    case JXS_SAS_STATE_VERIFIED:
    case JXS_SAS_STATE_FAILED:
    case JXS_SAS_STATE_ENDED:
    case JXS_SAS_N_STATES:
    default:
      return JXS_SAS_WAIT_NOTHING;
    }
}

gboolean
jxs_sas_machine_is_active (const JxsSasMachine *self)
{
  return jxs_sas_machine_get_wait (self) != JXS_SAS_WAIT_NOTHING;
}

const char *
jxs_sas_state_to_name (JxsSasState state)
{
  static const char *const names[] = { "idle",   "committed", "answered", "comparing", "confirmed",
                                       "agreed", "verified",  "failed",   "ended" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == JXS_SAS_N_STATES);
  return names[state];
}
