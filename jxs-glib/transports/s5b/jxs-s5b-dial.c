/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-dial-private.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/io/jxs-socks5-private.h>
#include <jxs-glib/io/jxs-tcp-private.h>

#include "jxs-s5b-addresses-private.h"

typedef struct
{
  char *host;  /* (owned): as given */
  char *shown; /* (owned): as people may see it */
  guint16 port;
  char *dst_addrs[2]; /* (owned) (nullable) */
  guint timeout_ms;
  gboolean allow_loopback;

  GSocketClient *client; /* (owned) */
  GPtrArray *targets;    /* (owned) (element-type GSocketConnectable): dialled at once */
  gboolean usable;       /* an address was, though it may be of no network of ours */
  guint n_connecting;
  gint64 connecting_since; /* on the library's clock */
  gint64 round_trip_us;
  GSocketConnection *connection; /* (owned) (nullable): the first that was made */
  JxsSocks5Client socks5;        /* on it */
  guint8 buffer[JXS_SOCKS5_MAX_MESSAGE];
  guint turn; /* which of dst_addrs */

  GCancellable *stop; /* (owned): ends what is under way */
  gulong stop_handler;
  GSource *timeout; /* (owned) (nullable) */
  GError *error;    /* (owned) (nullable): the first of several */
  gboolean ended;
} Dial;

static void dial_connect (GTask *task);

static void
dial_free (gpointer data)
{
  Dial *self = data;

  g_free (self->host);
  g_free (self->shown);
  g_free (self->dst_addrs[0]);
  g_free (self->dst_addrs[1]);
  g_clear_object (&self->client);
  g_clear_pointer (&self->targets, g_ptr_array_unref);
  g_clear_object (&self->connection);
  g_clear_object (&self->stop);
  g_clear_error (&self->error);
  g_free (self);
}

gboolean
jxs_s5b_address_is_usable (GInetAddress *address, gboolean allow_loopback)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    {
      static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

      /* The kernel dials IPv4 for it (RFC 4291 §2.5.5.2). */
      if (memcmp (bytes, mapped, sizeof mapped) == 0)
        {
          g_autoptr (GInetAddress) inner =
              g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);

          return jxs_s5b_address_is_usable (inner, allow_loopback);
        }
    }
  /* 0.0.0.0/8 is "this host on this network" (RFC 1122 §3.2.1.3). */
  else if (bytes[0] == 0 || (bytes[0] & bytes[1] & bytes[2] & bytes[3]) == 255)
    return FALSE;

  return !g_inet_address_get_is_any (address) && !g_inet_address_get_is_multicast (address) &&
         (allow_loopback || !g_inet_address_get_is_loopback (address));
}

/* Ends */

/* With self->connection, or with an error. (transfer full) (nullable) */
static void
dial_end (GTask *task, GError *error)
{
  Dial *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnection) connection = g_steal_pointer (&self->connection);

  if (self->ended)
    {
      g_clear_error (&error);
      return;
    }
  self->ended = TRUE;
  g_source_destroy (self->timeout);
  g_clear_pointer (&self->timeout, g_source_unref);
  g_cancellable_disconnect (g_task_get_cancellable (task), self->stop_handler);
  g_cancellable_cancel (self->stop);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&connection), g_object_unref);
}

static gboolean
timeout_cb (gpointer user_data)
{
  GTask *task = user_data;
  Dial *self = g_task_get_task_data (task);
  GError *error;

  if (self->connection != NULL)
    error = g_error_new (JXS_ERROR,
                         JXS_ERROR_TIMED_OUT,
                         _ ("“%s” took the connection, but did not answer in time"),
                         self->shown);
  else
    error = g_error_new (JXS_ERROR,
                         JXS_ERROR_TIMED_OUT,
                         _ ("“%s” did not answer in time"),
                         self->shown);
  dial_end (task, error);
  return G_SOURCE_REMOVE;
}

static void
caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* The SOCKS5 handshake */

/* The other side refused the DST.ADDR. Which order of the JIDs it wants for candidates that are no
 * proxies is not agreed on in the field. */
static void
dial_refused (GTask *task, GError *error)
{
  Dial *self = g_task_get_task_data (task);

  if (self->turn + 1 == G_N_ELEMENTS (self->dst_addrs) || self->dst_addrs[self->turn + 1] == NULL)
    {
      dial_end (task, error);
      return;
    }
  jxs_log_debug (NULL, "dialling %s once more: %s", self->shown, error->message);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);
  self->turn++;
  g_clear_object (&self->connection);
  dial_connect (task);
}

static void read_cb (GObject *object, GAsyncResult *result, gpointer user_data);

static void
dial_read (GTask *task)
{
  Dial *self = g_task_get_task_data (task);

  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)),
                             self->buffer,
                             jxs_socks5_client_get_wanted (&self->socks5),
                             g_task_get_priority (task),
                             self->stop,
                             read_cb,
                             g_object_ref (task));
}

