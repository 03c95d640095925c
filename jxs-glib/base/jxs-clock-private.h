/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The monotonic clock of the library, in microseconds, and timeouts on it. Tests replace it with
 * a clock that moves only when told to. */
gint64 jxs_clock_now (void);
/* The calendar's time, in seconds since 1970 (UTC), for dates that outlive the process: jumps when
 * the user sets the clock, so deadlines use jxs_clock_now(). */
gint64 jxs_clock_utc (void);
/* A source that is dispatched once, delay_ms from now on this clock; attach it with
 * g_source_attach() as usual. Return value of the callback: G_SOURCE_REMOVE or G_SOURCE_CONTINUE
 * (fires again after delay_ms). */
GSource *jxs_clock_timeout_new (guint delay_ms);
/* Convenience: new + name + callback + attach to context (nullable: thread-default). (transfer
 * full) */
GSource *jxs_clock_timeout_attach (
    guint delay_ms, const char *name, GMainContext *context, GSourceFunc func, gpointer data);

/* Tests only: from now on time stands still until advanced. */
void jxs_clock_use_fake (gint64 start_us);
void jxs_clock_advance (gint64 delta_us);
void jxs_clock_use_real (void);
/* Tests only: the calendar stands at this second; 0 lets it run again. */
void jxs_clock_set_utc (gint64 seconds);
/* How many timeouts of the clock that stands still are attached somewhere. */
guint jxs_clock_count_timeouts (void);

G_END_DECLS
