/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <string.h>

#include <jxs-glib/transports/ibb/jxs-ibb-transport-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* How an endpoint reaches its peers: transports, addresses, relays. */

enum
{
  PROP_ADDRESS_POLICY = JXS_ENDPOINT_FIRST_NETWORK_PROP,
  PROP_TRANSPORTS,
  PROP_ALLOW_LOOPBACK,
  PROP_PORT_MAPPING,
  PROP_ENABLE_PROXY,
  PROP_DISCOVER_PROXIES,
  PROP_CONNECT_TIMEOUT,
  PROP_LISTEN_PORT,
};

enum
{
  ADDRESS_REQUEST,
  CANDIDATE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const struct
{
  const char *name;
  const char *namespace_uri; /* advertised */
} known_transports[] = {
  { "s5b", JXS_NS_JINGLE_S5B },
  { "ibb", JXS_NS_JINGLE_IBB },
};

/* ---- transports ---- */

static const char *
find_transport (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_transports); i++)
    if (strcmp (known_transports[i].name, name) == 0)
      return known_transports[i].namespace_uri;
  return NULL;
}

/* Each known, none twice, at least one. */
static gboolean
are_valid_transports (const char *const *names)
{
  if (names == NULL || names[0] == NULL)
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (find_transport (names[i]) == NULL)
        return FALSE;
      for (guint j = 0; j < i; j++)
        if (strcmp (names[i], names[j]) == 0)
          return FALSE;
    }
  return TRUE;
}

static void
use_transports (JxsEndpoint *self)
{
  int preference = (int) g_strv_length (self->transports);

  jxs_session_manager_clear_transports (self->manager);
  for (guint i = 0; i < G_N_ELEMENTS (known_transports); i++)
    jxs_disco_remove_feature (self->disco, known_transports[i].namespace_uri);
  for (guint i = 0; self->transports[i] != NULL; i++)
    {
      const char *namespace_uri = find_transport (self->transports[i]);
      JxsTransportFactory factory = jxs_ibb_transport_factory;

      if (strcmp (namespace_uri, JXS_NS_JINGLE_S5B) == 0)
        jxs_s5b_service_get_factory (self->s5b, &factory);
      factory.preference = preference--;
      jxs_session_manager_add_transport (self->manager, &factory);
      jxs_disco_add_feature (self->disco, namespace_uri);
    }
}

gboolean
jxs_endpoint_shares_transport (JxsEndpoint *self, GHashTable *features)
{
  for (guint i = 0; self->transports[i] != NULL; i++)
    if (g_hash_table_contains (features, find_transport (self->transports[i])))
      return TRUE;
  return FALSE;
}

gboolean
jxs_endpoint_reveals_addresses (JxsEndpoint *self, GHashTable *features)
{
  return g_strv_contains ((const char *const *) self->transports, "s5b") &&
         g_hash_table_contains (features, JXS_NS_JINGLE_S5B);
}

/* ---- what the service of SOCKS5 bytestreams asks ---- */

static JxsAddressPolicy
get_policy_cb (JxsJid *peer, gpointer user_data)
{
  return jxs_endpoint_resolve_address_policy (user_data, peer);
}

static gboolean
review_cb (JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  gboolean vetoed = FALSE;

  g_signal_emit (user_data, signals[CANDIDATE], 0, peer, candidate, &vetoed);
  return !vetoed;
}

/* ---- life ---- */

void
jxs_endpoint_init_network (JxsEndpoint *self)
{
  static const char *const names[] = { "s5b", "ibb", NULL };

  self->transports = g_strdupv ((char **) names);
  self->policies = g_hash_table_new_full ((GHashFunc) jxs_jid_hash,
                                          (GEqualFunc) jxs_jid_equal,
                                          (GDestroyNotify) jxs_jid_unref,
                                          NULL);
  self->waits = g_ptr_array_new ();
  self->discover_proxies = TRUE;
  self->connect_timeout = JXS_SESSION_CONNECT_TIMEOUT;
}

void
jxs_endpoint_start_network (JxsEndpoint *self)
{
  static const JxsS5bServiceFuncs funcs = { get_policy_cb, review_cb };

  self->s5b = jxs_s5b_service_new (self->router);
  jxs_s5b_service_set_funcs (self->s5b, &funcs, self);
  /* Transports use the service as long as there are sessions. */
  g_object_set_data_full (G_OBJECT (self->manager),
                          "jxs-s5b",
                          g_object_ref (self->s5b),
                          g_object_unref);
  use_transports (self);
  g_signal_connect_object (
      self->channel, "closed", G_CALLBACK (jxs_endpoint_end_waits), self, G_CONNECT_SWAPPED);
}

