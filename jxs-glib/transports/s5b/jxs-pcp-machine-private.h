/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/transports/s5b/jxs-pcp-codec-private.h>

G_BEGIN_DECLS

/* The life of one port mapping: asked for, renewed, given back (RFC 6887 §8, §11, §15). NAT-PMP
 * (RFC 6886) lives by the same rules with shorter pauses. Sans-IO. */

#define JXS_PCP_RETRY_MS 3000              /* the first pause, then doubled: RFC 6887 §8.1.1 */
#define JXS_PCP_NATPMP_RETRY_MS 250        /* RFC 6886 §3.1 */
#define JXS_PCP_MAX_RETRY_MS (1024 * 1000) /* RFC 6887 §8.1.1 */
#define JXS_PCP_ASK_MS 10000               /* no answer: nobody is there to map ports */
#define JXS_PCP_MIN_LIFETIME 120 /* seconds; stops routers that would be asked all the time */
#define JXS_PCP_MAX_LIFETIME (24 * 60 * 60) /* stops mappings that are never looked after: §15 */
#define JXS_PCP_MIN_RENEW_MS 4000           /* between two renewals: §11.2.1 */
#define JXS_PCP_FRESH_MS 10000              /* an answer this old needs no refresh */
#define JXS_PCP_RELEASE_LIMIT 3             /* packets that ask for the deletion */

typedef enum
{
  JXS_PCP_STATE_NEW,
  JXS_PCP_STATE_ASKING, /* no mapping yet, or lost with the memory of the router */
  JXS_PCP_STATE_MAPPED,
  JXS_PCP_STATE_RENEWING,  /* mapped; the renewal is not answered yet */
  JXS_PCP_STATE_RELEASING, /* the deletion is not answered yet */
  JXS_PCP_STATE_OVER,
  JXS_PCP_N_STATES,
} JxsPcpState;

typedef enum
{
  JXS_PCP_EVENT_START,
  JXS_PCP_EVENT_GRANTED,     /* lifetime, epoch, address, port */
  JXS_PCP_EVENT_REFUSED,     /* an error instead: epoch */
  JXS_PCP_EVENT_EPOCH,       /* an answer to nothing of ours: epoch */
  JXS_PCP_EVENT_UNREACHABLE, /* nobody listens there */
  JXS_PCP_EVENT_DUE,         /* deadline_us has come */
  JXS_PCP_EVENT_REFRESH,     /* somebody is about to rely on the mapping */
  JXS_PCP_EVENT_STOP,
  JXS_PCP_N_EVENTS,
} JxsPcpEventType;

typedef struct
{
  JxsPcpEventType type;
  gint64 now_us;
  int jitter;       /* -100 to 100: thousandths by which the next pause differs (RAND) */
  guint32 lifetime; /* seconds; 0: deleted */
  guint32 epoch;    /* seconds */
  JxsPcpAddress address;
  guint16 port;
} JxsPcpEvent;

/* What is to be done, in this order. */
typedef enum
{
  JXS_PCP_ACTION_SEND = 1 << 0,   /* a request; a deletion while RELEASING */
  JXS_PCP_ACTION_MAPPED = 1 << 1, /* address and port are new */
  JXS_PCP_ACTION_OVER = 1 << 2,   /* there is no mapping, or none any more; nothing will follow */
} JxsPcpActions;

typedef struct
{
  JxsPcpState state;
  guint first_retry_ms;
  gint64 deadline_us; /* 0: none */

  guint retry_ms;     /* the pause under way, without its jitter */
  gint64 give_up_us;  /* while ASKING */
  guint n_sent;       /* while RELEASING */
  gint64 expires_us;  /* while MAPPED and RENEWING */
  gint64 answered_us; /* the last answer with an epoch; 0: none */
  guint32 epoch;
  JxsPcpAddress address; /* the last ones granted: what is asked for again */
  guint16 port;
} JxsPcpMachine;

/* port: to be suggested. */
void jxs_pcp_machine_init (JxsPcpMachine *self, guint first_retry_ms, guint16 port);
JxsPcpActions jxs_pcp_machine_handle (JxsPcpMachine *self, const JxsPcpEvent *event);

G_END_DECLS
