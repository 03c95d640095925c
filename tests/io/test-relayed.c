/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-proxy.h"
#include "jxs-test-sockets.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tcp-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

/* What was written through a relay that holds back arrives within this. */
#define TIME_LIMIT_MS 1000
#define STEP_MS 5

#define MIB (1024 * 1024)

static const gsize sizes[] = {
  1,    2,    7,    8,    9,    100,  4088,  4095,  4096,  4097,  4098,  4104,
  5000, 8184, 8191, 8192, 8193, 8200, 12287, 12288, 12289, 16384, 32768, 65536,
};

typedef struct
{
  JxsTestProxy *proxy;
  GSocketConnection *connection[2];
  GIOStream *base[2];   /* NULL without the library */
  GIOStream *stream[2]; /* base, or TLS on it */
  GByteArray *received[2];
  GError *error[2]; /* how reading ended */
  gboolean eof[2];
  GSource *reading[2]; /* NULL until read_all () */
} Fixture;

static gboolean
readable_cb (GObject *object, gpointer user_data)
{
  Fixture *fixture = user_data;
  guint i = object == G_OBJECT (g_io_stream_get_input_stream (fixture->stream[1])) ? 1 : 0;
  guint8 buffer[65536];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (
              G_POLLABLE_INPUT_STREAM (object), buffer, sizeof buffer, NULL, &fixture->error[i])) >
         0)
    g_byte_array_append (fixture->received[i], buffer, n);
  if (n < 0 && g_error_matches (fixture->error[i], G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_clear_error (&fixture->error[i]);
      return G_SOURCE_CONTINUE;
    }
  fixture->eof[i] = n == 0;
  return G_SOURCE_REMOVE;
}

static void
read_all (Fixture *fixture)
{
  for (int i = 0; i < 2; i++)
    {
      fixture->reading[i] = g_pollable_input_stream_create_source (
          G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->stream[i])), NULL);
      g_source_set_callback (fixture->reading[i], G_SOURCE_FUNC (readable_cb), fixture, NULL);
      g_source_attach (fixture->reading[i], NULL);
    }
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  jxs_clock_use_fake (0);
  fixture->proxy = jxs_test_proxy_new (&fixture->connection[0], &fixture->connection[1]);
  for (int i = 0; i < 2; i++)
    {
      fixture->base[i] = jxs_socket_stream_new (fixture->connection[i]);
      jxs_socket_stream_set_relayed (JXS_SOCKET_STREAM (fixture->base[i]), TRUE);
      fixture->stream[i] = g_object_ref (fixture->base[i]);
      fixture->received[i] = g_byte_array_new ();
    }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gboolean is_plain = FALSE;

  for (int i = 0; i < 2; i++)
    {
      if (fixture->reading[i] != NULL)
        g_source_destroy (fixture->reading[i]);
      g_clear_pointer (&fixture->reading[i], g_source_unref);
      g_io_stream_close (fixture->base[i], NULL, NULL);
      is_plain = fixture->stream[i] == fixture->base[i];
      g_clear_object (&fixture->stream[i]);
      g_clear_error (&fixture->error[i]);
      g_clear_pointer (&fixture->received[i], g_byte_array_unref);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (int i = 0; i < 2; i++)
    {
      /* The threads of TLS may still hold on to theirs. */
      if (is_plain)
        {
          g_assert_finalize_object (fixture->base[i]);
          g_assert_finalize_object (fixture->connection[i]);
        }
      else
        {
          g_object_unref (fixture->base[i]);
          g_object_unref (fixture->connection[i]);
        }
    }
  jxs_test_proxy_free (fixture->proxy);
  jxs_clock_use_real ();
}

/* All that happens by itself while the clock stands still: acknowledgements may take their time. */
static void
settle (Fixture *fixture)
{
  do
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  while (jxs_tcp_get_unacknowledged (g_socket_connection_get_socket (fixture->connection[0])) > 0 ||
         jxs_tcp_get_unacknowledged (g_socket_connection_get_socket (fixture->connection[1])) > 0 ||
         g_main_context_pending (NULL));
}

