/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jingle-fixture.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Two managers that talk with each other. */

static void
assert_same_pipe (GIOStream *first, GIOStream *second)
{
  char buffer[8] = "";
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (first), "bytes", 5, NULL, NULL, &error);
  g_assert_no_error (error);
  g_input_stream_read_all (g_io_stream_get_input_stream (second), buffer, 5, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, "bytes");
}

/* Both sides connected, by way of the transport that works. */
static void
connect_pair (Pair *pair, Result **ours, Result **theirs)
{
  JxsSession *session = side_create (&pair->romeo, JULIET, TRUE);

  pair->juliet.accept = TRUE;
  *ours = side_connect (&pair->romeo, session, 60000, NULL);
  run_until_idle ();
  g_assert_true ((*ours)->done);
  g_assert_no_error ((*ours)->error);
  g_assert_cmpuint (pair->juliet.results->len, ==, 1);
  *theirs = g_ptr_array_index (pair->juliet.results, 0);
  g_assert_true ((*theirs)->done);
  g_assert_no_error ((*theirs)->error);
}

static void
test_connect (void)
{
  Pair pair;
  Result *ours;
  Result *theirs = NULL;

  pair_init (&pair);
  connect_pair (&pair, &ours, &theirs);

  assert_same_pipe (ours->stream, theirs->stream);
  g_assert_cmpint (jxs_session_get_state (ours->session), ==, JXS_SESSION_STATE_ACTIVE);
  g_assert_cmpint (jxs_session_get_state (theirs->session), ==, JXS_SESSION_STATE_ACTIVE);
  g_assert_true (jxs_session_is_initiator (ours->session));
  g_assert_false (jxs_session_is_initiator (theirs->session));
  g_assert_cmpstr (jxs_session_get_sid (ours->session), ==, jxs_session_get_sid (theirs->session));
  g_assert_cmpstr (jxs_session_get_transport_namespace (ours->session), ==, NS_FAST);
  g_assert_cmpstr (jxs_session_get_namespace (theirs->session), ==, NS_APP);
  g_assert_cmpuint (pair.romeo.security.n_secured, ==, 1);
  g_assert_cmpuint (pair.juliet.security.n_secured, ==, 1);
  /* session-initiate to -accept, and what the transport counted */
  g_assert_cmpuint (jxs_session_get_round_trips (ours->session), ==, 2);

  pair_clear (&pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/session/connect", test_connect);

  return g_test_run ();
}
