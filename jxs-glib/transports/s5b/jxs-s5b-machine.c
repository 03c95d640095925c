/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-machine-private.h"

#define NEVER (-1)

static void
push (JxsS5bActions *actions, JxsS5bActionKind kind, guint index)
{
  actions->actions[actions->n_actions++] = (JxsS5bAction){ .kind = kind, .index = index };
}

static void
set_state (JxsS5bMachine *self, JxsS5bState state, gint64 deadline)
{
  self->state = state;
  self->deadline = deadline;
}

static void
wake (JxsS5bMachine *self, gint64 at)
{
  self->wake_at = self->wake_at == NEVER ? at : MIN (self->wake_at, at);
}

/* -- attempts -- */

static gboolean
is_pending (const JxsS5bMachineCandidate *candidate)
{
  return candidate->attempt == JXS_S5B_ATTEMPT_WAITING ||
         candidate->attempt == JXS_S5B_ATTEMPT_DIALLING;
}

/* Ends whatever goes on with a candidate of the peer. */
static void
drop (JxsS5bMachine *self, guint index, JxsS5bAttempt attempt, JxsS5bActions *actions)
{
  JxsS5bMachineCandidate *candidate = &self->remote[index];

  if (candidate->attempt == JXS_S5B_ATTEMPT_DIALLING || candidate->attempt == JXS_S5B_ATTEMPT_OPEN)
    push (actions, JXS_S5B_ACTION_CANCEL, index);
  if (is_pending (candidate) || candidate->attempt == JXS_S5B_ATTEMPT_OPEN)
    candidate->attempt = attempt;
}

/* keep: an index, or n_remote for none. */
static void
drop_others (JxsS5bMachine *self, guint keep, JxsS5bActions *actions)
{
  for (guint i = 0; i < self->n_remote; i++)
    if (i != keep)
      drop (self, i, JXS_S5B_ATTEMPT_SKIPPED, actions);
}

/* -- the end -- */

static gboolean
fail (JxsS5bMachine *self, JxsS5bCause cause, JxsS5bActions *actions)
{
  drop_others (self, self->n_remote, actions);
  self->cause = cause;
  set_state (self, JXS_S5B_STATE_FAILED, NEVER);
  push (actions, JXS_S5B_ACTION_FAIL, 0);
  return TRUE;
}

/* XEP-0260 §2.4: whichever side cannot go on with the proxy says so. */
static gboolean
fail_proxy (JxsS5bMachine *self, JxsS5bCause cause, JxsS5bActions *actions)
{
  push (actions, JXS_S5B_ACTION_SEND_PROXY_ERROR, 0);
  return fail (self, cause, actions);
}

static gboolean
become_ready (JxsS5bMachine *self, JxsS5bActions *actions)
{
  set_state (self, JXS_S5B_STATE_READY, NEVER);
  push (actions, JXS_S5B_ACTION_READY, 0);
  return TRUE;
}

/* -- reports -- */

static void
nominate_remote (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  const JxsS5bMachineCandidate *candidate = &self->remote[self->our_choice];
  gboolean is_proxy = candidate->kind == JXS_CANDIDATE_KIND_PROXY;

  self->nominated_remote = TRUE;
  push (actions, JXS_S5B_ACTION_NOMINATE_REMOTE, self->our_choice);

  if (candidate->attempt == JXS_S5B_ATTEMPT_OPEN)
    {
      if (is_proxy)
        set_state (self, JXS_S5B_STATE_WAIT_ACTIVATED, now + JXS_S5B_ACTIVATED_TIMEOUT);
      else
        become_ready (self, actions);
    }
  else if (is_proxy)
    fail_proxy (self, JXS_S5B_CAUSE_PEER_PROXY, actions);
  else
    fail (self, JXS_S5B_CAUSE_NO_SOCKET, actions);
}

static void
nominate_local (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  push (actions, JXS_S5B_ACTION_NOMINATE_LOCAL, self->peer_choice);
  drop_others (self, self->n_remote, actions);

  if (self->local[self->peer_choice].kind == JXS_CANDIDATE_KIND_PROXY)
    {
      set_state (self, JXS_S5B_STATE_OPENING_PROXY, now + JXS_S5B_PROXY_TIMEOUT);
      push (actions, JXS_S5B_ACTION_OPEN_PROXY, self->peer_choice);
    }
  else if (self->has_incoming)
    become_ready (self, actions);
  else
    set_state (self, JXS_S5B_STATE_WAIT_SOCKET, now + JXS_S5B_SOCKET_TIMEOUT);
}

