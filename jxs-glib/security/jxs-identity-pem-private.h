/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-identity.h>

G_BEGIN_DECLS

/* The text of an identity (RFC 7468): its certificate, those of its issuers, and its private key;
 * after it the same of its successor, if there is one. Text that holds a key is to be freed with
 * jxs_identity_wipe(). */

/* Overwrites and frees text that holds a private key or a password; NULL is ignored. */
void jxs_identity_wipe (char *text);

/* A new key and a self-signed certificate for a bare address, valid from about now on. */
char *jxs_identity_pem_generate (const char *address, JxsKeyType type, gint64 now, GError **error);

/* The certificates of both, with their private keys; successor may come back NULL. password
 * (nullable) decrypts the keys: JXS_ERROR_AUTHENTICATION when it is wrong or missing. */
gboolean jxs_identity_pem_parse (const char *pem,
                                 const char *password,
                                 GTlsCertificate **certificate,
                                 GTlsCertificate **successor,
                                 GError **error);

/* password (nullable) encrypts the keys: PKCS#8, AES-256, PBKDF2. */
char *jxs_identity_pem_build (GTlsCertificate *certificate,
                              GTlsCertificate *successor,
                              const char *password,
                              GError **error);

/* Whether the certificate is one of those made here: signed by its own key and nobody else. */
gboolean jxs_identity_pem_is_own (GTlsCertificate *certificate);

/* The kind of a new key in place of the one of this certificate. */
JxsKeyType jxs_identity_pem_get_key_type (GTlsCertificate *certificate);

G_END_DECLS
