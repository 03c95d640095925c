/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

#define JXS_TYPE_LOOPBACK_CHANNEL (jxs_loopback_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsLoopbackChannel, jxs_loopback_channel, JXS, LOOPBACK_CHANNEL, GObject)

JXS_AVAILABLE_IN_1_0
void jxs_loopback_channel_new_pair (JxsJid *first_jid,
                                    JxsJid *second_jid,
                                    JxsLoopbackChannel **first,
                                    JxsLoopbackChannel **second);
JXS_AVAILABLE_IN_1_0
void jxs_loopback_channel_set_delay (JxsLoopbackChannel *self, guint delay_ms);
JXS_AVAILABLE_IN_1_0
void jxs_loopback_channel_close (JxsLoopbackChannel *self);

G_END_DECLS
