/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-client-private.h>

#include <jxs-glib/client/jxs-sasl-private.h>

enum
{
  PROP_0,
  PROP_JID,
  PROP_PASSWORD,
  PROP_SERVER,
  PROP_CA_FILE,
  PROP_DATABASE,
  PROP_REQUIRE_TLS,
  PROP_USE_PROXY,
  PROP_SEND_PRESENCE,
  PROP_KEEPALIVE,
  PROP_STATE,
  PROP_TLS_PROTOCOL,
  PROP_SASL_MECHANISM,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

void
jxs_client_update_keepalive (JxsClient *self)
{
  jxs_xml_stream_set_keepalive (self->stream, self->keepalive_s);
  jxs_xml_stream_set_peer_timeout (self->stream, self->keepalive_s, JXS_CLIENT_PING_TIMEOUT_S);
}

static void
jxs_client_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsClient *self = JXS_CLIENT (object);

  switch (prop_id)
    {
    case PROP_JID:
      g_value_set_boxed (value, self->jid);
      break;
    case PROP_SERVER:
      g_value_set_string (value, self->server);
      break;
    case PROP_CA_FILE:
      g_value_set_string (value, self->ca_file);
      break;
    case PROP_DATABASE:
      g_value_set_object (value, self->database);
      break;
    case PROP_REQUIRE_TLS:
      g_value_set_boolean (value, self->require_tls);
      break;
    case PROP_USE_PROXY:
      g_value_set_boolean (value, self->use_proxy);
      break;
    case PROP_SEND_PRESENCE:
      g_value_set_boolean (value, self->send_presence);
      break;
    case PROP_KEEPALIVE:
      g_value_set_uint (value, self->keepalive_s);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_TLS_PROTOCOL:
      g_value_set_string (value, self->tls_protocol);
      break;
    case PROP_SASL_MECHANISM:
      g_value_set_string (value, self->sasl_mechanism);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_client_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  JxsClient *self = JXS_CLIENT (object);

  switch (prop_id)
    {
    case PROP_JID:
      self->jid = g_value_dup_boxed (value);
      break;
    case PROP_PASSWORD:
      jxs_client_set_password (self, g_value_get_string (value));
      break;
    case PROP_SERVER:
      jxs_client_set_server (self, g_value_get_string (value));
      break;
    case PROP_CA_FILE:
      jxs_client_set_ca_file (self, g_value_get_string (value));
      break;
    case PROP_DATABASE:
      g_set_object (&self->database, g_value_get_object (value));
      break;
    case PROP_REQUIRE_TLS:
      jxs_client_set_require_tls (self, g_value_get_boolean (value));
      break;
    case PROP_USE_PROXY:
      self->use_proxy = g_value_get_boolean (value);
      break;
    case PROP_SEND_PRESENCE:
      self->send_presence = g_value_get_boolean (value);
      break;
    case PROP_KEEPALIVE:
      self->keepalive_s = g_value_get_uint (value);
      if (self->stream != NULL)
        jxs_client_update_keepalive (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

void
jxs_client_install_properties (GObjectClass *object_class)
{
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags writable = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = jxs_client_get_property;
  object_class->set_property = jxs_client_set_property;

  /**
   * JxsClient:jid:
   *
   * The account. A full JID asks the server for that resource, which it may change:
   * [method@Channel.get_local_jid] tells the one it gave.
   *
   * Since: 1.0
   */
  properties[PROP_JID] = g_param_spec_boxed (
      "jid", NULL, NULL, JXS_TYPE_JID, G_PARAM_CONSTRUCT_ONLY | G_PARAM_WRITABLE | readable);
  /**
   * JxsClient:password: (setter set_password)
   *
   * The password of the account. It can not be read.
   *
   * Since: 1.0
   */
  properties[PROP_PASSWORD] =
      g_param_spec_string ("password", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  /**
   * JxsClient:server: (setter set_server)
   *
   * Where the server is, as HOST:PORT, or HOST for the port 5222; %NULL (the default) to look it
   * up.
   *
   * Since: 1.0
   */
  properties[PROP_SERVER] =
      g_param_spec_string ("server", NULL, NULL, NULL, writable | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsClient:ca-file: (setter set_ca_file)
   *
   * A file with the only certificates (PEM) to trust as authorities; %NULL (the default) for
   * [property@Client:database].
   *
   * Since: 1.0
   */
  properties[PROP_CA_FILE] =
      g_param_spec_string ("ca-file", NULL, NULL, NULL, writable | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsClient:database:
   *
   * The certificates to trust; %NULL (the default) for those of the system.
   *
   * Since: 1.0
   */
  properties[PROP_DATABASE] =
      g_param_spec_object ("database", NULL, NULL, G_TYPE_TLS_DATABASE, writable);
  /**
   * JxsClient:require-tls: (setter set_require_tls)
   *
   * Whether a server that does not offer encryption is refused. Only for tests on the own machine
   * this should be switched off.
   *
   * Since: 1.0
   */
  properties[PROP_REQUIRE_TLS] =
      g_param_spec_boolean ("require-tls", NULL, NULL, TRUE, writable | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * JxsClient:use-proxy:
   *
   * Whether the connection goes through the proxy that the desktop is set to use.
   *
   * Since: 1.0
   */
  properties[PROP_USE_PROXY] = g_param_spec_boolean ("use-proxy", NULL, NULL, FALSE, writable);
  /**
   * JxsClient:send-presence:
   *
   * Whether the client announces itself once it is connected, with a negative priority, so that
   * chat to the account goes elsewhere. Without presence contacts do not learn that we are there.
   *
   * Since: 1.0
   */
  properties[PROP_SEND_PRESENCE] =
      g_param_spec_boolean ("send-presence", NULL, NULL, TRUE, writable);
  /**
   * JxsClient:keepalive:
   *
   * Seconds of silence after which a sign of life is sent, and after which the server is asked for
   * one: a connection that is dead is noticed within this time and half a minute. 0 for never.
   *
   * Since: 1.0
   */
  properties[PROP_KEEPALIVE] = g_param_spec_uint (
      "keepalive", NULL, NULL, 0, G_MAXUINT / 1000, JXS_CLIENT_DEFAULT_KEEPALIVE_S, writable);
  /**
   * JxsClient:state: (getter get_state)
   *
   * Where the client is in its life.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum (
      "state", NULL, NULL, JXS_TYPE_CLIENT_STATE, JXS_CLIENT_STATE_DISCONNECTED, readable);
  /**
   * JxsClient:tls-protocol: (getter get_tls_protocol)
   *
   * What encrypts the connection, like “TLS 1.3”; %NULL if nothing does.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_PROTOCOL] = g_param_spec_string ("tls-protocol", NULL, NULL, NULL, readable);
  /**
   * JxsClient:sasl-mechanism: (getter get_sasl_mechanism)
   *
   * How the client proved who it is, like “SCRAM-SHA-256”; %NULL before it did.
   *
   * Since: 1.0
   */
  properties[PROP_SASL_MECHANISM] =
      g_param_spec_string ("sasl-mechanism", NULL, NULL, NULL, readable);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

/**
 * jxs_client_set_password: (set-property password)
 * @self: a client
 * @password: (nullable): the password, or %NULL to forget it
 *
 * Sets the password of the account. The client keeps a copy, which it wipes when it is dropped.
 *
 * Since: 1.0
 */
void
jxs_client_set_password (JxsClient *self, const char *password)
{
  g_return_if_fail (JXS_IS_CLIENT (self));

  jxs_sasl_wipe (&self->password);
  self->password = g_strdup (password);
}

/**
 * jxs_client_set_server: (set-property server)
 * @self: a client
 * @host_and_port: (nullable): HOST:PORT, HOST for the port 5222, or %NULL to look it up
 *
 * Sets where the server is, for the next time the client connects.
 *
 * Since: 1.0
 */
void
jxs_client_set_server (JxsClient *self, const char *host_and_port)
{
  g_return_if_fail (JXS_IS_CLIENT (self));

  if (g_strcmp0 (self->server, host_and_port) == 0)
    return;
  g_free (self->server);
  self->server = g_strdup (host_and_port);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SERVER]);
}

/**
 * jxs_client_set_ca_file: (set-property ca-file)
 * @self: a client
 * @path: (type filename) (nullable): a file with PEM certificates, or %NULL for none
 *
 * Sets a file with the only certificates to trust as authorities, for the next time the client
 * connects. It is read then.
 *
 * Since: 1.0
 */
void
jxs_client_set_ca_file (JxsClient *self, const char *path)
{
  g_return_if_fail (JXS_IS_CLIENT (self));

  if (g_strcmp0 (self->ca_file, path) == 0)
    return;
  g_free (self->ca_file);
  self->ca_file = g_strdup (path);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CA_FILE]);
}

/**
 * jxs_client_set_require_tls: (set-property require-tls)
 * @self: a client
 * @require_tls: whether to refuse it
 *
 * Sets whether a server that does not offer encryption is refused.
 *
 * Since: 1.0
 */
void
jxs_client_set_require_tls (JxsClient *self, gboolean require_tls)
{
  g_return_if_fail (JXS_IS_CLIENT (self));

  require_tls = !!require_tls;
  if (self->require_tls == require_tls)
    return;
  self->require_tls = require_tls;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REQUIRE_TLS]);
}

/**
 * jxs_client_get_state: (get-property state)
 * @self: a client
 *
 * Where the client is in its life.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsClientState
jxs_client_get_state (JxsClient *self)
{
  g_return_val_if_fail (JXS_IS_CLIENT (self), JXS_CLIENT_STATE_DISCONNECTED);

  return self->state;
}

/**
 * jxs_client_get_tls_protocol: (get-property tls-protocol)
 * @self: a client
 *
 * What encrypts the connection.
 *
 * Returns: (transfer none) (nullable): a name like “TLS 1.3”, or %NULL if nothing does
 *
 * Since: 1.0
 */
const char *
jxs_client_get_tls_protocol (JxsClient *self)
{
  g_return_val_if_fail (JXS_IS_CLIENT (self), NULL);

  return self->tls_protocol;
}

/**
 * jxs_client_get_sasl_mechanism: (get-property sasl-mechanism)
 * @self: a client
 *
 * How the client proved who it is.
 *
 * Returns: (transfer none) (nullable): a name like “SCRAM-SHA-256”, or %NULL before it did
 *
 * Since: 1.0
 */
const char *
jxs_client_get_sasl_mechanism (JxsClient *self)
{
  g_return_val_if_fail (JXS_IS_CLIENT (self), NULL);

  return self->sasl_mechanism;
}
