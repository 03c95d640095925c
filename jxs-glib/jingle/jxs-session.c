/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/jingle/jxs-session-private.h>

/**
 * JxsSession:
 *
 * A Jingle session (XEP-0166) with a peer, for one description (application) of one content.
 *
 * A session of ours is made by [method@Endpoint.create_session] and begins when it is connected;
 * one that a peer asks for comes with [signal@Endpoint::incoming] and waits, up to five minutes,
 * until it is connected or refused with [method@Session.terminate]. However it ends,
 * [signal@Session::ended] is emitted once and the state stays %JXS_SESSION_STATE_ENDED.
 *
 * Since: 1.0
 */

G_DEFINE_ENUM_TYPE (JxsSessionState,
                    jxs_session_state,
                    G_DEFINE_ENUM_VALUE (JXS_SESSION_STATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (JXS_SESSION_STATE_PENDING, "pending"),
                    G_DEFINE_ENUM_VALUE (JXS_SESSION_STATE_ACTIVE, "active"),
                    G_DEFINE_ENUM_VALUE (JXS_SESSION_STATE_ENDED, "ended"))

G_DEFINE_FINAL_TYPE (JxsSession, jxs_session, G_TYPE_OBJECT)

enum
{
  PROP_STATE = 1,
  PROP_SID,
  PROP_PEER_JID,
  PROP_LOCAL_JID,
  PROP_INITIATOR,
  PROP_NAMESPACE,
  PROP_DESCRIPTION,
  PROP_REASON,
  PROP_TRANSPORT_NAMESPACE,
  PROP_ROUND_TRIPS,
  PROP_REDIRECT_URI,
  PROP_CANDIDATES,
  PROP_NOMINATED_CANDIDATE,
  N_PROPS
};

enum
{
  INFO,
  DESCRIPTION_INFO,
  ENDED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
jxs_session_dispose (GObject *object)
{
  JxsSession *self = JXS_SESSION (object);

  /* The manager holds a session that lives: this one never began, or ended, or lost its manager. */
  if (self->content != NULL)
    jxs_content_set_owner (self->content, NULL, NULL);
  jxs_session_clear_sources (self);
  g_clear_object (&self->content);
  g_clear_object (&self->router);
  g_weak_ref_set (&self->manager, NULL);

  G_OBJECT_CLASS (jxs_session_parent_class)->dispose (object);
}

static void
jxs_session_finalize (GObject *object)
{
  JxsSession *self = JXS_SESSION (object);

  g_weak_ref_clear (&self->manager);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->peer, jxs_jid_unref);
  g_clear_pointer (&self->local, jxs_jid_unref);
  g_clear_pointer (&self->sid, g_free);
  g_clear_pointer (&self->local_description, jxs_element_unref);
  g_clear_pointer (&self->remote_description, jxs_element_unref);
  g_clear_pointer (&self->extra, jxs_jingle_free);
  g_clear_pointer (&self->held, g_ptr_array_unref);
  g_clear_object (&self->candidates);
  g_clear_object (&self->nominated);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->reason, jxs_reason_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->redirect_uri, g_free);

  G_OBJECT_CLASS (jxs_session_parent_class)->finalize (object);
}

