/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-client.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/client/jxs-login-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define DEFAULT_KEEPALIVE_S 60
#define PING_TIMEOUT_S 30 /* for the answer to a ping of a server that is silent */

/**
 * JxsClient:
 *
 * An XMPP connection of our own (RFC 6120): the channel for an application that has none.
 *
 * ```c
 * client = jxs_client_new (jid);
 * jxs_client_set_password (client, password);
 * jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, connected_cb, app);
 * ```
 *
 * The server is found by the SRV record of the JID's domain, or named with
 * [property@Client:server]. The connection is encrypted, and the server's certificate is verified
 * for the JID's domain. The password is shown to nobody: SCRAM proves that both sides know it (only
 * a server that has nothing else, and that proved to be the right one by its certificate, is sent
 * it). Pings (XEP-0199) are answered, requests that nobody takes are refused.
 *
 * A client connects once: after [signal@Channel::closed] make another one. If connecting fails it
 * may be tried again.
 *
 * Since: 1.0
 */
struct _JxsClient
{
  GObject parent_instance;

  JxsJid *jid;            /* (owned) (nullable): the one asked for */
  char *password;         /* (owned) (nullable) */
  char *server;           /* (owned) (nullable) */
  char *ca_file;          /* (owned) (nullable) */
  GTlsDatabase *database; /* (owned) (nullable) */
  gboolean require_tls;
  gboolean use_proxy;
  gboolean send_presence;
  guint keepalive_s;

  JxsClientState state;
  gboolean over;              /* it was connected once */
  GCancellable *login_stop;   /* (owned) (nullable): while connecting */
  gulong login_handler;       /* on the caller's cancellable, to cancel login_stop */
  JxsXmlStream *stream;       /* (owned) (nullable): while connected and closing */
  JxsJid *bound_jid;          /* (owned) (nullable): the one the server gave us */
  char *tls_protocol;         /* (owned) (nullable) */
  const char *sasl_mechanism; /* static, (nullable) */
};

static void jxs_client_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsClient,
                               jxs_client,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL, jxs_client_iface_init))

