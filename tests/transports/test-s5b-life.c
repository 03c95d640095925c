/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fixture.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* What bytestreams keep open, and how long. */

#define N_SESSIONS 100

static guint16
get_port (Side *side)
{
  return jxs_s5b_listener_get_port (jxs_s5b_service_get_listener (side->service),
                                    G_SOCKET_FAMILY_IPV4);
}

static void
pass (Fixture *self, gint64 ms)
{
  fixture_settle (self);
  jxs_clock_advance (ms * 1000);
  fixture_settle (self);
}

/* Nobody can reach us yet, for as long as a person may take to accept; then somebody can. */
static void
test_late_address (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_fake (0);
  self->bob.direct = FALSE;
  jxs_s5b_service_set_allow_loopback (self->alice.service, FALSE);
  fixture_exchange (self);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->alice.candidates)), ==, 0);
  pass (self, 10 * JXS_S5B_LISTENER_LINGER_MS);
  jxs_s5b_service_set_allow_loopback (self->alice.service, TRUE);
  g_signal_emit_by_name (self->alice.service, "candidates-changed");
  fixture_settle (self);
  fixture_connect (self);
  fixture_finish_in_time (self);
  fixture_check_streams (self);
}

/* As long as the stream lives nothing else is open, unless a router has to let it pass. */
static void
test_connected (Fixture *self, gconstpointer assisted)
{
  JxsCandidateKind kind =
      assisted != NULL ? JXS_CANDIDATE_KIND_ASSISTED : JXS_CANDIDATE_KIND_DIRECT;

  jxs_clock_use_fake (0);
  self->alice.direct = assisted == NULL;
  self->bob.direct = FALSE;
  if (assisted != NULL)
    g_assert_true (jxs_s5b_service_add_external (self->alice.service, "127.0.0.2", 0));
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish_in_time (self);
  g_assert_cmpint (jxs_candidate_get_state (side_find (&self->alice, TRUE, kind)),
                   ==,
                   JXS_CANDIDATE_STATE_NOMINATED);

  pass (self, 100 * JXS_S5B_LISTENER_LINGER_MS);
  fixture_check_streams (self);
  g_assert_cmpint (get_port (&self->alice) != 0, ==, assisted != NULL);
  g_assert_cmpuint (get_port (&self->bob), ==, 0);
  jxs_transport_abort (self->alice.transport, NULL);
  pass (self, JXS_S5B_LISTENER_LINGER_MS);
  g_assert_cmpuint (get_port (&self->alice), ==, 0);
}

static void
side_drop (Side *self)
{
  g_assert_no_error (self->error);
  g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->result);
  g_signal_handlers_disconnect_by_data (self->transport, self);
  g_assert_finalize_object (g_steal_pointer (&self->transport));
}

/* When all sessions are over nothing is open and no timeout waits. */
static void
test_idle (Fixture *self, gconstpointer unused)
{
  jxs_clock_use_fake (0);
  fixture_exchange (self);
  fixture_connect (self);
  fixture_finish_in_time (self);
  side_drop (&self->alice);
  side_drop (&self->bob);
  g_assert_cmpuint (jxs_clock_count_timeouts (), >, 0);
  pass (self, JXS_S5B_LISTENER_LINGER_MS);
  g_assert_cmpuint (jxs_clock_count_timeouts (), ==, 0);
  g_assert_cmpuint (count_sockets (), ==, self->n_sockets);
}

/* Many */

typedef struct
{
  JxsTransport *transports[2];
  GAsyncResult *results[2];
} Session;

static void
send_info_cb (JxsTransport *transport, JxsElement *element, Session *self)
{
  JxsTransport *other = self->transports[transport == self->transports[0]];

  /* News that come too late are refused. */
  jxs_transport_handle_info (other, element, NULL);
}

static void
session_start (Session *self, Fixture *fixture)
{
  Side *sides[] = { &fixture->alice, &fixture->bob };
  g_autoptr (JxsElement) offer = NULL;
  g_autoptr (JxsElement) answer = NULL;

  for (guint i = 0; i < 2; i++)
    {
      self->transports[i] = jxs_s5b_transport_create (
          sides[i]->router, sides[!i]->jid, i == 0, JXS_NS_JINGLE_S5B, sides[i]->service);
      g_signal_connect (self->transports[i], "send-info", G_CALLBACK (send_info_cb), self);
    }
  offer = jxs_transport_build (self->transports[0]);
  g_assert_true (jxs_transport_set_remote (self->transports[1], offer, NULL));
  answer = jxs_transport_build (self->transports[1]);
  g_assert_true (jxs_transport_set_remote (self->transports[0], answer, NULL));
  for (guint i = 0; i < 2; i++)
    jxs_transport_connect_async (self->transports[i],
                                 NULL,
                                 jxs_test_keep_result,
                                 &self->results[i]);
}

static void
session_end (Session *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GIOStream) stream = NULL;
      g_autoptr (GError) error = NULL;

      stream = jxs_transport_connect_finish (self->transports[i], self->results[i], &error);
      g_assert_no_error (error);
      g_io_stream_close (stream, NULL, NULL);
      g_object_unref (self->results[i]);
      g_assert_finalize_object (self->transports[i]);
    }
}

static gboolean
all_are_done (Session *sessions)
{
  for (guint i = 0; i < N_SESSIONS; i++)
    if (sessions[i].results[0] == NULL || sessions[i].results[1] == NULL)
      return FALSE;
  return TRUE;
}

/* A hundred sessions of two hosts begin at once, and two addresses are dialled for each before the
 * first answer comes: all of them connect, and keep no more than their two sockets. */
static void
test_many (Fixture *self, gconstpointer unused)
{
  Session sessions[N_SESSIONS] = { 0 };

  jxs_clock_use_fake (0);
  self->bob.direct = FALSE;
  g_assert_true (jxs_s5b_service_add_external (self->alice.service, "127.0.0.2", 0));
  for (guint i = 0; i < N_SESSIONS; i++)
    session_start (&sessions[i], self);
  jxs_clock_advance (JXS_S5B_LISTENER_PAUSE_MS * 1000);
  fixture_wait_for (self, all_are_done (sessions));
  g_assert_cmpuint (count_sockets (), <=, self->n_sockets + 2 * N_SESSIONS + 4);
  for (guint i = 0; i < N_SESSIONS; i++)
    session_end (&sessions[i]);
  pass (self, JXS_S5B_LISTENER_LINGER_MS);
  g_assert_cmpuint (jxs_clock_count_timeouts (), ==, 0);
  g_assert_cmpuint (count_sockets (), ==, self->n_sockets);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */

#define ADD(name, data, func)                                                                      \
  g_test_add ("/transports/s5b-life/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)

  ADD ("late-address", NULL, test_late_address);
  ADD ("connected/direct", NULL, test_connected);
  ADD ("connected/assisted", "assisted", test_connected);
  ADD ("idle", NULL, test_idle);
  ADD ("many", NULL, test_many);

  return g_test_run ();
}
