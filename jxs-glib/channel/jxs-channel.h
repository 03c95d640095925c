/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* Signals:
 *  "stanza" (JxsElement *stanza) -> gboolean handled (g_signal_accumulator_true_handled);
 *  "closed" (GError *error (nullable)), once. */
#define JXS_TYPE_CHANNEL (jxs_channel_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (JxsChannel, jxs_channel, JXS, CHANNEL, GObject)

struct _JxsChannelInterface
{
  GTypeInterface parent_iface;

  /* (transfer none) (nullable): our full JID; NULL until known */
  JxsJid *(*get_local_jid) (JxsChannel *self);
  /* never blocks: queues; may be re-entered */
  gboolean (*send) (JxsChannel *self, JxsElement *stanza, GError **error);
  /* whether what travels here is encrypted and the server (or peer) authenticated */
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

/* For implementations: a stanza arrived; returns whether somebody took it. */
JXS_AVAILABLE_IN_1_0
gboolean jxs_channel_receive (JxsChannel *self, JxsElement *stanza);
/* For implementations: nothing will arrive any more. */
JXS_AVAILABLE_IN_1_0
void jxs_channel_closed (JxsChannel *self, const GError *error);
/* For implementations that own their connection: answers an IQ request that nobody took with
 * service-unavailable; does nothing for other stanzas. */
JXS_AVAILABLE_IN_1_0
void jxs_channel_refuse (JxsChannel *self, JxsElement *stanza);

G_END_DECLS
