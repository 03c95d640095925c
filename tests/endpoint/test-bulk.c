/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-test-pair.h"

/* Much in both directions at once. */

#define TOTAL (8 * 1024 * 1024)

typedef struct
{
  GIOStream *stream;
  GChecksum *sent;
  GChecksum *received;
  GRand *rand;
  guint8 chunk[65536];
  gsize n_chunk;
  gsize n_written; /* of the chunk */
  gsize n_sent;
  gsize n_received;
  gboolean output_closed;
  gboolean eof;
  guint turns;
  GSource *reading;
  GSource *writing;
} End;

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  End *end = user_data;

  g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error);
  g_assert_no_error (error);
  end->output_closed = TRUE;
}

static gboolean
write_cb (GObject *stream, gpointer user_data)
{
  End *end = user_data;

  end->turns++;
  while (end->n_sent < TOTAL)
    {
      g_autoptr (GError) error = NULL;
      gssize n;

      if (end->n_written == end->n_chunk)
        {
          /* Of every size, as applications write. */
          end->n_chunk = g_rand_int_range (end->rand, 1, sizeof end->chunk);
          end->n_chunk = MIN (end->n_chunk, TOTAL - end->n_sent);
          end->n_written = 0;
          for (gsize i = 0; i < end->n_chunk; i++)
            end->chunk[i] = (guint8) (end->n_sent + i) ^ (guint8) ((end->n_sent + i) >> 11);
          g_checksum_update (end->sent, end->chunk, (gssize) end->n_chunk);
        }
      n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream),
                                                      end->chunk + end->n_written,
                                                      end->n_chunk - end->n_written,
                                                      NULL,
                                                      &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      g_assert_no_error (error);
      end->n_written += (gsize) n;
      end->n_sent += (gsize) n;
    }
  g_output_stream_close_async (G_OUTPUT_STREAM (stream), G_PRIORITY_DEFAULT, NULL, closed_cb, end);
  return G_SOURCE_REMOVE;
}

static gboolean
read_cb (GObject *stream, gpointer user_data)
{
  End *end = user_data;
  guint8 buffer[32768];

  end->turns++;
  /* Reads less than there is: decrypted bytes must not be forgotten below. */
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_input_stream_read_nonblocking (
          G_POLLABLE_INPUT_STREAM (stream), buffer, sizeof buffer, NULL, &error);

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      g_assert_no_error (error);
      if (n == 0)
        {
          end->eof = TRUE;
          return G_SOURCE_REMOVE;
        }
      g_checksum_update (end->received, buffer, n);
      end->n_received += (gsize) n;
    }
  return G_SOURCE_CONTINUE;
}

static void
end_init (End *end, gpointer connection, guint32 seed)
{
  *end = (End){ .stream = connection };
  end->sent = g_checksum_new (G_CHECKSUM_SHA256);
  end->received = g_checksum_new (G_CHECKSUM_SHA256);
  end->rand = g_rand_new_with_seed (seed);
}

static void
end_start (End *end, gboolean read, gboolean write)
{
  if (read)
    {
      end->reading = g_pollable_input_stream_create_source (
          G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (end->stream)), NULL);
      g_source_set_callback (end->reading, G_SOURCE_FUNC (read_cb), end, NULL);
      g_source_attach (end->reading, NULL);
    }
  if (write)
    {
      end->writing = g_pollable_output_stream_create_source (
          G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (end->stream)), NULL);
      g_source_set_callback (end->writing, G_SOURCE_FUNC (write_cb), end, NULL);
      g_source_attach (end->writing, NULL);
    }
}

static void
end_clear (End *end)
{
  g_checksum_free (end->sent);
  g_checksum_free (end->received);
  g_rand_free (end->rand);
  g_clear_pointer (&end->reading, g_source_unref);
  g_clear_pointer (&end->writing, g_source_unref);
}

static void
test_both_directions (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  Reply replies[2] = { { NULL } };
  Doorman doorman;
  End ends[2];
  Pair pair;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  end_init (&ends[0], connection, 1);
  end_init (&ends[1], doorman.connection, 2);
  for (guint i = 0; i < 2; i++)
    end_start (&ends[i], TRUE, TRUE);
  wait_until (ends[0].eof && ends[1].eof && ends[0].output_closed && ends[1].output_closed);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (ends[i].n_received, ==, TOTAL);
      g_assert_cmpstr (g_checksum_get_string (ends[i].sent),
                       ==,
                       g_checksum_get_string (ends[!i].received));
      g_test_message ("%u turns", ends[i].turns);
    }
  for (guint i = 0; i < 2; i++)
    g_io_stream_close_async (ends[i].stream, G_PRIORITY_DEFAULT, NULL, reply_cb, &replies[i]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = reply_wait (&replies[i]);
      g_autoptr (GError) error = NULL;

      g_io_stream_close_finish (ends[i].stream, result, &error);
      g_assert_no_error (error);
      end_clear (&ends[i]);
    }
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

/* A reader that does not read: the writer is stopped, and nothing spins or fills memory. */
static void
test_slow_reader (void)
{
  g_autoptr (JxsConnection) connection = NULL;
  Doorman doorman;
  End ends[2];
  Pair pair;
  gsize before;
  guint turns;

  pair_init (&pair);
  doorman_init (&doorman, pair.endpoints[JULIET]);
  connection = open_pipe (&pair, &doorman);
  end_init (&ends[0], connection, 1);
  end_init (&ends[1], doorman.connection, 2);
  end_start (&ends[0], FALSE, TRUE);
  do
    {
      before = ends[0].n_sent;
      settle ();
      g_usleep (1000);
      settle ();
    }
  while (ends[0].n_sent > before);
  g_test_message ("%" G_GSIZE_FORMAT " bytes ahead", ends[0].n_sent);
  /* A socket is as patient as the kernel. */
  g_assert_cmpuint (ends[0].n_sent, <, pair_is_in_band () ? 2 * 1024 * 1024 : TOTAL);
  turns = ends[0].turns;
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (ends[0].turns, ==, turns);

  end_start (&ends[1], TRUE, FALSE);
  wait_until (ends[1].eof && ends[0].output_closed);
  g_assert_cmpuint (ends[1].n_received, ==, TOTAL);
  g_assert_cmpstr (g_checksum_get_string (ends[0].sent),
                   ==,
                   g_checksum_get_string (ends[1].received));
  for (guint i = 0; i < 2; i++)
    end_clear (&ends[i]);
  g_clear_object (&connection);
  doorman_clear (&doorman);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/endpoint/bulk/both-directions", test_both_directions);
  g_test_add_func ("/endpoint/bulk/slow-reader", test_slow_reader);
  return g_test_run ();
}
