/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/e2e/jxs-peer-stream-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* How long a person may take to accept what we offer. */
#define ACCEPT_TIMEOUT_MS 180000
/* Characters of a pipe's service; stops absurd names from reaching user interfaces. */
#define MAX_SERVICE_LENGTH 128

/* ---- descriptions ---- */

static gboolean
is_valid_service (const char *service)
{
  if (service == NULL || *service == '\0' || !g_utf8_validate (service, -1, NULL) ||
      g_utf8_strlen (service, -1) > MAX_SERVICE_LENGTH)
    return FALSE;
  for (const char *p = service; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static JxsElement *
new_stream_description (void)
{
  return jxs_element_new ("description", JXS_NS_XMLSTREAM);
}

static JxsElement *
new_pipe_description (const char *service)
{
  JxsElement *description = jxs_element_new ("description", JXS_NS_PIPE);

  jxs_element_set_attribute (description, "service", service);
  return description;
}

static gboolean
has_namespace (JxsSession *session, const char *namespace_uri)
{
  return g_strcmp0 (jxs_session_get_namespace (session), namespace_uri) == 0;
}

static gboolean
has_transport (JxsSession *session, const char *namespace_uri)
{
  return g_strcmp0 (jxs_session_get_transport_namespace (session), namespace_uri) == 0;
}

/* ---- opening ---- */

typedef struct
{
  JxsJid *peer;            /* (owned) */
  JxsElement *description; /* (owned) (nullable): of a session that is to be created */
  JxsSession *session;     /* (owned) (nullable) */
  JxsElement *answer;      /* (owned) (nullable) */
  gboolean is_stream;
  gboolean reveals_addresses; /* ours to the peer, unless the policy forbids it */
} Operation;

static void
operation_free (gpointer data)
{
  Operation *operation = data;

  g_clear_pointer (&operation->peer, jxs_jid_unref);
  g_clear_pointer (&operation->description, jxs_element_unref);
  g_clear_object (&operation->session);
  g_clear_pointer (&operation->answer, jxs_element_unref);
  g_free (operation);
}

static void
stream_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  JxsXmlStream *stream = jxs_peer_stream_open_finish (result, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  jxs_endpoint_attend_stream (g_task_get_source_object (task),
                              stream,
                              jxs_peer_stream_get_connection (stream));
  g_task_return_pointer (task, stream, g_object_unref);
}

static JxsConnection *
new_connection (JxsEndpoint *self, JxsSession *session, GIOStream *stream)
{
  JxsSecurity *security = jxs_session_get_security (session);
  g_autofree char *local_fingerprint = NULL;
  JxsConnectionFacts facts = { 0 };

  if (self->identity != NULL && G_IS_TLS_CONNECTION (stream) && JXS_IS_XTLS_SECURITY (security))
    {
      JxsXtlsSecurity *xtls = JXS_XTLS_SECURITY (security);

      if (jxs_xtls_security_get_method (xtls) == JXS_SECURITY_METHODS_X509)
        local_fingerprint = jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA256);
      facts.local_fingerprint = local_fingerprint;
      facts.peer_fingerprint = jxs_xtls_security_get_peer_fingerprint (xtls);
      facts.trust_level = jxs_xtls_security_get_trust_level (xtls);
      facts.trust_origin = jxs_xtls_security_get_trust_origin (xtls);
      facts.security_method = jxs_security_method_get_name (jxs_xtls_security_get_method (xtls));
    }
  return jxs_connection_new (session, stream, &facts, self->trace);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsEndpoint *self = g_task_get_source_object (task);
  Operation *operation = g_task_get_task_data (task);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  JxsPeerStreamParams params = { NULL };
  GError *error = NULL;

  stream = jxs_session_connect_finish (JXS_SESSION (source), result, &error);
  if (stream == NULL)
    {
      g_task_return_error (task, jxs_endpoint_explain_refusal (operation->session, error));
      return;
    }

  connection = new_connection (self, operation->session, stream);
  if (!jxs_endpoint_check_stream (self, operation->session, stream, operation->is_stream, &error) ||
      (operation->is_stream &&
       !jxs_endpoint_prepare_stream (self, operation->session, stream, &params, &error)))
    {
      jxs_connection_abort (connection, JXS_REASON_SECURITY_ERROR, NULL);
      g_task_return_error (task, error);
      return;
    }
  if (operation->is_stream)
    jxs_peer_stream_open_async (connection,
                                &params,
                                g_task_get_priority (task),
                                g_task_get_cancellable (task),
                                stream_opened_cb,
                                g_object_ref (task));
  else
    g_task_return_pointer (task, g_steal_pointer (&connection), g_object_unref);
  g_clear_object (&params.security);
}

/* Takes the task. */
static void
connect_now (GTask *task)
{
  Operation *operation = g_task_get_task_data (task);

  jxs_session_connect_async (operation->session,
                             operation->answer,
                             ACCEPT_TIMEOUT_MS,
                             g_task_get_cancellable (task),
                             connected_cb,
                             task);
}

/* Takes the task. With somebody who might learn our addresses the application may have to decide
 * first. */
static void
connect_session (GTask *task)
{
  JxsEndpoint *self = g_task_get_source_object (task);
  Operation *operation = g_task_get_task_data (task);
  GError *error = NULL;

  jxs_endpoint_note_password (self, operation->session);
  if (!jxs_session_is_initiator (operation->session) &&
      !jxs_endpoint_check_answer (self, operation->session, operation->is_stream, &error))
    {
      g_autoptr (JxsReason) reason = jxs_reason_new (JXS_REASON_SECURITY_ERROR, NULL);

      jxs_session_terminate (operation->session, reason);
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  if (operation->reveals_addresses)
    jxs_endpoint_await_policy (self, operation->session, connect_now, task);
  else
    connect_now (task);
}

/* Says in our words why a peer did not tell its features. */
static GError *
explain_silence (JxsJid *peer, GError *error)
{
  GError *explained;

  if (!g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE) &&
      !g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_RECIPIENT_UNAVAILABLE) &&
      !g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND) &&
      !g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_GONE) &&
      !g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_REMOTE_SERVER_NOT_FOUND) &&
      !g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_REMOTE_SERVER_TIMEOUT))
    return error;
  explained = g_error_new (JXS_ERROR,
                           JXS_ERROR_PEER_UNAVAILABLE,
                           _ ("“%s” is not online or does not want to be seen"),
                           jxs_jid_to_string (peer));
  g_error_free (error);
  return explained;
}

