/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"

#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>

static void
keep_incoming (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  g_ptr_array_add (user_data, g_object_ref (connection));
}

static void
test_dial (void)
{
  JxsS5bListener *listener = jxs_s5b_listener_new ();
  g_autoptr (GPtrArray) incoming = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  JxsS5bDialParams params = {
    .host = "127.0.0.1",
    .dst_addrs = { "nobody", "hash-b" },
    .timeout_ms = 5000,
    .allow_loopback = TRUE,
  };
  guint id;

  g_assert_true (jxs_s5b_listener_open (listener, &error));
  id = jxs_s5b_listener_expect (listener, "hash-a", "hash-b", keep_incoming, incoming);
  params.port = jxs_s5b_listener_get_port (listener, G_SOCKET_FAMILY_IPV4);
  jxs_s5b_dial_async (&params, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  connection = jxs_s5b_dial_finish (result, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (incoming->len, ==, 1);
  jxs_s5b_listener_forget (listener, id);
  g_assert_finalize_object (listener);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transports/s5b-listener/dial", test_dial);
  return g_test_run ();
}
