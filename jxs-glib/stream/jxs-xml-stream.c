/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/stream/jxs-xml-stream-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/stream/jxs-xml-stream-impl-private.h>

#include "jxs-stream-marshal.h"

/**
 * JxsXmlStream:
 *
 * An XML stream with a peer (RFC 6120 §4, XEP-0246): stanzas in both directions over one byte
 * stream.
 *
 * Streams come from the library, open, and belong to the thread-default main context of where they
 * were made. What arrives is told by [signal@XmlStream::stanza]; what is sent is queued, and leaves
 * in as few writes as possible. On a stream between two clients the addresses of what arrives are
 * always those of the authenticated peer and of us, whatever was written there. Such stanzas
 * bypass every server, with its blocking lists, archives and rate limits.
 *
 * Dropping the last reference ends the stream silently; to end it in order use
 * [method@XmlStream.close_async].
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (JxsXmlStream, jxs_xml_stream, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (JxsXmlStreamState,
                    jxs_xml_stream_state,
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_OPENING, "opening"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_OPEN, "open"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_CLOSING, "closing"),
                    G_DEFINE_ENUM_VALUE (JXS_XML_STREAM_STATE_CLOSED, "closed"))

enum
{
  PROP_0,
  PROP_STATE,
  PROP_LOCAL_JID,
  PROP_PEER_JID,
  PROP_LANGUAGE,
  PROP_STREAM_ID,
  PROP_QUEUED_BYTES,
  PROP_CONGESTED,
  N_PROPS,
};

enum
{
  SIGNAL_STANZA,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

#define READ_ONLY (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static JxsXmlStreamState
get_state (JxsXmlStream *self)
{
  switch (jxs_stream_engine_get_state (self->engine))
    {
    case JXS_STREAM_STATE_NEW:
      return self->restarted ? JXS_XML_STREAM_STATE_OPENING : JXS_XML_STREAM_STATE_NEW;
    case JXS_STREAM_STATE_WAIT_HEADER:
    case JXS_STREAM_STATE_WAIT_RESPONSE:
    case JXS_STREAM_STATE_WAIT_FEATURES:
    case JXS_STREAM_STATE_NEGOTIATING:
      return JXS_XML_STREAM_STATE_OPENING;
    case JXS_STREAM_STATE_OPEN:
      return JXS_XML_STREAM_STATE_OPEN;
    case JXS_STREAM_STATE_CLOSED:
      return self->over ? JXS_XML_STREAM_STATE_CLOSED : JXS_XML_STREAM_STATE_CLOSING;
    default:
      return JXS_XML_STREAM_STATE_CLOSING;
    }
}

static void
on_changed (JxsStreamChange change, gpointer user_data)
{
  g_autoptr (GObject) object = g_object_ref (user_data);
  JxsXmlStream *self = user_data;
  JxsXmlStreamState state = get_state (self);

  if (change == JXS_STREAM_CHANGE_STATE && state != self->notified)
    {
      self->notified = state;
      g_object_notify_by_pspec (object, props[PROP_STATE]);
    }
  else if (change == JXS_STREAM_CHANGE_HEADER)
    {
      g_object_notify_by_pspec (object, props[PROP_STREAM_ID]);
      g_object_notify_by_pspec (object, props[PROP_LANGUAGE]);
    }
  else if (change == JXS_STREAM_CHANGE_CONGESTED)
    {
      g_object_notify_by_pspec (object, props[PROP_CONGESTED]);
      g_object_notify_by_pspec (object, props[PROP_QUEUED_BYTES]);
    }
}

static void
on_opened (gpointer user_data)
{
  JxsXmlStream *self = user_data;
  g_autoptr (GTask) task = jxs_stream_waiters_pop (self->waiters, JXS_STREAM_WAIT_OPENED, 0);
  JxsElement *features = NULL;

  if (task == NULL)
    return;
  if (self->role == JXS_XML_STREAM_INITIATOR)
    features = jxs_element_ref (jxs_stream_engine_get_features (self->engine));
  g_task_return_pointer (task, features, (GDestroyNotify) jxs_element_unref);
}

static void
on_element (JxsElement *element, gpointer user_data)
{
  JxsXmlStream *self = user_data;
  g_autoptr (GTask) task = jxs_stream_waiters_pop (self->waiters, JXS_STREAM_WAIT_ELEMENT, 0);

  if (task != NULL)
    g_task_return_pointer (task, jxs_element_ref (element), (GDestroyNotify) jxs_element_unref);
}

static gboolean
on_stanza (JxsElement *stanza, gpointer user_data)
{
  gboolean handled = FALSE;

  g_signal_emit (user_data, signals[SIGNAL_STANZA], 0, stanza, &handled);
  return handled;
}

static void
on_written (gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);
  JxsStreamWire *wire = jxs_stream_engine_get_wire (self->engine);
  guint64 n_written = jxs_stream_wire_get_n_written (wire);
  gboolean drained = jxs_stream_wire_get_queued (wire) == 0;
  GTask *task;

  while ((task = jxs_stream_waiters_pop (self->waiters, JXS_STREAM_WAIT_SENT, n_written)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
  if (drained && (task = jxs_stream_waiters_pop (self->waiters, JXS_STREAM_WAIT_PAUSED, 0)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void
return_waiters (JxsXmlStream *self, JxsStreamWait wait, gboolean success)
{
  GTask *task;

  while ((task = jxs_stream_waiters_pop (self->waiters, wait, G_MAXUINT64)) != NULL)
    {
      if (success)
        g_task_return_boolean (task, TRUE);
      else
        g_task_return_error (task, jxs_stream_engine_dup_error (self->engine));
      g_object_unref (task);
    }
}

/* All but those who wait for the end. */
static void
fail_waiters (JxsXmlStream *self)
{
  for (JxsStreamWait wait = 0; wait < JXS_STREAM_N_WAITS; wait++)
    if (wait != JXS_STREAM_WAIT_CLOSED)
      return_waiters (self, wait, FALSE);
}

