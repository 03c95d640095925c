/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

#define assert_xml(element, expected)                                                              \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *assert_text = jxs_element_to_string (element);                                \
    g_assert_cmpstr (assert_text, ==, expected);                                                   \
  }                                                                                                \
  G_STMT_END

static JxsElement *
parse (const char *xml)
{
  g_autoptr (GError) error = NULL;
  JxsElement *element = jxs_element_new_from_string (xml, &error);

  g_assert_no_error (error);
  g_assert_nonnull (element);
  return element;
}

static void
test_build (void)
{
  g_autoptr (JxsElement) iq = jxs_element_new ("iq", JXS_NS_CLIENT);
  JxsElement *query;

  g_assert_cmpstr (jxs_element_get_name (iq), ==, "iq");
  g_assert_cmpstr (jxs_element_get_namespace (iq), ==, JXS_NS_CLIENT);
  g_assert_null (jxs_element_get_first_child (iq));
  g_assert_null (jxs_element_get_next_sibling (iq));
  g_assert_cmpstr (jxs_element_get_text (iq), ==, "");

  jxs_element_set_attribute (iq, "type", "get");
  query = jxs_element_append (iq, "query", JXS_NS_DISCO_INFO);
  g_assert_cmpstr (jxs_element_get_namespace (jxs_element_append (query, "a", NULL)),
                   ==,
                   JXS_NS_DISCO_INFO);
  g_assert_null (jxs_element_get_namespace (jxs_element_append (query, "b", "")));
  jxs_element_append (iq, "error", NULL);

  assert_xml (iq,
              "<iq xmlns='jabber:client' type='get'>"
              "<query xmlns='http://jabber.org/protocol/disco#info'><a/><b xmlns=''/></query>"
              "<error/></iq>");
  g_assert_cmpuint (jxs_element_get_n_children (iq), ==, 2);
  g_assert_true (jxs_element_get_first_child (iq) == query);
  g_assert_true (jxs_element_is (jxs_element_get_next_sibling (query), "error", JXS_NS_CLIENT));
}

static void
test_is (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("ping", JXS_NS_PING);
  g_autoptr (JxsElement) bare = jxs_element_new ("ping", NULL);
  g_autofree char *name = g_strdup ("ping");
  g_autofree char *uri = g_strdup (JXS_NS_PING);

  g_assert_true (jxs_element_is (element, name, uri));
  g_assert_true (jxs_element_is (element, "ping", NULL));
  g_assert_false (jxs_element_is (element, "pin", NULL));
  g_assert_false (jxs_element_is (element, "ping", JXS_NS_CLIENT));
  g_assert_true (jxs_element_is (bare, "ping", NULL));
  g_assert_false (jxs_element_is (bare, "ping", JXS_NS_PING));
  g_assert_true (jxs_element_is (bare, "ping", ""));
  g_assert_false (jxs_element_is (element, "ping", ""));
}

static void
test_common_names_are_shared (void)
{
  g_autofree char *name = g_strdup ("message");
  g_autofree char *uri = g_strdup (JXS_NS_CLIENT);
  g_autoptr (JxsElement) built = jxs_element_new (name, uri);
  g_autoptr (JxsElement) parsed = parse ("<message xmlns='jabber:client'/>");

  g_assert_true (jxs_element_get_name (built) == jxs_element_get_name (parsed));
  g_assert_true (jxs_element_get_namespace (built) == jxs_element_get_namespace (parsed));
}

static void
test_find_child (void)
{
  g_autoptr (JxsElement) element =
      parse ("<a xmlns='u'>x<b/>y<c xmlns='v'/><b xmlns='v' n='2'/></a>");
  JxsElement *child;

  g_assert_true (jxs_element_is (jxs_element_find_child (element, NULL, NULL), "b", "u"));
  g_assert_true (jxs_element_is (jxs_element_find_child (element, NULL, "v"), "c", "v"));
  child = jxs_element_find_child (element, "b", "v");
  g_assert_cmpstr (jxs_element_get_attribute (child, "n"), ==, "2");
  g_assert_null (jxs_element_find_child (element, "c", "u"));
  g_assert_null (jxs_element_find_child (element, "x", NULL));
  g_assert_null (jxs_element_find_child (element, NULL, ""));
}

