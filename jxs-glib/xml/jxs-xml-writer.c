/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/xml/jxs-xml-writer-private.h>

#include <expat.h>
#include <string.h>

#include <jxs-glib/xml/jxs-element-private.h>
#include <jxs-glib/xml/jxs-names-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

#define REPLACEMENT_CHARACTER "\xef\xbf\xbd"

/* How a byte is written. */
enum
{
  PLAIN,
  ESCAPE,   /* by its entry in escapes */
  VALUE,    /* escaped in an attribute's value only, where a parser would make it a space */
  INVALID,  /* a control character */
  MULTIBYTE /* part of a character beyond ASCII */
};

static const guint8 byte_class[256] = {
  [0 ... 8] = INVALID, ['\t'] = VALUE,        ['\n'] = VALUE, [11 ... 12] = INVALID,
  ['\r'] = ESCAPE,     [14 ... 31] = INVALID, ['&'] = ESCAPE, ['<'] = ESCAPE,
  ['>'] = ESCAPE,      ['\''] = ESCAPE,       ['"'] = ESCAPE, [128 ... 255] = MULTIBYTE,
};

static const char *const escapes[128] = {
  ['\t'] = "&#9;", ['\n'] = "&#10;", ['\r'] = "&#13;",  ['&'] = "&amp;",
  ['<'] = "&lt;",  ['>'] = "&gt;",   ['\''] = "&apos;", ['"'] = "&quot;",
};

/* The length of the character at text, 0 if it is none or XML cannot carry it. */
static gsize
get_multibyte_length (const char *text, const char *end)
{
  gunichar c = g_utf8_get_char_validated (text, end - text);

  /* Surrogates and what lies beyond U+10FFFF are no UTF-8 already. */
  if (c == (gunichar) -1 || c == (gunichar) -2 || c == 0xfffe || c == 0xffff)
    return 0;
  return g_utf8_skip[*(const guchar *) text];
}

/* g_string_append_len() without its care for text that is part of out. */
static inline void
append (GString *out, const char *text, gsize length)
{
  if (G_UNLIKELY (length >= out->allocated_len - out->len))
    {
      g_string_append_len (out, text, (gssize) length);
      return;
    }
  memcpy (out->str + out->len, text, length);
  out->len += length;
  out->str[out->len] = '\0';
}

static inline void
append_string (GString *out, const char *text)
{
  append (out, text, strlen (text));
}

/* Every octet of a word the same. */
#define REPEAT(octet) (G_GUINT64_CONSTANT (0x0101010101010101) * (octet))

/* Nonzero if any octet of word is zero. */
static inline guint64
find_zero (guint64 word)
{
  return (word - REPEAT (0x01)) & ~word & REPEAT (0x80);
}

/* Whether the next eight octets are all PLAIN, looked at together: most of what is written is. */
static inline gboolean
word_is_plain (const char *text)
{
  guint64 word;
  guint64 control;

  memcpy (&word, text, sizeof word);
  control = (word - REPEAT (0x20)) & ~word;
  return ((word | control) & REPEAT (0x80)) == 0 &&
         (find_zero ((word | REPEAT (0x01)) ^ REPEAT ('\'')) | /* & too, one bit apart */
          find_zero ((word | REPEAT (0x02)) ^ REPEAT ('>')) |  /* < too */
          find_zero (word ^ REPEAT ('"'))) == 0;
}

static inline const char *
skip_plain (const char *text, const char *end)
{
  while (end - text >= 8 && word_is_plain (text))
    text += 8;
  return text;
}

