/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-handshake.h"

#include "jxs-test-sockets.h"

#include <string.h>

/* tls.handshake: both sides show a certificate, as between two endpoints; against GnuTLS with
 * what we want of it: TLS 1.3, X25519, ECDSA with P-256. */

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519"

static gnutls_certificate_credentials_t
load (GTlsCertificate *certificate)
{
  g_autofree char *certificate_pem = NULL;
  g_autofree char *key_pem = NULL;
  gnutls_certificate_credentials_t credentials;
  gnutls_datum_t cert;
  gnutls_datum_t key;

  g_object_get (
      certificate, "certificate-pem", &certificate_pem, "private-key-pem", &key_pem, NULL);
  cert = (gnutls_datum_t){ (unsigned char *) certificate_pem, strlen (certificate_pem) };
  key = (gnutls_datum_t){ (unsigned char *) key_pem, strlen (key_pem) };
  gnutls_certificate_allocate_credentials (&credentials);
  if (gnutls_certificate_set_x509_key_mem (credentials, &cert, &key, GNUTLS_X509_FMT_PEM) < 0)
    g_error ("the certificate cannot be used");
  return credentials;
}

int
main (void)
{
  HandshakePlain plain = { .type = GNUTLS_CRD_CERTIFICATE, .request = TRUE };
  JxsTlsParams params[2];

  for (int i = 0; i < 2; i++)
    {
      GTlsCertificate *certificate = jxs_test_certificate (i);

      params[i] = (JxsTlsParams){
        .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
        .certificate = certificate,
        .pin = TRUE,
      };
      plain.credentials[i] = load (certificate);
    }
  gnutls_priority_init (&plain.priority, PRIORITY, NULL);
  return handshake_main (params, &plain);
}
