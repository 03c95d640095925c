/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/ibb/jxs-ibb-pacer-private.h>

/* Two accounts on a simulated server, on simulated time. Each account's stanzas pass a throttle on
 * their way in, whoever they are for; acknowledgements and pings share it with the data. */

#define MSEC 1000
#define SEC G_USEC_PER_SEC
#define ACK_COST 120
#define PING_COST 120
#define READ_SIZE 8192 /* what Prosody reads at once */

typedef enum
{
  THROTTLE_BUCKET, /* lets `burst` bytes pass at once, then `rate` bytes/s */
  THROTTLE_PAUSE,  /* Prosody: reads what is there, up to 8192 bytes, then pauses for as long as
                      the rate allows for them */
} Throttle;

typedef enum
{
  DATA,
  ACK,
  PING,
} Kind;

typedef struct
{
  Kind kind;
  guint account; /* whose data, or ping */
  gsize size;
  gsize cost;
  gsize unread; /* of cost */
  gsize flight;
  gint64 sent_us;
} Stanza;

typedef struct _Sim Sim;
typedef void (*Step) (Sim *sim, guint account, Stanza *stanza);

typedef struct
{
  gint64 due_us;
  Step step;
  guint account;
  Stanza *stanza;
} Event;

typedef struct
{
  JxsIbbPacer pacer;
  gboolean sends;
  gsize write_size; /* 0: always has more; else one write every write_period_us */
  gint64 write_period_us;
  gsize written;     /* and not sent */
  guint64 delivered; /* costs */
  guint64 goodput;   /* sizes */
  gint64 worst_ping_us;
  gsize most_in_flight;
  /* the throttle */
  gint64 spent_us; /* bucket: when what passed so far is paid for */
  GQueue waiting;  /* pause: (element-type Stanza) */
  gint64 next_read_us;
  gboolean reading;
} Account;

struct _Sim
{
  gint64 now_us;
  GQueue events; /* (element-type Event): earliest first */
  Throttle throttle;
  double rate;      /* bytes/s */
  double burst;     /* bytes */
  gint64 delay_us;  /* one way between a client and the server: a quarter of the round trip */
  gint64 ignore_us; /* pings sent before do not count */
  Account accounts[2];
};

static void
at (Sim *sim, gint64 due_us, Step step, guint account, Stanza *stanza)
{
  Event *event = g_new0 (Event, 1);
  GList *before = sim->events.tail;

  *event = (Event){ due_us, step, account, stanza };
  while (before != NULL && ((Event *) before->data)->due_us > due_us)
    before = before->prev;
  g_queue_insert_after (&sim->events, before, event);
}

static Stanza *
stanza_new (Sim *sim, Kind kind, guint account, gsize size, gsize cost)
{
  Stanza *stanza = g_new0 (Stanza, 1);

  *stanza = (Stanza){ kind, account, size, cost, cost, 0, sim->now_us };
  return stanza;
}

static void arrive_at_server (Sim *sim, guint account, Stanza *stanza);

static void
send_what_fits (Sim *sim, guint account)
{
  Account *self = &sim->accounts[account];

  while (self->sends)
    {
      gsize size = jxs_ibb_pacer_get_room (&self->pacer);
      Stanza *stanza;

      if (size == 0)
        return;
      if (self->write_size > 0 && self->written == 0)
        {
          jxs_ibb_pacer_idle (&self->pacer);
          return;
        }
      if (self->write_size > 0)
        size = MIN (size, self->written);
      self->written -= MIN (self->written, size);
      stanza = stanza_new (sim, DATA, account, size, jxs_ibb_pacer_get_cost (size));
      jxs_ibb_pacer_sent (&self->pacer, size);
      stanza->flight = self->pacer.in_flight;
      self->most_in_flight = MAX (self->most_in_flight, stanza->flight);
      at (sim, sim->now_us + sim->delay_us, arrive_at_server, account, stanza);
    }
}

static void
arrive_at_client (Sim *sim, guint account, Stanza *stanza)
{
  Account *owner = &sim->accounts[stanza->account];

  switch (stanza->kind)
    {
    case DATA:
      owner->delivered += stanza->cost;
      owner->goodput += stanza->size;
      stanza->kind = ACK;
      stanza->cost = stanza->unread = ACK_COST;
      at (sim, sim->now_us + sim->delay_us, arrive_at_server, account, stanza);
      return;
    case ACK:
      jxs_ibb_pacer_acked (
          &owner->pacer, stanza->size, stanza->flight, stanza->sent_us, sim->now_us);
      send_what_fits (sim, account);
      break;
    case PING:
      if (stanza->sent_us >= sim->ignore_us)
        owner->worst_ping_us = MAX (owner->worst_ping_us, sim->now_us - stanza->sent_us);
      break;
    default:
      g_assert_not_reached ();
    }
  g_free (stanza);
}