static void
jxs_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  JxsSession *self = JXS_SESSION (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, (int) self->machine.state);
      break;
    case PROP_SID:
      g_value_set_string (value, self->sid);
      break;
    case PROP_PEER_JID:
      g_value_set_boxed (value, self->peer);
      break;
    case PROP_LOCAL_JID:
      g_value_set_boxed (value, self->local);
      break;
    case PROP_INITIATOR:
      g_value_set_boolean (value, self->machine.initiator);
      break;
    case PROP_NAMESPACE:
      g_value_set_string (value, jxs_session_get_namespace (self));
      break;
    case PROP_DESCRIPTION:
      g_value_set_boxed (value, self->remote_description);
      break;
    case PROP_REASON:
      g_value_set_boxed (value, self->reason);
      break;
    case PROP_TRANSPORT_NAMESPACE:
      g_value_set_string (value, jxs_session_get_transport_namespace (self));
      break;
    case PROP_ROUND_TRIPS:
      g_value_set_uint (value, self->round_trips);
      break;
    case PROP_REDIRECT_URI:
      g_value_set_string (value, self->redirect_uri);
      break;
    case PROP_CANDIDATES:
      g_value_set_object (value, self->candidates);
      break;
    case PROP_NOMINATED_CANDIDATE:
      g_value_set_object (value, self->nominated);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * JxsSession:state: (getter get_state)
   *
   * Where the session stands (XEP-0166 §5.1).
   *
   * Since: 1.0
   */
  props[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, JXS_TYPE_SESSION_STATE, JXS_SESSION_STATE_NEW, flags);
  /**
   * JxsSession:sid: (getter get_sid)
   *
   * The session id. It is unique together with the address of the peer only.
   *
   * Since: 1.0
   */
  props[PROP_SID] = g_param_spec_string ("sid", NULL, NULL, NULL, flags);
  /**
   * JxsSession:peer-jid: (getter get_peer_jid)
   *
   * The full address of the peer.
   *
   * Since: 1.0
   */
  props[PROP_PEER_JID] = g_param_spec_boxed ("peer-jid", NULL, NULL, JXS_TYPE_JID, flags);
  /**
   * JxsSession:local-jid: (getter get_local_jid)
   *
   * Our full address.
   *
   * Since: 1.0
   */
  props[PROP_LOCAL_JID] = g_param_spec_boxed ("local-jid", NULL, NULL, JXS_TYPE_JID, flags);
  /**
   * JxsSession:initiator: (getter is_initiator)
   *
   * Whether we asked for the session.
   *
   * Since: 1.0
   */
  props[PROP_INITIATOR] = g_param_spec_boolean ("initiator", NULL, NULL, FALSE, flags);
  /**
   * JxsSession:namespace: (getter get_namespace)
   *
   * The namespace of the description: which application the session is for.
   *
   * Since: 1.0
   */
  props[PROP_NAMESPACE] = g_param_spec_string ("namespace", NULL, NULL, NULL, flags);
  /**
   * JxsSession:description: (getter get_description)
   *
   * The description of the peer: its offer, or its answer to ours.
   *
   * Since: 1.0
   */
  props[PROP_DESCRIPTION] = g_param_spec_boxed ("description", NULL, NULL, JXS_TYPE_ELEMENT, flags);
  /**
   * JxsSession:reason: (getter get_reason)
   *
   * Why the session ended.
   *
   * Since: 1.0
   */
  props[PROP_REASON] = g_param_spec_boxed ("reason", NULL, NULL, JXS_TYPE_REASON, flags);
  /**
   * JxsSession:transport-namespace: (getter get_transport_namespace)
   *
   * The namespace of the transport in use.
   *
   * Since: 1.0
   */
  props[PROP_TRANSPORT_NAMESPACE] =
      g_param_spec_string ("transport-namespace", NULL, NULL, NULL, flags);
  /**
   * JxsSession:round-trips: (getter get_round_trips)
   *
   * The signalling round trips until the session was connected.
   *
   * Since: 1.0
   */
  props[PROP_ROUND_TRIPS] = g_param_spec_uint ("round-trips", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * JxsSession:redirect-uri: (getter get_redirect_uri)
   *
   * Where the peer asks to go instead (XEP-0166 §6.3.2).
   *
   * Since: 1.0
   */
  props[PROP_REDIRECT_URI] = g_param_spec_string ("redirect-uri", NULL, NULL, NULL, flags);
  /**
   * JxsSession:candidates: (getter get_candidates)
   *
   * The ways to the peer that are known, a list of [class@Candidate].
   *
   * Since: 1.0
   */
  props[PROP_CANDIDATES] = g_param_spec_object ("candidates", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  /**
   * JxsSession:nominated-candidate: (getter get_nominated_candidate)
   *
   * The way that is taken.
   *
   * Since: 1.0
   */
  props[PROP_NOMINATED_CANDIDATE] =
      g_param_spec_object ("nominated-candidate", NULL, NULL, JXS_TYPE_CANDIDATE, flags);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
jxs_session_class_init (JxsSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_session_dispose;
  object_class->finalize = jxs_session_finalize;
  object_class->get_property = jxs_session_get_property;
  install_properties (object_class);

  /**
   * JxsSession::info:
   * @self: the session
   * @payload: what the peer sent
   *
   * The peer sent a session-info (XEP-0166 §6.8).
   *
   * Returns: whether it was understood; otherwise the peer is told that it was not
   *
   * Since: 1.0
   */
  signals[INFO] = g_signal_new ("info",
                                JXS_TYPE_SESSION,
                                G_SIGNAL_RUN_LAST,
                                0,
                                g_signal_accumulator_true_handled,
                                NULL,
                                NULL,
                                G_TYPE_BOOLEAN,
                                1,
                                JXS_TYPE_ELEMENT);
  /**
   * JxsSession::description-info:
   * @self: the session
   * @description: the description the peer sent
   *
   * The peer sent hints about the parameters of the application (XEP-0166 §7.2.6).
   *
   * Returns: whether they were understood; otherwise the peer is told that they were not
   *
   * Since: 1.0
   */
  signals[DESCRIPTION_INFO] = g_signal_new ("description-info",
                                            JXS_TYPE_SESSION,
                                            G_SIGNAL_RUN_LAST,
                                            0,
                                            g_signal_accumulator_true_handled,
                                            NULL,
                                            NULL,
                                            G_TYPE_BOOLEAN,
                                            1,
                                            JXS_TYPE_ELEMENT);
  /**
   * JxsSession::ended:
   * @self: the session
   * @reason: the reason that was given
   * @error: (nullable): what went wrong, or %NULL if it ended in order
   *
   * The session ended. Emitted once. Bytes of the stream that have arrived can still be read when
   * the peer ended it.
   *
   * Since: 1.0
   */
  signals[ENDED] = g_signal_new ("ended",
                                 JXS_TYPE_SESSION,
                                 G_SIGNAL_RUN_LAST,
                                 0,
                                 NULL,
                                 NULL,
                                 NULL,
                                 G_TYPE_NONE,
                                 2,
                                 JXS_TYPE_REASON,
                                 G_TYPE_ERROR);
}

static void
jxs_session_init (JxsSession *self)
{
  g_weak_ref_init (&self->manager, NULL);
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
}

JxsSession *
jxs_session_new (JxsSessionManager *manager,
                 JxsRouter *router,
                 JxsJid *peer,
                 const char *sid,
                 const char *jingle_namespace,
                 gboolean initiator,
                 JxsContent *content,
                 JxsElement *description,
                 JxsJingle *extra)
{
  JxsSession *self = g_object_new (JXS_TYPE_SESSION, NULL);
  JxsJid *local = jxs_router_get_local_jid (router);

  g_weak_ref_set (&self->manager, manager);
  self->router = g_object_ref (router);
  self->peer = jxs_jid_ref (peer);
  self->local = local != NULL ? jxs_jid_ref (local) : NULL;
  self->sid = g_strdup (sid);
  self->jingle_namespace = jingle_namespace;
  jxs_session_machine_init (&self->machine, initiator);
  self->content = g_object_ref (content);
  jxs_content_set_owner (content, &jxs_session_content_funcs, self);
  if (initiator)
    self->local_description = jxs_element_ref (description);
  else
    self->remote_description = jxs_element_ref (description);
  self->extra = extra;
  jxs_session_watch_candidates (self);

  return self;
}

gboolean
jxs_session_emit_info (JxsSession *self, JxsJingleAction action, JxsElement *payload)
{
  gboolean understood = FALSE;

  g_signal_emit (self,
                 signals[action == JXS_JINGLE_SESSION_INFO ? INFO : DESCRIPTION_INFO],
                 0,
                 payload,
                 &understood);

  return understood;
}

/**
 * jxs_session_get_state:
 * @self: a session
 *
 * Gets where the session stands (XEP-0166 §5.1).
 *
 * Returns: the state
 *
 * Since: 1.0
 */
JxsSessionState
jxs_session_get_state (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), JXS_SESSION_STATE_ENDED);

  return self->machine.state;
}

