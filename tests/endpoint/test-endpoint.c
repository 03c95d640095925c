/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/channel/jxs-disco-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static void
test_stream (void)
{
  g_autoptr (JxsXmlStream) stream = NULL;
  Inbox romeo, juliet;
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  stream = open_stream (&pair, &doorman);
  inbox_init (&romeo, stream);
  inbox_init (&juliet, doorman.stream);

  send_body (stream, "Art thou there?");
  wait_until (juliet.bodies->len == 1);
  g_assert_cmpstr (g_ptr_array_index (juliet.bodies, 0), ==, "Art thou there?");
  g_assert_cmpstr (jxs_element_get_attribute (g_ptr_array_index (juliet.stanzas, 0), "from"),
                   ==,
                   "romeo@montague.lit/orchard");
  send_body (doorman.stream, "Ay me!");
  wait_until (romeo.bodies->len == 1);
  g_assert_cmpstr (g_ptr_array_index (romeo.bodies, 0), ==, "Ay me!");

  close_stream (stream);
  wait_until (romeo.closed && juliet.closed);
  g_assert_no_error (romeo.error);
  g_assert_no_error (juliet.error);
  wait_until (jxs_session_get_state (doorman.session) == JXS_SESSION_STATE_ENDED);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (doorman.session)),
                   ==,
                   JXS_REASON_SUCCESS);

  inbox_clear (&romeo);
  inbox_clear (&juliet);
  g_clear_object (&stream);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

