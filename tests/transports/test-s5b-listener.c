/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>

#define FIRST "972b7bf47291ca609517f67f86b5081086052dad"
#define SECOND "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba"
#define UNKNOWN "416781edf1ae50bad01cb8509ba35b43952bc345"
#define HELLO(hash)                                                                                \
  "\5\1\0"                                                                                         \
  "\5\1\0\3\x28" hash "\0\0"
#define WELCOME(hash)                                                                              \
  "\5\0"                                                                                           \
  "\5\0\0\3\x28" hash "\0\0"
#define REFUSAL(hash)                                                                              \
  "\5\0"                                                                                           \
  "\5\2\0\3\x28" hash "\0\0"
#define MS G_GINT64_CONSTANT (1000)

typedef struct
{
  JxsS5bListener *listener; /* (owned) (nullable) */
  GPtrArray *incoming;      /* (owned) (element-type GSocketConnection) */
  guint id;
} Fixture;

static void
keep_incoming (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (listener == self->listener);
  g_ptr_array_add (self->incoming, g_object_ref (connection));
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
fixture_set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  jxs_clock_use_fake (0);
  self->listener = jxs_s5b_listener_new ();
  self->incoming = g_ptr_array_new_with_free_func (g_object_unref);
  self->id = jxs_s5b_listener_expect (self->listener, FIRST, SECOND, keep_incoming, self);
  g_assert_cmpuint (self->id, !=, 0);
  g_assert_true (jxs_s5b_listener_open (self->listener, &error));
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture *self, gconstpointer data)
{
  if (self->listener != NULL)
    g_assert_finalize_object (self->listener);
  g_ptr_array_unref (self->incoming);
  jxs_clock_use_real ();
}

/* From another address of the loopback network, if one is given. NULL: refused. */
static GSocket *
try_connect (const char *from, GSocketFamily family, guint16 port)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (family);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;

  socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  if (from != NULL)
    {
      g_autoptr (GSocketAddress) local = g_inet_socket_address_new_from_string (from, 0);

      g_socket_bind (socket, local, FALSE, &error);
      g_assert_no_error (error);
    }
  if (!g_socket_connect (socket, address, NULL, &error))
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
      return NULL;
    }
  return g_steal_pointer (&socket);
}

static GSocket *
connect_from (Fixture *self, const char *from)
{
  GSocket *socket = try_connect (from,
                                 G_SOCKET_FAMILY_IPV4,
                                 jxs_s5b_listener_get_port (self->listener, G_SOCKET_FAMILY_IPV4));

  g_assert_nonnull (socket);
  return socket;
}

static void
send_bytes (GSocket *socket, const char *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;

  g_socket_send (socket, bytes, n_bytes, NULL, &error);
  g_assert_no_error (error);
}

#define SEND(socket, bytes) send_bytes (socket, bytes, sizeof bytes - 1)

/* Exactly these bytes have arrived, and nothing else but the end, if that is expected too. */
static void
expect_bytes (GSocket *socket, const char *bytes, gsize n_bytes, gboolean with_end)
{
  g_autoptr (GError) error = NULL;
  char buffer[512];
  gsize n = 0;
  gssize n_read = 0;

  iterate ();
  do
    {
      n += n_read;
      n_read = g_socket_receive_with_blocking (
          socket, buffer + n, sizeof buffer - n, FALSE, NULL, &error);
    }
  while (n_read > 0);
  g_assert_cmpmem (buffer, n, bytes, n_bytes);
  if (!with_end)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  else if (error != NULL) /* reset, as not all that was sent was read */
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

#define EXPECT(socket, bytes) expect_bytes (socket, bytes, sizeof bytes - 1, FALSE)
#define EXPECT_END(socket, bytes) expect_bytes (socket, bytes, sizeof bytes - 1, TRUE)

static gboolean
is_closed (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  char byte;

  return g_socket_receive_with_blocking (socket, &byte, 1, FALSE, NULL, &error) <= 0 &&
         !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* From now on no descriptor can be had. */
static void
take_descriptors (struct rlimit *before)
{
  struct rlimit none;
  int next = dup (STDIN_FILENO);

  g_assert_cmpint (next, >=, 0);
  g_assert_cmpint (close (next), ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, before), ==, 0);
  none = *before;
  none.rlim_cur = next;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
}

static void
give_descriptors_back (const struct rlimit *before)
{
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, before), ==, 0);
}

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

/* XEP-0260 does not say for direct candidates whose JID comes first: either order. */
static void
test_both_orders (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) first = connect_from (self, NULL);
  g_autoptr (GSocket) second = connect_from (self, NULL);

  SEND (first, HELLO (FIRST));
  SEND (second, HELLO (SECOND));
  EXPECT (first, WELCOME (FIRST));
  EXPECT (second, WELCOME (SECOND));
  g_assert_cmpuint (self->incoming->len, ==, 2);
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

