/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-dial-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>

#include "jxs-test-sockets.h"
#include "network-fixture.h"

static void
test_usable (void)
{
  static const struct
  {
    const char *address;
    gboolean usable;
    gboolean with_loopback;
  } cases[] = {
    { "192.168.1.2", TRUE, TRUE },
    { "203.0.113.9", TRUE, TRUE },
    { "169.254.3.4", TRUE, TRUE },
    { "100.64.0.1", TRUE, TRUE },
    { "127.0.0.1", FALSE, TRUE },
    { "127.255.255.254", FALSE, TRUE },
    { "0.0.0.0", FALSE, FALSE },
    { "0.1.2.3", FALSE, FALSE },
    { "224.0.0.251", FALSE, FALSE },
    { "239.255.255.250", FALSE, FALSE },
    { "255.255.255.255", FALSE, FALSE },
    { "255.255.255.254", TRUE, TRUE },
    { "2001:db8::1", TRUE, TRUE },
    { "fd00::1", TRUE, TRUE },
    { "fe80::1", TRUE, TRUE },
    { "::1", FALSE, TRUE },
    { "::", FALSE, FALSE },
    { "ff02::fb", FALSE, FALSE },
    { "::ffff:192.168.1.2", TRUE, TRUE },
    { "::ffff:127.0.0.1", FALSE, TRUE },
    { "::ffff:0.0.0.0", FALSE, FALSE },
    { "::ffff:224.0.0.251", FALSE, FALSE },
    { "::ffff:255.255.255.255", FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].address);

      g_test_message ("%s", cases[i].address);
      g_assert_cmpint (jxs_s5b_address_is_usable (address, FALSE), ==, cases[i].usable);
      g_assert_cmpint (jxs_s5b_address_is_usable (address, TRUE), ==, cases[i].with_loopback);
    }
}

static void
test_refused_addresses (Fixture *self, gconstpointer data)
{
  static const char *const hosts[] = {
    "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1",       "::",      "ff02::1",   "::ffff:127.0.0.1",
  };

  self->params.allow_loopback = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *message =
          g_strdup_printf ("“%s” is no address of another computer", hosts[i]);

      self->params.host = hosts[i];
      self->params.enable_proxy = i % 2;
      dial (self);
      expect_failure (self, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, message);
    }
}

/* Stands in for the DNS: a name is the list of its addresses. "never" is not answered. */
#define TEST_TYPE_RESOLVER (test_resolver_get_type ())
G_DECLARE_FINAL_TYPE (TestResolver, test_resolver, TEST, RESOLVER, GResolver)

struct _TestResolver
{
  GResolver parent_instance;
  guint n_lookups;
};

G_DEFINE_FINAL_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static gboolean
never_cb (GCancellable *cancellable, gpointer user_data)
{
  g_task_return_error_if_cancelled (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_resolver_lookup_async (GResolver *resolver,
                            const char *name,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  g_auto (GStrv) addresses = g_strsplit (name, "_", -1);
  GList *list = NULL;

  TEST_RESOLVER (resolver)->n_lookups++;
  if (g_str_equal (name, "never"))
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_source_set_callback (source,
                             G_SOURCE_FUNC (never_cb),
                             g_steal_pointer (&task),
                             g_object_unref);
      g_source_attach (source, NULL);
      return;
    }
  if (g_str_equal (name, "unknown"))
    {
      g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "not found");
      return;
    }
  for (guint i = 0; addresses[i] != NULL; i++)
    list = g_list_append (list, g_inet_address_new_from_string (addresses[i]));
  g_task_return_pointer (task, list, (GDestroyNotify) g_resolver_free_addresses);
}

static GList *
test_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_class_init (TestResolverClass *klass)
{
  GResolverClass *resolver_class = G_RESOLVER_CLASS (klass);

  resolver_class->lookup_by_name_async = test_resolver_lookup_async;
  resolver_class->lookup_by_name_finish = test_resolver_lookup_finish;
}

static void
test_resolver_init (TestResolver *self)
{
}

static TestResolver *resolver; /* (owned) by main() */

/* What a name resolves to is filtered as well. */
static void
test_names (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  self->params.allow_loopback = FALSE;
  self->params.host = "127.0.0.1_0.0.0.0_224.0.0.1_255.255.255.255";
  dial (self);
  expect_failure (self,
                  JXS_ERROR,
                  JXS_ERROR_INVALID_ARGUMENT,
                  "“127.0.0.1_0.0.0.0_224.0.0.1_255.255.255.255” is no address of another "
                  "computer");
  self->params.host = "unknown";
  dial (self);
  expect_failure (self, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, NULL);

  /* One is usable, and only that one is dialled. */
  self->params.allow_loopback = TRUE;
  self->params.host = "0.0.0.0_127.0.0.1_255.255.255.255";
  dial (self);
  take_handshake (self);
  connection = finish (self, &error);
  g_assert_no_error (error);
}

