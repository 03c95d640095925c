/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tls-private.h"

#include "jxs-socket-stream-private.h"
#include "jxs-tls-interaction-private.h"

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-quota-private.h>

#define DEFAULT_TIMEOUT_MS 30000

/* One handshake, the data of its task. */
typedef struct
{
  GIOStream *base; /* (owned) */
  JxsTlsRole role;
  GTlsCertificate *certificate; /* (owned) (nullable) */
  gboolean pin;
  GSocketConnectable *identity; /* (owned) (nullable) */
  GTlsDatabase *database;       /* (owned) (nullable) */
  GStrv protocols;              /* (owned) (nullable) */

  GMainContext *context;      /* (owned): of the caller */
  GTlsConnection *connection; /* (owned) (nullable) */
  GCancellable *stop;         /* (owned): cancelled by the caller's, and by the timeout */
  gulong stop_handler;        /* on the caller's cancellable */
  GSource *stop_source;       /* (owned) (nullable): while it waits in the queue */
  guint timeout_ms;
  GSource *timeout; /* (owned) (nullable) */
  gboolean timed_out;
  JxsTlsJudge judge;            /* (nullable) */
  gpointer judge_data;          /* (unowned) */
  GError *verdict;              /* (owned) (nullable): of judge */
  GTlsCertificateFlags refused; /* why the server's certificate was */
  GError *error;                /* (owned) (nullable): returned once the base stream is closed */

  char *stranger; /* (owned) (nullable) */
  gboolean has_slot;
} Handshake;

/* Handshakes cost a worker thread of GLib each while the peer dawdles, and those are few and shared
 * by the whole process; so are these. Strangers have slots of their own, so that they cannot keep
 * us from what we want, nor many peers we called ourselves keep out those who call us. Handshakes
 * may run in several contexts. */
typedef struct
{
  guint max_per_peer;
  guint max_running;
  guint max_waiting;
  JxsQuota *running; /* (owned) (nullable): guarded by slots_mutex */
  GQueue waiting;    /* (element-type GTask): owned; guarded too */
} Slots;

static GMutex slots_mutex;
static Slots our_slots = { JXS_TLS_MAX_OURS, JXS_TLS_MAX_OURS, G_MAXUINT, NULL, G_QUEUE_INIT };
static Slots stranger_slots = {
  JXS_TLS_MAX_PER_STRANGER, JXS_TLS_MAX_STRANGERS, JXS_TLS_MAX_WAITING, NULL, G_QUEUE_INIT
};

static void start_handshake (GTask *task);

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    {
      g_source_destroy (*source);
      g_clear_pointer (source, g_source_unref);
    }
}

