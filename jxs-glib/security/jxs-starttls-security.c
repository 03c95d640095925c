/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-starttls-security-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-offer-codec-private.h>
#include <jxs-glib/security/jxs-peer-verdict-private.h>

typedef enum
{
  METHOD_NONE = 0,
  METHOD_X509 = 1 << 0,
  METHOD_SRP = 1 << 1,
} Methods;

struct _JxsStarttlsSecurity
{
  JxsStreamSecurity parent_instance;

  JxsIdentity *identity;     /* (owned) */
  JxsTrust *trust;           /* (owned) */
  JxsSecurityPolicy *policy; /* (owned) */
  JxsPasswords *passwords;   /* (owned) */
  gboolean can_srp;
  JxsJid *local;    /* (owned) */
  JxsJid *peer;     /* (owned) */
  JxsJid *username; /* (owned): for passwords: the initiator's bare address (XEP-0250 §2.3) */
  gboolean initiator;
  gboolean over_xtls;
  JxsTrace *trace;     /* (owned) (nullable) */
  GTlsConnection *tls; /* (owned) (nullable) */

  gboolean has_password;
  JxsPasswordKind password_kind;
  gboolean spoke;     /* a first offer of ours was built, or of the peer's was seen */
  gboolean has_offer; /* the peer's */
  JxsOffer offer;     /* the peer's first */
  Methods offered;    /* by us */
  Methods method;     /* agreed on */

  char *local_fingerprint; /* (owned) */
  char *peer_fingerprint;  /* (owned) (nullable) */
  JxsTrustLevel level;
  JxsTrustOrigin origin;
};

G_DEFINE_FINAL_TYPE (JxsStarttlsSecurity, jxs_starttls_security, JXS_TYPE_STREAM_SECURITY)

/* ---- what is to be done ---- */

static gboolean
jxs_starttls_security_needs_tls (JxsStreamSecurity *security)
{
  return !JXS_STARTTLS_SECURITY (security)->over_xtls;
}

static gboolean
needs_srp (JxsStarttlsSecurity *self)
{
  return self->has_password && self->password_kind == JXS_PASSWORD_SHORT;
}

static gboolean
jxs_starttls_security_demands_password (JxsStreamSecurity *security)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);

  return self->method == METHOD_NONE ? needs_srp (self) : self->has_password;
}

/* With a password, what it needs; never a way around it. */
static Methods
get_possible_methods (JxsStarttlsSecurity *self)
{
  Methods methods = needs_srp (self) ? METHOD_NONE : METHOD_X509;

  if (self->has_password && self->can_srp)
    methods |= METHOD_SRP;
  return methods;
}

static Methods
get_methods (const JxsOffer *offer)
{
  return (offer->n_keys > 0 ? METHOD_X509 : 0) | (offer->srp ? METHOD_SRP : 0);
}

/* SRP where both can: it proves the password before anything else is said. */
static Methods
choose (Methods common)
{
  return (common & METHOD_SRP) != 0 ? METHOD_SRP : common & METHOD_X509;
}

static JxsElement *
jxs_starttls_security_build_offer (JxsStreamSecurity *security)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);
  Methods methods = get_possible_methods (self);
  g_auto (JxsOffer) offer = { 0 };

  if (self->spoke && !self->has_offer)
    return NULL; /* it would not be understood (XEP-0250 §3.3.1) */
  if (self->spoke)
    methods = self->initiator ? methods & get_methods (&self->offer) : self->method;
  self->spoke = TRUE;
  self->offered = methods;
  if ((methods & METHOD_X509) != 0)
    {
      g_autofree char *sha1 = jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA1);

      jxs_offer_add_key (&offer, G_CHECKSUM_SHA1, sha1);
      jxs_offer_add_key (&offer, G_CHECKSUM_SHA256, self->local_fingerprint);
    }
  offer.srp = (methods & METHOD_SRP) != 0;
  return jxs_offer_build (&offer);
}

G_GNUC_PRINTF (3, 4)
static gboolean
refuse_code (GError **error, JxsError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (JXS_ERROR, code, format, args));
  va_end (args);
  return FALSE;
}

