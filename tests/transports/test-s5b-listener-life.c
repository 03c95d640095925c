/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-listener-fixture.h"

#include <netinet/in.h>

#include <jxs-glib/base/jxs-clock-private.h>

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

  /* As long as somebody holds it. */
  g_assert_cmpuint (port, !=, 0);
  jxs_clock_advance (100 * JXS_S5B_LISTENER_LINGER_MS * MS);
  iterate ();
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, port);

  /* And a while longer: the next session has the same port. */
  jxs_s5b_listener_release (self->listener);
  jxs_clock_advance (JXS_S5B_LISTENER_LINGER_MS * MS - 1);
  iterate ();
  g_assert_true (jxs_s5b_listener_hold (self->listener, NULL));
  g_assert_true (jxs_s5b_listener_hold (self->listener, NULL));
  jxs_s5b_listener_release (self->listener);
  jxs_clock_advance (100 * JXS_S5B_LISTENER_LINGER_MS * MS);
  iterate ();
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, port);

  /* Who is expected, but not worth a hold, keeps nothing open. */
  jxs_s5b_listener_release (self->listener);
  jxs_clock_advance ((JXS_S5B_LISTENER_LINGER_MS - 1000) * MS);
  half_open = connect_from (self, NULL);
  EXPECT (half_open, "");
  jxs_clock_advance (1000 * MS);
  EXPECT_END (half_open, "");
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV4), ==, 0);
  g_assert_cmpuint (port_of (self, G_SOCKET_FAMILY_IPV6), ==, 0);
  late = try_connect (NULL, G_SOCKET_FAMILY_IPV4, port);
  g_assert_null (late);

  g_assert_true (jxs_s5b_listener_hold (self->listener, NULL));
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
  g_assert_true (jxs_s5b_listener_hold (listener, NULL));
  g_assert_true (jxs_s5b_listener_hold (listener, NULL));
  g_assert_cmpuint (count_descriptors (), >, n_before);
  g_assert_cmpuint (count_descriptors (), <=, n_before + 2 + 1 /* the loop's own */);
  g_assert_finalize_object (listener);
}

/* NULL: this machine has no such family. */
static GSocket *
take_port (GSocketFamily family, guint16 *port)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (family);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (any, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket = NULL;

  socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  if (socket != NULL && family == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, TRUE, NULL);
  if (socket == NULL || !g_socket_bind (socket, any_port, TRUE, NULL))
    return NULL;
  g_assert_true (g_socket_listen (socket, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return g_steal_pointer (&socket);
}

/* A port that was asked for is one in both families, or none. */
static void
test_fixed_port_taken (void)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV6, G_SOCKET_FAMILY_IPV4 };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr (GSocket) taken = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *message = NULL;
      JxsS5bListener *listener;
      guint16 port;

      taken = take_port (families[i], &port);
      if (taken == NULL)
        continue;
      listener = jxs_s5b_listener_new ();
      jxs_s5b_listener_set_port (listener, port);
      g_assert_false (jxs_s5b_listener_hold (listener, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
      message = g_strdup_printf ("Port %u is used by another program", port);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4), ==, 0);
      g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6), ==, 0);
      g_assert_finalize_object (listener);
    }
}

static void
test_fixed_port (void)
{
  JxsS5bListener *listener = jxs_s5b_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = 0;

  /* Other programs may be quicker to take what we let go. */
  for (guint i = 0; i < 50; i++)
    {
      g_object_unref (take_port (G_SOCKET_FAMILY_IPV4, &port));
      jxs_s5b_listener_set_port (listener, port);
      g_clear_error (&error);
      if (jxs_s5b_listener_hold (listener, &error))
        break;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    }
  g_assert_no_error (error);
  g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4), ==, port);
  if (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6) != 0)
    g_assert_cmpuint (jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6), ==, port);
  g_assert_finalize_object (listener);
}

static void
test_cannot_listen (void)
{
  JxsS5bListener *listener = jxs_s5b_listener_new ();
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  gboolean opened;

  take_descriptors (&before);
  opened = jxs_s5b_listener_hold (listener, &error);
  give_descriptors_back (&before);
  g_assert_false (opened);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
  g_assert_true (g_str_has_prefix (error->message, "Could not listen for connections: "));
  g_assert_true (jxs_s5b_listener_hold (listener, NULL));
  g_assert_finalize_object (listener);
}

/* Lifetime */

static void
drop_all (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  g_clear_object (&self->listener);
  jxs_s5b_listener_forget (listener, self->id); /* it lives until we return */
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
  g_assert_true (jxs_s5b_listener_hold (self.listener, NULL));
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
  g_test_add ("/transports/s5b-listener-life/" name,                                               \
              Fixture,                                                                             \
              NULL,                                                                                \
              fixture_set_up,                                                                      \
              func,                                                                                \
              fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("no-descriptors", test_no_descriptors);
  ADD ("port/lingers", test_lingers);
  g_test_add_func ("/transports/s5b-listener-life/port/lazy", test_lazy);
  g_test_add_func ("/transports/s5b-listener-life/port/fixed", test_fixed_port);
  g_test_add_func ("/transports/s5b-listener-life/port/fixed/taken", test_fixed_port_taken);
  g_test_add_func ("/transports/s5b-listener-life/port/none", test_cannot_listen);
  ADD ("dropped", test_dropped);
  ADD ("dropped/by-callback", test_dropped_by_callback);
  ADD ("callback/expects", test_expects_in_callback);
  g_test_add_func ("/transports/s5b-listener-life/context", test_context);
  return g_test_run ();
}
