/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>

G_BEGIN_DECLS

/* The negotiation of one SOCKS5 bytestream (XEP-0260 §2.3, §2.4) from one side: which candidates of
 * the peer to dial and when, what to report, which one is nominated, how a proxy is activated. No
 * input or output, no clock: each event comes with the time, and wake_at tells when the next TICK
 * is due. Candidates are named by their index in the order of adding, in two separate sets. */

/* In milliseconds. */
#define JXS_S5B_STAGGER 200           /* between one attempt and the next */
#define JXS_S5B_PROXY_DELAY 400       /* more before the first proxy is tried, if others are */
#define JXS_S5B_ATTEMPT_TIMEOUT 5000  /* one attempt: TCP and SOCKS5 */
#define JXS_S5B_ATTEMPTS_TIMEOUT 9000 /* all of them together */
#define JXS_S5B_GRACE 2000            /* candidates may still come so long after the start */
#define JXS_S5B_REPORT_TIMEOUT 10000  /* the peer's report after ours */
#define JXS_S5B_SOCKET_TIMEOUT 2000   /* candidate-used may overtake its own socket so much */
#define JXS_S5B_PROXY_TIMEOUT 5000 /* connecting to our proxy; and again its answer to activate */
#define JXS_S5B_ACTIVATED_TIMEOUT 12000 /* the peer's word that its proxy is active */

typedef enum
{
  JXS_S5B_EVENT_START,          /* both <transport/> were exchanged: dialling may begin */
  JXS_S5B_EVENT_GATHERED,       /* no more candidates of ours will be added */
  JXS_S5B_EVENT_DIAL_OPEN,      /* index: peer's; TCP and SOCKS5 succeeded */
  JXS_S5B_EVENT_DIAL_FAILED,    /* index: peer's; also when an open one was lost */
  JXS_S5B_EVENT_INCOMING,       /* the peer connected to our listener with our hash */
  JXS_S5B_EVENT_INCOMING_LOST,  /* no such socket is left */
  JXS_S5B_EVENT_PEER_USED,      /* index: ours */
  JXS_S5B_EVENT_PEER_ERROR,     /* candidate-error */
  JXS_S5B_EVENT_PEER_ACTIVATED, /* index: peer's */
  JXS_S5B_EVENT_PEER_PROXY_ERROR,
  JXS_S5B_EVENT_PROXY_OPEN,   /* we are connected to our nominated proxy */
  JXS_S5B_EVENT_PROXY_FAILED, /* or are not, or not any more */
  JXS_S5B_EVENT_ACTIVATED,    /* it answered our activate with a result */
  JXS_S5B_EVENT_ACTIVATE_FAILED,
  JXS_S5B_EVENT_TICK,
  JXS_S5B_N_EVENTS,
} JxsS5bEvent;

typedef enum
{
  JXS_S5B_ACTION_DIAL,      /* index: peer's */
  JXS_S5B_ACTION_CANCEL,    /* index: peer's: stop dialling, or close the open socket */
  JXS_S5B_ACTION_SEND_USED, /* index: peer's */
  JXS_S5B_ACTION_SEND_ERROR,
  JXS_S5B_ACTION_NOMINATE_REMOTE, /* index: peer's; before what follows from it */
  JXS_S5B_ACTION_NOMINATE_LOCAL,  /* index: ours */
  JXS_S5B_ACTION_OPEN_PROXY,      /* index: ours: connect to it */
  JXS_S5B_ACTION_ACTIVATE,        /* index: ours: ask it to */
  JXS_S5B_ACTION_SEND_ACTIVATED,  /* index: ours */
  JXS_S5B_ACTION_SEND_PROXY_ERROR,
  JXS_S5B_ACTION_READY, /* the bytestream is there: the nominated candidate's socket */
  JXS_S5B_ACTION_FAIL,  /* cause tells why; nothing follows any more */
} JxsS5bActionKind;

