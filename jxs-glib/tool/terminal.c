/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib/gi18n.h>

#define GROUPS_PER_LINE 8 /* of a fingerprint */
#define BAR_WIDTH 30
#define MIN_WRAP 20 /* columns; narrower text is no easier to read */
#define PROGRESS_INTERVAL_US (100 * G_TIME_SPAN_MILLISECOND)

/* Characters of format that words of some languages, and some emoji, are not right without. */
#define ZWNJ 0x200c
#define ZWJ 0x200d

static gboolean progress_shown;
static gint64 progress_time;

gboolean
tool_is_terminal (int fd)
{
  return isatty (fd) == 1;
}

static gboolean
has_colours (void)
{
  static int known = -1;

  if (known < 0)
    {
      const char *no_color = g_getenv ("NO_COLOR");
      const char *term = g_getenv ("TERM");

      known = tool_is_terminal (STDOUT_FILENO) && tool_is_terminal (STDERR_FILENO) &&
              (no_color == NULL || *no_color == '\0') && term != NULL &&
              !g_str_equal (term, "dumb");
    }
  return known;
}

const char *
tool_style (ToolStyle style)
{
  static const char *const codes[] = {
    [TOOL_PLAIN] = "",         [TOOL_BOLD] = "\033[1m",    [TOOL_DIM] = "\033[2m",
    [TOOL_GREEN] = "\033[32m", [TOOL_YELLOW] = "\033[33m", [TOOL_CYAN] = "\033[36m",
  };

  return has_colours () ? codes[style] : "";
}

const char *
tool_end_style (void)
{
  return has_colours () ? "\033[0m" : "";
}

char *
tool_clean (const char *text, gsize max_chars)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);
  gsize n = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p), n++)
    {
      gunichar c = g_utf8_get_char (p);

      if (n == max_chars)
        {
          g_string_append (clean, "…");
          break;
        }
      /* Control and formatting characters could make the terminal show what is not there. */
      switch (c == ZWNJ || c == ZWJ ? G_UNICODE_OTHER_LETTER : g_unichar_type (c))
        {
        case G_UNICODE_CONTROL:
        case G_UNICODE_FORMAT:
        case G_UNICODE_SURROGATE:
        case G_UNICODE_PRIVATE_USE:
        case G_UNICODE_UNASSIGNED:
        case G_UNICODE_LINE_SEPARATOR:
        case G_UNICODE_PARAGRAPH_SEPARATOR:
          g_string_append (clean, c == '\n' || c == '\t' ? " " : "\357\277\275");
          break;
        default:
          g_string_append_unichar (clean, c);
        }
    }
  return g_string_free (clean, FALSE);
}

static gsize
count_columns (const char *text, gsize length)
{
  gsize columns = 0;

  for (const char *p = text; p < text + length; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      columns += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return columns;
}

char *
tool_pad (const char *text, gsize width)
{
  gsize columns = count_columns (text, strlen (text));

  return g_strdup_printf ("%s%*s", text, columns < width ? (int) (width - columns) : 0, "");
}

/* The column in which the last part of a line begins: behind its last wide gap. */
static gsize
find_hang (const char *line, gsize width)
{
  gsize hang = 0;

  for (const char *gap = line; (gap = strstr (gap, "  ")) != NULL;)
    {
      gap += strspn (gap, " ");
      hang = count_columns (line, gap - line);
    }
  return hang < width - MIN_WRAP ? hang : 0;
}

static void
append_wrapped (GString *out, const char *line, gsize width, gsize indent)
{
  gsize hang = MAX (find_hang (line, width), indent);
  gsize column = 0;

  while (*line != '\0')
    {
      gsize spaces = strspn (line, " ");
      gsize word = strcspn (line + spaces, " ");
      gsize columns = count_columns (line + spaces, word);

      if (column > hang && column + spaces + columns > width)
        {
          g_string_append_printf (out, "\n%*s", (int) hang, "");
          column = hang;
        }
      else
        {
          g_string_append_len (out, line, spaces);
          column += spaces;
        }
      g_string_append_len (out, line + spaces, word);
      column += columns;
      line += spaces + word;
    }
}

char *
tool_wrap (const char *text, gsize width, gsize indent)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *out = g_string_new (NULL);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, '\n');
      append_wrapped (out, lines[i], width, indent);
    }
  return g_string_free (out, FALSE);
}

/* Not in files, where others look for lines. (transfer full) */
static char *
wrap_for_terminal (const char *text, gsize indent)
{
  struct winsize size = { 0 };

  if (tool_is_terminal (STDERR_FILENO) && ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 2 * MIN_WRAP)
    return tool_wrap (text, size.ws_col, indent);
  return g_strdup (text);
}

void
tool_say (gsize indent, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *wrapped = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wrapped = wrap_for_terminal (text, indent);
  g_printerr ("%s\n", wrapped);
}

void
tool_prompt (const char *text)
{
  g_autofree char *wrapped = wrap_for_terminal (text, 0);

  g_printerr ("%s ", wrapped);
}

static int output_errno;

static void
print_cb (const char *text)
{
  g_autofree char *converted = NULL;
  const char *charset;

  if (output_errno != 0)
    return;
  if (!g_get_console_charset (&charset))
    converted = g_convert_with_fallback (text, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
  errno = 0;
  if (fputs (converted != NULL ? converted : text, stdout) >= 0 && fflush (stdout) == 0)
    return;
  output_errno = errno != 0 ? errno : EIO;
  g_cancellable_cancel (tool_get_cancellable ());
}

void
tool_catch_output_errors (void)
{
  g_set_print_handler (print_cb);
}

int
tool_get_output_errno (void)
{
  return output_errno;
}

char *
tool_fingerprint (const char *fingerprint, guint indent)
{
  g_autofree char *text = jxs_fingerprint_to_text (fingerprint);
  guint groups = 0;
  GString *lines = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    if (*p == ' ' && ++groups % GROUPS_PER_LINE == 0)
      g_string_append_printf (lines, "\n%*s", (int) indent, "");
    else
      g_string_append_c (lines, *p);
  return g_string_free (lines, FALSE);
}

char *
tool_size (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

void
tool_progress (const char *what, guint64 done, guint64 total, gint64 elapsed_us)
{
  gint64 now = g_get_monotonic_time ();
  double part = total > 0 ? (double) done / total : 1;
  g_autofree char *rate = tool_size (elapsed_us > 0 ? done * G_USEC_PER_SEC / elapsed_us : 0);
  GString *bar;

  if (!tool_is_terminal (STDOUT_FILENO) ||
      (done < total && now - progress_time < PROGRESS_INTERVAL_US))
    return;
  progress_time = now;
  progress_shown = TRUE;
  bar = g_string_new (NULL);
  for (guint i = 0; i < BAR_WIDTH; i++)
    g_string_append (bar, i < part * BAR_WIDTH ? "█" : "░");
  g_print ("\r  %s  %s%s%s %3.0f %%  %s/s \033[K",
           what,
           tool_style (TOOL_CYAN),
           bar->str,
           tool_end_style (),
           part * 100,
           rate);
  fflush (stdout);
  g_string_free (bar, TRUE);
}

void
tool_progress_end (void)
{
  if (progress_shown)
    g_print ("\r\033[K");
  progress_shown = FALSE;
  progress_time = 0;
}
