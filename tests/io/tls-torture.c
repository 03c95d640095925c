/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tls-torture.h"

#include "jxs-test-sockets.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

#define RECORD_HEADER 5
#define SEAL_TAG 16

static int
get_fd (TlsTorture *t)
{
  return g_socket_get_fd (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (t->peer.stream)));
}

/* The peer's transport */

static ssize_t
push_cb (gnutls_transport_ptr_t user_data, const void *data, size_t size)
{
  TlsTorture *t = user_data;

  g_byte_array_append (t->peer.outbox, data, size);
  return size;
}

static ssize_t
pull_cb (gnutls_transport_ptr_t user_data, void *data, size_t size)
{
  TlsTorture *t = user_data;
  gsize n = MIN (size, t->peer.inbox->len);

  if (n == 0 && !t->peer.closed)
    {
      gnutls_transport_set_errno (t->peer.session, EAGAIN);
      return -1;
    }
  if (n > 0)
    {
      memcpy (data, t->peer.inbox->data, n);
      g_byte_array_remove_range (t->peer.inbox, 0, n);
    }
  return n;
}

static int
pull_timeout_cb (gnutls_transport_ptr_t user_data, unsigned int ms)
{
  TlsTorture *t = user_data;

  return t->peer.inbox->len > 0 || t->peer.closed;
}

static void
shut (TlsTorture *t)
{
  if (t->peer.write_source != NULL)
    g_source_destroy (t->peer.write_source);
  g_clear_pointer (&t->peer.write_source, g_source_unref);
  g_source_destroy (t->peer.source);
  g_io_stream_close (t->peer.stream, NULL, NULL);
}

