/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/e2e/jxs-connection-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>

/**
 * JxsConnection:
 *
 * A byte stream to the peer's application: what an accepted session delivers.
 *
 * It is a [class@Gio.IOStream]; both of its streams are pollable and nothing is copied on the way
 * to the TLS connection below. One thread may read while another one writes; everything else
 * belongs to the thread-default main context in which the connection was made.
 *
 * - Closing the output stream ends our direction only: the peer reads the end of file and can go
 *   on sending (half-close). Without encryption that is possible on a direct connection only:
 *   see [property@Connection:can-half-close].
 * - [method@Gio.IOStream.close_async] ends all in order: our direction is closed, what the peer
 *   still sends is read and thrown away until it closes too (10 seconds are allowed for that, then
 *   it fails with %JXS_ERROR_TIMED_OUT), then the transport is closed and the Jingle session
 *   terminated with success. When it succeeds the peer's transport has taken all that was written.
 *   Cancelling it ends the connection at once.
 * - Dropping the connection, or the blocking [method@Gio.IOStream.close], ends the session at once
 *   with the reason “cancel”, unless both directions were closed before.
 *
 * When the peer ends the session or the transport is lost, what had arrived can still be read.
 * After that reading fails: with the error that tells why the session ended, or with
 * %JXS_ERROR_TRUNCATED if nothing but the end is known. An end of file is always one that the peer
 * meant. The peer may refuse our key after we believe to be connected (TLS 1.3): the first read
 * then fails, mostly with %JXS_ERROR_SECURITY.
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (JxsConnection, jxs_connection, G_TYPE_IO_STREAM)

enum
{
  PROP_SESSION = 1,
  PROP_PEER_JID,
  PROP_CAN_HALF_CLOSE,
  PROP_TLS_CONNECTION,
  PROP_PROTOCOL_NAME,
  PROP_CIPHER_NAME,
  PROP_LOCAL_FINGERPRINT,
  PROP_PEER_FINGERPRINT,
  PROP_TRUST_LEVEL,
  PROP_TRUST_ORIGIN,
  PROP_SECURITY_METHOD,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* Thrown away at a time while the peer's end is awaited. */
#define DRAIN_BUFFER_SIZE 16384
/* Reads before other sources get their turn. */
#define DRAIN_ROUNDS 64

static void drive (JxsConnection *self, JxsE2eEvent event);

static void
take_close_error (JxsConnection *self, GError *error)
{
  if (self->close_error == NULL)
    self->close_error = error;
  else
    g_error_free (error);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gsize
get_pending (JxsConnection *self)
{
  return self->base != NULL ? jxs_socket_stream_get_pending (self->base) : 0;
}

/* A slow path takes its time for what was written last; a peer that stopped reading does not. */
static gboolean
is_still_sending (JxsConnection *self)
{
  gsize before = self->pending;

  if (self->machine.state != JXS_E2E_SHUTTING && self->machine.state != JXS_E2E_DRAINING)
    return FALSE;
  self->pending = get_pending (self);
  return self->pending < before;
}

static gboolean
deadline_cb (gpointer user_data)
{
  JxsConnection *self = user_data;

  if (is_still_sending (self))
    return G_SOURCE_CONTINUE;
  drive (self, JXS_E2E_EVENT_DEADLINE);
  return G_SOURCE_REMOVE;
}

static void
output_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsConnection) self = user_data;
  GError *error = NULL;

  if (g_output_stream_close_finish (G_OUTPUT_STREAM (source), result, &error))
    {
      drive (self, JXS_E2E_EVENT_OUTPUT_CLOSED);
      return;
    }
  if (self->machine.state == JXS_E2E_SHUTTING)
    {
      take_close_error (self, jxs_conduit_explain (self->conduit, error));
      drive (self, JXS_E2E_EVENT_FAILED);
      return;
    }
  g_error_free (error);
}

static gboolean drain_cb (GObject *stream, gpointer user_data);
static gboolean drain_more_cb (gpointer user_data);

