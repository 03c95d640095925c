/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The end of an end-to-end connection, in order (XEP-0246 §5, XEP-0247 §2): our direction is closed
 * (close_notify), the peer's is read to its end, the stream is closed, then whoever closed first
 * closes the transport and terminates the session; the other waits for that. No I/O, no clock: the
 * connection carries out the actions and reports what came of them. */

typedef enum
{
  JXS_E2E_OPEN,     /* bytes flow */
  JXS_E2E_SHUTTING, /* our direction is being closed */
  JXS_E2E_DRAINING, /* waiting for the end of the peer's direction */
  JXS_E2E_AWAITING, /* the peer closed first: it ends the session */
  JXS_E2E_CLOSING,  /* both directions ended: the stream is being closed */
  JXS_E2E_ENDING,   /* the session is being closed */
  JXS_E2E_ENDED,
  JXS_E2E_N_STATES,
} JxsE2eState;

typedef enum
{
  JXS_E2E_EVENT_CLOSE,          /* the application closes */
  JXS_E2E_EVENT_OUTPUT_CLOSED,  /* our direction is closed, by a step of ours or the application */
  JXS_E2E_EVENT_PEER_EOF,       /* the end of the peer's direction was read */
  JXS_E2E_EVENT_STREAM_CLOSED,  /* the stream is closed, in order or not */
  JXS_E2E_EVENT_SESSION_ENDED,  /* by whomever, for whatever reason */
  JXS_E2E_EVENT_SESSION_CLOSED, /* our closing of the session is done, in order or not */
  JXS_E2E_EVENT_FAILED,         /* reading or writing failed */
  JXS_E2E_EVENT_DEADLINE,
  JXS_E2E_EVENT_ABORT, /* dropped or cancelled: no more waiting */
  JXS_E2E_N_EVENTS,
} JxsE2eEvent;

typedef enum
{
  JXS_E2E_ACTION_CLOSE_OUTPUT = 1 << 0,
  JXS_E2E_ACTION_DRAIN = 1 << 1,
  JXS_E2E_ACTION_CLOSE_STREAM = 1 << 2,
  JXS_E2E_ACTION_CLOSE_SESSION = 1 << 3,
  JXS_E2E_ACTION_TERMINATE = 1 << 4, /* end the session at once, without closing the transport */
  JXS_E2E_ACTION_TIMED_OUT = 1 << 5, /* the peer did not end its direction: that is an error */
  JXS_E2E_ACTION_DONE = 1 << 6,
} JxsE2eActions;

#define JXS_E2E_SHUT_TIMEOUT_MS 30000  /* stops a peer that never reads from holding up a close */
#define JXS_E2E_DRAIN_TIMEOUT_MS 10000 /* stops a peer that never ends its direction */
#define JXS_E2E_AWAIT_TIMEOUT_MS 5000  /* stops a peer that closed and then forgot the session */
#define JXS_E2E_CLOSE_TIMEOUT_MS 5000  /* stops a stream that does not let itself be closed */
#define JXS_E2E_END_TIMEOUT_MS 30000   /* stops a peer that never acknowledges what was sent */

typedef struct
{
  JxsE2eState state;
  gboolean half_close; /* the peer can tell the end of our direction from the end of all */
  gboolean output_closed;
  gboolean peer_eof;
  gboolean peer_first; /* the peer's direction ended before ours */
  gboolean session_over;
  gboolean failed;
} JxsE2eMachine;

void jxs_e2e_machine_init (JxsE2eMachine *self, gboolean half_close);
/* The actions to carry out now, in the order of their bits; each is asked for at most once. */
JxsE2eActions jxs_e2e_machine_handle (JxsE2eMachine *self, JxsE2eEvent event);
/* Milliseconds the state entered last may take, 0 for ever. */
guint jxs_e2e_machine_get_timeout (const JxsE2eMachine *self);
const char *jxs_e2e_state_to_name (JxsE2eState state);

G_END_DECLS
