/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-session-private.h"

#include "jxs-socket-stream-private.h"
#include "jxs-tls-credentials-private.h"
#include "jxs-tls-error-private.h"
#include "jxs-tls-guard-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Octets from the peer without one for the application: a handshake with a certificate of 100 KiB
 * and its issuers; stops a peer from filling memory (GnuTLS waits for the whole of a message, of up
 * to 16 MiB) and from keeping us busy for nothing. */
#define MAX_OVERHEAD (192 * 1024)
/* Refused renegotiations and warnings within a connection; stops a peer that keeps us busy. */
#define MAX_NUISANCES 16
#define MAX_RECORD 16384 /* RFC 8446 §5.1 */
/* Records without application bytes that one read goes through; then others get their turn. */
#define MAX_IDLE_RECORDS 16

enum
{
  IN,
  OUT,
  N_DIRECTIONS,
};

struct _JxsTlsSession
{
  gatomicrefcount ref_count;
  GRecMutex mutex; /* GnuTLS can be used in one thread at a time only */

  GIOStream *base;                 /* (owned) */
  GPollableInputStream *base_in;   /* (unowned): of base */
  GPollableOutputStream *base_out; /* (unowned): of base */
  JxsSocketStream *socket;         /* (unowned) (nullable): base, if it is one */

  const JxsTlsSessionOwner *vtable;
  gpointer owner;  /* (unowned) (nullable) */
  gboolean inside; /* the owner decides */

  gnutls_session_t gnutls; /* (owned) */
  JxsTlsCredentials credentials;
  gboolean pinned;
  gboolean wants_check;
  JxsTlsSessionState state;
  GTlsCertificate *peer; /* (owned) (nullable) */
  GError *verdict;       /* (owned) (nullable): of the judge */
  int verdict_alert;
  int first_byte; /* that came from the peer; -1: none yet */
  guint nuisances;

  GError *errors[N_DIRECTIONS];      /* (owned) (nullable): what all further calls say */
  GError *base_errors[N_DIRECTIONS]; /* (owned) (nullable): of base, below GnuTLS */
  gboolean closed[N_DIRECTIONS];
  JxsTlsGuard guard;
  gsize overhead;  /* octets since the last ones for the application */
  gboolean pulled; /* base gave something since this was cleared */
  gboolean base_ended;
  gboolean peer_done; /* its close_notify came */
  gboolean said_bye;
  gboolean require_close_notify;
  gsize record_size;   /* a write that would block is to be repeated with so many bytes; 0: none */
  gboolean has_record; /* and GnuTLS still holds some of it */

  GPtrArray *contexts; /* (owned) (element-type GMainContext): of each source that is polled */
};

/* Below GnuTLS */

static void
keep_base_error (JxsTlsSession *self, int direction, GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      errno = EAGAIN;
      return;
    }
  if (self->base_errors[direction] == NULL)
    self->base_errors[direction] = error;
  else
    g_error_free (error);
  errno = EIO;
}

static ssize_t
pull_cb (gnutls_transport_ptr_t user_data, void *buffer, size_t count)
{
  JxsTlsSession *self = user_data;
  GError *error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (self->base_in, buffer, count, NULL, &error);

  if (n < 0)
    {
      keep_base_error (self, IN, error);
      return -1;
    }
  self->overhead += n;
  if (self->overhead > MAX_OVERHEAD)
    {
      keep_base_error (self,
                       IN,
                       g_error_new_literal (JXS_ERROR,
                                            JXS_ERROR_LIMIT,
                                            _ ("The TLS messages of the peer are too large")));
      return -1;
    }
  if (!jxs_tls_guard_take (&self->guard, self->gnutls, buffer, n))
    {
      keep_base_error (self,
                       IN,
                       g_error_new_literal (JXS_ERROR,
                                            JXS_ERROR_PROTOCOL,
                                            _ ("The peer sent a TLS record that is empty")));
      return -1;
    }
  if (n == 0)
    self->base_ended = TRUE;
  else if (self->first_byte < 0)
    self->first_byte = *(guint8 *) buffer;
  self->pulled = TRUE;
  return n;
}

