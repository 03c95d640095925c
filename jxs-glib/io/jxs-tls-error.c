/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-error-private.h"

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>

#include <jxs-glib/base/jxs-error.h>

static GError *
new_password_error (void)
{
  return g_error_new_literal (JXS_ERROR,
                              JXS_ERROR_AUTHENTICATION,
                              _ ("The peer entered another password"));
}

static GError *
new_version_error (const JxsTlsMoment *moment)
{
  return g_error_new_literal (JXS_ERROR,
                              JXS_ERROR_SECURITY,
                              moment->pinned ? _ ("The peer does not support TLS 1.3")
                                             : _ ("The peer does not support TLS 1.2"));
}

static GError *
new_nothing_common_error (void)
{
  return g_error_new_literal (JXS_ERROR,
                              JXS_ERROR_SECURITY,
                              _ ("The peer supports no way of encryption that is safe"));
}

static GError *
new_distrust_error (const char *why)
{
  return g_error_new (JXS_ERROR,
                      JXS_ERROR_UNTRUSTED,
                      _ ("The peer does not trust our key: %s"),
                      why);
}

/* What the peer said. */
static GError *
error_from_alert (int alert, const JxsTlsMoment *moment)
{
  switch (alert)
    {
    case GNUTLS_A_ACCESS_DENIED:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_UNTRUSTED,
                                  _ ("The peer does not trust our key"));
    case GNUTLS_A_BAD_CERTIFICATE:
    case GNUTLS_A_CERTIFICATE_UNKNOWN:
      return new_distrust_error (_ ("it refused our certificate"));
    case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
      return new_distrust_error (_ ("it does not support certificates like ours"));
    case GNUTLS_A_CERTIFICATE_REVOKED:
      return new_distrust_error (_ ("our certificate was revoked"));
    case GNUTLS_A_CERTIFICATE_EXPIRED:
      return new_distrust_error (_ ("our certificate has expired"));
    case GNUTLS_A_UNKNOWN_CA:
      return new_distrust_error (_ ("it does not know who signed our certificate"));
    case GNUTLS_A_CERTIFICATE_REQUIRED:
      return g_error_new_literal (G_TLS_ERROR,
                                  G_TLS_ERROR_CERTIFICATE_REQUIRED,
                                  _ ("The peer demands a certificate"));
    case GNUTLS_A_PROTOCOL_VERSION:
      return new_version_error (moment);
    case GNUTLS_A_HANDSHAKE_FAILURE:
    case GNUTLS_A_INSUFFICIENT_SECURITY:
      return new_nothing_common_error ();
    case GNUTLS_A_UNKNOWN_PSK_IDENTITY:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_AUTHENTICATION,
                                  _ ("The peer expects the password of somebody else"));
    case GNUTLS_A_BAD_RECORD_MAC:
    case GNUTLS_A_DECRYPT_ERROR:
      if (moment->srp && moment->in_handshake)
        return new_password_error ();
      break;
    default:
      break;
    }
  return g_error_new (G_TLS_ERROR,
                      G_TLS_ERROR_MISC,
                      _ ("The peer ended the encrypted connection: %s"),
                      gnutls_alert_get_name (alert) != NULL ? gnutls_alert_get_name (alert)
                                                            : _ ("unknown alert"));
}

static GError *
error_in_handshake (int result, const JxsTlsMoment *moment)
{
  if (!moment->speaks_tls)
    return g_error_new_literal (G_TLS_ERROR,
                                G_TLS_ERROR_NOT_TLS,
                                moment->pinned || moment->srp
                                    ? _ ("The peer does not speak TLS, though we agreed on it; "
                                         "somebody on the way may have "
                                         "changed what was said")
                                    : _ ("The peer does not speak TLS"));
  switch (result)
    {
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
      return new_version_error (moment);
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_SECURITY,
                                  _ ("The peer did not show a certificate"));
    case GNUTLS_E_NO_CIPHER_SUITES:
    case GNUTLS_E_UNKNOWN_CIPHER_SUITE:
    case GNUTLS_E_NO_COMMON_KEY_SHARE:
    case GNUTLS_E_RECEIVED_ILLEGAL_EXTENSION:
      return new_nothing_common_error ();
    case GNUTLS_E_HANDSHAKE_TOO_LARGE:
    case GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_LIMIT,
                                  _ ("The certificates of the peer are too large"));
    case GNUTLS_E_DECRYPTION_FAILED:
      if (moment->srp)
        return new_password_error ();
      break;
    default:
      break;
    }
  return NULL;
}

GError *
jxs_tls_error_new (int result, int alert, const JxsTlsMoment *moment)
{
  GError *error = NULL;

  if (result == GNUTLS_E_FATAL_ALERT_RECEIVED || result == GNUTLS_E_WARNING_ALERT_RECEIVED)
    return error_from_alert (alert, moment);
  if (result == GNUTLS_E_PREMATURE_TERMINATION)
    return g_error_new_literal (G_TLS_ERROR,
                                G_TLS_ERROR_EOF,
                                _ ("The encrypted connection ended without a proper close"));
  if (moment->in_handshake)
    error = error_in_handshake (result, moment);
  if (error != NULL)
    return error;
  switch (result)
    {
    case GNUTLS_E_DECRYPTION_FAILED:
    case GNUTLS_E_UNEXPECTED_PACKET:
    case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
    case GNUTLS_E_RECORD_OVERFLOW:
      return g_error_new_literal (
          G_TLS_ERROR,
          G_TLS_ERROR_MISC,
          _ ("What arrived is not what the peer encrypted: it was damaged or changed on the way"));
    case GNUTLS_E_INVALID_SESSION:
      return g_error_new_literal (G_TLS_ERROR,
                                  G_TLS_ERROR_MISC,
                                  _ ("The encrypted connection has broken before"));
    default:
      break;
    }
  return g_error_new (G_TLS_ERROR,
                      G_TLS_ERROR_MISC,
                      _ ("The encrypted connection failed: %s"),
                      gnutls_strerror (result));
}
