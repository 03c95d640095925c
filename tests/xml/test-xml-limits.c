/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <malloc.h>

#include "xml-fixture.h"

static const JxsXmlLimits narrow = {
  .max_bytes = 100, .max_depth = 3, .max_attributes = 2, .max_children = 4
};
static const char *const too_much[] = {
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

static void
test_limits (void)
{
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
  g_auto (Fixture) self;

  g_assert_cmpuint (strlen (within[3]), ==, narrow.max_bytes);
  g_assert_cmpuint (strlen (within[4]), ==, narrow.max_bytes);
  g_assert_cmpuint (strlen (too_much[5]), ==, narrow.max_bytes + 1);
  g_assert_cmpuint (strlen (too_much[6]), ==, narrow.max_bytes + 1);

  /* Each stanza is counted anew, however they are fed. */
  fixture_init (&self, &narrow);
  feed_string (&self, "<a>");
  for (gsize i = 0; i < G_N_ELEMENTS (within); i++)
    {
      for (gsize k = 0; k < strlen (within[i]); k++)
        feed (&self, within[i] + k, 1);
      feed_string (&self, within[i]);
    }
  g_assert_cmpuint (self.n_elements, ==, 2 * G_N_ELEMENTS (within));

  for (gsize i = 0; i < G_N_ELEMENTS (too_much); i++)
    {
      const gsize length = strlen (too_much[i]);
      g_autoptr (GError) error = NULL;
      g_auto (Fixture) whole;
      g_auto (Fixture) pieces;

      fixture_init (&whole, &narrow);
      feed_string (&whole, "<a><b/> ");
      assert_refused (&whole, too_much[i], JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (whole.n_elements, ==, 1);

      fixture_init (&pieces, &narrow);
      feed_string (&pieces, "<a><b/> ");
      for (gsize k = 0; k < length && error == NULL; k++)
        jxs_xml_parser_feed (pieces.parser, too_much[i] + k, 1, &error);
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (pieces.n_elements, ==, 1);
    }
}

/* What others sent on is not refused, but nothing of it is left; the stream goes on. */
static void
test_prune (void)
{
  JxsXmlLimits pruning = narrow;

  pruning.prune = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (too_much); i++)
    {
      g_autofree char *text = g_strdup_printf ("%s <b><c>whole</c></b>", too_much[i]);
      g_auto (Fixture) whole;
      g_auto (Fixture) pieces;

      fixture_init (&whole, &pruning);
      feed_string (&whole, "<a>");
      feed_string (&whole, text);
      g_assert_cmpuint (whole.n_elements, ==, 2);
      g_assert_null (strstr (whole.log->str, "<d"));
      g_assert_true (g_str_has_suffix (whole.log->str, "<b><c>whole</c></b>\n"));
      g_assert_true (jxs_xml_parser_is_idle (whole.parser));

      fixture_init (&pieces, &pruning);
      feed_string (&pieces, "<a>");
      for (gsize k = 0; k < strlen (text); k++)
        feed (&pieces, text + k, 1);
      g_assert_cmpstr (pieces.log->str, ==, whole.log->str);
    }
}

/* Addresses and ids are what is kept: enough to answer. */
static void
test_prune_keeps (void)
{
  JxsXmlLimits pruning = jxs_xml_default_limits;
  g_autofree char *long_value = g_strnfill (5000, 'x');
  g_autofree char *longer_value = g_strnfill (2 * JXS_XML_MAX_TAG_BYTES, 'x');
  g_autofree char *text = g_strdup_printf ("<iq type='get' id='1' long='%s'><q a='%s'/>t</iq>",
                                           long_value,
                                           longer_value);
  g_autofree char *first = g_strdup_printf ("<iq type='set' id='2' a='%s'>t</iq>", longer_value);
  g_auto (Fixture) self;

  pruning.prune = TRUE;
  fixture_init (&self, &pruning);
  feed_string (&self, "<a>");
  g_string_truncate (self.log, 0);
  feed_string (&self, text);
  feed_string (&self, first);
  g_assert_cmpstr (self.log->str, ==, "<iq type='get' id='1'/>\n<iq type='set' id='2'/>\n");
}

/* There is an end to this too, in tags, in text and in numbers. */
static void
test_prune_endless (void)
{
  static const char *const pieces[] = { "<x>", "<x/>", "text ", "<x a='", "<x></x>" };
  JxsXmlLimits pruning = jxs_xml_default_limits;

  pruning.prune = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) block = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_auto (Fixture) self;
      gsize fed = 0;

      while (block->len < 16384)
        g_string_append (block, i == 3 ? "text" : pieces[i]);
      fixture_init (&self, &pruning);
      feed_string (&self, "<a><b>");
      if (i == 3)
        feed_string (&self, pieces[i]);
      while (jxs_xml_parser_feed (self.parser, block->str, block->len, &error))
        fed += block->len;
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_cmpuint (fed, <=, JXS_XML_PRUNED_MAX_BYTES);
      g_assert_cmpuint (fed, >, JXS_XML_PRUNED_MAX_BYTES / 2);
      g_assert_cmpuint (self.n_elements, ==, 0);
    }
}

/* Who is refused is told what would be allowed. */
static void
test_messages (void)
{
  static const JxsXmlLimits small = {
    .max_bytes = 41, .max_depth = 3, .max_attributes = 5, .max_children = 7
  };
  static const struct
  {
    const char *xml;
    const char *limit;
  } cases[] = {
    { "<b>a text that is longer than a stanza may be</b>", " 41 " },
    { "<b><c><d><e/></d></c></b>", " 3 " },
    { "<b a='' b='' c='' d='' e='' f=''/>", " 5 " },
    { "<b><c/><c/><c/><c/><c/><c/><c/><c/></b>", " 7 " },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (Fixture) self;

      fixture_init (&self, &small);
      feed_string (&self, "<a>");
      jxs_xml_parser_feed (self.parser, cases[i].xml, strlen (cases[i].xml), &error);
      g_assert_error (error, JXS_STREAM_ERROR, JXS_STREAM_ERROR_POLICY_VIOLATION);
      g_assert_nonnull (strstr (error->message, cases[i].limit));
    }
}

static void
test_many_stanzas_at_once (void)
{
  const JxsXmlLimits small = { 10, 4, 4, 4, FALSE };
  g_autoptr (GString) stream = g_string_new ("<a>");
  g_auto (Fixture) self;

  for (guint i = 0; i < 1000; i++)
    g_string_append (stream, "<b>1</b> ");
  fixture_init (&self, &small);
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

  g_test_add_func ("/xml/limits/each", test_limits);
  g_test_add_func ("/xml/limits/prune", test_prune);
  g_test_add_func ("/xml/limits/prune/keeps", test_prune_keeps);
  g_test_add_func ("/xml/limits/prune/endless", test_prune_endless);
  g_test_add_func ("/xml/limits/messages", test_messages);
  g_test_add_func ("/xml/limits/many-stanzas-at-once", test_many_stanzas_at_once);
  g_test_add_func ("/xml/limits/before-the-root", test_limits_before_the_root);
  g_test_add_func ("/xml/limits/whitespace-keepalive", test_whitespace_keepalive);
  g_test_add_func ("/xml/limits/endless", test_endless);
  g_test_add_func ("/xml/limits/longest-tag", test_longest_tag);
  g_test_add_func ("/xml/limits/depth", test_depth);
  g_test_add_func ("/xml/limits/change", test_set_limits);
  g_test_add_func ("/xml/limits/ever-new-names", test_ever_new_names);

  return g_test_run ();
}
