/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-clock-private.h"

typedef struct
{
  GSource source;
  guint delay_ms;
  gint64 due;       /* on the fake clock; G_MAXINT64 while it is being dispatched */
  guint64 sequence; /* breaks ties between equal deadlines: first made, first fired */
  gboolean fake;
} Timeout;

static int use_fake;
static GMutex fake_mutex;
static gint64 fake_now;       /* guarded by fake_mutex */
static guint64 fake_sequence; /* guarded by fake_mutex */
static gint64 fake_utc;       /* guarded by fake_mutex; 0 for the real calendar */
static GList *fake_timeouts;  /* (element-type Timeout): not owned; guarded by fake_mutex */

gint64
jxs_clock_now (void)
{
  g_autoptr (GMutexLocker) locker = NULL;

  if (!g_atomic_int_get (&use_fake))
    return g_get_monotonic_time ();

  locker = g_mutex_locker_new (&fake_mutex);
  return fake_now;
}

gint64
jxs_clock_utc (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);

  return fake_utc != 0 ? fake_utc : g_get_real_time () / G_USEC_PER_SEC;
}

void
jxs_clock_set_utc (gint64 seconds)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);

  fake_utc = seconds;
}

static gboolean
comes_before (const Timeout *a, const Timeout *b)
{
  return a->due < b->due || (a->due == b->due && a->sequence < b->sequence);
}

/* GLib dispatches sources that are ready together in the order of their attachment; deadlines have
 * to come in order as in real life, so of each context only the earliest one that is due is ready.
 */
static gboolean
timeout_is_ready (GSource *source)
{
  Timeout *self = (Timeout *) source;
  g_autoptr (GMutexLocker) locker = NULL;

  if (!self->fake)
    return FALSE; /* the ready time of the source decides */

  locker = g_mutex_locker_new (&fake_mutex);
  if (self->due > fake_now)
    return FALSE;

  for (GList *l = fake_timeouts; l != NULL; l = l->next)
    {
      Timeout *other = l->data;

      if (other != self && comes_before (other, self) && !g_source_is_destroyed (l->data) &&
          g_source_get_context (l->data) == g_source_get_context (source))
        return FALSE;
    }
  return TRUE;
}

static gboolean
timeout_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return timeout_is_ready (source);
}

static void
timeout_arm (Timeout *self)
{
  gint64 delay_us = (gint64) self->delay_ms * 1000;
  g_autoptr (GMutexLocker) locker = NULL;

  if (!self->fake)
    {
      g_source_set_ready_time (&self->source, g_get_monotonic_time () + delay_us);
      return;
    }

  locker = g_mutex_locker_new (&fake_mutex);
  self->due = fake_now + delay_us;
  self->sequence = fake_sequence++;
}

static gboolean
timeout_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Timeout *self = (Timeout *) source;

  if (self->fake)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);
      self->due = G_MAXINT64;
    }

  if (callback == NULL || callback (user_data) == G_SOURCE_REMOVE)
    return G_SOURCE_REMOVE;

  timeout_arm (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timeout_funcs = {
  .prepare = timeout_prepare,
  .check = timeout_is_ready,
  .dispatch = timeout_dispatch,
};

static void
timeout_dispose (GSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);

  fake_timeouts = g_list_remove (fake_timeouts, source);
}

GSource *
jxs_clock_timeout_new (guint delay_ms)
{
  GSource *source = g_source_new (&timeout_funcs, sizeof (Timeout));
  Timeout *self = (Timeout *) source;

  self->delay_ms = delay_ms;
  self->fake = g_atomic_int_get (&use_fake);
  timeout_arm (self);
  if (self->fake)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);

      fake_timeouts = g_list_prepend (fake_timeouts, self);
      g_source_set_dispose_function (source, timeout_dispose);
    }
  return source;
}

GSource *
jxs_clock_timeout_attach (
    guint delay_ms, const char *name, GMainContext *context, GSourceFunc func, gpointer data)
{
  GSource *source = jxs_clock_timeout_new (delay_ms);

  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, context != NULL ? context : g_main_context_get_thread_default ());
  return source;
}

void
jxs_clock_use_fake (gint64 start_us)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);

  fake_now = start_us;
  g_atomic_int_set (&use_fake, TRUE);
}

void
jxs_clock_advance (gint64 delta_us)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_if_fail (g_atomic_int_get (&use_fake));
  g_return_if_fail (delta_us >= 0);

  locker = g_mutex_locker_new (&fake_mutex);
  fake_now += delta_us;
  for (GList *l = fake_timeouts; l != NULL; l = l->next)
    {
      Timeout *timeout = l->data;

      if (timeout->due <= fake_now && !g_source_is_destroyed (l->data) &&
          g_source_get_context (l->data) != NULL)
        g_main_context_wakeup (g_source_get_context (l->data));
    }
}

void
jxs_clock_use_real (void)
{
  g_atomic_int_set (&use_fake, FALSE);
}

guint
jxs_clock_count_timeouts (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake_mutex);
  guint n = 0;

  for (GList *l = fake_timeouts; l != NULL; l = l->next)
    n += !g_source_is_destroyed (l->data) && g_source_get_context (l->data) != NULL;
  return n;
}