/* FALSE if something had to be replaced. */
static gboolean
write_escaped (GString *out, const char *text, gsize length, gboolean is_value)
{
  const char *end = text + length;
  const char *start = text; /* of what was not written yet */
  gboolean valid = TRUE;

  while (text < end)
    {
      guint8 class = byte_class[*(const guchar *) text];
      const char *replacement = REPLACEMENT_CHARACTER;

      if (class == PLAIN || (class == VALUE && !is_value))
        {
          text = skip_plain (text + 1, end);
          continue;
        }
      if (class == MULTIBYTE)
        {
          gsize n = get_multibyte_length (text, end);

          if (n > 0)
            {
              text += n;
              continue;
            }
          valid = FALSE;
        }
      else if (class == INVALID)
        valid = FALSE;
      else
        replacement = escapes[*(const guchar *) text];

      append (out, start, (gsize) (text - start));
      append_string (out, replacement);
      start = ++text;
    }
  append (out, start, (gsize) (text - start));
  return valid;
}

static gboolean
is_ascii_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.';
}

/* Beyond ASCII the editions of XML 1.0 differ in what a name may have; what expat reads, which most
 * of XMPP is read with, is in all of them. */
static gboolean
expat_reads_name (const char *name)
{
  g_autofree char *document = g_strdup_printf ("<%s/>", name);
  XML_Parser parser = XML_ParserCreate ("UTF-8");
  enum XML_Status status = XML_Parse (parser, document, (int) strlen (document), XML_TRUE);

  XML_ParserFree (parser);
  return status == XML_STATUS_OK;
}

static gboolean
write_name (GString *out, const char *name)
{
  if (jxs_xml_name_is_valid (name))
    {
      append_string (out, name);
      return TRUE;
    }

  /* Not to be sent, but never markup either. */
  g_string_append_c (out, '_');
  for (; *name != '\0'; name++)
    g_string_append_c (out, g_ascii_isalnum (*name) ? *name : '_');
  return FALSE;
}

static void
write_declaration (GString *out, const char *namespace_uri)
{
  append (out, "='", 2);
  if (namespace_uri != NULL)
    write_escaped (out, namespace_uri, strlen (namespace_uri), TRUE);
  g_string_append_c (out, '\'');
}

/* Attributes that cannot be written would turn into others, or into declarations. */
static gboolean
attribute_is_writable (const JxsAttribute *attribute)
{
  if (!jxs_xml_name_is_valid (attribute->name))
    return FALSE;
  return attribute->namespace_uri != NULL ? jxs_xml_namespace_is_valid (attribute->namespace_uri)
                                          : strcmp (attribute->name, "xmlns") != 0;
}

/* Prefixes are numbered per element; attributes of one namespace share the first one's. */
static void
write_attribute_prefix (GString *out, const JxsElement *element, const JxsAttribute *attribute)
{
  const JxsAttribute *first = element->attributes; /* of this namespace, once found */
  guint n = 0;

  if (jxs_names_equal (attribute->namespace_uri, JXS_NS_XML))
    {
      append (out, " xml:", 5);
      return;
    }

  while (!jxs_names_equal (first->namespace_uri, attribute->namespace_uri) ||
         !attribute_is_writable (first))
    {
      first = first->next;
      n++;
    }
  if (first == attribute)
    {
      g_string_append_printf (out, " xmlns:ns%u", n);
      write_declaration (out, attribute->namespace_uri);
    }
  g_string_append_printf (out, " ns%u:", n);
}

static gboolean
write_attributes (GString *out, const JxsElement *element)
{
  gboolean valid = TRUE;

  for (const JxsAttribute *attribute = element->attributes; attribute != NULL;
       attribute = attribute->next)
    {
      if (!attribute_is_writable (attribute))
        {
          valid = FALSE;
          continue;
        }
      if (attribute->namespace_uri != NULL)
        write_attribute_prefix (out, element, attribute);
      else
        g_string_append_c (out, ' ');
      append_string (out, attribute->name);
      append (out, "='", 2);
      valid &= write_escaped (out, attribute->value, strlen (attribute->value), TRUE);
      g_string_append_c (out, '\'');
    }
  return valid;
}

/* The prefix of an element's name, "" for the default namespace. */
static const char *
get_prefix (const JxsElement *element, gboolean inside_stream)
{
  if (inside_stream && jxs_names_equal (element->namespace_uri, JXS_NS_STREAMS))
    return "stream:";
  if (jxs_names_equal (element->namespace_uri, JXS_NS_XML))
    return "xml:";
  return "";
}

