/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/security/jxs-fingerprint.h>

G_BEGIN_DECLS

/* The longest digest of GChecksumType, in bytes. */
#define JXS_FINGERPRINT_MAX_BYTES 64

/* Fingerprints of certificates: hexadecimal digests of the DER form, in lower case. NULL only for a
 * type GLib does not know. (transfer full) (nullable) */
char *jxs_fingerprint_compute (GTlsCertificate *certificate, GChecksumType type);
/* Normalizes what peers and people write: strips colons and white space, folds case; the algorithm
 * from algo (nullable), as XEP-0300 or older clients name it, or from the length. NULL with
 * JXS_STANZA_ERROR: bad-request when malformed, feature-not-implemented for an algorithm that is
 * unknown or broken (MD5). (transfer full) (nullable) */
char *
jxs_fingerprint_parse (const char *text, const char *algo, GChecksumType *type, GError **error);
/* Constant time. */
gboolean
jxs_fingerprint_matches (const char *normalized, GChecksumType type, GTlsCertificate *certificate);
/* The name of XEP-0300, like "sha-256"; NULL for MD5. */
const char *jxs_fingerprint_algo_to_name (GChecksumType type);
gboolean jxs_fingerprint_algo_from_name (const char *name, GChecksumType *type);

G_END_DECLS
