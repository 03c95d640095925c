/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-e2e-machine-private.h>

static const struct
{
  const char *name;
  guint timeout_ms;
  /* What entering the state sets in motion. */
  JxsE2eActions actions;
} states[JXS_E2E_N_STATES] = {
  [JXS_E2E_OPEN] = { "open", 0, 0 },
  [JXS_E2E_SHUTTING] = { "shutting", JXS_E2E_SHUT_TIMEOUT_MS, JXS_E2E_ACTION_CLOSE_OUTPUT },
  [JXS_E2E_DRAINING] = { "draining", JXS_E2E_DRAIN_TIMEOUT_MS, JXS_E2E_ACTION_DRAIN },
  [JXS_E2E_AWAITING] = { "awaiting", JXS_E2E_AWAIT_TIMEOUT_MS, 0 },
  [JXS_E2E_CLOSING] = { "closing", JXS_E2E_CLOSE_TIMEOUT_MS, JXS_E2E_ACTION_CLOSE_STREAM },
  [JXS_E2E_ENDING] = { "ending", JXS_E2E_END_TIMEOUT_MS, JXS_E2E_ACTION_CLOSE_SESSION },
  [JXS_E2E_ENDED] = { "ended", 0, JXS_E2E_ACTION_DONE },
};

/* Whether the event takes part in what the state does; others only leave their mark. */
static const gboolean moves[JXS_E2E_N_STATES][JXS_E2E_N_EVENTS] = {
  [JXS_E2E_OPEN] = { [JXS_E2E_EVENT_CLOSE] = TRUE, [JXS_E2E_EVENT_ABORT] = TRUE },
  [JXS_E2E_SHUTTING] = { [JXS_E2E_EVENT_OUTPUT_CLOSED] = TRUE,
                         [JXS_E2E_EVENT_SESSION_ENDED] = TRUE,
                         [JXS_E2E_EVENT_FAILED] = TRUE,
                         [JXS_E2E_EVENT_DEADLINE] = TRUE,
                         [JXS_E2E_EVENT_ABORT] = TRUE },
  [JXS_E2E_DRAINING] = { [JXS_E2E_EVENT_PEER_EOF] = TRUE,
                         [JXS_E2E_EVENT_FAILED] = TRUE,
                         [JXS_E2E_EVENT_DEADLINE] = TRUE,
                         [JXS_E2E_EVENT_ABORT] = TRUE },
  [JXS_E2E_AWAITING] = { [JXS_E2E_EVENT_SESSION_ENDED] = TRUE,
                         [JXS_E2E_EVENT_FAILED] = TRUE,
                         [JXS_E2E_EVENT_DEADLINE] = TRUE,
                         [JXS_E2E_EVENT_ABORT] = TRUE },
  [JXS_E2E_CLOSING] = { [JXS_E2E_EVENT_STREAM_CLOSED] = TRUE,
                        [JXS_E2E_EVENT_DEADLINE] = TRUE,
                        [JXS_E2E_EVENT_ABORT] = TRUE },
  [JXS_E2E_ENDING] = { [JXS_E2E_EVENT_SESSION_ENDED] = FALSE,
                       [JXS_E2E_EVENT_SESSION_CLOSED] = TRUE,
                       [JXS_E2E_EVENT_DEADLINE] = TRUE,
                       [JXS_E2E_EVENT_ABORT] = TRUE },
};

void
jxs_e2e_machine_init (JxsE2eMachine *self, gboolean half_close)
{
  *self = (JxsE2eMachine){ .state = JXS_E2E_OPEN, .half_close = half_close };
}

static void
note (JxsE2eMachine *self, JxsE2eEvent event)
{
  switch (event)
    {
    case JXS_E2E_EVENT_OUTPUT_CLOSED:
      self->output_closed = TRUE;
      break;
    case JXS_E2E_EVENT_PEER_EOF:
      if (!self->peer_eof)
        self->peer_first = !self->output_closed;
      self->peer_eof = TRUE;
      break;
    case JXS_E2E_EVENT_SESSION_ENDED:
      self->session_over = TRUE;
      break;
    case JXS_E2E_EVENT_FAILED:
      self->failed = TRUE;
      break;
    default:
      break;
    }
}

/* The state that follows from what is known. */
static JxsE2eState
next_state (const JxsE2eMachine *self, JxsE2eEvent event, JxsE2eActions *actions)
{
  gboolean late = event == JXS_E2E_EVENT_DEADLINE;

  if (event == JXS_E2E_EVENT_ABORT)
    {
      if (!self->session_over)
        *actions |= JXS_E2E_ACTION_TERMINATE;
      if (self->state < JXS_E2E_CLOSING)
        *actions |= JXS_E2E_ACTION_CLOSE_STREAM;
      return JXS_E2E_ENDED;
    }

  if (late && (self->state == JXS_E2E_SHUTTING || self->state == JXS_E2E_DRAINING))
    *actions |= JXS_E2E_ACTION_TIMED_OUT;

  if (self->state < JXS_E2E_CLOSING)
    {
      /* A session that is over takes no more of our bytes. */
      if (self->failed || late || (self->session_over && !self->output_closed))
        return JXS_E2E_CLOSING;
      if (!self->output_closed)
        return JXS_E2E_SHUTTING;
      if (!self->peer_eof)
        return self->half_close ? JXS_E2E_DRAINING : JXS_E2E_CLOSING;
      if (self->peer_first && !self->session_over)
        return JXS_E2E_AWAITING;
      return JXS_E2E_CLOSING;
    }
  if (self->state == JXS_E2E_CLOSING && !self->session_over)
    {
      if (!self->failed)
        return JXS_E2E_ENDING;
      *actions |= JXS_E2E_ACTION_TERMINATE;
    }
  if (self->state == JXS_E2E_ENDING && late && !self->session_over)
    *actions |= JXS_E2E_ACTION_TERMINATE;
  return JXS_E2E_ENDED;
}

JxsE2eActions
jxs_e2e_machine_handle (JxsE2eMachine *self, JxsE2eEvent event)
{
  JxsE2eActions actions = 0;
  JxsE2eState state;

  note (self, event);
  if (!moves[self->state][event])
    return 0;
  state = next_state (self, event, &actions);
  if (state != self->state)
    {
      self->state = state;
      actions |= states[state].actions;
    }
  return actions;
}

guint
jxs_e2e_machine_get_timeout (const JxsE2eMachine *self)
{
  return states[self->state].timeout_ms;
}

const char *
jxs_e2e_state_to_name (JxsE2eState state)
{
  return states[state].name;
}