static void
features_known_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsEndpoint *self = g_task_get_source_object (task);
  Operation *operation = g_task_get_task_data (task);
  g_autoptr (GHashTable) features = NULL;
  const char *namespace_uri;
  JxsXtlsSecurity *xtls;
  GError *error = NULL;

  features = jxs_disco_query_finish (JXS_DISCO (source), result, &error);
  if (features == NULL)
    {
      g_task_return_error (task, explain_silence (operation->peer, error));
      return;
    }
  namespace_uri = operation->session != NULL ? jxs_session_get_namespace (operation->session)
                                             : jxs_element_get_namespace (operation->description);
  if (!jxs_endpoint_check_features (self, features, operation->peer, namespace_uri, &error) ||
      !jxs_endpoint_check_alive (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (operation->session == NULL)
    operation->session =
        jxs_session_manager_create (self->manager,
                                    operation->peer,
                                    operation->description,
                                    g_hash_table_contains (features, JXS_NS_XTLS) &&
                                        jxs_endpoint_can_offer_security (self, operation->peer));
  xtls = jxs_endpoint_get_xtls (operation->session);
  if (xtls != NULL && operation->is_stream)
    jxs_xtls_security_allow_starttls (xtls);
  jxs_session_set_peer_features (operation->session, features);
  operation->reveals_addresses = jxs_endpoint_reveals_addresses (self, features);
  connect_session (g_steal_pointer (&task));
}

/* Takes the task. */
static void
query_features (JxsEndpoint *self, GTask *task)
{
  Operation *operation = g_task_get_task_data (task);

  jxs_endpoint_prepare_network (self);
  jxs_disco_query_async (
      self->disco, operation->peer, g_task_get_cancellable (task), features_known_cb, task);
}

/* description (transfer full) */
static void
open_session (JxsEndpoint *self,
              gpointer source_tag,
              JxsJid *peer,
              JxsElement *description,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Operation *operation = g_new0 (Operation, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, source_tag);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, operation, operation_free);
  operation->peer = jxs_jid_ref (peer);
  operation->description = description;
  operation->is_stream = strcmp (jxs_element_get_namespace (description), JXS_NS_XMLSTREAM) == 0;
  if (!jxs_endpoint_check_possible (self, peer, &error))
    g_task_return_error (task, error);
  else
    query_features (self, g_steal_pointer (&task));
}

