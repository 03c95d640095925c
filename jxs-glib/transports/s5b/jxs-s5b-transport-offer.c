/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-transport-impl-private.h"

#include <jxs-glib/base/jxs-random-private.h>

/* What we offer: the candidates that are known at once, those that routers and servers tell later,
 * and the listener behind them. */

static gboolean
is_at (JxsCandidate *candidate, const char *host, guint port)
{
  return jxs_candidate_get_port (candidate) == port &&
         g_ascii_strcasecmp (jxs_candidate_get_host (candidate), host) == 0;
}

/* No host and port is offered twice, whoever did it before (XEP-0260 §2.2). */
static gboolean
is_taken (JxsS5bTransport *self, JxsCandidate *candidate)
{
  const char *host = jxs_candidate_get_host (candidate);
  const guint port = jxs_candidate_get_port (candidate);

  for (guint i = 0; i < self->local->len; i++)
    if (is_at (((JxsS5bLocal *) g_ptr_array_index (self->local, i))->candidate, host, port))
      return TRUE;
  for (guint i = 0; i < self->remote->len; i++)
    if (is_at (((JxsS5bRemote *) g_ptr_array_index (self->remote, i))->candidate, host, port))
      return TRUE;

  return FALSE;
}

static JxsElement *
build (JxsS5bTransport *self, guint first)
{
  g_auto (JxsS5bTransportElement) element = {
    .namespace_uri = jxs_transport_get_namespace (JXS_TRANSPORT (self)),
    .sid = g_strdup (self->sid),
    .candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_s5b_candidate_free),
  };

  for (guint i = first; i < self->local->len; i++)
    {
      const JxsS5bLocal *local = g_ptr_array_index (self->local, i);
      JxsCandidate *candidate = local->candidate;

      g_ptr_array_add (element.candidates,
                       jxs_s5b_candidate_new (local->cid,
                                              jxs_candidate_get_kind (candidate),
                                              jxs_candidate_get_host (candidate),
                                              (guint16) jxs_candidate_get_port (candidate),
                                              jxs_candidate_get_jid (candidate),
                                              jxs_candidate_get_priority (candidate)));
      if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_PROXY && element.dstaddr == NULL)
        element.dstaddr = g_strdup (self->our_hash);
    }

  return jxs_s5b_transport_element_build (&element);
}

static void
socket_changed_cb (JxsS5bSocket *socket, gpointer user_data)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (user_data);

  jxs_s5b_transport_feed (self, JXS_S5B_EVENT_TICK, 0); /* finds out */
}

JxsS5bSocket *
jxs_s5b_transport_keep_socket (JxsS5bTransport *self, GSocketConnection *connection)
{
  return jxs_s5b_socket_new (connection, self->context, socket_changed_cb, self);
}

static void
incoming_cb (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data)
{
  g_autoptr (JxsS5bTransport) self = g_object_ref (user_data);
  JxsS5bSocket *socket;

  if (self->over || self->incoming->len >= JXS_S5B_LISTENER_MAX_PER_HASH)
    {
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return;
    }

  socket = jxs_s5b_transport_keep_socket (self, connection);
  for (guint i = 0; i < self->local->len && !self->over; i++)
    {
      JxsCandidate *candidate = ((JxsS5bLocal *) g_ptr_array_index (self->local, i))->candidate;

      if (jxs_candidate_get_kind (candidate) != JXS_CANDIDATE_KIND_PROXY &&
          jxs_candidate_get_state (candidate) == JXS_CANDIDATE_STATE_WAITING &&
          jxs_s5b_socket_is_on (socket, jxs_candidate_get_host (candidate)))
        jxs_candidate_set_state (candidate, JXS_CANDIDATE_STATE_CONNECTED);
    }
  if (self->over) /* whoever watches ended it */
    {
      jxs_s5b_socket_free (socket);
      return;
    }

  g_ptr_array_add (self->incoming, socket);
  jxs_s5b_transport_trace (self, "incoming", NULL, -1, NULL);
  jxs_s5b_transport_feed (self, JXS_S5B_EVENT_INCOMING, 0);
}

