/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "stream-fixture.h"

#define SERVER_HEADER                                                                              \
  "<?xml version='1.0'?>" HEADER_START " id='s1' from='montague.lit' xml:lang='en' version='1.0'>"

static JxsElement *
read_element (Side *side, Call *call)
{
  call_clear (call);
  jxs_xml_stream_read_element_async (side->stream, NULL, on_element, call);
  iterate_until_set (&call->done);
  g_assert_no_error (call->error);
  return call->element;
}

static void
open_with_server (Side **side, Raw **raw, Call *call)
{
  start_with_raw_server (side, raw);
  side_open (*side, NULL, call);
  raw_expect (*raw, "version='1.0'>");
  raw_send (*raw,
            SERVER_HEADER
            "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>"
            "</starttls></stream:features>");
  iterate_until_set (&call->done);
  g_assert_no_error (call->error);
}

/* RFC 6120 §5.4, §6.4, §7: what a client does until its stream is open. */
static void
test_negotiation (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autoptr (JxsElement) starttls = jxs_element_new ("starttls", JXS_NS_TLS);
  g_autoptr (JxsElement) bind = jxs_element_new ("bind", JXS_NS_BIND);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("set", NULL, bind);
  g_autoptr (JxsJid) jid = jxs_jid_new (ROMEO, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  JxsElement *element;

  open_with_server (&side, &raw, &call);
  /* RFC 6120 §11.5; no `from` before there is privacy (§4.7.1). */
  g_assert_cmpstr (raw->received->str,
                   ==,
                   "<?xml version='1.0'?>" HEADER_START " to='montague.lit' version='1.0'>");
  g_assert_nonnull (jxs_element_find_child (call.element, "starttls", JXS_NS_TLS));
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_OPENING);

  g_assert_false (jxs_xml_stream_send (side->stream, iq, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_assert_true (jxs_xml_stream_send_element (side->stream, starttls, NULL));
  raw_expect (raw, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  /* What is slipped in behind <proceed/> is not believed (§5.4.3.3). */
  raw_send (raw,
            "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
            "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><message>");
  element = read_element (side, &call);
  g_assert_true (jxs_element_is (element, "proceed", JXS_NS_TLS));
  call_clear (&call);
  jxs_xml_stream_pause_async (side->stream, NULL, on_paused, &call);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  /* Nothing is read from here on. */
  raw_send (raw, "hello");
  iterate_all ();
  {
    char buffer[16] = { 0 };
    GIOStream *io_stream = jxs_xml_stream_get_io_stream (side->stream);

    g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (io_stream),
                                          buffer,
                                          sizeof buffer - 1,
                                          NULL,
                                          NULL),
                     ==,
                     5);
  }

  jxs_xml_stream_restart (side->stream, NULL);
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_OPENING);
  g_object_get (side->stream, "stream-id", &id, NULL);
  g_assert_cmpstr (id, ==, NULL);
  g_string_truncate (raw->received, 0);
  call_clear (&call);
  side_open (side, NULL, &call);
  raw_expect (raw, "version='1.0'>");
  raw_send (raw,
            "<?xml version='1.0'?>" HEADER_START " id='s2' version='1.0'>"
            "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>");
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  g_assert_null (jxs_element_find_child (call.element, "starttls", JXS_NS_TLS));
  g_assert_nonnull (jxs_element_find_child (call.element, "bind", JXS_NS_BIND));
  g_object_get (side->stream, "stream-id", &id, NULL);
  g_assert_cmpstr (id, ==, "s2");

  g_assert_true (jxs_xml_stream_send_element (side->stream, iq, NULL));
  raw_expect (raw, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  raw_send (raw, "<iq type='result' id='1'/><message from='a@b' to='c@d'/>");
  element = read_element (side, &call);
  g_assert_true (jxs_element_is (element, "iq", JXS_NS_CLIENT));
  jxs_xml_stream_set_local_jid (side->stream, jid);
  g_assert_true (jxs_jid_equal (jxs_xml_stream_get_local_jid (side->stream), jid));
  jxs_xml_stream_set_open (side->stream);
  side_expect_stanzas (side, 1);
  /* A server's stanzas keep their addresses. */
  g_assert_cmpstr (jxs_element_get_attribute (side->stanzas->pdata[0], "from"), ==, "a@b");
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* RFC 6120 §4.3.3: prefixes of the stream before are unknown to the next. */
static void
test_restart_forgets (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw_server (&side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw,
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:old='urn:old' version='1.0'><stream:features><old:x/></stream:features>");
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  jxs_xml_stream_restart (side->stream, NULL);
  call_clear (&call);
  side_open (side, NULL, &call);
  raw_send (raw, HEADER_START " version='1.0'><stream:features><old:x/></stream:features>");
  side_expect_closed (side);
  g_assert_error (call.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_NOT_WELL_FORMED);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* A new I/O stream takes the place of the one before. */
static void
test_restart_other_stream (void)
{
  Side *side, *other;
  Raw *raw, *other_raw;
  Call call = { 0 };

  open_with_server (&side, &raw, &call);
  start_with_raw_server (&other, &other_raw);
  jxs_xml_stream_restart (side->stream, jxs_xml_stream_get_io_stream (other->stream));
  call_clear (&call);
  side_open (side, NULL, &call);
  raw_expect (other_raw, "version='1.0'>");
  raw_send (other_raw, SERVER_HEADER FEATURES);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  call_clear (&call);
  side_free (side);
  side_free (other);
  raw_free (raw);
  raw_free (other_raw);
}

/* Each call, cancelled before it begins: it does nothing. */
static void
test_cancel_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "x");
  Side *side;
  Raw *raw;
  Call calls[4] = { 0 };
  Call call = { 0 };

  g_cancellable_cancel (cancellable);
  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_open_async (side->stream, NULL, G_PRIORITY_DEFAULT, cancellable, on_opened, &call);
  iterate_until_set (&call.done);
  g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  call_clear (&call);
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_NEW);
  side_free (side);
  raw_free (raw);

  open_with_server (&side, &raw, &call);
  call_clear (&call);
  jxs_xml_stream_read_element_async (side->stream, cancellable, on_element, &calls[0]);
  jxs_xml_stream_pause_async (side->stream, cancellable, on_paused, &calls[1]);
  iterate_until_set (&calls[0].done);
  iterate_until_set (&calls[1].done);
  jxs_xml_stream_set_open (side->stream);
  g_string_truncate (raw->received, 0);
  jxs_xml_stream_send_async (
      side->stream, message, G_PRIORITY_DEFAULT, cancellable, on_sent, &calls[2]);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, cancellable, on_closed, &calls[3]);
  iterate_until_set (&calls[2].done);
  iterate_until_set (&calls[3].done);
  iterate_all ();
  g_assert_cmpstr (raw->received->str, ==, "");
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_OPEN);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_assert_error (calls[i].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      call_clear (&calls[i]);
    }
  side_free (side);
  raw_free (raw);
}

