/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

#define JXS_TYPE_RELAY_CHANNEL (jxs_relay_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsRelayChannel, jxs_relay_channel, JXS, RELAY_CHANNEL, GObject)

JXS_AVAILABLE_IN_1_0
JxsRelayChannel *jxs_relay_channel_new (JxsJid *local_jid, gboolean secure);
JXS_AVAILABLE_IN_1_0
gboolean jxs_relay_channel_push (JxsRelayChannel *self, JxsElement *stanza);
JXS_AVAILABLE_IN_1_0
gboolean jxs_relay_channel_push_xml (JxsRelayChannel *self,
                                     const char *xml,
                                     gboolean *handled,
                                     GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_relay_channel_close (JxsRelayChannel *self);

G_END_DECLS