static void
pass_time (Fixture *fixture, guint ms)
{
  settle (fixture);
  for (guint t = 0; t < ms; t += STEP_MS)
    {
      jxs_clock_advance (STEP_MS * 1000);
      settle (fixture);
    }
}

/* Milliseconds until so much has arrived. */
static guint
wait_for_bytes (Fixture *fixture, int at, gsize size)
{
  guint ms = 0;

  settle (fixture);
  while (fixture->received[at]->len < size && ms < 100 * TIME_LIMIT_MS)
    {
      pass_time (fixture, STEP_MS);
      ms += STEP_MS;
    }
  g_assert_cmpuint (fixture->received[at]->len, ==, size);
  return ms;
}

static guint8 *
make_text (gsize size)
{
  guint8 *text = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    text[i] = (guint8) (i * 31 + i / 251);
  return text;
}

static void
assert_received (Fixture *fixture, int at, const guint8 *text, gsize size)
{
  g_assert_cmpmem (fixture->received[at]->data, fixture->received[at]->len, text, size);
}

typedef struct
{
  GOutputStream *output;
  const guint8 *text;
  gsize size;
  gsize written;
  GError *error;
} Writing;

static gboolean
writable_cb (GObject *stream, gpointer user_data)
{
  Writing *writing = user_data;

  while (writing->written < writing->size)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream),
                                                             writing->text + writing->written,
                                                             writing->size - writing->written,
                                                             NULL,
                                                             &writing->error);

      if (n < 0 && g_error_matches (writing->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_clear_error (&writing->error);
          return G_SOURCE_CONTINUE;
        }
      g_assert_no_error (writing->error);
      writing->written += n;
    }
  return G_SOURCE_REMOVE;
}

/* Without waiting, from the main loop. */
static void
start_writing (Fixture *fixture, int from, Writing *writing, const guint8 *text, gsize size)
{
  GOutputStream *output = g_io_stream_get_output_stream (fixture->stream[from]);
  g_autoptr (GSource) source = NULL;

  *writing = (Writing){ .output = output, .text = text, .size = size };
  if (!writable_cb (G_OBJECT (output), writing))
    return;
  source = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (output), NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (writable_cb), writing, NULL);
  g_source_attach (source, NULL);
}

/* On the real clock: how long the worker threads take is not known. A flight that is held back for
 * good would end in the timeout of the handshake. */
static void
secure (Fixture *fixture, GTlsCertificate *first, GTlsCertificate *second)
{
  GAsyncResult *result[2] = { NULL, NULL };
  GTlsCertificate *certificates[2] = { first, second };

  jxs_clock_use_real ();
  for (int i = 0; i < 2; i++)
    {
      JxsTlsParams params = {
        .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
        .certificate = certificates[i],
        .pin = TRUE,
      };

      jxs_tls_handshake_async (
          fixture->base[i], &params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result[i]);
    }
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      jxs_test_wait_for (result[i] != NULL);
      g_clear_object (&fixture->stream[i]);
      fixture->stream[i] = G_IO_STREAM (jxs_tls_handshake_finish (result[i], &error));
      g_assert_no_error (error);
      g_clear_object (&result[i]);
    }
  /* Nobody wakes the loop for an acknowledgement. */
  while (jxs_socket_stream_get_pending (JXS_SOCKET_STREAM (fixture->base[0])) > 0)
    g_main_context_iteration (NULL, FALSE);
  jxs_clock_use_fake (g_get_monotonic_time ());
}

static void
secure_with_test_certificates (Fixture *fixture)
{
  g_autoptr (GTlsCertificate) first = jxs_test_certificate (0);
  g_autoptr (GTlsCertificate) second = jxs_test_certificate (1);

  secure (fixture, first, second);
}

