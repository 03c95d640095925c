/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/stream/jxs-stanza-error-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/transports/ibb/jxs-ibb-codec-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-port-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "ibb-fixture.h"
#include "jxs-test-sockets.h"

/* One transport against a peer that is played stanza by stanza, on the fake clock. */

static void
set_up (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_fake (1000 * G_USEC_PER_SEC);
  fixture_set_up_played (self, unused);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  fixture_tear_down (self, unused);
  jxs_clock_use_real ();
}

static char *
negotiate (Fixture *self, const char *block_size, const char *stanza)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice);
  g_autoptr (JxsElement) answer = jxs_element_copy (offer);
  g_autoptr (GError) error = NULL;

  jxs_element_set_attribute (answer, "block-size", block_size);
  jxs_element_set_attribute (answer, "stanza", stanza);
  jxs_transport_set_remote (self->alice, answer, &error);
  g_assert_no_error (error);
  return g_strdup (jxs_element_get_attribute (offer, "sid"));
}

/* Alice's stream is open; the sid is returned. */
static char *
open_stream (Fixture *self, const char *block_size)
{
  char *sid = negotiate (self, block_size, "iq");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsElement) iq = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  iq = fixture_next_iq (self, "open");
  fixture_answer (self, iq);
  jxs_test_wait_for (result != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, result);
  return sid;
}

static void
say_data (Fixture *self, const char *id, const char *sid, guint seq, const char *base64)
{
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='%s' to='%s'>"
                       "<data xmlns='" JXS_NS_IBB "' seq='%u' sid='%s'>%s</data></iq>",
                       id,
                       jxs_jid_to_string (self->alice_jid),
                       seq,
                       sid,
                       base64);

  fixture_say (self, xml);
}

static void
say_message (Fixture *self, const char *sid, guint seq, const char *base64)
{
  g_autofree char *xml =
      g_strdup_printf ("<message xmlns='jabber:client' id='m' to='%s'>"
                       "<data xmlns='" JXS_NS_IBB "' seq='%u' sid='%s'>%s</data></message>",
                       jxs_jid_to_string (self->alice_jid),
                       seq,
                       sid,
                       base64);

  fixture_say (self, xml);
}

static void
say_iq (Fixture *self, const char *id, const char *payload)
{
  g_autofree char *xml =
      g_strdup_printf ("<iq xmlns='jabber:client' type='set' id='%s' to='%s'>%s</iq>",
                       id,
                       jxs_jid_to_string (self->alice_jid),
                       payload);

  fixture_say (self, xml);
}

static void
say_close (Fixture *self, const char *id, const char *sid)
{
  g_autofree char *payload = g_strdup_printf ("<close xmlns='" JXS_NS_IBB "' sid='%s'/>", sid);

  say_iq (self, id, payload);
}

static void
expect_result (Fixture *self, const char *id)
{
  g_autoptr (JxsElement) answer = fixture_next (self);

  g_assert_cmpstr (jxs_element_get_name (answer), ==, "iq");
  g_assert_cmpstr (jxs_element_get_attribute (answer, "type"), ==, "result");
  g_assert_cmpstr (jxs_element_get_attribute (answer, "id"), ==, id);
  g_assert_cmpuint (jxs_element_get_n_children (answer), ==, 0);
}

static void
expect_error (Fixture *self, const char *id, const char *type, const char *condition)
{
  g_autoptr (JxsElement) answer = fixture_next (self);
  JxsElement *error = jxs_element_find_child (answer, "error", NULL);

  g_assert_cmpstr (jxs_element_get_attribute (answer, "type"), ==, "error");
  g_assert_cmpstr (jxs_element_get_attribute (answer, "id"), ==, id);
  g_assert_nonnull (error);
  if (type != NULL)
    g_assert_cmpstr (jxs_element_get_attribute (error, "type"), ==, type);
  g_assert_nonnull (jxs_element_find_child (error, condition, JXS_NS_STANZA_ERRORS));
}

static void
expect_silence (Fixture *self)
{
  fixture_settle ();
  g_assert_true (g_queue_is_empty (&self->heard));
}

static JxsElement *
get_payload (JxsElement *iq)
{
  return jxs_element_get_first_child (iq);
}

/* Answers the next block and checks it. */
static void
expect_data (Fixture *self, guint seq, const char *text)
{
  g_autoptr (JxsElement) iq = fixture_next_iq (self, "data");
  g_autoptr (GBytes) bytes = jxs_ibb_data_parse_bytes (get_payload (iq), 65535, NULL);
  g_autofree char *expected_seq = g_strdup_printf ("%u", seq);

  g_assert_cmpstr (jxs_element_get_attribute (get_payload (iq), "seq"), ==, expected_seq);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
  fixture_answer (self, iq);
}

