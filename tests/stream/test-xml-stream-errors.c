/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "jxs-faulty-stream.h"
#include "stream-fixture.h"

#define SECOND G_USEC_PER_SEC
#define CONDITION(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

/* RFC 6120 §4.9.1: one header, one error, one closing tag; what was sent is well-formed. */
static void
check_refusal (Side *side, Raw *raw, JxsStreamError code)
{
  g_autofree char *condition = g_strdup_printf ("<stream:error><%s xmlns='%s'/>",
                                                jxs_stream_error_to_name (code),
                                                JXS_NS_STREAM_ERRORS);
  g_autoptr (JxsElement) document = NULL;
  g_autoptr (GError) error = NULL;

  side_expect_closed (side);
  raw_expect (raw, END);
  iterate_all ();
  g_assert_error (side->error, JXS_STREAM_ERROR, (int) code);
  g_assert_nonnull (strstr (raw->received->str, condition));
  g_assert_true (g_str_has_suffix (raw->received->str, "</stream:error>" END));
  g_assert_cmpuint (count (raw->received->str, "<stream:stream "), <=, 1);
  if (strstr (raw->received->str, "<stream:stream ") != NULL)
    {
      document = jxs_element_new_from_string (raw->received->str, &error);
      g_assert_no_error (error);
    }
}

static const struct
{
  const char *text;
  JxsStreamError code;

} bad_headers[] = {
  /* §4.8 */
  { "<stream:stream xmlns='jabber:client' xmlns:stream='urn:other' version='1.0'>",
    JXS_STREAM_ERROR_INVALID_NAMESPACE },
  { "<stream:streams xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "version='1.0'>",
    JXS_STREAM_ERROR_INVALID_NAMESPACE },
  { "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "version='1.0'>",
    JXS_STREAM_ERROR_INVALID_NAMESPACE },
  { "<stream xmlns='http://etherx.jabber.org/streams' version='1.0'>",
    JXS_STREAM_ERROR_INVALID_NAMESPACE },
  { "<message xmlns='jabber:client'>", JXS_STREAM_ERROR_INVALID_NAMESPACE },
  /* §4.7.5 */
  { HEADER_START " version='x'>", JXS_STREAM_ERROR_UNSUPPORTED_VERSION },
  /* XEP-0246 §2, XEP-0247 §2 */
  { HEADER_START " from='mallory@montague.lit' version='1.0'>", JXS_STREAM_ERROR_INVALID_FROM },
  { HEADER_START " from='@' version='1.0'>", JXS_STREAM_ERROR_INVALID_FROM },
  { HEADER_START " to='nurse@capulet.lit' version='1.0'>", JXS_STREAM_ERROR_HOST_UNKNOWN },
  /* §11.1 */
  { "<!-- hi -->", JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<?pi?>", JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE stream>", JXS_STREAM_ERROR_RESTRICTED_XML },
  /* §11.3 */
  { "GET / HTTP/1.1\r\n\r\n", JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<stream:stream xmlns='jabber:client' version='1.0'>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "\x16\x03\x01", JXS_STREAM_ERROR_NOT_WELL_FORMED },
  /* §11.6 */
  { "<?xml version='1.0' encoding='ISO-8859-1'?>", JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
};

static void
test_bad_headers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad_headers); i++)
    for (JxsXmlStreamRole role = 0; role <= JXS_XML_STREAM_RECEIVER; role++)
      {
        Side *side;
        Raw *raw;
        Call call = { 0 };

        g_test_message ("%s", bad_headers[i].text);
        start_with_raw (role, &side, &raw);
        side_open (side, NULL, &call);
        raw_send (raw, bad_headers[i].text);
        check_refusal (side, raw, bad_headers[i].code);
        g_assert_true (g_str_has_prefix (raw->received->str, "<stream:stream "));
        /* The header does not mirror what was refused. */
        g_assert_null (strstr (raw->received->str, "mallory"));
        g_assert_null (strstr (raw->received->str, "nurse"));
        g_assert_true (call.done);
        g_assert_error (call.error, JXS_STREAM_ERROR, (int) bad_headers[i].code);
        call_clear (&call);
        side_free (side);
        raw_free (raw);
      }
}