static void
accept_session (JxsEndpoint *self,
                gpointer source_tag,
                JxsSession *session,
                const char *namespace_uri,
                int io_priority,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Operation *operation = g_new0 (Operation, 1);

  g_task_set_source_tag (task, source_tag);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, operation, operation_free);
  operation->peer = jxs_jid_ref (jxs_session_get_peer_jid (session));
  operation->session = g_object_ref (session);
  operation->reveals_addresses = has_transport (session, JXS_NS_JINGLE_S5B);
  operation->is_stream = has_namespace (session, JXS_NS_XMLSTREAM);
  if (!has_namespace (session, namespace_uri))
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               _ ("The session is for “%s”"),
                               jxs_session_get_namespace (session));
      return;
    }
  if (operation->is_stream)
    operation->answer = new_stream_description ();
  else
    operation->answer = new_pipe_description (jxs_endpoint_get_session_service (self, session));
  connect_session (g_steal_pointer (&task));
}

/**
 * jxs_endpoint_open_stream_async:
 * @self: an endpoint
 * @peer: the full JID of the peer
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Opens an XML stream with @peer (XEP-0246, XEP-0247).
 *
 * The peer's user has three minutes to accept it.
 *
 * Since: 1.0
 */
void
jxs_endpoint_open_stream_async (JxsEndpoint *self,
                                JxsJid *peer,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (peer != NULL);

  open_session (self,
                jxs_endpoint_open_stream_async,
                peer,
                new_stream_description (),
                io_priority,
                cancellable,
                callback,
                user_data);
}

/**
 * jxs_endpoint_open_stream_finish:
 * @self: an endpoint
 * @result: the result
 * @error: return location for an error
 *
 * Finishes opening an XML stream.
 *
 * The stream keeps its session alive; when it is closed the session ends in order, when it is
 * dropped the session ends at once. Stanzas are delivered only after the caller returned to the
 * main loop: connect to [signal@XmlStream::stanza] at once.
 *
 * Returns: (transfer full): the open stream, or %NULL with one of the reasons that [class@Endpoint]
 *   lists
 *
 * Since: 1.0
 */