static void
test_cancel_open (void)
{
  static const char *const sent[] = { "", JULIET_HEADER };

  for (gsize i = 0; i < G_N_ELEMENTS (sent); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Side *side;
      Raw *raw;
      Call call = { 0 };

      start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
      jxs_xml_stream_open_async (
          side->stream, NULL, G_PRIORITY_DEFAULT, cancellable, on_opened, &call);
      raw_send (raw, sent[i]);
      iterate_all ();
      g_assert_false (call.done);
      g_cancellable_cancel (cancellable);
      /* Not from inside the canceller's call. */
      g_assert_false (call.done);
      iterate_until_set (&call.done);
      g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      side_expect_closed (side);
      g_assert_error (side->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }
}

/* Giving up on an element does not lose it. */
static void
test_cancel_read_element (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Side *side;
  Raw *raw;
  Call call = { 0 };
  Call second = { 0 };

  open_with_server (&side, &raw, &call);
  call_clear (&call);
  jxs_xml_stream_read_element_async (side->stream, cancellable, on_element, &call);
  raw_send (raw, "<challenge xmlns='urn:ietf:params");
  iterate_all ();
  /* One at a time. */
  jxs_xml_stream_read_element_async (side->stream, NULL, on_element, &second);
  iterate_until_set (&second.done);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  call_clear (&second);
  jxs_xml_stream_pause_async (side->stream, NULL, on_paused, &second);
  iterate_until_set (&second.done);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);

  g_cancellable_cancel (cancellable);
  iterate_until_set (&call.done);
  g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  raw_send (raw, ":xml:ns:xmpp-sasl'>eA==</challenge>");
  iterate_all ();
  g_assert_cmpstr (jxs_element_get_text (read_element (side, &call)), ==, "eA==");
  call_clear (&call);
  call_clear (&second);
  side_free (side);
  raw_free (raw);
}

/* Fills the pipe, so that what is sent waits. */
static void
fill_pipe (Side *side, Raw *raw)
{
  GOutputStream *output =
      g_io_stream_get_output_stream (jxs_xml_stream_get_io_stream (side->stream));
  g_autofree char *spaces = g_strnfill (65536, ' ');

  raw_pause (raw, TRUE);
  for (gsize size = 65536; size > 0; size /= 2)
    while (g_pollable_output_stream_write_nonblocking (
               G_POLLABLE_OUTPUT_STREAM (output), spaces, size, NULL, NULL) > 0)
      ;
}

