/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#include "jxs-faulty-stream.h"
#include "stream-fixture.h"

/* XEP-0246 §4, RFC 6120 §10.1: both ways, in order, with the addresses of both. */
static void
test_exchange (void)
{
  Side *romeo, *juliet;

  open_pair (&romeo, &juliet);
  for (int i = 0; i < 1000; i++)
    {
      g_autofree char *body = g_strdup_printf ("%d", i);

      side_send_body (i % 2 ? romeo : juliet, body);
    }
  side_expect_stanzas (romeo, 500);
  side_expect_stanzas (juliet, 500);

  for (int i = 0; i < 1000; i++)
    {
      Side *side = i % 2 ? juliet : romeo;
      JxsElement *stanza = side->stanzas->pdata[i / 2];
      g_autofree char *body = g_strdup_printf ("%d", i);

      g_assert_cmpstr (side_get_body (side, i / 2), ==, body);
      g_assert_cmpstr (jxs_element_get_attribute (stanza, "from"), ==, i % 2 ? ROMEO : JULIET);
      g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, i % 2 ? JULIET : ROMEO);
    }
  side_free (romeo);
  side_free (juliet);
}

/* XEP-0246 §5: both sides close, nothing is lost, the I/O stream stays open. */
static void
test_close (void)
{
  Side *romeo, *juliet;
  Call call = { 0 };
  g_autoptr (GIOStream) io_stream = NULL;

  open_pair (&romeo, &juliet);
  io_stream = g_object_ref (jxs_xml_stream_get_io_stream (romeo->stream));
  side_send_body (romeo, "last");
  side_send_body (juliet, "last");
  jxs_xml_stream_close_async (romeo->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  g_assert_cmpint (jxs_xml_stream_get_state (romeo->stream), ==, JXS_XML_STREAM_STATE_CLOSING);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  side_expect_closed (juliet);
  g_assert_cmpuint (romeo->n_closed, ==, 1);
  g_assert_no_error (romeo->error);
  g_assert_no_error (juliet->error);
  g_assert_cmpuint (romeo->stanzas->len, ==, 1);
  g_assert_cmpuint (juliet->stanzas->len, ==, 1);
  g_assert_false (g_io_stream_is_closed (io_stream));

  /* Closed is closed. */
  call_clear (&call);
  jxs_xml_stream_close_async (romeo->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  side_free (romeo);
  side_free (juliet);
}

/* TLS hands out records one by one, and holds what no poll of the socket tells of. */
static void
test_tls (void)
{
  Side *romeo, *juliet;
  Call call = { 0 };
  g_autofree char *large = g_strnfill (100000, 'x');

  open_tls_pair (&romeo, &juliet);
  for (int i = 0; i < 20; i++)
    {
      side_send_body (romeo, large);
      side_send_body (juliet, large);
      for (int j = 0; j < 100; j++)
        side_send_body (romeo, "small");
    }
  side_expect_stanzas (juliet, 20 * 101);
  side_expect_stanzas (romeo, 20);
  g_assert_cmpstr (side_get_body (juliet, 101), ==, large);
  jxs_xml_stream_close_async (romeo->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  side_expect_closed (juliet);
  g_assert_no_error (juliet->error);
  side_free (romeo);
  side_free (juliet);

  /* Without close_notify TLS reports an error of its own: it says no more than a missing tag. */
  open_tls_pair (&romeo, &juliet);
  {
    g_autoptr (GIOStream) base = NULL;

    g_object_get (jxs_xml_stream_get_io_stream (romeo->stream), "base-io-stream", &base, NULL);
    side_send_body (romeo, "last");
    iterate_all ();
    side_expect_stanzas (juliet, 1);
    g_io_stream_close (base, NULL, NULL);
  }
  side_expect_closed (juliet);
  g_assert_error (juliet->error, JXS_ERROR, JXS_ERROR_TRUNCATED);
  side_free (romeo);
  side_free (juliet);
}

static void
test_close_crossing (void)
{
  Side *romeo, *juliet;
  Call calls[2] = { 0 };

  open_pair (&romeo, &juliet);
  jxs_xml_stream_close_async (romeo->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &calls[0]);
  jxs_xml_stream_close_async (juliet->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &calls[1]);
  iterate_until_set (&calls[0].done);
  iterate_until_set (&calls[1].done);
  g_assert_no_error (calls[0].error);
  g_assert_no_error (calls[1].error);
  side_free (romeo);
  side_free (juliet);
}

/* The examples of XEP-0246 §2, §4 and §5 with their line breaks, as the recipient sees them. */
static void
test_transcript_0246 (void)
{
  g_autoptr (JxsJid) romeo = jxs_jid_new ("romeo@forza", NULL);
  g_autoptr (JxsJid) juliet = jxs_jid_new ("juliet@pronto", NULL);
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  {
    /* The same with the addresses of the examples. */
    GIOStream *io_stream = jxs_xml_stream_get_io_stream (side->stream);
    JxsXmlStream *stream =
        jxs_xml_stream_new (io_stream, JXS_XML_STREAM_RECEIVER, JXS_XML_STREAM_PEER, juliet, romeo);

    side_replace (side, stream);
  }
  side_open (side, NULL, &call);
  raw_send (raw,
            "<stream:stream\n"
            "        xmlns='jabber:client'\n"
            "        xmlns:stream='http://etherx.jabber.org/streams'\n"
            "        from='romeo@forza'\n"
            "        to='juliet@pronto'\n"
            "        version='1.0'>\n");
  raw_expect (raw, "from='juliet@pronto' to='romeo@forza' id='");
  raw_expect (raw, " version='1.0'><stream:features/>");
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  jxs_xml_stream_set_open (side->stream);
  raw_send (raw,
            "<message from='romeo@forza' to='juliet@pronto'>\n"
            "  <body>M'lady, I would be pleased to make your acquaintance.</body>\n"
            "</message>\n");
  side_expect_stanzas (side, 1);
  g_assert_cmpstr (side_get_body (side, 0),
                   ==,
                   "M'lady, I would be pleased to make your acquaintance.");
  raw_send (raw, "</stream:stream>\n");
  raw_expect (raw, END);
  side_expect_closed (side);
  g_assert_no_error (side->error);
  side_free (side);
  raw_free (raw);
}

/* The base64 of XEP-0247 §2, as the initiator's and the responder's transport deliver it. */
static void
test_transcript_0247 (void)
{
  static const char initial[] = "PHN0cmVhbTpzdHJlYW0geG1sbnM9J2phYmJlcjpjbGllbnQnIHhtbG5zOnN0cmVh"
                                "bT0naHR0cDovL2V0aGVyeC5qYWJiZXIub3JnL3N0cmVhbXMnIGZyb209J3JvbWVv"
                                "QG1vbnRhZ3VlLmxpdC9vcmNoYXJkJyB0bz0nanVsaWV0QGNhcHVsZXQubGl0L2Jh"
                                "bGNvbnknIHZlcnNpb249JzEuMCc+";
  static const char response[] = "PHN0cmVhbTpzdHJlYW0geG1sbnM9J2phYmJlcjpjbGllbnQnIHhtbG5zOnN0cmVh"
                                 "bT0naHR0cDovL2V0aGVyeC5qYWJiZXIub3JnL3N0cmVhbXMnIGZyb209J2p1bGll"
                                 "dEBjYXB1bGV0LmxpdC9iYWxjb255JyBpZD0naHM5MWdoMTgzNmQ4czcxNycgdG89"
                                 "J3JvbWVvQG1vbnRhZ3VlLmxpdC9vcmNoYXJkJyB2ZXJzaW9uPScxLjAnPg==";
  static const char message[] = "PG1lc3NhZ2UgZnJvbT0ncm9tZW9AbW9udGFndWUubGl0L29yY2hhcmQnIHRvPSdq"
                                "dWxpZXRAY2FwdWxldC5saXQvYmFsY29ueSc+PGJvZHk+TSZhcG9zO2xhZHksIEkg"
                                "d291bGQgYmUgcGxlYXNlZCB0byBtYWtlIHlvdXIgYWNxdWFpbnRhbmNlLjwvYm9k"
                                "eT48L21lc3NhZ2U+";
  static const char end[] = "PC9zdHJlYW06c3RyZWFtPg==";
  const char *const pieces[] = { initial, message, end };
  Side *side;
  Raw *raw;
  Call call = { 0 };
  gsize length;
  g_autofree char *expected = NULL;
  g_autofree char *text = NULL;
  g_autofree char *id = NULL;

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autofree guchar *bytes = g_base64_decode (pieces[i], &length);
      g_autofree char *piece = g_strndup ((char *) bytes, length);

      raw_send (raw, piece);
      if (i == 0)
        {
          iterate_until_set (&call.done);
          g_assert_no_error (call.error);
          jxs_xml_stream_set_open (side->stream);
        }
    }
  side_expect_closed (side);
  g_assert_no_error (side->error);
  g_assert_cmpstr (side_get_body (side, 0),
                   ==,
                   "M'lady, I would be pleased to make your acquaintance.");
  side_free (side);
  raw_free (raw);

  /* Our initial header is, to the letter, the example. */
  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  call_clear (&call);
  side_open (side, NULL, &call);
  raw_expect (raw, ">");
  expected = (char *) g_base64_decode (initial, &length);
  expected = g_realloc (expected, length + 1);
  expected[length] = '\0';
  g_assert_cmpstr (raw->received->str, ==, expected);
  text = (char *) g_base64_decode (response, &length);
  text = g_realloc (text, length + 1);
  text[length] = '\0';
  raw_send (raw, text);
  raw_send (raw, FEATURES);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  g_object_get (side->stream, "stream-id", &id, NULL);
  g_assert_cmpstr (id, ==, "hs91gh1836d8s717");
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

/* What headers may look like (XEP-0246 §2, XEP-0247 §2, RFC 6120 §4.7, §4.8.5, §11.5). */
static void
test_tolerated_headers (void)
{
  static const struct
  {
    const char *header;
    gboolean is_old;
  } cases[] = {
    { ROMEO_HEADER, FALSE },
    { "<?xml version='1.0'?>" ROMEO_HEADER, FALSE },
    { "<?xml version='1.0' encoding='UTF-8'?>\n" ROMEO_HEADER "\n", FALSE },
    { HEADER_START " version='1.0'>", FALSE },
    { HEADER_START " from='romeo@montague.lit' to='juliet@capulet.lit' version='1.0'>", FALSE },
    { HEADER_START " id='x' foo='bar' version='1.0'>", FALSE },
    { HEADER_START " version='2.0'>", FALSE },
    { "<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' version='1.0'>",
      FALSE },
    { HEADER_START ">", TRUE },
    { HEADER_START " version='0.9'>", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (JxsXmlStreamRole role = 0; role <= JXS_XML_STREAM_RECEIVER; role++)
      {
        Side *side;
        Raw *raw;
        Call call = { 0 };

        if (role == JXS_XML_STREAM_INITIATOR &&
            (strstr (cases[i].header, "romeo") != NULL || strstr (cases[i].header, "2.0") != NULL))
          continue;
        g_test_message ("%s", cases[i].header);
        start_with_raw (role, &side, &raw);
        side_open (side, NULL, &call);
        raw_send (raw, cases[i].header);
        if (role == JXS_XML_STREAM_INITIATOR && !cases[i].is_old)
          raw_send (raw, strstr (cases[i].header, "<s:") ? "<s:features/>" : FEATURES);
        iterate_until_set (&call.done);
        g_assert_no_error (call.error);
        g_assert_true ((call.element != NULL) == (role == JXS_XML_STREAM_INITIATOR));
        jxs_xml_stream_set_open (side->stream);
        raw_send (raw, "<message><body>hi</body></message>");
        side_expect_stanzas (side, 1);
        side_send_body (side, "ho");
        raw_expect (raw, "ho");
        if (role == JXS_XML_STREAM_RECEIVER)
          {
            /* RFC 6120 §4.7.5: the lower version, none for none. */
            g_assert_true ((strstr (raw->received->str, "version='1.0'") != NULL) ==
                           !cases[i].is_old);
            g_assert_true ((strstr (raw->received->str, FEATURES) != NULL) == !cases[i].is_old);
          }
        call_clear (&call);
        side_free (side);
        raw_free (raw);
      }
}

/* Draft 0.2 of XEP-0247 lets both clients send a header at once. */
static void
test_crossing_headers (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  raw_send (raw, HEADER_START " from='" JULIET "' to='" ROMEO "' version='1.0'>");
  iterate_all ();
  side_open (side, NULL, &call);
  raw_expect (raw, ">");
  raw_send (raw, FEATURES);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  call_clear (&call);
  side_free (side);
  raw_free (raw);
}

#define EXCHANGE                                                                                   \
  ROMEO_HEADER "<message><body>eins</body></message> "                                             \
               "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"                          \
               "<message from='x@y'><body>zw\xc3\xb6lf</body></message></stream:stream>"

static void
check_exchange (Side *side, Raw *raw)
{
  side_expect_closed (side);
  raw_expect (raw, END);
  g_assert_no_error (side->error);
  g_assert_cmpuint (side->stanzas->len, ==, 3);
  g_assert_cmpstr (side_get_body (side, 0), ==, "eins");
  g_assert_cmpstr (side_get_body (side, 2), ==, "zw\xc3\xb6lf");
  g_assert_nonnull (strstr (raw->received->str, "type='result' id='1'/>" END));
}

/* A whole stream, cut in two at every byte. */
static void
test_splits (void)
{
  for (gsize cut = 0; cut <= strlen (EXCHANGE); cut++)
    {
      g_autofree char *first = g_strndup (EXCHANGE, cut);
      Side *side;
      Raw *raw;
      Call call = { 0 };

      start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
      jxs_xml_stream_open_async (
          side->stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened_set_open, &call);
      raw_send (raw, first);
      iterate_all ();
      raw_send (raw, EXCHANGE + cut);
      check_exchange (side, raw);
      side_free (side);
      raw_free (raw);
    }
}

/* The same byte by byte, and with reads and writes that would block each time. */
static void
test_dribble (void)
{
  static const JxsFaultFunc faults[] = { jxs_fault_one_byte, jxs_fault_stutter };

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      Side *side;
      Raw *raw;
      Call call = { 0 };
      g_autoptr (GIOStream) faulty = NULL;

      start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
      faulty = jxs_faulty_stream_new (jxs_xml_stream_get_io_stream (side->stream), faults[i], NULL);
      side_replace_io (side, faulty);
      jxs_xml_stream_open_async (
          side->stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened_set_open, &call);
      raw_send (raw, EXCHANGE);
      check_exchange (side, raw);
      side_free (side);
      raw_free (raw);
    }
}

/* What came before set_open() is kept, in order, up to the closing tag. */
static void
test_early_stanzas (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, ROMEO_HEADER "<message><body>1</body></message><presence/>");
  iterate_until_set (&call.done);
  raw_send (raw, "<message><body>3</body></message>" END);
  iterate_all ();
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  jxs_xml_stream_set_open (side->stream);
  /* From the main loop, not from inside the call. */
  g_assert_cmpuint (side->stanzas->len, ==, 0);
  side_expect_closed (side);
  g_assert_no_error (side->error);
  g_assert_cmpuint (side->stanzas->len, ==, 3);
  g_assert_cmpstr (side_get_body (side, 0), ==, "1");
  g_assert_cmpstr (side_get_body (side, 2), ==, "3");
  raw_expect (raw, END);
  side_free (side);
  raw_free (raw);
}

/* RFC 6120 §4.4: the other side may finish what it is saying. */
static void
test_late_stanzas (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autoptr (JxsElement) message = jxs_stanza_new_message (NULL, "too late");
  g_autoptr (GError) error = NULL;

  open_with_raw (JXS_XML_STREAM_INITIATOR, &side, &raw);
  side_send_body (side, "bye");
  jxs_xml_stream_close_async (side->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &call);
  g_assert_false (jxs_xml_stream_send (side->stream, message, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  raw_expect (raw, END);
  g_assert_nonnull (strstr (raw->received->str, "bye</body></message>" END));
  raw_send (raw, "<message><body>late</body></message>");
  side_expect_stanzas (side, 1);
  g_assert_false (call.done);
  /* Nobody can be answered any more. */
  raw_send (raw, "<iq type='get' id='1'><q xmlns='x'/></iq>" END);
  iterate_until_set (&call.done);
  g_assert_no_error (call.error);
  g_assert_cmpuint (side->stanzas->len, ==, 2);
  g_assert_true (g_str_has_suffix (raw->received->str, END));
  side_free (side);
  raw_free (raw);
}

/* RFC 6120 §4.4: who receives the closing tag sends what is queued, then its own, at once. */
static void
test_peer_closes (void)
{
  Side *side;
  Raw *raw;

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_send_body (side, "queued");
  raw_send (raw, END);
  iterate_all ();
  g_assert_cmpuint (side->n_closed, ==, 1);
  g_assert_no_error (side->error);
  g_assert_nonnull (strstr (raw->received->str, "queued</body></message>" END));
  side_free (side);
  raw_free (raw);
}

/* After the end the I/O stream belongs to the application again. */
static void
test_reuse (void)
{
  Side *side;
  Raw *raw;
  g_autoptr (GIOStream) io_stream = NULL;
  char buffer[16] = { 0 };

  open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  io_stream = g_object_ref (jxs_xml_stream_get_io_stream (side->stream));
  raw_send (raw, END);
  side_expect_closed (side);
  raw_send (raw, "more");
  iterate_all ();
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (io_stream),
                                        buffer,
                                        sizeof buffer - 1,
                                        NULL,
                                        NULL),
                   ==,
                   4);
  g_assert_cmpstr (buffer, ==, "more");
  side_free (side);
  raw_free (raw);
}

/* XEP-0246 §4, RFC 6120 §8.4: what the stream answers itself. */
static void
test_answers (void)
{
  static const struct
  {
    const char *stanza, *answer;
    guint n_delivered;
  } cases[] = {
    { "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
      "<iq to='" ROMEO "' type='result' id='1'/>",
      1 },
    { "<iq type='get' id='1'><query xmlns='x'/></iq>", "<service-unavailable ", 1 },
    { "<iq type='set' id='1'/>", "<bad-request ", 0 },
    { "<iq type='set'><query xmlns='x'/></iq>", "<bad-request ", 0 },
    { "<iq type='set' id='1' to='x@y'><query xmlns='x'/></iq>", "<item-not-found ", 0 },
    { "<iq type='result' id='1'/>", "", 1 },
    { "<iq type='error' id='1'/>", "", 1 },
    { "<iq type='result'/>", "", 0 },
    { "<message to='x@y'/>", "", 0 },
    { "<message type='error'/>", "", 1 },
    { "<presence from='x@y' type='subscribe'/>", "", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int take = 0; take < 2; take++)
      {
        Side *side;
        Raw *raw;

        g_test_message ("%s", cases[i].stanza);
        open_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
        side->take = take;
        raw_send (raw, cases[i].stanza);
        raw_send (raw, "<message/>");
        side_expect_stanzas (side, cases[i].n_delivered + 1);
        iterate_all ();
        if (*cases[i].answer == '\0' || (take && cases[i].n_delivered > 0))
          g_assert_cmpstr (raw->received->str, ==, "");
        else
          {
            g_assert_nonnull (strstr (raw->received->str, cases[i].answer));
            g_assert_true (strstr (raw->received->str + 1, "<iq") == NULL);
          }
        if (cases[i].n_delivered > 0)
          g_assert_cmpstr (jxs_element_get_attribute (side->stanzas->pdata[0], "from"), ==, ROMEO);
        side_free (side);
        raw_free (raw);
      }
}

/* RFC 6120 §4.7.4 */
static void
test_language (void)
{
  Side *side;
  Raw *raw;
  Call call = { 0 };
  g_autofree char *language = NULL;
  static const char *const expected[] = { "de", "it", NULL };

  start_with_raw (JXS_XML_STREAM_RECEIVER, &side, &raw);
  side_open (side, NULL, &call);
  raw_send (raw, HEADER_START " xml:lang='de' version='1.0'>");
  iterate_until_set (&call.done);
  jxs_xml_stream_set_open (side->stream);
  g_object_get (side->stream, "language", &language, NULL);
  g_assert_cmpstr (language, ==, "de");
  raw_send (raw, "<message/><message xml:lang='it'/><iq type='result' id='1'/>");
  side_expect_stanzas (side, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (jxs_element_get_attribute_ns (side->stanzas->pdata[i], "lang", JXS_NS_XML),
                     ==,
                     expected[i]);
  side_free (side);
  raw_free (raw);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  jxs_clock_use_fake (0);

  g_test_add_func ("/stream/xml-stream/exchange", test_exchange);
  g_test_add_func ("/stream/xml-stream/close", test_close);
  g_test_add_func ("/stream/xml-stream/tls", test_tls);
  g_test_add_func ("/stream/xml-stream/close-crossing", test_close_crossing);
  g_test_add_func ("/stream/xml-stream/transcript-0246", test_transcript_0246);
  g_test_add_func ("/stream/xml-stream/transcript-0247", test_transcript_0247);
  g_test_add_func ("/stream/xml-stream/tolerated-headers", test_tolerated_headers);
  g_test_add_func ("/stream/xml-stream/crossing-headers", test_crossing_headers);
  g_test_add_func ("/stream/xml-stream/splits", test_splits);
  g_test_add_func ("/stream/xml-stream/dribble", test_dribble);
  g_test_add_func ("/stream/xml-stream/early-stanzas", test_early_stanzas);
  g_test_add_func ("/stream/xml-stream/late-stanzas", test_late_stanzas);
  g_test_add_func ("/stream/xml-stream/peer-closes", test_peer_closes);
  g_test_add_func ("/stream/xml-stream/reuse", test_reuse);
  g_test_add_func ("/stream/xml-stream/answers", test_answers);
  g_test_add_func ("/stream/xml-stream/language", test_language);

  return g_test_run ();
}
