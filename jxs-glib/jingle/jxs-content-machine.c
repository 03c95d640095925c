/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-content-machine-private.h>

typedef enum
{
  OP_IGNORE, /* comes too late to mean anything */
  OP_START,
  OP_CONNECTED,
  OP_FALL_BACK,
  OP_SECURED,
  OP_REFUSED,
  OP_LOST,
  OP_OUT_OF_ORDER,
  OP_NOTE,  /* the peer changes its offer before anything was accepted */
  OP_ADOPT, /* the peer's replacement */
  OP_DUEL,  /* the peer's replacement meets ours */
  OP_REJECT,
  OP_TAKE,
  OP_NEXT,
  OP_AWAIT,
  OP_FAIL,
  OP_STOP,
} Op;

static const char *const state_names[JXS_CONTENT_N_STATES] = {
  [JXS_CONTENT_IDLE] = "idle",           [JXS_CONTENT_CONNECTING] = "connecting",
  [JXS_CONTENT_REPLACING] = "replacing", [JXS_CONTENT_AWAITING] = "awaiting",
  [JXS_CONTENT_SECURING] = "securing",   [JXS_CONTENT_READY] = "ready",
  [JXS_CONTENT_DEAD] = "dead",
};

/* clang-format off */
static const Op table[JXS_CONTENT_N_STATES][JXS_CONTENT_N_EVENTS] = {
  [JXS_CONTENT_IDLE] = {
    [JXS_CONTENT_EVENT_START] = OP_START,
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_NOTE,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_CONNECTING] = {
    [JXS_CONTENT_EVENT_CONNECTED] = OP_CONNECTED,
    [JXS_CONTENT_EVENT_CONNECT_FAILED] = OP_FALL_BACK,
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_ADOPT,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_DEADLINE] = OP_FALL_BACK,
    [JXS_CONTENT_EVENT_LIMIT] = OP_FAIL,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_REPLACING] = {
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_DUEL,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_DUEL,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_TAKE,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_NEXT,
    [JXS_CONTENT_EVENT_REPLACE_CONFLICT] = OP_AWAIT,
    [JXS_CONTENT_EVENT_REPLACE_FAILED] = OP_FALL_BACK,
    [JXS_CONTENT_EVENT_DEADLINE] = OP_FAIL,
    [JXS_CONTENT_EVENT_LIMIT] = OP_FAIL,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_AWAITING] = {
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_ADOPT,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_DEADLINE] = OP_FAIL,
    [JXS_CONTENT_EVENT_LIMIT] = OP_FAIL,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_SECURING] = {
    [JXS_CONTENT_EVENT_SECURED] = OP_SECURED,
    [JXS_CONTENT_EVENT_REFUSED] = OP_REFUSED,
    [JXS_CONTENT_EVENT_LOST] = OP_LOST,
    [JXS_CONTENT_EVENT_DEADLINE] = OP_FALL_BACK,
    [JXS_CONTENT_EVENT_LIMIT] = OP_FAIL,
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_ADOPT, /* it may have failed on the peer's side alone */
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_READY] = {
    /* A stream in use cannot move. */
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_REJECT,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_STOP] = OP_STOP,
  },
  [JXS_CONTENT_DEAD] = {
    [JXS_CONTENT_EVENT_PEER_REPLACE] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_ACCEPT] = OP_OUT_OF_ORDER,
    [JXS_CONTENT_EVENT_PEER_REJECT] = OP_OUT_OF_ORDER,
  },
};
/* clang-format on */

static JxsContentActions
enter (JxsContentMachine *self, JxsContentState state, guint deadline_ms, JxsContentActions actions)
{
  self->state = state;
  self->deadline_ms = deadline_ms;

  return actions;
}

static JxsContentActions
connect (JxsContentMachine *self, JxsContentActions actions)
{
  return enter (self,
                JXS_CONTENT_CONNECTING,
                JXS_CONTENT_CONNECT_TIMEOUT,
                actions | JXS_CONTENT_CONNECT);
}