static void
exchange (GIOStream *from, GIOStream *to, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[64] = "";
  Reply write_reply = { NULL };
  Reply read_reply = { NULL };
  gsize n;

  g_input_stream_read_all_async (g_io_stream_get_input_stream (to),
                                 buffer,
                                 strlen (text),
                                 G_PRIORITY_DEFAULT,
                                 NULL,
                                 reply_cb,
                                 &read_reply);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (from),
                                   text,
                                   strlen (text),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   reply_cb,
                                   &write_reply);
  written = reply_wait (&write_reply);
  g_output_stream_write_all_finish (g_io_stream_get_output_stream (from), written, NULL, &error);
  g_assert_no_error (error);
  read = reply_wait (&read_reply);
  g_input_stream_read_all_finish (g_io_stream_get_input_stream (to), read, &n, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

static void
test_pipe (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  Reply replies[2] = { { NULL } };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  exchange (G_IO_STREAM (connection), G_IO_STREAM (doorman.connection), "What's in a name?");
  exchange (G_IO_STREAM (doorman.connection), G_IO_STREAM (connection), "A rose");

  g_assert_true (G_IS_TLS_CONNECTION (jxs_connection_get_tls_connection (connection)));
  g_assert_cmpstr (jxs_connection_get_protocol_name (connection), ==, "TLS 1.3");
  g_assert_cmpstr (jxs_connection_get_peer_fingerprint (connection),
                   ==,
                   jxs_connection_get_local_fingerprint (doorman.connection));
  g_assert_cmpint (jxs_connection_get_trust_level (connection), ==, JXS_TRUST_LEVEL_FIRST_USE);

  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  g_io_stream_close_async (
      G_IO_STREAM (doorman.connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[1]);
  first = reply_wait (&replies[0]);
  g_io_stream_close_finish (G_IO_STREAM (connection), first, &error);
  g_assert_no_error (error);
  second = reply_wait (&replies[1]);
  g_io_stream_close_finish (G_IO_STREAM (doorman.connection), second, &error);
  g_assert_no_error (error);

  g_clear_object (&first);
  g_clear_object (&second);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* ---- reasons why not ---- */

/* The error of opening; NULL if it opened. */
static GError *
try_stream (JxsEndpoint *endpoint, JxsJid *peer)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;
  GError *error = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_stream_async (endpoint, peer, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  stream = jxs_endpoint_open_stream_finish (endpoint, result, &error);
  g_assert_cmpint (stream == NULL, ==, error != NULL);
  return error;
}

static GError *
try_pipe (JxsEndpoint *endpoint, JxsJid *peer, const char *service)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  GError *error = NULL;
  Reply reply = { NULL };

  jxs_endpoint_open_pipe_async (
      endpoint, peer, service, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  connection = jxs_endpoint_open_pipe_finish (endpoint, result, &error);
  g_assert_cmpint (connection == NULL, ==, error != NULL);
  return error;
}

static GError *
try_session (JxsEndpoint *endpoint, JxsJid *peer, const char *xml)
{
  g_autoptr (JxsElement) description = jxs_element_new_from_string (xml, NULL);
  g_autoptr (JxsSession) session = jxs_endpoint_create_session (endpoint, peer, description);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  GError *error = NULL;
  Reply reply = { NULL };

  jxs_endpoint_connect_session_async (
      endpoint, session, NULL, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  connection = jxs_endpoint_connect_session_finish (endpoint, result, &error);
  g_assert_cmpint (connection == NULL, ==, error != NULL);
  return error;
}

static void
test_arguments (void)
{
  g_autoptr (JxsJid) bare = NULL;
  GError *error;
  Pair pair;
  static const char *const services[] = { "",
                                          "a\nb",
                                          "\xff",
                                          "a\xe2\x80\xae"
                                          "b" };

  pair_init (&pair);
  bare = jxs_jid_to_bare (pair.jids[JULIET]);
  error = try_stream (pair.endpoints[ROMEO], bare);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  error = try_stream (pair.endpoints[ROMEO], pair.jids[ROMEO]);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    {
      error = try_pipe (pair.endpoints[ROMEO], pair.jids[JULIET], services[i]);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_clear_error (&error);
    }
  pair_clear (&pair);
}

static void
test_refused (void)
{
  static const struct
  {
    JxsReasonCondition condition;
    JxsError code;
  } cases[] = {
    { JXS_REASON_DECLINE, JXS_ERROR_DECLINED },
    { JXS_REASON_BUSY, JXS_ERROR_BUSY },
  };
  Doorman doorman;
  GError *error;
  Pair pair;

  pair_init (&pair);
  /* Nobody listens. */
  error = try_stream (pair.endpoints[ROMEO], pair.jids[JULIET]);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_DECLINED);
  g_clear_error (&error);

  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int code = (int) cases[i].code;

      doorman.refuse = cases[i].condition;
      error = try_stream (pair.endpoints[ROMEO], pair.jids[JULIET]);
      g_assert_error (error, JXS_ERROR, code);
      g_clear_error (&error);
    }
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* What the application of the peer never gets to see. */
static void
test_not_offered (void)
{
  static const char *const pipes[] = {
    "<description xmlns='" JXS_NS_PIPE "'/>",
    "<description xmlns='" JXS_NS_PIPE "' service=''/>",
    "<description xmlns='" JXS_NS_PIPE "' service='a&#10;b'/>",
  };
  Doorman doorman;
  GError *error;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < G_N_ELEMENTS (pipes); i++)
    {
      error = try_session (pair.endpoints[ROMEO], pair.jids[JULIET], pipes[i]);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
      g_clear_error (&error);
    }
  error = try_session (pair.endpoints[ROMEO],
                       pair.jids[JULIET],
                       "<description xmlns='urn:example:unknown'/>");
  g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_cmpuint (doorman.n_incoming, ==, 0);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* Peers that answer service discovery (XEP-0030) otherwise than we do. */
static void
test_features (void)
{
  static const char *const features[] = {
    JXS_NS_JINGLE, JXS_NS_XMLSTREAM, JXS_NS_JINGLE_IBB, JXS_NS_XTLS
  };
  g_autoptr (JxsJid) romeo_jid = jxs_jid_new ("romeo@montague.lit/orchard", NULL);
  g_autoptr (JxsJid) juliet_jid = jxs_jid_new ("juliet@capulet.lit/balcony", NULL);
  g_autoptr (JxsIdentity) identity =
      jxs_identity_generate (romeo_jid, JXS_KEY_TYPE_ECDSA_P256, NULL);

  for (guint missing = 0; missing < G_N_ELEMENTS (features); missing++)
    {
      g_autoptr (JxsLoopbackChannel) first = NULL;
      g_autoptr (JxsLoopbackChannel) second = NULL;
      g_autoptr (JxsEndpoint) endpoint = NULL;
      g_autoptr (JxsRouter) router = NULL;
      g_autoptr (JxsDisco) disco = NULL;
      GError *error;

      jxs_loopback_channel_new_pair (romeo_jid, juliet_jid, &first, &second);
      endpoint = pair_new_endpoint (JXS_CHANNEL (first), identity, NULL);
      jxs_security_policy_set_methods (jxs_endpoint_get_security_policy (endpoint),
                                       JXS_SECURITY_METHODS_X509);
      router = jxs_router_get (JXS_CHANNEL (second));
      if (missing == 0)
        {
          /* XEP-0030 §3.1: as a server answers for a resource that is not there. */
          error = try_stream (endpoint, juliet_jid);
          g_assert_error (error, JXS_ERROR, JXS_ERROR_PEER_UNAVAILABLE);
          g_clear_error (&error);
        }
      disco = jxs_disco_new (router);
      for (guint i = 0; i < G_N_ELEMENTS (features); i++)
        if (i != missing)
          jxs_disco_add_feature (disco, features[i]);
      error = try_stream (endpoint, juliet_jid);
      g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
      g_assert_nonnull (strstr (error->message, "juliet@capulet.lit/balcony"));
      g_clear_error (&error);
    }
}

/* ---- trust ---- */

/* The alert and the end of the session both tell; the first one counts. */
static void
assert_was_refused (const GError *error)
{
  g_assert_nonnull (error);
  if (!g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED))
    g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
}

static void
test_untrusted (gconstpointer data)
{
  guint who = GPOINTER_TO_UINT (data);
  Doorman doorman;
  GError *error;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  jxs_memory_trust_set_first_use (pair.trusts[who], FALSE);
  error = try_stream (pair.endpoints[ROMEO], pair.jids[JULIET]);
  wait_until (doorman.error != NULL);
  if (who == ROMEO)
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
      assert_was_refused (doorman.error);
    }
  else
    {
      assert_was_refused (error);
      g_assert_error (doorman.error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
    }
  g_clear_error (&error);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (doorman.session)),
                   ==,
                   JXS_REASON_SECURITY_ERROR);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* The pipe is there before the peer has judged our key: reading tells. */
static void
test_untrusted_pipe (void)
{
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  GInputStream *input;
  Doorman doorman;
  char buffer[8];
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  jxs_memory_trust_set_first_use (pair.trusts[JULIET], FALSE);
  jxs_endpoint_open_pipe_async (pair.endpoints[ROMEO],
                                pair.jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  opened = reply_wait (&reply);
  connection = jxs_endpoint_open_pipe_finish (pair.endpoints[ROMEO], opened, &error);
  if (connection != NULL)
    {
      input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
      g_input_stream_read_async (
          input, buffer, sizeof buffer, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
      read = reply_wait (&reply);
      g_assert_cmpint (g_input_stream_read_finish (input, read, &error), ==, -1);
    }
  /* By the alert of TLS, or by the end of the session, whichever comes first. */
  g_assert_true (g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED) ||
                 g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY));
  g_clear_object (&opened);
  g_clear_object (&read);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* ---- without encryption ---- */

/* Makes the endpoints of a pair anew: with identity and require-encryption, or without, and never
 * STARTTLS. */
static void
rearm (Pair *pair, guint who, gboolean identity, gboolean required)
{
  JxsSecurityPolicy *policy;

  g_clear_object (&pair->endpoints[who]);
  settle ();
  pair->endpoints[who] = pair_new_endpoint (JXS_CHANNEL (pair->channels[who]),
                                            identity ? pair->identities[who] : NULL,
                                            identity ? JXS_TRUST (pair->trusts[who]) : NULL);
  policy = jxs_endpoint_get_security_policy (pair->endpoints[who]);
  jxs_security_policy_set_require_encryption (policy, required);
  jxs_security_policy_set_methods (policy, JXS_SECURITY_METHODS_X509);
}

static void
test_plain (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  Reply theirs = { NULL };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  rearm (&pair, ROMEO, FALSE, FALSE);
  rearm (&pair, JULIET, TRUE, FALSE);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  g_assert_null (jxs_connection_get_tls_connection (connection));
  g_assert_null (jxs_connection_get_peer_fingerprint (connection));
  exchange (G_IO_STREAM (connection), G_IO_STREAM (doorman.connection), "in the open");
  exchange (G_IO_STREAM (doorman.connection), G_IO_STREAM (connection), "likewise");
  g_io_stream_close_async (G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  /* A direct path has two directions, which end each on its own. */
  g_io_stream_close_async (
      G_IO_STREAM (doorman.connection), G_PRIORITY_DEFAULT, NULL, reply_cb, &theirs);
  closed = reply_wait (&reply);
  g_io_stream_close_finish (G_IO_STREAM (connection), closed, &error);
  g_assert_no_error (error);
  wait_until (theirs.result != NULL);
  g_clear_object (&theirs.result);
  wait_until (jxs_session_get_state (doorman.session) == JXS_SESSION_STATE_ENDED);
  g_assert_cmpint (jxs_reason_get_condition (jxs_session_get_reason (doorman.session)),
                   ==,
                   JXS_REASON_SUCCESS);

  stream = open_stream (&pair, &doorman);
  close_stream (stream);
  g_clear_object (&closed);
  g_clear_object (&stream);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* Who requires encryption and cannot encrypt opens nothing. */
static void
test_no_downgrade (void)
{
  GError *error;
  Pair pair;

  pair_init (&pair);
  rearm (&pair, ROMEO, FALSE, TRUE);
  error = try_stream (pair.endpoints[ROMEO], pair.jids[JULIET]);
  g_assert_error (error, JXS_ERROR, JXS_ERROR_SECURITY);
  g_clear_error (&error);
  pair_clear (&pair);
}

/* ---- many ---- */

#define MANY 100
#define MANY_AT_ONCE 50 /* handshakes; TLS does a few more of one peer at once */

typedef struct
{
  Pair *pair;
  guint n_started;
  guint n_opened;
  guint n_accepted;
  guint n_failed;
  guint n_closed;
  GPtrArray *streams;
} Many;

static void
many_closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  ((Many *) user_data)->n_closed++;
}

static void
keep (Many *many, JxsXmlStream *stream)
{
  g_signal_connect (stream, "closed", G_CALLBACK (many_closed_cb), many);
  g_ptr_array_add (many->streams, stream);
}

static void many_start (Many *many);

static void
many_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Many *many = user_data;
  JxsXmlStream *stream = jxs_endpoint_open_stream_finish (JXS_ENDPOINT (source), result, &error);

  many_start (many);
  if (stream == NULL)
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_BUSY);
      many->n_failed++;
      return;
    }
  many->n_opened++;
  keep (many, stream);
}

