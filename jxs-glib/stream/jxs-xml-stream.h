/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/**
 * JxsXmlStreamState:
 * @JXS_XML_STREAM_STATE_NEW: nothing was sent yet
 * @JXS_XML_STREAM_STATE_OPENING: headers, features and what they lead to are being exchanged
 * @JXS_XML_STREAM_STATE_OPEN: stanzas flow
 * @JXS_XML_STREAM_STATE_CLOSING: our closing tag was sent or the peer's received
 * @JXS_XML_STREAM_STATE_CLOSED: the stream is over
 *
 * The life of a [class@XmlStream].
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_XML_STREAM_STATE_NEW,
  JXS_XML_STREAM_STATE_OPENING,
  JXS_XML_STREAM_STATE_OPEN,
  JXS_XML_STREAM_STATE_CLOSING,
  JXS_XML_STREAM_STATE_CLOSED,
} JxsXmlStreamState;

#define JXS_TYPE_XML_STREAM_STATE (jxs_xml_stream_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_xml_stream_state_get_type (void);

#define JXS_TYPE_XML_STREAM (jxs_xml_stream_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsXmlStream, jxs_xml_stream, JXS, XML_STREAM, GObject)

JXS_AVAILABLE_IN_1_0
JxsXmlStreamState jxs_xml_stream_get_state (JxsXmlStream *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_xml_stream_get_local_jid (JxsXmlStream *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_xml_stream_get_peer_jid (JxsXmlStream *self);
JXS_AVAILABLE_IN_1_0
GIOStream *jxs_xml_stream_get_io_stream (JxsXmlStream *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_xml_stream_send (JxsXmlStream *self, JxsElement *stanza, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_xml_stream_send_async (JxsXmlStream *self,
                                JxsElement *stanza,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_xml_stream_send_finish (JxsXmlStream *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_xml_stream_close_async (JxsXmlStream *self,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_xml_stream_close_finish (JxsXmlStream *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_xml_stream_set_keepalive (JxsXmlStream *self, guint seconds);

G_END_DECLS
