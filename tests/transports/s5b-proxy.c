/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-proxy.h"

#include <string.h>

#include "jxs-test-sockets.h"

struct _FakeProxy
{
  GSocketService *service; /* (owned) */
  guint16 port;
  GPtrArray *connections; /* (owned) (element-type Connection) */
};

typedef struct
{
  FakeProxy *proxy; /* (unowned) */
  GSocketConnection *connection;
  GCancellable *cancellable; /* of what is read and dropped */
  guint8 buffer[512];
  char *hash;                 /* (nullable): once connected */
  GSocketConnection *partner; /* (nullable): once activated */
  guint n_busy;
} Connection;

static void
connection_free (gpointer data)
{
  Connection *self = data;

  g_object_unref (self->connection);
  g_clear_object (&self->partner);
  g_object_unref (self->cancellable);
  g_free (self->hash);
  g_free (self);
}

static void
drop (Connection *self)
{
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  if (self->partner != NULL)
    g_io_stream_close (G_IO_STREAM (self->partner), NULL, NULL);
  g_ptr_array_remove (self->proxy->connections, self);
}

static void
reply (Connection *self, const guint8 *bytes, gsize n_bytes)
{
  g_assert_cmpint (g_socket_send (g_socket_connection_get_socket (self->connection),
                                  (const char *) bytes,
                                  n_bytes,
                                  NULL,
                                  NULL),
                   ==,
                   n_bytes);
}

static void
spliced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL);
  drop (self);
}

/* This direction: from the connection to its partner. */
static void
splice (Connection *self)
{
  g_output_stream_splice_async (g_io_stream_get_output_stream (G_IO_STREAM (self->partner)),
                                g_io_stream_get_input_stream (G_IO_STREAM (self->connection)),
                                G_OUTPUT_STREAM_SPLICE_NONE,
                                G_PRIORITY_DEFAULT,
                                NULL,
                                spliced_cb,
                                self);
}

static void read_on (Connection *self);

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);
  const guint8 *in = self->buffer;

  if (self->partner != NULL)
    {
      splice (self);
      return;
    }
  if (self->hash != NULL && n > 0) /* early: lost (XEP-0065 §10.1) */
    {
      read_on (self);
      return;
    }
  if (n == 3 && memcmp (in, "\x05\x01\x00", 3) == 0)
    {
      reply (self, (const guint8 *) "\x05\x00", 2);
      read_on (self);
    }
  else if (self->hash == NULL && n == 47 && memcmp (in, "\x05\x01\x00\x03\x28", 5) == 0 &&
           in[45] == 0 && in[46] == 0)
    {
      self->hash = g_strndup ((const char *) in + 5, 40);
      self->buffer[1] = 0;
      reply (self, in, 47);
      read_on (self);
    }
  else
    drop (self);
}

static void
read_on (Connection *self)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)),
                             self->buffer,
                             sizeof self->buffer,
                             G_PRIORITY_DEFAULT,
                             self->cancellable,
                             read_cb,
                             self);
}

static gboolean
incoming_cb (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  Connection *self = g_new0 (Connection, 1);

  self->proxy = user_data;
  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  g_ptr_array_add (self->proxy->connections, self);
  read_on (self);

  return TRUE;
}

FakeProxy *
fake_proxy_new (void)
{
  FakeProxy *self = g_new0 (FakeProxy, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  self->connections = g_ptr_array_new_with_free_func (connection_free);
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service),
                                 address,
                                 G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP,
                                 NULL,
                                 &bound,
                                 &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);

  return self;
}

void
fake_proxy_hang_up (FakeProxy *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      g_socket_shutdown (g_socket_connection_get_socket (connection->connection), TRUE, TRUE, NULL);
    }
}

void
fake_proxy_free (FakeProxy *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  fake_proxy_hang_up (self);
  jxs_test_wait_for (self->connections->len == 0);
  g_ptr_array_unref (self->connections);
  g_object_unref (self->service);
  g_free (self);
}

guint16
fake_proxy_get_port (FakeProxy *self)
{
  return self->port;
}

guint
fake_proxy_get_n_connected (FakeProxy *self)
{
  guint n = 0;

  for (guint i = 0; i < self->connections->len; i++)
    n += ((Connection *) g_ptr_array_index (self->connections, i))->hash != NULL;

  return n;
}

const char *
fake_proxy_get_hash (FakeProxy *self)
{
  g_assert_cmpuint (fake_proxy_get_n_connected (self), >, 0);

  return ((Connection *) g_ptr_array_index (self->connections, 0))->hash;
}

const char *
fake_proxy_activate (FakeProxy *self, const char *sid, const char *from, const char *peer)
{
  g_autofree char *text = g_strconcat (sid, from, peer, NULL);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);
  Connection *found[2] = { NULL, NULL };
  guint n = 0;

  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      if (g_strcmp0 (connection->hash, hash) == 0 && n < 2)
        found[n++] = connection;
    }
  if (n < 2)
    return "not-allowed"; /* XEP-0065 §6.3.5 */
  for (guint i = 0; i < 2; i++)
    {
      found[i]->partner = g_object_ref (found[1 - i]->connection);
      g_cancellable_cancel (found[i]->cancellable);
    }

  return NULL;
}