/* Whether a candidate of the peer wins over what the peer has reported (XEP-0260 §2.4): of equal
 * ones that which the initiator chose. */
static gboolean
wins (const JxsS5bMachine *self, const JxsS5bMachineCandidate *candidate)
{
  guint32 rival;

  if (self->peer_report != JXS_S5B_REPORT_USED)
    return TRUE;

  rival = self->local[self->peer_choice].priority;
  return candidate->priority > rival || (candidate->priority == rival && self->initiator);
}

/* XEP-0260 §2.4: the four ways to complete, once both reports are known. */
static void
complete (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  if (self->our_report == JXS_S5B_REPORT_NONE || self->peer_report == JXS_S5B_REPORT_NONE)
    return;

  if (self->our_report == JXS_S5B_REPORT_USED && wins (self, &self->remote[self->our_choice]))
    nominate_remote (self, now, actions);
  else if (self->peer_report == JXS_S5B_REPORT_USED)
    nominate_local (self, now, actions);
  else
    fail (self, JXS_S5B_CAUSE_NO_CANDIDATE, actions);
}

static void
report_used (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->our_report = JXS_S5B_REPORT_USED;
  self->our_choice = index;
  set_state (self, JXS_S5B_STATE_REPORTED, self->started_at + JXS_S5B_REPORT_TIMEOUT);
  push (actions, JXS_S5B_ACTION_SEND_USED, index);
  drop_others (self, index, actions);
  complete (self, now, actions);
}

static void
report_error (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  self->our_report = JXS_S5B_REPORT_ERROR;
  set_state (self, JXS_S5B_STATE_REPORTED, self->started_at + JXS_S5B_REPORT_TIMEOUT);
  push (actions, JXS_S5B_ACTION_SEND_ERROR, 0);
  drop_others (self, self->n_remote, actions);
  complete (self, now, actions);
}

/* -- dialling -- */

static gint64
given_up_at (const JxsS5bMachine *self, const JxsS5bMachineCandidate *candidate)
{
  gint64 started = candidate->attempt == JXS_S5B_ATTEMPT_DIALLING ? candidate->started : G_MAXINT64;
  gint64 at = self->started_at + JXS_S5B_ATTEMPTS_TIMEOUT;

  if (started != G_MAXINT64)
    at = MIN (at, started + JXS_S5B_ATTEMPT_TIMEOUT);
  if (self->peer_report == JXS_S5B_REPORT_USED)
    at = MIN (at,
              MIN (started, self->peer_reported_at) +
                  (self->local[self->peer_choice].kind == JXS_CANDIDATE_KIND_PROXY
                       ? JXS_S5B_BETTER_THAN_PROXY
                       : JXS_S5B_BETTER));

  return at;
}

/* The open candidate that ranks highest, the earliest of equal ones; NULL: none is open. */
static const JxsS5bMachineCandidate *
find_open (const JxsS5bMachine *self)
{
  const JxsS5bMachineCandidate *best = NULL;

  for (guint i = 0; i < self->n_remote; i++)
    if (self->remote[i].attempt == JXS_S5B_ATTEMPT_OPEN &&
        (best == NULL || self->remote[i].priority > best->priority))
      best = &self->remote[i];

  return best;
}

/* Ends what cannot be nominated any more and what took too long. */
static void
weed (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  const JxsS5bMachineCandidate *open = find_open (self);

  for (guint i = 0; i < self->n_remote; i++)
    {
      const JxsS5bMachineCandidate *candidate = &self->remote[i];
      gboolean outranked =
          open != NULL && candidate != open && candidate->priority <= open->priority;
      gboolean timed_out = candidate->attempt == JXS_S5B_ATTEMPT_DIALLING &&
                           self->peer_report != JXS_S5B_REPORT_USED;

      if (!wins (self, candidate) || outranked)
        drop (self, i, JXS_S5B_ATTEMPT_SKIPPED, actions);
      else if (is_pending (candidate) && now >= given_up_at (self, candidate))
        drop (self, i, timed_out ? JXS_S5B_ATTEMPT_FAILED : JXS_S5B_ATTEMPT_SKIPPED, actions);
    }
}

/* When the success of open may be reported. All that is being dialled ranks above it. */
static gint64
held_until (const JxsS5bMachine *self, gint64 now)
{
  gint64 at = now;

  for (guint i = 0; i < self->n_remote; i++)
    if (self->remote[i].attempt == JXS_S5B_ATTEMPT_DIALLING)
      at = MAX (at, self->remote[i].started + JXS_S5B_STAGGER);

  return MIN (at, self->held_since + JXS_S5B_STAGGER);
}