static void
written_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, NULL, &error))
    dial_end (task, error);
  else if (!self->ended)
    dial_read (task);
}

/* Each message in one write: proxies expect nothing else. */
static void
dial_write (GTask *task)
{
  Dial *self = g_task_get_task_data (task);

  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)),
                                   self->socks5.out,
                                   self->socks5.n_out,
                                   g_task_get_priority (task),
                                   self->stop,
                                   written_cb,
                                   g_object_ref (task));
}

static void
read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *self = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n_read;

  n_read = g_input_stream_read_finish (G_INPUT_STREAM (object), result, &error);
  if (self->ended)
    {
      g_clear_error (&error);
      return;
    }
  if (n_read <= 0 &&
      (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)))
    {
      g_clear_error (&error);
      /* Some refuse without a word. */
      if (self->socks5.greeted)
        dial_refused (task,
                      g_error_new (JXS_ERROR,
                                   JXS_ERROR_DECLINED,
                                   _ ("“%s” closed the connection instead of answering"),
                                   self->shown));
      else
        dial_end (task,
                  g_error_new (JXS_ERROR,
                               JXS_ERROR_PROTOCOL,
                               _ ("“%s” closed the connection at once"),
                               self->shown));
      return;
    }
  if (n_read < 0)
    {
      dial_end (task, error);
      return;
    }

  switch (jxs_socks5_client_take (&self->socks5, self->buffer, n_read))
    {
    case JXS_SOCKS5_MORE:
      if (self->socks5.n_out > 0)
        dial_write (task);
      else
        dial_read (task);
      break;
    case JXS_SOCKS5_CONNECTED:
      dial_end (task, NULL);
      break;
    case JXS_SOCKS5_REFUSED:
      if (self->socks5.greeted)
        dial_refused (task,
                      g_error_new (JXS_ERROR,
                                   JXS_ERROR_DECLINED,
                                   _ ("“%s” does not know this stream (SOCKS5 reply %u)"),
                                   self->shown,
                                   self->socks5.code));
      else
        dial_end (task,
                  g_error_new (JXS_ERROR,
                               JXS_ERROR_NOT_SUPPORTED,
                               _ ("“%s” asks for a password, which bytestreams do not have"),
                               self->shown));
      break;
    case JXS_SOCKS5_REQUEST: /* of servers only */
    case JXS_SOCKS5_BROKEN:
    default:
      dial_end (task,
                g_error_new (JXS_ERROR,
                             JXS_ERROR_PROTOCOL,
                             _ ("What answers at “%s” does not speak SOCKS5"),
                             self->shown));
      break;
    }
}

/* TCP */

static void
connected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  self->n_connecting--;
  connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, &error);
  if (self->ended || self->connection != NULL)
    return;
  if (connection == NULL)
    {
      if (self->error == NULL)
        self->error = g_steal_pointer (&error);
      if (self->n_connecting == 0)
        dial_end (task, g_steal_pointer (&self->error));
      return;
    }

  self->round_trip_us = jxs_clock_now () - self->connecting_since;
  jxs_tcp_set_up (g_socket_connection_get_socket (connection));
  self->connection = g_steal_pointer (&connection);
  dial_write (task);
}

static void
dial_connect (GTask *task)
{
  Dial *self = g_task_get_task_data (task);

  if (!jxs_socks5_client_init (&self->socks5, self->dst_addrs[self->turn]))
    {
      dial_end (task,
                g_error_new (JXS_ERROR,
                             JXS_ERROR_INVALID_ARGUMENT,
                             _ ("The name of the stream is empty or too long for SOCKS5")));
      return;
    }
  self->connecting_since = jxs_clock_now ();
  for (guint i = 0; i < self->targets->len; i++)
    {
      self->n_connecting++;
      g_socket_client_connect_async (
          self->client, self->targets->pdata[i], self->stop, connected_cb, g_object_ref (task));
    }
}

/* Which addresses */

static void
dial_add_target (Dial *self, GInetAddress *address, guint32 scope)
{
  if (self->targets->len < JXS_S5B_DIAL_MAX_ADDRESSES)
    g_ptr_array_add (self->targets,
                     g_object_new (G_TYPE_INET_SOCKET_ADDRESS,
                                   "address",
                                   address,
                                   "port",
                                   (guint) self->port,
                                   "scope-id",
                                   scope,
                                   NULL));
}

static void
dial_add_address (Dial *self, GInetAddress *address)
{
  guint32 scopes[JXS_S5B_DIAL_MAX_ADDRESSES];
  guint n_scopes;

  if (!jxs_s5b_address_is_usable (address, self->allow_loopback))
    return;
  self->usable = TRUE;
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6 ||
      !g_inet_address_get_is_link_local (address))
    {
      dial_add_target (self, address, 0);
      return;
    }
  n_scopes = jxs_s5b_addresses_get_scopes (scopes, G_N_ELEMENTS (scopes));
  for (guint i = 0; i < n_scopes; i++)
    dial_add_target (self, address, scopes[i]);
}

