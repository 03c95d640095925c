/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-channel-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

/**
 * JxsChannel:
 *
 * The way to the XMPP network: the one thing the library needs from the outside.
 *
 * An application that has an XMPP connection implements this interface (three functions), or uses a
 * [class@RelayChannel], which does so for it; one that has none uses a [class@Client]. Two ends in
 * one process talk over a [class@LoopbackChannel].
 *
 * An implementation calls [method@Channel.receive] for every stanza that arrives, in order, and
 * [method@Channel.report_closed] once when nothing will arrive any more. Everything happens in the
 * thread-default main context in which the channel was made.
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (JxsChannel, jxs_channel, G_TYPE_OBJECT)

enum
{
  SIGNAL_STANZA,
  SIGNAL_CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static G_DEFINE_QUARK (jxs_channel_closed, jxs_channel_closed);

static void
jxs_channel_default_init (JxsChannelInterface *iface)
{
  /**
   * JxsChannel::stanza:
   * @self: the channel
   * @stanza: a message, presence or iq, as it arrived
   *
   * A stanza arrived. The library listens here; an application may as well, to take what is its
   * own. The first handler that returns %TRUE ends the emission.
   *
   * Returns: whether the handler took the stanza: an IQ request is then answered by it
   *
   * Since: 1.0
   */
  signals[SIGNAL_STANZA] = g_signal_new ("stanza",
                                         JXS_TYPE_CHANNEL,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         g_signal_accumulator_true_handled,
                                         NULL,
                                         NULL,
                                         G_TYPE_BOOLEAN,
                                         1,
                                         JXS_TYPE_ELEMENT);

  /**
   * JxsChannel::closed:
   * @self: the channel
   * @error: (nullable): why, or %NULL when it was closed in order
   *
   * Nothing can be sent and nothing will arrive any more. Emitted once.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed",
                                         JXS_TYPE_CHANNEL,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_ERROR);
}

/**
 * jxs_channel_get_local_jid:
 * @self: a channel
 *
 * Our full JID on this channel.
 *
 * Returns: (transfer none) (nullable): the JID, or %NULL until it is known
 *
 * Since: 1.0
 */
JxsJid *
jxs_channel_get_local_jid (JxsChannel *self)
{
  JxsChannelInterface *iface;

  g_return_val_if_fail (JXS_IS_CHANNEL (self), NULL);

  iface = JXS_CHANNEL_GET_IFACE (self);
  return iface->get_local_jid != NULL ? iface->get_local_jid (self) : NULL;
}

/**
 * jxs_channel_send:
 * @self: a channel
 * @stanza: a message, presence or iq in the namespace `jabber:client`
 * @error: return location for an error
 *
 * Sends a stanza. This never blocks: what cannot leave at once is queued. The answer to an IQ may
 * arrive before this function returns. The channel may keep a reference on @stanza: do not change
 * it afterwards.
 *
 * Fails with %JXS_ERROR_CLOSED after [signal@Channel::closed], or with an error of the
 * implementation.
 *
 * Returns: whether the channel took the stanza
 *
 * Since: 1.0
 */
