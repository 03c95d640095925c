/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* An endpoint against a peer that speaks XEP-0247 stanza by stanza, without encryption. */

typedef struct
{
  JxsJid *romeo;
  JxsJid *juliet;
  JxsLoopbackChannel *channel; /* the endpoint's */
  JxsLoopbackChannel *peer;
  JxsEndpoint *endpoint;
  JxsXmlStream *stream; /* the endpoint's */
  GError *error;
  GQueue arrived; /* (element-type JxsElement): at the peer, but for answers */
  GString *heard; /* what the bytestream carried to the peer */
  char *sid;      /* of the bytestream */
  guint seq;      /* of what the peer sends */
  gboolean endpoint_opens;
  gboolean done;
} Fixture;

static void
answer (Fixture *fixture, JxsElement *iq, const char *payload)
{
  g_autoptr (JxsElement) child =
      payload != NULL ? jxs_element_new_from_string (payload, NULL) : NULL;
  g_autoptr (JxsElement) result = jxs_stanza_new_result (iq, child);

  jxs_channel_send (JXS_CHANNEL (fixture->peer), result, NULL);
}

static gboolean
arrived_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  Fixture *fixture = user_data;
  const char *type = jxs_element_get_attribute (stanza, "type");
  JxsElement *data = jxs_element_find_child (stanza, "data", JXS_NS_IBB);

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    {
      g_assert_cmpstr (type, ==, "result");
      return TRUE;
    }
  if (jxs_element_find_child (stanza, "query", JXS_NS_DISCO_INFO) != NULL)
    {
      answer (fixture,
              stanza,
              "<query xmlns='" JXS_NS_DISCO_INFO "'><identity category='client' type='pc'/>"
              "<feature var='" JXS_NS_DISCO_INFO "'/><feature var='" JXS_NS_JINGLE "'/>"
              "<feature var='" JXS_NS_XMLSTREAM "'/><feature var='" JXS_NS_JINGLE_IBB "'/>"
              "</query>");
      return TRUE;
    }
  if (data != NULL)
    {
      g_autofree guchar *bytes = NULL;
      gsize n;

      bytes = g_base64_decode (jxs_element_get_text (data), &n);
      g_string_append_len (fixture->heard, (char *) bytes, (gssize) n);
    }
  else
    g_queue_push_tail (&fixture->arrived, jxs_element_ref (stanza));
  answer (fixture, stanza, NULL);
  return TRUE;
}

static void
send_xml (Fixture *fixture, const char *payload)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) child = jxs_element_new_from_string (payload, &error);
  g_autoptr (JxsElement) iq = NULL;

  g_assert_no_error (error);
  iq = jxs_stanza_new_iq ("set", jxs_jid_to_string (fixture->romeo), child);
  jxs_channel_send (JXS_CHANNEL (fixture->peer), iq, &error);
  g_assert_no_error (error);
}

static void
say (Fixture *fixture, const char *text)
{
  g_autofree char *base64 = g_base64_encode ((const guchar *) text, strlen (text));
  g_autofree char *data =
      g_strdup_printf ("<data xmlns='" JXS_NS_IBB "' seq='%u' sid='%s'>%s</data>",
                       fixture->seq++,
                       fixture->sid,
                       base64);

  send_xml (fixture, data);
}

/* The child of the next request that arrives, with that name. (transfer full) */
static JxsElement *
expect (Fixture *fixture, const char *name, const char *namespace_uri)
{
  g_autoptr (JxsElement) stanza = NULL;
  JxsElement *child;

  wait_until (fixture->arrived.length > 0);
  stanza = g_queue_pop_head (&fixture->arrived);
  child = jxs_element_get_first_child (stanza);
  if (!jxs_element_is (child, name, namespace_uri))
    {
      g_autofree char *xml = jxs_element_to_string (stanza);

      g_error ("instead of %s: %s", name, xml);
    }
  return jxs_element_ref (child);
}

static void
expect_heard (Fixture *fixture, const char *text)
{
  wait_until (strstr (fixture->heard->str, text) != NULL);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (fixture->endpoint_opens)
    fixture->stream =
        jxs_endpoint_open_stream_finish (JXS_ENDPOINT (source), result, &fixture->error);
  else
    fixture->stream =
        jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &fixture->error);
  fixture->done = TRUE;
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  jxs_endpoint_accept_stream_async (
      endpoint, session, G_PRIORITY_DEFAULT, NULL, opened_cb, user_data);
}

