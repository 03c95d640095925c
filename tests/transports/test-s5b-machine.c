/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-machine-fixture.h"

/* XEP-0260 §2.4, by the table of the specification. */
static void
test_matrix (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    const char *ours; /* "used", "error" */
    guint32 our_priority;
    const char *peers;
    guint32 peer_priority;
    const char *initiator; /* what comes of it */
    const char *responder;
  } cases[] = {
    { "error", 1, "error", 1, "fail:no-candidate", "fail:no-candidate" },
    { "used", 1, "error", 9, "remote:0 ready", "remote:0 ready" },
    { "error", 9, "used", 1, "local:0 ready", "local:0 ready" },
    { "used", 9, "used", 8, "remote:0 ready", "remote:0 ready" },
    { "used", 8, "used", 9, "local:0 cancel:0 ready", "local:0 cancel:0 ready" },
    { "used", 8, "used", 8, "remote:0 ready", "local:0 cancel:0 ready" },
    { "used", 0, "used", 0, "remote:0 ready", "local:0 cancel:0 ready" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint initiator = 0; initiator < 2; initiator++)
      {
        gboolean used = g_str_equal (cases[i].ours, "used");
        gboolean peer_used = g_str_equal (cases[i].peers, "used");
        const char *end = initiator ? cases[i].initiator : cases[i].responder;
        g_autofree char *together = NULL;

        /* Ours first. */
        reset (self, initiator);
        add_local (self, DIRECT, cases[i].peer_priority);
        add_remote (self, DIRECT, cases[i].our_priority);
        START (0, "dial:0");
        GATHERED (0, "");
        INCOMING (0, "");
        if (used)
          DIAL_OPEN (0, 2500, "used:0");
        else
          DIAL_FAILED (0, 2500, "error");
        if (peer_used)
          PEER_USED (0, 2600, end);
        else
          PEER_ERROR (2600, end);

        /* The peer's first: of what is outranked nothing but an error can come. */
        if (peer_used && used &&
            (cases[i].our_priority < cases[i].peer_priority ||
             (cases[i].our_priority == cases[i].peer_priority && !initiator)))
          {
            reset (self, initiator);
            add_local (self, DIRECT, cases[i].peer_priority);
            add_remote (self, DIRECT, cases[i].our_priority);
            START (0, "dial:0");
            INCOMING (0, "");
            PEER_USED (0, 100, "cancel:0 error local:0 ready");
            continue;
          }

        reset (self, initiator);
        add_local (self, DIRECT, cases[i].peer_priority);
        add_remote (self, DIRECT, cases[i].our_priority);
        START (0, "dial:0");
        INCOMING (0, "");
        if (!used)
          DIAL_FAILED (0, 50, "");
        if (used && peer_used)
          PEER_USED (0, 100, "");
        else if (used)
          PEER_ERROR (100, "");
        together = g_strdup_printf ("%s %s", used ? "used:0" : "error", end);
        if (used)
          DIAL_OPEN (0, 150, together);
        else if (peer_used)
          PEER_USED (0, 100, together);
        else
          PEER_ERROR (100, together);
      }
}

/* -- sockets of the peer -- */

static void
report_error (Fixture *self, gboolean initiator, JxsCandidateKind kind)
{
  reset (self, initiator);
  add_local (self, kind, 9);
  add_local (self, kind, 8);
  START (0, "");
  GATHERED (0, "");
  WAKE (JXS_S5B_GRACE, "error");
}

/* candidate-used overtakes the socket it speaks of. */
static void
test_socket_late (Fixture *self, gconstpointer unused)
{
  report_error (self, TRUE, DIRECT);
  PEER_USED (1, 3000, "local:1");
  ASSERT_STATE (WAIT_SOCKET);
  feed (self, JXS_S5B_EVENT_INCOMING_LOST, 0, 3100, "");
  INCOMING (3500, "ready");
  INCOMING_LOST (3600, "");
}

static void
test_socket_never (Fixture *self, gconstpointer unused)
{
  report_error (self, TRUE, DIRECT);
  PEER_USED (0, 3000, "local:0");
  WAKE (3000 + JXS_S5B_SOCKET_TIMEOUT, "fail:no-socket");
}

static void
test_socket_lost_before (Fixture *self, gconstpointer unused)
{
  report_error (self, TRUE, DIRECT);
  INCOMING (2100, "");
  INCOMING (2150, "");
  INCOMING_LOST (2200, "");
  PEER_USED (0, 3000, "local:0");
  INCOMING (3001, "ready");
}

