/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-timer-private.h>

#include <jxs-glib/base/jxs-clock-private.h>

struct _JxsStreamTimer
{
  GMainContext *context; /* (owned) */
  guint interval_ms;
  const char *name;
  JxsStreamTimerFunc func;
  gpointer user_data;
  gint64 last;     /* when something happened, on our clock */
  GSource *source; /* (owned) */
};

static gboolean on_timeout (gpointer user_data);

static void
arm (JxsStreamTimer *self, guint delay_ms)
{
  self->source = jxs_clock_timeout_attach (delay_ms, self->name, self->context, on_timeout, self);
}

static gboolean
on_timeout (gpointer user_data)
{
  JxsStreamTimer *self = user_data;
  gint64 silent_ms = (jxs_clock_now () - self->last) / 1000;

  g_clear_pointer (&self->source, g_source_unref);
  if (silent_ms < (gint64) self->interval_ms)
    {
      arm (self, self->interval_ms - (guint) silent_ms);
      return G_SOURCE_REMOVE;
    }

  jxs_stream_timer_touch (self);
  arm (self, self->interval_ms);
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

JxsStreamTimer *
jxs_stream_timer_new (GMainContext *context,
                      guint interval_ms,
                      const char *name,
                      JxsStreamTimerFunc func,
                      gpointer user_data)
{
  JxsStreamTimer *self = g_new0 (JxsStreamTimer, 1);

  self->context = g_main_context_ref (context);
  self->interval_ms = interval_ms;
  self->name = name;
  self->func = func;
  self->user_data = user_data;
  jxs_stream_timer_touch (self);
  arm (self, interval_ms);
  return self;
}

void
jxs_stream_timer_touch (JxsStreamTimer *self)
{
  self->last = jxs_clock_now ();
}

void
jxs_stream_timer_free (JxsStreamTimer *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_main_context_unref (self->context);
  g_free (self);
}
