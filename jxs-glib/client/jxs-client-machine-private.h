/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* A client's way into its server (RFC 6120): encryption, authentication, resource binding; without
 * I/O. */

typedef enum
{
  JXS_CLIENT_STEP_CONNECTING,     /* to the server's address */
  JXS_CLIENT_STEP_OPENING,        /* a stream: header and features */
  JXS_CLIENT_STEP_STARTTLS,       /* <starttls/> sent */
  JXS_CLIENT_STEP_SECURING,       /* TLS handshake */
  JXS_CLIENT_STEP_AUTHENTICATING, /* SASL exchange */
  JXS_CLIENT_STEP_BINDING,        /* <bind/> sent */
  JXS_CLIENT_STEP_SESSION,        /* <session/> sent: servers of RFC 3921 want it */
  JXS_CLIENT_STEP_READY,
  JXS_CLIENT_STEP_FAILED,
  JXS_CLIENT_N_STEPS,
} JxsClientStep;

typedef enum
{
  JXS_CLIENT_EVENT_CONNECTED,
  JXS_CLIENT_EVENT_FEATURES,      /* with the features, empty ones from a server older than 1.0 */
  JXS_CLIENT_EVENT_ELEMENT,       /* with any other element */
  JXS_CLIENT_EVENT_SECURED,       /* the handshake is complete, the server authenticated */
  JXS_CLIENT_EVENT_AUTHENTICATED, /* the exchange is complete, on both sides */
  JXS_CLIENT_EVENT_FAILED,        /* with an error: something of the above did not work */
  JXS_CLIENT_N_EVENTS,
} JxsClientEvent;

typedef enum
{
  JXS_CLIENT_ACTION_NONE = 0,
  JXS_CLIENT_ACTION_OPEN = 1 << 0,        /* open a stream, anew if there was one */
  JXS_CLIENT_ACTION_SEND = 1 << 1,        /* send `out` */
  JXS_CLIENT_ACTION_READ = 1 << 2,        /* wait for the next element */
  JXS_CLIENT_ACTION_SECURE = 1 << 3,      /* do the TLS handshake */
  JXS_CLIENT_ACTION_SASL_START = 1 << 4,  /* choose a mechanism from `in` and send <auth/> */
  JXS_CLIENT_ACTION_SASL_STEP = 1 << 5,   /* answer the challenge `in` */
  JXS_CLIENT_ACTION_SASL_FINISH = 1 << 6, /* check the success `in` */
  JXS_CLIENT_ACTION_READY = 1 << 7,       /* `jid` is ours, stanzas may flow */
  JXS_CLIENT_ACTION_FAIL = 1 << 8,        /* with `error` */
} JxsClientAction;

typedef struct
{
  /* What is wanted. */
  JxsJid *jid; /* (owned) (nullable): after the binding the one the server gave us */
  gboolean require_tls;

  JxsClientStep step;
  gboolean encrypted;
  gboolean authenticated;
  gboolean wants_session; /* the server's features say that <session/> has to follow */

  /* With the actions. */
  JxsElement *out; /* (owned) (nullable) */
  JxsElement *in;  /* (owned) (nullable) */
  GError *error;   /* (owned) (nullable) */
} JxsClientMachine;

/* jid is a bare or full JID: a full one asks for that resource. */
void jxs_client_machine_init (JxsClientMachine *self, JxsJid *jid, gboolean require_tls);
void jxs_client_machine_clear (JxsClientMachine *self);
/* element: with FEATURES and ELEMENT; error: with FAILED. Actions are carried out in their order.
 * After READY or FAIL nothing more comes. */
JxsClientAction jxs_client_machine_handle (JxsClientMachine *self,
                                           JxsClientEvent event,
                                           JxsElement *element,
                                           const GError *error);
const char *jxs_client_step_to_string (JxsClientStep step);

G_END_DECLS
