/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

static void
test_stream (void)
{
  g_autoptr (JxsXmlStream) stream = NULL;
  Inbox romeo, juliet;
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  stream = open_stream (&pair, &doorman);
  inbox_init (&romeo, stream);
  inbox_init (&juliet, doorman.stream);

  send_body (stream, "Art thou there?");
  wait_until (juliet.bodies->len == 1);
  g_assert_cmpstr (g_ptr_array_index (juliet.bodies, 0), ==, "Art thou there?");
  g_assert_cmpstr (jxs_element_get_attribute (g_ptr_array_index (juliet.stanzas, 0), "from"),
                   ==,
                   "romeo@montague.lit/orchard");
  send_body (doorman.stream, "Ay me!");
  wait_until (romeo.bodies->len == 1);
  g_assert_cmpstr (g_ptr_array_index (romeo.bodies, 0), ==, "Ay me!");

  close_stream (stream);
  wait_until (romeo.closed && juliet.closed);
  g_assert_no_error (romeo.error);
  g_assert_no_error (juliet.error);
  wait_until (jxs_session_get_state (doorman.session) == JXS_SESSION_STATE_ENDED);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (doorman.session)),
                   ==,
                   JXS_REASON_SUCCESS);

  inbox_clear (&romeo);
  inbox_clear (&juliet);
  g_clear_object (&stream);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

static void
exchange (GIOStream *from, GIOStream *to, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[64] = "";
  Reply write_reply = { NULL };
  Reply read_reply = { NULL };
  gsize n;

  g_input_stream_read_all_async (g_io_stream_get_input_stream (to),
                                 buffer,
                                 strlen (text),
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 reply_cb,
                                 &read_reply);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (from),
                                   text,
                                   strlen (text),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   reply_cb,
                                   &write_reply);
  written = reply_wait (&write_reply);
  g_output_stream_write_all_finish (g_io_stream_get_output_stream (from), written, NULL, &error);
  g_assert_no_error (error);
  read = reply_wait (&read_reply);
  g_input_stream_read_all_finish (g_io_stream_get_input_stream (to), read, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

static void
test_pipe (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  Reply replies[2] = { { NULL } };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  exchange (G_IO_STREAM (connection), G_IO_STREAM (doorman.connection), "What's in a name?");
  exchange (G_IO_STREAM (doorman.connection), G_IO_STREAM (connection), "A rose");

  g_assert_true (G_IS_TLS_CONNECTION (jxs_connection_get_tls_connection (connection)));
  g_assert_cmpstr (jxs_connection_get_protocol_name (connection), ==, "TLS 1.3");
  g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection),
                   ==,
                   jxs_connection_get_local_fingerprint (doorman.connection));
  g_assert_false (jxs_connection_get_verified (connection));

  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  g_io_stream_close_async (
      G_IO_STREAM (doorman.connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[1]);
  first = reply_wait (&replies[0]);
  g_io_stream_close_finish (G_IO_STREAM (connection), first, &error);
  g_assert_no_error (error);
  second = reply_wait (&replies[1]);
  g_io_stream_close_finish (G_IO_STREAM (doorman.connection), second, &error);
  g_assert_no_error (error);

  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/endpoint/endpoint/stream", test_stream);
  g_test_add_func ("/endpoint/endpoint/pipe", test_pipe);
  return g_test_run ();
}
