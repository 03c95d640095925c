/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-listener-fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>

/* Step by step, over both families; the options of the socket. */
static void
test_success (Fixture *self, gconstpointer data)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV4, G_SOCKET_FAMILY_IPV6 };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      guint16 port = jxs_s5b_listener_get_port (self->listener, families[i]);
      g_autoptr (GSocket) socket = NULL;
      GSocket *accepted;
      int nodelay = 0;

      if (port == 0)
        continue; /* not on this machine */
      socket = try_connect (NULL, families[i], port);
      iterate ();
      SEND (socket, "\5\1\0");
      EXPECT (socket, "\5\0");
      SEND (socket, "\5\1\0\3\x28" FIRST "\0\0");
      EXPECT (socket, "\5\0\0\3\x28" FIRST "\0\0");
      g_assert_cmpuint (self->incoming->len, ==, 1);

      accepted = g_socket_connection_get_socket (self->incoming->pdata[0]);
      g_socket_get_option (accepted, IPPROTO_TCP, TCP_NODELAY, &nodelay, NULL);
      g_assert_true (nodelay);
      g_assert_true (g_socket_get_blocking (accepted));
      /* Time has no more to say. */
      jxs_clock_advance (2 * JXS_S5B_LISTENER_HANDSHAKE_MS * MS);
      EXPECT (socket, "");
      g_ptr_array_set_size (self->incoming, 0);
      EXPECT_END (socket, "");
    }
}

/* XEP-0260 does not say for direct candidates whose JID comes first: either order. Nor does
 * XEP-0065 §5.3.2 say how to write the digits above nine; the reply is as the request. */
static void
test_both_orders (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) first = connect_from (self, NULL);
  g_autoptr (GSocket) second = connect_from (self, NULL);
  g_autoptr (GSocket) capital = connect_from (self, NULL);

  SEND (first, HELLO (FIRST));
  SEND (second, HELLO (SECOND));
  SEND (capital, HELLO ("972B7BF47291CA609517F67F86B5081086052DAD"));
  EXPECT (first, WELCOME (FIRST));
  EXPECT (second, WELCOME (SECOND));
  EXPECT (capital, WELCOME ("972B7BF47291CA609517F67F86B5081086052DAD"));
  g_assert_cmpuint (self->incoming->len, ==, 3);
}

/* Cut at every place, with bytes of the stream right behind: they are still to be read. */
static void
test_payload (Fixture *self, gconstpointer data)
{
  static const char hello[] = HELLO (FIRST) "payload";

  for (gsize cut = 0; cut < sizeof hello; cut++)
    {
      g_autoptr (GSocket) socket = connect_from (self, NULL);
      g_autoptr (GError) error = NULL;
      char buffer[16];
      gssize n;

      if (cut > 0)
        send_bytes (socket, hello, cut);
      iterate ();
      if (cut < sizeof hello - 1)
        send_bytes (socket, hello + cut, sizeof hello - 1 - cut);
      EXPECT (socket, WELCOME (FIRST));
      g_assert_cmpuint (self->incoming->len, ==, 1);
      n = g_input_stream_read (g_io_stream_get_input_stream (self->incoming->pdata[0]),
                               buffer,
                               sizeof buffer,
                               NULL,
                               &error);
      g_assert_no_error (error);
      g_assert_cmpmem (buffer, n, "payload", 7);
      g_ptr_array_set_size (self->incoming, 0);

      /* or it would have had its share of sockets */
      jxs_s5b_listener_forget (self->listener, self->id);
      self->id = jxs_s5b_listener_expect (self->listener, FIRST, NULL, keep_incoming, self);
    }
}

/* Refused without a word about who is here; the byte that is wrong is the last that is read. */
static void
test_refused (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *sent;
    gsize n_sent;
    const char *reply;
    gsize n_reply;
  } cases[] = {
#define CASE(sent, reply) { sent, sizeof sent - 1, reply, sizeof reply - 1 }
    CASE (HELLO (UNKNOWN), REFUSAL (UNKNOWN)),
    CASE ("GET / HTTP/1.1\r\nHost: example\r\n\r\n", ""),
    CASE ("\x16\3\1\2\0\1\0\1", ""),     /* TLS */
    CASE ("\4\1\0\120\177\0\0\1\0", ""), /* SOCKS4 */
    CASE ("\5\0", "\5\xff"),
    CASE ("\5\1\2", "\5\xff"),
    CASE ("\5\1\0\5\2\0\3\x28", "\5\0\5\7\0\1\0\0\0\0\0\0"),
    CASE ("\5\1\0\5\1\0\1\177\0\0\1\0\120", "\5\0\5\x08\0\1\0\0\0\0\0\0"),
#undef CASE
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GSocket) socket = connect_from (self, NULL);

      send_bytes (socket, cases[i].sent, cases[i].n_sent);
      expect_bytes (socket, cases[i].reply, cases[i].n_reply, TRUE);
    }
  g_assert_cmpuint (self->incoming->len, ==, 0);
}

