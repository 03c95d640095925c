/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-machine-fixture.h"

/* XEP-0260 §4: from the highest priority down, 200 ms apart; of equal ones the first. */
static void
test_stagger (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 5);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 7);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 0);
  START (0, "dial:1");
  WAKE (200, "dial:3");
  WAKE (400, "dial:2");
  WAKE (600, "dial:0");
  WAKE (800, "dial:4");
  WAKE (JXS_S5B_ATTEMPT_TIMEOUT, "cancel:1");
  ASSERT_ATTEMPT (1, FAILED);
}

/* Whoever is late makes up for nothing: one at a time. */
static void
test_stagger_late (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  feed (self, JXS_S5B_EVENT_TICK, 0, 1000, "dial:1");
  WAKE (1200, "dial:2");
}

/* One that failed does not keep the next one waiting. */
static void
test_failure_starts_next (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 4; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  DIAL_FAILED (0, 30, "dial:1");
  WAKE (230, "dial:2");
  DIAL_FAILED (1, 240, "dial:3");
  DIAL_FAILED (1, 241, "");
}

static void
test_proxy_later (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  add_remote (self, PROXY, 2);
  add_remote (self, PROXY, 1);
  START (0, "dial:0");
  WAKE (JXS_S5B_PROXY_DELAY, "dial:1");
  WAKE (JXS_S5B_PROXY_DELAY + JXS_S5B_STAGGER, "dial:2");
}

static void
test_proxy_alone (Fixture *self, gconstpointer unused)
{
  add_remote (self, PROXY, 1);
  add_remote (self, PROXY, 2);
  START (0, "dial:1");
  WAKE (JXS_S5B_STAGGER, "dial:0");
}

static void
test_proxy_after_failures (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  add_remote (self, PROXY, 2);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (1, 210, "");
  DIAL_FAILED (0, 220, "dial:2");
}

/* Priorities are the peer's to say (XEP-0260 §2.2): a relay it prefers comes first. */
static void
test_proxy_preferred (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 8);
  add_remote (self, PROXY, 9);
  START (0, "dial:1");
  WAKE (200, "dial:0");
}

/* One whose time has not come holds up nobody. */
static void
test_proxy_between (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  add_remote (self, PROXY, 8);
  for (guint i = 0; i < 4; i++)
    add_remote (self, DIRECT, 7 - i);
  START (0, "dial:0");
  WAKE (200, "dial:2");
  WAKE (400, "dial:3");
  WAKE (600, "dial:1");
  WAKE (800, "dial:4");
}

/* XEP-0260 §2.3: the first success is reported, and the rest is over. */
static void
test_success (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 4; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  WAKE (400, "dial:2");
  DIAL_OPEN (1, 450, "cancel:2 used:1 cancel:0");
  ASSERT_STATE (REPORTED);
  ASSERT_ATTEMPT (0, SKIPPED);
  ASSERT_ATTEMPT (2, SKIPPED);
  ASSERT_ATTEMPT (3, SKIPPED);
  /* It opened before it heard of that. */
  DIAL_OPEN (0, 451, "cancel:0");
  DIAL_FAILED (2, 452, "");
}

/* Five black holes above the one that works cost one second. */
static void
test_black_holes (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 6; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  for (guint i = 1; i < 6; i++)
    {
      g_autofree char *expected = g_strdup_printf ("dial:%u", i);

      WAKE (200 * i, expected);
    }
  DIAL_OPEN (5, 1001, "used:5 cancel:0 cancel:1 cancel:2 cancel:3 cancel:4");
}

/* The same where it is a proxy. */
static void
test_black_holes_proxy (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 5; i++)
    add_remote (self, DIRECT, 9 - i);
  add_remote (self, PROXY, 1);
  START (0, "dial:0");
  for (guint i = 1; i < 6; i++)
    {
      g_autofree char *expected = g_strdup_printf ("dial:%u", i);

      WAKE (200 * i, expected);
    }
}

