/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-xml-stream-private.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench-xml-parse.h"

/* stream.stanzas: 270-byte stanzas sent by one process with jxs_xml_stream_send() and received by
 * another with the signal, over loopback TCP; against parsing them. */

enum
{
  N_STANZAS = 200000,
  N_PARSED = 20000,
  ROUNDS = 3
};

typedef struct
{
  JxsXmlStream *stream;
  JxsElement *stanza; /* the sender's */
  guint count;
  gint64 start;
  gint64 end;
  gboolean closed;
} Bench;

static void
send_some (Bench *bench)
{
  gboolean congested = FALSE;

  while (bench->count < N_STANZAS && !congested)
    {
      for (guint i = 0; i < 64 && bench->count < N_STANZAS; i++, bench->count++)
        if (!jxs_xml_stream_send (bench->stream, bench->stanza, NULL))
          g_error ("a stanza was not taken");
      g_object_get (bench->stream, "congested", &congested, NULL);
    }
  if (bench->count == N_STANZAS)
    jxs_xml_stream_close_async (bench->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

static void
on_congested (JxsXmlStream *stream, GParamSpec *pspec, gpointer user_data)
{
  Bench *bench = user_data;
  gboolean congested;

  g_object_get (stream, "congested", &congested, NULL);
  if (!congested && bench->count < N_STANZAS)
    send_some (bench);
}

static gboolean
on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  Bench *bench = user_data;

  if (bench->count++ == 0)
    bench->start = g_get_monotonic_time ();
  bench->end = g_get_monotonic_time ();
  return TRUE;
}

static void
on_closed (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  if (error != NULL)
    g_error ("the stream ended with: %s", error->message);
  ((Bench *) user_data)->closed = TRUE;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Bench *bench = user_data;
  g_autoptr (GError) error = NULL;

  if (!jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, NULL, &error))
    g_error ("the stream did not open: %s", error->message);
  jxs_xml_stream_set_open (bench->stream);
  if (bench->stanza != NULL)
    send_some (bench);
}

static void
run (Bench *bench, GSocketConnection *connection, JxsXmlStreamRole role)
{
  g_autoptr (JxsJid) juliet = jxs_jid_new ("juliet@example.com/balcony", NULL);
  g_autoptr (JxsJid) romeo = jxs_jid_new ("romeo@example.net/orchard", NULL);
  gboolean is_sender = role == JXS_XML_STREAM_INITIATOR;

  bench->stream = jxs_xml_stream_new (G_IO_STREAM (connection),
                                      role,
                                      JXS_XML_STREAM_PEER,
                                      is_sender ? juliet : romeo,
                                      is_sender ? romeo : juliet);
  g_signal_connect (bench->stream, "stanza", G_CALLBACK (on_stanza), bench);
  g_signal_connect (bench->stream, "closed", G_CALLBACK (on_closed), bench);
  g_signal_connect (bench->stream, "notify::congested", G_CALLBACK (on_congested), bench);
  jxs_xml_stream_open_async (bench->stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened, bench);
  while (!bench->closed)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (bench->stream);
}

/* The stanza of the parsing benches, in its namespace. */
static JxsElement *
new_stanza (void)
{
  g_autofree char *xml =
      g_strconcat ("<message xmlns='jabber:client'", BENCH_STANZA + strlen ("<message"), NULL);

  return jxs_element_new_from_string (xml, NULL);
}

static void
send_all (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  g_autoptr (JxsElement) stanza = NULL;
  Bench bench = { 0 };

  if (connection == NULL)
    g_error ("no connection");
  stanza = new_stanza ();
  bench.stanza = stanza;
  run (&bench, connection, JXS_XML_STREAM_INITIATOR);
}

/* Stanzas per second. */
static double
measure (GSocketListener *listener, guint16 port)
{
  Bench bench = { 0 };
  pid_t pid = fork ();
  g_autoptr (GSocketConnection) connection = NULL;
  int status;

  if (pid == 0)
    {
      send_all (port);
      _exit (0);
    }
  connection = g_socket_listener_accept (listener, NULL, NULL, NULL);
  run (&bench, connection, JXS_XML_STREAM_RECEIVER);
  if (waitpid (pid, &status, 0) != pid || status != 0)
    g_error ("the sender failed");
  if (bench.count != N_STANZAS)
    g_error ("%u stanzas of %u arrived", bench.count, (guint) N_STANZAS);
  return (N_STANZAS - 1) * 1e6 / (double) (bench.end - bench.start);
}

/* The same for parsing alone, by the clock too, so that a busy machine slows both. */
static double
measure_parsing (const GString *text)
{
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < N_STANZAS / N_PARSED; i++)
    bench_parse_trees (text, N_PARSED);
  return N_STANZAS * 1e6 / (double) (g_get_monotonic_time () - start);
}

int
main (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GString) text = bench_repeat (BENCH_STANZA, N_PARSED);
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  double value = 0;
  double parsing = 0;

  measure (listener, port); /* warm up */
  measure_parsing (text);
  for (guint i = 0; i < ROUNDS; i++)
    {
      value += measure (listener, port);
      parsing += measure_parsing (text);
    }
  g_print ("{\"value\": %.6g, \"baseline\": %.6g}\n", value / ROUNDS, parsing / ROUNDS);
  return 0;
}