static void
wait_for_drain (JxsConnection *self, GSource *source, GSourceFunc func)
{
  clear_source (&self->drain);
  self->drain = source;
  g_source_set_static_name (source, "[jxs] drain");
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

static void
drain (JxsConnection *self)
{
  GPollableInputStream *input =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  guint8 buffer[DRAIN_BUFFER_SIZE];

  for (guint i = 0; i < DRAIN_ROUNDS; i++)
    {
      GError *error = NULL;
      gssize n =
          g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, &error);

      if (n > 0)
        continue;
      if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_error_free (error);
          wait_for_drain (self,
                          g_pollable_input_stream_create_source (input, NULL),
                          G_SOURCE_FUNC (drain_cb));
          return;
        }
      clear_source (&self->drain);
      if (n < 0)
        take_close_error (self, jxs_conduit_explain (self->conduit, error));
      drive (self, n == 0 ? JXS_E2E_EVENT_PEER_EOF : JXS_E2E_EVENT_FAILED);
      return;
    }
  wait_for_drain (self, g_idle_source_new (), drain_more_cb);
}

static gboolean
drain_more_cb (gpointer user_data)
{
  g_autoptr (JxsConnection) self = g_object_ref (user_data);

  drain (self);
  return G_SOURCE_REMOVE;
}

static gboolean
drain_cb (GObject *stream, gpointer user_data)
{
  return drain_more_cb (user_data);
}

static void
stream_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsConnection) self = user_data;
  g_autoptr (GError) error = NULL;

  /* Both directions have ended, or something else went wrong before: no news in here. */
  if (!g_io_stream_close_finish (G_IO_STREAM (source), result, &error))
    jxs_log_debug (self, "closing the stream: %s", error->message);
  drive (self, JXS_E2E_EVENT_STREAM_CLOSED);
}

static void
session_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JxsConnection) self = user_data;
  GError *error = NULL;

  if (!jxs_session_close_finish (JXS_SESSION (source), result, &error))
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_error_free (error);
      else
        take_close_error (self, error);
    }
  drive (self, JXS_E2E_EVENT_SESSION_CLOSED);
}

/* A session that is to be ended. */
typedef struct
{
  JxsSession *session; /* (owned) */
  JxsReason *reason;   /* (owned) */
  GObject *keep;       /* (owned) (nullable) */
} Ending;

static gboolean
ending_cb (gpointer user_data)
{
  Ending *ending = user_data;

  jxs_session_terminate (ending->session, ending->reason);
  return G_SOURCE_REMOVE;
}

static void
ending_free (gpointer data)
{
  Ending *ending = data;

  g_object_unref (ending->session);
  jxs_reason_unref (ending->reason);
  g_clear_object (&ending->keep);
  g_free (ending);
}

void
jxs_connection_end_later (JxsSession *session,
                          JxsReasonCondition condition,
                          const char *text,
                          GMainContext *context,
                          GObject *keep)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Ending *ending = g_new0 (Ending, 1);

  ending->session = g_object_ref (session);
  ending->reason = jxs_reason_new (condition, text);
  ending->keep = keep != NULL ? g_object_ref (keep) : NULL;
  g_source_set_static_name (source, "[jxs] end of a session");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, ending_cb, ending, ending_free);
  g_source_attach (source, context);
}

static void
terminate (JxsConnection *self)
{
  JxsReasonCondition condition = self->abort_reason;
  g_autoptr (JxsReason) reason = NULL;

  if (condition == JXS_REASON_NONE)
    condition = JXS_REASON_FAILED_TRANSPORT;
  if (self->disposing)
    {
      jxs_connection_end_later (self->session, condition, self->abort_text, self->context, NULL);
      return;
    }
  reason = jxs_reason_new (condition, self->abort_text);
  jxs_session_terminate (self->session, reason);
}

