/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* Service discovery (XEP-0030) on a router: answers disco#info and disco#items, and asks. */
#define JXS_TYPE_DISCO (jxs_disco_get_type ())
G_DECLARE_FINAL_TYPE (JxsDisco, jxs_disco, JXS, DISCO, GObject)

JxsDisco *jxs_disco_new (JxsRouter *router);
/* Who we are; at first "client" "pc". name is nullable. */
void
jxs_disco_set_identity (JxsDisco *self, const char *category, const char *type, const char *name);
void jxs_disco_add_feature (JxsDisco *self, const char *var);
void jxs_disco_remove_feature (JxsDisco *self, const char *var);
/* FALSE: answer nothing but service-unavailable to this asker (nullable: our server). (scope
 * notified) */
typedef gboolean (*JxsDiscoFilterFunc) (JxsDisco *self, JxsJid *from, gpointer user_data);
void jxs_disco_set_filter (JxsDisco *self, JxsDiscoFilterFunc func, gpointer user_data);

#define JXS_DISCO_CACHE_SECONDS 300
#define JXS_DISCO_CACHE_SIZE                                                                       \
  128 /* peers remembered; stops a crowd of peers from filling memory                              \
       */
#define JXS_DISCO_MAX_FEATURES                                                                     \
  1024 /* of one peer, the rest is ignored; stops one answer from filling the cache */
#define JXS_DISCO_MAX_FEATURE_BYTES 1023 /* longer ones are ignored; likewise */

/* The features of a peer, cached for a few minutes per JID (and dropped when it goes offline).
 * Queries for one JID at the same time share one request. Errors are those of
 * jxs_router_send_iq_finish(), and JXS_ERROR_PROTOCOL for an answer that is none. */
void jxs_disco_query_async (JxsDisco *self,
                            JxsJid *jid,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
/* (element-type utf8) (transfer full): a set of feature strings, shared: not to be changed */
GHashTable *jxs_disco_query_finish (JxsDisco *self, GAsyncResult *result, GError **error);

G_END_DECLS
