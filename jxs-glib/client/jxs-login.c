/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-login-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/client/jxs-client-machine-private.h>
#include <jxs-glib/client/jxs-resolver-private.h>
#include <jxs-glib/client/jxs-sasl-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* The data of the task. */
typedef struct
{
  JxsClientMachine machine;
  char *password;         /* (owned) (nullable) */
  char *username;         /* (owned) */
  GTlsDatabase *database; /* (owned) (nullable) */

  GIOStream *io_stream;  /* (owned) (nullable): the outermost layer */
  GTlsConnection *tls;   /* (owned) (nullable) */
  JxsXmlStream *stream;  /* (owned) (nullable) */
  JxsSaslExchange *sasl; /* (owned) (nullable) */
  gboolean sasl_last;    /* the answer is to a success */
  const char *mechanism; /* static, (nullable) */

  GCancellable *stop; /* (owned): cancelled by the caller's, and by the timeout */
  gulong stop_handler;
  GSource *timeout; /* (owned) (nullable) */
  gboolean timed_out;
} Login;

static void login_run (GTask *task, JxsClientEvent event, JxsElement *element, const GError *error);

static void
login_free (gpointer data)
{
  Login *self = data;

  jxs_client_machine_clear (&self->machine);
  jxs_sasl_wipe (&self->password);
  g_free (self->username);
  g_clear_object (&self->database);
  g_clear_object (&self->stream);
  g_clear_object (&self->tls);
  g_clear_object (&self->io_stream);
  g_clear_pointer (&self->sasl, jxs_sasl_exchange_unref);
  g_clear_object (&self->stop);
  g_free (self);
}

static const char *
login_domain (Login *self)
{
  return jxs_jid_get_domain (self->machine.jid);
}

static void
login_stop_watching (GTask *task)
{
  Login *self = g_task_get_task_data (task);

  g_cancellable_disconnect (g_task_get_cancellable (task), self->stop_handler);
  self->stop_handler = 0;
  if (self->timeout != NULL)
    {
      g_source_destroy (self->timeout);
      g_clear_pointer (&self->timeout, g_source_unref);
    }
}

static void
login_fail (GTask *task)
{
  Login *self = g_task_get_task_data (task);
  GError *error = g_steal_pointer (&self->machine.error);

  if (self->timed_out)
    {
      g_clear_error (&error);
      error = g_error_new (JXS_ERROR,
                           JXS_ERROR_TIMED_OUT,
                           _ ("The server “%s” did not let us in within %d seconds"),
                           login_domain (self),
                           JXS_LOGIN_TIMEOUT_MS / 1000);
    }
  jxs_log_debug (NULL, "login failed: %s", error->message);
  login_stop_watching (task);
  /* Nobody waits for the stream's end: there is nothing on it that could be lost. */
  g_clear_object (&self->stream);
  if (self->io_stream != NULL)
    jxs_login_abort (self->io_stream);
  g_task_return_error (task, error);
}

static void
login_succeed (GTask *task)
{
  Login *self = g_task_get_task_data (task);
  JxsLoginResult *result = g_new0 (JxsLoginResult, 1);

  login_stop_watching (task);
  result->stream = g_steal_pointer (&self->stream);
  result->jid = jxs_jid_ref (self->machine.jid);
  result->tls_protocol = self->tls != NULL ? jxs_tls_get_protocol_name (self->tls) : NULL;
  result->sasl_mechanism = self->mechanism;
  g_task_return_pointer (task, result, (GDestroyNotify) jxs_login_result_free);
}

static void
login_stream_failed (GTask *task, GError **error)
{
  Login *self = g_task_get_task_data (task);

  if (!g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_prefix_error (error,
                    _ ("The stream with the server “%s” was not established: "),
                    login_domain (self));
  login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, *error);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (JxsElement) features = NULL;
  g_autoptr (GError) error = NULL;

  if (jxs_xml_stream_open_finish (JXS_XML_STREAM (object), result, &features, &error))
    {
      login_run (task, JXS_CLIENT_EVENT_FEATURES, features, NULL);
      return;
    }
  login_stream_failed (task, &error);
}

static void
login_open (GTask *task)
{
  Login *self = g_task_get_task_data (task);

  if (self->stream == NULL)
    {
      g_autoptr (JxsJid) server = jxs_jid_new (login_domain (self), NULL);

      self->stream = jxs_xml_stream_new (
          self->io_stream, JXS_XML_STREAM_INITIATOR, JXS_XML_STREAM_SERVER, NULL, server);
    }
  else
    {
      jxs_xml_stream_restart (self->stream, self->io_stream);
    }
  jxs_xml_stream_open_async (
      self->stream, NULL, g_task_get_priority (task), self->stop, opened_cb, g_object_ref (task));
}

