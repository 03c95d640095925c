/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* Service discovery (XEP-0030) on a router: answers disco#info and disco#items, and asks. */
#define JXS_TYPE_DISCO (jxs_disco_get_type ())
G_DECLARE_FINAL_TYPE (JxsDisco, jxs_disco, JXS, DISCO, GObject)

JxsDisco *jxs_disco_new (JxsRouter *router);
void
jxs_disco_set_identity (JxsDisco *self, const char *category, const char *type, const char *name);
void jxs_disco_add_feature (JxsDisco *self, const char *var);
void jxs_disco_remove_feature (JxsDisco *self, const char *var);
/* FALSE: answer nothing but service-unavailable to this asker. (scope notified) */
void jxs_disco_set_filter (JxsDisco *self,
                           gboolean (*func) (JxsDisco *self, JxsJid *from, gpointer user_data),
                           gpointer user_data);

/* The features of a peer, cached for a few minutes per full JID (and dropped when it goes offline).
 */
void jxs_disco_query_async (JxsDisco *self,
                            JxsJid *jid,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* (element-type utf8) (transfer full): a set of feature strings */
GHashTable *jxs_disco_query_finish (JxsDisco *self, GAsyncResult *result, GError **error);

G_END_DECLS