/**
 * jxs_session_get_sid:
 * @self: a session
 *
 * Gets the session id.
 *
 * Returns: (transfer none): the id
 *
 * Since: 1.0
 */
const char *
jxs_session_get_sid (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->sid;
}

/**
 * jxs_session_get_peer_jid:
 * @self: a session
 *
 * Gets the full address of the peer.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
JxsJid *
jxs_session_get_peer_jid (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->peer;
}

/**
 * jxs_session_get_local_jid:
 * @self: a session
 *
 * Gets our full address.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the channel had none yet when the
 *   session was made
 *
 * Since: 1.0
 */
JxsJid *
jxs_session_get_local_jid (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->local;
}

/**
 * jxs_session_is_initiator: (get-property initiator)
 * @self: a session
 *
 * Gets whether we asked for the session.
 *
 * Returns: whether we are the initiator
 *
 * Since: 1.0
 */
gboolean
jxs_session_is_initiator (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), FALSE);

  return self->machine.initiator;
}

/**
 * jxs_session_get_namespace:
 * @self: a session
 *
 * Gets the namespace of the description: which application the session is for.
 *
 * Returns: (transfer none): the namespace
 *
 * Since: 1.0
 */
const char *
jxs_session_get_namespace (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return jxs_element_get_namespace (self->machine.initiator ? self->local_description
                                                            : self->remote_description);
}

