/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

#include <jxs-glib/base/jxs-clock-private.h>

/* Whoever waits for somebody else sleeps: with nothing left to do the main loop has nothing to
 * dispatch, whatever stands unread, unwritten or unacknowledged. */

/* Turns of the main loop; far more than it takes to come to rest. */
#define MAX_TURNS 100000

typedef struct
{
  Pair pair;
  Doorman doorman;
  JxsConnection *connection; /* Romeo's end of a pipe */
  JxsXmlStream *stream;      /* or of a stream */
  GSource *sources[4];
  guint n_calls[4]; /* of those */
} Fixture;

typedef enum
{
  PLAIN = 1 << 0,
  STREAM = 1 << 1,
} Kind;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  Kind kind = GPOINTER_TO_UINT (data);

  jxs_clock_use_fake (0);
  pair_init (&fixture->pair);
  if (kind & PLAIN)
    for (guint i = 0; i < 2; i++)
      {
        JxsEndpoint **endpoint = &fixture->pair.endpoints[i];

        g_clear_object (endpoint);
        *endpoint = pair_new_endpoint (JXS_CHANNEL (fixture->pair.channels[i]), NULL, NULL);
        jxs_security_policy_set_require_encryption (jxs_endpoint_get_security_policy (*endpoint),
                                                    FALSE);
      }
  doorman_init (&fixture->doorman, fixture->pair.endpoints[JULIET]);
  if (kind & STREAM)
    fixture->stream = open_stream (&fixture->pair, &fixture->doorman);
  else
    fixture->connection = open_pipe (&fixture->pair, &fixture->doorman);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixture->sources); i++)
    if (fixture->sources[i] != NULL)
      {
        g_source_destroy (fixture->sources[i]);
        g_source_unref (fixture->sources[i]);
      }
  g_clear_object (&fixture->connection);
  g_clear_object (&fixture->stream);
  doorman_clear (&fixture->doorman);
  pair_clear (&fixture->pair);
  jxs_clock_use_real ();
}

static void
assert_falls_asleep (void)
{
  guint n = 0;

  while (g_main_context_iteration (NULL, FALSE))
    g_assert_cmpuint (++n, <, MAX_TURNS);
}

static gpointer
get_end (Fixture *fixture, guint who)
{
  return who == ROMEO ? fixture->connection : fixture->doorman.connection;
}

static gboolean
ready_cb (GObject *stream, gpointer user_data)
{
  (*(guint *) user_data)++;
  return G_SOURCE_REMOVE;
}

static void
wait_readable (Fixture *fixture, guint who)
{
  GInputStream *input = g_io_stream_get_input_stream (get_end (fixture, who));
  GSource *source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (ready_cb), &fixture->n_calls[who], NULL);
  g_source_attach (source, NULL);
  fixture->sources[who] = source;
}

static void
wait_writable (Fixture *fixture, guint who)
{
  GOutputStream *output = g_io_stream_get_output_stream (get_end (fixture, who));
  GSource *source =
      g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (output), NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (ready_cb), &fixture->n_calls[2 + who], NULL);
  g_source_attach (source, NULL);
  fixture->sources[2 + who] = source;
}

/* As much as goes; more than anybody buffers is not taken. */
static void
fill (Fixture *fixture, guint who)
{
  GPollableOutputStream *output =
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (get_end (fixture, who)));
  g_autofree guint8 *chunk = g_malloc0 (16384);
  gsize written = 0;
  guint n_stalls = 0;

  while (n_stalls < 3)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_output_stream_write_nonblocking (output, chunk, 16384, NULL, &error);

      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          n_stalls++;
          assert_falls_asleep ();
          continue;
        }
      n_stalls = 0;
      written += (gsize) n;
      g_assert_cmpuint (written, <, 16 * 1024 * 1024);
    }
  g_assert_cmpuint (written, >, 64 * 1024);
}

static gsize
drain (Fixture *fixture, guint who)
{
  GPollableInputStream *input =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (get_end (fixture, who)));
  g_autofree guint8 *chunk = g_malloc (16384);
  gsize n_read = 0;
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (input, chunk, 16384, NULL, NULL)) > 0)
    n_read += (gsize) n;
  return n_read;
}

/* The reader does not read, in both directions; then it does, and it goes on. */
static void
test_reader (Fixture *fixture, gconstpointer data)
{
  fill (fixture, ROMEO);
  fill (fixture, JULIET);
  wait_writable (fixture, ROMEO);
  wait_writable (fixture, JULIET);
  assert_falls_asleep ();
  g_assert_cmpuint (fixture->n_calls[2], ==, 0);
  g_assert_cmpuint (fixture->n_calls[3], ==, 0);

  while (fixture->n_calls[2] == 0 || fixture->n_calls[3] == 0)
    {
      drain (fixture, ROMEO);
      drain (fixture, JULIET);
      g_main_context_iteration (NULL, FALSE);
    }
  /* What still comes is not waited for. */
  assert_falls_asleep ();
}