/* A domain of 300 bytes cannot be said: of it 255 are asked for, and nobody is called so. */
static void
test_long_domain (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) socket = connect_from (self, NULL);
  char sent[3 + 5 + 300 + 2] = { 5, 1, 0, 5, 1, 0, 3, (char) 255 };
  char reply[2 + 5 + 255 + 2] = { 5, 0, 5, 2, 0, 3, (char) 255 };

  memset (sent + 8, 'x', 300);
  memset (reply + 7, 'x', 255 + 2);
  send_bytes (socket, sent, sizeof sent);
  expect_bytes (socket, reply, sizeof reply, TRUE);
}

/* Random bytes, with and without a good beginning: never more than a refusal. */
static void
test_garbage (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GSocket) socket = connect_from (self, NULL);
      char bytes[600] = { 5, 1, 0, 5, 1, 0, 3 };

      for (gsize n = g_test_rand_int_range (0, 8); n < sizeof bytes; n++)
        bytes[n] = g_test_rand_int_range (0, 256);
      send_bytes (socket, bytes, sizeof bytes);
      iterate ();
    }
  g_assert_cmpuint (self->incoming->len, ==, 0);
}

/* Half a handshake of every length, and then gone: nothing stays behind. */
static void
test_gone (Fixture *self, gconstpointer data)
{
  static const char hello[] = HELLO (FIRST);
  guint n_before = count_descriptors ();

  for (gsize n = 0; n < sizeof hello - 1; n++)
    {
      g_autoptr (GSocket) socket = connect_from (self, NULL);

      if (n > 0)
        send_bytes (socket, hello, n);
      if (n % 2)
        iterate ();
    }
  iterate ();
  g_assert_cmpuint (count_descriptors (), ==, n_before);
  g_assert_cmpuint (self->incoming->len, ==, 0);
}

/* Each expectation has its share of sockets. */
static void
test_per_hash (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < JXS_S5B_LISTENER_MAX_PER_HASH; i++)
    {
      GSocket *socket = connect_from (self, NULL);

      g_ptr_array_add (sockets, socket);
      SEND (socket, HELLO (FIRST));
      EXPECT (socket, WELCOME (FIRST));
    }
  g_ptr_array_add (sockets, connect_from (self, NULL));
  SEND (sockets->pdata[JXS_S5B_LISTENER_MAX_PER_HASH], HELLO (SECOND));
  EXPECT_END (sockets->pdata[JXS_S5B_LISTENER_MAX_PER_HASH], REFUSAL (SECOND));
  g_assert_cmpuint (self->incoming->len, ==, JXS_S5B_LISTENER_MAX_PER_HASH);
}

/* What nobody expects any more is unknown, also to a handshake that had begun. */
static void
test_forget (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) socket = connect_from (self, NULL);
  guint other = jxs_s5b_listener_expect (self->listener, UNKNOWN, NULL, keep_incoming, self);

  g_assert_cmpuint (other, !=, self->id);
  SEND (socket, "\5\1\0\5\1\0\3\x28");
  EXPECT (socket, "\5\0");
  jxs_s5b_listener_forget (self->listener, self->id);
  jxs_s5b_listener_forget (self->listener, self->id);
  jxs_s5b_listener_forget (self->listener, 0);
  SEND (socket, FIRST "\0\0");
  EXPECT_END (socket, "\5\2\0\3\x28" FIRST "\0\0");

  g_clear_object (&socket);
  socket = connect_from (self, NULL);
  SEND (socket, HELLO (UNKNOWN));
  EXPECT (socket, WELCOME (UNKNOWN));
}

/* A handshake has its time; another byte now and then does not make it longer. */
static void
test_slow (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) silent = connect_from (self, NULL);
  g_autoptr (GSocket) slow = connect_from (self, NULL);

  iterate ();
  for (guint i = 0; i < 9; i++)
    {
      send_bytes (slow, i == 0 ? "\5" : "\xff", 1); /* 255 methods */
      jxs_clock_advance (JXS_S5B_LISTENER_HANDSHAKE_MS / 10 * MS);
      EXPECT (slow, "");
      EXPECT (silent, "");
    }
  jxs_clock_advance (JXS_S5B_LISTENER_HANDSHAKE_MS / 10 * MS - 1);
  EXPECT (silent, "");
  jxs_clock_advance (1);
  EXPECT_END (silent, "");
  EXPECT_END (slow, "");
}

