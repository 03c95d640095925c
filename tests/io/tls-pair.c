/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tls-pair.h"

#include "jxs-test-sockets.h"

#include <jxs-glib/io/jxs-pipe-private.h>

gboolean
tls_pair_accept_cb (GTlsConnection *connection,
                    GTlsCertificate *peer,
                    GTlsCertificateFlags errors,
                    gpointer user_data)
{
  g_assert_cmpint (errors, ==, G_TLS_CERTIFICATE_UNKNOWN_CA);
  return TRUE;
}

void
tls_pair_set_up (TlsPair *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  jxs_pipe_new (&fixture->base[0], &fixture->base[1], &error);
  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      fixture->certificate[i] = jxs_test_certificate (i);
      fixture->cancellable[i] = g_cancellable_new ();
      fixture->params[i] = (JxsTlsParams){
        .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
        .certificate = fixture->certificate[i],
        .pin = TRUE,
      };
    }
}

void
tls_pair_tear_down (TlsPair *fixture, gconstpointer unused)
{
  for (int i = 0; i < 2; i++)
    {
      g_clear_object (&fixture->connection[i]);
      g_clear_object (&fixture->base[i]);
      g_clear_object (&fixture->certificate[i]);
      g_clear_object (&fixture->result[i]);
      g_clear_object (&fixture->cancellable[i]);
    }
}

void
tls_pair_renew (TlsPair *fixture)
{
  tls_pair_tear_down (fixture, NULL);
  tls_pair_set_up (fixture, NULL);
}

void
tls_pair_connect (TlsPair *fixture)
{
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      fixture->connection[i] =
          jxs_tls_connection_new (fixture->base[i], &fixture->params[i], &error);
      g_assert_no_error (error);
      if (fixture->params[i].pin)
        g_signal_connect (fixture->connection[i],
                          "accept-certificate",
                          G_CALLBACK (tls_pair_accept_cb),
                          NULL);
    }
}

void
tls_pair_handshake_async (TlsPair *fixture, int i)
{
  g_tls_connection_handshake_async (fixture->connection[i],
                                    G_PRIORITY_DEFAULT,
                                    fixture->cancellable[i],
                                    jxs_test_keep_result,
                                    &fixture->result[i]);
}

void
tls_pair_handshake (TlsPair *fixture)
{
  tls_pair_connect (fixture);
  for (int i = 0; i < 2; i++)
    tls_pair_handshake_async (fixture, i);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      jxs_test_wait_for (fixture->result[i] != NULL);
      g_tls_connection_handshake_finish (fixture->connection[i], fixture->result[i], &error);
      g_assert_no_error (error);
      g_clear_object (&fixture->result[i]);
    }
}

GInputStream *
tls_pair_get_in (TlsPair *fixture, int i)
{
  return g_io_stream_get_input_stream (G_IO_STREAM (fixture->connection[i]));
}

GOutputStream *
tls_pair_get_out (TlsPair *fixture, int i)
{
  return g_io_stream_get_output_stream (G_IO_STREAM (fixture->connection[i]));
}

gssize
tls_pair_write_now (TlsPair *fixture, int i, const void *data, gsize size, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (tls_pair_get_out (fixture, i)), data, size, NULL, error);
}

GString *
tls_pair_read_all (TlsPair *fixture, int i, GError **error)
{
  GString *text = g_string_new (NULL);

  for (;;)
    {
      g_autoptr (GAsyncResult) result = NULL;
      char buffer[4096];
      gssize n;

      g_input_stream_read_async (tls_pair_get_in (fixture, i),
                                 buffer,
                                 sizeof buffer,
                                 0,
                                 NULL,
                                 jxs_test_keep_result,
                                 &result);
      jxs_test_wait_for (result != NULL);
      n = g_input_stream_read_finish (tls_pair_get_in (fixture, i), result, error);
      if (n <= 0)
        return text;
      g_string_append_len (text, buffer, n);
    }
}