static gboolean
dials_directly (const JxsS5bMachine *self)
{
  for (guint i = 0; i < self->n_remote; i++)
    if (self->remote[i].attempt == JXS_S5B_ATTEMPT_DIALLING &&
        self->remote[i].kind != JXS_CANDIDATE_KIND_PROXY)
      return TRUE;

  return FALSE;
}

/* The best of those that wait, but for proxies while it is too early for them. */
static JxsS5bMachineCandidate *
find_next (JxsS5bMachine *self, gint64 now)
{
  gint64 proxies_at = dials_directly (self) ? self->first_dial_at + JXS_S5B_PROXY_DELAY : now;
  JxsS5bMachineCandidate *best = NULL;

  for (guint i = 0; i < self->n_remote; i++)
    {
      JxsS5bMachineCandidate *candidate = &self->remote[i];

      if (candidate->attempt != JXS_S5B_ATTEMPT_WAITING)
        continue;
      if (candidate->kind == JXS_CANDIDATE_KIND_PROXY && now < proxies_at)
        wake (self, proxies_at);
      else if (best == NULL || candidate->priority > best->priority)
        best = candidate;
    }

  return best;
}

static void
dial_due (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  JxsS5bMachineCandidate *next;

  while ((next = find_next (self, now)) != NULL)
    {
      if (self->next_dial_at > now)
        {
          wake (self, self->next_dial_at);
          return;
        }

      next->attempt = JXS_S5B_ATTEMPT_DIALLING;
      next->started = now;
      self->next_dial_at = now + JXS_S5B_STAGGER;
      if (self->first_dial_at == NEVER)
        self->first_dial_at = now;
      push (actions, JXS_S5B_ACTION_DIAL, next - self->remote);
    }
}

static gboolean
has_pending (const JxsS5bMachine *self)
{
  for (guint i = 0; i < self->n_remote; i++)
    if (is_pending (&self->remote[i]))
      return TRUE;

  return FALSE;
}

/* Either side may still come up with candidates until then. */
static gint64
hoped_until (const JxsS5bMachine *self, gint64 now)
{
  if (self->peer_report != JXS_S5B_REPORT_NONE)
    return now;

  return self->started_at + (self->gathered ? JXS_S5B_GRACE : JXS_S5B_ATTEMPTS_TIMEOUT);
}

/* All that is to be done before our report, whatever has changed. */
static void
dial (JxsS5bMachine *self, gint64 now, JxsS5bActions *actions)
{
  const JxsS5bMachineCandidate *open;
  gint64 report_at = G_MAXINT64;

  weed (self, now, actions);

  open = find_open (self);
  if (open == NULL)
    self->held_since = NEVER;
  else if (self->held_since == NEVER)
    self->held_since = now;

  if (open != NULL)
    report_at = held_until (self, now);
  else if (!has_pending (self))
    report_at = hoped_until (self, now);

  if (report_at <= now)
    {
      if (open != NULL)
        report_used (self, open - self->remote, now, actions);
      else
        report_error (self, now, actions);
      return;
    }

  if (report_at != G_MAXINT64)
    wake (self, report_at);
  dial_due (self, now, actions);
  for (guint i = 0; i < self->n_remote; i++)
    if (is_pending (&self->remote[i]))
      wake (self, given_up_at (self, &self->remote[i]));
}

/* -- what the table names: FALSE refuses what the peer said -- */

typedef gboolean (*Handler) (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions);

static gboolean
refuse (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  return FALSE;
}

static gboolean
on_start (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->started_at = now;
  self->peer_reported_at = now;
  set_state (self, JXS_S5B_STATE_DIALLING, NEVER);
  return TRUE;
}

static gboolean
on_gathered (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->gathered = TRUE;
  return TRUE;
}

/* One that was cancelled may have opened before it heard of that. */
static gboolean
on_dial_open (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  if (index >= self->n_remote)
    return TRUE;

  if (self->remote[index].attempt == JXS_S5B_ATTEMPT_DIALLING)
    self->remote[index].attempt = JXS_S5B_ATTEMPT_OPEN;
  else if (self->remote[index].attempt != JXS_S5B_ATTEMPT_OPEN)
    push (actions, JXS_S5B_ACTION_CANCEL, index);

  return TRUE;
}

