/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-s5b.h"

#include <string.h>

#include "jxs-test-sockets.h"

#define SERVICE "urn:example:bench"

static const char *const addresses[] = { "romeo@montague.lit/orchard",
                                         "juliet@capulet.lit/balcony" };

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  return !g_str_equal (jxs_candidate_get_host (candidate), "127.0.0.1");
}

void
s5b_restrict (JxsEndpoint *endpoint)
{
  static const char *const transports[] = { "s5b", NULL };

  jxs_endpoint_set_transports (endpoint, transports);
  jxs_endpoint_set_allow_loopback (endpoint, TRUE);
  jxs_endpoint_set_port_mapping (endpoint, FALSE);
  jxs_endpoint_set_discover_proxies (endpoint, FALSE);
  g_signal_connect (endpoint, "candidate", G_CALLBACK (candidate_cb), NULL);
}

/* Each stanza is a line of its own: the writer puts no line breaks into them. The sender is what a
 * server would add. */
static void
outgoing_cb (JxsRelayChannel *channel, JxsElement *stanza, S5bProcess *self)
{
  g_autoptr (JxsElement) stamped = jxs_element_copy (stanza);
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;

  jxs_element_set_attribute (stamped,
                             "from",
                             jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (channel))));
  if (self->edit != NULL)
    self->edit (stamped, self->user_data);
  text = jxs_element_to_string (stamped);
  g_assert (strchr (text, '\n') == NULL);
  line = g_strconcat (text, "\n", NULL);
  if (!g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (self->signalling)),
                                  line,
                                  strlen (line),
                                  NULL,
                                  NULL,
                                  NULL))
    jxs_relay_channel_close (self->channel);
}

static gboolean
signalling_cb (GObject *stream, gpointer user_data)
{
  S5bProcess *self = user_data;
  guint8 buffer[4096];
  gssize n = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (stream), buffer, sizeof buffer, NULL, NULL);
  guint8 *end;

  if (n <= 0)
    {
      jxs_relay_channel_close (self->channel);
      return G_SOURCE_REMOVE;
    }
  g_byte_array_append (self->arrived, buffer, n);
  while ((end = memchr (self->arrived->data, '\n', self->arrived->len)) != NULL)
    {
      g_autofree char *line = g_strndup ((char *) self->arrived->data, end - self->arrived->data);
      g_autoptr (GError) error = NULL;

      g_byte_array_remove_range (self->arrived, 0, end + 1 - self->arrived->data);
      if (!jxs_relay_channel_push_xml (self->channel, line, NULL, &error))
        g_error ("%s", error->message);
    }
  return G_SOURCE_CONTINUE;
}

void
s5b_process_init (S5bProcess *self, int fd, gboolean is_romeo, gboolean secure)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (GSource) source = NULL;

  *self = (S5bProcess){ .arrived = g_byte_array_new () };
  for (guint i = 0; i < 2; i++)
    self->jids[i] = jxs_jid_new (addresses[i], NULL);
  if (secure)
    identity =
        jxs_identity_generate (self->jids[is_romeo ? 0 : 1], JXS_KEY_TYPE_ECDSA_P256, &error);
  g_assert_no_error (error);
  self->signalling = g_socket_connection_factory_create_connection (socket);
  self->channel = jxs_relay_channel_new (self->jids[is_romeo ? 0 : 1], TRUE);
  g_signal_connect (self->channel, "outgoing", G_CALLBACK (outgoing_cb), self);
  self->endpoint = jxs_endpoint_new (JXS_CHANNEL (self->channel), identity, NULL);
  jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (self->endpoint),
                                              secure);
  jxs_endpoint_register (self->endpoint, SERVICE);
  s5b_restrict (self->endpoint);

  source =
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (
                                                 G_IO_STREAM (self->signalling))),
                                             NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (signalling_cb), self, NULL);
  g_source_attach (source, NULL);
}

void
s5b_process_clear (S5bProcess *self)
{
  g_clear_object (&self->connection);
  g_clear_object (&self->endpoint);
  g_clear_object (&self->channel);
  g_clear_object (&self->signalling);
  g_clear_pointer (&self->arrived, g_byte_array_unref);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&self->jids[i], jxs_jid_unref);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  S5bProcess *self = user_data;
  g_autoptr (GError) error = NULL;

  self->connection = jxs_endpoint_open_pipe_finish (JXS_ENDPOINT (object), result, &error);
  self->connected_us = g_get_monotonic_time ();
  if (self->connection == NULL)
    g_error ("%s", error->message);
}

static void
accepted_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  S5bProcess *self = user_data;
  g_autoptr (GError) error = NULL;

  self->connection = jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (object), result, &error);
  if (self->connection == NULL)
    g_error ("%s", error->message);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, S5bProcess *self)
{
  jxs_endpoint_accept_pipe_async (endpoint, session, G_PRIORITY_DEFAULT, NULL, accepted_cb, self);
}

void
s5b_process_start (S5bProcess *self, gboolean is_romeo)
{
  self->start_us = g_get_monotonic_time ();
  if (is_romeo)
    jxs_endpoint_open_pipe_async (
        self->endpoint, self->jids[1], SERVICE, G_PRIORITY_DEFAULT, NULL, opened_cb, self);
  else
    g_signal_connect (self->endpoint, "incoming", G_CALLBACK (incoming_cb), self);
}

JxsConnection *
s5b_process_connect (S5bProcess *self, gboolean is_romeo)
{
  s5b_process_start (self, is_romeo);
  jxs_test_wait_for (self->connection != NULL);
  return self->connection;
}
