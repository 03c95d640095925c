/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-log-private.h"

#include "jxs-jid.h"

#include <string.h>

#define MAX_FIELD_CHARS 200 /* of an id or address chosen by the peer; keeps a log line short */

/* A property of self as text, if there is one of that name and it is set. */
static char *
dup_property (GObject *object, const char *name)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  g_auto (GValue) value = G_VALUE_INIT;
  const char *text = NULL;

  if (pspec == NULL || (pspec->flags & G_PARAM_READABLE) == 0)
    return NULL;

  g_object_get_property (object, name, &value);
  if (G_VALUE_HOLDS_STRING (&value))
    text = g_value_get_string (&value);
  else if (G_VALUE_HOLDS (&value, JXS_TYPE_JID) && g_value_get_boxed (&value) != NULL)
    text = jxs_jid_to_string (g_value_get_boxed (&value));
  return text != NULL ? jxs_log_sanitize (text, MAX_FIELD_CHARS) : NULL;
}

static const char *
level_to_priority (GLogLevelFlags level)
{
  /* The levels of syslog, as the journal wants them. */
  return (level & G_LOG_LEVEL_DEBUG) != 0 ? "7" : "6";
}

void
jxs_log_full (const char *domain,
              GLogLevelFlags level,
              const char *func,
              gconstpointer self,
              const char *format,
              ...)
{
  GLogField fields[6];
  gsize n = 0;
  g_autofree char *message = NULL;
  g_autofree char *sid = NULL;
  g_autofree char *peer = NULL;
  va_list args;

  if (g_log_writer_default_would_drop (level, domain))
    return;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  /* An object that is being finalized answers no more. */
  if (G_IS_OBJECT (self) && g_atomic_int_get (&((GObject *) self)->ref_count) > 0)
    {
      sid = dup_property ((GObject *) self, "sid");
      peer = dup_property ((GObject *) self, "peer-jid");
    }

  fields[n++] = (GLogField){ "PRIORITY", level_to_priority (level), -1 };
  fields[n++] = (GLogField){ "GLIB_DOMAIN", domain, -1 };
  fields[n++] = (GLogField){ "CODE_FUNC", func, -1 };
  fields[n++] = (GLogField){ "MESSAGE", message, -1 };
  if (sid != NULL)
    fields[n++] = (GLogField){ "JXS_SID", sid, -1 };
  if (peer != NULL)
    fields[n++] = (GLogField){ "JXS_PEER", peer, -1 };
  g_log_structured_array (level, fields, n);
}

/* Control characters break lines and drive terminals, format characters turn the direction of what
 * follows and hide text. */
static gboolean
is_shown_safely (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
      return FALSE;
    default:
      return TRUE;
    }
}

char *
jxs_log_sanitize (const char *text, gsize max_chars)
{
  g_autofree char *valid = NULL;
  GString *out;
  gsize length;
  gsize chars = 0;

  if (text == NULL || max_chars == 0)
    return g_strdup ("");

  /* One character more than wanted tells whether anything was cut off; no more is looked at. */
  length = max_chars < G_MAXINT / 6 ? strnlen (text, (max_chars + 1) * 6) : strlen (text);
  valid = g_utf8_make_valid (text, length);
  out = g_string_sized_new (MIN (length, 256));
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      gboolean is_last = chars + 1 == max_chars;

      if (is_last && *g_utf8_next_char (p) != '\0')
        {
          g_string_append (out, "…");
          break;
        }
      g_string_append_unichar (out, is_shown_safely (c) ? c : 0xfffd);
      chars++;
    }
  return g_string_free (out, FALSE);
}
