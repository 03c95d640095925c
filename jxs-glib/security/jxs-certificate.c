/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-certificate-private.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-certificate-names-private.h>

#define CERTIFICATE_MAX_BYTES 131072 /* one certificate; stops work chosen by strangers */
#define CERTIFICATE_MAX_CHAIN 16     /* certificates up to the authority; as above */
#define CERTIFICATE_MAX_PURPOSES 64  /* extended key usages looked at; as above */

#define RSA_MIN_BITS 2048  /* less can be broken (RFC 7525 §4.3) */
#define RSA_MAX_BITS 16384 /* the time of a signature grows with the cube; stops loss of time */
#define ECC_MIN_BITS 255   /* Ed25519, P-256 */

#define NO_EXPIRY G_GINT64_CONSTANT (253402300799) /* 99991231235959Z, RFC 5280 §4.1.2.5 */

/* How far a peer's clock may be ahead of ours. */
#define CLOCK_TOLERANCE_SECONDS (G_GINT64_CONSTANT (24) * 60 * 60)

typedef struct gnutls_x509_crt_int Certificate;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, gnutls_x509_crt_deinit)

static Certificate *
import (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (Certificate) crt = NULL;
  gnutls_datum_t datum;

  g_object_get (certificate, "certificate", &der, NULL);
  if (der == NULL || der->len > CERTIFICATE_MAX_BYTES)
    return NULL;
  datum.data = der->data;
  datum.size = der->len;
  if (gnutls_x509_crt_init (&crt) != 0 ||
      gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER) != 0)
    return NULL;
  return g_steal_pointer (&crt);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_SECURITY, message);
  return FALSE;
}

static char *
format_date (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (seconds);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M")
                      : g_strdup_printf ("%" G_GINT64_FORMAT, seconds);
}

static gint64
get_expiry (Certificate *crt)
{
  time_t seconds = gnutls_x509_crt_get_expiration_time (crt);

  /* GnuTLS caps it where time_t is short. */
  if (seconds >= NO_EXPIRY || seconds == (time_t) GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION)
    return G_MAXINT64;
  return seconds != (time_t) -1 ? seconds : 0;
}

static gint64
get_activation (Certificate *crt)
{
  time_t seconds = gnutls_x509_crt_get_activation_time (crt);

  return seconds != (time_t) -1 ? seconds : G_MAXINT64;
}

static gboolean
check_dates (Certificate *crt, GError **error)
{
  gint64 now = jxs_clock_utc ();
  gint64 from = get_activation (crt);
  gint64 until = get_expiry (crt);
  g_autofree char *date = NULL;

  if (from > now + CLOCK_TOLERANCE_SECONDS)
    {
      date = format_date (from);
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_SECURITY,
                   _ ("The certificate is not valid before %s; is the clock right?"),
                   date);
      return FALSE;
    }
  if (until <= now)
    {
      date = format_date (until);
      g_set_error (
          error, JXS_ERROR, JXS_ERROR_SECURITY, _ ("The certificate has expired on %s"), date);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_strength (Certificate *crt, GError **error)
{
  unsigned int bits = 0;

  switch (gnutls_x509_crt_get_pk_algorithm (crt, &bits))
    {
    case GNUTLS_PK_RSA:
    case GNUTLS_PK_RSA_PSS:
      if (bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS)
        return TRUE;
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_SECURITY,
                   bits < RSA_MIN_BITS
                       ? _ ("The key of the certificate is too weak: RSA with %u bits")
                       : _ ("The key of the certificate is too large: RSA with %u bits"),
                   bits);
      return FALSE;
    case GNUTLS_PK_ECDSA:
    case GNUTLS_PK_EDDSA_ED25519:
    case GNUTLS_PK_EDDSA_ED448:
      if (bits >= ECC_MIN_BITS)
        return TRUE;
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_SECURITY,
                   _ ("The key of the certificate is too weak: an elliptic curve with %u bits"),
                   bits);
      return FALSE;
    default:
      return refuse (error, _ ("The key of the certificate is of a kind that is not supported"));
    }
}