/* That the relay is worth testing against: these sizes were measured with Prosody. */
static void
test_relay_holds (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    gsize size;
    gsize held;
  } bursts[] = {
    { 1, 0 },    { 4096, 0 },  { 4097, 1 },     { 5000, 904 },   { 8192, 4096 },
    { 8193, 0 }, { 12288, 0 }, { 16384, 4096 }, { 65536, 4096 },
  };
  g_autofree guint8 *text = make_text (65536);

  for (guint i = 0; i < G_N_ELEMENTS (bursts); i++)
    {
      g_autoptr (GSocketConnection) first = NULL;
      g_autoptr (GSocketConnection) second = NULL;
      JxsTestProxy *proxy = jxs_test_proxy_new (&first, &second);
      g_autoptr (GError) error = NULL;

      g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (first)),
                                                text,
                                                bursts[i].size,
                                                NULL,
                                                NULL,
                                                &error));
      g_assert_no_error (error);
      jxs_test_wait_for (jxs_test_proxy_get_relayed (proxy, 0) >= bursts[i].size - bursts[i].held);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (jxs_test_proxy_get_held (proxy, 0), ==, bursts[i].held);

      /* The end of both directions flushes it. */
      g_assert_true (g_io_stream_close (G_IO_STREAM (first), NULL, &error));
      jxs_test_wait_for (jxs_test_proxy_is_closed (proxy));
      g_assert_cmpuint (jxs_test_proxy_get_relayed (proxy, 0), ==, bursts[i].size);
      jxs_test_proxy_free (proxy);
    }
}

/* Bursts of all sizes, both ways at once, each after the one before it has arrived. */
static void
exchange (Fixture *fixture, gboolean both)
{
  g_autofree guint8 *text = make_text (MIB);

  read_all (fixture);
  for (guint s = 0; s <= G_N_ELEMENTS (sizes); s++)
    {
      gsize size = s < G_N_ELEMENTS (sizes) ? sizes[s] : MIB;
      Writing writing[2];

      for (int i = 0; i < (both ? 2 : 1); i++)
        start_writing (fixture, i, &writing[i], text, size);
      for (int i = 0; i < (both ? 2 : 1); i++)
        {
          g_assert_cmpuint (wait_for_bytes (fixture, 1 - i, size), <=, TIME_LIMIT_MS);
          assert_received (fixture, 1 - i, text, size);
          g_byte_array_set_size (fixture->received[1 - i], 0);
        }
    }
}

static void
test_plain (Fixture *fixture, gconstpointer data)
{
  exchange (fixture, TRUE);
}

static void
test_gathered (Fixture *fixture, gconstpointer data)
{
  for (int i = 0; i < 2; i++)
    jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (fixture->base[i]), TRUE);
  exchange (fixture, TRUE);
}

static void
test_tls (Fixture *fixture, gconstpointer data)
{
  secure_with_test_certificates (fixture);
  exchange (fixture, TRUE);
}

