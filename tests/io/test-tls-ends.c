/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* How connections end: where the transport was cut, an error; where TLS said so, an orderly end
 * with every byte before it. */

static const JxsTlsRole roles[] = { JXS_TLS_CLIENT, JXS_TLS_SERVER };

/* A connection that ends anywhere in a handshake of ours, RFC 8446 §6.1. */
static void
test_cut_handshake (gconstpointer role)
{
  gboolean cut = TRUE;
  guint descriptors = tls_torture_count_descriptors ();
  guint64 limit;

  for (limit = 0; cut; limit++)
    {
      TlsTorture t;

      tls_torture_init (&t, *(const JxsTlsRole *) role);
      tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
      t.peer.limit = limit;
      tls_torture_start (&t);
      tls_torture_finish (&t);
      cut = g_io_stream_is_closed (t.peer.stream);
      if (!cut)
        g_assert_no_error (t.error);
      else
        g_assert_error (t.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
      tls_torture_clear (&t);
    }
  g_assert_cmpuint (tls_torture_count_descriptors (), <=, descriptors + 10); /* GLib has some */
  /* hello, certificate, signature, finished */
  g_assert_cmpuint (limit, >, 700);
}

/* After the handshake: text, then close_notify, cut at each byte. The text arrives if its record
 * was whole, and no end but the last one is an orderly one. */
static void
test_cut_data (gconstpointer role)
{
  static const char text[] = "wherefore art thou";
  const gsize overhead = 5 + 1 + 16; /* header, content type, tag: RFC 8446 §5.2 */
  const gsize end = sizeof text + overhead + 2 + overhead;

  for (gsize size = 0; size <= end; size++)
    {
      TlsTorture t;

      tls_torture_init (&t, *(const JxsTlsRole *) role);
      tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
      tls_torture_handshake (&t);
      t.peer.limit = t.peer.n_sent + size;
      tls_peer_send (&t, text, sizeof text);
      tls_peer_end (&t);
      tls_peer_close (&t);
      tls_torture_read_to_end (&t);
      if (size < end)
        g_assert_error (t.read_error, G_TLS_ERROR, G_TLS_ERROR_EOF);
      else
        g_assert_no_error (t.read_error);
      if (size < sizeof text + overhead)
        g_assert_cmpuint (t.received->len, ==, 0);
      else
        g_assert_cmpmem (t.received->data, t.received->len, text, sizeof text);
      tls_torture_clear (&t);
    }
}

static GByteArray *
make_bytes (gsize size)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_set_size (bytes, size);
  for (gsize i = 0; i < size; i++)
    bytes->data[i] = g_test_rand_int () & 0xff;
  return bytes;
}

static void
assert_same (GByteArray *first, GByteArray *second)
{
  g_assert_cmpmem (first->data, first->len, second->data, second->len);
}

/* The order in which both sides say something (lower case) and then that they say no more (upper
 * case); o is our side, p the peer. */
static const char *const orders[] = {
  "opOP", "opPO", "oOpP", "pPoO", "oOP", "pPO", "oPO", "pOP", "OP", "PO", "ooOppP", "ppPooO",
};