#define refuse(error, ...) refuse_code (error, JXS_ERROR_SECURITY, __VA_ARGS__)

static gboolean
refuse_methods (JxsStarttlsSecurity *self, Methods theirs, GError **error)
{
  const char *name = jxs_jid_to_string (self->peer);

  if (self->has_password && !self->can_srp)
    return refuse (
        error,
        _ ("The password for “%s” cannot be used: the security policy or the TLS library "
           "does not allow SRP"),
        name);
  if (self->has_password)
    return refuse_code (error,
                        JXS_ERROR_AUTHENTICATION,
                        _ ("“%s” did not enter the password, or cannot use one"),
                        name);
  if ((theirs & METHOD_SRP) != 0)
    return refuse (error, _ ("“%s” asks for a password, and none was entered here"), name);
  return refuse (error,
                 _ ("“%s” offers no way of encryption that is supported and allowed here"),
                 name);
}

/* The first offer of the peer: what can be done at all. */
static gboolean
take_first (JxsStarttlsSecurity *self, JxsElement *element, GError **error)
{
  Methods theirs = METHOD_X509;
  Methods common;

  self->has_offer = element != NULL;
  if (element != NULL)
    {
      jxs_offer_parse (element, &self->offer);
      theirs = get_methods (&self->offer);
    }
  common = theirs & get_possible_methods (self);
  if (common == METHOD_NONE)
    return refuse_methods (self, theirs, error);
  self->spoke = TRUE;
  self->method = choose (common);
  return TRUE;
}

/* The receiver's choice, in <proceed/>. */
static gboolean
take_choice (JxsStarttlsSecurity *self, JxsElement *element, GError **error)
{
  g_auto (JxsOffer) choice = { 0 };

  if (element == NULL && (!self->has_offer || (self->offered & METHOD_X509) != 0))
    {
      self->method = METHOD_X509;
      return TRUE;
    }
  if (element != NULL)
    jxs_offer_parse (element, &choice);
  for (guint i = 0; i < choice.n_keys; i++)
    if (!jxs_offer_has_key (&self->offer, choice.keys[i].type, choice.keys[i].fingerprint))
      return refuse (error,
                     _ ("“%s” chose another certificate than it offered; somebody may be "
                        "interfering"),
                     jxs_jid_to_string (self->peer));
  self->method = choose (self->offered & get_methods (&choice));
  if (self->method == METHOD_NONE)
    return refuse (error,
                   _ ("“%s” chose a way of encryption that was not offered; somebody may be "
                      "interfering"),
                   jxs_jid_to_string (self->peer));
  return TRUE;
}

static gboolean
jxs_starttls_security_set_offer (JxsStreamSecurity *security, JxsElement *offer, GError **error)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);

  /* A receiver has spoken first, but has heard nothing yet. */
  return self->initiator && self->spoke ? take_choice (self, offer, error)
                                        : take_first (self, offer, error);
}

/* ---- the handshake ---- */

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
  JxsStarttlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);

  jxs_trace_emit (self->trace, "security", "failed", "s:error", error->message, NULL);
  /* Not the TLS connection: a close_notify would tell the peer of an orderly end. */
  g_io_stream_close_async (job->base, g_task_get_priority (task), NULL, NULL, NULL);
  g_task_return_error (task, error);
}

static gboolean
is_password_pending (JxsStarttlsSecurity *self)
{
  return self->has_password && self->method == METHOD_X509;
}

static void
deliver (GTask *task)
{
  JxsStarttlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  g_autofree char *protocol = jxs_tls_get_protocol_name (job->connection);
  g_autofree char *cipher = jxs_tls_get_cipher_name (job->connection);

  g_set_object (&self->tls, job->connection);
  jxs_trace_emit (self->trace,
                  "security",
                  "secured",
                  "s:method",
                  "starttls",
                  "s:protocol",
                  protocol,
                  "s:cipher",
                  cipher,
                  "s:peer-fingerprint",
                  self->peer_fingerprint,
                  NULL);
  g_task_return_pointer (task, g_steal_pointer (&job->connection), g_object_unref);
}

