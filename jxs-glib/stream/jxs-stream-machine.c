/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-machine-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>

typedef struct
{
  JxsStreamState next;
  guint actions;
  JxsStreamCause cause;
} Cell;

/* A cell left out is all zero: the event means nothing there, as no event leads back to NEW but
 * RESTART, which has an action to tell it apart. */
#define GO(next, actions, cause)                                                                   \
  {                                                                                                \
    JXS_STREAM_STATE_##next, (actions), JXS_STREAM_CAUSE_##cause                                   \
  }
#define HEADER JXS_STREAM_ACTION_SEND_HEADER
#define FEATURES JXS_STREAM_ACTION_SEND_FEATURES
#define ERROR JXS_STREAM_ACTION_SEND_ERROR
#define END JXS_STREAM_ACTION_SEND_END
#define ARM_OPENING JXS_STREAM_ACTION_ARM_OPENING
#define ARM_CLOSING JXS_STREAM_ACTION_ARM_CLOSING
#define DISARM JXS_STREAM_ACTION_DISARM
#define DELIVER JXS_STREAM_ACTION_DELIVER
#define OPENED JXS_STREAM_ACTION_OPENED
#define FINISH (JXS_STREAM_ACTION_DISARM | JXS_STREAM_ACTION_FINISH)

/* Refusing, once our header is out. */
#define REFUSAL (ERROR | END | ARM_CLOSING)
/* The ends that are the same in every state in which our header is out and our end is not. */
#define COMMON                                                                                     \
  [JXS_STREAM_EVENT_REFUSE] = GO (FAILING, REFUSAL, EVENT),                                        \
  [JXS_STREAM_EVENT_PEER_ERROR] = GO (FAILING, END | ARM_CLOSING, EVENT),                          \
  [JXS_STREAM_EVENT_PEER_END] = GO (CLOSE_RECEIVED, END | ARM_CLOSING, CLOSED),                    \
  [JXS_STREAM_EVENT_EOF] = GO (CLOSED, FINISH, TRUNCATED),                                         \
  [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),                                          \
  [JXS_STREAM_EVENT_DEADLINE] = GO (FAILING, REFUSAL, TIMED_OUT)

static const Cell table[JXS_STREAM_N_STATES][JXS_STREAM_N_EVENTS] = {
  [JXS_STREAM_STATE_NEW] = {
    [JXS_STREAM_EVENT_INITIATE] = GO (WAIT_RESPONSE, HEADER | ARM_OPENING, NONE),
    [JXS_STREAM_EVENT_RECEIVE] = GO (WAIT_HEADER, ARM_OPENING, NONE),
    [JXS_STREAM_EVENT_CLOSE] = GO (CLOSED, FINISH, CLOSED),
    [JXS_STREAM_EVENT_REFUSE] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
  },
  [JXS_STREAM_STATE_WAIT_HEADER] = {
    [JXS_STREAM_EVENT_HEADER] = GO (NEGOTIATING, HEADER | FEATURES | OPENED, NONE),
    [JXS_STREAM_EVENT_OLD_HEADER] = GO (NEGOTIATING, HEADER | OPENED, NONE),
    [JXS_STREAM_EVENT_CLOSE] = GO (CLOSED, FINISH, CLOSED),
    /* A stream error stands in a stream: our header goes first (RFC 6120 §4.9.1.2). */
    [JXS_STREAM_EVENT_REFUSE] = GO (FAILING, HEADER | REFUSAL, EVENT),
    [JXS_STREAM_EVENT_EOF] = GO (CLOSED, FINISH, TRUNCATED),
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_DEADLINE] = GO (FAILING, HEADER | REFUSAL, TIMED_OUT),
  },
  [JXS_STREAM_STATE_WAIT_RESPONSE] = {
    [JXS_STREAM_EVENT_HEADER] = GO (WAIT_FEATURES, 0, NONE),
    [JXS_STREAM_EVENT_OLD_HEADER] = GO (NEGOTIATING, OPENED, NONE),
    [JXS_STREAM_EVENT_CLOSE] = GO (ABORTING, END | ARM_CLOSING, CLOSED),
    COMMON,
  },
  [JXS_STREAM_STATE_WAIT_FEATURES] = {
    [JXS_STREAM_EVENT_FEATURES] = GO (NEGOTIATING, OPENED, NONE),
    [JXS_STREAM_EVENT_STANZA] = GO (FAILING, REFUSAL, NOT_AUTHORIZED),
    [JXS_STREAM_EVENT_ELEMENT] = GO (FAILING, REFUSAL, UNSUPPORTED_STANZA_TYPE),
    [JXS_STREAM_EVENT_CLOSE] = GO (ABORTING, END | ARM_CLOSING, CLOSED),
    COMMON,
  },
  [JXS_STREAM_STATE_NEGOTIATING] = {
    [JXS_STREAM_EVENT_STANZA] = GO (FAILING, REFUSAL, NOT_AUTHORIZED),
    [JXS_STREAM_EVENT_SET_OPEN] = GO (OPEN, DISARM, NONE),
    [JXS_STREAM_EVENT_RESTART] = GO (NEW, DISARM, NONE),
    [JXS_STREAM_EVENT_CLOSE] = GO (ABORTING, END | ARM_CLOSING, CLOSED),
    COMMON,
  },
  [JXS_STREAM_STATE_OPEN] = {
    [JXS_STREAM_EVENT_STANZA] = GO (OPEN, DELIVER, NONE),
    [JXS_STREAM_EVENT_ELEMENT] = GO (FAILING, REFUSAL, UNSUPPORTED_STANZA_TYPE),
    [JXS_STREAM_EVENT_CLOSE] = GO (CLOSE_SENT, END | ARM_CLOSING, CLOSED),
    COMMON,
  },
  /* Nothing can be said any more, stanzas were never allowed. */
  [JXS_STREAM_STATE_ABORTING] = {
    [JXS_STREAM_EVENT_REFUSE] = GO (FAILING, 0, EVENT),
    [JXS_STREAM_EVENT_PEER_ERROR] = GO (FAILING, 0, EVENT),
    [JXS_STREAM_EVENT_PEER_END] = GO (CLOSE_RECEIVED, 0, CLOSED),
    [JXS_STREAM_EVENT_EOF] = GO (CLOSED, FINISH, TRUNCATED),
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_DEADLINE] = GO (CLOSED, FINISH, TIMED_OUT),
  },
  /* The peer may finish what it is saying (RFC 6120 §4.4). */
  [JXS_STREAM_STATE_CLOSE_SENT] = {
    [JXS_STREAM_EVENT_STANZA] = GO (CLOSE_SENT, DELIVER, NONE),
    [JXS_STREAM_EVENT_REFUSE] = GO (FAILING, 0, EVENT),
    [JXS_STREAM_EVENT_PEER_ERROR] = GO (FAILING, 0, EVENT),
    [JXS_STREAM_EVENT_PEER_END] = GO (CLOSE_RECEIVED, 0, CLOSED),
    [JXS_STREAM_EVENT_EOF] = GO (CLOSED, FINISH, TRUNCATED),
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_DEADLINE] = GO (CLOSED, FINISH, TIMED_OUT),
  },
  [JXS_STREAM_STATE_CLOSE_RECEIVED] = {
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_DRAINED] = GO (CLOSED, FINISH, NONE),
    [JXS_STREAM_EVENT_DEADLINE] = GO (CLOSED, FINISH, TIMED_OUT),
  },
  [JXS_STREAM_STATE_FAILING] = {
    [JXS_STREAM_EVENT_BROKEN] = GO (CLOSED, FINISH, EVENT),
    [JXS_STREAM_EVENT_DRAINED] = GO (CLOSED, FINISH, NONE),
    [JXS_STREAM_EVENT_DEADLINE] = GO (CLOSED, FINISH, TIMED_OUT),
  },
};

