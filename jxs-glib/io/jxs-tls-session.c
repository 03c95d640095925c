/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-session-private.h"

#include "jxs-tls-error-private.h"
#include "jxs-tls-session-impl-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include <jxs-glib/base/jxs-error.h>

/* Octets from the peer without one for the application: a handshake with a certificate of 100 KiB
 * and its issuers; stops a peer from filling memory (GnuTLS waits for the whole of a message, of up
 * to 16 MiB) and from keeping us busy for nothing. */
#define MAX_OVERHEAD (192 * 1024)
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

/* What GnuTLS must not see. */
static ssize_t
refuse_input (JxsTlsSession *self, int alert, JxsError code, const char *message)
{
  self->input_alert = alert;
  keep_base_error (self, IN, g_error_new_literal (JXS_ERROR, code, message));
  return -1;
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
    return refuse_input (self,
                         GNUTLS_A_DECODE_ERROR,
                         JXS_ERROR_LIMIT,
                         _ ("The TLS messages of the peer are too large"));
  if (!jxs_tls_guard_take (&self->guard, self->gnutls, buffer, n))
    return refuse_input (self,
                         GNUTLS_A_UNEXPECTED_MESSAGE,
                         JXS_ERROR_PROTOCOL,
                         _ ("The peer sent a TLS record that is empty"));
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

void
jxs_tls_session_wake (JxsTlsSession *self)
{
  for (guint i = 0; i < self->contexts->len; i++)
    g_main_context_wakeup (self->contexts->pdata[i]);
}

void
jxs_tls_session_set_would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "TLS would block");
}

gboolean
jxs_tls_is_passing (int result)
{
  return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

/* (transfer full) */
GError *
jxs_tls_session_explain (JxsTlsSession *self, int direction, int result)
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
void
jxs_tls_session_fail_direction (JxsTlsSession *self, int direction, GError *error)
{
  if (self->errors[direction] == NULL)
    self->errors[direction] = error;
  else
    g_error_free (error);
}

/* error: (transfer full): for both directions */
void
jxs_tls_session_fail (JxsTlsSession *self, GError *error)
{
  self->state = JXS_TLS_SESSION_FAILED;
  jxs_tls_session_fail_direction (self, OUT, g_error_copy (error));
  jxs_tls_session_fail_direction (self, IN, error);
  jxs_tls_session_wake (self);
}

gboolean
jxs_tls_session_report (JxsTlsSession *self, int direction, GError **error)
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

/* Polling */

GIOCondition
jxs_tls_session_poll (JxsTlsSession *self, GIOCondition condition, gboolean *ready)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);
  int direction = condition == G_IO_OUT ? OUT : IN;

  *ready = self->closed[direction] || self->errors[direction] != NULL;
  if (self->is_driven && condition != JXS_TLS_HANDSHAKE)
    return 0;
  if (self->state == JXS_TLS_SESSION_HANDSHAKE)
    {
      *ready = *ready || !self->has_begun;
      return gnutls_record_get_direction (self->gnutls) == 0 ? G_IO_IN : G_IO_OUT;
    }
  if (condition == JXS_TLS_HANDSHAKE)
    *ready = TRUE;
  if (self->state == JXS_TLS_SESSION_CHECK)
    return 0;
  if (condition == G_IO_IN && (self->peer_done || gnutls_record_check_pending (self->gnutls) > 0))
    *ready = TRUE;
  return condition;
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

/* The object */

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

GBytes *
jxs_tls_session_dup_peer_status (JxsTlsSession *self)
{
  g_autoptr (GRecMutexLocker) locker = g_rec_mutex_locker_new (&self->mutex);

  return self->peer_status != NULL ? g_bytes_ref (self->peer_status) : NULL;
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
  if (self->state != JXS_TLS_SESSION_HANDSHAKE)
    return TRUE;
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
  /* Later it would change what was negotiated. */
  if (n > 0 && self->state == JXS_TLS_SESSION_HANDSHAKE)
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
  g_clear_pointer (&self->peer_status, g_bytes_unref);
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
  /* One key for the exchange is enough: who does not know its group asks for another. */
  unsigned int flags = GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_KEY_SHARE_TOP |
                       (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);

  if (jxs_tls_suites_get (suites) == NULL || gnutls_init (&self->gnutls, flags) < 0)
    return FALSE;
  gnutls_session_set_ptr (self->gnutls, &self->credentials);
  gnutls_transport_set_ptr (self->gnutls, self);
  gnutls_transport_set_pull_function (self->gnutls, pull_cb);
  gnutls_transport_set_push_function (self->gnutls, push_cb);
  gnutls_transport_set_pull_timeout_function (self->gnutls, pull_timeout_cb);
  /* GnuTLS adds up what both say, and looks at it late. */
  gnutls_handshake_set_max_packet_length (self->gnutls, 0);
  gnutls_session_set_verify_function (self->gnutls, jxs_tls_session_verify_cb);
  if (!self->credentials.is_srp)
    gnutls_handshake_set_hook_function (self->gnutls,
                                        GNUTLS_HANDSHAKE_ANY,
                                        GNUTLS_HOOK_PRE,
                                        jxs_tls_session_message_cb);
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
  self->input_alert = -1;
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