static void
done (JxsConnection *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->close_task);

  clear_source (&self->drain);
  clear_source (&self->cancelled);
  if (task == NULL || g_task_return_error_if_cancelled (task))
    return;
  if (self->close_error != NULL)
    g_task_return_error (task, g_error_copy (self->close_error));
  else
    g_task_return_boolean (task, TRUE);
}

/* (transfer full) */
static GIOStream *
get_base (GIOStream *stream)
{
  GIOStream *base = NULL;

  if (G_IS_TLS_CONNECTION (stream))
    g_object_get (stream, "base-io-stream", &base, NULL);
  else
    base = g_object_ref (stream);
  return base;
}

/* Ends the stream without a word: a close_notify would tell the peer that all was sent. What TLS
 * still tries in its own thread fails at once, and nobody waits for it. */
static void
cut_off (JxsConnection *self)
{
  g_autoptr (GIOStream) base = get_base (self->stream);

  if (self->base != NULL)
    g_socket_shutdown (jxs_socket_stream_get_socket (self->base), TRUE, TRUE, NULL);
  else
    g_io_stream_close (base, NULL, NULL);
  g_io_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

static void
act (JxsConnection *self, JxsE2eActions actions)
{
  int io_priority =
      self->close_task != NULL ? g_task_get_priority (self->close_task) : G_PRIORITY_DEFAULT;

  if (actions & JXS_E2E_ACTION_TIMED_OUT)
    take_close_error (self,
                      g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_TIMED_OUT,
                                           _ ("The peer did not close its side in time")));
  if (actions & JXS_E2E_ACTION_CLOSE_OUTPUT)
    g_output_stream_close_async (g_io_stream_get_output_stream (self->stream),
                                 io_priority,
                                 self->step,
                                 output_closed_cb,
                                 g_object_ref (self));
  if (actions & JXS_E2E_ACTION_DRAIN)
    drain (self);
  if (actions & JXS_E2E_ACTION_CLOSE_STREAM)
    {
      clear_source (&self->drain);
      if (self->machine.state == JXS_E2E_ENDED)
        cut_off (self);
      else
        g_io_stream_close_async (
            self->stream, io_priority, self->step, stream_closed_cb, g_object_ref (self));
    }
  if (actions & JXS_E2E_ACTION_CLOSE_SESSION)
    {
      g_autoptr (JxsReason) reason = jxs_reason_new (self->close_reason, NULL);

      jxs_session_close_async (
          self->session, reason, self->step, session_closed_cb, g_object_ref (self));
    }
  if (actions & JXS_E2E_ACTION_TERMINATE)
    terminate (self);
  if (actions & JXS_E2E_ACTION_DONE)
    done (self);
}

static void
drive (JxsConnection *self, JxsE2eEvent event)
{
  JxsE2eState before = self->machine.state;
  JxsE2eActions actions = jxs_e2e_machine_handle (&self->machine, event);
  guint timeout_ms;

  if (self->machine.state != before)
    {
      jxs_log_debug (self,
                     "%s -> %s",
                     jxs_e2e_state_to_name (before),
                     jxs_e2e_state_to_name (self->machine.state));
      jxs_trace_emit (self->trace,
                      "e2e",
                      "connection-state",
                      "s:sid",
                      jxs_session_get_sid (self->session),
                      "s:state",
                      jxs_e2e_state_to_name (self->machine.state),
                      NULL);
      clear_source (&self->deadline);
      if (self->step != NULL)
        g_cancellable_cancel (self->step);
      g_clear_object (&self->step);
      timeout_ms = jxs_e2e_machine_get_timeout (&self->machine);
      if (timeout_ms > 0)
        {
          self->step = g_cancellable_new ();
          self->pending = get_pending (self);
          self->deadline = jxs_clock_timeout_attach (
              timeout_ms, "[jxs] connection close", self->context, deadline_cb, self);
        }
    }
  if (actions != 0)
    {
      g_object_ref (self);
      act (self, actions);
      g_object_unref (self);
    }
}

