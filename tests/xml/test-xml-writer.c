/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

static char *
write_element (JxsElement *element, const char *default_namespace, gboolean inside_stream)
{
  GString *out = g_string_new (NULL);

  jxs_xml_write_element (out, element, default_namespace, inside_stream);
  return g_string_free (out, FALSE);
}

static void
test_declarations (void)
{
  static const struct
  {
    const char *xml;
    const char *default_namespace;
    gboolean inside_stream;
    const char *expected;
  } cases[] = {
    { "<a/>", NULL, FALSE, "<a/>" },
    { "<a/>", "", FALSE, "<a/>" },
    { "<a/>", "u", FALSE, "<a xmlns=''/>" },
    { "<a xmlns='u'/>", NULL, FALSE, "<a xmlns='u'/>" },
    { "<a xmlns='u'/>", "u", FALSE, "<a/>" },
    { "<a xmlns='u'><b/><c xmlns='v'/><d/></a>", "u", FALSE, "<a><b/><c xmlns='v'/><d/></a>" },
    { "<a xmlns='u'><b xmlns='v'><c/></b>t<d><e/></d></a>",
      NULL,
      FALSE,
      "<a xmlns='u'><b xmlns='v'><c/></b>t<d><e/></d></a>" },
    { "<a xmlns='u'><b xmlns=''><c/></b></a>",
      NULL,
      FALSE,
      "<a xmlns='u'><b xmlns=''><c/></b></a>" },
    { "<p:a xmlns:p='u'><b/></p:a>", NULL, FALSE, "<a xmlns='u'><b xmlns=''/></a>" },
    { "<a xmlns='&lt;&apos;'/>", NULL, FALSE, "<a xmlns='&lt;&apos;'/>" },

    /* RFC 6120 §4.8.5: the prefix of the streams namespace. */
    { "<error xmlns='http://etherx.jabber.org/streams'><a xmlns='jabber:client'/></error>",
      "jabber:client",
      TRUE,
      "<stream:error><a/></stream:error>" },
    { "<error xmlns='http://etherx.jabber.org/streams'><a xmlns='u'/><b/></error>",
      "jabber:client",
      TRUE,
      "<stream:error><a xmlns='u'/><stream:b/></stream:error>" },
    { "<error xmlns='http://etherx.jabber.org/streams'><b/></error>",
      "jabber:client",
      FALSE,
      "<error xmlns='http://etherx.jabber.org/streams'><b/></error>" },
    { "<a xmlns='jabber:client'><b xmlns='http://etherx.jabber.org/streams'><c "
      "xmlns='jabber:client'/></b><d/></a>",
      "jabber:client",
      TRUE,
      "<a><stream:b><c/></stream:b><d/></a>" },

    { "<a x:b='1' xmlns:x='u'/>", NULL, FALSE, "<a xmlns:ns0='u' ns0:b='1'/>" },
    { "<a b='0' x:b='1' y:b='2' x:c='3' xmlns:x='u' xmlns:y='v'/>",
      NULL,
      FALSE,
      "<a b='0' xmlns:ns1='u' ns1:b='1' xmlns:ns2='v' ns2:b='2' ns1:c='3'/>" },
    { "<a xmlns='u' x:b='1' xmlns:x='u'><c x:b='2'/></a>",
      NULL,
      FALSE,
      "<a xmlns='u' xmlns:ns0='u' ns0:b='1'><c xmlns:ns0='u' ns0:b='2'/></a>" },
    { "<a xml:lang='en' xml:base='x'/>", NULL, FALSE, "<a xml:lang='en' xml:base='x'/>" },
    { "<a><xml:b><c/></xml:b></a>", NULL, FALSE, "<a><xml:b><c/></xml:b></a>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JxsElement) element = jxs_element_new_from_string (cases[i].xml, &error);
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      text = write_element (element, cases[i].default_namespace, cases[i].inside_stream);
      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

/* What stands around an element makes no difference to how it is written. */
static void
test_inner_element (void)
{
  g_autoptr (JxsElement) outer =
      jxs_element_new_from_string ("<a xmlns='u'><b><c xmlns='v'/>t</b><d/></a>", NULL);
  g_autofree char *text = jxs_element_to_string (jxs_element_get_first_child (outer));

  g_assert_cmpstr (text, ==, "<b xmlns='u'><c xmlns='v'/>t</b>");
}

static void
test_escaping (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("a", NULL);
  g_autoptr (GString) escaped = g_string_new ("=");
  g_autofree char *text = NULL;

  jxs_element_set_attribute (element, "b", "<&>'\"\t\n\r \xc3\xa9");
  jxs_element_add_text (element, "<&>'\"\t\n\r ]]> \xf0\x9f\x98\x80");
  text = jxs_element_to_string (element);
  g_assert_cmpstr (text,
                   ==,
                   "<a b='&lt;&amp;&gt;&apos;&quot;&#9;&#10;&#13; \xc3\xa9'>"
                   "&lt;&amp;&gt;&apos;&quot;\t\n&#13; ]]&gt; \xf0\x9f\x98\x80</a>");

  jxs_xml_write_escaped (escaped, "a<'\n");
  jxs_xml_write_escaped (escaped, "");
  g_assert_cmpstr (escaped->str, ==, "=a&lt;&apos;&#10;");
}

/* What XML 1.0 §2.2 (Char) leaves out. */
static const char *const invalid_texts[] = {
  "\x01",             /* control character */
  "a\x08",            /* */
  "\x0b",             /* */
  "\x1f",             /* */
  "\xef\xbf\xbe",     /* U+FFFE */
  "x\xef\xbf\xbf",    /* U+FFFF */
  "\xff",             /* no UTF-8 at all */
  "\x80",             /* continuation without a start */
  "\xc3",             /* cut short */
  "\xc3(",            /* */
  "\xe2\x82",         /* */
  "\xc0\xaf",         /* overlong */
  "\xed\xa0\x80",     /* surrogate */
  "\xf4\x90\x80\x80", /* beyond U+10FFFF */
};

static const char *const valid_texts[] = {
  "",
  "\t\r\n ",
  "plain",
  "\x7f",
  "\xc2\x80",         /* discouraged, not forbidden */
  "\xed\x9f\xbf",     /* U+D7FF */
  "\xee\x80\x80",     /* U+E000 */
  "\xef\xbf\xbd",     /* U+FFFD */
  "\xf0\x90\x80\x80", /* U+10000 */
  "\xf4\x8f\xbf\xbf", /* U+10FFFF */
};

static void
test_text_is_valid (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (invalid_texts); i++)
    g_assert_false (jxs_xml_text_is_valid (invalid_texts[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (valid_texts); i++)
    g_assert_true (jxs_xml_text_is_valid (valid_texts[i]));
}

static void
test_name_is_valid (void)
{
  static const char *const valid[] = {
    "a", "_", "A.b-c_9", "\xc3\xa9", "\xd0\xb6\xcc\x81", "a\xc2\xb7", "\xe4\xb8\xad",
  };
  static const char *const invalid[] = {
    "",   "1",  "-a", ".a",  "a b",  " a",        "a:b",      ":a",
    "a>", "a'", "a/", "a\n", "\xff", "a\xc3\x97", "\xc2\xb7", "a\xc3",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (valid); i++)
    g_assert_true (jxs_xml_name_is_valid (valid[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (invalid); i++)
    g_assert_false (jxs_xml_name_is_valid (invalid[i]));
}

/* An invalid text in any place makes the whole tree invalid, and never reaches the output. */
static void
test_invalid_text (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (invalid_texts); i++)
    {
      for (guint place = 0; place < 4; place++)
        {
          g_autoptr (JxsElement) root = jxs_element_new ("a", NULL);
          JxsElement *child = jxs_element_append (root, "b", NULL);
          g_autoptr (JxsElement) again = NULL;
          g_autoptr (GError) error = NULL;
          g_autofree char *text = NULL;

          jxs_element_append (root, "c", NULL);
          g_assert_true (jxs_element_is_valid (root));
          if (place == 0)
            jxs_element_add_text (root, invalid_texts[i]);
          else if (place == 1)
            jxs_element_add_text (child, invalid_texts[i]);
          else if (place == 2)
            jxs_element_set_attribute (child, "n", invalid_texts[i]);
          else
            jxs_element_append (child, "d", invalid_texts[i]);
          g_assert_false (jxs_element_is_valid (root));

          text = jxs_element_to_string (root);
          again = jxs_element_new_from_string (text, &error);
          g_assert_no_error (error);
          g_assert_nonnull (strstr (text, "\xef\xbf\xbd"));
        }
    }
}

static void
test_invalid_names (void)
{
  static const char *const names[] = { "", "a b", "a><b", "a='1' b", "x:y", "1", "\xff" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (JxsElement) root = jxs_element_new ("a", NULL);
      g_autoptr (JxsElement) again = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      jxs_element_set_attribute (root, names[i], "1");
      g_assert_false (jxs_element_is_valid (root));
      jxs_element_set_attribute (root, names[i], NULL);
      g_assert_true (jxs_element_is_valid (root));
      jxs_element_set_attribute_ns (root, names[i], "urn:x", "1");
      g_assert_false (jxs_element_is_valid (root));
      jxs_element_set_attribute_ns (root, "valid", "urn:x", "2");
      jxs_element_append (root, names[i], NULL);

      text = jxs_element_to_string (root);
      again = jxs_element_new_from_string (text, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (jxs_element_get_n_children (again), ==, 1);
      g_assert_cmpstr (jxs_element_get_attribute_ns (again, "valid", "urn:x"), ==, "2");
      g_assert_null (again->attributes->next);
    }
}

/* A namespace declaration is not an attribute (Namespaces in XML 1.0 §3). */
static void
test_declarations_as_attributes (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("a", "urn:a");
  g_autoptr (JxsElement) reserved = jxs_element_new ("a", JXS_NS_XMLNS);
  g_autofree char *text = NULL;

  g_assert_false (jxs_element_is_valid (reserved));
  jxs_element_set_attribute (element, "xmlns", "urn:b");
  g_assert_false (jxs_element_is_valid (element));
  jxs_element_set_attribute (element, "xmlns", NULL);
  jxs_element_set_attribute_ns (element, "x", JXS_NS_XMLNS, "urn:b");
  g_assert_false (jxs_element_is_valid (element));
  jxs_element_set_attribute (element, "xmlns", "urn:b");
  jxs_element_set_attribute_ns (element, "xmlns", "urn:c", "1");
  text = jxs_element_to_string (element);
  g_assert_cmpstr (text, ==, "<a xmlns='urn:a' xmlns:ns2='urn:c' ns2:xmlns='1'/>");
}

static const char *
pick (const char *const *strings, guint n)
{
  return strings[g_test_rand_int_range (0, (gint32) n)];
}

/* A tree that uses everything in odd places. */
static void
fill_randomly (JxsElement *element, guint depth)
{
  static const char *const names[] = { "a", "message", "b-1", "\xc3\xa9", "xmlns", "_" };
  static const char *const namespaces[] = { "",         JXS_NS_CLIENT, JXS_NS_STREAMS,
                                            JXS_NS_XML, "urn:x",       "urn:'<&\">" };
  static const char *const texts[] = { "",     "x",       "<&>'\"",
                                       "]]>",  "\r\n\t ", "\xe4\xb8\xad\xf0\x9f\x98\x80",
                                       "&#13;" };

  for (gint32 n = g_test_rand_int_range (0, 4); n > 0; n--)
    {
      const char *uri = pick (namespaces, G_N_ELEMENTS (namespaces));
      const char *name = pick (names, G_N_ELEMENTS (names) - (*uri == '\0' ? 2 : 0));

      jxs_element_set_attribute_ns (element, name, uri, pick (texts, G_N_ELEMENTS (texts)));
    }
  for (gint32 n = depth < 6 ? g_test_rand_int_range (0, 5) : 0; n > 0; n--)
    {
      if (g_test_rand_bit ())
        jxs_element_add_text (element, pick (texts, G_N_ELEMENTS (texts)));
      else
        fill_randomly (jxs_element_append (element,
                                           pick (names, G_N_ELEMENTS (names)),
                                           pick (namespaces, G_N_ELEMENTS (namespaces))),
                       depth + 1);
    }
}

static void
take_element (JxsElement *element, gpointer user_data)
{
  JxsElement **result = user_data;

  g_assert_null (*result);
  *result = jxs_element_ref (element);
}

/* Any tree comes back as it was, on its own and inside a stream. */
static void
test_round_trip (void)
{
  const JxsXmlParserFuncs funcs = { .element = take_element };
  static const char header[] = "<stream:stream xmlns='jabber:client' "
                               "xmlns:stream='http://etherx.jabber.org/streams'>";

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (JxsElement) element = jxs_element_new ("root", i % 2 ? "urn:x" : NULL);
      g_autoptr (JxsElement) alone = NULL;
      g_autoptr (JxsElement) streamed = NULL;
      g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, &streamed);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      g_autofree char *stanza = NULL;

      fill_randomly (element, 0);
      g_assert_true (jxs_element_is_valid (element));
      text = jxs_element_to_string (element);
      alone = jxs_element_new_from_string (text, &error);
      g_assert_no_error (error);
      g_assert_true (jxs_element_equal (element, alone));

      stanza = write_element (element, JXS_NS_CLIENT, TRUE);
      jxs_xml_parser_feed (parser, header, strlen (header), &error);
      g_assert_no_error (error);
      jxs_xml_parser_feed (parser, stanza, strlen (stanza), &error);
      g_assert_no_error (error);
      g_assert_nonnull (streamed);
      g_assert_true (jxs_element_equal (element, streamed));
    }
}

/* Whatever bytes names, values and text are made of, what is written can be read. */
static void
test_random_bytes (void)
{
  for (guint i = 0; i < 5000; i++)
    {
      char bytes[4][8];
      g_autoptr (JxsElement) element = NULL;
      g_autoptr (JxsElement) again = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      for (gsize k = 0; k < G_N_ELEMENTS (bytes); k++)
        {
          gsize n = (gsize) g_test_rand_int_range (0, sizeof bytes[k]);

          for (gsize j = 0; j < n; j++)
            bytes[k][j] = (char) g_test_rand_int_range (1, 256);
          bytes[k][n] = '\0';
        }
      element = jxs_element_new (bytes[0], bytes[1]);
      jxs_element_set_attribute (element, bytes[1], bytes[2]);
      jxs_element_set_attribute_ns (element, bytes[2], bytes[3], bytes[0]);
      jxs_element_add_text (element, bytes[3]);
      jxs_element_append (element, bytes[3], bytes[0]);

      text = jxs_element_to_string (element);
      again = jxs_element_new_from_string (text, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (jxs_element_get_n_children (again), ==, 1);
      if (jxs_element_is_valid (element))
        g_assert_true (jxs_element_equal (element, again));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/writer/declarations", test_declarations);
  g_test_add_func ("/xml/writer/inner-element", test_inner_element);
  g_test_add_func ("/xml/writer/escaping", test_escaping);
  g_test_add_func ("/xml/writer/text-is-valid", test_text_is_valid);
  g_test_add_func ("/xml/writer/name-is-valid", test_name_is_valid);
  g_test_add_func ("/xml/writer/invalid-text", test_invalid_text);
  g_test_add_func ("/xml/writer/invalid-names", test_invalid_names);
  g_test_add_func ("/xml/writer/declarations-as-attributes", test_declarations_as_attributes);
  g_test_add_func ("/xml/writer/round-trip", test_round_trip);
  g_test_add_func ("/xml/writer/random-bytes", test_random_bytes);

  return g_test_run ();
}
