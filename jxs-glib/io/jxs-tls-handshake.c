/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-session-impl-private.h"

#include <glib/gi18n-lib.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>

#include <jxs-glib/base/jxs-error.h>

/* Of a key that something of the peer's was signed with, and of an RSA exponent (64 bits, and a
 * zero before them). To look at one signature of larger ones takes minutes, and neither GnuTLS nor
 * Nettle has a bound; stops a stranger from stopping the main loop. */
#define MAX_KEY_BITS 16384
#define MAX_EXPONENT_SIZE 9

static JxsTlsSession *
get_session (gnutls_session_t gnutls)
{
  char *credentials = gnutls_session_get_ptr (gnutls);

  return (JxsTlsSession *) (credentials - G_STRUCT_OFFSET (JxsTlsSession, credentials));
}

static GTlsCertificate *
take_peer (JxsTlsSession *self)
{
  GTlsBackend *backend = g_tls_backend_get_default ();
  GTlsCertificate *issuer = NULL;
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (self->gnutls, &n);

  if (chain == NULL || n > JXS_TLS_MAX_CHAIN)
    return NULL;
  while (n-- > 0)
    {
      g_autoptr (GByteArray) der = g_byte_array_sized_new (chain[n].size);
      GTlsCertificate *certificate;

      g_byte_array_append (der, chain[n].data, chain[n].size);
      certificate = g_initable_new (g_tls_backend_get_certificate_type (backend),
                                    NULL,
                                    NULL,
                                    "certificate",
                                    der,
                                    "issuer",
                                    issuer,
                                    NULL);
      g_clear_object (&issuer);
      if (certificate == NULL)
        return NULL;
      issuer = certificate;
    }
  return issuer;
}

static gboolean
has_bearable_key (const gnutls_datum_t *der)
{
  gnutls_datum_t modulus = { NULL, 0 };
  gnutls_datum_t exponent = { NULL, 0 };
  unsigned int bits = 0;
  gnutls_x509_crt_t crt;

  if (gnutls_x509_crt_init (&crt) < 0)
    return FALSE;
  /* What cannot be read is refused elsewhere. */
  if (gnutls_x509_crt_import (crt, der, GNUTLS_X509_FMT_DER) >= 0)
    {
      gnutls_x509_crt_get_pk_algorithm (crt, &bits);
      gnutls_x509_crt_get_pk_rsa_raw (crt, &modulus, &exponent);
    }
  gnutls_x509_crt_deinit (crt);
  gnutls_free (modulus.data);
  gnutls_free (exponent.data);
  return bits <= MAX_KEY_BITS && exponent.size <= MAX_EXPONENT_SIZE;
}

static int
refuse_chain (JxsTlsSession *self, GQuark domain, int code, const char *message)
{
  g_clear_error (&self->verdict);
  self->verdict = g_error_new_literal (domain, code, message);
  self->verdict_alert = GNUTLS_A_BAD_CERTIFICATE;
  return GNUTLS_E_CERTIFICATE_ERROR;
}

int
jxs_tls_session_message_cb (gnutls_session_t gnutls,
                            unsigned int type,
                            unsigned int when,
                            unsigned int is_incoming,
                            const gnutls_datum_t *message)
{
  JxsTlsSession *self = get_session (gnutls);
  unsigned int n = 0;
  const gnutls_datum_t *chain;

  /* What the key of the certificate signs, in TLS 1.3 and 1.2. */
  if (!is_incoming ||
      (type != GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY && type != GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE))
    return 0;
  chain = gnutls_certificate_get_peers (gnutls, &n);
  if (n > JXS_TLS_MAX_CHAIN)
    return refuse_chain (self,
                         JXS_ERROR,
                         JXS_ERROR_LIMIT,
                         _ ("The peer shows too many certificates"));
  for (unsigned int i = 0; i < n; i++)
    if (!has_bearable_key (&chain[i]))
      return refuse_chain (self,
                           JXS_ERROR,
                           JXS_ERROR_LIMIT,
                           _ ("The key of the peer's certificate is too large"));
  return 0;
}

static gboolean
judge (JxsTlsSession *self)
{
  gboolean accepted;

  if (self->owner == NULL) /* nobody is left who could */
    return FALSE;
  self->inside = TRUE;
  accepted = self->vtable->judge (self->peer, self->owner, &self->verdict);
  self->inside = FALSE;
  return accepted;
}

int
jxs_tls_session_verify_cb (gnutls_session_t gnutls)
{
  JxsTlsSession *self = get_session (gnutls);
  gnutls_datum_t status;

  g_clear_object (&self->peer);
  g_clear_pointer (&self->peer_status, g_bytes_unref);
  if (self->wants_check && gnutls_ocsp_status_request_get (gnutls, &status) >= 0)
    self->peer_status = g_bytes_new (status.data, status.size);
  self->peer = take_peer (self);
  if (self->peer == NULL)
    return refuse_chain (self,
                         G_TLS_ERROR,
                         G_TLS_ERROR_BAD_CERTIFICATE,
                         _ ("The certificate of the peer cannot be read"));
  if (judge (self))
    return 0;
  self->verdict_alert = GNUTLS_A_BAD_CERTIFICATE;
  return GNUTLS_E_CERTIFICATE_ERROR;
}