#define SESSION_INITIATE                                                                           \
  "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='851ba2'"                       \
  "        initiator='juliet@capulet.lit/balcony'>"                                                \
  "  <content creator='initiator' name='xmlstream'>"                                               \
  "    <description xmlns='urn:xmpp:jingle:apps:xmlstream:0'/>"                                    \
  "    <transport xmlns='urn:xmpp:jingle:transports:ibb:1' block-size='4096' sid='vj3hs98y'/>"     \
  "  </content>"                                                                                   \
  "</jingle>"

static void
set_up (Fixture *fixture, gconstpointer opens)
{
  *fixture = (Fixture){ .endpoint_opens = GPOINTER_TO_INT (opens) };
  fixture->romeo = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  fixture->juliet = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  fixture->heard = g_string_new (NULL);
  jxs_loopback_channel_new_pair (fixture->romeo,
                                 fixture->juliet,
                                 &fixture->channel,
                                 &fixture->peer);
  g_signal_connect (fixture->peer, "stanza", G_CALLBACK (arrived_cb), fixture);
  fixture->endpoint = jxs_endpoint_new (JXS_CHANNEL (fixture->channel), NULL, NULL);
  jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (fixture->endpoint),
                                              FALSE);
  g_signal_connect (fixture->endpoint, "incoming", G_CALLBACK (incoming_cb), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer opens)
{
  g_clear_object (&fixture->stream);
  settle ();
  g_clear_object (&fixture->endpoint);
  settle ();
  g_signal_handlers_disconnect_by_data (fixture->peer, fixture);
  g_clear_object (&fixture->channel);
  g_clear_object (&fixture->peer);
  g_queue_clear_full (&fixture->arrived, (GDestroyNotify) jxs_element_unref);
  g_string_free (fixture->heard, TRUE);
  g_clear_pointer (&fixture->sid, g_free);
  g_clear_pointer (&fixture->romeo, jxs_jid_unref);
  g_clear_pointer (&fixture->juliet, jxs_jid_unref);
  g_clear_error (&fixture->error);
}

/* Up to the open bytestream, as XEP-0247 §2 shows it. */
static void
negotiate (Fixture *fixture)
{
  g_autoptr (JxsElement) jingle = NULL;
  g_autoptr (JxsElement) open = NULL;
  g_autoptr (JxsElement) accept = NULL;
  g_autofree char *xml = NULL;
  JxsElement *content;
  JxsElement *transport;

  if (!fixture->endpoint_opens)
    {
      send_xml (fixture, SESSION_INITIATE);
      accept = expect (fixture, "jingle", JXS_NS_JINGLE);
      g_assert_cmpstr (jxs_element_get_attribute (accept, "action"), ==, "session-accept");
      g_assert_cmpstr (jxs_element_get_attribute (accept, "sid"), ==, "851ba2");
      fixture->sid = g_strdup ("vj3hs98y");
      send_xml (fixture,
                "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='vj3hs98y' stanza='iq'/>");
      return;
    }

  jxs_endpoint_open_stream_async (
      fixture->endpoint, fixture->juliet, G_PRIORITY_DEFAULT, NULL, opened_cb, fixture);
  jingle = expect (fixture, "jingle", JXS_NS_JINGLE);
  g_assert_cmpstr (jxs_element_get_attribute (jingle, "action"), ==, "session-initiate");
  g_assert_cmpstr (jxs_element_get_attribute (jingle, "initiator"),
                   ==,
                   "romeo@montague.lit/orchard");
  content = jxs_element_find_child (jingle, "content", NULL);
  g_assert_nonnull (jxs_element_find_child (content, "description", JXS_NS_XMLSTREAM));
  g_assert_null (jxs_element_find_child (content, "security", NULL));
  transport = jxs_element_find_child (content, "transport", JXS_NS_JINGLE_IBB);
  g_assert_nonnull (transport);
  fixture->sid = g_strdup (jxs_element_get_attribute (transport, "sid"));
  xml = g_strdup_printf ("<jingle xmlns='" JXS_NS_JINGLE "' action='session-accept' sid='%s'"
                         "        responder='juliet@capulet.lit/balcony'>"
                         "  <content creator='initiator' name='%s'>"
                         "    <description xmlns='" JXS_NS_XMLSTREAM "'/>"
                         "    <transport xmlns='" JXS_NS_JINGLE_IBB "' block-size='4096' sid='%s'/>"
                         "  </content>"
                         "</jingle>",
                         jxs_element_get_attribute (jingle, "sid"),
                         jxs_element_get_attribute (content, "name"),
                         fixture->sid);
  send_xml (fixture, xml);
  open = expect (fixture, "open", JXS_NS_IBB);
  g_assert_cmpstr (jxs_element_get_attribute (open, "sid"), ==, fixture->sid);
}

