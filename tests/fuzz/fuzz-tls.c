/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"
#include "jxs-test-sockets.h"
#include "tls-torture.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* What a peer says to a handshake of ours: it ends, with an error, and without our saying much.
 * The first byte chooses the kind of handshake; after the last one the connection ends. The last
 * kind has a real handshake first; the rest is then records within it: type, length, content. */

#define MAX_SAID 65536 /* what a stranger may get out of us */

enum
{
  PINNED_SERVER,
  PINNED_CLIENT,
  SERVER,
  CLIENT, /* of a server: TLS 1.2, where certificates come in the clear */
  SRP_SERVER,
  SRP_CLIENT,
  ESTABLISHED,
  N_KINDS,
};

static GTlsDatabase *
make_database (GTlsCertificate *certificate)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *pem = NULL;
  int fd = g_file_open_tmp ("jxs-fuzz-XXXXXX.pem", &path, &error);
  GTlsDatabase *database;

  g_assert_no_error (error);
  close (fd);
  g_object_get (certificate, "certificate-pem", &pem, NULL);
  g_file_set_contents (path, pem, -1, &error);
  g_assert_no_error (error);
  database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return database;
}

static void
set_params (JxsTlsParams *params, int kind)
{
  static GTlsCertificate *certificate;
  static GTlsDatabase *database;
  static GSocketConnectable *identity;

  if (certificate == NULL)
    {
      certificate = jxs_test_certificate (1);
      database = make_database (certificate);
      identity = g_network_address_new ("test1.example", 5222);
    }
  *params = (JxsTlsParams){ .role = kind % 2 == 0 ? JXS_TLS_SERVER : JXS_TLS_CLIENT };
  params->pin = kind <= PINNED_CLIENT;
  if (kind <= SERVER)
    params->certificate = certificate;
  if (kind == CLIENT)
    {
      params->database = database;
      params->identity = identity;
    }
  if (kind >= SRP_SERVER)
    {
      params->srp_username = "romeo@montague.lit";
      params->srp_password = "wherefore";
    }
}

static void
fuzz_handshake (int kind, const guint8 *data, gsize size)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_data (data, size, NULL);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) base = g_simple_io_stream_new (in, out);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  JxsTlsParams params;

  set_params (&params, kind);
  jxs_tls_handshake_async (base, &params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  /* Nobody proves anything by luck. */
  g_assert_null (jxs_tls_handshake_finish (result, &error));
  g_assert_nonnull (error);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (out)),
                    <=,
                    MAX_SAID);
}

static void
fuzz_records (const guint8 *data, gsize size)
{
  TlsTorture t;

  tls_torture_init (&t, size % 2 == 0 ? JXS_TLS_SERVER : JXS_TLS_CLIENT);
  tls_torture_set_peer (&t, TLS_1_3, t.certificates[1]);
  tls_torture_handshake (&t);
  t.peer.deaf = TRUE;
  for (gsize at = 0; at + 2 <= size;)
    {
      gsize n = MIN (data[at + 1], size - at - 2);

      tls_peer_send_sealed (&t, data[at], data + at + 2, n);
      at += 2 + n;
    }
  tls_peer_close (&t);
  tls_torture_read_to_end (&t);
  g_assert_cmpuint (t.received->len, <=, size);
  tls_torture_clear (&t);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  int kind = size > 0 ? data[0] % N_KINDS : 0;

  if (size == 0 || ((kind == SRP_SERVER || kind == SRP_CLIENT) && !jxs_tls_supports_srp ()))
    return 0;
  if (kind == ESTABLISHED)
    fuzz_records (data + 1, size - 1);
  else
    fuzz_handshake (kind, data + 1, size - 1);
  return 0;
}
