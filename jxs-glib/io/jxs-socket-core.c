/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-socket-core-private.h"

#include "jxs-byte-buffer-private.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* What is held per stream for a reader that stops in the middle or a peer that does not read.
 * Larger pieces measured slower: they fall out of the processor's cache before they are looked at.
 */
#define READ_AHEAD_MIN (16 * 1024) /* one TLS record */
#define READ_AHEAD_MAX (64 * 1024)
#define GATHER_MIN (16 * 1024)
#define GATHER_MAX (128 * 1024)
#define GATHER_MAX_LOCAL (16 * 1024) /* between threads a send costs little, hidden bytes a lot */
#define DRAIN_MAX (1024 * 1024)      /* read and dropped at close; a peer may send for ever */

/* Who is woken when the buffer makes ready. It is no source: one that another thread is about to
 * drop can neither be told anything nor be referenced. */
typedef struct
{
  GMainContext *context; /* (owned) (nullable): once the source was polled there */
} Waiter;

typedef struct
{
  GMutex mutex;
  JxsByteBuffer buffer;
  GSList *waiters; /* (element-type Waiter): of each source; not owned */
  gboolean ready;  /* the buffer alone makes the sources ready */
  gboolean closed;
  guint64 bytes;
  GError *reason; /* (owned) (nullable): what its end is reported as */
} Direction;

struct _JxsSocketCore
{
  gatomicrefcount ref_count;
  GSocketConnection *connection; /* (owned) */
  GSocket *socket;               /* (owned) */
  int abandoned;                 /* atomic */

  Direction in;
  gsize read_ahead; /* bytes to ask for next; guarded by in.mutex, as is what is above it */

  /* All guarded by out.mutex. */
  Direction out;
  gboolean gathering;
  gboolean in_flights; /* blocking writes are gathered, until somebody wants to read */
  gsize gather_max;
  GMainContext *context; /* (owned) (nullable): where gathered bytes are sent from */
  GSource *flusher;      /* (owned) (nullable): attached while bytes wait */
  GError *error;         /* (owned) (nullable): a send failed; reported from then on */
};

/* Called with the mutex held. */
static void
direction_set_ready (Direction *self, gboolean ready)
{
  ready = ready || self->closed;
  if (self->ready == ready)
    return;

  self->ready = ready;
  if (!ready)
    return;
  for (GSList *l = self->waiters; l != NULL; l = l->next)
    {
      GMainContext *context = ((Waiter *) l->data)->context;

      /* Whoever runs the loop here looks again before it sleeps. */
      if (context != NULL && !g_main_context_is_owner (context))
        g_main_context_wakeup (context);
    }
}

JxsSocketCore *
jxs_socket_core_new (GSocketConnection *connection)
{
  JxsSocketCore *self = g_new0 (JxsSocketCore, 1);
  GSocketFamily family;

  g_atomic_ref_count_init (&self->ref_count);
  self->connection = g_object_ref (connection);
  self->socket = g_object_ref (g_socket_connection_get_socket (connection));
  g_mutex_init (&self->in.mutex);
  g_mutex_init (&self->out.mutex);
  self->read_ahead = READ_AHEAD_MIN;

  family = g_socket_get_family (self->socket);
  self->gather_max = family == G_SOCKET_FAMILY_UNIX ? GATHER_MAX_LOCAL : GATHER_MAX;
  if (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
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

  /* Sources and the flusher hold a reference: there are none left. */
  g_assert (self->in.waiters == NULL && self->out.waiters == NULL && self->flusher == NULL);
  jxs_byte_buffer_clear (&self->in.buffer);
  jxs_byte_buffer_clear (&self->out.buffer);
  g_mutex_clear (&self->in.mutex);
  g_mutex_clear (&self->out.mutex);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_clear_error (&self->in.reason);
  g_clear_error (&self->out.reason);
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
  direction_set_ready (&self->in, jxs_byte_buffer_get_length (ahead) > 0);
  return n;
}

/* Called with in.mutex held. */
static gssize
end_of_file (JxsSocketCore *self, GError **error)
{
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
  gssize n;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->in.mutex);

  if (jxs_byte_buffer_get_length (ahead) > 0)
    return take_read_ahead (self, buffer, count);

  if (count >= self->read_ahead)
    {
      n = g_socket_receive_with_blocking (self->socket, buffer, count, FALSE, NULL, error);
      if (n > 0)
        self->in.bytes += n;
      else
        jxs_byte_buffer_clear (ahead);
      return n == 0 ? end_of_file (self, error) : n;
    }

  jxs_byte_buffer_reserve (ahead, self->read_ahead, self->read_ahead);
  n = g_socket_receive_with_blocking (
      self->socket, (char *) ahead->data, self->read_ahead, FALSE, NULL, error);
  if (n <= 0)
    {
      jxs_byte_buffer_clear (ahead);
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

/* Who waits for the peer has said all it had to say. */
static gboolean
end_flight (JxsSocketCore *self, gboolean blocking, GCancellable *cancellable, GError **error)
{
  gboolean waiting;

  g_mutex_lock (&self->out.mutex);
  waiting = self->in_flights && jxs_byte_buffer_get_length (&self->out.buffer) > 0;
  g_mutex_unlock (&self->out.mutex);

  return !waiting || jxs_socket_core_flush (self, blocking, cancellable, error);
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
      if (!end_flight (self, TRUE, cancellable, error) ||
          !g_socket_condition_wait (self->socket, G_IO_IN, cancellable, error))
        return -1;
    }
}

void
jxs_socket_core_forget_read_ahead (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->in.mutex);

  jxs_byte_buffer_clear (&self->in.buffer);
  direction_set_ready (&self->in, FALSE);
}

