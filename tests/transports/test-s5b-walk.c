/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>

/* Two machines against each other, at random: candidates, their luck, and the time everything
 * takes. What one side says arrives in order and always, but late. A walk that fails is run again
 * and tells what happens in it; --seed repeats it. */

#define N_WALKS 50000 /* each of ordinary and of faulty ones */
#define MAX_CANDIDATES 6
#define MAX_PENDING 256
#define NEVER (-1)

typedef struct
{
  JxsCandidateKind kind;
  guint32 priority;
  gint64 offered_after; /* the start; 0: in the offer */
  gboolean opens;       /* for the peer, */
  gint64 dial_ms;       /* after this; NEVER: nothing is heard */
  gboolean opens_late;  /* it opens before it hears that it was cancelled */
  gint64 socket_ms;     /* from there until we have the socket; NEVER: it does not arrive */
  gint64 lost_ms;       /* from there until it is lost; NEVER: it is not */
  gboolean proxy_opens; /* for us */
  gint64 proxy_ms;
  gboolean activates;
  gint64 activate_ms;
  /* what has become of it */
  gboolean dialled, open, ended; /* by the peer */
  gboolean socket_here;
  gint64 socket_at; /* when it is here */
} Candidate;

typedef struct
{
  JxsS5bMachine machine;
  Candidate candidates[MAX_CANDIDATES];
  guint n_candidates;
  guint n_sockets; /* of the peer, here */
  gint64 heard_at; /* when the peer has what was said last */
  gint64 ended_at;
  JxsS5bReport report;
  guint choice;
  guint n_nominations;
  gboolean nominated_remote;
  guint nominated;
  guint n_activated;
  gboolean ended, ready;
} Side;

typedef enum
{
  PENDING_EVENT,
  PENDING_OFFER,     /* a candidate is found */
  PENDING_CANDIDATE, /* and arrives */
  PENDING_DIAL,      /* a dialling attempt ends */
  PENDING_SOCKET,
  PENDING_SOCKET_GONE,
  PENDING_LOSS,
} PendingKind;

typedef struct
{
  gint64 at;
  guint side;
  PendingKind kind;
  JxsS5bEvent event;
  guint index;
} Pending;

typedef struct
{
  guint32 seed;
  gboolean faulty;
  gboolean verbose;
  GRand *random; /* (unowned) */
  gint64 now;
  gint64 delay;    /* on the way to the peer, at most */
  gint64 lateness; /* of ticks */
  Side sides[2];   /* the initiator first */
  Pending pending[MAX_PENDING];
  guint n_pending;
} Walk;

/* How often the walks ended how: none of these may be missing. */
static struct
{
  guint ready_direct, ready_proxy, failed[JXS_S5B_CAUSE_NOT_ACTIVATED + 1], ties, one_sided;
} outcomes;

static void run_walk (GRand *random, guint32 seed, gboolean faulty, gboolean verbose);

static void
fail_walk (Walk *self, const char *expression, int line)
{
  g_test_message ("%s walk %u, line %d: %s",
                  self->faulty ? "faulty" : "ordinary",
                  self->seed,
                  line,
                  expression);
  if (!self->verbose)
    run_walk (self->random, self->seed, self->faulty, TRUE);
  g_assert_not_reached ();
}

#define check(expression)                                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (G_UNLIKELY (!(expression)))                                                                \
      fail_walk (self, #expression, __LINE__);                                                     \
  }                                                                                                \
  G_STMT_END

/* -- luck -- */

static gint64
between (Walk *self, gint64 low, gint64 high)
{
  return g_rand_int_range (self->random, (gint32) low, (gint32) high + 1);
}

static gboolean
chance (Walk *self, guint percent)
{
  return between (self, 1, 100) <= percent;
}

/* Mostly short. */
static gint64
duration (Walk *self, gint64 longest)
{
  return between (self, 0, chance (self, 70) ? MIN (longest, 150) : longest);
}