static void
decided_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsStarttlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;

  self->level = jxs_peer_verdict_finish (result, &self->origin, &error);
  if (error == NULL)
    {
      deliver (task);
      return;
    }
  /* Else the peer, who may be done since long, would only see the connection break. */
  if (jxs_security_error_is_refusal (error))
    jxs_tls_refuse (job->connection);
  job_fail (task, error);
}

static void
ask_verdict (JxsStarttlsSecurity *self,
             GTlsConnection *tls,
             JxsTrustLevel minimum,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             GTask *task)
{
  jxs_peer_verdict_async (self->peer,
                          g_tls_connection_get_peer_certificate (tls),
                          self->trust,
                          jxs_security_policy_get_authorities (self->policy),
                          minimum,
                          cancellable,
                          callback,
                          g_object_ref (task));
}

/* Within the handshake. */
static gboolean
judge_cb (GTlsCertificate *certificate, gpointer user_data, GError **error)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (user_data);

  if (!jxs_offer_matches (&self->offer, certificate))
    return refuse (error,
                   _ ("“%s” showed another certificate than it announced; somebody may be "
                      "listening in"),
                   jxs_jid_to_string (self->peer));
  return jxs_peer_verdict_check_not_ours (
             certificate, self->identity, self->local, self->peer, error) &&
         jxs_certificate_check (certificate, self->peer, error);
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsStarttlsSecurity *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);
  GTlsCertificate *certificate;
  GError *error = NULL;

  job->connection = jxs_tls_handshake_finish (result, &error);
  if (job->connection == NULL)
    {
      job_fail (task, error);
      return;
    }
  if (self->method == METHOD_SRP)
    {
      self->level = JXS_TRUST_LEVEL_VERIFIED;
      self->origin = JXS_TRUST_ORIGIN_PASSWORD;
      deliver (task);
      return;
    }
  certificate = g_tls_connection_get_peer_certificate (job->connection);
  self->peer_fingerprint = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA256);
  jxs_trace_emit (self->trace,
                  "security",
                  self->has_offer ? "certificate-matches" : "certificate-unannounced",
                  "s:peer-fingerprint",
                  self->peer_fingerprint,
                  NULL);
  self->level = JXS_TRUST_LEVEL_UNKNOWN;
  if (is_password_pending (self))
    deliver (task);
  else
    ask_verdict (self,
                 job->connection,
                 jxs_security_policy_get_minimum_trust (self->policy, self->initiator),
                 g_task_get_cancellable (task),
                 decided_cb,
                 task);
}

static void
jxs_starttls_security_secure_async (JxsStreamSecurity *security,
                                    GIOStream *base,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (self->peer);
  Job *job = g_new0 (Job, 1);
  JxsTlsParams params = {
    .role = self->initiator ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
    /* Those we call ourselves cannot be many. */
    .stranger = self->initiator ? NULL : jxs_jid_to_string (bare),
  };
  char *password = NULL;

  g_task_set_source_tag (task, jxs_starttls_security_secure_async);
  /* A connection that is there is handed out, never dropped open. */
  g_task_set_check_cancellable (task, FALSE);
  job->base = g_object_ref (base);
  g_task_set_task_data (task, job, job_free);
  jxs_trace_emit (self->trace,
                  "security",
                  "handshake",
                  "s:role",
                  self->initiator ? "client" : "server",
                  "s:method",
                  "starttls",
                  NULL);
  if (self->method == METHOD_SRP)
    {
      password = jxs_passwords_take (self->passwords, self->peer, NULL);
      if (password == NULL)
        {
          job_fail (task,
                    g_error_new (JXS_ERROR,
                                 JXS_ERROR_AUTHENTICATION,
                                 _ ("The password for “%s” is used up: agree on a new one"),
                                 jxs_jid_to_string (bare)));
          return;
        }
      params.srp_username = jxs_jid_to_string (self->username);
      params.srp_password = password;
    }
  else
    {
      params.certificate = jxs_identity_get_certificate (self->identity);
      params.pin = TRUE;
      params.judge = judge_cb;
      params.judge_data = self;
    }
  jxs_tls_handshake_async (
      base, &params, g_task_get_priority (task), cancellable, handshake_cb, g_object_ref (task));
  jxs_password_free (password);
}

