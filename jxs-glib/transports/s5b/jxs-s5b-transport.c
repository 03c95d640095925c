/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-transport-impl-private.h"

#ifdef __linux__
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>

/* How long the end of what the peer sent may take once its session-terminate is there, which went
 * another way. */
#define JXS_S5B_LINGER_MS 5000

/* Seconds between the questions whether the peer's machine is still there. */
#define JXS_S5B_KEEPALIVE_SECONDS 4

G_DEFINE_FINAL_TYPE (JxsS5bTransport, jxs_s5b_transport, JXS_TYPE_TRANSPORT)

static void
local_free (gpointer data)
{
  JxsS5bLocal *local = data;

  g_free (local->cid);
  g_object_unref (local->candidate);
  g_free (local);
}

static void
remote_free (gpointer data)
{
  JxsS5bRemote *remote = data;

  g_free (remote->cid);
  g_object_unref (remote->candidate);
  g_clear_object (&remote->dial);
  g_clear_pointer (&remote->socket, jxs_s5b_socket_free);
  g_free (remote);
}

void
jxs_s5b_transport_trace (JxsS5bTransport *self,
                         const char *what,
                         JxsCandidate *candidate,
                         gint64 duration_us,
                         const GError *error)
{
  JxsTransport *transport = JXS_TRANSPORT (self);
  JxsTrace *trace = jxs_router_get_trace (jxs_transport_get_router (transport));
  const char *peer = jxs_jid_to_string (jxs_transport_get_peer_jid (transport));

  if (trace == NULL)
    return;
  if (candidate == NULL)
    jxs_trace_emit (trace,
                    "s5b",
                    what,
                    "s:peer",
                    peer,
                    "s:stream",
                    self->sid,
                    "i:duration-us",
                    duration_us,
                    "s:error",
                    error != NULL ? error->message : NULL,
                    NULL);
  else
    jxs_trace_emit (trace,
                    "s5b",
                    what,
                    "s:peer",
                    peer,
                    "s:stream",
                    self->sid,
                    "b:local",
                    jxs_candidate_is_local (candidate),
                    "s:kind",
                    jxs_candidate_kind_to_name (jxs_candidate_get_kind (candidate)),
                    "s:host",
                    jxs_candidate_get_host (candidate),
                    "i:port",
                    (gint64) jxs_candidate_get_port (candidate),
                    "i:priority",
                    (gint64) jxs_candidate_get_priority (candidate),
                    "i:duration-us",
                    duration_us,
                    "s:error",
                    error != NULL ? error->message : NULL,
                    NULL);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* The negotiation is over. */
static void
clean_up (JxsS5bTransport *self)
{
  self->over = TRUE;
  clear_source (&self->wake);
  clear_source (&self->connect_cancelled);
  g_cancellable_cancel (self->cancellable);
  jxs_s5b_transport_cancel_dials (self);
  jxs_s5b_transport_stop_listening (self);
  g_ptr_array_set_size (self->incoming, 0);
  g_clear_pointer (&self->proxy, jxs_s5b_socket_free);
  for (guint i = 0; i < self->remote->len; i++)
    {
      JxsS5bRemote *remote = g_ptr_array_index (self->remote, i);

      g_clear_pointer (&remote->socket, jxs_s5b_socket_free);
      if (jxs_candidate_get_state (remote->candidate) == JXS_CANDIDATE_STATE_WAITING ||
          jxs_candidate_get_state (remote->candidate) == JXS_CANDIDATE_STATE_CONNECTING)
        jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_SKIPPED);
    }
}

void
jxs_s5b_transport_deliver (JxsS5bTransport *self, GIOStream *stream)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->connect_task);

  self->stream = g_object_ref (stream);
  clean_up (self);
  /* Routers may cut what came in through a mapping that is given back. */
  if (!jxs_candidate_is_local (self->nominated) ||
      jxs_candidate_get_kind (self->nominated) != JXS_CANDIDATE_KIND_ASSISTED)
    jxs_s5b_transport_stop_gathering (self);
  jxs_s5b_transport_trace (
      self, "ready", self->nominated, jxs_clock_now () - self->started_at, NULL);
  g_task_return_pointer (task, g_object_ref (stream), g_object_unref);
}

