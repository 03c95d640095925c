/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* <pubkeys xmlns='urn:xmpp:tmp:pubkey'/>, the form of XEP-0189 that jingle-xtls §5.1 uses: empty in
 * a request, and otherwise with
 *
 *   <keyinfo><name>SHA-1 of the certificate, lower-case hex</name><x509cert>DER, base64</x509cert>
 *   </keyinfo>
 *
 * for each certificate. */

/* What one peer may make us parse. */
#define JXS_PUBKEYS_MAX_CERTIFICATES 8
#define JXS_PUBKEYS_MAX_BYTES (100 * 1024) /* of one certificate */

/* JXS_STANZA_ERROR_BAD_REQUEST; NOT_ACCEPTABLE for too much of it. Nothing is known yet about whom
 * the certificates belong to. (transfer full) (element-type GTlsCertificate) */
GPtrArray *jxs_pubkeys_parse (JxsElement *pubkeys, GError **error);
/* certificates: (nullable) (element-type GTlsCertificate). (transfer full) */
JxsElement *jxs_pubkeys_build (GPtrArray *certificates);

G_END_DECLS
