/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stanza-error-private.h>
#include <jxs-glib/stream/jxs-stanza-filter-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-stream-error-private.h>
#include <jxs-glib/stream/jxs-stream-header-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <string.h>

#define LOCAL "juliet@capulet.lit/balcony"
#define PEER "romeo@montague.lit/orchard"

static JxsElement *
parse (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  return element;
}

/* RFC 6120 §8.2 */
static void
test_kind (void)
{
  static const struct
  {
    const char *xml;
    JxsStanzaKind kind;
  } cases[] = {
    { "<message xmlns='jabber:client'/>", JXS_STANZA_KIND_MESSAGE },
    { "<presence xmlns='jabber:client'/>", JXS_STANZA_KIND_PRESENCE },
    { "<iq xmlns='jabber:client'/>", JXS_STANZA_KIND_IQ },
    { "<iqs xmlns='jabber:client'/>", JXS_STANZA_KIND_NONE },
    { "<Message xmlns='jabber:client'/>", JXS_STANZA_KIND_NONE },
    { "<message xmlns='jabber:server'/>", JXS_STANZA_KIND_NONE },
    { "<message/>", JXS_STANZA_KIND_NONE },
    { "<foo xmlns='jabber:client'/>", JXS_STANZA_KIND_NONE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) element = parse (cases[i].xml);

      g_assert_cmpint (jxs_stanza_get_kind (element), ==, cases[i].kind);
    }
}

static void
test_make (void)
{
  g_autoptr (JxsElement) payload = jxs_element_new ("ping", JXS_NS_PING);
  g_autoptr (JxsElement) message = jxs_stanza_new_message (PEER, "hi");
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("get", PEER, payload);
  g_autoptr (JxsElement) other = jxs_stanza_new_iq ("get", PEER, payload);
  g_autoptr (JxsElement) result = NULL;
  g_autoptr (JxsElement) error_stanza = NULL;
  g_autoptr (GError) error = g_error_new (JXS_STANZA_ERROR, JXS_STANZA_ERROR_CONFLICT, "no");
  g_autoptr (GError) received = NULL;
  g_autoptr (JxsElement) condition = jxs_element_new ("tie-break", JXS_NS_JINGLE_ERRORS);

  g_assert_cmpstr (jxs_element_get_attribute (message, "type"), ==, "chat");
  g_assert_cmpstr (jxs_element_get_text (jxs_element_find_child (message, "body", JXS_NS_CLIENT)),
                   ==,
                   "hi");
  g_assert_cmpstr (jxs_element_get_attribute (iq, "id"),
                   !=,
                   jxs_element_get_attribute (other, "id"));
  g_assert_cmpuint (jxs_element_get_n_children (iq), ==, 1);

  jxs_element_set_attribute (iq, "from", PEER);
  result = jxs_stanza_new_result (iq, NULL);
  g_assert_cmpstr (jxs_element_get_attribute (result, "to"), ==, PEER);
  g_assert_cmpstr (jxs_element_get_attribute (result, "type"), ==, "result");
  g_assert_cmpstr (jxs_element_get_attribute (result, "id"),
                   ==,
                   jxs_element_get_attribute (iq, "id"));
  g_assert_true (jxs_stanza_check_error (result, &received));
  g_assert_no_error (received);

  error_stanza = jxs_stanza_new_error (iq, error, condition);
  g_assert_cmpstr (jxs_element_get_attribute (error_stanza, "to"), ==, PEER);
  g_assert_false (jxs_stanza_check_error (error_stanza, &received));
  g_assert_error (received, JXS_STANZA_ERROR, JXS_STANZA_ERROR_CONFLICT);
  g_assert_nonnull (strstr (received->message, "no"));
  g_assert_nonnull (
      jxs_stanza_error_find_condition (error_stanza, "tie-break", JXS_NS_JINGLE_ERRORS));
  g_assert_null (jxs_stanza_error_find_condition (error_stanza, "tie-break", JXS_NS_JINGLE));
  g_assert_null (jxs_stanza_error_find_condition (iq, "tie-break", JXS_NS_JINGLE_ERRORS));
}

