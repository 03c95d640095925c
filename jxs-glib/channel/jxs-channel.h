/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

#define JXS_TYPE_CHANNEL (jxs_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (JxsChannel, jxs_channel, JXS, CHANNEL, GObject)

/**
 * JxsChannelInterface:
 * @parent_iface: the parent interface
 * @get_local_jid: returns our full JID, or %NULL until it is known; the channel keeps it alive
 * @send: takes a stanza for sending. It must not block: what cannot leave at once is queued. It may
 *   be called again from inside, and the answer may be received before it returns
 * @is_secure: returns whether what travels here is encrypted and the server (or peer) authenticated
 *
 * What an application implements to let the library signal over its own connection. None of the
 * functions takes a callback, so every language with bindings can implement all three.
 *
 * Since: 1.0
 */
struct _JxsChannelInterface
{
  /*< private >*/
  GTypeInterface parent_iface;

  /*< public >*/
  JxsJid *(*get_local_jid) (JxsChannel *self);
  gboolean (*send) (JxsChannel *self, JxsElement *stanza, GError **error);
  gboolean (*is_secure) (JxsChannel *self);

  /*< private >*/
  gpointer padding[8];
};

JXS_AVAILABLE_IN_1_0
JxsJid *jxs_channel_get_local_jid (JxsChannel *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_channel_send (JxsChannel *self, JxsElement *stanza, GError **error);
JXS_AVAILABLE_IN_1_0
gboolean jxs_channel_is_secure (JxsChannel *self);

/* For implementations. */
JXS_AVAILABLE_IN_1_0
gboolean jxs_channel_receive (JxsChannel *self, JxsElement *stanza);
JXS_AVAILABLE_IN_1_0
void jxs_channel_report_closed (JxsChannel *self, const GError *error);
JXS_AVAILABLE_IN_1_0
void jxs_channel_refuse (JxsChannel *self, JxsElement *stanza);

G_END_DECLS
