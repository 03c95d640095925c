/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-private.h"

#include "jxs-socket-stream-private.h"
#include "jxs-tls-connection-private.h"

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-quota-private.h>

#define DEFAULT_TIMEOUT_MS 30000
#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266 §2 */
#define EXPORTER_SIZE 32

/* One handshake, the data of its task. */
typedef struct
{
  GIOStream *base; /* (owned) */
  gboolean pin;
  JxsTlsJudge judge;   /* (nullable) */
  gpointer judge_data; /* (unowned) */
  GError *verdict;     /* (owned) (nullable): of judge, or what is wrong with the certificate */

  GTlsConnection *connection; /* (owned) (nullable) */
  GCancellable *stop;         /* (owned): cancelled by the caller's, and by the timeout */
  gulong stop_handler;        /* on the caller's cancellable */
  GSource *timeout;           /* (owned) (nullable) */
  gboolean timed_out;
  GError *error; /* (owned) (nullable): returned once the base stream is closed */

  char *stranger; /* (owned) (nullable): set while it counts */
} Handshake;

/* Handshakes may run in several contexts. */
static GMutex strangers_mutex;
static JxsQuota *strangers; /* (owned) (nullable): guarded by strangers_mutex */

static gboolean
count_stranger (const char *stranger)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&strangers_mutex);

  if (strangers == NULL)
    strangers = jxs_quota_new (JXS_TLS_MAX_PER_STRANGER, JXS_TLS_MAX_STRANGERS);
  return jxs_quota_take (strangers, stranger);
}

static void
discount_stranger (char *stranger)
{
  g_mutex_lock (&strangers_mutex);
  jxs_quota_give_back (strangers, stranger);
  g_mutex_unlock (&strangers_mutex);
  g_free (stranger);
}

static void
drop_timeout (Handshake *self)
{
  if (self->timeout != NULL)
    {
      g_source_destroy (self->timeout);
      g_clear_pointer (&self->timeout, g_source_unref);
    }
}

static void
handshake_free (Handshake *self)
{
  drop_timeout (self);
  g_clear_pointer (&self->stranger, discount_stranger);
  g_clear_object (&self->connection);
  g_clear_object (&self->base);
  g_clear_object (&self->stop);
  g_clear_error (&self->verdict);
  g_clear_error (&self->error);
  g_free (self);
}

static void
base_closed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Handshake *self = g_task_get_task_data (task);

  g_io_stream_close_finish (G_IO_STREAM (object), result, NULL);
  g_task_return_error (task, g_steal_pointer (&self->error));
}

/* The end of every handshake: error is NULL when it succeeded. */
static void
handshake_done (GTask *task_in, GError *error)
{
  g_autoptr (GTask) task = task_in;
  Handshake *self = g_task_get_task_data (task);

  drop_timeout (self);
  g_cancellable_disconnect (g_task_get_cancellable (task), self->stop_handler);
  self->stop_handler = 0;
  g_clear_pointer (&self->stranger, discount_stranger);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);

  if (error == NULL)
    {
      g_task_return_pointer (task, g_steal_pointer (&self->connection), g_object_unref);
      return;
    }

  jxs_log_debug (NULL, "TLS handshake failed: %s", error->message);
  self->error = error;
  /* An alert that tells the peer why leaves before. */
  g_io_stream_close_async (
      self->base, g_task_get_priority (task), NULL, base_closed_cb, g_object_ref (task));
}

static gboolean
timeout_cb (gpointer user_data)
{
  GTask *task = user_data;
  Handshake *self = g_task_get_task_data (task);

  self->timed_out = TRUE;
  g_cancellable_cancel (self->stop);
  return G_SOURCE_REMOVE;
}

