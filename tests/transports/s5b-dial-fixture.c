/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-dial-fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "jxs-test-sockets.h"

void
fixture_set_up (Fixture *self, gconstpointer unused)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (self->listener,
                                 any_port,
                                 G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP,
                                 NULL,
                                 &address,
                                 &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  self->cancellable = g_cancellable_new ();
  self->params = (JxsS5bDialParams){
    .host = "127.0.0.1",
    .port = self->port,
    .dst_addrs = { FIRST },
    .timeout_ms = 5000,
    .allow_loopback = TRUE,
  };
}

void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
fixture_tear_down (Fixture *self, gconstpointer unused)
{
  iterate (); /* what was cancelled ends */
  g_clear_object (&self->peer);
  g_clear_object (&self->result);
  g_assert_finalize_object (self->cancellable);
  g_object_unref (self->listener);
}

void
dial (Fixture *self)
{
  jxs_s5b_dial_async (&self->params, self->cancellable, jxs_test_keep_result, &self->result);
}

void
take_connection (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->peer);
  g_socket_listener_accept_async (self->listener, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  self->peer = g_socket_listener_accept_finish (self->listener, result, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_option (
      g_socket_connection_get_socket (self->peer), IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
}

void
expect_bytes (Fixture *self, const char *bytes, gsize n_bytes)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (self->peer));
  char buffer[512];
  gsize n_read;

  g_input_stream_read_all_async (
      in, buffer, n_bytes, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_input_stream_read_all_finish (in, result, &n_read, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n_read, bytes, n_bytes);
}

void
send_bytes (Fixture *self, const char *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;

  g_socket_send (g_socket_connection_get_socket (self->peer), bytes, n_bytes, NULL, &error);
  g_assert_no_error (error);
}

void
take_handshake (Fixture *self)
{
  take_connection (self);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  SEND (self, SUCCESS (FIRST));
}

void
expect_end (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (self->peer));
  char buffer[512];

  g_input_stream_read_async (
      in, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, NULL), <=, 0);
}

GSocketConnection *
finish (Fixture *self, GError **error)
{
  GSocketConnection *connection;

  jxs_test_wait_for (self->result != NULL);
  connection = jxs_s5b_dial_finish (self->result, NULL, error);
  g_clear_object (&self->result);
  return connection;
}

void
expect_failure (Fixture *self, GQuark domain, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (finish (self, &error));
  g_assert_error (error, domain, code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
}

void
expect_payload (GSocketConnection *connection, const char *payload)
{
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gssize n = g_input_stream_read (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer, sizeof buffer, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, payload, strlen (payload));
}