/* Tells the machine what the application did with its streams so far. */
static void
feed_marks (JxsConnection *self)
{
  gboolean output_closed = jxs_conduit_is_output_closed (self->conduit);
  gboolean peer_eof = jxs_conduit_is_peer_eof (self->conduit);
  GError *failure = jxs_conduit_dup_failure (self->conduit);

  if (peer_eof && jxs_conduit_is_peer_first (self->conduit))
    drive (self, JXS_E2E_EVENT_PEER_EOF);
  if (output_closed)
    drive (self, JXS_E2E_EVENT_OUTPUT_CLOSED);
  if (peer_eof)
    drive (self, JXS_E2E_EVENT_PEER_EOF);
  if (failure != NULL)
    {
      take_close_error (self, failure);
      drive (self, JXS_E2E_EVENT_FAILED);
    }
}

static void
session_ended_cb (JxsConnection *self, JxsReason *reason, const GError *error, JxsSession *session)
{
  JxsReasonCondition condition =
      reason != NULL ? jxs_reason_get_condition (reason) : JXS_REASON_NONE;

  if (error != NULL)
    self->session_error = g_error_copy (error);
  else if (condition != JXS_REASON_SUCCESS)
    self->session_error =
        g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The session was ended"));
  jxs_conduit_session_over (self->conduit, self->session_error);
  drive (self, JXS_E2E_EVENT_SESSION_ENDED);
}

static void
start_closing (JxsConnection *self)
{
  feed_marks (self);
  jxs_conduit_shut (self->conduit, NULL);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (JxsConnection) self = g_object_ref (user_data);

  drive (self, JXS_E2E_EVENT_ABORT);
  return G_SOURCE_REMOVE;
}

static void
jxs_connection_close_async (GIOStream *stream,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  JxsConnection *self = JXS_CONNECTION (stream);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_connection_close_async);
  g_task_set_priority (task, io_priority);
  if (self->machine.state != JXS_E2E_OPEN)
    {
      /* Aborted before. */
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->close_task = g_steal_pointer (&task);
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (cancelled_cb), self, NULL);
      g_source_attach (self->cancelled, self->context);
    }
  start_closing (self);
  if (self->session_error != NULL)
    take_close_error (self, g_error_copy (self->session_error));
  else if (self->machine.session_over && !self->machine.output_closed)
    take_close_error (self,
                      g_error_new_literal (JXS_ERROR,
                                           JXS_ERROR_CLOSED,
                                           _ ("The peer ended the session first")));
  drive (self,
         g_cancellable_is_cancelled (cancellable) ? JXS_E2E_EVENT_ABORT : JXS_E2E_EVENT_CLOSE);
}

static gboolean
jxs_connection_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_connection_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Also called by the parent's dispose() for a connection that nobody closed. */
static gboolean
jxs_connection_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  JxsConnection *self = JXS_CONNECTION (stream);
  gboolean in_order =
      jxs_conduit_is_output_closed (self->conduit) && jxs_conduit_is_peer_eof (self->conduit);

  jxs_connection_abort (self, in_order ? JXS_REASON_SUCCESS : JXS_REASON_CANCEL, NULL);
  return TRUE;
}

static GInputStream *
jxs_connection_get_input_stream (GIOStream *stream)
{
  return JXS_CONNECTION (stream)->input;
}

static GOutputStream *
jxs_connection_get_output_stream (GIOStream *stream)
{
  return JXS_CONNECTION (stream)->output;
}