/* What we reported and then lost cannot be taken back. */
static void
test_reported_lost (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    JxsCandidateKind kind;
    const char *nominated;
  } cases[] = {
    { DIRECT, "remote:0 fail:no-socket" },
    { PROXY, "remote:0 proxy-error fail:peer-proxy" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      reset (self, TRUE);
      add_local (self, DIRECT, 8);
      add_remote (self, cases[i].kind, 9);
      START (0, "dial:0");
      DIAL_OPEN (0, 10, "used:0");
      DIAL_FAILED (0, 20, "");
      PEER_USED (0, 30, cases[i].nominated);

      /* It does no harm where the peer's choice is nominated. */
      reset (self, FALSE);
      add_local (self, DIRECT, 9);
      add_remote (self, cases[i].kind, 9);
      INCOMING (-1, "");
      START (0, "dial:0");
      DIAL_OPEN (0, 10, "used:0");
      DIAL_FAILED (0, 20, "");
      PEER_USED (0, 30, "local:0 ready");
    }
}

static void
test_no_report (Fixture *self, gconstpointer unused)
{
  add_remote (self, DIRECT, 9);
  START (0, "dial:0");
  DIAL_OPEN (0, 10, "used:0");
  WAKE (JXS_S5B_REPORT_TIMEOUT, "cancel:0 fail:no-report");

  report_error (self, FALSE, DIRECT);
  WAKE (JXS_S5B_REPORT_TIMEOUT, "fail:no-report");
}

/* -- proxies -- */

/* XEP-0260 §2.4: whoever offered it connects, activates, and says so. */
static void
test_our_proxy (Fixture *self, gconstpointer unused)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    {
      report_error (self, initiator, PROXY);
      PEER_USED (1, 3000, "local:1 open:1");
      PROXY_OPEN (3100, "activate:1");
      ACTIVATED (3200, "activated:1 ready");
    }
}

static void
test_our_proxy_fails (Fixture *self, gconstpointer unused)
{
  report_error (self, TRUE, PROXY);
  PEER_USED (0, 3000, "local:0 open:0");
  PROXY_FAILED (3100, "proxy-error fail:proxy");

  report_error (self, TRUE, PROXY);
  PEER_USED (0, 3000, "local:0 open:0");
  WAKE (3000 + JXS_S5B_PROXY_TIMEOUT, "proxy-error fail:proxy");

  report_error (self, TRUE, PROXY);
  PEER_USED (0, 3000, "local:0 open:0");
  PEER_PROXY_ERROR (3010, "fail:peer-proxy");
}

static void
test_our_proxy_does_not_activate (Fixture *self, gconstpointer unused)
{
  static const JxsS5bEvent events[] = { JXS_S5B_EVENT_PROXY_FAILED, JXS_S5B_EVENT_ACTIVATE_FAILED };

  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    {
      report_error (self, TRUE, PROXY);
      PEER_USED (0, 3000, "local:0 open:0");
      PROXY_OPEN (3100, "activate:0");
      feed (self, events[i], 0, 3200, "proxy-error fail:proxy");
    }

  report_error (self, TRUE, PROXY);
  PEER_USED (0, 3000, "local:0 open:0");
  PROXY_OPEN (3100, "activate:0");
  WAKE (3000 + 2 * JXS_S5B_PROXY_TIMEOUT, "proxy-error fail:proxy");

  report_error (self, TRUE, PROXY);
  PEER_USED (0, 3000, "local:0 open:0");
  PROXY_OPEN (3100, "activate:0");
  PEER_PROXY_ERROR (3200, "fail:peer-proxy");
}

static void
nominate_peer_proxy (Fixture *self, gboolean initiator)
{
  reset (self, initiator);
  add_remote (self, DIRECT, 9);
  add_remote (self, PROXY, 5);
  START (0, "dial:0");
  DIAL_FAILED (0, 10, "dial:1");
  DIAL_OPEN (1, 20, "used:1");
  PEER_ERROR (30, "remote:1");
  ASSERT_STATE (WAIT_ACTIVATED);
}

static void
test_peer_proxy (Fixture *self, gconstpointer unused)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    {
      nominate_peer_proxy (self, initiator);
      feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 0, 40);
      feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 99, 40);
      DIAL_FAILED (0, 50, "");
      PEER_ACTIVATED (1, 60, "ready");
      ASSERT_ATTEMPT (1, OPEN);
    }
}

static void
test_peer_proxy_fails (Fixture *self, gconstpointer unused)
{
  nominate_peer_proxy (self, TRUE);
  PEER_PROXY_ERROR (40, "cancel:1 fail:peer-proxy");

  nominate_peer_proxy (self, TRUE);
  DIAL_FAILED (1, 40, "proxy-error fail:peer-proxy");

  nominate_peer_proxy (self, TRUE);
  WAKE (30 + JXS_S5B_ACTIVATED_TIMEOUT, "proxy-error cancel:1 fail:not-activated");
}

