/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The way of an XML stream between two clients from the first header to stanzas (XEP-0246, RFC 6120
 * §4 to §6): headers, TLS inside the stream, headers anew, SASL, headers anew. Both roles; the
 * Jingle initiator is the initiating entity. No I/O, no clock: the shell reads elements, says what
 * they are, and carries out the actions. */

typedef enum
{
  JXS_PEER_STREAM_NEW,
  JXS_PEER_STREAM_PLAIN,         /* headers in the clear */
  JXS_PEER_STREAM_WAIT_STARTTLS, /* receiver: nothing but <starttls/> may come */
  JXS_PEER_STREAM_WAIT_PROCEED,  /* initiator: <starttls/> sent */
  JXS_PEER_STREAM_SETTLING,      /* what was said in the clear goes out */
  JXS_PEER_STREAM_HANDSHAKE,     /* and the verdict about the peer */
  JXS_PEER_STREAM_SECURE,        /* headers over TLS, or wherever nothing is to be encrypted */
  JXS_PEER_STREAM_WAIT_AUTH,     /* receiver: nothing but <auth/> may come */
  JXS_PEER_STREAM_EXCHANGE,      /* SASL: the peer's word */
  JXS_PEER_STREAM_COMPUTING,     /* SASL: ours */
  JXS_PEER_STREAM_CONFIRMING,    /* initiator, SASL: is the peer's proof right? */
  JXS_PEER_STREAM_JUDGING,       /* SASL: it is right; what that means for the peer's key */
  JXS_PEER_STREAM_PROVEN,        /* headers after SASL */
  JXS_PEER_STREAM_OPEN,
  JXS_PEER_STREAM_ENDING, /* it failed, and the peer is being told why */
  JXS_PEER_STREAM_FAILED,
  JXS_PEER_STREAM_N_STATES,
} JxsPeerStreamState;

typedef enum
{
  JXS_PEER_STREAM_EVENT_START,
  JXS_PEER_STREAM_EVENT_HEADERS,    /* receiver: exchanged, our features are out */
  JXS_PEER_STREAM_EVENT_STARTTLS,   /* offered by the receiver, asked for by the initiator */
  JXS_PEER_STREAM_EVENT_MECHANISM,  /* initiator: the mechanism we want is offered */
  JXS_PEER_STREAM_EVENT_NOTHING,    /* initiator: the features leave nothing to be done */
  JXS_PEER_STREAM_EVENT_PROCEED,    /* initiator */
  JXS_PEER_STREAM_EVENT_NO_METHOD,  /* receiver: the peer's <starttls/> offers none that will do */
  JXS_PEER_STREAM_EVENT_PAUSED,     /* nothing is read or written any more */
  JXS_PEER_STREAM_EVENT_SECURED,    /* TLS is on, the peer judged */
  JXS_PEER_STREAM_EVENT_EARLY_AUTH, /* receiver: SASL without encryption */
  JXS_PEER_STREAM_EVENT_AUTH,       /* receiver: <auth/> with our mechanism */
  JXS_PEER_STREAM_EVENT_WORD,       /* <challenge/> or <response/> */
  JXS_PEER_STREAM_EVENT_MORE,       /* computed: the answer goes out */
  JXS_PEER_STREAM_EVENT_CONVINCED,  /* computed: the peer is who it should be */
  JXS_PEER_STREAM_EVENT_JUDGED,     /* and is trusted */
  JXS_PEER_STREAM_EVENT_REJECTED,   /* receiver: the attempt failed, `condition` of SASL */
  JXS_PEER_STREAM_EVENT_SUCCESS,    /* initiator: <success/> */
  JXS_PEER_STREAM_EVENT_FAILURE,    /* initiator: <failure/>, of TLS or SASL */
  JXS_PEER_STREAM_EVENT_UNACCEPTABLE, /* what came will not do, or is out of place */
  JXS_PEER_STREAM_EVENT_BROKEN,       /* the stream, the handshake or what is below failed */
  JXS_PEER_STREAM_EVENT_DEADLINE,
  JXS_PEER_STREAM_EVENT_ENDED, /* the stream is closed */
  JXS_PEER_STREAM_N_EVENTS,
} JxsPeerStreamEvent;

