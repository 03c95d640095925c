/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The security precondition of one content (jingle-xtls §4): who said what, and when TLS may
 * start. */

typedef enum
{
  JXS_XTLS_STATE_NONE,
  JXS_XTLS_STATE_OFFERED,   /* <security/> is in the session-initiate */
  JXS_XTLS_STATE_ANSWERED,  /* and in the session-accept */
  JXS_XTLS_STATE_CHOSEN,    /* the initiator named the method: a hint, it may never come */
  JXS_XTLS_STATE_HANDSHAKE, /* the transport is ready: TLS is on */
  JXS_XTLS_STATE_JUDGED,    /* the peer holds the key it announced; is it trusted? */
  JXS_XTLS_STATE_SECURE,
  JXS_XTLS_STATE_PLAIN, /* no security, as policy allows */
  JXS_XTLS_STATE_FAILED,
  JXS_XTLS_N_STATES,
} JxsXtlsState;

typedef enum
{
  JXS_XTLS_EVENT_OFFER,       /* sent or received */
  JXS_XTLS_EVENT_ANSWER,      /* sent or received */
  JXS_XTLS_EVENT_NO_SECURITY, /* the peer's initiate or accept is without, and policy allows that */
  JXS_XTLS_EVENT_CHOICE,      /* security-info, sent or received */
  JXS_XTLS_EVENT_READY,       /* the transport */
  JXS_XTLS_EVENT_VERIFIED,    /* handshake done, certificate as announced */
  JXS_XTLS_EVENT_PROVED, /* handshake done, and with it the password: nothing is left to judge */
  JXS_XTLS_EVENT_TRUSTED,
  JXS_XTLS_EVENT_LOST, /* the transport, before that: the negotiation stands for the next one */
  JXS_XTLS_EVENT_FAILURE,
  JXS_XTLS_N_EVENTS,
} JxsXtlsEvent;

typedef enum
{
  JXS_XTLS_ACTION_NONE,
  JXS_XTLS_ACTION_REFUSE, /* out of order: nothing changed */
  JXS_XTLS_ACTION_HANDSHAKE,
  JXS_XTLS_ACTION_ASK_TRUST,
  JXS_XTLS_ACTION_DELIVER,       /* the TLS connection */
  JXS_XTLS_ACTION_DELIVER_PLAIN, /* the transport's stream itself */
  JXS_XTLS_ACTION_ABANDON,       /* end the session with security-error */
} JxsXtlsAction;

typedef struct
{
  JxsXtlsState state;
} JxsXtlsMachine;

JxsXtlsAction jxs_xtls_machine_handle (JxsXtlsMachine *self, JxsXtlsEvent event);
const char *jxs_xtls_state_to_name (JxsXtlsState state);

G_END_DECLS