void
jxs_endpoint_prepare_network (JxsEndpoint *self)
{
  if (g_strv_contains ((const char *const *) self->transports, "s5b"))
    jxs_s5b_service_prepare (self->s5b);
}

void
jxs_endpoint_stop_network (JxsEndpoint *self)
{
  if (self->s5b != NULL)
    jxs_s5b_service_set_funcs (self->s5b, NULL, NULL);
  jxs_endpoint_end_waits (self);
}

void
jxs_endpoint_clear_network (JxsEndpoint *self)
{
  g_clear_object (&self->s5b);
  g_clear_pointer (&self->transports, g_strfreev);
  g_clear_pointer (&self->policies, g_hash_table_unref);
  g_clear_pointer (&self->waits, g_ptr_array_unref);
}

gboolean
jxs_endpoint_get_network_property (JxsEndpoint *self, guint prop_id, GValue *value)
{
  switch (prop_id)
    {
    case PROP_ADDRESS_POLICY:
      g_value_set_enum (value, self->address_policy);
      return TRUE;
    case PROP_TRANSPORTS:
      g_value_set_boxed (value, self->transports);
      return TRUE;
    case PROP_ALLOW_LOOPBACK:
      g_value_set_boolean (value, jxs_endpoint_get_allow_loopback (self));
      return TRUE;
    case PROP_PORT_MAPPING:
      g_value_set_boolean (value, jxs_endpoint_get_port_mapping (self));
      return TRUE;
    case PROP_ENABLE_PROXY:
      g_value_set_boolean (value, jxs_endpoint_get_enable_proxy (self));
      return TRUE;
    case PROP_DISCOVER_PROXIES:
      g_value_set_boolean (value, self->discover_proxies);
      return TRUE;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, self->connect_timeout);
      return TRUE;
    case PROP_LISTEN_PORT:
      g_value_set_uint (value, self->listen_port);
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
jxs_endpoint_set_network_property (JxsEndpoint *self, guint prop_id, const GValue *value)
{
  switch (prop_id)
    {
    case PROP_ADDRESS_POLICY:
      jxs_endpoint_set_address_policy (self, g_value_get_enum (value));
      return TRUE;
    case PROP_TRANSPORTS:
      jxs_endpoint_set_transports (self, g_value_get_boxed (value));
      return TRUE;
    case PROP_ALLOW_LOOPBACK:
      jxs_endpoint_set_allow_loopback (self, g_value_get_boolean (value));
      return TRUE;
    case PROP_PORT_MAPPING:
      jxs_endpoint_set_port_mapping (self, g_value_get_boolean (value));
      return TRUE;
    case PROP_ENABLE_PROXY:
      jxs_endpoint_set_enable_proxy (self, g_value_get_boolean (value));
      return TRUE;
    case PROP_DISCOVER_PROXIES:
      jxs_endpoint_set_discover_proxies (self, g_value_get_boolean (value));
      return TRUE;
    case PROP_CONNECT_TIMEOUT:
      jxs_endpoint_set_connect_timeout (self, g_value_get_uint (value));
      return TRUE;
    case PROP_LISTEN_PORT:
      jxs_endpoint_set_listen_port (self, g_value_get_uint (value));
      return TRUE;
    default:
      return FALSE;
    }
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * JxsEndpoint:address-policy: (getter get_address_policy) (setter set_address_policy)
   *
   * Who may learn our network addresses, unless something else is set for a peer.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class,
                                   PROP_ADDRESS_POLICY,
                                   g_param_spec_enum ("address-policy",
                                                      NULL,
                                                      NULL,
                                                      JXS_TYPE_ADDRESS_POLICY,
                                                      JXS_ADDRESS_POLICY_ALL,
                                                      flags));
  /**
   * JxsEndpoint:transports: (getter get_transports) (setter set_transports)
   *
   * The names of the transports in use, best first; see [method@Endpoint.set_transports].
   *
   * Since: 1.0
   */
  g_object_class_install_property (
      object_class,
      PROP_TRANSPORTS,
      g_param_spec_boxed ("transports", NULL, NULL, G_TYPE_STRV, flags));
  /**
   * JxsEndpoint:allow-loopback: (getter get_allow_loopback) (setter set_allow_loopback)
   *
   * Whether loopback addresses are offered to peers and dialled.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
      object_class,
      PROP_ALLOW_LOOPBACK,
      g_param_spec_boolean ("allow-loopback", NULL, NULL, FALSE, flags));
  /**
   * JxsEndpoint:port-mapping: (getter get_port_mapping) (setter set_port_mapping)
   *
   * Whether routers are asked to let peers in. %TRUE by default, unless the environment has
   * `JXS_PORT_MAPPING=no`.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class,
                                   PROP_PORT_MAPPING,
                                   g_param_spec_boolean ("port-mapping", NULL, NULL, TRUE, flags));
  /**
   * JxsEndpoint:enable-proxy: (getter get_enable_proxy) (setter set_enable_proxy)
   *
   * Whether peers are dialled through the proxy that the desktop is set to use.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class,
                                   PROP_ENABLE_PROXY,
                                   g_param_spec_boolean ("enable-proxy", NULL, NULL, FALSE, flags));
  /**
   * JxsEndpoint:discover-proxies: (getter get_discover_proxies) (setter set_discover_proxies)
   *
   * Whether relays are looked for among the services of our server.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
      object_class,
      PROP_DISCOVER_PROXIES,
      g_param_spec_boolean ("discover-proxies", NULL, NULL, TRUE, flags));
  /**
   * JxsEndpoint:connect-timeout: (getter get_connect_timeout) (setter set_connect_timeout)
   *
   * Milliseconds that connecting may take once a session is accepted.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
      object_class,
      PROP_CONNECT_TIMEOUT,
      g_param_spec_uint (
          "connect-timeout", NULL, NULL, 1, G_MAXUINT, JXS_SESSION_CONNECT_TIMEOUT, flags));
  /**
   * JxsEndpoint:listen-port: (getter get_listen_port) (setter set_listen_port)
   *
   * The TCP port on which peers are awaited; 0 for any that is free.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
      object_class,
      PROP_LISTEN_PORT,
      g_param_spec_uint ("listen-port", NULL, NULL, 0, G_MAXUINT16, 0, flags));
}

void
jxs_endpoint_install_network (GObjectClass *object_class)
{
  install_properties (object_class);

  /**
   * JxsEndpoint::address-request:
   * @self: the endpoint
   * @peer: the full JID of the peer
   *
   * A session with @peer is about to be offered or accepted, it may use our network addresses, and
   * the policy for @peer is %JXS_ADDRESS_POLICY_ASK.
   *
   * Answer now or later with [method@Endpoint.set_peer_address_policy]: what is being opened or
   * accepted waits for that, and can be cancelled meanwhile. Who does not answer within three
   * minutes, or has no handler connected, says %JXS_ADDRESS_POLICY_RELAY_ONLY for this time.
   *
   * While something waits there is no second request for the same peer.
   *
   * Since: 1.0
   */
  signals[ADDRESS_REQUEST] = g_signal_new ("address-request",
                                           JXS_TYPE_ENDPOINT,
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           1,
                                           JXS_TYPE_JID);
  /**
   * JxsEndpoint::candidate:
   * @self: the endpoint
   * @peer: the full JID of the peer
   * @candidate: a candidate of ours
   *
   * A candidate is about to be offered to @peer. The handler may change its
   * [property@Candidate:priority].
   *
   * Returns: %TRUE not to offer it
   *
   * Since: 1.0
   */
  signals[CANDIDATE] = g_signal_new ("candidate",
                                     JXS_TYPE_ENDPOINT,
                                     G_SIGNAL_RUN_LAST,
                                     0,
                                     g_signal_accumulator_true_handled,
                                     NULL,
                                     NULL,
                                     G_TYPE_BOOLEAN,
                                     2,
                                     JXS_TYPE_JID,
                                     JXS_TYPE_CANDIDATE);
}