void
jxs_s5b_transport_end (JxsS5bTransport *self, const GError *error)
{
  g_autoptr (GTask) task = NULL;

  if (self->over)
    return;
  self->error = g_error_copy (error);
  task = g_steal_pointer (&self->connect_task);
  clean_up (self);
  jxs_s5b_transport_stop_gathering (self);
  if (self->nominated != NULL && jxs_candidate_get_error (self->nominated) == NULL)
    jxs_candidate_fail (self->nominated, error);
  jxs_s5b_transport_trace (self,
                           "failed",
                           self->nominated,
                           self->started ? jxs_clock_now () - self->started_at : -1,
                           error);
  if (task != NULL)
    g_task_return_error (task, g_error_copy (error));
}

/* What the peer says */

static gboolean
refuse (GError **error, JxsStanzaError code, const char *message)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, (int) code, message);
  return FALSE;
}

static JxsElement *
jxs_s5b_transport_build (JxsTransport *transport)
{
  return jxs_s5b_transport_offer (JXS_S5B_TRANSPORT (transport));
}

static JxsS5bRemote *
find_remote (JxsS5bTransport *self, const char *cid)
{
  for (guint i = 0; i < self->remote->len; i++)
    {
      JxsS5bRemote *remote = g_ptr_array_index (self->remote, i);

      if (g_str_equal (remote->cid, cid))
        return remote;
    }

  return NULL;
}

static gboolean
find_local (JxsS5bTransport *self, const char *cid, guint *index)
{
  for (*index = 0; *index < self->local->len; (*index)++)
    if (g_str_equal (((JxsS5bLocal *) g_ptr_array_index (self->local, *index))->cid, cid))
      return TRUE;

  return FALSE;
}

static gboolean
has_remote_at (JxsS5bTransport *self, const JxsS5bCandidate *offered)
{
  for (guint i = 0; i < self->remote->len; i++)
    {
      JxsCandidate *candidate = ((JxsS5bRemote *) g_ptr_array_index (self->remote, i))->candidate;

      if (jxs_candidate_get_port (candidate) == offered->port &&
          g_str_equal (jxs_candidate_get_host (candidate), offered->host))
        return TRUE;
    }

  return FALSE;
}

/* Those known already, by id or by host and port, and those beyond the limits are left out. */
static void
take_candidates (JxsS5bTransport *self, JxsS5bTransportElement *element)
{
  if (self->peer_dstaddr == NULL)
    self->peer_dstaddr = g_steal_pointer (&element->dstaddr);
  for (guint i = 0; i < element->candidates->len && !self->over; i++)
    {
      const JxsS5bCandidate *offered = g_ptr_array_index (element->candidates, i);
      JxsS5bRemote *remote;

      if (self->remote->len == JXS_S5B_MAX_CANDIDATES || find_remote (self, offered->cid) != NULL ||
          has_remote_at (self, offered) ||
          jxs_transport_count_remote_candidates (JXS_TRANSPORT (self)) >=
              JXS_S5B_MAX_CANDIDATES_IN_SESSION)
        continue;
      remote = g_new0 (JxsS5bRemote, 1);
      remote->cid = g_strdup (offered->cid);
      remote->candidate = jxs_candidate_new (
          FALSE, offered->kind, offered->host, offered->port, offered->jid, offered->priority);
      jxs_candidate_freeze (remote->candidate);
      g_ptr_array_add (self->remote, remote);
      jxs_transport_add_candidate (JXS_TRANSPORT (self), remote->candidate);
      jxs_s5b_transport_trace (self, "candidate-received", remote->candidate, -1, NULL);
      if (self->started && !self->over)
        jxs_s5b_transport_use_remote (self, remote);
    }
  if (self->started && element->candidates->len > 0)
    jxs_s5b_transport_feed (self, JXS_S5B_EVENT_TICK, 0);
}