static gpointer
write_in_thread (gpointer user_data)
{
  Writing *writing = user_data;

  g_output_stream_write_all (
      writing->output, writing->text, writing->size, &writing->written, NULL, &writing->error);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
exchange_blocking (Fixture *fixture)
{
  g_autofree guint8 *text = make_text (MIB);

  read_all (fixture);
  for (guint s = 0; s <= G_N_ELEMENTS (sizes); s++)
    {
      Writing writing = {
        .output = g_io_stream_get_output_stream (fixture->stream[0]),
        .text = text,
        .size = s < G_N_ELEMENTS (sizes) ? sizes[s] : MIB,
      };
      GThread *thread = g_thread_new ("writer", write_in_thread, &writing);

      while (fixture->received[1]->len + 65536 < writing.size)
        g_main_context_iteration (NULL, TRUE);
      g_thread_join (thread);
      g_assert_no_error (writing.error);
      g_assert_cmpuint (wait_for_bytes (fixture, 1, writing.size), <=, TIME_LIMIT_MS);
      assert_received (fixture, 1, text, writing.size);
      g_byte_array_set_size (fixture->received[1], 0);
    }
}

/* Who blocks in another thread relies on the owner's main loop. */
static void
test_plain_blocking (Fixture *fixture, gconstpointer data)
{
  exchange_blocking (fixture);
}

static void
test_tls_blocking (Fixture *fixture, gconstpointer data)
{
  secure_with_test_certificates (fixture);
  exchange_blocking (fixture);
}

/* Random pieces at random times: whatever the buffers of the relay hold when more comes. */
static void
test_random (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autofree guint8 *text = make_text (65536);

  read_all (fixture);
  for (int round = 0; round < 40; round++)
    {
      int pieces = g_rand_int_range (rand, 1, 6);
      gsize total = 0;

      for (int i = 0; i < pieces; i++)
        {
          gsize size = g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 200 : 9000);
          Writing writing;

          start_writing (fixture, 0, &writing, text + total, size);
          g_assert_cmpuint (writing.written, ==, size);
          total += size;
          if (g_rand_boolean (rand))
            pass_time (fixture, g_rand_int_range (rand, 0, 300));
        }
      g_assert_cmpuint (wait_for_bytes (fixture, 1, total), <=, TIME_LIMIT_MS);
      assert_received (fixture, 1, text, total);
      g_byte_array_set_size (fixture->received[1], 0);
    }
}

/* What cannot be held back is not kept, and a direct path keeps nothing. */
static void
test_no_delay (Fixture *fixture, gconstpointer direct)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->base[0]);
  g_autofree guint8 *text = make_text (65536);
  gsize size = GPOINTER_TO_INT (direct) ? 20000 : 4096;
  guint64 total = 0;

  if (GPOINTER_TO_INT (direct))
    jxs_socket_stream_set_relayed (stream, FALSE);
  read_all (fixture);
  for (int i = 0; i < 5; i++)
    {
      Writing writing;

      start_writing (fixture, 0, &writing, text, size);
      total += size;
      g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), ==, total);
      pass_time (fixture, 300);
    }
}

/* The receiver is slow: the last byte has to wait until the relay has caught up. */
static void
test_slow_receiver (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *text = make_text (MIB);
  const gsize size = 50000;
  Writing writing;

  read_all (fixture);
  /* The window it has when it keeps up. */
  start_writing (fixture, 0, &writing, text, MIB);
  wait_for_bytes (fixture, 1, MIB);
  g_byte_array_set_size (fixture->received[1], 0);
  pass_time (fixture, 1000);

  jxs_test_proxy_set_paused (fixture->proxy, TRUE);
  start_writing (fixture, 0, &writing, text, size);
  pass_time (fixture, 60000);
  g_assert_cmpuint (jxs_test_proxy_get_relayed (fixture->proxy, 0), ==, MIB);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (JXS_SOCKET_STREAM (fixture->base[0])),
                    <,
                    MIB + size);

  jxs_test_proxy_set_paused (fixture->proxy, FALSE);
  wait_for_bytes (fixture, 1, size);
  assert_received (fixture, 1, text, size);

  /* As fast as ever afterwards. */
  g_byte_array_set_size (fixture->received[1], 0);
  start_writing (fixture, 0, &writing, text, size);
  g_assert_cmpuint (wait_for_bytes (fixture, 1, size), <=, TIME_LIMIT_MS);
}

