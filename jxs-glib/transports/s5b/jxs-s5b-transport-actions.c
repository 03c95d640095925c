/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-transport-impl-private.h"

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-addresses-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>

/* What the machine wants done. */

/* Something asked of the network or of a proxy; the transport may be gone when it comes back. */
typedef struct
{
  GWeakRef transport;
  GCancellable *cancellable; /* (owned) */
  guint index;               /* of the machine */
} Request;

static Request *
request_new (JxsS5bTransport *self, GCancellable *cancellable, guint index)
{
  Request *request = g_new0 (Request, 1);

  g_weak_ref_init (&request->transport, self);
  request->cancellable = g_object_ref (cancellable);
  request->index = index;

  return request;
}

static void
request_free (Request *request)
{
  g_weak_ref_clear (&request->transport);
  g_object_unref (request->cancellable);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

/* (transfer full) (nullable): NULL: nobody waits for the answer any more */
static JxsS5bTransport *
request_get (Request *request)
{
  g_autoptr (JxsS5bTransport) self = g_weak_ref_get (&request->transport);

  if (self == NULL || self->over || g_cancellable_is_cancelled (request->cancellable))
    return NULL;

  return g_steal_pointer (&self);
}

static gint64
now_ms (void)
{
  return jxs_clock_now () / 1000;
}

static JxsS5bRemote *
get_remote (JxsS5bTransport *self, guint index)
{
  return g_ptr_array_index (self->usable, index);
}

static JxsS5bLocal *
get_local (JxsS5bTransport *self, guint index)
{
  return g_ptr_array_index (self->local, index);
}

static gboolean
is_proxy (JxsCandidate *candidate)
{
  return jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_PROXY;
}

/* Which candidates of the peer are dialled */

/* The same private address and port, in the network of the peer: our listener would answer. */
static gboolean
leads_to_us (JxsS5bTransport *self, JxsCandidate *candidate, GInetAddress *address)
{
  return !is_proxy (candidate) && address != NULL &&
         jxs_s5b_listener_get_port (jxs_s5b_service_get_listener (self->service),
                                    g_inet_address_get_family (address)) ==
             jxs_candidate_get_port (candidate) &&
         jxs_s5b_addresses_is_own (address);
}

static gboolean
may_dial (JxsS5bTransport *self, JxsCandidate *candidate)
{
  if (jxs_s5b_service_is_direct (self->service, self->gathering))
    return TRUE;

  /* A “proxy” of the peer may be the peer. */
  return is_proxy (candidate) &&
         jxs_s5b_proxies_knows (jxs_s5b_service_get_proxies (self->service),
                                jxs_candidate_get_jid (candidate),
                                jxs_candidate_get_host (candidate),
                                (guint16) jxs_candidate_get_port (candidate));
}

static void
skip (JxsS5bTransport *self, JxsS5bRemote *remote)
{
  jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_SKIPPED);
  jxs_s5b_transport_trace (self, "skipped", remote->candidate, -1, NULL);
}

/* Dialling */

static void
cancel_dial (GCancellable **dial)
{
  g_autoptr (GCancellable) cancellable = g_steal_pointer (dial);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

void
jxs_s5b_transport_cancel_dials (JxsS5bTransport *self)
{
  for (guint i = 0; i < self->remote->len; i++)
    cancel_dial (&((JxsS5bRemote *) g_ptr_array_index (self->remote, i))->dial);
  cancel_dial (&self->proxy_dial);
}

static void
dial (JxsS5bTransport *self,
      JxsCandidate *candidate,
      const char *first,
      const char *second,
      guint timeout_ms,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer user_data)
{
  const JxsS5bDialParams params = {
    .host = jxs_candidate_get_host (candidate),
    .port = (guint16) jxs_candidate_get_port (candidate),
    .dst_addrs = { first, second },
    .timeout_ms = timeout_ms,
    .enable_proxy = jxs_s5b_service_get_enable_proxy (self->service),
    .allow_loopback = jxs_s5b_service_get_allow_loopback (self->service),
  };

  jxs_s5b_dial_async (&params, cancellable, callback, user_data);
}

static void
dialled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (JxsS5bTransport) self = request_get (request);
  g_autoptr (GError) error = NULL;
  gint64 round_trip_us = -1;
  g_autoptr (GSocketConnection) connection = jxs_s5b_dial_finish (result, &round_trip_us, &error);
  JxsS5bRemote *remote;
  gint64 duration;

  if (self == NULL)
    {
      if (connection != NULL)
        g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return;
    }

  remote = get_remote (self, request->index);
  duration = jxs_clock_now () - remote->dialled_at;
  g_clear_object (&remote->dial);
  if (connection != NULL)
    {
      remote->socket = jxs_s5b_transport_keep_socket (self, connection);
      jxs_candidate_set_round_trip (remote->candidate, round_trip_us);
      jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_CONNECTED);
      jxs_s5b_transport_trace (self, "open", remote->candidate, duration, NULL);
    }
  else
    {
      jxs_candidate_fail (remote->candidate, error);
      jxs_s5b_transport_trace (self, "dial-failed", remote->candidate, duration, error);
    }
  jxs_s5b_transport_feed (self,
                          connection != NULL ? JXS_S5B_EVENT_DIAL_OPEN : JXS_S5B_EVENT_DIAL_FAILED,
                          request->index);
}

