/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>

G_BEGIN_DECLS

/* The negotiation of one SOCKS5 bytestream (XEP-0260 §2.3, §2.4) from one side: which candidates of
 * the peer to dial and when, what to report, which one is nominated, how a proxy is activated. No
 * input or output, no clock: each event comes with the time, and wake_at tells when the next TICK
 * is due. Candidates are named by their index in the order of adding, in two separate sets.
 *
 * Dialling: best priority first, one more every JXS_S5B_STAGGER, or at once where one failed. No
 * proxy is dialled within JXS_S5B_PROXY_DELAY of the first attempt while others are under way;
 * what ranks below it goes on meanwhile.
 *
 * Our report, of which there is one: the first success; what does not rank above it is cancelled at
 * once. Where an attempt that ranks above it is younger than JXS_S5B_STAGGER, because it began when
 * another one failed or was offered late, the report waits until it is that old: each candidate
 * gets that much before a lesser one is preferred, and nobody more. It is an error when nothing is
 * left that could be nominated, but not before JXS_S5B_GRACE and GATHERED, as either side may
 * still offer candidates; once the peer has reported nobody will try ours, and it would not have
 * reported with candidates to come, so nothing is waited for.
 *
 * After the peer's candidate-used: what ranks below it, as responder also what is equal, is
 * cancelled. What ranks above it may still win, but the peer has something that works: an attempt
 * is given up when it is JXS_S5B_BETTER old, and all of them so long after the report. What is much
 * better (the same network, for example) answers within that; for getting away from a proxy there
 * is JXS_S5B_BETTER_THAN_PROXY.
 *
 * An open candidate that is lost before our report counts as failed; after it, the report stands
 * and the negotiation fails if that candidate is nominated.
 *
 * Bounds, from the start: our report after JXS_S5B_ATTEMPTS_TIMEOUT, with no candidate that works
 * on either side the end soon after it; the peer's report after JXS_S5B_REPORT_TIMEOUT; the end
 * after JXS_S5B_MAX_TIME. */

/* In milliseconds. */
#define JXS_S5B_STAGGER 200            /* between one attempt and the next */
#define JXS_S5B_PROXY_DELAY 600        /* of the first proxy after the first attempt */
#define JXS_S5B_ATTEMPT_TIMEOUT 4000   /* one attempt: TCP, which repeats a SYN twice, and SOCKS5 */
#define JXS_S5B_ATTEMPTS_TIMEOUT 6000  /* all of them together */
#define JXS_S5B_GRACE 2000             /* candidates may still come so long after the start */
#define JXS_S5B_BETTER 200             /* for what ranks above a connection that the peer has */
#define JXS_S5B_BETTER_THAN_PROXY 600  /* the same where that leads to a proxy */
#define JXS_S5B_REPORT_TIMEOUT 11000   /* the peer's report, from the start */
#define JXS_S5B_SOCKET_TIMEOUT 2000    /* candidate-used may overtake its own socket so much */
#define JXS_S5B_PROXY_TIMEOUT 4000     /* connecting to our proxy; twice that with its activation */
#define JXS_S5B_ACTIVATED_TIMEOUT 9000 /* the peer's word that its proxy is active */
#define JXS_S5B_MAX_TIME (JXS_S5B_REPORT_TIMEOUT + JXS_S5B_ACTIVATED_TIMEOUT)

typedef enum
{
  JXS_S5B_EVENT_START,         /* both <transport/> were exchanged: dialling may begin */
  JXS_S5B_EVENT_GATHERED,      /* no more candidates of ours will be added */
  JXS_S5B_EVENT_DIAL_OPEN,     /* index: peer's; TCP and SOCKS5 succeeded */
  JXS_S5B_EVENT_DIAL_FAILED,   /* index: peer's; also when an open one was lost. Not needed after
                                  CANCEL */
  JXS_S5B_EVENT_INCOMING,      /* the peer connected to our listener with our hash; at any time, and
                                  again with each further socket */
  JXS_S5B_EVENT_INCOMING_LOST, /* no such socket is left */
  JXS_S5B_EVENT_PEER_USED,     /* index: ours */
  JXS_S5B_EVENT_PEER_ERROR,    /* candidate-error */
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
  JXS_S5B_ACTION_DIAL,   /* index: peer's */
  JXS_S5B_ACTION_CANCEL, /* index: peer's: stop dialling, or close the open socket. Its attempt is
                            FAILED if it took too long, SKIPPED if it is not needed */
  JXS_S5B_ACTION_SEND_USED, /* index: peer's */
  JXS_S5B_ACTION_SEND_ERROR,
  JXS_S5B_ACTION_NOMINATE_REMOTE, /* index: peer's; before what follows from it */
  JXS_S5B_ACTION_NOMINATE_LOCAL,  /* index: ours */
  JXS_S5B_ACTION_OPEN_PROXY,      /* index: ours: connect to it */
  JXS_S5B_ACTION_ACTIVATE,        /* index: ours: ask it to */
  JXS_S5B_ACTION_SEND_ACTIVATED,  /* index: ours */
  JXS_S5B_ACTION_SEND_PROXY_ERROR,
  JXS_S5B_ACTION_READY, /* the bytestream is there: the nominated candidate's socket. All else of
                           the peer's was cancelled; other incoming sockets are the caller's to
                           close */
  JXS_S5B_ACTION_FAIL,  /* cause tells why; all was cancelled. Nothing follows READY or FAIL: any
                           event is tolerated and leads to nothing */
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

/* One event cancels each candidate at most once and starts at most one. */
#define JXS_S5B_MAX_ACTIONS (JXS_S5B_MAX_CANDIDATES + 8)

/* What one event leads to, in this order: a report comes before its nomination, that before
 * OPEN_PROXY, READY and FAIL. */
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
  gint64 first_dial_at;    /* -1: none yet */
  gint64 next_dial_at;     /* by the stagger */
  gint64 held_since;       /* something is open and not reported; -1: no */
  gint64 peer_reported_at; /* not before the start */
  gint64 deadline;         /* of the state; -1: none */
} JxsS5bMachine;

void jxs_s5b_machine_init (JxsS5bMachine *self, gboolean initiator);
/* Adds a candidate, before or after the start; FALSE: there are too many. After our report further
 * ones of the peer are SKIPPED at once. Follow with a TICK once started. */
gboolean jxs_s5b_machine_add_remote (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority);
gboolean jxs_s5b_machine_add_local (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority);
/* now: milliseconds of any clock that never goes back, not negative. Any event is allowed in any
 * state. FALSE: the peer may not say this now (a second report; activated or proxy-error before a
 * proxy is nominated; activated of another one): unexpected-request; nothing changed. What it says
 * before the start is kept until then, and after the end nothing is wrong. */
gboolean jxs_s5b_machine_handle (
    JxsS5bMachine *self, JxsS5bEvent event, guint index, gint64 now, JxsS5bActions *actions);
const char *jxs_s5b_state_to_name (JxsS5bState state);

G_END_DECLS
