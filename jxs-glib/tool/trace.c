/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <stdio.h>

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  /* Layer and event are names of the library's, and detail is JSON already. The time is no double:
   * some languages write those with a comma. */
  fprintf (stderr,
           "{\"time\":%" G_GINT64_FORMAT ".%06u,\"endpoint\":%s,\"layer\":\"%s\",\"event\":\"%s\","
           "\"detail\":%s}\n",
           time_us / G_USEC_PER_SEC,
           (guint) (time_us % G_USEC_PER_SEC),
           (const char *) user_data,
           layer,
           what,
           detail);
}

static void
free_name (gpointer data, GClosure *closure)
{
  g_free (data);
}

/* An address has no control characters, but a resource may hold the others (RFC 8259 §7). */
static char *
quote (const char *text)
{
  GString *json = g_string_new ("\"");

  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (json, '\\');
      g_string_append_c (json, *text);
    }
  g_string_append_c (json, '"');
  return g_string_free (json, FALSE);
}

void
tool_trace (JxsEndpoint *endpoint, const char *name)
{
  g_signal_connect_data (endpoint, "trace", G_CALLBACK (trace_cb), quote (name), free_name, 0);
}
