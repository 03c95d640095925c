/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-client.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static inline void
store_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **stored = user_data;

  g_assert_null (*stored);
  *stored = g_object_ref (result);
}

static inline void
wait_for_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static inline JxsClient *
make_client (const char *jid_text, const char *password)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (jid_text, NULL);
  JxsClient *client;

  g_assert_nonnull (jid);
  client = jxs_client_new (jid);
  jxs_client_set_password (client, password);
  return client;
}

static inline gboolean
connect_client (JxsClient *client, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &result);
  wait_for_result (&result);
  return jxs_client_connect_finish (client, result, error);
}

static inline void
close_client (JxsClient *client)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_client_close_async (client, G_PRIORITY_DEFAULT, NULL, store_result_cb, &result);
  wait_for_result (&result);
  g_assert_true (jxs_client_close_finish (client, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (jxs_client_get_state (client), ==, JXS_CLIENT_STATE_DISCONNECTED);
}

/* Drops a client once what it closed in the background is gone. */
static inline void
drop_client (JxsClient *client)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}
