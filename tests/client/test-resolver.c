/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-resolver-private.h>

/* A name service of our own: no question leaves the machine. */
#define TEST_TYPE_RESOLVER (test_resolver_get_type ())
G_DECLARE_FINAL_TYPE (TestResolver, test_resolver, TEST, RESOLVER, GResolver)

struct _TestResolver
{
  GResolver parent_instance;

  GString *asked;        /* (owned) */
  int srv_error;         /* of G_RESOLVER_ERROR, -1 for none */
  guint16 srv_port;      /* on xmpp.example.test */
  const char *known;     /* the name that has an address */
  gboolean never_answer; /* until it is cancelled */
};

G_DEFINE_FINAL_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_task_return_error_if_cancelled (user_data);
  return G_SOURCE_REMOVE;
}

static void
wait_for_cancel (GTask *task)
{
  g_autoptr (GSource) source = g_cancellable_source_new (g_task_get_cancellable (task));

  g_task_attach_source (task, source, G_SOURCE_FUNC (cancelled_cb));
}

static void
test_resolver_lookup_records_async (GResolver *resolver,
                                    const char *name,
                                    GResolverRecordType type,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  TestResolver *self = TEST_RESOLVER (resolver);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GList *records;

  g_assert_cmpint (type, ==, G_RESOLVER_RECORD_SRV);
  g_string_append_printf (self->asked, "%s ", name);
  if (self->never_answer)
    {
      wait_for_cancel (task);
      return;
    }
  if (self->srv_error >= 0)
    {
      g_task_return_new_error (task, G_RESOLVER_ERROR, self->srv_error, "no record");
      return;
    }
  records =
      g_list_append (NULL,
                     g_variant_ref_sink (
                         g_variant_new ("(qqqs)", 0, 0, self->srv_port, "xmpp.example.test")));
  g_task_return_pointer (task, records, NULL);
}

static GList *
test_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_lookup_name_async (GResolver *resolver,
                                 const char *name,
                                 GResolverNameLookupFlags flags,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  TestResolver *self = TEST_RESOLVER (resolver);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GList *addresses;

  if (flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY)
    {
      g_task_return_new_error (task,
                               G_RESOLVER_ERROR,
                               G_RESOLVER_ERROR_NOT_FOUND,
                               "no such address");
      return;
    }
  g_string_append_printf (self->asked, "%s ", name);
  if (g_strcmp0 (name, self->known) != 0)
    {
      g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
      return;
    }
  addresses = g_list_append (NULL, g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4));
  g_task_return_pointer (task, addresses, NULL);
}

static void
test_resolver_finalize (GObject *object)
{
  g_string_free (TEST_RESOLVER (object)->asked, TRUE);
  G_OBJECT_CLASS (test_resolver_parent_class)->finalize (object);
}

static void
test_resolver_class_init (TestResolverClass *klass)
{
  GResolverClass *resolver_class = G_RESOLVER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = test_resolver_finalize;
  resolver_class->lookup_records_async = test_resolver_lookup_records_async;
  resolver_class->lookup_records_finish = test_resolver_lookup_finish;
  resolver_class->lookup_by_name_with_flags_async = test_resolver_lookup_name_async;
  resolver_class->lookup_by_name_with_flags_finish = test_resolver_lookup_finish;
}

static void
test_resolver_init (TestResolver *self)
{
  self->asked = g_string_new (NULL);
  self->srv_error = -1;
}

static TestResolver *
use_resolver (void)
{
  TestResolver *resolver = g_object_new (TEST_TYPE_RESOLVER, NULL);

  g_resolver_set_default (G_RESOLVER (resolver));
  return resolver;
}

/* Somebody who listens. */
static GSocketListener *
listen_somewhere (guint16 *port)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  GSocketListener *listener = g_socket_listener_new ();

  g_socket_listener_add_address (
      listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return listener;
}

static void
store_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GSocketConnection *
connect_to (const char *server, GCancellable *cancellable, guint cancel_after, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_resolver_connect_async (
      "example.test", server, FALSE, G_PRIORITY_DEFAULT, cancellable, store_result_cb, &result);
  for (guint i = 0; result == NULL; i++)
    {
      if (cancellable != NULL && i == cancel_after)
        g_cancellable_cancel (cancellable);
      g_main_context_iteration (NULL, cancellable == NULL || i > cancel_after);
    }
  return jxs_resolver_connect_finish (result, error);
}

static guint16
remote_port (GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (connection, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static void
test_record (void)
{
  g_autoptr (TestResolver) resolver = use_resolver ();
  g_autoptr (GSocketListener) listener = listen_somewhere (&resolver->srv_port);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  resolver->known = "xmpp.example.test";
  connection = connect_to (NULL, NULL, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (remote_port (connection), ==, resolver->srv_port);
  g_assert_cmpstr (resolver->asked->str, ==, "_xmpp-client._tcp.example.test xmpp.example.test ");
}

/* RFC 6120 §3.2.2: without a record the domain itself; with one that leads nowhere not. */
static void
test_no_record (void)
{
  g_autoptr (TestResolver) resolver = use_resolver ();
  g_autoptr (GError) error = NULL;

  resolver->srv_error = G_RESOLVER_ERROR_NOT_FOUND;
  g_assert_null (connect_to (NULL, NULL, 0, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "“example.test”"));
  g_assert_true (
      g_str_has_prefix (resolver->asked->str, "_xmpp-client._tcp.example.test example.test "));
  g_clear_error (&error);

  g_string_truncate (resolver->asked, 0);
  resolver->srv_error = G_RESOLVER_ERROR_TEMPORARY_FAILURE;
  g_assert_null (connect_to (NULL, NULL, 0, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE);
  g_assert_cmpstr (resolver->asked->str, ==, "_xmpp-client._tcp.example.test ");
}

static void
test_server (void)
{
  g_autoptr (TestResolver) resolver = use_resolver ();
  guint16 port;
  g_autoptr (GSocketListener) listener = listen_somewhere (&port);
  g_autofree char *by_name = g_strdup_printf ("here.test:%u", port);
  g_autofree char *by_number = g_strdup_printf ("127.0.0.1:%u", port);
  g_autoptr (GSocketConnection) first = NULL;
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GError) error = NULL;

  resolver->known = "here.test";
  first = connect_to (by_name, NULL, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (remote_port (first), ==, port);
  second = connect_to (by_number, NULL, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (remote_port (second), ==, port);
  g_assert_cmpstr (resolver->asked->str, ==, "here.test ");

  g_assert_null (connect_to ("nowhere.test:1", NULL, 0, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "“nowhere.test:1”"));
  g_clear_error (&error);
  g_assert_null (connect_to ("127.0.0.1:99999", NULL, 0, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  /* Nobody is there any more. */
  g_socket_listener_close (listener);
  g_assert_null (connect_to (by_number, NULL, 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_nonnull (strstr (error->message, by_number));
}

static void
test_cancel (void)
{
  g_autoptr (TestResolver) resolver = use_resolver ();

  resolver->never_answer = TRUE;
  for (guint after = 0; after < 3; after++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;

      g_assert_null (connect_to (NULL, cancellable, after, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/resolver/record", test_record);
  g_test_add_func ("/client/resolver/no-record", test_no_record);
  g_test_add_func ("/client/resolver/server", test_server);
  g_test_add_func ("/client/resolver/cancel", test_cancel);

  return g_test_run ();
}
