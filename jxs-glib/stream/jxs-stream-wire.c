/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-stream-wire-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>

#define READ_SIZE 32768    /* octets of one read */
#define READ_ROUNDS 8      /* reads before other sources of the main loop get their turn */
#define KEEP_SIZE 32768    /* an empty queue's memory beyond this is given back */
#define COMPACT_SIZE 65536 /* what was written is cut off the queue's front beyond this */

struct _JxsStreamWire
{
  int ref_count; /* its owner, and each running callback */
  gboolean freed;
  GIOStream *io_stream;          /* (owned) */
  GPollableInputStream *input;   /* of io_stream */
  GPollableOutputStream *output; /* of io_stream */
  GMainContext *context;         /* (owned) */
  int io_priority;
  const JxsStreamWireFuncs *funcs;
  gpointer user_data;
  gboolean reading;
  gboolean in_read;      /* what was read is being told */
  GSource *read_source;  /* (owned) (nullable): the stream became readable, or may still be */
  GSource *write_source; /* (owned) (nullable): the stream, once full, became writable */
  GSource *write_turn;   /* (owned) (nullable): this turn of the loop is over */
  GString *queue;        /* (owned) */
  gsize queue_start;     /* octets at the front that were written */
  guint64 n_committed;
  guint64 n_written;
};

static gboolean
turn_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs turn_funcs = { .dispatch = turn_dispatch };

/* A source that is ready when set_ready_time() says so. */
static GSource *
attach_turn (JxsStreamWire *self, const char *name, GSourceFunc callback)
{
  GSource *source = g_source_new (&turn_funcs, sizeof (GSource));

  g_source_set_static_name (source, name);
  g_source_set_priority (source, self->io_priority);
  g_source_set_callback (source, callback, self, NULL);
  g_source_set_ready_time (source, -1);
  g_source_attach (source, self->context);
  return source;
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
wire_unref (JxsStreamWire *self)
{
  if (--self->ref_count > 0)
    return;

  g_string_free (self->queue, TRUE);
  g_object_unref (self->io_stream);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
read_some (JxsStreamWire *self)
{
  char buffer[READ_SIZE];

  /* Who is told something may run the main loop, and nothing is to overtake it. */
  if (self->in_read)
    return;

  self->in_read = TRUE;
  self->ref_count++;
  for (guint i = 0; i < READ_ROUNDS && self->reading; i++)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_input_stream_read_nonblocking (
          self->input, buffer, sizeof buffer, NULL, &error);

      if (n > 0)
        {
          self->funcs->received (buffer, (gsize) n, self->user_data);
          continue;
        }
      if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          self->in_read = FALSE;
          wire_unref (self);
          return;
        }
      jxs_stream_wire_set_reading (self, FALSE);
      self->funcs->ended (error, self->user_data);
    }
  self->in_read = FALSE;
  /* TLS may hold decrypted bytes that no poll of the socket tells of. */
  if (self->reading)
    g_source_set_ready_time (self->read_source, 0);
  wire_unref (self);
}

static gboolean
on_read_turn (gpointer user_data)
{
  read_some (user_data);
  return G_SOURCE_CONTINUE;
}

/* Makes the read source ready, whose child this is. */
static gboolean
on_readable (GObject *input, gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean on_writable (GObject *output, gpointer user_data);

static void
compact (JxsStreamWire *self)
{
  if (self->queue_start == self->queue->len)
    {
      if (self->queue->allocated_len > KEEP_SIZE)
        {
          g_string_free (self->queue, TRUE);
          self->queue = g_string_new (NULL);
        }
      g_string_truncate (self->queue, 0);
      self->queue_start = 0;
    }
  else if (self->queue_start > COMPACT_SIZE && self->queue_start > self->queue->len / 2)
    {
      g_string_erase (self->queue, 0, (gssize) self->queue_start);
      self->queue_start = 0;
    }
}

static void
write_some (JxsStreamWire *self)
{
  g_autoptr (GError) error = NULL;
  guint64 before = self->n_written;

  self->ref_count++;
  while (self->queue_start < self->queue->len)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (self->output,
                                                             self->queue->str + self->queue_start,
                                                             self->queue->len - self->queue_start,
                                                             NULL,
                                                             &error);

      if (n <= 0)
        break;
      self->queue_start += (gsize) n;
      self->n_written += (guint64) n;
    }

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&error);
  if (error == NULL && self->queue_start < self->queue->len)
    {
      if (self->write_source == NULL)
        {
          self->write_source = g_pollable_output_stream_create_source (self->output, NULL);
          g_source_set_static_name (self->write_source, "jxs-stream-write");
          g_source_set_priority (self->write_source, self->io_priority);
          g_source_set_callback (self->write_source, G_SOURCE_FUNC (on_writable), self, NULL);
          g_source_attach (self->write_source, self->context);
        }
    }
  else
    clear_source (&self->write_source);

  compact (self);
  if (self->n_written > before)
    self->funcs->written (self->user_data);
  if (error != NULL && !self->freed)
    {
      g_string_truncate (self->queue, 0);
      self->queue_start = 0;
      self->funcs->failed (error, self->user_data);
    }
  wire_unref (self);
}