/* XEP-0247 §2, the response header as it is there. */
#define RESPONSE                                                                                   \
  "<stream:stream"                                                                                 \
  "        xmlns='jabber:client'"                                                                  \
  "        xmlns:stream='http://etherx.jabber.org/streams'"                                        \
  "        from='juliet@capulet.lit/balcony'"                                                      \
  "        id='hs91gh1836d8s717'"                                                                  \
  "        to='romeo@montague.lit/orchard'"                                                        \
  "        version='1.0'>"
#define INITIAL                                                                                    \
  "<stream:stream"                                                                                 \
  "        xmlns='jabber:client'"                                                                  \
  "        xmlns:stream='http://etherx.jabber.org/streams'"                                        \
  "        from='juliet@capulet.lit/balcony'"                                                      \
  "        to='romeo@montague.lit/orchard'"                                                        \
  "        version='1.0'>"

static void
assert_our_header (Fixture *fixture)
{
  g_autofree char *closed = NULL;
  g_autoptr (JxsElement) header = NULL;
  g_autoptr (GError) error = NULL;
  const char *end;

  wait_until ((end = strchr (fixture->heard->str, '>')) != NULL);
  closed = g_strdup_printf ("%.*s</stream:stream>",
                            (int) (end + 1 - fixture->heard->str),
                            fixture->heard->str);
  header = jxs_element_new_from_string (closed, &error);
  g_assert_no_error (error);
  g_assert_true (jxs_element_is (header, "stream", JXS_NS_STREAMS));
  g_assert_nonnull (strstr (closed, "jabber:client"));
  g_assert_cmpstr (jxs_element_get_attribute (header, "version"), ==, "1.0");
  g_assert_cmpstr (jxs_element_get_attribute (header, "from"), ==, "romeo@montague.lit/orchard");
  g_assert_cmpstr (jxs_element_get_attribute (header, "to"), ==, "juliet@capulet.lit/balcony");
}

/* The initiator's header comes first; what follows is exchanged and closed (XEP-0246 §2 to §5). */
static void
test_initiator (Fixture *fixture, gconstpointer opens)
{
  g_autoptr (JxsElement) close = NULL;
  g_autoptr (JxsElement) terminate = NULL;
  Inbox inbox;

  negotiate (fixture);
  assert_our_header (fixture);
  g_assert_false (fixture->done);
  say (fixture, RESPONSE "<stream:features/>");
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
  inbox_init (&inbox, fixture->stream);

  /* Whatever it claims, a stanza is from the peer and for us (XEP-0246 §3). */
  say (fixture,
       "<message from='mallory@evil.lit/x'><body>one</body></message>"
       "<message from='romeo@montague.lit/orchard' to='juliet@capulet.lit/balcony'>"
       "<body>two</body></message>");
  say (fixture, "<message><bo");
  say (fixture, "dy>three</body></message>");
  wait_until (inbox.bodies->len > 0 &&
              g_str_equal (g_ptr_array_index (inbox.bodies, inbox.bodies->len - 1), "three"));
  for (guint i = 0; i < inbox.stanzas->len; i++)
    g_assert_cmpstr (jxs_element_get_attribute (g_ptr_array_index (inbox.stanzas, i), "from"),
                     ==,
                     "juliet@capulet.lit/balcony");

  send_body (fixture->stream, "M'lady");
  expect_heard (fixture, "M&apos;lady");
  /* The peer closes, and all in one burst is still delivered, the end of the session included. */
  say (fixture, "<message><body>last</body></message></stream:stream>");
  wait_until (inbox.closed);
  g_assert_no_error (inbox.error);
  g_assert_cmpstr (g_ptr_array_index (inbox.bodies, inbox.bodies->len - 1), ==, "last");
  expect_heard (fixture, "</stream:stream>");
  close = expect (fixture, "close", JXS_NS_IBB);
  terminate = expect (fixture, "jingle", JXS_NS_JINGLE);
  g_assert_cmpstr (jxs_element_get_attribute (terminate, "action"), ==, "session-terminate");
  g_assert_nonnull (
      jxs_element_find_child (jxs_element_find_child (terminate, "reason", NULL), "success", NULL));
  inbox_clear (&inbox);
}

