/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/ibb/jxs-ibb-pacer-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-port-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "ibb-fixture.h"
#include "jxs-test-sockets.h"

/* Two transports over a loopback pair of channels. */

typedef struct
{
  GAsyncResult *result;
} Close;

static void
close_start (JxsTransport *transport, Close *close)
{
  *close = (Close){ 0 };
  jxs_transport_close_async (transport, NULL, jxs_test_keep_result, &close->result);
}

static void
close_wait (JxsTransport *transport, Close *close)
{
  g_autoptr (GError) error = NULL;

  jxs_test_wait_for (close->result != NULL);
  jxs_transport_close_finish (transport, close->result, &error);
  g_assert_no_error (error);
  g_clear_object (&close->result);
}

static void
test_both_ways (Fixture *self, gconstpointer unused)
{
  Close close;
  JxsIbbStats stats;

  write_all (self->alice_stream, "hello", 5);
  expect_bytes (self->bob_stream, "hello", 5);
  write_all (self->bob_stream, "there", 5);
  expect_bytes (self->alice_stream, "there", 5);

  close_start (self->alice, &close);
  close_wait (self->alice, &close);
  expect_eof (self->alice_stream);
  expect_eof (self->bob_stream);

  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &stats);
  g_assert_cmpuint (stats.bytes_sent, ==, 5);
  g_assert_cmpuint (stats.bytes_received, ==, 5);
  g_assert_cmpuint (stats.in_flight, ==, 0);
}

static void
trace_cb (
    gint64 time_us, const char *layer, const char *what, const char *detail, gpointer user_data)
{
  g_assert_cmpstr (layer, ==, "ibb");
  g_assert_nonnull (strstr (detail, "\"sid\":"));
  g_string_append_printf (user_data, "%s ", what);
}

/* The life of a stream as an application may show it; the pace at most once a second. */
static void
test_trace (Fixture *self, gconstpointer unused)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (JxsTrace) trace = jxs_trace_new (trace_cb, seen);
  g_autoptr (GAsyncResult) result = NULL;
  Close close;

  jxs_router_set_trace (self->alice_router, trace);
  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, result);
  for (guint i = 0; i < 100; i++)
    {
      write_all (self->alice_stream, "x", 1);
      fixture_settle ();
    }
  close_start (self->alice, &close);
  close_wait (self->alice, &close);
  g_assert_cmpstr (seen->str, ==, "open pace closed ");
  jxs_router_set_trace (self->alice_router, NULL);
}

/* What was written before the close arrives before the end of file (XEP-0047 §2.3). */
static void
test_close_flushes (Fixture *self, gconstpointer unused)
{
  g_autofree guint8 *from_alice = g_malloc (60000);
  g_autofree guint8 *from_bob = g_malloc (60000);
  Close close;

  memset (from_alice, 'a', 60000);
  memset (from_bob, 'b', 60000);
  write_all (self->alice_stream, from_alice, 60000);
  write_all (self->bob_stream, from_bob, 60000);

  close_start (self->alice, &close);
  expect_bytes (self->bob_stream, from_alice, 60000);
  expect_eof (self->bob_stream);
  expect_bytes (self->alice_stream, from_bob, 60000);
  expect_eof (self->alice_stream);
  close_wait (self->alice, &close);
}

/* 10 MiB to an application that does not read: the writer is stopped, what is kept is bounded and
 * acknowledgements are withheld; then all of it arrives. */
static void
test_back_pressure (Fixture *self, gconstpointer unused)
{
  const gsize total = 10 * 1024 * 1024;
  g_autofree guint8 *data = g_malloc (total);
  g_autofree guint8 *got = g_malloc (total);
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autofree char *sent_hash = NULL;
  g_autofree char *got_hash = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (self->alice_stream);
  GInputStream *in = g_io_stream_get_input_stream (self->bob_stream);
  JxsIbbStats alice, bob;
  guint64 last = 0;
  gsize n;

  for (gsize i = 0; i < total; i++)
    data[i] = i * 2654435761u >> 13;
  sent_hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, total);

  g_output_stream_write_all_async (
      out, data, total, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &written);
  /* Until nothing moves any more. */
  for (guint quiet = 0; quiet < 50;)
    {
      fixture_settle ();
      jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->bob), &bob);
      quiet = bob.bytes_received == last ? quiet + 1 : 0;
      last = bob.bytes_received;
      g_thread_yield ();
    }
  g_assert_null (written);
  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &alice);
  g_assert_cmpuint (alice.in_flight, >, 0);
  g_assert_cmpuint (bob.bytes_received, >, JXS_IBB_RECEIVE_SOFT);
  g_assert_cmpuint (bob.bytes_received,
                    <,
                    JXS_IBB_RECEIVE_SOFT + JXS_IBB_MAX_OUTSTANDING + 512 * 1024);

  g_input_stream_read_all_async (
      in, got, total, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &read);
  jxs_test_wait_for (read != NULL && written != NULL);
  g_assert_true (g_input_stream_read_all_finish (in, read, &n, NULL));
  g_assert_true (g_output_stream_write_all_finish (out, written, NULL, NULL));
  g_assert_cmpuint (n, ==, total);
  got_hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, got, total);
  g_assert_cmpstr (got_hash, ==, sent_hash);
}

