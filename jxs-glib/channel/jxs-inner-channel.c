/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-inner-channel-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

/* Of the ids of our requests; 128 bits of chance follow, so no application meets them. */
#define ID_PREFIX "jxs-inner-"

struct _JxsInnerChannel
{
  GObject parent_instance;

  JxsXmlStream *stream; /* weak (nullable) */
  const char *const *namespaces;
};

static void jxs_inner_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (JxsInnerChannel,
                               jxs_inner_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL,
                                                      jxs_inner_channel_iface_init))

/* Looks at little: everything that arrives on the stream comes by. */
static gboolean
is_ours (JxsInnerChannel *self, JxsElement *iq)
{
  const char *type = jxs_element_get_attribute (iq, "type");
  const char *id = jxs_element_get_attribute (iq, "id");
  JxsElement *payload;

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    return id != NULL && g_str_has_prefix (id, ID_PREFIX);
  payload = jxs_element_get_first_child (iq);
  return payload != NULL && jxs_element_get_namespace (payload) != NULL &&
         g_strv_contains (self->namespaces, jxs_element_get_namespace (payload));
}

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  JxsInnerChannel *self = user_data;

  if (jxs_stanza_get_kind (stanza) != JXS_STANZA_KIND_IQ || !is_ours (self, stanza))
    return FALSE;
  if (!jxs_channel_receive (JXS_CHANNEL (self), stanza))
    jxs_channel_refuse (JXS_CHANNEL (self), stanza);
  return TRUE;
}

static JxsJid *
jxs_inner_channel_get_local_jid (JxsChannel *channel)
{
  JxsInnerChannel *self = JXS_INNER_CHANNEL (channel);

  return self->stream != NULL ? jxs_xml_stream_get_local_jid (self->stream) : NULL;
}

static gboolean
jxs_inner_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  JxsInnerChannel *self = JXS_INNER_CHANNEL (channel);

  if (self->stream != NULL)
    return jxs_xml_stream_send (self->stream, stanza, error);
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is not open"));
  return FALSE;
}

static void
jxs_inner_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = jxs_inner_channel_get_local_jid;
  iface->send = jxs_inner_channel_send;
}

static void
jxs_inner_channel_finalize (GObject *object)
{
  g_clear_weak_pointer (&JXS_INNER_CHANNEL (object)->stream);

  G_OBJECT_CLASS (jxs_inner_channel_parent_class)->finalize (object);
}

static void
jxs_inner_channel_class_init (JxsInnerChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = jxs_inner_channel_finalize;
}

static void
jxs_inner_channel_init (JxsInnerChannel *self)
{
}

JxsInnerChannel *
jxs_inner_channel_new (JxsXmlStream *stream, const char *const *namespaces)
{
  JxsInnerChannel *self = g_object_new (JXS_TYPE_INNER_CHANNEL, NULL);

  g_set_weak_pointer (&self->stream, stream);
  self->namespaces = namespaces;
  g_signal_connect_object (stream, "stanza", G_CALLBACK (stanza_cb), self, 0);
  return self;
}

void
jxs_inner_channel_detach (JxsInnerChannel *self)
{
  g_autoptr (JxsInnerChannel) alive = g_object_ref (self);

  if (self->stream != NULL)
    g_signal_handlers_disconnect_by_func (self->stream, stanza_cb, self);
  g_clear_weak_pointer (&self->stream);
  jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
}

JxsElement *
jxs_inner_channel_new_iq (const char *type, JxsJid *to, JxsElement *payload)
{
  JxsElement *iq = jxs_stanza_new_iq (type, jxs_jid_to_string (to), payload);
  g_autofree char *random = jxs_random_id ();
  g_autofree char *id = g_strconcat (ID_PREFIX, random, NULL);

  jxs_element_set_attribute (iq, "id", id);
  return iq;
}