static void
end (JxsXmlStream *self, const GError *error)
{
  self->over = TRUE;
  self->notified = JXS_XML_STREAM_STATE_CLOSED;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
  return_waiters (self, JXS_STREAM_WAIT_CLOSED, error == NULL);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, error);
}

static void
on_finished (const GError *error, gpointer user_data)
{
  g_autoptr (JxsXmlStream) self = g_object_ref (user_data);

  fail_waiters (self);
  if (error == NULL && self->beneath_func != NULL)
    self->beneath_func (self, self->beneath_data);
  else
    end (self, error);
}

void
jxs_xml_stream_set_opening_deadline (JxsXmlStream *self, guint deadline_ms)
{
  jxs_stream_engine_set_opening_deadline (self->engine, deadline_ms);
}

void
jxs_xml_stream_set_beneath (JxsXmlStream *self, JxsXmlStreamBeneathFunc func, gpointer user_data)
{
  self->beneath_func = func;
  self->beneath_data = user_data;
}

void
jxs_xml_stream_beneath_closed (JxsXmlStream *self)
{
  g_autoptr (JxsXmlStream) alive = g_object_ref (self);

  end (alive, NULL);
}

static const JxsStreamEngineFuncs engine_funcs = {
  on_changed, on_opened, on_element, on_stanza, on_written, on_finished,
};

static void
on_cancelled (JxsStreamWait wait, const GError *error, gpointer user_data)
{
  JxsXmlStream *self = user_data;

  switch (wait)
    {
    case JXS_STREAM_WAIT_OPENED:
      jxs_stream_engine_handle (self->engine, JXS_STREAM_EVENT_BROKEN, error);
      break;
    case JXS_STREAM_WAIT_ELEMENT:
      jxs_stream_engine_want_element (self->engine, FALSE);
      break;
    case JXS_STREAM_WAIT_PAUSED:
      self->paused = FALSE;
      jxs_stream_engine_set_paused (self->engine, FALSE);
      break;
    default:
      break;
    }
}

static void
jxs_xml_stream_dispose (GObject *object)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  /* Silently: who wants an orderly end closes first. */
  self->over = TRUE;
  jxs_stream_engine_shut_down (self->engine);
  fail_waiters (self);
  return_waiters (self, JXS_STREAM_WAIT_CLOSED, TRUE);

  G_OBJECT_CLASS (jxs_xml_stream_parent_class)->dispose (object);
}