/* All addresses of a name are dialled at once, but not more of them than four. */
static void
test_many_addresses (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) name = g_string_new (NULL);

  /* It listens on one of them: the fourth. */
  for (guint i = 0; i < 8; i++)
    g_string_append_printf (name, "%s127.0.0.%u", i > 0 ? "_" : "", i == 3 ? 1 : i + 10);
  self->params.host = name->str;
  dial (self);
  take_handshake (self);
  connection = finish (self, &error);
  g_assert_no_error (error);

  /* And now on the fifth, which is one too many. */
  g_string_truncate (name, 0);
  for (guint i = 0; i < 8; i++)
    g_string_append_printf (name, "%s127.0.0.%u", i > 0 ? "_" : "", i == 4 ? 1 : i + 10);
  self->params.host = name->str;
  dial (self);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, NULL);
}

static void
test_name_never_resolves (Fixture *self, gconstpointer data)
{
  jxs_clock_use_fake (0);
  self->params.host = "never";
  dial (self);
  iterate ();
  g_assert_null (self->result);
  jxs_clock_advance (5000 * G_GINT64_CONSTANT (1000));
  expect_failure (self, JXS_ERROR, JXS_ERROR_TIMED_OUT, "“never” did not answer in time");

  dial (self);
  iterate ();
  g_cancellable_cancel (self->cancellable);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  jxs_clock_use_real ();
}

/* The system's proxy */

#define TEST_TYPE_PROXIES (test_proxies_get_type ())
G_DECLARE_FINAL_TYPE (TestProxies, test_proxies, TEST, PROXIES, GObject)

struct _TestProxies
{
  GObject parent_instance;
};

static char *system_proxy;       /* (owned) (nullable): NULL is never answered */
static char *system_proxy_asked; /* (owned) (nullable) */

static gboolean
test_proxies_is_supported (GProxyResolver *proxies)
{
  return TRUE;
}

static void
test_proxies_lookup_async (GProxyResolver *proxies,
                           const char *uri,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (proxies, cancellable, callback, user_data);
  const char *found[] = { system_proxy, "direct://", NULL };

  g_free (system_proxy_asked);
  system_proxy_asked = g_strdup (uri);
  if (system_proxy == NULL)
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_source_set_callback (source,
                             G_SOURCE_FUNC (never_cb),
                             g_steal_pointer (&task),
                             g_object_unref);
      g_source_attach (source, NULL);
      return;
    }
  g_task_return_pointer (task, g_strdupv ((char **) found), (GDestroyNotify) g_strfreev);
}

static char **
test_proxies_lookup_finish (GProxyResolver *proxies, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_proxies_iface_init (GProxyResolverInterface *iface)
{
  iface->is_supported = test_proxies_is_supported;
  iface->lookup_async = test_proxies_lookup_async;
  iface->lookup_finish = test_proxies_lookup_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestProxies,
                               test_proxies,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER,
                                                      test_proxies_iface_init))

static void
test_proxies_class_init (TestProxiesClass *klass)
{
}

static void
test_proxies_init (TestProxies *self)
{
}

static void
keep_incoming (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  GSocketConnection **kept = user_data;

  g_assert_null (*kept);
  *kept = g_object_ref (connection);
}

/* A SOCKS5 server of the system, which looks names up itself. */
static void
test_through_proxy (Fixture *self, gconstpointer data)
{
  JxsS5bListener *proxy = jxs_s5b_listener_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  guint n_lookups = resolver->n_lookups;
  guint id;

  g_assert_true (jxs_s5b_listener_hold (proxy, &error));
  id = jxs_s5b_listener_expect (proxy, "relay.example", NULL, keep_incoming, &self->peer);
  system_proxy = g_strdup_printf ("socks5://127.0.0.1:%u",
                                  jxs_s5b_listener_get_port (proxy, G_SOCKET_FAMILY_IPV4));
  self->params.enable_proxy = TRUE;
  self->params.allow_loopback = FALSE; /* that the proxy is here is no concern of the peer */
  self->params.host = "relay.example";
  self->params.port = 7777;
  dial (self);
  jxs_test_wait_for (self->peer != NULL);
  g_assert_cmpstr (system_proxy_asked, ==, "none://relay.example:7777");
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  SEND (self, SUCCESS (FIRST) "payload");
  connection = finish (self, &error);
  g_assert_no_error (error);
  expect_payload (connection, "payload");
  g_assert_cmpuint (resolver->n_lookups, ==, n_lookups);

  jxs_s5b_listener_forget (proxy, id);
  g_assert_finalize_object (proxy);
  g_clear_pointer (&system_proxy, g_free);
}

