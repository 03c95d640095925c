/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>

#include "xml-fixture.h"

static const char whole_stream[] =
    "<?xml version='1.0'?> " HEADER "<stream:features/>\r\n"
    "<message to='a&amp;b'><body xml:lang='de'>h\xc3\xa9<![CDATA[<]]>&#x1F600;]]&gt;</body>"
    "<x:e xmlns:x='urn:x' x:n=\"'\"/></message> <iq id='1'/></stream:stream>";

static const char whole_stream_log[] =
    "start jabber:client <stream xmlns='http://etherx.jabber.org/streams'/>\n"
    "<features xmlns='http://etherx.jabber.org/streams'/>\n"
    "<message xmlns='jabber:client' to='a&amp;b'><body xml:lang='de'>h\xc3\xa9&lt;\xf0\x9f\x98\x80"
    "]]&gt;</body><e xmlns='urn:x' xmlns:ns0='urn:x' ns0:n='&apos;'/></message>\n"
    "<iq xmlns='jabber:client' id='1'/>\n"
    "end\n";

static void
test_splits (void)
{
  const gsize length = strlen (whole_stream);

  for (gsize i = 0; i <= length; i++)
    {
      for (gsize k = i; k <= length; k += 1 + (k - i) % 5)
        {
          g_auto (Fixture) self;

          fixture_init (&self, NULL);
          feed (&self, whole_stream, i);
          feed (&self, whole_stream + i, k - i);
          feed (&self, whole_stream + k, length - k);
          g_assert_cmpstr (self.log->str, ==, whole_stream_log);
        }
    }
}

/* expat would otherwise put off what arrives in small pieces. */
static void
test_last_byte_reports (void)
{
  static const char stanza[] = "<message id='1'><body>text</body></message>";
  static const char long_tag[] = "<message id='%s'/>";
  g_autofree char *value = g_strnfill (20000, 'x');
  g_autofree char *long_stanza = g_strdup_printf (long_tag, value);
  const char *const stanzas[] = { stanza, "<iq/>", long_stanza, "<presence></presence>", stanza };
  g_auto (Fixture) self;

  fixture_init (&self, NULL);
  feed_string (&self, HEADER);
  for (guint i = 0; i < G_N_ELEMENTS (stanzas); i++)
    {
      const gsize length = strlen (stanzas[i]);

      for (gsize k = 0; k < length; k++)
        {
          g_assert_cmpuint (self.n_elements, ==, i);
          g_assert_cmpint (jxs_xml_parser_is_idle (self.parser), ==, k == 0);
          feed (&self, stanzas[i] + k, 1);
        }
      g_assert_cmpuint (self.n_elements, ==, i + 1);
      g_assert_true (jxs_xml_parser_is_idle (self.parser));
    }
}

static void
test_random_splits (void)
{
  g_autoptr (GString) stream = g_string_new (HEADER);
  g_autofree char *expected = NULL;

  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *text = g_strnfill ((gsize) g_test_rand_int_range (0, 3000), 'a');

      g_string_append_printf (stream, "<message n='%u'><body>%s</body></message>\n", i, text);
    }
  for (guint round = 0; round < 20; round++)
    {
      g_auto (Fixture) self;

      fixture_init (&self, NULL);
      for (gsize i = 0; i < stream->len;)
        {
          gsize n = round == 0 ? stream->len : (gsize) g_test_rand_int_range (1, 2 << (round % 16));

          n = MIN (n, stream->len - i);
          feed (&self, stream->str + i, n);
          i += n;
        }
      if (round == 0)
        expected = g_strdup (self.log->str);
      g_assert_cmpuint (self.n_elements, ==, 300);
      g_assert_cmpstr (self.log->str, ==, expected);
    }
}

