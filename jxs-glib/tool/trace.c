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
  /* Layer and event are names of the library's, and detail is JSON already. */
  fprintf (stderr,
           "{\"time\":%.6f,\"endpoint\":\"%s\",\"layer\":\"%s\",\"event\":\"%s\",\"detail\":%s}\n",
           (double) time_us / G_USEC_PER_SEC,
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

void
tool_trace (JxsEndpoint *endpoint, const char *name)
{
  g_signal_connect_data (endpoint, "trace", G_CALLBACK (trace_cb), g_strdup (name), free_name, 0);
}