/* The order of the JIDs in the DST.ADDR of direct candidates is disputed: XEP-0065 §5.3.2 has the
 * offerer first, some peers the initiator. At a proxy, which knows no stream before both are there,
 * only one can be right. */
static void
dial_remote (JxsS5bTransport *self, guint index)
{
  JxsS5bRemote *remote = get_remote (self, index);
  const char *first = self->peer_dstaddr != NULL ? self->peer_dstaddr : self->peer_hash;
  const char *second = g_str_equal (first, self->peer_hash) ? self->our_hash : self->peer_hash;

  /* The policy may have become stricter since it was queued. */
  if (!may_dial (self, remote->candidate))
    {
      skip (self, remote);
      jxs_s5b_transport_feed (self, JXS_S5B_EVENT_DIAL_FAILED, index);
      return;
    }
  remote->dial = g_cancellable_new ();
  remote->dialled_at = jxs_clock_now ();
  jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_CONNECTING);
  jxs_s5b_transport_trace (self, "dialling", remote->candidate, -1, NULL);
  if (remote->dial == NULL)
    return; /* whoever watches ended it */
  dial (self,
        remote->candidate,
        first,
        is_proxy (remote->candidate) ? NULL : second,
        JXS_S5B_ATTEMPT_TIMEOUT,
        remote->dial,
        dialled_cb,
        request_new (self, remote->dial, index));
}

static GError *
new_timeout_error (JxsCandidate *candidate)
{
  return g_error_new (JXS_ERROR,
                      JXS_ERROR_TIMED_OUT,
                      _ ("“%s” did not answer in time"),
                      jxs_candidate_get_host (candidate));
}

static void
cancel_remote (JxsS5bTransport *self, guint index)
{
  JxsS5bRemote *remote = get_remote (self, index);
  g_autoptr (GError) error = NULL;

  cancel_dial (&remote->dial);
  g_clear_pointer (&remote->socket, jxs_s5b_socket_free);
  if (jxs_candidate_get_state (remote->candidate) != JXS_CANDIDATE_STATE_CONNECTING)
    return;
  if (self->machine.remote[index].attempt != JXS_S5B_ATTEMPT_FAILED)
    {
      jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_SKIPPED);
      return;
    }

  error = new_timeout_error (remote->candidate);
  jxs_candidate_fail (remote->candidate, error);
  jxs_s5b_transport_trace (
      self, "dial-failed", remote->candidate, jxs_clock_now () - remote->dialled_at, error);
}

/* Our proxy */

static void
proxy_failed (JxsS5bTransport *self, guint index, gint64 since, const GError *error)
{
  JxsCandidate *candidate = get_local (self, index)->candidate;

  jxs_candidate_fail (candidate, error);
  jxs_s5b_transport_trace (
      self, "proxy-failed", candidate, since >= 0 ? jxs_clock_now () - since : -1, error);
}

static void
proxy_dialled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (JxsS5bTransport) self = request_get (request);
  g_autoptr (GError) error = NULL;
  gint64 round_trip_us = -1;
  g_autoptr (GSocketConnection) connection = jxs_s5b_dial_finish (result, &round_trip_us, &error);
  JxsCandidate *candidate;

  if (self == NULL)
    {
      if (connection != NULL)
        g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return;
    }

  candidate = get_local (self, request->index)->candidate;
  g_clear_object (&self->proxy_dial);
  if (connection != NULL)
    {
      self->proxy = jxs_s5b_transport_keep_socket (self, connection);
      jxs_candidate_set_round_trip (candidate, round_trip_us);
      jxs_s5b_transport_trace (
          self, "proxy-open", candidate, jxs_clock_now () - self->proxy_dialled_at, NULL);
    }
  else
    proxy_failed (self, request->index, self->proxy_dialled_at, error);
  jxs_s5b_transport_feed (self,
                          connection != NULL ? JXS_S5B_EVENT_PROXY_OPEN
                                             : JXS_S5B_EVENT_PROXY_FAILED,
                          0);
}

