/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-proxy.h"

#include "jxs-test-sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#define READ_SIZE 4096   /* mod_proxy65's max_buffer_size */
#define BUFFER_SIZE 8192 /* LuaSocket's */

typedef struct
{
  JxsTestProxy *proxy;
  GSocketConnection *connection; /* (owned) */
  GSocket *socket;               /* (unowned): of connection */
  GSource *readable;             /* (owned) (nullable): not while paused */
  GSource *writable;             /* (owned) (nullable): while something is to be written */
  GByteArray *output;            /* (owned) */
  guint8 buffer[BUFFER_SIZE];
  gsize start;
  gsize end;
  guint64 relayed;
  gboolean closing; /* once everything is written */
} Side;

struct _JxsTestProxy
{
  Side sides[2];
  gboolean paused;
};

static void resume (Side *self);

static Side *
get_other (Side *self)
{
  return &self->proxy->sides[self == &self->proxy->sides[0]];
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
close_side (Side *self)
{
  self->closing = TRUE;
  clear_source (&self->readable);
  if (self->output->len > 0)
    return;
  clear_source (&self->writable);
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
}

static gboolean
writable_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Side *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_send_with_blocking (
      self->socket, (char *) self->output->data, self->output->len, FALSE, NULL, &error);

  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    {
      g_byte_array_set_size (self->output, 0);
      close_side (self);
      close_side (get_other (self));
      return G_SOURCE_REMOVE;
    }
  g_byte_array_remove_range (self->output, 0, n);
  if (self->output->len > 0)
    return G_SOURCE_CONTINUE;

  clear_source (&self->writable);
  if (self->closing)
    close_side (self);
  else
    resume (get_other (self));
  return G_SOURCE_REMOVE;
}

static void
write_to (Side *self, const guint8 *data, gsize size)
{
  g_byte_array_append (self->output, data, size);
  if (self->writable != NULL)
    return;
  self->writable = g_socket_create_source (self->socket, G_IO_OUT, NULL);
  g_source_set_callback (self->writable, G_SOURCE_FUNC (writable_cb), self, NULL);
  g_source_attach (self->writable, NULL);
}

/* As LuaSocket's receive (READ_SIZE) without waiting. Returns FALSE at the end. */
static gboolean
receive (Side *self, GByteArray *into)
{
  while (into->len < READ_SIZE)
    {
      gsize n;

      if (self->start == self->end)
        {
          g_autoptr (GError) error = NULL;
          gssize got = g_socket_receive_with_blocking (
              self->socket, (char *) self->buffer, BUFFER_SIZE, FALSE, NULL, &error);

          if (got < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            return TRUE;
          if (got <= 0)
            return FALSE;
          self->start = 0;
          self->end = got;
        }
      n = MIN (self->end - self->start, READ_SIZE - into->len);
      g_byte_array_append (into, self->buffer + self->start, n);
      self->start += n;
    }
  return TRUE;
}

static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Side *self = user_data;
  g_autoptr (GByteArray) data = g_byte_array_new ();
  gboolean open = receive (self, data);

  self->relayed += data->len;
  if (data->len > 0)
    {
      clear_source (&self->readable);
      write_to (get_other (self), data->data, data->len);
    }
  if (!open)
    {
      close_side (self);
      close_side (get_other (self));
    }
  return self->readable != NULL;
}

static void
resume (Side *self)
{
  if (self->readable != NULL || self->closing || self->proxy->paused ||
      get_other (self)->output->len > 0)
    return;
  self->readable = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->readable, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->readable, NULL);
}

JxsTestProxy *
jxs_test_proxy_new (GSocketConnection **first, GSocketConnection **second)
{
  JxsTestProxy *self = g_new0 (JxsTestProxy, 1);

  jxs_test_tcp_pair (first, &self->sides[0].connection);
  jxs_test_tcp_pair (second, &self->sides[1].connection);
  for (int i = 0; i < 2; i++)
    {
      Side *side = &self->sides[i];

      side->proxy = self;
      side->socket = g_socket_connection_get_socket (side->connection);
      side->output = g_byte_array_new ();
      /* Nagle would only make the tests wait for real time. */
      g_socket_set_option (side->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
    }
  resume (&self->sides[0]);
  resume (&self->sides[1]);
  return self;
}

void
jxs_test_proxy_free (JxsTestProxy *self)
{
  for (int i = 0; i < 2; i++)
    {
      clear_source (&self->sides[i].readable);
      clear_source (&self->sides[i].writable);
      g_clear_object (&self->sides[i].connection);
      g_clear_pointer (&self->sides[i].output, g_byte_array_unref);
    }
  g_free (self);
}

void
jxs_test_proxy_set_paused (JxsTestProxy *self, gboolean paused)
{
  self->paused = paused;
  for (int i = 0; i < 2; i++)
    {
      if (paused)
        clear_source (&self->sides[i].readable);
      else
        resume (&self->sides[i]);
    }
}

gsize
jxs_test_proxy_get_held (JxsTestProxy *self, int which)
{
  return self->sides[which].end - self->sides[which].start;
}

guint64
jxs_test_proxy_get_relayed (JxsTestProxy *self, int which)
{
  return self->sides[which].relayed;
}

gboolean
jxs_test_proxy_is_closed (JxsTestProxy *self)
{
  return g_socket_is_closed (self->sides[0].socket) && g_socket_is_closed (self->sides[1].socket);
}
