/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "channel-util.h"

static gboolean
take_chat_cb (JxsChannel *channel, JxsElement *stanza, GPtrArray *received)
{
  g_ptr_array_add (received, jxs_element_ref (stanza));
  return g_strcmp0 (jxs_element_get_attribute (stanza, "type"), "chat") == 0;
}

static void
test_outgoing (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, "hi");
  g_autoptr (GPtrArray) sent = make_elements ();
  g_autoptr (GError) error = NULL;
  JxsRelayChannel *channel = make_relay (ROMEO, NULL);
  g_autoptr (JxsJid) jid = NULL;
  gboolean secure = FALSE;

  g_object_get (channel, "local-jid", &jid, "secure", &secure, NULL);
  g_assert_cmpstr (jxs_jid_to_string (jid), ==, ROMEO);
  g_assert_true (secure);
  g_assert_true (jxs_channel_is_secure (JXS_CHANNEL (channel)));

  /* Nobody would send it. */
  g_assert_false (jxs_channel_send (JXS_CHANNEL (channel), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "outgoing"));
  g_clear_error (&error);

  g_signal_connect (channel, "outgoing", G_CALLBACK (collect_outgoing_cb), sent);
  g_assert_true (jxs_channel_send (JXS_CHANNEL (channel), message, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sent->len, ==, 1);
  g_assert_true (jxs_element_equal (g_ptr_array_index (sent, 0), message));

  jxs_relay_channel_close (channel);
  g_assert_false (jxs_channel_send (JXS_CHANNEL (channel), message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_assert_finalize_object (channel);
}

static void
test_push (void)
{
  g_autoptr (GPtrArray) received = make_elements ();
  g_autoptr (JxsElement) chat = jxs_stanza_new_message (ROMEO, "hi");
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", ROMEO, NULL);
  g_autoptr (JxsElement) stray = jxs_element_new ("auth", JXS_NS_SASL);
  JxsRelayChannel *channel = make_relay (ROMEO, NULL);

  g_signal_connect (channel, "stanza", G_CALLBACK (take_chat_cb), received);
  g_assert_true (jxs_relay_channel_push (channel, chat));
  g_assert_false (jxs_relay_channel_push (channel, iq));
  g_assert_false (jxs_relay_channel_push (channel, stray));
  g_assert_cmpuint (received->len, ==, 2);
  jxs_relay_channel_close (channel);
  g_assert_false (jxs_relay_channel_push (channel, chat));
  g_assert_cmpuint (received->len, ==, 2);
  g_assert_finalize_object (channel);
}

static const struct
{
  const char *xml;
  gboolean valid;
  gboolean handled;
} texts[] = {
  { "<message type='chat'><body>hi</body></message>", TRUE, TRUE },
  { "<message xmlns='jabber:client' type='chat'><body>hi</body></message>", TRUE, TRUE },
  { " <message type='chat'/>\n", TRUE, TRUE },
  { "<iq type='get' id='1'><query xmlns='x'/></iq>", TRUE, FALSE },
  { "<presence/>", TRUE, FALSE },
  { "<c:presence xmlns:c='jabber:client'/>", TRUE, FALSE },
  { "", FALSE, FALSE },
  { "hello", FALSE, FALSE },
  { "<message>", FALSE, FALSE },
  { "<message type='chat'/><message type='chat'/>", FALSE, FALSE },
  { "<message type='chat'/></stream>", FALSE, FALSE },
  { "<message type='chat'/></stream><stream>", FALSE, FALSE },
  { "</stream>", FALSE, FALSE },
  { "<message xmlns='jabber:server' type='chat'/>", FALSE, FALSE },
  { "<query xmlns='jabber:iq:roster'/>", FALSE, FALSE },
  { "<message type='chat'><body>&undefined;</body></message>", FALSE, FALSE },
  { "<message type='chat'><!-- --></message>", FALSE, FALSE },
  { "<message type='chat'><a:b/></message>", FALSE, FALSE },
  { "<message type='chat'>\xff</message>", FALSE, FALSE },
};

static void
test_push_xml (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) received = make_elements ();
      JxsRelayChannel *channel = make_relay (ROMEO, NULL);
      g_autoptr (GError) error = NULL;
      gboolean handled = TRUE;

      g_test_message ("%" G_GSIZE_FORMAT, i);
      g_signal_connect (channel, "stanza", G_CALLBACK (take_chat_cb), received);
      g_assert_true (jxs_relay_channel_push_xml (channel, texts[i].xml, &handled, &error) ==
                     texts[i].valid);
      g_assert_true (handled == texts[i].handled);
      g_assert_cmpuint (received->len, ==, texts[i].valid ? 1 : 0);
      if (!texts[i].valid)
        {
          g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
        }
      else
        {
          JxsElement *stanza = g_ptr_array_index (received, 0);
          JxsElement *body = jxs_element_find_child (stanza, "body", JXS_NS_CLIENT);

          g_assert_no_error (error);
          g_assert_cmpstr (jxs_element_get_namespace (stanza), ==, JXS_NS_CLIENT);
          if (strstr (texts[i].xml, "<body") != NULL)
            g_assert_cmpstr (jxs_element_get_text (body), ==, "hi");
          g_assert_true (jxs_relay_channel_push_xml (channel, texts[i].xml, NULL, NULL));
        }
      jxs_relay_channel_close (channel);
      g_clear_error (&error);
      g_assert_false (jxs_relay_channel_push_xml (channel, texts[i].xml, NULL, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
      g_assert_finalize_object (channel);
    }
}

static void
drop_cb (JxsRelayChannel *channel, JxsElement *stanza, JxsRelayChannel **owned)
{
  g_clear_object (owned);
}

static void
test_dropped_while_sending (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (JULIET, "hi");
  JxsRelayChannel *channel = make_relay (ROMEO, NULL);
  gpointer weak = channel;

  g_object_add_weak_pointer (G_OBJECT (channel), &weak);
  g_signal_connect (channel, "outgoing", G_CALLBACK (drop_cb), &channel);
  g_assert_true (jxs_channel_send (JXS_CHANNEL (channel), message, NULL));
  g_assert_null (weak);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/relay/outgoing", test_outgoing);
  g_test_add_func ("/channel/relay/push", test_push);
  g_test_add_func ("/channel/relay/push-xml", test_push_xml);
  g_test_add_func ("/channel/relay/dropped-while-sending", test_dropped_while_sending);

  return g_test_run ();
}
