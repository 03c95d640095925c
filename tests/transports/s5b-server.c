/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-server.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define TEST_TYPE_CHANNEL (test_channel_get_type ())
G_DECLARE_FINAL_TYPE (TestChannel, test_channel, TEST, CHANNEL, GObject)

struct _TestChannel
{
  GObject parent_instance;

  JxsJid *jid;
  Server *server;
};

static JxsJid *
test_channel_get_local_jid (JxsChannel *channel)
{
  return TEST_CHANNEL (channel)->jid;
}

static gboolean
test_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  Server *server = TEST_CHANNEL (channel)->server;

  g_assert_cmpstr (jxs_element_get_name (stanza), ==, "iq");
  g_ptr_array_add (server->asked, jxs_element_ref (stanza));
  server->n_asked++;
  if (server->sending != NULL)
    server->sending (stanza, server->sending_data);
  return TRUE;
}

static void
test_channel_iface_init (JxsChannelInterface *iface)
{
  iface->get_local_jid = test_channel_get_local_jid;
  iface->send = test_channel_send;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestChannel,
                               test_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL, test_channel_iface_init))

static void
test_channel_finalize (GObject *object)
{
  g_clear_pointer (&TEST_CHANNEL (object)->jid, jxs_jid_unref);
  G_OBJECT_CLASS (test_channel_parent_class)->finalize (object);
}

static void
test_channel_class_init (TestChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_channel_finalize;
}

static void
test_channel_init (TestChannel *self)
{
}

void
server_init (Server *self, const char *jid)
{
  TestChannel *channel = g_object_new (TEST_TYPE_CHANNEL, NULL);

  jxs_clock_use_fake (0);
  channel->server = self;
  self->channel = JXS_CHANNEL (channel);
  self->router = jxs_router_get (self->channel);
  self->asked = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  self->n_asked = 0;
  self->sending = NULL;
  if (jid != NULL)
    server_set_jid (self, jid);
}

void
server_clear (Server *self)
{
  drain ();
  g_assert_finalize_object (self->router);
  g_assert_finalize_object (self->channel);
  g_ptr_array_unref (self->asked);
  jxs_clock_use_real ();
}

void
server_set_jid (Server *self, const char *jid)
{
  TestChannel *channel = TEST_CHANNEL (self->channel);

  g_clear_pointer (&channel->jid, jxs_jid_unref);
  channel->jid = jid != NULL ? make_jid (jid) : NULL;
}

void
server_close (Server *self)
{
  jxs_channel_report_closed (self->channel, NULL);
  drain ();
}

static gboolean
server_find (Server *self, const char *who, const char *namespace_uri, guint *index)
{
  for (guint i = 0; i < self->asked->len; i++)
    {
      JxsElement *iq = g_ptr_array_index (self->asked, i);
      JxsElement *payload = jxs_element_get_first_child (iq);

      if (g_str_equal (jxs_element_get_attribute (iq, "to"), who) &&
          jxs_element_is (payload, "query", namespace_uri))
        {
          *index = i;
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
server_is_asked (Server *self, const char *who, const char *namespace_uri)
{
  guint index;

  return server_find (self, who, namespace_uri, &index);
}

JxsElement *
server_take (Server *self, const char *who, const char *namespace_uri)
{
  guint index;

  if (!server_find (self, who, namespace_uri, &index))
    {
      g_test_message ("%s was not asked for %s", who, namespace_uri);
      g_assert_not_reached ();
    }
  return g_ptr_array_steal_index (self->asked, index);
}

static void
server_push (Server *self, const char *xml)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) stanza = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  jxs_channel_receive (self->channel, stanza);
  drain ();
}

void
server_say (Server *self, JxsElement *iq, const char *from, const char *payload)
{
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='" JXS_NS_CLIENT "' type='result' id='%s' from='%s'>%s</iq>",
                       jxs_element_get_attribute (iq, "id"),
                       from,
                       payload);

  server_push (self, xml);
}

void
server_answer (Server *self, const char *who, const char *namespace_uri, const char *payload)
{
  g_autoptr (JxsElement) iq = server_take (self, who, namespace_uri);

  server_say (self, iq, who, payload);
}

void
server_refuse (Server *self,
               const char *who,
               const char *namespace_uri,
               const char *type,
               const char *condition)
{
  g_autoptr (JxsElement) iq = server_take (self, who, namespace_uri);
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='" JXS_NS_CLIENT "' type='error' id='%s' from='%s'>"
                       "<error type='%s'><%s xmlns='" JXS_NS_STANZA_ERRORS "'/></error></iq>",
                       jxs_element_get_attribute (iq, "id"),
                       who,
                       type,
                       condition);

  server_push (self, xml);
}

void
drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
pass (guint ms)
{
  jxs_clock_advance ((gint64) ms * 1000);
  drain ();
}

JxsJid *
make_jid (const char *text)
{
  g_autoptr (GError) error = NULL;
  JxsJid *jid = jxs_jid_new (text, &error);

  g_assert_no_error (error);
  return jid;
}
