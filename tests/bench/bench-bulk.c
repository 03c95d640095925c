/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-bulk.h"

#include "jxs-test-sockets.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 16384
#define TOTAL (512ULL * 1024 * 1024)
#define TURNS 3

static guint8 piece[PIECE];

static double
now (void)
{
  return (double) g_get_monotonic_time () / 1e6;
}

/* With GnuTLS alone */

static gnutls_session_t
gnutls_start (int fd, gboolean is_client)
{
  g_autoptr (GTlsCertificate) certificate = jxs_test_certificate (is_client ? 0 : 1);
  g_autofree char *certificate_pem = NULL;
  g_autofree char *key_pem = NULL;
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;
  gnutls_datum_t cert;
  gnutls_datum_t key;
  int result;

  g_object_get (
      certificate, "certificate-pem", &certificate_pem, "private-key-pem", &key_pem, NULL);
  cert = (gnutls_datum_t){ (unsigned char *) certificate_pem, strlen (certificate_pem) };
  key = (gnutls_datum_t){ (unsigned char *) key_pem, strlen (key_pem) };
  gnutls_certificate_allocate_credentials (&credentials);
  gnutls_certificate_set_x509_key_mem (credentials, &cert, &key, GNUTLS_X509_FMT_PEM);

  gnutls_init (&session, is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);
  gnutls_priority_set_direct (session,
                              "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM",
                              NULL);
  gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
  if (!is_client)
    gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  gnutls_transport_set_int (session, fd);
  do
    result = gnutls_handshake (session);
  while (result < 0 && !gnutls_error_is_fatal (result));
  if (result < 0)
    g_error ("handshake: %s", gnutls_strerror (result));
  return session;
}

static void
gnutls_send (int fd)
{
  gnutls_session_t session = gnutls_start (fd, TRUE);

  for (guint64 sent = 0; sent < TOTAL; sent += PIECE)
    {
      if (gnutls_record_send (session, piece, PIECE) != PIECE)
        g_error ("gnutls_record_send() failed");
    }
  gnutls_bye (session, GNUTLS_SHUT_WR);
  gnutls_record_recv (session, piece, PIECE);
}

static double
gnutls_receive (int fd)
{
  gnutls_session_t session = gnutls_start (fd, FALSE);
  double start = 0;
  double end;
  guint64 received = 0;

  while (received < TOTAL)
    {
      ssize_t n = gnutls_record_recv (session, piece, PIECE);

      if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
        continue;
      if (n <= 0)
        g_error ("gnutls_record_recv() failed");
      if (received == 0)
        start = now ();
      received += n;
    }
  end = now ();
  gnutls_bye (session, GNUTLS_SHUT_WR);
  return end - start;
}

double
bulk_gnutls (int fd, gboolean is_sender)
{
  if (!is_sender)
    return gnutls_receive (fd);
  gnutls_send (fd);
  return 0;
}

/* With streams */

typedef struct
{
  GMainLoop *loop;
  guint64 moved;
  double start;
  double end;
} Transfer;

static gboolean
writable_cb (GObject *stream, gpointer user_data)
{
  Transfer *transfer = user_data;

  while (transfer->moved < TOTAL)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (
          G_POLLABLE_OUTPUT_STREAM (stream), piece, PIECE, NULL, &error);

      if (n < 0)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            g_error ("write: %s", error->message);
          return G_SOURCE_CONTINUE;
        }
      transfer->moved += n;
    }
  g_main_loop_quit (transfer->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
readable_cb (GObject *stream, gpointer user_data)
{
  Transfer *transfer = user_data;

  while (transfer->moved < TOTAL)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_input_stream_read_nonblocking (
          G_POLLABLE_INPUT_STREAM (stream), piece, PIECE, NULL, &error);

      if (n < 0)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            g_error ("read: %s", error->message);
          return G_SOURCE_CONTINUE;
        }
      if (n == 0)
        g_error ("the stream ended too early");
      if (transfer->moved == 0)
        transfer->start = now ();
      transfer->moved += n;
    }
  transfer->end = now ();
  g_main_loop_quit (transfer->loop);
  return G_SOURCE_REMOVE;
}

