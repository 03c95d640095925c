/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "ibb-fixture.h"
#include "jxs-test-sockets.h"

/* Two transports over a loopback pair of channels. */

typedef struct
{
  GAsyncResult *result;
  gboolean ok;
  GError *error;
} Close;

static void
close_start (JxsTransport *transport, Close *close)
{
  *close = (Close){ 0 };
  jxs_transport_close_async (transport, NULL, jxs_test_keep_result, &close->result);
}

static void
close_wait (JxsTransport *transport, Close *close)
{
  g_autoptr (GError) error = NULL;

  jxs_test_wait_for (close->result != NULL);
  jxs_transport_close_finish (transport, close->result, &error);
  g_assert_no_error (error);
  g_clear_object (&close->result);
}

static void
test_both_ways (Fixture *self, gconstpointer unused)
{
  Close close;
  JxsIbbStats stats;

  write_all (self->alice_stream, "hello", 5);
  expect_bytes (self->bob_stream, "hello", 5);
  write_all (self->bob_stream, "there", 5);
  expect_bytes (self->alice_stream, "there", 5);

  close_start (self->alice, &close);
  close_wait (self->alice, &close);
  expect_eof (self->alice_stream);
  expect_eof (self->bob_stream);

  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->alice), &stats);
  g_assert_cmpuint (stats.bytes_sent, ==, 5);
  g_assert_cmpuint (stats.bytes_received, ==, 5);
  g_assert_cmpuint (stats.in_flight, ==, 0);
}

/* What was written before the close arrives before the end of file (XEP-0047 §2.3). */
static void
test_close_flushes (Fixture *self, gconstpointer unused)
{
  g_autofree guint8 *from_alice = g_malloc (60000);
  g_autofree guint8 *from_bob = g_malloc (60000);
  Close close;

  memset (from_alice, 'a', 60000);
  memset (from_bob, 'b', 60000);
  write_all (self->alice_stream, from_alice, 60000);
  write_all (self->bob_stream, from_bob, 60000);

  close_start (self->alice, &close);
  expect_bytes (self->bob_stream, from_alice, 60000);
  expect_eof (self->bob_stream);
  expect_bytes (self->alice_stream, from_bob, 60000);
  expect_eof (self->alice_stream);
  close_wait (self->alice, &close);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, set_up, func)                                                                    \
  g_test_add ("/transports/ibb/" path, Fixture, NULL, set_up, func, fixture_tear_down)

  ADD ("both-ways", fixture_set_up_open, test_both_ways);
  ADD ("close-flushes", fixture_set_up_open, test_close_flushes);

  return g_test_run ();
}