/* Only the initiator proposes another transport (XEP-0260 §3); the responder waits for that. */
static JxsContentActions
fall_back (JxsContentMachine *self, JxsContentActions actions)
{
  actions |= JXS_CONTENT_DROP;
  if (!self->initiator)
    return enter (self, JXS_CONTENT_AWAITING, JXS_CONTENT_AWAIT_TIMEOUT, actions);
  if (self->has_next)
    return enter (self,
                  JXS_CONTENT_REPLACING,
                  JXS_CONTENT_REPLACE_TIMEOUT,
                  actions | JXS_CONTENT_PROPOSE);

  return enter (self, JXS_CONTENT_DEAD, 0, actions | JXS_CONTENT_FAIL);
}

void
jxs_content_machine_init (JxsContentMachine *self, gboolean initiator)
{
  *self = (JxsContentMachine){ .state = JXS_CONTENT_IDLE, .initiator = initiator };
}

JxsContentActions
jxs_content_machine_handle (JxsContentMachine *self, JxsContentEvent event)
{
  const JxsContentActions adopt =
      JXS_CONTENT_ACK | JXS_CONTENT_DROP | JXS_CONTENT_ADOPT | JXS_CONTENT_SEND_ACCEPT;

  switch (table[self->state][event])
    {
    case OP_START:
      return connect (self, 0);
    case OP_CONNECTED:
      if (self->has_security)
        return enter (self, JXS_CONTENT_SECURING, JXS_CONTENT_SECURE_TIMEOUT, JXS_CONTENT_SECURE);
      return enter (self, JXS_CONTENT_READY, 0, JXS_CONTENT_DELIVER);
    case OP_FALL_BACK:
      return fall_back (self, 0);
    case OP_SECURED:
      return enter (self, JXS_CONTENT_READY, 0, JXS_CONTENT_DELIVER);
    case OP_REFUSED:
      return enter (self, JXS_CONTENT_DEAD, 0, JXS_CONTENT_DROP | JXS_CONTENT_FAIL_SECURITY);
    case OP_LOST:
      /* The peer may have hung up because of what it saw: its session-terminate says so. */
      if (self->initiator && !self->has_next)
        return enter (self, JXS_CONTENT_AWAITING, JXS_CONTENT_REASON_TIMEOUT, JXS_CONTENT_DROP);
      return fall_back (self, 0);
    case OP_OUT_OF_ORDER:
      return JXS_CONTENT_OUT_OF_ORDER;
    case OP_NOTE:
      return adopt;
    case OP_ADOPT:
      return connect (self, adopt);
    case OP_DUEL:
      if (self->initiator)
        return JXS_CONTENT_TIE_BREAK;
      if (event == JXS_CONTENT_EVENT_PEER_REPLACE)
        return connect (self, adopt);
      return enter (self,
                    JXS_CONTENT_AWAITING,
                    JXS_CONTENT_REPLACE_TIMEOUT,
                    JXS_CONTENT_ACK | JXS_CONTENT_SEND_REJECT);
    case OP_REJECT:
      return JXS_CONTENT_ACK | JXS_CONTENT_SEND_REJECT;
    case OP_TAKE:
      return connect (self, JXS_CONTENT_ACK | JXS_CONTENT_TAKE);
    case OP_NEXT:
      return fall_back (self, JXS_CONTENT_ACK);
    case OP_AWAIT:
      return enter (self, JXS_CONTENT_AWAITING, JXS_CONTENT_REPLACE_TIMEOUT, 0);
    case OP_FAIL:
      return enter (self, JXS_CONTENT_DEAD, 0, JXS_CONTENT_DROP | JXS_CONTENT_FAIL);
    case OP_STOP:
      return enter (self, JXS_CONTENT_DEAD, 0, JXS_CONTENT_DROP);
    case OP_IGNORE:
    default:
      return 0;
    }
}

const char *
jxs_content_state_to_name (JxsContentState state)
{
  g_return_val_if_fail (state < JXS_CONTENT_N_STATES, NULL);

  return state_names[state];
}