static gboolean
on_dial_failed (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  if (index >= self->n_remote)
    return TRUE;

  if (self->remote[index].attempt == JXS_S5B_ATTEMPT_DIALLING)
    self->next_dial_at = now;
  if (self->remote[index].attempt == JXS_S5B_ATTEMPT_DIALLING ||
      self->remote[index].attempt == JXS_S5B_ATTEMPT_OPEN)
    self->remote[index].attempt = JXS_S5B_ATTEMPT_FAILED;

  return TRUE;
}

static gboolean
on_dial_failed_nominated (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  on_dial_failed (self, index, now, actions);
  if (index != self->our_choice)
    return TRUE;
  return fail_proxy (self, JXS_S5B_CAUSE_PEER_PROXY, actions);
}

static gboolean
on_incoming (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->has_incoming = TRUE;
  return TRUE;
}

static gboolean
on_incoming_nominated (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->has_incoming = TRUE;
  return become_ready (self, actions);
}

static gboolean
on_incoming_lost (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  self->has_incoming = FALSE;
  return TRUE;
}

static gboolean
on_peer_used (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  if (self->peer_report != JXS_S5B_REPORT_NONE || index >= self->n_local)
    return FALSE;

  self->peer_report = JXS_S5B_REPORT_USED;
  self->peer_choice = index;
  self->peer_reported_at = now;
  complete (self, now, actions);
  return TRUE;
}

static gboolean
on_peer_error (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  if (self->peer_report != JXS_S5B_REPORT_NONE)
    return FALSE;

  self->peer_report = JXS_S5B_REPORT_ERROR;
  complete (self, now, actions);
  return TRUE;
}

static gboolean
on_peer_activated (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  return index == self->our_choice && become_ready (self, actions);
}

/* Also when it makes no sense with a direct one: the peer has given up. */
static gboolean
on_peer_proxy_error (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  return fail (self, JXS_S5B_CAUSE_PEER_PROXY, actions);
}

static gboolean
on_proxy_open (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  /* What connecting did not need is left for the answer, whose way may be longer. */
  set_state (self, JXS_S5B_STATE_ACTIVATING, self->deadline + JXS_S5B_PROXY_TIMEOUT);
  push (actions, JXS_S5B_ACTION_ACTIVATE, self->peer_choice);
  return TRUE;
}

static gboolean
on_proxy_failed (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  return fail_proxy (self, JXS_S5B_CAUSE_PROXY, actions);
}

static gboolean
on_activated (JxsS5bMachine *self, guint index, gint64 now, JxsS5bActions *actions)
{
  push (actions, JXS_S5B_ACTION_SEND_ACTIVATED, self->peer_choice);
  return become_ready (self, actions);
}

/* No handler: it changes nothing and nothing is wrong with it. */
static const Handler table[JXS_S5B_N_STATES][JXS_S5B_N_EVENTS] = {
  [JXS_S5B_STATE_IDLE] = {
    [JXS_S5B_EVENT_START] = on_start,
    [JXS_S5B_EVENT_GATHERED] = on_gathered,
    [JXS_S5B_EVENT_INCOMING] = on_incoming,
    [JXS_S5B_EVENT_INCOMING_LOST] = on_incoming_lost,
    [JXS_S5B_EVENT_PEER_USED] = on_peer_used,
    [JXS_S5B_EVENT_PEER_ERROR] = on_peer_error,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = refuse,
  },
  [JXS_S5B_STATE_DIALLING] = {
    [JXS_S5B_EVENT_GATHERED] = on_gathered,
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_DIAL_FAILED] = on_dial_failed,
    [JXS_S5B_EVENT_INCOMING] = on_incoming,
    [JXS_S5B_EVENT_INCOMING_LOST] = on_incoming_lost,
    [JXS_S5B_EVENT_PEER_USED] = on_peer_used,
    [JXS_S5B_EVENT_PEER_ERROR] = on_peer_error,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = refuse,
  },
  [JXS_S5B_STATE_REPORTED] = {
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_DIAL_FAILED] = on_dial_failed,
    [JXS_S5B_EVENT_INCOMING] = on_incoming,
    [JXS_S5B_EVENT_INCOMING_LOST] = on_incoming_lost,
    [JXS_S5B_EVENT_PEER_USED] = on_peer_used,
    [JXS_S5B_EVENT_PEER_ERROR] = on_peer_error,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = refuse,
  },
  [JXS_S5B_STATE_WAIT_SOCKET] = {
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_INCOMING] = on_incoming_nominated,
    [JXS_S5B_EVENT_PEER_USED] = refuse,
    [JXS_S5B_EVENT_PEER_ERROR] = refuse,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = on_peer_proxy_error,
  },
  [JXS_S5B_STATE_WAIT_ACTIVATED] = {
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_DIAL_FAILED] = on_dial_failed_nominated,
    [JXS_S5B_EVENT_PEER_USED] = refuse,
    [JXS_S5B_EVENT_PEER_ERROR] = refuse,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = on_peer_activated,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = on_peer_proxy_error,
  },
  [JXS_S5B_STATE_OPENING_PROXY] = {
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_PEER_USED] = refuse,
    [JXS_S5B_EVENT_PEER_ERROR] = refuse,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = on_peer_proxy_error,
    [JXS_S5B_EVENT_PROXY_OPEN] = on_proxy_open,
    [JXS_S5B_EVENT_PROXY_FAILED] = on_proxy_failed,
  },
  [JXS_S5B_STATE_ACTIVATING] = {
    [JXS_S5B_EVENT_DIAL_OPEN] = on_dial_open,
    [JXS_S5B_EVENT_PEER_USED] = refuse,
    [JXS_S5B_EVENT_PEER_ERROR] = refuse,
    [JXS_S5B_EVENT_PEER_ACTIVATED] = refuse,
    [JXS_S5B_EVENT_PEER_PROXY_ERROR] = on_peer_proxy_error,
    [JXS_S5B_EVENT_PROXY_FAILED] = on_proxy_failed,
    [JXS_S5B_EVENT_ACTIVATED] = on_activated,
    [JXS_S5B_EVENT_ACTIVATE_FAILED] = on_proxy_failed,
  },
};

