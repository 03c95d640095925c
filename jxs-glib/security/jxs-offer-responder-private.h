/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/security/jxs-offer-codec-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>

G_BEGIN_DECLS

/* Extension probing (XEP-0250 §3.2): what a peer could do with us inside a stream, asked and
 * answered over the channel. It passes the servers, so it proves nothing. */
typedef struct _JxsOfferResponder JxsOfferResponder;

/* Answers from now on; config is copied. */
JxsOfferResponder *jxs_offer_responder_new (JxsRouter *router, const JxsXtlsConfig *config);
void jxs_offer_responder_free (JxsOfferResponder *self);

/* Asks a peer. Its answer names its certificates only if it could verify one of ours. Errors are
 * those of jxs_router_send_iq_finish(), and JXS_ERROR_PROTOCOL for an answer that is none. */
void jxs_offer_responder_ask_async (JxsOfferResponder *self,
                                    JxsJid *peer,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean jxs_offer_responder_ask_finish (GAsyncResult *result, JxsOffer *offer, GError **error);

G_END_DECLS
