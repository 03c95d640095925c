/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/security/jxs-memory-trust.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* What is demanded of peers, and what they may prove who they are with. */

static void
xtls_config_free (gpointer data)
{
  JxsXtlsConfig *config = data;

  g_clear_object (&config->identity);
  g_clear_object (&config->trust);
  g_clear_object (&config->policy);
  g_clear_pointer (&config->passwords, jxs_passwords_unref);
  g_free (config);
}

/* XTLS is advertised while the policy allows any of its methods. */
static void
methods_changed_cb (JxsEndpoint *self, GParamSpec *pspec, JxsSecurityPolicy *policy)
{
  const JxsSecurityMethods methods = jxs_security_policy_get_methods (policy);

  if (self->disco == NULL)
    return;
  if ((methods & (JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_SRP)) != 0)
    jxs_disco_add_feature (self->disco, JXS_NS_XTLS);
  else
    jxs_disco_remove_feature (self->disco, JXS_NS_XTLS);
}

void
jxs_endpoint_start_security (JxsEndpoint *self)
{
  JxsSecurityFactory factory = { JXS_NS_XTLS, jxs_xtls_security_create, NULL };

  if (self->policy == NULL)
    self->policy = jxs_security_policy_new ();
  self->passwords = jxs_passwords_new ();
  if (self->identity == NULL)
    return;
  if (self->trust == NULL)
    self->trust = JXS_TRUST (jxs_memory_trust_new ());
  self->xtls = g_new0 (JxsXtlsConfig, 1);
  self->xtls->identity = g_object_ref (self->identity);
  self->xtls->trust = g_object_ref (self->trust);
  self->xtls->policy = g_object_ref (self->policy);
  self->xtls->passwords = jxs_passwords_ref (self->passwords);
  self->xtls->supports_srp = jxs_tls_supports_srp;
  g_object_set_data_full (G_OBJECT (self->manager), "jxs-xtls", self->xtls, xtls_config_free);
  factory.user_data = self->xtls;
  jxs_session_manager_set_security (self->manager, &factory);
  self->responder = jxs_offer_responder_new (self->router, self->xtls);
  g_signal_connect_object (
      self->policy, "notify::methods", G_CALLBACK (methods_changed_cb), self, G_CONNECT_SWAPPED);
  methods_changed_cb (self, NULL, self->policy);
}

JxsXtlsSecurity *
jxs_endpoint_get_xtls (JxsSession *session)
{
  JxsSecurity *security = jxs_session_get_security (session);

  return JXS_IS_XTLS_SECURITY (security) ? JXS_XTLS_SECURITY (security) : NULL;
}

gboolean
jxs_endpoint_can_offer_security (JxsEndpoint *self, JxsJid *peer)
{
  const JxsSecurityMethods methods = jxs_security_policy_get_methods (self->policy);

  return self->xtls != NULL &&
         ((methods & JXS_SECURITY_METHODS_X509) != 0 ||
          ((methods & JXS_SECURITY_METHODS_SRP) != 0 && self->xtls->supports_srp () &&
           jxs_passwords_has (self->passwords, peer, NULL)));
}

/**
 * jxs_endpoint_get_security_policy: (get-property security-policy)
 * @self: an endpoint
 *
 * Gets what is demanded of encryption and of the keys of peers. Change it there; what changes holds
 * for the sessions that begin afterwards.
 *
 * Returns: (transfer none): the policy
 *
 * Since: 1.0
 */
JxsSecurityPolicy *
jxs_endpoint_get_security_policy (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), NULL);

  return self->policy;
}

/**
 * jxs_endpoint_set_peer_password:
 * @self: an endpoint
 * @peer: the address of the peer; a resource is left out
 * @password: (nullable): a password that the peer's user enters too, or %NULL to forget it
 * @kind: how much @password withstands
 * @error: return location for an error
 *
 * Sets the password that proves who @peer is in the next session with it, whoever opens that.
 *
 * Both sides set the same password before the session is opened or accepted; the people tell it
 * each other in a way that does not pass the server. It serves for one attempt and is wiped then,
 * whether the attempt succeeds or not: a wrong password fails with %JXS_ERROR_AUTHENTICATION, and
 * another attempt needs a new one. A session never goes on without what the password should have
 * proved.
 *
 * Returns: %TRUE, or %FALSE with %JXS_ERROR_INVALID_ARGUMENT if @password is none or was mistyped,
 *   or with %JXS_ERROR_NOT_SUPPORTED if passwords of this kind cannot be used here
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_set_peer_password (
    JxsEndpoint *self, JxsJid *peer, const char *password, JxsPasswordKind kind, GError **error)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);
  g_return_val_if_fail (peer != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!jxs_endpoint_check_alive (self, error))
    return FALSE;
  if (password != NULL && self->xtls == NULL)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("Passwords cannot be used: there is no identity to encrypt with"));
      return FALSE;
    }
  if (password != NULL && kind == JXS_PASSWORD_SHORT && !self->xtls->supports_srp ())
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("Short passwords cannot be used: the TLS library lacks SRP"));
      return FALSE;
    }
  return jxs_passwords_set (self->passwords, peer, password, kind, error);
}

/**
 * jxs_endpoint_session_wants_password:
 * @self: an endpoint
 * @session: a session of [signal@Endpoint::incoming]
 *
 * Gets whether the peer entered a password for @session: ask the user for the same, give it to
 * [method@Endpoint.set_peer_password], and accept then.
 *
 * Returns: %TRUE if it did
 *
 * Since: 1.0
 */
gboolean
jxs_endpoint_session_wants_password (JxsEndpoint *self, JxsSession *session)
{
  JxsXtlsSecurity *xtls;

  g_return_val_if_fail (JXS_IS_ENDPOINT (self), FALSE);
  g_return_val_if_fail (JXS_IS_SESSION (session), FALSE);

  xtls = jxs_endpoint_get_xtls (session);
  return xtls != NULL && jxs_xtls_security_offers_password (xtls);
}
