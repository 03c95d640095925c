/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-private.h>

/* What an application may show of the ways to the peer. */

/* The last nominated one: after a transport-replace an earlier one may have been. */
static JxsCandidate *
find_nominated (GListModel *candidates)
{
  for (guint i = g_list_model_get_n_items (candidates); i > 0; i--)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i - 1);

      if (jxs_candidate_get_state (candidate) == JXS_CANDIDATE_STATE_NOMINATED)
        return g_steal_pointer (&candidate);
    }

  return NULL;
}

static void
update_nominated (JxsSession *self)
{
  g_autoptr (JxsCandidate) nominated = find_nominated (self->candidates);

  if (g_set_object (&self->nominated, nominated))
    g_object_notify (G_OBJECT (self), "nominated-candidate");
}

static void
candidates_changed_cb (
    JxsSession *self, guint position, guint removed, guint added, GListModel *candidates)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (JxsCandidate) candidate = g_list_model_get_item (candidates, i);

      g_signal_connect_object (
          candidate, "notify::state", G_CALLBACK (update_nominated), self, G_CONNECT_SWAPPED);
    }
  update_nominated (self);
}

void
jxs_session_watch_candidates (JxsSession *self)
{
  self->candidates = g_object_ref (jxs_content_get_candidates (self->content));
  g_signal_connect_object (self->candidates,
                           "items-changed",
                           G_CALLBACK (candidates_changed_cb),
                           self,
                           G_CONNECT_SWAPPED);
  candidates_changed_cb (self, 0, 0, g_list_model_get_n_items (self->candidates), self->candidates);
}

/**
 * jxs_session_get_candidates:
 * @self: a session
 *
 * Gets the ways to the peer that either side named, in the order in which they became known: of
 * every transport that was tried. What becomes of each is to be seen while it happens.
 *
 * In-band bytestreams, which need no way of their own, have none.
 *
 * Returns: (transfer none): a list of [class@Candidate], live
 *
 * Since: 1.0
 */
GListModel *
jxs_session_get_candidates (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->candidates;
}

/**
 * jxs_session_get_nominated_candidate:
 * @self: a session
 *
 * Gets the candidate that both sides chose for the stream (XEP-0260 §2.4).
 *
 * Returns: (transfer none) (nullable): the candidate, or %NULL while there is none, or none any
 *   more
 *
 * Since: 1.0
 */
JxsCandidate *
jxs_session_get_nominated_candidate (JxsSession *self)
{
  g_return_val_if_fail (JXS_IS_SESSION (self), NULL);

  return self->nominated;
}