/* Closes Alice's side, which must fail like this. */
static void
expect_failure (Fixture *self, int code)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_close_async (self->alice, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, result, &error));
  g_assert_error (error, JXS_ERROR, code);
}

static void
answer_close (Fixture *self)
{
  g_autoptr (JxsElement) close = fixture_next_iq (self, "close");

  fixture_answer (self, close);
  fixture_settle ();
}

/* -- XEP-0261 §2.2 and XEP-0047 §2: the course of a stream, with the reduced block size -- */

static void
test_course (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = negotiate (self, "2048", "iq");
  g_autoptr (GAsyncResult) connected = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (JxsElement) open = NULL;
  g_autoptr (JxsElement) close = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &connected);
  open = fixture_next_iq (self, "open");
  g_assert_cmpstr (jxs_element_get_attribute (open, "to"), ==, "bob@example.com/lap");
  g_assert_cmpstr (jxs_element_get_attribute (get_payload (open), "block-size"), ==, "2048");
  g_assert_cmpstr (jxs_element_get_attribute (get_payload (open), "sid"), ==, sid);
  g_assert_cmpstr (jxs_element_get_attribute (get_payload (open), "stanza"), ==, "iq");

  /* Writable only after the answer. */
  fixture_settle ();
  g_assert_null (connected);
  fixture_answer (self, open);
  jxs_test_wait_for (connected != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, connected);
  g_assert_cmpuint (jxs_transport_get_round_trips (self->alice), ==, 1);

  write_all (self->alice_stream, "one", 3);
  expect_data (self, 0, "one");
  /* The other direction counts from 0 as well (XEP-0047 §3). */
  say_data (self, "d1", sid, 0, "\n  b\n  m U=\n");
  expect_result (self, "d1");
  expect_bytes (self->alice_stream, "ne", 2);
  write_all (self->alice_stream, "two", 3);
  expect_data (self, 1, "two");

  jxs_transport_close_async (self->alice, NULL, jxs_test_keep_result, &closed);
  close = fixture_next_iq (self, "close");
  g_assert_cmpstr (jxs_element_get_attribute (get_payload (close), "sid"), ==, sid);
  /* Still flushing (§2.3). */
  say_data (self, "d2", sid, 1, "bGFzdA==");
  expect_result (self, "d2");
  g_assert_null (closed);
  fixture_answer (self, close);
  jxs_test_wait_for (closed != NULL);
  g_assert_true (jxs_transport_close_finish (self->alice, closed, &error));
  g_assert_no_error (error);
  expect_bytes (self->alice_stream, "last", 4);
  expect_eof (self->alice_stream);

  /* Later packets. */
  say_data (self, "d3", sid, 2, "");
  expect_error (self, "d3", "cancel", "item-not-found");
  say_close (self, "c1", sid);
  expect_error (self, "c1", "cancel", "item-not-found");
}