/* RFC 6120 §4.7.5: nobody answers with more than was offered. */
static void
test_response_version (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, HEADER_START " version='2.0'>" FEATURES);
  check_refusal (side, raw, JXS_STREAM_ERROR_UNSUPPORTED_VERSION);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

static void
test_bad_content (void)
{
  static const struct
  {
    const char *text;
    JxsStreamError code;
  } cases[] = {
    /* §4.9.3.24 */
    { "<foo/>", JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE },
    { "<r xmlns='urn:xmpp:sm:3'/>", JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE },
    { "<message xmlns='jabber:server'/>", JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE },
    { "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
      JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE },
    /* §11 */
    { "<message><!-- x --></message>", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<?xml version='1.0'?>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<message>&hearts;</message>", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<message></presence>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<x:message/>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<message a='1' a='2'/>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<message>\xff</message>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<message>\x01</message>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "hello", JXS_STREAM_ERROR_BAD_FORMAT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Side *side;
      Raw *raw;
      Call call = { 0 };
      g_autofree char *text = g_strconcat ("<message/>", cases[i].text, "<presence/>", NULL);
      g_autofree char *escaped = g_strescape (cases[i].text, NULL);

      g_test_message ("%s", escaped);
      open_with_raw (i % 2 ? JXS_XML_STREAM_INITIATOR : JXS_XML_STREAM_RECEIVER, &side, &raw);
      raw_send (raw, text);
      check_refusal (side, raw, cases[i].code);
      /* Everything before it, nothing after it. */
      g_assert_cmpuint (side->stanzas->len, ==, 1);
      jxs_xml_stream_send_async (
          side->stream, side->stanzas->pdata[0], G_PRIORITY_DEFAULT, NULL, on_sent, &call);
      iterate_until_set (&call.done);
      g_assert_error (call.error, JXS_ERROR, JXS_ERROR_CLOSED);
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }
}

/* RFC 6120 §4.9.3: ours. */
static void
test_own_errors (void)
{
  for (JxsStreamError code = 0; code <= JXS_STREAM_ERROR_UNSUPPORTED_VERSION; code++)
    {
      g_autoptr (GError) error = jxs_stream_error_new (code);
      g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "before");
      Side *side;
      Raw *raw;
      Call call = { 0 };

      open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
      jxs_xml_stream_send_async (side->stream, message, G_PRIORITY_DEFAULT, NULL, on_sent, &call);
      jxs_xml_stream_fail (side->stream, error);
      g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_CLOSING);
      raw_send (raw, "<message/>");
      check_refusal (side, raw, code);
      g_assert_true (g_str_has_prefix (raw->received->str, "<message "));
      g_assert_true (call.done);
      g_assert_no_error (call.error);
      g_assert_cmpuint (side->stanzas->len, ==, 0);
      side_free (side);
      raw_free (raw);
    }
}

/* RFC 6120 §4.9.3: the peer's; none is acted upon, not even see-other-host. */
static void
test_peer_errors (void)
{
  for (JxsStreamError code = 0; code <= JXS_STREAM_ERROR_UNSUPPORTED_VERSION; code++)
    {
      g_autofree char *text =
          g_strdup_printf ("<message/><stream:error><%s xmlns='%s'>127.0.0.1:9</%s><text "
                           "xmlns='%s'>because</text></stream:error>" END,
                           jxs_stream_error_to_name (code),
                           JXS_NS_STREAM_ERRORS,
                           jxs_stream_error_to_name (code),
                           JXS_NS_STREAM_ERRORS);
      Side *side;
      Raw *raw;

      open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
      raw_send (raw, text);
      side_expect_closed (side);
      g_assert_error (side->error, JXS_STREAM_ERROR, (int) code);
      g_assert_nonnull (strstr (side->error->message, "“because”"));
      g_assert_cmpuint (side->stanzas->len, ==, 1);
      raw_expect (raw, END);
      g_assert_cmpstr (raw->received->str, ==, END);
      side_free (side);
      raw_free (raw);
    }
}