gboolean
jxs_endpoint_can_ask (JxsEndpoint *self)
{
  return g_signal_has_handler_pending (self, signals[ADDRESS_REQUEST], 0, FALSE);
}

void
jxs_endpoint_emit_address_request (JxsEndpoint *self, JxsJid *peer)
{
  g_signal_emit (self, signals[ADDRESS_REQUEST], 0, peer);
}

/**
 * jxs_endpoint_get_transports: (get-property transports)
 * @self: an endpoint
 *
 * Gets the names of the transports in use, best first.
 *
 * Returns: (transfer none) (array zero-terminated=1): names of transports
 *
 * Since: 1.0
 */
const char *const *
jxs_endpoint_get_transports (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);

  return (const char *const *) self->transports;
}

/**
 * jxs_endpoint_set_transports: (set-property transports)
 * @self: an endpoint
 * @transports: (array zero-terminated=1): names of transports
 *
 * Sets which transports are used, best first; the default is “s5b”, “ibb”.
 *
 * “s5b” are SOCKS5 bytestreams (XEP-0260): a TCP connection, direct or through a relay. “ibb” are
 * in-band bytestreams (XEP-0261): through the servers, slow, but possible wherever stanzas pass.
 * Without “ibb” nothing is left where no TCP connection can be made.
 *
 * Sessions that exist already stay as they are. It is an error of the programmer to name a
 * transport that there is not, one of them twice, or none.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_transports (JxsEndpoint *self, const char *const *transports)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (are_valid_transports (transports));

  if (g_strv_equal ((const char *const *) self->transports, transports))
    return;
  g_strfreev (self->transports);
  self->transports = g_strdupv ((char **) transports);
  if (self->manager != NULL)
    use_transports (self);
  g_object_notify (G_OBJECT (self), "transports");
}

/**
 * jxs_endpoint_get_allow_loopback: (get-property allow-loopback)
 * @self: an endpoint
 *
 * Gets whether loopback addresses are offered to peers and dialled.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_get_allow_loopback (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);

  return jxs_s5b_service_get_allow_loopback (self->s5b);
}

/**
 * jxs_endpoint_set_allow_loopback: (set-property allow-loopback)
 * @self: an endpoint
 * @allow_loopback: whether to offer and dial loopback addresses
 *
 * Sets whether loopback addresses are offered to peers and dialled: for tests, and for programs
 * that talk on one machine. By default they are not: what listens for this machine only is nothing
 * that peers should reach through us.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_allow_loopback (JxsEndpoint *self, gboolean allow_loopback)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));

  if (jxs_s5b_service_get_allow_loopback (self->s5b) == !!allow_loopback)
    return;
  jxs_s5b_service_set_allow_loopback (self->s5b, !!allow_loopback);
  g_object_notify (G_OBJECT (self), "allow-loopback");
}

/**
 * jxs_endpoint_get_port_mapping: (get-property port-mapping)
 * @self: an endpoint
 *
 * Gets whether routers are asked to let peers in.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_get_port_mapping (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);

  return jxs_s5b_service_get_port_mapping (self->s5b);
}

/**
 * jxs_endpoint_set_port_mapping: (set-property port-mapping)
 * @self: an endpoint
 * @port_mapping: whether to ask routers
 *
 * Sets whether the router in front of us is asked to let peers in (UPnP IGD, NAT-PMP, PCP), where
 * our addresses are private ones.
 *
 * What was mapped is taken back when no session needs it any more, and with the endpoint. By UPnP
 * that takes a conversation: who ends the main context at once may leave it behind, to expire
 * within ten minutes.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_port_mapping (JxsEndpoint *self, gboolean port_mapping)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));

  if (jxs_s5b_service_get_port_mapping (self->s5b) == !!port_mapping)
    return;
  jxs_s5b_service_set_port_mapping (self->s5b, !!port_mapping);
  g_object_notify (G_OBJECT (self), "port-mapping");
}

/**
 * jxs_endpoint_get_enable_proxy: (get-property enable-proxy)
 * @self: an endpoint
 *
 * Gets whether peers are dialled through the proxy of the desktop.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_get_enable_proxy (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);

  return jxs_s5b_service_get_enable_proxy (self->s5b);
}

/**
 * jxs_endpoint_set_enable_proxy: (set-property enable-proxy)
 * @self: an endpoint
 * @enable_proxy: whether to use the proxy
 *
 * Sets whether peers are dialled through the proxy that the desktop is set to use. Such a proxy
 * learns who they are, and mostly does not reach them.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_enable_proxy (JxsEndpoint *self, gboolean enable_proxy)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));

  if (jxs_s5b_service_get_enable_proxy (self->s5b) == !!enable_proxy)
    return;
  jxs_s5b_service_set_enable_proxy (self->s5b, !!enable_proxy);
  g_object_notify (G_OBJECT (self), "enable-proxy");
}

/**
 * jxs_endpoint_get_discover_proxies: (get-property discover-proxies)
 * @self: an endpoint
 *
 * Gets whether relays are looked for on our server.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_get_discover_proxies (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);

  return self->discover_proxies;
}

/**
 * jxs_endpoint_set_discover_proxies: (set-property discover-proxies)
 * @self: an endpoint
 * @discover_proxies: whether to look for relays
 *
 * Sets whether relays (XEP-0065 §4) are looked for among the services of our server. Those of
 * [method@Endpoint.add_proxy] are used either way.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_discover_proxies (JxsEndpoint *self, gboolean discover_proxies)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));

  if (self->discover_proxies == !!discover_proxies)
    return;
  self->discover_proxies = !!discover_proxies;
  jxs_s5b_proxies_set_discover (jxs_s5b_service_get_proxies (self->s5b), self->discover_proxies);
  g_object_notify (G_OBJECT (self), "discover-proxies");
}

/**
 * jxs_endpoint_get_connect_timeout: (get-property connect-timeout)
 * @self: an endpoint
 *
 * Gets how long connecting may take once a session is accepted.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint
jxs_endpoint_get_connect_timeout (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), 0);

  return self->connect_timeout;
}

/**
 * jxs_endpoint_set_connect_timeout: (set-property connect-timeout)
 * @self: an endpoint
 * @connect_timeout: milliseconds
 *
 * Sets how long connecting may take once a session is accepted, all transports together; then it
 * fails with %JXS_ERROR_CONNECTIVITY and the most telling reason. A transport that fails gives way
 * to the next one as early as it can.
 *
 * It counts for sessions that begin later.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_connect_timeout (JxsEndpoint *self, guint connect_timeout)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (connect_timeout > 0);

  if (self->connect_timeout == connect_timeout)
    return;
  self->connect_timeout = connect_timeout;
  if (self->manager != NULL)
    jxs_session_manager_set_connect_timeout (self->manager, connect_timeout);
  g_object_notify (G_OBJECT (self), "connect-timeout");
}

/**
 * jxs_endpoint_get_listen_port: (get-property listen-port)
 * @self: an endpoint
 *
 * Gets the TCP port on which peers are awaited.
 *
 * Returns: the port, or 0 for any that is free
 *
 * Since: 1.0
 */