static void
pass (Sim *sim, guint account, Stanza *stanza, gint64 when_us)
{
  at (sim,
      when_us + sim->delay_us,
      arrive_at_client,
      stanza->kind == PING ? account : 1 - account,
      stanza);
}

static void
read_some (Sim *sim, guint account, Stanza *unused)
{
  Account *self = &sim->accounts[account];
  gsize n = 0;

  while (n < READ_SIZE && !g_queue_is_empty (&self->waiting))
    {
      Stanza *stanza = g_queue_peek_head (&self->waiting);
      gsize part = MIN (stanza->unread, READ_SIZE - n);

      n += part;
      stanza->unread -= part;
      if (stanza->unread == 0)
        pass (sim, account, g_queue_pop_head (&self->waiting), sim->now_us);
    }

  self->reading = FALSE;
  self->next_read_us = sim->now_us + n / sim->rate * SEC;
  if (!g_queue_is_empty (&self->waiting))
    {
      self->reading = TRUE;
      at (sim, self->next_read_us, read_some, account, NULL);
    }
}

static void
arrive_at_server (Sim *sim, guint account, Stanza *stanza)
{
  Account *self = &sim->accounts[account];

  if (sim->throttle == THROTTLE_BUCKET)
    {
      self->spent_us = MAX (self->spent_us, sim->now_us - (gint64) (sim->burst / sim->rate * SEC)) +
                       stanza->cost / sim->rate * SEC;
      pass (sim, account, stanza, MAX (sim->now_us, self->spent_us));
      return;
    }

  g_queue_push_tail (&self->waiting, stanza);
  if (self->reading)
    return;
  self->reading = TRUE;
  at (sim, MAX (sim->now_us, self->next_read_us), read_some, account, NULL);
}

static void
ping (Sim *sim, guint account, Stanza *unused)
{
  at (sim,
      sim->now_us + sim->delay_us,
      arrive_at_server,
      account,
      stanza_new (sim, PING, account, 0, PING_COST));
  at (sim, sim->now_us + 250 * MSEC, ping, account, NULL);
}

static void
write_some (Sim *sim, guint account, Stanza *unused)
{
  Account *self = &sim->accounts[account];

  self->written += self->write_size;
  send_what_fits (sim, account);
  at (sim, sim->now_us + self->write_period_us, write_some, account, NULL);
}

static void
sim_init (Sim *sim, Throttle throttle, double rate, double burst, gint64 rtt_us)
{
  *sim = (Sim){ .throttle = throttle, .rate = rate, .burst = burst, .delay_us = rtt_us / 4 };
  for (guint i = 0; i < 2; i++)
    {
      jxs_ibb_pacer_init (&sim->accounts[i].pacer, 8192);
      sim->accounts[i].spent_us = -burst / rate * SEC;
      at (sim, i * 100 * MSEC, ping, i, NULL);
    }
}

static void
sim_start (Sim *sim, guint account)
{
  Account *self = &sim->accounts[account];

  self->sends = TRUE;
  if (self->write_size > 0)
    at (sim, sim->now_us, write_some, account, NULL);
  else
    send_what_fits (sim, account);
}

static void
sim_run (Sim *sim, gint64 until_us)
{
  while (((Event *) g_queue_peek_head (&sim->events))->due_us <= until_us)
    {
      g_autofree Event *event = g_queue_pop_head (&sim->events);

      sim->now_us = event->due_us;
      event->step (sim, event->account, event->stanza);
    }
  sim->now_us = until_us;
}

static void
sim_clear (Sim *sim)
{
  Event *event;

  while ((event = g_queue_pop_head (&sim->events)) != NULL)
    {
      g_free (event->stanza);
      g_free (event);
    }
  for (guint i = 0; i < 2; i++)
    g_queue_clear_full (&sim->accounts[i].waiting, g_free);
}

/* How much of what the throttle lets pass was used. */
static double
sim_get_use (Sim *sim, guint account, gint64 since_us, guint64 delivered_before)
{
  return (sim->accounts[account].delivered - delivered_before) * (double) SEC /
         (sim->rate * (sim->now_us - since_us));
}

