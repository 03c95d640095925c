/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/security/jxs-trust-record.h>
#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

/**
 * JxsTrustContact:
 * @JXS_TRUST_CONTACT_FIRST: nobody decided about any key of the address yet
 * @JXS_TRUST_CONTACT_NEW_DEVICE: other keys of the address are known, none of them at this resource
 * @JXS_TRUST_CONTACT_CHANGED: another key is known, at this resource or without any
 * @JXS_TRUST_CONTACT_REJECTED: no key is known, but persons compared a short string over one that
 *   was shown before, and found it different: somebody may be listening in
 *
 * How a key that is not known relates to what is known of its address. Servers choose resources, so
 * the difference between a new device and a changed key is a hint for people: whoever could show a
 * wrong key can also make it look like that of a new device.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_TRUST_CONTACT_FIRST,
  JXS_TRUST_CONTACT_NEW_DEVICE,
  JXS_TRUST_CONTACT_CHANGED,
  JXS_TRUST_CONTACT_REJECTED,
} JxsTrustContact;

#define JXS_TYPE_TRUST_CONTACT (jxs_trust_contact_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_trust_contact_get_type (void);

#define JXS_TYPE_TRUST_STORE (jxs_trust_store_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsTrustStore, jxs_trust_store, JXS, TRUST_STORE, GObject)

JXS_AVAILABLE_IN_1_0
void jxs_trust_store_open_async (GFile *file,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsTrustStore *jxs_trust_store_open_finish (GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
gboolean jxs_trust_store_get_first_use (JxsTrustStore *self);
JXS_AVAILABLE_IN_1_0
void jxs_trust_store_set_first_use (JxsTrustStore *self, gboolean first_use);
JXS_AVAILABLE_IN_1_0
JxsTrustRecord *jxs_trust_store_lookup (JxsTrustStore *self, JxsJid *peer, const char *fingerprint);
JXS_AVAILABLE_IN_1_0
void jxs_trust_store_set_level_async (JxsTrustStore *self,
                                      JxsJid *peer,
                                      const char *fingerprint,
                                      JxsTrustLevel level,
                                      JxsTrustOrigin origin,
                                      int io_priority,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean
jxs_trust_store_set_level_finish (JxsTrustStore *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_trust_store_remove_async (JxsTrustStore *self,
                                   JxsJid *peer,
                                   const char *fingerprint,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_trust_store_remove_finish (JxsTrustStore *self,
                                        GAsyncResult *result,
                                        guint *n_removed,
                                        GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_trust_store_export_async (JxsTrustStore *self,
                                   GFile *file,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_trust_store_export_finish (JxsTrustStore *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_trust_store_import_async (JxsTrustStore *self,
                                   GFile *file,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_trust_store_import_finish (JxsTrustStore *self,
                                        GAsyncResult *result,
                                        guint *n_imported,
                                        guint *n_kept,
                                        guint *n_invalid,
                                        GError **error);

G_END_DECLS
