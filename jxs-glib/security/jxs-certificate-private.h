/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/* What a peer's certificate says, and whether that is in order. Certificates are untrusted bytes:
 * nothing here asks for memory or work without limit, or crashes. */

/* All but trust, of a certificate whose key the peer has shown to have: dates, uses, strength of
 * the key, and that the addresses it names, if any, include peer's (RFC 6120 §13.7.1). Whether
 * somebody signed it does not matter here. JXS_ERROR_SECURITY. */
gboolean jxs_certificate_check (GTlsCertificate *certificate, JxsJid *peer, GError **error);

/* Whether an authority of database vouches that the certificate is peer's: chain, dates and name.
 * A user is named by id-on-xmppAddr only; a service, which has no local part, also by SRV-ID or
 * DNS-ID of its domain (RFC 6120 §13.7.1.2, RFC 6125). Includes jxs_certificate_check().
 * JXS_ERROR_SECURITY says what is missing. */
void jxs_certificate_check_authority_async (GTlsCertificate *certificate,
                                            JxsJid *peer,
                                            GTlsDatabase *database,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
gboolean jxs_certificate_check_authority_finish (GAsyncResult *result, GError **error);

/* When it begins to be valid, in seconds since 1970 (UTC); 0 for a certificate that cannot be read.
 */
gint64 jxs_certificate_get_activation (GTlsCertificate *certificate);
/* When it stops to be valid, in seconds since 1970 (UTC); G_MAXINT64 for never, 0 for a certificate
 * that cannot be read. */
gint64 jxs_certificate_get_expiry (GTlsCertificate *certificate);

/* The id-on-xmppAddr names (RFC 6120 §13.7.1.4), those that are no text left out. (transfer full)
 * (element-type utf8) */
GPtrArray *jxs_certificate_get_xmpp_addresses (GTlsCertificate *certificate);

G_END_DECLS
