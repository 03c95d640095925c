/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-listener-private.h"

#include <netinet/in.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/io/jxs-socks5-private.h>
#include <jxs-glib/io/jxs-tcp-private.h>

#define BACKLOG 128
#define MAX_ACCEPTS 16 /* in one go; stops a flood from starving the rest of the main loop */

typedef struct
{
  JxsS5bListener *listener; /* (unowned): owns it */
  GSocketFamily family;
  GSocket *socket; /* (owned) (nullable): listening */
  GSource *accept; /* (owned) (nullable) */
  GSource *pause;  /* (owned) (nullable): in place of accept */
  guint16 port;
} Port;

/* A handshake under way. */
typedef struct
{
  JxsS5bListener *listener; /* (unowned): owns it */
  GSocket *socket;          /* (owned) */
  GSource *readable;        /* (owned) */
  GSource *timeout;         /* (owned) */
  guint64 network;          /* who it is, see network_of() */
  JxsSocks5Server socks5;
} HalfOpen;

typedef struct
{
  guint id;
  char *hashes[2]; /* (owned), the second (nullable) */
  guint n_sockets;
  JxsS5bIncomingFunc func;
  gpointer user_data;
} Expected;

struct _JxsS5bListener
{
  GObject parent_instance;

  GMainContext *context; /* (owned) */
  guint16 fixed_port;
  Port ports[2]; /* IPv6 and IPv4 */
  guint n_holds;
  GSource *linger;      /* (owned) (nullable) */
  GPtrArray *half_open; /* (owned) (element-type HalfOpen): oldest first */
  GPtrArray *expected;  /* (owned) (element-type Expected) */
  guint last_id;
};

G_DEFINE_FINAL_TYPE (JxsS5bListener, jxs_s5b_listener, G_TYPE_OBJECT)

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
half_open_free (gpointer data)
{
  HalfOpen *self = data;

  clear_source (&self->readable);
  clear_source (&self->timeout);
  g_clear_object (&self->socket);
  g_free (self);
}

static void
expected_free (gpointer data)
{
  Expected *self = data;

  g_free (self->hashes[0]);
  g_free (self->hashes[1]);
  g_free (self);
}

/* Handshakes */

/* Hexadecimal digits may be capital letters. */
static gboolean
is_expected (const Expected *self, const char *hash)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->hashes); i++)
    if (self->hashes[i] != NULL && g_ascii_strcasecmp (self->hashes[i], hash) == 0)
      return self->n_sockets < JXS_S5B_LISTENER_MAX_PER_HASH;
  return FALSE;
}

static Expected *
find_expected (JxsS5bListener *self, const char *hash)
{
  for (guint i = 0; i < self->expected->len; i++)
    {
      Expected *expected = self->expected->pdata[i];

      if (is_expected (expected, hash))
        return expected;
    }
  return NULL;
}

/* A reply fits into the empty buffer of a socket that is new, or something is wrong with it. */
static gboolean
half_open_send (HalfOpen *half_open)
{
  JxsSocks5Server *socks5 = &half_open->socks5;

  return socks5->n_reply == 0 || g_socket_send_with_blocking (half_open->socket,
                                                              (const char *) socks5->reply,
                                                              socks5->n_reply,
                                                              FALSE,
                                                              NULL,
                                                              NULL) == (gssize) socks5->n_reply;
}

static void
half_open_drop (HalfOpen *half_open)
{
  g_ptr_array_remove (half_open->listener->half_open, half_open);
}

/* The handshake is complete but for the reply. Frees it. */
static void
half_open_answer (HalfOpen *half_open)
{
  g_autoptr (JxsS5bListener) self = g_object_ref (half_open->listener);
  Expected *expected = find_expected (self, half_open->socks5.address);
  g_autoptr (GSocketConnection) connection = NULL;

  jxs_socks5_server_reply (&half_open->socks5,
                           expected != NULL ? JXS_SOCKS5_SUCCEEDED : JXS_SOCKS5_NOT_ALLOWED);
  if (half_open_send (half_open) && expected != NULL)
    {
      expected->n_sockets++;
      jxs_tcp_set_up (half_open->socket);
      connection = g_socket_connection_factory_create_connection (half_open->socket);
    }
  half_open_drop (half_open);
  /* Last: it may do anything. */
  if (connection != NULL)
    expected->func (self, connection, expected->user_data);
}

static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  HalfOpen *half_open = user_data;
  g_autoptr (GError) error = NULL;
  guint8 buffer[JXS_SOCKS5_MAX_MESSAGE];

  for (;;)
    {
      gssize n_read =
          g_socket_receive_with_blocking (half_open->socket,
                                          (char *) buffer,
                                          jxs_socks5_server_get_wanted (&half_open->socks5),
                                          FALSE,
                                          NULL,
                                          &error);

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      if (n_read <= 0)
        break;
      switch (jxs_socks5_server_take (&half_open->socks5, buffer, n_read))
        {
        case JXS_SOCKS5_MORE:
          if (half_open_send (half_open))
            continue;
          break;
        case JXS_SOCKS5_REQUEST:
          half_open_answer (half_open);
          return G_SOURCE_REMOVE;
        case JXS_SOCKS5_CONNECTED: /* of clients only */
        case JXS_SOCKS5_BROKEN:
        case JXS_SOCKS5_REFUSED:
        default:
          half_open_send (half_open);
          break;
        }
      break;
    }
  half_open_drop (half_open);
  return G_SOURCE_REMOVE;
}

