/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-socket-core-private.h"

#include "jxs-socket-direction-private.h"
#include "jxs-tail-machine-private.h"
#include "jxs-tcp-private.h"

#include <string.h>

#include <jxs-glib/base/jxs-clock-private.h>

/* What is held per stream for a reader that stops in the middle or a peer that does not read.
 * Larger pieces measured slower: they fall out of the processor's cache before they are looked at.
 */
#define READ_AHEAD_MIN (16 * 1024) /* one TLS record */
#define READ_AHEAD_MAX (64 * 1024)
#define GATHER_MIN (16 * 1024)
#define GATHER_MAX (128 * 1024)
#define GATHER_MAX_LOCAL (16 * 1024) /* between threads a send costs little, hidden bytes a lot */

struct _JxsSocketCore
{
  gatomicrefcount ref_count;
  GSocketConnection *connection; /* (owned) */
  GSocket *socket;               /* (owned) */
  int abandoned;                 /* atomic */

  JxsSocketDirection in;
  gsize read_ahead; /* bytes to ask for next; guarded by in.mutex, as is what is above it */

  /* All guarded by out.mutex. */
  JxsSocketDirection out;
  gboolean gathering;
  gboolean relayed;
  gboolean finishing; /* what is kept back otherwise leaves too */
  gsize gather_max;
  JxsTailMachine tail;
  GSource *tail_source;  /* (owned) (nullable): attached while bytes are kept back */
  GMainContext *context; /* (owned) (nullable): where gathered bytes are sent from */
  GSource *flusher;      /* (owned) (nullable): attached while bytes wait */
  GError *error;         /* (owned) (nullable): a send failed; reported from then on */
};

JxsSocketCore *
jxs_socket_core_new (GSocketConnection *connection)
{
  JxsSocketCore *self = g_new0 (JxsSocketCore, 1);
  GSocketFamily family;

  g_atomic_ref_count_init (&self->ref_count);
  self->connection = g_object_ref (connection);
  self->socket = g_object_ref (g_socket_connection_get_socket (connection));
  jxs_socket_direction_init (&self->in);
  jxs_socket_direction_init (&self->out);
  self->read_ahead = READ_AHEAD_MIN;

  family = g_socket_get_family (self->socket);
  self->gather_max = family == G_SOCKET_FAMILY_UNIX ? GATHER_MAX_LOCAL : GATHER_MAX;
  jxs_tcp_set_up (self->socket);
  return self;
}

JxsSocketCore *
jxs_socket_core_ref (JxsSocketCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
jxs_socket_core_unref (JxsSocketCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  /* Sources hold a reference: there are none left. */
  g_assert (self->flusher == NULL && self->tail_source == NULL);
  jxs_socket_direction_clear (&self->in);
  jxs_socket_direction_clear (&self->out);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->socket);
  g_clear_object (&self->connection);
  g_free (self);
}

GSocket *
jxs_socket_core_get_socket (JxsSocketCore *self)
{
  return self->socket;
}

/* Reading */

static gssize
take_read_ahead (JxsSocketCore *self, void *buffer, gsize count)
{
  JxsByteBuffer *ahead = &self->in.buffer;
  gsize n = MIN (count, jxs_byte_buffer_get_length (ahead));

  memcpy (buffer, ahead->data + ahead->start, n);
  jxs_byte_buffer_skip (ahead, n);
  jxs_socket_direction_set_ready (&self->in, jxs_byte_buffer_get_length (ahead) > 0);
  return n;
}

/* The first failure stays, as the system tells it once and then an end of file. Called with the
 * mutex held. */
static void
read_failed (JxsSocketCore *self, GError *read_error, GError **error)
{
  if (!g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      jxs_tcp_explain (read_error);
      if (self->in.reason == NULL)
        self->in.reason = g_error_copy (read_error);
    }
  g_propagate_error (error, read_error);
}

/* Called with in.mutex held. */
static gssize
end_of_file (JxsSocketCore *self, GError **error)
{
  self->in.at_end = TRUE;
  if (self->in.reason == NULL)
    return 0;

  g_propagate_error (error, g_error_copy (self->in.reason));
  return -1;
}