static const char *
describe_refusal (GTlsCertificateFlags errors)
{
  if ((errors & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    return _ ("it belongs to another name");
  if ((errors & G_TLS_CERTIFICATE_REVOKED) != 0)
    return _ ("it was revoked");
  if ((errors & G_TLS_CERTIFICATE_EXPIRED) != 0)
    return _ ("it has expired");
  if ((errors & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    return _ ("it is not valid yet");
  if ((errors & G_TLS_CERTIFICATE_INSECURE) != 0)
    return _ ("its algorithm is not secure");
  if ((errors & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return _ ("no authority that is known here has signed it");
  return _ ("it could not be checked");
}

static gboolean
accept_cb (GTlsConnection *connection,
           GTlsCertificate *certificate,
           GTlsCertificateFlags errors,
           gpointer user_data)
{
  Handshake *self = user_data;

  g_clear_error (&self->verdict);
  if (!self->pin)
    self->verdict = g_error_new (G_TLS_ERROR,
                                 G_TLS_ERROR_BAD_CERTIFICATE,
                                 _ ("The certificate of the server is not trusted: %s"),
                                 describe_refusal (errors));
  else if (self->judge != NULL && !self->judge (certificate, self->judge_data, &self->verdict) &&
           self->verdict == NULL)
    self->verdict = g_error_new_literal (JXS_ERROR,
                                         JXS_ERROR_SECURITY,
                                         _ ("The certificate of the peer is not accepted"));
  return self->verdict == NULL; /* without a judge the caller looks at it afterwards */
}

/* Why base ended, where it knows. */
static GError *
find_breakage (Handshake *self, const GError *error)
{
  if (!g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF) || !JXS_IS_SOCKET_STREAM (self->base))
    return NULL;
  return jxs_socket_stream_dup_error (JXS_SOCKET_STREAM (self->base));
}

/* error: (transfer full); returns what tells more. */
static GError *
explain (Handshake *self, GError *error)
{
  GError *better = NULL;

  if (self->verdict != NULL)
    better = g_steal_pointer (&self->verdict);
  else if (self->timed_out)
    better = g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TIMED_OUT,
                                  _ ("The peer did not finish the TLS handshake in time"));
  else
    better = find_breakage (self, error);
  if (better == NULL)
    return error;
  g_error_free (error);
  return better;
}

static void
handshake_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (object), result, &error))
    error = explain (g_task_get_task_data (task), error);
  handshake_done (task, error);
}

static void
caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
start_timeout (GTask *task, guint timeout_ms)
{
  Handshake *self = g_task_get_task_data (task);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->timeout = jxs_clock_timeout_attach (timeout_ms != 0 ? timeout_ms : DEFAULT_TIMEOUT_MS,
                                            "[jxs] TLS handshake timeout",
                                            context,
                                            timeout_cb,
                                            task);
}

void
jxs_tls_handshake_async (GIOStream *base,
                         const JxsTlsParams *params,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Handshake *self;
  GError *error = NULL;

  g_return_if_fail (G_IS_IO_STREAM (base));
  g_return_if_fail (params != NULL);
  g_return_if_fail ((params->srp_username == NULL) == (params->srp_password == NULL));

  self = g_new0 (Handshake, 1);
  self->base = g_object_ref (base);
  self->pin = params->pin;
  self->judge = params->judge;
  self->judge_data = params->judge_data;
  self->stop = g_cancellable_new ();

  task = g_task_new (base, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_tls_handshake_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, self, (GDestroyNotify) handshake_free);

  if (cancellable != NULL)
    self->stop_handler = g_cancellable_connect (cancellable,
                                                G_CALLBACK (caller_cancelled_cb),
                                                g_object_ref (self->stop),
                                                g_object_unref);
  if (params->stranger != NULL && !count_stranger (params->stranger))
    {
      handshake_done (g_steal_pointer (&task),
                      g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_LIMIT,
                                           _ ("Too many peers are connecting at once")));
      return;
    }
  self->stranger = g_strdup (params->stranger);
  self->connection = jxs_tls_connection_new (base, params, &error);
  if (self->connection == NULL)
    {
      handshake_done (g_steal_pointer (&task), error);
      return;
    }
  g_signal_connect (self->connection, "accept-certificate", G_CALLBACK (accept_cb), self);
  /* The messages of a flight leave together. */
  if (JXS_IS_SOCKET_STREAM (base))
    jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (base), TRUE);
  start_timeout (task, params->timeout_ms);
  g_tls_connection_handshake_async (
      self->connection, io_priority, self->stop, handshake_cb, g_object_ref (task));
}

GTlsConnection *
jxs_tls_handshake_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_tls_handshake_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

JxsTlsRole
jxs_tls_get_role (GTlsConnection *connection)
{
  g_return_val_if_fail (JXS_IS_TLS_CONNECTION (connection), JXS_TLS_CLIENT);

  return jxs_tls_connection_get_role (JXS_TLS_CONNECTION (connection));
}

void
jxs_tls_refuse (GTlsConnection *connection)
{
  g_return_if_fail (JXS_IS_TLS_CONNECTION (connection));

  jxs_tls_connection_refuse (JXS_TLS_CONNECTION (connection));
}

GBytes *
jxs_tls_export (
    GTlsConnection *connection, const char *label, GBytes *context, gsize length, GError **error)
{
  g_return_val_if_fail (JXS_IS_TLS_CONNECTION (connection), NULL);

  return jxs_tls_connection_export (JXS_TLS_CONNECTION (connection), label, context, length, error);
}

GBytes *
jxs_tls_get_exporter (GTlsConnection *connection, GError **error)
{
  return jxs_tls_export (connection, EXPORTER_LABEL, NULL, EXPORTER_SIZE, error);
}

char *
jxs_tls_get_protocol_name (GTlsConnection *connection)
{
  g_return_val_if_fail (G_IS_TLS_CONNECTION (connection), NULL);

  switch (g_tls_connection_get_protocol_version (connection))
    {
    case G_TLS_PROTOCOL_VERSION_TLS_1_2:
      return g_strdup ("TLS 1.2");
    case G_TLS_PROTOCOL_VERSION_TLS_1_3:
      return g_strdup ("TLS 1.3");
    default:
      return NULL;
    }
}

char *
jxs_tls_get_cipher_name (GTlsConnection *connection)
{
  g_return_val_if_fail (G_IS_TLS_CONNECTION (connection), NULL);

  return g_tls_connection_get_ciphersuite_name (connection);
}