static void
open_proxy (JxsS5bTransport *self, guint index)
{
  JxsCandidate *candidate = get_local (self, index)->candidate;

  self->proxy_dial = g_cancellable_new ();
  self->proxy_dialled_at = jxs_clock_now ();
  jxs_s5b_transport_trace (self, "proxy-dialling", candidate, -1, NULL);
  if (self->proxy_dial == NULL)
    return;
  dial (self,
        candidate,
        self->our_hash,
        NULL,
        JXS_S5B_PROXY_TIMEOUT,
        self->proxy_dial,
        proxy_dialled_cb,
        request_new (self, self->proxy_dial, index));
}

static void
activated_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (JxsS5bTransport) self = request_get (request);
  g_autoptr (GError) error = NULL;
  const gboolean activated =
      jxs_s5b_proxies_activate_finish (JXS_S5B_PROXIES (source), result, &error);

  if (self == NULL)
    return;
  if (activated)
    jxs_s5b_transport_trace (
        self, "activated", get_local (self, request->index)->candidate, -1, NULL);
  else
    proxy_failed (self, request->index, -1, error);
  jxs_s5b_transport_feed (self,
                          activated ? JXS_S5B_EVENT_ACTIVATED : JXS_S5B_EVENT_ACTIVATE_FAILED,
                          0);
}

static void
activate (JxsS5bTransport *self, guint index)
{
  JxsTransport *transport = JXS_TRANSPORT (self);
  JxsCandidate *candidate = get_local (self, index)->candidate;

  jxs_transport_count_round_trip (transport);
  jxs_s5b_transport_trace (self, "activating", candidate, -1, NULL);
  jxs_s5b_proxies_activate_async (jxs_s5b_service_get_proxies (self->service),
                                  jxs_candidate_get_jid (candidate),
                                  self->sid,
                                  jxs_transport_get_peer_jid (transport),
                                  self->cancellable,
                                  activated_cb,
                                  request_new (self, self->cancellable, index));
}

/* Reports */

static void
report (JxsS5bTransport *self,
        const char *what,
        JxsS5bInfo info,
        const char *cid,
        JxsCandidate *candidate)
{
  g_auto (JxsS5bTransportElement) report = {
    .namespace_uri = jxs_transport_get_namespace (JXS_TRANSPORT (self)),
    .sid = g_strdup (self->sid),
    .info = info,
    .cid = g_strdup (cid),
    .candidates = g_ptr_array_new (),
  };
  g_autoptr (JxsElement) element = jxs_s5b_transport_element_build (&report);

  jxs_s5b_transport_trace (self, what, candidate, -1, NULL);
  jxs_transport_send_info (JXS_TRANSPORT (self), element);
}

/* The end of the negotiation */

static void
nominate (JxsS5bTransport *self, JxsCandidate *candidate)
{
  g_set_object (&self->nominated, candidate);
  jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_NOMINATED);
  jxs_s5b_transport_trace (self, "nominated", candidate, -1, NULL);
}