/* Closing right after writing. */
static void
test_close (Fixture *fixture, gconstpointer blocking)
{
  const gsize size = 65536;
  g_autofree guint8 *text = make_text (size);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Writing writing;

  read_all (fixture);
  start_writing (fixture, 0, &writing, text, size);
  g_assert_cmpuint (writing.written, ==, size);
  if (GPOINTER_TO_INT (blocking))
    {
      g_io_stream_close (fixture->base[0], NULL, &error);
    }
  else
    {
      g_io_stream_close_async (
          fixture->base[0], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      g_io_stream_close_finish (fixture->base[0], result, &error);
    }
  g_assert_no_error (error);
  jxs_test_wait_for (fixture->eof[1]);
  assert_received (fixture, 1, text, size);
}

/* Nothing is lost because the peer still sends. */
static void
test_close_against_stream (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *text = make_text (MIB);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Writing writing[2];

  start_writing (fixture, 1, &writing[1], text, 65536);
  start_writing (fixture, 0, &writing[0], text, 65536);
  g_assert_cmpuint (writing[0].written, ==, 65536);
  g_io_stream_close_async (
      fixture->base[0], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  fixture->reading[1] = g_pollable_input_stream_create_source (
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->stream[1])), NULL);
  g_source_set_callback (fixture->reading[1], G_SOURCE_FUNC (readable_cb), fixture, NULL);
  g_source_attach (fixture->reading[1], NULL);
  jxs_test_wait_for (result != NULL && (fixture->eof[1] || fixture->error[1] != NULL));
  g_assert_true (g_io_stream_close_finish (fixture->base[0], result, &error));
  g_assert_no_error (fixture->error[1]);
  assert_received (fixture, 1, text, 65536);
}

/* A relay that does not end the other direction is not waited for any longer than that, and
 * nothing is read meanwhile: some may have been dropped already. */
static void
test_close_unanswered (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char c;

  jxs_test_proxy_set_paused (fixture->proxy, TRUE);
  g_io_stream_close_async (
      fixture->base[0], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  pass_time (fixture, 1500);
  g_assert_null (result);
  g_assert_cmpint (g_pollable_input_stream_read_nonblocking (
                       G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->base[0])),
                       &c,
                       1,
                       NULL,
                       &error),
                   ==,
                   -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  pass_time (fixture, 600);
  g_assert_true (g_io_stream_close_finish (fixture->base[0], result, &error));
  g_assert_no_error (error);
}

