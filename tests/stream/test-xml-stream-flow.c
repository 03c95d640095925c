/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "jxs-faulty-stream.h"
#include "stream-fixture.h"

#define SECOND G_USEC_PER_SEC

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* A peer that does not read: congested, send_async() waits, the queue has an end. */
static void
test_back_pressure (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  guint n_notified = 0;
  guint n_sent = 0;
  gboolean congested;
  guint64 queued;
  g_autofree char *body = g_strnfill (10000, 'x');
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);
  g_autoptr (GError) error = NULL;

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  g_signal_connect (side->stream, "notify::congested", G_CALLBACK (count_notify), &n_notified);
  raw_pause (raw, TRUE);
  while (jxs_xml_stream_send (side->stream, message, &error))
    {
      if (++n_sent % 16 == 0)
        iterate_all ();
      g_assert_cmpuint (n_sent, <, 10000);
    }
  g_assert_error (error, JXS_ERROR, JXS_ERROR_LIMIT);
  g_object_get (side->stream, "congested", &congested, "queued-bytes", &queued, NULL);
  g_assert_true (congested);
  g_assert_cmpuint (queued, >, 4 * 1024 * 1024 - 11000);
  g_assert_cmpuint (queued, <=, 4 * 1024 * 1024);
  n_notified = 0;
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_OPEN);

  jxs_xml_stream_send_async (side->stream, message, G_PRIORITY_DEFAULT, NULL, on_sent, &call);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_LIMIT);
  call_clear (&call);

  raw_pause (raw, FALSE);
  while (congested)
    {
      g_main_context_iteration (NULL, TRUE);
      g_object_get (side->stream, "congested", &congested, NULL);
    }
  g_assert_cmpuint (n_notified, ==, 1);
  raw_pause (raw, TRUE);
  for (int i = 0; i < 100; i++)
    g_assert_true (jxs_xml_stream_send (side->stream, message, NULL));
  jxs_xml_stream_send_async (side->stream, message, G_PRIORITY_DEFAULT, NULL, on_sent, &call);
  iterate_all ();
  g_assert_false (call.done);
  raw_pause (raw, FALSE);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  g_object_get (side->stream, "queued-bytes", &queued, NULL);
  g_assert_cmpuint (queued, ==, 0);

  /* All that was taken arrives whole. */
  while (raw->n_received < (n_sent + 101) * 10000)
    g_main_context_iteration (NULL, TRUE);
  side_free (side);
  raw_free (raw);
}

/* Everything of one turn of the loop leaves in one write. */
static guint n_writes;

static JxsFault
count_writes (gboolean is_write, guint64 offset, gsize *count, gpointer unused)
{
  n_writes += is_write;
  return JXS_FAULT_NONE;
}

static void
test_coalescing (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autoptr (GIOStream) faulty = NULL;

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  faulty = jxs_faulty_stream_new (jxs_xml_stream_get_io_stream (side->stream), count_writes, NULL);
  side_replace_io (side, faulty);
  jxs_xml_stream_open_async (
      side->stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened_set_open, &call);
  raw_send (raw, ROMEO_HEADER);
  iterate_until_set (&call.done);
  iterate_all ();
  n_writes = 0;
  for (int i = 0; i < 100; i++)
    side_send_body (side, "x");
  g_assert_cmpuint (n_writes, ==, 0);
  iterate_all ();
  g_assert_cmpuint (n_writes, ==, 1);
  side_free (side);
  raw_free (raw);
}

static void
test_unsendable (void)
{
  Side *side;
  Raw *raw;
  g_autoptr (JxsElement) control = jxs_stanza_new_message (NULL, "a\x01b");
  g_autoptr (JxsElement) latin = jxs_stanza_new_message (NULL, "a\xe4");
  g_autoptr (JxsElement) attribute = jxs_stanza_new_message ("\xef\xbf\xbe", NULL);
  g_autoptr (JxsElement) foreign = jxs_element_new ("message", "jabber:server");
  g_autoptr (JxsElement) unknown = jxs_element_new ("foo", JXS_NS_CLIENT);
  JxsElement *const cases[] = { control, latin, attribute, foreign, unknown };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (jxs_xml_stream_send (side->stream, cases[i], &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
    }
  side_send_body (side, "a<&>'\"]]>b");
  raw_expect (raw, "</message>");
  g_assert_nonnull (strstr (raw->received->str, "a&lt;&amp;&gt;"));
  g_assert_true (g_str_has_prefix (raw->received->str, "<message "));
  side_free (side);
  raw_free (raw);
}

/* RFC 6120 §4.6.1: a space after silence, and only then. */
static void
test_keepalive (void)
{
  Side *side;
  Raw *raw;

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_set_keepalive (side->stream, 60);
  jxs_clock_advance (59 * SECOND);
  iterate_all ();
  g_assert_cmpstr (raw->received->str, ==, "");
  jxs_clock_advance (1 * SECOND);
  raw_expect (raw, " ");
  jxs_clock_advance (30 * SECOND);
  side_send_body (side, "x");
  raw_expect (raw, "</message>");
  jxs_clock_advance (40 * SECOND);
  iterate_all ();
  g_assert_true (g_str_has_suffix (raw->received->str, "</message>"));
  jxs_clock_advance (20 * SECOND);
  raw_expect (raw, "</message> ");
  /* What comes from the peer is no reason to be silent, and white space is no stanza. */
  raw_send (raw, " \n\t\r ");
  jxs_xml_stream_set_keepalive (side->stream, 0);
  jxs_clock_advance (1000 * SECOND);
  iterate_all ();
  g_assert_true (g_str_has_suffix (raw->received->str, "</message> "));
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  side_free (side);
  raw_free (raw);
}

/* RFC 6120 §4.6.4 */
static void
test_dead_peer (void)
{
  Side *side;
  Raw *raw;
  const char *id;
  g_autofree char *pong = NULL;

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_set_peer_timeout (side->stream, 60, 10);
  jxs_clock_advance (50 * SECOND);
  raw_send (raw, "<message/>");
  side_expect_stanzas (side, 1);
  jxs_clock_advance (50 * SECOND);
  iterate_all ();
  g_assert_cmpstr (raw->received->str, ==, "");
  jxs_clock_advance (10 * SECOND);
  raw_expect (raw, "<ping xmlns='urn:xmpp:ping'/></iq>");
  id = strstr (raw->received->str, "id='") + 4;
  pong = g_strdup_printf ("<iq type='result' id='%.*s'/>", (int) (strchr (id, '\'') - id), id);
  raw_send (raw, pong);
  iterate_all ();
  /* The answer to our ping is nobody else's business. */
  g_assert_cmpuint (side->stanzas->len, ==, 1);
  jxs_clock_advance (59 * SECOND);
  iterate_all ();
  g_assert_cmpuint (side->n_closed, ==, 0);
  jxs_clock_advance (1 * SECOND);
  iterate_all ();
  jxs_clock_advance (10 * SECOND);
  side_expect_closed (side);
  g_assert_error (side->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_CONNECTION_TIMEOUT);
  raw_expect (raw, "<connection-timeout ");
  raw_expect (raw, END);
  side_free (side);
  raw_free (raw);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (0);

  g_test_add_func ("/stream/flow/back-pressure", test_back_pressure);
  g_test_add_func ("/stream/flow/coalescing", test_coalescing);
  g_test_add_func ("/stream/flow/unsendable", test_unsendable);
  g_test_add_func ("/stream/flow/keepalive", test_keepalive);
  g_test_add_func ("/stream/flow/dead-peer", test_dead_peer);

  return g_test_run ();
}