static void
perform (JxsS5bTransport *self, const JxsS5bAction *action)
{
  JxsS5bRemote *remote = NULL;
  JxsS5bLocal *local = NULL;

  switch (action->kind)
    {
    case JXS_S5B_ACTION_DIAL:
      dial_remote (self, action->index);
      break;
    case JXS_S5B_ACTION_CANCEL:
      cancel_remote (self, action->index);
      break;
    case JXS_S5B_ACTION_SEND_USED:
      remote = get_remote (self, action->index);
      report (self, "used-sent", JXS_S5B_INFO_CANDIDATE_USED, remote->cid, remote->candidate);
      break;
    case JXS_S5B_ACTION_SEND_ERROR:
      report (self, "error-sent", JXS_S5B_INFO_CANDIDATE_ERROR, NULL, NULL);
      break;
    case JXS_S5B_ACTION_NOMINATE_REMOTE:
      nominate (self, get_remote (self, action->index)->candidate);
      break;
    case JXS_S5B_ACTION_NOMINATE_LOCAL:
      nominate (self, get_local (self, action->index)->candidate);
      break;
    case JXS_S5B_ACTION_OPEN_PROXY:
      open_proxy (self, action->index);
      break;
    case JXS_S5B_ACTION_ACTIVATE:
      activate (self, action->index);
      break;
    case JXS_S5B_ACTION_SEND_ACTIVATED:
      local = get_local (self, action->index);
      report (self, "activated-sent", JXS_S5B_INFO_ACTIVATED, local->cid, local->candidate);
      break;
    case JXS_S5B_ACTION_SEND_PROXY_ERROR:
      report (self, "proxy-error-sent", JXS_S5B_INFO_PROXY_ERROR, NULL, self->nominated);
      break;
    case JXS_S5B_ACTION_READY:
      jxs_s5b_transport_take_nominated (self);
      break;
    case JXS_S5B_ACTION_FAIL:
    default:
      jxs_s5b_transport_give_up (self);
      break;
    }
}

/* Sockets */

static GError *
new_lost_error (void)
{
  return g_error_new_literal (JXS_ERROR,
                              JXS_ERROR_CLOSED,
                              _ ("The other side closed the connection"));
}

static void
lose_remote (JxsS5bTransport *self, JxsS5bRemote *remote, guint index)
{
  g_autoptr (GError) error = new_lost_error ();

  g_clear_pointer (&remote->socket, jxs_s5b_socket_free);
  jxs_candidate_fail (remote->candidate, error);
  jxs_s5b_transport_trace (self, "lost", remote->candidate, -1, error);
  jxs_s5b_transport_feed (self, JXS_S5B_EVENT_DIAL_FAILED, index);
}

/* Sockets that died are noticed before anything is decided, so that none of them is chosen. */
static void
sweep (JxsS5bTransport *self)
{
  const gboolean had_incoming = self->incoming->len > 0;

  for (guint i = self->incoming->len; i > 0; i--)
    if (!jxs_s5b_socket_is_alive (g_ptr_array_index (self->incoming, i - 1)))
      g_ptr_array_remove_index (self->incoming, i - 1);
  if (had_incoming && self->incoming->len == 0)
    {
      jxs_s5b_transport_trace (self, "incoming-lost", NULL, -1, NULL);
      jxs_s5b_transport_feed (self, JXS_S5B_EVENT_INCOMING_LOST, 0);
    }
  for (guint i = 0; i < self->usable->len && !self->over; i++)
    {
      JxsS5bRemote *remote = get_remote (self, i);

      if (remote->socket != NULL && !jxs_s5b_socket_is_alive (remote->socket))
        lose_remote (self, remote, i);
    }
  if (!self->over && self->proxy != NULL && !jxs_s5b_socket_is_alive (self->proxy))
    {
      g_autoptr (GError) error = new_lost_error ();

      g_clear_pointer (&self->proxy, jxs_s5b_socket_free);
      jxs_candidate_fail (self->nominated, error);
      jxs_s5b_transport_trace (self, "lost", self->nominated, -1, error);
      jxs_s5b_transport_feed (self, JXS_S5B_EVENT_PROXY_FAILED, 0);
    }
}

static gboolean
wake_cb (gpointer user_data)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (user_data);

  g_clear_pointer (&self->wake, g_source_unref);
  jxs_s5b_transport_feed (self, JXS_S5B_EVENT_TICK, 0);

  return G_SOURCE_REMOVE;
}

static void
set_wake (JxsS5bTransport *self)
{
  const gint64 at = self->choose_until != 0 ? self->choose_until : self->machine.wake_at;

  if (self->wake != NULL)
    g_source_destroy (self->wake);
  g_clear_pointer (&self->wake, g_source_unref);
  if (!self->over && self->started && at >= 0)
    self->wake = jxs_clock_timeout_attach (
        (guint) MAX (at - now_ms (), 0), "[jxs] s5b negotiation", self->context, wake_cb, self);
}

/* One that was given up as something works, but would have been preferred to that, did not answer
 * for as long as it could have been chosen. */
static gboolean
was_too_slow (JxsS5bTransport *self, const JxsS5bRemote *remote)
{
  return self->nominated != NULL && remote->dialled_at > 0 &&
         jxs_candidate_get_state (remote->candidate) == JXS_CANDIDATE_STATE_SKIPPED &&
         jxs_candidate_get_priority (remote->candidate) >
             jxs_candidate_get_priority (self->nominated);
}