static void
test_attributes (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("a", NULL);

  g_assert_null (jxs_element_get_attribute (element, "n"));
  jxs_element_set_attribute (element, "n", NULL); /* nothing to remove */
  jxs_element_set_attribute (element, "n", "1");
  jxs_element_set_attribute_ns (element, "n", "urn:x", "2");
  jxs_element_set_attribute_ns (element, "m", "", "3");
  g_assert_cmpstr (jxs_element_get_attribute (element, "n"), ==, "1");
  g_assert_cmpstr (jxs_element_get_attribute_ns (element, "n", "urn:x"), ==, "2");
  g_assert_null (jxs_element_get_attribute_ns (element, "n", "urn:y"));
  g_assert_cmpstr (jxs_element_get_attribute_ns (element, "m", ""), ==, "3");
  assert_xml (element, "<a n='1' xmlns:ns1='urn:x' ns1:n='2' m='3'/>");

  jxs_element_set_attribute (element, "n", "new");
  g_assert_cmpstr (jxs_element_get_attribute (element, "n"), ==, "new");
  jxs_element_set_attribute_ns (element, "n", "urn:x", NULL);
  assert_xml (element, "<a n='new' m='3'/>");
  jxs_element_set_attribute (element, "n", NULL);
  jxs_element_set_attribute (element, "m", NULL);
  jxs_element_set_attribute (element, "o", "");
  assert_xml (element, "<a o=''/>");
}

static void
test_xml_lang (void)
{
  g_autoptr (JxsElement) element = parse ("<body xml:lang='de'/>");
  g_autoptr (JxsElement) other = jxs_element_new ("body", NULL);

  g_assert_cmpstr (jxs_element_get_attribute_ns (element, "lang", JXS_NS_XML), ==, "de");
  g_assert_cmpstr (jxs_element_get_attribute (element, "xml:lang"), ==, "de");
  g_assert_null (jxs_element_get_attribute (element, "lang"));
  jxs_element_set_attribute (other, "xml:lang", "de");
  g_assert_true (jxs_element_equal (element, other));
  assert_xml (other, "<body xml:lang='de'/>");
}

static void
test_text (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("a", NULL);
  const char *before;

  jxs_element_add_text (element, "");
  assert_xml (element, "<a/>");
  jxs_element_add_text (element, "one");
  jxs_element_add_text (element, " two");
  g_assert_cmpstr (jxs_element_get_text (element), ==, "one two");
  jxs_element_append (element, "b", NULL);
  g_assert_cmpstr (jxs_element_get_text (element), ==, "one two");
  jxs_element_add_text (element, " three");
  before = jxs_element_get_text (element);
  g_assert_cmpstr (before, ==, "one two three");
  g_assert_true (jxs_element_get_text (element) == before);
  jxs_element_add_text (element, " four");
  g_assert_cmpstr (jxs_element_get_text (element), ==, "one two three four");
  assert_xml (element, "<a>one two<b/> three four</a>");
}

static void
test_long_text (void)
{
  g_autoptr (JxsElement) element = jxs_element_new ("a", NULL);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 20000; i++)
    {
      char piece[16];

      g_snprintf (piece, sizeof piece, "%u,", i);
      g_string_append (expected, piece);
      jxs_element_add_text (element, piece);
      /* Something else in between takes the place where the text could grow. */
      if (i % 1000 == 0)
        jxs_element_set_attribute (element, "n", piece);
    }
  g_assert_cmpstr (jxs_element_get_text (element), ==, expected->str);
}

static void
test_copy (void)
{
  g_autoptr (JxsElement) element =
      parse ("<a xmlns='u' n='1' xml:lang='en'>x<b><c/>y</b><d xmlns='v'><e/></d>z</a>");
  g_autoptr (JxsElement) copy = jxs_element_copy (element);
  g_autoptr (JxsElement) inner = jxs_element_copy (jxs_element_get_first_child (element));

  g_assert_true (jxs_element_equal (element, copy));
  jxs_element_add_text (copy, "!");
  g_assert_false (jxs_element_equal (element, copy));
  g_clear_pointer (&element, jxs_element_unref);
  assert_xml (copy, "<a xmlns='u' n='1' xml:lang='en'>x<b><c/>y</b><d xmlns='v'><e/></d>z!</a>");
  assert_xml (inner, "<b xmlns='u'><c/>y</b>");
  g_assert_null (jxs_element_get_next_sibling (inner));
}