/**
 * jxs_session_get_description:
 * @self: a session
 *
 * Gets the description of the peer: its offer, or its answer to ours.
 *
 * Returns: (transfer none) (nullable): the description, or %NULL while the peer has sent none
 *
 * Since: 1.0
 */
JxsElement *
jxs_session_get_description (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->remote_description;
}

/**
 * jxs_session_get_transport_namespace:
 * @self: a session
 *
 * Gets the namespace of the transport in use. It changes when a transport is replaced by another.
 *
 * Returns: (transfer none) (nullable): the namespace, or %NULL before the session has begun
 *
 * Since: 1.0
 */
const char *
jxs_session_get_transport_namespace (JxsSession *self)
{
  JxsTransport *transport;

  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  transport = jxs_content_get_transport (self->content);

  return transport != NULL ? jxs_transport_get_namespace (transport) : NULL;
}

/**
 * jxs_session_get_reason:
 * @self: a session
 *
 * Gets why the session ended.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL while it lives
 *
 * Since: 1.0
 */
JxsReason *
jxs_session_get_reason (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->reason;
}

/**
 * jxs_session_get_round_trips:
 * @self: a session
 *
 * Gets how many signalling round trips it took until the session was connected.
 *
 * Counted are the requests whose answers were waited for one after another: session-initiate until
 * session-accept (for the responder, session-accept), each transport-replace until its
 * transport-accept or transport-reject, and what the transport asked for itself, such as the
 * opening of an in-band bytestream. Acknowledgements that nothing waits for do not count, nor does
 * what travels over the transport (the TLS handshake).
 *
 * Returns: the number, complete once the session is connected
 *
 * Since: 1.0
 */
guint
jxs_session_get_round_trips (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), 0);

  return self->round_trips;
}

/**
 * jxs_session_get_redirect_uri:
 * @self: a session
 *
 * Gets where the peer asked to go instead, if it refused the session that way (XEP-0166 §6.3.2).
 * The library never goes there by itself: the address is what the peer, or its server, claims.
 *
 * Returns: (transfer none) (nullable): an `xmpp:` URI, or %NULL
 *
 * Since: 1.0
 */
const char *
jxs_session_get_redirect_uri (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->redirect_uri;
}

/**
 * jxs_session_terminate:
 * @self: a session
 * @reason: (nullable): what to tell the peer, or %NULL: an incoming session that is pending is
 *   declined, one of ours that is pending is cancelled, any other ended with success
 *
 * Refuses an incoming session that is pending, and ends any other. It is ended when this returns
 * (XEP-0166 §6.7); what was not delivered yet is lost. Does nothing if it has ended before.
 *
 * Since: 1.0
 */
