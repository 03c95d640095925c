/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "proxied.h"

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>

#include "jxs-test-sockets.h"

static JxsClient *
connect_client (const char *user)
{
  g_autoptr (JxsJid) jid =
      jxs_jid_new_from_parts (user, g_getenv ("JXS_TEST_DOMAIN"), "proxied", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JxsClient *client = jxs_client_new (jid);

  jxs_client_set_password (client, g_getenv ("JXS_TEST_PASSWORD"));
  jxs_client_set_server (client, g_getenv ("JXS_TEST_SERVER"));
  jxs_client_set_ca_file (client, g_getenv ("JXS_TEST_CA"));
  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  jxs_client_connect_finish (client, result, &error);
  g_assert_no_error (error);
  return client;
}

void
proxied_init (Proxied *self)
{
  g_auto (GStrv) parts = g_strsplit (g_getenv ("JXS_TEST_PROXY"), ":", 2);

  *self = (Proxied){ .host = g_strdup (parts[0]) };
  self->port = (guint16) g_ascii_strtoull (parts[1], NULL, 10);
  self->proxy = jxs_jid_new (g_getenv ("JXS_TEST_PROXY_JID"), NULL);
  self->clients[0] = connect_client ("romeo");
  self->clients[1] = connect_client ("juliet");
  self->proxies = jxs_s5b_proxies_new (jxs_router_get (JXS_CHANNEL (self->clients[0])));
}

void
proxied_clear (Proxied *self)
{
  g_clear_object (&self->proxies);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;

      jxs_client_close_async (
          self->clients[i], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      g_clear_object (&self->clients[i]);
    }
  g_clear_pointer (&self->proxy, jxs_jid_unref);
  g_clear_pointer (&self->host, g_free);
}

static GSocketConnection *
dial (Proxied *self, const char *hash)
{
  const JxsS5bDialParams params = {
    .host = self->host,
    .port = self->port,
    .dst_addrs = { hash, NULL },
    .timeout_ms = 10000,
    .allow_loopback = TRUE,
  };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  jxs_s5b_dial_async (&params, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  connection = jxs_s5b_dial_finish (result, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

void
proxied_connect (Proxied *self, GSocketConnection **first, GSocketConnection **second)
{
  JxsJid *romeo = jxs_channel_get_local_jid (JXS_CHANNEL (self->clients[0]));
  JxsJid *juliet = jxs_channel_get_local_jid (JXS_CHANNEL (self->clients[1]));
  g_autofree char *sid = g_strdup_printf ("stream-%u", ++self->n_streams);
  g_autofree char *hash = jxs_s5b_dst_addr (sid, romeo, juliet);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* The target first (XEP-0065 §6). */
  *second = dial (self, hash);
  *first = dial (self, hash);
  jxs_s5b_proxies_activate_async (
      self->proxies, self->proxy, sid, juliet, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  jxs_s5b_proxies_activate_finish (self->proxies, result, &error);
  g_assert_no_error (error);
}
