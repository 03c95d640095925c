/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-timers-private.h>

#include <jxs-glib/base/jxs-clock-private.h>

#define MAX_SECONDS (G_MAXINT / 1000) /* fits in milliseconds */

/* Goes off when nothing happened for seconds. What happens costs no more than reading the clock. */
typedef struct
{
  GSource *source; /* (owned) (nullable): while it runs */
  guint seconds;
  gint64 last; /* when something happened, on our clock */
} Timer;

struct _JxsStreamTimers
{
  GMainContext *context; /* (owned) */
  const JxsStreamTimersFuncs *funcs;
  gpointer user_data;
  GSource *deadline; /* (owned) (nullable) */
  gboolean running;
  guint keepalive_s;
  guint silence_s;
  guint answer_s;
  gboolean asked; /* nothing came since the peer was asked */
  Timer ours;
  Timer peers;
};

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
timer_start (JxsStreamTimers *self, Timer *timer, const char *name, guint seconds, GSourceFunc func)
{
  clear_source (&timer->source);
  timer->seconds = seconds;
  timer->last = jxs_clock_now ();
  if (self->running && seconds > 0)
    timer->source = jxs_clock_timeout_attach (seconds * 1000, name, self->context, func, self);
}

/* Whether the time is over. If not, the source shall go on for what is left of it. */
static gboolean
timer_check (JxsStreamTimers *self, Timer *timer, const char *name, GSourceFunc func)
{
  gint64 left_ms = timer->seconds * 1000 - (jxs_clock_now () - timer->last) / 1000;

  g_clear_pointer (&timer->source, g_source_unref);
  if (left_ms <= 0)
    return TRUE;
  timer->source = jxs_clock_timeout_attach ((guint) left_ms, name, self->context, func, self);
  return FALSE;
}

static gboolean
on_deadline (gpointer user_data)
{
  JxsStreamTimers *self = user_data;

  g_clear_pointer (&self->deadline, g_source_unref);
  self->funcs->deadline (self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_our_silence (gpointer user_data)
{
  JxsStreamTimers *self = user_data;

  if (timer_check (self, &self->ours, "jxs-stream-keepalive", on_our_silence))
    {
      timer_start (self, &self->ours, "jxs-stream-keepalive", self->keepalive_s, on_our_silence);
      self->funcs->keep_alive (self->user_data);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
on_peers_silence (gpointer user_data)
{
  JxsStreamTimers *self = user_data;

  if (!timer_check (self, &self->peers, "jxs-stream-watch", on_peers_silence))
    return G_SOURCE_REMOVE;

  if (self->asked)
    {
      self->funcs->dead (self->user_data);
      return G_SOURCE_REMOVE;
    }
  self->asked = TRUE;
  timer_start (self, &self->peers, "jxs-stream-watch", self->answer_s, on_peers_silence);
  self->funcs->ask (self->user_data);
  return G_SOURCE_REMOVE;
}

JxsStreamTimers *
jxs_stream_timers_new (GMainContext *context, const JxsStreamTimersFuncs *funcs, gpointer user_data)
{
  JxsStreamTimers *self = g_new0 (JxsStreamTimers, 1);

  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
jxs_stream_timers_set_deadline (JxsStreamTimers *self, guint delay_ms)
{
  clear_source (&self->deadline);
  if (delay_ms > 0)
    self->deadline = jxs_clock_timeout_attach (
        delay_ms, "jxs-stream-deadline", self->context, on_deadline, self);
}

void
jxs_stream_timers_set_keepalive (JxsStreamTimers *self, guint seconds)
{
  self->keepalive_s = MIN (seconds, MAX_SECONDS);
  timer_start (self, &self->ours, "jxs-stream-keepalive", self->keepalive_s, on_our_silence);
}

void
jxs_stream_timers_set_watch (JxsStreamTimers *self, guint silence_s, guint answer_s)
{
  self->asked = FALSE;
  self->silence_s = MIN (silence_s, MAX_SECONDS);
  self->answer_s = CLAMP (answer_s, 1, MAX_SECONDS);
  timer_start (self, &self->peers, "jxs-stream-watch", self->silence_s, on_peers_silence);
}

void
jxs_stream_timers_set_running (JxsStreamTimers *self, gboolean running)
{
  self->running = running;
  self->asked = FALSE;
  timer_start (self, &self->ours, "jxs-stream-keepalive", self->keepalive_s, on_our_silence);
  timer_start (self, &self->peers, "jxs-stream-watch", self->silence_s, on_peers_silence);
}

void
jxs_stream_timers_wrote (JxsStreamTimers *self)
{
  if (self->ours.source != NULL)
    self->ours.last = jxs_clock_now ();
}

void
jxs_stream_timers_read (JxsStreamTimers *self)
{
  if (self->asked)
    {
      self->asked = FALSE;
      timer_start (self, &self->peers, "jxs-stream-watch", self->silence_s, on_peers_silence);
    }
  else if (self->peers.source != NULL)
    self->peers.last = jxs_clock_now ();
}

void
jxs_stream_timers_free (JxsStreamTimers *self)
{
  clear_source (&self->deadline);
  clear_source (&self->ours.source);
  clear_source (&self->peers.source);
  g_main_context_unref (self->context);
  g_free (self);
}
