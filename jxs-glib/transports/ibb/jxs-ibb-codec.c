/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-ibb-codec-private.h"

#include <string.h>

#include <jxs-glib/xml/jxs-namespaces-private.h>

/* Values of the decoding table beside the 64 digits. */
#define SKIP 64
#define PAD 65
#define BAD 66

static guint8
base64_value (guchar c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;

  switch (c)
    {
    case '+':
      return 62;
    case '/':
      return 63;
    case '=':
      return PAD;
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      return SKIP;
    default:
      return BAD;
    }
}

static const guint8 *
base64_table (void)
{
  static guint8 table[256];
  static gsize ready = 0;

  if (g_once_init_enter (&ready))
    {
      for (guint c = 0; c < G_N_ELEMENTS (table); c++)
        table[c] = base64_value (c);
      g_once_init_leave (&ready, 1);
    }

  return table;
}

static GBytes *
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, what);
  return NULL;
}

GBytes *
jxs_ibb_base64_decode (const char *text, gsize max_size, GError **error)
{
  const guint8 *table = base64_table ();
  const guchar *p = (const guchar *) text;
  gsize length = strlen (text);
  g_autofree guint8 *out = NULL;
  gsize size = 0;
  guint32 group = 0;
  guint n_digits = 0;
  guint n_pads = 0;

  /* White space cannot make the output larger than this, so a hostile text costs no more than
   * itself. */
  out = g_malloc (length / 4 * 3 + 3);

  for (gsize i = 0; i < length;)
    {
      guint8 value;

      /* Four digits in a row: nearly all of every block. */
      while (n_digits == 0 && n_pads == 0 && i + 4 <= length)
        {
          guint8 a = table[p[i]];
          guint8 b = table[p[i + 1]];
          guint8 c = table[p[i + 2]];
          guint8 d = table[p[i + 3]];

          if ((a | b | c | d) >= SKIP)
            break;

          out[size++] = a << 2 | b >> 4;
          out[size++] = (b << 4 | c >> 2) & 0xff;
          out[size++] = (c << 6 | d) & 0xff;
          i += 4;
        }
      if (i == length)
        break;

      value = table[p[i++]];
      if (value == SKIP)
        continue;
      if (value == BAD)
        return refuse (error, "Character outside the base64 alphabet");

      if (value == PAD)
        {
          if (n_digits < 2 || n_digits + ++n_pads > 4)
            return refuse (error, "Misplaced padding in base64");
          continue;
        }

      if (n_pads > 0)
        return refuse (error, "Base64 continues after its padding");

      group = group << 6 | value;
      if (++n_digits == 4)
        {
          out[size++] = group >> 16 & 0xff;
          out[size++] = group >> 8 & 0xff;
          out[size++] = group & 0xff;
          n_digits = 0;
          group = 0;
        }
    }

  if (n_digits > 0)
    {
      if (n_digits + n_pads != 4)
        return refuse (error, "Base64 without its padding");
      /* Bits that carry nothing must be zero (RFC 4648 §3.5), else they are a hidden channel. */
      if ((n_digits == 2 && (group & 0xf) != 0) || (n_digits == 3 && (group & 0x3) != 0))
        return refuse (error, "Base64 with stray bits before its padding");

      group <<= 6 * n_pads;
      out[size++] = group >> 16 & 0xff;
      if (n_digits == 3)
        out[size++] = group >> 8 & 0xff;
    }

  if (size > max_size)
    return refuse (error, "More bytes than the agreed block size");

  return g_bytes_new_take (g_steal_pointer (&out), size);
}

/* NameChar of XML 1.0. */
static gboolean
is_name_char (gunichar c)
{
  static const struct
  {
    gunichar first, last;
  } ranges[] = {
    { '-', '.' },       { '0', ':' },         { 'A', 'Z' },       { '_', '_' },
    { 'a', 'z' },       { 0xb7, 0xb7 },       { 0xc0, 0xd6 },     { 0xd8, 0xf6 },
    { 0xf8, 0x37d },    { 0x37f, 0x1fff },    { 0x200c, 0x200d }, { 0x203f, 0x2040 },
    { 0x2070, 0x218f }, { 0x2c00, 0x2fef },   { 0x3001, 0xd7ff }, { 0xf900, 0xfdcf },
    { 0xfdf0, 0xfffd }, { 0x10000, 0xeffff },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ranges) && c >= ranges[i].first; i++)
    if (c <= ranges[i].last)
      return TRUE;

  return FALSE;
}

static gboolean
is_nmtoken (const char *text)
{
  if (*text == '\0')
    return FALSE;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!is_name_char (g_utf8_get_char (text)))
      return FALSE;

  return TRUE;
}

