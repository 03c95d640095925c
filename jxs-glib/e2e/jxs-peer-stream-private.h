/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

/* For the peer's header: a person at its side may be deciding about our key, for up to ten minutes.
 * Stops a peer that never sends one. */
#define JXS_PEER_STREAM_OPEN_TIMEOUT_MS 660000
/* How long a stream that broke while opening waits for the session to say why. */
#define JXS_PEER_STREAM_REASON_TIMEOUT_MS 2000

/* Opens the XML stream on a connection (XEP-0246 §2, XEP-0247 §2): the Jingle initiator's header
 * first. The result keeps connection and session alive; when it closes, they are closed in order
 * without anybody's doing; when it is dropped they end at once. On failure the connection was
 * ended; if the peer ended the session, its reason is the error. */
void jxs_peer_stream_open_async (JxsConnection *connection,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
JxsXmlStream *jxs_peer_stream_open_finish (GAsyncResult *result, GError **error);
/* (transfer none) (nullable): the connection of a stream that was opened here. */
JxsConnection *jxs_peer_stream_get_connection (JxsXmlStream *stream);

G_END_DECLS