static void
many_start (Many *many)
{
  if (many->n_started == MANY)
    return;
  many->n_started++;
  jxs_endpoint_open_stream_async (many->pair->endpoints[ROMEO],
                                  many->pair->jids[JULIET],
                                  G_PRIORITY_DEFAULT,
                                  NULL,
                                  many_opened_cb,
                                  many);
}

static void
many_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Many *many = user_data;
  JxsXmlStream *stream = jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &error);

  g_assert_no_error (error);
  many->n_accepted++;
  keep (many, stream);
}

static void
many_incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  jxs_endpoint_accept_stream_async (
      endpoint, session, G_PRIORITY_DEFAULT, NULL, many_accepted_cb, user_data);
}

static void
test_many (gconstpointer data)
{
  guint limit = GPOINTER_TO_UINT (data);
  Pair pair;
  Many many = { .pair = &pair };

  pair_init (&pair);
  many.streams = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 2; i++)
    jxs_endpoint_set_limits (pair.endpoints[i], i == JULIET ? limit : MANY, MANY);
  g_signal_connect (pair.endpoints[JULIET], "incoming", G_CALLBACK (many_incoming_cb), &many);
  /* A listener takes only so many connections of one machine at a time. */
  for (guint i = 0; i < (pair_is_in_band () ? MANY_AT_ONCE : 8); i++)
    many_start (&many);
  wait_until (many.n_opened + many.n_failed == MANY && many.n_accepted == many.n_opened);
  g_assert_cmpuint (many.n_opened, ==, limit);
  for (guint i = 0; i < many.streams->len; i += 2)
    jxs_xml_stream_close_async (
        g_ptr_array_index (many.streams, i), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  for (guint i = 1; i < many.streams->len; i += 2)
    jxs_xml_stream_close_async (
        g_ptr_array_index (many.streams, i), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  wait_until (many.n_closed == 2 * limit);
  g_ptr_array_unref (many.streams);
  pair_clear (&pair);
}

/* ---- sessions of the application's own ---- */

static gboolean
info_cb (JxsSession *session, JxsElement *payload, gpointer user_data)
{
  g_ptr_array_add (user_data, jxs_element_ref (payload));
  return jxs_element_is (payload, "move", "urn:example:game:1") ||
         jxs_element_is (payload, "description", "urn:example:game:1");
}

/* What is no description is the caller's mistake, and is not offered. */
static void
test_no_description (void)
{
  static const char *const offers[] = {
    "<description/>",
    "<offer xmlns='urn:example:game:1'/>",
  };
  Pair pair;

  pair_init (&pair);
  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      g_autoptr (JxsElement) offer = jxs_element_new_from_string (offers[i], NULL);

      g_test_expect_message ("jxs-endpoint",
                             G_LOG_LEVEL_CRITICAL,
                             "*jxs_endpoint_create_session*description*");
      g_assert_null (jxs_endpoint_create_session (pair.endpoints[ROMEO], pair.jids[JULIET], offer));
      g_test_assert_expected_messages ();
    }
  pair_clear (&pair);
}