static void
report (Sim *sim, const char *name)
{
  for (guint i = 0; i < 2; i++)
    if (sim->accounts[i].sends)
      g_test_message ("%s: account %u: use %.2f, %.0f B/s of data, worst ping %.0f ms, "
                      "most in flight %zu, window %u x %u",
                      name,
                      i,
                      sim_get_use (sim, i, 0, 0),
                      sim->accounts[i].goodput * (double) SEC / sim->now_us,
                      sim->accounts[i].worst_ping_us / 1000.,
                      sim->accounts[i].most_in_flight,
                      jxs_ibb_pacer_get_window (&sim->accounts[i].pacer),
                      jxs_ibb_pacer_get_block (&sim->accounts[i].pacer));
}

typedef struct
{
  const char *name;
  Throttle throttle;
  double rate;
  double burst;
  gint64 rtt_us;
  gint64 run_us;
  /* asserted: */
  gint64 worst_ping_us;
  double use;
  gint64 worst_ping_both_us; /* with data in both directions */
  double use_both;
} Case;

/* An account is usable while a ping is answered within 3 s. */
static const Case cases[] = {
  /* Debian's Prosody. */
  { "pause-10k-0ms", THROTTLE_PAUSE, 10e3, 0, MSEC, 60 * SEC, 2000 * MSEC, 0.9, 2000 * MSEC, 0.5 },
  { "pause-10k-50ms",
    THROTTLE_PAUSE,
    10e3,
    0,
    50 * MSEC,
    60 * SEC,
    2000 * MSEC,
    0.9,
    2000 * MSEC,
    0.5 },
  { "pause-10k-300ms",
    THROTTLE_PAUSE,
    10e3,
    0,
    300 * MSEC,
    60 * SEC,
    2000 * MSEC,
    0.8,
    2000 * MSEC,
    0.4 },
  { "pause-7k-50ms",
    THROTTLE_PAUSE,
    7e3,
    0,
    50 * MSEC,
    60 * SEC,
    2500 * MSEC,
    0.9,
    2500 * MSEC,
    0.5 },
  /* The same rate with a burst of two seconds. */
  { "bucket-10k-0ms",
    THROTTLE_BUCKET,
    10e3,
    20e3,
    MSEC,
    60 * SEC,
    1500 * MSEC,
    0.9,
    2000 * MSEC,
    0.5 },
  { "bucket-10k-50ms",
    THROTTLE_BUCKET,
    10e3,
    20e3,
    50 * MSEC,
    60 * SEC,
    1500 * MSEC,
    0.9,
    2000 * MSEC,
    0.5 },
  { "bucket-10k-300ms",
    THROTTLE_BUCKET,
    10e3,
    20e3,
    300 * MSEC,
    60 * SEC,
    1500 * MSEC,
    0.9,
    2000 * MSEC,
    0.5 },
  /* The shaper of ejabberd's example. */
  { "bucket-3k-50ms",
    THROTTLE_BUCKET,
    3e3,
    20e3,
    50 * MSEC,
    60 * SEC,
    3000 * MSEC,
    0.9,
    3000 * MSEC,
    0.5 },
  { "bucket-100k-50ms",
    THROTTLE_BUCKET,
    100e3,
    200e3,
    50 * MSEC,
    60 * SEC,
    1000 * MSEC,
    0.9,
    2000 * MSEC,
    0.5 },
  { "bucket-1M-50ms",
    THROTTLE_BUCKET,
    1e6,
    2e6,
    50 * MSEC,
    20 * SEC,
    1000 * MSEC,
    0.9,
    2000 * MSEC,
    0.4 },
  /* Nothing but the server's own speed. */
  { "fast-10M-1ms", THROTTLE_BUCKET, 10e6, 8192, MSEC, 10 * SEC, 200 * MSEC, 0.9, 300 * MSEC, 0.4 },
  { "fast-10M-50ms",
    THROTTLE_BUCKET,
    10e6,
    8192,
    50 * MSEC,
    10 * SEC,
    200 * MSEC,
    0.9,
    300 * MSEC,
    0.4 },
  /* Here the bound on what is outstanding is what limits. */
  { "fast-4M-300ms",
    THROTTLE_BUCKET,
    4e6,
    8192,
    300 * MSEC,
    30 * SEC,
    400 * MSEC,
    0.8,
    400 * MSEC,
    0.08 },
};

