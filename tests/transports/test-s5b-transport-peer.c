/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-fixture.h"

#include <sys/socket.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/jingle/jxs-candidate-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Alice against a peer that says and does what the test wants. */

#define TRANSPORT(attributes, inside)                                                              \
  "<transport xmlns='" JXS_NS_JINGLE_S5B "' " attributes ">" inside "</transport>"
#define CANDIDATE(attributes) "<candidate jid='bob@example.com/lap' " attributes "/>"

static gboolean
set_remote (Side *side, const char *xml, GError **error)
{
  g_autoptr (JxsElement) element = jxs_element_new_from_string (xml, NULL);

  g_assert_nonnull (element);

  return jxs_transport_set_remote (side->transport, element, error);
}

/* Bob's answer, with these candidates. Returns what Alice calls the stream. */
static char *
answer (Fixture *self, const char *dstaddr, const char *candidates)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice.transport);
  char *sid = g_strdup (jxs_element_get_attribute (offer, "sid"));
  g_autofree char *attribute =
      dstaddr != NULL ? g_strdup_printf (" dstaddr='%s'", dstaddr) : g_strdup ("");
  g_autofree char *xml =
      g_strdup_printf ("<transport xmlns='" JXS_NS_JINGLE_S5B "' sid='%s'%s>%s</transport>",
                       sid,
                       attribute,
                       candidates);
  g_autoptr (GError) error = NULL;

  set_remote (&self->alice, xml, &error);
  g_assert_no_error (error);
  self->alice.held = TRUE;

  return sid;
}

/* One at the proxy, which is here any server that speaks SOCKS5. */
static char *
candidate_at (guint16 port, const char *cid, const char *type)
{
  return g_strdup_printf (CANDIDATE (
                              "cid='%s' host='127.0.0.1' port='%u' priority='8257536' type='%s'"),
                          cid,
                          port,
                          type);
}

/* Alice's own direct candidate. */
static JxsElement *
get_offered (Fixture *self, JxsElement *offer)
{
  JxsElement *candidate = jxs_element_find_child (offer, "candidate", NULL);

  g_assert_nonnull (candidate);

  return candidate;
}

static GSocketConnection *
dial_alice_at (Fixture *self, const char *host, gboolean alice_first)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice.transport);
  JxsElement *candidate = get_offered (self, offer);
  g_autofree char *hash = jxs_s5b_dst_addr (jxs_element_get_attribute (offer, "sid"),
                                            alice_first ? self->alice.jid : self->bob.jid,
                                            alice_first ? self->bob.jid : self->alice.jid);
  const JxsS5bDialParams params = {
    .host = host,
    .port = (guint16) g_ascii_strtoull (jxs_element_get_attribute (candidate, "port"), NULL, 10),
    .dst_addrs = { hash, NULL },
    .timeout_ms = 5000,
    .allow_loopback = TRUE,
  };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  jxs_s5b_dial_async (&params, NULL, jxs_test_keep_result, &result);
  fixture_wait_for (self, result != NULL);
  connection = jxs_s5b_dial_finish (result, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

static GSocketConnection *
dial_alice (Fixture *self, gboolean alice_first)
{
  return dial_alice_at (self, "127.0.0.1", alice_first);
}

static void
hear_used (Fixture *self, int code)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice.transport);
  g_autofree char *used =
      g_strdup_printf ("<candidate-used cid='%s'/>",
                       jxs_element_get_attribute (get_offered (self, offer), "cid"));

  side_hear (&self->alice, used, code);
}

/* What Bob sends is what Alice's stream gives. */
static void
check_from (Fixture *self, GSocketConnection *connection)
{
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[4];

  g_assert_cmpint (
      g_socket_send (g_socket_connection_get_socket (connection), "Good", 4, NULL, NULL), ==, 4);
  g_input_stream_read_all_async (g_io_stream_get_input_stream (self->alice.stream),
                                 buffer,
                                 4,
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 jxs_test_keep_result,
                                 &read);
  fixture_wait_for (self, read != NULL);
  g_assert_true (g_input_stream_read_all_finish (
      g_io_stream_get_input_stream (self->alice.stream), read, NULL, &error));
  g_assert_cmpmem (buffer, 4, "Good", 4);
}

