/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

/* Peers that say what they should not, when they should not. */

static const JxsTlsRole roles[] = { JXS_TLS_CLIENT, JXS_TLS_SERVER };

#define ROLE(data) (*(const JxsTlsRole *) (data))

static const guint8 fatal_codes[] = { 10, 20, 22, 40, 42, 43,  44,  45,  46,  47,  48,  49,  50,
                                      51, 70, 71, 80, 86, 109, 110, 112, 113, 115, 116, 120, 255 };
static const guint8 warning_codes[] = { 41, 90, 100, 112, 255 };

static GByteArray *
make_record (guint8 type, const void *data, gsize size)
{
  const guint8 header[] = { type, 3, 3, size >> 8, size & 0xff };
  GByteArray *record = g_byte_array_new ();

  g_byte_array_append (record, header, sizeof header);
  if (size > 0)
    g_byte_array_append (record, data, size);
  return record;
}

/* A handshake in which these bytes precede the record of that number that the peer sends. Whether
 * the record was ever reached. */
static gboolean
inject (TlsTorture *t, JxsTlsRole role, int at, GByteArray *bytes)
{
  tls_torture_init (t, role);
  tls_torture_set_peer (t, TLS_1_3, t->certificates[1]);
  t->peer.inject_at = at;
  t->peer.injected = g_byte_array_ref (bytes);
  tls_torture_start (t);
  tls_torture_finish (t);
  return (int) t->peer.n_records > at || t->connection == NULL;
}

/* Fatal alerts before the hello and before each record that follows it, in the clear. */
static void
test_fatal_alerts (gconstpointer role)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fatal_codes); i++)
    for (int at = 0; at < 8; at++)
      {
        const guint8 alert[] = { 2, fatal_codes[i] };
        g_autoptr (GByteArray) record = make_record (TLS_ALERT, alert, sizeof alert);
        TlsTorture t;

        if (inject (&t, ROLE (role), at, record))
          {
            g_assert_nonnull (t.error);
            g_assert_cmpuint (strlen (t.error->message), >, 10);
          }
        tls_torture_clear (&t);
      }
}

/* Warnings are worth nothing: they end a handshake or they do not, but never quietly in the middle
 * of it. A close_notify there is no orderly end. */
static void
test_warning_alerts (gconstpointer role)
{
  for (gsize i = 0; i < G_N_ELEMENTS (warning_codes); i++)
    for (int at = 0; at < 8; at++)
      {
        const guint8 alert[] = { 1, warning_codes[i] };
        g_autoptr (GByteArray) record = make_record (TLS_ALERT, alert, sizeof alert);
        TlsTorture t;

        inject (&t, ROLE (role), at, record);
        if (t.connection != NULL)
          {
            jxs_test_wait_for (t.peer.result != GNUTLS_E_AGAIN);
            g_assert_cmpint (t.peer.result, ==, 0);
          }
        tls_torture_clear (&t);
      }
  for (int at = 0; at < 8; at++)
    {
      const guint8 alert[] = { 1, 0 };
      g_autoptr (GByteArray) record = make_record (TLS_ALERT, alert, sizeof alert);
      TlsTorture t;

      if (inject (&t, ROLE (role), at, record))
        g_assert_nonnull (t.error);
      tls_torture_clear (&t);
    }
}

static void
establish (TlsTorture *t, JxsTlsRole role)
{
  tls_torture_init (t, role);
  tls_torture_set_peer (t, TLS_1_3, t->certificates[1]);
  tls_torture_handshake (t);
}

