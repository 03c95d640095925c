/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/s5b/jxs-pcp-machine-private.h>

#define SECOND G_USEC_PER_SEC
#define LIFETIME 600
#define PORT 50000

typedef struct
{
  JxsPcpMachine machine;
  gint64 now_us;
  int jitter;
  guint32 epoch; /* of the router, when now_us was 0 */
} Fixture;

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->now_us = 1000 * SECOND;
  self->epoch = 5000;
  jxs_pcp_machine_init (&self->machine, JXS_PCP_RETRY_MS, PORT);
}

static JxsPcpActions
feed (Fixture *self, JxsPcpEvent event)
{
  event.now_us = self->now_us;
  event.jitter = self->jitter;
  if (event.epoch == 0)
    event.epoch = self->epoch + self->now_us / SECOND;
  return jxs_pcp_machine_handle (&self->machine, &event);
}

static JxsPcpActions
feed_type (Fixture *self, JxsPcpEventType type)
{
  return feed (self, (JxsPcpEvent){ .type = type });
}

static JxsPcpActions
grant (Fixture *self, guint32 lifetime, guint8 address, guint16 port)
{
  return feed (self,
               (JxsPcpEvent){ .type = JXS_PCP_EVENT_GRANTED,
                              .lifetime = lifetime,
                              .address.bytes[15] = address,
                              .port = port });
}

/* Goes on to the deadline. */
static JxsPcpActions
wait (Fixture *self)
{
  g_assert_cmpint (self->machine.deadline_us, >=, self->now_us);
  self->now_us = self->machine.deadline_us;
  return feed_type (self, JXS_PCP_EVENT_DUE);
}

static void
assert_due_in (Fixture *self, gint64 delay_us)
{
  g_assert_cmpint (self->machine.deadline_us - self->now_us, ==, delay_us);
}

/* By lawful events. */
static void
bring_to (Fixture *self, JxsPcpState state)
{
  set_up (self, NULL);
  if (state == JXS_PCP_STATE_NEW)
    return;
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_START), ==, JXS_PCP_ACTION_SEND);
  if (state == JXS_PCP_STATE_ASKING)
    return;
  if (state == JXS_PCP_STATE_OVER)
    {
      g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFUSED), ==, JXS_PCP_ACTION_OVER);
      return;
    }
  g_assert_cmpuint (grant (self, LIFETIME, 9, PORT), ==, JXS_PCP_ACTION_MAPPED);
  if (state == JXS_PCP_STATE_RENEWING)
    g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  if (state == JXS_PCP_STATE_RELEASING)
    g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_STOP), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpint (self->machine.state, ==, state);
}

