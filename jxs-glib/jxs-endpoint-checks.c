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
         (g_hash_table_contains (features, JXS_NS_XTLS) ||
          (check_unknown (self, peer, error) &&
           (!jxs_security_policy_get_require_encryption (self->policy) ||
            check_feature (features, JXS_NS_XTLS, peer, _ ("encrypted sessions (XTLS)"), error))));
}

gboolean
jxs_endpoint_check_stream (JxsEndpoint *self, GIOStream *stream, JxsJid *peer, GError **error)
{
  if (G_IS_TLS_CONNECTION (stream))
    return TRUE;
  if (!jxs_security_policy_get_require_encryption (self->policy))
    return check_unknown (self, peer, error);
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_SECURITY, _ ("The stream is not encrypted"));
  return FALSE;
}