static void
jxs_xml_stream_finalize (GObject *object)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  g_clear_pointer (&self->engine, jxs_stream_engine_unref);
  g_clear_pointer (&self->waiters, jxs_stream_waiters_free);
  g_clear_object (&self->io_stream);
  g_clear_pointer (&self->local, jxs_jid_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);

  G_OBJECT_CLASS (jxs_xml_stream_parent_class)->finalize (object);
}

static void
jxs_xml_stream_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  JxsXmlStream *self = JXS_XML_STREAM (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, get_state (self));
      break;
    case PROP_LOCAL_JID:
      g_value_set_boxed (value, self->local);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, self->peer);
      break;
    case PROP_LANGUAGE:
      g_value_set_string (value, jxs_stream_engine_get_header (self->engine)->lang);
      break;
    case PROP_STREAM_ID:
      g_value_set_string (value, jxs_stream_engine_get_header (self->engine)->id);
      break;
    case PROP_QUEUED_BYTES:
      g_value_set_uint64 (value, jxs_stream_engine_get_queued (self->engine));
      break;
    case PROP_CONGESTED:
      g_value_set_boolean (value, jxs_stream_engine_get_congested (self->engine));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
jxs_xml_stream_class_init (JxsXmlStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_xml_stream_dispose;
  object_class->finalize = jxs_xml_stream_finalize;
  object_class->get_property = jxs_xml_stream_get_property;

  /**
   * JxsXmlStream:state: (getter get_state)
   *
   * Where the stream is in its life.
   *
   * Since: 1.0
   */
  props[PROP_STATE] = g_param_spec_enum (
      "state", NULL, NULL, JXS_TYPE_XML_STREAM_STATE, JXS_XML_STREAM_STATE_NEW, READ_ONLY);
  /**
   * JxsXmlStream:local-jid: (getter get_local_jid)
   *
   * Our address.
   *
   * Since: 1.0
   */
  props[PROP_LOCAL_JID] = g_param_spec_boxed ("local-jid", NULL, NULL, JXS_TYPE_JID, READ_ONLY);
  /**
   * JxsXmlStream:peer-jid: (getter get_peer_jid)
   *
   * The address of whom the stream is with.
   *
   * Since: 1.0
   */
  props[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, READ_ONLY);
  /**
   * JxsXmlStream:language:
   *
   * The language (`xml:lang`) that the peer gave for the whole stream. Messages and presence that
   * arrive without a language of their own get it.
   *
   * Since: 1.0
   */
  props[PROP_LANGUAGE] = g_param_spec_string ("language", NULL, NULL, NULL, READ_ONLY);
  /**
   * JxsXmlStream:stream-id:
   *
   * The identifier that the receiver gave the stream, if it did.
   *
   * Since: 1.0
   */
  props[PROP_STREAM_ID] = g_param_spec_string ("stream-id", NULL, NULL, NULL, READ_ONLY);
  /**
   * JxsXmlStream:queued-bytes:
   *
   * Octets that wait to be handed to the I/O stream. Changes are only notified together with
   * [property@XmlStream:congested].
   *
   * Since: 1.0
   */
  props[PROP_QUEUED_BYTES] =
      g_param_spec_uint64 ("queued-bytes", NULL, NULL, 0, G_MAXUINT64, 0, READ_ONLY);
  /**
   * JxsXmlStream:congested:
   *
   * Whether so much is queued (more than 64 KiB) that who can wait should: until the property
   * becomes %FALSE again.
   *
   * Since: 1.0
   */
  props[PROP_CONGESTED] = g_param_spec_boolean ("congested", NULL, NULL, FALSE, READ_ONLY);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * JxsXmlStream::stanza:
   * @self: the stream
   * @stanza: the stanza
   *
   * A stanza arrived. On a stream between two clients `from` is the authenticated peer and `to` is
   * our address.
   *
   * An iq of type `get` or `set` must be answered by whoever handles it, now or later. What nobody
   * handles is answered by the stream: a ping (XEP-0199) between two clients with a result,
   * anything else with `service-unavailable`.
   *
   * Returns: %TRUE if @stanza was handled: no other handler is asked
   *
   * Since: 1.0
   */
  signals[SIGNAL_STANZA] = g_signal_new ("stanza",
                                         JXS_TYPE_XML_STREAM,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         g_signal_accumulator_true_handled,
                                         NULL,
                                         jxs_stream_marshal_BOOLEAN__BOXED,
                                         G_TYPE_BOOLEAN,
                                         1,
                                         JXS_TYPE_ELEMENT | G_SIGNAL_TYPE_STATIC_SCOPE);
  g_signal_set_va_marshaller (signals[SIGNAL_STANZA],
                              JXS_TYPE_XML_STREAM,
                              jxs_stream_marshal_BOOLEAN__BOXEDv);

  /**
   * JxsXmlStream::closed:
   * @self: the stream
   * @error: (nullable): why, or %NULL when both sides closed in order
   *
   * The stream is over. Emitted once; no stanza follows. A stream of an endpoint that both sides
   * closed has ended its connection and session by then: nothing is left to wait for.
   *
   * A stream error, ours or the peer's, is of [error@StreamError]. %JXS_ERROR_TRUNCATED says that
   * the connection ended without the peer closing the stream, so that what it sent last may be
   * lost; %JXS_ERROR_TIMED_OUT that it did not open or close the stream in time.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed",
                                         JXS_TYPE_XML_STREAM,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         g_cclosure_marshal_VOID__BOXED,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  g_signal_set_va_marshaller (signals[SIGNAL_CLOSED],
                              JXS_TYPE_XML_STREAM,
                              g_cclosure_marshal_VOID__BOXEDv);
}

static void
jxs_xml_stream_init (JxsXmlStream *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->engine = jxs_stream_engine_new (context, &engine_funcs, self);
  self->waiters = jxs_stream_waiters_new (context, on_cancelled, self);
}

void
jxs_xml_stream_set_local_jid (JxsXmlStream *self, JxsJid *local)
{
  jxs_jid_ref (local);
  g_clear_pointer (&self->local, jxs_jid_unref);
  self->local = local;
  jxs_stream_engine_set_local (self->engine, local);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOCAL_JID]);
}

GTask *
jxs_xml_stream_begin (JxsXmlStream *self,
                      gpointer tag,
                      int io_priority,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_priority (task, io_priority);
  if (g_task_return_error_if_cancelled (task))
    return NULL;
  return g_steal_pointer (&task);
}

/**
 * jxs_xml_stream_get_state: (get-property state)
 * @self: a stream
 *
 * Tells where the stream is in its life.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsXmlStreamState
jxs_xml_stream_get_state (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), JXS_XML_STREAM_STATE_CLOSED);

  return get_state (self);
}

/**
 * jxs_xml_stream_get_local_jid: (get-property local-jid)
 * @self: a stream
 *
 * Returns our address.
 *
 * Returns: (transfer none) (nullable): our address; %NULL while a server has not told it yet
 *
 * Since: 1.0
 */
JxsJid *
jxs_xml_stream_get_local_jid (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->local;
}

/**
 * jxs_xml_stream_get_peer_jid: (get-property peer-jid)
 * @self: a stream
 *
 * Returns the address of whom the stream is with.
 *
 * Returns: (transfer none): the peer's address
 *
 * Since: 1.0
 */
JxsJid *
jxs_xml_stream_get_peer_jid (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->peer;
}

/**
 * jxs_xml_stream_get_io_stream:
 * @self: a stream
 *
 * Returns the I/O stream beneath. It must not be read or written before the stream is closed.
 *
 * Returns: (transfer none): the I/O stream
 *
 * Since: 1.0
 */
GIOStream *
jxs_xml_stream_get_io_stream (JxsXmlStream *self)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), NULL);

  return self->io_stream;
}