static void
test_open_refused (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = negotiate (self, "4096", "iq");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsElement) open = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  open = fixture_next_iq (self, "open");
  fixture_refuse (self, open, "modify", "resource-constraint");
  jxs_test_wait_for (result != NULL);
  g_assert_null (jxs_transport_connect_finish (self->alice, result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  expect_silence (self);
}

static void
test_open_unanswered (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = negotiate (self, "4096", "iq");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsElement) open = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  open = fixture_next_iq (self, "open");
  jxs_clock_advance (61 * G_USEC_PER_SEC);
  jxs_test_wait_for (result != NULL);
  g_assert_null (jxs_transport_connect_finish (self->alice, result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* The peer's data overtake the answer to our <open/> in the main loop. */
static void
test_data_with_open_answer (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = negotiate (self, "4096", "iq");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsElement) open = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  open = fixture_next_iq (self, "open");
  fixture_answer (self, open);
  say_data (self, "d", sid, 0, "aGk=");
  say_close (self, "c", sid);
  jxs_test_wait_for (result != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, result);
  expect_bytes (self->alice_stream, "hi", 2);
  expect_eof (self->alice_stream);
  expect_result (self, "d");
  expect_result (self, "c");
}

/* -- what the peer may do wrong -- */

static void
test_unknown (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");

  say_iq (self, "1", "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='nobody'/>");
  expect_error (self, "1", "modify", "not-acceptable");
  say_data (self, "2", "nobody", 0, "");
  expect_error (self, "2", "cancel", "item-not-found");
  say_close (self, "3", "nobody");
  expect_error (self, "3", "cancel", "item-not-found");
  say_iq (self, "4", "<stop xmlns='" JXS_NS_IBB "' sid='nobody'/>");
  expect_error (self, "4", "cancel", "feature-not-implemented");
  say_iq (self, "5", "<data xmlns='" JXS_NS_IBB "' seq='0'/>");
  expect_error (self, "5", "modify", "bad-request");
  say_message (self, "nobody", 0, "aGk=");
  expect_silence (self);

  /* Nothing of this touched the stream. */
  say_data (self, "6", sid, 0, "aGk=");
  expect_result (self, "6");
}

static void
test_open_again (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autofree char *open =
      g_strdup_printf ("<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='%s'/>", sid);
  g_autofree char *bad =
      g_strdup_printf ("<open xmlns='" JXS_NS_IBB "' block-size='0' sid='%s'/>", sid);

  say_iq (self, "1", open);
  expect_error (self, "1", NULL, "not-acceptable");
  say_iq (self, "2", bad);
  expect_error (self, "2", NULL, "bad-request");
  say_data (self, "3", sid, 0, "aGk=");
  expect_result (self, "3");
  expect_bytes (self->alice_stream, "hi", 2);
}

typedef struct
{
  const char *name;
  guint seq;
  const char *base64;
  const char *condition;
  int code;
} BadData;

/* XEP-0047 §2.2: the three errors; the stream is closed and nothing after it is delivered. */
static const BadData bad_data[] = {
  { "gap", 2, "aGk=", "unexpected-request", JXS_ERROR_CONNECTIVITY },
  { "repeated", 0, "aGk=", "unexpected-request", JXS_ERROR_CONNECTIVITY },
  { "alphabet", 1, "a*k=", "bad-request", JXS_ERROR_PROTOCOL },
  { "pad-first", 1, "=AAA", "bad-request", JXS_ERROR_PROTOCOL },
  { "pad-inside", 1, "BBBB=CCC", "bad-request", JXS_ERROR_PROTOCOL },
  { "stray-bits", 1, "aGl=", "bad-request", JXS_ERROR_PROTOCOL },
  { "no-pad", 1, "aGk", "bad-request", JXS_ERROR_PROTOCOL },
  { "too-long", 1, "YWJjZGVmZ2hp", "bad-request", JXS_ERROR_PROTOCOL },
};

static void
test_bad_data (Fixture *self, gconstpointer data)
{
  const BadData *bad = data;
  g_autofree char *sid = open_stream (self, "8");

  say_data (self, "good", sid, 0, "b2s=");
  expect_result (self, "good");
  say_data (self, "bad", sid, bad->seq, bad->base64);
  say_data (self, "after", sid, 1, "bm8=");
  expect_error (self, "bad", NULL, bad->condition);
  answer_close (self);
  expect_error (self, "after", NULL, "unexpected-request");
  expect_bytes (self->alice_stream, "ok", 2);
  expect_broken (self->alice_stream, bad->code);
  expect_failure (self, bad->code);
}

/* Data in messages (XEP-0047 §4), in between those in IQs; bad ones close the stream too. */
static void
test_messages (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");

  say_message (self, sid, 0, "YQ==");
  say_data (self, "d", sid, 1, "Yg==");
  say_message (self, sid, 2, "Yw==");
  expect_result (self, "d");
  expect_bytes (self->alice_stream, "abc", 3);
  say_message (self, sid, 4, "ZQ==");
  answer_close (self);
  expect_broken (self->alice_stream, JXS_ERROR_CONNECTIVITY);
  expect_failure (self, JXS_ERROR_CONNECTIVITY);
}

static void
test_empty_block (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");

  say_data (self, "1", sid, 0, "");
  expect_result (self, "1");
  say_data (self, "2", sid, 1, "aGk=");
  expect_result (self, "2");
  expect_bytes (self->alice_stream, "hi", 2);
}

/* A peer that does not wait for acknowledgements is stopped before it fills the memory; so is one
 * that sends a byte at a time, or messages. */
static void
flood (Fixture *self, gsize block_size, gboolean messages)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autofree guint8 *zeros = g_malloc0 (block_size);
  g_autofree char *base64 = g_base64_encode (zeros, block_size);
  JxsIbbStats stats;
  guint seq = 0;
  guint n_results = 0;
  gboolean over = FALSE;

  while (!over)
    {
      JxsElement *heard;

      if (messages)
        say_message (self, sid, seq++, base64);
      else
        say_data (self, "d", sid, seq++, base64);
      fixture_settle ();
      while ((heard = g_queue_pop_head (&self->heard)) != NULL)
        {
          over |= jxs_element_find_child (heard, "close", JXS_NS_IBB) != NULL;
          n_results += g_strcmp0 (jxs_element_get_attribute (heard, "type"), "result") == 0;
          jxs_element_unref (heard);
        }
      jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &stats);
      g_assert_cmpuint (stats.bytes_received, <, JXS_IBB_RECEIVE_HARD + 512 * 1024);
    }
  g_assert_cmpuint (stats.bytes_received, >, JXS_IBB_RECEIVE_SOFT);
  if (messages)
    g_assert_cmpuint (n_results, ==, 0);
}

