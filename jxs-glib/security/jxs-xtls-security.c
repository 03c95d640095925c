/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-security-impl-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-peer-verdict-private.h>

G_DEFINE_FINAL_TYPE (JxsXtlsSecurity, jxs_xtls_security, JXS_TYPE_SECURITY)

/* One secure_async(). */
typedef struct
{
  GIOStream *base;            /* (owned) */
  GTlsConnection *connection; /* (owned) (nullable): once the handshake is done */
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->connection);
  g_clear_object (&job->base);
  g_free (job);
}

static void
job_fail (GTask *task, GError *error)
{
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);

  jxs_xtls_security_handle (self,
                            jxs_security_error_is_refusal (error) ? JXS_XTLS_EVENT_FAILURE
                                                                  : JXS_XTLS_EVENT_LOST);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "failed",
                  "s:error",
                  error->message,
                  NULL);
  /* Not the TLS connection: a close_notify would tell the peer of an orderly end. */
  g_io_stream_close_async (job->base, g_task_get_priority (task), NULL, NULL, NULL);
  g_task_return_error (task, error);
}

static const char *
get_level_name (JxsTrustLevel level)
{
  GEnumClass *levels = g_type_class_ref (JXS_TYPE_TRUST_LEVEL);
  const char *name = g_enum_get_value (levels, level)->value_nick;

  g_type_class_unref (levels);
  return name;
}

/* The end of what has to be decided. */
static void
deliver (GTask *task, JxsXtlsEvent event)
{
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  g_autofree char *protocol = jxs_tls_get_protocol_name (job->connection);
  g_autofree char *cipher = jxs_tls_get_cipher_name (job->connection);

  jxs_xtls_security_handle (self, event);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "secured",
                  "s:method",
                  jxs_security_method_get_name (jxs_xtls_security_get_method (self)),
                  "s:protocol",
                  protocol,
                  "s:cipher",
                  cipher,
                  "s:peer-fingerprint",
                  self->peer_fingerprint,
                  "s:trust-level",
                  get_level_name (self->level),
                  NULL);
  g_task_return_pointer (task, g_steal_pointer (&job->connection), g_object_unref);
}

static void
decided_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;

  jxs_security_set_asking (JXS_SECURITY (self), FALSE);
  self->level = jxs_peer_verdict_finish (result, &self->origin, &error);
  if (error == NULL)
    {
      deliver (task, JXS_XTLS_EVENT_TRUSTED);
      return;
    }
  /* Else the peer, who may be done since long, would only see the connection break. */
  if (jxs_security_error_is_refusal (error))
    jxs_tls_refuse (job->connection);
  job_fail (task, error);
}

static void
judge (GTask *task, GTlsCertificate *certificate)
{
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  gboolean opening = jxs_security_is_initiator (JXS_SECURITY (self));

  g_free (self->peer_fingerprint);
  self->peer_fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  jxs_xtls_security_handle (self, JXS_XTLS_EVENT_VERIFIED);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "certificate-matches",
                  "s:peer-fingerprint",
                  self->peer_fingerprint,
                  NULL);
  if (jxs_xtls_security_is_password_pending (self))
    {
      self->level = JXS_TRUST_LEVEL_UNKNOWN;
      deliver (task, JXS_XTLS_EVENT_TRUSTED);
      return;
    }
  jxs_security_set_asking (JXS_SECURITY (self), TRUE);
  jxs_peer_verdict_async (jxs_xtls_security_get_peer (self),
                          certificate,
                          self->trust,
                          jxs_security_policy_get_authorities (self->policy),
                          jxs_security_policy_get_minimum_trust (self->policy, opening),
                          g_task_get_cancellable (task),
                          decided_cb,
                          g_object_ref (task));
}

/* Within the handshake. */
static gboolean
judge_cb (GTlsCertificate *certificate, gpointer user_data, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (user_data);

  return jxs_peer_verdict_check_announced (certificate, &self->remote, error) &&
         jxs_peer_verdict_check_not_ours (certificate,
                                          self->identity,
                                          jxs_security_get_local_jid (JXS_SECURITY (self)),
                                          jxs_xtls_security_get_peer (self),
                                          error) &&
         jxs_certificate_check (certificate, jxs_xtls_security_get_peer (self), error);
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  GTlsCertificate *certificate;
  GError *error = NULL;

  job->connection = jxs_tls_handshake_finish (result, &error);
  if (job->connection == NULL)
    {
      job_fail (task, error);
      return;
    }
  if (self->method == JXS_XTLS_METHOD_SRP)
    {
      self->level = JXS_TRUST_LEVEL_VERIFIED;
      self->origin = JXS_TRUST_ORIGIN_PASSWORD;
      deliver (task, JXS_XTLS_EVENT_PROVED);
      return;
    }
  certificate = g_tls_connection_get_peer_certificate (job->connection);
  if (jxs_peer_verdict_check_announced (certificate, &self->remote, &error))
    judge (task, certificate);
  else
    job_fail (task, error);
}