/* In each state before it is open. */
static void
test_peer_error_early (void)
{
  static const char *const texts[] = {
    JULIET_HEADER "<stream:error>" CONDITION ("host-gone") "</stream:error>" END,
    JULIET_HEADER FEATURES "<stream:error>" CONDITION ("host-gone") "</stream:error>" END,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      Side *side;
      Raw *raw;
      Call call = { 0 };

      start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
      side_open (side, NULL, &call);
      raw_send (raw, texts[i]);
      side_expect_closed (side);
      g_assert_true (call.done);
      if (i == 0)
        g_assert_error (call.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_HOST_GONE);
      g_assert_error (side->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_HOST_GONE);
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }
}

/* RFC 6120 §4.7.1: a server may leave out who it is, but not say that it is somebody else; unless
 * to tell that it does not serve the domain. */
static void
test_server_from (void)
{
  static const struct
  {
    const char *text;
    int code;
  } cases[] = {
    { HEADER_START " version='1.0'>" FEATURES, -1 },
    { HEADER_START " from='Montague.LIT' to='anybody@montague.lit' version='1.0'>" FEATURES, -1 },
    { HEADER_START " from='capulet.lit' version='1.0'>" FEATURES, JXS_STREAM_ERROR_INVALID_FROM },
    { HEADER_START " from='romeo@montague.lit' version='1.0'>" FEATURES,
      JXS_STREAM_ERROR_INVALID_FROM },
    { HEADER_START " from='' version='1.0'>" FEATURES, JXS_STREAM_ERROR_INVALID_FROM },
    { HEADER_START " from='capulet.lit' version='1.0'><stream:error><host-unknown "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" END,
      JXS_STREAM_ERROR_HOST_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Side *side;
      Raw *raw;
      Call call = { 0 };

      start_with_raw_server (&side, &raw);
      side_open (side, NULL, &call);
      raw_send (raw, cases[i].text);
      iterate_until_set (&call.done);
      if (cases[i].code < 0)
        g_assert_no_error (call.error);
      else
        g_assert_error (call.error, JXS_STREAM_ERROR, cases[i].code);
      if (cases[i].code == JXS_STREAM_ERROR_INVALID_FROM)
        raw_expect (raw, "<invalid-from ");
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }
}

/* RFC 6120 §4.9.3.12 */
static void
test_not_authorized (void)
{
  g_autoptr (JxsElement) features = jxs_element_new ("features", JXS_NS_STREAMS);
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, JULIET_HEADER "<message/>" FEATURES);
  check_refusal (side, raw, JXS_STREAM_ERROR_NOT_AUTHORIZED);
  g_assert_error (call.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_NOT_AUTHORIZED);
  call_clear (&call);
  side_free (side);
  raw_free (raw);

  jxs_element_append (features, "starttls", JXS_NS_TLS);
  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, features, &call);
  raw_send (raw, ROMEO_HEADER "<message/>");
  check_refusal (side, raw, JXS_STREAM_ERROR_NOT_AUTHORIZED);
  g_assert_nonnull (strstr (raw->received->str, "<starttls "));
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* Before it is open less is taken than after. */
static void
test_limits (void)
{
  g_autofree char *filler = g_strnfill (70000, 'x');
  g_autofree char *header = g_strconcat (HEADER_START " version='1.0' a='", filler, "'>", NULL);
  g_autofree char *message = g_strconcat ("<message><body>", filler, "</body></message>", NULL);
  g_autofree char *flood = g_strnfill (300 * 1024, 'x');
  g_autofree char *huge = g_strconcat ("<message><body>", flood, "</body></message>", NULL);
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, header);
  check_refusal (side, raw, JXS_STREAM_ERROR_POLICY_VIOLATION);
  call_clear (&call);
  side_free (side);
  raw_free (raw);

  /* An early stanza: held only if it is not larger. */
  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, ROMEO_HEADER);
  iterate_until_set (&call.done);
  call_clear (&call);
  jxs_xml_stream_read_element_async (side->stream, NULL, on_element, &call);
  raw_send (raw, message);
  check_refusal (side, raw, JXS_STREAM_ERROR_POLICY_VIOLATION);
  g_assert_error (call.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
  call_clear (&call);
  side_free (side);
  raw_free (raw);

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  raw_send (raw, message);
  side_expect_stanzas (side, 1);
  raw_send (raw, huge);
  check_refusal (side, raw, JXS_STREAM_ERROR_POLICY_VIOLATION);
  side_free (side);
  raw_free (raw);
}