guint
jxs_endpoint_get_listen_port (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), 0);

  return self->listen_port;
}

/**
 * jxs_endpoint_set_listen_port: (set-property listen-port)
 * @self: an endpoint
 * @listen_port: a port, or 0 for any that is free
 *
 * Sets the TCP port on which peers are awaited, for example one that a router forwards; if it is in
 * use no peer can connect to us. It has to be set before the first session.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_listen_port (JxsEndpoint *self, guint listen_port)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (listen_port <= G_MAXUINT16);

  if (self->listen_port == listen_port)
    return;
  self->listen_port = listen_port;
  jxs_s5b_listener_set_port (jxs_s5b_service_get_listener (self->s5b), (guint16) listen_port);
  g_object_notify (G_OBJECT (self), "listen-port");
}

/**
 * jxs_endpoint_add_proxy:
 * @self: an endpoint
 * @jid: the address of a relay (XEP-0065 §4)
 * @host: (nullable): its host name or address, or %NULL to ask it
 * @port: its TCP port; with @host only
 *
 * Adds a relay to be offered to peers, besides those found on our server.
 *
 * Since: 1.0
 */
void
jxs_endpoint_add_proxy (JxsEndpoint *self, JxsJid *jid, const char *host, guint port)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (jid != NULL);
  g_return_if_fail (host == NULL || (*host != '\0' && port > 0));
  g_return_if_fail (port <= G_MAXUINT16);

  jxs_s5b_proxies_add (jxs_s5b_service_get_proxies (self->s5b), jid, host, (guint16) port);
}

/**
 * jxs_endpoint_add_external_address:
 * @self: an endpoint
 * @host: an address or a host name
 * @port: a TCP port, or 0 for the one on which peers are awaited
 *
 * Adds an address at which peers reach us from outside, such as that of a router with a forwarded
 * port (see [property@Endpoint:listen-port]). It is offered as %JXS_CANDIDATE_KIND_ASSISTED.
 *
 * Since: 1.0
 */
void
jxs_endpoint_add_external_address (JxsEndpoint *self, const char *host, guint port)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (host != NULL && *host != '\0');
  g_return_if_fail (port <= G_MAXUINT16);

  jxs_s5b_service_add_external (self->s5b, host, (guint16) port);
}