gboolean
jxs_channel_send (JxsChannel *self, JxsElement *stanza, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  JxsChannelInterface *iface;

  g_return_val_if_fail (JXS_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (stanza != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (jxs_channel_is_closed (self))
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
      return FALSE;
    }

  iface = JXS_CHANNEL_GET_IFACE (self);
  if (iface->send != NULL && iface->send (self, stanza, &local_error))
    return TRUE;

  /* An exception in a function written in another language arrives as FALSE without an error. */
  if (local_error == NULL)
    g_set_error (&local_error,
                 JXS_ERROR,
                 JXS_ERROR_FAILED,
                 _ ("The channel (%s) could not send and did not say why"),
                 G_OBJECT_TYPE_NAME (self));
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/**
 * jxs_channel_is_secure:
 * @self: a channel
 *
 * Whether what travels here is encrypted and the server (or peer) authenticated.
 *
 * Returns: %TRUE if it is
 *
 * Since: 1.0
 */
gboolean
jxs_channel_is_secure (JxsChannel *self)
{
  JxsChannelInterface *iface;

  g_return_val_if_fail (JXS_IS_CHANNEL (self), FALSE);

  iface = JXS_CHANNEL_GET_IFACE (self);
  return iface->is_secure != NULL && iface->is_secure (self);
}

/**
 * jxs_channel_receive:
 * @self: a channel
 * @stanza: a message, presence or iq that arrived
 *
 * For implementations: a stanza arrived. The library may keep a reference on @stanza: do not change
 * it afterwards.
 *
 * An implementation that owns its connection answers IQ requests nobody took, by
 * [method@Channel.refuse].
 *
 * Returns: whether somebody took it
 *
 * Since: 1.0
 */
gboolean
jxs_channel_receive (JxsChannel *self, JxsElement *stanza)
{
  g_autoptr (JxsChannel) alive = NULL;
  g_autoptr (JxsElement) held = NULL;
  gboolean handled = FALSE;

  g_return_val_if_fail (JXS_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (stanza != NULL, FALSE);

  if (jxs_channel_is_closed (self))
    return FALSE;

  alive = g_object_ref (self);
  held = jxs_element_ref (stanza);
  g_signal_emit (self, signals[SIGNAL_STANZA], 0, held, &handled);
  return handled;
}

/**
 * jxs_channel_report_closed:
 * @self: a channel
 * @error: (nullable): why, or %NULL when it was closed in order
 *
 * For implementations: nothing will arrive any more. Emits [signal@Channel::closed]; further calls
 * do nothing.
 *
 * Since: 1.0
 */
void
jxs_channel_report_closed (JxsChannel *self, const GError *error)
{
  g_autoptr (JxsChannel) alive = NULL;

  g_return_if_fail (JXS_IS_CHANNEL (self));

  if (jxs_channel_is_closed (self))
    return;

  jxs_log_debug (self, "channel closed: %s", error != NULL ? error->message : "in order");
  alive = g_object_ref (self);
  g_object_set_qdata (G_OBJECT (self), jxs_channel_closed_quark (), GINT_TO_POINTER (TRUE));
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, error);
}

/**
 * jxs_channel_refuse:
 * @self: a channel
 * @stanza: a stanza that [method@Channel.receive] found nobody for
 *
 * For implementations that own their connection: answers an IQ request with
 * `<service-unavailable/>`, as RFC 6120 §8.4 demands, and does nothing for every other stanza.
 *
 * Since: 1.0
 */
void
jxs_channel_refuse (JxsChannel *self, JxsElement *stanza)
{
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) refusal = NULL;
  g_autoptr (GError) error = NULL;
  const char *type;
  const char *from;

  g_return_if_fail (JXS_IS_CHANNEL (self));
  g_return_if_fail (stanza != NULL);

  if (jxs_channel_is_closed (self) || jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_IQ)
    return;

  /* Results and errors are never answered (RFC 6120 §8.2.3), nor is what cannot be addressed. */
  type = jxs_element_get_attribute (stanza, "type");
  if ((g_strcmp0 (type, "get") != 0 && g_strcmp0 (type, "set") != 0) ||
      jxs_element_get_attribute (stanza, "id") == NULL)
    return;
  from = jxs_element_get_attribute (stanza, "from");
  if (from != NULL)
    {
      g_autoptr (JxsJid) jid = jxs_jid_new (from, NULL);

      if (jid == NULL)
        return;
    }

  refusal = g_error_new_literal (JXS_STANZA_ERROR,
                                 JXS_STANZA_ERROR_SERVICE_UNAVAILABLE,
                                 "No handler for this request");
  answer = jxs_stanza_new_error (stanza, refusal, NULL);
  if (!jxs_channel_send (self, answer, &error))
    jxs_log_debug (self, "refusal was not sent: %s", error->message);
}

gboolean
jxs_channel_is_closed (JxsChannel *self)
{
  return g_object_get_qdata (G_OBJECT (self), jxs_channel_closed_quark ()) != NULL;
}