/* While nobody asks for elements a stranger can fill no more than the pipe. */
static void
test_not_read_while_negotiating (void)
{
  g_autofree char *filler = g_strnfill (60000, 'x');
  g_autofree char *message = g_strconcat ("<message><body>", filler, "</body></message>", NULL);
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, ROMEO_HEADER);
  iterate_until_set (&call.done);
  for (int i = 0; i < 1000; i++)
    raw_send (raw, message);
  iterate_all ();
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  g_assert_cmpuint (side->n_closed, ==, 0);
  side_free (side);
  raw_free (raw);
}

/* Whoever does not open in time is told so and dropped. */
static void
test_opening_deadline (void)
{
  static const char *const sent[] = { "", JULIET_HEADER, JULIET_HEADER FEATURES };

  for (gsize i = 0; i <= G_N_ELEMENTS (sent); i++)
    {
      gboolean is_receiver = i == G_N_ELEMENTS (sent);
      Side *side;
      Raw *raw;
      Call call = { 0 };

      start_with_raw (is_receiver ? JXS_XML_STREAM_RECEIVER : JXS_XML_STREAM_INITIATOR,
                      &side,
                      &raw);
      side_open (side, NULL, &call);
      if (!is_receiver)
        raw_send (raw, sent[i]);
      iterate_all ();
      jxs_clock_advance (29 * SECOND);
      raw_send (raw, " ");
      iterate_all ();
      g_assert_cmpuint (side->n_closed, ==, 0);
      jxs_clock_advance (1 * SECOND);
      side_expect_closed (side);
      g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
      raw_expect (raw, END);
      g_assert_nonnull (strstr (raw->received->str, CONDITION ("connection-timeout")));
      g_assert_cmpuint (count (raw->received->str, "<stream:stream "), ==, 1);
      g_assert_true (call.done);
      if (i != 2)
        g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }
}

/* RFC 6120 §4.4: a limit for the peer's closing tag. */
static void
test_closing_deadline (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  raw_expect (raw, END);
  jxs_clock_advance (29 * SECOND);
  raw_send (raw, "<message/>");
  side_expect_stanzas (side, 1);
  g_assert_false (call.done);
  jxs_clock_advance (1 * SECOND);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TIMED_OUT);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* A peer that reads nothing cannot hold a failed stream either. */
static void
test_failing_deadline (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autofree char *body = g_strnfill (100000, 'x');
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, body);

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  raw_pause (raw, TRUE);
  for (int i = 0; i < 30; i++)
    g_assert_true (jxs_xml_stream_send (side->stream, message, NULL));
  jxs_xml_stream_send_async (side->stream, message, G_PRIORITY_DEFAULT, NULL, on_sent, &call);
  raw_send (raw, "<foo/>");
  iterate_all ();
  g_assert_cmpuint (side->n_closed, ==, 0);
  jxs_clock_advance (30 * SECOND);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE);
  side_expect_closed (side);
  g_assert_error (side->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_UNSUPPORTED_STANZA_TYPE);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* Requests whose answers are not read end the stream, not the memory. */
static void
test_answer_flood (void)
{
  Side *side;
  Raw *raw;
  g_autoptr (GString) requests = g_string_new (NULL);

  for (int i = 0; i < 1000; i++)
    g_string_append (requests, "<iq type='get' id='1'><q xmlns='x'/></iq>");
  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  raw_pause (raw, TRUE);
  for (int i = 0; i < 60 && jxs_xml_stream_get_state (side->stream) == JXS_XML_STREAM_STATE_OPEN;
       i++)
    {
      raw_send (raw, requests->str);
      iterate_all ();
    }
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_CLOSING);
  jxs_clock_advance (30 * SECOND);
  side_expect_closed (side);
  g_assert_error (side->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_RESOURCE_CONSTRAINT);
  side_free (side);
  raw_free (raw);
}