/* Writing; static functions are called with out.mutex held */

static void
update_out_ready (JxsSocketCore *self)
{
  gboolean has_room =
      self->gathering && jxs_byte_buffer_get_length (&self->out.buffer) < self->gather_max;

  /* Without room, or when nothing is gathered, the socket alone decides. */
  direction_set_ready (&self->out, has_room || self->error != NULL);
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
      return n;
    }

  if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) && self->error == NULL)
    {
      if (self->out.reason != NULL)
        {
          g_clear_error (&local_error);
          local_error = g_error_copy (self->out.reason);
        }
      self->error = g_error_copy (local_error);
      jxs_byte_buffer_clear (&self->out.buffer);
      update_out_ready (self);
    }
  g_propagate_error (error, g_steal_pointer (&local_error));
  return -1;
}

/* TRUE: nothing is waiting any more. */
static gboolean
send_gathered (JxsSocketCore *self, GError **error)
{
  JxsByteBuffer *waiting = &self->out.buffer;

  if (report_error (self, error))
    return FALSE;

  while (jxs_byte_buffer_get_length (waiting) > 0)
    {
      gssize n = send_now (self,
                           waiting->data + waiting->start,
                           jxs_byte_buffer_get_length (waiting),
                           error);

      if (n < 0)
        return FALSE;
      jxs_byte_buffer_skip (waiting, n);
    }
  return TRUE;
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
  jxs_byte_buffer_clear (&core->out.buffer);
  g_clear_pointer (&core->flusher, g_source_unref);
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
  if (self->flusher != NULL || self->in_flights ||
      jxs_byte_buffer_get_length (&self->out.buffer) == 0)
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
      if (jxs_byte_buffer_get_length (waiting) == 0 && count >= self->gather_max)
        {
          gssize sent = send_now (self, data, count, &local_error);

          if (sent >= 0)
            return sent;
          if (self->error != NULL)
            {
              g_propagate_error (error, g_steal_pointer (&local_error));
              return -1;
            }
        }
    }

  n = MIN (count, self->gather_max - jxs_byte_buffer_get_length (waiting));
  jxs_byte_buffer_reserve (waiting, n, GATHER_MIN);
  memcpy (waiting->data + waiting->end, data, n);
  waiting->end += n;
  ensure_flusher (self);
  update_out_ready (self);
  return n;
}

static gssize
write_now (JxsSocketCore *self, const void *data, gsize count, gboolean blocking, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  gssize sent = -1;

  if (report_error (self, error))
    return -1;
  /* Who blocks has no main loop that could send it later. */
  if (blocking ? self->in_flights : self->gathering)
    return gather (self, data, count, error);
  if (send_gathered (self, error))
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

static gboolean
flush_now (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);
  gboolean done = send_gathered (self, error);

  update_out_ready (self);
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
  self->in_flights = FALSE;
  if (jxs_byte_buffer_get_length (&self->out.buffer) == 0)
    jxs_byte_buffer_clear (&self->out.buffer);
  if (gathering && self->flusher == NULL)
    {
      g_clear_pointer (&self->context, g_main_context_unref);
      self->context = g_main_context_ref_thread_default ();
      ensure_flusher (self);
    }
  update_out_ready (self);
}

void
jxs_socket_core_set_in_flights (JxsSocketCore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->out.mutex);

  self->in_flights = TRUE;
}

/* Polling */

typedef struct
{
  GSource source;
  JxsSocketCore *core; /* (owned) */
  Direction *direction;
  GObject *stream; /* (owned) */
  gpointer fd_tag; /* (nullable) */
  Waiter *waiter;  /* (owned) */
} Watch;

static gboolean
watch_is_ready (GSource *source)
{
  Watch *self = (Watch *) source;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->direction->mutex);

  if (self->waiter->context == NULL)
    self->waiter->context = g_main_context_ref (g_source_get_context (source));
  if (self->direction->closed && self->fd_tag != NULL)
    g_source_remove_unix_fd (source, g_steal_pointer (&self->fd_tag));
  return self->direction->ready;
}