static ssize_t
push_cb (gnutls_transport_ptr_t user_data, const void *buffer, size_t count)
{
  JxsTlsSession *self = user_data;
  GError *error = NULL;
  gssize n =
      g_pollable_output_stream_write_nonblocking (self->base_out, buffer, count, NULL, &error);

  if (n < 0)
    keep_base_error (self, OUT, error);
  return n;
}

static int
pull_timeout_cb (gnutls_transport_ptr_t user_data, unsigned int ms)
{
  JxsTlsSession *self = user_data;

  return g_pollable_input_stream_is_readable (self->base_in) ? 1 : 0;
}

/* Errors; called with the mutex held, as all static functions are */

static void
wake_all (JxsTlsSession *self)
{
  for (guint i = 0; i < self->contexts->len; i++)
    g_main_context_wakeup (self->contexts->pdata[i]);
}

static void
set_would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "TLS would block");
}

static gboolean
is_passing (int result)
{
  return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* (transfer full) */
static GError *
explain (JxsTlsSession *self, int direction, int result)
{
  JxsTlsMoment moment = {
    .in_handshake = self->state == JXS_TLS_SESSION_HANDSHAKE,
    .pinned = self->pinned,
    .srp = self->credentials.is_srp,
    .speaks_tls = self->first_byte == 0x16 || self->first_byte == 0x15, /* handshake, alert */
  };

  if (result == GNUTLS_E_PULL_ERROR && self->base_errors[IN] != NULL)
    return g_error_copy (self->base_errors[IN]);
  if (result == GNUTLS_E_PUSH_ERROR && self->base_errors[OUT] != NULL)
    return g_error_copy (self->base_errors[OUT]);
  if (self->base_ended && result != GNUTLS_E_FATAL_ALERT_RECEIVED)
    result = GNUTLS_E_PREMATURE_TERMINATION;
  return jxs_tls_error_new (result, gnutls_alert_get (self->gnutls), &moment);
}

/* error: (transfer full): the first one counts */
static void
fail_direction (JxsTlsSession *self, int direction, GError *error)
{
  if (self->errors[direction] == NULL)
    self->errors[direction] = error;
  else
    g_error_free (error);
}

/* What is half under way. */
static int
finish_record (JxsTlsSession *self)
{
  gssize result;

  if (!self->has_record)
    return 0;
  result = gnutls_record_send (self->gnutls, NULL, 0);
  if (!is_passing (result))
    self->has_record = FALSE;
  return result < 0 ? result : 0;
}

/* As good as it can be done without waiting: the peer may learn it from the end alone. */
static void
send_alert (JxsTlsSession *self, gnutls_alert_level_t level, int alert)
{
  if (alert < 0 || self->said_bye || self->base_errors[OUT] != NULL || finish_record (self) < 0)
    return;
  for (int i = 0; i < 2; i++)
    if (!is_passing (gnutls_alert_send (self->gnutls, level, alert)))
      return;
}

/* error: (transfer full): for both directions */
static void
fail (JxsTlsSession *self, GError *error)
{
  self->state = JXS_TLS_SESSION_FAILED;
  fail_direction (self, OUT, g_error_copy (error));
  fail_direction (self, IN, error);
  wake_all (self);
}

static gboolean
report (JxsTlsSession *self, int direction, GError **error)
{
  if (self->closed[direction])
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "Stream is already closed");
  else if (self->errors[direction] != NULL)
    g_propagate_error (error, g_error_copy (self->errors[direction]));
  else if (self->inside)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "TLS is being decided about");
  else
    return FALSE;
  return TRUE;
}

/* Whether what is derived from the session belongs to it alone (RFC 7627). */
static gboolean
is_bound (JxsTlsSession *self)
{
  return gnutls_protocol_get_version (self->gnutls) >= GNUTLS_TLS1_3 ||
         gnutls_session_ext_master_secret_status (self->gnutls);
}

/* The handshake */