G_DEFINE_ENUM_TYPE (JxsClientState,
                    jxs_client_state,
                    G_DEFINE_ENUM_VALUE (JXS_CLIENT_STATE_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (JXS_CLIENT_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (JXS_CLIENT_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (JXS_CLIENT_STATE_CLOSING, "closing"))

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

static void
jxs_client_set_state (JxsClient *self, JxsClientState state)
{
  if (self->state == state)
    return;
  jxs_log_debug (self, "state %d -> %d", self->state, state);
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

/* The end of a connection; error: (nullable): why. */
static void
jxs_client_end (JxsClient *self, const GError *error)
{
  g_autoptr (JxsClient) alive = g_object_ref (self);
  g_autoptr (JxsXmlStream) stream = g_steal_pointer (&self->stream);

  if (stream != NULL)
    {
      g_signal_handlers_disconnect_by_data (stream, self);
      g_io_stream_close_async (
          jxs_xml_stream_get_io_stream (stream), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    }
  jxs_client_set_state (self, JXS_CLIENT_STATE_DISCONNECTED);
  jxs_channel_report_closed (JXS_CHANNEL (self), error);
}

/* What arrives */

static gboolean
jxs_client_stanza_cb (JxsXmlStream *stream, JxsElement *stanza, JxsClient *self)
{
  JxsElement *payload;

  if (jxs_channel_receive (JXS_CHANNEL (self), stanza))
    return TRUE;

  payload = jxs_element_get_first_child (stanza);
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_IQ && payload != NULL &&
      jxs_element_is (payload, "ping", JXS_NS_PING) &&
      g_strcmp0 (jxs_element_get_attribute (stanza, "type"), "get") == 0)
    {
      g_autoptr (JxsElement) pong = jxs_stanza_new_result (stanza, NULL);
      g_autoptr (GError) error = NULL;

      if (!jxs_channel_send (JXS_CHANNEL (self), pong, &error))
        jxs_log_debug (self, "ping was not answered: %s", error->message);
      return TRUE;
    }
  /* The stream refuses other requests. */
  return FALSE;
}

static void
jxs_client_closed_cb (JxsXmlStream *stream, const GError *error, JxsClient *self)
{
  g_autoptr (GError) reason = NULL;

  /* How an end came that the application wanted does not matter. */
  if (self->state == JXS_CLIENT_STATE_CLOSING)
    {
      jxs_client_end (self, NULL);
      return;
    }
  if (error != NULL)
    reason = g_error_copy (error);
  else
    reason = g_error_new (JXS_ERROR,
                          JXS_ERROR_CLOSED,
                          _ ("The server “%s” closed the connection"),
                          jxs_jid_get_domain (self->jid));
  jxs_client_end (self, reason);
}

/* JxsChannel */

static JxsJid *
jxs_client_get_local_jid (JxsChannel *channel)
{
  return JXS_CLIENT (channel)->bound_jid;
}

static gboolean
jxs_client_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  JxsClient *self = JXS_CLIENT (channel);

  if (self->stream == NULL)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The client is not connected"));
      return FALSE;
    }
  return jxs_xml_stream_send (self->stream, stanza, error);
}

static gboolean
jxs_client_is_secure (JxsChannel *channel)
{
  JxsClient *self = JXS_CLIENT (channel);

  /* Without a verified certificate there is no encrypted connection. */
  return self->stream != NULL && self->tls_protocol != NULL;
}

static void
jxs_client_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = jxs_client_get_local_jid;
  iface->send = jxs_client_send;
  iface->is_secure = jxs_client_is_secure;
}

static void
jxs_client_update_keepalive (JxsClient *self)
{
  jxs_xml_stream_set_keepalive (self->stream, self->keepalive_s);
  jxs_xml_stream_set_peer_timeout (self->stream, self->keepalive_s, PING_TIMEOUT_S);
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

static void
jxs_client_wipe_password (JxsClient *self)
{
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_clear_pointer (&self->password, g_free);
}

static void
jxs_client_dispose (GObject *object)
{
  JxsClient *self = JXS_CLIENT (object);

  /* Nobody connects or closes: the task would hold a reference. */
  if (self->stream != NULL)
    {
      g_autoptr (GIOStream) io_stream = g_object_ref (jxs_xml_stream_get_io_stream (self->stream));

      g_signal_handlers_disconnect_by_data (self->stream, self);
      g_clear_object (&self->stream);
      g_io_stream_close_async (io_stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    }

  G_OBJECT_CLASS (jxs_client_parent_class)->dispose (object);
}

static void
jxs_client_finalize (GObject *object)
{
  JxsClient *self = JXS_CLIENT (object);

  jxs_client_wipe_password (self);
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_pointer (&self->bound_jid, jxs_jid_unref);
  g_clear_object (&self->database);
  g_free (self->server);
  g_free (self->ca_file);
  g_free (self->tls_protocol);

  G_OBJECT_CLASS (jxs_client_parent_class)->finalize (object);
}

static void
jxs_client_class_init (JxsClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags writable = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = jxs_client_get_property;
  object_class->set_property = jxs_client_set_property;
  object_class->dispose = jxs_client_dispose;
  object_class->finalize = jxs_client_finalize;

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
      "keepalive", NULL, NULL, 0, G_MAXUINT / 1000, DEFAULT_KEEPALIVE_S, writable);
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

static void
jxs_client_init (JxsClient *self)
{
  self->require_tls = TRUE;
  self->send_presence = TRUE;
  self->keepalive_s = DEFAULT_KEEPALIVE_S;
}

/* Connecting */

static void
jxs_client_announce (JxsClient *self)
{
  g_autoptr (JxsElement) presence = jxs_element_new ("presence", JXS_NS_CLIENT);
  g_autoptr (GError) error = NULL;

  jxs_element_add_text (jxs_element_append (presence, "priority", NULL), "-1");
  if (!jxs_xml_stream_send (self->stream, presence, &error))
    jxs_log_debug (self, "presence was not sent: %s", error->message);
}

static void
jxs_client_logged_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsClient *self = g_task_get_source_object (task);
  g_autoptr (JxsLoginResult) login = NULL;
  g_autoptr (GError) error = NULL;
  gboolean closing = self->state == JXS_CLIENT_STATE_CLOSING;

  g_cancellable_disconnect (g_task_get_cancellable (task), self->login_handler);
  g_clear_object (&self->login_stop);
  login = jxs_login_finish (result, &error);
  if (closing)
    {
      g_clear_error (&error);
      error = g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The client was closed"));
    }
  if (error != NULL)
    {
      jxs_client_set_state (self, JXS_CLIENT_STATE_DISCONNECTED);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  self->over = TRUE;
  self->stream = g_steal_pointer (&login->stream);
  self->bound_jid = jxs_jid_ref (login->jid);
  self->tls_protocol = g_steal_pointer (&login->tls_protocol);
  self->sasl_mechanism = login->sasl_mechanism;
  jxs_log_debug (self,
                 "connected with %s, %s",
                 self->tls_protocol != NULL ? self->tls_protocol : "no encryption",
                 self->sasl_mechanism);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TLS_PROTOCOL]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SASL_MECHANISM]);
  g_signal_connect_object (self->stream, "stanza", G_CALLBACK (jxs_client_stanza_cb), self, 0);
  g_signal_connect_object (self->stream, "closed", G_CALLBACK (jxs_client_closed_cb), self, 0);
  jxs_xml_stream_set_local_jid (self->stream, self->bound_jid);
  jxs_client_update_keepalive (self);
  jxs_client_set_state (self, JXS_CLIENT_STATE_CONNECTED);
  jxs_xml_stream_set_open (self->stream);
  if (self->stream != NULL && self->send_presence)
    jxs_client_announce (self);
  g_task_return_boolean (task, TRUE);
}