/* A thousand sockets of many hosts that say a byte and wait: bounded, and a peer that is quick gets
 * through among them. */
static void
test_slow_crowd (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocket) good = NULL;
  guint n_before = count_descriptors ();
  guint n_closed = 0;
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  if (limit.rlim_cur < 2000)
    {
      if (limit.rlim_max < 2000)
        {
          g_test_skip ("needs 2000 descriptors");
          return;
        }
      limit.rlim_cur = 2000;
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
    }

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *from = g_strdup_printf ("127.0.%u.%u", 1 + i % 50, 1 + i % 7);
      GSocket *socket = connect_from (self, from);

      g_ptr_array_add (crowd, socket);
      SEND (socket, "\5");
      iterate ();
      g_assert_cmpuint (count_descriptors (),
                        <=,
                        n_before + crowd->len + JXS_S5B_LISTENER_MAX_HALF_OPEN);
    }

  /* The place of the oldest one is taken, and the newest have not been pushed out. */
  good = connect_from (self, NULL);
  SEND (good, "\5\1\0");
  EXPECT (good, "\5\0");
  SEND (good, "\5\1\0\3\x28" FIRST "\0\0");
  EXPECT (good, "\5\0\0\3\x28" FIRST "\0\0");
  g_assert_cmpuint (self->incoming->len, ==, 1);
  for (guint i = 0; i < crowd->len; i++)
    n_closed += is_closed (crowd->pdata[i]);
  g_assert_cmpuint (n_closed, ==, crowd->len - JXS_S5B_LISTENER_MAX_HALF_OPEN + 1);
  g_assert_true (is_closed (crowd->pdata[0]));
  g_assert_false (is_closed (crowd->pdata[crowd->len - 1]));

  /* Five hundred more at once, without a turn of the main loop in between. */
  for (guint i = 0; i < 500; i++)
    {
      g_ptr_array_add (crowd, connect_from (self, NULL));
      if (i % 64 == 63) /* the queue of the kernel is bounded as well */
        iterate ();
    }
  iterate ();
  jxs_clock_advance (JXS_S5B_LISTENER_HANDSHAKE_MS * MS);
  iterate ();
  for (guint i = 0; i < crowd->len; i++)
    g_assert_true (is_closed (crowd->pdata[i]));
  /* The good one, both its ends. */
  g_assert_cmpuint (count_descriptors (), ==, n_before + crowd->len + 2);
}

/* One host alone does not even get most of the places, and takes them only from itself. */
static void
test_one_source (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocket) early = connect_from (self, "127.0.0.2");
  guint n_open = 0;

  iterate ();
  for (guint i = 0; i < 200; i++)
    {
      g_ptr_array_add (crowd, connect_from (self, "127.0.0.3"));
      iterate ();
    }
  for (guint i = 0; i < crowd->len; i++)
    n_open += !is_closed (crowd->pdata[i]);
  g_assert_cmpuint (n_open, ==, JXS_S5B_LISTENER_MAX_PER_SOURCE);
  SEND (early, HELLO (FIRST));
  EXPECT (early, WELCOME (FIRST));
}

/* A hundred sessions of one host begin at once, and each tries two addresses: all that are expected
 * get in, whatever turn they take. */
static void
test_expected_crowd (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *hash = g_strdup_printf ("%040u", i);

      jxs_s5b_listener_expect (self->listener, hash, NULL, keep_incoming, self);
    }
  for (guint i = 0; i < 200; i++)
    {
      g_ptr_array_add (sockets, connect_from (self, NULL));
      if (i % 64 == 63) /* the queue of the kernel is bounded */
        iterate ();
    }
  for (guint i = 0; i < 200; i++)
    SEND (sockets->pdata[i], "\5\1\0");
  for (guint i = 0; i < 200; i++)
    EXPECT (sockets->pdata[i], "\5\0");
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *request = g_strdup_printf ("\5\1_\3\x28%040u__", i / 2);

      request[2] = request[45] = request[46] = '\0';
      send_bytes (sockets->pdata[i], request, 47);
    }
  iterate ();
  g_assert_cmpuint (self->incoming->len, ==, 200);
}

#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/transports/s5b-listener/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("success", test_success);
  ADD ("both-orders", test_both_orders);
  ADD ("payload", test_payload);
  ADD ("refused", test_refused);
  ADD ("long-domain", test_long_domain);
  ADD ("garbage", test_garbage);
  ADD ("gone", test_gone);
  ADD ("per-hash", test_per_hash);
  ADD ("forget", test_forget);
  ADD ("slow", test_slow);
  ADD ("slow/crowd", test_slow_crowd);
  ADD ("slow/one-source", test_one_source);
  ADD ("expected-crowd", test_expected_crowd);
  return g_test_run ();
}
