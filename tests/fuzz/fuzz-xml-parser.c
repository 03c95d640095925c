/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <jxs-glib/xml/jxs-xml-writer-private.h>

/* Whatever the input, it is reported or refused the same however it is cut, and what was reported
 * can be written and read again. */

/* Within reach of short inputs. */
static const JxsXmlLimits limits = {
  .max_bytes = 1024,
  .max_depth = 8,
  .max_attributes = 6,
  .max_children = 24,
};

static void
report (GString *out, JxsElement *element)
{
  g_autofree char *text = jxs_element_to_string (element);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsElement) again = jxs_element_new_from_string (text, &error);

  g_assert_true (jxs_element_is_valid (element));
  g_assert_no_error (error);
  g_assert_true (jxs_element_equal (element, again));
  jxs_xml_write_element (out, element, "jabber:client", TRUE);
}

static void
stream_start (JxsElement *root, const char *default_namespace, gpointer user_data)
{
  GString *out = user_data;

  g_string_append_printf (out, "start %s ", default_namespace);
  report (out, root);
}

static void
element (JxsElement *child, gpointer user_data)
{
  report (user_data, child);
}

static void
stream_end (gpointer user_data)
{
  g_string_append (user_data, "end");
}

/* In pieces of the sizes that the data itself says, or in one. */
static char *
parse (const char *data, gsize size, gboolean in_pieces, gboolean prune)
{
  const JxsXmlParserFuncs funcs = { stream_start, element, stream_end };
  JxsXmlLimits used = limits;
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);
  g_autoptr (JxsXmlParser) parser = NULL;
  gboolean ok = TRUE;

  used.prune = prune;
  parser = jxs_xml_parser_new (&used, &funcs, out);
  for (gsize i = 0; i < size && ok;)
    {
      gsize n = in_pieces ? (guchar) data[i] % 7 + 1u : size;

      n = MIN (n, size - i);
      ok = jxs_xml_parser_feed (parser, data + i, n, &error);
      i += n;
    }
  if (error != NULL)
    {
      g_assert_true (error->domain == JXS_STREAM_ERROR);
      /* Of several faults in one place the cut decides which is found first. */
      if (error->code == JXS_STREAM_ERROR_BAD_FORMAT ||
          error->code == JXS_STREAM_ERROR_UNSUPPORTED_ENCODING)
        error->code = JXS_STREAM_ERROR_NOT_WELL_FORMED;
      g_string_append_printf (out, "refused %d", error->code);
    }
  return g_string_free (out, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JxsElement) document = NULL;

  for (int prune = 0; prune < 2; prune++)
    {
      g_autofree char *whole = parse ((const char *) data, size, FALSE, prune);
      g_autofree char *pieces = parse ((const char *) data, size, TRUE, prune);

      g_assert_cmpstr (whole, ==, pieces);
    }
  document = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);
  if (document != NULL)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      report (out, document);
    }
  return 0;
}