/* The buffer exists only while bytes arrive: an idle stream holds none. */
static gssize
read_now (JxsSocketCore *self, void *buffer, gsize count, GError **error)
{
  JxsByteBuffer *ahead = &self->in.buffer;
  GError *read_error = NULL;
  gssize n;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->in.mutex);

  if (self->in.closed)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "Stream is already closed");
      return -1;
    }
  if (jxs_byte_buffer_get_length (ahead) > 0)
    return take_read_ahead (self, buffer, count);

  if (count >= self->read_ahead)
    {
      n = g_socket_receive_with_blocking (self->socket, buffer, count, FALSE, NULL, &read_error);
      if (n > 0)
        self->in.bytes += n;
      else
        jxs_byte_buffer_clear (ahead);
      if (n < 0)
        read_failed (self, read_error, error);
      return n == 0 ? end_of_file (self, error) : n;
    }

  jxs_byte_buffer_reserve (ahead, self->read_ahead, self->read_ahead);
  n = g_socket_receive_with_blocking (
      self->socket, (char *) ahead->data, self->read_ahead, FALSE, NULL, &read_error);
  if (n <= 0)
    {
      jxs_byte_buffer_clear (ahead);
      if (n < 0)
        read_failed (self, read_error, error);
      return n == 0 ? end_of_file (self, error) : n;
    }

  self->in.bytes += n;
  if ((gsize) n == self->read_ahead)
    self->read_ahead = MIN (2 * self->read_ahead, READ_AHEAD_MAX);
  else if ((gsize) n < self->read_ahead / 4)
    self->read_ahead = MAX (self->read_ahead / 2, READ_AHEAD_MIN);
  ahead->end = n;
  return take_read_ahead (self, buffer, count);
}

gssize
jxs_socket_core_read (JxsSocketCore *self,
                      void *buffer,
                      gsize count,
                      gboolean blocking,
                      GCancellable *cancellable,
                      GError **error)
{
  if (count == 0)
    return 0;

  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;
      n = read_now (self, buffer, count, &local_error);
      if (n >= 0)
        return n;
      if (!blocking || !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return -1;
        }
      if (!g_socket_condition_wait (self->socket, G_IO_IN, cancellable, error))
        return -1;
    }
}

void
jxs_socket_core_forget_read_ahead (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->in.mutex);

  jxs_byte_buffer_clear (&self->in.buffer);
  jxs_socket_direction_set_ready (&self->in, FALSE);
}

/* Writing; static functions are called with out.mutex held */

static void
update_out_ready (JxsSocketCore *self)
{
  gboolean has_room =
      self->gathering && jxs_byte_buffer_get_length (&self->out.buffer) < self->gather_max;

  /* Without room, or when nothing is gathered, the socket alone decides. */
  jxs_socket_direction_set_ready (&self->out, has_room || self->error != NULL);
}

static gboolean
report_error (JxsSocketCore *self, GError **error)
{
  /* Pollable streams are not asked by GIO whether they are closed. */
  if (self->error == NULL && self->out.closed)
    self->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "Stream is already closed");
  if (self->error == NULL)
    return FALSE;

  g_propagate_error (error, g_error_copy (self->error));
  return TRUE;
}

static gssize
send_now (JxsSocketCore *self, const void *data, gsize count, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gssize n = g_socket_send_with_blocking (self->socket, data, count, FALSE, NULL, &local_error);

  if (n >= 0)
    {
      self->out.bytes += n;
      if (self->relayed)
        jxs_tail_machine_sent (&self->tail, n);
      return n;
    }

  if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) && self->error == NULL)
    {
      jxs_tcp_explain (local_error);
      if (self->out.reason != NULL)
        {
          g_clear_error (&local_error);
          local_error = g_error_copy (self->out.reason);
        }
      else
        self->out.reason = g_error_copy (local_error);
      self->error = g_error_copy (local_error);
      jxs_byte_buffer_clear (&self->out.buffer);
      update_out_ready (self);
    }
  g_propagate_error (error, g_steal_pointer (&local_error));
  return -1;
}

/* What is gathered without what has to stay for now. */
static gsize
get_sendable (JxsSocketCore *self)
{
  gsize length = jxs_byte_buffer_get_length (&self->out.buffer);

  if (!self->relayed || self->finishing)
    return length;
  return length - jxs_tail_machine_get_reserve (&self->tail, length);
}

/* TRUE: nothing is waiting any more that may be sent. */
static gboolean
send_gathered (JxsSocketCore *self, GError **error)
{
  JxsByteBuffer *waiting = &self->out.buffer;
  gsize sendable;

  if (report_error (self, error))
    return FALSE;

  while ((sendable = get_sendable (self)) > 0)
    {
      gssize n = send_now (self, waiting->data + waiting->start, sendable, error);

      if (n < 0)
        return FALSE;
      jxs_byte_buffer_skip (waiting, n);
    }
  return TRUE;
}