static void
test_own_application (void)
{
  g_autoptr (JxsElement) offer =
      jxs_element_new_from_string ("<description xmlns='urn:example:game:1' board='19'/>", NULL);
  g_autoptr (JxsElement) answer =
      jxs_element_new_from_string ("<description xmlns='urn:example:game:1' board='13'/>", NULL);
  g_autoptr (JxsElement) move = jxs_element_new ("move", "urn:example:game:1");
  g_autoptr (JxsElement) strange = jxs_element_new ("strange", "urn:example:game:1");
  g_autoptr (GPtrArray) infos = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GAsyncResult) accepted = NULL;
  g_autoptr (JxsSession) session = NULL;
  g_autoptr (JxsConnection) ours = NULL;
  g_autoptr (JxsConnection) theirs = NULL;
  g_autoptr (GError) error = NULL;
  Reply replies[2] = { { NULL } };
  Doorman doorman;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  doorman.hold = TRUE;
  jxs_endpoint_register (pair.endpoints[JULIET], "urn:example:game:1");
  session = jxs_endpoint_create_session (pair.endpoints[ROMEO], pair.jids[JULIET], offer);
  g_assert_cmpint (jxs_session_get_state (session), ==, JXS_SESSION_STATE_NEW);
  jxs_endpoint_connect_session_async (
      pair.endpoints[ROMEO], session, NULL, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  wait_until (doorman.n_incoming == 1);
  g_assert_false (jxs_endpoint_is_stream_session (pair.endpoints[JULIET], doorman.session));
  g_assert_null (jxs_endpoint_get_session_service (pair.endpoints[JULIET], doorman.session));
  g_assert_cmpstr (
      jxs_element_get_attribute (jxs_session_get_description (doorman.session), "board"), ==, "19");

  /* Not what it is for: nothing happens to it. */
  jxs_endpoint_accept_pipe_async (
      pair.endpoints[JULIET], doorman.session, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[1]);
  accepted = reply_wait (&replies[1]);
  g_assert_null (jxs_endpoint_accept_pipe_finish (pair.endpoints[JULIET], accepted, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_clear_object (&accepted);

  jxs_endpoint_connect_session_async (pair.endpoints[JULIET],
                                      doorman.session,
                                      answer,
                                      G_PRIORITY_DEFAULT,
                                      NULL,
                                      reply_cb,
                                      &replies[1]);
  opened = reply_wait (&replies[0]);
  ours = jxs_endpoint_connect_session_finish (pair.endpoints[ROMEO], opened, &error);
  g_assert_no_error (error);
  accepted = reply_wait (&replies[1]);
  theirs = jxs_endpoint_connect_session_finish (pair.endpoints[JULIET], accepted, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (jxs_element_get_attribute (jxs_session_get_description (session), "board"),
                   ==,
                   "13");
  exchange (G_IO_STREAM (ours), G_IO_STREAM (theirs), "e4");

  g_signal_connect (doorman.session, "info", G_CALLBACK (info_cb), infos);
  g_signal_connect (doorman.session, "description-info", G_CALLBACK (info_cb), infos);
  g_clear_object (&opened);
  jxs_session_send_info_async (session, move, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  opened = reply_wait (&replies[0]);
  g_assert_true (jxs_session_send_info_finish (session, opened, &error));
  g_assert_no_error (error);
  g_clear_object (&opened);
  jxs_session_send_info_async (session, strange, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  opened = reply_wait (&replies[0]);
  g_assert_false (jxs_session_send_info_finish (session, opened, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_clear_object (&opened);
  jxs_session_send_description_info_async (
      session, offer, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[0]);
  opened = reply_wait (&replies[0]);
  g_assert_true (jxs_session_send_description_info_finish (session, opened, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (infos->len, ==, 3);

  /* The application may end what it began. */
  jxs_session_terminate (session, NULL);
  wait_until (jxs_session_get_state (doorman.session) == JXS_SESSION_STATE_ENDED);
  g_clear_object (&opened);
  g_clear_object (&accepted);
  g_clear_object (&ours);
  g_clear_object (&theirs);
  g_clear_object (&session);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* ---- trace ---- */

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  gint64 *last_us = user_data;

  g_assert_cmpint (time_us, >=, *last_us);
  g_assert_true (g_str_has_prefix (detail, "{") && g_str_has_suffix (detail, "}"));
  g_assert_null (strstr (detail, "wherefore"));
  *last_us = time_us;
}

/* In order, in JSON, and without what the applications say. */
static void
test_trace (void)
{
  g_autoptr (JxsXmlStream) stream = NULL;
  gint64 last_us = 0;
  Doorman doorman;
  Inbox inbox;
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  g_signal_connect (pair.endpoints[ROMEO], "trace", G_CALLBACK (trace_cb), &last_us);
  stream = open_stream (&pair, &doorman);
  inbox_init (&inbox, doorman.stream);
  send_body (stream, "wherefore art thou");
  wait_until (inbox.bodies->len == 1);
  close_stream (stream);
  g_assert_cmpint (last_us, >, 0);
  inbox_clear (&inbox);
  g_clear_object (&stream);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/endpoint/endpoint/stream", test_stream);
  g_test_add_func ("/endpoint/endpoint/pipe", test_pipe);
  g_test_add_func ("/endpoint/endpoint/arguments", test_arguments);
  g_test_add_func ("/endpoint/endpoint/refused", test_refused);
  g_test_add_func ("/endpoint/endpoint/not-offered", test_not_offered);
  g_test_add_func ("/endpoint/endpoint/features", test_features);
  g_test_add_data_func ("/endpoint/endpoint/untrusted/by-initiator",
                        GUINT_TO_POINTER (ROMEO),
                        test_untrusted);
  g_test_add_data_func ("/endpoint/endpoint/untrusted/by-responder",
                        GUINT_TO_POINTER (JULIET),
                        test_untrusted);
  g_test_add_func ("/endpoint/endpoint/untrusted/pipe", test_untrusted_pipe);
  g_test_add_func ("/endpoint/endpoint/plain", test_plain);
  g_test_add_func ("/endpoint/endpoint/no-downgrade", test_no_downgrade);
  g_test_add_data_func ("/endpoint/endpoint/many", GUINT_TO_POINTER (MANY), test_many);
  g_test_add_data_func ("/endpoint/endpoint/limits", GUINT_TO_POINTER (7), test_many);
  g_test_add_func ("/endpoint/endpoint/own-application", test_own_application);
  g_test_add_func ("/endpoint/endpoint/no-description", test_no_description);
  g_test_add_func ("/endpoint/endpoint/trace", test_trace);
  return g_test_run ();
}
