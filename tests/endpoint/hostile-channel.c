/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-channel.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

struct _HostileChannel
{
  GObject parent_instance;

  HostileChannel *other; /* unowned (nullable): NULL once it is gone */
  JxsJid *jid;           /* (owned) */
  HostileFunc func;
  gpointer user_data;
  guint n_sent;
  GQueue incoming; /* (element-type JxsElement) */
  GSource *source; /* (owned) (nullable) */
};

static void hostile_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (HostileChannel,
                               hostile_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL, hostile_channel_iface_init))

static gboolean
deliver_cb (gpointer user_data)
{
  g_autoptr (HostileChannel) self = g_object_ref (user_data);

  g_clear_pointer (&self->source, g_source_unref);
  for (guint n = g_queue_get_length (&self->incoming); n > 0 && self->jid != NULL; n--)
    {
      g_autoptr (JxsElement) stanza = g_queue_pop_head (&self->incoming);

      if (!jxs_channel_receive (JXS_CHANNEL (self), stanza))
        jxs_channel_refuse (JXS_CHANNEL (self), stanza);
    }
  return G_SOURCE_REMOVE;
}

void
hostile_channel_pass (HostileChannel *self, JxsElement *stanza)
{
  g_queue_push_tail (&self->incoming, jxs_element_copy (stanza));
  if (self->source == NULL)
    self->source = jxs_clock_timeout_attach (0, "hostile delivery", NULL, deliver_cb, self);
}

static JxsJid *
hostile_channel_get_local_jid (JxsChannel *channel)
{
  return HOSTILE_CHANNEL (channel)->jid;
}

static gboolean
hostile_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  HostileChannel *self = HOSTILE_CHANNEL (channel);
  g_autoptr (JxsElement) copy = NULL;

  if (self->other == NULL)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, "The other side is gone");
      return FALSE;
    }
  copy = jxs_element_copy (stanza);
  jxs_element_set_attribute (copy, "from", jxs_jid_to_string (self->jid));
  self->func (self, self->n_sent++, copy, self->user_data);
  return TRUE;
}

static gboolean
hostile_channel_is_secure (JxsChannel *channel)
{
  return TRUE;
}

static void
hostile_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = hostile_channel_get_local_jid;
  iface->send = hostile_channel_send;
  iface->is_secure = hostile_channel_is_secure;
}

static void
hostile_channel_dispose (GObject *object)
{
  HostileChannel *self = HOSTILE_CHANNEL (object);

  if (self->other != NULL)
    self->other->other = NULL;
  self->other = NULL;
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->incoming, (GDestroyNotify) jxs_element_unref);

  G_OBJECT_CLASS (hostile_channel_parent_class)->dispose (object);
}

static void
hostile_channel_finalize (GObject *object)
{
  jxs_jid_unref (HOSTILE_CHANNEL (object)->jid);

  G_OBJECT_CLASS (hostile_channel_parent_class)->finalize (object);
}

static void
hostile_channel_class_init (HostileChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = hostile_channel_dispose;
  G_OBJECT_CLASS (klass)->finalize = hostile_channel_finalize;
}

static void
hostile_channel_init (HostileChannel *self)
{
  g_queue_init (&self->incoming);
}

void
hostile_channel_new_pair (JxsJid *first_jid,
                          JxsJid *second_jid,
                          HostileFunc func,
                          gpointer user_data,
                          HostileChannel **first,
                          HostileChannel **second)
{
  *first = g_object_new (HOSTILE_TYPE_CHANNEL, NULL);
  *second = g_object_new (HOSTILE_TYPE_CHANNEL, NULL);
  (*first)->other = *second;
  (*second)->other = *first;
  (*first)->jid = jxs_jid_ref (first_jid);
  (*second)->jid = jxs_jid_ref (second_jid);
  (*first)->func = (*second)->func = func;
  (*first)->user_data = (*second)->user_data = user_data;
}

HostileChannel *
hostile_channel_get_other (HostileChannel *self)
{
  return self->other;
}

JxsElement *
hostile_rewrite (JxsElement *stanza, const char *pattern, const char *replacement)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_DOTALL | G_REGEX_UNGREEDY, 0, &error);
  g_autofree char *before = jxs_element_to_string (stanza);
  g_autofree char *after = NULL;
  JxsElement *rewritten;

  g_assert_no_error (error);
  if (!g_regex_match (regex, before, 0, NULL))
    return NULL;
  after = g_regex_replace (regex, before, -1, 0, replacement, 0, &error);
  g_assert_no_error (error);
  rewritten = jxs_element_new_from_string (after, &error);
  g_assert_no_error (error);
  return rewritten;
}