static void
on_deadline (JxsS5bMachine *self, JxsS5bActions *actions)
{
  switch (self->state)
    {
    case JXS_S5B_STATE_REPORTED:
      fail (self, JXS_S5B_CAUSE_NO_REPORT, actions);
      break;
    case JXS_S5B_STATE_WAIT_SOCKET:
      fail (self, JXS_S5B_CAUSE_NO_SOCKET, actions);
      break;
    case JXS_S5B_STATE_WAIT_ACTIVATED:
      fail_proxy (self, JXS_S5B_CAUSE_NOT_ACTIVATED, actions);
      break;
    default:
      fail_proxy (self, JXS_S5B_CAUSE_PROXY, actions);
      break;
    }
}

gboolean
jxs_s5b_machine_handle (
    JxsS5bMachine *self, JxsS5bEvent event, guint index, gint64 now, JxsS5bActions *actions)
{
  Handler handler = table[self->state][event];

  actions->n_actions = 0;
  if (handler != NULL && !handler (self, index, now, actions))
    return FALSE;

  self->wake_at = NEVER;
  if (self->state == JXS_S5B_STATE_DIALLING)
    dial (self, now, actions);
  if (self->deadline != NEVER && now >= self->deadline)
    on_deadline (self, actions);
  if (self->deadline != NEVER)
    wake (self, self->deadline);
  return TRUE;
}

void
jxs_s5b_machine_init (JxsS5bMachine *self, gboolean initiator)
{
  *self = (JxsS5bMachine){
    .initiator = initiator,
    .wake_at = NEVER,
    .first_dial_at = NEVER,
    .held_since = NEVER,
    .deadline = NEVER,
  };
}

static gboolean
add (JxsS5bMachineCandidate *candidates,
     guint *n_candidates,
     JxsCandidateKind kind,
     guint32 priority,
     JxsS5bAttempt attempt)
{
  if (*n_candidates == JXS_S5B_MAX_CANDIDATES)
    return FALSE;

  candidates[(*n_candidates)++] =
      (JxsS5bMachineCandidate){ .kind = kind, .priority = priority, .attempt = attempt };
  return TRUE;
}

gboolean
jxs_s5b_machine_add_remote (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority)
{
  return add (self->remote,
              &self->n_remote,
              kind,
              priority,
              self->state <= JXS_S5B_STATE_DIALLING ? JXS_S5B_ATTEMPT_WAITING
                                                    : JXS_S5B_ATTEMPT_SKIPPED);
}

gboolean
jxs_s5b_machine_add_local (JxsS5bMachine *self, JxsCandidateKind kind, guint32 priority)
{
  return add (self->local, &self->n_local, kind, priority, JXS_S5B_ATTEMPT_WAITING);
}

const char *
jxs_s5b_state_to_name (JxsS5bState state)
{
  static const char *const names[] = {
    "idle",          "dialling",   "reported", "wait-socket", "wait-activated",
    "opening-proxy", "activating", "ready",    "failed",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == JXS_S5B_N_STATES);

  return names[state];
}
