/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-faulty-stream.h"
#include "jxs-test-sockets.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

typedef struct
{
  GIOStream *base[2]; /* [0] is the client's */
  GTlsCertificate *certificate[2];
  GCancellable *cancellable[2];
  GAsyncResult *result[2];
  GTlsConnection *connection[2];
  GError *error[2];
  JxsTlsParams params[2];
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer over_tcp)
{
  g_autoptr (GError) error = NULL;

  jxs_clock_use_fake (0);
  if (GPOINTER_TO_INT (over_tcp))
    {
      g_autoptr (GSocketConnection) first = NULL;
      g_autoptr (GSocketConnection) second = NULL;

      jxs_test_tcp_pair (&first, &second);
      fixture->base[0] = jxs_socket_stream_new (first);
      fixture->base[1] = jxs_socket_stream_new (second);
    }
  else
    {
      jxs_pipe_new (&fixture->base[0], &fixture->base[1], &error);
      g_assert_no_error (error);
    }

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

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  for (int i = 0; i < 2; i++)
    {
      g_clear_object (&fixture->connection[i]);
      g_clear_object (&fixture->base[i]);
      g_clear_object (&fixture->certificate[i]);
      g_clear_object (&fixture->cancellable[i]);
      g_clear_object (&fixture->result[i]);
      g_clear_error (&fixture->error[i]);
    }
  jxs_clock_use_real ();
}

static void
start (Fixture *fixture, int i)
{
  jxs_tls_handshake_async (fixture->base[i],
                           &fixture->params[i],
                           G_PRIORITY_DEFAULT,
                           fixture->cancellable[i],
                           jxs_test_keep_result,
                           &fixture->result[i]);
}

static void
finish (Fixture *fixture, int i)
{
  jxs_test_wait_for (fixture->result[i] != NULL);
  fixture->connection[i] = jxs_tls_handshake_finish (fixture->result[i], &fixture->error[i]);
  g_assert_true ((fixture->connection[i] == NULL) == (fixture->error[i] != NULL));
  if (fixture->connection[i] == NULL)
    g_assert_true (g_io_stream_is_closed (fixture->base[i]));
}

static void
handshake (Fixture *fixture)
{
  start (fixture, 0);
  start (fixture, 1);
  finish (fixture, 0);
  finish (fixture, 1);
}

static void
test_mutual (Fixture *fixture, gconstpointer unused)
{
  GBytes *exporter[2];

  handshake (fixture);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *protocol = NULL;
      g_autofree char *cipher = NULL;

      g_assert_no_error (fixture->error[i]);
      g_assert_true (
          g_tls_certificate_is_same (g_tls_connection_get_peer_certificate (fixture->connection[i]),
                                     fixture->certificate[1 - i]));
      protocol = jxs_tls_get_protocol_name (fixture->connection[i]);
      g_assert_cmpstr (protocol, ==, "TLS 1.3");
      cipher = jxs_tls_get_cipher_name (fixture->connection[i]);
      g_assert_true (g_str_has_prefix (cipher, "TLS_"));
      g_assert_true (g_tls_connection_get_require_close_notify (fixture->connection[i]));
      exporter[i] = jxs_tls_get_exporter (fixture->connection[i], &fixture->error[i]);
      g_assert_no_error (fixture->error[i]);
      g_assert_cmpuint (g_bytes_get_size (exporter[i]), ==, 32);
    }
  g_assert_true (g_bytes_equal (exporter[0], exporter[1]));
  g_clear_pointer (&exporter[0], g_bytes_unref);
  g_clear_pointer (&exporter[1], g_bytes_unref);
}

static void
test_cancel (Fixture *fixture, gconstpointer unused)
{
  /* before */
  g_cancellable_cancel (fixture->cancellable[0]);
  start (fixture, 0);
  finish (fixture, 0);
  g_assert_error (fixture->error[0], G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* during: the other end has just been closed by that, so this one has its own */
  g_clear_object (&fixture->base[0]);
  g_clear_object (&fixture->base[1]);
  jxs_pipe_new (&fixture->base[0], &fixture->base[1], NULL);
  start (fixture, 1);
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (fixture->result[1]);
  g_cancellable_cancel (fixture->cancellable[1]);
  finish (fixture, 1);
  g_assert_error (fixture->error[1], G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_stalled (Fixture *fixture, gconstpointer unused)
{
  start (fixture, 1);
  jxs_clock_advance (29999 * 1000);
  for (int i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (fixture->result[1]);
  jxs_clock_advance (1000);
  finish (fixture, 1);
  g_assert_error (fixture->error[1], JXS_ERROR, JXS_ERROR_TIMED_OUT);
}

static void
test_no_client_certificate (Fixture *fixture, gconstpointer unused)
{
  fixture->params[0].certificate = NULL;
  start (fixture, 0);
  start (fixture, 1);
  finish (fixture, 1);
  g_assert_error (fixture->error[1], JXS_ERROR, JXS_ERROR_SECURITY);
}

#define ADD(name, tcp, func)                                                                       \
  g_test_add ("/io/tls/" name, Fixture, GINT_TO_POINTER (tcp), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("mutual/pipe", FALSE, test_mutual);
  ADD ("mutual/tcp", TRUE, test_mutual);
  ADD ("cancel", FALSE, test_cancel);
  ADD ("stalled", FALSE, test_stalled);
  ADD ("no-client-certificate", FALSE, test_no_client_certificate);
  return g_test_run ();
}
