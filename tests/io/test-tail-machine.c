/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/io/jxs-tail-machine-private.h>

#define WINDOW 100000

static const JxsTailPath idle = { .unacknowledged = 0, .window = WINDOW };
static const JxsTailPath busy = { .unacknowledged = 1, .window = WINDOW };
static const JxsTailPath squeezed = { .unacknowledged = 0, .window = WINDOW / 2 };

/* Hands over a burst and sends what may leave; returns what is left. */
static gsize
burst (JxsTailMachine *machine, gsize length, gint64 now)
{
  gsize reserve;

  jxs_tail_machine_written (machine,
                            jxs_tail_machine_wants_path (machine, now) ? &idle : NULL,
                            now);
  reserve = jxs_tail_machine_get_reserve (machine, length);
  jxs_tail_machine_sent (machine, length - reserve);
  return reserve;
}

static guint
tick (JxsTailMachine *machine, gsize *left, const JxsTailPath *path)
{
  guint ms = jxs_tail_machine_tick (machine, *left, path);
  gsize reserve = jxs_tail_machine_get_reserve (machine, *left);

  jxs_tail_machine_sent (machine, *left - reserve);
  *left = reserve;
  return ms;
}

static void
test_small (void)
{
  JxsTailMachine machine;

  jxs_tail_machine_init (&machine, &idle);
  g_assert_cmpuint (burst (&machine, 4096, 0), ==, 0);
  /* Too soon: the relay may read both together. */
  g_assert_cmpuint (burst (&machine, 1, JXS_TAIL_QUIET_MS - 1), ==, 1);

  jxs_tail_machine_init (&machine, &idle);
  for (int i = 0; i < 10; i++)
    g_assert_cmpuint (burst (&machine, 4096, i * JXS_TAIL_QUIET_MS), ==, 0);
}

static void
test_not_quiet (void)
{
  JxsTailMachine machine;

  /* Not acknowledged, or not read. */
  for (int i = 0; i < 2; i++)
    {
      jxs_tail_machine_init (&machine, &idle);
      g_assert_cmpuint (burst (&machine, 3000, 0), ==, 0);
      g_assert_true (jxs_tail_machine_wants_path (&machine, 1000));
      jxs_tail_machine_written (&machine, i == 0 ? &busy : &squeezed, 1000);
      g_assert_cmpuint (jxs_tail_machine_get_reserve (&machine, 3000), ==, JXS_TAIL_KEPT);
    }
}

static void
test_burst (void)
{
  static const guint pauses[] = { 5, 20, 80, 320 };
  JxsTailMachine machine;
  gsize left;
  guint total = 0;

  jxs_tail_machine_init (&machine, &idle);
  left = burst (&machine, 5000, 0);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      g_assert_cmpuint (left, ==, JXS_TAIL_KEPT - (i > 0 ? i - 1 : 0));
      g_assert_cmpuint (tick (&machine, &left, &idle), ==, pauses[i]);
      total += pauses[i];
    }
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT - JXS_TAIL_ALWAYS);
  tick (&machine, &left, &idle);
  g_assert_cmpuint (left, ==, 0);
  g_assert_cmpuint (total, <, 500);

  /* Nothing is left behind: all begins anew. */
  g_assert_cmpuint (burst (&machine, 4000, 500), ==, 0);
}

static void
test_more_comes (void)
{
  JxsTailMachine machine;
  gsize left;

  jxs_tail_machine_init (&machine, &idle);
  left = burst (&machine, 5000, 0);
  for (int i = 0; i < 3; i++)
    tick (&machine, &left, &idle);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT - 2);
  left = burst (&machine, left + 100, 100);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT);
  g_assert_cmpuint (tick (&machine, &left, &idle), ==, 5);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT);
}

/* Nothing leaves before what went ahead has arrived. */
static void
test_unacknowledged (void)
{
  JxsTailMachine machine;
  gsize left;

  jxs_tail_machine_init (&machine, &idle);
  left = burst (&machine, 5000, 0);
  tick (&machine, &left, &busy);
  for (int i = 0; i < 100; i++)
    g_assert_cmpuint (tick (&machine, &left, &busy), <=, JXS_TAIL_POLL_MAX_MS);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT);
  g_assert_cmpuint (tick (&machine, &left, &idle), ==, 20);
  g_assert_cmpuint (left, ==, JXS_TAIL_KEPT - 1);
}

/* A relay that does not read gets a byte now and then, to tell how it fares; all the rest once it
 * has caught up. */
static void
test_slow_relay (void)
{
  for (guint patience = 0; patience < JXS_TAIL_KEPT; patience++)
    {
      JxsTailMachine machine;
      guint64 waited = 0;
      guint last;
      gsize left;

      jxs_tail_machine_init (&machine, &idle);
      left = burst (&machine, 50000, 0);
      while (left > patience)
        waited += tick (&machine, &left, &squeezed);
      if (patience == 0)
        {
          g_assert_cmpuint (waited, >, 20 * 60 * 1000);
          g_assert_cmpuint (waited, <, 2 * 60 * 60 * 1000);
          continue;
        }

      /* It goes on: within as much time again. */
      last = 0;
      while (left > 0)
        {
          last += tick (&machine, &left, &idle);
          g_assert_cmpuint (last, <=, waited + 1000);
        }
      g_assert_cmpuint (burst (&machine, 4000, 0), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/io/tail-machine/small", test_small);
  g_test_add_func ("/io/tail-machine/not-quiet", test_not_quiet);
  g_test_add_func ("/io/tail-machine/burst", test_burst);
  g_test_add_func ("/io/tail-machine/more-comes", test_more_comes);
  g_test_add_func ("/io/tail-machine/unacknowledged", test_unacknowledged);
  g_test_add_func ("/io/tail-machine/slow-relay", test_slow_relay);

  return g_test_run ();
}
