/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "stream-fixture.h"

#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "jxs-test-sockets.h"

void
iterate_until_set (const gboolean *flag)
{
  while (!*flag)
    g_main_context_iteration (NULL, TRUE);
}

void
iterate_all (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
on_raw_readable (GObject *input, gpointer user_data)
{
  Raw *raw = user_data;
  char buffer[4096];
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (input), buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    {
      g_string_append_len (raw->received, buffer, n);
      raw->n_received += (gsize) n;
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      raw->eof = TRUE;
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

Raw *
raw_new (GIOStream *io_stream)
{
  Raw *raw = g_new0 (Raw, 1);

  raw->io_stream = g_object_ref (io_stream);
  raw->received = g_string_new (NULL);
  raw_pause (raw, FALSE);
  return raw;
}

void
raw_pause (Raw *raw, gboolean pause)
{
  if (raw->source != NULL)
    g_source_destroy (raw->source);
  g_clear_pointer (&raw->source, g_source_unref);
  if (pause)
    return;
  raw->source = g_pollable_input_stream_create_source (
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (raw->io_stream)), NULL);
  g_source_set_callback (raw->source, G_SOURCE_FUNC (on_raw_readable), raw, NULL);
  g_source_attach (raw->source, NULL);
}

void
raw_send (Raw *raw, const char *text)
{
  GPollableOutputStream *output =
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (raw->io_stream));
  gsize length = strlen (text);

  while (length > 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (output, text, length, NULL, &error);

      if (n < 0)
        {
          /* The stream may have stopped reading, or be gone. */
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
              !g_main_context_iteration (NULL, FALSE))
            return;
          continue;
        }
      text += n;
      length -= (gsize) n;
    }
}

void
raw_expect (Raw *raw, const char *text)
{
  while (strstr (raw->received->str, text) == NULL && !raw->eof)
    g_main_context_iteration (NULL, TRUE);
  if (strstr (raw->received->str, text) == NULL)
    g_error ("“%s” does not contain “%s”", raw->received->str, text);
}

void
raw_close (Raw *raw)
{
  raw_pause (raw, TRUE);
  g_io_stream_close (raw->io_stream, NULL, NULL);
}

void
raw_free (Raw *raw)
{
  raw_pause (raw, TRUE);
  g_object_unref (raw->io_stream);
  g_string_free (raw->received, TRUE);
  g_free (raw);
}

static gboolean
on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Side *side = user_data;

  side->n_after_close += side->n_closed;
  g_ptr_array_add (side->stanzas, jxs_element_ref (stanza));
  return side->take;
}

static void
on_stream_closed (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  Side *side = user_data;

  g_assert_cmpint (jxs_xml_stream_get_state (stream), ==, JXS_XML_STREAM_STATE_CLOSED);
  side->n_closed++;
  if (error != NULL)
    side->error = g_error_copy (error);
}

static void
side_watch (Side *side, JxsXmlStream *stream)
{
  side->stream = stream;
  g_signal_connect (stream, "stanza", G_CALLBACK (on_stanza), side);
  g_signal_connect (stream, "closed", G_CALLBACK (on_stream_closed), side);
}

Side *
side_new (GIOStream *io_stream, JxsXmlStreamRole role, JxsXmlStreamKind kind)
{
  Side *side = g_new0 (Side, 1);
  gboolean is_romeo = role == JXS_XML_STREAM_INITIATOR;
  g_autoptr (JxsJid) romeo = jxs_jid_new (ROMEO, NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  g_autoptr (JxsJid) server = jxs_jid_new ("montague.lit", NULL);
  JxsXmlStream *stream;

  side->role = role;
  side->stanzas = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  if (kind == JXS_XML_STREAM_PEER)
    stream = jxs_xml_stream_new (
        io_stream, role, kind, is_romeo ? romeo : juliet, is_romeo ? juliet : romeo);
  else
    stream = jxs_xml_stream_new (io_stream, role, kind, NULL, server);
  side_watch (side, stream);
  return side;
}

void
side_replace (Side *side, JxsXmlStream *stream)
{
  g_assert_finalize_object (side->stream);
  side_watch (side, stream);
}

void
side_replace_io (Side *side, GIOStream *io_stream)
{
  g_autoptr (JxsJid) local = jxs_jid_ref (jxs_xml_stream_get_local_jid (side->stream));
  g_autoptr (JxsJid) peer = jxs_jid_ref (jxs_xml_stream_get_peer_jid (side->stream));

  side_replace (side, jxs_xml_stream_new (io_stream, side->role, JXS_XML_STREAM_PEER, local, peer));
}

void
side_open (Side *side, JxsElement *features, Call *call)
{
  jxs_xml_stream_open_async (side->stream, features, G_PRIORITY_DEFAULT, NULL, on_opened, call);
}

void
side_expect_closed (Side *side)
{
  while (side->n_closed == 0)
    g_main_context_iteration (NULL, TRUE);
}

void
side_expect_stanzas (Side *side, guint n)
{
  while (side->stanzas->len < n)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (side->stanzas->len, ==, n);
}

void
side_send_body (Side *side, const char *body)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);
  g_autoptr (GError) error = NULL;

  jxs_xml_stream_send (side->stream, message, &error);
  g_assert_no_error (error);
}

const char *
side_get_body (Side *side, guint i)
{
  JxsElement *body;

  g_assert_cmpuint (i, <, side->stanzas->len);
  body = jxs_element_find_child (side->stanzas->pdata[i], "body", JXS_NS_CLIENT);
  return body != NULL ? jxs_element_get_text (body) : NULL;
}