static void
test_equal (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean equal;
  } cases[] = {
    { "<a/>", "<a></a>", TRUE },
    { "<a b='1' c='2'/>", "<a c='2' b='1'/>", TRUE },
    { "<a>x<![CDATA[y]]></a>", "<a>xy</a>", TRUE },
    { "<p:a xmlns:p='u'><p:b/></p:a>", "<a xmlns='u'><b/></a>", TRUE },
    { "<a p:b='1' xmlns:p='u'/>", "<a q:b='1' xmlns:q='u'/>", TRUE },
    { "<a/>", "<b/>", FALSE },
    { "<a/>", "<a xmlns='u'/>", FALSE },
    { "<a xmlns='v'/>", "<a xmlns='u'/>", FALSE },
    { "<a b='1'/>", "<a b='2'/>", FALSE },
    { "<a b='1'/>", "<a/>", FALSE },
    { "<a/>", "<a b='1'/>", FALSE },
    { "<a b='1'/>", "<a p:b='1' xmlns:p='u'/>", FALSE },
    { "<a b='1'/>", "<a c='1'/>", FALSE },
    { "<a>x</a>", "<a/>", FALSE },
    { "<a>x</a>", "<a>y</a>", FALSE },
    { "<a>x</a>", "<a>xy</a>", FALSE },
    { "<a>x<b/></a>", "<a><b/>x</a>", FALSE },
    { "<a><b/></a>", "<a>b</a>", FALSE },
    { "<a><b/><c/></a>", "<a><c/><b/></a>", FALSE },
    { "<a><b/><c/></a>", "<a><b><c/></b></a>", FALSE },
    { "<a><b><c/></b><d/></a>", "<a><b><c/><d/></b></a>", FALSE },
    { "<a><b/></a>", "<a><b/><b/></a>", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JxsElement) a = parse (cases[i].a);
      g_autoptr (JxsElement) b = parse (cases[i].b);

      g_assert_cmpint (jxs_element_equal (a, b), ==, cases[i].equal);
      g_assert_cmpint (jxs_element_equal (b, a), ==, cases[i].equal);
      g_assert_true (jxs_element_equal (a, a));
    }
}

/* Siblings are not compared beyond the element itself. */
static void
test_equal_inner (void)
{
  g_autoptr (JxsElement) element = parse ("<a><b><c/></b><b><c/></b></a>");
  JxsElement *first = jxs_element_get_first_child (element);
  g_autoptr (JxsElement) alone = parse ("<b><c/></b>");

  g_assert_true (jxs_element_equal (first, jxs_element_get_next_sibling (first)));
  g_assert_true (jxs_element_equal (first, alone));
}

static void
test_child_outlives_parent (void)
{
  g_autoptr (JxsElement) child = NULL;
  g_autoptr (JxsElement) sibling = NULL;

  {
    g_autoptr (JxsElement) parent = parse ("<a><b n='1'>text</b>between<c/></a>");

    child = jxs_element_ref (jxs_element_get_first_child (parent));
  }
  sibling = jxs_element_ref (jxs_element_get_next_sibling (child));
  assert_xml (child, "<b n='1'>text</b>");
  g_clear_pointer (&child, jxs_element_unref);
  assert_xml (sibling, "<c/>");
}

static void
test_added_child_outlives_parent (void)
{
  g_autoptr (JxsElement) parent = jxs_element_new ("a", NULL);
  g_autoptr (JxsElement) first = jxs_element_new ("b", NULL);
  g_autoptr (JxsElement) second = jxs_element_new ("c", NULL);

  jxs_element_add_child (parent, first);
  jxs_element_add_child (parent, second);
  g_assert_true (jxs_element_get_first_child (parent) == first);
  jxs_element_set_attribute (first, "n", "1"); /* still the one in the tree */
  assert_xml (parent, "<a><b n='1'/><c/></a>");

  g_clear_pointer (&parent, jxs_element_unref);
  g_clear_pointer (&second, jxs_element_unref);
  assert_xml (jxs_element_get_next_sibling (first), "<c/>");
}

static void
test_parent_outlives_added_child (void)
{
  g_autoptr (JxsElement) parent = jxs_element_new ("a", NULL);
  JxsElement *child = jxs_element_new ("b", NULL);
  JxsElement *grandchild = jxs_element_new ("c", NULL);

  jxs_element_add_text (grandchild, "text");
  jxs_element_add_child (child, grandchild);
  jxs_element_unref (grandchild);
  jxs_element_add_child (parent, child);
  jxs_element_unref (child);
  assert_xml (parent, "<a><b><c>text</c></b></a>");
}