static gboolean
handshake_timeout_cb (gpointer user_data)
{
  half_open_drop (user_data);
  return G_SOURCE_REMOVE;
}

/* Accepting */

/* Who can have as many addresses as they like counts as one. */
static guint64
network_of (GSocket *socket)
{
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  const guint8 *bytes;
  guint64 network = 0;

  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return 0;
  bytes =
      g_inet_address_to_bytes (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
  memcpy (&network, bytes, g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6 ? 8 : 4);
  return network;
}

static void
listener_make_place (JxsS5bListener *self, guint64 network)
{
  const guint n_expected = self->expected->len * JXS_S5B_LISTENER_MAX_PER_HASH;
  HalfOpen *oldest = NULL;
  guint n = 0;

  for (guint i = 0; i < self->half_open->len; i++)
    {
      HalfOpen *half_open = self->half_open->pdata[i];

      if (half_open->network != network)
        continue;
      if (oldest == NULL)
        oldest = half_open;
      n++;
    }
  if (n >= MAX (JXS_S5B_LISTENER_MAX_PER_SOURCE, n_expected))
    half_open_drop (oldest);
  else if (self->half_open->len >= MAX (JXS_S5B_LISTENER_MAX_HALF_OPEN, n_expected))
    half_open_drop (self->half_open->pdata[0]);
}

static void
listener_take (JxsS5bListener *self, GSocket *socket)
{
  HalfOpen *half_open = g_new0 (HalfOpen, 1);

  half_open->listener = self;
  half_open->socket = g_object_ref (socket);
  half_open->network = network_of (socket);
  jxs_socks5_server_init (&half_open->socks5);
  half_open->readable = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_static_name (half_open->readable, "[jxs] SOCKS5 handshake");
  g_source_set_callback (half_open->readable, G_SOURCE_FUNC (readable_cb), half_open, NULL);
  g_source_attach (half_open->readable, self->context);
  half_open->timeout = jxs_clock_timeout_attach (JXS_S5B_LISTENER_HANDSHAKE_MS,
                                                 "[jxs] SOCKS5 handshake timeout",
                                                 self->context,
                                                 handshake_timeout_cb,
                                                 half_open);
  listener_make_place (self, half_open->network);
  g_ptr_array_add (self->half_open, half_open);
}

static void port_accept (Port *port);

static gboolean
pause_cb (gpointer user_data)
{
  Port *port = user_data;

  g_clear_pointer (&port->pause, g_source_unref);
  port_accept (port);
  return G_SOURCE_REMOVE;
}

static gboolean
acceptable_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Port *port = user_data;

  for (guint i = 0; i < MAX_ACCEPTS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, &error);

      if (accepted != NULL)
        {
          listener_take (port->listener, accepted);
          continue;
        }
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        break;
      jxs_log_debug (port->listener, "accepting pauses: %s", error->message);
      g_clear_pointer (&port->accept, g_source_unref);
      port->pause = jxs_clock_timeout_attach (JXS_S5B_LISTENER_PAUSE_MS,
                                              "[jxs] S5B accept pause",
                                              port->listener->context,
                                              pause_cb,
                                              port);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
port_accept (Port *port)
{
  port->accept = g_socket_create_source (port->socket, G_IO_IN, NULL);
  g_source_set_static_name (port->accept, "[jxs] S5B accept");
  g_source_set_callback (port->accept, G_SOURCE_FUNC (acceptable_cb), port, NULL);
  g_source_attach (port->accept, port->listener->context);
}

static void
port_close (Port *port)
{
  clear_source (&port->accept);
  clear_source (&port->pause);
  g_clear_object (&port->socket);
  port->port = 0;
}

static gboolean
port_open (Port *port, guint16 number, GError **error)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (port->family);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, number);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket = NULL;

  socket = g_socket_new (port->family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (port->family == G_SOCKET_FAMILY_IPV6 &&
      !g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, TRUE, error))
    return FALSE;
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return FALSE;
  bound = g_socket_get_local_address (socket, error);
  if (bound == NULL)
    return FALSE;

  port->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  port->socket = g_steal_pointer (&socket);
  port_accept (port);
  return TRUE;
}

/* The listener */

static void
listener_close (JxsS5bListener *self)
{
  clear_source (&self->linger);
  for (guint i = 0; i < G_N_ELEMENTS (self->ports); i++)
    port_close (&self->ports[i]);
  g_ptr_array_set_size (self->half_open, 0);
}

static gboolean
linger_cb (gpointer user_data)
{
  jxs_log_debug (user_data, "nobody needs the ports any more: listening ends");
  listener_close (user_data);
  return G_SOURCE_REMOVE;
}

