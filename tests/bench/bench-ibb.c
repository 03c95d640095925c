/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/client/jxs-client.h>
#include <jxs-glib/transports/ibb/jxs-ibb-transport-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* One side of an in-band bytestream through a server:
 *
 *   bench-ibb send SERVER DOMAIN PASSWORD CA_FILE
 *   bench-ibb receive SERVER DOMAIN PASSWORD CA_FILE
 *
 * A script plays the session between them. Sender: prints its offer, reads the answer; then for
 * each line "WINDOW BLOCK BYTES" sends that many (0 0: adaptive) and, when they are acknowledged,
 * prints how many seconds that took from the first write on, and the round trip, window and block
 * at the end. Receiver: reads an offer, prints the answer, and reads and counts to the end. */

#define CHUNK (256 * 1024)

typedef struct
{
  GMainLoop *loop;
  gboolean sends;
  JxsTransport *transport;
  GIOStream *stream;
  guint8 *chunk;
  guint64 to_write;
  guint64 goal; /* acknowledged bytes that end this round */
  gint64 start_us;
} Bench;

static void
die (GError *error)
{
  fprintf (stderr, "bench-ibb: %s\n", error == NULL ? "bad input" : error->message);
  exit (1);
}

static char *
read_line (void)
{
  char *line = NULL;
  gsize size = 0;

  if (getline (&line, &size, stdin) < 0)
    exit (0);
  return line;
}

static void
print_element (JxsElement *element)
{
  g_autofree char *text = jxs_element_to_string (element);

  printf ("%s\n", text);
  fflush (stdout);
}

static void next_round (Bench *self);

static gboolean
acknowledged_cb (gpointer user_data)
{
  Bench *self = user_data;
  JxsIbbStats stats;

  jxs_ibb_transport_get_stats (JXS_IBB_TRANSPORT (self->transport), &stats);
  if (stats.bytes_sent < self->goal)
    return G_SOURCE_CONTINUE;

  printf ("%.6f %.1f %u %u\n",
          (g_get_monotonic_time () - self->start_us) / 1e6,
          stats.rtt_us / 1e3,
          stats.window,
          stats.current_block);
  fflush (stdout);
  next_round (self);
  return G_SOURCE_REMOVE;
}

static void
written_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  GError *error = NULL;
  gsize n = 0;

  if (result != NULL &&
      !g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, &n, &error))
    die (error);
  self->to_write -= n;
  if (self->to_write == 0)
    {
      g_timeout_add (1, acknowledged_cb, self);
      return;
    }
  g_output_stream_write_all_async (g_io_stream_get_output_stream (self->stream),
                                   self->chunk,
                                   MIN (self->to_write, CHUNK),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   written_cb,
                                   self);
}

static void
next_round (Bench *self)
{
  g_autofree char *line = read_line ();
  guint window, block;

  if (sscanf (line, "%u %u %" G_GUINT64_FORMAT, &window, &block, &self->to_write) != 3)
    die (NULL);
  jxs_ibb_transport_set_fixed (JXS_IBB_TRANSPORT (self->transport), window, block);
  self->goal += self->to_write;
  self->start_us = g_get_monotonic_time ();
  written_cb (NULL, NULL, self);
}

static void
read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, &error);

  if (n < 0)
    die (error);
  if (n == 0)
    exit (0);
  g_input_stream_read_async (
      G_INPUT_STREAM (object), self->chunk, CHUNK, G_PRIORITY_DEFAULT, NULL, read_cb, self);
}

static void
opened_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  GError *error = NULL;

  self->stream = jxs_transport_connect_finish (self->transport, result, &error);
  if (self->stream == NULL)
    die (error);
  if (self->sends)
    next_round (self);
  else
    g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                               self->chunk,
                               CHUNK,
                               G_PRIORITY_DEFAULT,
                               NULL,
                               read_cb,
                               self);
}

static void
connected_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  JxsClient *client = JXS_CLIENT (object);
  JxsRouter *router = jxs_router_get (JXS_CHANNEL (client));
  GError *error = NULL;
  g_autofree char *line = NULL;
  g_autoptr (JxsElement) theirs = NULL;
  g_autoptr (JxsElement) ours = NULL;
  g_autoptr (JxsJid) peer = NULL;

  if (!jxs_client_connect_finish (client, result, &error))
    die (error);

  printf ("%s\n", jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (client))));
  fflush (stdout);
  line = read_line ();
  peer = jxs_jid_new (g_strstrip (line), &error);
  if (peer == NULL)
    die (error);

  self->transport = jxs_ibb_transport_factory.create (
      router, peer, self->sends, JXS_NS_JINGLE_IBB, jxs_ibb_transport_factory.user_data);
  if (self->sends)
    print_element (ours = jxs_transport_build (self->transport));
  g_free (line);
  line = read_line ();
  theirs = jxs_element_new_from_string (line, &error);
  if (theirs == NULL || !jxs_transport_set_remote (self->transport, theirs, &error))
    die (error);
  if (!self->sends)
    print_element (ours = jxs_transport_build (self->transport));
  jxs_transport_connect_async (self->transport, NULL, opened_cb, self);
}

int
main (int argc, char *argv[])
{
  Bench self = { 0 };
  g_autoptr (JxsClient) client = NULL;
  g_autoptr (JxsJid) jid = NULL;

  if (argc != 6)
    die (NULL);
  self.sends = g_str_equal (argv[1], "send");
  self.chunk = g_malloc0 (CHUNK);
  self.loop = g_main_loop_new (NULL, FALSE);
  jid = jxs_jid_new_from_parts (self.sends ? "romeo" : "juliet", argv[3], "bench", NULL);
  client = jxs_client_new (jid);
  jxs_client_set_server (client, argv[2]);
  jxs_client_set_password (client, argv[4]);
  jxs_client_set_ca_file (client, argv[5]);
  jxs_client_connect_async (client, G_PRIORITY_DEFAULT, NULL, connected_cb, &self);
  g_main_loop_run (self.loop);
  return 0;
}
