/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-transport-impl-private.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/jingle/jxs-failures-private.h>

/* How the negotiation ends: in the socket of what was nominated, or in the reason why not. */

/* For the peer to show which of its connections it means: it may do so no sooner than it knows our
 * report. */
#define CHOICE_TIMEOUT_MS 2000

/* The peer may have connected more than once: it means what came in at the address it chose. Where
 * that does not tell (behind a router) it is the one on which the peer speaks, or which is left
 * when the peer has closed the others, or at last the latest. FALSE: not known yet. */
static gboolean
choose_incoming (JxsS5bTransport *self, guint *chosen)
{
  const char *host = jxs_candidate_get_host (self->nominated);
  guint n_on_host = 0;

  *chosen = self->incoming->len - 1;
  for (guint i = 0; i < self->incoming->len; i++)
    if (jxs_s5b_socket_is_on (g_ptr_array_index (self->incoming, i), host))
      {
        *chosen = i;
        n_on_host++;
      }
  if (n_on_host == 1 || self->incoming->len == 1)
    return TRUE;

  for (guint i = 0; i < self->incoming->len; i++)
    if (jxs_s5b_socket_has_data (g_ptr_array_index (self->incoming, i)))
      {
        *chosen = i;
        return TRUE;
      }

  return jxs_clock_now () / 1000 >= self->choose_until;
}

/* FALSE: it is to be waited for. */
static gboolean
take_incoming (JxsS5bTransport *self, JxsS5bSocket **socket)
{
  guint chosen;

  *socket = NULL;
  if (self->choose_until == 0)
    self->choose_until = jxs_clock_now () / 1000 + CHOICE_TIMEOUT_MS;
  if (self->incoming->len == 0)
    return TRUE;
  if (!choose_incoming (self, &chosen))
    return FALSE;
  *socket = g_ptr_array_steal_index (self->incoming, chosen);

  return TRUE;
}

static gboolean
take_socket (JxsS5bTransport *self, JxsS5bSocket **socket)
{
  JxsS5bRemote *remote;

  if (!jxs_candidate_is_local (self->nominated))
    {
      remote = g_ptr_array_index (self->usable, self->machine.our_choice);
      *socket = g_steal_pointer (&remote->socket);
    }
  else if (jxs_candidate_get_kind (self->nominated) == JXS_CANDIDATE_KIND_PROXY)
    *socket = g_steal_pointer (&self->proxy);
  else
    return take_incoming (self, socket);

  return TRUE;
}

void
jxs_s5b_transport_take_nominated (JxsS5bTransport *self)
{
  JxsS5bSocket *socket;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GIOStream) stream = NULL;

  if (!take_socket (self, &socket))
    return;
  if (socket == NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (JXS_ERROR,
                                                      JXS_ERROR_CONNECTIVITY,
                                                      _ ("The connection was lost at once"));

      jxs_s5b_transport_end (self, error);
      return;
    }

  connection = jxs_s5b_socket_steal (socket);
  stream = jxs_socket_stream_new (connection);
  if (jxs_candidate_get_kind (self->nominated) == JXS_CANDIDATE_KIND_PROXY)
    jxs_socket_stream_set_relayed (JXS_SOCKET_STREAM (stream), TRUE);
  else
    jxs_socket_stream_set_half_close (JXS_SOCKET_STREAM (stream), TRUE);
  jxs_s5b_transport_deliver (self, stream);
}

/* Why no candidate of the peer could be reached. */
static GError *
new_unreachable_error (JxsS5bTransport *self)
{
  g_auto (JxsFailures) failures = { NULL, 0 };
  g_autofree char *why = NULL;

  for (guint i = 0; i < self->remote->len; i++)
    {
      JxsCandidate *candidate = ((JxsS5bRemote *) g_ptr_array_index (self->remote, i))->candidate;
      g_autoptr (GError) error = NULL;

      if (jxs_candidate_get_error (candidate) == NULL)
        continue;
      error = g_error_copy (jxs_candidate_get_error (candidate));
      if (strstr (error->message, jxs_candidate_get_host (candidate)) == NULL)
        g_prefix_error (&error, "%s: ", jxs_candidate_get_host (candidate));
      jxs_failures_add (&failures, error);
    }
  why = jxs_failures_describe (&failures);
  if (why == NULL)
    return g_error_new_literal (JXS_ERROR,
                                JXS_ERROR_CONNECTIVITY,
                                _ ("Neither side has an address that the other one can reach"));

  return g_error_new (JXS_ERROR,
                      jxs_failures_are_timeouts (&failures) ? JXS_ERROR_TIMED_OUT
                                                            : JXS_ERROR_CONNECTIVITY,
                      _ ("Neither side could reach the other one directly or through a proxy (%s)"),
                      why);
}

static GError *
new_error (JxsS5bTransport *self)
{
  const GError *error = self->nominated != NULL ? jxs_candidate_get_error (self->nominated) : NULL;

  switch (self->machine.cause)
    {
    case JXS_S5B_CAUSE_NO_CANDIDATE:
      return new_unreachable_error (self);
    case JXS_S5B_CAUSE_NO_REPORT:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_TIMED_OUT,
                                  _ ("The peer did not say which address it can reach"));
    case JXS_S5B_CAUSE_NO_SOCKET:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_CONNECTIVITY,
                                  _ ("The connection that the peer chose did not arrive"));
    case JXS_S5B_CAUSE_PEER_PROXY:
      if (error == NULL)
        return g_error_new (JXS_ERROR,
                            JXS_ERROR_CONNECTIVITY,
                            _ ("The peer gave up connecting over “%s”"),
                            jxs_candidate_get_host (self->nominated));
      G_GNUC_FALLTHROUGH;
    case JXS_S5B_CAUSE_PROXY:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_CONNECTIVITY,
                          _ ("The proxy “%s” does not work: %s"),
                          jxs_candidate_get_host (self->nominated),
                          error != NULL ? error->message : _ ("No answer in time"));
    case JXS_S5B_CAUSE_NOT_ACTIVATED:
      return g_error_new (JXS_ERROR,
                          JXS_ERROR_TIMED_OUT,
                          _ ("The peer did not activate its proxy “%s” in time"),
                          jxs_candidate_get_host (self->nominated));
    case JXS_S5B_CAUSE_NONE:
    default:
      return g_error_new_literal (JXS_ERROR,
                                  JXS_ERROR_CONNECTIVITY,
                                  _ ("The SOCKS5 bytestream failed"));
    }
}

void
jxs_s5b_transport_give_up (JxsS5bTransport *self)
{
  g_autoptr (GError) error = new_error (self);

  jxs_s5b_transport_end (self, error);
}