static void
start_handshake (JxsXtlsSecurity *self, GTask *task)
{
  gboolean initiator = jxs_security_is_initiator (JXS_SECURITY (self));
  g_autoptr (JxsJid) local = jxs_jid_to_bare (jxs_security_get_local_jid (JXS_SECURITY (self)));
  g_autoptr (JxsJid) peer = jxs_jid_to_bare (jxs_xtls_security_get_peer (self));
  Job *job = g_task_get_task_data (task);
  JxsTlsParams params = {
    .role = initiator ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
    /* Those we call ourselves cannot be many. */
    .stranger = initiator ? NULL : jxs_jid_to_string (peer),
  };
  char *password = NULL;

  if (self->method == JXS_XTLS_METHOD_SRP)
    {
      password = jxs_passwords_take (self->passwords, peer, NULL);
      if (password == NULL)
        {
          job_fail (task,
                    g_error_new (JXS_ERROR,
                                 JXS_ERROR_AUTHENTICATION,
                                 _ ("The password for “%s” is used up: agree on a new one"),
                                 jxs_jid_to_string (peer)));
          return;
        }
      self->tried_password = TRUE;
      /* XEP-0250 §2.3 */
      params.srp_username = jxs_jid_to_string (initiator ? local : peer);
      params.srp_password = password;
    }
  else
    {
      params.certificate = jxs_identity_get_certificate (self->identity);
      params.pin = TRUE;
      params.judge = judge_cb;
      params.judge_data = self;
    }
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "handshake",
                  "s:role",
                  initiator ? "client" : "server",
                  "s:method",
                  jxs_security_method_get_name (jxs_xtls_security_get_method (self)),
                  NULL);
  jxs_tls_handshake_async (job->base,
                           &params,
                           g_task_get_priority (task),
                           g_task_get_cancellable (task),
                           handshake_cb,
                           g_object_ref (task));
  jxs_password_free (password);
}

static void
jxs_xtls_security_secure_async (JxsSecurity *security,
                                GIOStream *base,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, jxs_xtls_security_secure_async);
  /* A connection that is there is handed out, never dropped open. */
  g_task_set_check_cancellable (task, FALSE);
  job->base = g_object_ref (base);
  g_task_set_task_data (task, job, job_free);

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    {
      job_fail (task, g_steal_pointer (&error));
      return;
    }
  switch (jxs_xtls_security_handle (self, JXS_XTLS_EVENT_READY))
    {
    case JXS_XTLS_ACTION_HANDSHAKE:
      start_handshake (self, task);
      break;
    case JXS_XTLS_ACTION_DELIVER_PLAIN:
      g_task_return_pointer (task, g_object_ref (base), g_object_unref);
      break;
    case JXS_XTLS_ACTION_NONE:
    case JXS_XTLS_ACTION_REFUSE:
    case JXS_XTLS_ACTION_ASK_TRUST:
    case JXS_XTLS_ACTION_DELIVER:
    case JXS_XTLS_ACTION_ABANDON:
    default:
      job_fail (task,
                self->refusal != NULL
                    ? g_error_copy (self->refusal)
                    : g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_SECURITY,
                                           _ ("No encryption was agreed on with the peer")));
    }
}

static GIOStream *
jxs_xtls_security_secure_finish (JxsSecurity *security, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, security), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xtls_security_secure_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
jxs_xtls_security_finalize (GObject *object)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (object);

  g_clear_object (&self->identity);
  g_clear_object (&self->trust);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->passwords, jxs_passwords_unref);
  jxs_xtls_clear (&self->remote);
  g_clear_error (&self->refusal);
  g_free (self->peer_fingerprint);

  G_OBJECT_CLASS (jxs_xtls_security_parent_class)->finalize (object);
}

static void
jxs_xtls_security_class_init (JxsXtlsSecurityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  JxsSecurityClass *security_class = JXS_SECURITY_CLASS (klass);

  object_class->finalize = jxs_xtls_security_finalize;
  security_class->build = jxs_xtls_security_build;
  security_class->set_remote = jxs_xtls_security_set_remote;
  security_class->handle_info = jxs_xtls_security_handle_info;
  security_class->secure_async = jxs_xtls_security_secure_async;
  security_class->secure_finish = jxs_xtls_security_secure_finish;
}

static void
jxs_xtls_security_init (JxsXtlsSecurity *self)
{
}

JxsSecurity *
jxs_xtls_security_create (
    JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer config)
{
  const JxsXtlsConfig *xtls = config;
  JxsXtlsSecurity *self = g_object_new (JXS_TYPE_XTLS_SECURITY,
                                        "local-jid",
                                        local,
                                        "peer-jid",
                                        peer,
                                        "initiator",
                                        initiator,
                                        "trace",
                                        trace,
                                        NULL);

  self->identity = g_object_ref (xtls->identity);
  self->trust = g_object_ref (xtls->trust);
  self->policy = jxs_security_policy_copy (xtls->policy);
  self->passwords = jxs_passwords_ref (xtls->passwords);
  self->supports_srp = xtls->supports_srp;
  self->allows_starttls = !initiator && (jxs_security_policy_get_methods (self->policy) &
                                         JXS_SECURITY_METHODS_STARTTLS) != 0;
  return JXS_SECURITY (self);
}

JxsTrustLevel
jxs_xtls_security_get_trust_level (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), JXS_TRUST_LEVEL_DISTRUSTED);

  return self->level;
}

const char *
jxs_xtls_security_get_peer_fingerprint (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), NULL);

  return self->peer_fingerprint;
}

JxsTrustOrigin
jxs_xtls_security_get_trust_origin (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), JXS_TRUST_ORIGIN_NONE);

  return self->origin;
}

JxsSecurityMethods
jxs_xtls_security_get_method (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), JXS_SECURITY_METHODS_NONE);

  if (self->method == JXS_XTLS_METHOD_X509)
    return JXS_SECURITY_METHODS_X509;
  if (self->method == JXS_XTLS_METHOD_SRP)
    return JXS_SECURITY_METHODS_SRP;
  return JXS_SECURITY_METHODS_NONE;
}

gboolean
jxs_xtls_security_is_password_pending (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return self->method == JXS_XTLS_METHOD_X509 && self->has_password;
}

gboolean
jxs_xtls_security_is_plain (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return self->machine.state == JXS_XTLS_STATE_PLAIN;
}

JxsSecurityPolicy *
jxs_xtls_security_get_policy (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), NULL);

  return self->policy;
}

gboolean
jxs_xtls_security_tried_password (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return self->tried_password;
}
