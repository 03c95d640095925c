/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-socket-private.h"

struct _JxsS5bSocket
{
  GSocketConnection *connection; /* (owned) (nullable): NULL once stolen */
  GSource *watch;                /* (owned) (nullable) */
  JxsS5bSocketFunc func;
  gpointer user_data;
};

typedef enum
{
  LOOK_QUIET,
  LOOK_DATA,
  LOOK_LOST,
} Look;

static Look
look (JxsS5bSocket *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->connection);
  g_autoptr (GError) error = NULL;
  char byte;
  GInputVector vector = { &byte, 1 };
  int flags = G_SOCKET_MSG_PEEK;
  gssize n;

  g_socket_set_blocking (socket, FALSE);
  n = g_socket_receive_message (socket, NULL, &vector, 1, NULL, NULL, &flags, NULL, &error);
  if (n > 0)
    return LOOK_DATA;
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return LOOK_QUIET;

  return LOOK_LOST;
}

static void
stop_watching (JxsS5bSocket *self)
{
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static gboolean
ready_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  JxsS5bSocket *self = user_data;

  if (look (self) == LOOK_QUIET)
    return G_SOURCE_CONTINUE;
  /* Bytes hide the end that may come after them: whoever takes the socket finds it. */
  stop_watching (self);
  self->func (self, self->user_data);

  return G_SOURCE_REMOVE;
}

JxsS5bSocket *
jxs_s5b_socket_new (GSocketConnection *connection,
                    GMainContext *context,
                    JxsS5bSocketFunc func,
                    gpointer user_data)
{
  JxsS5bSocket *self = g_new0 (JxsS5bSocket, 1);

  self->connection = g_object_ref (connection);
  self->func = func;
  self->user_data = user_data;
  self->watch = g_socket_create_source (g_socket_connection_get_socket (connection), G_IO_IN, NULL);
  g_source_set_static_name (self->watch, "[jxs] s5b socket");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (ready_cb), self, NULL);
  g_source_attach (self->watch, context);

  return self;
}

gboolean
jxs_s5b_socket_is_alive (JxsS5bSocket *self)
{
  return look (self) != LOOK_LOST;
}

gboolean
jxs_s5b_socket_has_data (JxsS5bSocket *self)
{
  return look (self) == LOOK_DATA;
}

gboolean
jxs_s5b_socket_is_on (JxsS5bSocket *self, const char *host)
{
  g_autoptr (GSocketAddress) address =
      g_socket_connection_get_local_address (self->connection, NULL);
  g_autoptr (GInetAddress) wanted = g_inet_address_new_from_string (host);

  return wanted != NULL && G_IS_INET_SOCKET_ADDRESS (address) &&
         g_inet_address_equal (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)),
                               wanted);
}

GSocketConnection *
jxs_s5b_socket_steal (JxsS5bSocket *self)
{
  GSocketConnection *connection = g_steal_pointer (&self->connection);

  jxs_s5b_socket_free (self);

  return connection;
}

void
jxs_s5b_socket_free (JxsS5bSocket *self)
{
  stop_watching (self);
  if (self->connection != NULL)
    g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_clear_object (&self->connection);
  g_free (self);
}