static gboolean
jxs_s5b_transport_set_remote (JxsTransport *transport, JxsElement *element, GError **error)
{
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (transport);
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  if (!jxs_s5b_transport_element_parse (element, &parsed, NULL, error))
    return FALSE;
  if (self->remote_set)
    return refuse (error, JXS_STANZA_ERROR_UNEXPECTED_REQUEST, "This transport is agreed already");
  if (parsed.info != JXS_S5B_INFO_NONE)
    return refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "A report is neither offer nor answer");
  if (self->built && !g_str_equal (parsed.sid, self->sid))
    return refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "The answer is for another bytestream");
  if (!self->built && parsed.udp)
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_NOT_SUPPORTED,
                           _ ("The peer offered to send datagrams, which make no stream"));
      return FALSE;
    }

  if (self->sid == NULL)
    self->sid = g_steal_pointer (&parsed.sid);
  self->remote_set = TRUE;
  take_candidates (self, &parsed);

  return TRUE;
}

static gboolean
feed_report (JxsS5bTransport *self,
             const char *what,
             JxsCandidate *candidate,
             JxsS5bEvent event,
             guint index,
             GError **error)
{
  jxs_s5b_transport_trace (self, what, candidate, -1, NULL);
  if (!jxs_s5b_transport_feed (self, event, index))
    return refuse (error, JXS_STANZA_ERROR_UNEXPECTED_REQUEST, "This was not to be said now");

  return TRUE;
}

static gboolean
take_used (JxsS5bTransport *self, const char *cid, GError **error)
{
  JxsCandidate *candidate;
  guint index;

  if (!find_local (self, cid, &index))
    return refuse (error,
                   JXS_STANZA_ERROR_ITEM_NOT_FOUND,
                   "No candidate with that cid was offered");
  candidate = ((JxsS5bLocal *) g_ptr_array_index (self->local, index))->candidate;
  if (!feed_report (self, "used-received", candidate, JXS_S5B_EVENT_PEER_USED, index, error))
    return FALSE;
  if (jxs_candidate_get_state (candidate) == JXS_CANDIDATE_STATE_WAITING)
    jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_CONNECTED);

  return TRUE;
}

static gboolean
take_activated (JxsS5bTransport *self, const char *cid, GError **error)
{
  JxsS5bRemote *remote = find_remote (self, cid);
  guint index;

  if (remote == NULL)
    return refuse (error,
                   JXS_STANZA_ERROR_ITEM_NOT_FOUND,
                   "No candidate with that cid was offered");
  if (!g_ptr_array_find (self->usable, remote, &index))
    return refuse (error, JXS_STANZA_ERROR_UNEXPECTED_REQUEST, "This candidate is not used");

  return feed_report (
      self, "activated-received", remote->candidate, JXS_S5B_EVENT_PEER_ACTIVATED, index, error);
}

static gboolean
jxs_s5b_transport_handle_info (JxsTransport *transport, JxsElement *element, GError **error)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (JXS_S5B_TRANSPORT (transport));
  g_auto (JxsS5bTransportElement) parsed = { 0 };

  if (!jxs_s5b_transport_element_parse (element, &parsed, NULL, error))
    return FALSE;
  /* The content asks another transport, or lets late news of a former one pass. */
  if (g_strcmp0 (parsed.sid, self->sid) != 0)
    return refuse (error, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "There is no such bytestream");
  if (self->over)
    return TRUE;

  take_candidates (self, &parsed);
  switch (parsed.info)
    {
    case JXS_S5B_INFO_CANDIDATE_USED:
      return take_used (self, parsed.cid, error);
    case JXS_S5B_INFO_CANDIDATE_ERROR:
      return feed_report (self, "error-received", NULL, JXS_S5B_EVENT_PEER_ERROR, 0, error);
    case JXS_S5B_INFO_ACTIVATED:
      return take_activated (self, parsed.cid, error);
    case JXS_S5B_INFO_PROXY_ERROR:
      return feed_report (
          self, "proxy-error-received", self->nominated, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0, error);
    case JXS_S5B_INFO_NONE:
    default:
      return TRUE;
    }
}

/* Connecting */

