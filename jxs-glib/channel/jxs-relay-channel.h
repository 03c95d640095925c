/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

/* For applications that own their XMPP connection: they push in what arrives and send what
 * "outgoing" gives. Signal: "outgoing" (JxsElement *stanza). */
#define JXS_TYPE_RELAY_CHANNEL (jxs_relay_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsRelayChannel, jxs_relay_channel, JXS, RELAY_CHANNEL, GObject)

JXS_AVAILABLE_IN_1_0
JxsRelayChannel *jxs_relay_channel_new (JxsJid *local_jid, gboolean secure);
/* TRUE: the library took the stanza, the application need not answer it. */
JXS_AVAILABLE_IN_1_0
gboolean jxs_relay_channel_push (JxsRelayChannel *self, JxsElement *stanza);
/* One stanza as XML text; jabber:client is implied when it declares no namespace. handled: (out)
 * (optional). */
JXS_AVAILABLE_IN_1_0
gboolean jxs_relay_channel_push_xml (JxsRelayChannel *self,
                                     const char *xml,
                                     gboolean *handled,
                                     GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_relay_channel_close (JxsRelayChannel *self);

G_END_DECLS
