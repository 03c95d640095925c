/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-conduit-state-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>

JxsConduit *
jxs_conduit_new (GIOStream *stream, gboolean half_close)
{
  JxsConduit *self = g_new0 (JxsConduit, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  jxs_conduit_set_stream (self, stream, half_close);
  self->context = g_main_context_ref_thread_default ();
  self->over = g_cancellable_new ();
  self->shut = g_cancellable_new ();
  return self;
}

void
jxs_conduit_set_stream (JxsConduit *self, GIOStream *stream, gboolean half_close)
{
  g_mutex_lock (&self->lock);
  g_set_object (&self->stream, stream);
  self->half_close = half_close;
  self->input = g_io_stream_get_input_stream (stream);
  self->output = g_io_stream_get_output_stream (stream);
  self->received = FALSE;
  g_mutex_unlock (&self->lock);
}

JxsConduit *
jxs_conduit_ref (JxsConduit *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
jxs_conduit_unref (JxsConduit *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_object (&self->stream);
  g_clear_object (&self->over);
  g_clear_object (&self->shut);
  g_clear_error (&self->reason);
  g_clear_error (&self->failures[JXS_CONDUIT_READING]);
  g_clear_error (&self->failures[JXS_CONDUIT_WRITING]);
  g_clear_error (&self->shut_error);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
stop_holding (JxsConduit *self)
{
  g_autoptr (GSource) hold = NULL;

  g_mutex_lock (&self->lock);
  hold = g_steal_pointer (&self->hold);
  g_mutex_unlock (&self->lock);
  if (hold != NULL)
    g_source_destroy (hold);
}

void
jxs_conduit_session_over (JxsConduit *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (!self->session_over)
    {
      self->session_over = TRUE;
      self->reason = error != NULL ? g_error_copy (error) : NULL;
    }
  g_mutex_unlock (&self->lock);
  stop_holding (self);
  g_cancellable_cancel (self->over);
}

void
jxs_conduit_shut (JxsConduit *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->shut_error == NULL)
    self->shut_error =
        error != NULL
            ? g_error_copy (error)
            : g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
  g_mutex_unlock (&self->lock);
  stop_holding (self);
  g_cancellable_cancel (self->shut);
}

gboolean
jxs_conduit_is_output_closed (JxsConduit *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->output_closed;
}

gboolean
jxs_conduit_is_peer_first (JxsConduit *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->peer_first;
}

gboolean
jxs_conduit_is_peer_eof (JxsConduit *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->peer_eof;
}

GError *
jxs_conduit_dup_failure (JxsConduit *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  for (guint i = 0; i < G_N_ELEMENTS (self->failures); i++)
    if (self->failures[i] != NULL)
      return g_error_copy (self->failures[i]);
  return NULL;
}

static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* The transport went away below: what is missing is a reason. The lock is held. */
static gboolean
is_bare_end (JxsConduit *self, const GError *error)
{
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    self->broken = TRUE;
  else if (!g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_MISC))
    return FALSE;
  /* Once it is broken GnuTLS says of both directions only that its session is of no use. */
  return self->broken || self->reason != NULL;
}

/* (transfer full); the lock is held */
static GError *
explain_locked (JxsConduit *self, const GError *error)
{
  if (self->shut_error != NULL)
    return g_error_copy (self->shut_error);
  if (is_bare_end (self, error))
    return self->reason != NULL
               ? g_error_copy (self->reason)
               : g_error_new_literal (JXS_ERROR,
                                      JXS_ERROR_TRUNCATED,
                                      _ ("The stream ended without a proper close"));
  /* A TLS 1.3 client has finished before the server judges its certificate: the refusal arrives in
   * place of the first byte. */
  if (error->domain == G_TLS_ERROR && !self->received)
    return g_error_new (JXS_ERROR,
                        JXS_ERROR_SECURITY,
                        _ ("The peer refused the encrypted connection: %s"),
                        error->message);
  return g_error_copy (error);
}

GError *
jxs_conduit_explain (JxsConduit *self, GError *error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GError *explained = explain_locked (self, error);

  g_error_free (error);
  return explained;
}

static gboolean
hold_expired_cb (gpointer user_data)
{
  JxsConduit *self = user_data;

  g_cancellable_cancel (self->over);
  stop_holding (self);
  return G_SOURCE_REMOVE;
}

/* An end without explanation: the session's reason may be on its way. The lock is held. */
static void
hold (JxsConduit *self, guint direction)
{
  self->held[direction] = TRUE;
  if (self->hold != NULL)
    return;
  self->hold = jxs_clock_timeout_new (JXS_CONDUIT_HOLD_MS);
  g_source_set_static_name (self->hold, "[jxs] unexplained end");
  g_source_set_callback (self->hold,
                         hold_expired_cb,
                         jxs_conduit_ref (self),
                         (GDestroyNotify) jxs_conduit_unref);
  g_source_attach (self->hold, self->context);
}

static void
wait_for_reason (JxsConduit *self, GCancellable *cancellable)
{
  GCancellable *events[] = { self->over, self->shut, cancellable };
  GCancellable *taken[G_N_ELEMENTS (events)];
  GPollFD fds[G_N_ELEMENTS (events)];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_cancellable_make_pollfd (events[i], &fds[n]))
      taken[n++] = events[i];
  g_poll (fds, n, JXS_CONDUIT_HOLD_MS);
  for (guint i = 0; i < n; i++)
    g_cancellable_release_fd (taken[i]);
}