static void
jxs_connection_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsConnection *self = JXS_CONNECTION (object);

  switch (prop_id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, jxs_connection_get_peer_jid (self));
      break;
    case PROP_CAN_HALF_CLOSE:
      g_value_set_boolean (value, self->machine.half_close);
      break;
    case PROP_TLS_CONNECTION:
      g_value_set_object (value, jxs_connection_get_tls_connection (self));
      break;
    case PROP_PROTOCOL_NAME:
      g_value_set_string (value, self->protocol_name);
      break;
    case PROP_CIPHER_NAME:
      g_value_set_string (value, self->cipher_name);
      break;
    case PROP_LOCAL_FINGERPRINT:
      g_value_set_string (value, self->local_fingerprint);
      break;
    case PROP_PEER_FINGERPRINT:
      g_value_set_string (value, self->peer_fingerprint);
      break;
    case PROP_TRUST_LEVEL:
      g_value_set_enum (value, self->trust_level);
      break;
    case PROP_TRUST_ORIGIN:
      g_value_set_enum (value, self->trust_origin);
      break;
    case PROP_SECURITY_METHOD:
      g_value_set_string (value, self->security_method);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_connection_dispose (GObject *object)
{
  JxsConnection *self = JXS_CONNECTION (object);

  self->disposing = TRUE;
  /* Closes it if it is open. */
  G_OBJECT_CLASS (jxs_connection_parent_class)->dispose (object);
  clear_source (&self->deadline);
  clear_source (&self->drain);
  clear_source (&self->cancelled);
}