const char *
jxs_ibb_parse_sid (JxsElement *element, GError **error)
{
  const char *sid = jxs_element_get_attribute (element, "sid");

  if (sid == NULL || strlen (sid) > JXS_IBB_MAX_SID || !is_nmtoken (sid))
    {
      g_set_error (error,
                   JXS_STANZA_ERROR,
                   JXS_STANZA_ERROR_BAD_REQUEST,
                   "<%s/> without a valid sid",
                   jxs_element_get_name (element));
      return NULL;
    }

  return sid;
}

static gboolean
parse_uint (
    JxsElement *element, const char *name, guint64 min, guint64 max, guint64 *value, GError **error)
{
  const char *text = jxs_element_get_attribute (element, name);

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, min, max, value, NULL))
    return TRUE;

  g_set_error (error,
               JXS_STANZA_ERROR,
               JXS_STANZA_ERROR_BAD_REQUEST,
               "<%s/> without a valid %s",
               jxs_element_get_name (element),
               name);
  return FALSE;
}

void
jxs_ibb_params_clear (JxsIbbParams *params)
{
  g_clear_pointer (&params->namespace_uri, g_free);
  g_clear_pointer (&params->sid, g_free);
}

gboolean
jxs_ibb_params_parse (JxsElement *element, const char *name, JxsIbbParams *params, GError **error)
{
  const char *carrier = jxs_element_get_attribute (element, "stanza");
  const char *sid;
  guint64 block_size;

  if (!jxs_element_is (element, name, NULL))
    {
      g_set_error (
          error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, "Not a <%s/> element", name);
      return FALSE;
    }

  if (!parse_uint (element, "block-size", 1, JXS_IBB_MAX_BLOCK_SIZE, &block_size, error))
    return FALSE;

  sid = jxs_ibb_parse_sid (element, error);
  if (sid == NULL)
    return FALSE;

  if (carrier != NULL && !g_str_equal (carrier, "iq") && !g_str_equal (carrier, "message"))
    {
      g_set_error (error,
                   JXS_STANZA_ERROR,
                   JXS_STANZA_ERROR_BAD_REQUEST,
                   "<%s/> without a valid stanza",
                   name);
      return FALSE;
    }

  params->namespace_uri = g_strdup (jxs_element_get_namespace (element));
  params->block_size = block_size;
  params->sid = g_strdup (sid);
  params->carrier =
      g_strcmp0 (carrier, "message") == 0 ? JXS_IBB_CARRIER_MESSAGE : JXS_IBB_CARRIER_IQ;
  return TRUE;
}

JxsElement *
jxs_ibb_params_build (const JxsIbbParams *params, const char *name)
{
  JxsElement *element = jxs_element_new (name, params->namespace_uri);
  char block_size[8];

  g_snprintf (block_size, sizeof block_size, "%u", params->block_size);
  jxs_element_set_attribute (element, "block-size", block_size);
  jxs_element_set_attribute (element, "sid", params->sid);
  jxs_element_set_attribute (element,
                             "stanza",
                             params->carrier == JXS_IBB_CARRIER_MESSAGE ? "message" : "iq");
  return element;
}

gboolean
jxs_ibb_data_parse_seq (JxsElement *data, guint16 *seq, GError **error)
{
  guint64 value;

  if (!parse_uint (data, "seq", 0, G_MAXUINT16, &value, error))
    return FALSE;

  *seq = value;
  return TRUE;
}

GBytes *
jxs_ibb_data_parse_bytes (JxsElement *data, guint block_size, GError **error)
{
  if (jxs_element_get_n_children (data) > 0)
    return refuse (error, "Elements inside <data/>");

  return jxs_ibb_base64_decode (jxs_element_get_text (data), block_size, error);
}

JxsElement *
jxs_ibb_data_build (const char *sid, guint16 seq, GBytes *bytes)
{
  JxsElement *element = jxs_element_new ("data", JXS_NS_IBB);
  g_autofree char *text = NULL;
  char seq_text[8];

  g_snprintf (seq_text, sizeof seq_text, "%u", seq);
  jxs_element_set_attribute (element, "seq", seq_text);
  jxs_element_set_attribute (element, "sid", sid);

  if (g_bytes_get_size (bytes) > 0)
    {
      text = g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      jxs_element_add_text (element, text);
    }

  return element;
}

JxsElement *
jxs_ibb_close_build (const char *sid)
{
  JxsElement *element = jxs_element_new ("close", JXS_NS_IBB);

  jxs_element_set_attribute (element, "sid", sid);
  return element;
}
