/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/client/jxs-resolver-private.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

#define DEFAULT_PORT 5222

typedef struct
{
  GSocketClient *client; /* (owned) */
  char *domain;          /* (owned) */
  char *shown;           /* (owned): whom errors name */
  gboolean looked_up;    /* by SRV record: the domain itself is left to try */
} Search;

static void
search_free (Search *search)
{
  g_clear_object (&search->client);
  g_free (search->domain);
  g_free (search->shown);
  g_free (search);
}

static void
jxs_resolver_connected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Search *search = g_task_get_task_data (task);
  g_autoptr (GSocketConnection) connection = NULL;
  GError *error = NULL;

  connection = g_socket_client_connect_finish (search->client, result, &error);
  if (connection != NULL)
    {
      /* Stanzas are gathered above, and each batch is meant to leave. */
      g_socket_set_option (
          g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
      g_task_return_pointer (task, g_steal_pointer (&connection), g_object_unref);
      return;
    }

  if (search->looked_up && g_error_matches (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
    {
      /* No such record: the domain is its own server (RFC 6120 §3.2.2). GIO sees to that only where
       * /etc/services knows the port. */
      g_autoptr (GSocketConnectable) address = g_network_address_new (search->domain, DEFAULT_PORT);

      g_clear_error (&error);
      search->looked_up = FALSE;
      g_socket_client_connect_async (search->client,
                                     address,
                                     g_task_get_cancellable (task),
                                     jxs_resolver_connected_cb,
                                     g_object_ref (task));
      return;
    }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_prefix_error (&error, _ ("Could not connect to “%s”: "), search->shown);
  g_task_return_error (task, error);
}

void
jxs_resolver_connect_async (const char *domain,
                            const char *server,
                            gboolean use_proxy,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketConnectable) address = NULL;
  g_autoptr (GError) error = NULL;
  Search *search = g_new0 (Search, 1);

  g_task_set_source_tag (task, jxs_resolver_connect_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, search, (GDestroyNotify) search_free);
  search->client = g_socket_client_new ();
  search->domain = g_strdup (domain);
  search->shown = g_strdup (server != NULL ? server : domain);
  search->looked_up = server == NULL && !g_hostname_is_ip_address (domain);
  g_socket_client_set_enable_proxy (search->client, use_proxy);

  if (search->looked_up)
    address = g_network_service_new ("xmpp-client", "tcp", domain);
  else if (server == NULL)
    address = g_network_address_new (domain, DEFAULT_PORT);
  else
    {
      address = g_network_address_parse (server, DEFAULT_PORT, &error);
      if (address == NULL)
        {
          g_task_return_new_error (task,
                                   JXS_ERROR,
                                   JXS_ERROR_INVALID_ARGUMENT,
                                   _ ("“%s” is not a server address: %s"),
                                   server,
                                   error->message);
          return;
        }
    }
  g_socket_client_connect_async (
      search->client, address, cancellable, jxs_resolver_connected_cb, g_object_ref (task));
}

GSocketConnection *
jxs_resolver_connect_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_resolver_connect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