static gboolean
connect_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  jxs_s5b_transport_end (self, error);

  return G_SOURCE_REMOVE;
}

static void
start (JxsS5bTransport *self)
{
  self->started = TRUE;
  self->started_at = jxs_clock_now ();
  for (guint i = 0; i < self->remote->len && !self->over; i++)
    jxs_s5b_transport_use_remote (self, g_ptr_array_index (self->remote, i));
  jxs_s5b_transport_feed (self, JXS_S5B_EVENT_START, 0);
  jxs_s5b_transport_feed_gathered (self);
}

static void
jxs_s5b_transport_connect_async (JxsTransport *transport,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (JXS_S5B_TRANSPORT (transport));
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_s5b_transport_connect_async);
  g_task_set_check_cancellable (task, FALSE); /* a stream that is there is handed out */
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->over)
    {
      g_task_return_error (task, g_error_copy (self->error));
      return;
    }
  if (self->our_hash == NULL)
    {
      g_task_return_new_error (task, JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
      return;
    }

  self->connect_task = g_steal_pointer (&task);
  if (cancellable != NULL)
    {
      self->connect_cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (self->connect_cancelled, "[jxs] s5b connect cancelled");
      g_source_set_callback (self->connect_cancelled,
                             G_SOURCE_FUNC (connect_cancelled_cb),
                             self,
                             NULL);
      g_source_attach (self->connect_cancelled, self->context);
    }
  start (self);
}

static GIOStream *
jxs_s5b_transport_connect_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_s5b_transport_connect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Afterwards */

static void
flushed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_output_stream_flush_finish (G_OUTPUT_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* What was written leaves; whoever holds the stream closes it. */
static void
jxs_s5b_transport_close_async (JxsTransport *transport,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, jxs_s5b_transport_close_async);
  if (self->stream == NULL || g_io_stream_is_closed (self->stream))
    g_task_return_boolean (task, TRUE);
  else
    g_output_stream_flush_async (g_io_stream_get_output_stream (self->stream),
                                 g_task_get_priority (task),
                                 cancellable,
                                 flushed_cb,
                                 g_object_ref (task));
}

static gboolean
jxs_s5b_transport_close_finish (JxsTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_s5b_transport_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static gboolean
linger_cb (gpointer user_data)
{
  g_autoptr (JxsSocketStream) stream = g_weak_ref_get (user_data);

  if (stream != NULL)
    g_socket_shutdown (jxs_socket_stream_get_socket (stream), TRUE, FALSE, NULL);

  return G_SOURCE_REMOVE;
}

/* The session-terminate of the peer may have overtaken its last bytes, but not for long. */
static void
linger (JxsS5bTransport *self)
{
  g_autoptr (GSource) source = jxs_clock_timeout_new (JXS_S5B_LINGER_MS);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self->stream);
  g_source_set_static_name (source, "[jxs] s5b linger");
  g_source_set_callback (source, linger_cb, weak, weak_ref_free);
  g_source_attach (source, self->context);
}

static void
jxs_s5b_transport_abort (JxsTransport *transport, const GError *error)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (JXS_S5B_TRANSPORT (transport));
  g_autoptr (GError) closed =
      g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The session has ended"));

  jxs_s5b_transport_end (self, error != NULL ? error : closed);
  jxs_s5b_transport_stop_gathering (self);
  if (self->stream == NULL || g_io_stream_is_closed (self->stream))
    return;
  if (error == NULL)
    {
      linger (self);
      return;
    }

  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_CONNECTIVITY))
    jxs_candidate_fail (self->nominated, error);
  jxs_socket_stream_set_reason (JXS_SOCKET_STREAM (self->stream), error);
  g_socket_shutdown (jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (self->stream)),
                     TRUE,
                     TRUE,
                     NULL);
}

/* TCP knows when it heard of the other end, and asks it when nothing is to be sent; through a proxy
 * that says that the proxy still has both of us. */
