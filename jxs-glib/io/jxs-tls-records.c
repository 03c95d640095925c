/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-session-impl-private.h"

#include <glib/gi18n-lib.h>

#define MAX_RECORD 16384 /* RFC 8446 §5.1 */
/* Records without application bytes that one read goes through; then others get their turn. */
#define MAX_IDLE_RECORDS 16

int
jxs_tls_session_finish_record (JxsTlsSession *self)
{
  gssize result;

  if (!self->has_record)
    return 0;
  result = gnutls_record_send (self->gnutls, NULL, 0);
  /* The peer asked for new keys meanwhile: GnuTLS has sent the rest and them, and finds no more. */
  if (result == GNUTLS_E_INVALID_REQUEST)
    result = 0;
  if (!jxs_tls_is_passing (result))
    self->has_record = FALSE;
  return result < 0 ? result : 0;
}

void
jxs_tls_session_send_alert (JxsTlsSession *self, gnutls_alert_level_t level, int alert)
{
  if (alert < 0 || self->said_bye || self->base_errors[OUT] != NULL ||
      jxs_tls_session_finish_record (self) < 0)
    return;
  for (int i = 0; i < 2; i++)
    if (!jxs_tls_is_passing (gnutls_alert_send (self->gnutls, level, alert)))
      return;
  self->has_record = TRUE;
}

void
jxs_tls_session_complain (JxsTlsSession *self, int result)
{
  int alert = self->input_alert;

  if (alert < 0 && result != GNUTLS_E_FATAL_ALERT_RECEIVED && !self->base_ended &&
      self->base_errors[IN] == NULL)
    alert = gnutls_error_to_alert (result, NULL);
  jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, alert);
}

/* RFC 5246 §7.2.2: a warning; the peer decides whether it can live with that. */
static gboolean
refuse_renegotiation (JxsTlsSession *self)
{
  if (++self->nuisances >= JXS_TLS_MAX_NUISANCES)
    return FALSE;
  jxs_tls_session_send_alert (self, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
  return TRUE;
}

static void
reading_failed (JxsTlsSession *self, int result)
{
  GError *error = jxs_tls_session_explain (self, IN, result);

  jxs_tls_session_complain (self, result);
  if ((result == GNUTLS_E_PULL_ERROR && self->input_alert < 0) || self->base_ended)
    {
      /* Writing goes on as long as base takes it. */
      jxs_tls_session_fail_direction (self, IN, error);
      return;
    }
  jxs_tls_session_fail (self, error);
}

/* The bytes of one record at most; 0: the end; -1: would block, or failed, as errors[IN] tells. */
static gssize
read_record (JxsTlsSession *self, void *buffer, gsize count)
{
  for (int i = 0; i < MAX_IDLE_RECORDS; i++)
    {
      gssize n;

      self->pulled = FALSE;
      jxs_tls_guard_begin (&self->guard);
      n = gnutls_record_recv (self->gnutls, buffer, count);
      jxs_tls_guard_end (&self->guard, n > 0);
      if (n > 0)
        {
          self->overhead = 0;
          return n;
        }
      if (n == 0)
        {
          self->peer_done = TRUE;
          return 0;
        }
      if (jxs_tls_is_passing (n))
        {
          /* A record that was not for the application may have been the reason. */
          if (!self->pulled)
            return -1;
          continue;
        }
      if (n == GNUTLS_E_REHANDSHAKE && refuse_renegotiation (self))
        continue;
      if (n == GNUTLS_E_WARNING_ALERT_RECEIVED && ++self->nuisances < JXS_TLS_MAX_NUISANCES)
        continue;
      if (n == GNUTLS_E_PREMATURE_TERMINATION && !self->require_close_notify)
        {
          self->peer_done = TRUE;
          return 0;
        }
      reading_failed (self, n);
      return -1;
    }
  return -1;
}

gssize
jxs_tls_session_read (JxsTlsSession *self, void *buffer, gsize count, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gsize moved = 0;

  if (!jxs_tls_session_get_ready (self, IN, error))
    return -1;
  if (count == 0)
    return 0;
  /* More than one record only where there is room for whole ones: what is small is asked for again
   * anyway. */
  while (moved == 0 || count - moved >= MAX_RECORD)
    {
      gssize n = self->peer_done ? 0 : read_record (self, (guint8 *) buffer + moved, count - moved);

      if (n <= 0)
        break;
      moved += n;
    }
  if (moved > 0 || self->peer_done)
    return moved;
  if (!jxs_tls_session_report (self, IN, error))
    jxs_tls_session_set_would_block (error);
  return -1;
}

static void
writing_failed (JxsTlsSession *self, int result)
{
  jxs_tls_session_fail_direction (self, OUT, jxs_tls_session_explain (self, OUT, result));
}

/* Whether base will take a whole record now; only one that gathers can tell. */
static gboolean
has_room (JxsTlsSession *self)
{
  return self->socket != NULL && jxs_socket_stream_has_room (self->socket);
}

/* -1: would block, or failed, as errors[OUT] tells. */
static gssize
write_record (JxsTlsSession *self, const void *buffer, gsize count)
{
  gssize n;

  n = jxs_tls_session_finish_record (self);
  if (n == 0 && self->record_size > 0)
    {
      n = self->record_size;
      self->record_size = 0;
      return n;
    }
  if (n == 0)
    {
      n = gnutls_record_send (self->gnutls, buffer, MIN (count, MAX_RECORD));
      if (n >= 0)
        return n;
      if (jxs_tls_is_passing (n))
        {
          self->has_record = TRUE;
          self->record_size = MIN (count, MAX_RECORD);
        }
    }
  if (!jxs_tls_is_passing (n))
    writing_failed (self, n);
  return -1;
}

gssize
jxs_tls_session_write (JxsTlsSession *self, const void *buffer, gsize count, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gsize moved = 0;

  if (!jxs_tls_session_get_ready (self, OUT, error))
    return -1;
  if (count == 0)
    return 0;
  if (count < self->record_size)
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           G_IO_ERROR_INVALID_ARGUMENT,
                           "A write that would block has to be repeated with the same bytes");
      return -1;
    }
  if (self->record_size == 0 && self->socket != NULL &&
      !jxs_socket_stream_make_room (self->socket, error))
    return -1;

  do
    {
      gssize n = write_record (self, (const guint8 *) buffer + moved, count - moved);

      if (n < 0)
        break;
      moved += n;
    }
  while (moved < count && has_room (self));
  if (moved > 0)
    return moved;
  if (!jxs_tls_session_report (self, OUT, error))
    jxs_tls_session_set_would_block (error);
  return -1;
}