static GTlsCertificate *
take_peer (JxsTlsSession *self)
{
  GTlsBackend *backend = g_tls_backend_get_default ();
  GTlsCertificate *issuer = NULL;
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (self->gnutls, &n);

  if (chain == NULL || n > JXS_TLS_MAX_CHAIN)
    return NULL;
  while (n-- > 0)
    {
      g_autoptr (GByteArray) der = g_byte_array_sized_new (chain[n].size);
      GTlsCertificate *certificate;

      g_byte_array_append (der, chain[n].data, chain[n].size);
      certificate = g_initable_new (g_tls_backend_get_certificate_type (backend),
                                    NULL,
                                    NULL,
                                    "certificate",
                                    der,
                                    "issuer",
                                    issuer,
                                    NULL);
      g_clear_object (&issuer);
      if (certificate == NULL)
        return NULL;
      issuer = certificate;
    }
  return issuer;
}

static gboolean
judge (JxsTlsSession *self)
{
  gboolean accepted;

  if (self->owner == NULL)
    return TRUE;
  self->inside = TRUE;
  accepted = self->vtable->judge (self->peer, self->owner, &self->verdict);
  self->inside = FALSE;
  return accepted;
}

/* Called by GnuTLS when the peer has shown its chain. */
static int
verify_cb (gnutls_session_t gnutls)
{
  JxsTlsCredentials *credentials = gnutls_session_get_ptr (gnutls);
  JxsTlsSession *self =
      (JxsTlsSession *) ((char *) credentials - G_STRUCT_OFFSET (JxsTlsSession, credentials));
  unsigned int n = 0;

  g_clear_object (&self->peer);
  gnutls_certificate_get_peers (gnutls, &n);
  if (n > JXS_TLS_MAX_CHAIN)
    {
      self->verdict = g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_LIMIT,
                                           _ ("The peer shows too many certificates"));
      self->verdict_alert = GNUTLS_A_BAD_CERTIFICATE;
      return GNUTLS_E_CERTIFICATE_ERROR;
    }
  self->peer = take_peer (self);
  if (self->peer == NULL)
    {
      self->verdict = g_error_new_literal (G_TLS_ERROR,
                                           G_TLS_ERROR_BAD_CERTIFICATE,
                                           _ ("The certificate of the peer cannot be read"));
      self->verdict_alert = GNUTLS_A_BAD_CERTIFICATE;
      return GNUTLS_E_CERTIFICATE_ERROR;
    }
  if (judge (self))
    return 0;
  self->verdict_alert = GNUTLS_A_BAD_CERTIFICATE;
  return GNUTLS_E_CERTIFICATE_ERROR;
}

/* What GnuTLS is content with, and we are not. alert: how the peer is told. */
static GError *
find_lack (JxsTlsSession *self, int *alert)
{
  if (self->credentials.is_srp)
    {
      *alert = GNUTLS_A_INSUFFICIENT_SECURITY;
      /* Without it the session is not bound to its handshake (RFC 7627). */
      if (!gnutls_session_ext_master_secret_status (self->gnutls) ||
          !gnutls_session_etm_status (self->gnutls))
        return g_error_new_literal (JXS_ERROR,
                                    JXS_ERROR_SECURITY,
                                    _ ("The peer supports no way of encryption that is safe"));
      return NULL;
    }
  if (!self->pinned)
    return NULL;
  if (self->peer == NULL)
    {
      *alert = GNUTLS_A_CERTIFICATE_REQUIRED;
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_SECURITY,
                                  _ ("The peer did not show a certificate"));
    }
  *alert = GNUTLS_A_ACCESS_DENIED;
  if (self->credentials.role == JXS_TLS_CLIENT && !self->credentials.was_asked)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer did not ask for our certificate: it cannot have "
                                   "checked who we are"));
  return NULL;
}

static void
handshake_done (JxsTlsSession *self)
{
  int alert = -1;
  GError *error = find_lack (self, &alert);

  if (error != NULL)
    {
      send_alert (self, GNUTLS_AL_FATAL, alert);
      fail (self, error);
      return;
    }
  self->state =
      self->wants_check && self->peer != NULL ? JXS_TLS_SESSION_CHECK : JXS_TLS_SESSION_READY;
  jxs_tls_credentials_forget (&self->credentials, self->gnutls);
  wake_all (self);
}