static void
handshake_free (Handshake *self)
{
  drop_source (&self->timeout);
  drop_source (&self->stop_source);
  g_clear_object (&self->connection);
  g_clear_object (&self->base);
  g_clear_object (&self->certificate);
  g_clear_object (&self->identity);
  g_clear_object (&self->database);
  g_clear_pointer (&self->protocols, g_strfreev);
  g_clear_object (&self->stop);
  g_clear_pointer (&self->stranger, g_free);
  g_clear_error (&self->error);
  g_clear_error (&self->verdict);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

static Slots *
get_slots (Handshake *self)
{
  return self->stranger != NULL ? &stranger_slots : &our_slots;
}

/* Whom the quota counts: those we called ourselves are one. */
static const char *
get_peer (Handshake *self)
{
  return self->stranger != NULL ? self->stranger : "";
}

static gboolean
start_waiting_cb (gpointer user_data)
{
  start_handshake (user_data);
  return G_SOURCE_REMOVE;
}

/* The first in the queue that may run now. The mutex is held. */
static GTask *
pop_next (Slots *slots)
{
  for (GList *l = slots->waiting.head; l != NULL; l = l->next)
    {
      GTask *task = l->data;

      if (!jxs_quota_take (slots->running, get_peer (g_task_get_task_data (task))))
        continue;
      g_queue_delete_link (&slots->waiting, l);
      return task;
    }
  return NULL;
}

/* Passes the slot to the next in the queue, in its own context. */
static void
release_slot (Handshake *self)
{
  GTask *next;

  if (!self->has_slot)
    return;
  self->has_slot = FALSE;

  g_mutex_lock (&slots_mutex);
  jxs_quota_give_back (get_slots (self)->running, get_peer (self));
  next = pop_next (get_slots (self));
  g_mutex_unlock (&slots_mutex);

  if (next != NULL)
    {
      Handshake *handshake = g_task_get_task_data (next);
      g_autoptr (GSource) source = g_idle_source_new ();

      handshake->has_slot = TRUE;
      g_source_set_static_name (source, "[jxs] next TLS handshake");
      g_source_set_priority (source, g_task_get_priority (next));
      g_source_set_callback (source, start_waiting_cb, next, g_object_unref);
      g_source_attach (source, handshake->context);
    }
}

typedef enum
{
  SLOT_TAKEN,
  SLOT_WAIT,
  SLOT_REFUSED,
} Slot;

static Slot
take_slot (GTask *task)
{
  Handshake *self = g_task_get_task_data (task);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&slots_mutex);
  Slots *slots = get_slots (self);

  if (slots->running == NULL)
    slots->running = jxs_quota_new (slots->max_per_peer, slots->max_running);
  if (jxs_quota_take (slots->running, get_peer (self)))
    {
      self->has_slot = TRUE;
      return SLOT_TAKEN;
    }
  if (g_queue_get_length (&slots->waiting) >= slots->max_waiting)
    return SLOT_REFUSED;
  g_queue_push_tail (&slots->waiting, g_object_ref (task));
  return SLOT_WAIT;
}

/* Whether it was still waiting; a reference on the task goes with that. */
static gboolean
leave_queue (GTask *task)
{
  Handshake *self = g_task_get_task_data (task);
  gboolean waited;

  g_mutex_lock (&slots_mutex);
  waited = g_queue_remove (&get_slots (self)->waiting, task);
  g_mutex_unlock (&slots_mutex);
  return waited;
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

  drop_source (&self->timeout);
  drop_source (&self->stop_source);
  g_cancellable_disconnect (g_task_get_cancellable (task), self->stop_handler);
  self->stop_handler = 0;
  release_slot (self);

  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);

  if (error == NULL)
    {
      if (JXS_IS_SOCKET_STREAM (self->base))
        jxs_socket_stream_set_gathering (JXS_SOCKET_STREAM (self->base), TRUE);
      g_task_return_pointer (task, g_steal_pointer (&self->connection), g_object_unref);
      return;
    }

  jxs_log_debug (NULL, "TLS handshake failed: %s", error->message);
  self->error = error;
  /* A peer that was refused would wait for ever: GIO sends no alert. */
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

static GError *
stop_error (Handshake *self)
{
  if (self->timed_out)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_TIMED_OUT,
                                _ ("The peer did not finish the TLS handshake in time"));
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Operation was cancelled"));
}

static void
start_timeout (GTask *task)
{
  Handshake *self = g_task_get_task_data (task);

  self->timeout = jxs_clock_timeout_attach (
      self->timeout_ms, "[jxs] TLS handshake timeout", self->context, timeout_cb, task);
}

