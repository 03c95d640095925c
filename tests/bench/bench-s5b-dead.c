/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-s5b.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jxs-test-sockets.h"

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

typedef struct
{
  const guint16 *holes;
  guint n_holes;
  guint n_offered; /* candidates */
} Offer;

/* Adds the holes to what Juliet offers, in front of her own candidate. */
static void
add_holes (JxsElement *stanza, gpointer user_data)
{
  Offer *offer = user_data;
  JxsElement *jingle = jxs_element_find_child (stanza, "jingle", NULL);
  JxsElement *content = jingle != NULL ? jxs_element_find_child (jingle, "content", NULL) : NULL;
  JxsElement *transport =
      content != NULL ? jxs_element_find_child (content, "transport", NULL) : NULL;
  JxsElement *live =
      transport != NULL ? jxs_element_find_child (transport, "candidate", NULL) : NULL;
  guint64 priority;

  if (live == NULL)
    return;
  priority = g_ascii_strtoull (jxs_element_get_attribute (live, "priority"), NULL, 10);
  for (guint i = 0; i < offer->n_holes; i++)
    {
      static const char *const same[] = { "host", "jid", "type" };
      JxsElement *hole =
          jxs_element_append (transport, "candidate", jxs_element_get_namespace (live));
      g_autofree char *cid = g_strdup_printf ("hole-%u", i);
      g_autofree char *port = g_strdup_printf ("%u", offer->holes[i]);
      g_autofree char *above = g_strdup_printf ("%" G_GUINT64_FORMAT, priority + 2 * (i + 1));

      jxs_element_set_attribute (hole, "cid", cid);
      jxs_element_set_attribute (hole, "port", port);
      jxs_element_set_attribute (hole, "priority", above);
      for (guint j = 0; j < G_N_ELEMENTS (same); j++)
        jxs_element_set_attribute (hole, same[j], jxs_element_get_attribute (live, same[j]));
    }
  offer->n_offered += offer->n_holes + 1;
}

/* Seconds to an open pipe. */
static double
open_once (const guint16 *holes, guint n_holes)
{
  Offer offer = { holes, n_holes, 0 };
  S5bProcess sides[2];
  double seconds;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM, 0, fds) != 0)
    g_error ("no pair of sockets");
  for (guint i = 0; i < 2; i++)
    s5b_process_init (&sides[i], fds[i], i == 0, TRUE);
  g_signal_connect (sides[0].endpoint, "candidate", G_CALLBACK (nothing_cb), NULL);
  sides[1].edit = add_holes;
  sides[1].user_data = &offer;
  s5b_process_start (&sides[1], FALSE);
  s5b_process_start (&sides[0], TRUE);
  jxs_test_wait_for (sides[0].connection != NULL && sides[1].connection != NULL);
  seconds = (double) (sides[0].connected_us - sides[0].start_us) / 1e6;
  if (offer.n_offered != n_holes + 1)
    g_error ("%u candidates were offered", offer.n_offered);
  for (guint i = 0; i < 2; i++)
    s5b_process_clear (&sides[i]);
  return seconds;
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