/* Each direction ends for itself, RFC 8446 §6.1, and all bytes of the other arrive after that. */
static void
run_order (JxsTlsRole role, const char *order, gsize size)
{
  g_autoptr (GByteArray) ours = g_byte_array_new ();
  g_autoptr (GByteArray) theirs = g_byte_array_new ();
  TlsTorture t;

  tls_torture_init (&t, role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  for (const char *c = order; *c != '\0'; c++)
    {
      g_autoptr (GByteArray) bytes = make_bytes (size);

      if (*c == 'o')
        {
          g_byte_array_append (ours, bytes->data, bytes->len);
          tls_torture_write (&t, bytes->data, bytes->len);
        }
      else if (*c == 'O')
        tls_torture_close_output (&t);
      else if (*c == 'p')
        {
          g_byte_array_append (theirs, bytes->data, bytes->len);
          tls_peer_send (&t, bytes->data, bytes->len);
        }
      else
        tls_peer_end (&t);
    }
  tls_torture_read_to_end (&t);
  g_assert_no_error (t.read_error);
  assert_same (t.received, theirs);
  while (!t.peer.got_end && t.peer.read_error == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (t.peer.read_error, ==, 0);
  assert_same (t.peer.received, ours);
  tls_torture_clear (&t);
}

static void
test_orders (gconstpointer role)
{
  static const gsize sizes[] = { 1, 16384, 50000 };

  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (sizes); j++)
      run_order (*(const JxsTlsRole *) role, orders[i], sizes[j]);
}

/* The peer said its last word and still reads: what we write meanwhile is not lost, however the
 * reading side of ours learns of the end first. */
static void
test_write_after_end (gconstpointer role)
{
  g_autoptr (GByteArray) bytes = make_bytes (300000);
  TlsTorture t;

  tls_torture_init (&t, *(const JxsTlsRole *) role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  tls_peer_end (&t);
  tls_torture_read_to_end (&t);
  g_assert_no_error (t.read_error);
  tls_torture_write (&t, bytes->data, bytes->len);
  tls_torture_read_to_end (&t); /* an end stays one */
  g_assert_no_error (t.read_error);
  tls_torture_close_output (&t);
  while (!t.peer.got_end)
    g_main_context_iteration (NULL, TRUE);
  assert_same (t.peer.received, bytes);
  tls_torture_clear (&t);
}

/* What comes after the end is none of our business: RFC 8446 §6.1, “any data received after a
 * closure alert has been received MUST be ignored”. */
static void
test_data_after_end (gconstpointer role)
{
  static const guint8 close_notify[] = { 1, 0 };
  TlsTorture t;

  tls_torture_init (&t, *(const JxsTlsRole *) role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "before", 6);
  tls_peer_send_sealed (&t, TLS_ALERT, close_notify, sizeof close_notify);
  tls_peer_send_sealed (&t, TLS_APPLICATION_DATA, "after", 5);
  tls_torture_read_to_end (&t);
  g_assert_no_error (t.read_error);
  tls_torture_read_to_end (&t);
  g_assert_no_error (t.read_error);
  g_assert_cmpmem (t.received->data, t.received->len, "before", 6);
  tls_torture_clear (&t);
}

/* Our end of both directions at once: the peer learns of it in TLS, not only from the transport. */
static void
test_close (gconstpointer role)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TlsTorture t;

  tls_torture_init (&t, *(const JxsTlsRole *) role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  tls_torture_write (&t, "good night", 10);
  g_io_stream_close_async (
      G_IO_STREAM (t.connection), G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  while (result == NULL || !(t.peer.got_end || t.peer.read_error != 0))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_io_stream_close_finish (G_IO_STREAM (t.connection), result, &error));
  g_assert_no_error (error);
  g_assert_true (t.peer.got_end);
  g_assert_cmpmem (t.peer.received->data, t.peer.received->len, "good night", 10);
  tls_torture_clear (&t);
}

/* A peer that leaves without an answer to our end: a cut, although we had said all. */
static void
test_no_answer (gconstpointer role)
{
  TlsTorture t;

  tls_torture_init (&t, *(const JxsTlsRole *) role);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  tls_torture_close_output (&t);
  while (!t.peer.got_end)
    g_main_context_iteration (NULL, TRUE);
  tls_peer_close (&t);
  tls_torture_read_to_end (&t);
  g_assert_error (t.read_error, G_TLS_ERROR, G_TLS_ERROR_EOF);
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
    { "cut-handshake", test_cut_handshake },
    { "cut-data", test_cut_data },
    { "orders", test_orders },
    { "write-after-end", test_write_after_end },
    { "data-after-end", test_data_after_end },
    { "close", test_close },
    { "no-answer", test_no_answer },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int role = 0; role < 2; role++)
      {
        g_autofree char *path = g_strdup_printf ("/io/tls-ends/%s/%s",
                                                 cases[i].name,
                                                 role == JXS_TLS_CLIENT ? "client" : "server");

        g_test_add_data_func (path, &roles[role], cases[i].func);
      }
  return g_test_run ();
}