void
side_free (Side *side)
{
  /* Tasks that still wait hold the stream. */
  iterate_all ();
  g_assert_cmpuint (side->n_closed, <=, 1);
  g_assert_cmpuint (side->n_after_close, ==, 0);
  g_signal_handlers_disconnect_by_data (side->stream, side);
  g_assert_finalize_object (side->stream);
  g_clear_error (&side->error);
  g_ptr_array_unref (side->stanzas);
  g_free (side);
}

void
call_clear (Call *call)
{
  g_clear_error (&call->error);
  g_clear_pointer (&call->element, jxs_element_unref);
  call->done = FALSE;
}

void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_assert_false (call->done);
  g_assert_true (
      jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, &call->element, &call->error) ==
      (call->error == NULL));
  call->done = TRUE;
}

void
on_opened_set_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  on_opened (source, result, call);
  if (call->error == NULL)
    jxs_xml_stream_set_open (JXS_XML_STREAM (source));
}

void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_assert_false (call->done);
  g_assert_true (jxs_xml_stream_close_finish (JXS_XML_STREAM (source), result, &call->error) ==
                 (call->error == NULL));
  call->done = TRUE;
}

void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_assert_false (call->done);
  g_assert_true (jxs_xml_stream_send_finish (JXS_XML_STREAM (source), result, &call->error) ==
                 (call->error == NULL));
  call->done = TRUE;
}

void
on_element (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_assert_false (call->done);
  call->element =
      jxs_xml_stream_read_element_finish (JXS_XML_STREAM (source), result, &call->error);
  g_assert_true ((call->element != NULL) == (call->error == NULL));
  call->done = TRUE;
}

void
on_paused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_assert_false (call->done);
  g_assert_true (jxs_xml_stream_pause_finish (JXS_XML_STREAM (source), result, &call->error) ==
                 (call->error == NULL));
  call->done = TRUE;
}

static void
new_pipe (GIOStream **first, GIOStream **second)
{
  g_autoptr (GError) error = NULL;

  jxs_pipe_new (first, second, &error);
  g_assert_no_error (error);
}

static void
start (JxsXmlStreamRole role, JxsXmlStreamKind kind, Side **side, Raw **raw)
{
  g_autoptr (GIOStream) first = NULL;
  g_autoptr (GIOStream) second = NULL;

  new_pipe (&first, &second);
  *side = side_new (first, role, kind);
  *raw = raw_new (second);
}

void
start_with_raw (JxsXmlStreamRole role, Side **side, Raw **raw)
{
  start (role, JXS_XML_STREAM_PEER, side, raw);
}

void
start_with_raw_server (Side **side, Raw **raw)
{
  start (JXS_XML_STREAM_INITIATOR, JXS_XML_STREAM_SERVER, side, raw);
}

void
open_with_raw (JxsXmlStreamRole role, Side **side, Raw **raw)
{
  Call call = { 0 };

  start_with_raw (role, side, raw);
  side_open (*side, NULL, &call);
  if (role == JXS_XML_STREAM_INITIATOR)
    {
      raw_expect (*raw, ">");
      raw_send (*raw, JULIET_HEADER FEATURES);
    }
  else
    {
      raw_send (*raw, ROMEO_HEADER);
      raw_expect (*raw, FEATURES);
    }
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  jxs_xml_stream_set_open ((*side)->stream);
  g_string_truncate ((*raw)->received, 0);
  call_clear (&call);
}

static void
open_over (GIOStream *first, GIOStream *second, Side **romeo, Side **juliet)
{
  Call calls[2] = { 0 };

  *romeo = side_new (first, JXS_XML_STREAM_INITIATOR, JXS_XML_STREAM_PEER);
  *juliet = side_new (second, JXS_XML_STREAM_RECEIVER, JXS_XML_STREAM_PEER);
  side_open (*romeo, NULL, &calls[0]);
  side_open (*juliet, NULL, &calls[1]);
  iterate_until_set (&calls[0].done);
  iterate_until_set (&calls[1].done);
  g_assert_no_error (calls[0].error);
  g_assert_no_error (calls[1].error);
  g_assert_nonnull (calls[0].element);
  g_assert_null (calls[1].element);
  jxs_xml_stream_set_open ((*romeo)->stream);
  jxs_xml_stream_set_open ((*juliet)->stream);
  call_clear (&calls[0]);
  call_clear (&calls[1]);
}

void
open_pair (Side **romeo, Side **juliet)
{
  g_autoptr (GIOStream) first = NULL;
  g_autoptr (GIOStream) second = NULL;

  new_pipe (&first, &second);
  open_over (first, second, romeo, juliet);
}

void
open_tls_pair (Side **romeo, Side **juliet)
{
  GSocketConnection *connections[2] = { NULL, NULL };
  GTlsConnection *tls[2] = { NULL, NULL };
  GAsyncResult *results[2] = { NULL, NULL };

  jxs_test_tcp_pair (&connections[0], &connections[1]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GIOStream) base = jxs_socket_stream_new (connections[i]);
      g_autoptr (GTlsCertificate) certificate = jxs_test_certificate (i);
      JxsTlsParams params = {
        .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
        .certificate = certificate,
        .pin = TRUE,
      };

      jxs_tls_handshake_async (
          base, &params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &results[i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      jxs_test_wait_for (results[i] != NULL);
      tls[i] = jxs_tls_handshake_finish (results[i], &error);
      g_assert_no_error (error);
      g_object_unref (results[i]);
      g_object_unref (connections[i]);
    }
  open_over (G_IO_STREAM (tls[0]), G_IO_STREAM (tls[1]), romeo, juliet);
  g_object_unref (tls[0]);
  g_object_unref (tls[1]);
}
