/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gnutls-peer.h"
#include "jxs-faulty-stream.h"
#include "jxs-test-sockets.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
  finish (fixture,
          0); /* either way: in TLS 1.3 the client may be content before the server judges */
}

static void
iterate_a_while (void)
{
  for (int i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
}

/* A peer that is no TLS peer at all, to both roles. */
static void
test_garbage (Fixture *fixture, gconstpointer unused)
{
  static const char garbage[] = "<stream:stream xmlns='jabber:client'>";

  for (int i = 0; i < 2; i++)
    {
      tear_down (fixture, NULL);
      set_up (fixture, NULL);
      start (fixture, i);
      g_output_stream_write_all (g_io_stream_get_output_stream (fixture->base[1 - i]),
                                 garbage,
                                 sizeof garbage,
                                 NULL,
                                 NULL,
                                 NULL);
      finish (fixture, i);
      g_assert_true (fixture->error[i]->domain == G_TLS_ERROR);
    }
}

/* A connection that ends or breaks is no peer that fails to speak TLS: another one may do. */
static void
test_end (Fixture *fixture, gconstpointer over_tcp)
{
  const struct linger at_once = { .l_onoff = 1 };

  for (int i = 0; i < 2; i++)
    {
      GSocket *other;

      tear_down (fixture, NULL);
      set_up (fixture, over_tcp);
      start (fixture, i);
      iterate_a_while ();
      other = jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (fixture->base[1 - i]));
      setsockopt (g_socket_get_fd (other), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      g_socket_close (other, NULL);
      finish (fixture, i);
      g_assert_error (fixture->error[i], G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
}

static void
run_against (Fixture *fixture, int i, const char *priority, gnutls_certificate_request_t request)
{
  GnutlsPeer peer = {
    .socket = jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (fixture->base[1 - i])),
    .is_client = i == 1,
    .priority = priority,
    .request = request,
    .certificate = fixture->certificate[1 - i],
  };
  GThread *thread = g_thread_new ("peer", gnutls_peer_run, &peer);

  start (fixture, i);
  finish (fixture, i);
  if (fixture->connection[i] != NULL)
    g_io_stream_close (fixture->base[i], NULL, NULL);
  g_thread_join (thread);
}

/* TLS 1.3 or nothing where certificates are pinned: 1.2 shows the certificates to bystanders. */
static void
test_tls12 (Fixture *fixture, gconstpointer unused)
{
  for (int i = 0; i < 2; i++)
    {
      tear_down (fixture, NULL);
      set_up (fixture, NULL);
      run_against (fixture, i, "NORMAL:-VERS-ALL:+VERS-TLS1.3", GNUTLS_CERT_REQUEST);
      g_assert_no_error (fixture->error[i]);

      tear_down (fixture, NULL);
      set_up (fixture, NULL);
      run_against (fixture, i, "NORMAL:-VERS-ALL:+VERS-TLS1.2", GNUTLS_CERT_REQUEST);
      g_assert_error (fixture->error[i], JXS_ERROR, JXS_ERROR_SECURITY);
    }
}

/* A server that does not ask for our certificate cannot know who we are. */
static void
test_not_asked (Fixture *fixture, gconstpointer unused)
{
  run_against (fixture, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3", GNUTLS_CERT_IGNORE);
  g_assert_error (fixture->error[0], JXS_ERROR, JXS_ERROR_SECURITY);
}

/* Both sides in a context of their own: nothing waits for the default one. */
static void
test_own_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  start (fixture, 0);
  start (fixture, 1);
  while (fixture->result[0] == NULL || fixture->result[1] == NULL)
    g_main_context_iteration (context, TRUE);
  for (int i = 0; i < 2; i++)
    {
      finish (fixture, i);
      g_assert_no_error (fixture->error[i]);
      g_clear_object (&fixture->connection[i]);
      g_clear_object (&fixture->result[i]);
    }
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}

/* Whatever the network does to the handshake, both sides come to an end. */
static void
test_faults (Fixture *fixture, gconstpointer unused)
{
  static const guint64 offsets[] = { 0, 1, 4, 5, 6, 100, 300, 600, 900, 1200 };

  for (gsize n = 0; n < G_N_ELEMENTS (offsets); n++)
    {
      for (int variant = 0; variant < 8; variant++)
        {
          int i = variant & 1;
          JxsFaultAt at = {
            .is_write = (variant & 2) != 0,
            .offset = offsets[n],
            .fault = (variant & 4) != 0 ? JXS_FAULT_CLOSE : JXS_FAULT_ERROR,
          };
          GIOStream *faulty;

          tear_down (fixture, NULL);
          set_up (fixture, NULL);
          faulty = jxs_faulty_stream_new (fixture->base[i], jxs_fault_at, &at);
          g_object_unref (fixture->base[i]);
          fixture->base[i] = faulty;
          start (fixture, 0);
          start (fixture, 1);
          finish (fixture, i);
          if (fixture->connection[i] != NULL)
            g_io_stream_close (fixture->base[i], NULL, NULL);
          finish (fixture, 1 - i);
          if (offsets[n] <= 300)
            g_assert_nonnull (fixture->error[i]);
        }
    }
}

static void
test_pieces (Fixture *fixture, gconstpointer unused)
{
  static const JxsFaultFunc funcs[] = { jxs_fault_one_byte, jxs_fault_stutter };

  for (gsize n = 0; n < G_N_ELEMENTS (funcs); n++)
    {
      tear_down (fixture, NULL);
      set_up (fixture, NULL);
      for (int i = 0; i < 2; i++)
        {
          GIOStream *faulty = jxs_faulty_stream_new (fixture->base[i], funcs[n], NULL);

          g_object_unref (fixture->base[i]);
          fixture->base[i] = faulty;
        }
      handshake (fixture);
      g_assert_no_error (fixture->error[0]);
      g_assert_no_error (fixture->error[1]);
    }
}

/* A server on a pipe whose other end is silent. */
typedef struct
{
  GIOStream *base;
  GIOStream *peer;
  GCancellable *cancellable;
  GAsyncResult *result;
} Stranger;

static Stranger *
stranger_new (Fixture *fixture, const char *name)
{
  Stranger *self = g_new0 (Stranger, 1);
  JxsTlsParams params = fixture->params[1];
  g_autoptr (GError) error = NULL;

  jxs_pipe_new (&self->base, &self->peer, &error);
  g_assert_no_error (error);
  self->cancellable = g_cancellable_new ();
  params.stranger = name;
  jxs_tls_handshake_async (self->base,
                           &params,
                           G_PRIORITY_DEFAULT,
                           self->cancellable,
                           jxs_test_keep_result,
                           &self->result);
  return self;
}

static void
stranger_assert_failed (Stranger *self, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  jxs_test_wait_for (self->result != NULL);
  g_assert_null (jxs_tls_handshake_finish (self->result, &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_io_stream_is_closed (self->base));
}

static void
stranger_free (Stranger *self)
{
  g_clear_object (&self->base);
  g_clear_object (&self->peer);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->result);
  g_free (self);
}

static void
add_strangers (GPtrArray *strangers, Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("stranger %u", i);

      g_ptr_array_add (strangers, stranger_new (fixture, name));
    }
}

/* Strangers that dawdle are so many and no more; whoever is no stranger does not notice. */
static void
test_strangers (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) strangers = g_ptr_array_new_with_free_func ((GDestroyNotify) stranger_free);
  Stranger *refused;

  add_strangers (strangers, fixture, JXS_TLS_MAX_STRANGERS);
  refused = stranger_new (fixture, "refused");
  stranger_assert_failed (refused, JXS_ERROR, JXS_ERROR_LIMIT);
  stranger_free (refused);
  handshake (fixture);
  g_assert_no_error (fixture->error[0]);
  g_assert_no_error (fixture->error[1]);

  /* the place of one that gave up is free */
  g_cancellable_cancel (((Stranger *) strangers->pdata[3])->cancellable);
  stranger_assert_failed (strangers->pdata[3], G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_ptr_array_remove_index (strangers, 3);
  tear_down (fixture, NULL);
  set_up (fixture, NULL);
  fixture->params[1].stranger = "romeo";
  handshake (fixture);
  g_assert_no_error (fixture->error[1]);

  /* and so are all others when their time is over */
  jxs_clock_advance (30 * G_USEC_PER_SEC);
  for (guint i = 0; i < strangers->len; i++)
    stranger_assert_failed (strangers->pdata[i], JXS_ERROR, JXS_ERROR_TIMED_OUT);
  g_ptr_array_set_size (strangers, 0);
  add_strangers (strangers, fixture, JXS_TLS_MAX_STRANGERS);
  iterate_a_while ();
  for (guint i = 0; i < strangers->len; i++)
    g_assert_null (((Stranger *) strangers->pdata[i])->result);
  for (guint i = 0; i < strangers->len; i++)
    g_cancellable_cancel (((Stranger *) strangers->pdata[i])->cancellable);
  for (guint i = 0; i < strangers->len; i++)
    stranger_assert_failed (strangers->pdata[i], G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* One that dawdles many times over does not stand in the way of others. */
static void
test_one_stranger (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) strangers = g_ptr_array_new_with_free_func ((GDestroyNotify) stranger_free);
  Stranger *refused;

  for (int i = 0; i < JXS_TLS_MAX_PER_STRANGER; i++)
    g_ptr_array_add (strangers, stranger_new (fixture, "tybalt"));
  refused = stranger_new (fixture, "tybalt");
  stranger_assert_failed (refused, JXS_ERROR, JXS_ERROR_LIMIT);
  stranger_free (refused);
  fixture->params[1].stranger = "romeo";
  handshake (fixture);
  g_assert_no_error (fixture->error[1]);

  for (guint i = 0; i < strangers->len; i++)
    {
      g_cancellable_cancel (((Stranger *) strangers->pdata[i])->cancellable);
      stranger_assert_failed (strangers->pdata[i], G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

/* The peer has refused us after its part of the handshake was done: the next read says so. */
static void
assert_told (GTlsConnection *connection)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  char c;

  g_input_stream_read_async (in, &c, 1, 0, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (in, result, &error), ==, -1);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
}

/* Not pinned, as towards a server: the certificate must come from an authority and bear the name.
 */
static void
test_database (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *name;
    gboolean known;
    const char *message; /* (nullable): NULL for success */
  } cases[] = {
    { "test1.example", TRUE, NULL },
    { "test2.example", TRUE, "another name" },
    { "test1.example", FALSE, "no authority" },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("jxs-test-XXXXXX.pem", &path, &error);

  g_assert_no_error (error);
  close (fd);
  for (gsize n = 0; n < G_N_ELEMENTS (cases); n++)
    {
      g_autoptr (GTlsDatabase) database = NULL;
      g_autoptr (GSocketConnectable) identity = g_network_address_new (cases[n].name, 5222);
      g_autofree char *known = NULL;

      tear_down (fixture, NULL);
      set_up (fixture, NULL);
      g_object_get (fixture->certificate[cases[n].known ? 1 : 0], "certificate-pem", &known, NULL);
      g_file_set_contents (path, known, -1, &error);
      g_assert_no_error (error);
      database = g_tls_file_database_new (path, &error);
      g_assert_no_error (error);

      fixture->params[0].certificate = NULL;
      fixture->params[0].pin = FALSE;
      fixture->params[0].identity = identity;
      fixture->params[0].database = database;
      fixture->params[1].pin = FALSE;
      handshake (fixture);
      if (cases[n].message == NULL)
        {
          g_assert_no_error (fixture->error[0]);
          g_assert_no_error (fixture->error[1]);
        }
      else
        {
          g_assert_error (fixture->error[0], G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
          g_assert_nonnull (strstr (fixture->error[0]->message, cases[n].message));
          g_assert_no_error (fixture->error[1]);
          assert_told (fixture->connection[1]);
        }
    }
  g_unlink (path);
}

static void
test_protocols (Fixture *fixture, gconstpointer unused)
{
  static const char *const offered[] = { "xmpp-client", "other", NULL };
  static const char *const known[] = { "other", NULL };

  fixture->params[0].protocols = offered;
  fixture->params[1].protocols = known;
  handshake (fixture);
  g_assert_cmpstr (g_tls_connection_get_negotiated_protocol (fixture->connection[0]), ==, "other");
}

/* One direction of a transfer through both connections. */
typedef struct
{
  const guint8 *pool;
  gsize total;
  gsize moved;
  const guint8 *piece; /* (nullable): TLS wants the same again after would-block */
  gsize piece_size;
  GChecksum *sum;
  gboolean over;
  GError *error;
} Transfer;

static gboolean
send_cb (GObject *stream, gpointer user_data)
{
  Transfer *transfer = user_data;

  while (transfer->moved < transfer->total)
    {
      gssize n;

      if (transfer->piece == NULL)
        {
          transfer->piece = transfer->pool + g_test_rand_int_range (0, 60000);
          transfer->piece_size = g_test_rand_int_range (1, 40000);
          transfer->piece_size = MIN (transfer->piece_size, transfer->total - transfer->moved);
        }
      n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream),
                                                      transfer->piece,
                                                      transfer->piece_size,
                                                      NULL,
                                                      &transfer->error);
      if (n < 0)
        {
          g_assert_error (transfer->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          g_clear_error (&transfer->error);
          return G_SOURCE_CONTINUE;
        }
      g_checksum_update (transfer->sum, transfer->piece, n);
      transfer->moved += n;
      transfer->piece = NULL;
    }
  transfer->over = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
receive_cb (GObject *stream, gpointer user_data)
{
  static guint8 buffer[40000];
  Transfer *transfer = user_data;

  for (;;)
    {
      gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream),
                                                           buffer,
                                                           g_test_rand_int_range (1, 40000),
                                                           NULL,
                                                           &transfer->error);

      if (n < 0 && g_error_matches (transfer->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_clear_error (&transfer->error);
          return G_SOURCE_CONTINUE;
        }
      if (n <= 0)
        {
          transfer->over = TRUE;
          return G_SOURCE_REMOVE;
        }
      g_checksum_update (transfer->sum, buffer, n);
      transfer->moved += n;
    }
}

static void
attach (GSource *source, GPollableSourceFunc func, gpointer user_data)
{
  g_source_set_callback (source, G_SOURCE_FUNC (func), user_data, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

/* Bytes one way in pieces of any size, then the end: our direction closed, all of it arrived, and
 * the other direction still open. */
static void
test_bulk (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *pool = g_malloc (100000);
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;
  Transfer sent = { .pool = pool,
                    .total = 64 * 1024 * 1024,
                    .sum = g_checksum_new (G_CHECKSUM_MD5) };
  Transfer got = { .sum = g_checksum_new (G_CHECKSUM_MD5) };
  GOutputStream *out;
  char answer[7] = "";

  for (int i = 0; i < 100000; i++)
    pool[i] = g_test_rand_int () & 0xff;
  handshake (fixture);
  g_assert_no_error (fixture->error[1]);

  out = g_io_stream_get_output_stream (G_IO_STREAM (fixture->connection[0]));
  attach (g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (out), NULL),
          send_cb,
          &sent);
  attach (g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (
                                                     g_io_stream_get_input_stream (
                                                         G_IO_STREAM (fixture->connection[1]))),
                                                 NULL),
          receive_cb,
          &got);
  jxs_test_wait_for (sent.over);
  g_output_stream_close_async (out, 0, NULL, jxs_test_keep_result, &closed);
  jxs_test_wait_for (got.over && closed != NULL);
  g_assert_true (g_output_stream_close_finish (out, closed, &error));
  g_assert_no_error (error);
  g_assert_no_error (got.error);
  g_assert_cmpuint (sent.moved, ==, sent.total);
  g_assert_cmpuint (got.moved, ==, sent.total);
  g_assert_cmpstr (g_checksum_get_string (sent.sum), ==, g_checksum_get_string (got.sum));

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (fixture->connection[1])),
                             "answer",
                             6,
                             NULL,
                             NULL,
                             &error);
  g_assert_no_error (error);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (fixture->connection[0])),
                           answer,
                           6,
                           NULL,
                           NULL,
                           &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "answer");
  g_checksum_free (sent.sum);
  g_checksum_free (got.sum);
}

