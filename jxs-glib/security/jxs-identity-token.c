/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity-token-private.h>

#include <glib/gi18n-lib.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>

/* Messages never show the URI of a key: it may hold a PIN. */
static gboolean
set_token_error (GError **error, int code)
{
  switch (code)
    {
    case GNUTLS_E_PKCS11_PIN_ERROR:
    case GNUTLS_E_PKCS11_USER_ERROR:
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_AUTHENTICATION,
                           _ ("The PIN of the token is missing or not right"));
      break;
    case GNUTLS_E_PKCS11_PIN_EXPIRED:
    case GNUTLS_E_PKCS11_PIN_LOCKED:
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_AUTHENTICATION,
                           _ ("The PIN of the token is locked or has expired"));
      break;
    case GNUTLS_E_PK_SIG_VERIFY_FAILED:
    case GNUTLS_E_CONSTRAINT_ERROR: /* of another kind even */
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The private key is not that of the certificate"));
      break;
    default:
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("The private key in the token cannot be used: %s"),
                   gnutls_strerror (code));
    }
  return FALSE;
}

/* What TLS 1.3 will ask of the key (RFC 8446 §4.2.3). */
static gnutls_sign_algorithm_t
choose_algorithm (gnutls_pubkey_t public_key)
{
  gnutls_pk_algorithm_t algorithm = gnutls_pubkey_get_pk_algorithm (public_key, NULL);
  gnutls_digest_algorithm_t digest = GNUTLS_DIG_SHA256;

  if (algorithm == GNUTLS_PK_RSA)
    return GNUTLS_SIGN_RSA_PSS_RSAE_SHA256;
  gnutls_pubkey_get_preferred_hash_algorithm (public_key, &digest, NULL);
  return gnutls_pk_to_sign (algorithm, digest);
}

/* Only a signature shows that the key is there, may be used, and is that of the certificate. */
static int
prove (gnutls_privkey_t key, gnutls_pubkey_t public_key)
{
  gnutls_sign_algorithm_t algorithm = choose_algorithm (public_key);
  guint8 challenge[32];
  gnutls_datum_t data = { challenge, sizeof challenge };
  gnutls_datum_t signature = { NULL, 0 };
  int code;

  jxs_random_bytes (challenge, sizeof challenge);
  if ((code = gnutls_privkey_sign_data2 (key, algorithm, 0, &data, &signature)) == 0)
    code = gnutls_pubkey_verify_data2 (public_key, algorithm, 0, &data, &signature);
  gnutls_free (signature.data);
  return code < 0 ? code : 0;
}

static gboolean
check_key (GTlsCertificate *certificate, const char *key_uri, GError **error)
{
  g_autoptr (GByteArray) der = NULL;
  gnutls_privkey_t key = NULL;
  gnutls_pubkey_t public_key = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t datum;
  int code;

  g_object_get (certificate, "certificate", &der, NULL);
  datum.data = der->data;
  datum.size = der->len;
  if ((code = gnutls_x509_crt_init (&crt)) == 0 &&
      (code = gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER)) == 0 &&
      (code = gnutls_pubkey_init (&public_key)) == 0 &&
      (code = gnutls_pubkey_import_x509 (public_key, crt, 0)) == 0 &&
      (code = gnutls_privkey_init (&key)) == 0 &&
      (code = gnutls_privkey_import_url (key, key_uri, 0)) == 0)
    code = prove (key, public_key);

  g_clear_pointer (&key, gnutls_privkey_deinit);
  g_clear_pointer (&public_key, gnutls_pubkey_deinit);
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return code == 0 || set_token_error (error, code);
}

GTlsCertificate *
jxs_identity_token_load (const char *certificate_uri, const char *key_uri, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) local_error = NULL;

  certificate = g_tls_certificate_new_from_pkcs11_uris (certificate_uri, key_uri, &local_error);
  if (certificate == NULL)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("The certificate cannot be read from the token: %s"),
                   local_error->message);
      return NULL;
    }
  return check_key (certificate, key_uri, error) ? g_steal_pointer (&certificate) : NULL;
}
