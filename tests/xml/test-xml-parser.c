/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <malloc.h>

#define HEADER                                                                                     \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/* What a parser reported, one line each. */
typedef struct
{
  JxsXmlParser *parser; /* (owned) */
  GString *log;         /* (owned) */
  guint n_elements;
} Fixture;

static void
log_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *text = jxs_element_to_string (root);

  g_string_append_printf (self->log, "start %s %s\n", default_namespace, text);
}

static void
log_element (JxsElement *element, gpointer user_data)
{
  Fixture *self = user_data;
  g_autofree char *text = jxs_element_to_string (element);

  g_string_append_printf (self->log, "%s\n", text);
  self->n_elements++;
}

static void
log_end (gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append (self->log, "end\n");
}

static const JxsXmlParserFuncs log_funcs = { log_start, log_element, log_end };

static void
fixture_init (Fixture *self, const JxsXmlLimits *limits)
{
  self->log = g_string_new (NULL);
  self->n_elements = 0;
  self->parser = jxs_xml_parser_new (limits, &log_funcs, self);
}

static void
fixture_clear (Fixture *self)
{
  jxs_xml_parser_free (self->parser);
  g_string_free (self->log, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
feed (Fixture *self, const char *data, gsize length)
{
  GError *error = NULL;

  jxs_xml_parser_feed (self->parser, data, length, &error);
  g_assert_no_error (error);
}

static void
feed_string (Fixture *self, const char *text)
{
  feed (self, text, strlen (text));
}

static void
assert_refused (Fixture *self, const char *text, JxsStreamError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (jxs_xml_parser_feed (self->parser, text, strlen (text), &error));
  g_assert_error (error, JXS_STREAM_ERROR, (int) code);
}

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

static void
test_limits (void)
{
  static const JxsXmlLimits limits = {
    .max_bytes = 100, .max_depth = 3, .max_attributes = 2, .max_children = 4
  };
  static const char *const within[] = {
    "<b><c><d/></c></b>",
    "<b n='1' m='2'><c n='1' m='2' xmlns='u' xmlns:x='v'/></b>",
    "<b><c><d/><d/></c><c/></b>",
    "<b>"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<"
    "/b>",
    "<b "
    "n='"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'/"
    ">",
  };
  static const char *const beyond[] = {
    "<b><c><d><e/></d></c></b>",
    "<b n='1' m='2' o='3'/>",
    "<b><c n='1' m='2' xml:lang='3'/></b>",
    "<b><c/><c/><c/><c/><c/></b>",
    "<b><c><d/><d/></c><c><d/></c></b>",
    "<b>"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "</b>",
    "<b "
    "n='"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'/"
    ">",
    "<baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaa/>",
    "<b>                                                                                           "
    "   </b>",
  };
  g_auto (Fixture) self;

  g_assert_cmpuint (strlen (within[3]), ==, limits.max_bytes);
  g_assert_cmpuint (strlen (within[4]), ==, limits.max_bytes);
  g_assert_cmpuint (strlen (beyond[5]), ==, limits.max_bytes + 1);
  g_assert_cmpuint (strlen (beyond[6]), ==, limits.max_bytes + 1);

  /* Each stanza is counted anew, however they are fed. */
  fixture_init (&self, &limits);
  feed_string (&self, "<a>");
  for (gsize i = 0; i < G_N_ELEMENTS (within); i++)
    {
      for (gsize k = 0; k < strlen (within[i]); k++)
        feed (&self, within[i] + k, 1);
      feed_string (&self, within[i]);
    }
  g_assert_cmpuint (self.n_elements, ==, 2 * G_N_ELEMENTS (within));

  for (gsize i = 0; i < G_N_ELEMENTS (beyond); i++)
    {
      const gsize length = strlen (beyond[i]);
      g_autoptr (GError) error = NULL;
      g_auto (Fixture) whole;
      g_auto (Fixture) pieces;

      fixture_init (&whole, &limits);
      feed_string (&whole, "<a><b/> ");
      assert_refused (&whole, beyond[i], JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (whole.n_elements, ==, 1);

      fixture_init (&pieces, &limits);
      feed_string (&pieces, "<a><b/> ");
      for (gsize k = 0; k < length && error == NULL; k++)
        jxs_xml_parser_feed (pieces.parser, beyond[i] + k, 1, &error);
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (pieces.n_elements, ==, 1);
    }
}

static void
test_many_stanzas_at_once (void)
{
  const JxsXmlLimits limits = { 10, 4, 4, 4 };
  g_autoptr (GString) stream = g_string_new ("<a>");
  g_auto (Fixture) self;

  for (guint i = 0; i < 1000; i++)
    g_string_append (stream, "<b>1</b> ");
  fixture_init (&self, &limits);
  feed (&self, stream->str, stream->len);
  g_assert_cmpuint (self.n_elements, ==, 1000);
}

static void
test_limits_before_the_root (void)
{
  static const char *const cases[] = { " ", "<!-- ", "<?p ", "<a b=' ", "<aa", "<!DOCTYPE a " };
  const JxsXmlLimits limits = { 1000, 4, 4, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint n = 0;
      g_auto (Fixture) self;

      fixture_init (&self, &limits);
      feed_string (&self, cases[i]);
      while (jxs_xml_parser_feed (self.parser, cases[i] + strlen (cases[i]) - 1, 1, &error))
        n++;
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (n, <, 1000);
    }
}

/* RFC 6120 §4.6.1 */
static void
test_whitespace_keepalive (void)
{
  const JxsXmlLimits limits = { 1000, 4, 4, 4 };
  g_autofree char *spaces = g_strnfill (5000, ' ');
  g_auto (Fixture) self;

  fixture_init (&self, &limits);
  feed_string (&self, "<a>");
  for (guint i = 0; i < 5000; i++)
    {
      feed_string (&self, i % 7 == 0 ? "\n" : i % 5 == 0 ? "\t" : " ");
      g_assert_true (jxs_xml_parser_is_idle (self.parser));
    }
  feed_string (&self, spaces);
  feed_string (&self, "\r");
  feed_string (&self, "<b/>");
  g_assert_cmpuint (self.n_elements, ==, 1);
  g_assert_true (jxs_xml_parser_is_idle (self.parser));
}

/* An endless tag is given up early, and with it the looking at it again and again. */
static void
test_endless (void)
{
  static const char *const starts[] = { "<a><b c='", "<a><b",   "<a b='", "<a><b ",
                                        "<a><!--",   "<a><?p ", "<a></b" };
  g_autofree char *fill = g_strnfill (1 << 20, 'x');

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      for (gsize piece = 4; piece <= 1 << 20; piece *= 32)
        {
          guint64 n = 0;
          g_auto (Fixture) self;

          fixture_init (&self, NULL);
          feed_string (&self, starts[i]);
          while (n < G_GUINT64_CONSTANT (1) << 30 &&
                 jxs_xml_parser_feed (self.parser, fill, piece, NULL))
            n += piece;
          g_assert_cmpuint (n, <=, JXS_XML_MAX_TAG_BYTES);
          assert_refused (&self, "", JXS_STREAM_ERROR_POLICY_VIOLATION);
        }
    }
}

static void
test_longest_tag (void)
{
  g_autofree char *fill = g_strnfill (JXS_XML_MAX_TAG_BYTES - strlen ("<b c=''/>"), 'x');
  g_autofree char *fits = g_strdup_printf ("<b c='%s'/>", fill);
  g_autofree char *beyond = g_strdup_printf ("<b c='%sx'/>", fill);
  g_autofree char *end = g_strnfill (JXS_XML_MAX_TAG_BYTES, ' ');
  g_autofree char *long_end = g_strdup_printf ("<b></b%s>", end);
  const gsize half = strlen (beyond) / 2;
  g_auto (Fixture) whole;
  g_auto (Fixture) pieces;
  g_auto (Fixture) at_end;

  fixture_init (&whole, NULL);
  feed_string (&whole, "<a>");
  feed_string (&whole, fits);
  assert_refused (&whole, beyond, JXS_STREAM_ERROR_POLICY_VIOLATION);
  g_assert_cmpuint (whole.n_elements, ==, 1);

  fixture_init (&pieces, NULL);
  feed_string (&pieces, "<a>");
  feed (&pieces, fits, half);
  feed_string (&pieces, fits + half);
  feed (&pieces, beyond, half);
  assert_refused (&pieces, beyond + half, JXS_STREAM_ERROR_POLICY_VIOLATION);
  g_assert_cmpuint (pieces.n_elements, ==, 1);

  fixture_init (&at_end, NULL);
  feed_string (&at_end, "<a>");
  assert_refused (&at_end, long_end, JXS_STREAM_ERROR_POLICY_VIOLATION);
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new ("<r>");
  g_auto (Fixture) self;

  for (guint i = 0; i < 100000; i++)
    g_string_append (text, "<a>");
  fixture_init (&self, NULL);
  assert_refused (&self, text->str, JXS_STREAM_ERROR_POLICY_VIOLATION);
}

/* Limits can be tightened before, and relaxed after, the peer is known. */
static void
test_set_limits (void)
{
  const JxsXmlLimits tight = { 100, 2, 1, 1 };
  const JxsXmlLimits none = { 0, 2, 1, 1 };
  g_autofree char *fill = g_strnfill (200, 'x');
  g_autofree char *stanza = g_strdup_printf ("<b><c>%s</c><c/></b>", fill);
  g_auto (Fixture) self;

  fixture_init (&self, &tight);
  feed_string (&self, "<a>");
  jxs_xml_parser_set_limits (self.parser, &jxs_xml_default_limits);
  feed_string (&self, stanza);
  feed (&self, stanza, 150);
  jxs_xml_parser_set_limits (self.parser, &tight);
  assert_refused (&self, stanza + 150, JXS_STREAM_ERROR_POLICY_VIOLATION);
  g_assert_cmpuint (self.n_elements, ==, 1);

  jxs_xml_parser_free (self.parser);
  self.parser = jxs_xml_parser_new (&none, &log_funcs, &self);
  feed_string (&self, "");
  assert_refused (&self, "<", JXS_STREAM_ERROR_POLICY_VIOLATION);
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

static void
count_by_turns (JxsElement *element, gpointer user_data)
{
  guint *count = user_data;

  g_assert_cmpstr (jxs_element_get_namespace (element),
                   ==,
                   *count % 2 == 0 ? JXS_NS_STREAMS : JXS_NS_CLIENT);
  ++*count;
}

/* Long streams: prefixes and the default namespace of the root stay in force, and ever new names do
 * not pile up. */
static void
test_ever_new_names (void)
{
  const JxsXmlParserFuncs funcs = { .element = count_by_turns };
  guint count = 0;
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, &count);
  gsize used = 0;
  guint n = 0;

  g_assert_true (jxs_xml_parser_feed (parser, HEADER, strlen (HEADER), NULL));
  for (guint round = 0; round < 100; round++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      while (text->len < 100000)
        {
          g_string_append_printf (
              text, "<stream:n%x a%x='' p%x:b='' xmlns:p%x='u'/><iq/>\n", n, n, n, n);
          n++;
        }
      for (gsize i = 0; i < text->len; i += 10007)
        g_assert_true (
            jxs_xml_parser_feed (parser, text->str + i, MIN (10007, text->len - i), NULL));
      g_assert_cmpuint (count, ==, 2 * n);
      if (round == 10)
        used = mallinfo2 ().uordblks;
    }
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, used + 8 * 1024 * 1024);
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
  g_test_add_func ("/xml/parser/limits", test_limits);
  g_test_add_func ("/xml/parser/many-stanzas-at-once", test_many_stanzas_at_once);
  g_test_add_func ("/xml/parser/limits-before-the-root", test_limits_before_the_root);
  g_test_add_func ("/xml/parser/whitespace-keepalive", test_whitespace_keepalive);
  g_test_add_func ("/xml/parser/endless", test_endless);
  g_test_add_func ("/xml/parser/longest-tag", test_longest_tag);
  g_test_add_func ("/xml/parser/depth", test_depth);
  g_test_add_func ("/xml/parser/set-limits", test_set_limits);
  g_test_add_func ("/xml/parser/stop-and-free", test_stop_and_free);
  g_test_add_func ("/xml/parser/restart", test_restart);
  g_test_add_func ("/xml/parser/keep", test_keep);
  g_test_add_func ("/xml/parser/adopt", test_adopt);
  g_test_add_func ("/xml/parser/ever-new-names", test_ever_new_names);

  return g_test_run ();
}
