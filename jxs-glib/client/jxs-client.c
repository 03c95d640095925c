/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-client-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/client/jxs-login-private.h>
#include <jxs-glib/client/jxs-sasl-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

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
 * Dropping the last reference ends the connection at once, and what is queued is lost; to end it in
 * order use [method@Client.close_async].
 *
 * A client connects once: after [signal@Channel::closed] make another one. If connecting fails it
 * may be tried again.
 *
 * Since: 1.0
 */
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

static void
jxs_client_set_state (JxsClient *self, JxsClientState state)
{
  if (self->state == state)
    return;
  jxs_log_debug (self, "state %d -> %d", self->state, state);
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

/* The end of a connection. error: (nullable): what the application is told; orderly: both sides
 * closed the stream. */
static void
jxs_client_end (JxsClient *self, const GError *error, gboolean orderly)
{
  g_autoptr (JxsClient) alive = g_object_ref (self);
  g_autoptr (JxsXmlStream) stream = g_steal_pointer (&self->stream);

  if (stream != NULL)
    {
      GIOStream *io_stream = jxs_xml_stream_get_io_stream (stream);

      g_signal_handlers_disconnect_by_data (stream, self);
      if (orderly)
        g_io_stream_close_async (io_stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      else
        jxs_login_abort (io_stream);
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
      jxs_client_end (self, NULL, error == NULL);
      return;
    }
  if (error != NULL)
    reason = g_error_copy (error);
  else
    reason = g_error_new (JXS_ERROR,
                          JXS_ERROR_CLOSED,
                          _ ("The server “%s” closed the connection"),
                          jxs_jid_get_domain (self->jid));
  jxs_client_end (self, reason, error == NULL);
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
jxs_client_dispose (GObject *object)
{
  JxsClient *self = JXS_CLIENT (object);

  /* Nobody connects or closes: the task would hold a reference. */
  if (self->stream != NULL)
    {
      g_autoptr (GIOStream) io_stream = g_object_ref (jxs_xml_stream_get_io_stream (self->stream));

      g_signal_handlers_disconnect_by_data (self->stream, self);
      g_clear_object (&self->stream);
      jxs_login_abort (io_stream);
    }

  G_OBJECT_CLASS (jxs_client_parent_class)->dispose (object);
}

static void
jxs_client_finalize (GObject *object)
{
  JxsClient *self = JXS_CLIENT (object);

  jxs_sasl_wipe (&self->password);
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
  object_class->dispose = jxs_client_dispose;
  object_class->finalize = jxs_client_finalize;

  jxs_client_install_properties (object_class);
}

static void
jxs_client_init (JxsClient *self)
{
  self->require_tls = TRUE;
  self->send_presence = TRUE;
  self->keepalive_s = JXS_CLIENT_DEFAULT_KEEPALIVE_S;
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
  g_object_notify (G_OBJECT (self), "tls-protocol");
  g_object_notify (G_OBJECT (self), "sasl-mechanism");
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
  g_autofree char *path = NULL;

  if (self->ca_file == NULL)
    {
      g_set_object (database, self->database);
      return TRUE;
    }
  /* GIO warns about a relative path. */
  path = g_canonicalize_filename (self->ca_file, NULL);
  *database = g_tls_file_database_new (path, error);
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
  if (self->jid == NULL || jxs_jid_get_local (self->jid) == NULL)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               _ ("“%s” is no account: the part before the “@” is missing"),
                               self->jid != NULL ? jxs_jid_to_string (self->jid) : "");
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
  jxs_client_end (self, NULL, error == NULL);
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