static gboolean
speaks_of_our_key (guint8 code)
{
  switch (code)
    {
    case GNUTLS_A_BAD_CERTIFICATE:
    case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
    case GNUTLS_A_CERTIFICATE_REVOKED:
    case GNUTLS_A_CERTIFICATE_EXPIRED:
    case GNUTLS_A_CERTIFICATE_UNKNOWN:
    case GNUTLS_A_UNKNOWN_CA:
    case GNUTLS_A_ACCESS_DENIED:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Alerts in an established session: RFC 8446 §6, all but close_notify and user_canceled count as
 * fatal whatever they say of themselves. What came before arrives, and that was no end. */
static void
test_late_alerts (gconstpointer role)
{
  for (guint8 level = 1; level <= 2; level++)
    for (gsize i = 0; i < G_N_ELEMENTS (fatal_codes); i++)
      {
        const guint8 alert[] = { level, fatal_codes[i] };
        TlsTorture t;

        establish (&t, ROLE (role));
        tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "before", 6);
        tls_peer_send_sealed (&t, TLS_ALERT, alert, sizeof alert);
        tls_peer_close (&t);
        tls_torture_read_to_end (&t);
        g_assert_nonnull (t.read_error);
        if (speaks_of_our_key (fatal_codes[i]))
          g_assert_error (t.read_error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
        g_assert_cmpmem (t.received->data, t.received->len, "before", 6);
        tls_torture_clear (&t);
      }
}

/* Our no after the handshake: the peer is told, and nothing else. */
static void
test_refuse (gconstpointer role)
{
  g_autoptr (GError) error = NULL;
  TlsTorture t;

  establish (&t, ROLE (role));
  jxs_tls_refuse (t.connection);
  g_assert_cmpint (
      g_output_stream_write (
          g_io_stream_get_output_stream (G_IO_STREAM (t.connection)), "secret", 6, NULL, &error),
      ==,
      -1);
  g_assert_nonnull (error);
  jxs_test_wait_for (t.peer.got_end || t.peer.read_error != 0);
  g_assert_cmpint (t.peer.read_error, ==, GNUTLS_E_FATAL_ALERT_RECEIVED);
  g_assert_cmpint (gnutls_alert_get (t.peer.session), ==, GNUTLS_A_ACCESS_DENIED);
  g_assert_cmpuint (t.peer.received->len, ==, 0);
  tls_torture_clear (&t);
}

/* RFC 8446 §6.1: user_canceled “SHOULD be followed by a closure alert”. */
static void
test_user_canceled (gconstpointer role)
{
  const guint8 user_canceled[] = { 1, 90 };
  TlsTorture t;

  establish (&t, ROLE (role));
  tls_peer_send_sealed (&t, TLS_ALERT, user_canceled, sizeof user_canceled);
  tls_peer_end (&t);
  tls_torture_read_to_end (&t);
  g_assert_cmpuint (t.received->len, ==, 0);
  tls_torture_clear (&t);
}

/* What is no TLS at all, and records that no handshake has. */
static void
test_garbage (gconstpointer role)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } cases[] = {
    { "<?xml version='1.0'?><stream:stream xmlns='jabber:client'>", 57 },
    { "GET / HTTP/1.1\r\n\r\n", 18 },
    { "\0\0\0\0\0\0\0\0", 8 },
    { "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
    { "\x16\x03\x01\xff\xff\x01\x02\x03", 8 },              /* a record too long */
    { "\x16\x03\x03\x00\x04\x63\x00\x00\x00", 9 },          /* unknown message */
    { "\x17\x03\x03\x00\x05hello", 10 },                    /* data too early */
    { "\x18\x03\x03\x00\x03\x01\x40\x00", 8 },              /* a heartbeat */
    { "\x15\x03\x03\x00\x01\x02", 6 },                      /* half an alert */
    { "\x15\x03\x03\x00\x03\x02\x28\x00", 8 },              /* one and a half */
    { "\x16\x03\x03\x00\x04\x14\x00\x00\x00", 9 },          /* Finished too early */
    { "\x16\x03\x03\x00\x05\x18\x00\x00\x01\x01", 10 },     /* KeyUpdate too early */
    { "\x16\x03\x03\x00\x06\x01\x00\x00\x02\x03\x03", 11 }, /* a hello cut short */
    { "\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03", 11 },
    { "\x14\x03\x03\x00\x01\x02", 6 }, /* no ChangeCipherSpec */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int at = 0; at < 8; at++)
      {
        g_autoptr (GByteArray) bytes = g_byte_array_new ();
        TlsTorture t;

        g_byte_array_append (bytes, (const guint8 *) cases[i].bytes, cases[i].size);
        if (inject (&t, ROLE (role), at, bytes))
          g_assert_nonnull (t.error);
        tls_torture_clear (&t);
      }
}

/* The same in the clear after Finished, and sealed what belongs nowhere. RFC 8446 §5: such a
 * record ends the connection; data before it counts. */
static void
test_late_garbage (gconstpointer role)
{
  static const struct
  {
    guint8 type; /* 0 for in the clear */
    const char *bytes;
    gsize size;
  } cases[] = {
    { 0, "\x17\x03\x03\x00\x05hello", 10 },
    { 0, "\x17\x03\x03\x00\x20hellohellohellohellohellohello!!", 37 },
    { 0, "\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9 },
    { 0, "\x15\x03\x03\x00\x02\x01\x00", 7 },
    { 0, "\x17\x03\x03\x00\x00", 5 },
    { 0, "\x17\x03\x03\xff\xff", 5 },
    { 0, "<presence/><presence/>", 22 },
    { 99, "?", 1 },
    { TLS_CHANGE_CIPHER_SPEC, "\1", 1 },
    { TLS_HANDSHAKE, "", 0 }, /* RFC 8446 §5.1: no empty fragments */
    { TLS_ALERT, "", 0 },
    { TLS_HANDSHAKE, "\x00\x00\x00\x00", 4 },     /* HelloRequest */
    { TLS_HANDSHAKE, "\x14\x00\x00\x00", 4 },     /* a second Finished */
    { TLS_HANDSHAKE, "\x18\x00\x00\x01\x02", 5 }, /* KeyUpdate with a wrong request */
    { TLS_HANDSHAKE, "\x18\x00\x00\x00", 4 },     /* an empty one */
    { TLS_HANDSHAKE, "\x01\x00\x00\x02\x03\x03", 6 },
    { TLS_HANDSHAKE, "\x02\x00\x00\x02\x03\x03", 6 },
    { TLS_HANDSHAKE, "\x0d\x00\x00\x03\x00\x00\x00", 7 }, /* asks again for a certificate */
    { TLS_HANDSHAKE, "\x63\x00\x00\x00", 4 },
    { TLS_HANDSHAKE, "\x0b\xff\xff\xff", 4 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TlsTorture t;

      establish (&t, ROLE (role));
      tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "before", 6);
      if (cases[i].type == 0)
        tls_peer_send_raw (&t, cases[i].bytes, cases[i].size);
      else
        tls_peer_send_sealed (&t, cases[i].type, cases[i].bytes, cases[i].size);
      tls_peer_close (&t);
      tls_torture_read_to_end (&t);
      g_test_message ("%u: %s", (guint) i, t.read_error ? t.read_error->message : "an end");
      g_assert_nonnull (t.read_error);
      g_assert_cmpmem (t.received->data, t.received->len, "before", 6);
      tls_torture_clear (&t);
    }
}

/* Without waiting. */
static void
read_what_is_there (TlsTorture *t)
{
  g_autoptr (GError) error = NULL;
  guint8 buffer[16];

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (
                                                G_IO_STREAM (t->connection))),
                                            buffer,
                                            sizeof buffer,
                                            NULL,
                                            &error);
}