/* What GnuTLS is content with, and we are not. alert: how the peer is told. */
static GError *
find_lack (JxsTlsSession *self, int *alert)
{
  if (self->credentials.is_srp)
    {
      *alert = GNUTLS_A_INSUFFICIENT_SECURITY;
      /* Without it the session is not bound to its handshake (RFC 7627). */
      if (!gnutls_session_ext_master_secret_status (self->gnutls) ||
          !gnutls_session_etm_status (self->gnutls))
        return g_error_new_literal (JXS_ERROR,
                                    JXS_ERROR_SECURITY,
                                    _ ("The peer supports no way of encryption that is safe"));
      return NULL;
    }
  if (self->peer == NULL && (self->pinned || self->credentials.role == JXS_TLS_CLIENT))
    {
      *alert = GNUTLS_A_CERTIFICATE_REQUIRED;
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_SECURITY,
                                  _ ("The peer did not show a certificate"));
    }
  *alert = GNUTLS_A_ACCESS_DENIED;
  if (self->pinned && self->credentials.role == JXS_TLS_CLIENT && !self->credentials.was_asked)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer did not ask for our certificate: it cannot have "
                                   "checked who we are"));
  return NULL;
}

static void
handshake_done (JxsTlsSession *self)
{
  int alert = -1;
  GError *error = find_lack (self, &alert);

  if (error != NULL)
    {
      jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, alert);
      jxs_tls_session_fail (self, error);
      return;
    }
  self->state =
      self->wants_check && self->peer != NULL ? JXS_TLS_SESSION_CHECK : JXS_TLS_SESSION_READY;
  jxs_tls_credentials_forget (&self->credentials, self->gnutls);
  jxs_tls_session_wake (self);
}

static void
handshake_failed (JxsTlsSession *self, int result)
{
  GError *error;

  if (self->verdict != NULL)
    {
      jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, self->verdict_alert);
      error = g_steal_pointer (&self->verdict);
    }
  else if (self->credentials.unknown_user)
    {
      /* RFC 5054 §2.5.1.3 */
      jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, GNUTLS_A_UNKNOWN_PSK_IDENTITY);
      error = g_error_new_literal (JXS_ERROR,
                                   JXS_ERROR_AUTHENTICATION,
                                   _ ("The peer entered the password as somebody else"));
    }
  else
    {
      jxs_tls_session_complain (self, result);
      error = jxs_tls_session_explain (self, IN, result);
    }
  jxs_tls_session_fail (self, error);
}

gboolean
jxs_tls_session_step (JxsTlsSession *self, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int result;

  if (jxs_tls_session_report (self, IN, error))
    return FALSE;
  if (self->state != JXS_TLS_SESSION_HANDSHAKE)
    return TRUE;

  self->has_begun = TRUE;
  do
    result = gnutls_handshake (self->gnutls);
  while (result < 0 && !jxs_tls_is_passing (result) && !gnutls_error_is_fatal (result) &&
         ++self->nuisances < JXS_TLS_MAX_NUISANCES);
  if (self->socket != NULL) /* a flight; the peer has nothing to say before it comes */
    jxs_socket_stream_send_now (self->socket);
  if (jxs_tls_is_passing (result))
    {
      jxs_tls_session_set_would_block (error);
      return FALSE;
    }
  if (result < 0)
    handshake_failed (self, result);
  else
    handshake_done (self);
  return !jxs_tls_session_report (self, IN, error);
}

void
jxs_tls_session_checked (JxsTlsSession *self, const GError *error, int alert)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  if (self->state != JXS_TLS_SESSION_CHECK)
    return;
  if (error == NULL)
    {
      self->state = JXS_TLS_SESSION_READY;
      jxs_tls_session_wake (self);
      return;
    }
  jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, alert);
  jxs_tls_session_fail (self, g_error_copy (error));
}

gboolean
jxs_tls_session_check_free (JxsTlsSession *self, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  if (self->is_driven)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "A TLS handshake is under way");
  return !self->is_driven;
}

void
jxs_tls_session_set_driven (JxsTlsSession *self, gboolean driven)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  self->is_driven = driven;
  jxs_tls_session_wake (self);
}

gboolean
jxs_tls_session_get_ready (JxsTlsSession *self, int direction, GError **error)
{
  if (jxs_tls_session_report (self, direction, error))
    return FALSE;
  if (self->state == JXS_TLS_SESSION_READY)
    return TRUE;
  if (self->is_driven)
    {
      jxs_tls_session_set_would_block (error);
      return FALSE;
    }
  if (!jxs_tls_session_step (self, error))
    return FALSE;
  if (self->state == JXS_TLS_SESSION_CHECK && self->owner == NULL)
    jxs_tls_session_fail (
        self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "Stream is already closed"));
  if (self->state == JXS_TLS_SESSION_CHECK)
    {
      g_autoptr (GError) refused = NULL;

      self->inside = TRUE;
      self->vtable->check (self->owner, &refused);
      self->inside = FALSE;
      jxs_tls_session_checked (self, refused, GNUTLS_A_BAD_CERTIFICATE);
    }
  return !jxs_tls_session_report (self, direction, error);
}