static void
open_with_raw_server (Side **side, Raw **raw)
{
  Call call = { 0 };

  start_with_raw_server (side, raw);
  side_open (*side, NULL, &call);
  raw_send (*raw, HEADER_START " id='x' version='1.0'>" FEATURES);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  jxs_xml_stream_set_open ((*side)->stream);
  call_clear (&call);
}

/* What strangers send through a server ends neither the stream to it nor, when they do not take
 * answers, fills the memory. */
static void
test_strangers (void)
{
  g_autofree char *flood = g_strnfill (300 * 1024, 'x');
  g_autofree char *huge =
      g_strconcat ("<iq type='get' id='big' from='a@b.c'><q xmlns='u'>", flood, "</q></iq>", NULL);
  g_autoptr (GString) requests = g_string_new (NULL);
  Side *side;
  Raw *raw;

  open_with_raw_server (&side, &raw);
  raw_send (raw, huge);
  raw_expect (raw, "<bad-request ");
  g_assert_nonnull (strstr (raw->received->str, "id='big'"));

  for (int i = 0; i < 1000; i++)
    g_string_append (requests, "<iq type='get' id='1' from='a@b.c'><q xmlns='x'/></iq>");
  raw_pause (raw, TRUE);
  for (int i = 0; i < 60; i++)
    {
      raw_send (raw, requests->str);
      iterate_all ();
    }
  g_assert_cmpint (jxs_xml_stream_get_state (side->stream), ==, JXS_XML_STREAM_STATE_OPEN);
  g_string_truncate (raw->received, 0);
  raw_pause (raw, FALSE);
  iterate_all ();
  g_assert_cmpuint (raw->received->len, <, 5 * 1024 * 1024);
  raw_send (raw, "<iq type='get' id='last' from='a@b.c'><q xmlns='x'/></iq>");
  raw_expect (raw, "id='last'");
  side_free (side);
  raw_free (raw);
}

/* The connection ends without closing tag, in every state. */
static void
test_truncated (void)
{
  static const char *const sent[] = { "", JULIET_HEADER, JULIET_HEADER "<stream:fea" };
  Side *side;
  Raw *raw;
  Call call = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (sent); i++)
    {
      start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
      side_open (side, NULL, &call);
      raw_expect (raw, ">");
      raw_send (raw, sent[i]);
      raw_close (raw);
      side_expect_closed (side);
      g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TRUNCATED);
      g_assert_true (call.done);
      g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TRUNCATED);
      call_clear (&call);
      side_free (side);
      raw_free (raw);
    }

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  raw_send (raw, "<message/><mess");
  raw_close (raw);
  side_expect_closed (side);
  g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TRUNCATED);
  g_assert_cmpuint (side->stanzas->len, ==, 1);
  side_free (side);
  raw_free (raw);

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  raw_expect (raw, END);
  raw_send (raw, "<message/>");
  raw_close (raw);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_TRUNCATED);
  g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TRUNCATED);
  g_assert_cmpuint (side->stanzas->len, ==, 1);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* Half-close: the peer closes its direction in order and still reads. */
static void
test_half_close (void)
{
  Side *side;
  Raw *raw;
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "still");

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  g_assert_true (jxs_xml_stream_send (side->stream, message, NULL));
  raw_send (raw, END);
  g_output_stream_close (g_io_stream_get_output_stream (raw->io_stream), NULL, NULL);
  side_expect_closed (side);
  g_assert_no_error (side->error);
  raw_expect (raw, "still</body></message>" END);
  side_free (side);
  raw_free (raw);
}

#define INPUT ROMEO_HEADER "<message><body>eins</body></message><message/>" END

static void
on_opened_send (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  on_opened_set_open (source, result, call);
  if (call->error == NULL)
    {
      g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "hello");

      jxs_xml_stream_send (JXS_XML_STREAM (source), message, NULL);
    }
}

