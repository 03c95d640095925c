/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One in-band bytestream (XEP-0047) between its two <transport/> descriptions and its end. Sans-IO:
 * what happens is handed in as events, what is to be done comes back as actions, in order. */

typedef enum
{
  JXS_IBB_STATE_NEW,      /* the descriptions are not exchanged yet */
  JXS_IBB_STATE_AGREED,   /* both sides know sid and block size, nobody has opened */
  JXS_IBB_STATE_OPENING,  /* our <open/> waits for its answer */
  JXS_IBB_STATE_OPEN,     /* bytes flow */
  JXS_IBB_STATE_DRAINING, /* we are to close: what was written is still being sent */
  JXS_IBB_STATE_FLUSHING, /* the peer's <close/> waits until what was written is sent */
  JXS_IBB_STATE_CLOSING,  /* our <close/> waits for its answer */
  JXS_IBB_STATE_CLOSED,
  JXS_IBB_N_STATES,
} JxsIbbState;

typedef enum
{
  JXS_IBB_EVENT_AGREE,        /* the descriptions are exchanged */
  JXS_IBB_EVENT_CONNECT,      /* it is our turn to open, if we are the initiator */
  JXS_IBB_EVENT_OPEN,         /* rx <open/>: request, block_size */
  JXS_IBB_EVENT_OPEN_ANSWER,  /* answer to our <open/>: fault */
  JXS_IBB_EVENT_DATA,         /* rx <data/>: request, seq, bytes, fault */
  JXS_IBB_EVENT_SEND,         /* one block of ours: bytes */
  JXS_IBB_EVENT_DATA_ANSWER,  /* answer to our <data/>: seq, fault */
  JXS_IBB_EVENT_RETRY,        /* the pause of JXS_IBB_ACTION_PAUSE is over */
  JXS_IBB_EVENT_SHUT,         /* close in order, after what was written */
  JXS_IBB_EVENT_DRY,          /* nothing is left to send and nothing will come */
  JXS_IBB_EVENT_CLOSE,        /* rx <close/>: request */
  JXS_IBB_EVENT_CLOSE_ANSWER, /* any answer to our <close/>, or none in time */
  JXS_IBB_EVENT_FAIL,         /* give up, tell the peer: failure */
  JXS_IBB_EVENT_ABORT,        /* the session is over: not a word to the peer */
  JXS_IBB_N_EVENTS,
} JxsIbbEventType;

/* What an answer, or the bytes of a block, amount to. */
typedef enum
{
  JXS_IBB_FAULT_NONE,
  JXS_IBB_FAULT_WAIT,      /* an answer of type wait: it never arrived, it may later */
  JXS_IBB_FAULT_REFUSED,   /* any other error */
  JXS_IBB_FAULT_MALFORMED, /* bad base64 or more than the block size */
  JXS_IBB_FAULT_OVERFLOW,  /* more than we keep for an application that does not read */
} JxsIbbFault;

/* Why a stream failed. */
typedef enum
{
  JXS_IBB_FAILURE_NONE,
  JXS_IBB_FAILURE_REFUSED,   /* the peer refused to open */
  JXS_IBB_FAILURE_REJECTED,  /* the peer refused a block */
  JXS_IBB_FAILURE_GAP,       /* a block was not delivered, but a later one was */
  JXS_IBB_FAILURE_RETRIES,   /* a block could not be delivered, again and again */
  JXS_IBB_FAILURE_SEQUENCE,  /* rx: a block is missing or came twice */
  JXS_IBB_FAILURE_MALFORMED, /* rx: bad base64 or more than the block size */
  JXS_IBB_FAILURE_OVERFLOW,  /* rx: the peer does not wait for acknowledgements */
  JXS_IBB_FAILURE_STALLED,   /* the peer is gone */
  JXS_IBB_FAILURE_ABORTED,   /* the session ended */
} JxsIbbFailure;

typedef enum
{
  JXS_IBB_REPLY_RESULT,
  JXS_IBB_REPLY_BAD_REQUEST,
  JXS_IBB_REPLY_ITEM_NOT_FOUND,
  JXS_IBB_REPLY_NOT_ACCEPTABLE,
  JXS_IBB_REPLY_RESOURCE_CONSTRAINT,
  JXS_IBB_REPLY_UNEXPECTED_REQUEST,
} JxsIbbReply;

typedef struct
{
  JxsIbbEventType type;
  gpointer request; /* (unowned) (nullable): what an answer goes to; NULL: none is possible */
  guint block_size;
  guint16 seq;
  GBytes *bytes; /* (unowned) */
  JxsIbbFault fault;
  JxsIbbFailure failure;
} JxsIbbEvent;

typedef enum
{
  JXS_IBB_ACTION_SEND_OPEN,
  JXS_IBB_ACTION_SEND_DATA, /* seq, bytes, again: not for the first time */
  JXS_IBB_ACTION_SEND_CLOSE,
  JXS_IBB_ACTION_REPLY,   /* request, reply */
  JXS_IBB_ACTION_DELIVER, /* bytes, request: to be answered once there is room for more */
  JXS_IBB_ACTION_OPENED,  /* bytes can flow */
  JXS_IBB_ACTION_PAUSE,   /* come back with RETRY after delay_ms */
  JXS_IBB_ACTION_EOF,     /* nothing more will be delivered */
  JXS_IBB_ACTION_FAILED,  /* failure; nothing more will be sent or delivered */
  JXS_IBB_ACTION_CLOSED,  /* forget the sid */
} JxsIbbActionType;

typedef struct
{
  JxsIbbActionType type;
  gpointer request; /* (unowned) (nullable) */
  JxsIbbReply reply;
  guint16 seq;
  GBytes *bytes; /* (owned) (nullable) */
  gboolean again;
  guint delay_ms;
  JxsIbbFailure failure;
} JxsIbbAction;

#define JXS_IBB_RETRY_FIRST_MS 1000 /* doubled with every attempt */
#define JXS_IBB_RETRY_LIMIT 6       /* attempts for one block: a bit over a minute in all */

typedef struct
{
  JxsIbbState state;
  gboolean initiator;
  gboolean implicit_open; /* urn:xmpp:jingle:transports:ibb:0: no <open/> */
  guint block_size;       /* agreed */
  guint16 send_seq;       /* of the next block in each direction */
  guint16 receive_seq;
  GQueue in_flight;       /* (element-type IbbBlock) (owned): sent and not acknowledged, by seq */
  gboolean retrying;      /* a block was answered `wait`: nothing new until all are through */
  gboolean resending;     /* the pause is over: those go out again, one at a time */
  guint attempts;         /* of the first block in flight */
  gboolean dry;           /* while draining or flushing */
  gboolean failed;        /* state CLOSING or CLOSED came by a failure */
  gpointer close_request; /* (unowned): the peer's <close/>, while flushing */
} JxsIbbMachine;

/* (element-type JxsIbbAction): frees what the actions own. */
GArray *jxs_ibb_actions_new (void);

void jxs_ibb_machine_init (JxsIbbMachine *self, gboolean initiator);
void jxs_ibb_machine_clear (JxsIbbMachine *self);
/* Appends to actions. Any event is allowed in any state. */
void jxs_ibb_machine_handle (JxsIbbMachine *self, const JxsIbbEvent *event, GArray *actions);
/* Whether JXS_IBB_EVENT_SEND would be sent at once. */
gboolean jxs_ibb_machine_can_send (const JxsIbbMachine *self);
const char *jxs_ibb_state_to_string (JxsIbbState state);

G_END_DECLS
