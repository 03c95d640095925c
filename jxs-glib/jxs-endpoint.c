/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/**
 * JxsEndpoint:
 *
 * The front door: opens encrypted streams to peers and takes those they open.
 *
 * An endpoint speaks over a [iface@Channel], the XMPP connection, with a [class@Identity], our
 * certificate, and asks a [iface@Trust] about the certificates of others. What goes through an open
 * stream is encrypted from end to end and does not depend on the trust in any server.
 *
 * - [method@Endpoint.open_stream_async] opens an XML stream (XEP-0247), over which the two
 *   applications exchange stanzas; [method@Endpoint.open_pipe_async] opens a pipe of bytes, named
 *   by a service string.
 * - [signal@Endpoint::incoming] offers what peers want to open.
 * - [method@Endpoint.create_session] and [method@Endpoint.connect_session_async] are for
 *   applications with a Jingle description of their own.
 *
 * The two sides talk over a direct TCP connection where there is a way, else through a relay or
 * through the servers: [property@Endpoint:transports] says what may be used,
 * [property@Endpoint:address-policy] who may learn our network addresses.
 *
 * Opening always ends in a working stream or in one reason why not: %JXS_ERROR_PEER_UNAVAILABLE
 * (the peer is not online), %JXS_ERROR_NOT_SUPPORTED (its software cannot do this),
 * %JXS_ERROR_DECLINED or %JXS_ERROR_BUSY (its user does not want to), %JXS_ERROR_TIMED_OUT,
 * %JXS_ERROR_CONNECTIVITY, %JXS_ERROR_SECURITY, %JXS_ERROR_UNTRUSTED, or another one that tells
 * more. Cancelling ends the session that is being negotiated.
 *
 * The application keeps the endpoint as long as it wants to be reachable. When the endpoint is
 * disposed of all its sessions end. An endpoint belongs to the thread-default main context in which
 * it was made.
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (JxsEndpoint, jxs_endpoint, G_TYPE_OBJECT)

enum
{
  PROP_CHANNEL = 1,
  PROP_IDENTITY,
  PROP_TRUST,
  PROP_SECURITY_POLICY,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

enum
{
  INCOMING,
  TRACE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
refuse (JxsSession *session, JxsReasonCondition condition)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  jxs_session_terminate (session, reason);
}

static void
incoming_cb (JxsEndpoint *self, JxsSession *session, JxsSessionManager *manager)
{
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (jxs_session_get_namespace (session), JXS_NS_PIPE) == 0 &&
      jxs_endpoint_get_session_service (self, session) == NULL)
    refuse (session, JXS_REASON_INCOMPATIBLE_PARAMETERS);
  else if (!jxs_endpoint_check_incoming (self, session, &error))
    {
      jxs_trace_emit (self->trace, "security", "refused", "s:error", error->message, NULL);
      refuse (session, JXS_REASON_SECURITY_ERROR);
    }
  else if (!g_signal_has_handler_pending (self, signals[INCOMING], 0, FALSE))
    refuse (session, JXS_REASON_DECLINE);
  else
    {
      jxs_endpoint_prepare_network (self);
      g_signal_emit (self, signals[INCOMING], 0, session);
    }
}

static void
trace_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  g_signal_emit (user_data, signals[TRACE], 0, time_us, layer, what, detail);
}

static void
jxs_endpoint_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsEndpoint *self = JXS_ENDPOINT (object);

  switch (prop_id)
    {
    case PROP_CHANNEL:
      g_value_set_object (value, self->channel);
      break;
    case PROP_IDENTITY:
      g_value_set_object (value, self->identity);
      break;
    case PROP_TRUST:
      g_value_set_object (value, self->trust);
      break;
    case PROP_SECURITY_POLICY:
      g_value_set_object (value, self->policy);
      break;
    default:
      if (!jxs_endpoint_get_network_property (self, prop_id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_endpoint_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  JxsEndpoint *self = JXS_ENDPOINT (object);

  switch (prop_id)
    {
    case PROP_CHANNEL:
      self->channel = g_value_dup_object (value);
      break;
    case PROP_IDENTITY:
      self->identity = g_value_dup_object (value);
      break;
    case PROP_TRUST:
      self->trust = g_value_dup_object (value);
      break;
    case PROP_SECURITY_POLICY:
      self->policy = g_value_dup_object (value);
      break;
    default:
      if (!jxs_endpoint_set_network_property (self, prop_id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_endpoint_constructed (GObject *object)
{
  JxsEndpoint *self = JXS_ENDPOINT (object);

  G_OBJECT_CLASS (jxs_endpoint_parent_class)->constructed (object);

  self->trace = jxs_trace_new (trace_cb, self);
  self->router = jxs_router_get (self->channel);
  jxs_router_set_trace (self->router, self->trace);
  self->disco = jxs_disco_new (self->router);
  self->manager = jxs_session_manager_new (self->router);
  g_signal_connect_object (
      self->manager, "incoming", G_CALLBACK (incoming_cb), self, G_CONNECT_SWAPPED);
  jxs_disco_add_feature (self->disco, JXS_NS_JINGLE);
  jxs_endpoint_start_network (self);
  jxs_endpoint_start_streams (self);
  jxs_endpoint_start_security (self);
  jxs_endpoint_register (self, JXS_NS_XMLSTREAM);
  jxs_endpoint_register (self, JXS_NS_PIPE);
}

static void
jxs_endpoint_dispose (GObject *object)
{
  JxsEndpoint *self = JXS_ENDPOINT (object);

  if (self->manager != NULL)
    {
      g_autoptr (GPtrArray) sessions = jxs_session_manager_list_sessions (self->manager);

      for (guint i = 0; i < sessions->len; i++)
        jxs_connection_end_later (g_ptr_array_index (sessions, i),
                                  JXS_REASON_GONE,
                                  NULL,
                                  self->context,
                                  G_OBJECT (self->manager));
    }
  if (self->trace != NULL)
    jxs_trace_disconnect (self->trace);
  if (self->router != NULL && jxs_router_get_trace (self->router) == self->trace)
    jxs_router_set_trace (self->router, NULL);
  self->xtls = NULL;
  g_clear_pointer (&self->responder, jxs_offer_responder_free);
  g_clear_object (&self->manager);
  jxs_endpoint_stop_network (self);
  jxs_endpoint_stop_streams (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->disco);
  g_clear_object (&self->router);
  g_clear_pointer (&self->trace, jxs_trace_unref);
  g_clear_object (&self->channel);
  g_clear_object (&self->identity);
  g_clear_object (&self->trust);
  G_OBJECT_CLASS (jxs_endpoint_parent_class)->dispose (object);
}

static void
jxs_endpoint_finalize (GObject *object)
{
  JxsEndpoint *self = JXS_ENDPOINT (object);

  jxs_endpoint_clear_network (self);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->passwords, jxs_passwords_unref);
  G_OBJECT_CLASS (jxs_endpoint_parent_class)->finalize (object);
}

static void
jxs_endpoint_class_init (JxsEndpointClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = jxs_endpoint_get_property;
  object_class->set_property = jxs_endpoint_set_property;
  object_class->constructed = jxs_endpoint_constructed;
  object_class->dispose = jxs_endpoint_dispose;
  object_class->finalize = jxs_endpoint_finalize;

  /**
   * JxsEndpoint:channel: (getter get_channel)
   *
   * The channel over which sessions are negotiated.
   *
   * Since: 1.0
   */
  props[PROP_CHANNEL] =
      g_param_spec_object ("channel", NULL, NULL, JXS_TYPE_CHANNEL, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * JxsEndpoint:identity: (getter get_identity)
   *
   * Our certificate and key; without one nothing is encrypted.
   *
   * Since: 1.0
   */
  props[PROP_IDENTITY] = g_param_spec_object (
      "identity", NULL, NULL, JXS_TYPE_IDENTITY, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * JxsEndpoint:trust: (getter get_trust)
   *
   * Who decides about the keys of peers; a [class@MemoryTrust] if none is given.
   *
   * Since: 1.0
   */
  props[PROP_TRUST] =
      g_param_spec_object ("trust", NULL, NULL, JXS_TYPE_TRUST, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * JxsEndpoint:security-policy: (getter get_security_policy)
   *
   * What is demanded of encryption and of the keys of peers; a new [class@SecurityPolicy] if none
   * is given.
   *
   * Since: 1.0
   */
  props[PROP_SECURITY_POLICY] = g_param_spec_object (
      "security-policy", NULL, NULL, JXS_TYPE_SECURITY_POLICY, flags | G_PARAM_CONSTRUCT_ONLY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  jxs_endpoint_install_network (object_class);
  jxs_endpoint_install_streams (object_class);

  /**
   * JxsEndpoint::incoming:
   * @self: the endpoint
   * @session: a pending session
   *
   * A peer wants to open something: answer now or later with
   * [method@Endpoint.accept_stream_async], [method@Endpoint.accept_pipe_async],
   * [method@Endpoint.connect_session_async] or [method@Session.terminate].
   *
   * [method@Endpoint.is_stream_session] and [method@Endpoint.get_session_service] tell what it is.
   * Only what this endpoint supports is offered; while no handler is connected everything is
   * declined.
   *
   * Since: 1.0
   */
  signals[INCOMING] = g_signal_new ("incoming",
                                    JXS_TYPE_ENDPOINT,
                                    G_SIGNAL_RUN_LAST,
                                    0,
                                    NULL,
                                    NULL,
                                    NULL,
                                    G_TYPE_NONE,
                                    1,
                                    JXS_TYPE_SESSION);
  /**
   * JxsEndpoint::trace:
   * @self: the endpoint
   * @time_us: when, in microseconds of the monotonic clock
   * @layer: the layer of the library that reports
   * @what: what happened
   * @detail: one JSON object with more
   *
   * Something happened that a person who watches may want to see: a stanza sent, a state reached.
   *
   * Neither keys nor what the application sends are in here. Names and details are for people, not
   * for programs: they may change.
   *
   * Since: 1.0
   */
  signals[TRACE] = g_signal_new ("trace",
                                 JXS_TYPE_ENDPOINT,
                                 G_SIGNAL_RUN_LAST,
                                 0,
                                 NULL,
                                 NULL,
                                 NULL,
                                 G_TYPE_NONE,
                                 4,
                                 G_TYPE_INT64,
                                 G_TYPE_STRING,
                                 G_TYPE_STRING,
                                 G_TYPE_STRING);
}

static void
jxs_endpoint_init (JxsEndpoint *self)
{
  self->context = g_main_context_ref_thread_default ();
  jxs_endpoint_init_network (self);
}

/**
 * jxs_endpoint_new:
 * @channel: a channel
 * @identity: (nullable): our certificate and key, or %NULL for an endpoint without encryption
 * @trust: (nullable): who decides about the keys of peers, or %NULL for a new [class@MemoryTrust]
 *
 * Creates an endpoint, reachable from now on: it answers service discovery (XEP-0030) and session
 * requests (XEP-0166) that arrive on @channel.
 *
 * Returns: (transfer full): a new endpoint
 *
 * Since: 1.0
 */
JxsEndpoint *
jxs_endpoint_new (JxsChannel *channel, JxsIdentity *identity, JxsTrust *trust)
{
  g_return_val_if_fail (JXS_IS_CHANNEL (channel), NULL);
  g_return_val_if_fail (identity == NULL || JXS_IS_IDENTITY (identity), NULL);
  g_return_val_if_fail (trust == NULL || JXS_IS_TRUST (trust), NULL);

  return g_object_new (
      JXS_TYPE_ENDPOINT, "channel", channel, "identity", identity, "trust", trust, NULL);
}

/**
 * jxs_endpoint_get_channel: (get-property channel)
 * @self: an endpoint
 *
 * Gets the channel over which sessions are negotiated.
 *
 * Returns: (transfer none): the channel
 *
 * Since: 1.0
 */
JxsChannel *
jxs_endpoint_get_channel (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);

  return self->channel;
}

/**
 * jxs_endpoint_get_identity: (get-property identity)
 * @self: an endpoint
 *
 * Gets our certificate and key.
 *
 * Returns: (transfer none) (nullable): the identity
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_endpoint_get_identity (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);

  return self->identity;
}

/**
 * jxs_endpoint_get_trust: (get-property trust)
 * @self: an endpoint
 *
 * Gets who decides about the keys of peers.
 *
 * Returns: (transfer none) (nullable): the trust object, or %NULL without identity and trust
 *
 * Since: 1.0
 */
JxsTrust *
jxs_endpoint_get_trust (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);

  return self->trust;
}

/**
 * jxs_endpoint_set_limits:
 * @self: an endpoint
 * @sessions_per_peer: how many sessions one full JID may have with us
 * @sessions: how many sessions all peers together may have with us
 *
 * Sets how many sessions may exist at the same time; the defaults are 16 and 4096. More are refused
 * with the stanza error resource-constraint.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_limits (JxsEndpoint *self, guint sessions_per_peer, guint sessions)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));

  jxs_session_manager_set_caps (self->manager, sessions_per_peer, sessions);
}

/**
 * jxs_endpoint_register:
 * @self: an endpoint
 * @namespace_uri: the namespace of a Jingle description
 *
 * Makes the endpoint support an application type of the application's own: it is advertised, and
 * sessions with a description in @namespace_uri come with [signal@Endpoint::incoming].
 *
 * XML streams and pipes are registered from the start.
 *
 * Since: 1.0
 */
void
jxs_endpoint_register (JxsEndpoint *self, const char *namespace_uri)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (namespace_uri != NULL);

  jxs_session_manager_add_application (self->manager, namespace_uri);
  jxs_disco_add_feature (self->disco, namespace_uri);
}

/**
 * jxs_endpoint_unregister:
 * @self: an endpoint
 * @namespace_uri: the namespace of a Jingle description
 *
 * Undoes [method@Endpoint.register]. Sessions that exist stay.
 *
 * Since: 1.0
 */
void
jxs_endpoint_unregister (JxsEndpoint *self, const char *namespace_uri)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (namespace_uri != NULL);

  jxs_session_manager_remove_application (self->manager, namespace_uri);
  jxs_disco_remove_feature (self->disco, namespace_uri);
}