/* An attempt has 200 ms before a lesser one is preferred. */
static void
test_hold (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 4; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "");
  ASSERT_ATTEMPT (3, SKIPPED);
  WAKE (400, "used:2 cancel:1");
}

static void
test_hold_better_opens (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "");
  DIAL_OPEN (1, 220, "cancel:2 used:1");
}

static void
test_hold_better_fails (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "");
  DIAL_FAILED (1, 220, "used:2");
}

/* What was open is lost again: the rest goes on. */
static void
test_hold_lost (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "");
  DIAL_FAILED (2, 220, "");
  DIAL_OPEN (1, 2000, "used:1");
}

/* What is open next may be held back as long. */
static void
test_hold_again (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 1);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  START (0, "dial:1");
  WAKE (200, "dial:2");
  DIAL_FAILED (1, 210, "dial:0");
  DIAL_OPEN (0, 220, "");
  DIAL_FAILED (0, 230, "");
  add_remote (self, DIRECT, 7);
  add_remote (self, DIRECT, 6);
  feed (self, JXS_S5B_EVENT_TICK, 0, 1000, "dial:3");
  DIAL_FAILED (2, 1010, "dial:4");
  DIAL_OPEN (4, 1020, "");
  WAKE (1200, "used:4 cancel:3");
}

/* However many better ones come late, they hold the report up once. */
static void
test_hold_bounded (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 1);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  START (0, "dial:1");
  WAKE (200, "dial:2");
  WAKE (400, "dial:0");
  add_remote (self, DIRECT, 7);
  add_remote (self, DIRECT, 6);
  DIAL_FAILED (1, 402, "dial:3");
  DIAL_OPEN (0, 405, "");
  DIAL_FAILED (2, 500, "dial:4");
  feed (self, JXS_S5B_EVENT_TICK, 0, 602, "");
  WAKE (605, "used:0 cancel:3 cancel:4");
}

/* Equal ones do not wait for one another. */
static void
test_equal_do_not_hold (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  add_remote (self, DIRECT, 8);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "cancel:1 used:2");
}

static void
test_attempts_time_out (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  START (0, "dial:0");
  GATHERED (1, "");
  WAKE (4000, "cancel:0 error");
  ASSERT_ATTEMPT (0, FAILED);
}

/* All of them together have a bound too, wherever the last one stands. */
static void
test_attempts_total (Fixture *self, gconstpointer unused)
{
  guint n_dials = 1;
  guint n_cancels = 0;

  for (guint i = 0; i < JXS_S5B_MAX_CANDIDATES; i++)
    add_remote (self, DIRECT, 100 - i);
  START (0, "dial:0");
  while (self->machine.state == JXS_S5B_STATE_DIALLING)
    {
      gint64 now = self->machine.wake_at;

      g_assert_cmpint (now, <=, T0 + JXS_S5B_ATTEMPTS_TIMEOUT);
      g_assert_true (
          jxs_s5b_machine_handle (&self->machine, JXS_S5B_EVENT_TICK, 0, now, &self->actions));
      for (guint i = 0; i < self->actions.n_actions; i++)
        {
          n_dials += self->actions.actions[i].kind == JXS_S5B_ACTION_DIAL;
          n_cancels += self->actions.actions[i].kind == JXS_S5B_ACTION_CANCEL;
        }
    }
  g_assert_cmpuint (n_dials, ==, 6000 / 200);
  g_assert_cmpuint (n_cancels, ==, n_dials);
  g_assert_cmpint (self->machine.our_report, ==, JXS_S5B_REPORT_ERROR);
  ASSERT_ATTEMPT (31, SKIPPED);
}

/* -- candidate-error, and what is waited for before it -- */

/* XEP-0260 §2.2: an answer may be empty because candidates follow. */
static void
test_grace (Fixture *self, gconstpointer unused)
{
  START (0, "");
  GATHERED (10, "");
  WAKE (JXS_S5B_GRACE, "error");
  ASSERT_STATE (REPORTED);
}

