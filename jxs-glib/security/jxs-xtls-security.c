/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-security-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/security/jxs-xtls-machine-private.h>

struct _JxsXtlsSecurity
{
  JxsSecurity parent_instance;

  JxsIdentity *identity;     /* (owned) */
  JxsTrust *trust;           /* (owned) */
  JxsSecurityPolicy *policy; /* (owned): of when the session began */
  JxsPasswords *passwords;   /* (owned) */
  gboolean (*supports_srp) (void);

  JxsXtlsMachine machine;
  JxsXtls remote; /* what the peer announced */

  JxsTrustLevel level;
  JxsTrustOrigin origin;
  JxsSecurityMethods method;
  gboolean password_pending;
  char *peer_fingerprint; /* (owned) (nullable) */
};

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

static JxsXtlsAction
handle (JxsXtlsSecurity *self, JxsXtlsEvent event)
{
  JxsXtlsState before = self->machine.state;
  JxsXtlsAction action = jxs_xtls_machine_handle (&self->machine, event);

  if (self->machine.state != before)
    jxs_log_debug (self,
                   "%s -> %s",
                   jxs_xtls_state_to_name (before),
                   jxs_xtls_state_to_name (self->machine.state));
  return action;
}

static gboolean
refuse (JxsXtlsSecurity *self, GError **error, const char *message)
{
  handle (self, JXS_XTLS_EVENT_FAILURE);
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_SECURITY, message);
  return FALSE;
}

static gboolean
out_of_order (GError **error)
{
  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
                       "The security precondition is not to be negotiated now");
  return FALSE;
}

static JxsElement *
jxs_xtls_security_build (JxsSecurity *security)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  gboolean initiator = jxs_security_is_initiator (security);
  g_auto (JxsXtls) local = { 0 };

  if (self->machine.state == JXS_XTLS_STATE_PLAIN)
    return NULL;
  handle (self, initiator ? JXS_XTLS_EVENT_OFFER : JXS_XTLS_EVENT_ANSWER);

  /* Answered as asked; a peer of the first drafts would not find a newer form. */
  if (!initiator && self->remote.form == JXS_XTLS_FORM_OFFER)
    local.form = JXS_XTLS_FORM_OFFER;
  local.methods = JXS_XTLS_METHOD_X509;
  local.fingerprints[G_CHECKSUM_SHA1] =
      jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA1);
  if (local.form == JXS_XTLS_FORM_CURRENT)
    local.fingerprints[G_CHECKSUM_SHA256] =
        jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA256);
  return jxs_xtls_build (&local);
}

/* Tells the responder the method before TLS shows it (jingle-xtls §4). */
static void
send_choice (JxsXtlsSecurity *self)
{
  JxsXtls choice = { .methods = JXS_XTLS_METHOD_X509 };
  g_autoptr (JxsElement) security = NULL;

  if (self->remote.form == JXS_XTLS_FORM_OFFER)
    choice.form = JXS_XTLS_FORM_ATTRIBUTE;
  security = jxs_xtls_build (&choice);
  handle (self, JXS_XTLS_EVENT_CHOICE);
  jxs_security_send_info (JXS_SECURITY (self), security);
}

static gboolean
jxs_xtls_security_set_remote (JxsSecurity *security, JxsElement *element, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  gboolean initiator = jxs_security_is_initiator (security);
  g_auto (JxsXtls) remote = { 0 };

  /* We offered none, but the responder does (XEP-0247 0.2 §2). */
  if (initiator && element != NULL && self->machine.state == JXS_XTLS_STATE_NONE)
    handle (self, JXS_XTLS_EVENT_OFFER);
  if (self->machine.state != (initiator ? JXS_XTLS_STATE_OFFERED : JXS_XTLS_STATE_NONE))
    return out_of_order (error);

  if (element == NULL)
    {
      if (jxs_trust_is_known (self->trust, jxs_security_get_peer_jid (security)))
        return refuse (self,
                       error,
                       _ ("The peer does not encrypt, although its key is known; somebody may be "
                          "interfering"));
      if (jxs_security_policy_get_require_encryption (self->policy))
        return refuse (self, error, _ ("The peer does not encrypt, but encryption is required"));
      handle (self, JXS_XTLS_EVENT_NO_SECURITY);
      return TRUE;
    }

  if (!jxs_xtls_parse (element, &remote, error))
    return FALSE;
  if ((remote.methods & JXS_XTLS_METHOD_X509) == 0)
    return refuse (self, error, _ ("The peer offers no way of encryption that is supported"));
  if (!jxs_xtls_has_fingerprint (&remote))
    return refuse (self,
                   error,
                   _ ("The peer announced no fingerprint its certificate could be checked with"));

  jxs_xtls_clear (&self->remote);
  self->remote = remote;
  remote = (JxsXtls){ 0 };
  handle (self, initiator ? JXS_XTLS_EVENT_ANSWER : JXS_XTLS_EVENT_OFFER);
  if (initiator)
    send_choice (self);
  return TRUE;
}