/* Without descriptors it waits, instead of spinning; then it goes on. */
static void
test_no_descriptors (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) socket = connect_from (self, NULL);
  struct rlimit before;
  guint n_turns = 0;

  take_descriptors (&before);
  while (g_main_context_iteration (NULL, FALSE))
    n_turns++;
  jxs_clock_advance (JXS_S5B_LISTENER_PAUSE_MS * MS - 1);
  while (g_main_context_iteration (NULL, FALSE))
    n_turns++;
  give_descriptors_back (&before);
  g_assert_cmpuint (n_turns, >=, 1);
  g_assert_cmpuint (n_turns, <=, 2);

  SEND (socket, HELLO (FIRST));
  EXPECT (socket, "");
  jxs_clock_advance (1);
  EXPECT (socket, WELCOME (FIRST));

  /* And it may be dropped while it waits. */
  g_clear_object (&socket);
  socket = connect_from (self, NULL);
  take_descriptors (&before);
  iterate ();
  give_descriptors_back (&before);
  g_assert_finalize_object (g_steal_pointer (&self->listener));
  jxs_clock_advance (JXS_S5B_LISTENER_PAUSE_MS * MS);
  iterate ();
}

/* Ports */

static guint16
port_of (Fixture *self, GSocketFamily family)
{
  return jxs_s5b_listener_get_port (self->listener, family);
}

static void
test_lingers (Fixture *self, gconstpointer data)
{
  guint16 port = port_of (self, G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocket) half_open = NULL;
  g_autoptr (GSocket) late = NULL;

  /* As long as somebody is expected. */
  g_assert_cmpuint (port, !=, 0);
  jxs_clock_advance (100 * JXS_S5B_LISTENER_LINGER_MS * MS);
  iterate ();
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, port);

  /* And a while longer: the next session has the same port. */
  jxs_s5b_listener_forget (self->listener, self->id);
  jxs_clock_advance (JXS_S5B_LISTENER_LINGER_MS * MS - 1);
  iterate ();
  self->id = jxs_s5b_listener_expect (self->listener, FIRST, NULL, keep_incoming, self);
  jxs_clock_advance (JXS_S5B_LISTENER_LINGER_MS * MS);
  iterate ();
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, port);

  /* Opening again makes it start anew, too. */
  jxs_s5b_listener_forget (self->listener, self->id);
  jxs_clock_advance (JXS_S5B_LISTENER_LINGER_MS * MS - 1);
  g_assert_true (jxs_s5b_listener_open (self->listener, NULL));
  jxs_clock_advance ((JXS_S5B_LISTENER_LINGER_MS - 1000) * MS);
  half_open = connect_from (self, NULL);
  EXPECT (half_open, "");
  jxs_clock_advance (1000 * MS);
  EXPECT_END (half_open, "");
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, 0);
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV6), ==, 0);
  late = try_connect (NULL, G_SOCKET_FAMILY_IPV4, port);
  g_assert_null (late);

  g_assert_true (jxs_s5b_listener_open (self->listener, NULL));
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), !=, 0);
}

static void
test_lazy (void)
{
  guint n_before = count_descriptors ();
  JxsS5bListener *listener = jxs_s5b_listener_new ();

  g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4), ==, 0);
  g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6), ==, 0);
  g_assert_cmpuint (count_descriptors (), ==, n_before);
  g_assert_true (jxs_s5b_listener_open (listener, NULL));
  g_assert_true (jxs_s5b_listener_open (listener, NULL));
  g_assert_cmpuint (count_descriptors (), >, n_before);
  g_assert_cmpuint (count_descriptors (), <=, n_before + 2 + 1 /* the loop's own */);
  g_assert_finalize_object (listener);
}

/* A port that was asked for is one in both families, or none. */
static void
test_fixed_port (void)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV6, G_SOCKET_FAMILY_IPV4 };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      JxsS5bListener *listener = jxs_s5b_listener_new ();
      g_autoptr (GSocket) taken = NULL;
      g_autoptr (GSocketAddress) bound = NULL;
      g_autoptr (GInetAddress) any = g_inet_address_new_any (families[i]);
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, 0);
      g_autoptr (GError) error = NULL;
      g_autofree char *message = NULL;
      guint16 port;

      taken = g_socket_new (families[i], G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
      if (taken != NULL && families[i] == G_SOCKET_FAMILY_IPV6)
        g_socket_set_option (taken, IPPROTO_IPV6, IPV6_V6ONLY, TRUE, NULL);
      if (taken == NULL || !g_socket_bind (taken, address, TRUE, NULL))
        {
          g_object_unref (listener);
          continue; /* this machine has no such family */
        }
      g_assert_true (g_socket_listen (taken, NULL));
      bound = g_socket_get_local_address (taken, NULL);
      port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));

      jxs_s5b_listener_set_port (listener, port);
      g_assert_false (jxs_s5b_listener_open (listener, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
      message = g_strdup_printf ("Port %u is used by another program", port);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4), ==, 0);
      g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6), ==, 0);
      g_clear_error (&error);

      g_assert_true (g_socket_close (taken, NULL));
      g_assert_true (jxs_s5b_listener_open (listener, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (jxs_s5b_listener_get_port (listener, families[i]), ==, port);
      g_assert_finalize_object (listener);
    }
}