static void
handshake_failed (JxsTlsSession *self, int result)
{
  GError *error;

  if (self->verdict != NULL)
    {
      send_alert (self, GNUTLS_AL_FATAL, self->verdict_alert);
      error = g_steal_pointer (&self->verdict);
    }
  else if (self->credentials.unknown_user)
    {
      /* RFC 5054 §2.5.1.3 */
      send_alert (self, GNUTLS_AL_FATAL, GNUTLS_A_UNKNOWN_PSK_IDENTITY);
      error = g_error_new_literal (JXS_ERROR,
                                   JXS_ERROR_AUTHENTICATION,
                                   _ ("The peer entered the password as somebody else"));
    }
  else
    {
      if (result != GNUTLS_E_FATAL_ALERT_RECEIVED && !self->base_ended &&
          self->base_errors[IN] == NULL)
        send_alert (self, GNUTLS_AL_FATAL, gnutls_error_to_alert (result, NULL));
      error = explain (self, IN, result);
    }
  fail (self, error);
}

gboolean
jxs_tls_session_step (JxsTlsSession *self, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int result;

  if (report (self, IN, error))
    return FALSE;
  if (self->state != JXS_TLS_SESSION_HANDSHAKE)
    return TRUE;

  do
    result = gnutls_handshake (self->gnutls);
  while (result < 0 && !is_passing (result) && !gnutls_error_is_fatal (result) &&
         ++self->nuisances < MAX_NUISANCES);
  if (is_passing (result))
    {
      set_would_block (error);
      return FALSE;
    }
  if (result < 0)
    handshake_failed (self, result);
  else
    handshake_done (self);
  return !report (self, IN, error);
}

void
jxs_tls_session_checked (JxsTlsSession *self, const GError *error, int alert)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  if (self->state != JXS_TLS_SESSION_CHECK)
    return;
  if (error == NULL)
    {
      self->state = JXS_TLS_SESSION_READY;
      wake_all (self);
      return;
    }
  send_alert (self, GNUTLS_AL_FATAL, alert);
  fail (self, g_error_copy (error));
}

/* Reading and writing */