static void
element_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (GError) error = NULL;

  element = jxs_xml_stream_read_element_finish (JXS_XML_STREAM (object), result, &error);
  if (element != NULL)
    {
      login_run (task, JXS_CLIENT_EVENT_ELEMENT, element, NULL);
      return;
    }
  login_stream_failed (task, &error);
}

/* Sends an element; FALSE if that failed and the login has ended. */
static gboolean
login_send (GTask *task, JxsElement *element)
{
  Login *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (jxs_xml_stream_send_element (self->stream, element, &error))
    return TRUE;
  login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
  return FALSE;
}

static void
login_read (GTask *task)
{
  Login *self = g_task_get_task_data (task);

  jxs_xml_stream_read_element_async (self->stream, self->stop, element_cb, g_object_ref (task));
}

/* Encryption */

static void
secured_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Login *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  self->tls = jxs_tls_handshake_finish (result, &error);
  if (self->tls == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_prefix_error (&error,
                        _ ("No trusted connection to “%s” is possible: "),
                        login_domain (self));
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }
  g_set_object (&self->io_stream, G_IO_STREAM (self->tls));
  login_run (task, JXS_CLIENT_EVENT_SECURED, NULL, NULL);
}

static void
paused_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Login *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnectable) identity = NULL;
  g_autofree char *ascii_domain = NULL;
  JxsTlsParams params = { .role = JXS_TLS_CLIENT };
  g_autoptr (GError) error = NULL;

  if (!jxs_xml_stream_pause_finish (JXS_XML_STREAM (object), result, &error))
    {
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }
  /* The certificate is that of the JID's domain, whatever the host is called (RFC 6120 §13.7.2). */
  ascii_domain = g_hostname_to_ascii (login_domain (self));
  identity = g_network_address_new (ascii_domain != NULL ? ascii_domain : login_domain (self), 0);
  params.identity = identity;
  params.database = self->database;
  jxs_tls_handshake_async (self->io_stream,
                           &params,
                           g_task_get_priority (task),
                           self->stop,
                           secured_cb,
                           g_object_ref (task));
}

/* Authentication */

/* What can tell this connection from every other one; GIO knows tls-unique only before TLS 1.3. */
static GBytes *
login_get_binding (Login *self, JxsSaslBinding *binding)
{
  g_autoptr (GByteArray) unique = NULL;

  *binding = JXS_SASL_BINDING_NONE;
  if (self->tls == NULL)
    return NULL;
  if (g_tls_connection_get_protocol_version (self->tls) >= G_TLS_PROTOCOL_VERSION_TLS_1_3)
    {
      *binding = JXS_SASL_BINDING_TLS_EXPORTER;
      return jxs_tls_get_exporter (self->tls, NULL);
    }
  unique = g_byte_array_new ();
  if (!g_tls_connection_get_channel_binding_data (
          self->tls, G_TLS_CHANNEL_BINDING_TLS_UNIQUE, unique, NULL))
    return NULL;
  *binding = JXS_SASL_BINDING_TLS_UNIQUE;
  return g_byte_array_free_to_bytes (g_steal_pointer (&unique));
}

static void
login_start_sasl (GTask *task, JxsElement *features)
{
  Login *self = g_task_get_task_data (task);
  g_autoptr (JxsElement) auth = NULL;
  g_autoptr (GBytes) binding_data = NULL;
  g_autoptr (GError) error = NULL;
  JxsSaslBinding binding;
  JxsSaslBinding use;
  JxsSaslParams params = { 0 };
  char *text = NULL;

  binding_data = login_get_binding (self, &binding);
  if (binding_data == NULL)
    binding = JXS_SASL_BINDING_NONE;
  self->mechanism = jxs_sasl_choose (features, self->tls != NULL, binding, &use);
  if (self->mechanism == NULL)
    {
      error = g_error_new (JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The server “%s” offers no way of authentication that is safe here"),
                           login_domain (self));
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }

  params.mechanism = self->mechanism;
  params.username = self->username;
  params.password = self->password;
  params.binding = use;
  params.binding_data = use != JXS_SASL_BINDING_NONE ? binding_data : NULL;
  self->sasl = jxs_sasl_exchange_new_client (&params);
  jxs_sasl_wipe (&self->password);
  if (!jxs_sasl_exchange_start (self->sasl, &text, &error))
    {
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }
  auth = jxs_element_new ("auth", JXS_NS_SASL);
  jxs_element_set_attribute (auth, "mechanism", self->mechanism);
  jxs_element_add_text (auth, text);
  jxs_sasl_wipe (&text);
  if (login_send (task, auth))
    login_read (task);
}

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Login *self = g_task_get_task_data (task);
  g_autoptr (JxsElement) response = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;

  if (!jxs_sasl_exchange_step_finish (result, &answer, &error))
    {
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }
  if (self->sasl_last)
    {
      login_run (task, JXS_CLIENT_EVENT_AUTHENTICATED, NULL, NULL);
      return;
    }
  response = jxs_element_new ("response", JXS_NS_SASL);
  jxs_element_add_text (response, answer);
  if (login_send (task, response))
    login_read (task);
}