/* RFC 6120 §8.3.3: every condition, both ways. */
static void
test_stanza_errors (void)
{
  for (JxsStanzaError code = 0; code <= JXS_STANZA_ERROR_UNEXPECTED_REQUEST; code++)
    {
      g_autoptr (GError) error = g_error_new (JXS_STANZA_ERROR, code, "some text");
      g_autoptr (JxsElement) element = jxs_stanza_error_build (error, NULL);
      g_autoptr (GError) parsed = jxs_stanza_error_parse (element);

      g_assert_error (parsed, JXS_STANZA_ERROR, (int) code);
      g_assert_nonnull (strstr (parsed->message, "“some text”"));
      g_assert_nonnull (
          jxs_element_find_child (element, jxs_stanza_error_to_name (code), JXS_NS_STANZA_ERRORS));
      g_assert_cmpstr (jxs_element_get_attribute (element, "type"),
                       ==,
                       jxs_stanza_error_get_type_for (code));
    }
  g_assert_cmpstr (jxs_stanza_error_to_name (999), ==, "undefined-condition");
  g_assert_cmpstr (jxs_stanza_error_get_type_for (JXS_STANZA_ERROR_FORBIDDEN), ==, "auth");
  g_assert_cmpstr (jxs_stanza_error_get_type_for (JXS_STANZA_ERROR_UNEXPECTED_REQUEST), ==, "wait");
}

static void
test_foreign_errors (void)
{
  g_autoptr (GError) io = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "/home/juliet/secret");
  g_autoptr (GError) late = g_error_new (JXS_ERROR, JXS_ERROR_TIMED_OUT, "late");
  g_autoptr (JxsElement) stanza_error = jxs_stanza_error_build (io, NULL);
  g_autoptr (JxsElement) stream_error = jxs_stream_error_build (io);
  g_autoptr (JxsElement) timeout = jxs_stream_error_build (late);
  g_autoptr (JxsElement) unknown =
      parse ("<error xmlns='jabber:client'><weird xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
             "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a\nb</text>"
             "<item-not-found xmlns='urn:other'/></error>");
  g_autoptr (GError) parsed = jxs_stanza_error_parse (unknown);
  g_autofree char *text = jxs_element_to_string (stanza_error);
  g_autoptr (JxsElement) bare = parse ("<message xmlns='jabber:client' type='error'/>");
  g_autoptr (GError) bare_error = NULL;

  /* What happened inside is not told to the peer. */
  g_assert_null (strstr (text, "secret"));
  g_assert_nonnull (
      jxs_element_find_child (stanza_error, "undefined-condition", JXS_NS_STANZA_ERRORS));
  g_assert_cmpuint (jxs_element_get_n_children (stream_error), ==, 1);
  g_assert_nonnull (
      jxs_element_find_child (stream_error, "undefined-condition", JXS_NS_STREAM_ERRORS));
  g_assert_nonnull (jxs_element_find_child (timeout, "connection-timeout", JXS_NS_STREAM_ERRORS));

  g_assert_error (parsed, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNDEFINED_CONDITION);
  g_assert_null (strchr (parsed->message, '\n'));

  g_assert_false (jxs_stanza_check_error (bare, &bare_error));
  g_assert_error (bare_error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_UNDEFINED_CONDITION);
}

/* The peer's text is not to flood logs and user interfaces. */
static void
test_long_text (void)
{
  g_autofree char *flood = g_strnfill (100000, 'x');
  g_autoptr (GError) error = g_error_new_literal (JXS_STANZA_ERROR, 0, "");
  g_autoptr (JxsElement) element = jxs_stanza_error_build (error, NULL);
  g_autoptr (GError) parsed = NULL;

  jxs_element_add_text (jxs_element_append (element, "text", JXS_NS_STANZA_ERRORS), flood);
  parsed = jxs_stanza_error_parse (element);
  g_assert_cmpuint (strlen (parsed->message), <, 1000);
}

/* RFC 6120 §4.9.3: every condition, both ways. */
static void
test_stream_errors (void)
{
  for (JxsStreamError code = 0; code <= JXS_STREAM_ERROR_UNSUPPORTED_VERSION; code++)
    {
      g_autoptr (GError) error = jxs_stream_error_new (code);
      g_autoptr (JxsElement) element = jxs_stream_error_build (error);
      g_autoptr (GError) parsed = jxs_stream_error_parse (element);

      g_assert_true (jxs_element_is (element, "error", JXS_NS_STREAMS));
      g_assert_error (error, JXS_STREAM_ERROR, (int) code);
      g_assert_error (parsed, JXS_STREAM_ERROR, (int) code);
      g_assert_nonnull (
          jxs_element_find_child (element, jxs_stream_error_to_name (code), JXS_NS_STREAM_ERRORS));
    }
  g_assert_cmpstr (jxs_stream_error_to_name (999), ==, "undefined-condition");
}

