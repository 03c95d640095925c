/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-trace-private.h"

#include "jxs-clock-private.h"

#include <math.h>

struct _JxsTrace
{
  gatomicrefcount ref_count;
  JxsTraceFunc func; /* (nullable): NULL once disconnected */
  gpointer user_data;
};

JxsTrace *
jxs_trace_new (JxsTraceFunc func, gpointer user_data)
{
  JxsTrace *self = g_new0 (JxsTrace, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->func = func;
  self->user_data = user_data;
  return self;
}

JxsTrace *
jxs_trace_ref (JxsTrace *self)
{
  if (self != NULL)
    g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
jxs_trace_unref (JxsTrace *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

void
jxs_trace_disconnect (JxsTrace *self)
{
  if (self != NULL)
    {
      self->func = NULL;
      self->user_data = NULL;
    }
}

/* RFC 8259 §7. U+2028 and U+2029 are escaped as well: they end a line for readers that split at
 * Unicode line ends, and an event is one line. */
static void
append_string (GString *json, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_c (json, '"');
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      switch (c)
        {
        case '"':
          g_string_append (json, "\\\"");
          break;
        case '\\':
          g_string_append (json, "\\\\");
          break;
        case '\n':
          g_string_append (json, "\\n");
          break;
        case '\r':
          g_string_append (json, "\\r");
          break;
        case '\t':
          g_string_append (json, "\\t");
          break;
        default:
          if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
            g_string_append_printf (json, "\\u%04x", c);
          else
            g_string_append_unichar (json, c);
        }
    }
  g_string_append_c (json, '"');
}

static void
append_double (GString *json, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  /* JSON has no word for these. */
  if (!isfinite (value))
    g_string_append (json, "null");
  else
    g_string_append (json, g_ascii_formatd (buffer, sizeof buffer, "%.15g", value));
}

static char *
build_detail (va_list args)
{
  GString *json = g_string_new ("{");
  const char *key;

  while ((key = va_arg (args, const char *)) != NULL)
    {
      const char *text;

      if (json->len > 1)
        g_string_append_c (json, ',');
      append_string (json, key + 2);
      g_string_append_c (json, ':');
      switch (key[0])
        {
        case 's':
          text = va_arg (args, const char *);
          if (text != NULL)
            append_string (json, text);
          else
            g_string_append (json, "null");
          break;
        case 'i':
          g_string_append_printf (json, "%" G_GINT64_FORMAT, va_arg (args, gint64));
          break;
        case 'b':
          g_string_append (json, va_arg (args, gboolean) ? "true" : "false");
          break;
        case 'd':
          append_double (json, va_arg (args, double));
          break;
        default:
          g_assert_not_reached (); /* what follows cannot be read without its type */
        }
    }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

void
jxs_trace_emit (JxsTrace *self, const char *layer, const char *what, ...)
{
  g_autofree char *detail = NULL;
  va_list args;

  if (self == NULL || self->func == NULL)
    return;

  va_start (args, what);
  detail = build_detail (args);
  va_end (args);

  jxs_trace_ref (self); /* the listener may drop the last reference */
  self->func (jxs_clock_now (), layer, what, detail, self->user_data);
  jxs_trace_unref (self);
}
