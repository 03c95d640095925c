/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-s5b.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jxs-test-pair.h"

/* s5b.dead: seconds that are added to the time to a stream when of the six candidates the five
 * better ones lead nowhere. */

#define N_HOLES 5
#define N_FILLERS 4
#define TURNS 3

/* A port that answers nothing, not even that it is closed: nobody accepts, and its queue is full.
 */
static guint16
make_hole (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM, 0);

  if (bind (listener, (struct sockaddr *) &address, size) != 0 || listen (listener, 0) != 0 ||
      getsockname (listener, (struct sockaddr *) &address, &size) != 0)
    g_error ("no listener on loopback");
  for (int i = 0; i < N_FILLERS; i++)
    {
      int filler = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

      if (connect (filler, (struct sockaddr *) &address, size) == 0)
        continue;
    }
  return ntohs (address.sin_port);
}

static gboolean
nothing_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  return TRUE;
}

static gboolean
live_last_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_DIRECT)
    jxs_candidate_set_priority (candidate, 1);
  return FALSE;
}

/* Seconds to an open stream. */
static double
open_once (const guint16 *holes, guint n_holes)
{
  Doorman doorman;
  gint64 start_us;
  gint64 open_us;
  Pair pair;

  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    s5b_restrict (pair.endpoints[i]);
  g_signal_connect (pair.endpoints[ROMEO], "candidate", G_CALLBACK (nothing_cb), NULL);
  g_signal_connect (pair.endpoints[JULIET], "candidate", G_CALLBACK (live_last_cb), NULL);
  for (guint i = 0; i < n_holes; i++)
    jxs_endpoint_add_external_address (pair.endpoints[JULIET], "127.0.0.1", holes[i]);
  doorman_init (&doorman, pair.endpoints[JULIET]);

  start_us = g_get_monotonic_time ();
  {
    g_autoptr (JxsXmlStream) stream = open_stream (&pair, &doorman);

    open_us = g_get_monotonic_time ();
    doorman_clear (&doorman);
  }
  pair_clear (&pair);
  return (double) (open_us - start_us) / 1e6;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return x < y ? -1 : x > y;
}

int
main (void)
{
  double alone[TURNS];
  double with_holes[TURNS];
  guint16 holes[N_HOLES];

  for (guint i = 0; i < N_HOLES; i++)
    holes[i] = make_hole ();
  for (guint turn = 0; turn < TURNS; turn++)
    {
      alone[turn] = open_once (NULL, 0);
      with_holes[turn] = open_once (holes, N_HOLES);
    }
  qsort (alone, TURNS, sizeof (double), compare);
  qsort (with_holes, TURNS, sizeof (double), compare);
  printf ("alone %.3f s, behind dead ones %.3f s\n", alone[TURNS / 2], with_holes[TURNS / 2]);
  printf ("{\"value\": %.3f, \"baseline\": null}\n", with_holes[TURNS / 2] - alone[TURNS / 2]);
  return 0;
}
