/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells of silence: calls func when nothing happened for interval_ms, and again after each further
 * interval_ms. Happenings cost no more than reading the clock. */
typedef struct _JxsStreamTimer JxsStreamTimer;

typedef void (*JxsStreamTimerFunc) (gpointer user_data);

JxsStreamTimer *jxs_stream_timer_new (GMainContext *context,
                                      guint interval_ms,
                                      const char *name,
                                      JxsStreamTimerFunc func,
                                      gpointer user_data);
/* Something happened. */
void jxs_stream_timer_touch (JxsStreamTimer *self);
/* May be called from inside func. */
void jxs_stream_timer_free (JxsStreamTimer *self);

G_END_DECLS
