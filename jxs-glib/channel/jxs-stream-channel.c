/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-stream-channel.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

/**
 * JxsStreamChannel:
 *
 * A channel over an open [class@XmlStream], so that a stream between two clients can itself signal
 * another session with the same peer: a faster one, or one of another kind, out of sight of the
 * servers. Nobody but the peer can be reached over it.
 *
 * The channel is closed when the stream is. Requests that nobody takes are answered by the stream.
 *
 * Since: 1.0
 */
struct _JxsStreamChannel
{
  GObject parent_instance;

  JxsXmlStream *stream; /* (owned) */
};

static void jxs_stream_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsStreamChannel,
                               jxs_stream_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL,
                                                      jxs_stream_channel_iface_init))

enum
{
  PROP_0,
  PROP_STREAM,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static gboolean
on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  return jxs_channel_receive (user_data, stanza);
}

static void
on_closed (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  jxs_channel_report_closed (user_data, error);
}

static JxsJid *
jxs_stream_channel_get_local_jid (JxsChannel *channel)
{
  return jxs_xml_stream_get_local_jid (JXS_STREAM_CHANNEL (channel)->stream);
}

/* Whether to names the peer, as it is or bare. */
static gboolean
names_peer (const char *to, JxsJid *peer)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (to, NULL);

  if (jid == NULL)
    return FALSE;
  return jxs_jid_is_full (jid) ? jxs_jid_equal (jid, peer) : jxs_jid_equal_bare (jid, peer);
}

static gboolean
jxs_stream_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  JxsStreamChannel *self = JXS_STREAM_CHANNEL (channel);
  const char *to = jxs_element_get_attribute (stanza, "to");

  if (to != NULL && !names_peer (to, jxs_xml_stream_get_peer_jid (self->stream)))
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_PEER_UNAVAILABLE,
                   _ ("“%s” cannot be reached over a stream with somebody else"),
                   to);
      return FALSE;
    }
  return jxs_xml_stream_send (self->stream, stanza, error);
}

/* The I/O stream is a TLS connection, or says that it has one inside. */
static gboolean
jxs_stream_channel_is_secure (JxsChannel *channel)
{
  GIOStream *io_stream = jxs_xml_stream_get_io_stream (JXS_STREAM_CHANNEL (channel)->stream);
  g_autoptr (GTlsConnection) inside = NULL;
  GParamSpec *pspec;

  if (G_IS_TLS_CONNECTION (io_stream))
    return TRUE;

  pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (io_stream), "tls-connection");
  if (pspec == NULL || !g_type_is_a (pspec->value_type, G_TYPE_TLS_CONNECTION))
    return FALSE;
  g_object_get (io_stream, "tls-connection", &inside, NULL);
  return inside != NULL;
}

static void
jxs_stream_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = jxs_stream_channel_get_local_jid;
  iface->send = jxs_stream_channel_send;
  iface->is_secure = jxs_stream_channel_is_secure;
}

static void
jxs_stream_channel_constructed (GObject *object)
{
  JxsStreamChannel *self = JXS_STREAM_CHANNEL (object);

  G_OBJECT_CLASS (jxs_stream_channel_parent_class)->constructed (object);

  g_signal_connect_object (self->stream, "stanza", G_CALLBACK (on_stanza), self, 0);
  g_signal_connect_object (self->stream, "closed", G_CALLBACK (on_closed), self, 0);
  if (jxs_xml_stream_get_state (self->stream) == JXS_XML_STREAM_STATE_CLOSED)
    jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
}

static void
jxs_stream_channel_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsStreamChannel *self = JXS_STREAM_CHANNEL (object);

  switch (prop_id)
    {
    case PROP_STREAM:
      g_value_set_object (value, self->stream);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_stream_channel_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  JxsStreamChannel *self = JXS_STREAM_CHANNEL (object);

  switch (prop_id)
    {
    case PROP_STREAM:
      self->stream = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_stream_channel_finalize (GObject *object)
{
  JxsStreamChannel *self = JXS_STREAM_CHANNEL (object);

  g_clear_object (&self->stream);

  G_OBJECT_CLASS (jxs_stream_channel_parent_class)->finalize (object);
}

static void
jxs_stream_channel_class_init (JxsStreamChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = jxs_stream_channel_constructed;
  object_class->get_property = jxs_stream_channel_get_property;
  object_class->set_property = jxs_stream_channel_set_property;
  object_class->finalize = jxs_stream_channel_finalize;

  /**
   * JxsStreamChannel:stream: (getter get_stream)
   *
   * The stream beneath.
   *
   * Since: 1.0
   */
  properties[PROP_STREAM] =
      g_param_spec_object ("stream",
                           NULL,
                           NULL,
                           JXS_TYPE_XML_STREAM,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
jxs_stream_channel_init (JxsStreamChannel *self)
{
}

/**
 * jxs_stream_channel_new:
 * @stream: an open stream
 *
 * Makes a channel over @stream. An application may go on sending over @stream, and sees every
 * stanza that arrives before the channel does if it connected first.
 *
 * Returns: (transfer full): the channel
 *
 * Since: 1.0
 */
JxsStreamChannel *
jxs_stream_channel_new (JxsXmlStream *stream)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (stream), NULL);

  return g_object_new (JXS_TYPE_STREAM_CHANNEL, "stream", stream, NULL);
}

/**
 * jxs_stream_channel_get_stream: (get-property stream)
 * @self: a stream channel
 *
 * Returns the stream beneath.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 1.0
 */
JxsXmlStream *
jxs_stream_channel_get_stream (JxsStreamChannel *self)
{
  g_return_val_if_fail (JXS_IS_STREAM_CHANNEL (self), NULL);

  return self->stream;
}