/* Where the system has none for this host, all is as without. */
static void
test_no_proxy (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  system_proxy = g_strdup ("direct://");
  self->params.enable_proxy = TRUE;
  dial (self);
  take_connection (self);
  g_assert_nonnull (system_proxy_asked);
  EXPECT (self, GREETING);
  SEND (self, ACCEPTED);
  EXPECT (self, REQUEST (FIRST));
  SEND (self, SUCCESS (FIRST));
  connection = finish (self, &error);
  g_assert_no_error (error);

  self->params.allow_loopback = FALSE;
  self->params.host = "127.0.0.2_127.0.0.3";
  dial (self);
  expect_failure (self, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, NULL);
  g_clear_pointer (&system_proxy, g_free);
}

static void
test_proxy_never_found (Fixture *self, gconstpointer data)
{
  jxs_clock_use_fake (0);
  self->params.enable_proxy = TRUE;
  dial (self);
  iterate ();
  g_assert_null (self->result);
  jxs_clock_advance (5000 * G_GINT64_CONSTANT (1000));
  expect_failure (self, JXS_ERROR, JXS_ERROR_TIMED_OUT, NULL);
  jxs_clock_use_real ();
}

/* Without being asked for, the system's proxy is not used. */
static void
test_proxy_not_asked (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&system_proxy_asked, g_free);
  dial (self);
  take_connection (self);
  g_assert_null (system_proxy_asked);
  g_cancellable_cancel (self->cancellable);
  expect_failure (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
}

/* An address of one link, on a machine with two: the interface is found out. */
static void
test_link_local (Fixture *self, gconstpointer data)
{
  JxsS5bListener *listener = jxs_s5b_listener_new ();
  g_autoptr (GSocketConnection) incoming = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSocketAddress) remote = NULL;
  g_autoptr (GError) error = NULL;

  /* No interface is up yet. */
  self->params.host = "fe80::2";
  self->params.allow_loopback = FALSE;
  dial (self);
  expect_failure (self,
                  G_IO_ERROR,
                  G_IO_ERROR_NETWORK_UNREACHABLE,
                  "“fe80::2” is in no network of this computer");

  network_run ("ip link set lo up");
  network_run ("ip link add one type veth peer name two");
  network_run ("ip link set one addrgenmode none");
  network_run ("ip link set two addrgenmode none");
  network_run ("ip link set one up");
  network_run ("ip link set two up");
  network_run ("ip address add fe80::1/64 dev one nodad");
  network_run ("ip address add fe80::2/64 dev two nodad");

  g_assert_true (jxs_s5b_listener_hold (listener, &error));
  g_assert_no_error (error);
  jxs_s5b_listener_expect (listener, FIRST, NULL, keep_incoming, &incoming);
  self->params.port = jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV6);
  dial (self);
  connection = finish (self, &error);
  g_assert_no_error (error);
  remote = g_socket_connection_get_remote_address (connection, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_inet_socket_address_get_scope_id (G_INET_SOCKET_ADDRESS (remote)), !=, 0);
  jxs_test_wait_for (incoming != NULL);
  g_assert_finalize_object (listener);
}

static void
test_link_local_elsewhere (Fixture *self, gconstpointer data)
{
  if (g_test_subprocess ())
    {
      network_enter ();
      test_link_local (self, data);
    }
  else if (!network_is_available ())
    g_test_skip ("a network namespace needs root and iproute2");
  else
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
    }
}

#define ADD(name, func)                                                                            \
  g_test_add (                                                                                     \
      "/transports/s5b-dial-hosts/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_setenv ("GIO_USE_PROXY_RESOLVER", "jxs-test", TRUE);
  g_io_extension_point_set_required_type (g_io_extension_point_register (
                                              G_PROXY_RESOLVER_EXTENSION_POINT_NAME),
                                          G_TYPE_PROXY_RESOLVER);
  g_io_extension_point_implement (G_PROXY_RESOLVER_EXTENSION_POINT_NAME,
                                  TEST_TYPE_PROXIES,
                                  "jxs-test",
                                  1000);
  resolver = g_object_new (TEST_TYPE_RESOLVER, NULL);
  g_resolver_set_default (G_RESOLVER (resolver));

  g_test_add_func ("/transports/s5b-dial-hosts/address/usable", test_usable);
  ADD ("address/refused", test_refused_addresses);
  ADD ("address/names", test_names);
  ADD ("address/many", test_many_addresses);
  ADD ("address/never-resolves", test_name_never_resolves);
  ADD ("address/link-local", test_link_local_elsewhere);
  ADD ("proxy/used", test_through_proxy);
  ADD ("proxy/none", test_no_proxy);
  ADD ("proxy/never-found", test_proxy_never_found);
  ADD ("proxy/not-asked", test_proxy_not_asked);
  status = g_test_run ();

  g_object_unref (resolver);
  g_free (system_proxy_asked);
  return status;
}