/* Half a message, then a record with nothing of it: RFC 8446 §5.1 forbids that, and GnuTLS would
 * wait for the rest in a loop without end. Padding does not hide it. */
static void
test_half_message (gconstpointer role)
{
  static const struct
  {
    const char *pieces[4]; /* the type, then the content; (nullable) */
    gsize sizes[4];
  } cases[] = {
    { { "\x16\x04\0\0\x02\0", "\x16" }, { 6, 1 } },
    { { "\x16\x04\0", "\x16\0\x02\0", "\x16" }, { 3, 4, 1 } },
    { { "\x16\x04\0\0\x02\0", "\x17x", "\x16" }, { 6, 2, 1 } },
    { { "\x16\x04\0\0\x02\0", "\0\x16\0\0" }, { 6, 4 } },
    { { "\x16\x18\0\0\x01\0\x04\0\0\x02", "\x16" }, { 10, 1 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int one_by_one = 0; one_by_one < 2; one_by_one++)
      {
        TlsTorture t;

        establish (&t, ROLE (role));
        for (gsize j = 0; j < 4 && cases[i].pieces[j] != NULL; j++)
          {
            tls_peer_send_sealed (&t,
                                  cases[i].pieces[j][0],
                                  cases[i].pieces[j] + 1,
                                  cases[i].sizes[j] - 1);
            if (one_by_one)
              read_what_is_there (&t);
          }
        tls_peer_close (&t);
        tls_torture_read_to_end (&t);
        g_assert_nonnull (t.read_error);
        tls_torture_clear (&t);
      }
}

/* Versions */

/* Old peers, both where certificates are pinned (TLS 1.3 alone) and on the way to a server. */
static void
test_old_versions (gconstpointer role)
{
  static const char *const priorities[] = {
    "NORMAL:-VERS-ALL:+VERS-TLS1.0",
    "NORMAL:-VERS-ALL:+VERS-TLS1.1",
    "NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1:+VERS-TLS1.2",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      TlsTorture t;

      tls_torture_init (&t, ROLE (role));
      tls_torture_set_peer (&t, priorities[i], t.certificates[1]);
      tls_torture_fail (&t);
      g_assert_error (t.error, JXS_ERROR, JXS_ERROR_SECURITY);
      tls_torture_clear (&t);
    }
}

/* A ServerHello without extensions: one of an older TLS, RFC 8446 §4.1.3. */
static GByteArray *
make_server_hello (guint8 minor, const guint8 *session_id, gboolean downgraded)
{
  static const guint8 start[] = { TLS_HANDSHAKE, 3, 3, 0, 74, 2, 0, 0, 70, 3 };
  static const guint8 suite[] = { 0xc0, 0x2b, 0 };
  static const guint8 done[] = { TLS_HANDSHAKE, 3, 3, 0, 4, 14, 0, 0, 0 };
  const guint8 sentinel[] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D', minor == 3 };
  const guint8 id_size = 32;
  guint8 random[32] = { 1, 2, 3 };
  GByteArray *bytes = g_byte_array_new ();

  if (downgraded)
    memcpy (random + 24, sentinel, sizeof sentinel);
  g_byte_array_append (bytes, start, sizeof start);
  g_byte_array_append (bytes, &minor, 1);
  g_byte_array_append (bytes, random, sizeof random);
  g_byte_array_append (bytes, &id_size, 1);
  g_byte_array_append (bytes, session_id, id_size);
  g_byte_array_append (bytes, suite, sizeof suite);
  g_byte_array_append (bytes, done, sizeof done);
  return bytes;
}

static void
test_server_hello (void)
{
  for (guint8 minor = 0; minor <= 5; minor++)
    for (int downgraded = 0; downgraded < 2; downgraded++)
      {
        const gsize at = 5 + 4 + 2 + 32; /* record, message, version, random */
        g_autoptr (GByteArray) hello = NULL;
        guint8 id[32] = { 0 };
        TlsTorture t;

        tls_torture_init (&t, JXS_TLS_CLIENT);
        tls_torture_start (&t);
        jxs_test_wait_for (t.peer.inbox->len > at + 1 + 32);
        if (t.peer.inbox->data[at] == 32)
          memcpy (id, t.peer.inbox->data + at + 1, sizeof id);
        hello = make_server_hello (minor, id, downgraded);
        tls_peer_send_raw (&t, hello->data, hello->len);
        tls_torture_finish (&t);
        g_assert_nonnull (t.error);
        g_assert_cmpuint (t.error->domain, !=, G_IO_ERROR);
        tls_torture_clear (&t);
      }
}

/* RFC 5246 appendix E.2: what a client looked like that might have to speak SSL 2 */
static void
test_ssl2_hello (void)
{
  static const guint8 hellos[][49] = {
    { 0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, 2, 0, 0x80, 3, 0, 0x80, 6, 0, 0x40 },
    { 0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, 0, 0, 0x2f, 0, 0, 0x35, 0, 0, 5 },
    { 0x80, 0x2e, 1, 3, 3, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, 0, 0, 0x2f, 0, 0, 0x35, 0, 0, 5 },
    { 0xff, 0xff, 1, 3, 3, 0, 0x15, 0, 0, 0, 0x10 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (hellos); i++)
    {
      TlsTorture t;

      tls_torture_init (&t, JXS_TLS_SERVER);
      tls_torture_start (&t);
      tls_peer_send_raw (&t, hellos[i], sizeof hellos[i]);
      tls_torture_finish (&t);
      g_assert_nonnull (t.error);
      g_assert_cmpuint (t.error->domain, !=, G_IO_ERROR);
      tls_torture_clear (&t);
    }
}

/* Connections to servers, where TLS 1.2 is allowed */

typedef struct
{
  TlsTorture t;
  GTlsDatabase *database;
  GSocketConnectable *identity;
  char *path;
} Server;

static void
server_init (Server *self, JxsTlsRole role, const char *priority)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = NULL;
  int fd = g_file_open_tmp ("jxs-test-XXXXXX.pem", &self->path, &error);

  g_assert_no_error (error);
  close (fd);
  tls_torture_init (&self->t, role);
  g_object_get (self->t.certificates[1], "certificate-pem", &pem, NULL);
  g_file_set_contents (self->path, pem, -1, &error);
  g_assert_no_error (error);
  self->database = g_tls_file_database_new (self->path, &error);
  g_assert_no_error (error);
  self->identity = g_network_address_new ("test1.example", 5222);
  self->t.params.pin = FALSE;
  if (role == JXS_TLS_CLIENT)
    {
      self->t.params.certificate = NULL;
      self->t.params.database = self->database;
      self->t.params.identity = self->identity;
    }
  tls_torture_set_peer (&self->t, priority, self->t.certificates[1]);
}

static void
server_clear (Server *self)
{
  tls_torture_clear (&self->t);
  g_object_unref (self->database);
  g_object_unref (self->identity);
  g_unlink (self->path);
  g_free (self->path);
}

/* The keys of a session are those of its handshake: RFC 5746 is not needed where nobody
 * renegotiates. What was said so far arrives, and the peer gets no second handshake. */
static void
test_renegotiation (gconstpointer role)
{
  Server server;
  TlsTorture *t = &server.t;
  int result;

  server_init (&server, ROLE (role), TLS_1_2);
  tls_torture_handshake (t);
  tls_peer_send (t, "before", 6);
  tls_torture_read (t, 6);
  g_assert_cmpmem (t->received->data, t->received->len, "before", 6);

  t->peer.deaf = TRUE;
  if (ROLE (role) == JXS_TLS_CLIENT)
    g_assert_cmpint (gnutls_rehandshake (t->peer.session), ==, 0); /* HelloRequest */
  else
    g_assert_cmpint (gnutls_handshake (t->peer.session), ==, GNUTLS_E_AGAIN);
  tls_peer_flush (t);
  for (int i = 0; i < 100; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      result = gnutls_handshake (t->peer.session);
      g_assert_cmpint (result, !=, 0);
      tls_peer_flush (t);
    }
  tls_peer_close (t);
  tls_torture_read_to_end (t);
  g_assert_nonnull (t->read_error);
  g_assert_cmpuint (t->received->len, ==, 6);
  server_clear (&server);
}

static void
test_old_servers (void)
{
  static const char *const priorities[] = {
    "NORMAL:-VERS-ALL:+VERS-TLS1.0",
    "NORMAL:-VERS-ALL:+VERS-TLS1.1",
  };
  Server server;

  for (gsize i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      server_init (&server, JXS_TLS_CLIENT, priorities[i]);
      tls_torture_fail (&server.t);
      server_clear (&server);
    }
  server_init (&server, JXS_TLS_CLIENT, TLS_1_2);
  tls_torture_handshake (&server.t);
  server_clear (&server);
}

/* Floods */

/* The peer asks for new keys again and again and reads none of the answers: each costs us a
 * derivation and a record, RFC 8446 §4.6.3. Either that ends, or all is done and nothing heaps up.
 */
static void
test_key_updates (gconstpointer role)
{
  gsize before;
  TlsTorture t;

  establish (&t, ROLE (role));
  /* A few are everybody's right. */
  for (int i = 0; i < 3; i++)
    {
      g_assert_cmpint (gnutls_session_key_update (t.peer.session, GNUTLS_KU_PEER), ==, 0);
      tls_peer_send (&t, "new", 3);
      tls_torture_read (&t, 3 * (i + 1));
      g_assert_no_error (t.read_error);
      tls_torture_write (&t, "keys", 4);
      jxs_test_wait_for (t.peer.received->len == 4 * (guint) (i + 1));
    }

  t.peer.deaf = TRUE;
  before = tls_torture_count_memory ();
  for (int i = 0; i < 5000; i++)
    {
      g_assert_cmpint (gnutls_session_key_update (t.peer.session, GNUTLS_KU_PEER), ==, 0);
      tls_peer_flush (&t);
    }
  tls_peer_close (&t);
  tls_torture_read_to_end (&t);
  g_assert_nonnull (t.read_error);
  g_assert_cmpuint (tls_torture_count_memory (), <, before + 1024 * 1024);
  tls_torture_clear (&t);
}

/* New keys are asked for while a record of ours is half under way: both leave, in order. */
static void
test_half_record (gconstpointer role)
{
  g_autofree guint8 *bytes = g_malloc (4 * 1024 * 1024);
  g_autoptr (GError) error = NULL;
  GPollableOutputStream *out;
  gsize moved = 0;
  gssize n;
  TlsTorture t;

  for (gsize i = 0; i < 4 * 1024 * 1024; i++)
    bytes[i] = i * 31 >> 8;
  establish (&t, ROLE (role));
  out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (t.connection)));
  jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (t.base), FALSE);
  while (
      (n = g_pollable_output_stream_write_nonblocking (out, bytes + moved, 10000, NULL, &error)) >
      0)
    moved += n;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);

  g_assert_cmpint (gnutls_session_key_update (t.peer.session, GNUTLS_KU_PEER), ==, 0);
  tls_peer_send (&t, "new", 3);
  tls_torture_read (&t, 3);
  g_assert_no_error (t.read_error);
  tls_torture_write (&t, bytes + moved, 10000);
  tls_torture_write (&t, bytes + moved + 10000, 10000);
  jxs_test_wait_for (t.peer.received->len >= moved + 20000 || t.peer.read_error != 0);
  g_assert_cmpmem (t.peer.received->data, t.peer.received->len, bytes, moved + 20000);
  tls_torture_clear (&t);
}