static gboolean
jxs_xtls_security_handle_info (JxsSecurity *security, JxsElement *element, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  g_auto (JxsXtls) info = { 0 };

  if (!jxs_xtls_parse (element, &info, error))
    return FALSE;
  /* What was announced with the offer or answer stands: were it to change now, whoever changes it
   * would only have to wait for that check to pass. */
  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    if (info.fingerprints[i] != NULL &&
        g_strcmp0 (info.fingerprints[i], self->remote.fingerprints[i]) != 0)
      {
        g_set_error_literal (error,
                             JXS_STANZA_ERROR,
                             JXS_STANZA_ERROR_NOT_ALLOWED,
                             "The fingerprint cannot be changed within a session");
        return FALSE;
      }
  if ((info.methods & JXS_XTLS_METHOD_X509) == 0)
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_NOT_ACCEPTABLE,
                           "The chosen security method was not offered");
      return FALSE;
    }
  if (handle (self, JXS_XTLS_EVENT_CHOICE) == JXS_XTLS_ACTION_REFUSE)
    return out_of_order (error);
  return TRUE;
}

static void
job_fail (GTask *task, GError *error)
{
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);

  handle (self,
          jxs_security_error_is_refusal (error) ? JXS_XTLS_EVENT_FAILURE : JXS_XTLS_EVENT_LOST);
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

static void
decided_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  g_autofree char *protocol = NULL;
  g_autofree char *cipher = NULL;
  GError *error = NULL;

  jxs_security_set_asking (JXS_SECURITY (self), FALSE);
  self->level = jxs_trust_decide_finish (self->trust, result, &error);
  if (self->level < JXS_TRUST_LEVEL_FIRST_USE)
    {
      job_fail (task, error);
      return;
    }

  handle (self, JXS_XTLS_EVENT_TRUSTED);
  protocol = jxs_tls_get_protocol_name (job->connection);
  cipher = jxs_tls_get_cipher_name (job->connection);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "secured",
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

/* Every announced digest must be that of the certificate the peer showed. */
static gboolean
check_certificate (JxsXtlsSecurity *self, GTlsCertificate *certificate, GError **error)
{
  if (certificate == NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_SECURITY,
                           _ ("The peer showed no certificate"));
      return FALSE;
    }
  for (gsize type = 0; type < JXS_XTLS_N_DIGESTS; type++)
    if (self->remote.fingerprints[type] != NULL &&
        !jxs_fingerprint_matches (self->remote.fingerprints[type], type, certificate))
      {
        g_autofree char *actual = jxs_fingerprint_compute (certificate, type);
        g_autofree char *shown = jxs_fingerprint_to_text (actual);
        g_autofree char *announced = jxs_fingerprint_to_text (self->remote.fingerprints[type]);

        g_set_error (error,
                     JXS_ERROR,
                     JXS_ERROR_SECURITY,
                     _ ("The peer showed another certificate than it announced: %s instead of %s; "
                        "somebody may be listening in"),
                     shown,
                     announced);
        return FALSE;
      }
  return TRUE;
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
  certificate = g_tls_connection_get_peer_certificate (job->connection);
  if (!check_certificate (self, certificate, &error))
    {
      job_fail (task, error);
      return;
    }

  g_free (self->peer_fingerprint);
  self->peer_fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  handle (self, JXS_XTLS_EVENT_VERIFIED);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "certificate-matches",
                  "s:peer-fingerprint",
                  self->peer_fingerprint,
                  NULL);
  jxs_security_set_asking (JXS_SECURITY (self), TRUE);
  jxs_trust_decide_async (self->trust,
                          jxs_security_get_peer_jid (JXS_SECURITY (self)),
                          certificate,
                          JXS_TRUST_ORIGIN_NONE,
                          JXS_TRUST_LEVEL_FIRST_USE,
                          g_task_get_cancellable (task),
                          decided_cb,
                          g_object_ref (task));
}

static void
start_handshake (JxsXtlsSecurity *self, GTask *task)
{
  gboolean initiator = jxs_security_is_initiator (JXS_SECURITY (self));
  g_autoptr (JxsJid) peer = jxs_jid_to_bare (jxs_security_get_peer_jid (JXS_SECURITY (self)));
  Job *job = g_task_get_task_data (task);
  const JxsTlsParams params = {
    .role = initiator ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
    .certificate = jxs_identity_get_certificate (self->identity),
    .pin = TRUE,
    /* Those we call ourselves cannot be many. */
    .stranger = initiator ? NULL : jxs_jid_to_string (peer),
  };

  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "handshake",
                  "s:role",
                  initiator ? "client" : "server",
                  NULL);
  jxs_tls_handshake_async (job->base,
                           &params,
                           g_task_get_priority (task),
                           g_task_get_cancellable (task),
                           handshake_cb,
                           g_object_ref (task));
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
  switch (handle (self, JXS_XTLS_EVENT_READY))
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
                g_error_new_literal (JXS_ERROR,
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

  return self->method;
}

gboolean
jxs_xtls_security_is_password_pending (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return self->password_pending;
}