/* XEP-0047 cannot end one direction: closing the output only stops sending. */
static void
test_half_close (Fixture *self, gconstpointer unused)
{
  Close close;

  write_all (self->alice_stream, "last", 4);
  g_assert_true (
      g_output_stream_close (g_io_stream_get_output_stream (self->alice_stream), NULL, NULL));
  expect_bytes (self->bob_stream, "last", 4);
  write_all (self->bob_stream, "more", 4);
  expect_bytes (self->alice_stream, "more", 4);
  close_start (self->bob, &close);
  close_wait (self->bob, &close);
  expect_eof (self->bob_stream);
  expect_eof (self->alice_stream);
}

/* The application drops its end: what it wrote is delivered, then the stream is closed. */
static void
test_application_gone (Fixture *self, gconstpointer unused)
{
  write_all (self->alice_stream, "bye", 3);
  g_assert_true (g_io_stream_close (self->alice_stream, NULL, NULL));
  expect_bytes (self->bob_stream, "bye", 3);
  expect_eof (self->bob_stream);
  /* Writing to nobody is an error, not a black hole. */
  for (;;)
    {
      g_autoptr (GError) error = NULL;

      fixture_settle ();
      if (g_output_stream_write (
              g_io_stream_get_output_stream (self->bob_stream), "x", 1, NULL, &error) < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
          break;
        }
    }
}

static void
test_close_both (Fixture *self, gconstpointer unused)
{
  Close alice, bob;

  close_start (self->alice, &alice);
  close_start (self->bob, &bob);
  close_wait (self->alice, &alice);
  close_wait (self->bob, &bob);
  /* And again. */
  close_start (self->alice, &alice);
  close_wait (self->alice, &alice);
}

