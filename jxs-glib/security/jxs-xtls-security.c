/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-security-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-peer-verdict-private.h>
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
  gboolean allows_starttls; /* where XTLS is not spoken */

  JxsXtlsMachine machine;
  JxsXtls remote;         /* what the peer announced */
  JxsXtlsMethods offered; /* what we did, as the initiator */
  JxsXtlsMethods method;  /* the one agreed on, 0 before */
  gboolean has_password;  /* when we offered or answered */
  JxsPasswordKind password_kind;
  GError *refusal; /* (owned) (nullable): why the negotiation failed */

  JxsTrustLevel level;
  JxsTrustOrigin origin;
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

static JxsJid *
get_peer (JxsXtlsSecurity *self)
{
  return jxs_security_get_peer_jid (JXS_SECURITY (self));
}

static const char *
get_peer_name (JxsXtlsSecurity *self)
{
  return jxs_jid_to_string (get_peer (self));
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

/* What went wrong stays wrong. Takes refusal. */
static gboolean
refuse_with (JxsXtlsSecurity *self, GError **error, GError *refusal)
{
  handle (self, JXS_XTLS_EVENT_FAILURE);
  jxs_trace_emit (jxs_security_get_trace (JXS_SECURITY (self)),
                  "security",
                  "refused",
                  "s:error",
                  refusal->message,
                  NULL);
  g_clear_error (&self->refusal);
  self->refusal = g_error_copy (refusal);
  g_propagate_error (error, refusal);
  return FALSE;
}

/* format: names the peer, and nothing else */
G_GNUC_PRINTF (3, 4)
static gboolean
refuse (JxsXtlsSecurity *self, GError **error, const char *format, ...)
{
  va_list args;
  GError *refusal;

  va_start (args, format);
  refusal = g_error_new_valist (JXS_ERROR, JXS_ERROR_SECURITY, format, args);
  va_end (args);
  return refuse_with (self, error, refusal);
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

/* ---- negotiation ---- */

/* What the policy and the TLS library let us do, with a password. */
static JxsXtlsMethods
get_possible_methods (JxsXtlsSecurity *self)
{
  const JxsSecurityMethods allowed = jxs_security_policy_get_methods (self->policy);
  JxsXtlsMethods methods = 0;

  if ((allowed & JXS_SECURITY_METHODS_X509) != 0)
    methods |= JXS_XTLS_METHOD_X509;
  if ((allowed & JXS_SECURITY_METHODS_SRP) != 0 && self->supports_srp ())
    methods |= JXS_XTLS_METHOD_SRP;
  return methods;
}

/* One that is set later is for the next session. */
static JxsXtlsMethods
look_for_password (JxsXtlsSecurity *self)
{
  self->has_password = jxs_passwords_has (self->passwords, get_peer (self), &self->password_kind);
  return get_possible_methods (self) & ~(self->has_password ? 0 : JXS_XTLS_METHOD_SRP);
}

static gboolean
needs_srp (JxsXtlsSecurity *self)
{
  return self->has_password && self->password_kind == JXS_PASSWORD_SHORT;
}

static gboolean
refuse_without_srp (JxsXtlsSecurity *self, GError **error)
{
  if ((get_possible_methods (self) & JXS_XTLS_METHOD_SRP) == 0)
    return refuse (
        self,
        error,
        _ ("The password for “%s” cannot be used: the security policy or the TLS library "
           "does not allow SRP"),
        get_peer_name (self));
  return refuse (self,
                 error,
                 _ ("“%s” did not enter the password, or cannot use one"),
                 get_peer_name (self));
}

/* Between what the peer announced and what we can; a password that is there is never passed over:
 * who removes srp from the negotiation gains nothing. */
static gboolean
choose (JxsXtlsSecurity *self, JxsXtlsMethods ours, GError **error)
{
  const JxsXtlsMethods common = ours & self->remote.methods;

  if ((common & JXS_XTLS_METHOD_SRP) != 0)
    {
      self->method = JXS_XTLS_METHOD_SRP;
      return TRUE;
    }
  if (needs_srp (self))
    return refuse_without_srp (self, error);
  if ((common & JXS_XTLS_METHOD_X509) == 0)
    {
      if (!self->has_password && (self->remote.methods & JXS_XTLS_METHOD_SRP) != 0)
        return refuse (self,
                       error,
                       _ ("“%s” asks for a password, and none was entered here"),
                       get_peer_name (self));
      return refuse (self,
                     error,
                     _ ("“%s” offers no way of encryption that is supported and allowed here"),
                     get_peer_name (self));
    }
  if (!jxs_xtls_has_fingerprint (&self->remote))
    return refuse (self,
                   error,
                   _ ("“%s” announced no fingerprint its certificate could be checked with"),
                   get_peer_name (self));
  self->method = JXS_XTLS_METHOD_X509;
  return TRUE;
}

static JxsElement *
jxs_xtls_security_build (JxsSecurity *security)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  gboolean initiator = jxs_security_is_initiator (security);
  g_auto (JxsXtls) local = { 0 };

  if (self->machine.state == JXS_XTLS_STATE_PLAIN)
    return NULL;
  if (initiator)
    {
      self->offered = look_for_password (self);
      local.methods = self->offered;
      if (local.methods == 0)
        {
          handle (self, JXS_XTLS_EVENT_OFFER);
          return NULL;
        }
    }
  else
    {
      if (!choose (self, look_for_password (self), NULL))
        return NULL; /* secure_async() tells why */
      local.methods = self->method;
    }
  handle (self, initiator ? JXS_XTLS_EVENT_OFFER : JXS_XTLS_EVENT_ANSWER);

  /* Answered as asked; a peer of the first drafts would not find a newer form. */
  if (!initiator && self->remote.form == JXS_XTLS_FORM_OFFER)
    local.form = JXS_XTLS_FORM_OFFER;
  if ((local.methods & JXS_XTLS_METHOD_X509) != 0)
    {
      local.fingerprints[G_CHECKSUM_SHA1] =
          jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA1);
      if (local.form == JXS_XTLS_FORM_CURRENT)
        local.fingerprints[G_CHECKSUM_SHA256] =
            jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA256);
    }
  return jxs_xtls_build (&local);
}

