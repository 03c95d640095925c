/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-loopback-channel.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

#define JXS_LOOPBACK_MAX_QUEUED                                                                    \
  16384 /* stanzas not delivered yet; stops a sender that never yields to the main loop */

/**
 * JxsLoopbackChannel:
 *
 * One of two channels in one process: what one sends the other receives, in order, from the main
 * loop, as a copy. Between them stands what a server does: the address of the sender is stamped on
 * each stanza, and a request to anybody else is answered with an error.
 *
 * Both belong to the thread-default main context in which they were made. When one is closed or
 * dropped, the other still receives what was on its way and is then closed too.
 *
 * Since: 1.0
 */
struct _JxsLoopbackChannel
{
  GObject parent_instance;

  JxsJid *jid;               /* (owned) */
  JxsLoopbackChannel *other; /* unowned (nullable): cleared when either is closed or disposed */
  GMainContext *context;     /* (owned) */
  GQueue incoming;           /* (element-type Delivery) */
  GSource *source;           /* (owned) (nullable): delivers the first of incoming */
  guint delay_ms;            /* of what this one sends */
  gboolean closed;
};

static void jxs_loopback_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsLoopbackChannel,
                               jxs_loopback_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL,
                                                      jxs_loopback_channel_iface_init))

typedef struct
{
  JxsElement *stanza; /* (owned) (nullable): NULL is the end */
  gint64 due_us;
} Delivery;

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  g_clear_pointer (&delivery->stanza, jxs_element_unref);
  g_free (delivery);
}

static void
jxs_loopback_channel_clear_source (JxsLoopbackChannel *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
}

static void
jxs_loopback_channel_end (JxsLoopbackChannel *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  jxs_loopback_channel_clear_source (self);
  g_queue_clear_full (&self->incoming, delivery_free);
  jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
}

static void jxs_loopback_channel_schedule (JxsLoopbackChannel *self);

static gboolean
jxs_loopback_channel_deliver_cb (gpointer user_data)
{
  g_autoptr (JxsLoopbackChannel) self = g_object_ref (user_data);
  gint64 now_us = jxs_clock_now ();
  /* What handlers send to themselves waits for the next round. */
  guint n = g_queue_get_length (&self->incoming);

  g_clear_pointer (&self->source, g_source_unref);
  for (; n > 0 && !self->closed; n--)
    {
      Delivery *delivery = g_queue_peek_head (&self->incoming);
      g_autoptr (JxsElement) stanza = NULL;

      if (delivery->due_us > now_us)
        break;
      g_queue_pop_head (&self->incoming);
      stanza = g_steal_pointer (&delivery->stanza);
      delivery_free (delivery);
      if (stanza == NULL)
        jxs_loopback_channel_end (self);
      else if (!jxs_channel_receive (JXS_CHANNEL (self), stanza))
        jxs_channel_refuse (JXS_CHANNEL (self), stanza);
    }
  jxs_loopback_channel_schedule (self);
  return G_SOURCE_REMOVE;
}

static void
jxs_loopback_channel_schedule (JxsLoopbackChannel *self)
{
  Delivery *first = g_queue_peek_head (&self->incoming);
  gint64 delay_us;

  if (first == NULL || self->source != NULL)
    return;
  delay_us = MAX (first->due_us - jxs_clock_now (), 0);
  self->source = jxs_clock_timeout_attach ((guint) ((delay_us + 999) / 1000),
                                           "[jxs] loopback delivery",
                                           self->context,
                                           jxs_loopback_channel_deliver_cb,
                                           self);
}

static void
jxs_loopback_channel_push (JxsLoopbackChannel *self, JxsElement *stanza, guint delay_ms)
{
  Delivery *last = g_queue_peek_tail (&self->incoming);
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->stanza = stanza;
  delivery->due_us = jxs_clock_now () + (gint64) delay_ms * 1000;
  /* The order stays when the delay is made shorter. */
  if (last != NULL)
    delivery->due_us = MAX (delivery->due_us, last->due_us);
  g_queue_push_tail (&self->incoming, delivery);
  jxs_loopback_channel_schedule (self);
}

/* Tells the other side that nothing follows. */
static void
jxs_loopback_channel_part (JxsLoopbackChannel *self)
{
  JxsLoopbackChannel *other = g_steal_pointer (&self->other);

  if (other == NULL)
    return;
  other->other = NULL;
  jxs_loopback_channel_push (other, NULL, self->delay_ms);
}

static JxsJid *
jxs_loopback_channel_get_local_jid (JxsChannel *channel)
{
  return JXS_LOOPBACK_CHANNEL (channel)->jid;
}

/* What a server says about an address that is not there (RFC 6120 §10.5). */
static void
jxs_loopback_channel_bounce (JxsLoopbackChannel *self, JxsElement *stanza, const char *to)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JxsElement) answer = NULL;
  const char *type = jxs_element_get_attribute (stanza, "type");

  if (jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_IQ ||
      (g_strcmp0 (type, "get") != 0 && g_strcmp0 (type, "set") != 0))
    {
      jxs_log_debug (self, "stanza to somebody else dropped");
      return;
    }
  reason = g_error_new_literal (JXS_STANZA_ERROR,
                                JXS_STANZA_ERROR_SERVICE_UNAVAILABLE,
                                "Nobody has this address");
  answer = jxs_stanza_new_error (stanza, reason, NULL);
  jxs_element_set_attribute (answer, "from", to);
  jxs_element_set_attribute (answer, "to", jxs_jid_to_string (self->jid));
  jxs_loopback_channel_push (self, g_steal_pointer (&answer), self->delay_ms);
}

