/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A sink for the events an application may show live. It is handed down to whatever reports; the
 * endpoint listens. All functions accept a NULL sink. One thread (the owner's context). */
typedef struct _JxsTrace JxsTrace;

/* time_us is on the library's clock; detail is one JSON object, like {"action":"session-accept"}.
 */
typedef void (*JxsTraceFunc) (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data);

JxsTrace *jxs_trace_new (JxsTraceFunc func, gpointer user_data);
JxsTrace *jxs_trace_ref (JxsTrace *self);
void jxs_trace_unref (JxsTrace *self);
/* The owner of user_data goes away: later events are dropped. */
void jxs_trace_disconnect (JxsTrace *self);

/* Pairs of key and value, ended by NULL. The first letter of the key names the type of the value:
 * "s:" const char * (nullable), "i:" gint64, "b:" gboolean, "d:" double.
 *   jxs_trace_emit (trace, "jingle", "action-sent", "s:action", "session-initiate", "i:bytes",
 * (gint64) n, NULL); */
void
jxs_trace_emit (JxsTrace *self, const char *layer, const char *what, ...) G_GNUC_NULL_TERMINATED;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTrace, jxs_trace_unref)

G_END_DECLS