/* XEP-0246 §4: the addresses of what arrives. */
static void
test_filter_addresses (void)
{
  static const struct
  {
    const char *xml;
    JxsStanzaVerdict verdict;
    JxsStanzaError error;
  } cases[] = {
    { "<message xmlns='jabber:client'/>", JXS_STANZA_VERDICT_PASS, 0 },
    { "<message xmlns='jabber:client' from='" PEER "' to='" LOCAL "'/>",
      JXS_STANZA_VERDICT_PASS,
      0 },
    { "<message xmlns='jabber:client' from='mallory@x' to='juliet@capulet.lit'/>",
      JXS_STANZA_VERDICT_PASS,
      0 },
    { "<message xmlns='jabber:client' to='Juliet@CAPULET.lit/balcony'/>",
      JXS_STANZA_VERDICT_PASS,
      0 },
    { "<message xmlns='jabber:client' to='juliet@capulet.lit/Balcony'/>",
      JXS_STANZA_VERDICT_DROP,
      0 },
    { "<message xmlns='jabber:client' to='nurse@capulet.lit'/>", JXS_STANZA_VERDICT_DROP, 0 },
    { "<presence xmlns='jabber:client' to='@@'/>", JXS_STANZA_VERDICT_DROP, 0 },
    { "<presence xmlns='jabber:client' to=''/>", JXS_STANZA_VERDICT_DROP, 0 },
    { "<iq xmlns='jabber:client' type='get' id='1' to='nurse@x'><q xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_ITEM_NOT_FOUND },
    { "<iq xmlns='jabber:client' type='result' id='1' to='nurse@x'/>", JXS_STANZA_VERDICT_DROP, 0 },
    /* RFC 6120 §8.2.3 */
    { "<iq xmlns='jabber:client' type='get' id='1'><q xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_PASS,
      0 },
    { "<iq xmlns='jabber:client' type='result' id='1'/>", JXS_STANZA_VERDICT_PASS, 0 },
    { "<iq xmlns='jabber:client' type='error' id='1'/>", JXS_STANZA_VERDICT_PASS, 0 },
    { "<iq xmlns='jabber:client' type='result'/>", JXS_STANZA_VERDICT_DROP, 0 },
    { "<iq xmlns='jabber:client' type='error'/>", JXS_STANZA_VERDICT_DROP, 0 },
    { "<iq xmlns='jabber:client' type='get'><q xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { "<iq xmlns='jabber:client' type='set' id='1'/>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { "<iq xmlns='jabber:client' type='set' id='1'><q xmlns='x'/><r xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { "<iq xmlns='jabber:client' type='what' id='1'><q xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_BAD_REQUEST },
    { "<iq xmlns='jabber:client' id='1'><q xmlns='x'/></iq>",
      JXS_STANZA_VERDICT_REFUSE,
      JXS_STANZA_ERROR_BAD_REQUEST },
  };
  g_autoptr (JxsJid) local = jxs_jid_new (LOCAL, NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) stanza = parse (cases[i].xml);
      g_autoptr (JxsElement) reply = NULL;

      g_test_message ("%s", cases[i].xml);
      g_assert_cmpint (jxs_stanza_filter (stanza, local, peer, NULL, &reply), ==, cases[i].verdict);
      g_assert_cmpstr (jxs_element_get_attribute (stanza, "from"), ==, PEER);
      g_assert_true ((reply != NULL) == (cases[i].verdict == JXS_STANZA_VERDICT_REFUSE));
      if (cases[i].verdict == JXS_STANZA_VERDICT_PASS)
        g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, LOCAL);
      if (reply != NULL)
        {
          g_autoptr (GError) error = NULL;

          g_assert_false (jxs_stanza_check_error (reply, &error));
          g_assert_error (error, JXS_STANZA_ERROR, (int) cases[i].error);
          g_assert_cmpstr (jxs_element_get_attribute (reply, "to"), ==, PEER);
        }
    }
}

/* Behind a server stanzas keep their addresses. */
static void
test_filter_server (void)
{
  g_autoptr (JxsElement) stanza =
      parse ("<message xmlns='jabber:client' from='a@b' to='c@d' xml:lang='it'/>");
  g_autoptr (JxsElement) reply = NULL;

  g_assert_cmpint (jxs_stanza_filter (stanza, NULL, NULL, "de", &reply),
                   ==,
                   JXS_STANZA_VERDICT_PASS);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "from"), ==, "a@b");
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, "c@d");
  g_assert_cmpstr (jxs_element_get_attribute_ns (stanza, "lang", JXS_NS_XML), ==, "it");
}