/* Records with nothing in them: before the hello, between flights, and afterwards as encrypted
 * ones, which RFC 8446 §5.4 allows. */
static void
test_empty_records (gconstpointer role)
{
  g_autoptr (GByteArray) flood = g_byte_array_new ();
  TlsTorture t;

  for (int i = 0; i < 100000; i++)
    g_byte_array_append (flood, (const guint8 *) "\x16\x03\x03\0\0", 5);
  for (int at = 0; at < 8; at++)
    {
      if (inject (&t, ROLE (role), at, flood))
        g_assert_nonnull (t.error);
      tls_torture_clear (&t);
    }

  establish (&t, ROLE (role));
  for (int i = 0; i < 20000 && t.read_error == NULL; i++)
    tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "", 0);
  tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "after", 5);
  tls_torture_read (&t, 5);
  if (t.read_error == NULL)
    g_assert_cmpmem (t.received->data, t.received->len, "after", 5);
  tls_torture_clear (&t);
}

/* A message that says it is 16 MiB long, and comes, a mebibyte at least. */
static void
test_oversized (gconstpointer role)
{
  static const guint8 first[] = { 11, 0xff, 0xff, 0xff }; /* a Certificate */
  g_autoptr (GByteArray) flood = g_byte_array_new ();
  g_autofree guint8 *zeros = g_malloc0 (16384);
  TlsTorture t;

  for (int i = 0; i < 64; i++)
    {
      g_autoptr (GByteArray) record = make_record (TLS_HANDSHAKE, zeros, 16384);

      if (i == 0)
        {
          record->data[5] = ROLE (role) == JXS_TLS_SERVER ? 1 : 2; /* a hello */
          memcpy (record->data + 6, first + 1, 3);
        }
      g_byte_array_append (flood, record->data, record->len);
    }
  tls_torture_init (&t, ROLE (role));
  tls_torture_start (&t);
  tls_peer_send_raw (&t, flood->data, flood->len);
  tls_torture_finish (&t);
  g_assert_nonnull (t.error);
  g_assert_error (t.error, JXS_ERROR, JXS_ERROR_LIMIT);
  tls_torture_clear (&t);

  /* after the handshake */
  establish (&t, ROLE (role));
  tls_peer_send_sealed (&t, TLS_HANDSHAKE, first, sizeof first);
  for (int i = 0; i < 200; i++)
    tls_peer_send_sealed (&t, TLS_HANDSHAKE, zeros, 16384);
  tls_torture_read_to_end (&t);
  g_assert_error (t.read_error, JXS_ERROR, JXS_ERROR_LIMIT);
  tls_torture_clear (&t);
}

