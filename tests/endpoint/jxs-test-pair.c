/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                         "juliet@capulet.lit/balcony" };

static JxsIdentity *
identity_for (guint who)
{
  static JxsIdentity *identities[2];

  if (identities[who] == NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsJid) jid = jxs_jid_new (addresses[who], NULL);

      identities[who] = jxs_identity_generate (jid, JXS_KEY_TYPE_ECDSA_P256, &error);
      g_assert_no_error (error);
    }
  return g_object_ref (identities[who]);
}

static const char *
get_transport (void)
{
  const char *name = g_getenv ("JXS_TEST_TRANSPORT");

  return name != NULL ? name : "ibb";
}

gboolean
pair_is_in_band (void)
{
  return g_str_equal (get_transport (), "ibb");
}

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (jxs_candidate_get_host (candidate));

  return address == NULL || !g_inet_address_get_is_loopback (address);
}

void
pair_use_loopback (JxsEndpoint *endpoint)
{
  jxs_endpoint_set_allow_loopback (endpoint, TRUE);
  jxs_endpoint_set_discover_proxies (endpoint, FALSE);
  g_signal_connect (endpoint, "candidate", G_CALLBACK (candidate_cb), NULL);
}

JxsEndpoint *
pair_new_endpoint (JxsChannel *channel, JxsIdentity *identity, JxsTrust *trust)
{
  const char *const transports[] = { get_transport (), NULL };
  JxsEndpoint *endpoint = jxs_endpoint_new (channel, identity, trust);

  jxs_endpoint_set_transports (endpoint, transports);
  pair_use_loopback (endpoint);
  return endpoint;
}

void
pair_init (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      pair->jids[i] = jxs_jid_new (addresses[i], NULL);
      pair->identities[i] = identity_for (i);
      pair->trusts[i] = jxs_memory_trust_new ();
    }
  jxs_loopback_channel_new_pair (pair->jids[0],
                                 pair->jids[1],
                                 &pair->channels[0],
                                 &pair->channels[1]);
  for (guint i = 0; i < 2; i++)
    pair->endpoints[i] = pair_new_endpoint (JXS_CHANNEL (pair->channels[i]),
                                            pair->identities[i],
                                            JXS_TRUST (pair->trusts[i]));
}

static void
gone_cb (gpointer data, GObject *object)
{
  *(gboolean *) data = TRUE;
}

void
pair_clear (Pair *pair)
{
  gboolean gone[4] = { FALSE, FALSE, FALSE, FALSE };

  for (guint i = 0; i < 2; i++)
    {
      g_object_weak_ref (G_OBJECT (pair->endpoints[i]), gone_cb, &gone[i]);
      g_object_weak_ref (G_OBJECT (pair->channels[i]), gone_cb, &gone[2 + i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&pair->endpoints[i]);
      g_clear_object (&pair->channels[i]);
    }
  /* TLS closes in a worker thread. */
  wait_until (gone[0] && gone[1] && gone[2] && gone[3]);
  settle ();
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&pair->jids[i], jxs_jid_unref);
      g_clear_object (&pair->identities[i]);
      g_assert_finalize_object (pair->trusts[i]);
    }
}

void
reply_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reply *reply = user_data;

  g_assert_null (reply->result);
  reply->result = g_object_ref (result);
}

GAsyncResult *
reply_wait (Reply *reply)
{
  wait_until (reply->result != NULL);
  return g_steal_pointer (&reply->result);
}

void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static guint hurry;

static gboolean
hurry_cb (gpointer user_data)
{
  jxs_clock_advance (10 * 1000);
  return G_SOURCE_CONTINUE;
}

void
hurry_start (void)
{
  hurry = g_timeout_add (1, hurry_cb, NULL);
}

void
hurry_stop (void)
{
  g_clear_handle_id (&hurry, g_source_remove);
}

static void
drop_answers (Doorman *doorman)
{
  g_clear_object (&doorman->stream);
  g_clear_object (&doorman->connection);
  g_clear_error (&doorman->error);
}

static void
stream_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Doorman *doorman = user_data;

  g_clear_error (&doorman->error);
  g_clear_object (&doorman->stream);
  doorman->stream =
      jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &doorman->error);
  if (doorman->is_gone)
    drop_answers (doorman);
}