static gboolean
watch_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return watch_is_ready (source);
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  GPollableSourceFunc func = (GPollableSourceFunc) (void (*) (void)) callback;

  return func != NULL ? func (((Watch *) source)->stream, user_data) : G_SOURCE_REMOVE;
}

static void
watch_finalize (GSource *source)
{
  Watch *self = (Watch *) source;

  g_mutex_lock (&self->direction->mutex);
  self->direction->waiters = g_slist_remove (self->direction->waiters, self->waiter);
  g_mutex_unlock (&self->direction->mutex);
  g_clear_pointer (&self->waiter->context, g_main_context_unref);
  g_free (self->waiter);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->core, jxs_socket_core_unref);
}

/* For g_source_set_closure(), as bindings use it. */
static gboolean
watch_closure_callback (GObject *stream, gpointer user_data)
{
  g_auto (GValue) param = G_VALUE_INIT;
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&param, G_TYPE_OBJECT);
  g_value_set_object (&param, stream);
  g_closure_invoke (user_data, &result, 1, &param, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs watch_funcs = {
  .prepare = watch_prepare,
  .check = watch_is_ready,
  .dispatch = watch_dispatch,
  .finalize = watch_finalize,
  .closure_callback = G_SOURCE_FUNC (watch_closure_callback),
  .closure_marshal = (GSourceDummyMarshal) g_cclosure_marshal_generic,
};

GSource *
jxs_socket_core_create_source (JxsSocketCore *self,
                               GObject *stream,
                               GIOCondition condition,
                               GCancellable *cancellable)
{
  Direction *direction = condition == G_IO_IN ? &self->in : &self->out;
  GSource *source = g_source_new (&watch_funcs, sizeof (Watch));
  Watch *watch = (Watch *) source;
  g_autoptr (GMutexLocker) locker = NULL;

  g_source_set_static_name (source, "[jxs] socket stream");
  watch->core = jxs_socket_core_ref (self);
  watch->direction = direction;
  watch->stream = g_object_ref (stream);
  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_dummy_callback (child);
      g_source_add_child_source (source, child);
    }

  locker = g_mutex_locker_new (&direction->mutex);
  if (!direction->closed)
    watch->fd_tag = g_source_add_unix_fd (source, g_socket_get_fd (self->socket), condition);
  watch->waiter = g_new0 (Waiter, 1);
  direction->waiters = g_slist_prepend (direction->waiters, watch->waiter);
  return source;
}

gboolean
jxs_socket_core_is_ready (JxsSocketCore *self, GIOCondition condition)
{
  Direction *direction = condition == G_IO_IN ? &self->in : &self->out;
  g_autoptr (GMutexLocker) locker = NULL;

  if (condition == G_IO_IN)
    end_flight (self, FALSE, NULL, NULL);
  locker = g_mutex_locker_new (&direction->mutex);
  return direction->ready || g_socket_condition_check (self->socket, condition) != 0;
}

/* The end */

void
jxs_socket_core_set_reason (JxsSocketCore *self, const GError *reason)
{
  Direction *const directions[] = { &self->in, &self->out };

  for (guint i = 0; i < G_N_ELEMENTS (directions); i++)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&directions[i]->mutex);

      if (directions[i]->reason == NULL)
        directions[i]->reason = g_error_copy (reason);
    }
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

/* The number of the socket may soon belong to another: who polls it is woken and leaves it, and is
 * told by the next read or write. */
static void
direction_close (Direction *self)
{
  self->closed = TRUE;
  jxs_byte_buffer_clear (&self->buffer);
  direction_set_ready (self, TRUE);
}

/* A TCP socket that is closed with bytes unread sends a reset, and what it sent before can be lost
 * on the way. */
static void
drain (JxsSocketCore *self)
{
  guint8 buffer[16 * 1024];
  gsize total = 0;
  gssize n;

  if (!g_socket_shutdown (self->socket, FALSE, TRUE, NULL))
    return;
  do
    {
      n = g_socket_receive_with_blocking (
          self->socket, (char *) buffer, sizeof buffer, FALSE, NULL, NULL);
      total += MAX (n, 0);
    }
  while (n > 0 && total < DRAIN_MAX);
}

gboolean
jxs_socket_core_close (JxsSocketCore *self, GError **error)
{
  g_autoptr (GMutexLocker) in_locker = g_mutex_locker_new (&self->in.mutex);
  g_autoptr (GMutexLocker) out_locker = g_mutex_locker_new (&self->out.mutex);

  drop_flusher (self);
  direction_close (&self->in);
  direction_close (&self->out);
  drain (self);
  return g_io_stream_close (G_IO_STREAM (self->connection), NULL, error);
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