static void
test_add_child_of_another_tree (void)
{
  g_autoptr (JxsElement) other = parse ("<x><b>t</b><c/></x>");
  g_autoptr (JxsElement) parent = jxs_element_new ("a", NULL);
  JxsElement *child = jxs_element_get_first_child (other);

  jxs_element_add_child (parent, child);
  jxs_element_add_child (parent, child);
  g_assert_true (jxs_element_get_first_child (parent) != child);
  jxs_element_add_text (child, "!");
  assert_xml (parent, "<a><b>t</b><b>t</b></a>");
  assert_xml (other, "<x><b>t!</b><c/></x>");
}

static void
test_add_child_twice (void)
{
  g_autoptr (JxsElement) first = jxs_element_new ("a", NULL);
  g_autoptr (JxsElement) second = jxs_element_new ("b", NULL);
  g_autoptr (JxsElement) child = jxs_element_new ("c", NULL);

  jxs_element_add_child (first, child);
  jxs_element_add_child (second, child);
  jxs_element_add_child (first, child);
  jxs_element_add_text (child, "x");
  assert_xml (first, "<a><c>x</c><c/></a>");
  assert_xml (second, "<b><c/></b>");
}

static void
test_add_to_itself (void)
{
  g_autoptr (JxsElement) element = parse ("<a>x<b/></a>");
  g_autoptr (JxsElement) leaf = jxs_element_new ("leaf", NULL);

  jxs_element_add_child (element, element);
  assert_xml (element, "<a>x<b/><a>x<b/></a></a>");
  jxs_element_add_child (jxs_element_get_first_child (element), element);
  assert_xml (element, "<a>x<b><a>x<b/><a>x<b/></a></a></b><a>x<b/></a></a>");

  /* Through an element that was added. */
  jxs_element_add_child (element, leaf);
  jxs_element_add_child (leaf, element);
  g_assert_cmpuint (jxs_element_get_n_children (leaf), ==, 1);
  g_assert_true (jxs_element_get_first_child (leaf) != element);
  g_assert_cmpuint (jxs_element_get_n_children (jxs_element_get_first_child (leaf)), ==, 3);
}

static void
test_references_are_counted_together (void)
{
  JxsElement *parent = jxs_element_new ("a", NULL);
  JxsElement *middle = jxs_element_new ("b", NULL);
  JxsElement *leaf = jxs_element_new ("c", NULL);

  /* From the outside in, several references each; freed in an order of its own. */
  jxs_element_ref (leaf);
  jxs_element_add_child (parent, middle);
  jxs_element_add_child (middle, leaf);
  jxs_element_ref (leaf);
  jxs_element_unref (parent);
  jxs_element_unref (leaf);
  jxs_element_unref (middle);
  jxs_element_unref (leaf);
  g_assert_cmpstr (jxs_element_get_name (leaf), ==, "c");
  jxs_element_unref (leaf);
}

static void
test_deep (void)
{
  enum
  {
    DEPTH = 100000
  };
  const JxsXmlLimits limits = { 100 * DEPTH, 2 * DEPTH, 8, 2 * DEPTH };
  JxsElement *inner = jxs_element_new ("a", NULL);
  JxsElement *innermost;
  g_autoptr (JxsElement) outer = jxs_element_new ("a", NULL);
  g_autoptr (JxsElement) parsed = NULL;
  g_autoptr (JxsElement) copy = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  /* Half from the inside out, half from the outside in. */
  for (guint i = 1; i < DEPTH / 2; i++)
    {
      JxsElement *parent = jxs_element_new ("a", NULL);

      jxs_element_add_child (parent, inner);
      jxs_element_unref (inner);
      inner = parent;
    }
  innermost = outer;
  for (guint i = 1; i < DEPTH / 2; i++)
    {
      g_autoptr (JxsElement) child = jxs_element_new ("a", NULL);

      jxs_element_add_child (innermost, child);
      innermost = child;
    }
  jxs_element_add_child (innermost, inner);
  jxs_element_unref (inner);

  g_assert_true (jxs_element_is_valid (outer));
  text = jxs_element_to_string (outer);
  g_assert_cmpuint (strlen (text), ==, (DEPTH - 1) * strlen ("<a></a>") + strlen ("<a/>"));
  parsed = jxs_xml_parse_document (text, strlen (text), &limits, &error);
  g_assert_no_error (error);
  g_assert_true (jxs_element_equal (outer, parsed));
  copy = jxs_element_copy (parsed);
  g_assert_true (jxs_element_equal (outer, copy));
}