static void
draw_candidate (Walk *self, Candidate *candidate)
{
  *candidate = (Candidate){
    .kind = (JxsCandidateKind) between (self, 0, JXS_CANDIDATE_KIND_PROXY),
    /* Few enough for ties. */
    .priority = (guint32) between (self, 0, 9),
    .opens = chance (self, 40),
    .dial_ms = duration (self, 3000),
    .opens_late = chance (self, 30),
    .socket_ms = chance (self, 70) ? 0 : between (self, 0, 1900),
    .lost_ms = NEVER,
    .proxy_opens = TRUE,
    .proxy_ms = duration (self, 2000),
    .activates = TRUE,
    .activate_ms = duration (self, 2000),
  };

  if (!candidate->opens && chance (self, 50))
    candidate->dial_ms = NEVER;
  if (!self->faulty)
    return;

  if (chance (self, 10))
    candidate->socket_ms = chance (self, 50) ? NEVER : between (self, 0, 6000);
  if (chance (self, 15))
    candidate->lost_ms = duration (self, 5000);
  if (chance (self, 10))
    candidate->dial_ms = between (self, 0, 8000);
  candidate->proxy_opens = chance (self, 80);
  candidate->activates = chance (self, 80);
  if (chance (self, 10))
    candidate->proxy_ms = chance (self, 50) ? NEVER : between (self, 0, 6000);
  if (chance (self, 10))
    candidate->activate_ms = chance (self, 50) ? NEVER : between (self, 0, 6000);
}

/* -- the world -- */

static Side *
peer_of (Walk *self, guint side)
{
  return &self->sides[1 - side];
}

static void
later (Walk *self, gint64 at, guint side, PendingKind kind, JxsS5bEvent event, guint index)
{
  g_assert_cmpuint (self->n_pending, <, MAX_PENDING);
  self->pending[self->n_pending++] =
      (Pending){ .at = at, .side = side, .kind = kind, .event = event, .index = index };
}

/* From side to its peer. */
static void
say (Walk *self, guint side, PendingKind kind, JxsS5bEvent event, guint index)
{
  Side *speaker = &self->sides[side];
  gint64 at = self->now + duration (self, self->delay);

  speaker->heard_at = MAX (speaker->heard_at, at);
  later (self, speaker->heard_at, 1 - side, kind, event, index);
}

static void
close_socket (Walk *self, guint owner, guint index)
{
  Candidate *candidate = &self->sides[owner].candidates[index];
  gint64 at = self->now + duration (self, 300);

  if (candidate->kind != JXS_CANDIDATE_KIND_PROXY && candidate->socket_at != NEVER)
    later (self, MAX (candidate->socket_at, at), owner, PENDING_SOCKET_GONE, 0, index);
}

static gboolean
is_better (const Walk *self, guint side, guint32 priority, guint32 rival)
{
  return priority > rival || (priority == rival && side == 0);
}

/* XEP-0260 §2.4, from above. */
static void
check_nomination (Walk *self, guint side, gboolean remote, guint index)
{
  const Side *us = &self->sides[side];
  const Side *peer = peer_of (self, side);

  check (us->n_nominations == 1);
  check (us->report != JXS_S5B_REPORT_NONE && peer->report != JXS_S5B_REPORT_NONE);
  check (index == (remote ? us->choice : peer->choice));
  if (us->report == JXS_S5B_REPORT_ERROR)
    check (!remote && peer->report == JXS_S5B_REPORT_USED);
  else if (peer->report == JXS_S5B_REPORT_ERROR)
    check (remote);
  else
    {
      guint32 ours = peer->candidates[us->choice].priority;
      guint32 theirs = us->candidates[peer->choice].priority;

      outcomes.ties += ours == theirs;
      check (remote == is_better (self, side, ours, theirs));
    }
  if (peer->n_nominations > 0)
    check (peer->nominated_remote != remote && peer->nominated == index);
}

