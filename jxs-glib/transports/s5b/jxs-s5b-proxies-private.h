/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-disco-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>

G_BEGIN_DECLS

/* The bytestream proxies (XEP-0065 §4) an endpoint may offer: configured ones and those of its own
 * server and the components of it, found once and kept for JXS_S5B_PROXIES_SECONDS. Signal
 * "changed": another one is known, or the search is over. */
#define JXS_TYPE_S5B_PROXIES (jxs_s5b_proxies_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bProxies, jxs_s5b_proxies, JXS, S5B_PROXIES, GObject)

#define JXS_S5B_PROXIES_SECONDS 3600
#define JXS_S5B_PROXIES_RETRY_SECONDS 60 /* after a search that found nothing */
#define JXS_S5B_PROXIES_TIMEOUT_MS 5000  /* each question but for activation */
#define JXS_S5B_PROXIES_MAX_ITEMS 64     /* of the server that are asked what they are */
#define JXS_S5B_PROXIES_MAX_HOSTS 4      /* of one proxy, so that it leaves room for others */
#define JXS_S5B_PROXIES_MAX 8

JxsS5bProxies *jxs_s5b_proxies_new (JxsRouter *router);
/* host NULL: the proxy is asked. FALSE: it is neither an address nor a name. */
gboolean jxs_s5b_proxies_add (JxsS5bProxies *self, JxsJid *jid, const char *host, guint16 port);
void jxs_s5b_proxies_set_discover (JxsS5bProxies *self, gboolean discover); /* default TRUE */
/* (transfer none) (element-type JxsS5bCandidate): what is known now */
GPtrArray *jxs_s5b_proxies_peek (JxsS5bProxies *self);
gboolean jxs_s5b_proxies_is_searching (JxsS5bProxies *self);
/* Searches, unless that was done lately. */
void jxs_s5b_proxies_search (JxsS5bProxies *self);
/* One of ours, by host and port; without a host, by JID. What a peer says of our proxy's JID at
 * another host says nothing. */
gboolean jxs_s5b_proxies_knows (JxsS5bProxies *self, JxsJid *jid, const char *host, guint16 port);
/* Activates (XEP-0065 §6.3.5). JXS_STANZA_ERROR of the proxy, JXS_ERROR_TIMED_OUT. */
void jxs_s5b_proxies_activate_async (JxsS5bProxies *self,
                                     JxsJid *proxy,
                                     const char *sid,
                                     JxsJid *peer,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean
jxs_s5b_proxies_activate_finish (JxsS5bProxies *self, GAsyncResult *result, GError **error);

G_END_DECLS