/**
 * jxs_xml_stream_send:
 * @self: an open stream
 * @stanza: a message, presence or iq; it may be changed or sent again afterwards
 * @error: return location for an error
 *
 * Queues a stanza and returns at once. Everything queued in one turn of the main loop leaves in one
 * write. To send much without filling memory wait while [property@XmlStream:congested] is set, or
 * use [method@XmlStream.send_async].
 *
 * Fails with %JXS_ERROR_CLOSED if the stream is not open, %JXS_ERROR_LIMIT if it would make the
 * queue longer than 4 MiB, %JXS_ERROR_INVALID_ARGUMENT if @stanza is no stanza or holds names or
 * text that XML cannot carry.
 *
 * Returns: %TRUE if @stanza was queued
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_send (JxsXmlStream *self, JxsElement *stanza, GError **error)
{
  g_return_val_if_fail (JXS_IS_XML_STREAM (self), FALSE);
  g_return_val_if_fail (stanza != NULL, FALSE);

  if (get_state (self) != JXS_XML_STREAM_STATE_OPEN)
    {
      g_set_error_literal (error, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The stream is not open"));
      return FALSE;
    }
  if (jxs_stanza_get_kind (stanza) == JXS_STANZA_KIND_NONE)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("An element “%s” is not a stanza"),
                   jxs_element_get_name (stanza));
      return FALSE;
    }
  return jxs_stream_engine_send (self->engine, stanza, error);
}

/**
 * jxs_xml_stream_send_async:
 * @self: an open stream
 * @stanza: a message, presence or iq
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Queues a stanza at once, like [method@XmlStream.send], and completes when it and all before it
 * were handed to the I/O stream. What was queued is sent even if @cancellable is cancelled.
 *
 * Fails like [method@XmlStream.send], and if the stream ends before the stanza was sent.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_send_async (JxsXmlStream *self,
                           JxsElement *stanza,
                           int io_priority,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (JXS_IS_XML_STREAM (self));
  g_return_if_fail (stanza != NULL);

  task = jxs_xml_stream_begin (
      self, jxs_xml_stream_send_async, io_priority, cancellable, callback, user_data);
  if (task == NULL)
    return;
  if (jxs_xml_stream_send (self, stanza, &error))
    jxs_stream_waiters_add (self->waiters,
                            g_steal_pointer (&task),
                            JXS_STREAM_WAIT_SENT,
                            jxs_stream_wire_get_n_committed (
                                jxs_stream_engine_get_wire (self->engine)));
  else
    g_task_return_error (task, error);
}

/**
 * jxs_xml_stream_send_finish:
 * @self: a stream
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@XmlStream.send_async] began.
 *
 * Returns: %TRUE if the stanza was handed to the I/O stream
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_send_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_send_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_xml_stream_close_async:
 * @self: a stream
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Ends the stream in order (RFC 6120 §4.4): sends what is queued and the closing tag, and waits for
 * the peer to close as well. Stanzas that arrive meanwhile are still delivered; nothing can be sent
 * any more. A stream of an endpoint then ends its connection and its session, in order. Completes
 * at once when the stream is closed already. If @cancellable is cancelled the stream goes on
 * closing unattended.
 *
 * Fails with %JXS_ERROR_TIMED_OUT if the peer does not close within 30 seconds,
 * %JXS_ERROR_TRUNCATED if its connection ends without, or with what else ended the stream.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_close_async (JxsXmlStream *self,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_XML_STREAM (self));

  task = jxs_xml_stream_begin (
      self, jxs_xml_stream_close_async, io_priority, cancellable, callback, user_data);
  if (task == NULL)
    return;
  if (get_state (self) == JXS_XML_STREAM_STATE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  jxs_stream_waiters_add (self->waiters, g_steal_pointer (&task), JXS_STREAM_WAIT_CLOSED, 0);
  jxs_stream_engine_handle (self->engine, JXS_STREAM_EVENT_CLOSE, NULL);
}

/**
 * jxs_xml_stream_close_finish:
 * @self: a stream
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Ends what [method@XmlStream.close_async] began.
 *
 * Returns: %TRUE if both sides closed in order
 *
 * Since: 1.0
 */
gboolean
jxs_xml_stream_close_finish (JxsXmlStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_xml_stream_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_xml_stream_set_keepalive:
 * @self: a stream
 * @seconds: seconds of silence on our side after which a space is sent, or 0 for never
 *
 * Keeps the connection in the memory of the network devices on its way (RFC 6120 §4.6.1). Off by
 * default.
 *
 * Since: 1.0
 */
void
jxs_xml_stream_set_keepalive (JxsXmlStream *self, guint seconds)
{
  g_return_if_fail (JXS_IS_XML_STREAM (self));

  jxs_stream_engine_set_keepalive (self->engine, seconds);
}
