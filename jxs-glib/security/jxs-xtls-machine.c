/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-machine-private.h>

typedef struct
{
  JxsXtlsState next;
  JxsXtlsAction action;
} Transition;

/* NONE is never entered again, so a row that is all zero is one out of order. */
#define TO(state, action)                                                                          \
  {                                                                                                \
    JXS_XTLS_STATE_##state, JXS_XTLS_ACTION_##action                                               \
  }

static const Transition transitions[JXS_XTLS_N_STATES][JXS_XTLS_N_EVENTS] = {
  [JXS_XTLS_STATE_NONE] = {
    [JXS_XTLS_EVENT_OFFER] = TO (OFFERED, NONE),
    [JXS_XTLS_EVENT_NO_SECURITY] = TO (PLAIN, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_OFFERED] = {
    [JXS_XTLS_EVENT_ANSWER] = TO (ANSWERED, NONE),
    [JXS_XTLS_EVENT_NO_SECURITY] = TO (PLAIN, NONE),
    /* Early, but no more than a hint. */
    [JXS_XTLS_EVENT_CHOICE] = TO (OFFERED, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_ANSWERED] = {
    [JXS_XTLS_EVENT_CHOICE] = TO (CHOSEN, NONE),
    /* The ClientHello shows the choice as well. */
    [JXS_XTLS_EVENT_READY] = TO (HANDSHAKE, HANDSHAKE),
    [JXS_XTLS_EVENT_LOST] = TO (ANSWERED, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_CHOSEN] = {
    [JXS_XTLS_EVENT_CHOICE] = TO (CHOSEN, NONE),
    [JXS_XTLS_EVENT_READY] = TO (HANDSHAKE, HANDSHAKE),
    [JXS_XTLS_EVENT_LOST] = TO (CHOSEN, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_HANDSHAKE] = {
    [JXS_XTLS_EVENT_CHOICE] = TO (HANDSHAKE, NONE),
    [JXS_XTLS_EVENT_VERIFIED] = TO (JUDGED, ASK_TRUST),
    [JXS_XTLS_EVENT_PROVED] = TO (SECURE, DELIVER),
    [JXS_XTLS_EVENT_LOST] = TO (ANSWERED, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_JUDGED] = {
    [JXS_XTLS_EVENT_CHOICE] = TO (JUDGED, NONE),
    [JXS_XTLS_EVENT_TRUSTED] = TO (SECURE, DELIVER),
    [JXS_XTLS_EVENT_LOST] = TO (ANSWERED, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  [JXS_XTLS_STATE_SECURE] = {
    /* Late, after the ClientHello. */
    [JXS_XTLS_EVENT_CHOICE] = TO (SECURE, NONE),
    /* The peer replaced the transport before it knew. */
    [JXS_XTLS_EVENT_READY] = TO (HANDSHAKE, HANDSHAKE),
  },
  [JXS_XTLS_STATE_PLAIN] = {
    [JXS_XTLS_EVENT_READY] = TO (PLAIN, DELIVER_PLAIN),
    [JXS_XTLS_EVENT_LOST] = TO (PLAIN, NONE),
    [JXS_XTLS_EVENT_FAILURE] = TO (FAILED, ABANDON),
  },
  /* Nothing leads out of FAILED. */
};

JxsXtlsAction
jxs_xtls_machine_handle (JxsXtlsMachine *self, JxsXtlsEvent event)
{
  const Transition *transition = &transitions[self->state][event];

  if (transition->next == JXS_XTLS_STATE_NONE)
    return JXS_XTLS_ACTION_REFUSE;
  self->state = transition->next;
  return transition->action;
}

const char *
jxs_xtls_state_to_name (JxsXtlsState state)
{
  static const char *const names[] = { "none",   "offered", "answered", "chosen", "handshake",
                                       "judged", "secure",  "plain",    "failed" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == JXS_XTLS_N_STATES);
  return names[state];
}
