/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/x509.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

#define JXS_CERTIFICATE_MAX_NAMES                                                                  \
  128 /* subject alternative names; stops work chosen by whoever made the certificate */

/* The subject alternative names of a certificate (RFC 5280 §4.2.1.6) that XMPP knows. */
typedef struct
{
  GPtrArray *addresses; /* (owned) (element-type utf8): id-on-xmppAddr, RFC 6120 §13.7.1.4 */
  GPtrArray *hosts;     /* (owned) (element-type utf8): DNS-ID, RFC 6125 §1.8 */
  GPtrArray *services;  /* (owned) (element-type utf8): SRV-ID, RFC 4985 */
  gboolean has_broken_address; /* an id-on-xmppAddr that is no text */
} JxsCertificateNames;

/* FALSE for a certificate whose names cannot be read, or with too many. */
gboolean jxs_certificate_names_init (JxsCertificateNames *self, gnutls_x509_crt_t crt);
void jxs_certificate_names_clear (JxsCertificateNames *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsCertificateNames, jxs_certificate_names_clear)

/* Whether an id-on-xmppAddr is the address, or its bare form. */
gboolean jxs_certificate_names_has_address (const JxsCertificateNames *self, JxsJid *jid);
/* Whether a DNS-ID or an SRV-ID for XMPP names the domain. Never ask this for a user: who runs a
 * host is not who has an account there. */
gboolean jxs_certificate_names_has_service (const JxsCertificateNames *self, const char *domain);

G_END_DECLS
