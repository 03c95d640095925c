/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <jxs-glib/base/jxs-clock-private.h>

/* Who may learn our network addresses, and the openings that wait for the application to say so. */

/* How long a person may think about it; afterwards the answer is no. */
#define ASK_TIMEOUT_MS 180000

struct _JxsEndpointWait
{
  JxsEndpoint *endpoint; /* unowned: the task has it */
  JxsSession *session;   /* (owned) */
  gulong ended;          /* handler on the session */
  GSource *cancelled;    /* (owned) (nullable) */
  GSource *deadline;     /* (owned) */
  JxsEndpointGoOnFunc go_on;
  GTask *task; /* (owned) */
};

static JxsAddressPolicy
find_policy (JxsEndpoint *self, JxsJid *peer)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  gpointer policy;

  if (g_hash_table_lookup_extended (self->policies, peer, NULL, &policy) ||
      g_hash_table_lookup_extended (self->policies, bare, NULL, &policy))
    return GPOINTER_TO_INT (policy);
  return self->address_policy;
}

JxsAddressPolicy
jxs_endpoint_resolve_address_policy (JxsEndpoint *self, JxsJid *peer)
{
  /* A question nobody answered is no consent. */
  return find_policy (self, peer) == JXS_ADDRESS_POLICY_ALL ? JXS_ADDRESS_POLICY_ALL
                                                            : JXS_ADDRESS_POLICY_RELAY_ONLY;
}

/* ---- waiting ---- */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Goes on with what waited; runs code of the application. */
static void
end_wait (JxsEndpointWait *wait)
{
  g_autoptr (GTask) task = wait->task;
  JxsEndpointGoOnFunc go_on = wait->go_on;

  g_ptr_array_remove (wait->endpoint->waits, wait);
  g_clear_signal_handler (&wait->ended, wait->session);
  clear_source (&wait->cancelled);
  clear_source (&wait->deadline);
  g_object_unref (wait->session);
  g_free (wait);
  go_on (g_steal_pointer (&task));
}

