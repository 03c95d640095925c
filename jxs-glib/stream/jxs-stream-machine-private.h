/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The life of one XML stream (RFC 6120 §4, XEP-0246), without I/O. */

#define JXS_STREAM_OPENING_DEADLINE_MS                                                             \
  30000 /* from a header to the end of negotiation; stops slow strangers from holding streams */
#define JXS_STREAM_CLOSING_DEADLINE_MS                                                             \
  30000 /* for what is queued and the peer's closing tag; stops streams that never end */
#define JXS_STREAM_OPENING_MAX_BYTES                                                               \
  65536 /* octets of the header and of each element until open; stops strangers from filling       \
           memory */

typedef enum
{
  JXS_STREAM_STATE_NEW,            /* nothing was sent */
  JXS_STREAM_STATE_WAIT_HEADER,    /* receiver: nothing sent, the initiator's header to come */
  JXS_STREAM_STATE_WAIT_RESPONSE,  /* initiator: header sent, the receiver's to come */
  JXS_STREAM_STATE_WAIT_FEATURES,  /* initiator: the features to come */
  JXS_STREAM_STATE_NEGOTIATING,    /* headers exchanged: elements are read one by one */
  JXS_STREAM_STATE_OPEN,           /* stanzas flow */
  JXS_STREAM_STATE_ABORTING,       /* our closing tag sent before it was open */
  JXS_STREAM_STATE_CLOSE_SENT,     /* our closing tag sent, the peer's to come */
  JXS_STREAM_STATE_CLOSE_RECEIVED, /* both closing tags: the rest of ours goes out */
  JXS_STREAM_STATE_FAILING,        /* an error was met: the rest of ours goes out */
  JXS_STREAM_STATE_CLOSED,
  JXS_STREAM_N_STATES,
} JxsStreamState;

typedef enum
{
  JXS_STREAM_EVENT_INITIATE, /* open, as initiator */
  JXS_STREAM_EVENT_RECEIVE,  /* open, as receiver */
  JXS_STREAM_EVENT_SET_OPEN, /* negotiation is over */
  JXS_STREAM_EVENT_RESTART,
  JXS_STREAM_EVENT_CLOSE,  /* the application closes */
  JXS_STREAM_EVENT_REFUSE, /* what came is not acceptable, or the application fails the stream */
  JXS_STREAM_EVENT_HEADER, /* an acceptable header of a peer that speaks version 1.0 */
  JXS_STREAM_EVENT_OLD_HEADER, /* an acceptable header of a peer that speaks less */
  JXS_STREAM_EVENT_FEATURES,
  JXS_STREAM_EVENT_STANZA,
  JXS_STREAM_EVENT_ELEMENT, /* any other element */
  JXS_STREAM_EVENT_PEER_ERROR,
  JXS_STREAM_EVENT_PEER_END, /* the peer's closing tag */
  JXS_STREAM_EVENT_EOF,      /* the I/O stream ended */
  JXS_STREAM_EVENT_BROKEN,   /* the I/O stream failed, or is not to be used any more */
  JXS_STREAM_EVENT_DRAINED,  /* everything queued was handed to the I/O stream */
  JXS_STREAM_EVENT_DEADLINE,
  JXS_STREAM_N_EVENTS,
} JxsStreamEvent;

/* Carried out in this order. */
typedef enum
{
  JXS_STREAM_ACTION_NONE = 0,
  JXS_STREAM_ACTION_SEND_HEADER = 1 << 0,
  JXS_STREAM_ACTION_SEND_FEATURES = 1 << 1,
  JXS_STREAM_ACTION_SEND_ERROR = 1 << 2,
  JXS_STREAM_ACTION_SEND_END = 1 << 3,
  JXS_STREAM_ACTION_ARM_OPENING = 1 << 4, /* start the opening deadline */
  JXS_STREAM_ACTION_ARM_CLOSING = 1 << 5, /* start the closing deadline instead */
  JXS_STREAM_ACTION_DISARM = 1 << 6,
  JXS_STREAM_ACTION_DELIVER = 1 << 7, /* give the stanza to the application */
  JXS_STREAM_ACTION_OPENED = 1 << 8,  /* headers and features were exchanged */
  JXS_STREAM_ACTION_FINISH = 1 << 9,  /* the stream is over: tell everybody */
} JxsStreamAction;

typedef enum
{
  JXS_STREAM_CAUSE_NONE,
  JXS_STREAM_CAUSE_CLOSED, /* JXS_ERROR_CLOSED, for who still waits: an orderly end */
  JXS_STREAM_CAUSE_EVENT,  /* the error that came with the event */
  JXS_STREAM_CAUSE_NOT_AUTHORIZED,
  JXS_STREAM_CAUSE_UNSUPPORTED_STANZA_TYPE,
  JXS_STREAM_CAUSE_TRUNCATED,
  JXS_STREAM_CAUSE_TIMED_OUT,
} JxsStreamCause;

typedef struct
{
  JxsStreamState state;
  JxsStreamCause cause; /* why the stream ends: the first one stays */
} JxsStreamMachine;

void jxs_stream_machine_init (JxsStreamMachine *self);
/* The actions to carry out; JXS_STREAM_ACTION_NONE too when the event means nothing in this state.
 */
JxsStreamAction jxs_stream_machine_handle (JxsStreamMachine *self, JxsStreamEvent event);
const char *jxs_stream_machine_state_to_string (JxsStreamState state);
const char *jxs_stream_machine_event_to_string (JxsStreamEvent event);
/* What to tell the application; event is the error that came with the event. (nullable) */
GError *jxs_stream_cause_to_error (JxsStreamCause cause, gboolean opening, const GError *event);

G_END_DECLS