/* Whether some of it has to wait for our side to read. */
static gboolean
drain (TlsTorture *t)
{
  gsize at = 0;
  ssize_t n = 0;

  while (at < t->peer.wire->len && (n = send (get_fd (t),
                                              t->peer.wire->data + at,
                                              t->peer.wire->len - at,
                                              MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
    at += n;
  g_byte_array_remove_range (t->peer.wire, 0, at);
  if (n < 0 && errno == EAGAIN)
    return TRUE;
  g_byte_array_set_size (t->peer.wire, 0); /* or our side has gone */
  if (t->peer.closing)
    shut (t);
  return FALSE;
}

static gboolean
drain_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TlsTorture *t = user_data;

  if (drain (t))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&t->peer.write_source, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* On the wire now, or when our side has taken what is there. */
static void
put (TlsTorture *t, const guint8 *data, gsize size)
{
  gsize n = MIN (size, t->peer.limit - t->peer.n_sent);

  if (t->peer.closing)
    return;
  g_byte_array_append (t->peer.wire, data, n);
  t->peer.n_sent += n;
  t->peer.closing = n < size;
  if (t->peer.write_source != NULL || !drain (t))
    return;
  t->peer.write_source =
      g_socket_create_source (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (t->peer.stream)),
                              G_IO_OUT,
                              NULL);
  g_source_set_callback (t->peer.write_source, G_SOURCE_FUNC (drain_cb), t, NULL);
  g_source_attach (t->peer.write_source, NULL);
}

void
tls_peer_flush (TlsTorture *t)
{
  g_autoptr (GByteArray) outbox = t->peer.outbox;
  gsize at = 0;

  t->peer.outbox = g_byte_array_new ();
  if (outbox->len > 0 && t->peer.filter != NULL)
    t->peer.filter (t, outbox, t->peer.filter_data);
  while (at < outbox->len)
    {
      gsize size;

      if (t->peer.inject_at == (int) t->peer.n_records)
        put (t, t->peer.injected->data, t->peer.injected->len);
      g_assert_cmpuint (at + RECORD_HEADER, <=, outbox->len);
      size = RECORD_HEADER + (outbox->data[at + 3] << 8 | outbox->data[at + 4]);
      g_assert_cmpuint (at + size, <=, outbox->len);
      put (t, outbox->data + at, size);
      t->peer.n_records++;
      at += size;
    }
}

static void
shake_hands (TlsTorture *t)
{
  gsize before;
  int n;

  do
    {
      before = t->peer.inbox->len;
      n = gnutls_handshake (t->peer.session);
    }
  while (n < 0 && !gnutls_error_is_fatal (n) &&
         (n != GNUTLS_E_AGAIN || t->peer.inbox->len < before));
  t->peer.result = n;
  if (n < 0 && n != GNUTLS_E_AGAIN)
    gnutls_alert_send_appropriate (t->peer.session, n);
  tls_peer_flush (t);
  if (n < 0 && n != GNUTLS_E_AGAIN)
    tls_peer_close (t);
}

static void
decrypt (TlsTorture *t)
{
  guint8 buffer[4096];

  while (!t->peer.got_end && t->peer.read_error == 0)
    {
      gsize before = t->peer.inbox->len;
      ssize_t n = gnutls_record_recv (t->peer.session, buffer, sizeof buffer);

      /* also said after a message that was for GnuTLS alone */
      if (n == GNUTLS_E_AGAIN && t->peer.inbox->len == before)
        break;
      if (n > 0)
        g_byte_array_append (t->peer.received, buffer, n);
      else if (n == 0)
        t->peer.got_end = TRUE;
      else if (gnutls_error_is_fatal (n))
        t->peer.read_error = n;
    }
  tls_peer_flush (t);
}

static gboolean
arrived_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TlsTorture *t = user_data;
  guint8 buffer[4096];
  ssize_t n;

  while ((n = recv (g_socket_get_fd (socket), buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
    g_byte_array_append (t->peer.inbox, buffer, n);
  t->peer.closed = n == 0 || errno != EAGAIN;

  if (t->peer.session != NULL && t->peer.result == GNUTLS_E_AGAIN)
    shake_hands (t);
  if (t->peer.session != NULL && t->peer.result == 0 && !t->peer.deaf)
    decrypt (t);
  if (!g_source_is_destroyed (t->peer.source) && !t->peer.closed)
    return G_SOURCE_CONTINUE;
  return G_SOURCE_REMOVE;
}

void
tls_peer_close (TlsTorture *t)
{
  t->peer.closing = TRUE;
  if (t->peer.write_source == NULL)
    shut (t);
}

void
tls_peer_send_raw (TlsTorture *t, const void *data, gsize size)
{
  put (t, data, size);
}

void
tls_peer_send (TlsTorture *t, const void *data, gsize size)
{
  const guint8 *bytes = data;

  while (size > 0)
    {
      ssize_t n = gnutls_record_send (t->peer.session, bytes, size);

      g_assert_cmpint (n, >, 0);
      bytes += n;
      size -= n;
      tls_peer_flush (t);
    }
}

void
tls_peer_end (TlsTorture *t)
{
  g_assert_cmpint (gnutls_bye (t->peer.session, GNUTLS_SHUT_WR), ==, 0);
  tls_peer_flush (t);
}

/* RFC 8446 §5.2 and §5.3 */
void
tls_peer_send_sealed (TlsTorture *t, guint8 type, const void *data, gsize size)
{
  g_autofree guint8 *plain = g_malloc (size + 1);
  g_autofree guint8 *record = g_malloc (RECORD_HEADER + size + 1 + SEAL_TAG);
  gsize sealed_size = size + 1 + SEAL_TAG;
  guint8 sequence[8];
  guint8 nonce[12];
  gnutls_aead_cipher_hd_t cipher;
  gnutls_datum_t iv;
  gnutls_datum_t key;

  g_assert_cmpint (gnutls_record_get_state (t->peer.session, 0, NULL, &iv, &key, sequence), ==, 0);
  g_assert_cmpuint (iv.size, ==, sizeof nonce);
  memcpy (nonce, iv.data, sizeof nonce);
  for (gsize i = 0; i < sizeof sequence; i++)
    nonce[4 + i] ^= sequence[i];
  if (size > 0)
    memcpy (plain, data, size);
  plain[size] = type;
  record[0] = TLS_APPLICATION_DATA;
  record[1] = 3;
  record[2] = 3;
  record[3] = sealed_size >> 8;
  record[4] = sealed_size & 0xff;

  gnutls_aead_cipher_init (&cipher, gnutls_cipher_get (t->peer.session), &key);
  g_assert_cmpint (gnutls_aead_cipher_encrypt (cipher,
                                               nonce,
                                               sizeof nonce,
                                               record,
                                               RECORD_HEADER,
                                               SEAL_TAG,
                                               plain,
                                               size + 1,
                                               record + RECORD_HEADER,
                                               &sealed_size),
                   ==,
                   0);
  gnutls_aead_cipher_deinit (cipher);
  for (int i = 7; i >= 0 && ++sequence[i] == 0; i--)
    ;
  g_assert_cmpint (gnutls_record_set_state (t->peer.session, 0, sequence), ==, 0);
  put (t, record, RECORD_HEADER + sealed_size);
}

/* Both sides */

void
tls_torture_init (TlsTorture *t, JxsTlsRole role)
{
  g_autoptr (GError) error = NULL;

  *t = (TlsTorture){
    .role = role,
    .certificates = { jxs_test_certificate (0), jxs_test_certificate (1) },
    .received = g_byte_array_new (),
    .peer = { .result = GNUTLS_E_AGAIN,
              .received = g_byte_array_new (),
              .inbox = g_byte_array_new (),
              .outbox = g_byte_array_new (),
              .wire = g_byte_array_new (),
              .limit = G_MAXUINT64,
              .inject_at = -1 },
  };
  t->params = (JxsTlsParams){ .role = role, .certificate = t->certificates[0], .pin = TRUE };
  jxs_clock_use_fake (0);
  jxs_pipe_new (&t->base, &t->peer.stream, &error);
  g_assert_no_error (error);
  t->peer.source =
      g_socket_create_source (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (t->peer.stream)),
                              G_IO_IN,
                              NULL);
  g_source_set_callback (t->peer.source, G_SOURCE_FUNC (arrived_cb), t, NULL);
  g_source_attach (t->peer.source, NULL);
}

static void
free_credentials (gnutls_credentials_type_t type, gpointer credentials, gboolean is_client)
{
  if (type == GNUTLS_CRD_CERTIFICATE)
    gnutls_certificate_free_credentials (credentials);
  else if (is_client)
    gnutls_srp_free_client_credentials (credentials);
  else
    gnutls_srp_free_server_credentials (credentials);
}

void
tls_torture_clear (TlsTorture *t)
{
  g_clear_object (&t->connection);
  g_clear_object (&t->result);
  g_clear_error (&t->error);
  g_clear_error (&t->read_error);
  g_clear_object (&t->base);
  g_byte_array_unref (t->received);
  shut (t);
  g_source_unref (t->peer.source);
  g_byte_array_unref (t->peer.wire);
  g_clear_pointer (&t->peer.session, gnutls_deinit);
  if (t->peer.credentials != NULL)
    free_credentials (t->peer.credentials_type, t->peer.credentials, t->role == JXS_TLS_SERVER);
  g_clear_object (&t->peer.stream);
  g_byte_array_unref (t->peer.received);
  g_byte_array_unref (t->peer.inbox);
  g_byte_array_unref (t->peer.outbox);
  g_clear_pointer (&t->peer.injected, g_byte_array_unref);
  g_clear_object (&t->certificates[0]);
  g_clear_object (&t->certificates[1]);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  jxs_clock_use_real ();
}

gnutls_certificate_credentials_t
tls_torture_load (GTlsCertificate *certificate, guint flags)
{
  g_autoptr (GString) chain = g_string_new (NULL);
  g_autofree char *key_pem = NULL;
  gnutls_certificate_credentials_t credentials;
  gnutls_datum_t cert;
  gnutls_datum_t key;

  gnutls_certificate_allocate_credentials (&credentials);
  if (certificate == NULL)
    return credentials;
  g_object_get (certificate, "private-key-pem", &key_pem, NULL);
  for (GTlsCertificate *c = certificate; c != NULL; c = g_tls_certificate_get_issuer (c))
    {
      g_autofree char *pem = NULL;

      g_object_get (c, "certificate-pem", &pem, NULL);
      g_string_append (chain, pem);
    }
  cert = (gnutls_datum_t){ (unsigned char *) chain->str, chain->len };
  key = (gnutls_datum_t){ (unsigned char *) key_pem, strlen (key_pem) };
  gnutls_certificate_set_flags (credentials, flags);
  g_assert_cmpint (
      gnutls_certificate_set_x509_key_mem (credentials, &cert, &key, GNUTLS_X509_FMT_PEM), >=, 0);
  return credentials;
}

void
tls_torture_set_peer_credentials (TlsTorture *t,
                                  const char *priority,
                                  gnutls_credentials_type_t type,
                                  gpointer credentials)
{
  gboolean is_client = t->role == JXS_TLS_SERVER;

  gnutls_init (&t->peer.session,
               (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
  g_assert_cmpint (gnutls_priority_set_direct (t->peer.session, priority, NULL), ==, 0);
  gnutls_credentials_set (t->peer.session, type, credentials);
  if (!is_client && type == GNUTLS_CRD_CERTIFICATE)
    gnutls_certificate_server_set_request (t->peer.session, GNUTLS_CERT_REQUEST);
  gnutls_handshake_set_max_packet_length (t->peer.session, 0);
  gnutls_transport_set_ptr (t->peer.session, t);
  gnutls_transport_set_push_function (t->peer.session, push_cb);
  gnutls_transport_set_pull_function (t->peer.session, pull_cb);
  gnutls_transport_set_pull_timeout_function (t->peer.session, pull_timeout_cb);
  t->peer.credentials_type = type;
  t->peer.credentials = credentials;
}

void
tls_torture_set_peer (TlsTorture *t, const char *priority, GTlsCertificate *certificate)
{
  tls_torture_set_peer_credentials (t,
                                    priority,
                                    GNUTLS_CRD_CERTIFICATE,
                                    tls_torture_load (certificate, 0));
}

void
tls_torture_start (TlsTorture *t)
{
  jxs_tls_handshake_async (
      t->base, &t->params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &t->result);
  if (t->peer.session != NULL)
    shake_hands (t);
}

void
tls_torture_finish (TlsTorture *t)
{
  jxs_test_wait_for (t->result != NULL);
  t->connection = jxs_tls_handshake_finish (t->result, &t->error);
  g_assert_true ((t->connection == NULL) == (t->error != NULL));
  if (t->connection == NULL)
    g_assert_true (g_io_stream_is_closed (t->base));
}

void
tls_torture_handshake (TlsTorture *t)
{
  tls_torture_start (t);
  tls_torture_finish (t);
  g_assert_no_error (t->error);
  jxs_test_wait_for (t->peer.result != GNUTLS_E_AGAIN);
  g_assert_cmpint (t->peer.result, ==, 0);
}

void
tls_torture_fail (TlsTorture *t)
{
  tls_torture_start (t);
  tls_torture_finish (t);
  g_assert_nonnull (t->error);
  g_assert_cmpuint (strlen (t->error->message), >, 10);
  g_assert_true (g_utf8_validate (t->error->message, -1, NULL));
}

void
tls_torture_write (TlsTorture *t, const void *data, gsize size)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (t->connection));

  g_output_stream_write_all_async (
      out, data, size, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_output_stream_write_all_finish (out, result, NULL, &error);
  g_assert_no_error (error);
}

/* Whether there may be more. */
static gboolean
read_some (TlsTorture *t)
{
  g_autoptr (GAsyncResult) result = NULL;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (t->connection));
  guint8 buffer[8192];
  gssize n;

  g_input_stream_read_async (
      in, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  n = g_input_stream_read_finish (in, result, &t->read_error);
  g_assert_true ((n < 0) == (t->read_error != NULL));
  if (n > 0)
    g_byte_array_append (t->received, buffer, n);
  return n > 0;
}

void
tls_torture_read (TlsTorture *t, gsize size)
{
  while (t->received->len < size && read_some (t))
    ;
}

void
tls_torture_read_to_end (TlsTorture *t)
{
  while (read_some (t))
    ;
}

void
tls_torture_close_output (TlsTorture *t)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (t->connection));

  g_output_stream_close_async (out, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_output_stream_close_finish (out, result, &error);
  g_assert_no_error (error);
}

/* What must not grow */

guint
tls_torture_count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

gsize
tls_torture_count_memory (void)
{
  return mallinfo2 ().uordblks;
}