static void
jxs_client_caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* The certificates to trust. FALSE if they cannot be read. */
static gboolean
jxs_client_load_database (JxsClient *self, GTlsDatabase **database, GError **error)
{
  if (self->ca_file == NULL)
    {
      g_set_object (database, self->database);
      return TRUE;
    }
  *database = g_tls_file_database_new (self->ca_file, error);
  if (*database == NULL)
    g_prefix_error (error, _ ("The certificates in “%s” could not be read: "), self->ca_file);
  return *database != NULL;
}

/**
 * jxs_client_new:
 * @jid: the account; a full JID asks for that resource
 *
 * Makes a client that is not connected.
 *
 * Returns: (transfer full): the client
 *
 * Since: 1.0
 */
JxsClient *
jxs_client_new (JxsJid *jid)
{
  g_return_val_if_fail (jid != NULL, NULL);

  return g_object_new (JXS_TYPE_CLIENT, "jid", jid, NULL);
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

  jxs_client_wipe_password (self);
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

/**
 * jxs_client_connect_async:
 * @self: a client
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Connects, encrypts, authenticates and binds a resource (RFC 6120), within a minute.
 *
 * Fails with %JXS_ERROR_AUTHENTICATION if the server does not accept the password,
 * %JXS_ERROR_SECURITY if it does not offer encryption or does not know the password itself,
 * %JXS_ERROR_NOT_SUPPORTED if it is too old or offers no safe authentication, %JXS_ERROR_CONFLICT
 * if the resource is in use, %JXS_ERROR_TIMED_OUT, %JXS_ERROR_CLOSED if the client is closed
 * meanwhile or was connected before; with an error of [error@Gio.ResolverError] if the server is
 * not found, of [error@Gio.TlsError] if its certificate is not trusted, and with other errors of
 * GIO.
 *
 * Since: 1.0
 */
void
jxs_client_connect_async (JxsClient *self,
                          int io_priority,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTlsDatabase) database = NULL;
  GError *error = NULL;
  JxsLoginParams params = { NULL };

  g_return_if_fail (JXS_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_client_connect_async);
  g_task_set_priority (task, io_priority);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->state != JXS_CLIENT_STATE_DISCONNECTED)
    {
      g_task_return_new_error (task,
                               G_IO_ERROR,
                               G_IO_ERROR_PENDING,
                               "%s",
                               _ ("The client is connecting or connected already"));
      return;
    }
  if (self->over)
    {
      g_task_return_new_error (
          task, JXS_ERROR, JXS_ERROR_CLOSED, "%s", _ ("The client was connected once already"));
      return;
    }
  if (jxs_jid_get_local (self->jid) == NULL)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               _ ("“%s” is no account: the part before the “@” is missing"),
                               jxs_jid_to_string (self->jid));
      return;
    }
  if (self->password == NULL)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_AUTHENTICATION,
                               _ ("There is no password for “%s”"),
                               jxs_jid_to_string (self->jid));
      return;
    }
  if (!jxs_client_load_database (self, &database, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  self->login_stop = g_cancellable_new ();
  self->login_handler = 0;
  if (cancellable != NULL)
    self->login_handler = g_cancellable_connect (cancellable,
                                                 G_CALLBACK (jxs_client_caller_cancelled_cb),
                                                 g_object_ref (self->login_stop),
                                                 g_object_unref);
  jxs_client_set_state (self, JXS_CLIENT_STATE_CONNECTING);
  params.jid = self->jid;
  params.password = self->password;
  params.server = self->server;
  params.database = database;
  params.require_tls = self->require_tls;
  params.use_proxy = self->use_proxy;
  jxs_login_async (
      &params, io_priority, self->login_stop, jxs_client_logged_in_cb, g_steal_pointer (&task));
}

/**
 * jxs_client_connect_finish:
 * @self: a client
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@Client.connect_async] began.
 *
 * Returns: whether the client is connected
 *
 * Since: 1.0
 */
gboolean
jxs_client_connect_finish (JxsClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_client_connect_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_client_stream_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsClient *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  jxs_xml_stream_close_finish (JXS_XML_STREAM (object), result, &error);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (error != NULL)
    jxs_log_debug (self, "no orderly end: %s", error->message);
  jxs_client_end (self, NULL);
  g_task_return_boolean (task, TRUE);
}

/**
 * jxs_client_close_async:
 * @self: a client
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Sends what is queued, ends the stream in order (RFC 6120 §4.4) and closes the connection;
 * [signal@Channel::closed] is then emitted without an error. A server that does not answer is left
 * after half a minute. A client that is connecting gives that up. If @cancellable is cancelled the
 * client goes on closing unattended.
 *
 * Since: 1.0
 */
void
jxs_client_close_async (JxsClient *self,
                        int io_priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_client_close_async);
  g_task_set_priority (task, io_priority);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->stream == NULL)
    {
      /* The login, if there is one, ends on its own. */
      if (self->state == JXS_CLIENT_STATE_CONNECTING)
        {
          jxs_client_set_state (self, JXS_CLIENT_STATE_CLOSING);
          g_cancellable_cancel (self->login_stop);
        }
      g_task_return_boolean (task, TRUE);
      return;
    }

  jxs_client_set_state (self, JXS_CLIENT_STATE_CLOSING);
  jxs_xml_stream_close_async (
      self->stream, io_priority, cancellable, jxs_client_stream_closed_cb, g_steal_pointer (&task));
}

/**
 * jxs_client_close_finish:
 * @self: a client
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@Client.close_async] began.
 *
 * Returns: whether the client is closed
 *
 * Since: 1.0
 */
gboolean
jxs_client_close_finish (JxsClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_client_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
