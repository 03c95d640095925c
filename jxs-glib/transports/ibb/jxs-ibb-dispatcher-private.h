/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* All in-band bytestreams on one router, by (full JID of the peer, sid): a stream never hears of
 * another peer that uses its sid. Made at the first call and kept as long as the router, so that
 * packets for streams that are gone are answered item-not-found (XEP-0047 §2.2), except on a
 * JxsRelayChannel: whatever is not for one of ours is left to its application. */
typedef struct _JxsIbbDispatcher JxsIbbDispatcher;

/* payload: <open/>, <data/> or <close/>; iq is NULL for data in a message. Whoever gets an iq
 * answers it. */
typedef void (*JxsIbbPacketFunc) (JxsElement *iq, JxsElement *payload, gpointer user_data);

JxsIbbDispatcher *jxs_ibb_dispatcher_get (JxsRouter *router);
/* FALSE: that peer uses this sid already. */
gboolean jxs_ibb_dispatcher_add (JxsIbbDispatcher *self,
                                 JxsJid *peer,
                                 const char *sid,
                                 JxsIbbPacketFunc func,
                                 gpointer user_data);
void jxs_ibb_dispatcher_remove (JxsIbbDispatcher *self, JxsJid *peer, const char *sid);

G_END_DECLS
