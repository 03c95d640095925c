/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "ibb-fixture.h"
#include "jxs-test-sockets.h"

/* A channel of an application is sent to synchronously, and the time line is watched: in both the
 * application may close the channel or drop the transport. Whatever is under way then must end, and
 * be answered. */

#define PEER "bob@example.com/a"
#define BLOCK 32767
#define N_BLOCKS 20 /* more than is acknowledged before the application reads */

typedef enum
{
  DROP_TRANSPORT,
  CLOSE_CHANNEL,
  CLOSE_AND_DROP,
  N_DEEDS,
} Deed;

typedef struct
{
  JxsRelayChannel *channel;
  JxsRouter *router;
  JxsTransport *transport;
  GIOStream *stream;
  GQueue requests; /* (element-type JxsElement): of ours, not answered */
  guint n_answers;
  gboolean in_trace; /* the deed is done from the time line, else from the channel */
  Deed deed;
  guint countdown; /* until the deed */
} Act;

static void
do_deed (Act *self)
{
  if (self->countdown == 0 || --self->countdown > 0)
    return;
  if (self->deed != DROP_TRANSPORT)
    jxs_relay_channel_close (self->channel);
  if (self->deed != CLOSE_CHANNEL)
    {
      g_clear_object (&self->stream);
      g_clear_object (&self->transport);
    }
}

static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, gpointer user_data)
{
  Act *self = user_data;

  if (g_strcmp0 (jxs_element_get_attribute (stanza, "type"), "set") == 0)
    g_queue_push_tail (&self->requests, jxs_element_ref (stanza));
  else
    self->n_answers++;
  if (!self->in_trace)
    do_deed (self);
}

static void
trace_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  Act *self = user_data;

  if (self->in_trace)
    do_deed (self);
}

static void
push (Act *self, const char *payload)
{
  g_autofree char *xml = g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='i' from='" PEER
                                          "' to='me@example.com/x'>%s</iq>",
                                          payload);

  /* Fails once the channel is closed. */
  jxs_relay_channel_push_xml (self->channel, xml, NULL, NULL);
  fixture_settle ();
}

static void
answer_requests (Act *self)
{
  JxsElement *iq;

  while ((iq = g_queue_pop_head (&self->requests)) != NULL)
    {
      g_autoptr (JxsElement) answer = jxs_stanza_new_result (iq, NULL);

      jxs_element_set_attribute (answer, "from", PEER);
      jxs_relay_channel_push (self->channel, answer);
      jxs_element_unref (iq);
      fixture_settle ();
    }
}

static void
write_some (Act *self, const char *text)
{
  if (self->stream != NULL)
    g_output_stream_write (
        g_io_stream_get_output_stream (self->stream), text, strlen (text), NULL, NULL);
  fixture_settle ();
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Act *self = user_data;

  g_clear_object (&self->stream);
  self->stream = jxs_transport_connect_finish (JXS_TRANSPORT (source), result, NULL);
}

/* All that a bytestream does, both ways, with an application that reads late. */
static void
play (Act *self)
{
  g_autofree guint8 *zeros = g_malloc0 (BLOCK);
  g_autofree char *base64 = g_base64_encode (zeros, BLOCK);

  jxs_transport_connect_async (self->transport, NULL, connected_cb, self);
  push (self, "<open xmlns='" JXS_NS_IBB "' block-size='32767' sid='s'/>");
  for (guint i = 0; i < N_BLOCKS; i++)
    {
      g_autofree char *data =
          g_strdup_printf ("<data xmlns='" JXS_NS_IBB "' seq='%u' sid='s'>%s</data>", i, base64);

      push (self, data);
    }
  write_some (self, "one");
  answer_requests (self);
  for (guint i = 0; i < N_BLOCKS && self->stream != NULL; i++)
    {
      g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (
                                                    g_io_stream_get_input_stream (self->stream)),
                                                zeros,
                                                BLOCK,
                                                NULL,
                                                NULL);
      fixture_settle ();
    }
  write_some (self, "two");
  push (self, "<close xmlns='" JXS_NS_IBB "' sid='s'/>");
  answer_requests (self);
}

