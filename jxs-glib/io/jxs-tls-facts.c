/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-session-impl-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Whether what is derived from the session belongs to it alone (RFC 7627). */
static gboolean
is_bound (JxsTlsSession *self)
{
  return gnutls_protocol_get_version (self->gnutls) >= GNUTLS_TLS1_3 ||
         gnutls_session_ext_master_secret_status (self->gnutls);
}

GBytes *
jxs_tls_session_export (
    JxsTlsSession *self, const char *label, GBytes *context, gsize length, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  g_autofree guint8 *material = g_malloc0 (length);
  gsize context_size = 0;
  const char *context_data = context != NULL ? g_bytes_get_data (context, &context_size) : NULL;
  int result = GNUTLS_E_INVALID_SESSION;

  /* Before TLS 1.3 it takes that extension to bind it to one session (RFC 9266 §4.2). */
  if (self->state == JXS_TLS_SESSION_READY && is_bound (self))
    result = gnutls_prf_rfc5705 (
        self->gnutls, strlen (label), label, context_size, context_data, length, (char *) material);
  if (result < 0)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_NOT_SUPPORTED,
                   _ ("This TLS connection gives out no keying material: %s"),
                   gnutls_strerror (result));
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&material), length);
}

gboolean
jxs_tls_session_get_binding (JxsTlsSession *self,
                             gnutls_channel_binding_t type,
                             GByteArray *data,
                             GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gnutls_datum_t binding = { NULL, 0 };
  int result;

  if (self->state != JXS_TLS_SESSION_READY)
    {
      g_set_error_literal (error,
                           G_TLS_CHANNEL_BINDING_ERROR,
                           G_TLS_CHANNEL_BINDING_ERROR_INVALID_STATE,
                           "The handshake is not done");
      return FALSE;
    }
  result = type == GNUTLS_CB_TLS_SERVER_END_POINT || is_bound (self)
               ? gnutls_session_channel_binding (self->gnutls, type, &binding)
               : GNUTLS_E_CHANNEL_BINDING_NOT_AVAILABLE;
  if (result < 0)
    {
      g_set_error (error,
                   G_TLS_CHANNEL_BINDING_ERROR,
                   G_TLS_CHANNEL_BINDING_ERROR_NOT_AVAILABLE,
                   "There is no such channel binding: %s",
                   gnutls_strerror (result));
      return FALSE;
    }
  if (data != NULL)
    {
      g_byte_array_set_size (data, 0);
      g_byte_array_append (data, binding.data, binding.size);
    }
  gnutls_free (binding.data);
  return TRUE;
}

char *
jxs_tls_session_dup_protocol (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gnutls_datum_t protocol;

  if (self->state != JXS_TLS_SESSION_READY ||
      gnutls_alpn_get_selected_protocol (self->gnutls, &protocol) < 0)
    return NULL;
  return g_strndup ((const char *) protocol.data, protocol.size);
}

char *
jxs_tls_session_dup_cipher (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  return self->state == JXS_TLS_SESSION_READY ? g_strdup (gnutls_ciphersuite_get (self->gnutls))
                                              : NULL;
}

GTlsProtocolVersion
jxs_tls_session_get_version (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  if (self->state != JXS_TLS_SESSION_READY)
    return G_TLS_PROTOCOL_VERSION_UNKNOWN;
  return gnutls_protocol_get_version (self->gnutls) == GNUTLS_TLS1_3
             ? G_TLS_PROTOCOL_VERSION_TLS_1_3
             : G_TLS_PROTOCOL_VERSION_TLS_1_2;
}
