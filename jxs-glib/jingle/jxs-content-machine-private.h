/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The way of one content to usable bytes: session accepted, transport connected (or replaced by the
 * next one, XEP-0166 §7.2.15), security precondition met (XEP-0166 §9). No input or output. */

/* Limits, in milliseconds: each stops a peer that falls silent. */
#define JXS_CONTENT_CONNECT_TIMEOUT 60000 /* one attempt of one transport */
#define JXS_CONTENT_SECURE_TIMEOUT 60000  /* the security handshake, people not counted */
#define JXS_CONTENT_REPLACE_TIMEOUT 30000 /* the answer to our transport-replace */
#define JXS_CONTENT_AWAIT_TIMEOUT 90000   /* theirs, when the peer may still try to connect */
#define JXS_CONTENT_REASON_TIMEOUT 5000   /* the session-terminate that tells why a peer hung up */

typedef enum
{
  JXS_CONTENT_IDLE, /* the session is not accepted yet */
  JXS_CONTENT_CONNECTING,
  JXS_CONTENT_REPLACING, /* our transport-replace waits for its answer */
  JXS_CONTENT_AWAITING,  /* it failed here; the peer has to replace the transport or to end it */
  JXS_CONTENT_SECURING,
  JXS_CONTENT_READY,
  JXS_CONTENT_DEAD,
  JXS_CONTENT_N_STATES,
} JxsContentState;

typedef enum
{
  JXS_CONTENT_EVENT_START, /* session-accept was exchanged */
  JXS_CONTENT_EVENT_CONNECTED,
  JXS_CONTENT_EVENT_CONNECT_FAILED,
  JXS_CONTENT_EVENT_SECURED,
  JXS_CONTENT_EVENT_REFUSED, /* security said no */
  JXS_CONTENT_EVENT_LOST,    /* the transport broke under the security handshake */
  JXS_CONTENT_EVENT_PEER_REPLACE,
  JXS_CONTENT_EVENT_PEER_REPLACE_UNUSABLE,
  JXS_CONTENT_EVENT_PEER_ACCEPT,
  JXS_CONTENT_EVENT_PEER_REJECT,
  JXS_CONTENT_EVENT_REPLACE_CONFLICT, /* our transport-replace lost a tie (XEP-0166 §7.2.16) */
  JXS_CONTENT_EVENT_REPLACE_FAILED,
  JXS_CONTENT_EVENT_DEADLINE,
  JXS_CONTENT_EVENT_LIMIT, /* the time for all transports together is over */
  JXS_CONTENT_EVENT_STOP,
  JXS_CONTENT_N_EVENTS,
} JxsContentEvent;

/* What to do, in this order. */
typedef enum
{
  JXS_CONTENT_ACK = 1 << 0,          /* answer the stanza with a result */
  JXS_CONTENT_TIE_BREAK = 1 << 1,    /* or with conflict */
  JXS_CONTENT_OUT_OF_ORDER = 1 << 2, /* or with out-of-order */
  JXS_CONTENT_DROP = 1 << 3,         /* give the attempt under way up */
  JXS_CONTENT_ADOPT = 1 << 4,        /* the peer's new transport takes its place */
  JXS_CONTENT_TAKE = 1 << 5,         /* the one we proposed does */
  JXS_CONTENT_SEND_ACCEPT = 1 << 6,  /* transport-accept */
  JXS_CONTENT_SEND_REJECT = 1 << 7,  /* transport-reject */
  JXS_CONTENT_PROPOSE = 1 << 8,      /* transport-replace with the next transport */
  JXS_CONTENT_CONNECT = 1 << 9,
  JXS_CONTENT_SECURE = 1 << 10,
  JXS_CONTENT_DELIVER = 1 << 11,
  JXS_CONTENT_FAIL = 1 << 12,          /* no transport is left */
  JXS_CONTENT_FAIL_SECURITY = 1 << 13, /* end it with security-error */
} JxsContentActions;

typedef struct
{
  JxsContentState state;
  gboolean initiator;
  gboolean has_next;     /* another transport can be proposed: set before each event */
  gboolean has_security; /* there is a security precondition: set before each event */
  guint deadline_ms;     /* of the state; 0: none */
} JxsContentMachine;

void jxs_content_machine_init (JxsContentMachine *self, gboolean initiator);
JxsContentActions jxs_content_machine_handle (JxsContentMachine *self, JxsContentEvent event);
const char *jxs_content_state_to_name (JxsContentState state);

G_END_DECLS