static GTlsConnection *
jxs_starttls_security_secure_finish (JxsStreamSecurity *security,
                                     GAsyncResult *result,
                                     GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, security), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_starttls_security_secure_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- SASL ---- */

static const char *
jxs_starttls_security_get_mechanism (JxsStreamSecurity *security)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);

  if (self->method == METHOD_SRP)
    return NULL;
  return is_password_pending (self) ? "SCRAM-SHA-256-PLUS" : "EXTERNAL";
}

static JxsSaslExchange *
jxs_starttls_security_start_sasl (JxsStreamSecurity *security, gboolean initiator, GError **error)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);
  g_autoptr (GBytes) binding = NULL;
  JxsSaslParams params = { .mechanism = jxs_starttls_security_get_mechanism (security) };
  JxsSaslExchange *exchange;
  char *password = NULL;

  if (is_password_pending (self))
    {
      binding = jxs_tls_get_exporter (self->tls, error);
      if (binding == NULL)
        return NULL;
      password = jxs_passwords_take (self->passwords, self->peer, NULL);
      if (password == NULL)
        {
          refuse_code (error,
                       JXS_ERROR_AUTHENTICATION,
                       _ ("The password for “%s” is used up: agree on a new one"),
                       jxs_jid_to_string (self->peer));
          return NULL;
        }
      params.username = jxs_jid_to_string (self->username);
      params.password = password;
      params.binding = JXS_SASL_BINDING_TLS_EXPORTER;
      params.binding_data = binding;
    }
  exchange =
      initiator ? jxs_sasl_exchange_new_client (&params) : jxs_sasl_exchange_new_server (&params);
  jxs_password_free (password);
  return exchange;
}

/* The certificate names nobody else, as it was checked in the handshake, and where it names nobody
 * its key is tied to the address of the peer (RFC 6120 §6.3.8, XEP-0178 §2). */
static gboolean
jxs_starttls_security_authorize (JxsStreamSecurity *security, const char *authzid)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);
  g_autoptr (JxsJid) named = NULL;

  if (*authzid == '\0')
    return TRUE;
  named = jxs_jid_new (authzid, NULL);
  return named != NULL && jxs_jid_get_resource (named) == NULL &&
         jxs_jid_equal_bare (named, self->peer);
}

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  JxsStarttlsSecurity *self = g_task_get_source_object (task);
  GError *error = NULL;

  jxs_peer_verdict_finish (result, NULL, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  /* Whatever is kept of it: in this session the peer has proved itself. */
  self->level = JXS_TRUST_LEVEL_VERIFIED;
  self->origin = JXS_TRUST_ORIGIN_PASSWORD;
  self->has_password = FALSE;
  g_task_return_boolean (task, TRUE);
}

static void
jxs_starttls_security_confirm_async (JxsStreamSecurity *security,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_starttls_security_confirm_async);
  if (!is_password_pending (self))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  jxs_trust_learn (self->trust,
                   self->peer,
                   g_tls_connection_get_peer_certificate (self->tls),
                   JXS_TRUST_LEVEL_VERIFIED,
                   JXS_TRUST_ORIGIN_PASSWORD,
                   NULL);
  /* A key that somebody distrusts stays so. */
  ask_verdict (self, self->tls, JXS_TRUST_LEVEL_FIRST_USE, cancellable, confirmed_cb, task);
}

static gboolean
jxs_starttls_security_confirm_finish (JxsStreamSecurity *security,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, security), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_starttls_security_confirm_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
jxs_starttls_security_get_facts (JxsStreamSecurity *security, JxsStreamSecurityFacts *facts)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (security);

  /* A password leaves certificates out. */
  facts->local_fingerprint = self->method == METHOD_SRP ? NULL : self->local_fingerprint;
  facts->peer_fingerprint = self->peer_fingerprint;
  facts->trust_level = self->level;
  facts->trust_origin = self->origin;
  facts->method = jxs_security_method_get_name (self->over_xtls ? JXS_SECURITY_METHODS_X509
                                                                : JXS_SECURITY_METHODS_STARTTLS);
}

