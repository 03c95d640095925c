/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The tasks that wait for something to happen to a stream. */
typedef enum
{
  JXS_STREAM_WAIT_OPENED,
  JXS_STREAM_WAIT_ELEMENT,
  JXS_STREAM_WAIT_PAUSED,
  JXS_STREAM_WAIT_SENT,
  JXS_STREAM_WAIT_CLOSED,
  JXS_STREAM_N_WAITS,
} JxsStreamWait;

typedef struct _JxsStreamWaiters JxsStreamWaiters;

/* A task was cancelled, and has been returned; error says so. */
typedef void (*JxsStreamWaitersFunc) (JxsStreamWait wait, const GError *error, gpointer user_data);

/* user_data is a GObject, kept while func runs. */
JxsStreamWaiters *
jxs_stream_waiters_new (GMainContext *context, JxsStreamWaitersFunc func, gpointer user_data);
/* mark: what has to be reached; task: (transfer full). */
void jxs_stream_waiters_add (JxsStreamWaiters *self, GTask *task, JxsStreamWait wait, guint64 mark);
gboolean jxs_stream_waiters_has (JxsStreamWaiters *self, JxsStreamWait wait);
/* The first one, if its mark is reached. (transfer full) (nullable) */
GTask *jxs_stream_waiters_pop (JxsStreamWaiters *self, JxsStreamWait wait, guint64 reached);
/* None may be left. */
void jxs_stream_waiters_free (JxsStreamWaiters *self);

G_END_DECLS