static gboolean
get_ready (JxsTlsSession *self, int direction, GError **error)
{
  if (self->state == JXS_TLS_SESSION_HANDSHAKE && !jxs_tls_session_step (self, error))
    return FALSE;
  if (self->state == JXS_TLS_SESSION_CHECK && self->owner != NULL && !self->inside)
    {
      g_autoptr (GError) refused = NULL;
      gboolean done;

      self->inside = TRUE;
      done = self->vtable->check (self->owner, &refused);
      self->inside = FALSE;
      if (!done && g_error_matches (refused, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      jxs_tls_session_checked (self, refused, GNUTLS_A_BAD_CERTIFICATE);
    }
  return !report (self, direction, error);
}

/* RFC 5246 §7.2.2: a warning; the peer decides whether it can live with that. */
static gboolean
refuse_renegotiation (JxsTlsSession *self)
{
  if (++self->nuisances >= MAX_NUISANCES)
    return FALSE;
  send_alert (self, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
  return TRUE;
}

static void
reading_failed (JxsTlsSession *self, int result)
{
  GError *error = explain (self, IN, result);

  if (result == GNUTLS_E_PULL_ERROR || self->base_ended)
    {
      /* Writing goes on as long as base takes it. */
      fail_direction (self, IN, error);
      return;
    }
  if (result != GNUTLS_E_FATAL_ALERT_RECEIVED)
    send_alert (self, GNUTLS_AL_FATAL, gnutls_error_to_alert (result, NULL));
  fail (self, error);
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
      if (is_passing (n))
        {
          /* A record that was not for the application may have been the reason. */
          if (!self->pulled)
            return -1;
          continue;
        }
      if (n == GNUTLS_E_REHANDSHAKE && refuse_renegotiation (self))
        continue;
      if (n == GNUTLS_E_WARNING_ALERT_RECEIVED && ++self->nuisances < MAX_NUISANCES)
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

  if (!get_ready (self, IN, error))
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
  if (!report (self, IN, error))
    set_would_block (error);
  return -1;
}

static void
writing_failed (JxsTlsSession *self, int result)
{
  fail_direction (self, OUT, explain (self, OUT, result));
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

  if (self->record_size > 0)
    {
      n = finish_record (self);
      if (n == 0)
        {
          n = self->record_size;
          self->record_size = 0;
          return n;
        }
    }
  else
    {
      n = gnutls_record_send (self->gnutls, buffer, MIN (count, MAX_RECORD));
      if (n >= 0)
        return n;
      if (is_passing (n))
        {
          self->has_record = TRUE;
          self->record_size = MIN (count, MAX_RECORD);
        }
    }
  if (!is_passing (n))
    writing_failed (self, n);
  return -1;
}

gssize
jxs_tls_session_write (JxsTlsSession *self, const void *buffer, gsize count, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gsize moved = 0;

  if (!get_ready (self, OUT, error))
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
  if (!report (self, OUT, error))
    set_would_block (error);
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
  if (report (self, OUT, error))
    return FALSE;
  result = finish_record (self);
  if (is_passing (result))
    {
      set_would_block (error);
      return FALSE;
    }
  if (result < 0)
    writing_failed (self, result);
  return !report (self, OUT, error);
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
  result = finish_record (self);
  if (result == 0)
    result = gnutls_bye (self->gnutls, GNUTLS_SHUT_WR);
  if (is_passing (result))
    {
      set_would_block (error);
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

  send_alert (self, GNUTLS_AL_FATAL, alert);
  self->said_bye = TRUE;
  fail_direction (self,
                  OUT,
                  g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The peer was refused")));
  wake_all (self);
}

void
jxs_tls_session_close (JxsTlsSession *self, GIOCondition condition)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  self->closed[IN] = self->closed[IN] || (condition & G_IO_IN) != 0;
  self->closed[OUT] = self->closed[OUT] || (condition & G_IO_OUT) != 0;
  wake_all (self);
}

/* Polling */

GIOCondition
jxs_tls_session_poll (JxsTlsSession *self, GIOCondition condition, gboolean *ready)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int direction = condition == G_IO_IN ? IN : OUT;

  *ready = self->closed[direction] || self->errors[direction] != NULL;
  switch (self->state)
    {
    case JXS_TLS_SESSION_HANDSHAKE:
      return gnutls_record_get_direction (self->gnutls) == 0 ? G_IO_IN : G_IO_OUT;
    case JXS_TLS_SESSION_CHECK:
      return 0;
    case JXS_TLS_SESSION_READY:
    case JXS_TLS_SESSION_FAILED:
    default:
      *ready = *ready || (direction == IN &&
                          (self->peer_done || gnutls_record_check_pending (self->gnutls) > 0));
      return condition;
    }
}

void
jxs_tls_session_add_context (JxsTlsSession *self, GMainContext *context)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  g_ptr_array_add (self->contexts, context);
}

void
jxs_tls_session_remove_context (JxsTlsSession *self, GMainContext *context)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  g_ptr_array_remove_fast (self->contexts, context);
}

/* What it knows */

GBytes *
jxs_tls_session_export (
    JxsTlsSession *self, const char *label, GBytes *context, gsize length, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  g_autofree guint8 *material = g_malloc0 (length);
  gsize context_size = 0;
  const char *context_data = context != NULL ? g_bytes_get_data (context, &context_size) : NULL;
  int result = GNUTLS_E_INVALID_SESSION;

  /* Before TLS 1.3 it takes that extension to bind it to one session (RFC 9266 §4.2). */
  if (self->state == JXS_TLS_SESSION_READY && is_bound (self))
    result = gnutls_prf_rfc5705 (
        self->gnutls, strlen (label), label, context_size, context_data, length, (char *) material);
  if (result < 0)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_NOT_SUPPORTED,
                   _ ("This TLS connection gives out no keying material: %s"),
                   gnutls_strerror (result));
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&material), length);
}