JxsXmlStream *
jxs_endpoint_open_stream_finish (JxsEndpoint *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_open_stream_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_endpoint_open_pipe_async:
 * @self: an endpoint
 * @peer: the full JID of the peer
 * @service: what the pipe is for, in reverse domain notation: “org.gnome.Foo”; 1 to 128 printable
 *   characters
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Opens a pipe of bytes to the application @service of @peer.
 *
 * The peer's user has three minutes to accept it.
 *
 * Since: 1.0
 */
void
jxs_endpoint_open_pipe_async (JxsEndpoint *self,
                              JxsJid *peer,
                              const char *service,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (service != NULL);

  if (!is_valid_service (service))
    {
      g_autofree char *shown = jxs_log_sanitize (service, MAX_SERVICE_LENGTH);

      g_task_report_new_error (self,
                               callback,
                               user_data,
                               jxs_endpoint_open_pipe_async,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               _ ("“%s” cannot name a service"),
                               shown);
      return;
    }
  open_session (self,
                jxs_endpoint_open_pipe_async,
                peer,
                new_pipe_description (service),
                io_priority,
                cancellable,
                callback,
                user_data);
}

/**
 * jxs_endpoint_open_pipe_finish:
 * @self: an endpoint
 * @result: the result
 * @error: return location for an error
 *
 * Finishes opening a pipe.
 *
 * With TLS 1.3 the side that opened learns last whether the peer accepted its key: at the first
 * read, see [class@Connection].
 *
 * Returns: (transfer full): the open pipe, or %NULL with one of the reasons that [class@Endpoint]
 *   lists
 *
 * Since: 1.0
 */
JxsConnection *
jxs_endpoint_open_pipe_finish (JxsEndpoint *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_open_pipe_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_endpoint_create_session:
 * @self: an endpoint
 * @peer: the full JID of the peer
 * @description: our offer: an element `description` in a namespace of the application's own
 *
 * Creates a session for an application type of the application's own. Nothing is sent before
 * [method@Endpoint.connect_session_async].
 *
 * Returns: (transfer full): a new session
 *
 * Since: 1.0
 */
JxsSession *
jxs_endpoint_create_session (JxsEndpoint *self, JxsJid *peer, JxsElement *description)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);
  g_return_val_if_fail (jxs_element_is (description, "description", NULL), NULL);
  g_return_val_if_fail (jxs_element_get_namespace (description) != NULL, NULL);

  return jxs_session_manager_create (self->manager, peer, description, self->xtls != NULL);
}

/**
 * jxs_endpoint_connect_session_async:
 * @self: an endpoint
 * @session: a session of [method@Endpoint.create_session] or [signal@Endpoint::incoming]
 * @answer: (nullable): for a session of the peer: our answer to its description, an element
 *   `description` in the same namespace, or %NULL for the same description again
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Offers our session to the peer, or accepts the peer's, and connects it.
 *
 * Since: 1.0
 */
void
jxs_endpoint_connect_session_async (JxsEndpoint *self,
                                    JxsSession *session,
                                    JxsElement *answer,
                                    int io_priority,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Operation *operation;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (JXS_IS_SESSION (session));
  g_return_if_fail (answer == NULL ||
                    jxs_element_is (answer, "description", jxs_session_get_namespace (session)));

  task = g_task_new (self, cancellable, callback, user_data);
  operation = g_new0 (Operation, 1);
  g_task_set_source_tag (task, jxs_endpoint_connect_session_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, operation, operation_free);
  operation->peer = jxs_jid_ref (jxs_session_get_peer_jid (session));
  operation->session = g_object_ref (session);
  operation->reveals_addresses = has_transport (session, JXS_NS_JINGLE_S5B);
  if (answer != NULL)
    operation->answer = jxs_element_ref (answer);
  if (!jxs_session_is_initiator (session) && jxs_endpoint_check_alive (self, &error))
    connect_session (g_steal_pointer (&task));
  else if (error != NULL)
    g_task_return_error (task, error);
  else if (!jxs_endpoint_check_possible (self, operation->peer, &error))
    g_task_return_error (task, error);
  else
    query_features (self, g_steal_pointer (&task));
}

/**
 * jxs_endpoint_connect_session_finish:
 * @self: an endpoint
 * @result: the result
 * @error: return location for an error
 *
 * Finishes connecting a session.
 *
 * Returns: (transfer full): the connection, or %NULL with one of the reasons that [class@Endpoint]
 *   lists
 *
 * Since: 1.0
 */
JxsConnection *
jxs_endpoint_connect_session_finish (JxsEndpoint *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_connect_session_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_endpoint_is_stream_session:
 * @self: an endpoint
 * @session: a session
 *
 * Gets whether @session is for an XML stream: [method@Endpoint.accept_stream_async] accepts it.
 *
 * Returns: %TRUE if it is
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_is_stream_session (JxsEndpoint *self, JxsSession *session)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);
  g_return_val_if_fail (JXS_IS_SESSION (session), FALSE);

  return has_namespace (session, JXS_NS_XMLSTREAM);
}

