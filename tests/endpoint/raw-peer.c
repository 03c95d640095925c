/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "raw-peer.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Raw *raw = user_data;

  g_set_object (&raw->session, session);
}

void
raw_set_up (Raw *raw, gconstpointer data)
{
  Pair *pair = &raw->pair;

  pair_init (pair);
  g_clear_object (&pair->endpoints[JULIET]);
  settle ();
  pair->endpoints[JULIET] = pair_new_endpoint (JXS_CHANNEL (pair->channels[JULIET]),
                                               NULL,
                                               JXS_TRUST (pair->trusts[JULIET]));
  jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (
                                                  pair->endpoints[JULIET]),
                                              FALSE);
  jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (pair->endpoints[ROMEO]),
                                   JXS_SECURITY_METHODS_STARTTLS);
  doorman_init (&raw->doorman, pair->endpoints[ROMEO]);
  g_signal_connect (pair->endpoints[JULIET], "incoming", G_CALLBACK (incoming_cb), raw);
  raw->received = g_string_new (NULL);
}

void
raw_tear_down (Raw *raw, gconstpointer data)
{
  doorman_clear (&raw->doorman);
  g_clear_object (&raw->stream);
  g_clear_error (&raw->error);
  g_clear_object (&raw->session);
  g_clear_object (&raw->io);
  g_clear_object (&raw->connection);
  g_string_free (raw->received, TRUE);
  pair_clear (&raw->pair);
}

static void
romeo_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Raw *raw = user_data;

  raw->stream = jxs_endpoint_open_stream_finish (JXS_ENDPOINT (source), result, &raw->error);
  raw->done = TRUE;
}

static void
juliet_connect (Raw *raw, JxsSession *session)
{
  JxsEndpoint *endpoint = raw->pair.endpoints[JULIET];
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  jxs_endpoint_connect_session_async (
      endpoint, session, NULL, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  raw->connection = jxs_endpoint_connect_session_finish (endpoint, result, &error);
  g_assert_no_error (error);
  g_assert_null (jxs_connection_get_tls_connection (raw->connection));
  raw->io = g_object_ref (G_IO_STREAM (raw->connection));
}

void
raw_called (Raw *raw)
{
  jxs_endpoint_open_stream_async (raw->pair.endpoints[ROMEO],
                                  raw->pair.jids[JULIET],
                                  G_PRIORITY_DEFAULT,
                                  NULL,
                                  romeo_opened_cb,
                                  raw);
  wait_until (raw->session != NULL || raw->done);
  g_assert_no_error (raw->error);
  juliet_connect (raw, raw->session);
}

void
raw_calls (Raw *raw)
{
  g_autoptr (JxsElement) description = jxs_element_new ("description", JXS_NS_XMLSTREAM);
  g_autoptr (JxsSession) session =
      jxs_endpoint_create_session (raw->pair.endpoints[JULIET], raw->pair.jids[ROMEO], description);

  juliet_connect (raw, session);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* Whether anybody still reads is for the case to say. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  *(gboolean *) user_data = TRUE;
}

void
raw_write (Raw *raw, const char *text)
{
  gboolean written = FALSE;

  g_output_stream_write_all_async (g_io_stream_get_output_stream (raw->io),
                                   text,
                                   strlen (text),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   written_cb,
                                   &written);
  wait_until (written);
}

static void
read_more (Raw *raw)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;
  Reply reply = { NULL };

  g_input_stream_read_bytes_async (
      g_io_stream_get_input_stream (raw->io), 4096, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  bytes = g_input_stream_read_bytes_finish (g_io_stream_get_input_stream (raw->io), result, NULL);
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    raw->ended = TRUE;
  else
    g_string_append_len (raw->received, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

void
raw_expect (Raw *raw, const char *text)
{
  const char *found;

  while ((found = strstr (raw->received->str, text)) == NULL)
    {
      if (raw->ended)
        g_test_message ("%s", raw->received->str);
      g_assert_false (raw->ended);
      read_more (raw);
    }
  g_string_erase (raw->received, 0, found - raw->received->str + strlen (text));
}

void
raw_expect_end (Raw *raw)
{
  while (!raw->ended)
    read_more (raw);
}

static gboolean
accept_cb (GTlsConnection *tls,
           GTlsCertificate *certificate,
           GTlsCertificateFlags errors,
           gpointer user_data)
{
  return TRUE;
}

gboolean
raw_secure (Raw *raw, gboolean client, GTlsCertificate *certificate)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  if (client)
    tls = g_tls_client_connection_new (raw->io, NULL, &error);
  else
    tls = g_tls_server_connection_new (raw->io, certificate, &error);
  g_assert_no_error (error);
  if (client && certificate != NULL)
    g_tls_connection_set_certificate (G_TLS_CONNECTION (tls), certificate);
  if (!client)
    g_object_set (tls, "authentication-mode", G_TLS_AUTHENTICATION_REQUESTED, NULL);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_cb), NULL);
  g_tls_connection_handshake_async (
      G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (tls), result, &error))
    {
      g_test_message ("%s", error->message);
      return FALSE;
    }
  g_set_object (&raw->io, tls);
  return TRUE;
}

void
raw_wait (Raw *raw)
{
  if (raw->session != NULL)
    wait_until (raw->done);
  else
    {
      wait_until (raw->doorman.stream != NULL || raw->doorman.error != NULL);
      raw->stream = g_steal_pointer (&raw->doorman.stream);
      raw->error = g_steal_pointer (&raw->doorman.error);
    }
}

void
raw_assert_failed (Raw *raw, GQuark domain, int code)
{
  raw_wait (raw);
  g_assert_null (raw->stream);
  g_test_message ("%s", raw->error->message);
  g_assert_error (raw->error, domain, code);
}
