/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-tls-session-private.h"

G_BEGIN_DECLS

/* When to go on with a JxsTlsSession: a GPollableSourceFunc, for stream, which is what it gets.
 * During the handshake it waits for whichever direction that needs. */
GSource *jxs_tls_source_new (JxsTlsSession *session,
                             GObject *stream,
                             GIOCondition condition,
                             GCancellable *cancellable);
/* A source of base alone, for what jxs_tls_session_poll() says. */
GSource *jxs_tls_source_new_below (JxsTlsSession *session, GIOCondition condition);
gboolean jxs_tls_source_is_ready (JxsTlsSession *session, GIOCondition condition);
/* Blocks until it is ready; during the handshake sends before that what was gathered below. FALSE:
 * cancelled, or sending failed. */
gboolean jxs_tls_source_wait (JxsTlsSession *session,
                              GObject *stream,
                              GIOCondition condition,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
