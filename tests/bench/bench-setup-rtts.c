/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>

#include <jxs-glib/base/jxs-clock-private.h>

#include "jxs-test-pair.h"

/* Signalling round trips from jxs_endpoint_open_stream_async() to a usable stream over in-band
 * bytestreams: every stanza takes the same time to the other side on a clock that moves only when
 * nothing else is left to do, so the time that passed is a number of ways. Discovery is included,
 * computing costs nothing. */

#define WAY_MS 1000

static guint n_open;

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  JxsXmlStream *stream = jxs_endpoint_open_stream_finish (JXS_ENDPOINT (source), result, &error);

  if (stream == NULL)
    g_error ("%s", error->message);
  *(gint64 *) user_data = jxs_clock_now ();
  n_open++;
}

/* Work in threads, the handshake's, ends within that time of silence. */
static void
settle_threads (void)
{
  for (guint silent = 0; silent < 20; silent++)
    {
      g_usleep (1000);
      while (g_main_context_iteration (NULL, FALSE))
        silent = 0;
    }
}

int
main (int argc, char **argv)
{
  gint64 opened_us = 0;
  Doorman doorman;
  Pair pair;

  jxs_clock_use_fake (0);
  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < 2; i++)
    jxs_loopback_channel_set_delay (pair.channels[i], WAY_MS);
  jxs_endpoint_open_stream_async (
      pair.endpoints[ROMEO], pair.jids[JULIET], G_PRIORITY_DEFAULT, NULL, opened_cb, &opened_us);
  for (guint i = 0; n_open == 0 && i < 1000; i++)
    {
      settle_threads ();
      if (n_open == 0)
        jxs_clock_advance (WAY_MS * 1000);
    }
  if (n_open == 0)
    g_error ("no stream in 500 round trips");
  printf ("{\"value\": %.1f, \"baseline\": null}\n", (double) opened_us / (2 * WAY_MS * 1000));
  return 0;
}
