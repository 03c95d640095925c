/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/io/jxs-pipe-private.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>
#include <string.h>

/* Whatever the peer sends, the stream ends once, what it delivers has the peer's address, and what
 * it says is well-formed. The first octet chooses the role, and whether a good header goes before
 * the rest. */

#define LOCAL "juliet@capulet.lit/balcony"
#define PEER "romeo@montague.lit/orchard"
#define HEADER                                                                                     \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "          \
  "version='1.0'>"

static gboolean
on_stanza (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  g_assert_cmpint (jxs_xml_stream_get_state (stream), !=, JXS_XML_STREAM_STATE_CLOSED);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "from"), ==, PEER);
  g_assert_cmpstr (jxs_element_get_attribute (stanza, "to"), ==, LOCAL);
  return FALSE;
}

static void
on_closed (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  if (jxs_xml_stream_open_finish (JXS_XML_STREAM (source), result, NULL, NULL))
    jxs_xml_stream_set_open (JXS_XML_STREAM (source));
}

/* Takes what the stream said. */
static void
take (GIOStream *end, JxsXmlParser *parser)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (end));
  char buffer[4096];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, NULL)) >
         0)
    {
      g_autoptr (GError) error = NULL;

      jxs_xml_parser_feed (parser, buffer, (gsize) n, &error);
      g_assert_no_error (error);
    }
}

static void
give (GIOStream *end, const char *data, gsize size, JxsXmlParser *parser)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (end));

  while (size > 0)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (output, data, size, NULL, NULL);

      take (end, parser);
      if (n > 0)
        {
          data += n;
          size -= (gsize) n;
        }
      else if (!g_main_context_iteration (NULL, FALSE))
        return; /* it does not listen any more */
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const JxsXmlParserFuncs funcs = { NULL, NULL, NULL };
  g_autoptr (JxsXmlParser) parser = jxs_xml_parser_new (NULL, &funcs, NULL);
  g_autoptr (GIOStream) near = NULL;
  g_autoptr (GIOStream) far = NULL;
  g_autoptr (JxsJid) local = jxs_jid_new (LOCAL, NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new (PEER, NULL);
  JxsXmlStream *stream;
  guint n_closed = 0;

  if (size == 0 || !jxs_pipe_new (&near, &far, NULL))
    return 0;

  jxs_clock_use_fake (0);
  stream = jxs_xml_stream_new (near, data[0] & 1, JXS_XML_STREAM_PEER, local, peer);
  g_signal_connect (stream, "stanza", G_CALLBACK (on_stanza), NULL);
  g_signal_connect (stream, "closed", G_CALLBACK (on_closed), &n_closed);
  jxs_xml_stream_open_async (stream, NULL, G_PRIORITY_DEFAULT, NULL, on_opened, NULL);
  if (data[0] & 2)
    give (far, HEADER, strlen (HEADER), parser);
  if ((data[0] & 3) == 2)
    give (far, "<stream:features/>", strlen ("<stream:features/>"), parser);
  give (far, (const char *) data + 1, size - 1, parser);
  g_output_stream_close (g_io_stream_get_output_stream (far), NULL, NULL);
  for (guint i = 0; i < 2; i++)
    {
      do
        take (far, parser);
      while (g_main_context_iteration (NULL, FALSE));
      /* Nothing waits longer than this. */
      jxs_clock_advance (60 * G_USEC_PER_SEC);
    }
  g_assert_cmpuint (n_closed, ==, 1);
  g_assert_finalize_object (stream);
  return 0;
}