/* What the machine left aside without a word. */
static void
mark_skipped (JxsS5bTransport *self)
{
  for (guint i = 0; i < self->usable->len; i++)
    {
      const JxsS5bRemote *remote = get_remote (self, i);
      JxsCandidate *candidate = remote->candidate;

      if (self->machine.remote[i].attempt == JXS_S5B_ATTEMPT_SKIPPED &&
          jxs_candidate_get_state (candidate) == JXS_CANDIDATE_STATE_WAITING)
        jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_SKIPPED);
      if (was_too_slow (self, remote))
        {
          g_autoptr (GError) error = new_timeout_error (candidate);

          jxs_candidate_fail (candidate, error);
        }
    }
}

/* What opened was lost before it could be told. */
static gboolean
is_stale (JxsS5bTransport *self, JxsS5bEvent event, guint index)
{
  return (event == JXS_S5B_EVENT_DIAL_OPEN && get_remote (self, index)->socket == NULL) ||
         (event == JXS_S5B_EVENT_INCOMING && self->incoming->len == 0) ||
         (event == JXS_S5B_EVENT_PROXY_OPEN && self->proxy == NULL);
}

/* What is done may lead to the next event at once (a channel may deliver while we send): its
 * actions follow those that are still to be done. */
gboolean
jxs_s5b_transport_feed (JxsS5bTransport *self, JxsS5bEvent event, guint index)
{
  g_autoptr (JxsS5bTransport) keep = g_object_ref (self);
  const JxsS5bState before = self->machine.state;
  JxsS5bActions actions = { .n_actions = 0 };
  gboolean allowed;

  if (self->over)
    return TRUE;
  if (!self->sweeping)
    {
      self->sweeping = TRUE;
      sweep (self);
      self->sweeping = FALSE;
      if (self->over)
        return TRUE;
    }

  if (is_stale (self, event, index))
    return TRUE;
  allowed = jxs_s5b_machine_handle (&self->machine, event, index, now_ms (), &actions);
  if (self->machine.state != before)
    jxs_log_debug (self,
                   "%s → %s",
                   jxs_s5b_state_to_name (before),
                   jxs_s5b_state_to_name (self->machine.state));
  g_array_append_vals (self->todo, actions.actions, actions.n_actions);
  if (self->acting)
    return allowed;

  self->acting = TRUE;
  while (self->todo->len > 0 && !self->over)
    {
      const JxsS5bAction action = g_array_index (self->todo, JxsS5bAction, 0);

      g_array_remove_index (self->todo, 0);
      perform (self, &action);
    }
  if (self->choose_until != 0 && !self->over)
    jxs_s5b_transport_take_nominated (self);
  self->acting = FALSE;
  mark_skipped (self);
  set_wake (self);

  return allowed;
}

void
jxs_s5b_transport_use_remote (JxsS5bTransport *self, JxsS5bRemote *remote)
{
  JxsCandidate *candidate = remote->candidate;
  g_autoptr (GInetAddress) address =
      g_inet_address_new_from_string (jxs_candidate_get_host (candidate));
  const gboolean named = address == NULL;

  if (may_dial (self, candidate) && !leads_to_us (self, candidate, address) &&
      (!named || self->n_names < JXS_S5B_MAX_NAMES) &&
      jxs_s5b_machine_add_remote (&self->machine,
                                  jxs_candidate_get_kind (candidate),
                                  jxs_candidate_get_priority (candidate)))
    {
      self->n_names += named;
      g_ptr_array_add (self->usable, remote);
      return;
    }
  skip (self, remote);
}

void
jxs_s5b_transport_reconsider_remote (JxsS5bTransport *self)
{
  for (guint i = 0; i < self->remote->len && !self->over; i++)
    {
      JxsS5bRemote *remote = g_ptr_array_index (self->remote, i);

      if (self->machine.our_report != JXS_S5B_REPORT_NONE || !is_proxy (remote->candidate) ||
          g_ptr_array_find (self->usable, remote, NULL) || !may_dial (self, remote->candidate))
        continue;
      jxs_candidate_set_state (remote->candidate, JXS_CANDIDATE_STATE_WAITING);
      jxs_s5b_transport_use_remote (self, remote);
      jxs_s5b_transport_feed (self, JXS_S5B_EVENT_TICK, 0);
    }
}
