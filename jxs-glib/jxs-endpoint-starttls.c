/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-starttls-security-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* What is secured inside XML streams, and what peers say of that beforehand. */

gboolean
jxs_endpoint_prepare_stream (JxsEndpoint *self,
                             JxsSession *session,
                             GIOStream *stream,
                             JxsPeerStreamParams *params,
                             GError **error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);
  JxsStarttlsParams starttls = {
    .policy = xtls != NULL ? jxs_xtls_security_get_policy (xtls) : self->policy,
    .local = jxs_session_get_local_jid (session),
    .peer = jxs_session_get_peer_jid (session),
    .initiator = jxs_session_is_initiator (session),
    .trace = self->trace,
    .tls = G_IS_TLS_CONNECTION (stream) ? G_TLS_CONNECTION (stream) : NULL,
  };

  starttls.had_password = jxs_endpoint_had_password (session, &starttls.password_kind);
  *params = (JxsPeerStreamParams){ NULL };
  if (!jxs_endpoint_needs_stream_security (self, session, stream))
    return TRUE;
  if (starttls.tls == NULL)
    params->optional = jxs_endpoint_check_plain (self, session, NULL);
  if (!jxs_endpoint_check_alive (self, error))
    return FALSE;
  /* Who is not bound to encrypt could offer it, but would then not know when the stream is open: a
   * peer that does not want it says nothing. */
  if (params->optional && !starttls.initiator)
    return TRUE;
  starttls.config = self->xtls;
  params->security = jxs_starttls_security_new (&starttls);
  return TRUE;
}

/* ---- probing ---- */

/* One query, the data of its task. */
typedef struct
{
  JxsJid *peer; /* (owned) */
  JxsSecurityMethods methods;
  char *fingerprint; /* (owned) (nullable) */
} Query;

static void
query_free (gpointer data)
{
  Query *query = data;

  jxs_jid_unref (query->peer);
  g_free (query->fingerprint);
  g_free (query);
}

static void
offer_known_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Query *query = g_task_get_task_data (task);
  g_auto (JxsOffer) offer = { 0 };
  g_autoptr (GError) error = NULL;

  if (jxs_offer_responder_ask_finish (result, &offer, &error))
    {
      if (offer.n_keys > 0 || offer.insecure)
        query->methods |= JXS_SECURITY_METHODS_STARTTLS;
      else
        query->methods &= ~JXS_SECURITY_METHODS_X509;
      if (offer.srp)
        query->methods |= JXS_SECURITY_METHODS_SRP;
      for (guint i = 0; i < offer.n_keys; i++)
        if (query->fingerprint == NULL || offer.keys[i].type == G_CHECKSUM_SHA256)
          {
            g_free (query->fingerprint);
            query->fingerprint = g_strdup (offer.keys[i].fingerprint);
          }
    }
  else if (error->domain != JXS_STANZA_ERROR && error->domain != JXS_ERROR)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* Most peers do not know the question. */
  g_task_return_int (task, query->methods);
}

static void
features_known_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsEndpoint *self = g_task_get_source_object (task);
  Query *query = g_task_get_task_data (task);
  g_autoptr (GHashTable) features = jxs_disco_query_finish (JXS_DISCO (source), result, NULL);
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (!jxs_endpoint_check_alive (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (features == NULL)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_PEER_UNAVAILABLE,
                               _ ("“%s” is not online or does not want to be seen"),
                               jxs_jid_to_string (query->peer));
      return;
    }
  if (g_hash_table_contains (features, JXS_NS_XTLS))
    query->methods = JXS_SECURITY_METHODS_X509;
  if (self->responder == NULL)
    g_task_return_int (task, query->methods);
  else
    jxs_offer_responder_ask_async (self->responder,
                                   query->peer,
                                   g_task_get_cancellable (task),
                                   offer_known_cb,
                                   g_object_ref (task));
}

/**
 * jxs_endpoint_query_security_async:
 * @self: an endpoint
 * @peer: the full JID of the peer
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Asks in which ways a session with @peer could be encrypted, without opening one (XEP-0030,
 * XEP-0250 §3.2).
 *
 * The answer passes the servers, which can change it: it helps to choose between passwords and
 * fingerprints, and proves nothing. Nothing has to be asked before a session is opened.
 *
 * Since: 1.0
 */
void
jxs_endpoint_query_security_async (JxsEndpoint *self,
                                   JxsJid *peer,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Query *query;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (peer != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  query = g_new0 (Query, 1);
  g_task_set_source_tag (task, jxs_endpoint_query_security_async);
  g_task_set_task_data (task, query, query_free);
  query->peer = jxs_jid_ref (peer);
  if (jxs_endpoint_check_alive (self, &error))
    jxs_disco_query_async (
        self->disco, peer, cancellable, features_known_cb, g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/**
 * jxs_endpoint_query_security_finish:
 * @self: an endpoint
 * @result: the result
 * @fingerprint: (out) (optional) (nullable) (transfer full): the fingerprint of the certificate
 *   that the peer says it would show, in lower-case hexadecimal; %NULL unless it knows ours
 * @error: return location for an error
 *
 * Finishes asking a peer how a session with it could be encrypted.
 *
 * Returns: the ways that the peer says it can go; %JXS_SECURITY_METHODS_NONE also with an error,
 *   which is %JXS_ERROR_PEER_UNAVAILABLE if the peer is not online
 *
 * Since: 1.0
 */
JxsSecurityMethods
jxs_endpoint_query_security_finish (JxsEndpoint *self,
                                    GAsyncResult *result,
                                    char **fingerprint,
                                    GError **error)
{
  Query *query;
  gssize methods;

  g_return_val_if_fail (g_task_is_valid (result, self), JXS_SECURITY_METHODS_NONE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_endpoint_query_security_async),
                        JXS_SECURITY_METHODS_NONE);

  if (fingerprint != NULL)
    *fingerprint = NULL;
  query = g_task_get_task_data (G_TASK (result));
  methods = g_task_propagate_int (G_TASK (result), error);
  if (methods < 0)
    return JXS_SECURITY_METHODS_NONE;
  if (fingerprint != NULL)
    *fingerprint = g_steal_pointer (&query->fingerprint);
  return (JxsSecurityMethods) methods;
}
