/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-dial-fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

#include "jxs-test-sockets.h"

/* XEP-0065 §5.3.2, each message alone on its way; what follows the reply is left to the stream. */
static void
test_success (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  gint64 round_trip_us = -1;
  int nodelay = 0;

  dial (self);
  take_connection (self);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  SEND (self, SUCCESS (FIRST) "payload");
  jxs_test_wait_for (self->result != NULL);
  connection = jxs_s5b_dial_finish (self->result, &round_trip_us, &error);
  g_assert_no_error (error);
  g_assert_cmpint (round_trip_us, >=, 0);
  expect_payload (connection, "payload");

  g_socket_get_option (
      g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, &nodelay, &error);
  g_assert_no_error (error);
  g_assert_true (nodelay);
  if (G_IS_TCP_CONNECTION (connection))
    g_assert_false (g_tcp_connection_get_graceful_disconnect (G_TCP_CONNECTION (connection)));
}

/* RFC 1928 §6: replies with each type of address, in single bytes. */
static void
test_pieces (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize n;
  } replies[] = {
    { SUCCESS (FIRST), sizeof SUCCESS (FIRST) - 1 },
    { "\5\0\0\1\177\0\0\1\0\120", 10 },
    { "\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\120", 22 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr (GSocketConnection) connection = NULL;
      g_autoptr (GError) error = NULL;

      dial (self);
      take_connection (self);
      EXPECT (self, GREETING);
      for (gsize n = 0; n < 2; n++)
        {
          send_bytes (self, ACCEPTED + n, 1);
          iterate ();
        }
      EXPECT (self, REQUEST (FIRST));
      for (gsize n = 0; n < replies[i].n; n++)
        {
          g_assert_null (self->result);
          send_bytes (self, replies[i].bytes + n, 1);
          iterate ();
        }
      SEND (self, "payload");
      connection = finish (self, &error);
      g_assert_no_error (error);
      expect_payload (connection, "payload");
    }
}

/* Each reply that refuses, with the second DST.ADDR on a connection of its own. */
static void
test_second_order (Fixture *self, gconstpointer data)
{
  self->params.dst_addrs[1] = SECOND;
  for (guint code = 1; code <= 8; code++)
    {
      const char refusal[] = { 5, code, 0, 1, 0, 0, 0, 0, 0, 0 };
      g_autoptr (GSocketConnection) connection = NULL;
      g_autoptr (GError) error = NULL;

      dial (self);
      take_connection (self);
      EXPECT (self, GREETING);
      SEND (self, ACCEPTED);
      EXPECT (self, REQUEST (FIRST));
      send_bytes (self, refusal, sizeof refusal);
      expect_end (self);

      take_connection (self);
      EXPECT (self, GREETING);
      SEND (self, ACCEPTED);
      EXPECT (self, REQUEST (SECOND));
      SEND (self, SUCCESS (SECOND));
      connection = finish (self, &error);
      g_assert_no_error (error);
    }
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  /* With the only DST.ADDR, at the first and last byte that is needed to know. */
  for (guint code = 1; code <= 8; code++)
    {
      const char refusal[] = { 5, code };
      g_autofree char *message =
          g_strdup_printf ("“127.0.0.1” does not know this stream (SOCKS5 reply %u)", code);

      dial (self);
      take_connection (self);
      EXPECT (self, GREETING);
      SEND (self, ACCEPTED);
      EXPECT (self, REQUEST (FIRST));
      send_bytes (self, refusal, sizeof refusal);
      expect_failure (self, JXS_ERROR, JXS_ERROR_DECLINED, message);
      expect_end (self);
    }

  /* With both. */
  self->params.dst_addrs[1] = SECOND;
  dial (self);
  for (guint i = 0; i < 2; i++)
    {
      take_connection (self);
      EXPECT (self, GREETING);
      SEND (self, ACCEPTED);
      expect_bytes (self, i == 0 ? REQUEST (FIRST) : REQUEST (SECOND), 47);
      SEND (self, "\5\2\0\1\0\0\0\0\0\0");
    }
  expect_failure (self, JXS_ERROR, JXS_ERROR_DECLINED, NULL);

  /* The second connection cannot be made: the refusal is what tells most. */
  dial (self);
  take_connection (self);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  g_socket_listener_close (self->listener);
  SEND (self, "\5\5");
  expect_failure (self, JXS_ERROR, JXS_ERROR_DECLINED, NULL);
}