/* The responder says nothing before the initiator's header. */
static void
test_responder (Fixture *fixture, gconstpointer opens)
{
  Inbox inbox;

  negotiate (fixture);
  settle ();
  g_assert_cmpstr (fixture->heard->str, ==, "");
  say (fixture, INITIAL);
  assert_our_header (fixture);
  expect_heard (fixture, "features");
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
  inbox_init (&inbox, fixture->stream);
  /* Data, both ends and the end of the session in one burst (XEP-0247 §2). */
  say (fixture, "<message><body>all at once</body></message></stream:stream>");
  send_xml (fixture, "<close xmlns='" JXS_NS_IBB "' sid='vj3hs98y'/>");
  send_xml (fixture,
            "<jingle xmlns='" JXS_NS_JINGLE "' action='session-terminate' sid='851ba2'>"
            "<reason><success/></reason></jingle>");
  wait_until (inbox.closed);
  g_assert_no_error (inbox.error);
  g_assert_cmpuint (inbox.bodies->len, ==, 1);
  inbox_clear (&inbox);
}

/* Both headers at the same time count as the one and the other. */
static void
test_crossing (Fixture *fixture, gconstpointer opens)
{
  negotiate (fixture);
  /* No id, as in XEP-0246 §2. */
  say (fixture, INITIAL "<stream:features/>");
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
  assert_our_header (fixture);
}

/* The peer ends the session instead of answering: its reason is the error. */
static void
test_terminated (Fixture *fixture, gconstpointer opens)
{
  negotiate (fixture);
  send_xml (fixture, "<close xmlns='" JXS_NS_IBB "' sid='vj3hs98y'/>");
  send_xml (fixture,
            "<jingle xmlns='" JXS_NS_JINGLE "' action='session-terminate' sid='851ba2'>"
            "<reason><busy/></reason></jingle>");
  wait_until (fixture->done);
  g_assert_null (fixture->stream);
  g_assert_error (fixture->error, JXS_ERROR, JXS_ERROR_BUSY);
}

/* Headers that are none: the stream error goes out before all ends. */
static void
test_refused_header (Fixture *fixture, gconstpointer opens)
{
  g_autoptr (JxsElement) first = NULL;

  negotiate (fixture);
  say (fixture,
       "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
       "from='mallory@evil.lit/x' to='romeo@montague.lit/orchard' version='1.0'>");
  wait_until (fixture->done);
  g_assert_null (fixture->stream);
  g_assert_error (fixture->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_INVALID_FROM);
  do
    {
      g_clear_pointer (&first, jxs_element_unref);
      wait_until (fixture->arrived.length > 0);
      first = jxs_element_ref (jxs_element_get_first_child (g_queue_peek_head (&fixture->arrived)));
      jxs_element_unref (g_queue_pop_head (&fixture->arrived));
    }
  while (!jxs_element_is (first, "jingle", JXS_NS_JINGLE));
  g_assert_cmpstr (jxs_element_get_attribute (first, "action"), ==, "session-terminate");
  g_assert_nonnull (jxs_element_find_child (jxs_element_find_child (first, "reason", NULL),
                                            "failed-application",
                                            NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func, opens)                                                                     \
  g_test_add (                                                                                     \
      "/endpoint/transcript/" path, Fixture, GINT_TO_POINTER (opens), set_up, func, tear_down)
  ADD ("initiator", test_initiator, TRUE);
  ADD ("responder", test_responder, FALSE);
  ADD ("crossing-headers", test_crossing, TRUE);
  ADD ("terminated", test_terminated, FALSE);
  ADD ("refused-header", test_refused_header, FALSE);
#undef ADD
  return g_test_run ();
}
