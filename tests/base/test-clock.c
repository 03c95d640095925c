/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>

typedef struct
{
  GString *log;
  char name;
  int repeats;
} Timer;

static gboolean
fired (gpointer user_data)
{
  Timer *timer = user_data;

  g_string_append_c (timer->log, timer->name);
  return --timer->repeats > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
iterate (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_fake (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Timer a = { log, 'a', 1 };
  Timer b = { log, 'b', 1 };
  Timer c = { log, 'c', 1 };
  Timer d = { log, 'd', 1 };
  g_autoptr (GSource) source_a = NULL;
  g_autoptr (GSource) source_b = NULL;
  g_autoptr (GSource) source_c = NULL;
  g_autoptr (GSource) source_d = NULL;

  jxs_clock_use_fake (5000);
  g_assert_cmpint (jxs_clock_now (), ==, 5000);

  /* The order is that of the deadlines, then that of making, not that of attaching. */
  source_a = jxs_clock_timeout_attach (30, "a", NULL, fired, &a);
  source_b = jxs_clock_timeout_attach (10, "b", NULL, fired, &b);
  source_c = jxs_clock_timeout_attach (20, "c", NULL, fired, &c);
  source_d = jxs_clock_timeout_attach (20, "d", NULL, fired, &d);

  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "");
  jxs_clock_advance (9999);
  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "");
  jxs_clock_advance (1);
  g_assert_cmpint (jxs_clock_now (), ==, 15000);
  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "b");
  jxs_clock_advance (1000000);
  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "bcda");
  jxs_clock_advance (1000000);
  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "bcda");
  jxs_clock_use_real ();
}

static void
test_repeat (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Timer a = { log, 'a', 3 };
  g_autoptr (GSource) source = NULL;

  jxs_clock_use_fake (0);
  source = jxs_clock_timeout_attach (10, "a", NULL, fired, &a);
  for (int i = 1; i <= 5; i++)
    {
      jxs_clock_advance (10000);
      iterate (NULL);
      g_assert_cmpuint (log->len, ==, MIN (i, 3));
    }
  g_assert_true (g_source_is_destroyed (source));
  jxs_clock_use_real ();
}

/* A timeout that was destroyed while due does not hold up the later ones. */
static void
test_destroyed (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Timer a = { log, 'a', 1 };
  Timer b = { log, 'b', 1 };
  g_autoptr (GSource) source_a = NULL;
  g_autoptr (GSource) source_b = NULL;

  jxs_clock_use_fake (0);
  source_a = jxs_clock_timeout_attach (10, "a", NULL, fired, &a);
  source_b = jxs_clock_timeout_attach (20, "b", NULL, fired, &b);
  jxs_clock_advance (50000);
  g_source_destroy (source_a);
  iterate (NULL);
  g_assert_cmpstr (log->str, ==, "b");
  jxs_clock_use_real ();
}

static gboolean
advance_and_iterate (gpointer user_data)
{
  Timer *timer = user_data;

  g_string_append_c (timer->log, timer->name);
  jxs_clock_advance (100000);
  iterate (NULL);
  return G_SOURCE_REMOVE;
}

/* A timeout that is being dispatched does not hold up the others either. */
static void
test_nested (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Timer a = { log, 'a', 1 };
  Timer b = { log, 'b', 1 };
  g_autoptr (GSource) source_a = NULL;
  g_autoptr (GSource) source_b = NULL;

  jxs_clock_use_fake (0);
  source_a = jxs_clock_timeout_attach (10, "a", NULL, advance_and_iterate, &a);
  source_b = jxs_clock_timeout_attach (20, "b", NULL, fired, &b);
  jxs_clock_advance (10000);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (log->str, ==, "ab");
  jxs_clock_use_real ();
}

typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  int ready;
} Thread;

static gboolean
quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

static gpointer
thread_func (gpointer user_data)
{
  Thread *thread = user_data;
  g_autoptr (GSource) source = NULL;

  g_main_context_push_thread_default (thread->context);
  source = jxs_clock_timeout_attach (1000, "quit", NULL, quit, thread->loop);
  g_atomic_int_set (&thread->ready, TRUE);
  g_main_loop_run (thread->loop);
  g_main_context_pop_thread_default (thread->context);
  return NULL;
}

/* Advancing wakes a loop that sleeps in another thread; its context is the thread's default. */
static void
test_thread (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  Thread thread = { context, loop, FALSE };
  GThread *running;

  jxs_clock_use_fake (0);
  running = g_thread_new ("loop", thread_func, &thread);
  while (!g_atomic_int_get (&thread.ready))
    g_thread_yield ();
  while (!g_main_loop_is_running (loop))
    g_thread_yield ();
  jxs_clock_advance (1000000);
  g_thread_join (running);
  jxs_clock_use_real ();
}

static void
test_real (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  gint64 before = g_get_monotonic_time ();
  g_autoptr (GSource) source = NULL;

  g_assert_cmpint (jxs_clock_now (), >=, before);
  source = jxs_clock_timeout_attach (1, "quit", NULL, quit, loop);
  g_main_loop_run (loop);
  g_assert_cmpint (jxs_clock_now () - before, >=, 1000);
}

static void
test_utc (void)
{
  jxs_clock_set_utc (981173106);
  g_assert_cmpint (jxs_clock_utc (), ==, 981173106);
  jxs_clock_set_utc (0);
  g_assert_cmpint (jxs_clock_utc (), >, 981173106);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/clock/fake", test_fake);
  g_test_add_func ("/base/clock/repeat", test_repeat);
  g_test_add_func ("/base/clock/destroyed", test_destroyed);
  g_test_add_func ("/base/clock/nested", test_nested);
  g_test_add_func ("/base/clock/thread", test_thread);
  g_test_add_func ("/base/clock/real", test_real);
  g_test_add_func ("/base/clock/utc", test_utc);
  return g_test_run ();
}