static void
reset (Fixture *self)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  g_assert_cmpint (setsockopt (g_socket_get_fd (g_socket_connection_get_socket (self->peer)),
                               SOL_SOCKET,
                               SO_LINGER,
                               &linger,
                               sizeof linger),
                   ==,
                   0);
  g_clear_object (&self->peer);
}

/* The other side goes away, in order or by a reset, after each step. */
static void
test_closed (Fixture *self, gconstpointer data)
{
  for (guint step = 0; step < 4; step++)
    for (guint with_reset = 0; with_reset < 2; with_reset++)
      {
        dial (self);
        take_connection (self);
        EXPECT (self, GREETING);
        if (step > 0)
          send_bytes (self, ACCEPTED, step > 1 ? 2 : 1);
        if (step > 1)
          EXPECT (self, REQUEST (FIRST));
        if (step > 2)
          send_bytes (self, SUCCESS (FIRST), 20);
        iterate ();
        if (with_reset)
          reset (self);
        else
          g_clear_object (&self->peer);
        if (step > 1)
          expect_failure (self,
                          JXS_ERROR,
                          JXS_ERROR_DECLINED,
                          "“127.0.0.1” closed the connection instead of answering");
        else
          expect_failure (self,
                          JXS_ERROR,
                          JXS_ERROR_PROTOCOL,
                          "“127.0.0.1” closed the connection at once");
      }
}

/* Some refuse by hanging up: the second order is tried then too. */
static void
test_hung_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  self->params.dst_addrs[1] = SECOND;
  dial (self);
  take_connection (self);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  take_connection (self); /* drops the first */
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (SECOND));
  SEND (self, SUCCESS (SECOND));
  connection = finish (self, &error);
  g_assert_no_error (error);
}

static void
test_not_socks5 (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize n;
  } answers[] = { { "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
                  { "\4\0", 2 },
                  { "\5\0\4\0\0\1", 6 },
                  { "\5\0\5\0\0\2\1", 7 } };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      dial (self);
      take_connection (self);
      send_bytes (self, answers[i].bytes, answers[i].n);
      expect_failure (self,
                      JXS_ERROR,
                      JXS_ERROR_PROTOCOL,
                      "What answers at “127.0.0.1” does not speak SOCKS5");
    }

  dial (self);
  take_connection (self);
  SEND (self, "\5\xff");
  expect_failure (self,
                  JXS_ERROR,
                  JXS_ERROR_NOT_SUPPORTED,
                  "“127.0.0.1” asks for a password, which bytestreams do not have");
}

static void
test_nobody_listens (Fixture *self, gconstpointer data)
{
  g_socket_listener_close (self->listener);
  dial (self);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, NULL);
}

static void
test_bad_stream_name (Fixture *self, gconstpointer data)
{
  g_autofree char *too_long = g_strnfill (256, 'x');

  self->params.dst_addrs[0] = too_long;
  dial (self);
  expect_failure (self, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, NULL);
}

/* A server that takes connections and then says nothing: after each step. */
static void
test_timeout (Fixture *self, gconstpointer data)
{
  for (guint step = 0; step < 3; step++)
    {
      jxs_clock_use_fake (0);
      dial (self);
      take_connection (self);
      EXPECT (self, GREETING);
      if (step > 0)
        SEND (self, ACCEPTED);
      if (step > 0)
        EXPECT (self, REQUEST (FIRST));
      if (step > 1)
        send_bytes (self, SUCCESS (FIRST), 20);
      jxs_clock_advance (4999 * G_GINT64_CONSTANT (1000));
      iterate ();
      g_assert_null (self->result);
      jxs_clock_advance (1000);
      expect_failure (self,
                      JXS_ERROR,
                      JXS_ERROR_TIMED_OUT,
                      "“127.0.0.1” took the connection, but did not answer in time");
      expect_end (self);
      jxs_clock_use_real ();
    }
}

