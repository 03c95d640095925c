/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* What must hold before a session is opened, and once it is connected. */

gboolean
jxs_endpoint_check_alive (JxsEndpoint *self, GError **error)
{
  if (self->manager != NULL)
    return TRUE;
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The endpoint is closed"));
  return FALSE;
}

gboolean
jxs_endpoint_check_possible (JxsEndpoint *self, JxsJid *peer, GError **error)
{
  JxsJid *local;

  if (!jxs_endpoint_check_alive (self, error))
    return FALSE;
  local = jxs_router_get_local_jid (self->router);
  if (jxs_jid_get_local (peer) != NULL && !jxs_jid_is_full (peer))
    g_set_error (error,
                 JXS_ERROR,
                 JXS_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” does not name one device: an address with a resource is needed"),
                 jxs_jid_to_string (peer));
  else if (local != NULL && jxs_jid_equal (peer, local))
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_INVALID_ARGUMENT,
                         _ ("A session with oneself is not possible"));
  else if (jxs_security_policy_get_require_encryption (self->policy) && self->xtls == NULL)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_SECURITY,
                         _ ("Encryption is required, but there is no identity"));
  else
    return TRUE;
  return FALSE;
}

/* Who would be without encryption now had it before: servers can hide that a peer supports it
 * (jingle-xtls §7.3). */
static gboolean
check_unknown (JxsEndpoint *self, JxsJid *peer, GError **error)
{
  g_autoptr (JxsTrust) trust = self->trust != NULL ? g_object_ref (self->trust) : NULL;

  if (trust == NULL || !jxs_trust_is_known (trust, peer))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("“%s” does not encrypt, although its key is known; somebody may be interfering"),
               jxs_jid_to_string (peer));
  return FALSE;
}

static G_DEFINE_QUARK (jxs_endpoint_password, password);

void
jxs_endpoint_note_password (JxsEndpoint *self, JxsSession *session)
{
  JxsPasswordKind kind;

  if (jxs_passwords_has (self->passwords, jxs_session_get_peer_jid (session), &kind))
    g_object_set_qdata (G_OBJECT (session), password_quark (), GUINT_TO_POINTER (kind + 1));
}

gboolean
jxs_endpoint_had_password (JxsSession *session, JxsPasswordKind *kind)
{
  const guint noted = GPOINTER_TO_UINT (g_object_get_qdata (G_OBJECT (session), password_quark ()));

  if (noted != 0 && kind != NULL)
    *kind = (JxsPasswordKind) (noted - 1);
  return noted != 0;
}

/* A password that is set proves nothing without encryption. session: (nullable): before there is
 * one */
static gboolean
check_no_password (JxsEndpoint *self, JxsSession *session, JxsJid *peer, GError **error)
{
  if (!jxs_passwords_has (self->passwords, peer, NULL) &&
      (session == NULL || !jxs_endpoint_had_password (session, NULL)))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("The password for “%s” cannot be used: the session would not be encrypted"),
               jxs_jid_to_string (peer));
  return FALSE;
}

/* Of a session, as it was when that began. */
static JxsSecurityPolicy *
get_policy (JxsEndpoint *self, JxsSession *session)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  return xtls != NULL ? jxs_xtls_security_get_policy (xtls) : self->policy;
}

static gboolean
allows (JxsSecurityPolicy *policy, JxsSecurityMethods method)
{
  return (jxs_security_policy_get_methods (policy) & method) != 0;
}

gboolean
jxs_endpoint_check_plain (JxsEndpoint *self, JxsSession *session, GError **error)
{
  JxsJid *peer = jxs_session_get_peer_jid (session);

  if (!check_no_password (self, session, peer, error))
    return FALSE;
  if (!jxs_security_policy_get_require_encryption (get_policy (self, session)))
    return check_unknown (self, peer, error);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("“%s” does not encrypt, but encryption is required"),
               jxs_jid_to_string (peer));
  return FALSE;
}

static gboolean
check_feature (
    GHashTable *features, const char *feature, JxsJid *peer, const char *what, GError **error)
{
  if (g_hash_table_contains (features, feature))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_NOT_SUPPORTED,
               /* Translators: the first is an address, the second a phrase like “XML streams”. */
               _ ("“%s” does not support %s"),
               jxs_jid_to_string (peer),
               what);
  return FALSE;
}

static gboolean
check_transports (JxsEndpoint *self, GHashTable *features, JxsJid *peer, GError **error)
{
  g_autofree char *names = NULL;

  if (jxs_endpoint_shares_transport (self, features))
    return TRUE;
  names = g_strjoinv (", ", self->transports);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_NOT_SUPPORTED,
               /* Translators: the second is a list like “s5b, ibb”. */
               _ ("“%s” does not support a way to move the bytes that we use (%s)"),
               jxs_jid_to_string (peer),
               names);
  return FALSE;
}