static void
act (Walk *self, guint side, const JxsS5bAction *action)
{
  Side *us = &self->sides[side];
  Side *peer = peer_of (self, side);
  Candidate *ours = &us->candidates[action->index];
  Candidate *theirs = &peer->candidates[action->index];

  check (!us->ended);
  switch (action->kind)
    {
    case JXS_S5B_ACTION_DIAL:
      check (us->report == JXS_S5B_REPORT_NONE);
      check (!theirs->dialled);
      for (guint i = 0; i < us->machine.n_remote; i++)
        check (us->machine.remote[i].attempt != JXS_S5B_ATTEMPT_WAITING ||
               peer->candidates[i].kind == JXS_CANDIDATE_KIND_PROXY ||
               peer->candidates[i].priority <= theirs->priority);
      if (us->machine.peer_report == JXS_S5B_REPORT_USED)
        check (is_better (self, side, theirs->priority, us->candidates[peer->choice].priority));
      theirs->dialled = TRUE;
      if (theirs->dial_ms != NEVER)
        later (self, self->now + theirs->dial_ms, side, PENDING_DIAL, 0, action->index);
      break;

    case JXS_S5B_ACTION_CANCEL:
      check (theirs->dialled);
      check (!theirs->ended || theirs->open);
      if (theirs->open)
        close_socket (self, 1 - side, action->index);
      theirs->open = FALSE;
      theirs->ended = TRUE;
      break;

    case JXS_S5B_ACTION_SEND_USED:
      check (us->report == JXS_S5B_REPORT_NONE);
      check (theirs->open);
      us->report = JXS_S5B_REPORT_USED;
      us->choice = action->index;
      say (self, side, PENDING_EVENT, JXS_S5B_EVENT_PEER_USED, action->index);
      break;

    case JXS_S5B_ACTION_SEND_ERROR:
      check (us->report == JXS_S5B_REPORT_NONE);
      us->report = JXS_S5B_REPORT_ERROR;
      say (self, side, PENDING_EVENT, JXS_S5B_EVENT_PEER_ERROR, 0);
      break;

    case JXS_S5B_ACTION_NOMINATE_REMOTE:
    case JXS_S5B_ACTION_NOMINATE_LOCAL:
      us->n_nominations++;
      us->nominated_remote = action->kind == JXS_S5B_ACTION_NOMINATE_REMOTE;
      us->nominated = action->index;
      check_nomination (self, side, us->nominated_remote, action->index);
      break;

    case JXS_S5B_ACTION_OPEN_PROXY:
      check (us->n_nominations == 1 && !us->nominated_remote && us->nominated == action->index);
      if (ours->proxy_ms != NEVER)
        later (self,
               self->now + ours->proxy_ms,
               side,
               PENDING_EVENT,
               ours->proxy_opens ? JXS_S5B_EVENT_PROXY_OPEN : JXS_S5B_EVENT_PROXY_FAILED,
               0);
      if (ours->proxy_ms != NEVER && ours->lost_ms != NEVER)
        later (self,
               self->now + ours->proxy_ms + ours->lost_ms,
               side,
               PENDING_EVENT,
               JXS_S5B_EVENT_PROXY_FAILED,
               0);
      break;

    case JXS_S5B_ACTION_ACTIVATE:
      check (us->nominated == action->index);
      if (ours->activate_ms != NEVER)
        later (self,
               self->now + ours->activate_ms,
               side,
               PENDING_EVENT,
               ours->activates ? JXS_S5B_EVENT_ACTIVATED : JXS_S5B_EVENT_ACTIVATE_FAILED,
               0);
      break;

    case JXS_S5B_ACTION_SEND_ACTIVATED:
      check (us->nominated == action->index && us->n_activated++ == 0);
      say (self, side, PENDING_EVENT, JXS_S5B_EVENT_PEER_ACTIVATED, action->index);
      break;

    case JXS_S5B_ACTION_SEND_PROXY_ERROR:
      check (us->n_nominations == 1);
      say (self, side, PENDING_EVENT, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0);
      break;

    case JXS_S5B_ACTION_READY:
      check (us->n_nominations == 1);
      if (us->nominated_remote)
        check (peer->candidates[us->nominated].open);
      else if (us->candidates[us->nominated].kind == JXS_CANDIDATE_KIND_PROXY)
        check (us->n_activated == 1);
      else
        check (us->n_sockets > 0);
      us->ended = us->ready = TRUE;
      us->ended_at = self->now;
      break;

    case JXS_S5B_ACTION_FAIL:
      check (us->machine.cause != JXS_S5B_CAUSE_NONE);
      us->ended = TRUE;
      us->ended_at = self->now;
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
feed (Walk *self, guint side, JxsS5bEvent event, guint index)
{
  Side *us = &self->sides[side];
  JxsS5bActions actions;
  gboolean was_over = us->ended;

  if (self->verbose)
    g_test_message ("%5" G_GINT64_FORMAT " %s: event %d of %u in %s",
                    self->now,
                    side == 0 ? "initiator" : "responder",
                    event,
                    index,
                    jxs_s5b_state_to_name (us->machine.state));

  check (jxs_s5b_machine_handle (&us->machine, event, index, self->now, &actions));
  check (us->machine.wake_at == NEVER || us->machine.wake_at > self->now);
  check (!was_over || actions.n_actions == 0);
  for (guint i = 0; i < actions.n_actions; i++)
    {
      if (self->verbose)
        g_test_message ("        action %d of %u",
                        actions.actions[i].kind,
                        actions.actions[i].index);
      act (self, side, &actions.actions[i]);
    }
}

static void
dial_ends (Walk *self, guint side, guint index)
{
  Side *peer = peer_of (self, side);
  Candidate *candidate = &peer->candidates[index];

  if (candidate->ended && (!candidate->opens_late || !candidate->opens))
    return;

  candidate->ended = TRUE;
  if (!candidate->opens)
    {
      feed (self, side, JXS_S5B_EVENT_DIAL_FAILED, index);
      return;
    }

  candidate->open = !self->sides[side].ended;
  candidate->socket_at = candidate->socket_ms == NEVER ? NEVER : self->now + candidate->socket_ms;
  if (candidate->kind != JXS_CANDIDATE_KIND_PROXY && candidate->socket_ms != NEVER)
    later (self, candidate->socket_at, 1 - side, PENDING_SOCKET, 0, index);
  if (candidate->lost_ms != NEVER)
    later (self, self->now + candidate->lost_ms, side, PENDING_LOSS, 0, index);
  feed (self, side, JXS_S5B_EVENT_DIAL_OPEN, index);
}

static void
lose (Walk *self, guint side, guint index)
{
  Candidate *candidate = &peer_of (self, side)->candidates[index];

  /* After the end it is the stream that fails. */
  if (!candidate->open || self->sides[side].ended)
    return;

  candidate->open = FALSE;
  close_socket (self, 1 - side, index);
  feed (self, side, JXS_S5B_EVENT_DIAL_FAILED, index);
}

static void
happen (Walk *self, const Pending *pending)
{
  Side *us = &self->sides[pending->side];
  Side *peer = peer_of (self, pending->side);
  const Candidate *candidate;

  switch (pending->kind)
    {
    case PENDING_EVENT:
      feed (self, pending->side, pending->event, pending->index);
      break;

    case PENDING_OFFER:
      candidate = &us->candidates[pending->index];
      /* Those found before it are with the peer: indices stay the same. */
      if (us->ended)
        break;
      check (jxs_s5b_machine_add_local (&us->machine, candidate->kind, candidate->priority));
      say (self, pending->side, PENDING_CANDIDATE, 0, pending->index);
      break;

    case PENDING_CANDIDATE:
      candidate = &peer->candidates[pending->index];
      check (us->machine.n_remote == pending->index);
      check (jxs_s5b_machine_add_remote (&us->machine, candidate->kind, candidate->priority));
      feed (self, pending->side, JXS_S5B_EVENT_TICK, 0);
      break;

    case PENDING_DIAL:
      dial_ends (self, pending->side, pending->index);
      break;

    case PENDING_SOCKET:
      us->candidates[pending->index].socket_here = TRUE;
      us->n_sockets++;
      feed (self, pending->side, JXS_S5B_EVENT_INCOMING, 0);
      break;

    case PENDING_SOCKET_GONE:
      if (!us->candidates[pending->index].socket_here)
        break;
      us->candidates[pending->index].socket_here = FALSE;
      if (--us->n_sockets == 0)
        feed (self, pending->side, JXS_S5B_EVENT_INCOMING_LOST, 0);
      break;

    case PENDING_LOSS:
      lose (self, pending->side, pending->index);
      break;

    default:
      g_assert_not_reached ();
    }
}

/* The earliest of what is to come; of equal ones that which was foreseen first. FALSE: nothing. */
static gboolean
step (Walk *self)
{
  guint first = self->n_pending;
  gint64 at = G_MAXINT64;
  guint ticking = 2;
  Pending pending;

  for (guint i = 0; i < self->n_pending; i++)
    if (self->pending[i].at < at)
      {
        first = i;
        at = self->pending[i].at;
      }
  for (guint side = 0; side < 2; side++)
    {
      gint64 wake_at = self->sides[side].machine.wake_at;

      if (wake_at != NEVER && wake_at + self->lateness < at)
        {
          ticking = side;
          at = wake_at + self->lateness;
        }
    }
  if (at == G_MAXINT64)
    return FALSE;

  self->now = MAX (self->now, at);
  if (ticking < 2)
    {
      feed (self, ticking, JXS_S5B_EVENT_TICK, 0);
      return TRUE;
    }

  pending = self->pending[first];
  self->n_pending--;
  for (guint i = first; i < self->n_pending; i++)
    self->pending[i] = self->pending[i + 1];
  happen (self, &pending);
  return TRUE;
}

/* -- before and after -- */

static gint64
prepare_side (Walk *self, guint side)
{
  Side *us = &self->sides[side];
  Side *peer = peer_of (self, side);
  gint64 offered_after = 0;
  gint64 start_at = between (self, 0, self->delay);

  us->n_candidates = (guint) between (self, 0, MAX_CANDIDATES);
  for (guint i = 0; i < us->n_candidates; i++)
    {
      Candidate *candidate = &us->candidates[i];

      draw_candidate (self, candidate);
      if (offered_after > 0 || chance (self, 15))
        offered_after += between (self, 1, 1500);
      candidate->offered_after = offered_after;
      if (offered_after > 0)
        {
          later (self, start_at + offered_after, side, PENDING_OFFER, 0, i);
          continue;
        }
      check (jxs_s5b_machine_add_local (&us->machine, candidate->kind, candidate->priority));
      check (jxs_s5b_machine_add_remote (&peer->machine, candidate->kind, candidate->priority));
    }

  later (self, start_at, side, PENDING_EVENT, JXS_S5B_EVENT_START, 0);
  if (!chance (self, 5))
    later (self, start_at + offered_after, side, PENDING_EVENT, JXS_S5B_EVENT_GATHERED, 0);
  return start_at;
}

/* Every attempt ended, and one stays open at most. */
static void
check_side (Walk *self, guint side, gint64 start_at)
{
  const Side *us = &self->sides[side];
  const Side *peer = peer_of (self, side);

  check (us->ended);
  check (us->ended_at <= start_at + JXS_S5B_MAX_TIME + 10 * self->lateness);
  for (guint i = 0; i < us->machine.n_remote; i++)
    {
      const Candidate *candidate = &peer->candidates[i];
      gboolean stays = us->ready && us->nominated_remote && us->nominated == i;

      check (us->machine.remote[i].attempt >= JXS_S5B_ATTEMPT_OPEN);
      check ((us->machine.remote[i].attempt == JXS_S5B_ATTEMPT_OPEN) == stays);
      check (candidate->open == stays);
      check (candidate->ended || !candidate->dialled);
    }
}

/* Both sides know the same, but where they cannot: a socket that the owner of a direct candidate
 * never had, or not in time, or that was lost while a report was on its way; a proxy's socket lost
 * (or given up) while its activation was on its way to the one who lost it; a report that came
 * after it was given up. */
static void
check_agreement (Walk *self)
{
  const Side *ready = &self->sides[self->sides[0].ready ? 0 : 1];
  const Side *other = &self->sides[self->sides[0].ready ? 1 : 0];
  const Candidate *nominated;

  if (self->sides[0].ready == self->sides[1].ready)
    {
      if (self->sides[0].ready)
        check (self->sides[0].n_nominations == 1 && self->sides[1].n_nominations == 1);
      return;
    }

  outcomes.one_sided++;
  check (self->faulty);
  if (other->n_nominations == 0)
    {
      check (other->machine.cause == JXS_S5B_CAUSE_NO_REPORT);
      return;
    }

  nominated = &(ready->nominated_remote ? other : ready)->candidates[ready->nominated];
  if (nominated->kind == JXS_CANDIDATE_KIND_PROXY)
    check (!ready->nominated_remote && other->nominated_remote &&
           (nominated->lost_ms != NEVER || other->machine.cause == JXS_S5B_CAUSE_NOT_ACTIVATED));
  else
    check (other->machine.cause == JXS_S5B_CAUSE_NO_SOCKET &&
           (nominated->lost_ms != NEVER || nominated->socket_ms == NEVER ||
            nominated->socket_ms >= JXS_S5B_SOCKET_TIMEOUT));
}

/* Where nothing is broken but the way to some candidates, whatever can work does. */
static void
check_success (Walk *self)
{
  for (guint side = 0; side < 2; side++)
    for (guint i = 0; i < self->sides[side].n_candidates; i++)
      {
        const Candidate *candidate = &self->sides[side].candidates[i];

        if (candidate->opens && candidate->offered_after == 0)
          check (self->sides[0].ready && self->sides[1].ready);
      }
}

static void
run_walk (GRand *random, guint32 seed, gboolean faulty, gboolean verbose)
{
  Walk walk = { .seed = seed, .faulty = faulty, .verbose = verbose, .random = random };
  Walk *self = &walk;
  gint64 start_at[2];
  guint n_steps = 0;

  g_rand_set_seed (random, seed);
  self->delay = chance (self, 60) ? 50 : between (self, 0, faulty ? 15000 : 1000);
  self->lateness = chance (self, 80) ? 0 : between (self, 1, 50);
  jxs_s5b_machine_init (&self->sides[0].machine, TRUE);
  jxs_s5b_machine_init (&self->sides[1].machine, FALSE);
  for (guint side = 0; side < 2; side++)
    start_at[side] = prepare_side (self, side);

  while (step (self))
    check (++n_steps < 2000);

  for (guint side = 0; side < 2; side++)
    {
      const Side *us = &self->sides[side];

      check_side (self, side, start_at[side]);
      outcomes.failed[us->machine.cause]++;
      if (us->ready &&
          (us->nominated_remote ? peer_of (self, side) : us)->candidates[us->nominated].kind ==
              JXS_CANDIDATE_KIND_PROXY)
        outcomes.ready_proxy++;
      else if (us->ready)
        outcomes.ready_direct++;
    }
  check_agreement (self);
  if (!faulty)
    check_success (self);
}

static void
run_walks (gboolean faulty)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (0);
  guint32 seed = (guint32) g_test_rand_int ();

  outcomes = (typeof (outcomes)){ 0 };
  g_test_message ("walks from %u on", seed);
  for (guint32 i = 0; i < N_WALKS; i++)
    run_walk (random, seed + i, faulty, FALSE);

  g_test_message (
      "sides ready: %u directly, %u by proxy; failed: %u without a candidate, %u without"
      " a report, %u without a socket, %u by proxy, %u by the peer's, %u not activated;"
      " %u ties, %u walks with one side ready",
      outcomes.ready_direct,
      outcomes.ready_proxy,
      outcomes.failed[JXS_S5B_CAUSE_NO_CANDIDATE],
      outcomes.failed[JXS_S5B_CAUSE_NO_REPORT],
      outcomes.failed[JXS_S5B_CAUSE_NO_SOCKET],
      outcomes.failed[JXS_S5B_CAUSE_PROXY],
      outcomes.failed[JXS_S5B_CAUSE_PEER_PROXY],
      outcomes.failed[JXS_S5B_CAUSE_NOT_ACTIVATED],
      outcomes.ties,
      outcomes.one_sided);
  g_assert_cmpuint (outcomes.ready_direct, >, N_WALKS / 20);
  g_assert_cmpuint (outcomes.ready_proxy, >, N_WALKS / 20);
  g_assert_cmpuint (outcomes.ties, >, N_WALKS / 100);
  for (guint cause = JXS_S5B_CAUSE_NO_CANDIDATE; cause < G_N_ELEMENTS (outcomes.failed); cause++)
    if (faulty || cause == JXS_S5B_CAUSE_NO_CANDIDATE)
      g_assert_cmpuint (outcomes.failed[cause], >, 0);
    else
      g_assert_cmpuint (outcomes.failed[cause], ==, 0);
}

static void
test_ordinary (void)
{
  run_walks (FALSE);
}

static void
test_faulty (void)
{
  run_walks (TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/s5b-walk/ordinary", test_ordinary);
  g_test_add_func ("/transports/s5b-walk/faulty", test_faulty);

  return g_test_run ();
}