static void
test_cancel_pause (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (JxsElement) starttls = jxs_element_new ("starttls", JXS_NS_TLS);
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_server (&side, &raw, &call);
  call_clear (&call);
  fill_pipe (side, raw);
  g_assert_true (jxs_xml_stream_send_element (side->stream, starttls, NULL));
  jxs_xml_stream_pause_async (side->stream, cancellable, on_paused, &call);
  iterate_all ();
  g_assert_false (call.done);
  g_cancellable_cancel (cancellable);
  iterate_until_set (&call.done);
  g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* Not cancelled, it waits until all is sent. */
  call_clear (&call);
  jxs_xml_stream_pause_async (side->stream, NULL, on_paused, &call);
  iterate_all ();
  g_assert_false (call.done);
  raw_pause (raw, FALSE);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  raw_expect (raw, "<starttls ");
  side_free (side);
  raw_free (raw);
}

/* What was queued is sent all the same. */
static void
test_cancel_send (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "cancelled");
  Side *side;
  Raw *raw;
  Call calls[3] = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  fill_pipe (side, raw);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    jxs_xml_stream_send_async (
        side->stream, message, G_PRIORITY_DEFAULT, i == 1 ? cancellable : NULL, on_sent, &calls[i]);
  iterate_all ();
  g_assert_false (calls[0].done);
  g_cancellable_cancel (cancellable);
  iterate_until_set (&calls[1].done);
  g_assert_error (calls[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (calls[0].done);
  g_assert_false (calls[2].done);
  raw_pause (raw, FALSE);
  iterate_until_set (&calls[2].done);
  g_assert_true (calls[0].done);
  g_assert_no_error (calls[0].error);
  g_assert_no_error (calls[2].error);
  while (g_strstr_len (raw->received->str, -1, "cancelled") == NULL)
    g_main_context_iteration (NULL, TRUE);
  call_clear (&calls[1]);
  side_free (side);
  raw_free (raw);
}

/* Waiting for the close ends, the close goes on. */
static void
test_cancel_close (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, cancellable, on_closed, &call);
  raw_expect (raw, END);
  g_cancellable_cancel (cancellable);
  iterate_until_set (&call.done);
  g_assert_error (call.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_CLOSING);
  raw_send (raw, END);
  side_expect_closed (side);
  g_assert_no_error (side->error);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* Closing a stream that is not open: what waited fails, stanzas that come are not believed. */
static void
test_close_while_opening (void)
{
  Side *side;
  Raw *raw;
  Call open_call = { 0 };
  Call close_call = { 0 };

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  side_open (side, NULL, &open_call);
  raw_send (raw, JULIET_HEADER);
  iterate_all ();
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &close_call);
  raw_expect (raw, END);
  raw_send (raw, FEATURES "<message/>" END);
  iterate_until_set (&close_call.done);
  iterate_until_set (&open_call.done);
  g_assert_no_error (close_call.error);
  g_assert_error (open_call.error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  call_clear (&open_call);
  call_clear (&close_call);
  side_free (side);
  raw_free (raw);

  /* The receiver has said nothing yet, and then says nothing. */
  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &open_call);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &close_call);
  iterate_until_set (&close_call.done);
  iterate_until_set (&open_call.done);
  g_assert_no_error (close_call.error);
  g_assert_error (open_call.error, JXS_ERROR, JXS_ERROR_CLOSED);
  iterate_all ();
  g_assert_cmpstr (raw->received->str, ==, "");
  call_clear (&open_call);
  call_clear (&close_call);
  side_free (side);
  raw_free (raw);

  /* The peer closes instead of opening. */
  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  side_open (side, NULL, &open_call);
  raw_send (raw, JULIET_HEADER END);
  iterate_until_set (&open_call.done);
  g_assert_error (open_call.error, JXS_ERROR, JXS_ERROR_CLOSED);
  side_expect_closed (side);
  g_assert_no_error (side->error);
  call_clear (&open_call);
  side_free (side);
  raw_free (raw);

  /* Never used. */
  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &close_call);
  iterate_until_set (&close_call.done);
  g_assert_no_error (close_call.error);
  g_assert_cmpuint (side->n_closed, ==, 1);
  side_open (side, NULL, &open_call);
  iterate_until_set (&open_call.done);
  g_assert_error (open_call.error, JXS_ERROR, JXS_ERROR_CLOSED);
  call_clear (&open_call);
  call_clear (&close_call);
  side_free (side);
  raw_free (raw);
}

