/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-pump-private.h"

#include "jxs-socket-stream-private.h"

#include <jxs-glib/base/jxs-log-private.h>

struct _JxsPump
{
  GIOStream *end;             /* (owned) */
  GPollableInputStream *in;   /* of end */
  GPollableOutputStream *out; /* of end */
  JxsPumpFuncs funcs;
  gpointer user_data;
  GMainContext *context; /* (owned) */

  GSource *readable_source; /* (owned) (nullable): armed while the puller waits */
  GSource *writable_source; /* (owned) (nullable): armed while something is queued */
  GSource *hangup_source;   /* (owned) (nullable) */
  GSource *closed_source;   /* (owned) (nullable): tells, once the stack is unwound */

  GQueue queue;       /* (element-type GBytes): inbound, not taken yet */
  gsize queue_offset; /* of the first that is already written */
  gsize queued;

  GError *error; /* (owned) (nullable): why the end broke */
  gboolean read_eof;
  gboolean write_eof;        /* wanted */
  gboolean write_eof_passed; /* done */
  gboolean gone;             /* inbound bytes have no taker any more */
  gboolean closed_reported;
};

static gboolean readable_cb (GObject *stream, gpointer user_data);
static gboolean writable_cb (GObject *stream, gpointer user_data);

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    {
      g_source_destroy (*source);
      g_clear_pointer (source, g_source_unref);
    }
}

static GSource *
attach (JxsPump *self, GSource *source, const char *name, GSourceFunc func)
{
  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

static gboolean
closed_cb (gpointer user_data)
{
  JxsPump *self = user_data;

  drop_source (&self->closed_source);
  self->closed_reported = TRUE;
  jxs_log_debug (NULL,
                 "end of pipe gone: %s",
                 self->error != NULL ? self->error->message : "closed");
  self->funcs.closed (self, self->error, self->user_data);
  return G_SOURCE_REMOVE; /* the pump may be gone */
}

/* Told in its own turn: whoever pulls or pushes just now does not expect to be called back. */
static void
check_closed (JxsPump *self)
{
  gboolean over = self->error != NULL || (self->gone && self->read_eof);

  if (!over || self->closed_reported || self->closed_source != NULL || self->funcs.closed == NULL)
    return;

  self->closed_source = attach (self, g_idle_source_new (), "[jxs] pump closed", closed_cb);
  g_source_set_priority (self->closed_source, G_PRIORITY_DEFAULT);
}

static void
clear_queue (JxsPump *self)
{
  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  self->queue_offset = 0;
  self->queued = 0;
}

/* Nobody will take inbound bytes any more. What the application wrote before can still be pulled.
 */
static void
set_gone (JxsPump *self)
{
  self->gone = TRUE;
  clear_queue (self);
  drop_source (&self->writable_source);
  drop_source (&self->hangup_source);
  check_closed (self);
}

static void
broke (JxsPump *self, GError *error)
{
  /* An application that closes without having read all resets the socket pair: closed all the
   * same. */
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) && self->error == NULL)
    self->error = g_error_copy (error);
  set_gone (self);
}

static gboolean
hangup_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  JxsPump *self = user_data;
  gboolean had_queue = self->queued > 0;

  set_gone (self);
  if (had_queue && self->funcs.drained != NULL)
    self->funcs.drained (self, self->user_data);
  return G_SOURCE_REMOVE;
}

JxsPump *
jxs_pump_new (GIOStream *end, const JxsPumpFuncs *funcs, gpointer user_data)
{
  JxsPump *self;

  g_return_val_if_fail (G_IS_IO_STREAM (end), NULL);
  g_return_val_if_fail (funcs != NULL, NULL);

  self = g_new0 (JxsPump, 1);
  self->end = g_object_ref (end);
  self->in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (end));
  self->out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (end));
  self->funcs = *funcs;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  g_queue_init (&self->queue);

  self->readable_source = attach (self,
                                  g_pollable_input_stream_create_source (self->in, NULL),
                                  "[jxs] pump readable",
                                  G_SOURCE_FUNC (readable_cb));
  /* Of a socket pair the hang-up means that both directions have ended; one that only wrote the end
   * of file can still read. */
  if (JXS_IS_SOCKET_STREAM (end))
    self->hangup_source =
        attach (self,
                g_socket_create_source (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (end)),
                                        G_IO_HUP,
                                        NULL),
                "[jxs] pump hang-up",
                G_SOURCE_FUNC (hangup_cb));
  return self;
}