/* Whether nothing more will be learnt about an end. The lock is held. */
static gboolean
is_explained (JxsConduit *self)
{
  return self->session_over || self->shut_error != NULL || g_cancellable_is_cancelled (self->over);
}

/* Turns what the stream below said into what the application gets. problem: (transfer full)
 * (nullable): none is the end of file of a read. -1 with G_IO_ERROR_WOULD_BLOCK: once more later.
 */
gssize
jxs_conduit_judge (JxsConduit *self,
                   guint direction,
                   GError *problem,
                   gboolean blocking,
                   GCancellable *cancellable,
                   GError **error)
{
  /* TLS marks the end of the data itself; without it only the session can say whether an end was
   * meant. */
  gboolean plain = !G_IS_TLS_CONNECTION (self->stream);
  gboolean unexplained;
  GError *explained = NULL;

  if (problem != NULL && is_passing (problem))
    {
      g_propagate_error (error, problem);
      return -1;
    }

  g_mutex_lock (&self->lock);
  unexplained = problem != NULL ? is_bare_end (self, problem) : plain;
  if (unexplained && !is_explained (self))
    {
      if (!blocking)
        {
          hold (self, direction);
          g_mutex_unlock (&self->lock);
          g_clear_error (&problem);
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Waiting for the reason");
          return -1;
        }
      g_mutex_unlock (&self->lock);
      wait_for_reason (self, cancellable);
      g_mutex_lock (&self->lock);
    }
  if (problem != NULL)
    explained = explain_locked (self, problem);
  else if (plain && self->reason != NULL)
    explained = g_error_copy (self->reason);
  else if (!self->peer_eof)
    {
      self->peer_eof = TRUE;
      self->peer_first = !self->output_closed;
    }
  if (explained != NULL && self->failures[direction] == NULL)
    self->failures[direction] = g_error_copy (explained);
  g_mutex_unlock (&self->lock);

  g_clear_error (&problem);
  if (explained == NULL)
    return 0;
  g_propagate_error (error, explained);
  return -1;
}

/* Whether the direction is still in use; a failure stays. */
gboolean
jxs_conduit_check_usable (JxsConduit *self, guint direction, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const GError *reason = self->shut_error != NULL ? self->shut_error : self->failures[direction];

  if (reason != NULL && error != NULL)
    *error = g_error_copy (reason);
  return reason == NULL;
}

gboolean
jxs_conduit_is_holding (JxsConduit *self, guint direction)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->hold != NULL && self->held[direction];
}