/* Whether the deed was done. */
static gboolean
act (gboolean in_trace, Deed deed, guint countdown)
{
  Act self = { .in_trace = in_trace, .deed = deed, .countdown = countdown };
  g_autoptr (JxsJid) me = jxs_jid_new ("me@example.com/x", NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);
  g_autoptr (JxsTrace) trace = jxs_trace_new (trace_cb, &self);
  g_autoptr (JxsElement) offer = jxs_element_new_from_string ("<transport xmlns='" JXS_NS_JINGLE_IBB
                                                              "' block-size='32767' sid='s'/>",
                                                              NULL);
  g_autoptr (JxsElement) answer = NULL;

  self.channel = jxs_relay_channel_new (me, TRUE);
  self.router = jxs_router_get (JXS_CHANNEL (self.channel));
  jxs_router_set_trace (self.router, trace);
  g_signal_connect (self.channel, "outgoing", G_CALLBACK (outgoing_cb), &self);
  self.transport = fixture_make_transport (self.router, peer, FALSE, JXS_NS_JINGLE_IBB);
  g_assert_true (jxs_transport_set_remote (self.transport, offer, NULL));
  answer = jxs_transport_build (self.transport);

  play (&self);

  jxs_router_set_trace (self.router, NULL);
  g_clear_object (&self.stream);
  if (self.transport != NULL)
    g_assert_finalize_object (self.transport);
  fixture_settle ();
  if (countdown == 0)
    g_assert_cmpuint (self.n_answers, ==, N_BLOCKS + 2);
  g_queue_clear_full (&self.requests, (GDestroyNotify) jxs_element_unref);
  g_assert_finalize_object (self.router);
  g_assert_finalize_object (self.channel);
  return countdown == 0 || self.countdown == 0;
}

static void
test_reentrant (void)
{
  /* Undisturbed. */
  g_assert_true (act (FALSE, DROP_TRANSPORT, 0));

  for (guint i = 0; i < 2 * N_DEEDS; i++)
    {
      guint n = 1;

      while (act (i >= N_DEEDS, i % N_DEEDS, n))
        n++;
      g_assert_cmpuint (n, >, i < N_DEEDS ? N_BLOCKS + 2 : 3);
    }
}

/* The channel closes while the answer to the peer's <close/> waits for our last bytes. */
static void
test_closed_while_flushing (Fixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) connected = NULL;
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice);
  g_autoptr (JxsElement) open = NULL;
  g_autoptr (JxsElement) data = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *close = NULL;

  jxs_transport_set_remote (self->alice, offer, &error);
  g_assert_no_error (error);
  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &connected);
  open = fixture_next_iq (self, "open");
  fixture_answer (self, open);
  jxs_test_wait_for (connected != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, connected);
  write_all (self->alice_stream, "last", 4);
  data = fixture_next_iq (self, "data");

  close = g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='c' to='%s'>"
                           "<close xmlns='" JXS_NS_IBB "' sid='%s'/></iq>",
                           jxs_jid_to_string (self->alice_jid),
                           jxs_element_get_attribute (offer, "sid"));
  fixture_say (self, close);
  fixture_settle ();
  jxs_loopback_channel_close (self->alice_channel);
  expect_eof (self->alice_stream);
  fixture_settle ();
}

/* Requests on their way go with the transport, though nobody answers them. */
static void
test_requests (void)
{
  g_autoptr (JxsJid) me = jxs_jid_new ("me@example.com/x", NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);
  g_autoptr (JxsRelayChannel) channel = jxs_relay_channel_new (me, TRUE);
  JxsRouter *router = jxs_router_get (JXS_CHANNEL (channel));
  JxsTransport *transport = fixture_make_transport (router, peer, TRUE, JXS_NS_JINGLE_IBB_0);
  g_autoptr (JxsElement) offer = jxs_transport_build (transport);
  g_autoptr (GAsyncResult) connected = NULL;
  Act act = { .channel = channel };
  GIOStream *stream;

  g_signal_connect (channel, "outgoing", G_CALLBACK (outgoing_cb), &act);
  g_assert_true (jxs_transport_set_remote (transport, offer, NULL));
  jxs_transport_connect_async (transport, NULL, jxs_test_keep_result, &connected);
  jxs_test_wait_for (connected != NULL);
  stream = fixture_connect_finish (transport, connected);
  write_all (stream, "hello", 5);
  fixture_settle ();
  g_assert_cmpuint (act.requests.length, ==, 1);

  g_object_unref (stream);
  g_clear_object (&connected);
  g_assert_finalize_object (transport);
  fixture_settle ();
  g_assert_finalize_object (router);
  g_queue_clear_full (&act.requests, (GDestroyNotify) jxs_element_unref);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transports/ibb-lifetime/reentrant", test_reentrant);
  g_test_add_func ("/transports/ibb-lifetime/requests", test_requests);
  g_test_add ("/transports/ibb-lifetime/closed-while-flushing",
              Fixture,
              NULL,
              fixture_set_up_played,
              test_closed_while_flushing,
              fixture_tear_down);

  return g_test_run ();
}
