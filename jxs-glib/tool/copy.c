/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <limits.h>

#define PIECE (256 * 1024)

struct _ToolCopy
{
  GInputStream *input;       /* (owned) */
  GOutputStream *output;     /* (owned) */
  GCancellable *cancellable; /* (owned) (nullable) */
  ToolCopyFlags flags;
  ToolCopyFunc moved; /* (nullable) */
  gpointer user_data;

  GChecksum *checksum; /* (owned) (nullable) */
  guint64 bytes;
  GError *error; /* (owned) (nullable) */
  gboolean done;
  gsize n; /* of the buffer that are being written */
  guint8 buffer[PIECE];
};

static void read_more (ToolCopy *self);

static void
tell (ToolCopy *self)
{
  if (self->moved != NULL)
    self->moved (self, self->user_data);
}

static void
finish (ToolCopy *self)
{
  self->done = TRUE;
  tell (self);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ToolCopy *self = user_data;

  g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &self->error);
  finish (self);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ToolCopy *self = user_data;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &self->error))
    {
      finish (self);
      return;
    }
  if (self->checksum != NULL)
    g_checksum_update (self->checksum, self->buffer, self->n);
  self->bytes += self->n;
  tell (self);
  read_more (self);
}

/* GIO writes a regular file from a thread: one change of threads for as much as there is. An end or
 * an error comes again with the next read. */
static gsize
fill_buffer (ToolCopy *self, gsize n)
{
  gssize more = 1;

  if (!G_IS_POLLABLE_INPUT_STREAM (self->input) ||
      (G_IS_POLLABLE_OUTPUT_STREAM (self->output) &&
       g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (self->output))))
    return n;
  while (more > 0 && n < sizeof self->buffer)
    {
      more = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->input),
                                                       self->buffer + n,
                                                       sizeof self->buffer - n,
                                                       NULL,
                                                       NULL);
      n += MAX (more, 0);
    }
  return n;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ToolCopy *self = user_data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &self->error);

  if (n > 0)
    {
      self->n = fill_buffer (self, n);
      g_output_stream_write_all_async (self->output,
                                       self->buffer,
                                       self->n,
                                       G_PRIORITY_DEFAULT,
                                       self->cancellable,
                                       written_cb,
                                       self);
    }
  else if (n == 0 && (self->flags & TOOL_COPY_CLOSE_OUTPUT) != 0)
    g_output_stream_close_async (
        self->output, G_PRIORITY_DEFAULT, self->cancellable, closed_cb, self);
  else
    finish (self);
}

static void
read_more (ToolCopy *self)
{
  g_input_stream_read_async (self->input,
                             self->buffer,
                             (self->flags & TOOL_COPY_TO_PIPE) != 0 ? PIPE_BUF
                                                                    : sizeof self->buffer,
                             G_PRIORITY_DEFAULT,
                             self->cancellable,
                             read_cb,
                             self);
}

ToolCopy *
tool_copy_new (GInputStream *input,
               GOutputStream *output,
               ToolCopyFlags flags,
               GCancellable *cancellable,
               ToolCopyFunc moved,
               gpointer user_data)
{
  ToolCopy *self = g_new0 (ToolCopy, 1);

  self->input = g_object_ref (input);
  self->output = g_object_ref (output);
  g_set_object (&self->cancellable, cancellable);
  self->flags = flags;
  self->moved = moved;
  self->user_data = user_data;
  if ((flags & TOOL_COPY_HASH) != 0)
    self->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  read_more (self);
  return self;
}

gboolean
tool_copy_is_done (ToolCopy *self)
{
  return self->done;
}

guint64
tool_copy_get_bytes (ToolCopy *self)
{
  return self->bytes;
}

const GError *
tool_copy_get_error (ToolCopy *self)
{
  return self->error;
}

const char *
tool_copy_get_hash (ToolCopy *self)
{
  return g_checksum_get_string (self->checksum);
}

void
tool_copy_free (ToolCopy *self)
{
  /* A copy that is under way refers to itself. */
  while (!self->done)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->checksum, g_checksum_free);
  g_clear_error (&self->error);
  g_free (self);
}