static void
look_at_path (JxsSocketCore *self, JxsTailPath *path)
{
  path->unacknowledged = jxs_tcp_get_unacknowledged (self->socket);
  path->window = jxs_tcp_get_window (self->socket);
}

static gboolean tail_cb (gpointer user_data);

static void
start_tail (JxsSocketCore *self, guint delay_ms)
{
  self->tail_source = jxs_clock_timeout_new (delay_ms);
  g_source_set_static_name (self->tail_source, "[jxs] end of a burst");
  g_source_set_callback (self->tail_source,
                         tail_cb,
                         jxs_socket_core_ref (self),
                         (GDestroyNotify) jxs_socket_core_unref);
  g_source_attach (self->tail_source, self->context);
}

static void
drop_tail (JxsSocketCore *self)
{
  if (self->tail_source != NULL)
    {
      g_source_destroy (self->tail_source);
      g_clear_pointer (&self->tail_source, g_source_unref);
    }
}

static void ensure_flusher (JxsSocketCore *self);

/* Takes care of what is left. */
static void
see_to_rest (JxsSocketCore *self)
{
  if (get_sendable (self) > 0)
    ensure_flusher (self);
  else if (jxs_byte_buffer_get_length (&self->out.buffer) == 0)
    jxs_byte_buffer_clear (&self->out.buffer);
  else if (self->tail_source == NULL)
    start_tail (self, JXS_TAIL_FIRST_MS);
}

static gboolean
tail_cb (gpointer user_data)
{
  JxsSocketCore *self = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  gsize length = jxs_byte_buffer_get_length (&self->out.buffer);
  JxsTailPath path;
  guint delay_ms;

  if (self->tail_source != g_main_current_source ())
    return G_SOURCE_REMOVE;
  g_clear_pointer (&self->tail_source, g_source_unref);

  if (length == 0 || self->error != NULL)
    return G_SOURCE_REMOVE;
  look_at_path (self, &path);
  delay_ms = jxs_tail_machine_tick (&self->tail, length, &path);
  send_gathered (self, NULL);
  update_out_ready (self);
  see_to_rest (self);
  if (self->tail_source != NULL)
    {
      drop_tail (self);
      start_tail (self, delay_ms);
    }
  return G_SOURCE_REMOVE;
}

typedef struct
{
  GSource source;
  JxsSocketCore *core; /* (owned) */
  gpointer fd_tag;     /* (nullable): set while the socket takes no more */
} Flusher;

/* Sends what was gathered. It is ready as soon as there is something, so that the loop does not
 * sleep on it; when the socket is full it waits for that. */
static gboolean
flusher_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Flusher *self = (Flusher *) source;
  JxsSocketCore *core = self->core;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&core->out.mutex);
  gboolean done;

  if (core->flusher != source)
    return G_SOURCE_REMOVE;

  done = send_gathered (core, NULL) || core->error != NULL;
  update_out_ready (core);
  if (!done)
    {
      if (self->fd_tag == NULL)
        self->fd_tag = g_source_add_unix_fd (source, g_socket_get_fd (core->socket), G_IO_OUT);
      g_source_set_ready_time (source, -1);
      return G_SOURCE_CONTINUE;
    }

  /* Nothing waits: an idle stream has no source and no memory here. */
  g_clear_pointer (&core->flusher, g_source_unref);
  see_to_rest (core);
  return G_SOURCE_REMOVE;
}

static void
flusher_finalize (GSource *source)
{
  jxs_socket_core_unref (((Flusher *) source)->core);
}

static GSourceFuncs flusher_funcs = {
  .dispatch = flusher_dispatch,
  .finalize = flusher_finalize,
};

static void
ensure_flusher (JxsSocketCore *self)
{
  if (self->flusher != NULL || get_sendable (self) == 0)
    return;

  self->flusher = g_source_new (&flusher_funcs, sizeof (Flusher));
  ((Flusher *) self->flusher)->core = jxs_socket_core_ref (self);
  g_source_set_static_name (self->flusher, "[jxs] send gathered bytes");
  g_source_set_ready_time (self->flusher, 0);
  g_source_attach (self->flusher, self->context);
}