static gboolean
stopped_in_queue_cb (GCancellable *stop, gpointer user_data)
{
  GTask *task = user_data;

  if (leave_queue (task))
    {
      handshake_done (task, stop_error (g_task_get_task_data (task)));
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_REMOVE; /* its slot is on the way, and start_handshake() looks at it */
}

static gboolean
was_asked (Handshake *self)
{
  GTlsInteraction *interaction = g_tls_connection_get_interaction (self->connection);

  return interaction == NULL || jxs_tls_interaction_was_asked (JXS_TLS_INTERACTION (interaction));
}

/* What the peer proved is not enough for us, although GIO was content. */
static GError *
check_result (Handshake *self)
{
  if (!self->pin)
    return NULL;

  if (g_tls_connection_get_protocol_version (self->connection) != G_TLS_PROTOCOL_VERSION_TLS_1_3)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer does not support TLS 1.3"));
  if (g_tls_connection_get_peer_certificate (self->connection) == NULL)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer did not show a certificate"));
  if (!was_asked (self))
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_SECURITY,
                                _ ("The peer did not ask for our certificate: it cannot have "
                                   "checked who we are"));
  return NULL;
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
refuse_cb (GTlsConnection *connection,
           GTlsCertificate *certificate,
           GTlsCertificateFlags errors,
           gpointer user_data)
{
  Handshake *self = user_data;

  self->refused = errors;
  return FALSE;
}

/* GIO takes a transport that ends in the middle of a handshake for a peer that does not speak TLS.
 */
static GError *
find_breakage (Handshake *self, const GError *error)
{
  if (error->domain != G_TLS_ERROR || !JXS_IS_SOCKET_STREAM (self->base))
    return NULL;
  return jxs_socket_stream_dup_error (JXS_SOCKET_STREAM (self->base));
}

static void
handshake_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Handshake *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GError *breakage;

  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (object), result, &error))
    error = check_result (self);
  else if (self->timed_out)
    {
      g_clear_error (&error);
      error = stop_error (self);
    }
  else if (self->verdict != NULL)
    {
      g_clear_error (&error);
      error = g_steal_pointer (&self->verdict);
    }
  else if (self->refused != 0)
    {
      g_clear_error (&error);
      error = g_error_new (G_TLS_ERROR,
                           G_TLS_ERROR_BAD_CERTIFICATE,
                           _ ("The certificate of the server is not trusted: %s"),
                           describe_refusal (self->refused));
    }
  else if ((breakage = find_breakage (self, error)) != NULL)
    {
      g_clear_error (&error);
      error = breakage;
    }
  handshake_done (task, g_steal_pointer (&error));
}

static gboolean
judge_cb (GTlsConnection *connection,
          GTlsCertificate *certificate,
          GTlsCertificateFlags errors,
          gpointer user_data)
{
  Handshake *self = user_data;

  if (self->judge == NULL)
    return TRUE; /* the caller compares it with what was announced */
  g_clear_error (&self->verdict);
  return self->judge (certificate, self->judge_data, &self->verdict);
}

static void
give_certificate (Handshake *self, GTlsConnection *connection)
{
  if (self->pin && self->role == JXS_TLS_CLIENT)
    {
      g_autoptr (JxsTlsInteraction) interaction = jxs_tls_interaction_new (self->certificate);

      g_tls_connection_set_interaction (connection, G_TLS_INTERACTION (interaction));
    }
  else
    g_tls_connection_set_certificate (connection, self->certificate);
}

static GTlsConnection *
create_connection (Handshake *self, GError **error)
{
  GTlsBackend *backend = g_tls_backend_get_default ();
  GType type = self->role == JXS_TLS_CLIENT ? g_tls_backend_get_client_connection_type (backend)
                                            : g_tls_backend_get_server_connection_type (backend);
  g_autoptr (GTlsConnection) connection = NULL;

  /* Loading the system's certificates costs more than the handshake, and only leaving them out at
   * construction avoids it. */
  if (self->pin || self->database != NULL)
    connection = g_initable_new (type,
                                 NULL,
                                 error,
                                 "base-io-stream",
                                 self->base,
                                 "database",
                                 self->pin ? NULL : self->database,
                                 NULL);
  else
    connection = g_initable_new (type, NULL, error, "base-io-stream", self->base, NULL);
  if (connection == NULL)
    return NULL;

  g_tls_connection_set_require_close_notify (connection, TRUE);
  if (self->certificate != NULL)
    give_certificate (self, connection);
  if (self->protocols != NULL)
    g_tls_connection_set_advertised_protocols (connection, (const char *const *) self->protocols);
  if (self->role == JXS_TLS_CLIENT)
    g_tls_client_connection_set_server_identity (G_TLS_CLIENT_CONNECTION (connection),
                                                 self->identity);
  if (self->pin)
    {
      g_signal_connect (connection, "accept-certificate", G_CALLBACK (judge_cb), self);
      /* Asked for, and its absence judged afterwards: GIO 2.74 warns on stderr when a certificate
       * it requires is missing. */
      if (self->role == JXS_TLS_SERVER)
        g_object_set (connection, "authentication-mode", G_TLS_AUTHENTICATION_REQUESTED, NULL);
    }
  else
    {
      g_signal_connect (connection, "accept-certificate", G_CALLBACK (refuse_cb), self);
    }
  return g_steal_pointer (&connection);
}