static gboolean
readable_cb (GObject *stream, gpointer user_data)
{
  JxsPump *self = user_data;

  drop_source (&self->readable_source);
  if (self->funcs.readable != NULL)
    self->funcs.readable (self, self->user_data);
  return G_SOURCE_REMOVE; /* the pump may be gone */
}

gssize
jxs_pump_read (JxsPump *self, guint8 *buffer, gsize size)
{
  g_autoptr (GError) error = NULL;
  gssize n;

  g_return_val_if_fail (self != NULL, -1);
  g_return_val_if_fail (buffer != NULL && size > 0, -1);

  if (self->read_eof)
    return 0;

  n = g_pollable_input_stream_read_nonblocking (self->in, buffer, size, NULL, &error);
  if (n == 0)
    {
      self->read_eof = TRUE;
      drop_source (&self->readable_source);
      check_closed (self);
      return 0;
    }
  if (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      self->read_eof = TRUE;
      drop_source (&self->readable_source);
      broke (self, error);
      return self->error != NULL ? -1 : 0;
    }

  if (n < (gssize) size && self->readable_source == NULL)
    self->readable_source = attach (self,
                                    g_pollable_input_stream_create_source (self->in, NULL),
                                    "[jxs] pump readable",
                                    G_SOURCE_FUNC (readable_cb));
  return n;
}

/* Writes as much as goes without waiting. Whether the queue became smaller. */
static gboolean
write_queued (JxsPump *self)
{
  gsize before = self->queued;

  while (!g_queue_is_empty (&self->queue))
    {
      g_autoptr (GError) error = NULL;
      gsize size;
      const guint8 *data = g_bytes_get_data (g_queue_peek_head (&self->queue), &size);
      gssize n = g_pollable_output_stream_write_nonblocking (
          self->out, data + self->queue_offset, size - self->queue_offset, NULL, &error);

      if (n < 0)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            broke (self, error);
          break;
        }
      self->queued -= n;
      self->queue_offset += n;
      if (self->queue_offset == size)
        {
          g_bytes_unref (g_queue_pop_head (&self->queue));
          self->queue_offset = 0;
        }
    }

  return self->queued < before;
}

static void
write_eof_if_due (JxsPump *self)
{
  if (!self->write_eof || self->write_eof_passed || self->queued > 0)
    return;

  self->write_eof_passed = TRUE;
  g_output_stream_close (G_OUTPUT_STREAM (self->out), NULL, NULL);
}

static void
arm_writable (JxsPump *self)
{
  if (self->queued == 0)
    drop_source (&self->writable_source);
  else if (self->writable_source == NULL)
    self->writable_source = attach (self,
                                    g_pollable_output_stream_create_source (self->out, NULL),
                                    "[jxs] pump writable",
                                    G_SOURCE_FUNC (writable_cb));
}

static gboolean
writable_cb (GObject *stream, gpointer user_data)
{
  JxsPump *self = user_data;
  gboolean shrunk = write_queued (self);

  arm_writable (self);
  write_eof_if_due (self);
  if (shrunk && self->funcs.drained != NULL)
    self->funcs.drained (self, self->user_data);
  return G_SOURCE_CONTINUE; /* or destroyed, and the pump may be gone */
}

void
jxs_pump_write (JxsPump *self, GBytes *bytes)
{
  gsize size;

  g_return_if_fail (self != NULL);
  g_return_if_fail (bytes != NULL);
  g_return_if_fail (!self->write_eof);

  size = g_bytes_get_size (bytes);
  if (self->gone || size == 0)
    return;

  g_queue_push_tail (&self->queue, g_bytes_ref (bytes));
  self->queued += size;
  write_queued (self);
  arm_writable (self);
}

gsize
jxs_pump_get_queued (JxsPump *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->queued;
}

void
jxs_pump_write_eof (JxsPump *self)
{
  g_return_if_fail (self != NULL);

  self->write_eof = TRUE;
  write_eof_if_due (self);
}

void
jxs_pump_free (JxsPump *self)
{
  if (self == NULL)
    return;

  write_queued (self);
  drop_source (&self->readable_source);
  drop_source (&self->writable_source);
  drop_source (&self->hangup_source);
  drop_source (&self->closed_source);
  clear_queue (self);
  g_io_stream_close (self->end, NULL, NULL);
  g_clear_object (&self->end);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_free (self);
}