static void
drop_flusher (JxsSocketCore *self)
{
  if (self->flusher != NULL)
    {
      g_source_destroy (self->flusher);
      g_clear_pointer (&self->flusher, g_source_unref);
    }
}

static gssize
gather (JxsSocketCore *self, const void *data, gsize count, GError **error)
{
  JxsByteBuffer *waiting = &self->out.buffer;
  /* A TLS record is taken whole: GnuTLS would have half of one repeated. */
  gboolean whole = count <= JXS_SOCKET_WHOLE;
  gssize sent = -1;
  gsize n;

  if (jxs_byte_buffer_get_length (waiting) + count > self->gather_max)
    {
      g_autoptr (GError) local_error = NULL;

      if (!send_gathered (self, &local_error) &&
          (self->error != NULL || jxs_byte_buffer_get_length (waiting) >= self->gather_max))
        {
          update_out_ready (self);
          g_propagate_error (error, g_steal_pointer (&local_error));
          return -1;
        }
      /* What is as large as all that could be gathered gains nothing by being copied; unless the
       * socket is full: then its room here must not go on saying that there is some. */
      if (jxs_byte_buffer_get_length (waiting) == 0 && count >= self->gather_max && !self->relayed)
        {
          sent = send_now (self, data, count, &local_error);
          if (sent == (gssize) count || (sent >= 0 && !whole))
            return sent;
          if (self->error != NULL)
            {
              g_propagate_error (error, g_steal_pointer (&local_error));
              return -1;
            }
        }
    }

  sent = MAX (sent, 0);
  n = whole ? count - sent : MIN (count, self->gather_max - jxs_byte_buffer_get_length (waiting));
  jxs_byte_buffer_reserve (waiting, n, GATHER_MIN);
  memcpy (waiting->data + waiting->end, (const guint8 *) data + sent, n);
  waiting->end += n;
  return sent + n;
}

static void
note_written (JxsSocketCore *self)
{
  gint64 now = jxs_clock_now () / 1000;
  JxsTailPath path;

  if (jxs_tail_machine_wants_path (&self->tail, now))
    {
      look_at_path (self, &path);
      jxs_tail_machine_written (&self->tail, &path, now);
    }
  else
    jxs_tail_machine_written (&self->tail, NULL, now);
}

static gssize
write_now (JxsSocketCore *self, const void *data, gsize count, gboolean blocking, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  gboolean gathering = !blocking && self->gathering;
  gssize sent = -1;

  if (report_error (self, error))
    return -1;
  if (self->relayed)
    note_written (self);
  /* Who blocks has no main loop that could send it later. */
  if (gathering || self->relayed)
    {
      sent = gather (self, data, count, error);
      if (sent >= 0 && !gathering)
        send_gathered (self, NULL);
      if (sent >= 0)
        see_to_rest (self);
    }
  else if (send_gathered (self, error))
    sent = send_now (self, data, count, error);
  update_out_ready (self);
  return sent;
}

static gboolean
wait_for_room (JxsSocketCore *self, GCancellable *cancellable, GError **error)
{
  if (g_atomic_int_get (&self->abandoned))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "Stream is being dropped");
      return FALSE;
    }
  return g_socket_condition_wait (self->socket, G_IO_OUT, cancellable, error);
}

gssize
jxs_socket_core_write (JxsSocketCore *self,
                       const void *buffer,
                       gsize count,
                       gboolean blocking,
                       GCancellable *cancellable,
                       GError **error)
{
  if (count == 0)
    return 0;

  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      gssize n;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;
      n = write_now (self, buffer, count, blocking, &local_error);
      if (n >= 0)
        return n;
      if (!blocking || !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return -1;
        }
      if (!wait_for_room (self, cancellable, error))
        return -1;
    }
}

gboolean
jxs_socket_core_has_room (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  return self->gathering && self->error == NULL && !self->out.closed &&
         jxs_byte_buffer_get_length (&self->out.buffer) < self->gather_max;
}