static gboolean
has_tls_purpose (gnutls_x509_key_purposes_t purposes)
{
  for (unsigned int i = 0; i < CERTIFICATE_MAX_PURPOSES; i++)
    {
      gnutls_datum_t oid;

      if (gnutls_x509_key_purpose_get (purposes, i, &oid) != 0)
        break;
      if (g_str_equal ((char *) oid.data, GNUTLS_KP_TLS_WWW_CLIENT) ||
          g_str_equal ((char *) oid.data, GNUTLS_KP_TLS_WWW_SERVER) ||
          g_str_equal ((char *) oid.data, GNUTLS_KP_ANY))
        return TRUE;
    }
  return FALSE;
}

/* Client or server: in a session between peers, who is which says nothing about what they are. */
static gboolean
check_purposes (Certificate *crt, GError **error)
{
  gnutls_x509_key_purposes_t purposes = NULL;
  gnutls_datum_t extension = { NULL, 0 };
  int code = gnutls_x509_crt_get_extension_by_oid2 (
      crt, GNUTLS_X509EXT_OID_EXTENDED_KEY_USAGE, 0, &extension, NULL);
  gboolean allowed = code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;

  if (code == 0 && gnutls_x509_key_purpose_init (&purposes) == 0 &&
      gnutls_x509_ext_import_key_purposes (&extension, purposes, 0) == 0)
    allowed = has_tls_purpose (purposes);
  gnutls_free (extension.data);
  g_clear_pointer (&purposes, gnutls_x509_key_purpose_deinit);
  return allowed || refuse (error, _ ("The certificate was not made for encrypted connections"));
}

static gboolean
check_usage (Certificate *crt, GError **error)
{
  unsigned int usage = 0;
  int code = gnutls_x509_crt_get_key_usage (crt, &usage, NULL);

  /* TLS 1.3 needs nothing else (RFC 8446 §4.4.2.2). */
  if (code != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE &&
      (code < 0 || (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0))
    return refuse (error, _ ("The certificate's key may not be used to prove who somebody is"));
  return check_purposes (crt, error);
}

static gboolean
is_authority (Certificate *crt)
{
  return gnutls_x509_crt_get_ca_status (crt, NULL) > 0;
}

/* RFC 6120 §13.7.1.1. Common tools set the flag in whatever is self-signed, and the certificate in
 * jingle-xtls §5.1 has it: there it means nothing. */
static gboolean
check_authority_flag (Certificate *crt, gboolean allow_self_signed, GError **error)
{
  if (!is_authority (crt) || (allow_self_signed && gnutls_x509_crt_check_issuer (crt, crt) != 0))
    return TRUE;
  return refuse (error, _ ("The certificate is that of an authority, not of a peer"));
}

static gboolean
check_names (const JxsCertificateNames *names, JxsJid *peer, GError **error)
{
  g_autofree char *named = NULL;
  g_autofree char *shown = NULL;

  if (names->addresses->len == 0 && !names->has_broken_address)
    return TRUE;
  if (jxs_certificate_names_has_address (names, peer))
    return TRUE;

  shown = jxs_log_sanitize (jxs_jid_to_string (peer), 160);
  if (names->addresses->len == 0)
    return refuse (error, _ ("The address that the certificate names cannot be read"));
  named = jxs_log_sanitize (g_ptr_array_index (names->addresses, 0), 160);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_SECURITY,
               _ ("The certificate is that of “%s”, not of “%s”"),
               named,
               shown);
  return FALSE;
}

static gboolean
check (Certificate *crt, JxsJid *peer, JxsCertificateNames *names, GError **error)
{
  if (crt == NULL || !jxs_certificate_names_init (names, crt))
    return refuse (error, _ ("The certificate cannot be read"));
  return check_dates (crt, error) && check_strength (crt, error) && check_usage (crt, error) &&
         check_authority_flag (crt, TRUE, error) && check_names (names, peer, error);
}

gboolean
jxs_certificate_check (GTlsCertificate *certificate, JxsJid *peer, GError **error)
{
  g_autoptr (Certificate) crt = import (certificate);
  g_auto (JxsCertificateNames) names = { NULL };

  return check (crt, peer, &names, error);
}