static void
test_grace_candidate (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  START (0, "dial:0");
  GATHERED (0, "");
  DIAL_FAILED (0, 5, "");
  add_remote (self, PROXY, 8);
  feed (self, JXS_S5B_EVENT_TICK, 0, 1500, "dial:1");
  DIAL_OPEN (1, 1600, "used:1");
  /* One more is of no use now. */
  add_remote (self, DIRECT, 10);
  feed (self, JXS_S5B_EVENT_TICK, 0, 1700, "");
  ASSERT_ATTEMPT (2, SKIPPED);
}

/* Ours may still come, and the peer had better not conclude before. */
static void
test_not_gathered (Fixture *self, gconstpointer unused)
{
  START (0, "");
  g_assert_cmpint (self->machine.wake_at, ==, T0 + JXS_S5B_ATTEMPTS_TIMEOUT);
  feed (self, JXS_S5B_EVENT_TICK, 0, JXS_S5B_GRACE, "");
  GATHERED (3000, "error");
}

static void
test_never_gathered (Fixture *self, gconstpointer unused)
{
  START (0, "");
  WAKE (JXS_S5B_ATTEMPTS_TIMEOUT, "error");
}

/* Once the peer has reported there is nothing to wait for. */
static void
test_report_ends_grace (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 5);
  START (0, "");
  PEER_ERROR (100, "error fail:no-candidate");

  reset (self, FALSE);
  add_local (self, DIRECT, 5);
  START (0, "");
  INCOMING (90, "");
  PEER_USED (0, 100, "error local:0 ready");
}

/* XEP-0260 §2.3: at once where nothing is left. */
static void
test_all_failed (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  START (0, "dial:0");
  GATHERED (0, "");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 2500, "");
  DIAL_FAILED (1, 2600, "error");
}

/* -- after the peer's report -- */

/* XEP-0260 §2.3, §2.4: what cannot win any more is not tried any longer. The initiator's choice
 * wins a tie, so for the initiator the equal one is left. */
static void
test_stop_rules (Fixture *self, gconstpointer unused)
{
  add_local (self, PROXY, 8);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  add_remote (self, DIRECT, 7);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  WAKE (400, "dial:2");
  PEER_USED (0, 410, "cancel:2");
  DIAL_OPEN (1, 420, "used:1 cancel:0 remote:1 ready");

  reset (self, FALSE);
  add_local (self, PROXY, 8);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  add_remote (self, DIRECT, 7);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  WAKE (400, "dial:2");
  PEER_USED (0, 410, "cancel:1 cancel:2");
  DIAL_OPEN (0, 420, "used:0 remote:0 ready");
}

/* "If it stopped trying because its peer sent a candidate-used with a higher priority … it sends a
 * candidate-error." */
static void
test_outranked (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  add_remote (self, PROXY, 1);
  INCOMING (-1, "");
  START (0, "dial:0");
  PEER_USED (0, 50, "cancel:0 error local:0 ready");
  ASSERT_ATTEMPT (0, SKIPPED);
  ASSERT_ATTEMPT (1, SKIPPED);
}

/* One that is open and held back loses to what the peer found. */
static void
test_outranked_open (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 9);
  for (guint i = 0; i < 3; i++)
    add_remote (self, DIRECT, 8 - i);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  DIAL_FAILED (0, 210, "dial:2");
  DIAL_OPEN (2, 215, "");
  INCOMING (218, "");
  PEER_USED (0, 220, "cancel:1 cancel:2 error local:0 ready");
}

/* What might be better than what the peer has is given little more time: it works already. */
static void
test_better_is_bounded (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 1);
  for (guint i = 0; i < 5; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  INCOMING (90, "");
  PEER_USED (0, 100, "");
  WAKE (200, "cancel:0 dial:1");
  WAKE (100 + JXS_S5B_BETTER, "cancel:1 error local:0 ready");
}