static void
test_flood (Fixture *self, gconstpointer unused)
{
  flood (self, 4096, FALSE);
}

static void
test_flood_messages (Fixture *self, gconstpointer unused)
{
  flood (self, 4096, TRUE);
}

static void
test_flood_small (Fixture *self, gconstpointer unused)
{
  flood (self, 256, FALSE);
}

/* Strangers with the same sid (XEP-0047 §2.1: it is matched per peer). */
static void
relay_cb (JxsRelayChannel *channel, JxsElement *stanza, gpointer user_data)
{
  g_queue_push_tail (user_data, jxs_element_ref (stanza));
}

static gboolean
push_from (JxsRelayChannel *channel, const char *from, const char *id, const char *payload)
{
  g_autofree char *xml = g_strdup_printf (
      "<iq xmlns='jabber:client' type='set' id='%s' from='%s' to='me@example.com/x'>%s</iq>",
      id,
      from,
      payload);
  g_autoptr (GError) error = NULL;
  gboolean handled;

  jxs_relay_channel_push_xml (channel, xml, &handled, &error);
  g_assert_no_error (error);
  return handled;
}

static void
test_same_sid (void)
{
  static const char *const peers[] = { "bob@example.com/a", "bob@example.com/b" };
  g_autoptr (JxsJid) me = jxs_jid_new ("me@example.com/x", NULL);
  g_autoptr (JxsRelayChannel) channel = jxs_relay_channel_new (me, TRUE);
  g_autoptr (JxsRouter) router = jxs_router_get (JXS_CHANNEL (channel));
  g_autoptr (JxsElement) offer = jxs_element_new_from_string ("<transport xmlns='" JXS_NS_JINGLE_IBB
                                                              "' block-size='4096' sid='same'/>",
                                                              NULL);
  JxsTransport *transports[2];
  GIOStream *streams[2];
  GQueue sent = G_QUEUE_INIT;

  g_signal_connect (channel, "outgoing", G_CALLBACK (relay_cb), &sent);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JxsJid) peer = jxs_jid_new (peers[i], NULL);
      g_autoptr (JxsElement) answer = NULL;
      g_autoptr (GAsyncResult) result = NULL;

      transports[i] = fixture_make_transport (router, peer, FALSE, JXS_NS_JINGLE_IBB);
      g_assert_true (jxs_transport_set_remote (transports[i], offer, NULL));
      answer = jxs_transport_build (transports[i]);
      jxs_transport_connect_async (transports[i], NULL, jxs_test_keep_result, &result);
      push_from (channel,
                 peers[i],
                 "o",
                 "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='same'/>");
      jxs_test_wait_for (result != NULL);
      streams[i] = fixture_connect_finish (transports[i], result);
    }
  push_from (channel, peers[1], "1", "<data xmlns='" JXS_NS_IBB "' seq='0' sid='same'>Yg==</data>");
  push_from (channel, peers[0], "0", "<data xmlns='" JXS_NS_IBB "' seq='0' sid='same'>YQ==</data>");
  /* Same account, another resource; the account itself; another stream: they may be the
   * application's. */
  g_assert_false (
      push_from (channel, "bob@example.com/c", "c", "<close xmlns='" JXS_NS_IBB "' sid='same'/>"));
  g_assert_false (
      push_from (channel, "bob@example.com", "d", "<close xmlns='" JXS_NS_IBB "' sid='same'/>"));
  g_assert_false (push_from (
      channel, peers[0], "e", "<open xmlns='" JXS_NS_IBB "' block-size='4096' sid='other'/>"));
  g_assert_true (push_from (channel, peers[0], "f", "<other xmlns='" JXS_NS_IBB "' sid='same'/>"));
  expect_bytes (streams[0], "a", 1);
  expect_bytes (streams[1], "b", 1);

  for (guint i = 0; i < 2; i++)
    {
      g_object_unref (streams[i]);
      g_assert_finalize_object (transports[i]);
    }
  /* Two opened, two blocks, and the element nobody knows. */
  g_assert_cmpuint (sent.length, ==, 5);
  g_queue_clear_full (&sent, (GDestroyNotify) jxs_element_unref);
}