/* What may be handed to the database to work on. */
static gboolean
check_chain (GTlsCertificate *certificate, GError **error)
{
  guint n = 1;

  for (GTlsCertificate *c = g_tls_certificate_get_issuer (certificate); c != NULL;
       c = g_tls_certificate_get_issuer (c))
    {
      g_autoptr (Certificate) crt = NULL;

      if (++n > CERTIFICATE_MAX_CHAIN)
        return refuse (error, _ ("The certificate comes with too many others"));
      crt = import (c);
      if (crt == NULL)
        return refuse (error, _ ("A certificate of the chain cannot be read"));
      if (!check_strength (crt, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_authority_names (const JxsCertificateNames *names, JxsJid *peer, GError **error)
{
  g_autofree char *shown = NULL;

  if (jxs_certificate_names_has_address (names, peer) ||
      (jxs_jid_get_local (peer) == NULL &&
       jxs_certificate_names_has_service (names, jxs_jid_get_domain (peer))))
    return TRUE;
  shown = jxs_log_sanitize (jxs_jid_to_string (peer), 160);
  g_set_error (
      error, JXS_ERROR, JXS_ERROR_SECURITY, _ ("The certificate does not name “%s”"), shown);
  return FALSE;
}

static const char *
describe_flags (GTlsCertificateFlags flags)
{
  if ((flags & G_TLS_CERTIFICATE_REVOKED) != 0)
    return _ ("The certificate has been revoked");
  if ((flags & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return _ ("The certificate is not from an authority that is known here");
  if ((flags & G_TLS_CERTIFICATE_INSECURE) != 0)
    return _ ("The certificate, or one of an authority, is signed in a way that can be forged");
  if ((flags & G_TLS_CERTIFICATE_EXPIRED) != 0)
    return _ ("The certificate of an authority has expired");
  if ((flags & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    return _ ("The certificate, or one of an authority, is not valid yet");
  return _ ("The authority may not vouch for this certificate");
}

static void
verified_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  GTlsCertificateFlags flags =
      g_tls_database_verify_chain_finish (G_TLS_DATABASE (source), result, &error);

  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (flags != G_TLS_CERTIFICATE_NO_FLAGS)
    g_task_return_new_error (task, JXS_ERROR, JXS_ERROR_SECURITY, "%s", describe_flags (flags));
  else
    g_task_return_boolean (task, TRUE);
}

void
jxs_certificate_check_authority_async (GTlsCertificate *certificate,
                                       JxsJid *peer,
                                       GTlsDatabase *database,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (certificate, cancellable, callback, user_data);
  g_autoptr (Certificate) crt = import (certificate);
  g_auto (JxsCertificateNames) names = { NULL };
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, jxs_certificate_check_authority_async);
  if (!check (crt, peer, &names, &error) || !check_authority_flag (crt, FALSE, &error) ||
      !check_authority_names (&names, peer, &error) || !check_chain (certificate, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* Who is the TLS server depends on who called whom. */
  g_tls_database_verify_chain_async (database,
                                     certificate,
                                     G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER,
                                     NULL,
                                     NULL,
                                     G_TLS_DATABASE_VERIFY_NONE,
                                     cancellable,
                                     verified_cb,
                                     g_steal_pointer (&task));
}

gboolean
jxs_certificate_check_authority_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_certificate_check_authority_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gint64
jxs_certificate_get_activation (GTlsCertificate *certificate)
{
  g_autoptr (Certificate) crt = import (certificate);

  return crt != NULL ? get_activation (crt) : 0;
}

gint64
jxs_certificate_get_expiry (GTlsCertificate *certificate)
{
  g_autoptr (Certificate) crt = import (certificate);

  return crt != NULL ? get_expiry (crt) : 0;
}

GPtrArray *
jxs_certificate_get_xmpp_addresses (GTlsCertificate *certificate)
{
  g_autoptr (Certificate) crt = import (certificate);
  g_auto (JxsCertificateNames) names = { NULL };

  if (crt == NULL || !jxs_certificate_names_init (&names, crt))
    return g_ptr_array_new_with_free_func (g_free);
  return g_steal_pointer (&names.addresses);
}