static void
session_ended_cb (JxsSession *session, JxsReason *reason, GError *error, gpointer user_data)
{
  end_wait (user_data);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  end_wait (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
deadline_cb (gpointer user_data)
{
  end_wait (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_waiting_for (JxsEndpoint *self, JxsJid *peer)
{
  for (guint i = 0; i < self->waits->len; i++)
    {
      JxsEndpointWait *wait = g_ptr_array_index (self->waits, i);

      if (jxs_jid_equal (jxs_session_get_peer_jid (wait->session), peer))
        return TRUE;
    }
  return FALSE;
}

static void
begin_wait (JxsEndpoint *self, JxsSession *session, JxsEndpointGoOnFunc go_on, GTask *task)
{
  JxsEndpointWait *wait = g_new0 (JxsEndpointWait, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  wait->endpoint = self;
  wait->session = g_object_ref (session);
  wait->go_on = go_on;
  wait->task = task;
  wait->ended = g_signal_connect (session, "ended", G_CALLBACK (session_ended_cb), wait);
  wait->deadline = jxs_clock_timeout_attach (
      ASK_TIMEOUT_MS, "[jxs] address policy deadline", self->context, deadline_cb, wait);
  if (cancellable != NULL)
    {
      wait->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (wait->cancelled, "[jxs] address policy cancelled");
      g_source_set_callback (wait->cancelled, G_SOURCE_FUNC (cancelled_cb), wait, NULL);
      g_source_attach (wait->cancelled, self->context);
    }
  g_ptr_array_add (self->waits, wait);
}

void
jxs_endpoint_await_policy (JxsEndpoint *self,
                           JxsSession *session,
                           JxsEndpointGoOnFunc go_on,
                           GTask *task)
{
  JxsJid *peer = jxs_session_get_peer_jid (session);
  gboolean asked;

  if (self->manager == NULL || jxs_session_get_state (session) == JXS_SESSION_STATE_ENDED ||
      find_policy (self, peer) != JXS_ADDRESS_POLICY_ASK || !jxs_endpoint_can_ask (self))
    {
      go_on (task);
      return;
    }

  asked = is_waiting_for (self, peer);
  begin_wait (self, session, go_on, task);
  if (asked)
    return;
  jxs_trace_emit (
      self->trace, "endpoint", "address-request", "s:peer", jxs_jid_to_string (peer), NULL);
  jxs_endpoint_emit_address_request (self, peer);
}

/* Each step may change the list. */
static JxsEndpointWait *
find_answered (JxsEndpoint *self, gboolean all)
{
  for (guint i = 0; i < self->waits->len; i++)
    {
      JxsEndpointWait *wait = g_ptr_array_index (self->waits, i);

      if (all ||
          find_policy (self, jxs_session_get_peer_jid (wait->session)) != JXS_ADDRESS_POLICY_ASK)
        return wait;
    }
  return NULL;
}

static void
end_waits (JxsEndpoint *self, gboolean all)
{
  g_autoptr (JxsEndpoint) keep = g_object_ref (self);
  JxsEndpointWait *wait;

  while ((wait = find_answered (self, all)) != NULL)
    end_wait (wait);
}

void
jxs_endpoint_end_waits (JxsEndpoint *self)
{
  end_waits (self, TRUE);
}

/* ---- the application's part ---- */

/**
 * jxs_endpoint_get_address_policy: (get-property address-policy)
 * @self: an endpoint
 *
 * Gets who may learn our network addresses, unless something else was set for the peer.
 *
 * Returns: the policy
 *
 * Since: 1.0
 */
JxsAddressPolicy
jxs_endpoint_get_address_policy (JxsEndpoint *self)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), JXS_ADDRESS_POLICY_RELAY_ONLY);

  return self->address_policy;
}

/**
 * jxs_endpoint_set_address_policy: (set-property address-policy)
 * @self: an endpoint
 * @policy: the policy
 *
 * Sets who may learn our network addresses, unless something else was or will be set for the peer
 * with [method@Endpoint.set_peer_address_policy].
 *
 * It counts for sessions that connect from now on. For those that are connecting only a stricter
 * one does, for what they still offer and dial; what a peer was told stays told.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_address_policy (JxsEndpoint *self, JxsAddressPolicy policy)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (policy >= JXS_ADDRESS_POLICY_ALL && policy <= JXS_ADDRESS_POLICY_ASK);

  if (self->address_policy == policy)
    return;
  self->address_policy = policy;
  g_object_notify (G_OBJECT (self), "address-policy");
  end_waits (self, FALSE);
}

/**
 * jxs_endpoint_get_peer_address_policy:
 * @self: an endpoint
 * @peer: an address
 *
 * Gets whether @peer may learn our network addresses: what was set for its full JID, or else for
 * its bare JID, or else the [property@Endpoint:address-policy].
 *
 * Returns: the policy
 *
 * Since: 1.0
 */
JxsAddressPolicy
jxs_endpoint_get_peer_address_policy (JxsEndpoint *self, JxsJid *peer)
{
  g_return_val_if_fail (JXS_IS_ENDPOINT (self), JXS_ADDRESS_POLICY_RELAY_ONLY);
  g_return_val_if_fail (peer != NULL, JXS_ADDRESS_POLICY_RELAY_ONLY);

  return find_policy (self, peer);
}

/**
 * jxs_endpoint_set_peer_address_policy:
 * @self: an endpoint
 * @peer: a full JID, or a bare one for all its resources
 * @policy: the policy
 *
 * Sets whether @peer may learn our network addresses; also answers
 * [signal@Endpoint::address-request].
 *
 * It stays set until it is changed or [method@Endpoint.unset_peer_address_policy] is called.
 *
 * Since: 1.0
 */
void
jxs_endpoint_set_peer_address_policy (JxsEndpoint *self, JxsJid *peer, JxsAddressPolicy policy)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (peer != NULL);
  g_return_if_fail (policy >= JXS_ADDRESS_POLICY_ALL && policy <= JXS_ADDRESS_POLICY_ASK);

  g_hash_table_replace (self->policies, jxs_jid_ref (peer), GINT_TO_POINTER (policy));
  end_waits (self, FALSE);
}

/**
 * jxs_endpoint_unset_peer_address_policy:
 * @self: an endpoint
 * @peer: the address that was given to [method@Endpoint.set_peer_address_policy]
 *
 * Forgets what was set for @peer.
 *
 * Since: 1.0
 */
void
jxs_endpoint_unset_peer_address_policy (JxsEndpoint *self, JxsJid *peer)
{
  g_return_if_fail (JXS_IS_ENDPOINT (self));
  g_return_if_fail (peer != NULL);

  g_hash_table_remove (self->policies, peer);
  end_waits (self, FALSE);
}