typedef enum
{
  JXS_S5B_CAUSE_NONE,
  JXS_S5B_CAUSE_NO_CANDIDATE,  /* neither side could connect */
  JXS_S5B_CAUSE_NO_REPORT,     /* the peer did not say what it found */
  JXS_S5B_CAUSE_NO_SOCKET,     /* what the peer uses never arrived, or was lost */
  JXS_S5B_CAUSE_PROXY,         /* our proxy could not be reached or refused to activate */
  JXS_S5B_CAUSE_PEER_PROXY,    /* the peer's proxy failed, it says, or was lost */
  JXS_S5B_CAUSE_NOT_ACTIVATED, /* the peer did not activate its proxy */
} JxsS5bCause;

typedef struct
{
  JxsS5bActionKind kind;
  guint index;
} JxsS5bAction;

#define JXS_S5B_MAX_ACTIONS (2 * JXS_S5B_MAX_CANDIDATES + 8)

/* What one event leads to, in this order. */
typedef struct
{
  JxsS5bAction actions[JXS_S5B_MAX_ACTIONS];
  guint n_actions;
} JxsS5bActions;

typedef enum
{
  JXS_S5B_STATE_IDLE,
  JXS_S5B_STATE_DIALLING,       /* our report is not sent yet */
  JXS_S5B_STATE_REPORTED,       /* the peer's report is missing */
  JXS_S5B_STATE_WAIT_SOCKET,    /* ours is nominated, direct: its socket is on its way */
  JXS_S5B_STATE_WAIT_ACTIVATED, /* the peer's proxy is nominated */
  JXS_S5B_STATE_OPENING_PROXY,  /* our proxy is nominated */
  JXS_S5B_STATE_ACTIVATING,
  JXS_S5B_STATE_READY,
  JXS_S5B_STATE_FAILED,
  JXS_S5B_N_STATES,
} JxsS5bState;

typedef enum
{
  JXS_S5B_ATTEMPT_WAITING,
  JXS_S5B_ATTEMPT_DIALLING,
  JXS_S5B_ATTEMPT_OPEN,
  JXS_S5B_ATTEMPT_FAILED,
  JXS_S5B_ATTEMPT_SKIPPED,
} JxsS5bAttempt;

typedef struct
{
  guint32 priority;
  JxsCandidateKind kind;
  JxsS5bAttempt attempt; /* of the peer's ones */
  gint64 started;
} JxsS5bMachineCandidate;

typedef enum
{
  JXS_S5B_REPORT_NONE,
  JXS_S5B_REPORT_ERROR,
  JXS_S5B_REPORT_USED,
} JxsS5bReport;

typedef struct
{
  JxsS5bState state;
  gboolean initiator;
  JxsS5bMachineCandidate remote[JXS_S5B_MAX_CANDIDATES];
  guint n_remote;
  JxsS5bMachineCandidate local[JXS_S5B_MAX_CANDIDATES];
  guint n_local;
  JxsS5bReport our_report;
  guint our_choice; /* of the peer's */
  JxsS5bReport peer_report;
  guint peer_choice; /* of ours */
  gboolean nominated_remote;
  JxsS5bCause cause;
  gint64 wake_at; /* milliseconds; -1: never */
  /* the rest is the machine's own */
  gboolean gathered;
  gboolean has_incoming;
  gint64 started_at;
  gint64 last_dial_at;
  gint64 deadline;
} JxsS5bMachine;

void jxs_s5b_machine_init (JxsS5bMachine *self, gboolean initiator);
/* Adds a candidate, before or after the start; FALSE: there are too many. After our report further
 * ones of the peer are SKIPPED at once. Follow with a TICK once started. */
gboolean jxs_s5b_machine_add_remote (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority);
gboolean jxs_s5b_machine_add_local (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority);
/* now: milliseconds of any clock that never goes back. FALSE: the peer may not say this now (a
 * second report, an answer nobody asked for): unexpected-request; nothing changed. */
gboolean jxs_s5b_machine_handle (
    JxsS5bMachine *self, JxsS5bEvent event, guint index, gint64 now, JxsS5bActions *actions);
const char *jxs_s5b_state_to_name (JxsS5bState state);

G_END_DECLS