static gboolean
jxs_loopback_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  JxsLoopbackChannel *self = JXS_LOOPBACK_CHANNEL (channel);
  const char *to_text = jxs_element_get_attribute (stanza, "to");
  g_autoptr (JxsJid) to = NULL;
  g_autoptr (JxsElement) copy = NULL;
  gboolean is_iq = FALSE;

  switch (jxs_stanza_get_kind (stanza))
    {
    case JXS_STANZA_KIND_IQ:
      is_iq = TRUE;
      break;
    case JXS_STANZA_KIND_MESSAGE:
    case JXS_STANZA_KIND_PRESENCE:
      break;
    case JXS_STANZA_KIND_NONE:
    default:
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           "The element is no stanza");
      return FALSE;
    }
  if (self->other == NULL)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
      return FALSE;
    }
  if (g_queue_get_length (&self->incoming) >= JXS_LOOPBACK_MAX_QUEUED ||
      g_queue_get_length (&self->other->incoming) >= JXS_LOOPBACK_MAX_QUEUED)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_LIMIT,
                           _ ("Too many stanzas wait to be delivered"));
      return FALSE;
    }
  if (to_text != NULL)
    {
      to = jxs_jid_new (to_text, error);
      if (to == NULL)
        return FALSE;
      /* A server answers requests to a bare JID itself (RFC 6121 §8.5.2.1.3). */
      if (!jxs_jid_equal (to, self->other->jid) &&
          (is_iq || jxs_jid_is_full (to) || !jxs_jid_equal_bare (to, self->other->jid)))
        {
          jxs_loopback_channel_bounce (self, stanza, to_text);
          return TRUE;
        }
    }

  copy = jxs_element_copy (stanza);
  jxs_element_set_attribute (copy, "from", jxs_jid_to_string (self->jid));
  jxs_element_set_attribute (copy, "to", jxs_jid_to_string (self->other->jid));
  jxs_loopback_channel_push (self->other, g_steal_pointer (&copy), self->delay_ms);
  return TRUE;
}

static gboolean
jxs_loopback_channel_is_secure (JxsChannel *channel)
{
  return TRUE;
}

static void
jxs_loopback_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = jxs_loopback_channel_get_local_jid;
  iface->send = jxs_loopback_channel_send;
  iface->is_secure = jxs_loopback_channel_is_secure;
}

static void
jxs_loopback_channel_dispose (GObject *object)
{
  JxsLoopbackChannel *self = JXS_LOOPBACK_CHANNEL (object);

  self->closed = TRUE;
  jxs_loopback_channel_part (self);
  jxs_loopback_channel_clear_source (self);
  g_queue_clear_full (&self->incoming, delivery_free);

  G_OBJECT_CLASS (jxs_loopback_channel_parent_class)->dispose (object);
}

static void
jxs_loopback_channel_finalize (GObject *object)
{
  JxsLoopbackChannel *self = JXS_LOOPBACK_CHANNEL (object);

  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (jxs_loopback_channel_parent_class)->finalize (object);
}

static void
jxs_loopback_channel_class_init (JxsLoopbackChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_loopback_channel_dispose;
  object_class->finalize = jxs_loopback_channel_finalize;
}

static void
jxs_loopback_channel_init (JxsLoopbackChannel *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_queue_init (&self->incoming);
}

/**
 * jxs_loopback_channel_new_pair:
 * @first_jid: the full JID of @first
 * @second_jid: the full JID of @second
 * @first: (out) (transfer full): return location for one end
 * @second: (out) (transfer full): return location for the other end
 *
 * Makes two connected channels.
 *
 * Since: 1.0
 */
void
jxs_loopback_channel_new_pair (JxsJid *first_jid,
                               JxsJid *second_jid,
                               JxsLoopbackChannel **first,
                               JxsLoopbackChannel **second)
{
  g_return_if_fail (first_jid != NULL && jxs_jid_is_full (first_jid));
  g_return_if_fail (second_jid != NULL && jxs_jid_is_full (second_jid));
  g_return_if_fail (first != NULL && second != NULL);

  *first = g_object_new (JXS_TYPE_LOOPBACK_CHANNEL, NULL);
  *second = g_object_new (JXS_TYPE_LOOPBACK_CHANNEL, NULL);
  (*first)->jid = jxs_jid_ref (first_jid);
  (*first)->other = *second;
  (*second)->jid = jxs_jid_ref (second_jid);
  (*second)->other = *first;
}

/**
 * jxs_loopback_channel_set_delay:
 * @self: a loopback channel
 * @delay_ms: milliseconds, 0 (the default) for none
 *
 * How long each stanza that @self sends from now on takes to the other side.
 *
 * Since: 1.0
 */
void
jxs_loopback_channel_set_delay (JxsLoopbackChannel *self, guint delay_ms)
{
  g_return_if_fail (JXS_IS_LOOPBACK_CHANNEL (self));

  self->delay_ms = delay_ms;
}

/**
 * jxs_loopback_channel_close:
 * @self: a loopback channel
 *
 * Closes @self at once. The other side receives what was on its way and is then closed too.
 *
 * Since: 1.0
 */
void
jxs_loopback_channel_close (JxsLoopbackChannel *self)
{
  g_return_if_fail (JXS_IS_LOOPBACK_CHANNEL (self));

  jxs_loopback_channel_part (self);
  jxs_loopback_channel_end (self);
}