/* The output alone can be closed, which tells the peer nothing; what is kept back still leaves. */
static void
test_close_output (Fixture *fixture, gconstpointer data)
{
  JxsSocketStream *stream = JXS_SOCKET_STREAM (fixture->base[0]);
  const gsize size = 16384;
  g_autofree guint8 *text = make_text (size);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Writing writing;

  jxs_socket_stream_set_half_close (stream, TRUE);
  g_assert_false (jxs_socket_stream_get_half_close (stream));
  read_all (fixture);
  start_writing (fixture, 0, &writing, text, size);
  g_output_stream_close (writing.output, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (stream), <, size);

  if (GPOINTER_TO_INT (data))
    {
      g_assert_cmpuint (wait_for_bytes (fixture, 1, size), <=, TIME_LIMIT_MS);
      g_assert_false (fixture->eof[1]);
      start_writing (fixture, 1, &writing, text, 100);
      wait_for_bytes (fixture, 0, 100);
    }
  else
    {
      g_io_stream_close_async (
          fixture->base[0], G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
      jxs_test_wait_for (result != NULL);
      g_assert_true (g_io_stream_close_finish (fixture->base[0], result, &error));
      g_assert_no_error (error);
      jxs_test_wait_for (fixture->eof[1]);
    }
  assert_received (fixture, 1, text, size);
}

/* The close_notify after a burst, with the other direction still in use. */
static void
test_tls_close (Fixture *fixture, gconstpointer data)
{
  const gsize size = 16384;
  g_autofree guint8 *text = make_text (size);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Writing writing;
  guint ms = 0;

  secure_with_test_certificates (fixture);
  read_all (fixture);
  start_writing (fixture, 0, &writing, text, size);
  g_output_stream_close_async (
      writing.output, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_true (g_output_stream_close_finish (writing.output, result, &error));
  for (; !fixture->eof[1] && ms <= TIME_LIMIT_MS; ms += STEP_MS)
    pass_time (fixture, STEP_MS);
  g_assert_true (fixture->eof[1]);
  assert_received (fixture, 1, text, size);

  start_writing (fixture, 1, &writing, text, size);
  g_assert_cmpuint (wait_for_bytes (fixture, 0, size), <=, TIME_LIMIT_MS);
  g_assert_false (fixture->eof[0]);
}

/* A certificate with so many names that one flight of the handshake is a burst of its own. */
static GTlsCertificate *
make_big_certificate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) pem = g_string_new (NULL);
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t out;
  GTlsCertificate *result;

  gnutls_x509_privkey_init (&key);
  gnutls_x509_privkey_generate (key,
                                GNUTLS_PK_ECDSA,
                                GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                0);
  gnutls_x509_crt_init (&certificate);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, "\1", 1);
  gnutls_x509_crt_set_activation_time (certificate, 0);
  gnutls_x509_crt_set_expiration_time (certificate, 4000000000);
  gnutls_x509_crt_set_key (certificate, key);
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *name = g_strdup_printf ("host-number-%d.example.com", i);

      gnutls_x509_crt_set_subject_alt_name (
          certificate, GNUTLS_SAN_DNSNAME, name, strlen (name), GNUTLS_FSAN_APPEND);
    }
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0),
                   ==,
                   0);
  g_assert_cmpint (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &out), ==, 0);
  g_string_append_len (pem, (char *) out.data, out.size);
  gnutls_free (out.data);
  g_assert_cmpint (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, 0, &out),
                   ==,
                   0);
  g_string_append_len (pem, (char *) out.data, out.size);
  gnutls_free (out.data);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);

  result = g_tls_certificate_new_from_pem (pem->str, -1, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_big_handshake (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GTlsCertificate) first = make_big_certificate ();
  g_autoptr (GTlsCertificate) second = make_big_certificate ();
  Writing writing;

  secure (fixture, first, second);
  for (int i = 0; i < 2; i++)
    g_assert_cmpuint (jxs_socket_stream_get_bytes_written (JXS_SOCKET_STREAM (fixture->base[i])),
                      >,
                      4096);
  read_all (fixture);
  start_writing (fixture, 0, &writing, (const guint8 *) "hello", 5);
  g_assert_cmpuint (wait_for_bytes (fixture, 1, 5), <=, TIME_LIMIT_MS);
}

/* Somebody drops the stream while the end of a burst waits. */
static void
test_drop (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *text = make_text (16384);
  Writing writing;

  start_writing (fixture, 0, &writing, text, 16384);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (JXS_SOCKET_STREAM (fixture->base[0])),
                    <,
                    16384);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, data, func)                                                                      \
  g_test_add ("/io/relayed/" path, Fixture, data, set_up, func, tear_down)
  ADD ("relay-holds", NULL, test_relay_holds);
  ADD ("plain", NULL, test_plain);
  ADD ("gathered", NULL, test_gathered);
  ADD ("tls", NULL, test_tls);
  ADD ("plain-blocking", NULL, test_plain_blocking);
  ADD ("tls-blocking", NULL, test_tls_blocking);
  ADD ("random", NULL, test_random);
  ADD ("no-delay/small", GINT_TO_POINTER (FALSE), test_no_delay);
  ADD ("no-delay/direct", GINT_TO_POINTER (TRUE), test_no_delay);
  ADD ("slow-receiver", NULL, test_slow_receiver);
  ADD ("close/async", GINT_TO_POINTER (FALSE), test_close);
  ADD ("close/blocking", GINT_TO_POINTER (TRUE), test_close);
  ADD ("close/against-stream", NULL, test_close_against_stream);
  ADD ("close/unanswered", NULL, test_close_unanswered);
  ADD ("close-output/then-all", GINT_TO_POINTER (FALSE), test_close_output);
  ADD ("close-output/alone", GINT_TO_POINTER (TRUE), test_close_output);
  ADD ("tls-close", NULL, test_tls_close);
  ADD ("big-handshake", NULL, test_big_handshake);
  ADD ("drop", NULL, test_drop);
#undef ADD

  return g_test_run ();
}
