/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The time of a stream: its deadline, our silence and that of the peer (RFC 6120 §4.6). */
typedef struct _JxsStreamTimers JxsStreamTimers;

/* May call every function of the timers, but for the last. */
typedef struct
{
  void (*deadline) (gpointer user_data);
  /* We were silent for too long: something is to be sent. */
  void (*keep_alive) (gpointer user_data);
  /* The peer was: it is to be asked for a sign of life. */
  void (*ask) (gpointer user_data);
  /* It gave none. */
  void (*dead) (gpointer user_data);
} JxsStreamTimersFuncs;

JxsStreamTimers *jxs_stream_timers_new (GMainContext *context,
                                        const JxsStreamTimersFuncs *funcs,
                                        gpointer user_data);
/* Instead of the one before; 0: none. */
void jxs_stream_timers_set_deadline (JxsStreamTimers *self, guint delay_ms);
/* 0 (default): never. */
void jxs_stream_timers_set_keepalive (JxsStreamTimers *self, guint seconds);
void jxs_stream_timers_set_watch (JxsStreamTimers *self, guint silence_s, guint answer_s);
/* Whether silence matters. */
void jxs_stream_timers_set_running (JxsStreamTimers *self, gboolean running);
void jxs_stream_timers_wrote (JxsStreamTimers *self);
void jxs_stream_timers_read (JxsStreamTimers *self);
void jxs_stream_timers_free (JxsStreamTimers *self);

G_END_DECLS