/* Both report a proxy: the better one counts, the other socket is closed. */
static void
test_two_proxies (Fixture *self, gconstpointer unused)
{
  add_local (self, PROXY, 6);
  add_remote (self, PROXY, 5);
  START (0, "dial:0");
  DIAL_OPEN (0, 20, "used:0");
  PEER_USED (0, 30, "local:0 cancel:0 open:0");
  PROXY_OPEN (40, "activate:0");
  ACTIVATED (50, "activated:0 ready");
}

/* -- what the peer may not say -- */

static void
test_refused (Fixture *self, gconstpointer unused)
{
  add_local (self, DIRECT, 5);
  add_remote (self, PROXY, 4);
  feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 0, -1);
  feed_refused (self, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0, -1);
  feed_refused (self, JXS_S5B_EVENT_PEER_USED, 1, -1);
  START (0, "dial:0");
  feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 0, 1);
  feed_refused (self, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0, 1);
  feed_refused (self, JXS_S5B_EVENT_PEER_USED, 1, 1);
  DIAL_OPEN (0, 2, "used:0");
  feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 0, 3);
  feed_refused (self, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0, 3);
  PEER_USED (0, 4, "local:0 cancel:0");
  feed_refused (self, JXS_S5B_EVENT_PEER_USED, 0, 5);
  feed_refused (self, JXS_S5B_EVENT_PEER_ERROR, 0, 5);
  feed_refused (self, JXS_S5B_EVENT_PEER_ACTIVATED, 0, 5);
  /* It has given up, whatever it means by that. */
  PEER_PROXY_ERROR (6, "fail:peer-proxy");
  PEER_USED (0, 7, "");
  PEER_ERROR (7, "");
}

static void
test_limits (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < JXS_S5B_MAX_CANDIDATES; i++)
    {
      add_remote (self, DIRECT, i);
      add_local (self, DIRECT, i);
    }
  g_assert_false (jxs_s5b_machine_add_remote (&self->machine, DIRECT, 99));
  g_assert_false (jxs_s5b_machine_add_local (&self->machine, DIRECT, 99));
  g_assert_cmpuint (self->machine.n_remote, ==, JXS_S5B_MAX_CANDIDATES);
  g_assert_cmpuint (self->machine.n_local, ==, JXS_S5B_MAX_CANDIDATES);
}

/* XEP-0260 §2.3: one report each. */
static void
test_second_report (Fixture *self, gconstpointer unused)
{
  static const JxsS5bEvent reports[] = { JXS_S5B_EVENT_PEER_USED, JXS_S5B_EVENT_PEER_ERROR };

  for (gsize i = 0; i < G_N_ELEMENTS (reports); i++)
    {
      reset (self, TRUE);
      add_local (self, DIRECT, 5);
      add_remote (self, DIRECT, 9);
      feed (self, reports[i], 0, -1, "");
      feed_refused (self, JXS_S5B_EVENT_PEER_USED, 0, -1);
      feed_refused (self, JXS_S5B_EVENT_PEER_ERROR, 0, -1);
      START (0, "dial:0");
      feed_refused (self, JXS_S5B_EVENT_PEER_USED, 0, 1);
      feed_refused (self, JXS_S5B_EVENT_PEER_ERROR, 0, 1);
    }
}

/* -- every event in every state -- */

static void
enter (Fixture *self, JxsS5bState state, gboolean initiator)
{
  JxsCandidateKind kind =
      state == JXS_S5B_STATE_WAIT_SOCKET || state == JXS_S5B_STATE_READY ? DIRECT : PROXY;

  switch (state)
    {
    case JXS_S5B_STATE_IDLE:
    case JXS_S5B_STATE_DIALLING:
      reset (self, initiator);
      add_local (self, DIRECT, 5);
      add_local (self, PROXY, 1);
      add_remote (self, DIRECT, 5);
      add_remote (self, PROXY, 9);
      if (state == JXS_S5B_STATE_DIALLING)
        START (0, "dial:1");
      break;
    case JXS_S5B_STATE_REPORTED:
      report_error (self, initiator, PROXY);
      break;
    case JXS_S5B_STATE_WAIT_ACTIVATED:
      nominate_peer_proxy (self, initiator);
      break;
    case JXS_S5B_STATE_FAILED:
      report_error (self, initiator, DIRECT);
      PEER_ERROR (2001, "fail:no-candidate");
      break;
    default:
      report_error (self, initiator, kind);
      if (state == JXS_S5B_STATE_READY)
        INCOMING (2001, "");
      PEER_USED (0,
                 2001,
                 state == JXS_S5B_STATE_WAIT_SOCKET ? "local:0"
                 : state == JXS_S5B_STATE_READY     ? "local:0 ready"
                                                    : "local:0 open:0");
      if (state == JXS_S5B_STATE_ACTIVATING)
        PROXY_OPEN (2001, "activate:0");
    }
  g_assert_cmpint (self->machine.state, ==, state);
}

