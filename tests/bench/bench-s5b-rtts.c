/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-s5b.h"

#include <stdio.h>

#include "jxs-test-pair.h"

/* s5b.rtts: from jxs_endpoint_open_stream_async() until the first stanza came back over a direct
 * SOCKS5 bytestream, in round trips of the signalling, each of which takes 50 ms. Once cold, with
 * the question what the peer supports, and once with that known: the latter is the value. */

#define WAY_MS 25

typedef struct
{
  gint64 start_us;
  gint64 open_us;
  gint64 answer_us;
  JxsXmlStream *stream; /* (owned) (nullable) */
  JxsXmlStream *other;  /* (owned) (nullable) */
} Run;

static gboolean
echo_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  send_body (stream, "Wherefore art thou?");
  return TRUE;
}

static gboolean
answer_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  ((Run *) user_data)->answer_us = g_get_monotonic_time ();
  return TRUE;
}

static void
accepted_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  run->other = jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (object), result, &error);
  if (run->other == NULL)
    g_error ("%s", error->message);
  g_signal_connect (run->other, "stanza", G_CALLBACK (echo_cb), NULL);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  jxs_endpoint_accept_stream_async (
      endpoint, session, G_PRIORITY_DEFAULT, NULL, accepted_cb, user_data);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  run->stream = jxs_endpoint_open_stream_finish (JXS_ENDPOINT (object), result, &error);
  if (run->stream == NULL)
    g_error ("%s", error->message);
  run->open_us = g_get_monotonic_time ();
  g_signal_connect (run->stream, "stanza", G_CALLBACK (answer_cb), run);
  send_body (run->stream, "Juliet?");
}

static void
trace_cb (JxsEndpoint *endpoint,
          gint64 time_us,
          const char *layer,
          const char *what,
          const char *detail,
          gpointer user_data)
{
  Run *run = user_data;

  printf ("%7.1f ms  %-8s %-24s %.100s\n",
          (double) (time_us - run->start_us) / 1e3,
          layer,
          what,
          detail);
}

static double
open_once (Pair *pair, Run *run, const char *name)
{
  const double rtt_us = 2e3 * WAY_MS;

  printf ("%s:\n", name);
  *run = (Run){ .start_us = g_get_monotonic_time () };
  jxs_endpoint_open_stream_async (
      pair->endpoints[ROMEO], pair->jids[JULIET], G_PRIORITY_DEFAULT, NULL, opened_cb, run);
  wait_until (run->answer_us != 0);
  printf ("%s: open after %.2f, the first stanza back after %.2f round trips\n",
          name,
          (double) (run->open_us - run->start_us) / rtt_us,
          (double) (run->answer_us - run->start_us) / rtt_us);
  close_stream (run->stream);
  g_clear_object (&run->stream);
  g_clear_object (&run->other);
  return (double) (run->answer_us - run->start_us) / rtt_us;
}

int
main (void)
{
  double known;
  Pair pair;
  Run run;

  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    {
      s5b_restrict (pair.endpoints[i]);
      jxs_loopback_channel_set_delay (pair.channels[i], WAY_MS);
    }
  g_signal_connect (pair.endpoints[JULIET], "incoming", G_CALLBACK (incoming_cb), &run);
  g_signal_connect (pair.endpoints[ROMEO], "trace", G_CALLBACK (trace_cb), &run);

  open_once (&pair, &run, "cold");
  known = open_once (&pair, &run, "features known");
  printf ("{\"value\": %.2f, \"baseline\": null}\n", known);
  return 0;
}
