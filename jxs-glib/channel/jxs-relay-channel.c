/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-relay-channel.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/**
 * JxsRelayChannel:
 *
 * A channel for applications that own their XMPP connection: they push in what arrives, as elements
 * or as text, and send what [signal@RelayChannel::outgoing] gives them.
 *
 * ```c
 * channel = jxs_relay_channel_new (our_full_jid, TRUE);
 * g_signal_connect (channel, "outgoing", G_CALLBACK (send_over_my_connection), app);
 * // for every stanza that arrives:
 * if (!jxs_relay_channel_push (channel, stanza))
 *   handle_it_myself (stanza);
 * ```
 *
 * In-band bytestreams that the library did not negotiate are not taken: the application may have
 * some of its own, and answers requests about others as all it does not understand.
 *
 * Since: 1.0
 */
struct _JxsRelayChannel
{
  GObject parent_instance;

  JxsJid *local_jid; /* (owned) (nullable) */
  gboolean secure;
  gboolean closed;
};

static void jxs_relay_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsRelayChannel,
                               jxs_relay_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL,
                                                      jxs_relay_channel_iface_init))

enum
{
  PROP_0,
  PROP_LOCAL_JID,
  PROP_SECURE,
  N_PROPS
};

enum
{
  SIGNAL_OUTGOING,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static JxsJid *
jxs_relay_channel_get_local_jid (JxsChannel *channel)
{
  return JXS_RELAY_CHANNEL (channel)->local_jid;
}

static gboolean
jxs_relay_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  JxsRelayChannel *self = JXS_RELAY_CHANNEL (channel);
  g_autoptr (JxsRelayChannel) alive = NULL;
  g_autoptr (JxsElement) held = NULL;

  if (self->closed)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
      return FALSE;
    }
  if (!g_signal_has_handler_pending (self, signals[SIGNAL_OUTGOING], 0, FALSE))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_FAILED,
                           _ ("The application does not listen to “outgoing” of its channel"));
      return FALSE;
    }

  alive = g_object_ref (self);
  held = jxs_element_ref (stanza);
  g_signal_emit (self, signals[SIGNAL_OUTGOING], 0, held);
  return TRUE;
}

static gboolean
jxs_relay_channel_is_secure (JxsChannel *channel)
{
  return JXS_RELAY_CHANNEL (channel)->secure;
}

static void
jxs_relay_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = jxs_relay_channel_get_local_jid;
  iface->send = jxs_relay_channel_send;
  iface->is_secure = jxs_relay_channel_is_secure;
}