static gboolean
on_writable (GObject *output, gpointer user_data)
{
  write_some (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_write_turn (gpointer user_data)
{
  JxsStreamWire *self = user_data;

  /* While the stream is full its own source says when to go on. */
  if (self->write_source == NULL)
    write_some (self);
  return G_SOURCE_CONTINUE;
}

JxsStreamWire *
jxs_stream_wire_new (GIOStream *io_stream,
                     GMainContext *context,
                     int io_priority,
                     const JxsStreamWireFuncs *funcs,
                     gpointer user_data,
                     GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (io_stream);
  GOutputStream *output = g_io_stream_get_output_stream (io_stream);
  JxsStreamWire *self;

  if (!G_IS_POLLABLE_INPUT_STREAM (input) || !G_IS_POLLABLE_OUTPUT_STREAM (output) ||
      !g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (input)) ||
      !g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (output)))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The I/O stream cannot be polled in both directions"));
      return NULL;
    }

  self = g_new0 (JxsStreamWire, 1);
  self->ref_count = 1;
  self->io_stream = g_object_ref (io_stream);
  self->input = G_POLLABLE_INPUT_STREAM (input);
  self->output = G_POLLABLE_OUTPUT_STREAM (output);
  self->context = g_main_context_ref (context);
  self->io_priority = io_priority;
  self->funcs = funcs;
  self->user_data = user_data;
  self->queue = g_string_new (NULL);
  self->write_turn = attach_turn (self, "jxs-stream-write-turn", on_write_turn);
  return self;
}

void
jxs_stream_wire_set_reading (JxsStreamWire *self, gboolean reading)
{
  g_autoptr (GSource) readable = NULL;

  if (self->reading == reading)
    return;

  self->reading = reading;
  if (!reading)
    {
      clear_source (&self->read_source);
      return;
    }
  readable = g_pollable_input_stream_create_source (self->input, NULL);
  g_source_set_callback (readable, G_SOURCE_FUNC (on_readable), NULL, NULL);
  self->read_source = attach_turn (self, "jxs-stream-read", on_read_turn);
  g_source_add_child_source (self->read_source, readable);
  g_source_set_ready_time (self->read_source, 0);
}

void
jxs_stream_wire_read_now (JxsStreamWire *self)
{
  read_some (self);
}

GString *
jxs_stream_wire_get_queue (JxsStreamWire *self)
{
  return self->queue;
}

void
jxs_stream_wire_commit (JxsStreamWire *self)
{
  self->n_committed = self->n_written + (self->queue->len - self->queue_start);
  g_source_set_ready_time (self->write_turn, 0);
}

gsize
jxs_stream_wire_get_queued (JxsStreamWire *self)
{
  return self->queue->len - self->queue_start;
}

guint64
jxs_stream_wire_get_n_committed (JxsStreamWire *self)
{
  return self->n_committed;
}

guint64
jxs_stream_wire_get_n_written (JxsStreamWire *self)
{
  return self->n_written;
}

void
jxs_stream_wire_free (JxsStreamWire *self)
{
  self->freed = TRUE;
  self->reading = FALSE;
  clear_source (&self->read_source);
  clear_source (&self->write_source);
  clear_source (&self->write_turn);
  wire_unref (self);
}