static void
jxs_starttls_security_finalize (GObject *object)
{
  JxsStarttlsSecurity *self = JXS_STARTTLS_SECURITY (object);

  g_clear_object (&self->identity);
  g_clear_object (&self->trust);
  g_clear_object (&self->policy);
  g_clear_object (&self->tls);
  g_clear_pointer (&self->passwords, jxs_passwords_unref);
  g_clear_pointer (&self->local, jxs_jid_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->username, jxs_jid_unref);
  g_clear_pointer (&self->trace, jxs_trace_unref);
  jxs_offer_clear (&self->offer);
  g_free (self->local_fingerprint);
  g_free (self->peer_fingerprint);

  G_OBJECT_CLASS (jxs_starttls_security_parent_class)->finalize (object);
}

static void
jxs_starttls_security_class_init (JxsStarttlsSecurityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  JxsStreamSecurityClass *security_class = JXS_STREAM_SECURITY_CLASS (klass);

  object_class->finalize = jxs_starttls_security_finalize;
  security_class->needs_tls = jxs_starttls_security_needs_tls;
  security_class->demands_password = jxs_starttls_security_demands_password;
  security_class->build_offer = jxs_starttls_security_build_offer;
  security_class->set_offer = jxs_starttls_security_set_offer;
  security_class->secure_async = jxs_starttls_security_secure_async;
  security_class->secure_finish = jxs_starttls_security_secure_finish;
  security_class->get_mechanism = jxs_starttls_security_get_mechanism;
  security_class->start_sasl = jxs_starttls_security_start_sasl;
  security_class->authorize = jxs_starttls_security_authorize;
  security_class->confirm_async = jxs_starttls_security_confirm_async;
  security_class->confirm_finish = jxs_starttls_security_confirm_finish;
  security_class->get_facts = jxs_starttls_security_get_facts;
}

static void
jxs_starttls_security_init (JxsStarttlsSecurity *self)
{
}

JxsStreamSecurity *
jxs_starttls_security_new (const JxsStarttlsParams *params)
{
  JxsStarttlsSecurity *self = g_object_new (JXS_TYPE_STARTTLS_SECURITY, NULL);
  const JxsXtlsConfig *config = params->config;

  self->identity = g_object_ref (config->identity);
  self->trust = g_object_ref (config->trust);
  self->policy = g_object_ref (params->policy);
  self->passwords = jxs_passwords_ref (config->passwords);
  self->can_srp =
      (jxs_security_policy_get_methods (params->policy) & JXS_SECURITY_METHODS_SRP) != 0 &&
      config->supports_srp ();
  self->local = jxs_jid_ref (params->local);
  self->peer = jxs_jid_ref (params->peer);
  self->username = jxs_jid_to_bare (params->initiator ? params->local : params->peer);
  self->initiator = params->initiator;
  self->trace = params->trace != NULL ? jxs_trace_ref (params->trace) : NULL;
  self->has_password = jxs_passwords_has (config->passwords, params->peer, &self->password_kind);
  if (!self->has_password && params->had_password)
    {
      self->has_password = TRUE;
      self->password_kind = params->password_kind;
    }
  self->local_fingerprint = jxs_identity_get_fingerprint (self->identity, G_CHECKSUM_SHA256);
  if (params->tls != NULL)
    {
      self->over_xtls = TRUE;
      self->has_password = TRUE;
      self->method = METHOD_X509;
      self->tls = g_object_ref (params->tls);
      self->peer_fingerprint =
          jxs_fingerprint_compute (g_tls_connection_get_peer_certificate (params->tls),
                                   G_CHECKSUM_SHA256);
      self->level = JXS_TRUST_LEVEL_UNKNOWN;
    }
  return JXS_STREAM_SECURITY (self);
}
