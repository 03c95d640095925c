/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/**
 * JxsKeyType:
 * @JXS_KEY_TYPE_ECDSA_P256: ECDSA over the curve NIST P-256, understood by every peer
 * @JXS_KEY_TYPE_ED25519: Ed25519 (RFC 8410)
 *
 * The kind of a new key.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_KEY_TYPE_ECDSA_P256,
  JXS_KEY_TYPE_ED25519,
} JxsKeyType;

#define JXS_TYPE_KEY_TYPE (jxs_key_type_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_key_type_get_type (void);

#define JXS_TYPE_IDENTITY (jxs_identity_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsIdentity, jxs_identity, JXS, IDENTITY, GObject)

JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_generate (JxsJid *jid, JxsKeyType type, GError **error);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_new_from_pem (const char *pem, GError **error);
JXS_AVAILABLE_IN_1_0
JxsIdentity *
jxs_identity_new_from_pkcs11 (const char *certificate_uri, const char *key_uri, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_identity_load_async (GFile *file,
                              const char *password,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_load_finish (GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_identity_load_or_generate_async (GFile *file,
                                          JxsJid *jid,
                                          const char *password,
                                          int io_priority,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_load_or_generate_finish (GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_identity_save_async (JxsIdentity *self,
                              GFile *file,
                              const char *password,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_identity_save_finish (JxsIdentity *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
GTlsCertificate *jxs_identity_get_certificate (JxsIdentity *self);
JXS_AVAILABLE_IN_1_0
char *jxs_identity_get_fingerprint (JxsIdentity *self, GChecksumType type);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_identity_get_jid (JxsIdentity *self);
JXS_AVAILABLE_IN_1_0
gint64 jxs_identity_get_expiry (JxsIdentity *self);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_renew (JxsIdentity *self, GError **error);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_identity_get_successor (JxsIdentity *self);

G_END_DECLS