/* RFC 6120 §8.4, XEP-0199 §4 */
static void
test_unhandled (void)
{
  static const struct
  {
    const char *xml;
    gboolean pings;
    const char *type;
  } cases[] = {
    { "<iq xmlns='jabber:client' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
      TRUE,
      "result" },
    { "<iq xmlns='jabber:client' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
      FALSE,
      "error" },
    { "<iq xmlns='jabber:client' type='set' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
      TRUE,
      "error" },
    { "<iq xmlns='jabber:client' type='get' id='1'><query xmlns='x'/></iq>", TRUE, "error" },
    { "<iq xmlns='jabber:client' type='result' id='1'/>", TRUE, NULL },
    { "<iq xmlns='jabber:client' type='error' id='1'/>", TRUE, NULL },
    { "<message xmlns='jabber:client'/>", TRUE, NULL },
    { "<message xmlns='jabber:client' type='get'/>", TRUE, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) stanza = parse (cases[i].xml);
      g_autoptr (JxsElement) reply = jxs_stanza_filter_unhandled (stanza, cases[i].pings);

      g_assert_cmpstr (reply != NULL ? jxs_element_get_attribute (reply, "type") : NULL,
                       ==,
                       cases[i].type);
    }
}

static JxsElement *
new_root (const char *version)
{
  JxsElement *root = jxs_element_new ("stream", JXS_NS_STREAMS);

  if (version != NULL)
    jxs_element_set_attribute (root, "version", version);
  return root;
}

/* RFC 6120 §4.7.5: numbers, not strings. */
static void
test_header_version (void)
{
  static const struct
  {
    const char *version;
    guint major, minor;
    gboolean as_initial, as_response;
  } cases[] = {
    { NULL, 0, 9, TRUE, TRUE },     { "1.0", 1, 0, TRUE, TRUE },
    { "1.1", 1, 1, TRUE, TRUE },    { "01.00", 1, 0, TRUE, TRUE },
    { "1.10", 1, 10, TRUE, TRUE },  { "0.9", 0, 9, TRUE, TRUE },
    { "2.0", 2, 0, TRUE, FALSE },   { "10.0", 10, 0, TRUE, FALSE },
    { "x", 0, 0, FALSE, FALSE },    { "", 0, 0, FALSE, FALSE },
    { "1", 0, 0, FALSE, FALSE },    { "1.0.0", 0, 0, FALSE, FALSE },
    { "-1.0", 0, 0, FALSE, FALSE }, { " 1.0", 0, 0, FALSE, FALSE },
    { "1.", 0, 0, FALSE, FALSE },   { "99999999999.0", 0, 0, FALSE, FALSE },
    { "1.0x", 0, 0, FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int is_response = 0; is_response < 2; is_response++)
      {
        g_autoptr (JxsElement) root = new_root (cases[i].version);
        g_auto (JxsStreamHeader) header = { 0 };
        g_autoptr (GError) error = NULL;
        gboolean ok = jxs_stream_header_parse (root, JXS_NS_CLIENT, is_response, &header, &error);

        g_test_message ("%s", cases[i].version);
        g_assert_true (ok == (is_response ? cases[i].as_response : cases[i].as_initial));
        if (ok)
          {
            g_assert_cmpuint (header.major, ==, cases[i].major);
            g_assert_cmpuint (header.minor, ==, cases[i].minor);
          }
        else
          g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_UNSUPPORTED_VERSION);
      }
}

/* RFC 6120 §4.8 */
static void
test_header_namespace (void)
{
  g_autoptr (JxsElement) root = new_root ("1.0");
  g_autoptr (JxsElement) streams = jxs_element_new ("streams", JXS_NS_STREAMS);
  g_autoptr (JxsElement) other = jxs_element_new ("stream", "urn:other");
  const struct
  {
    JxsElement *root;
    const char *content;
  } cases[] = {
    { root, NULL },           { root, "jabber:server" }, { root, "" }, { streams, JXS_NS_CLIENT },
    { other, JXS_NS_CLIENT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (JxsStreamHeader) header = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (
          jxs_stream_header_parse (cases[i].root, cases[i].content, FALSE, &header, &error));
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_INVALID_NAMESPACE);
    }
}

