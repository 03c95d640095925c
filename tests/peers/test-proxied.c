/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "proxied.h"

#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

#include "jxs-test-sockets.h"

/* Bytes through the SOCKS5 proxy of a real server, on the real clock. */

/* Most of a second is meant for the network and for a machine that is busy: all arrives in less
 * than half a second here. */
#define TIME_LIMIT_MS 1000
#define MIB (1024 * 1024)

static const gsize sizes[] = { 1,    4095, 4096,  4097,  5000,  8191,  8192,
                               8193, 9000, 12288, 12289, 16384, 65536, MIB };

typedef struct
{
  GIOStream *stream;
  const guint8 *text;
  gsize size;
  gsize written;
  gsize received;
  gint64 written_us;
  gint64 received_us;
  gboolean eof;
  GSource *reading;
  guint8 *buffer;
} End;

static Proxied proxied;

static gboolean
readable_cb (GObject *object, gpointer user_data)
{
  End *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (object),
                                                        self->buffer + self->received,
                                                        2 * MIB - self->received,
                                                        NULL,
                                                        &error)) > 0)
    {
      self->received += n;
      self->received_us = g_get_monotonic_time ();
    }
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  g_assert_no_error (error);
  self->eof = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
writable_cb (GObject *object, gpointer user_data)
{
  End *self = user_data;

  while (self->written < self->size)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (object),
                                                             self->text + self->written,
                                                             self->size - self->written,
                                                             NULL,
                                                             &error);

      if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      g_assert_no_error (error);
      self->written += n;
      self->written_us = g_get_monotonic_time ();
    }
  return G_SOURCE_REMOVE;
}

static void
write_text (End *self, const guint8 *text, gsize size)
{
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);
  g_autoptr (GSource) source =
      g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (output), NULL);

  self->text = text;
  self->size = size;
  self->written = 0;
  g_source_set_callback (source, G_SOURCE_FUNC (writable_cb), self, NULL);
  g_source_attach (source, NULL);
}

static void
ends_init (End ends[2], gboolean secure)
{
  GSocketConnection *connections[2];
  GAsyncResult *results[2] = { NULL, NULL };

  proxied_connect (&proxied, &connections[0], &connections[1]);
  for (int i = 0; i < 2; i++)
    {
      ends[i] = (End){ .stream = jxs_socket_stream_new (connections[i]) };
      ends[i].buffer = g_malloc (2 * MIB);
      jxs_socket_stream_set_relayed (JXS_SOCKET_STREAM (ends[i].stream), TRUE);
      g_object_unref (connections[i]);
    }
  for (int i = 0; secure && i < 2; i++)
    {
      g_autoptr (GTlsCertificate) certificate = jxs_test_certificate (i);
      JxsTlsParams params = {
        .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
        .certificate = certificate,
        .pin = TRUE,
      };

      jxs_tls_handshake_async (
          ends[i].stream, &params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &results[i]);
    }
  for (int i = 0; i < 2; i++)
    {
      GInputStream *input;

      if (secure)
        {
          g_autoptr (GError) error = NULL;

          jxs_test_wait_for (results[i] != NULL);
          g_object_unref (ends[i].stream);
          ends[i].stream = G_IO_STREAM (jxs_tls_handshake_finish (results[i], &error));
          g_assert_no_error (error);
          g_object_unref (results[i]);
        }
      input = g_io_stream_get_input_stream (ends[i].stream);
      ends[i].reading =
          g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
      g_source_set_callback (ends[i].reading, G_SOURCE_FUNC (readable_cb), &ends[i], NULL);
      g_source_attach (ends[i].reading, NULL);
    }
}

static void
ends_clear (End ends[2])
{
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;

      g_source_destroy (ends[i].reading);
      g_source_unref (ends[i].reading);
      g_io_stream_close_async (
          ends[i].stream, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      g_object_unref (ends[i].stream);
      g_free (ends[i].buffer);
    }
}

static guint8 *
make_text (gsize size)
{
  guint8 *text = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    text[i] = (guint8) (i * 31 + i / 251);
  return text;
}

/* One way, then the other, then both at once. */
static void
test_sizes (gconstpointer secure)
{
  g_autofree guint8 *text = make_text (MIB);
  gint64 worst_us = 0;
  End ends[2];

  ends_init (ends, GPOINTER_TO_INT (secure));
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint ways = 1; ways <= 3; ways++)
      {
        for (guint i = 0; i < 2; i++)
          if ((ways & (1 << i)) != 0)
            write_text (&ends[i], text, sizes[s]);
        for (guint i = 0; i < 2; i++)
          {
            End *other = &ends[1 - i];

            if ((ways & (1 << i)) == 0)
              continue;
            jxs_test_wait_for (other->received >= sizes[s]);
            g_assert_cmpmem (other->buffer, other->received, text, sizes[s]);
            worst_us = MAX (worst_us, other->received_us - ends[i].written_us);
            other->received = 0;
          }
      }
  g_test_message ("the slowest arrived after %.0f ms", (double) worst_us / 1e3);
  g_assert_cmpint (worst_us, <=, TIME_LIMIT_MS * 1000);
  ends_clear (ends);
}

static void
test_close (gconstpointer secure)
{
  g_autofree guint8 *text = make_text (MIB);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  End ends[2];

  ends_init (ends, GPOINTER_TO_INT (secure));
  write_text (&ends[0], text, MIB);
  jxs_test_wait_for (ends[0].written == MIB);
  if (GPOINTER_TO_INT (secure))
    {
      /* One direction ends, the other one goes on. */
      GOutputStream *output = g_io_stream_get_output_stream (ends[0].stream);

      g_output_stream_close_async (output, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL && ends[1].eof);
      g_output_stream_close_finish (output, result, &error);
      g_assert_no_error (error);
      write_text (&ends[1], text, 5000);
      jxs_test_wait_for (ends[0].received == 5000);
    }
  else
    {
      g_source_destroy (ends[0].reading);
      g_io_stream_close_async (
          ends[0].stream, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL && ends[1].eof);
      g_io_stream_close_finish (ends[0].stream, result, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpmem (ends[1].buffer, ends[1].received, text, MIB);
  ends_clear (ends);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  proxied_init (&proxied);

  g_test_add_data_func ("/peers/proxied/plain", GINT_TO_POINTER (FALSE), test_sizes);
  g_test_add_data_func ("/peers/proxied/tls", GINT_TO_POINTER (TRUE), test_sizes);
  g_test_add_data_func ("/peers/proxied/close/plain", GINT_TO_POINTER (FALSE), test_close);
  g_test_add_data_func ("/peers/proxied/close/tls", GINT_TO_POINTER (TRUE), test_close);

  status = g_test_run ();
  proxied_clear (&proxied);
  return status;
}
