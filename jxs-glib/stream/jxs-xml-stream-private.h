/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

typedef enum
{
  JXS_XML_STREAM_INITIATOR,
  JXS_XML_STREAM_RECEIVER,
} JxsXmlStreamRole;

typedef enum
{
  /* Between two clients (XEP-0246): `from` and `to` of what arrives are overwritten with the peer
   * and us; the peer's header may name it bare or full. */
  JXS_XML_STREAM_PEER,
  /* A client at its server (RFC 6120): stanzas carry their own addresses; header `to` is the
     domain. */
  JXS_XML_STREAM_SERVER,
} JxsXmlStreamKind;

/* local (nullable for a client that does not know its JID yet), peer: domain JID for a server. */
JxsXmlStream *jxs_xml_stream_new (GIOStream *io_stream,
                                  JxsXmlStreamRole role,
                                  JxsXmlStreamKind kind,
                                  JxsJid *local,
                                  JxsJid *peer);

/* Exchanges headers; the initiator then waits for the features. Result: the features, an empty
 * <features/> when the peer speaks no version 1.0. The receiver sends `features` (nullable: empty)
 * after its header and gets NULL without error. Crossing headers are tolerated (XEP-0246 §2). From
 * here to set_open() there are 30 seconds, anew after a restart. Once begun, cancelling ends the
 * stream without a word. JXS_ERROR_INVALID_ARGUMENT: io_stream is not pollable both ways. */
void jxs_xml_stream_open_async (JxsXmlStream *self,
                                JxsElement *features,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean jxs_xml_stream_open_finish (JxsXmlStream *self,
                                     GAsyncResult *result,
                                     JxsElement **features,
                                     GError **error);
/* While opening: the next top-level element (<proceed/>, <challenge/> ...), one at a time
 * (G_IO_ERROR_PENDING). Nothing is read while nobody asks. Cancelling loses no element. */
void jxs_xml_stream_read_element_async (JxsXmlStream *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
JxsElement *
jxs_xml_stream_read_element_finish (JxsXmlStream *self, GAsyncResult *result, GError **error);
/* While opening: sends any element, from the main loop. */
gboolean jxs_xml_stream_send_element (JxsXmlStream *self, JxsElement *element, GError **error);
/* Stops reading so that io_stream can be wrapped in TLS: nothing is read from it after this
 * returns; bytes read but not parsed are dropped (RFC 6120 §5.4.3.3). Only between elements, while
 * opening, with the queue sent. Who pauses has a deadline of his own: the 30 seconds stand still.
 */
void jxs_xml_stream_pause_async (JxsXmlStream *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean jxs_xml_stream_pause_finish (JxsXmlStream *self, GAsyncResult *result, GError **error);
/* While opening: nothing was read behind the last element, strictly: not even white space; it would
 * be lost by a restart. Who injects bytes before TLS starts hopes that it is not (RFC 6120 §5.3.3).
 */
gboolean jxs_xml_stream_is_quiet (JxsXmlStream *self, gboolean strictly);
/* New parser, new header on the next open; io_stream (nullable) replaces the one before. */
void jxs_xml_stream_restart (JxsXmlStream *self, GIOStream *io_stream);
/* Negotiation is over: stanzas flow; elements that came early are delivered from the main loop. */
void jxs_xml_stream_set_open (JxsXmlStream *self);
void jxs_xml_stream_set_local_jid (JxsXmlStream *self, JxsJid *local);
/* Ends the stream with a stream error to the peer, and with error locally, in "closed". */
void jxs_xml_stream_fail (JxsXmlStream *self, const GError *error);
/* How long opening may take instead of 30 s. Before it begins. */
void jxs_xml_stream_set_opening_deadline (JxsXmlStream *self, guint deadline_ms);
/* What has to end after the stream and before "closed": func is called once when both sides closed
 * in order; the stream counts as closing until jxs_xml_stream_beneath_closed(). A stream that fails
 * is closed at once. */
typedef void (*JxsXmlStreamBeneathFunc) (JxsXmlStream *self, gpointer user_data);
void
jxs_xml_stream_set_beneath (JxsXmlStream *self, JxsXmlStreamBeneathFunc func, gpointer user_data);
void jxs_xml_stream_beneath_closed (JxsXmlStream *self);
/* While open: pings the peer (XEP-0199) after silence_s seconds without a sign of it, and fails the
 * stream with connection-timeout after answer_s more. silence_s 0 (default): never. */
void jxs_xml_stream_set_peer_timeout (JxsXmlStream *self, guint silence_s, guint answer_s);

G_END_DECLS