static void
test_case (gconstpointer data)
{
  const Case *self = data;
  Sim sim;

  sim_init (&sim, self->throttle, self->rate, self->burst, self->rtt_us);
  sim_start (&sim, 0);
  sim_run (&sim, self->run_us);
  report (&sim, self->name);
  g_assert_cmpint (sim.accounts[0].worst_ping_us, <=, self->worst_ping_us);
  g_assert_cmpfloat (sim_get_use (&sim, 0, 0, 0), >=, self->use);
  sim_clear (&sim);
}

/* Data in both directions: each acknowledgement waits behind the other direction's data. */
static void
test_both_ways (gconstpointer data)
{
  const Case *self = data;
  Sim sim;

  sim_init (&sim, self->throttle, self->rate, self->burst, self->rtt_us);
  sim_start (&sim, 0);
  sim_run (&sim, self->run_us / 8);
  sim_start (&sim, 1);
  sim_run (&sim, self->run_us);
  report (&sim, self->name);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (sim.accounts[i].worst_ping_us, <=, self->worst_ping_both_us);
      g_assert_cmpfloat (sim_get_use (&sim, i, 0, 0), >=, self->use_both);
    }
  sim_clear (&sim);
}

/* After each pause the server grants a full burst again, and must not be flooded when it ends. */
static void
test_pauses (void)
{
  Sim sim;

  sim_init (&sim, THROTTLE_BUCKET, 10e3, 20e3, 50 * MSEC);
  sim.accounts[0].write_size = 100 * 1000;
  sim.accounts[0].write_period_us = 20 * SEC;
  sim_start (&sim, 0);
  sim_run (&sim, 200 * SEC);
  report (&sim, "pauses");
  g_assert_cmpint (sim.accounts[0].worst_ping_us, <=, 2000 * MSEC);
  g_assert_cmpuint (sim.accounts[0].goodput, >=, 900 * 1000);
  sim_clear (&sim);
}

/* An application that writes little learns nothing about the path: the budget stays small, so its
 * first large write finds the throttle as gently as at the start. */
static void
test_small_writes_do_not_grow (void)
{
  Sim sim;

  sim_init (&sim, THROTTLE_BUCKET, 100e3, 8192, 50 * MSEC);
  sim.accounts[0].write_size = 100;
  sim.accounts[0].write_period_us = 100 * MSEC;
  sim_start (&sim, 0);
  sim_run (&sim, 60 * SEC);
  g_assert_cmpuint (sim.accounts[0].pacer.budget, ==, JXS_IBB_START_BUDGET);
  /* One write is one block, at once. */
  g_assert_cmpuint (sim.accounts[0].most_in_flight, ==, jxs_ibb_pacer_get_cost (100));
  sim_clear (&sim);
}

/* The path becomes longer for good: the old shortest round trip is given up. */
static void
test_longer_path (void)
{
  Sim sim;
  guint64 before;

  sim_init (&sim, THROTTLE_BUCKET, 1e6, 8192, 40 * MSEC);
  sim_start (&sim, 0);
  sim_run (&sim, 10 * SEC);
  g_assert_cmpfloat (sim_get_use (&sim, 0, 0, 0), >=, 0.8);
  sim.delay_us = 100 * MSEC;
  sim_run (&sim, 40 * SEC);
  before = sim.accounts[0].delivered;
  sim_run (&sim, 50 * SEC);
  report (&sim, "longer path");
  g_assert_cmpfloat (sim_get_use (&sim, 0, 40 * SEC, before), >=, 0.8);
  sim_clear (&sim);
}

/* A server that begins to throttle finds a large budget: it is cut to the new pace within
 * seconds. */
static void
test_throttled_later (void)
{
  Sim sim;

  sim_init (&sim, THROTTLE_BUCKET, 1e6, 8192, 50 * MSEC);
  sim_start (&sim, 0);
  sim_run (&sim, 10 * SEC);
  sim.rate = 50e3;
  sim.ignore_us = 16 * SEC;
  sim_run (&sim, 60 * SEC);
  report (&sim, "throttled later");
  g_assert_cmpint (sim.accounts[0].worst_ping_us, <=, 1000 * MSEC);
  sim_clear (&sim);
}

