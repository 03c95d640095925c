/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <string.h>

#include <jxs-glib/xml/jxs-namespaces-private.h>

/* A server that follows a script: it waits for a text, and answers with another. */

#define FAKE_CLOSE "close" /* as an answer: ends the connection */
#define FAKE_TLS "tls"     /* as an answer: does a TLS handshake */
#define FAKE_SASL "sasl"   /* as an answer: what `sasl` makes of the text of the element */

typedef struct _FakeServer FakeServer;
typedef char *(*FakeSaslFunc) (FakeServer *server, const char *text);

typedef struct
{
  const char *expect;
  const char *reply;
} Turn;

struct _FakeServer
{
  GSocketListener *listener;
  GCancellable *stop;
  guint16 port;
  char *address;
  char *certificate_file;
  const Turn *turns; /* of the next connection, ended by expect NULL */

  GIOStream *stream; /* the outermost layer */
  GString *received;
  char buffer[4096];
  guint n_busy; /* callbacks to come */
  FakeSaslFunc sasl;
  gpointer sasl_data;
};

static inline void fake_server_read (FakeServer *self);

static inline void
fake_server_secured_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  FakeServer *self = user_data;

  self->n_busy--;
  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (object), result, NULL))
    fake_server_read (self);
}

static inline void
fake_server_secure (FakeServer *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate =
      g_tls_certificate_new_from_file (self->certificate_file, &error);
  GIOStream *tls;

  g_assert_no_error (error);
  tls = g_tls_server_connection_new (self->stream, certificate, &error);
  g_assert_no_error (error);
  g_object_unref (self->stream);
  self->stream = tls;
  self->n_busy++;
  g_tls_connection_handshake_async (
      G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, self->stop, fake_server_secured_cb, self);
}

static inline void
fake_server_go_on (FakeServer *self)
{
  char *found;

  while (self->turns->expect != NULL &&
         (found = strstr (self->received->str, self->turns->expect)) != NULL)
    {
      const Turn *turn = self->turns++;
      g_autofree char *made = NULL;

      if (g_str_equal (turn->reply, FAKE_SASL))
        {
          *found = '\0';
          made = self->sasl (self, strrchr (self->received->str, '>') + 1);
        }
      g_string_erase (self->received,
                      0,
                      found - self->received->str + (gssize) strlen (turn->expect));
      if (g_str_equal (turn->reply, FAKE_CLOSE))
        {
          g_io_stream_close (self->stream, NULL, NULL);
          return;
        }
      if (g_str_equal (turn->reply, FAKE_TLS))
        {
          fake_server_secure (self);
          return;
        }
      g_output_stream_write_all (g_io_stream_get_output_stream (self->stream),
                                 made != NULL ? made : turn->reply,
                                 strlen (made != NULL ? made : turn->reply),
                                 NULL,
                                 NULL,
                                 NULL);
    }
  fake_server_read (self);
}

static inline void
fake_server_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  FakeServer *self = user_data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, NULL);

  self->n_busy--;
  if (n <= 0)
    return;
  g_string_append_len (self->received, self->buffer, n);
  fake_server_go_on (self);
}

static inline void
fake_server_read (FakeServer *self)
{
  self->n_busy++;
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                             self->buffer,
                             sizeof self->buffer,
                             G_PRIORITY_DEFAULT,
                             self->stop,
                             fake_server_read_cb,
                             self);
}

static inline void
fake_server_accept_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  FakeServer *self = user_data;
  GSocketConnection *connection =
      g_socket_listener_accept_finish (G_SOCKET_LISTENER (object), result, NULL, NULL);

  self->n_busy--;
  if (connection == NULL)
    return;
  self->stream = G_IO_STREAM (connection);
  fake_server_read (self);
}

static inline void
fake_server_start (FakeServer *self, const Turn *turns)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  *self = (FakeServer){ .turns = turns };
  self->certificate_file = g_test_build_filename (G_TEST_DIST, "client", "example.test.pem", NULL);
  self->received = g_string_new (NULL);
  self->stop = g_cancellable_new ();
  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (
      self->listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->address = g_strdup_printf ("127.0.0.1:%u", self->port);
  self->n_busy++;
  g_socket_listener_accept_async (self->listener, self->stop, fake_server_accept_cb, self);
}

static inline void
fake_server_stop (FakeServer *self)
{
  g_cancellable_cancel (self->stop);
  while (self->n_busy > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->stream);
  g_socket_listener_close (self->listener);
  g_clear_object (&self->listener);
  g_clear_object (&self->stop);
  g_string_free (self->received, TRUE);
  g_free (self->address);
  g_free (self->certificate_file);
}