static void
test_warning_flood (gconstpointer role)
{
  static const guint8 user_canceled[] = { 1, 90 };
  TlsTorture t;

  establish (&t, ROLE (role));
  for (int i = 0; i < 20000; i++)
    tls_peer_send_sealed (&t, TLS_ALERT, user_canceled, sizeof user_canceled);
  tls_peer_close (&t);
  tls_torture_read_to_end (&t);
  g_assert_nonnull (t.read_error);
  g_assert_cmpuint (t.received->len, ==, 0);
  tls_torture_clear (&t);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } cases[] = {
    { "fatal-alerts", test_fatal_alerts },   { "warning-alerts", test_warning_alerts },
    { "late-alerts", test_late_alerts },     { "refuse", test_refuse },
    { "user-canceled", test_user_canceled }, { "garbage", test_garbage },
    { "late-garbage", test_late_garbage },   { "half-message", test_half_message },
    { "old-versions", test_old_versions },   { "renegotiation", test_renegotiation },
    { "key-updates", test_key_updates },     { "empty-records", test_empty_records },
    { "oversized", test_oversized },         { "warning-flood", test_warning_flood },
    { "half-record", test_half_record },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int role = 0; role < 2; role++)
      {
        g_autofree char *path = g_strdup_printf ("/io/tls-torture/%s/%s",
                                                 cases[i].name,
                                                 role == JXS_TLS_CLIENT ? "client" : "server");

        g_test_add_data_func (path, &roles[role], cases[i].func);
      }
  g_test_add_func ("/io/tls-torture/server-hello", test_server_hello);
  g_test_add_func ("/io/tls-torture/ssl2-hello", test_ssl2_hello);
  g_test_add_func ("/io/tls-torture/old-servers", test_old_servers);
  return g_test_run ();
}