gboolean
jxs_tls_session_get_binding (JxsTlsSession *self,
                             gnutls_channel_binding_t type,
                             GByteArray *data,
                             GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gnutls_datum_t binding = { NULL, 0 };
  int result;

  if (self->state != JXS_TLS_SESSION_READY)
    {
      g_set_error_literal (error,
                           G_TLS_CHANNEL_BINDING_ERROR,
                           G_TLS_CHANNEL_BINDING_ERROR_INVALID_STATE,
                           "The handshake is not done");
      return FALSE;
    }
  result = type == GNUTLS_CB_TLS_SERVER_END_POINT || is_bound (self)
               ? gnutls_session_channel_binding (self->gnutls, type, &binding)
               : GNUTLS_E_CHANNEL_BINDING_NOT_AVAILABLE;
  if (result < 0)
    {
      g_set_error (error,
                   G_TLS_CHANNEL_BINDING_ERROR,
                   G_TLS_CHANNEL_BINDING_ERROR_NOT_AVAILABLE,
                   "There is no such channel binding: %s",
                   gnutls_strerror (result));
      return FALSE;
    }
  if (data != NULL)
    {
      g_byte_array_set_size (data, 0);
      g_byte_array_append (data, binding.data, binding.size);
    }
  gnutls_free (binding.data);
  return TRUE;
}

char *
jxs_tls_session_dup_protocol (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  gnutls_datum_t protocol;

  if (self->state != JXS_TLS_SESSION_READY ||
      gnutls_alpn_get_selected_protocol (self->gnutls, &protocol) < 0)
    return NULL;
  return g_strndup ((const char *) protocol.data, protocol.size);
}

char *
jxs_tls_session_dup_cipher (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  return self->state == JXS_TLS_SESSION_READY ? g_strdup (gnutls_ciphersuite_get (self->gnutls))
                                              : NULL;
}

GTlsProtocolVersion
jxs_tls_session_get_version (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  if (self->state != JXS_TLS_SESSION_READY)
    return G_TLS_PROTOCOL_VERSION_UNKNOWN;
  return gnutls_protocol_get_version (self->gnutls) == GNUTLS_TLS1_3
             ? G_TLS_PROTOCOL_VERSION_TLS_1_3
             : G_TLS_PROTOCOL_VERSION_TLS_1_2;
}

JxsTlsSessionState
jxs_tls_session_get_state (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  return self->state;
}

GTlsCertificate *
jxs_tls_session_dup_peer (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  return self->peer != NULL ? g_object_ref (self->peer) : NULL;
}

void
jxs_tls_session_set_require_close_notify (JxsTlsSession *self, gboolean require)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  self->require_close_notify = require;
}

gboolean
jxs_tls_session_set_certificate (JxsTlsSession *self, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  g_autoptr (JxsTlsKey) key = certificate != NULL ? jxs_tls_key_get (certificate, error) : NULL;

  if (certificate != NULL && key == NULL)
    return FALSE;
  g_clear_pointer (&self->credentials.key, jxs_tls_key_unref);
  self->credentials.key = g_steal_pointer (&key);
  return TRUE;
}

void
jxs_tls_session_set_protocols (JxsTlsSession *self, const char *const *protocols)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  guint n = protocols != NULL ? g_strv_length ((char **) protocols) : 0;
  g_autofree gnutls_datum_t *data = g_new0 (gnutls_datum_t, n + 1);

  for (guint i = 0; i < n; i++)
    data[i] = (gnutls_datum_t){ (unsigned char *) protocols[i], strlen (protocols[i]) };
  if (n > 0)
    gnutls_alpn_set_protocols (self->gnutls, data, n, 0);
}

GIOStream *
jxs_tls_session_get_base (JxsTlsSession *self)
{
  return self->base;
}

void
jxs_tls_session_set_owner (JxsTlsSession *self, const JxsTlsSessionOwner *vtable, gpointer owner)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  self->vtable = vtable;
  self->owner = owner;
}