/* The peer is not kept waiting for what is half under way. */
gboolean
jxs_tls_session_flush (JxsTlsSession *self, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int result;

  if (self->closed[OUT])
    return TRUE;
  if (jxs_tls_session_report (self, OUT, error))
    return FALSE;
  result = jxs_tls_session_finish_record (self);
  if (jxs_tls_is_passing (result))
    {
      jxs_tls_session_set_would_block (error);
      return FALSE;
    }
  if (result < 0)
    writing_failed (self, result);
  return !jxs_tls_session_report (self, OUT, error);
}

/* The end */

gboolean
jxs_tls_session_bye (JxsTlsSession *self, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int result;

  /* Who gave up waiting for room has closed it too. */
  if (self->said_bye || self->closed[OUT] || self->state != JXS_TLS_SESSION_READY || self->inside)
    return TRUE;
  if (self->errors[OUT] != NULL)
    {
      g_propagate_error (error, g_error_copy (self->errors[OUT]));
      return FALSE;
    }
  result = jxs_tls_session_finish_record (self);
  if (result == 0)
    result = gnutls_bye (self->gnutls, GNUTLS_SHUT_WR);
  if (jxs_tls_is_passing (result))
    {
      jxs_tls_session_set_would_block (error);
      return FALSE;
    }
  self->said_bye = TRUE;
  if (result < 0)
    {
      writing_failed (self, result);
      g_propagate_error (error, g_error_copy (self->errors[OUT]));
    }
  return result >= 0;
}

void
jxs_tls_session_alert (JxsTlsSession *self, int alert)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  jxs_tls_session_send_alert (self, GNUTLS_AL_FATAL, alert);
  self->said_bye = TRUE;
  jxs_tls_session_fail_direction (
      self, OUT, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The peer was refused")));
  jxs_tls_session_wake (self);
}

void
jxs_tls_session_close (JxsTlsSession *self, GIOCondition condition)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  self->closed[IN] = self->closed[IN] || (condition & G_IO_IN) != 0;
  self->closed[OUT] = self->closed[OUT] || (condition & G_IO_OUT) != 0;
  jxs_tls_session_wake (self);
}