static void
start_handshake (GTask *task)
{
  Handshake *self = g_task_get_task_data (task);
  GError *error = NULL;

  drop_source (&self->stop_source);
  /* What we began does not fail for having waited for a slot. */
  if (self->stranger == NULL)
    start_timeout (task);
  if (g_cancellable_is_cancelled (self->stop))
    {
      handshake_done (g_object_ref (task), stop_error (self));
      return;
    }

  self->connection = create_connection (self, &error);
  if (self->connection == NULL)
    {
      handshake_done (g_object_ref (task), error);
      return;
    }
  if (JXS_IS_SOCKET_STREAM (self->base))
    jxs_socket_stream_set_in_flights (JXS_SOCKET_STREAM (self->base));
  g_tls_connection_handshake_async (
      self->connection, g_task_get_priority (task), self->stop, handshake_cb, g_object_ref (task));
}

static void
caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
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

  g_return_if_fail (G_IS_IO_STREAM (base));
  g_return_if_fail (params != NULL);

  self = g_new0 (Handshake, 1);
  self->base = g_object_ref (base);
  self->role = params->role;
  self->pin = params->pin;
  self->judge = params->judge;
  self->judge_data = params->judge_data;
  self->stranger = g_strdup (params->stranger);
  g_set_object (&self->certificate, params->certificate);
  g_set_object (&self->identity, params->identity);
  g_set_object (&self->database, params->database);
  self->protocols = g_strdupv ((char **) params->protocols);
  self->context = g_main_context_ref_thread_default ();
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
  self->timeout_ms = params->timeout_ms != 0 ? params->timeout_ms : DEFAULT_TIMEOUT_MS;
  if (self->stranger != NULL)
    start_timeout (task);

  switch (take_slot (task))
    {
    case SLOT_TAKEN:
      start_handshake (task);
      break;
    case SLOT_WAIT:
      self->stop_source = g_cancellable_source_new (self->stop);
      g_source_set_static_name (self->stop_source, "[jxs] TLS handshake stopped");
      g_source_set_callback (self->stop_source, G_SOURCE_FUNC (stopped_in_queue_cb), task, NULL);
      g_source_attach (self->stop_source, self->context);
      break;
    case SLOT_REFUSED:
      handshake_done (g_object_ref (task),
                      g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_LIMIT,
                                           _ ("Too many peers are connecting at once")));
      break;
    }
}

GTlsConnection *
jxs_tls_handshake_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_tls_handshake_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

GBytes *
jxs_tls_get_exporter (GTlsConnection *connection, GError **error)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();

  g_return_val_if_fail (G_IS_TLS_CONNECTION (connection), NULL);

  if (!g_tls_connection_get_channel_binding_data (
          connection, G_TLS_CHANNEL_BINDING_TLS_EXPORTER, data, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&data));
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

gboolean
jxs_tls_supports_srp (void)
{
  return FALSE;
}

void
jxs_tls_refuse (GTlsConnection *connection)
{
  g_return_if_fail (G_IS_TLS_CONNECTION (connection));
}

GBytes *
jxs_tls_export (
    GTlsConnection *connection, const char *label, GBytes *context, gsize length, GError **error)
{
  g_return_val_if_fail (G_IS_TLS_CONNECTION (connection), NULL);

  g_set_error_literal (error,
                       JXS_ERROR,
                       JXS_ERROR_NOT_SUPPORTED,
                       _ ("This TLS connection gives out no keying material"));
  return NULL;
}