/* Every event in every state: what is done, and where it leads. */
static void
test_table (Fixture *self, gconstpointer unused)
{
#define SEND JXS_PCP_ACTION_SEND
#define OVER JXS_PCP_ACTION_OVER
  static const struct
  {
    JxsPcpActions actions;
    JxsPcpState state;
  } expected[JXS_PCP_N_STATES][JXS_PCP_N_EVENTS] = {
    /* start, granted, refused, epoch, unreachable, due, refresh, stop */
    [JXS_PCP_STATE_NEW] = { { SEND, JXS_PCP_STATE_ASKING },
                            { 0, JXS_PCP_STATE_NEW },
                            { 0, JXS_PCP_STATE_NEW },
                            { 0, JXS_PCP_STATE_NEW },
                            { 0, JXS_PCP_STATE_NEW },
                            { 0, JXS_PCP_STATE_NEW },
                            { 0, JXS_PCP_STATE_NEW },
                            { OVER, JXS_PCP_STATE_OVER } },
    [JXS_PCP_STATE_ASKING] = { { 0, JXS_PCP_STATE_ASKING },
                               { JXS_PCP_ACTION_MAPPED, JXS_PCP_STATE_MAPPED },
                               { OVER, JXS_PCP_STATE_OVER },
                               { 0, JXS_PCP_STATE_ASKING },
                               { OVER, JXS_PCP_STATE_OVER },
                               { SEND, JXS_PCP_STATE_ASKING },
                               { 0, JXS_PCP_STATE_ASKING },
                               { SEND, JXS_PCP_STATE_RELEASING } },
    [JXS_PCP_STATE_MAPPED] = { { 0, JXS_PCP_STATE_MAPPED },
                               { 0, JXS_PCP_STATE_MAPPED },
                               { 0, JXS_PCP_STATE_MAPPED },
                               { 0, JXS_PCP_STATE_MAPPED },
                               { 0, JXS_PCP_STATE_MAPPED },
                               { SEND, JXS_PCP_STATE_RENEWING },
                               { 0, JXS_PCP_STATE_MAPPED },
                               { SEND, JXS_PCP_STATE_RELEASING } },
    [JXS_PCP_STATE_RENEWING] = { { 0, JXS_PCP_STATE_RENEWING },
                                 { 0, JXS_PCP_STATE_MAPPED },
                                 { 0, JXS_PCP_STATE_RENEWING },
                                 { 0, JXS_PCP_STATE_RENEWING },
                                 { 0, JXS_PCP_STATE_RENEWING },
                                 { SEND, JXS_PCP_STATE_RENEWING },
                                 { 0, JXS_PCP_STATE_RENEWING },
                                 { SEND, JXS_PCP_STATE_RELEASING } },
    [JXS_PCP_STATE_RELEASING] = { { 0, JXS_PCP_STATE_RELEASING },
                                  { 0, JXS_PCP_STATE_RELEASING },
                                  { OVER, JXS_PCP_STATE_OVER },
                                  { 0, JXS_PCP_STATE_RELEASING },
                                  { OVER, JXS_PCP_STATE_OVER },
                                  { SEND, JXS_PCP_STATE_RELEASING },
                                  { 0, JXS_PCP_STATE_RELEASING },
                                  { 0, JXS_PCP_STATE_RELEASING } },
    [JXS_PCP_STATE_OVER] = { { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER },
                             { 0, JXS_PCP_STATE_OVER } },
  };
#undef SEND
#undef OVER

  for (guint state = 0; state < JXS_PCP_N_STATES; state++)
    for (guint type = 0; type < JXS_PCP_N_EVENTS; type++)
      {
        JxsPcpActions actions;

        bring_to (self, state);
        if (type == JXS_PCP_EVENT_GRANTED)
          actions = grant (self, LIFETIME, 9, PORT);
        else
          actions = feed_type (self, type);
        if (actions != expected[state][type].actions ||
            self->machine.state != expected[state][type].state)
          g_error ("event %u in state %u: actions %u, state %u",
                   type,
                   state,
                   actions,
                   self->machine.state);
        /* Nobody waits for nothing, and nothing waits forever. */
        g_assert_cmpint (self->machine.deadline_us != 0,
                         ==,
                         self->machine.state != JXS_PCP_STATE_NEW &&
                             self->machine.state != JXS_PCP_STATE_OVER);
      }
}

/* RFC 6887 §8.1.1: 3 seconds, then doubled, each ± 10 %; and no longer than anybody waits. */
static void
test_retransmission (Fixture *self, gconstpointer unused)
{
  gint64 started_us = self->now_us;

  bring_to (self, JXS_PCP_STATE_ASKING);
  assert_due_in (self, 3 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  assert_due_in (self, 6 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_OVER);
  g_assert_cmpint (self->now_us - started_us, ==, JXS_PCP_ASK_MS * 1000);

  self->jitter = -100;
  bring_to (self, JXS_PCP_STATE_ASKING);
  assert_due_in (self, 2700 * 1000);
  self->jitter = 100;
  bring_to (self, JXS_PCP_STATE_ASKING);
  assert_due_in (self, 3300 * 1000);
}

/* RFC 6886 §3.1: 250 milliseconds, then doubled. */
static void
test_retransmission_natpmp (Fixture *self, gconstpointer unused)
{
  guint n_sent = 1;

  jxs_pcp_machine_init (&self->machine, JXS_PCP_NATPMP_RETRY_MS, PORT);
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_START), ==, JXS_PCP_ACTION_SEND);
  for (guint ms = 250; ms <= 4000; ms *= 2)
    {
      assert_due_in (self, ms * 1000);
      g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
      n_sent++;
    }
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_OVER);
  g_assert_cmpuint (n_sent, ==, 6);
}