static void
test_accepted (void)
{
  static const struct
  {
    const char *xml;
    const char *log;
  } cases[] = {
    /* RFC 6120 §11.5: the XML declaration. */
    { "<?xml version='1.0'?><a><b/>", "start (null) <a/>\n<b/>\n" },
    { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>", "start (null) <a/>\n" },
    { "<?xml version='1.0' encoding='utf-8' standalone='yes'?><a>", "start (null) <a/>\n" },
    { "<?xml version='1.0' standalone='no' ?>\t<a>", "start (null) <a/>\n" },
    { "\n <a>", "start (null) <a/>\n" },
    { "\xef\xbb\xbf<a>", "start (null) <a/>\n" },

    /* RFC 6120 §4.8: namespaces and prefixes. */
    { HEADER "<iq/><stream:error/>",
      "start jabber:client <stream xmlns='http://etherx.jabber.org/streams'/>\n"
      "<iq xmlns='jabber:client'/>\n<error xmlns='http://etherx.jabber.org/streams'/>\n" },
    { "<stream xmlns='http://etherx.jabber.org/streams'><iq xmlns='jabber:client'/><error/>",
      "start http://etherx.jabber.org/streams <stream xmlns='http://etherx.jabber.org/streams'/>\n"
      "<iq xmlns='jabber:client'/>\n<error xmlns='http://etherx.jabber.org/streams'/>\n" },
    { "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns:c='jabber:client'><c:iq/><iq/>",
      "start (null) <stream xmlns='http://etherx.jabber.org/streams'/>\n"
      "<iq xmlns='jabber:client'/>\n<iq/>\n" },
    { "<a xmlns=''>", "start (null) <a/>\n" },
    { "<a xmlns:x='u' x:b='1' b='2' xml:lang='en' xmlns='v'>",
      "start v <a xmlns='v' xmlns:ns0='u' ns0:b='1' b='2' xml:lang='en'/>\n" },

    { "<a/>", "start (null) <a/>\nend\n" },
    { "<a></a>", "start (null) <a/>\nend\n" },
    { "<a/> <b/>&nonsense", "start (null) <a/>\nend\n" }, /* after the end, see the header */
    { "<a> \t\r\n&#32;<![CDATA[ ]]><b/>", "start (null) <a/>\n<b/>\n" },
    { "<a><b c=' x\n\ty '/>", "start (null) <a/>\n<b c=' x  y '/>\n" },
    { "<a><b>\r\n\r</b>", "start (null) <a/>\n<b>\n\n</b>\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (guint bytewise = 0; bytewise < 2; bytewise++)
        {
          const gsize length = strlen (cases[i].xml);
          g_auto (Fixture) self;

          fixture_init (&self, NULL);
          for (gsize k = 0; k < length; k += bytewise ? 1 : length)
            feed (&self, cases[i].xml + k, bytewise ? 1 : length);
          g_assert_cmpstr (self.log->str, ==, cases[i].log);
        }
    }
}

typedef struct
{
  const char *xml;
  gsize length; /* 0: up to the nul */
  JxsStreamError code;
} Refused;

static const Refused refused[] = {
  /* RFC 6120 §11.1 */
  { "<!-- c -->", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a><!-- c -->", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a><b>x<!---->", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<?p?>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<?xml-stylesheet href='x'?>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a><?p data?>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE a><a>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE a [", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE a PUBLIC 'x' 'y' [", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>]><l>&c;</l>",
    0,
    JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a>&e;", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a><b c='&e;'/>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },
  { "<a b='&e;'>", 0, JXS_STREAM_ERROR_RESTRICTED_XML },

  /* RFC 6120 §11.3 */
  { "GET / HTTP/1.1\r\n", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "\x16\x03\x01", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a></b>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b></a>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b c='1' c='2'/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b c=1/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b c='<'/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>]]></b>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>&#0;", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>&#xFFFE;", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>& ", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><1/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\x01", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\0", 7, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><security xmlns='u'/><method/></security>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<x:a>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><x:b/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b x:c='1'/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b><c xmlns:x='u'/><x:d/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b xmlns:x='u' xmlns:y='u' x:c='' y:c=''/>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a xmlns:x=''>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a xmlns:xml='u'>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a xmlns:xmlns='u'>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a:b:c xmlns:a='u'>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },

  /* RFC 6120 §11.5: the XML declaration only at the start, only of version 1.0. */
  { " <?xml version='1.0'?>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<?xml version='1.0'?><?xml version='1.0'?>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><?xml version='1.0'?>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<?xml?>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<?xml version='1.1'?>", 0, JXS_STREAM_ERROR_UNSUPPORTED_VERSION },
  { "<?xml version='2.0' encoding='latin1'?>", 0, JXS_STREAM_ERROR_UNSUPPORTED_VERSION },

  /* RFC 6120 §11.6: UTF-8. */
  { "<?xml version='1.0' encoding='ISO-8859-1'?>", 0, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "<?xml version='1.0' encoding='UTF-16'?>", 0, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "<?xml version='1.0' encoding='us-ascii'?>", 0, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "\xff\xfe<\0a\0>\0", 8, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "\xfe\xff\0<\0a\0>", 8, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "<\0a\0>\0", 6, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "\0<\0a\0>", 6, JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  { "<a><b>caf\xe9</b>", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\xc0\xaf", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\xed\xa0\x80", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\xf4\x90\x80\x80", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },
  { "<a><b>\xef\xbf\xbf", 0, JXS_STREAM_ERROR_NOT_WELL_FORMED },

  /* Between stanzas */
  { "<a>x", 0, JXS_STREAM_ERROR_BAD_FORMAT },
  { "<a> <b/> x<b/>", 0, JXS_STREAM_ERROR_BAD_FORMAT },
  { "<a><![CDATA[x]]>", 0, JXS_STREAM_ERROR_BAD_FORMAT },
  { "<a>&amp;", 0, JXS_STREAM_ERROR_BAD_FORMAT },
  { "<a>&#160;", 0, JXS_STREAM_ERROR_BAD_FORMAT },
};

static void
test_refused (gconstpointer user_data)
{
  const gboolean bytewise = GPOINTER_TO_INT (user_data);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const gsize length = refused[i].length > 0 ? refused[i].length : strlen (refused[i].xml);
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;
      gboolean ok = TRUE;
      g_auto (Fixture) self;

      fixture_init (&self, NULL);
      for (gsize k = 0; k < length && ok; k += bytewise ? 1 : length)
        ok = jxs_xml_parser_feed (self.parser, refused[i].xml + k, bytewise ? 1 : length, &error);
      g_assert_error (error, JXS_STREAM_ERROR, (int) refused[i].code);

      /* Dead from then on. */
      g_string_truncate (self.log, 0);
      g_assert_false (jxs_xml_parser_feed (self.parser, "<b/>", 4, &again));
      g_assert_error (again, JXS_STREAM_ERROR, (int) refused[i].code);
      g_assert_cmpstr (again->message, ==, error->message);
      g_assert_false (jxs_xml_parser_feed (self.parser, "<b/>", 4, NULL));
      g_assert_cmpstr (self.log->str, ==, "");
    }
}

/* What came before is reported. */
static void
test_refused_after_stanza (void)
{
  g_auto (Fixture) self;

  fixture_init (&self, NULL);
  assert_refused (&self, "<a><b/><c><!-- --></c><d/>", JXS_STREAM_ERROR_RESTRICTED_XML);
  g_assert_cmpstr (self.log->str, ==, "start (null) <a/>\n<b/>\n");
}

/* What the next callback does to the parser. */
typedef struct
{
  JxsXmlParser *parser;
  guint n_callbacks;
  guint act_at;
  enum
  {
    STOP,
    FREE,
    STOP_AND_FREE
  } act;
} Actor;

static void
act (Actor *self)
{
  g_assert_cmpuint (self->n_callbacks, <, self->act_at);
  if (++self->n_callbacks < self->act_at)
    return;
  if (self->act != FREE)
    jxs_xml_parser_stop (self->parser);
  if (self->act != STOP)
    jxs_xml_parser_free (self->parser);
}

static void
act_on_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  act (user_data);
}

static void
act_on_element (JxsElement *element, gpointer user_data)
{
  act (user_data);
}

static void
act_on_end (gpointer user_data)
{
  act (user_data);
}

/* In each callback, with more after it, malformed too. */
static void
test_stop_and_free (void)
{
  static const char stream[] = "<a><b/><c><d/></c></a>";
  const JxsXmlParserFuncs funcs = { act_on_start, act_on_element, act_on_end };

  for (guint at = 1; at <= 4; at++)
    {
      for (guint what = STOP; what <= STOP_AND_FREE; what++)
        {
          Actor self = { .act_at = at, .act = what };
          g_autoptr (GError) error = NULL;

          self.parser = jxs_xml_parser_new (NULL, &funcs, &self);
          g_assert_true (jxs_xml_parser_feed (self.parser, stream, strlen (stream), &error));
          g_assert_no_error (error);
          g_assert_cmpuint (self.n_callbacks, ==, at);
          if (what == STOP)
            {
              g_assert_true (jxs_xml_parser_feed (self.parser, "<e/>&x", 6, &error));
              jxs_xml_parser_free (self.parser);
            }
        }
    }
}

/* STARTTLS: a new parser for the new stream, whatever else came with the last element (RFC 6120
 * §5.4.3.3). */
static void
test_restart (void)
{
  const JxsXmlParserFuncs funcs = { NULL, act_on_element, NULL };
  Actor self = { .act_at = 1, .act = STOP_AND_FREE };
  static const char stream[] = "<x:a xmlns:x='u'><proceed/><injected/>";
  g_auto (Fixture) next;

  self.parser = jxs_xml_parser_new (NULL, &funcs, &self);
  g_assert_true (jxs_xml_parser_feed (self.parser, stream, strlen (stream), NULL));

  fixture_init (&next, NULL);
  feed_string (&next, HEADER "<iq/>");
  assert_refused (&next, "<x:iq/>", JXS_STREAM_ERROR_NOT_WELL_FORMED);
}

static void
keep (JxsElement *element, gpointer user_data)
{
  g_ptr_array_add (user_data, jxs_element_ref (element));
}

/* Kept elements are not overwritten by later ones, and outlive the parser. */
static void
test_keep (void)
{
  const JxsXmlParserFuncs funcs = { .element = keep };
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_element_unref);
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, kept);

  jxs_xml_parser_feed (parser, "<a>", 3, NULL);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *stanza = g_strdup_printf (
          "<n%u m%u='%u' xmlns='urn:%u'><n%u>%u</n%u></n%u>", i, i, i, i, i, i, i, i);

      g_assert_true (jxs_xml_parser_feed (parser, stanza, strlen (stanza), NULL));
      if (i % 3 == 0) /* let some of them go at once */
        g_ptr_array_remove_index (kept, kept->len - 1);
    }
  g_clear_pointer (&parser, jxs_xml_parser_free);

  g_assert_cmpuint (kept->len, ==, 66);
  for (guint i = 0; i < kept->len; i++)
    {
      guint n = i / 2 * 3 + i % 2 + 1;
      g_autofree char *expected = g_strdup_printf (
          "<n%u xmlns='urn:%u' m%u='%u'><n%u>%u</n%u></n%u>", n, n, n, n, n, n, n, n);
      g_autofree char *text = jxs_element_to_string (kept->pdata[i]);

      g_assert_cmpstr (text, ==, expected);
    }
}