void
jxs_session_terminate (JxsSession *self, JxsReason *reason)
{
  g_autoptr (JxsReason) fallback = NULL;

  g_return_if_fail (JXS_IS_SESSION (self));

  if (reason == NULL)
    {
      if (self->machine.state != JXS_SESSION_STATE_PENDING)
        fallback = jxs_reason_new (JXS_REASON_SUCCESS, NULL);
      else if (self->machine.initiator)
        fallback = jxs_reason_new (JXS_REASON_CANCEL, NULL);
      else
        fallback = jxs_reason_new (JXS_REASON_DECLINE, NULL);
      reason = fallback;
    }
  jxs_session_end (self, reason, NULL, TRUE);
}

static void
send_payload (JxsSession *self, GTask *task, JxsJingleAction action, JxsElement *payload)
{
  g_autoptr (JxsJingle) jingle = jxs_session_new_action (self, action);

  if (action == JXS_JINGLE_DESCRIPTION_INFO)
    jxs_session_add_content (self, jingle)->description = jxs_element_ref (payload);
  else if (payload != NULL)
    jingle->info = jxs_element_ref (payload);

  if (g_task_return_error_if_cancelled (task))
    g_object_unref (task);
  else if (self->machine.state != JXS_SESSION_STATE_PENDING &&
           self->machine.state != JXS_SESSION_STATE_ACTIVE)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_CLOSED,
                               "%s",
                               self->ended ? _ ("The session has ended")
                                           : _ ("The session has not begun"));
      g_object_unref (task);
    }
  else
    jxs_session_send_task (self, jingle, task);
}

/**
 * jxs_session_send_info_async:
 * @self: a session that is pending or active
 * @payload: (nullable): an element of a namespace of the application, or %NULL to ask only whether
 *   the peer still knows the session
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when the peer has answered
 * @user_data: data for @callback
 *
 * Sends a session-info (XEP-0166 §6.8).
 *
 * Fails with %JXS_ERROR_NOT_SUPPORTED if the peer does not understand it, with %JXS_ERROR_CLOSED if
 * the session has ended, also when that is what the peer says; the session is then ended here too.
 *
 * Since: 1.0
 */
void
jxs_session_send_info_async (JxsSession *self,
                             JxsElement *payload,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task;

  g_return_if_fail (JXS_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_session_send_info_async);
  g_task_set_priority (task, io_priority);
  send_payload (self, task, JXS_JINGLE_SESSION_INFO, payload);
}

/**
 * jxs_session_send_info_finish:
 * @self: a session
 * @result: the result
 * @error: return location for an error
 *
 * Finishes what [method@Session.send_info_async] began.
 *
 * Returns: whether the peer understood
 *
 * Since: 1.0
 */
gboolean
jxs_session_send_info_finish (JxsSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_session_send_info_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * jxs_session_send_description_info_async:
 * @self: a session that is pending or active
 * @description: a description of the session's namespace
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when the peer has answered
 * @user_data: data for @callback
 *
 * Sends a description-info: hints about the parameters of the application (XEP-0166 §7.2.6).
 *
 * Fails like [method@Session.send_info_async].
 *
 * Since: 1.0
 */
void
jxs_session_send_description_info_async (JxsSession *self,
                                         JxsElement *description,
                                         int io_priority,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  GTask *task;

  g_return_if_fail (JXS_IS_SESSION (self));
  g_return_if_fail (description != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_session_send_description_info_async);
  g_task_set_priority (task, io_priority);
  send_payload (self, task, JXS_JINGLE_DESCRIPTION_INFO, description);
}

/**
 * jxs_session_send_description_info_finish:
 * @self: a session
 * @result: the result
 * @error: return location for an error
 *
 * Finishes what [method@Session.send_description_info_async] began.
 *
 * Returns: whether the peer understood
 *
 * Since: 1.0
 */
gboolean
jxs_session_send_description_info_finish (JxsSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_session_send_description_info_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