/* The I/O stream fails or ends at each byte, reading and writing: one "closed", with the reason. */
static void
test_faults (void)
{
  static const JxsFault faults[] = { JXS_FAULT_ERROR, JXS_FAULT_CLOSE };

  for (gsize f = 0; f < G_N_ELEMENTS (faults); f++)
    for (int is_write = 0; is_write < 2; is_write++)
      for (guint64 offset = 0;; offset++)
        {
          JxsFaultAt at = { is_write, offset, faults[f] };
          Side *side;
          Raw *raw;
          Call call = { 0 };
          g_autoptr (GIOStream) faulty = NULL;
          gboolean beyond;

          start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
          faulty = jxs_faulty_stream_new (jxs_xml_stream_get_io_stream (side->stream),
                                          jxs_fault_at,
                                          &at);
          side_replace_io (side, faulty);
          jxs_xml_stream_open_async (
              side->stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened_send, &call);
          raw_send (raw, INPUT);
          side_expect_closed (side);
          iterate_all ();
          g_assert_true (call.done);
          beyond = side->error == NULL;
          /* The peer has closed: it may do without our closing tag, not without the stanza. */
          if (beyond)
            g_assert_nonnull (
                strstr (raw->received->str, is_write ? "hello</body></message>" : END));
          else if (!is_write && faults[f] == JXS_FAULT_CLOSE)
            g_assert_error (side->error, JXS_ERROR, JXS_ERROR_TRUNCATED);
          else
            g_assert_error (side->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
          call_clear (&call);
          side_free (side);
          raw_free (raw);
          if (beyond)
            {
              g_assert_cmpuint (offset, >, is_write ? 200 : strlen (INPUT) - 1);
              break;
            }
        }
}

/* What the peer said last tells more than that it does not listen any more. */
static void
test_write_error_after_peer_error (void)
{
  JxsFaultAt at = { TRUE, 10, JXS_FAULT_ERROR };
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autoptr (GIOStream) faulty = NULL;

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  faulty = jxs_faulty_stream_new (jxs_xml_stream_get_io_stream (side->stream), jxs_fault_at, &at);
  side_replace_io (side, faulty);
  raw_send (raw, JULIET_HEADER "<stream:error>" CONDITION ("conflict") "</stream:error>" END);
  side_open (side, NULL, &call);
  side_expect_closed (side);
  g_assert_error (side->error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_CONFLICT);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

static void
test_not_pollable (void)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GInputStream) buffered = g_buffered_input_stream_new (input);
  g_autoptr (GIOStream) io_stream = g_simple_io_stream_new (buffered, output);
  Side *side = side_new (io_stream, JXS_XML_STREAM_INITIATOR, JXS_XML_STREAM_PEER);
  Call call = { 0 };

  side_open (side, NULL, &call);
  iterate_until_set (&call.done);
  g_assert_error (call.error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
  call_clear (&call);
  side_free (side);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (0);

  g_test_add_func ("/stream/errors/bad-headers", test_bad_headers);
  g_test_add_func ("/stream/errors/response-version", test_response_version);
  g_test_add_func ("/stream/errors/bad-content", test_bad_content);
  g_test_add_func ("/stream/errors/own", test_own_errors);
  g_test_add_func ("/stream/errors/peer", test_peer_errors);
  g_test_add_func ("/stream/errors/peer-early", test_peer_error_early);
  g_test_add_func ("/stream/errors/server-from", test_server_from);
  g_test_add_func ("/stream/errors/not-authorized", test_not_authorized);
  g_test_add_func ("/stream/errors/limits", test_limits);
  g_test_add_func ("/stream/errors/not-read-while-negotiating", test_not_read_while_negotiating);
  g_test_add_func ("/stream/errors/opening-deadline", test_opening_deadline);
  g_test_add_func ("/stream/errors/closing-deadline", test_closing_deadline);
  g_test_add_func ("/stream/errors/failing-deadline", test_failing_deadline);
  g_test_add_func ("/stream/errors/answer-flood", test_answer_flood);
  g_test_add_func ("/stream/errors/strangers", test_strangers);
  g_test_add_func ("/stream/errors/truncated", test_truncated);
  g_test_add_func ("/stream/errors/half-close", test_half_close);
  g_test_add_func ("/stream/errors/faults", test_faults);
  g_test_add_func ("/stream/errors/write-error-after-peer-error",
                   test_write_error_after_peer_error);
  g_test_add_func ("/stream/errors/not-pollable", test_not_pollable);

  return g_test_run ();
}