/* -- what may happen to our packets -- */

static guint
count_in_flight (Fixture *self)
{
  JxsIbbStats stats;

  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &stats);
  return stats.in_flight;
}

/* Type wait: the same packet, later; no byte lost or doubled. Only what is on its way counts. */
static void
test_retry (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autoptr (JxsElement) first = NULL;
  JxsIbbStats stats;

  write_all (self->alice_stream, "hello", 5);
  first = fixture_next_iq (self, "data");
  fixture_refuse (self, first, "wait", "remote-server-timeout");
  expect_silence (self);
  /* What is written meanwhile waits. */
  write_all (self->alice_stream, "world", 5);
  expect_silence (self);
  g_assert_cmpuint (count_in_flight (self), ==, 0);
  jxs_clock_advance (1001 * 1000);
  fixture_settle ();
  g_assert_cmpuint (count_in_flight (self), ==, 1);
  expect_data (self, 0, "hello");
  expect_data (self, 1, "world");
  fixture_settle ();
  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &stats);
  g_assert_cmpuint (stats.bytes_sent, ==, 10);
  g_assert_cmpuint (count_in_flight (self), ==, 0);
}

static void
test_retry_limit (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");

  write_all (self->alice_stream, "hello", 5);
  for (guint i = 0; i < 7; i++)
    {
      g_autoptr (JxsElement) iq = fixture_next_iq (self, "data");

      fixture_refuse (self, iq, "wait", "recipient-unavailable");
      fixture_settle ();
      jxs_clock_advance (33 * G_USEC_PER_SEC);
    }
  answer_close (self);
  expect_broken (self->alice_stream, JXS_ERROR_CONNECTIVITY);
  expect_failure (self, JXS_ERROR_CONNECTIVITY);
}

/* The three errors of a recipient are final whatever their type (XEP-0047 §2.2). */
static void
test_rejected (Fixture *self, gconstpointer data)
{
  const char *condition = data;
  g_autofree char *sid = open_stream (self, "4096");
  g_autoptr (JxsElement) iq = NULL;

  write_all (self->alice_stream, "hello", 5);
  iq = fixture_next_iq (self, "data");
  fixture_refuse (self,
                  iq,
                  g_str_equal (condition, "unexpected-request") ? "wait" : "cancel",
                  condition);
  answer_close (self);
  expect_broken (self->alice_stream, JXS_ERROR_CONNECTIVITY);
  expect_failure (self, JXS_ERROR_CONNECTIVITY);
}

/* Silence: the peer is asked whether it is there. */
static void
test_stalled_but_there (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autoptr (JxsElement) data = NULL;

  write_all (self->alice_stream, "hello", 5);
  data = fixture_next_iq (self, "data");
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (JxsElement) query = NULL;

      while (g_queue_is_empty (&self->heard))
        {
          jxs_clock_advance (15 * G_USEC_PER_SEC);
          fixture_settle ();
        }
      query = fixture_next (self);
      g_assert_nonnull (jxs_element_find_child (query, "query", JXS_NS_DISCO_INFO));
      fixture_answer (self, query);
    }
  /* It only did not read. */
  fixture_answer (self, data);
  write_all (self->alice_stream, "again", 5);
  expect_data (self, 1, "again");
}

static void
test_stalled_and_gone (Fixture *self, gconstpointer data)
{
  gboolean answered = GPOINTER_TO_INT (data);
  g_autofree char *sid = open_stream (self, "4096");
  g_autoptr (JxsElement) iq = NULL;
  g_autoptr (JxsElement) query = NULL;

  write_all (self->alice_stream, "hello", 5);
  iq = fixture_next_iq (self, "data");
  while (g_queue_is_empty (&self->heard))
    {
      jxs_clock_advance (15 * G_USEC_PER_SEC);
      fixture_settle ();
    }
  query = fixture_next (self);
  if (answered)
    fixture_refuse (self, query, "cancel", "service-unavailable");
  else
    jxs_clock_advance (31 * G_USEC_PER_SEC);
  answer_close (self);
  expect_broken (self->alice_stream, JXS_ERROR_TIMED_OUT);
  expect_failure (self, JXS_ERROR_TIMED_OUT);
}