static void
jxs_connection_finalize (GObject *object)
{
  JxsConnection *self = JXS_CONNECTION (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_pointer (&self->conduit, jxs_conduit_unref);
  g_clear_object (&self->base);
  g_clear_object (&self->stream);
  g_clear_object (&self->session);
  g_clear_object (&self->step);
  g_clear_pointer (&self->trace, jxs_trace_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  jxs_connection_set_facts (self, NULL);
  g_clear_pointer (&self->abort_text, g_free);
  g_clear_error (&self->close_error);
  g_clear_error (&self->session_error);
  G_OBJECT_CLASS (jxs_connection_parent_class)->finalize (object);
}

static void
jxs_connection_class_init (JxsConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = jxs_connection_get_property;
  object_class->dispose = jxs_connection_dispose;
  object_class->finalize = jxs_connection_finalize;
  stream_class->get_input_stream = jxs_connection_get_input_stream;
  stream_class->get_output_stream = jxs_connection_get_output_stream;
  stream_class->close_fn = jxs_connection_close;
  stream_class->close_async = jxs_connection_close_async;
  stream_class->close_finish = jxs_connection_close_finish;

  /**
   * JxsConnection:session: (getter get_session)
   *
   * The Jingle session that carries the connection.
   *
   * Since: 1.0
   */
  props[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, JXS_TYPE_SESSION, flags);
  /**
   * JxsConnection:peer-jid: (getter get_peer_jid)
   *
   * The full JID of the peer.
   *
   * Since: 1.0
   */
  props[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, flags);
  /**
   * JxsConnection:can-half-close: (getter get_can_half_close)
   *
   * Whether closing the output stream tells the peer of the end of our direction alone.
   *
   * Since: 1.0
   */
  props[PROP_CAN_HALF_CLOSE] = g_param_spec_boolean ("can-half-close", NULL, NULL, FALSE, flags);
  /**
   * JxsConnection:tls-connection: (getter get_tls_connection)
   *
   * The TLS connection, or %NULL when the connection is not encrypted end to end.
   *
   * Since: 1.0
   */
  props[PROP_TLS_CONNECTION] =
      g_param_spec_object ("tls-connection", NULL, NULL, G_TYPE_TLS_CONNECTION, flags);
  /**
   * JxsConnection:protocol-name: (getter get_protocol_name)
   *
   * The version of TLS in use.
   *
   * Since: 1.0
   */
  props[PROP_PROTOCOL_NAME] = g_param_spec_string ("protocol-name", NULL, NULL, NULL, flags);
  /**
   * JxsConnection:cipher-name: (getter get_cipher_name)
   *
   * The cipher suite in use.
   *
   * Since: 1.0
   */
  props[PROP_CIPHER_NAME] = g_param_spec_string ("cipher-name", NULL, NULL, NULL, flags);
  /**
   * JxsConnection:local-fingerprint: (getter get_local_fingerprint)
   *
   * The fingerprint of our own certificate.
   *
   * Since: 1.0
   */
  props[PROP_LOCAL_FINGERPRINT] =
      g_param_spec_string ("local-fingerprint", NULL, NULL, NULL, flags);
  /**
   * JxsConnection:peer-fingerprint: (getter get_peer_fingerprint)
   *
   * The fingerprint of the peer's certificate.
   *
   * Since: 1.0
   */
  props[PROP_PEER_FINGERPRINT] = g_param_spec_string ("peer-fingerprint", NULL, NULL, NULL, flags);
  /**
   * JxsConnection:trust-level: (getter get_trust_level)
   *
   * How far the peer's key is trusted.
   *
   * Since: 1.0
   */
  props[PROP_TRUST_LEVEL] = g_param_spec_enum (
      "trust-level", NULL, NULL, JXS_TYPE_TRUST_LEVEL, JXS_TRUST_LEVEL_DISTRUSTED, flags);
  /**
   * JxsConnection:trust-origin: (getter get_trust_origin)
   *
   * What the trust in the peer rests on.
   *
   * Since: 1.0
   */
  props[PROP_TRUST_ORIGIN] = g_param_spec_enum (
      "trust-origin", NULL, NULL, JXS_TYPE_TRUST_ORIGIN, JXS_TRUST_ORIGIN_NONE, flags);
  /**
   * JxsConnection:security-method: (getter get_security_method)
   *
   * How the encryption came about.
   *
   * Since: 1.0
   */
  props[PROP_SECURITY_METHOD] = g_param_spec_string ("security-method", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
jxs_connection_init (JxsConnection *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->close_reason = JXS_REASON_SUCCESS;
}

/* Whether its half-close does: not that of a pipe, which ends in a pump of the transport. */
static gboolean
reaches_peer (JxsSocketStream *base)
{
  GSocket *socket = jxs_socket_stream_get_socket (base);

  return jxs_socket_stream_get_half_close (base) &&
         g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX;
}

JxsConnection *
jxs_connection_new (JxsSession *session,
                    GIOStream *stream,
                    const JxsConnectionFacts *facts,
                    JxsTrace *trace)
{
  JxsConnection *self = g_object_new (JXS_TYPE_CONNECTION, NULL);
  g_autoptr (GIOStream) base = get_base (stream);
  gboolean half_close;

  self->session = g_object_ref (session);
  self->stream = g_object_ref (stream);
  if (JXS_IS_SOCKET_STREAM (base))
    self->base = JXS_SOCKET_STREAM (g_steal_pointer (&base));
  half_close = G_IS_TLS_CONNECTION (stream) || (self->base != NULL && reaches_peer (self->base));
  self->conduit = jxs_conduit_new (stream, half_close);
  self->input = jxs_conduit_new_input (self->conduit);
  self->output = jxs_conduit_new_output (self->conduit);
  if (trace != NULL)
    self->trace = jxs_trace_ref (trace);
  jxs_connection_set_facts (self, facts);
  jxs_e2e_machine_init (&self->machine, half_close);
  g_signal_connect_object (
      session, "ended", G_CALLBACK (session_ended_cb), self, G_CONNECT_SWAPPED);
  if (jxs_session_get_state (session) == JXS_SESSION_STATE_ENDED)
    session_ended_cb (self, jxs_session_get_reason (session), NULL, session);
  return self;
}

void
jxs_connection_set_close_reason (JxsConnection *self, JxsReasonCondition reason)
{
  self->close_reason = reason;
}

void
jxs_connection_abort (JxsConnection *self, JxsReasonCondition reason, const char *text)
{
  if (self->abort_reason == JXS_REASON_NONE)
    {
      self->abort_reason = reason;
      self->abort_text = g_strdup (text);
    }
  jxs_conduit_shut (self->conduit, self->session_error);
  drive (self, JXS_E2E_EVENT_ABORT);
}

const GError *
jxs_connection_get_session_error (JxsConnection *self)
{
  return self->session_error;
}

gboolean
jxs_connection_is_session_over (JxsConnection *self)
{
  return self->machine.session_over;
}