/* What is pending when the stream breaks fails with the reason. */
static void
test_pending_fail (void)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "x");
  Side *side;
  Raw *raw;
  Call calls[3] = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  fill_pipe (side, raw);
  for (int i = 0; i < 2; i++)
    jxs_xml_stream_send_async (side->stream, message, G_PRIORITY_DEFAULT, NULL, on_sent, &calls[i]);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &calls[2]);
  iterate_all ();
  raw_close (raw);
  side_expect_closed (side);
  g_assert_nonnull (side->error);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      iterate_until_set (&calls[i].done);
      g_assert_error (calls[i].error, side->error->domain, side->error->code);
      call_clear (&calls[i]);
    }
  side_free (side);
  raw_free (raw);
}

/* What handlers may do to the stream that calls them. */
typedef enum
{
  DO_UNREF,
  DO_DISPOSE,
  DO_CLOSE,
  DO_FAIL,
  DO_SEND,
  N_DOINGS,
} Doing;

typedef struct
{
  JxsXmlStream *stream;
  Doing doing;
  guint n_stanzas;
  guint n_closed;
} Handler;

static void
misbehave (Handler *handler)
{
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "from inside");
  g_autoptr (GError) error = jxs_stream_error_new (JXS_STREAM_ERROR_RESET);

  if (handler->stream == NULL)
    return;
  switch (handler->doing)
    {
    case DO_UNREF:
      g_clear_object (&handler->stream);
      break;
    case DO_DISPOSE:
      g_object_run_dispose (G_OBJECT (handler->stream));
      break;
    case DO_CLOSE:
      jxs_xml_stream_close_async (handler->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      break;
    case DO_FAIL:
      jxs_xml_stream_fail (handler->stream, error);
      break;
    case DO_SEND:
      jxs_xml_stream_send (handler->stream, message, NULL);
      break;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
misbehave_on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Handler *handler = user_data;

  g_assert_cmpuint (handler->n_closed, ==, 0);
  handler->n_stanzas++;
  misbehave (handler);
  return FALSE;
}

static void
misbehave_on_notify (JxsXmlStream *stream, GParamSpec *pspec, gpointer user_data)
{
  misbehave (user_data);
}

static void
misbehave_on_closed (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  Handler *handler = user_data;

  handler->n_closed++;
  misbehave (handler);
}

static void
misbehave_on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsElement) features = NULL;

  jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, &features, NULL);
  jxs_xml_stream_set_open (JXS_XML_STREAM (source));
  misbehave (user_data);
}

static void
set_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, NULL, NULL);
  jxs_xml_stream_set_open (JXS_XML_STREAM (source));
}

static void
test_reentrancy (void)
{
  static const char *const signals[] = {
    "stanza", "closed", "notify::state", "notify::language", "notify::congested", "opened",
  };

  for (gsize s = 0; s < G_N_ELEMENTS (signals); s++)
    for (Doing doing = 0; doing < N_DOINGS; doing++)
      for (int burst = 0; burst < 2; burst++)
        {
          Side *side;
          Raw *raw;
          Handler handler = { .doing = doing };
          gboolean on_opening = g_str_equal (signals[s], "opened");
          gpointer weak;
          GCallback callback = G_CALLBACK (misbehave_on_notify);

          g_test_message ("%s: %d", signals[s], doing);
          start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
          weak = handler.stream = g_object_ref (side->stream);
          g_object_add_weak_pointer (weak, &weak);
          g_signal_handlers_disconnect_by_data (side->stream, side);
          g_clear_object (&side->stream);

          if (g_str_equal (signals[s], "stanza"))
            callback = G_CALLBACK (misbehave_on_stanza);
          else if (g_str_equal (signals[s], "closed"))
            callback = G_CALLBACK (misbehave_on_closed);
          if (!on_opening)
            g_signal_connect (handler.stream, signals[s], callback, &handler);
          jxs_xml_stream_open_async (handler.stream,
                                     NULL,
                                     G_PRIORITY_DEFAULT,
                                     NULL,
                                     on_opening ? misbehave_on_opened : set_open,
                                     &handler);
          raw_send (raw, ROMEO_HEADER);
          if (!burst)
            iterate_all ();
          raw_send (raw,
                    "<message/><iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
                    "<message/>" END);
          iterate_all ();
          jxs_clock_advance (100 * G_USEC_PER_SEC);
          iterate_all ();
          g_assert_cmpuint (handler.n_closed, <=, 1);
          if (g_str_equal (signals[s], "stanza") && (doing == DO_UNREF || doing == DO_DISPOSE))
            g_assert_cmpuint (handler.n_stanzas, ==, 1);
          g_clear_object (&handler.stream);
          g_assert_null (weak);
          g_ptr_array_unref (side->stanzas);
          g_free (side);
          raw_free (raw);
        }
}