static void
test_close_cancelled (Fixture *self, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) later = NULL;
  g_autoptr (GError) error = NULL;
  Close close;

  g_cancellable_cancel (cancellable);
  jxs_transport_close_async (self->alice, cancellable, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  /* Nothing was begun. */
  write_all (self->alice_stream, "x", 1);
  expect_bytes (self->bob_stream, "x", 1);

  /* The waiting ends, the closing does not. */
  g_cancellable_reset (cancellable);
  jxs_transport_close_async (self->alice, cancellable, jxs_test_keep_result, &later);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (later != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, later, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close_start (self->alice, &close);
  close_wait (self->alice, &close);
  expect_eof (self->bob_stream);
}

/* The session ended in order without a <close/>: what arrived is read, then the end of file; what
 * comes later is answered item-not-found (XEP-0261 §2.5, XEP-0047 §2.2). */
static void
test_abort (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  Close close = { 0 };

  write_all (self->alice_stream, "hello", 5);
  expect_bytes (self->bob_stream, "h", 1);
  jxs_transport_abort (self->bob, NULL);
  expect_bytes (self->bob_stream, "ello", 4);
  expect_eof (self->bob_stream);

  write_all (self->alice_stream, "lost", 4);
  expect_broken (self->alice_stream, JXS_ERROR_CONNECTIVITY);
  close_start (self->alice, &close);
  jxs_test_wait_for (close.result != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, close.result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_clear_object (&close.result);
}

/* The channel goes away in the middle. */
static void
test_channel_closed (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  Close close = { 0 };

  write_all (self->alice_stream, "hello", 5);
  jxs_loopback_channel_close (self->alice_channel);
  expect_broken (self->alice_stream, JXS_ERROR_CONNECTIVITY);
  close_start (self->alice, &close);
  jxs_test_wait_for (close.result != NULL);
  g_assert_false (jxs_transport_close_finish (self->alice, close.result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_clear_object (&close.result);
}

/* Dropped while everything is on its way. */
static void
test_dropped (Fixture *self, gconstpointer unused)
{
  guint8 data[20000] = { 0 };

  write_all (self->alice_stream, data, sizeof data);
  write_all (self->bob_stream, data, sizeof data);
  g_main_context_iteration (NULL, FALSE);
}

/* -- negotiation -- */

static void
test_connect_cancelled_before (Fixture *self, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  jxs_transport_connect_async (self->alice, cancellable, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_null (jxs_transport_connect_finish (self->alice, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_connect_cancelled_during (Fixture *self, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_connect_async (self->bob, cancellable, jxs_test_keep_result, &result);
  fixture_settle ();
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  jxs_test_wait_for (result != NULL);
  g_assert_null (jxs_transport_connect_finish (self->bob, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* The sid is gone with it. */
  g_clear_object (&result);
  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_clear_error (&error);
  g_assert_null (jxs_transport_connect_finish (self->alice, result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

static void
test_open_never_comes (Fixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_transport_connect_async (self->bob, NULL, jxs_test_keep_result, &result);
  jxs_clock_advance (59 * G_USEC_PER_SEC);
  fixture_settle ();
  g_assert_null (result);
  jxs_clock_advance (2 * G_USEC_PER_SEC);
  jxs_test_wait_for (result != NULL);
  g_assert_null (jxs_transport_connect_finish (self->bob, result, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
}

/* The peer opens and sends before our side even asks for the stream. */
static void
test_early_data (Fixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) alice_result = NULL;
  g_autoptr (GAsyncResult) bob_result = NULL;

  jxs_transport_connect_async (self->alice, NULL, jxs_test_keep_result, &alice_result);
  jxs_test_wait_for (alice_result != NULL);
  self->alice_stream = fixture_connect_finish (self->alice, alice_result);
  write_all (self->alice_stream, "early", 5);
  fixture_settle ();
  jxs_transport_connect_async (self->bob, NULL, jxs_test_keep_result, &bob_result);
  jxs_test_wait_for (bob_result != NULL);
  self->bob_stream = fixture_connect_finish (self->bob, bob_result);
  expect_bytes (self->bob_stream, "early", 5);
}

/* urn:xmpp:jingle:transports:ibb:0: no <open/>, and blocks are measured after base64. */
static void
test_old_namespace (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsTransport) alice =
      fixture_make_transport (self->alice_router, self->bob_jid, TRUE, JXS_NS_JINGLE_IBB_0);
  g_autoptr (JxsTransport) bob =
      fixture_make_transport (self->bob_router, self->alice_jid, FALSE, JXS_NS_JINGLE_IBB_0);
  g_autoptr (GAsyncResult) alice_result = NULL;
  g_autoptr (GAsyncResult) bob_result = NULL;
  g_autoptr (GIOStream) alice_stream = NULL;
  g_autoptr (GIOStream) bob_stream = NULL;
  JxsIbbStats stats;

  fixture_negotiate (alice, bob);
  jxs_transport_connect_async (alice, NULL, jxs_test_keep_result, &alice_result);
  jxs_transport_connect_async (bob, NULL, jxs_test_keep_result, &bob_result);
  jxs_test_wait_for (alice_result != NULL && bob_result != NULL);
  alice_stream = fixture_connect_finish (alice, alice_result);
  bob_stream = fixture_connect_finish (bob, bob_result);
  jxs_ibb_transport_set_fixed (JXS_IBB_TRANSPORT (alice), 1, 65535);
  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (alice), &stats);
  g_assert_cmpuint (stats.current_block, ==, stats.block_size / 4 * 3);
  write_all (alice_stream, "old", 3);
  expect_bytes (bob_stream, "old", 3);
}

/* XEP-0261 §2.2: smaller is fine, another stream is not. What is larger, or says nothing of the
 * stream, is not of the specification, but of peers. */
static void
test_answers (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    const char *attributes;
    gboolean fits;
  } cases[] = {
    { "block-size='2048' sid='SID'", TRUE },
    { "block-size='4096' sid='SID'", TRUE },
    { "block-size='65535' sid='SID'", TRUE },
    { "block-size='65536' sid='SID'", FALSE },
    { "block-size='2048' sid='other'", FALSE },
    { "sid='SID'", FALSE },
    { "block-size='2048'", TRUE },
    { "block-size='2048' sid=''", FALSE },
    { "block-size='2048' sid='SID' stanza='message'", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsTransport) transport =
          fixture_make_transport (self->alice_router, self->bob_jid, TRUE, JXS_NS_JINGLE_IBB);
      g_autoptr (JxsElement) offer = jxs_transport_build (transport);
      g_autoptr (GString) xml = g_string_new ("<transport xmlns='" JXS_NS_JINGLE_IBB "' ");
      g_autoptr (JxsElement) answer = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_cmpstr (jxs_element_get_namespace (offer), ==, JXS_NS_JINGLE_IBB);
      g_string_append (xml, cases[i].attributes);
      g_string_replace (xml, "SID", jxs_element_get_attribute (offer, "sid"), 0);
      g_string_append (xml, "/>");
      answer = jxs_element_new_from_string (xml->str, NULL);
      if (cases[i].fits)
        {
          g_assert_true (jxs_transport_set_remote (transport, answer, &error));
          g_assert_no_error (error);
          g_assert_false (jxs_transport_set_remote (transport, answer, NULL));
        }
      else
        {
          g_assert_false (jxs_transport_set_remote (transport, answer, &error));
          g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
        }
    }
}

/* What is too large for a signed short of the schema is reduced; the rest stays as offered. */
static void
test_offers (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    const char *offered, *answered, *stanza;
  } cases[] = {
    { "4096", "4096", "iq" },
    { "1", "1", "iq" },
    { "65535", "32767", "message" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsTransport) transport =
          fixture_make_transport (self->alice_router, self->bob_jid, FALSE, JXS_NS_JINGLE_IBB);
      g_autoptr (JxsTransport) second =
          fixture_make_transport (self->alice_router, self->bob_jid, FALSE, JXS_NS_JINGLE_IBB);
      g_autofree char *xml = g_strdup_printf ("<transport xmlns='" JXS_NS_JINGLE_IBB
                                              "' sid='s' block-size='%s' stanza='%s'/>",
                                              cases[i].offered,
                                              cases[i].stanza);
      g_autoptr (JxsElement) offer = jxs_element_new_from_string (xml, NULL);
      g_autoptr (JxsElement) answer = NULL;
      g_autoptr (GError) error = NULL;

      jxs_transport_set_remote (transport, offer, &error);
      g_assert_no_error (error);
      answer = jxs_transport_build (transport);
      g_assert_cmpstr (jxs_element_get_attribute (answer, "sid"), ==, "s");
      g_assert_cmpstr (jxs_element_get_attribute (answer, "block-size"), ==, cases[i].answered);
      g_assert_cmpstr (jxs_element_get_attribute (answer, "stanza"), ==, cases[i].stanza);

      /* The same peer cannot have a second stream of that name. */
      g_assert_false (jxs_transport_set_remote (second, offer, &error));
      g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
    }
}

/* A further stream in the same session (XEP-0261 §2.4) is declined. */
static void
test_transport_info (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) info = jxs_element_new_from_string ("<transport xmlns='" JXS_NS_JINGLE_IBB
                                                             "' block-size='2048' sid='bt8a71h6'/>",
                                                             NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_transport_handle_info (self->alice, info, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED);
}

static void
set_up_fake_clock (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_fake (1000 * G_USEC_PER_SEC);
  fixture_set_up (self, unused);
}

static void
tear_down_fake_clock (Fixture *self, gconstpointer unused)
{
  fixture_tear_down (self, unused);
  jxs_clock_use_real ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, set_up, func)                                                                    \
  g_test_add ("/transports/ibb/" path, Fixture, NULL, set_up, func, fixture_tear_down)

  ADD ("both-ways", fixture_set_up_open, test_both_ways);
  ADD ("close/flushes", fixture_set_up_open, test_close_flushes);
  ADD ("close/half", fixture_set_up_open, test_half_close);
  ADD ("close/application-gone", fixture_set_up_open, test_application_gone);
  ADD ("close/both", fixture_set_up_open, test_close_both);
  ADD ("close/cancelled", fixture_set_up_open, test_close_cancelled);
  ADD ("close/abort", fixture_set_up_open, test_abort);
  ADD ("close/channel", fixture_set_up_open, test_channel_closed);
  ADD ("close/dropped", fixture_set_up_open, test_dropped);
  ADD ("back-pressure", fixture_set_up_open, test_back_pressure);
  ADD ("connect/cancelled-before", fixture_set_up, test_connect_cancelled_before);
  ADD ("connect/cancelled-during", fixture_set_up, test_connect_cancelled_during);
  ADD ("connect/early-data", fixture_set_up, test_early_data);
  ADD ("connect/old-namespace", fixture_set_up, test_old_namespace);
  ADD ("negotiation/answers", fixture_set_up, test_answers);
  ADD ("negotiation/offers", fixture_set_up, test_offers);
  ADD ("negotiation/transport-info", fixture_set_up, test_transport_info);
  g_test_add (
      "/transports/ibb/trace", Fixture, NULL, set_up_fake_clock, test_trace, tear_down_fake_clock);
  g_test_add ("/transports/ibb/connect/open-never-comes",
              Fixture,
              NULL,
              set_up_fake_clock,
              test_open_never_comes,
              tear_down_fake_clock);

  return g_test_run ();
}