static void
jxs_s5b_transport_look_for_life (JxsTransport *transport)
{
#ifdef __linux__
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (transport);
  struct tcp_info info = { 0 };
  socklen_t length = sizeof info;
  GSocket *socket;

  if (self->stream == NULL || g_io_stream_is_closed (self->stream))
    return;
  socket = jxs_socket_stream_get_socket (JXS_SOCKET_STREAM (self->stream));
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, JXS_S5B_KEEPALIVE_SECONDS, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, JXS_S5B_KEEPALIVE_SECONDS, NULL);
  g_socket_set_keepalive (socket, TRUE);
  if (getsockopt (g_socket_get_fd (socket), IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
      info.tcpi_state == TCP_ESTABLISHED)
    jxs_transport_heard_at (transport,
                            jxs_clock_now () - 1000 * (gint64) MIN (info.tcpi_last_ack_recv,
                                                                    info.tcpi_last_data_recv));
#endif
}

static void
jxs_s5b_transport_constructed (GObject *object)
{
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (object);

  G_OBJECT_CLASS (jxs_s5b_transport_parent_class)->constructed (object);

  jxs_s5b_machine_init (&self->machine, jxs_transport_is_initiator (JXS_TRANSPORT (self)));
}

static void
jxs_s5b_transport_dispose (GObject *object)
{
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (object);

  if (!self->over)
    clean_up (self);
  jxs_s5b_transport_stop_gathering (self);
  g_clear_object (&self->stream);

  G_OBJECT_CLASS (jxs_s5b_transport_parent_class)->dispose (object);
}

static void
jxs_s5b_transport_finalize (GObject *object)
{
  JxsS5bTransport *self = JXS_S5B_TRANSPORT (object);

  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->service);
  g_clear_pointer (&self->sid, g_free);
  g_clear_pointer (&self->our_hash, g_free);
  g_clear_pointer (&self->peer_hash, g_free);
  g_clear_pointer (&self->peer_dstaddr, g_free);
  g_clear_pointer (&self->usable, g_ptr_array_unref);
  g_clear_pointer (&self->local, g_ptr_array_unref);
  g_clear_pointer (&self->remote, g_ptr_array_unref);
  g_clear_pointer (&self->incoming, g_ptr_array_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->nominated);
  g_clear_pointer (&self->todo, g_array_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (jxs_s5b_transport_parent_class)->finalize (object);
}

static void
jxs_s5b_transport_class_init (JxsS5bTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  JxsTransportClass *transport_class = JXS_TRANSPORT_CLASS (klass);

  object_class->constructed = jxs_s5b_transport_constructed;
  object_class->dispose = jxs_s5b_transport_dispose;
  object_class->finalize = jxs_s5b_transport_finalize;

  transport_class->build = jxs_s5b_transport_build;
  transport_class->set_remote = jxs_s5b_transport_set_remote;
  transport_class->handle_info = jxs_s5b_transport_handle_info;
  transport_class->connect_async = jxs_s5b_transport_connect_async;
  transport_class->connect_finish = jxs_s5b_transport_connect_finish;
  transport_class->close_async = jxs_s5b_transport_close_async;
  transport_class->close_finish = jxs_s5b_transport_close_finish;
  transport_class->abort = jxs_s5b_transport_abort;
  transport_class->look_for_life = jxs_s5b_transport_look_for_life;
}

static void
jxs_s5b_transport_init (JxsS5bTransport *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->local = g_ptr_array_new_with_free_func (local_free);
  self->remote = g_ptr_array_new_with_free_func (remote_free);
  self->usable = g_ptr_array_new ();
  self->incoming = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_s5b_socket_free);
  self->todo = g_array_new (FALSE, FALSE, sizeof (JxsS5bAction));
}

JxsTransport *
jxs_s5b_transport_create (JxsRouter *router,
                          JxsJid *peer,
                          gboolean initiator,
                          const char *namespace_uri,
                          gpointer service)
{
  JxsS5bTransport *self = g_object_new (JXS_TYPE_S5B_TRANSPORT,
                                        "router",
                                        router,
                                        "peer-jid",
                                        peer,
                                        "initiator",
                                        initiator,
                                        "namespace",
                                        namespace_uri,
                                        NULL);

  self->service = g_object_ref (service);

  return JXS_TRANSPORT (self);
}