/* With a way that both can. */
static gboolean
check_encryption (JxsEndpoint *self,
                  GHashTable *features,
                  JxsJid *peer,
                  const char *namespace_uri,
                  GError **error)
{
  const gboolean has_xtls = g_hash_table_contains (features, JXS_NS_XTLS);
  JxsPasswordKind kind = JXS_PASSWORD_STRONG;

  if (has_xtls && jxs_endpoint_can_offer_security (self, peer))
    return TRUE;
  jxs_passwords_has (self->passwords, peer, &kind);
  if (self->xtls != NULL && strcmp (namespace_uri, JXS_NS_XMLSTREAM) == 0 &&
      allows (self->policy, JXS_SECURITY_METHODS_STARTTLS) &&
      (kind == JXS_PASSWORD_STRONG ||
       (allows (self->policy, JXS_SECURITY_METHODS_SRP) && self->xtls->supports_srp ())))
    return TRUE; /* inside the stream */
  if (jxs_passwords_has (self->passwords, peer, NULL) && !has_xtls)
    return check_feature (features, JXS_NS_XTLS, peer, _ ("passwords (XTLS)"), error);
  if (!check_unknown (self, peer, error) || !check_no_password (self, NULL, peer, error))
    return FALSE;
  if (!jxs_security_policy_get_require_encryption (self->policy))
    return TRUE;
  if (!has_xtls)
    return check_feature (features, JXS_NS_XTLS, peer, _ ("encrypted sessions (XTLS)"), error);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("The security policy allows no way of encryption that can be used with “%s”"),
               jxs_jid_to_string (peer));
  return FALSE;
}

gboolean
jxs_endpoint_check_features (JxsEndpoint *self,
                             GHashTable *features,
                             JxsJid *peer,
                             const char *namespace_uri,
                             GError **error)
{
  const char *what = namespace_uri;

  if (strcmp (namespace_uri, JXS_NS_XMLSTREAM) == 0)
    what = _ ("end-to-end XML streams");
  else if (strcmp (namespace_uri, JXS_NS_PIPE) == 0)
    what = _ ("end-to-end pipes");
  return check_feature (features, JXS_NS_JINGLE, peer, _ ("negotiated sessions (Jingle)"), error) &&
         check_feature (features, namespace_uri, peer, what, error) &&
         check_transports (self, features, peer, error) &&
         check_encryption (self, features, peer, namespace_uri, error);
}

gboolean
jxs_endpoint_check_incoming (JxsEndpoint *self, JxsSession *session, GError **error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  if (xtls == NULL || !jxs_xtls_security_is_plain (xtls))
    return TRUE;
  return (jxs_endpoint_is_stream_session (self, session) &&
          allows (get_policy (self, session), JXS_SECURITY_METHODS_STARTTLS)) ||
         jxs_endpoint_check_plain (self, session, error);
}

static gboolean
check_provable (JxsXtlsSecurity *xtls, JxsJid *peer, gboolean is_stream, GError **error)
{
  if (is_stream || !jxs_xtls_security_is_password_pending (xtls))
    return TRUE;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("“%s” can prove the password only inside an XML stream: open one first"),
               jxs_jid_to_string (peer));
  return FALSE;
}

gboolean
jxs_endpoint_check_answer (JxsEndpoint *self,
                           JxsSession *session,
                           gboolean is_stream,
                           GError **error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  return xtls == NULL ||
         (jxs_xtls_security_check_answer (xtls, error) &&
          check_provable (xtls, jxs_session_get_peer_jid (session), is_stream, error));
}

/* Who accepts sees first that the passwords differ, and ends the session; that may be here before
 * the alert of TLS, which takes another way. */
GError *
jxs_endpoint_explain_refusal (JxsSession *session, GError *error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  if (xtls == NULL || !jxs_xtls_security_tried_password (xtls) ||
      !g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY))
    return error;
  g_error_free (error);
  return g_error_new (JXS_ERROR,
                      JXS_ERROR_AUTHENTICATION,
                      _ ("“%s” entered another password"),
                      jxs_jid_to_string (jxs_session_get_peer_jid (session)));
}

gboolean
jxs_endpoint_needs_stream_security (JxsEndpoint *self, JxsSession *session, GIOStream *stream)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  if (G_IS_TLS_CONNECTION (stream))
    return xtls != NULL && jxs_xtls_security_is_password_pending (xtls);
  return self->identity != NULL &&
         allows (get_policy (self, session), JXS_SECURITY_METHODS_STARTTLS);
}

gboolean
jxs_endpoint_check_stream (
    JxsEndpoint *self, JxsSession *session, GIOStream *stream, gboolean is_stream, GError **error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);

  if (is_stream && jxs_endpoint_needs_stream_security (self, session, stream))
    return TRUE;
  if (G_IS_TLS_CONNECTION (stream))
    return check_provable (xtls, jxs_session_get_peer_jid (session), is_stream, error);
  return jxs_endpoint_check_plain (self, session, error);
}
