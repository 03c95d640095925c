/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-connection-private.h>

#include <jxs-glib/io/jxs-tls-private.h>

/* What a connection knows about itself. */

void
jxs_connection_set_facts (JxsConnection *self, const JxsConnectionFacts *facts)
{
  const JxsConnectionFacts nothing = { 0 };

  if (facts == NULL)
    facts = &nothing;
  g_free (self->local_fingerprint);
  self->local_fingerprint = g_strdup (facts->local_fingerprint);
  g_free (self->peer_fingerprint);
  self->peer_fingerprint = g_strdup (facts->peer_fingerprint);
  self->trust_level = facts->trust_level;
  self->trust_origin = facts->trust_origin;
  g_free (self->security_method);
  self->security_method = g_strdup (facts->security_method);

  g_clear_pointer (&self->protocol_name, g_free);
  g_clear_pointer (&self->cipher_name, g_free);
  if (self->stream != NULL && G_IS_TLS_CONNECTION (self->stream))
    {
      self->protocol_name = jxs_tls_get_protocol_name (G_TLS_CONNECTION (self->stream));
      self->cipher_name = jxs_tls_get_cipher_name (G_TLS_CONNECTION (self->stream));
    }
}

void
jxs_connection_upgrade (JxsConnection *self, GTlsConnection *tls, const JxsConnectionFacts *facts)
{
  /* close_notify ends a direction alone. */
  self->machine.half_close = TRUE;
  g_set_object (&self->stream, G_IO_STREAM (tls));
  jxs_conduit_set_stream (self->conduit, self->stream, TRUE);
  jxs_connection_set_facts (self, facts);
}

void
jxs_connection_set_trust (JxsConnection *self, JxsTrustLevel level, JxsTrustOrigin origin)
{
  g_autoptr (GObject) object = g_object_ref (G_OBJECT (self));

  self->trust_level = level;
  self->trust_origin = origin;
  g_object_notify (object, "trust-origin");
  g_object_notify (object, "trust-level");
}

/**
 * jxs_connection_get_session: (get-property session)
 * @self: a connection
 *
 * Gets the Jingle session that carries the connection.
 *
 * Returns: (transfer none): the session
 *
 * Since: 1.0
 */
JxsSession *
jxs_connection_get_session (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->session;
}

/**
 * jxs_connection_get_peer_jid: (get-property peer-jid)
 * @self: a connection
 *
 * Gets the full JID of the peer.
 *
 * Returns: (transfer none): the JID
 *
 * Since: 1.0
 */
JxsJid *
jxs_connection_get_peer_jid (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return jxs_session_get_peer_jid (self->session);
}

/**
 * jxs_connection_get_can_half_close: (get-property can-half-close)
 * @self: a connection
 *
 * Gets whether closing the output stream tells the peer of the end of our direction while the other
 * one goes on: always when the connection is encrypted end to end, and otherwise on a direct
 * connection, but not through a proxy or in-band. Where it is %FALSE, closing the output stream
 * alone fails with %G_IO_ERROR_NOT_SUPPORTED after all that was written is on its way, and the peer
 * sees the end of the data when the connection is closed.
 *
 * Returns: whether the peer learns of the end of one direction
 *
 * Since: 1.0
 */
gboolean
jxs_connection_get_can_half_close (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), FALSE);

  return self->machine.half_close;
}

/**
 * jxs_connection_get_tls_connection: (get-property tls-connection)
 * @self: a connection
 *
 * Gets the TLS connection, for what else it knows; not for reading, writing or closing.
 *
 * Returns: (transfer none) (nullable): the TLS connection, or %NULL when the connection is not
 *   encrypted end to end
 *
 * Since: 1.0
 */
GTlsConnection *
jxs_connection_get_tls_connection (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return G_IS_TLS_CONNECTION (self->stream) ? G_TLS_CONNECTION (self->stream) : NULL;
}

/**
 * jxs_connection_get_protocol_name: (get-property protocol-name)
 * @self: a connection
 *
 * Gets the version of TLS in use, like “TLS 1.3”.
 *
 * Returns: (nullable): the name, or %NULL when the connection is not encrypted end to end
 *
 * Since: 1.0
 */
const char *
jxs_connection_get_protocol_name (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->protocol_name;
}

/**
 * jxs_connection_get_cipher_name: (get-property cipher-name)
 * @self: a connection
 *
 * Gets the cipher suite in use, like “TLS_AES_256_GCM_SHA384”.
 *
 * Returns: (nullable): the name, or %NULL when it is not known or the connection is not encrypted
 *   end to end
 *
 * Since: 1.0
 */
const char *
jxs_connection_get_cipher_name (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->cipher_name;
}

/**
 * jxs_connection_get_local_fingerprint: (get-property local-fingerprint)
 * @self: a connection
 *
 * Gets the SHA-256 fingerprint of our own certificate, in lower-case hexadecimal.
 *
 * Returns: (nullable): the fingerprint, or %NULL when no certificates were shown, as the connection
 * is not encrypted end to end, or by a password
 *
 * Since: 1.0
 */
const char *
jxs_connection_get_local_fingerprint (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->local_fingerprint;
}

/**
 * jxs_connection_get_peer_fingerprint: (get-property peer-fingerprint)
 * @self: a connection
 *
 * Gets the SHA-256 fingerprint of the peer's certificate, in lower-case hexadecimal.
 *
 * Returns: (nullable): the fingerprint, or %NULL when no certificates were shown, as the connection
 * is not encrypted end to end, or by a password
 *
 * Since: 1.0
 */
const char *
jxs_connection_get_peer_fingerprint (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->peer_fingerprint;
}

/**
 * jxs_connection_get_trust_level: (get-property trust-level)
 * @self: a connection
 *
 * Gets how far the peer's key is trusted: what was decided when the connection was opened, and
 * %JXS_TRUST_LEVEL_VERIFIED once it was verified ([class@Verification]). Show people
 * %JXS_TRUST_LEVEL_FIRST_USE as what it is: nobody knows yet whose key that is.
 *
 * Returns: the level; %JXS_TRUST_LEVEL_DISTRUSTED when the connection is not encrypted end to end
 *
 * Since: 1.0
 */
JxsTrustLevel
jxs_connection_get_trust_level (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), JXS_TRUST_LEVEL_DISTRUSTED);

  return self->trust_level;
}

/**
 * jxs_connection_get_trust_origin: (get-property trust-origin)
 * @self: a connection
 *
 * Gets what the trust in the peer rests on.
 *
 * Returns: the origin; %JXS_TRUST_ORIGIN_NONE when nobody verified the peer
 *
 * Since: 1.0
 */
JxsTrustOrigin
jxs_connection_get_trust_origin (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), JXS_TRUST_ORIGIN_NONE);

  return self->trust_origin;
}

/**
 * jxs_connection_get_security_method: (get-property security-method)
 * @self: a connection
 *
 * Gets how the encryption came about: “x509”, “srp” or “starttls”, see [flags@SecurityMethods].
 *
 * Returns: (nullable): the method, or %NULL when the connection is not encrypted end to end
 *
 * Since: 1.0
 */
const char *
jxs_connection_get_security_method (JxsConnection *self)
{
  g_return_val_if_fail (JXS_IS_CONNECTION (self), NULL);

  return self->security_method;
}