/* Dropped in every state: silently, with nothing left behind. */
static void
test_drop (void)
{
  static const char *const sent[] = {
    NULL,
    "",
    JULIET_HEADER,
    JULIET_HEADER FEATURES,
    JULIET_HEADER FEATURES "<message/>",
    JULIET_HEADER FEATURES "<mess",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sent); i++)
    for (int how = 0; how < 4; how++)
      {
        Side *side;
        Raw *raw;
        Call call = { 0 };
        Call element_call = { 0 };
        Call close_call = { 0 };
        g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "x");

        start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
        if (sent[i] != NULL)
          {
            side_open (side, NULL, &call);
            raw_send (raw, sent[i]);
            iterate_all ();
          }
        if (how == 1 && i >= 3)
          {
            jxs_xml_stream_set_open (side->stream);
            g_assert_true (jxs_xml_stream_send (side->stream, message, NULL));
          }
        else if (how == 2)
          jxs_xml_stream_close_async (
              side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &close_call);
        else if (how == 3)
          jxs_xml_stream_read_element_async (side->stream, NULL, on_element, &element_call);
        /* Pending calls hold the stream: only this ends it. */
        g_object_run_dispose (G_OBJECT (side->stream));
        iterate_all ();
        g_assert_true (call.done || sent[i] == NULL);
        g_assert_true (close_call.done || how != 2);
        g_assert_true (element_call.done || how != 3);
        g_assert_cmpuint (side->n_closed, <=, how == 2 && sent[i] == NULL);
        g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_CLOSED);
        call_clear (&call);
        call_clear (&element_call);
        call_clear (&close_call);
        side_free (side);
        raw_free (raw);
      }
}

/* A plain unref does the same when nothing is pending. */
static void
test_unref (void)
{
  Side *romeo, *juliet;

  open_pair (&romeo, &juliet);
  side_free (romeo);
  iterate_all ();
  side_free (juliet);
}

/* Another context than the default one, in its own thread. */
static gpointer
run_thread (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (JxsJid) romeo = jxs_jid_new (ROMEO, NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new (JULIET, NULL);
  g_autoptr (JxsXmlStream) stream = NULL;
  Call call = { 0 };

  g_main_context_push_thread_default (context);
  stream = jxs_xml_stream_new (data, JXS_XML_STREAM_INITIATOR, JXS_XML_STREAM_PEER, romeo, juliet);
  jxs_xml_stream_open_async (stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened, &call);
  while (!call.done)
    g_main_context_iteration (context, TRUE);
  g_assert_no_error (call.error);
  jxs_xml_stream_set_open (stream);
  call_clear (&call);
  jxs_xml_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  while (!call.done)
    g_main_context_iteration (context, TRUE);
  g_assert_no_error (call.error);
  g_clear_object (&stream);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_other_context (void)
{
  Side *side;
  Raw *raw;
  GThread *thread;

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  thread = g_thread_new ("stream", run_thread, jxs_xml_stream_get_io_stream (side->stream));
  raw_expect (raw, "version='1.0'>");
  raw_send (raw, JULIET_HEADER FEATURES END);
  raw_expect (raw, END);
  g_thread_join (thread);
  side_free (side);
  raw_free (raw);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (0);

  g_test_add_func ("/stream/calls/negotiation", test_negotiation);
  g_test_add_func ("/stream/calls/restart-forgets", test_restart_forgets);
  g_test_add_func ("/stream/calls/restart-other-stream", test_restart_other_stream);
  g_test_add_func ("/stream/calls/cancel-before", test_cancel_before);
  g_test_add_func ("/stream/calls/cancel-open", test_cancel_open);
  g_test_add_func ("/stream/calls/cancel-read-element", test_cancel_read_element);
  g_test_add_func ("/stream/calls/cancel-pause", test_cancel_pause);
  g_test_add_func ("/stream/calls/cancel-send", test_cancel_send);
  g_test_add_func ("/stream/calls/cancel-close", test_cancel_close);
  g_test_add_func ("/stream/calls/close-while-opening", test_close_while_opening);
  g_test_add_func ("/stream/calls/pending-fail", test_pending_fail);
  g_test_add_func ("/stream/calls/reentrancy", test_reentrancy);
  g_test_add_func ("/stream/calls/drop", test_drop);
  g_test_add_func ("/stream/calls/unref", test_unref);
  g_test_add_func ("/stream/calls/other-context", test_other_context);

  return g_test_run ();
}
