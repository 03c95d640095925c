/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "jxs-test-pair.h"

/* Resident bytes per idle established stream: encrypted XML streams over in-band bytestreams, all
 * in this process, each of which therefore has both of its ends here and counts twice. */

#define WARM_UP 16 /* streams opened before, for what is needed once */
#define SESSIONS 500
#define ENDS (2 * SESSIONS)

static gsize
get_resident (void)
{
  g_autofree char *text = NULL;
  guint64 pages;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) ||
      sscanf (text, "%*u %" G_GUINT64_FORMAT, &pages) != 1)
    g_error ("/proc/self/statm cannot be read");
  return pages * (gsize) sysconf (_SC_PAGESIZE);
}

static void
keep_both (Pair *pair, Doorman *doorman, GPtrArray *streams)
{
  g_ptr_array_add (streams, open_stream (pair, doorman));
  g_ptr_array_add (streams, g_steal_pointer (&doorman->stream));
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  struct rlimit files;
  Doorman doorman;
  gsize before;
  gsize after;
  Pair pair;

  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    jxs_endpoint_set_limits (pair.endpoints[i], 2 * ENDS, 2 * ENDS);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  for (guint i = 0; i < WARM_UP; i++)
    keep_both (&pair, &doorman, streams);
  settle ();
  before = get_resident ();
  for (guint i = 0; i < SESSIONS; i++)
    keep_both (&pair, &doorman, streams);
  settle ();
  after = get_resident ();
  if (argc > 1)
    {
      struct mallinfo2 info = mallinfo2 ();

      printf ("%zu bytes of heap in use, %zu free\n", info.uordblks, info.fordblks);
      malloc_trim (0);
      printf ("%zu resident after malloc_trim\n", (get_resident () - before) / ENDS);
    }
  printf ("{\"value\": %zu, \"baseline\": null}\n", (after - before) / ENDS);
  fflush (stdout);
  /* Closing so many in order is not what is measured. */
  _exit (0);
}