static void
dial_addresses (GTask *task)
{
  Dial *self = g_task_get_task_data (task);

  if (self->targets->len > 0)
    dial_connect (task);
  else if (self->usable)
    dial_end (task,
              g_error_new (G_IO_ERROR,
                           G_IO_ERROR_NETWORK_UNREACHABLE,
                           _ ("“%s” is in no network of this computer"),
                           self->shown));
  else
    dial_end (task,
              g_error_new (JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("“%s” is no address of another computer"),
                           self->shown));
}

static void
resolved_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *self = g_task_get_task_data (task);
  GError *error = NULL;
  GList *addresses;

  addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (object), result, &error);
  if (error != NULL || self->ended)
    {
      g_resolver_free_addresses (addresses);
      dial_end (task, error);
      return;
    }
  for (GList *l = addresses; l != NULL; l = l->next)
    dial_add_address (self, l->data);
  g_resolver_free_addresses (addresses);
  dial_addresses (task);
}

static void
dial_resolve (GTask *task)
{
  Dial *self = g_task_get_task_data (task);
  g_autoptr (GResolver) resolver = NULL;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (self->host);

  if (address == NULL)
    {
      resolver = g_resolver_get_default ();
      g_resolver_lookup_by_name_async (
          resolver, self->host, self->stop, resolved_cb, g_object_ref (task));
      return;
    }
  dial_add_address (self, address);
  dial_addresses (task);
}

static void
proxies_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *self = g_task_get_task_data (task);
  g_autoptr (GProxyResolver) resolver = NULL;
  g_auto (GStrv) proxies = NULL;
  GError *error = NULL;

  proxies = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (object), result, &error);
  if (proxies == NULL || self->ended)
    {
      dial_end (task, error);
      return;
    }
  if (proxies[0] == NULL || g_str_has_prefix (proxies[0], "direct:"))
    {
      dial_resolve (task);
      return;
    }
  /* The proxy looks the name up, and a second one that the system names is not bypassed by us. */
  resolver = g_simple_proxy_resolver_new (proxies[0], NULL);
  g_socket_client_set_proxy_resolver (self->client, resolver);
  g_socket_client_set_enable_proxy (self->client, TRUE);
  g_ptr_array_add (self->targets, g_network_address_new (self->host, self->port));
  dial_connect (task);
}

static void
dial_find_proxy (GTask *task)
{
  Dial *self = g_task_get_task_data (task);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (self->host);
  g_autofree char *uri = NULL;

  if (address != NULL && !jxs_s5b_address_is_usable (address, self->allow_loopback))
    {
      dial_addresses (task);
      return;
    }
  uri = g_uri_join (G_URI_FLAGS_NONE, "none", NULL, self->host, self->port, "", NULL, NULL);
  g_proxy_resolver_lookup_async (
      g_proxy_resolver_get_default (), uri, self->stop, proxies_cb, g_object_ref (task));
}

void
jxs_s5b_dial_async (const JxsS5bDialParams *params,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Dial *self;

  g_return_if_fail (params->host != NULL && params->dst_addrs[0] != NULL);

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_s5b_dial_async);
  self = g_new0 (Dial, 1);
  g_task_set_task_data (task, self, dial_free);
  self->host = g_strdup (params->host);
  self->shown = jxs_log_sanitize (params->host, 255);
  self->port = params->port;
  self->dst_addrs[0] = g_strdup (params->dst_addrs[0]);
  self->dst_addrs[1] = g_strdup (params->dst_addrs[1]);
  self->timeout_ms = params->timeout_ms;
  self->allow_loopback = params->allow_loopback;
  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, FALSE);
  self->targets = g_ptr_array_new_with_free_func (g_object_unref);
  self->stop = g_cancellable_new ();
  if (g_task_return_error_if_cancelled (task))
    return;

  if (cancellable != NULL)
    self->stop_handler = g_cancellable_connect (cancellable,
                                                G_CALLBACK (caller_cancelled_cb),
                                                g_object_ref (self->stop),
                                                g_object_unref);
  self->timeout =
      jxs_clock_timeout_attach (self->timeout_ms, "[jxs] dial timeout", NULL, timeout_cb, task);
  if (params->enable_proxy)
    dial_find_proxy (task);
  else
    dial_resolve (task);
}

GSocketConnection *
jxs_s5b_dial_finish (GAsyncResult *result, gint64 *round_trip_us, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_s5b_dial_async), NULL);

  if (round_trip_us != NULL)
    *round_trip_us = ((Dial *) g_task_get_task_data (G_TASK (result)))->round_trip_us;
  return g_task_propagate_pointer (G_TASK (result), error);
}
