/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-security-impl-private.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>

/* What the two sides say to each other before TLS, and the method that they agree on. */

JxsJid *
jxs_xtls_security_get_peer (JxsXtlsSecurity *self)
{
  return jxs_security_get_peer_jid (JXS_SECURITY (self));
}

const char *
jxs_xtls_security_get_peer_name (JxsXtlsSecurity *self)
{
  return jxs_jid_to_string (jxs_xtls_security_get_peer (self));
}

JxsXtlsAction
jxs_xtls_security_handle (JxsXtlsSecurity *self, JxsXtlsEvent event)
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
  jxs_xtls_security_handle (self, JXS_XTLS_EVENT_FAILURE);
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

G_GNUC_PRINTF (4, 5)
static gboolean
refuse_code (JxsXtlsSecurity *self, GError **error, JxsError code, const char *format, ...)
{
  va_list args;
  GError *refusal;

  va_start (args, format);
  refusal = g_error_new_valist (JXS_ERROR, code, format, args);
  va_end (args);
  return refuse_with (self, error, refusal);
}

#define refuse(self, error, ...) refuse_code (self, error, JXS_ERROR_SECURITY, __VA_ARGS__)

static gboolean
out_of_order (GError **error)
{
  g_set_error_literal (error,
                       JXS_STANZA_ERROR,
                       JXS_STANZA_ERROR_UNEXPECTED_REQUEST,
                       "The security precondition is not to be negotiated now");
  return FALSE;
}

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

/* One that is set later is for the next session. One that was there is demanded to the end, also if
 * another session uses it up meanwhile. */
static JxsXtlsMethods
look_for_password (JxsXtlsSecurity *self)
{
  if (!self->has_password)
    self->has_password = jxs_passwords_has (self->passwords,
                                            jxs_xtls_security_get_peer (self),
                                            &self->password_kind);
  return get_possible_methods (self) & ~(self->has_password ? 0 : JXS_XTLS_METHOD_SRP);
}

static gboolean
needs_srp (JxsXtlsSecurity *self)
{
  return self->has_password && self->password_kind == JXS_PASSWORD_SHORT;
}

/* Whether a password, if there is one, can be proved inside the stream: a short one needs SRP there
 * as well (XEP-0250 §3.3.3). */
static gboolean
can_prove_inside (JxsXtlsSecurity *self)
{
  return !self->has_password ||
         (self->allows_starttls &&
          (!needs_srp (self) || (get_possible_methods (self) & JXS_XTLS_METHOD_SRP) != 0));
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
        jxs_xtls_security_get_peer_name (self));
  return refuse_code (self,
                      error,
                      JXS_ERROR_AUTHENTICATION,
                      _ ("“%s” did not enter the password, or cannot use one"),
                      jxs_xtls_security_get_peer_name (self));
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
                       jxs_xtls_security_get_peer_name (self));
      return refuse (self,
                     error,
                     _ ("“%s” offers no way of encryption that is supported and allowed here"),
                     jxs_xtls_security_get_peer_name (self));
    }
  if (!jxs_xtls_has_fingerprint (&self->remote))
    return refuse (self,
                   error,
                   _ ("“%s” announced no fingerprint its certificate could be checked with"),
                   jxs_xtls_security_get_peer_name (self));
  self->method = JXS_XTLS_METHOD_X509;
  return TRUE;
}

JxsElement *
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
          jxs_xtls_security_handle (self, JXS_XTLS_EVENT_OFFER);
          return NULL;
        }
    }
  else
    {
      if (!choose (self, look_for_password (self), NULL))
        return NULL; /* secure_async() tells why */
      local.methods = self->method;
    }
  jxs_xtls_security_handle (self, initiator ? JXS_XTLS_EVENT_OFFER : JXS_XTLS_EVENT_ANSWER);

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
  jxs_xtls_security_handle (self, JXS_XTLS_EVENT_CHOICE);
  jxs_security_send_info (JXS_SECURITY (self), security);
}

/* The peer's initiate or accept is without <security/>. */
static gboolean
take_no_security (JxsXtlsSecurity *self, GError **error)
{
  if (!can_prove_inside (self))
    return refuse_without_srp (self, error);
  if (!self->allows_starttls)
    {
      if (jxs_trust_is_known (self->trust, jxs_xtls_security_get_peer (self)))
        return refuse (self,
                       error,
                       _ ("“%s” does not encrypt, although its key is known; somebody may be "
                          "interfering"),
                       jxs_xtls_security_get_peer_name (self));
      if (jxs_security_policy_get_require_encryption (self->policy))
        return refuse (self,
                       error,
                       _ ("“%s” does not encrypt, but encryption is required"),
                       jxs_xtls_security_get_peer_name (self));
    }
  jxs_xtls_security_handle (self, JXS_XTLS_EVENT_NO_SECURITY);
  return TRUE;
}

gboolean
jxs_xtls_security_set_remote (JxsSecurity *security, JxsElement *element, GError **error)
{
  JxsXtlsSecurity *self = JXS_XTLS_SECURITY (security);
  gboolean initiator = jxs_security_is_initiator (security);
  g_auto (JxsXtls) remote = { 0 };

  /* We offered none, but the responder does (XEP-0247 0.2 §2). */
  if (initiator && element != NULL && self->machine.state == JXS_XTLS_STATE_NONE)
    {
      self->offered = look_for_password (self);
      jxs_xtls_security_handle (self, JXS_XTLS_EVENT_OFFER);
    }
  if (self->machine.state != (initiator ? JXS_XTLS_STATE_OFFERED : JXS_XTLS_STATE_NONE))
    return out_of_order (error);

  /* Who was offered XTLS said that it speaks it: that something of it got lost on the way is no
   * reason to try what is left (jingle-xtls §4, §7.3). */
  if (initiator && element == NULL)
    self->allows_starttls = FALSE;
  /* Who may use nothing of XTLS does not speak it. */
  if (element == NULL || (!initiator && get_possible_methods (self) == 0))
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
      jxs_xtls_security_handle (self, JXS_XTLS_EVENT_OFFER);
      return TRUE;
    }
  if (!choose (self, self->offered, error))
    return FALSE;
  jxs_xtls_security_handle (self, JXS_XTLS_EVENT_ANSWER);
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

gboolean
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
  if (jxs_xtls_security_handle (self, JXS_XTLS_EVENT_CHOICE) == JXS_XTLS_ACTION_REFUSE)
    return out_of_order (error);
  return TRUE;
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
    return can_prove_inside (self) || refuse_without_srp (self, error);
  return self->machine.state != JXS_XTLS_STATE_OFFERED || choose (self, ours, error);
}

gboolean
jxs_xtls_security_offers_password (JxsXtlsSecurity *self)
{
  g_return_val_if_fail (JXS_IS_XTLS_SECURITY (self), FALSE);

  return (self->remote.methods & JXS_XTLS_METHOD_SRP) != 0;
}