/* What is the default namespace inside element. */
static const char *
get_default_namespace (const JxsElement *element,
                       const JxsElement *root,
                       const char *outside,
                       gboolean inside_stream)
{
  while (*get_prefix (element, inside_stream) != '\0')
    {
      if (element == root)
        return outside;
      element = element->node.parent;
    }
  return element->namespace_uri;
}

static gboolean
write_start_tag (GString *out,
                 const JxsElement *element,
                 const char *default_namespace,
                 gboolean inside_stream)
{
  const char *prefix = get_prefix (element, inside_stream);
  gboolean valid;

  g_string_append_c (out, '<');
  append_string (out, prefix);
  valid = write_name (out, element->name);
  if (*prefix == '\0' && !jxs_names_equal (element->namespace_uri, default_namespace))
    {
      append (out, " xmlns", 6);
      write_declaration (out, element->namespace_uri);
      valid &=
          element->namespace_uri == NULL || jxs_xml_namespace_is_valid (element->namespace_uri);
    }
  valid &= write_attributes (out, element);
  if (element->first == NULL)
    g_string_append_c (out, '/');
  g_string_append_c (out, '>');
  return valid;
}

static void
write_end_tag (GString *out, const JxsElement *element, gboolean inside_stream)
{
  append (out, "</", 2);
  append_string (out, get_prefix (element, inside_stream));
  write_name (out, element->name);
  g_string_append_c (out, '>');
}

gboolean
jxs_xml_write_element (GString *out,
                       JxsElement *element,
                       const char *default_namespace,
                       gboolean inside_stream)
{
  JxsNode *node = &element->node;
  const char *current; /* the default namespace where node stands */
  gboolean valid = TRUE;

  if (default_namespace != NULL && *default_namespace == '\0')
    default_namespace = NULL;
  current = default_namespace;

  for (;;)
    {
      if (node->is_text)
        {
          const JxsTextRun *run = (JxsTextRun *) node;

          valid &= write_escaped (out, run->string, run->length, FALSE);
        }
      else
        {
          const JxsElement *inner = (JxsElement *) node;

          valid &= write_start_tag (out, inner, current, inside_stream);
          if (inner->first != NULL)
            {
              current = get_default_namespace (inner, element, default_namespace, inside_stream);
              node = inner->first;
              continue;
            }
        }

      while (node != &element->node && node->next == NULL)
        {
          node = &node->parent->node;
          write_end_tag (out, (JxsElement *) node, inside_stream);
        }
      if (node == &element->node)
        return valid;
      current = get_default_namespace (node->parent, element, default_namespace, inside_stream);
      node = node->next;
    }
}

void
jxs_xml_write_escaped (GString *out, const char *text)
{
  write_escaped (out, text, strlen (text), TRUE);
}

gboolean
jxs_xml_text_is_valid (const char *text)
{
  const char *end = text + strlen (text);

  while ((text = skip_plain (text, end)) < end)
    {
      guint8 class = byte_class[*(const guchar *) text];
      gsize n = class == MULTIBYTE ? get_multibyte_length (text, end) : class != INVALID;

      if (n == 0)
        return FALSE;
      text += n;
    }
  return TRUE;
}

gboolean
jxs_xml_name_is_valid (const char *name)
{
  gboolean is_ascii = TRUE;

  if (*name == '\0' || g_ascii_isdigit (*name) || *name == '-' || *name == '.')
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    {
      if (byte_class[*(const guchar *) p] == MULTIBYTE)
        is_ascii = FALSE;
      else if (!is_ascii_name_char (*p))
        return FALSE;
    }
  return is_ascii || expat_reads_name (name);
}

gboolean
jxs_xml_namespace_is_valid (const char *namespace_uri)
{
  return jxs_xml_text_is_valid (namespace_uri) && strcmp (namespace_uri, JXS_NS_XMLNS) != 0;
}