static void
login_answer_sasl (GTask *task, JxsElement *element, gboolean is_last)
{
  Login *self = g_task_get_task_data (task);

  self->sasl_last = is_last;
  jxs_sasl_exchange_step_async (self->sasl,
                                jxs_element_get_text (element),
                                is_last,
                                g_task_get_priority (task),
                                self->stop,
                                answered_cb,
                                g_object_ref (task));
}

/* Brings the machine forward and does what it says. */
static void
login_run (GTask *task, JxsClientEvent event, JxsElement *element, const GError *error)
{
  Login *self = g_task_get_task_data (task);
  JxsClientAction actions;
  g_autoptr (JxsElement) in = NULL;

  actions = jxs_client_machine_handle (&self->machine, event, element, error);
  jxs_log_debug (NULL, "login: %s", jxs_client_step_to_string (self->machine.step));
  if (self->machine.in != NULL)
    in = jxs_element_ref (self->machine.in);

  if (actions & JXS_CLIENT_ACTION_FAIL)
    login_fail (task);
  else if (actions & JXS_CLIENT_ACTION_READY)
    login_succeed (task);
  else if (actions & JXS_CLIENT_ACTION_OPEN)
    login_open (task);
  else if (actions & JXS_CLIENT_ACTION_SECURE)
    jxs_xml_stream_pause_async (self->stream, self->stop, paused_cb, g_object_ref (task));
  else if (actions & JXS_CLIENT_ACTION_SASL_START)
    login_start_sasl (task, in);
  else if (actions & JXS_CLIENT_ACTION_SASL_STEP)
    login_answer_sasl (task, in, FALSE);
  else if (actions & JXS_CLIENT_ACTION_SASL_FINISH)
    login_answer_sasl (task, in, TRUE);
  else if ((actions & JXS_CLIENT_ACTION_SEND) == 0 || login_send (task, self->machine.out))
    {
      if (actions & JXS_CLIENT_ACTION_READ)
        login_read (task);
    }
}

static void
connected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Login *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  connection = jxs_resolver_connect_finish (result, &error);
  if (connection == NULL)
    {
      login_run (task, JXS_CLIENT_EVENT_FAILED, NULL, error);
      return;
    }
  self->io_stream = jxs_socket_stream_new (connection);
  login_run (task, JXS_CLIENT_EVENT_CONNECTED, NULL, NULL);
}

static void
caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static gboolean
timeout_cb (gpointer user_data)
{
  GTask *task = user_data;
  Login *self = g_task_get_task_data (task);

  self->timed_out = TRUE;
  g_cancellable_cancel (self->stop);
  return G_SOURCE_REMOVE;
}

void
jxs_login_async (const JxsLoginParams *params,
                 int io_priority,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Login *self = g_new0 (Login, 1);

  g_task_set_source_tag (task, jxs_login_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, self, login_free);
  jxs_client_machine_init (&self->machine, params->jid, params->require_tls);
  self->username = g_strdup (jxs_jid_get_local (params->jid));
  self->password = g_strdup (params->password);
  g_set_object (&self->database, params->database);
  self->stop = g_cancellable_new ();
  if (g_task_return_error_if_cancelled (task))
    return;

  if (cancellable != NULL)
    self->stop_handler = g_cancellable_connect (cancellable,
                                                G_CALLBACK (caller_cancelled_cb),
                                                g_object_ref (self->stop),
                                                g_object_unref);
  self->timeout = jxs_clock_timeout_attach (
      JXS_LOGIN_TIMEOUT_MS, "[jxs] login timeout", NULL, timeout_cb, task);
  jxs_resolver_connect_async (login_domain (self),
                              params->server,
                              params->use_proxy,
                              io_priority,
                              self->stop,
                              connected_cb,
                              g_object_ref (task));
}

JxsLoginResult *
jxs_login_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_login_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
jxs_login_result_free (JxsLoginResult *self)
{
  g_clear_object (&self->stream);
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_free (self->tls_protocol);
  g_free (self);
}

void
jxs_login_abort (GIOStream *io_stream)
{
  g_autoptr (GIOStream) base = NULL;

  if (G_IS_TLS_CONNECTION (io_stream))
    g_object_get (io_stream, "base-io-stream", &base, NULL);
  else
    base = g_object_ref (io_stream);
  g_socket_close (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (base)), NULL);
}
