/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/channel/jxs-stream-channel.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "jxs-test-sockets.h"
#include "stream-fixture.h"

#define NS_TEST "urn:example:test"

static void
test_facts (void)
{
  Side *romeo, *juliet;
  g_autoptr (JxsStreamChannel) channel = NULL;
  g_autoptr (JxsStreamChannel) secure = NULL;
  g_autoptr (JxsJid) jid = jxs_jid_new (ROMEO, NULL);

  open_pair (&romeo, &juliet);
  channel = jxs_stream_channel_new (romeo->stream);
  g_assert_true (jxs_stream_channel_get_stream (channel) == romeo->stream);
  g_assert_true (jxs_jid_equal (jxs_channel_get_local_jid (JXS_CHANNEL (channel)), jid));
  g_assert_false (jxs_channel_is_secure (JXS_CHANNEL (channel)));
  g_assert_finalize_object (g_steal_pointer (&channel));
  side_free (romeo);
  side_free (juliet);

  open_tls_pair (&romeo, &juliet);
  secure = jxs_stream_channel_new (romeo->stream);
  g_assert_true (jxs_channel_is_secure (JXS_CHANNEL (secure)));
  g_assert_finalize_object (g_steal_pointer (&secure));
  side_free (romeo);
  side_free (juliet);
}

static gboolean
answer (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  g_autoptr (JxsElement) result = jxs_element_new ("answer", NS_TEST);

  g_assert_cmpstr (jxs_jid_to_string (from), ==, ROMEO);
  jxs_router_reply_result (router, iq, result);
  return TRUE;
}

static gboolean
ask (JxsRouter *router, const char *name, const char *ns, JxsElement **reply, GError **error)
{
  g_autoptr (JxsElement) payload = jxs_element_new (name, ns);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", JULIET, payload);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_router_send_iq_async (router, iq, 0, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  return jxs_router_send_iq_finish (router, result, reply, error);
}

/* Requests between two routers over one stream, and those that only the stream answers. */
static void
test_router (void)
{
  Side *romeo, *juliet;
  JxsStreamChannel *channels[2];
  JxsRouter *routers[2];
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;
  guint id;

  open_pair (&romeo, &juliet);
  channels[0] = jxs_stream_channel_new (romeo->stream);
  channels[1] = jxs_stream_channel_new (juliet->stream);
  routers[0] = jxs_router_get (JXS_CHANNEL (channels[0]));
  routers[1] = jxs_router_get (JXS_CHANNEL (channels[1]));
  id = jxs_router_add_iq_handler (routers[1], NULL, NS_TEST, answer, NULL);

  g_assert_true (ask (routers[0], "question", NS_TEST, &reply, &error));
  g_assert_no_error (error);
  g_assert_nonnull (jxs_element_find_child (reply, "answer", NS_TEST));
  g_clear_pointer (&reply, jxs_element_unref);

  g_assert_true (ask (routers[0], "ping", JXS_NS_PING, &reply, &error));
  g_assert_no_error (error);
  g_clear_pointer (&reply, jxs_element_unref);

  g_assert_false (ask (routers[0], "question", "urn:example:other", &reply, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);

  jxs_router_remove_handler (routers[1], id);
  g_clear_object (&routers[0]);
  g_clear_object (&routers[1]);
  g_assert_finalize_object (channels[0]);
  g_assert_finalize_object (channels[1]);
  side_free (romeo);
  side_free (juliet);
}

/* Nobody but the peer is there. */
static void
test_addresses (void)
{
  static const struct
  {
    const char *to;
    gboolean ok;
  } cases[] = {
    { NULL, TRUE },
    { JULIET, TRUE },
    { "juliet@capulet.lit", TRUE },
    { "JULIET@capulet.lit/balcony", TRUE },
    { "juliet@capulet.lit/chamber", FALSE },
    { "capulet.lit", FALSE },
    { "nurse@capulet.lit", FALSE },
    { "@", FALSE },
  };
  Side *romeo, *juliet;
  g_autoptr (JxsStreamChannel) channel = NULL;
  guint n = 0;

  open_pair (&romeo, &juliet);
  channel = jxs_stream_channel_new (romeo->stream);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) message = jxs_stanza_new_message (cases[i].to, "hi");
      g_autoptr (GError) error = NULL;

      g_assert_true (jxs_channel_send (JXS_CHANNEL (channel), message, &error) == cases[i].ok);
      if (!cases[i].ok)
        g_assert_error (error, JXS_ERROR, JXS_ERROR_PEER_UNAVAILABLE);
      n += cases[i].ok;
    }
  side_expect_stanzas (juliet, n);
  g_assert_finalize_object (g_steal_pointer (&channel));
  side_free (romeo);
  side_free (juliet);
}

typedef struct
{
  guint n;
  GError *error;
} Closed;

static void
on_channel_closed (JxsChannel *channel, const GError *error, gpointer user_data)
{
  Closed *closed = user_data;

  closed->n++;
  if (error != NULL)
    closed->error = g_error_copy (error);
}

static void
test_closed (void)
{
  for (int fail = 0; fail < 2; fail++)
    {
      Side *romeo, *juliet;
      Closed closed = { 0 };
      g_autoptr (JxsStreamChannel) channel = NULL;
      g_autoptr (JxsStreamChannel) late = NULL;
      g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hi");
      g_autoptr (GError) reset = jxs_stream_error_new (JXS_STREAM_ERROR_RESET);
      g_autoptr (GError) error = NULL;

      open_pair (&romeo, &juliet);
      channel = jxs_stream_channel_new (romeo->stream);
      g_signal_connect (channel, "closed", G_CALLBACK (on_channel_closed), &closed);
      if (fail)
        jxs_xml_stream_fail (juliet->stream, reset);
      else
        jxs_xml_stream_close_async (juliet->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      side_expect_closed (romeo);
      iterate_all ();
      g_assert_cmpuint (closed.n, ==, 1);
      if (fail)
        g_assert_error (closed.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_RESET);
      else
        g_assert_no_error (closed.error);
      g_assert_false (jxs_channel_send (JXS_CHANNEL (channel), message, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
      g_clear_error (&error);

      /* Over a stream that is closed already. */
      late = jxs_stream_channel_new (romeo->stream);
      g_assert_false (jxs_channel_send (JXS_CHANNEL (late), message, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);

      g_clear_error (&closed.error);
      g_assert_finalize_object (g_steal_pointer (&channel));
      g_assert_finalize_object (g_steal_pointer (&late));
      side_free (romeo);
      side_free (juliet);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/stream-channel/facts", test_facts);
  g_test_add_func ("/channel/stream-channel/router", test_router);
  g_test_add_func ("/channel/stream-channel/addresses", test_addresses);
  g_test_add_func ("/channel/stream-channel/closed", test_closed);

  return g_test_run ();
}