#define N_THREADS 4

static gpointer
use_in_thread (gpointer user_data)
{
  JxsElement *element = user_data;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (JxsElement) child = jxs_element_ref (jxs_element_get_first_child (element));

      g_assert_cmpstr (jxs_element_get_text (element), ==, "xyz");
      g_assert_cmpstr (jxs_element_get_name (child), ==, "b");
    }
  jxs_element_unref (element);
  return NULL;
}

static void
test_threads (void)
{
  JxsElement *element = parse ("<a>x<b/>y<b/>z</a>");
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("element", use_in_thread, jxs_element_ref (element));
  jxs_element_unref (element);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_from_string_refused (void)
{
  static const struct
  {
    const char *xml;
    JxsStreamError code;
  } cases[] = {
    { "", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { " ", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "text", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<a>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<a/><", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<a/>x", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<a/><b/>", JXS_STREAM_ERROR_NOT_WELL_FORMED },
    { "<a/><!--c-->", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<!--c--><a/>", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<a/><?p?>", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<a>&e;</a>", JXS_STREAM_ERROR_RESTRICTED_XML },
    { "<?xml version='1.0' encoding='latin1'?><a/>", JXS_STREAM_ERROR_UNSUPPORTED_ENCODING },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (jxs_element_new_from_string (cases[i].xml, &error));
      g_assert_error (error, JXS_STREAM_ERROR, (int) cases[i].code);
      g_assert_null (jxs_element_new_from_string (cases[i].xml, NULL));
    }
}

static void
test_from_string_limits (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fill = g_strnfill (256 * 1024 - strlen ("<a></a>"), 'x');
  g_autofree char *fits = g_strdup_printf ("<a>%s</a>", fill);
  g_autofree char *beyond = g_strdup_printf ("<a>%sx</a>", fill);
  g_autoptr (JxsElement) element = jxs_element_new_from_string (fits, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (jxs_element_get_text (element), ==, fill);
  g_assert_null (jxs_element_new_from_string (beyond, &error));
  g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  JxsElement *element = jxs_element_new ("a", NULL);

  g_value_init (&value, JXS_TYPE_ELEMENT);
  g_value_set_boxed (&value, element);
  jxs_element_unref (element);
  g_assert_true (g_value_get_boxed (&value) == element);
  g_assert_cmpstr (jxs_element_get_name (element), ==, "a");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xml/element/build", test_build);
  g_test_add_func ("/xml/element/is", test_is);
  g_test_add_func ("/xml/element/common-names-are-shared", test_common_names_are_shared);
  g_test_add_func ("/xml/element/find-child", test_find_child);
  g_test_add_func ("/xml/element/attributes", test_attributes);
  g_test_add_func ("/xml/element/xml-lang", test_xml_lang);
  g_test_add_func ("/xml/element/text", test_text);
  g_test_add_func ("/xml/element/long-text", test_long_text);
  g_test_add_func ("/xml/element/copy", test_copy);
  g_test_add_func ("/xml/element/equal", test_equal);
  g_test_add_func ("/xml/element/equal-inner", test_equal_inner);
  g_test_add_func ("/xml/element/child-outlives-parent", test_child_outlives_parent);
  g_test_add_func ("/xml/element/added-child-outlives-parent", test_added_child_outlives_parent);
  g_test_add_func ("/xml/element/parent-outlives-added-child", test_parent_outlives_added_child);
  g_test_add_func ("/xml/element/add-child-of-another-tree", test_add_child_of_another_tree);
  g_test_add_func ("/xml/element/add-child-twice", test_add_child_twice);
  g_test_add_func ("/xml/element/add-to-itself", test_add_to_itself);
  g_test_add_func ("/xml/element/references-are-counted-together",
                   test_references_are_counted_together);
  g_test_add_func ("/xml/element/deep", test_deep);
  g_test_add_func ("/xml/element/threads", test_threads);
  g_test_add_func ("/xml/element/from-string-refused", test_from_string_refused);
  g_test_add_func ("/xml/element/from-string-limits", test_from_string_limits);
  g_test_add_func ("/xml/element/boxed", test_boxed);

  return g_test_run ();
}