static void
close_and_unref (GSocketConnection *connection)
{
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_object_unref (connection);
}

/* XEP-0260 §2.2 */
static void
test_offers (Fixture *self, gconstpointer unused)
{
  static const struct
  {
    const char *xml;
    GQuark (*domain) (void);
    int code;
  } cases[] = {
    { TRANSPORT ("", ""), jxs_stanza_error_quark, JXS_STANZA_ERROR_BAD_REQUEST },
    { TRANSPORT ("sid='s'", "<candidate-error/>"),
      jxs_stanza_error_quark,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { TRANSPORT ("sid='s'", "<candidate-used cid='a'/>"),
      jxs_stanza_error_quark,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { TRANSPORT ("sid='s' mode='udp'", ""), jxs_error_quark, JXS_ERROR_NOT_SUPPORTED },
    { TRANSPORT ("sid='s' mode='tcp'", ""), NULL, 0 },
    { TRANSPORT ("sid='s'", ""), jxs_stanza_error_quark, JXS_STANZA_ERROR_UNEXPECTED_REQUEST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const gboolean taken = set_remote (&self->bob, cases[i].xml, &error);

      g_assert_true (taken == (cases[i].domain == NULL));
      if (cases[i].domain == NULL)
        g_assert_no_error (error);
      else
        g_assert_error (error, cases[i].domain (), cases[i].code);
    }
}

static void
test_answers (Fixture *self, gconstpointer unused)
{
  g_autoptr (JxsElement) offer = jxs_transport_build (self->alice.transport);
  g_autoptr (GError) error = NULL;
  g_autofree char *sid = NULL;

  g_assert_null (jxs_element_get_attribute (offer, "mode"));
  g_assert_false (set_remote (&self->alice, TRANSPORT ("sid='other'", ""), &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
  sid = answer (self, NULL, "");
  g_assert_cmpstr (sid, !=, "other");
}

/* XEP-0260 §2.3: nothing that a peer says out of turn changes anything. */
static void
test_infos (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");
  g_autoptr (JxsElement) other =
      jxs_element_new_from_string (TRANSPORT ("sid='other'", "<candidate-error/>"), NULL);
  g_autoptr (GError) error = NULL;

  side_connect (&self->alice);
  side_hear (&self->alice, "<candidate-used cid='nope'/>", JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  side_hear (&self->alice, "<activated cid='nope'/>", JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  side_hear (&self->alice, "<candidate-used/>", JXS_STANZA_ERROR_BAD_REQUEST);
  side_hear (&self->alice, "<candidate-error/><proxy-error/>", JXS_STANZA_ERROR_BAD_REQUEST);
  side_hear (&self->alice, "<proxy-error/>", JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  side_hear (&self->alice, "<unknown xmlns='urn:example:unknown'/>", -1);
  g_assert_false (jxs_transport_handle_info (self->alice.transport, other, &error));
  g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND);
  side_hear (&self->alice,
             CANDIDATE (
                 "cid='late' host='127.0.0.1' port='9' priority='1'") "<activated cid='late'/>",
             JXS_STANZA_ERROR_UNEXPECTED_REQUEST);

  hear_used (self, -1);
  hear_used (self, JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  side_hear (&self->alice, "<candidate-error/>", JXS_STANZA_ERROR_UNEXPECTED_REQUEST);
  g_assert_null (self->alice.result);
}

/* No more than so many, however they come. */
static void
test_flood (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");

  self->alice.direct = FALSE;
  for (guint i = 1; i <= 3 * JXS_S5B_MAX_CANDIDATES; i++)
    {
      g_autofree char *cid = g_strdup_printf ("c%u", i / 2);
      g_autofree char *one = candidate_at ((guint16) i, cid, "direct");

      side_hear (&self->alice, one, -1);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->alice.candidates)),
                    ==,
                    JXS_S5B_MAX_CANDIDATES + 1); /* one is ours */
}

/* Nor in one bytestream after the other. */
static void
test_flood_of_bytestreams (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");
  guint before;

  for (guint i = 1; i < JXS_S5B_MAX_CANDIDATES_IN_SESSION; i++)
    {
      g_autoptr (JxsCandidate) former =
          jxs_candidate_new (FALSE, JXS_CANDIDATE_KIND_DIRECT, "192.0.2.1", i, self->bob.jid, 1);

      g_list_store_append (self->alice.candidates, former);
    }
  self->alice.direct = FALSE;
  before = g_list_model_get_n_items (G_LIST_MODEL (self->alice.candidates));
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *cid = g_strdup_printf ("c%u", i);
      g_autofree char *one = candidate_at ((guint16) i, cid, "direct");

      side_hear (&self->alice, one, -1);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->alice.candidates)),
                    ==,
                    before + 1);
}

/* The DST.ADDR: what the peer says, else the offerer first (XEP-0065 §5.3.2). */
static void
test_dstaddr (Fixture *self, gconstpointer dstaddr)
{
  g_autofree char *candidate = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *sid = NULL;
  g_autoptr (JxsElement) used = NULL;

  fixture_add_proxy (self, &self->bob);
  candidate = candidate_at (fake_proxy_get_port (self->proxy), "c", "direct");
  sid = answer (self, dstaddr, candidate);
  side_connect (&self->alice);
  fixture_wait_for (self, fake_proxy_get_n_connected (self->proxy) == 1);
  expected =
      dstaddr != NULL ? g_strdup (dstaddr) : jxs_s5b_dst_addr (sid, self->bob.jid, self->alice.jid);
  g_assert_cmpstr (fake_proxy_get_hash (self->proxy), ==, expected);
  used = fixture_take (self, &self->alice, "candidate-used");
  g_assert_cmpstr (jxs_element_get_attribute (jxs_element_get_first_child (used), "cid"), ==, "c");
}

/* Whichever order of the JIDs a peer takes, and the stanza may overtake the socket (XEP-0260 §2.3).
 */
static void
test_overtaken (Fixture *self, gconstpointer alice_first)
{
  g_autofree char *sid = answer (self, NULL, "");
  g_autoptr (JxsElement) error = NULL;
  GSocketConnection *connection;

  side_connect (&self->alice);
  hear_used (self, -1);
  error = fixture_take (self, &self->alice, "candidate-error");
  fixture_settle (self);
  g_assert_null (self->alice.result);
  connection = dial_alice (self, alice_first != NULL);
  fixture_wait_for (self, self->alice.result != NULL);
  g_assert_no_error (self->alice.error);
  check_from (self, connection);
  close_and_unref (connection);
}

/* But not for long. */
static void
test_never_arrives (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");

  jxs_clock_use_fake (G_USEC_PER_SEC);
  side_connect (&self->alice);
  hear_used (self, -1);
  fixture_settle (self);
  g_assert_null (self->alice.result);
  jxs_clock_advance (JXS_S5B_SOCKET_TIMEOUT * 1000);
  fixture_settle (self);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
}

/* A socket that died is not chosen, one that comes after it is. */
static void
test_dead_socket (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");
  GSocketConnection *connection;

  side_connect (&self->alice);
  connection = dial_alice (self, TRUE);
  fixture_settle (self);
  close_and_unref (connection);
  hear_used (self, -1); /* before the main loop has seen the end */
  fixture_settle (self);
  g_assert_null (self->alice.result);
  connection = dial_alice (self, TRUE);
  fixture_wait_for (self, self->alice.result != NULL);
  check_from (self, connection);
  close_and_unref (connection);
}

/* The connection was closed by Alice. */
static void
check_closed (Fixture *self, GSocketConnection *connection)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  g_autoptr (GAsyncResult) read = NULL;
  char byte;

  g_input_stream_read_async (
      input, &byte, 1, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &read);
  fixture_wait_for (self, read != NULL);
  g_assert_cmpint (g_input_stream_read_finish (input, read, NULL), <=, 0);
}

#define N_SEVERAL 3

/* Bob connects more than once and names an address. The connections look all alike, as behind a
 * router. */
static void
connect_several (Fixture *self, GSocketConnection **connections)
{
  g_autofree char *sid = answer (self, NULL, "");

  jxs_clock_use_fake (G_USEC_PER_SEC);
  side_connect (&self->alice);
  for (guint i = 0; i < N_SEVERAL; i++)
    connections[i] = dial_alice (self, i % 2 == 0);
  fixture_settle (self);
  hear_used (self, -1);
  fixture_settle (self);
  g_assert_null (self->alice.result);
}

static void
check_several (Fixture *self, GSocketConnection **connections, guint chosen)
{
  fixture_wait_for (self, self->alice.result != NULL);
  check_from (self, connections[chosen]);
  for (guint i = 0; i < N_SEVERAL; i++)
    {
      if (i != chosen && !g_io_stream_is_closed (G_IO_STREAM (connections[i])))
        check_closed (self, connections[i]);
      close_and_unref (connections[i]);
    }
}

/* A peer that is the TLS client speaks on the one that it means. */
static void
test_several_speak (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connections[N_SEVERAL];

  connect_several (self, connections);
  g_assert_cmpint (
      g_socket_send (g_socket_connection_get_socket (connections[0]), "very ", 5, NULL, NULL),
      ==,
      5);
  fixture_wait_for (self, self->alice.result != NULL);
  g_assert_cmpint (
      g_input_stream_skip (g_io_stream_get_input_stream (self->alice.stream), 5, NULL, NULL),
      ==,
      5);
  check_several (self, connections, 0);
}

/* One that is not closes the others (XEP-0260 §2.4). */
static void
test_several_closed (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connections[N_SEVERAL];

  connect_several (self, connections);
  g_io_stream_close (G_IO_STREAM (connections[2]), NULL, NULL);
  jxs_clock_advance (100 * 1000);
  fixture_settle (self);
  g_assert_null (self->alice.result);
  g_io_stream_close (G_IO_STREAM (connections[0]), NULL, NULL);
  check_several (self, connections, 1);
}

/* With one that does neither it is the latest, and nobody waits for long. */
static void
test_several_silent (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connections[N_SEVERAL];

  connect_several (self, connections);
  jxs_clock_advance (2 * G_USEC_PER_SEC);
  check_several (self, connections, 2);
}

/* All of them go. */
static void
test_several_lost (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connections[N_SEVERAL];

  connect_several (self, connections);
  for (guint i = 0; i < N_SEVERAL; i++)
    shutdown (g_socket_get_fd (g_socket_connection_get_socket (connections[i])), SHUT_RDWR);
  fixture_wait_for (self, self->alice.result != NULL);
  g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  for (guint i = 0; i < N_SEVERAL; i++)
    close_and_unref (connections[i]);
}

/* Nothing needs to be waited for where the address tells. */
static void
test_several_addresses (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");
  GSocketConnection *meant;
  GSocketConnection *other;

  jxs_clock_use_fake (G_USEC_PER_SEC);
  side_connect (&self->alice);
  meant = dial_alice (self, TRUE);
  other = dial_alice_at (self, "127.0.0.2", TRUE);
  fixture_settle (self);
  hear_used (self, -1);
  fixture_wait_for (self, self->alice.result != NULL);
  check_from (self, meant);
  check_closed (self, other);
  close_and_unref (meant);
  close_and_unref (other);
}

/* Bytes that follow the handshake at once belong to the stream. */
static void
test_eager_peer (Fixture *self, gconstpointer unused)
{
  g_autofree char *sid = answer (self, NULL, "");
  GSocketConnection *connection;

  side_connect (&self->alice);
  connection = dial_alice (self, FALSE);
  g_assert_cmpint (
      g_socket_send (g_socket_connection_get_socket (connection), "very ", 5, NULL, NULL), ==, 5);
  fixture_settle (self);
  hear_used (self, -1);
  fixture_wait_for (self, self->alice.result != NULL);
  {
    g_autoptr (GAsyncResult) read = NULL;
    char buffer[5];

    g_input_stream_read_all_async (g_io_stream_get_input_stream (self->alice.stream),
                                   buffer,
                                   5,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   jxs_test_keep_result,
                                   &read);
    fixture_wait_for (self, read != NULL);
    g_assert_true (g_input_stream_read_all_finish (
        g_io_stream_get_input_stream (self->alice.stream), read, NULL, NULL));
    g_assert_cmpmem (buffer, 5, "very ", 5);
  }
  check_from (self, connection);
  close_and_unref (connection);
}

/* ---- giving up, at each step ---- */

typedef enum
{
  STEP_BEFORE,
  STEP_STARTED,
  STEP_INCOMING,
  STEP_NOMINATED,
  STEP_CONNECTED,
  N_STEPS
} Step;

/* Returns Bob's socket, if there is one at that step. */
static GSocketConnection *
go_to (Fixture *self, Step step)
{
  g_autofree char *candidate = NULL;
  g_autofree char *sid = NULL;
  GSocketConnection *connection = NULL;

  fixture_add_proxy (self, &self->bob);
  candidate = candidate_at (fake_proxy_get_port (self->proxy), "c", "proxy");
  sid = answer (self, NULL, candidate);
  if (step > STEP_BEFORE)
    side_connect (&self->alice);
  if (step >= STEP_INCOMING)
    connection = dial_alice (self, TRUE);
  if (step == STEP_NOMINATED)
    {
      g_autoptr (JxsElement) used = fixture_take (self, &self->alice, "candidate-used");

      side_hear (&self->alice, "<candidate-error/>", -1);
    }
  if (step == STEP_CONNECTED)
    {
      hear_used (self, -1);
      fixture_wait_for (self, self->alice.result != NULL);
      g_assert_no_error (self->alice.error);
    }

  return connection;
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  const Step step = GPOINTER_TO_UINT (data);
  GSocketConnection *connection;

  if (step == STEP_BEFORE)
    g_cancellable_cancel (self->alice.cancellable);
  connection = go_to (self, step);
  if (step == STEP_BEFORE)
    side_connect (&self->alice);
  g_cancellable_cancel (self->alice.cancellable);
  fixture_wait_for (self, self->alice.result != NULL);
  g_assert_error (self->alice.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  if (connection != NULL)
    close_and_unref (connection);
}

static void
test_abort (Fixture *self, gconstpointer data)
{
  const Step step = GPOINTER_TO_UINT (data);
  GSocketConnection *connection = go_to (self, step);
  g_autoptr (GError) error = g_error_new_literal (JXS_ERROR, JXS_ERROR_BUSY, "Enough");

  jxs_transport_abort (self->alice.transport, error);
  jxs_transport_abort (self->alice.transport, error);
  fixture_settle (self);
  if (step == STEP_BEFORE)
    side_connect (&self->alice);
  if (step < STEP_CONNECTED)
    {
      fixture_wait_for (self, self->alice.result != NULL);
      g_assert_error (self->alice.error, JXS_ERROR, JXS_ERROR_BUSY);
    }
  else
    {
      g_autoptr (GAsyncResult) read = NULL;
      g_autoptr (GError) read_error = NULL;
      char byte;

      g_input_stream_read_async (g_io_stream_get_input_stream (self->alice.stream),
                                 &byte,
                                 1,
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 jxs_test_keep_result,
                                 &read);
      fixture_wait_for (self, read != NULL);
      g_assert_cmpint (g_input_stream_read_finish (
                           g_io_stream_get_input_stream (self->alice.stream), read, &read_error),
                       ==,
                       -1);
      g_assert_error (read_error, JXS_ERROR, JXS_ERROR_BUSY);
    }
  side_hear (&self->alice, "<candidate-error/>", -1); /* late news */
  if (connection != NULL)
    close_and_unref (connection);
}

/* The transport is dropped with everything under way. */
static void
test_drop (Fixture *self, gconstpointer data)
{
  const Step step = GPOINTER_TO_UINT (data);
  GSocketConnection *connection = go_to (self, step);

  if (step > STEP_BEFORE && step < STEP_CONNECTED)
    {
      /* Its connect holds it. */
      g_cancellable_cancel (self->alice.cancellable);
      fixture_wait_for (self, self->alice.result != NULL);
    }
  g_clear_object (&self->alice.result);
  g_assert_finalize_object (g_steal_pointer (&self->alice.transport));
  if (step == STEP_CONNECTED)
    check_from (self, connection);
  if (connection != NULL)
    close_and_unref (connection);
}

/* The session-terminate of the peer came before its last bytes. */
static void
test_ended_by_peer (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connection = go_to (self, STEP_CONNECTED);
  g_autoptr (GAsyncResult) read = NULL;
  char byte;

  jxs_clock_use_fake (G_USEC_PER_SEC);
  jxs_transport_abort (self->alice.transport, NULL);
  check_from (self, connection);
  g_input_stream_read_async (g_io_stream_get_input_stream (self->alice.stream),
                             &byte,
                             1,
                             G_PRIORITY_DEFAULT,
                             NULL,
                             jxs_test_keep_result,
                             &read);
  fixture_settle (self);
  g_assert_null (read);
  jxs_clock_advance (10 * G_USEC_PER_SEC);
  fixture_wait_for (self, read != NULL);
  g_assert_cmpint (g_input_stream_read_finish (g_io_stream_get_input_stream (self->alice.stream),
                                               read,
                                               NULL),
                   ==,
                   0);
  close_and_unref (connection);
}

/* A connection that is there says so, also when nothing is sent. */
static void
test_life (Fixture *self, gconstpointer unused)
{
  GSocketConnection *connection;
  g_autoptr (GAsyncResult) result = NULL;

  g_assert_cmpint (jxs_transport_get_last_heard (self->alice.transport), ==, 0);
  connection = go_to (self, STEP_CONNECTED);
#ifdef __linux__
  g_assert_cmpint (jxs_transport_get_last_heard (self->alice.transport), >, 0);
#endif
  jxs_transport_close_async (self->alice.transport, NULL, jxs_test_keep_result, &result);
  fixture_wait_for (self, result != NULL);
  g_assert_true (jxs_transport_close_finish (self->alice.transport, result, NULL));
  close_and_unref (connection);
}

int
main (int argc, char **argv)
{
  static const char *const steps[N_STEPS] = {
    "before", "started", "incoming", "nominated", "connected",
  };

  g_test_init (&argc, &argv, NULL);
  g_network_monitor_get_default (); /* has a socket of its own */

#define ADD(name, func) ADD_WITH ("/transports/s5b-transport-peer/" name, NULL, func)
#define ADD_WITH(path, data, func)                                                                 \
  g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)

  ADD ("offers", test_offers);
  ADD ("answers", test_answers);
  ADD ("infos", test_infos);
  ADD ("flood", test_flood);
  ADD ("flood/of-bytestreams", test_flood_of_bytestreams);
  ADD ("dstaddr/default", test_dstaddr);
  ADD_WITH ("/transports/s5b-transport-peer/dstaddr/given",
            "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba",
            test_dstaddr);
  ADD ("overtaken/bob-first", test_overtaken);
  ADD_WITH ("/transports/s5b-transport-peer/overtaken/alice-first", "alice", test_overtaken);
  ADD ("never-arrives", test_never_arrives);
  ADD ("dead-socket", test_dead_socket);
  ADD ("several/speak", test_several_speak);
  ADD ("several/closed", test_several_closed);
  ADD ("several/silent", test_several_silent);
  ADD ("several/lost", test_several_lost);
  ADD ("several/addresses", test_several_addresses);
  ADD ("eager-peer", test_eager_peer);
  ADD ("ended-by-peer", test_ended_by_peer);
  ADD ("life", test_life);
  for (guint i = 0; i < N_STEPS; i++)
    {
      g_autofree char *cancel =
          g_strconcat ("/transports/s5b-transport-peer/cancel/", steps[i], NULL);
      g_autofree char *aborted =
          g_strconcat ("/transports/s5b-transport-peer/abort/", steps[i], NULL);
      g_autofree char *drop = g_strconcat ("/transports/s5b-transport-peer/drop/", steps[i], NULL);

      if (i < STEP_CONNECTED)
        ADD_WITH (cancel, GUINT_TO_POINTER (i), test_cancel);
      ADD_WITH (aborted, GUINT_TO_POINTER (i), test_abort);
      ADD_WITH (drop, GUINT_TO_POINTER (i), test_drop);
    }

  return g_test_run ();
}