/* An element can be added to another tree right in the callback. */
static void
adopt (JxsElement *element, gpointer user_data)
{
  jxs_element_add_child (user_data, element);
}

static void
test_adopt (void)
{
  const JxsXmlParserFuncs funcs = { .element = adopt };
  g_autoptr (JxsElement) tree = jxs_element_new ("t", NULL);
  JxsXmlParser *parser = jxs_xml_parser_new (NULL, &funcs, tree);
  g_autofree char *text = NULL;

  g_assert_true (jxs_xml_parser_feed (parser, "<a><b>1</b><c>2</c><d/></a>", 27, NULL));
  jxs_xml_parser_free (parser);
  text = jxs_element_to_string (tree);
  g_assert_cmpstr (text, ==, "<t><b>1</b><c>2</c><d/></t>");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/parser/splits", test_splits);
  g_test_add_func ("/xml/parser/last-byte-reports", test_last_byte_reports);
  g_test_add_func ("/xml/parser/random-splits", test_random_splits);
  g_test_add_func ("/xml/parser/accepted", test_accepted);
  g_test_add_data_func ("/xml/parser/refused/whole", GINT_TO_POINTER (FALSE), test_refused);
  g_test_add_data_func ("/xml/parser/refused/bytewise", GINT_TO_POINTER (TRUE), test_refused);
  g_test_add_func ("/xml/parser/refused/after-stanza", test_refused_after_stanza);
  g_test_add_func ("/xml/parser/stop-and-free", test_stop_and_free);
  g_test_add_func ("/xml/parser/restart", test_restart);
  g_test_add_func ("/xml/parser/keep", test_keep);
  g_test_add_func ("/xml/parser/adopt", test_adopt);

  return g_test_run ();
}