/* Tells the responder the method before TLS shows it (jingle-xtls §4). */
static void
send_choice (JxsXtlsSecurity *self)
{
  JxsXtls choice = { .methods = self->method };
  g_autoptr (JxsElement) security = NULL;

  if (self->remote.form == JXS_XTLS_FORM_OFFER)
    choice.form = JXS_XTLS_FORM_ATTRIBUTE;
  security = jxs_xtls_build (&choice);
  handle (self, JXS_XTLS_EVENT_CHOICE);
  jxs_security_send_info (JXS_SECURITY (self), security);
}

/* The peer's initiate or accept is without <security/>. */
static gboolean
take_no_security (JxsXtlsSecurity *self, GError **error)
{
  if (self->has_password && !(self->allows_starttls && self->password_kind == JXS_PASSWORD_STRONG))
    return refuse_without_srp (self, error);
  if (!self->allows_starttls)
    {
      if (jxs_trust_is_known (self->trust, get_peer (self)))
        return refuse (self,
                       error,
                       _ ("“%s” does not encrypt, although its key is known; somebody may be "
                          "interfering"),
                       get_peer_name (self));
      if (jxs_security_policy_get_require_encryption (self->policy))
        return refuse (self,
                       error,
                       _ ("“%s” does not encrypt, but encryption is required"),
                       get_peer_name (self));
    }
  handle (self, JXS_XTLS_EVENT_NO_SECURITY);
  return TRUE;
}

static gboolean
jxs_xtls_security_set_remote (JxsSecurity *security, JxsElement *element, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  gboolean initiator = jxs_security_is_initiator (security);
  g_auto (JxsXtls) remote = { 0 };

  /* We offered none, but the responder does (XEP-0247 0.2 §2). */
  if (initiator && element != NULL && self->machine.state == JXS_XTLS_STATE_NONE)
    {
      self->offered = look_for_password (self);
      handle (self, JXS_XTLS_EVENT_OFFER);
    }
  if (self->machine.state != (initiator ? JXS_XTLS_STATE_OFFERED : JXS_XTLS_STATE_NONE))
    return out_of_order (error);

  if (element == NULL)
    return take_no_security (self, error);

  if (!jxs_xtls_parse (element, &remote, error))
    return FALSE;
  jxs_xtls_clear (&self->remote);
  self->remote = remote;
  remote = (JxsXtls){ 0 };
  if (!initiator)
    {
      /* A password may be entered before the answer; that a person has to accept first is no reason
       * to show what cannot be accepted. */
      if ((self->remote.methods & get_possible_methods (self)) == 0 ||
          ((self->remote.methods & JXS_XTLS_METHOD_SRP) == 0 &&
           !jxs_xtls_has_fingerprint (&self->remote)))
        return choose (self, get_possible_methods (self), error);
      handle (self, JXS_XTLS_EVENT_OFFER);
      return TRUE;
    }
  if (!choose (self, self->offered, error))
    return FALSE;
  handle (self, JXS_XTLS_EVENT_ANSWER);
  send_choice (self);
  return TRUE;
}

