/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The two pollable streams of a connection: those of the stream below with nothing copied, except
 * that an end which is not the peer's own becomes the error that tells why. Reading and writing are
 * safe from other threads; the rest belongs to the owner's. */
typedef struct _JxsConduit JxsConduit;

#define JXS_CONDUIT_HOLD_MS 2000 /* how long an unexplained end waits for the session's reason */

/* stream: pollable both ways; sources go to the thread-default context. half_close: closing its
 * output alone tells the peer. */
JxsConduit *jxs_conduit_new (GIOStream *stream, gboolean half_close);
JxsConduit *jxs_conduit_ref (JxsConduit *self);
void jxs_conduit_unref (JxsConduit *self);
/* From now on over another stream, with TLS say. Nobody may be reading or writing. */
void jxs_conduit_set_stream (JxsConduit *self, GIOStream *stream, gboolean half_close);
/* (transfer full): each may outlive the connection. */
GInputStream *jxs_conduit_new_input (JxsConduit *self);
GOutputStream *jxs_conduit_new_output (JxsConduit *self);

/* The session is over, error (nullable) tells why: what arrived can still be read, then the end or
 * the error follows. The first call counts. */
void jxs_conduit_session_over (JxsConduit *self, const GError *error);
/* The connection is closed from here: reading and writing fail with JXS_ERROR_CLOSED or error. */
void jxs_conduit_shut (JxsConduit *self, const GError *error);
/* What the application saw so far. */
gboolean jxs_conduit_is_output_closed (JxsConduit *self);
gboolean jxs_conduit_is_peer_eof (JxsConduit *self);
/* The peer ended its direction before we ended ours. */
gboolean jxs_conduit_is_peer_first (JxsConduit *self);
/* (transfer full) (nullable): the first failure of reading or writing. */
GError *jxs_conduit_dup_failure (JxsConduit *self);
/* Says in our words what an error of the stream below means. (transfer full) */
GError *jxs_conduit_explain (JxsConduit *self, GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsConduit, jxs_conduit_unref)

G_END_DECLS