/* How many are new. */
static guint
gather (JxsS5bTransport *self)
{
  JxsTransport *transport = JXS_TRANSPORT (self);
  g_autoptr (GPtrArray) known = jxs_s5b_service_gather (self->service, self->gathering);
  guint n_new = 0;

  /* Whoever watches may end it meanwhile. */
  for (guint i = 0; i < known->len && !self->over; i++)
    {
      JxsCandidate *candidate = g_ptr_array_index (known, i);
      const JxsCandidateKind kind = jxs_candidate_get_kind (candidate);
      JxsS5bLocal *local;

      if (is_taken (self, candidate))
        continue;
      if (!jxs_s5b_machine_add_local (&self->machine, kind, jxs_candidate_get_priority (candidate)))
        break;
      local = g_new0 (JxsS5bLocal, 1);
      local->cid = jxs_random_id ();
      local->candidate = g_object_ref (candidate);
      g_ptr_array_add (self->local, local);
      jxs_transport_add_candidate (transport, candidate);
      jxs_s5b_transport_trace (self, "candidate-offered", candidate, -1, NULL);
      if (kind != JXS_CANDIDATE_KIND_PROXY && self->expected == 0 && !self->over)
        self->expected = jxs_s5b_listener_expect (jxs_s5b_service_get_listener (self->service),
                                                  self->our_hash,
                                                  self->peer_hash,
                                                  incoming_cb,
                                                  self);
      n_new++;
    }

  return n_new;
}

/* Something came late: the peer hears of it as long as it is still choosing. */
static void
candidates_changed_cb (JxsS5bTransport *self, JxsS5bService *service)
{
  g_autoptr (JxsS5bTransport) keep = g_object_ref (self);
  guint n_new;

  if (!self->built || self->over || self->gathering == 0)
    return;
  if (self->machine.peer_report == JXS_S5B_REPORT_NONE && (n_new = gather (self)) > 0)
    {
      g_autoptr (JxsElement) element = build (self, self->local->len - n_new);

      jxs_transport_send_info (JXS_TRANSPORT (self), element);
    }
  if (!self->started)
    return;
  jxs_s5b_transport_reconsider_remote (self);
  jxs_s5b_transport_feed_gathered (self);
}

void
jxs_s5b_transport_feed_gathered (JxsS5bTransport *self)
{
  if (!self->gathered &&
      (self->gathering == 0 || !jxs_s5b_service_is_gathering (self->service, self->gathering)))
    {
      self->gathered = TRUE;
      jxs_s5b_transport_feed (self, JXS_S5B_EVENT_GATHERED, 0);
    }
}

JxsElement *
jxs_s5b_transport_offer (JxsS5bTransport *self)
{
  JxsTransport *transport = JXS_TRANSPORT (self);
  JxsJid *local = jxs_router_get_local_jid (jxs_transport_get_router (transport));
  JxsJid *peer = jxs_transport_get_peer_jid (transport);

  if (self->built)
    return build (self, 0);

  if (self->sid == NULL)
    self->sid = jxs_random_id ();
  if (local != NULL)
    {
      self->our_hash = jxs_s5b_dst_addr (self->sid, local, peer);
      self->peer_hash = jxs_s5b_dst_addr (self->sid, peer, local);
      self->gathering =
          jxs_s5b_service_begin (self->service, peer, jxs_transport_is_initiator (transport));
      g_signal_connect_object (self->service,
                               "candidates-changed",
                               G_CALLBACK (candidates_changed_cb),
                               self,
                               G_CONNECT_SWAPPED);
      gather (self);
    }
  self->built = TRUE;

  return build (self, 0);
}

void
jxs_s5b_transport_stop_listening (JxsS5bTransport *self)
{
  if (self->expected != 0)
    jxs_s5b_listener_forget (jxs_s5b_service_get_listener (self->service), self->expected);
  self->expected = 0;
}

void
jxs_s5b_transport_stop_gathering (JxsS5bTransport *self)
{
  if (self->gathering == 0)
    return;
  g_signal_handlers_disconnect_by_func (self->service, candidates_changed_cb, self);
  jxs_s5b_service_end (self->service, self->gathering);
  self->gathering = 0;
}