static void
test_every_event (Fixture *self, gconstpointer unused)
{
  static const guint indexes[] = { 0, 1, 2, JXS_S5B_MAX_CANDIDATES, G_MAXUINT };

  for (JxsS5bState state = 0; state < JXS_S5B_N_STATES; state++)
    for (JxsS5bEvent event = 0; event < JXS_S5B_N_EVENTS; event++)
      for (gsize i = 0; i < G_N_ELEMENTS (indexes); i++)
        for (guint initiator = 0; initiator < 2; initiator++)
          {
            JxsS5bMachine before;
            gboolean was_over = state >= JXS_S5B_STATE_READY;
            gboolean taken;

            enter (self, state, initiator);
            before = self->machine;
            taken = jxs_s5b_machine_handle (
                &self->machine, event, indexes[i], T0 + 2002, &self->actions);

            if (was_over || !taken)
              {
                g_assert_cmpuint (self->actions.n_actions, ==, 0);
                g_assert_cmpint (self->machine.state, ==, before.state);
              }
            if (was_over)
              g_assert_true (taken);
            if (!taken)
              {
                g_assert_cmpint (event, >=, JXS_S5B_EVENT_PEER_USED);
                g_assert_cmpint (event, <=, JXS_S5B_EVENT_PEER_PROXY_ERROR);
              }
            if (self->machine.state >= JXS_S5B_STATE_READY)
              g_assert_cmpint (self->machine.wake_at, ==, -1);
            else if (self->machine.state != JXS_S5B_STATE_IDLE && taken)
              g_assert_cmpint (self->machine.wake_at, >, T0 + 2002);
            for (guint j = 0; j < self->actions.n_actions; j++)
              {
                JxsS5bActionKind kind = self->actions.actions[j].kind;

                if (kind == JXS_S5B_ACTION_READY || kind == JXS_S5B_ACTION_FAIL)
                  g_assert_cmpuint (j, ==, self->actions.n_actions - 1);
              }
          }
}

/* Whatever is left to itself ends in time. */
static void
test_every_state_ends (Fixture *self, gconstpointer unused)
{
  for (JxsS5bState state = JXS_S5B_STATE_DIALLING; state < JXS_S5B_STATE_READY; state++)
    {
      enter (self, state, TRUE);
      for (guint i = 0; self->machine.state < JXS_S5B_STATE_READY; i++)
        {
          g_assert_cmpuint (i, <, 100);
          g_assert_cmpint (self->machine.wake_at, <=, T0 + JXS_S5B_MAX_TIME);
          jxs_s5b_machine_handle (
              &self->machine, JXS_S5B_EVENT_TICK, 0, self->machine.wake_at, &self->actions);
        }
      ASSERT_STATE (FAILED);
    }
}

static void
test_names (Fixture *self, gconstpointer unused)
{
  g_assert_cmpstr (jxs_s5b_state_to_name (JXS_S5B_STATE_IDLE), ==, "idle");
  g_assert_cmpstr (jxs_s5b_state_to_name (JXS_S5B_STATE_WAIT_ACTIVATED), ==, "wait-activated");
  g_assert_cmpstr (jxs_s5b_state_to_name (JXS_S5B_STATE_FAILED), ==, "failed");
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { "matrix", test_matrix },
    { "socket-late", test_socket_late },
    { "socket-never", test_socket_never },
    { "socket-lost-before", test_socket_lost_before },
    { "reported-lost", test_reported_lost },
    { "no-report", test_no_report },
    { "our-proxy", test_our_proxy },
    { "our-proxy-fails", test_our_proxy_fails },
    { "our-proxy-does-not-activate", test_our_proxy_does_not_activate },
    { "peer-proxy", test_peer_proxy },
    { "peer-proxy-fails", test_peer_proxy_fails },
    { "two-proxies", test_two_proxies },
    { "refused", test_refused },
    { "second-report", test_second_report },
    { "limits", test_limits },
    { "every-event", test_every_event },
    { "every-state-ends", test_every_state_ends },
    { "names", test_names },
  };

  g_test_init (&argc, &argv, NULL);
  add_cases ("/transports/s5b-machine/", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
