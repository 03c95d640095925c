/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-listener-fixture.h"

#include <unistd.h>

#include <jxs-glib/base/jxs-clock-private.h>

void
keep_incoming (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (listener == self->listener);
  g_ptr_array_add (self->incoming, g_object_ref (connection));
}

void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
fixture_set_up (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  jxs_clock_use_fake (0);
  self->listener = jxs_s5b_listener_new ();
  self->incoming = g_ptr_array_new_with_free_func (g_object_unref);
  self->id = jxs_s5b_listener_expect (self->listener, FIRST, SECOND, keep_incoming, self);
  g_assert_cmpuint (self->id, !=, 0);
  g_assert_true (jxs_s5b_listener_hold (self->listener, &error));
  g_assert_no_error (error);
}

void
fixture_tear_down (Fixture *self, gconstpointer unused)
{
  if (self->listener != NULL)
    g_assert_finalize_object (self->listener);
  g_ptr_array_unref (self->incoming);
  jxs_clock_use_real ();
}

GSocket *
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

GSocket *
connect_from (Fixture *self, const char *from)
{
  GSocket *socket = try_connect (from,
                                 G_SOCKET_FAMILY_IPV4,
                                 jxs_s5b_listener_get_port (self->listener, G_SOCKET_FAMILY_IPV4));

  g_assert_nonnull (socket);
  return socket;
}

void
send_bytes (GSocket *socket, const char *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;

  g_socket_send (socket, bytes, n_bytes, NULL, &error);
  g_assert_no_error (error);
}

void
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

gboolean
is_closed (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  char byte;

  return g_socket_receive_with_blocking (socket, &byte, 1, FALSE, NULL, &error) <= 0 &&
         !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

void
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

void
give_descriptors_back (const struct rlimit *before)
{
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, before), ==, 0);
}