/* The end of the bytes without TLS saying so is no end of file. */
static void
test_truncated (Fixture *fixture, gconstpointer unused)
{
  Transfer got = { .sum = g_checksum_new (G_CHECKSUM_MD5) };

  handshake (fixture);
  attach (g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (
                                                     g_io_stream_get_input_stream (
                                                         G_IO_STREAM (fixture->connection[1]))),
                                                 NULL),
          receive_cb,
          &got);
  g_io_stream_close (fixture->base[0], NULL, NULL);
  jxs_test_wait_for (got.over);
  g_assert_error (got.error, G_TLS_ERROR, G_TLS_ERROR_EOF);
  g_clear_error (&got.error);
  g_checksum_free (got.sum);
}

/* TLS as it leaves our hands writes without waiting: small messages leave together and at once. */
static void
test_gathered (Fixture *fixture, gconstpointer unused)
{
  JxsSocketStream *base = JXS_SOCKET_STREAM (fixture->base[0]);
  guint64 before;

  handshake (fixture);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  before = jxs_socket_stream_get_bytes_written (base);
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                         G_POLLABLE_OUTPUT_STREAM (
                             g_io_stream_get_output_stream (G_IO_STREAM (fixture->connection[0]))),
                         "stanza",
                         6,
                         NULL,
                         NULL),
                     ==,
                     6);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (base), ==, before);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (jxs_socket_stream_get_bytes_written (base), >, before + 18);
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
  ADD ("not-asked", FALSE, test_not_asked);
  ADD ("own-context", FALSE, test_own_context);
  ADD ("garbage", FALSE, test_garbage);
  ADD ("end", FALSE, test_end);
  ADD ("reset", TRUE, test_end);
  ADD ("tls-1.2", FALSE, test_tls12);
  ADD ("faults", FALSE, test_faults);
  ADD ("pieces", FALSE, test_pieces);
  ADD ("strangers", FALSE, test_strangers);
  ADD ("one-stranger", FALSE, test_one_stranger);
  ADD ("database", FALSE, test_database);
  ADD ("protocols", FALSE, test_protocols);
  ADD ("bulk/pipe", FALSE, test_bulk);
  ADD ("bulk/tcp", TRUE, test_bulk);
  ADD ("truncated", FALSE, test_truncated);
  ADD ("gathered", TRUE, test_gathered);
  return g_test_run ();
}
