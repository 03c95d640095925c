/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <gio/gio.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-certificate-names-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>

/* Whatever a peer shows, it is refused with a message for people, or it is valid now and names the
 * peer if it names anybody. */

#define NOW G_GINT64_CONSTANT (2000000000)

static void
check (GTlsCertificate *certificate, JxsJid *peer)
{
  g_autoptr (GPtrArray) addresses = jxs_certificate_get_xmpp_addresses (certificate);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  g_autoptr (GError) error = NULL;
  gboolean is_named = addresses->len == 0;

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (JxsJid) named = jxs_jid_new (addresses->pdata[i], NULL);

      g_assert_true (g_utf8_validate (addresses->pdata[i], -1, NULL));
      is_named |= named != NULL && (jxs_jid_equal (named, peer) || jxs_jid_equal (named, bare));
    }
  if (jxs_certificate_check (certificate, peer, &error))
    {
      g_assert_no_error (error);
      g_assert_true (is_named);
      g_assert_cmpint (jxs_certificate_get_expiry (certificate), >, NOW);
      g_assert_cmpint (jxs_certificate_get_activation (certificate), <=, NOW + 24 * 60 * 60);
    }
  else
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

/* A domain that is in no name of the corpus must not come out of mutations of lengths and tags. */
static void
check_services (const guint8 *data, gsize size)
{
  g_auto (JxsCertificateNames) names = { NULL };
  gnutls_datum_t datum = { (unsigned char *) data, size };
  gnutls_x509_crt_t crt;

  g_assert_cmpint (gnutls_x509_crt_init (&crt), ==, 0);
  if (gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER) == 0 &&
      jxs_certificate_names_init (&names, crt))
    {
      jxs_certificate_names_has_service (&names, "chat.montague.lit");
      g_assert_false (jxs_certificate_names_has_service (&names, "never.named.example"));
    }
  gnutls_x509_crt_deinit (crt);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) der = g_byte_array_append (g_byte_array_new (), data, size);
  g_autoptr (JxsJid) user = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  g_autoptr (JxsJid) service = jxs_jid_new ("montague.lit", NULL);
  g_autoptr (GTlsCertificate) certificate = NULL;

  jxs_clock_set_utc (NOW);
  check_services (data, size);
  certificate = g_initable_new (g_tls_backend_get_certificate_type (g_tls_backend_get_default ()),
                                NULL,
                                NULL,
                                "certificate",
                                der,
                                NULL);
  if (certificate == NULL)
    return 0;
  check (certificate, user);
  check (certificate, service);
  return 0;
}