double
bulk_move (GIOStream *stream, gboolean is_sender)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSource) source = NULL;
  Transfer transfer = { .loop = loop };

  if (is_sender)
    source = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (
                                                         g_io_stream_get_output_stream (stream)),
                                                     NULL);
  else
    source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (
                                                        g_io_stream_get_input_stream (stream)),
                                                    NULL);
  g_source_set_callback (source,
                         is_sender ? G_SOURCE_FUNC (writable_cb) : G_SOURCE_FUNC (readable_cb),
                         &transfer,
                         NULL);
  g_source_attach (source, NULL);
  g_main_loop_run (loop);
  return transfer.end - transfer.start;
}

double
bulk_move_and_close (GIOStream *stream, gboolean is_sender)
{
  double seconds = bulk_move (stream, is_sender);
  g_autoptr (GAsyncResult) result = NULL;

  g_output_stream_close_async (g_io_stream_get_output_stream (stream),
                               G_PRIORITY_DEFAULT,
                               NULL,
                               jxs_test_keep_result,
                               &result);
  jxs_test_wait_for (result != NULL);
  if (is_sender)
    {
      g_clear_object (&result);
      g_input_stream_read_async (g_io_stream_get_input_stream (stream),
                                 piece,
                                 PIECE,
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 jxs_test_keep_result,
                                 &result);
      jxs_test_wait_for (result != NULL);
    }
  return seconds;
}

/* Two processes */

static void
connect_tcp (int fds[2])
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM, 0);
  int on = 1;

  fds[0] = socket (AF_INET, SOCK_STREAM, 0);
  if (bind (listener, (struct sockaddr *) &address, sizeof address) != 0 ||
      listen (listener, 1) != 0 ||
      getsockname (listener, (struct sockaddr *) &address, &size) != 0 ||
      connect (fds[0], (struct sockaddr *) &address, size) != 0)
    g_error ("no connection over loopback");
  fds[1] = accept (listener, NULL, NULL);
  close (listener);
  for (int i = 0; i < 2; i++)
    setsockopt (fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Seconds for TOTAL bytes. */
static double
run_once (BulkSide side)
{
  int fds[2];
  int seconds_pipe[2];
  pid_t children[2];
  double seconds = 0;

  connect_tcp (fds);
  if (pipe (seconds_pipe) != 0)
    g_error ("no pipe");

  for (int i = 0; i < 2; i++)
    {
      gboolean is_sender = i == 0;

      children[i] = fork ();
      if (children[i] < 0)
        g_error ("fork() failed");
      if (children[i] > 0)
        continue;

      close (fds[1 - i]);
      seconds = side (fds[i], is_sender);
      if (!is_sender && write (seconds_pipe[1], &seconds, sizeof seconds) != sizeof seconds)
        _exit (1);
      _exit (0);
    }

  close (fds[0]);
  close (fds[1]);
  for (int i = 0; i < 2; i++)
    {
      int status;

      if (waitpid (children[i], &status, 0) < 0 || status != 0)
        g_error ("%s failed", i == 0 ? "sender" : "receiver");
    }
  if (read (seconds_pipe[0], &seconds, sizeof seconds) != sizeof seconds)
    g_error ("no result");
  close (seconds_pipe[0]);
  close (seconds_pipe[1]);
  return seconds;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return x < y ? -1 : x > y;
}

int
bulk_main (BulkSide side, BulkSide baseline)
{
  double seconds[2][TURNS];

  for (int turn = 0; turn < TURNS; turn++)
    {
      seconds[0][turn] = run_once (side);
      seconds[1][turn] = run_once (baseline);
    }
  qsort (seconds[0], TURNS, sizeof (double), compare);
  qsort (seconds[1], TURNS, sizeof (double), compare);
  printf ("{\"value\": %.1f, \"baseline\": %.1f}\n",
          (double) TOTAL / 1e6 / seconds[0][TURNS / 2],
          (double) TOTAL / 1e6 / seconds[1][TURNS / 2]);
  return 0;
}