/* Small blocks while the budget is small. */
static void
test_block_sizes (void)
{
  JxsIbbPacer pacer;
  guint last = 0;

  jxs_ibb_pacer_init (&pacer, 8192);
  for (pacer.budget = jxs_ibb_pacer_get_cost (JXS_IBB_MIN_BLOCK);
       pacer.budget <= JXS_IBB_MAX_OUTSTANDING;
       pacer.budget += 1000)
    {
      guint block = jxs_ibb_pacer_get_block (&pacer);

      g_assert_cmpuint (block, >=, last);
      g_assert_cmpuint (block, >=, JXS_IBB_MIN_BLOCK);
      g_assert_cmpuint (block % 3, ==, 0);
      g_assert_cmpuint (jxs_ibb_pacer_get_window (&pacer), >=, 1);
      g_assert_cmpuint (jxs_ibb_pacer_get_window (&pacer), <=, JXS_IBB_MAX_WINDOW);
      g_assert_cmpuint (block, <=, JXS_IBB_MAX_BLOCK);
      last = block;
    }
  g_assert_cmpuint (last, ==, JXS_IBB_MAX_BLOCK);
}

/* Whatever was agreed is the most (XEP-0047 §2.1), down to a byte. */
static void
test_negotiated_block (void)
{
  static const guint sizes[] = { 1, 2, 3, 100, 1535, 2048, 4096, 65535 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      JxsIbbPacer pacer;

      jxs_ibb_pacer_init (&pacer, sizes[i]);
      for (guint n = 0; n < 5000; n++)
        {
          guint room;

          while ((room = jxs_ibb_pacer_get_room (&pacer)) > 0)
            {
              g_assert_cmpuint (room, <=, sizes[i]);
              jxs_ibb_pacer_sent (&pacer, room);
              g_assert_cmpuint (pacer.n_in_flight, <=, JXS_IBB_MAX_WINDOW);
            }
          g_assert_cmpuint (pacer.n_in_flight, >, 0);
          jxs_ibb_pacer_acked (
              &pacer, jxs_ibb_pacer_get_block (&pacer), pacer.in_flight, n * MSEC, (n + 50) * MSEC);
        }
    }
}

static void
test_fixed (void)
{
  JxsIbbPacer pacer;

  jxs_ibb_pacer_init (&pacer, 8192);
  pacer.fixed_window = 4;
  pacer.fixed_block = 4096;
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpuint (jxs_ibb_pacer_get_room (&pacer), ==, 4096);
      jxs_ibb_pacer_sent (&pacer, 4096);
    }
  g_assert_cmpuint (jxs_ibb_pacer_get_room (&pacer), ==, 0);
  jxs_ibb_pacer_acked (&pacer, 4096, pacer.in_flight, 0, 5 * SEC);
  g_assert_cmpuint (jxs_ibb_pacer_get_room (&pacer), ==, 4096);
  g_assert_cmpuint (jxs_ibb_pacer_get_window (&pacer), ==, 4);
  pacer.fixed_block = 16384;
  g_assert_cmpuint (jxs_ibb_pacer_get_block (&pacer), ==, 8192);
}

/* Lost blocks and silence bring it down to one small block at a time, from where it recovers. */
static void
test_lost (void)
{
  for (guint stalled = 0; stalled < 2; stalled++)
    {
      JxsIbbPacer pacer;

      jxs_ibb_pacer_init (&pacer, 8192);
      pacer.budget = 1000 * 1000;
      jxs_ibb_pacer_sent (&pacer, 3072);
      if (stalled)
        jxs_ibb_pacer_stalled (&pacer);
      else
        jxs_ibb_pacer_lost (&pacer, 3072);
      g_assert_cmpuint (jxs_ibb_pacer_get_window (&pacer), ==, 1);
      g_assert_cmpuint (jxs_ibb_pacer_get_block (&pacer), ==, JXS_IBB_MIN_BLOCK);
      g_assert_cmpuint (pacer.n_in_flight, ==, stalled);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/transports/ibb-pacer/%s", cases[i].name);
      g_autofree char *both = g_strdup_printf ("/transports/ibb-pacer/both-ways/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
      g_test_add_data_func (both, &cases[i], test_both_ways);
    }
  g_test_add_func ("/transports/ibb-pacer/pauses", test_pauses);
  g_test_add_func ("/transports/ibb-pacer/small-writes-do-not-grow", test_small_writes_do_not_grow);
  g_test_add_func ("/transports/ibb-pacer/longer-path", test_longer_path);
  g_test_add_func ("/transports/ibb-pacer/throttled-later", test_throttled_later);
  g_test_add_func ("/transports/ibb-pacer/block-sizes", test_block_sizes);
  g_test_add_func ("/transports/ibb-pacer/negotiated-block", test_negotiated_block);
  g_test_add_func ("/transports/ibb-pacer/fixed", test_fixed);
  g_test_add_func ("/transports/ibb-pacer/lost", test_lost);

  return g_test_run ();
}