void
jxs_stream_machine_init (JxsStreamMachine *self)
{
  *self = (JxsStreamMachine){ JXS_STREAM_STATE_NEW, JXS_STREAM_CAUSE_NONE };
}

JxsStreamAction
jxs_stream_machine_handle (JxsStreamMachine *self, JxsStreamEvent event)
{
  const Cell *cell = &table[self->state][event];

  if (cell->next == JXS_STREAM_STATE_NEW && cell->actions == 0)
    return JXS_STREAM_ACTION_NONE;

  self->state = cell->next;
  /* A fault of a stream that was closing in order tells more than the close. */
  if (cell->cause != JXS_STREAM_CAUSE_NONE && self->cause <= JXS_STREAM_CAUSE_CLOSED)
    self->cause = cell->cause;

  return cell->actions;
}

const char *
jxs_stream_machine_state_to_string (JxsStreamState state)
{
  static const char *const names[JXS_STREAM_N_STATES] = {
    "new",      "wait-header", "wait-response",  "wait-features", "negotiating", "open",
    "aborting", "close-sent",  "close-received", "failing",       "closed",
  };

  return names[state];
}

const char *
jxs_stream_machine_event_to_string (JxsStreamEvent event)
{
  static const char *const names[JXS_STREAM_N_EVENTS] = {
    "initiate", "receive",    "set-open", "restart", "close",    "refuse",
    "header",   "old-header", "features", "stanza",  "element",  "peer-error",
    "peer-end", "eof",        "broken",   "drained", "deadline",
  };

  return names[event];
}

GError *
jxs_stream_cause_to_error (JxsStreamCause cause, gboolean opening, const GError *event)
{
  switch (cause)
    {
    case JXS_STREAM_CAUSE_EVENT:
      return g_error_copy (event);
    case JXS_STREAM_CAUSE_NOT_AUTHORIZED:
      return jxs_stream_error_new (JXS_STREAM_ERROR_NOT_AUTHORIZED);
    case JXS_STREAM_CAUSE_UNSUPPORTED_STANZA_TYPE:
      return jxs_stream_error_new (JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE);
    case JXS_STREAM_CAUSE_TRUNCATED:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TRUNCATED,
                                  _ ("The connection ended without the stream being closed"));
    case JXS_STREAM_CAUSE_TIMED_OUT:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TIMED_OUT,
                                  opening ? _ ("The peer did not open the stream in time")
                                          : _ ("The peer did not close the stream in time"));
    default:
      return NULL;
    }
}