/* Nothing comes and nobody writes. */
static void
test_idle (Fixture *fixture, gconstpointer data)
{
  wait_readable (fixture, ROMEO);
  wait_readable (fixture, JULIET);
  assert_falls_asleep ();
  g_assert_cmpuint (fixture->n_calls[0] + fixture->n_calls[1], ==, 0);
}

/* The peer does not acknowledge. */
static void
test_silent_peer (Fixture *fixture, gconstpointer data)
{
  jxs_loopback_channel_set_delay (fixture->pair.channels[JULIET], G_MAXINT);
  fill (fixture, ROMEO);
  wait_readable (fixture, ROMEO);
  wait_writable (fixture, ROMEO);
  assert_falls_asleep ();
  g_assert_cmpuint (fixture->n_calls[0] + fixture->n_calls[2], ==, 0);
  /* The end of the test is not held up. */
  jxs_loopback_channel_close (fixture->pair.channels[ROMEO]);
}

/* The writer ends its direction, with more unread than the reader's side holds. */
static void
test_half_closed (Fixture *fixture, gconstpointer data)
{
  GOutputStream *output = g_io_stream_get_output_stream (get_end (fixture, ROMEO));
  Reply reply = { NULL };

  fill (fixture, ROMEO);
  drain (fixture, JULIET);
  assert_falls_asleep ();
  g_output_stream_close_async (output, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  while (reply.result == NULL)
    {
      drain (fixture, JULIET);
      g_main_context_iteration (NULL, FALSE);
    }
  g_clear_object (&reply.result);
  assert_falls_asleep ();
  /* The end is there, unread. */
  drain (fixture, JULIET);
  wait_readable (fixture, ROMEO);
  assert_falls_asleep ();
  g_assert_cmpuint (fixture->n_calls[0], ==, 0);
}

/* The peer lets go, while this side neither reads nor writes. */
static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  fill (fixture, ROMEO);
  g_clear_object (&fixture->connection);
  wait_until (jxs_session_get_state (fixture->doorman.session) == JXS_SESSION_STATE_ENDED);
  assert_falls_asleep ();
}

/* The session ends, and what arrived before stays unread. */
static void
test_ended (Fixture *fixture, gconstpointer data)
{
  fill (fixture, ROMEO);
  jxs_session_terminate (fixture->doorman.session, NULL);
  assert_falls_asleep ();
  g_assert_cmpint (jxs_session_get_state (fixture->doorman.session), ==, JXS_SESSION_STATE_ENDED);
}

/* Closing waits for a peer that does not read. */
static void
test_closing (Fixture *fixture, gconstpointer data)
{
  Reply reply = { NULL };

  fill (fixture, ROMEO);
  g_io_stream_close_async (get_end (fixture, ROMEO), G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  assert_falls_asleep ();
  /* What is in a socket the kernel delivers. */
  if (pair_is_in_band ())
    g_assert_null (reply.result);
  while (reply.result == NULL)
    {
      jxs_clock_advance (G_USEC_PER_SEC);
      assert_falls_asleep ();
    }
  g_clear_object (&reply.result);
}

/* Stanzas pile up in front of a peer that does not acknowledge. */
static void
test_congested (Fixture *fixture, gconstpointer data)
{
  g_autofree char *body = g_strnfill (10000, 'x');
  gboolean congested = FALSE;
  Reply reply = { NULL };

  jxs_loopback_channel_set_delay (fixture->pair.channels[JULIET], G_MAXINT);
  for (guint i = 0; i < 100; i++)
    send_body (fixture->stream, body);
  assert_falls_asleep ();
  g_object_get (fixture->stream, "congested", &congested, NULL);
  g_assert_true (congested);

  jxs_xml_stream_close_async (fixture->stream, G_PRIORITY_DEFAULT, NULL, reply_cb, &reply);
  assert_falls_asleep ();
  g_assert_null (reply.result);
  jxs_loopback_channel_close (fixture->pair.channels[ROMEO]);
  wait_until (reply.result != NULL);
  g_clear_object (&reply.result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD_KIND(path, func, kind)                                                                 \
  g_test_add ("/endpoint/stalled/" path, Fixture, GUINT_TO_POINTER (kind), set_up, func, tear_down)
#define ADD(path, func)                                                                            \
  ADD_KIND ("plain/" path, func, PLAIN);                                                           \
  ADD_KIND ("tls/" path, func, 0)
  ADD ("idle", test_idle);
  ADD ("reader", test_reader);
  ADD ("silent-peer", test_silent_peer);
  ADD ("half-closed", test_half_closed);
  ADD ("dropped", test_dropped);
  ADD ("ended", test_ended);
  ADD ("closing", test_closing);
  if (pair_is_in_band ())
    {
      ADD_KIND ("stream/plain", test_congested, STREAM | PLAIN);
      ADD_KIND ("stream/tls", test_congested, STREAM);
    }
#undef ADD
#undef ADD_KIND
  return g_test_run ();
}