/* Our <close/> is never answered: closed all the same, after a while; and who waits can stop
 * waiting. */
static void
test_close_unanswered (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) impatient = NULL;
  g_autoptr (GAsyncResult) patient = NULL;
  g_autoptr (JxsElement) close = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_close_async (self->alice, cancellable, jxs_test_keep_result, &impatient);
  jxs_transport_close_async (self->alice, NULL, jxs_test_keep_result, &patient);
  close = fixture_next_iq (self, "close");
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (impatient != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, impatient, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* As long as data come the peer is flushing. */
  for (guint i = 0; i < 3; i++)
    {
      jxs_clock_advance (15 * G_USEC_PER_SEC);
      say_data (self, "d", sid, i, "aGk=");
      expect_result (self, "d");
    }
  g_assert_null (patient);
  jxs_clock_advance (21 * G_USEC_PER_SEC);
  fixture_settle ();
  jxs_clock_advance (21 * G_USEC_PER_SEC);
  jxs_test_wait_for (patient != NULL);
  g_assert_true (jxs_transport_close_finish (self->alice, patient, &error));
  g_assert_no_error (error);
}

/* The peer closes: our last bytes go out before the answer (XEP-0047 §2.3). */
static void
test_closed_by_peer (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");

  write_all (self->alice_stream, "last", 4);
  say_close (self, "c", sid);
  expect_data (self, 0, "last");
  expect_result (self, "c");
  expect_eof (self->alice_stream);
}

/* The application does not read: acknowledgements are withheld, and given when it does. */
static void
test_withheld (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = open_stream (self, "4096");
  g_autofree guint8 *block = g_malloc0 (4096);
  g_autofree char *base64 = g_base64_encode (block, 4096);
  guint n_acknowledged = 0;

  for (guint i = 0; i < 192; i++)
    {
      say_data (self, "d", sid, i, base64);
      fixture_settle ();
    }
  n_acknowledged = self->heard.length;
  g_assert_cmpuint (n_acknowledged, >=, JXS_IBB_RECEIVE_SOFT / 4096);
  /* The bound, and what the pipe holds. */
  g_assert_cmpuint (n_acknowledged, <, 144);
  for (guint i = 0; i < 192; i++)
    expect_bytes (self->alice_stream, block, 4096);
  for (guint i = 0; i < 192; i++)
    expect_result (self, "d");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, data, func)                                                                      \
  g_test_add ("/transports/ibb-packets/" path, Fixture, data, set_up, func, tear_down)

  ADD ("course", NULL, test_course);
  ADD ("open/refused", NULL, test_open_refused);
  ADD ("open/unanswered", NULL, test_open_unanswered);
  ADD ("open/answer-overtaken", NULL, test_data_with_open_answer);
  ADD ("open/again", NULL, test_open_again);
  ADD ("unknown", NULL, test_unknown);
  ADD ("messages", NULL, test_messages);
  ADD ("empty-block", NULL, test_empty_block);
  ADD ("flood/large", NULL, test_flood);
  ADD ("flood/messages", NULL, test_flood_messages);
  ADD ("flood/small", NULL, test_flood_small);
  ADD ("withheld", NULL, test_withheld);
  ADD ("retry/one", NULL, test_retry);
  ADD ("retry/limit", NULL, test_retry_limit);
  ADD ("rejected/item-not-found", "item-not-found", test_rejected);
  ADD ("rejected/unexpected-request", "unexpected-request", test_rejected);
  ADD ("rejected/bad-request", "bad-request", test_rejected);
  ADD ("rejected/service-unavailable", "service-unavailable", test_rejected);
  ADD ("stalled/there", NULL, test_stalled_but_there);
  ADD ("stalled/gone", GINT_TO_POINTER (TRUE), test_stalled_and_gone);
  ADD ("stalled/silent", GINT_TO_POINTER (FALSE), test_stalled_and_gone);
  ADD ("close/unanswered", NULL, test_close_unanswered);
  ADD ("close/by-peer", NULL, test_closed_by_peer);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_data); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/transports/ibb-packets/bad-data/%s", bad_data[i].name);

      g_test_add (path, Fixture, &bad_data[i], set_up, test_bad_data, tear_down);
    }
  g_test_add_func ("/transports/ibb-packets/same-sid", test_same_sid);

  return g_test_run ();
}
