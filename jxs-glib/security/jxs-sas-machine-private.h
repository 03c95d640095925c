/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-sas-codec-private.h>

G_BEGIN_DECLS

/* The verifications of one stream, one after the other, seen from one side. */

#define JXS_SAS_MAX_ATTEMPTS                                                                       \
  3 /* in which the peer could know the string; stops somebody in the middle from guessing, who    \
       has to be lucky once, again and again */
#define JXS_SAS_ANSWER_TIMEOUT_MS 30000  /* for the peer's software */
#define JXS_SAS_PERSON_TIMEOUT_MS 600000 /* for both persons, from when the string is shown */

typedef enum
{
  JXS_SAS_STATE_IDLE,
  JXS_SAS_STATE_COMMITTED, /* our commitment is out: their nonce is awaited */
  JXS_SAS_STATE_ANSWERED,  /* theirs came, our nonce is out: what they committed to is awaited */
  JXS_SAS_STATE_COMPARING, /* the persons are at it */
  JXS_SAS_STATE_CONFIRMED, /* ours said yes */
  JXS_SAS_STATE_AGREED,    /* theirs did */
  JXS_SAS_STATE_VERIFIED,
  JXS_SAS_STATE_FAILED, /* this attempt */
  JXS_SAS_STATE_ENDED,  /* the stream, or it has to */
  JXS_SAS_N_STATES,
} JxsSasState;

typedef enum
{
  JXS_SAS_EVENT_START,  /* our person wants to */
  JXS_SAS_EVENT_COMMIT, /* theirs, the request */
  JXS_SAS_EVENT_NONCE,  /* the answer to our commitment */
  JXS_SAS_EVENT_REVEAL, /* the request */
  JXS_SAS_EVENT_LIE,    /* the same, not what was committed to; made from REVEAL inside */
  JXS_SAS_EVENT_THEY_CONFIRM,
  JXS_SAS_EVENT_THEY_REJECT,
  JXS_SAS_EVENT_THEY_CANCEL,
  JXS_SAS_EVENT_MALFORMED,  /* a request that is answered with bad-request */
  JXS_SAS_EVENT_BAD_ANSWER, /* to our commitment */
  JXS_SAS_EVENT_REFUSED,    /* an error in answer to what we sent, or it could not be sent */
  JXS_SAS_EVENT_CONFIRM,    /* our person */
  JXS_SAS_EVENT_REJECT,
  JXS_SAS_EVENT_CANCEL,
  JXS_SAS_EVENT_TIMEOUT, /* of jxs_sas_machine_get_wait() */
  JXS_SAS_EVENT_CLOSED,  /* the stream */
  JXS_SAS_N_EVENTS,
} JxsSasEvent;

/* Why an attempt came to nothing. */
typedef enum
{
  JXS_SAS_NO_FAILURE,
  JXS_SAS_FAILURE_REJECTED,
  JXS_SAS_FAILURE_THEY_REJECTED,
  JXS_SAS_FAILURE_CANCELLED,
  JXS_SAS_FAILURE_THEY_CANCELLED,
  JXS_SAS_FAILURE_TIMED_OUT,
  JXS_SAS_FAILURE_PROTOCOL, /* the peer broke it */
  JXS_SAS_FAILURE_LIE,      /* the peer revealed another nonce than it had committed to */
  JXS_SAS_FAILURE_REFUSED,
  JXS_SAS_FAILURE_CLOSED,
} JxsSasFailure;

/* What to wait for. */
typedef enum
{
  JXS_SAS_WAIT_NOTHING,
  JXS_SAS_WAIT_ANSWER,
  JXS_SAS_WAIT_PERSONS,
} JxsSasWait;

/* What comes with an event. */
typedef struct
{
  JxsSasEvent event;
  const guint8 *bytes; /* COMMIT: the commitment, NONCE and REVEAL: the nonce; JXS_SAS_SIZE */
  const guint8 *nonce; /* START and COMMIT: ours if it comes to that, fresh; JXS_SAS_SIZE */
} JxsSasInput;

typedef struct
{
  JxsSasKind send; /* NONCE: as the answer to the request that came; CANCEL after a timeout says so
                    */
  guint8 bytes[JXS_SAS_SIZE];
  gboolean refuse; /* the request that came, or our START; otherwise a request gets a result */
  JxsStanzaError condition;
  gboolean show; /* the string */
  gboolean verified;
  JxsSasFailure failure;
  gboolean end_stream; /* after what is sent */
} JxsSasActions;

typedef struct
{
  JxsSasState state;
  JxsSasSide side;                 /* ours */
  const JxsSasBinding *binding;    /* unowned */
  guint8 nonces[2][JXS_SAS_SIZE];  /* by side */
  guint8 commitment[JXS_SAS_SIZE]; /* theirs */
  JxsSasString string;
  guint attempts;
} JxsSasMachine;

void jxs_sas_machine_init (JxsSasMachine *self, JxsSasSide side, const JxsSasBinding *binding);
void jxs_sas_machine_handle (JxsSasMachine *self, const JxsSasInput *input, JxsSasActions *actions);
JxsSasWait jxs_sas_machine_get_wait (const JxsSasMachine *self);
/* Whether an attempt is under way. */
gboolean jxs_sas_machine_is_active (const JxsSasMachine *self);
gboolean jxs_sas_machine_can_begin (const JxsSasMachine *self);
const char *jxs_sas_state_to_name (JxsSasState state);

G_END_DECLS
