/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-status-private.h"

#include <gnutls/ocsp.h>
#include <gnutls/x509-ext.h>

#include <jxs-glib/base/jxs-clock-private.h>

#define STATUS_REQUEST 5 /* the TLS feature, RFC 7633 §4.2.2 */
/* Of a word that does not say until when it holds. */
#define MAX_AGE_SECONDS (15 * 24 * 60 * 60)

typedef struct gnutls_x509_crt_int Certificate;
typedef struct gnutls_ocsp_resp_int Response;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, gnutls_x509_crt_deinit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Response, gnutls_ocsp_resp_deinit)

/* (transfer full) (nullable) */
static Certificate *
import (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (Certificate) crt = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  if (der == NULL || gnutls_x509_crt_init (&crt) < 0 ||
      gnutls_x509_crt_import (crt, &(gnutls_datum_t){ der->data, der->len }, GNUTLS_X509_FMT_DER) <
          0)
    return NULL;
  return g_steal_pointer (&crt);
}

static gboolean
has_signed (Certificate *issuer, Certificate *crt)
{
  unsigned int problems = 0;

  return gnutls_x509_crt_check_issuer (crt, issuer) != 0 &&
         gnutls_x509_crt_verify (crt, &issuer, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &problems) >=
             0 &&
         problems == 0;
}

/* Whoever has stolen the key may show any certificate as that of the issuer. (transfer full)
 * (nullable) */
static Certificate *
find_issuer (GTlsCertificate *server,
             Certificate *crt,
             GTlsDatabase *database,
             GCancellable *cancellable)
{
  g_autoptr (GTlsCertificate) anchor = NULL;

  for (GTlsCertificate *c = g_tls_certificate_get_issuer (server); c != NULL;
       c = g_tls_certificate_get_issuer (c))
    {
      g_autoptr (Certificate) issuer = import (c);

      if (issuer != NULL && has_signed (issuer, crt))
        return g_steal_pointer (&issuer);
    }
  if (G_TLS_DATABASE_GET_CLASS (database)->lookup_certificate_issuer == NULL)
    return NULL;
  anchor = g_tls_database_lookup_certificate_issuer (
      database, server, NULL, G_TLS_DATABASE_LOOKUP_NONE, cancellable, NULL);
  return anchor != NULL ? import (anchor) : NULL;
}

/* Nothing is known of it. */
static GTlsCertificateFlags
check_demand (Certificate *crt)
{
  gnutls_x509_tlsfeatures_t features;
  GTlsCertificateFlags flags = 0;
  unsigned int feature;

  if (gnutls_x509_tlsfeatures_init (&features) < 0)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  if (gnutls_x509_crt_get_tlsfeatures (crt, features, 0, NULL) >= 0)
    for (unsigned int i = 0; gnutls_x509_tlsfeatures_get (features, i, &feature) >= 0; i++)
      if (feature == STATUS_REQUEST)
        flags = G_TLS_CERTIFICATE_GENERIC_ERROR;
  gnutls_x509_tlsfeatures_deinit (features);
  return flags;
}

static GTlsCertificateFlags
check_word (Response *response, Certificate *crt)
{
  gint64 now = jxs_clock_utc ();
  unsigned int status;
  time_t since;
  time_t until;

  if (gnutls_ocsp_resp_get_single (
          response, 0, NULL, NULL, NULL, NULL, &status, &since, &until, NULL, NULL) < 0)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  if (status == GNUTLS_OCSP_CERT_REVOKED)
    return G_TLS_CERTIFICATE_REVOKED;
  if (until != (time_t) -1 ? until < now : now - since > MAX_AGE_SECONDS)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  return status == GNUTLS_OCSP_CERT_GOOD ? 0 : check_demand (crt);
}

GTlsCertificateFlags
jxs_tls_status_check (GTlsCertificate *server,
                      GBytes *response,
                      GTlsDatabase *database,
                      GCancellable *cancellable)
{
  g_autoptr (Certificate) crt = import (server);
  g_autoptr (Certificate) issuer = NULL;
  g_autoptr (Response) parsed = NULL;
  unsigned int problems = 0;
  gnutls_datum_t data;
  gsize size;
  int result;

  if (crt == NULL)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  if (response == NULL)
    return check_demand (crt);
  data.data = (unsigned char *) g_bytes_get_data (response, &size);
  data.size = size;
  if (gnutls_ocsp_resp_init (&parsed) < 0 || gnutls_ocsp_resp_import (parsed, &data) < 0)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  result = gnutls_ocsp_resp_get_status (parsed);
  if (result != GNUTLS_OCSP_RESP_SUCCESSFUL)
    return result < 0 ? G_TLS_CERTIFICATE_GENERIC_ERROR : check_demand (crt);
  issuer = find_issuer (server, crt, database, cancellable);
  if (issuer == NULL) /* then the chain ends nowhere either */
    return check_demand (crt);
  if (gnutls_ocsp_resp_check_crt (parsed, 0, crt) < 0 ||
      gnutls_ocsp_resp_verify_direct (parsed, issuer, &problems, 0) < 0 || problems != 0)
    return G_TLS_CERTIFICATE_GENERIC_ERROR;
  return check_word (parsed, crt);
}