static void
jxs_relay_channel_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsRelayChannel *self = JXS_RELAY_CHANNEL (object);

  switch (prop_id)
    {
    case PROP_LOCAL_JID:
      g_value_set_boxed (value, self->local_jid);
      break;
    case PROP_SECURE:
      g_value_set_boolean (value, self->secure);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_relay_channel_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  JxsRelayChannel *self = JXS_RELAY_CHANNEL (object);

  switch (prop_id)
    {
    case PROP_LOCAL_JID:
      self->local_jid = g_value_dup_boxed (value);
      break;
    case PROP_SECURE:
      self->secure = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_relay_channel_finalize (GObject *object)
{
  JxsRelayChannel *self = JXS_RELAY_CHANNEL (object);

  g_clear_pointer (&self->local_jid, jxs_jid_unref);

  G_OBJECT_CLASS (jxs_relay_channel_parent_class)->finalize (object);
}

static void
jxs_relay_channel_class_init (JxsRelayChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = jxs_relay_channel_get_property;
  object_class->set_property = jxs_relay_channel_set_property;
  object_class->finalize = jxs_relay_channel_finalize;

  /**
   * JxsRelayChannel:local-jid:
   *
   * The full JID of the application's connection.
   *
   * Since: 1.0
   */
  properties[PROP_LOCAL_JID] =
      g_param_spec_boxed ("local-jid",
                          NULL,
                          NULL,
                          JXS_TYPE_JID,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * JxsRelayChannel:secure:
   *
   * Whether the application's connection is encrypted and its server authenticated.
   *
   * Since: 1.0
   */
  properties[PROP_SECURE] =
      g_param_spec_boolean ("secure",
                            NULL,
                            NULL,
                            FALSE,
                            G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * JxsRelayChannel::outgoing:
   * @self: the channel
   * @stanza: a message, presence or iq
   *
   * The application sends @stanza over its connection. It does not change @stanza; a copy may be
   * changed ([method@Element.copy]). If it can send no more, it calls [method@RelayChannel.close].
   *
   * Since: 1.0
   */
  signals[SIGNAL_OUTGOING] = g_signal_new ("outgoing",
                                           JXS_TYPE_RELAY_CHANNEL,
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           1,
                                           JXS_TYPE_ELEMENT);
}

static void
jxs_relay_channel_init (JxsRelayChannel *self)
{
}

/**
 * jxs_relay_channel_new:
 * @local_jid: the full JID of the application's connection
 * @secure: whether that connection is encrypted and its server authenticated
 *
 * Makes a channel that the application feeds.
 *
 * Returns: (transfer full): the channel
 *
 * Since: 1.0
 */
JxsRelayChannel *
jxs_relay_channel_new (JxsJid *local_jid, gboolean secure)
{
  g_return_val_if_fail (local_jid != NULL, NULL);

  return g_object_new (JXS_TYPE_RELAY_CHANNEL, "local-jid", local_jid, "secure", secure, NULL);
}

/**
 * jxs_relay_channel_push:
 * @self: a relay channel
 * @stanza: a message, presence or iq in the namespace `jabber:client`, as it arrived; the library
 *   may keep a reference
 *
 * Hands a stanza that arrived to the library.
 *
 * Returns: %TRUE if the library took it: the application need not answer it
 *
 * Since: 1.0
 */
gboolean
jxs_relay_channel_push (JxsRelayChannel *self, JxsElement *stanza)
{
  g_return_val_if_fail (JXS_IS_RELAY_CHANNEL (self), FALSE);
  g_return_val_if_fail (stanza != NULL, FALSE);

  if (self->closed || jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_NONE)
    return FALSE;
  return jxs_channel_receive (JXS_CHANNEL (self), stanza);
}

typedef struct
{
  JxsElement *element; /* (owned) (nullable): the first */
  guint n_elements;
  gboolean ended;
} ParsedText;

static void
parsed_start_cb (JxsElement *root, const char *default_namespace, gpointer user_data)
{
}

static void
parsed_element_cb (JxsElement *element, gpointer user_data)
{
  ParsedText *parsed = user_data;

  if (parsed->n_elements++ == 0)
    parsed->element = jxs_element_ref (element);
}

static void
parsed_end_cb (gpointer user_data)
{
  ParsedText *parsed = user_data;

  parsed->ended = TRUE;
}

/* The stanza is parsed as what it is, a child of a stream in jabber:client. */
static JxsElement *
jxs_relay_channel_parse (const char *xml, GError **error)
{
  static const JxsXmlParserFuncs funcs = {
    .stream_start = parsed_start_cb,
    .element = parsed_element_cb,
    .stream_end = parsed_end_cb,
  };
  static const char head[] = "<stream xmlns='" JXS_NS_CLIENT "'>";
  static const char tail[] = "</stream>";
  ParsedText parsed = { NULL, 0, FALSE };
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, &parsed);
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (GError) local_error = NULL;
  gboolean ok;

  ok = jxs_xml_parser_feed (parser, head, strlen (head), &local_error) &&
       jxs_xml_parser_feed (parser, xml, strlen (xml), &local_error) && !parsed.ended &&
       jxs_xml_parser_feed (parser, tail, strlen (tail), &local_error) && parsed.ended;
  element = parsed.element;
  if (!ok || parsed.n_elements != 1 || jxs_stanza_get_kind (element) == JXS_STANZA_KIND_NONE)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("The text is not one stanza: %s"),
                   local_error != NULL ? local_error->message
                                       : _ ("one message, presence or iq is expected"));
      return NULL;
    }
  return g_steal_pointer (&element);
}

/**
 * jxs_relay_channel_push_xml:
 * @self: a relay channel
 * @xml: one stanza as it arrived; the namespace `jabber:client` is implied when the text declares
 *   none
 * @handled: (out) (optional): return location for whether the library took it: the application need
 *   not answer it
 * @error: return location for an error
 *
 * Hands a stanza that arrived to the library, as text.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if @xml is anything but one stanza, and with
 * %JXS_ERROR_CLOSED after [method@RelayChannel.close].
 *
 * Returns: whether @xml was understood
 *
 * Since: 1.0
 */
gboolean
jxs_relay_channel_push_xml (JxsRelayChannel *self,
                            const char *xml,
                            gboolean *handled,
                            GError **error)
{
  g_autoptr (JxsElement) stanza = NULL;
  gboolean taken;

  if (handled != NULL)
    *handled = FALSE;
  g_return_val_if_fail (JXS_IS_RELAY_CHANNEL (self), FALSE);
  g_return_val_if_fail (xml != NULL, FALSE);

  if (self->closed)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
      return FALSE;
    }
  stanza = jxs_relay_channel_parse (xml, error);
  if (stanza == NULL)
    return FALSE;
  taken = jxs_channel_receive (JXS_CHANNEL (self), stanza);
  if (handled != NULL)
    *handled = taken;
  return TRUE;
}

/**
 * jxs_relay_channel_close:
 * @self: a relay channel
 *
 * The application's connection ended.
 *
 * Since: 1.0
 */
void
jxs_relay_channel_close (JxsRelayChannel *self)
{
  g_return_if_fail (JXS_IS_RELAY_CHANNEL (self));

  if (self->closed)
    return;
  self->closed = TRUE;
  jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
}