/* More time where that is a proxy. */
static void
test_better_than_proxy (Fixture *self, gconstpointer unused)
{
  add_local (self, PROXY, 1);
  for (guint i = 0; i < 5; i++)
    add_remote (self, DIRECT, 9 - i);
  START (0, "dial:0");
  PEER_USED (0, 100, "");
  WAKE (200, "dial:1");
  WAKE (400, "dial:2");
  WAKE (600, "cancel:0 dial:3");
  WAKE (100 + JXS_S5B_BETTER_THAN_PROXY, "cancel:1 cancel:2 cancel:3 error local:0 open:0");
}

/* One that had that time already is not waited for. */
static void
test_better_had_its_time (Fixture *self, gconstpointer unused)
{
  add_local (self, PROXY, 1);
  add_remote (self, DIRECT, 9);
  add_remote (self, DIRECT, 8);
  START (0, "dial:0");
  WAKE (200, "dial:1");
  PEER_USED (0, 700, "cancel:0");
  ASSERT_ATTEMPT (0, SKIPPED);
  WAKE (800, "cancel:1 error local:0 open:0");
}

/* After the peer's candidate-error all that is left is ours. */
static void
test_peer_error_leaves_time (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  START (0, "dial:0");
  PEER_ERROR (10, "");
  DIAL_OPEN (0, 3900, "used:0 remote:0 ready");
}

/* What the peer says before we may dial is kept. */
static void
test_early_report (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 5);
  add_remote (self, DIRECT, 4);
  add_remote (self, DIRECT, 6);
  PEER_USED (0, -5000, "");
  feed_refused (self, JXS_S5B_EVENT_PEER_ERROR, 0, -4000);
  g_assert_cmpint (self->machine.wake_at, ==, -1);
  START (0, "dial:1");
  WAKE (JXS_S5B_BETTER, "cancel:1 error local:0");
  ASSERT_STATE (WAIT_SOCKET);

  reset (self, TRUE);
  add_local (self, DIRECT, 5);
  PEER_ERROR (-5000, "");
  START (0, "error fail:no-candidate");
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { "stagger", test_stagger },
    { "stagger-late", test_stagger_late },
    { "failure-starts-next", test_failure_starts_next },
    { "proxy-later", test_proxy_later },
    { "proxy-alone", test_proxy_alone },
    { "proxy-after-failures", test_proxy_after_failures },
    { "proxy-preferred", test_proxy_preferred },
    { "proxy-between", test_proxy_between },
    { "success", test_success },
    { "black-holes", test_black_holes },
    { "black-holes-proxy", test_black_holes_proxy },
    { "hold", test_hold },
    { "hold-better-opens", test_hold_better_opens },
    { "hold-better-fails", test_hold_better_fails },
    { "hold-lost", test_hold_lost },
    { "hold-again", test_hold_again },
    { "hold-bounded", test_hold_bounded },
    { "equal-do-not-hold", test_equal_do_not_hold },
    { "attempts-time-out", test_attempts_time_out },
    { "attempts-total", test_attempts_total },
    { "grace", test_grace },
    { "grace-candidate", test_grace_candidate },
    { "not-gathered", test_not_gathered },
    { "never-gathered", test_never_gathered },
    { "report-ends-grace", test_report_ends_grace },
    { "all-failed", test_all_failed },
    { "stop-rules", test_stop_rules },
    { "outranked", test_outranked },
    { "outranked-open", test_outranked_open },
    { "better-is-bounded", test_better_is_bounded },
    { "better-than-proxy", test_better_than_proxy },
    { "better-had-its-time", test_better_had_its_time },
    { "peer-error-leaves-time", test_peer_error_leaves_time },
    { "early-report", test_early_report },
  };

  g_test_init (&argc, &argv, NULL);
  add_cases ("/transports/s5b-dialling/", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