/* RFC 6887 §11.2.1: at half of the lifetime, then at half of what is left. */
static void
test_renewal (Fixture *self, gconstpointer unused)
{
  gint64 mapped_us;
  guint n_sent = 0;
  JxsPcpActions actions;

  bring_to (self, JXS_PCP_STATE_MAPPED);
  assert_due_in (self, LIFETIME / 2 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  assert_due_in (self, LIFETIME / 4 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  assert_due_in (self, LIFETIME / 8 * SECOND);
  /* By half of what was granted, not of what was asked for. */
  g_assert_cmpuint (grant (self, 240, 9, PORT), ==, 0);
  assert_due_in (self, 120 * SECOND);

  /* No answer any more: the mapping counts until it has run out. */
  mapped_us = self->now_us;
  while ((actions = wait (self)) == JXS_PCP_ACTION_SEND)
    n_sent++;
  g_assert_cmpuint (actions, ==, JXS_PCP_ACTION_OVER);
  g_assert_cmpint (self->now_us - mapped_us, ==, 240 * SECOND);
  g_assert_cmpuint (n_sent, >=, 5);
  g_assert_cmpuint (n_sent, <=, 10);
}

static void
test_renewal_refused (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_PCP_STATE_RENEWING);
  assert_due_in (self, LIFETIME / 4 * SECOND);
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFUSED), ==, 0);
  assert_due_in (self, LIFETIME / 4 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpuint (grant (self, LIFETIME, 9, PORT), ==, 0);
  assert_due_in (self, LIFETIME / 2 * SECOND);
}

/* RFC 6887 §15. */
static void
test_lifetimes (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_PCP_STATE_ASKING);
  grant (self, 1, 9, PORT);
  assert_due_in (self, JXS_PCP_MIN_LIFETIME / 2 * SECOND);

  bring_to (self, JXS_PCP_STATE_ASKING);
  grant (self, G_MAXUINT32, 9, PORT);
  assert_due_in (self, JXS_PCP_MAX_LIFETIME / 2 * (gint64) SECOND);

  bring_to (self, JXS_PCP_STATE_ASKING);
  g_assert_cmpuint (grant (self, 0, 9, PORT), ==, JXS_PCP_ACTION_OVER);
}

static void
test_moved (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_PCP_STATE_RENEWING);
  g_assert_cmpuint (grant (self, LIFETIME, 10, PORT), ==, JXS_PCP_ACTION_MAPPED);
  g_assert_cmpuint (self->machine.address.bytes[15], ==, 10);
  /* Also unasked (RFC 6887 §14.2). */
  g_assert_cmpuint (grant (self, LIFETIME, 10, PORT + 1), ==, JXS_PCP_ACTION_MAPPED);
  g_assert_cmpuint (self->machine.port, ==, PORT + 1);
  g_assert_cmpuint (grant (self, LIFETIME, 10, PORT + 1), ==, 0);
  /* Taken away. */
  g_assert_cmpuint (grant (self, 0, 10, PORT + 1), ==, JXS_PCP_ACTION_OVER);
}

/* RFC 6887 §8.5: passed is what our clock says since the last answer, then come the epochs that the
 * router may tell if it still knows the mapping. */
static void
test_epoch (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    guint passed, first, last;
  } cases[] = {
    { 0, 9999, 10002 },    { 1, 9999, 10003 },     { 16, 10013, 10019 },
    { 160, 10148, 10172 }, { 1600, 11498, 11708 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint epoch = 0; epoch < 13000; epoch++)
      {
        JxsPcpEvent event = { .type = JXS_PCP_EVENT_EPOCH, .epoch = epoch };
        gboolean known = epoch >= cases[i].first && epoch <= cases[i].last;

        if (epoch == 0)
          continue;
        bring_to (self, JXS_PCP_STATE_ASKING);
        feed (self,
              (JxsPcpEvent){
                  .type = JXS_PCP_EVENT_GRANTED, .lifetime = 7200, .port = PORT, .epoch = 10000 });
        self->now_us += cases[i].passed * SECOND;
        if (feed (self, event) != (known ? 0 : JXS_PCP_ACTION_SEND))
          g_error ("epoch %u after %u s", epoch, cases[i].passed);
        g_assert_cmpint (self->machine.state,
                         ==,
                         known ? JXS_PCP_STATE_MAPPED : JXS_PCP_STATE_ASKING);
      }
}