/* XEP-0246 §2 says bare, XEP-0247 §2 full: both, if they match. */
static void
test_header_addresses (void)
{
  static const struct
  {
    const char *from, *to;
    int error; /* -1: none */
  } cases[] = {
    { NULL, NULL, -1 },
    { PEER, LOCAL, -1 },
    { "romeo@montague.lit", "juliet@capulet.lit", -1 },
    { "ROMEO@montague.LIT/orchard", NULL, -1 },
    { "romeo@montague.lit/other", LOCAL, JXS_STREAM_ERROR_INVALID_FROM },
    { "mallory@montague.lit", LOCAL, JXS_STREAM_ERROR_INVALID_FROM },
    { "montague.lit", LOCAL, JXS_STREAM_ERROR_INVALID_FROM },
    { "@", LOCAL, JXS_STREAM_ERROR_INVALID_FROM },
    { "", LOCAL, JXS_STREAM_ERROR_INVALID_FROM },
    { PEER, "juliet@capulet.lit/chamber", JXS_STREAM_ERROR_HOST_UNKNOWN },
    { PEER, "nurse@capulet.lit", JXS_STREAM_ERROR_HOST_UNKNOWN },
    { PEER, "/", JXS_STREAM_ERROR_HOST_UNKNOWN },
  };
  g_autoptr (JxsJid) local = jxs_jid_new (LOCAL, NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      JxsStreamHeader header = { .from = (char *) cases[i].from, .to = (char *) cases[i].to };
      g_autoptr (GError) error = NULL;

      if (cases[i].error < 0)
        g_assert_true (jxs_stream_header_check (&header, local, peer, &error));
      else
        {
          g_assert_false (jxs_stream_header_check (&header, local, peer, &error));
          g_assert_error (error, JXS_STREAM_ERROR, cases[i].error);
        }
    }
}

/* RFC 6120 §4.7: what we write, and that what a peer wrote is escaped when mirrored. */
static void
test_header_write (void)
{
  g_autoptr (JxsJid) local = jxs_jid_new (LOCAL, NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);
  g_auto (JxsStreamHeader) initial = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  jxs_stream_header_init (&initial, peer, local);
  jxs_stream_header_write (text, &initial);
  /* as in XEP-0247 §2 */
  g_assert_cmpstr (text->str,
                   ==,
                   "<stream:stream xmlns='jabber:client' "
                   "xmlns:stream='http://etherx.jabber.org/streams' from='" PEER "' to='" LOCAL
                   "' version='1.0'>");

  for (int i = 0; i < 1000; i++)
    {
      g_auto (JxsStreamHeader) response = { 0 };

      jxs_stream_header_init_response (&response, &initial, local, peer);
      g_assert_cmpstr (response.from, ==, LOCAL);
      g_assert_cmpstr (response.to, ==, PEER);
      g_assert_cmpuint (strlen (response.id), >=, 16);
      g_assert_true (g_hash_table_add (ids, g_steal_pointer (&response.id)));
    }

  {
    g_auto (JxsStreamHeader) response = { 0 };
    JxsStreamHeader strange = { .to = (char *) "a'b<&>\"", .minor = 9 };

    jxs_stream_header_init_response (&response, &strange, local, NULL);
    g_string_truncate (text, 0);
    jxs_stream_header_write (text, &response);
    g_assert_nonnull (strstr (text->str, " from='a&apos;b&lt;&amp;&gt;&quot;' id="));
    g_assert_null (strstr (text->str, "version"));
    g_assert_null (strstr (text->str, " to="));
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/stream/stanza/kind", test_kind);
  g_test_add_func ("/stream/stanza/make", test_make);
  g_test_add_func ("/stream/stanza/errors", test_stanza_errors);
  g_test_add_func ("/stream/stanza/foreign-errors", test_foreign_errors);
  g_test_add_func ("/stream/stanza/long-text", test_long_text);
  g_test_add_func ("/stream/stanza/stream-errors", test_stream_errors);
  g_test_add_func ("/stream/stanza/filter-addresses", test_filter_addresses);
  g_test_add_func ("/stream/stanza/filter-server", test_filter_server);
  g_test_add_func ("/stream/stanza/unhandled", test_unhandled);
  g_test_add_func ("/stream/header/version", test_header_version);
  g_test_add_func ("/stream/header/namespace", test_header_namespace);
  g_test_add_func ("/stream/header/addresses", test_header_addresses);
  g_test_add_func ("/stream/header/write", test_header_write);

  return g_test_run ();
}
