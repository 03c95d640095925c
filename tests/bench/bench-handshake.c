/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-handshake.h"

#include "jxs-test-sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jxs-glib/io/jxs-pipe-private.h>

/* Short rounds by turns, so that whatever else the machine does slows both alike. */
#define ROUNDS 41
#define PER_ROUND 12

double
handshake_now (void)
{
  return (double) g_get_monotonic_time () / 1e6;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return x < y ? -1 : x > y;
}

double
handshake_median (double *values, gsize n)
{
  qsort (values, n, sizeof (double), compare);
  return values[n / 2];
}

double
handshake_ours (const JxsTlsParams params[2])
{
  double start = handshake_now ();
  g_autoptr (GError) error = NULL;
  GIOStream *bases[2];
  GAsyncResult *results[2] = { NULL, NULL };

  if (!jxs_pipe_new (&bases[0], &bases[1], &error))
    g_error ("no pipe: %s", error->message);
  for (int i = 0; i < 2; i++)
    jxs_tls_handshake_async (
        bases[i], &params[i], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &results[i]);
  jxs_test_wait_for (results[0] != NULL && results[1] != NULL);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GTlsConnection) connection = jxs_tls_handshake_finish (results[i], &error);

      if (connection == NULL)
        g_error ("handshake: %s", error->message);
      g_object_unref (results[i]);
    }
  g_object_unref (bases[0]);
  g_object_unref (bases[1]);
  return handshake_now () - start;
}

double
handshake_plain (const HandshakePlain *plain)
{
  double start = handshake_now ();
  gnutls_session_t sessions[2];
  int results[2] = { GNUTLS_E_AGAIN, GNUTLS_E_AGAIN };
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
    g_error ("no pair of sockets");
  for (int i = 0; i < 2; i++)
    {
      gnutls_init (&sessions[i], (i == 0 ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NONBLOCK);
      gnutls_priority_set (sessions[i], plain->priority);
      gnutls_credentials_set (sessions[i], plain->type, plain->credentials[i]);
      gnutls_transport_set_int (sessions[i], fds[i]);
    }
  if (plain->request)
    gnutls_certificate_server_set_request (sessions[1], GNUTLS_CERT_REQUIRE);

  while (results[0] != 0 || results[1] != 0)
    for (int i = 0; i < 2; i++)
      {
        if (results[i] != 0)
          results[i] = gnutls_handshake (sessions[i]);
        if (results[i] < 0 && gnutls_error_is_fatal (results[i]))
          g_error ("handshake: %s", gnutls_strerror (results[i]));
      }

  for (int i = 0; i < 2; i++)
    gnutls_bye (sessions[i], GNUTLS_SHUT_WR);
  for (int i = 0; i < 2; i++)
    {
      gnutls_deinit (sessions[i]);
      close (fds[i]);
    }
  return handshake_now () - start;
}

int
handshake_main (const JxsTlsParams params[2], const HandshakePlain *plain)
{
  double seconds[2][ROUNDS] = { { 0 } };

  handshake_ours (params);
  handshake_plain (plain);
  for (int round = 0; round < ROUNDS; round++)
    for (int n = 0; n < PER_ROUND; n++)
      {
        seconds[0][round] += handshake_ours (params);
        seconds[1][round] += handshake_plain (plain);
      }
  printf ("{\"value\": %.1f, \"baseline\": %.1f}\n",
          PER_ROUND / handshake_median (seconds[0], ROUNDS),
          PER_ROUND / handshake_median (seconds[1], ROUNDS));
  return 0;
}