static void
jxs_s5b_listener_dispose (GObject *object)
{
  listener_close (JXS_S5B_LISTENER (object));
  G_OBJECT_CLASS (jxs_s5b_listener_parent_class)->dispose (object);
}

static void
jxs_s5b_listener_finalize (GObject *object)
{
  JxsS5bListener *self = JXS_S5B_LISTENER (object);

  g_ptr_array_unref (self->half_open);
  g_ptr_array_unref (self->expected);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (jxs_s5b_listener_parent_class)->finalize (object);
}

static void
jxs_s5b_listener_class_init (JxsS5bListenerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_s5b_listener_dispose;
  object_class->finalize = jxs_s5b_listener_finalize;
}

static void
jxs_s5b_listener_init (JxsS5bListener *self)
{
  static const GSocketFamily families[] = { G_SOCKET_FAMILY_IPV6, G_SOCKET_FAMILY_IPV4 };

  self->context = g_main_context_ref_thread_default ();
  self->half_open = g_ptr_array_new_with_free_func (half_open_free);
  self->expected = g_ptr_array_new_with_free_func (expected_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->ports); i++)
    self->ports[i] = (Port){ .listener = self, .family = families[i] };
}

JxsS5bListener *
jxs_s5b_listener_new (void)
{
  return g_object_new (JXS_TYPE_S5B_LISTENER, NULL);
}

void
jxs_s5b_listener_set_port (JxsS5bListener *self, guint16 port)
{
  g_return_if_fail (JXS_IS_S5B_LISTENER (self));

  self->fixed_port = port;
}

static gboolean
is_listening (JxsS5bListener *self)
{
  return self->ports[0].socket != NULL || self->ports[1].socket != NULL;
}

static gboolean
listener_bind (JxsS5bListener *self, GError **error)
{
  g_autoptr (GError) first_error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (self->ports); i++)
    {
      g_autoptr (GError) port_error = NULL;

      if (port_open (&self->ports[i], self->fixed_port, &port_error))
        continue;
      jxs_log_debug (self, "cannot listen: %s", port_error->message);
      if (self->fixed_port != 0 &&
          g_error_matches (port_error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        {
          /* Who forwards a port forwards it to us, not to half of us. */
          listener_close (self);
          g_set_error (error,
                       G_IO_ERROR,
                       G_IO_ERROR_ADDRESS_IN_USE,
                       _ ("Port %u is used by another program"),
                       self->fixed_port);
          return FALSE;
        }
      if (first_error == NULL)
        first_error = g_steal_pointer (&port_error);
    }

  /* A machine may lack one of the families. */
  if (is_listening (self))
    return TRUE;
  g_propagate_prefixed_error (error,
                              g_steal_pointer (&first_error),
                              _ ("Could not listen for connections: "));
  return FALSE;
}

gboolean
jxs_s5b_listener_hold (JxsS5bListener *self, GError **error)
{
  g_return_val_if_fail (JXS_IS_S5B_LISTENER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!is_listening (self) && !listener_bind (self, error))
    return FALSE;
  self->n_holds++;
  clear_source (&self->linger);
  return TRUE;
}

void
jxs_s5b_listener_release (JxsS5bListener *self)
{
  g_return_if_fail (JXS_IS_S5B_LISTENER (self));
  g_return_if_fail (self->n_holds > 0);

  if (--self->n_holds == 0 && is_listening (self))
    self->linger = jxs_clock_timeout_attach (
        JXS_S5B_LISTENER_LINGER_MS, "[jxs] S5B listener lingers", self->context, linger_cb, self);
}

guint16
jxs_s5b_listener_get_port (JxsS5bListener *self, GSocketFamily family)
{
  g_return_val_if_fail (JXS_IS_S5B_LISTENER (self), 0);

  for (guint i = 0; i < G_N_ELEMENTS (self->ports); i++)
    if (self->ports[i].family == family)
      return self->ports[i].port;
  return 0;
}

guint
jxs_s5b_listener_expect (JxsS5bListener *self,
                         const char *hash_a,
                         const char *hash_b,
                         JxsS5bIncomingFunc func,
                         gpointer user_data)
{
  Expected *expected;

  g_return_val_if_fail (JXS_IS_S5B_LISTENER (self), 0);
  g_return_val_if_fail (hash_a != NULL && func != NULL, 0);

  expected = g_new0 (Expected, 1);
  expected->id = ++self->last_id;
  expected->hashes[0] = g_strdup (hash_a);
  expected->hashes[1] = g_strdup (hash_b);
  expected->func = func;
  expected->user_data = user_data;
  g_ptr_array_add (self->expected, expected);
  return expected->id;
}

void
jxs_s5b_listener_forget (JxsS5bListener *self, guint id)
{
  g_return_if_fail (JXS_IS_S5B_LISTENER (self));

  for (guint i = 0; i < self->expected->len; i++)
    if (((Expected *) self->expected->pdata[i])->id == id)
      {
        g_ptr_array_remove_index (self->expected, i);
        break;
      }
}
