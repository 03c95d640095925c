/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#include "s5b-proxy.h"

/* Both endpoints prefer SOCKS5 bytestreams, which do not work: the stream comes all the same, in
 * time, and as secure (XEP-0260 §3, XEP-0166 §7.2.15). */

#define LIMIT_MS 30000

typedef struct
{
  Pair pair;
  Doorman doorman;
  guint32 offered; /* by whom: bits 1 << ROMEO, 1 << JULIET */
  FakeProxy *trap; /* speaks SOCKS5 and carries nothing */
} Fixture;

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, Fixture *fixture)
{
  /* TRUE: not to be offered. */
  return fixture->trap == NULL ||
         jxs_candidate_get_port (candidate) != fake_proxy_get_port (fixture->trap);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const char *const transports[] = { "s5b", "ibb", NULL };

  jxs_clock_use_fake (0);
  hurry_start ();
  pair_init (&fixture->pair);
  for (guint i = 0; i < 2; i++)
    {
      jxs_endpoint_set_transports (fixture->pair.endpoints[i], transports);
      g_signal_connect (fixture->pair.endpoints[i],
                        "candidate",
                        G_CALLBACK (candidate_cb),
                        fixture);
    }
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
  hurry_stop ();
  jxs_clock_use_real ();
  g_clear_pointer (&fixture->trap, fake_proxy_free);
}

static void
set_trap (Fixture *fixture, guint offerer)
{
  fixture->trap = fake_proxy_new ();
  jxs_endpoint_add_external_address (fixture->pair.endpoints[offerer],
                                     "127.0.0.1",
                                     fake_proxy_get_port (fixture->trap));
}

static void
check_bytes (JxsConnection *from, JxsConnection *to)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (from));
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (to));
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  Reply write_reply = { NULL };
  Reply read_reply = { NULL };
  char buffer[5];

  g_output_stream_write_all_async (
      output, "hello", 5, G_PRIORITY_DEFAULT, NULL, reply_cb, &write_reply);
  g_input_stream_read_all_async (input, buffer, 5, G_PRIORITY_DEFAULT, NULL, reply_cb, &read_reply);
  written = reply_wait (&write_reply);
  read = reply_wait (&read_reply);
  g_assert_true (g_output_stream_write_all_finish (output, written, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_input_stream_read_all_finish (input, read, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, 5, "hello", 5);
}

/* It ends in an in-band stream that is encrypted, and both can use it. */
static void
check_fallback (Fixture *fixture)
{
  const gint64 begin = jxs_clock_now ();
  g_autoptr (JxsConnection) connection = open_pipe (&fixture->pair, &fixture->doorman);

  g_assert_cmpint (jxs_clock_now () - begin, <, LIMIT_MS * 1000);
  g_assert_cmpstr (jxs_session_get_transport_namespace (fixture->doorman.session),
                   ==,
                   JXS_NS_JINGLE_IBB);
  g_assert_null (jxs_session_get_nominated_candidate (fixture->doorman.session));
  g_assert_nonnull (jxs_connection_get_peer_fingerprint (connection));
  check_bytes (connection, fixture->doorman.connection);
  check_bytes (fixture->doorman.connection, connection);
}

/* Neither side has an address. */
static void
test_nothing (Fixture *fixture, gconstpointer data)
{
  check_fallback (fixture);
}

/* What answers at the only address speaks SOCKS5, but is not the peer: one side believes to be
 * connected, the other one knows that it is not. */
static void
test_trap (Fixture *fixture, gconstpointer offerer)
{
  set_trap (fixture, GPOINTER_TO_UINT (offerer));
  check_fallback (fixture);
  g_assert_cmpuint (
      g_list_model_get_n_items (jxs_session_get_candidates (fixture->doorman.session)), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, func)                                                                      \
  g_test_add ("/endpoint/fallback/" name, Fixture, data, set_up, func, tear_down)

  ADD ("nothing", NULL, test_nothing);
  ADD ("trap/of-initiator", GUINT_TO_POINTER (ROMEO), test_trap);
  ADD ("trap/of-responder", GUINT_TO_POINTER (JULIET), test_trap);

  return g_test_run ();
}