static void
test_cannot_listen (void)
{
  JxsS5bListener *listener = jxs_s5b_listener_new ();
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  gboolean opened;

  take_descriptors (&before);
  opened = jxs_s5b_listener_open (listener, &error);
  give_descriptors_back (&before);
  g_assert_false (opened);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
  g_assert_true (g_str_has_prefix (error->message, "Could not listen for connections: "));
  g_assert_true (jxs_s5b_listener_open (listener, NULL));
  g_assert_finalize_object (listener);
}

/* Lifetime */

static void
drop_all (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  jxs_s5b_listener_forget (listener, self->id);
  g_clear_object (&self->listener);
  g_ptr_array_add (self->incoming, g_object_ref (connection));
}

/* The callback forgets and drops the listener, while others knock and speak. */
static void
test_dropped_by_callback (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) before = connect_from (self, NULL);
  g_autoptr (GSocket) good = connect_from (self, NULL);
  g_autoptr (GSocket) after = connect_from (self, NULL);

  jxs_s5b_listener_forget (self->listener, self->id);
  self->id = jxs_s5b_listener_expect (self->listener, FIRST, NULL, drop_all, self);
  SEND (before, "\5\1\0");
  iterate ();
  SEND (before, "\5");
  SEND (good, HELLO (FIRST));
  SEND (after, HELLO (FIRST));
  EXPECT (good, WELCOME (FIRST));
  g_assert_null (self->listener);
  g_assert_cmpuint (self->incoming->len, ==, 1);
  EXPECT_END (before, "\5\0");
  jxs_clock_advance (JXS_S5B_LISTENER_HANDSHAKE_MS * MS);
  iterate ();
}

static void
expect_again (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  jxs_s5b_listener_forget (listener, self->id);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *other = g_strdup_printf ("other-%u", i);

      jxs_s5b_listener_expect (listener, other, NULL, keep_incoming, self);
    }
  self->id = jxs_s5b_listener_expect (listener, FIRST, NULL, keep_incoming, self);
}

/* It may also expect others, and the same again. */
static void
test_expects_in_callback (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) first = connect_from (self, NULL);
  g_autoptr (GSocket) second = connect_from (self, NULL);

  jxs_s5b_listener_forget (self->listener, self->id);
  self->id = jxs_s5b_listener_expect (self->listener, FIRST, NULL, expect_again, self);
  SEND (first, HELLO (FIRST));
  EXPECT_END (first, WELCOME (FIRST)); /* nobody kept it */
  SEND (second, HELLO (FIRST));
  EXPECT (second, WELCOME (FIRST));
  g_assert_cmpuint (self->incoming->len, ==, 1);
}

static void
test_dropped (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocket) half_open = connect_from (self, NULL);
  guint16 port = port_of (self, G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocket) late = NULL;

  SEND (half_open, "\5\1");
  EXPECT (half_open, "");
  g_assert_finalize_object (g_steal_pointer (&self->listener));
  EXPECT_END (half_open, "");
  late = try_connect (NULL, G_SOCKET_FAMILY_IPV4, port);
  g_assert_null (late);
}

/* All of it happens in the context in which it was made. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSocket) socket = NULL;
  Fixture self = { .incoming = g_ptr_array_new_with_free_func (g_object_unref) };

  g_main_context_push_thread_default (context);
  self.listener = jxs_s5b_listener_new ();
  g_main_context_pop_thread_default (context);
  jxs_s5b_listener_expect (self.listener, FIRST, NULL, keep_incoming, &self);
  g_assert_true (jxs_s5b_listener_open (self.listener, NULL));
  socket = connect_from (&self, NULL);
  SEND (socket, HELLO (FIRST));
  EXPECT (socket, "");
  while (self.incoming->len == 0)
    g_main_context_iteration (context, TRUE);
  EXPECT (socket, WELCOME (FIRST));
  g_assert_finalize_object (self.listener);
  g_ptr_array_unref (self.incoming);
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
  ADD ("no-descriptors", test_no_descriptors);
  ADD ("port/lingers", test_lingers);
  g_test_add_func ("/transports/s5b-listener/port/lazy", test_lazy);
  g_test_add_func ("/transports/s5b-listener/port/fixed", test_fixed_port);
  g_test_add_func ("/transports/s5b-listener/port/none", test_cannot_listen);
  ADD ("dropped", test_dropped);
  ADD ("dropped/by-callback", test_dropped_by_callback);
  ADD ("callback/expects", test_expects_in_callback);
  g_test_add_func ("/transports/s5b-listener/context", test_context);
  return g_test_run ();
}