/* The time is that of both orders together. */
static void
test_timeout_second_order (Fixture *self, gconstpointer data)
{
  jxs_clock_use_fake (0);
  self->params.dst_addrs[1] = SECOND;
  dial (self);
  take_connection (self);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  jxs_clock_advance (3000 * G_GINT64_CONSTANT (1000));
  iterate ();
  SEND (self, "\5\5");
  take_connection (self);
  EXPECT (self, GREETING);
  jxs_clock_advance (2000 * G_GINT64_CONSTANT (1000));
  expect_failure (self, JXS_ERROR, JXS_ERROR_TIMED_OUT, NULL);
  expect_end (self);
  jxs_clock_use_real ();
}

/* A port whose queue is full drops what arrives, as a firewall does. */
typedef struct
{
  GSocket *socket;    /* (owned) */
  GPtrArray *waiting; /* (owned) (element-type GSocket) */
  guint16 port;
} BlackHole;

static void
black_hole_open (BlackHole *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_socket_set_listen_backlog (self->socket, 0);
  g_assert_true (g_socket_bind (self->socket, any_port, FALSE, &error));
  g_assert_true (g_socket_listen (self->socket, &error));
  address = g_socket_get_local_address (self->socket, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 4; i++)
    {
      GSocket *socket =
          g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

      g_socket_set_blocking (socket, FALSE);
      g_socket_connect (socket, address, NULL, NULL);
      g_ptr_array_add (self->waiting, socket);
    }
}

static void
black_hole_close (BlackHole *self)
{
  g_ptr_array_unref (self->waiting);
  g_object_unref (self->socket);
}

static void
test_black_hole (Fixture *self, gconstpointer data)
{
  BlackHole hole;

  jxs_clock_use_fake (0);
  black_hole_open (&hole);
  self->params.port = hole.port;
  dial (self);
  iterate ();
  g_assert_null (self->result);
  jxs_clock_advance (5000 * G_GINT64_CONSTANT (1000));
  expect_failure (self, JXS_ERROR, JXS_ERROR_TIMED_OUT, "“127.0.0.1” did not answer in time");

  dial (self);
  iterate ();
  g_cancellable_cancel (self->cancellable);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  black_hole_close (&hole);
  jxs_clock_use_real ();
}

/* Before the call, and after each step: the socket is closed at once. */
static void
test_cancel (Fixture *self, gconstpointer data)
{
  for (guint step = 0; step < 3; step++)
    {
      g_cancellable_reset (self->cancellable);
      dial (self);
      take_connection (self);
      EXPECT (self, GREETING);
      if (step > 0)
        {
          SEND (self, ACCEPTED);
          EXPECT (self, REQUEST (FIRST));
        }
      if (step > 1)
        send_bytes (self, SUCCESS (FIRST), 20);
      iterate ();
      g_assert_null (self->result);
      g_cancellable_cancel (self->cancellable);
      expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      expect_end (self);
    }

  dial (self);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
}

/* Cancelled when the connection was made, but its taker does not know yet. */
static void
test_cancel_late (Fixture *self, gconstpointer data)
{
  dial (self);
  take_handshake (self);
  jxs_test_wait_for (self->result != NULL);
  g_cancellable_cancel (self->cancellable);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  expect_end (self);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/transports/s5b-dial/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("success", test_success);
  ADD ("pieces", test_pieces);
  ADD ("second-order", test_second_order);
  ADD ("refused", test_refused);
  ADD ("closed", test_closed);
  ADD ("hung-up", test_hung_up);
  ADD ("not-socks5", test_not_socks5);
  ADD ("nobody-listens", test_nobody_listens);
  ADD ("bad-stream-name", test_bad_stream_name);
  ADD ("timeout", test_timeout);
  ADD ("timeout/second-order", test_timeout_second_order);
  ADD ("timeout/black-hole", test_black_hole);
  ADD ("cancel", test_cancel);
  ADD ("cancel/late", test_cancel_late);
  return g_test_run ();
}
