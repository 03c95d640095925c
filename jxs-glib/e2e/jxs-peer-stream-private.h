/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/e2e/jxs-peer-stream-machine-private.h>
#include <jxs-glib/stream/jxs-stream-security-private.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

/* How long a stream that broke while opening waits for the session to say why. */
#define JXS_PEER_STREAM_REASON_TIMEOUT_MS 2000

typedef struct
{
  JxsStreamSecurity *security; /* (nullable): what is to be negotiated inside the stream */
  gboolean optional;           /* TLS: a receiver that does not offer it is taken as it is */
} JxsPeerStreamParams;

/* Opens the XML stream on a connection (XEP-0246 §2, XEP-0247 §2): the Jingle initiator's header
 * first, then what params (nullable) demand; the connection then is encrypted and knows the peer.
 * The result keeps connection and session alive; when it closes, they are closed in order without
 * anybody's doing; when it is dropped they end at once. On failure the connection was ended; if the
 * peer ended the session, its reason is the error. */
void jxs_peer_stream_open_async (JxsConnection *connection,
                                 const JxsPeerStreamParams *params,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
JxsXmlStream *jxs_peer_stream_open_finish (GAsyncResult *result, GError **error);
/* (transfer none) (nullable): the connection of a stream that was opened here. */
JxsConnection *jxs_peer_stream_get_connection (JxsXmlStream *stream);

G_END_DECLS
