/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "ibb-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "jxs-test-sockets.h"

void
fixture_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

JxsTransport *
fixture_make_transport (JxsRouter *router,
                        JxsJid *peer,
                        gboolean initiator,
                        const char *namespace_uri)
{
  return jxs_ibb_transport_factory.create (
      router, peer, initiator, namespace_uri, jxs_ibb_transport_factory.user_data);
}

void
fixture_negotiate (JxsTransport *offerer, JxsTransport *answerer)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (offerer);
  g_autoptr (JxsElement) answer = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_set_remote (answerer, offer, &error);
  g_assert_no_error (error);
  answer = jxs_transport_build (answerer);
  jxs_transport_set_remote (offerer, answer, &error);
  g_assert_no_error (error);
}

static void
make_channels (Fixture *self)
{
  self->alice_jid = jxs_jid_new ("alice@example.com/desk", NULL);
  self->bob_jid = jxs_jid_new ("bob@example.com/lap", NULL);
  jxs_loopback_channel_new_pair (self->alice_jid,
                                 self->bob_jid,
                                 &self->alice_channel,
                                 &self->bob_channel);
  self->alice_router = jxs_router_get (JXS_CHANNEL (self->alice_channel));
  self->alice = fixture_make_transport (self->alice_router, self->bob_jid, TRUE, JXS_NS_JINGLE_IBB);
}

void
fixture_set_up (Fixture *self, gconstpointer unused)
{
  make_channels (self);
  self->bob_router = jxs_router_get (JXS_CHANNEL (self->bob_channel));
  self->bob = fixture_make_transport (self->bob_router, self->alice_jid, FALSE, JXS_NS_JINGLE_IBB);
  fixture_negotiate (self->alice, self->bob);
}

GIOStream *
fixture_connect_finish (JxsTransport *transport, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GIOStream *stream = jxs_transport_connect_finish (transport, result, &error);

  g_assert_no_error (error);
  g_assert_true (G_IS_IO_STREAM (stream));
  return stream;
}

void
fixture_set_up_open (Fixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) alice_result = NULL;
  g_autoptr (GAsyncResult) bob_result = NULL;

  fixture_set_up (self, unused);
  jxs_transport_connect_async (self->bob, NULL, jxs_test_keep_result, &bob_result);
  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &alice_result);
  jxs_test_wait_for (alice_result != NULL && bob_result != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, alice_result);
  self->bob_stream = fixture_connect_finish (self->bob, bob_result);
}

static gboolean
heard_cb (JxsChannel *channel, JxsElement *stanza, gpointer user_data)
{
  Fixture *self = user_data;

  g_queue_push_tail (&self->heard, jxs_element_ref (stanza));
  return TRUE;
}

void
fixture_set_up_played (Fixture *self, gconstpointer unused)
{
  make_channels (self);
  g_queue_init (&self->heard);
  self->handler = g_signal_connect (self->bob_channel, "stanza", G_CALLBACK (heard_cb), self);
}

void
fixture_tear_down (Fixture *self, gconstpointer unused)
{
  g_clear_object (&self->alice_stream);
  g_clear_object (&self->bob_stream);
  g_assert_finalize_object (self->alice);
  if (self->bob != NULL)
    g_assert_finalize_object (self->bob);
  g_clear_signal_handler (&self->handler, self->bob_channel);
  g_queue_clear_full (&self->heard, (GDestroyNotify) jxs_element_unref);

  /* Requests on their way hold the routers. */
  jxs_loopback_channel_close (self->alice_channel);
  jxs_loopback_channel_close (self->bob_channel);
  fixture_settle ();
  g_assert_finalize_object (self->alice_router);
  if (self->bob_router != NULL)
    g_assert_finalize_object (self->bob_router);
  g_assert_finalize_object (self->alice_channel);
  g_assert_finalize_object (self->bob_channel);
  jxs_jid_unref (self->alice_jid);
  jxs_jid_unref (self->bob_jid);
}

JxsElement *
fixture_next (Fixture *self)
{
  jxs_test_wait_for (!g_queue_is_empty (&self->heard));
  return g_queue_pop_head (&self->heard);
}

JxsElement *
fixture_next_iq (Fixture *self, const char *payload_name)
{
  JxsElement *iq = fixture_next (self);

  g_assert_cmpstr (jxs_element_get_name (iq), ==, "iq");
  g_assert_cmpstr (jxs_element_get_attribute (iq, "type"), ==, "set");
  g_assert_nonnull (jxs_element_find_child (iq, payload_name, JXS_NS_IBB));
  return iq;
}

void
fixture_answer (Fixture *self, JxsElement *iq)
{
  g_autoptr (JxsElement) result = jxs_stanza_new_result (iq, NULL);

  g_assert_true (jxs_channel_send (JXS_CHANNEL (self->bob_channel), result, NULL));
}

void
fixture_refuse (Fixture *self, JxsElement *iq, const char *type, const char *condition)
{
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='jabber:client' type='error' id='%s' to='%s'>"
                       "<error type='%s'><%s xmlns='" JXS_NS_STANZA_ERRORS "'/></error></iq>",
                       jxs_element_get_attribute (iq, "id"),
                       jxs_jid_to_string (self->alice_jid),
                       type,
                       condition);

  fixture_say (self, xml);
}

void
fixture_say (Fixture *self, const char *xml)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) stanza = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  jxs_channel_send (JXS_CHANNEL (self->bob_channel), stanza, &error);
  g_assert_no_error (error);
}

void
write_all (GIOStream *stream, const void *data, gsize size)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (stream);

  g_output_stream_write_all_async (
      out, data, size, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_output_stream_write_all_finish (out, result, NULL, &error);
  g_assert_no_error (error);
}

static gsize
read_up_to (GIOStream *stream, guint8 *data, gsize size)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *in = g_io_stream_get_input_stream (stream);
  gsize n = 0;

  g_input_stream_read_all_async (
      in, data, size, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_input_stream_read_all_finish (in, result, &n, &error);
  g_assert_no_error (error);
  return n;
}

void
expect_bytes (GIOStream *stream, const void *data, gsize size)
{
  g_autofree guint8 *got = g_malloc (size);

  g_assert_cmpuint (read_up_to (stream, got, size), ==, size);
  g_assert_cmpmem (got, size, data, size);
}

void
expect_eof (GIOStream *stream)
{
  guint8 byte;

  g_assert_cmpuint (read_up_to (stream, &byte, 1), ==, 0);
}

void
expect_broken (GIOStream *stream, int code)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *in = g_io_stream_get_input_stream (stream);
  guint8 byte;

  g_input_stream_read_async (in, &byte, 1, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, code);
  g_clear_error (&error);

  g_assert_cmpint (
      g_output_stream_write (g_io_stream_get_output_stream (stream), "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, code);
}