/* What a security-info may choose. */
static JxsXtlsMethods
get_open_methods (JxsXtlsSecurity *self)
{
  if (self->method != 0)
    return self->method;
  return self->machine.state == JXS_XTLS_STATE_OFFERED
             ? self->remote.methods & get_possible_methods (self)
             : ~0u;
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
  if ((info.methods & get_open_methods (self)) == 0)
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_NOT_ACCEPTABLE,
                           "The chosen security method is not the one agreed on");
      return FALSE;
    }
  if (handle (self, JXS_XTLS_EVENT_CHOICE) == JXS_XTLS_ACTION_REFUSE)
    return out_of_order (error);
  return TRUE;
}

/* ---- the handshake ---- */

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

/* The end of what has to be decided. */
static void
deliver (GTask *task, JxsXtlsEvent event)
{
  JxsXtlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  g_autofree char *protocol = jxs_tls_get_protocol_name (job->connection);
  g_autofree char *cipher = jxs_tls_get_cipher_name (job->connection);

  handle (self, event);
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
  handle (self, JXS_XTLS_EVENT_VERIFIED);
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
  jxs_peer_verdict_async (get_peer (self),
                          certificate,
                          self->trust,
                          jxs_security_policy_get_authorities (self->policy),
                          jxs_security_policy_get_minimum_trust (self->policy, opening),
                          g_task_get_cancellable (task),
                          decided_cb,
                          g_object_ref (task));
}

/* Whoever sends back to us what we say has our certificate, and we hold the key. Only devices of
 * one account may share one. */
static gboolean
check_not_ours (JxsXtlsSecurity *self, GTlsCertificate *certificate, GError **error)
{
  JxsJid *local = jxs_security_get_local_jid (JXS_SECURITY (self));

  if (!g_tls_certificate_is_same (certificate, jxs_identity_get_certificate (self->identity)) ||
      (local != NULL && jxs_jid_equal_bare (local, get_peer (self))))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("“%s” showed our own key: somebody sends back to us what we say"),
               get_peer_name (self));
  return FALSE;
}

/* Within the handshake. */
static gboolean
judge_cb (GTlsCertificate *certificate, gpointer user_data, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (user_data);

  return jxs_peer_verdict_check_announced (certificate, &self->remote, error) &&
         check_not_ours (self, certificate, error) &&
         jxs_certificate_check (certificate, get_peer (self), error);
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
  g_autoptr (JxsJid) peer = jxs_jid_to_bare (get_peer (self));
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
                                 JXS_ERROR_SECURITY,
                                 _ ("The password for “%s” is used up: agree on a new one"),
                                 jxs_jid_to_string (peer)));
          return;
        }
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

void
jxs_xtls_security_allow_starttls (JxsXtlsSecurity *self)
{
  g_return_if_fail (JXS_IS_XTLS_SECURITY (self));

  self->allows_starttls =
      (jxs_security_policy_get_methods (self->policy) & JXS_SECURITY_METHODS_STARTTLS) != 0;
}

gboolean
jxs_xtls_security_check_answer (JxsXtlsSecurity *self, GError **error)
{
  JxsXtlsMethods ours;

  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  ours = look_for_password (self);
  if (self->machine.state == JXS_XTLS_STATE_PLAIN)
    return !needs_srp (self) || refuse_without_srp (self, error);
  return self->machine.state != JXS_XTLS_STATE_OFFERED || choose (self, ours, error);
}

gboolean
jxs_xtls_security_offers_password (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return (self->remote.methods & get_possible_methods (self) & JXS_XTLS_METHOD_SRP) != 0;
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