/**
 * jxs_endpoint_get_session_service:
 * @self: an endpoint
 * @session: a session of [signal@Endpoint::incoming]
 *
 * Gets the service that the pipe of @session is for: [method@Endpoint.accept_pipe_async] accepts
 * it.
 *
 * Returns: (nullable): the service, or %NULL if @session is not for a pipe
 *
 * Since: 1.0
 */
const char *
jxs_endpoint_get_session_service (JxsEndpoint *self, JxsSession *session)
{
  JxsElement *description;
  const char *service;

  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (JXS_IS_SESSION (session), NULL);

  description = jxs_session_get_description (session);
  if (description == NULL || !has_namespace (session, JXS_NS_PIPE))
    return NULL;
  service = jxs_element_get_attribute (description, "service");
  return is_valid_service (service) ? service : NULL;
}

/**
 * jxs_endpoint_accept_stream_async:
 * @self: an endpoint
 * @session: a session of [signal@Endpoint::incoming] for an XML stream
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Accepts an XML stream and opens it (XEP-0246, XEP-0247). It may wait for an answer to
 * [signal@Endpoint::address-request].
 *
 * Since: 1.0
 */
void
jxs_endpoint_accept_stream_async (JxsEndpoint *self,
                                  JxsSession *session,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (JXS_IS_SESSION (session));

  accept_session (self,
                  jxs_endpoint_accept_stream_async,
                  session,
                  JXS_NS_XMLSTREAM,
                  io_priority,
                  cancellable,
                  callback,
                  user_data);
}

/**
 * jxs_endpoint_accept_stream_finish:
 * @self: an endpoint
 * @result: the result
 * @error: return location for an error
 *
 * Finishes accepting an XML stream; see [method@Endpoint.open_stream_finish].
 *
 * Returns: (transfer full): the open stream, or %NULL with one of the reasons that [class@Endpoint]
 *   lists
 *
 * Since: 1.0
 */
JxsXmlStream *
jxs_endpoint_accept_stream_finish (JxsEndpoint *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_accept_stream_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_endpoint_accept_pipe_async:
 * @self: an endpoint
 * @session: a session of [signal@Endpoint::incoming] for a pipe
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Accepts a pipe and connects it. It may wait for an answer to [signal@Endpoint::address-request].
 *
 * Since: 1.0
 */
void
jxs_endpoint_accept_pipe_async (JxsEndpoint *self,
                                JxsSession *session,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (JXS_IS_SESSION (session));

  accept_session (self,
                  jxs_endpoint_accept_pipe_async,
                  session,
                  JXS_NS_PIPE,
                  io_priority,
                  cancellable,
                  callback,
                  user_data);
}

/**
 * jxs_endpoint_accept_pipe_finish:
 * @self: an endpoint
 * @result: the result
 * @error: return location for an error
 *
 * Finishes accepting a pipe.
 *
 * Returns: (transfer full): the open pipe, or %NULL with one of the reasons that [class@Endpoint]
 *   lists
 *
 * Since: 1.0
 */
JxsConnection *
jxs_endpoint_accept_pipe_finish (JxsEndpoint *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_accept_pipe_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_endpoint_get_stream_connection:
 * @self: an endpoint
 * @stream: an XML stream that an endpoint opened or accepted
 *
 * Gets the connection under @stream, for what it knows about the encryption and the session; not
 * for reading, writing or closing.
 *
 * Returns: (transfer none) (nullable): the connection, or %NULL if no endpoint made @stream
 *
 * Since: 1.0
 */
JxsConnection *
jxs_endpoint_get_stream_connection (JxsEndpoint *self, JxsXmlStream *stream)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (JXS_IS_XML_STREAM (stream), NULL);

  return jxs_peer_stream_get_connection (stream);
}
