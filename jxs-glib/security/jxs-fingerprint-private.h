/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/* Fingerprints of certificates: hexadecimal digests of the DER form. */
char *jxs_fingerprint_compute (GTlsCertificate *certificate, GChecksumType type);
/* Normalizes what peers send: strips colons and white space, folds case; the algorithm from algo
 * (nullable) or from the length. NULL with JXS_STANZA_ERROR bad-request. (transfer full) */
char *
jxs_fingerprint_parse (const char *text, const char *algo, GChecksumType *type, GError **error);
/* Constant time. */
gboolean
jxs_fingerprint_matches (const char *normalized, GChecksumType type, GTlsCertificate *certificate);
/* For people: "AB:CD:…". (transfer full) */
char *jxs_fingerprint_to_display (const char *normalized);
/* The id-on-xmppAddr names of a certificate. (transfer full) (element-type utf8) */
GPtrArray *jxs_certificate_get_xmpp_addresses (GTlsCertificate *certificate);

G_END_DECLS