static void
pipe_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Doorman *doorman = user_data;

  g_clear_error (&doorman->error);
  g_clear_object (&doorman->connection);
  doorman->connection =
      jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &doorman->error);
  doorman->n_connections += doorman->connection != NULL;
  if (doorman->is_gone)
    drop_answers (doorman);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Doorman *doorman = user_data;

  doorman->n_incoming++;
  g_set_object (&doorman->session, session);
  if (doorman->hold)
    return;
  if (doorman->refuse != JXS_REASON_NONE)
    {
      g_autoptr (JxsReason) reason = jxs_reason_new (doorman->refuse, NULL);

      jxs_session_terminate (session, reason);
    }
  else if (jxs_endpoint_is_stream_session (endpoint, session))
    jxs_endpoint_accept_stream_async (
        endpoint, session, G_PRIORITY_DEFAULT, doorman->cancellable, stream_accepted_cb, doorman);
  else
    {
      g_assert_cmpstr (jxs_endpoint_get_session_service (endpoint, session),
                       ==,
                       "org.example.Echo");
      jxs_endpoint_accept_pipe_async (
          endpoint, session, G_PRIORITY_DEFAULT, doorman->cancellable, pipe_accepted_cb, doorman);
    }
}

void
doorman_init (Doorman *doorman, JxsEndpoint *endpoint)
{
  *doorman = (Doorman){ .endpoint = endpoint };
  doorman->id = g_signal_connect (endpoint, "incoming", G_CALLBACK (incoming_cb), doorman);
}

void
doorman_clear (Doorman *doorman)
{
  /* Unless the endpoint was disposed of. */
  if (g_signal_handler_is_connected (doorman->endpoint, doorman->id))
    g_signal_handler_disconnect (doorman->endpoint, doorman->id);
  /* What is being accepted may still come. */
  doorman->is_gone = TRUE;
  drop_answers (doorman);
  g_clear_object (&doorman->session);
  g_clear_object (&doorman->cancellable);
}

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Inbox *inbox = user_data;
  JxsElement *body = jxs_element_find_child (stanza, "body", NULL);

  g_assert_false (inbox->closed);
  g_ptr_array_add (inbox->stanzas, jxs_element_ref (stanza));
  g_ptr_array_add (inbox->bodies, g_strdup (body != NULL ? jxs_element_get_text (body) : "(none)"));
  return TRUE;
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  Inbox *inbox = user_data;

  g_assert_false (inbox->closed);
  inbox->closed = TRUE;
  if (error == NULL)
    {
      /* Who quits now cuts nothing off. */
      GIOStream *connection = jxs_xml_stream_get_io_stream (stream);

      g_assert_true (g_io_stream_is_closed (connection));
      g_assert_cmpint (jxs_session_get_state (
                           jxs_connection_get_session (JXS_CONNECTION (connection))),
                       ==,
                       JXS_SESSION_STATE_ENDED);
    }
  inbox->error = error != NULL ? g_error_copy (error) : NULL;
}

void
inbox_init (Inbox *inbox, JxsXmlStream *stream)
{
  *inbox = (Inbox){ .stream = stream };
  inbox->bodies = g_ptr_array_new_with_free_func (g_free);
  inbox->stanzas = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  g_signal_connect (stream, "stanza", G_CALLBACK (stanza_cb), inbox);
  g_signal_connect (stream, "closed", G_CALLBACK (closed_cb), inbox);
}

void
inbox_clear (Inbox *inbox)
{
  if (inbox->stream != NULL)
    g_signal_handlers_disconnect_by_data (inbox->stream, inbox);
  g_clear_pointer (&inbox->bodies, g_ptr_array_unref);
  g_clear_pointer (&inbox->stanzas, g_ptr_array_unref);
  g_clear_error (&inbox->error);
}

JxsXmlStream *
open_stream (Pair *pair, Doorman *doorman)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  JxsXmlStream *stream;

  jxs_endpoint_open_stream_async (
      pair->endpoints[ROMEO], pair->jids[JULIET], G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  stream = jxs_endpoint_open_stream_finish (pair->endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (stream);
  wait_until (doorman->stream != NULL || doorman->error != NULL);
  g_assert_no_error (doorman->error);
  return stream;
}

JxsConnection *
open_pipe (Pair *pair, Doorman *doorman)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };
  JxsConnection *connection;

  jxs_endpoint_open_pipe_async (pair->endpoints[ROMEO],
                                pair->jids[JULIET],
                                "org.example.Echo",
                                G_PRIORITY_DEFAULT,
                                NULL,
                                reply_cb,
                                &reply);
  result = reply_wait (&reply);
  connection = jxs_endpoint_open_pipe_finish (pair->endpoints[ROMEO], result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (connection);
  wait_until (doorman->connection != NULL || doorman->error != NULL);
  g_assert_no_error (doorman->error);
  return connection;
}

void
close_stream (JxsXmlStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Reply reply = { NULL };

  jxs_xml_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  result = reply_wait (&reply);
  jxs_xml_stream_close_finish (stream, result, &error);
  g_assert_no_error (error);
}

void
send_body (JxsXmlStream *stream, const char *body)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);
  g_autoptr (GError) error = NULL;

  jxs_xml_stream_send (stream, message, &error);
  g_assert_no_error (error);
}