/* Carried out in this order. */
typedef enum
{
  JXS_PEER_STREAM_ACTION_SEND_STARTTLS = 1 << 0,
  JXS_PEER_STREAM_ACTION_SEND_PROCEED = 1 << 1,
  JXS_PEER_STREAM_ACTION_SEND_TLS_FAILURE = 1 << 2,
  JXS_PEER_STREAM_ACTION_SEND_AUTH = 1 << 3, /* begins the exchange */
  JXS_PEER_STREAM_ACTION_SEND_WORD = 1 << 4, /* what was computed */
  JXS_PEER_STREAM_ACTION_SEND_SUCCESS = 1 << 5,
  JXS_PEER_STREAM_ACTION_SEND_FAILURE = 1 << 6, /* of SASL */
  JXS_PEER_STREAM_ACTION_JUDGE = 1 << 7,
  JXS_PEER_STREAM_ACTION_READ = 1 << 8,     /* the next element */
  JXS_PEER_STREAM_ACTION_COMPUTE = 1 << 9,  /* the answer to the element, or check it */
  JXS_PEER_STREAM_ACTION_PAUSE = 1 << 10,   /* the stream */
  JXS_PEER_STREAM_ACTION_SECURE = 1 << 11,  /* do the handshake */
  JXS_PEER_STREAM_ACTION_OPEN = 1 << 12,    /* exchange headers, anew if there were */
  JXS_PEER_STREAM_ACTION_CONFIRM = 1 << 13, /* stanzas may flow */
  JXS_PEER_STREAM_ACTION_REFUSE = 1 << 14,  /* end with a stream error */
  JXS_PEER_STREAM_ACTION_CLOSE = 1 << 15,   /* end with our closing tag */
  JXS_PEER_STREAM_ACTION_FAIL = 1 << 16,    /* it is over */
} JxsPeerStreamActions;

/* From the first header to the handshake, and for all headers where no key is judged; stops
 * strangers that dribble. */
#define JXS_PEER_STREAM_PLAIN_TIMEOUT_MS 30000
/* Where a person at the peer's side may be deciding about our key, for up to ten minutes. Stops a
 * peer that never goes on. */
#define JXS_PEER_STREAM_OPEN_TIMEOUT_MS 660000
/* For SASL and the headers after it. */
#define JXS_PEER_STREAM_AUTH_TIMEOUT_MS 30000
/* For the peer's closing tag after a failure. */
#define JXS_PEER_STREAM_ENDING_TIMEOUT_MS 5000
/* Of a peer to authenticate (RFC 6120 §6.4.5 wants two to five); stops it from trying on. */
#define JXS_PEER_STREAM_MAX_ATTEMPTS 5

typedef struct
{
  JxsPeerStreamState state;
  gboolean initiator;
  gboolean encrypt;       /* TLS is to be started inside the stream */
  gboolean authenticate;  /* SASL has to follow; may be set until SECURED */
  gboolean early_verdict; /* keys are judged before the headers over TLS, maybe by a person */
  gboolean late_verdict;  /* or after SASL */
  guint max_attempts;     /* one for what can be guessed */
  guint attempts;
} JxsPeerStreamMachine;

void jxs_peer_stream_machine_init (JxsPeerStreamMachine *self, gboolean initiator);
JxsPeerStreamActions jxs_peer_stream_machine_handle (JxsPeerStreamMachine *self,
                                                     JxsPeerStreamEvent event);
/* Milliseconds, 0 for no limit. It runs anew only where it differs from that of the state before.
 */
guint jxs_peer_stream_machine_get_timeout (const JxsPeerStreamMachine *self);
const char *jxs_peer_stream_state_to_name (JxsPeerStreamState state);

G_END_DECLS
