/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-handshake.h"

#include "jxs-test-sockets.h"

#include <stdio.h>
#include <sys/resource.h>

#include <jxs-glib/io/jxs-pipe-private.h>

/* tls.stall: how long a handshake takes beside peers that connected and then say nothing, or half
 * a hello, against how long it takes without them. */

#define STALLED 200
#define ROUNDS 9
#define PER_ROUND 15

typedef struct
{
  GIOStream *base;
  GIOStream *peer;
  GAsyncResult *result;
} Stalled;

static ssize_t
push_cb (gnutls_transport_ptr_t hello, const void *data, size_t size)
{
  g_byte_array_append (hello, data, size);
  return size;
}

static ssize_t
pull_cb (gnutls_transport_ptr_t hello, void *data, size_t size)
{
  return 0;
}

static GByteArray *
make_hello (void)
{
  GByteArray *hello = g_byte_array_new ();
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;

  gnutls_certificate_allocate_credentials (&credentials);
  gnutls_init (&session, GNUTLS_CLIENT);
  gnutls_priority_set_direct (session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
  gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
  gnutls_transport_set_ptr (session, hello);
  gnutls_transport_set_push_function (session, push_cb);
  gnutls_transport_set_pull_function (session, pull_cb);
  gnutls_handshake (session);
  gnutls_deinit (session);
  gnutls_certificate_free_credentials (credentials);
  return hello;
}

static void
stall (Stalled *self, const JxsTlsParams *params, GCancellable *cancellable, GByteArray *hello)
{
  g_autoptr (GError) error = NULL;

  if (!jxs_pipe_new (&self->base, &self->peer, &error))
    g_error ("no pipe: %s", error->message);
  if (hello != NULL && !g_output_stream_write_all (g_io_stream_get_output_stream (self->peer),
                                                   hello->data,
                                                   hello->len / 2,
                                                   NULL,
                                                   NULL,
                                                   &error))
    g_error ("half a hello: %s", error->message);
  jxs_tls_handshake_async (
      self->base, params, G_PRIORITY_DEFAULT, cancellable, jxs_test_keep_result, &self->result);
}

static void
end (Stalled *self)
{
  jxs_test_wait_for (self->result != NULL);
  if (jxs_tls_handshake_finish (self->result, NULL) != NULL)
    g_error ("a handshake with nobody succeeded");
  g_clear_object (&self->result);
  g_clear_object (&self->base);
  g_clear_object (&self->peer);
}

int
main (void)
{
  g_autoptr (GByteArray) hello = make_hello ();
  g_autofree Stalled *stalled = g_new0 (Stalled, STALLED);
  double without[ROUNDS * PER_ROUND];
  double with[ROUNDS * PER_ROUND];
  JxsTlsParams params[2];
  struct rlimit files;

  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  for (int i = 0; i < 2; i++)
    params[i] = (JxsTlsParams){
      .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
      .certificate = jxs_test_certificate (i),
      .pin = TRUE,
    };

  handshake_ours (params);
  for (int round = 0; round < ROUNDS; round++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      for (int n = 0; n < PER_ROUND; n++)
        without[round * PER_ROUND + n] = handshake_ours (params);
      for (int n = 0; n < STALLED; n++)
        stall (&stalled[n], &params[1], cancellable, n % 2 == 0 ? hello : NULL);
      for (int n = 0; n < PER_ROUND; n++)
        with[round * PER_ROUND + n] = handshake_ours (params);
      g_cancellable_cancel (cancellable);
      for (int n = 0; n < STALLED; n++)
        end (&stalled[n]);
    }
  printf ("{\"value\": %.3f, \"baseline\": %.3f}\n",
          1000 * handshake_median (with, G_N_ELEMENTS (with)),
          1000 * handshake_median (without, G_N_ELEMENTS (without)));
  return 0;
}