/* A router that forgot everything is asked anew; the same answer as before is news then, too. */
static void
test_epoch_lost (Fixture *self, gconstpointer unused)
{
  JxsPcpEvent restarted = { .type = JXS_PCP_EVENT_EPOCH, .epoch = 1 };

  bring_to (self, JXS_PCP_STATE_MAPPED);
  self->now_us += 100 * SECOND;
  g_assert_cmpuint (feed (self, restarted), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpuint (self->machine.port, ==, PORT);
  assert_due_in (self, 3 * SECOND);
  self->epoch = 1 - self->now_us / SECOND;
  g_assert_cmpuint (grant (self, LIFETIME, 9, PORT), ==, JXS_PCP_ACTION_MAPPED);

  /* And if it does not want to. */
  self->now_us += 100 * SECOND;
  g_assert_cmpuint (feed (self, restarted), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFUSED), ==, JXS_PCP_ACTION_OVER);

  /* Or tells so with a refusal. */
  bring_to (self, JXS_PCP_STATE_RENEWING);
  restarted.type = JXS_PCP_EVENT_REFUSED;
  g_assert_cmpuint (feed (self, restarted), ==, JXS_PCP_ACTION_OVER);
}

static void
test_refresh (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_PCP_STATE_MAPPED);
  self->now_us += JXS_PCP_FRESH_MS * 1000 - 1;
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFRESH), ==, 0);
  self->now_us += 1;
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFRESH), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpint (self->machine.state, ==, JXS_PCP_STATE_RENEWING);
  g_assert_cmpuint (feed_type (self, JXS_PCP_EVENT_REFRESH), ==, 0);
}

/* Three packets at most; the answer to what was asked before is not one. */
static void
test_release (Fixture *self, gconstpointer unused)
{
  bring_to (self, JXS_PCP_STATE_RELEASING);
  g_assert_cmpuint (grant (self, LIFETIME, 9, PORT), ==, 0);
  g_assert_cmpuint (grant (self, 0, 9, PORT), ==, JXS_PCP_ACTION_OVER);

  bring_to (self, JXS_PCP_STATE_RELEASING);
  assert_due_in (self, 3 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  assert_due_in (self, 6 * SECOND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_SEND);
  g_assert_cmpuint (wait (self), ==, JXS_PCP_ACTION_OVER);
}

/* Any course of events ends once, and soon after it is stopped. */
static void
test_random_walks (Fixture *self, gconstpointer unused)
{
  for (guint walk = 0; walk < 20000; walk++)
    {
      guint n_over = 0;
      guint n_steps = g_test_rand_int_range (1, 40);

      set_up (self, NULL);
      for (guint i = 0; i < n_steps; i++)
        {
          JxsPcpEvent event = {
            .type = g_test_rand_int_range (0, JXS_PCP_N_EVENTS),
            .lifetime = g_test_rand_bit () ? 0 : g_test_rand_int (),
            .epoch = g_test_rand_bit () ? 0 : g_test_rand_int (),
            .port = g_test_rand_int (),
          };

          self->jitter = g_test_rand_int_range (-100, 101);
          if (self->machine.deadline_us != 0 && g_test_rand_bit ())
            self->now_us = MAX (self->now_us, self->machine.deadline_us);
          n_over += (feed (self, event) & JXS_PCP_ACTION_OVER) != 0;
          g_assert_cmpuint (n_over, ==, self->machine.state == JXS_PCP_STATE_OVER);
        }

      n_over += (feed_type (self, JXS_PCP_EVENT_STOP) & JXS_PCP_ACTION_OVER) != 0;
      for (guint i = 0; i < JXS_PCP_RELEASE_LIMIT && self->machine.deadline_us != 0; i++)
        {
          self->now_us = MAX (self->now_us, self->machine.deadline_us);
          n_over += (feed_type (self, JXS_PCP_EVENT_DUE) & JXS_PCP_ACTION_OVER) != 0;
        }
      g_assert_cmpint (self->machine.state, ==, JXS_PCP_STATE_OVER);
      g_assert_cmpuint (n_over, ==, 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/transports/pcp-machine/" name, Fixture, NULL, set_up, func, NULL)
  ADD ("table", test_table);
  ADD ("retransmission", test_retransmission);
  ADD ("retransmission-natpmp", test_retransmission_natpmp);
  ADD ("renewal", test_renewal);
  ADD ("renewal-refused", test_renewal_refused);
  ADD ("lifetimes", test_lifetimes);
  ADD ("moved", test_moved);
  ADD ("epoch", test_epoch);
  ADD ("epoch-lost", test_epoch_lost);
  ADD ("refresh", test_refresh);
  ADD ("release", test_release);
  ADD ("random-walks", test_random_walks);
  return g_test_run ();
}