gboolean
jxs_socket_core_make_room (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  g_autoptr (GError) local_error = NULL;

  if (report_error (self, error))
    return FALSE;
  if (!self->gathering || jxs_byte_buffer_get_length (&self->out.buffer) < self->gather_max)
    return TRUE;
  send_gathered (self, &local_error);
  update_out_ready (self);
  see_to_rest (self);
  if (self->error == NULL && jxs_byte_buffer_get_length (&self->out.buffer) < self->gather_max)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static gboolean
flush_now (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  gboolean done = send_gathered (self, error);

  update_out_ready (self);
  if (done)
    see_to_rest (self);
  return done;
}

gboolean
jxs_socket_core_flush (JxsSocketCore *self,
                       gboolean blocking,
                       GCancellable *cancellable,
                       GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local_error = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (flush_now (self, &local_error))
        return TRUE;
      if (!blocking || !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (!wait_for_room (self, cancellable, error))
        return FALSE;
    }
}

void
jxs_socket_core_set_gathering (JxsSocketCore *self, gboolean gathering)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  self->gathering = gathering;
  if (jxs_byte_buffer_get_length (&self->out.buffer) == 0)
    jxs_byte_buffer_clear (&self->out.buffer);
  if (gathering && self->flusher == NULL)
    {
      g_clear_pointer (&self->context, g_main_context_unref);
      self->context = g_main_context_ref_thread_default ();
      see_to_rest (self);
    }
  update_out_ready (self);
}

void
jxs_socket_core_set_relayed (JxsSocketCore *self, gboolean relayed)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  if (relayed && !self->relayed)
    {
      JxsTailPath path;

      look_at_path (self, &path);
      jxs_tail_machine_init (&self->tail, &path);
    }
  self->relayed = relayed;
  if (self->context == NULL)
    self->context = g_main_context_ref_thread_default ();
  see_to_rest (self);
}

void
jxs_socket_core_finish (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  self->finishing = TRUE;
}

/* Polling */

GSource *
jxs_socket_core_create_source (JxsSocketCore *self,
                               GObject *stream,
                               GIOCondition condition,
                               GCancellable *cancellable)
{
  return jxs_socket_direction_create_source (
      condition == G_IO_IN ? &self->in : &self->out, self->socket, stream, condition, cancellable);
}

gboolean
jxs_socket_core_is_ready (JxsSocketCore *self, GIOCondition condition)
{
  JxsSocketDirection *direction = condition == G_IO_IN ? &self->in : &self->out;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&direction->mutex);

  return direction->ready || g_socket_condition_check (self->socket, condition) != 0;
}

/* The end */

void
jxs_socket_core_set_reason (JxsSocketCore *self, const GError *reason)
{
  jxs_socket_direction_set_reason (&self->in, reason);
  jxs_socket_direction_set_reason (&self->out, reason);
}

GError *
jxs_socket_core_dup_error (JxsSocketCore *self)
{
  GError *error = jxs_socket_direction_dup_end (&self->in);

  return error != NULL ? error : jxs_socket_direction_dup_end (&self->out);
}

void
jxs_socket_core_abandon (JxsSocketCore *self)
{
  g_atomic_int_set (&self->abandoned, TRUE);
}

gboolean
jxs_socket_core_shutdown_write (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  return g_socket_shutdown (self->socket, FALSE, TRUE, error);
}

gboolean
jxs_socket_core_drain (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) in_locker = g_mutex_locker_new (&self->in.mutex);
  g_autoptr (GMutexLocker) out_locker = g_mutex_locker_new (&self->out.mutex);

  jxs_socket_direction_close (&self->in);
  jxs_socket_direction_close (&self->out);
  return jxs_tcp_drain (self->socket);
}

gboolean
jxs_socket_core_close (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) in_locker = g_mutex_locker_new (&self->in.mutex);
  g_autoptr (GMutexLocker) out_locker = g_mutex_locker_new (&self->out.mutex);

  drop_flusher (self);
  drop_tail (self);
  self->finishing = TRUE;
  if (self->relayed && jxs_byte_buffer_get_length (&self->out.buffer) > 0)
    send_gathered (self, NULL); /* what nobody waited for */
  jxs_socket_direction_close (&self->in);
  jxs_socket_direction_close (&self->out);
  jxs_tcp_drain (self->socket);
  /* Wakes who blocks in another thread; closing alone does not. */
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  return g_io_stream_close (G_IO_STREAM (self->connection), NULL, error);
}

gsize
jxs_socket_core_get_pending (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  if (self->out.closed)
    return 0;
  return jxs_byte_buffer_get_length (&self->out.buffer) + jxs_tcp_get_unacknowledged (self->socket);
}

guint64
jxs_socket_core_get_bytes_read (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->in.mutex);

  return self->in.bytes;
}

guint64
jxs_socket_core_get_bytes_written (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  return self->out.bytes;
}