JxsTlsSession *
jxs_tls_session_ref (JxsTlsSession *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
jxs_tls_session_unref (JxsTlsSession *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (self->contexts->len == 0); /* sources hold a reference */
  if (self->gnutls != NULL)
    gnutls_deinit (self->gnutls);
  jxs_tls_credentials_clear (&self->credentials);
  jxs_tls_guard_clear (&self->guard);
  g_clear_object (&self->peer);
  g_clear_error (&self->verdict);
  for (int i = 0; i < N_DIRECTIONS; i++)
    {
      g_clear_error (&self->errors[i]);
      g_clear_error (&self->base_errors[i]);
    }
  g_ptr_array_unref (self->contexts);
  g_clear_object (&self->base);
  g_rec_mutex_clear (&self->mutex);
  g_free (self);
}

/* The name of the server, for those that have several (RFC 6066 §3). */
static void
set_server_name (JxsTlsSession *self, GSocketConnectable *identity)
{
  const char *name = NULL;

  if (G_IS_NETWORK_ADDRESS (identity))
    name = g_network_address_get_hostname (G_NETWORK_ADDRESS (identity));
  else if (G_IS_NETWORK_SERVICE (identity))
    name = g_network_service_get_domain (G_NETWORK_SERVICE (identity));
  if (name != NULL && !g_hostname_is_ip_address (name))
    gnutls_server_name_set (self->gnutls, GNUTLS_NAME_DNS, name, strlen (name));
}

static gboolean
set_up (JxsTlsSession *self, const JxsTlsParams *params)
{
  gboolean is_client = params->role == JXS_TLS_CLIENT;
  JxsTlsSuites suites = self->credentials.is_srp ? JXS_TLS_SUITES_SRP
                        : params->pin            ? JXS_TLS_SUITES_PINNED
                                                 : JXS_TLS_SUITES_SERVER;
  unsigned int flags =
      GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);

  if (jxs_tls_suites_get (suites) == NULL || gnutls_init (&self->gnutls, flags) < 0)
    return FALSE;
  gnutls_session_set_ptr (self->gnutls, &self->credentials);
  gnutls_transport_set_ptr (self->gnutls, self);
  gnutls_transport_set_pull_function (self->gnutls, pull_cb);
  gnutls_transport_set_push_function (self->gnutls, push_cb);
  gnutls_transport_set_pull_timeout_function (self->gnutls, pull_timeout_cb);
  /* GnuTLS adds up what both say, and looks at it late. */
  gnutls_handshake_set_max_packet_length (self->gnutls, 0);
  gnutls_session_set_verify_function (self->gnutls, verify_cb);
  if (!is_client && params->pin && !self->credentials.is_srp)
    gnutls_certificate_server_set_request (self->gnutls, GNUTLS_CERT_REQUIRE);
  if (is_client && !params->pin && params->identity != NULL)
    set_server_name (self, params->identity);
  jxs_tls_session_set_protocols (self, params->protocols);
  return gnutls_priority_set (self->gnutls, jxs_tls_suites_get (suites)) >= 0 &&
         jxs_tls_credentials_set (&self->credentials, self->gnutls);
}

JxsTlsSession *
jxs_tls_session_new (GIOStream *base, const JxsTlsParams *params, GError **error)
{
  g_autoptr (JxsTlsSession) self = g_new0 (JxsTlsSession, 1);
  GInputStream *in = g_io_stream_get_input_stream (base);
  GOutputStream *out = g_io_stream_get_output_stream (base);

  g_atomic_ref_count_init (&self->ref_count);
  g_rec_mutex_init (&self->mutex);
  self->base = g_object_ref (base);
  self->contexts = g_ptr_array_new ();
  self->first_byte = -1;
  self->require_close_notify = TRUE;
  if (!jxs_tls_credentials_init (&self->credentials, params, error))
    return NULL;
  if (!G_IS_POLLABLE_INPUT_STREAM (in) ||
      !g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (in)) ||
      !G_IS_POLLABLE_OUTPUT_STREAM (out) ||
      !g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (out)))
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           G_IO_ERROR_NOT_SUPPORTED,
                           "TLS needs streams that can be polled");
      return NULL;
    }
  self->base_in = G_POLLABLE_INPUT_STREAM (in);
  self->base_out = G_POLLABLE_OUTPUT_STREAM (out);
  self->socket = JXS_IS_SOCKET_STREAM (base) ? JXS_SOCKET_STREAM (base) : NULL;
  self->pinned = params->pin && !self->credentials.is_srp;
  self->wants_check = !params->pin && !self->credentials.is_srp;
  if (!set_up (self, params))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The TLS library of this system allows no way of encryption that is "
                              "safe"));
      return NULL;
    }
  return g_steal_pointer (&self);
}
