/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-way-private.h"

#include <string.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-random-private.h>

/* PCP (RFC 6887). */
typedef struct
{
  JxsS5bLease lease;
  GSocket *socket; /* (owned): connected, so that only the gateway is heard (§8.3) */
  GSource *source; /* (owned) */
  JxsPcpRequest request;
} Pcp;

static void
send_cb (gpointer data, guint32 lifetime)
{
  Pcp *self = data;
  guint8 bytes[JXS_PCP_MAP_LENGTH];
  g_autoptr (GError) error = NULL;

  self->request.lifetime = lifetime;
  self->request.map.external_port = self->lease.machine.port;
  self->request.map.external_address = self->lease.machine.address;
  jxs_pcp_request_build (&self->request, bytes);
  /* What is lost here is sent again as if it was lost on the way. */
  if (g_socket_send (self->socket, (const char *) bytes, sizeof (bytes), NULL, &error) < 0)
    jxs_log_debug (NULL, "PCP request: %s", error->message);
}

static void
clear (gpointer data)
{
  Pcp *self = data;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
}

/* FALSE: it is not meant for us. */
static gboolean
to_event (Pcp *self, const JxsPcpResponse *response, JxsPcpEvent *event)
{
  gboolean ours =
      response->has_map &&
      memcmp (response->map.nonce, self->request.map.nonce, JXS_PCP_NONCE_LENGTH) == 0 &&
      response->map.internal_port == self->request.map.internal_port;

  if (response->version == JXS_PCP_VERSION && response->opcode == JXS_PCP_OPCODE_ANNOUNCE &&
      response->result == JXS_PCP_RESULT_SUCCESS)
    event->type = JXS_PCP_EVENT_EPOCH;
  else if (response->version != JXS_PCP_VERSION)
    event->type = JXS_PCP_EVENT_UNREACHABLE; /* a NAT-PMP server: that way will find it (§9) */
  else if (response->opcode != JXS_PCP_OPCODE_MAP || (response->has_map && !ours))
    return FALSE;
  else if (response->result != JXS_PCP_RESULT_SUCCESS)
    event->type = JXS_PCP_EVENT_REFUSED;
  else
    event->type = JXS_PCP_EVENT_GRANTED;

  event->lifetime = response->lifetime;
  event->epoch = response->epoch;
  event->address = response->map.external_address;
  event->port = response->map.external_port;
  return TRUE;
}

static gboolean
receive_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Pcp *self = user_data;
  guint8 bytes[JXS_PCP_MAX_LENGTH + 1];
  g_autoptr (GError) error = NULL;
  gssize length = g_socket_receive (socket, (char *) bytes, sizeof (bytes), NULL, &error);
  JxsPcpEvent event = { .type = JXS_PCP_EVENT_UNREACHABLE };
  JxsPcpResponse response;

  if (length < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (length >= 0)
    {
      if (!jxs_pcp_response_parse (bytes, length, &response, &error))
        {
          jxs_log_debug (NULL, "%s", error->message);
          return G_SOURCE_CONTINUE;
        }
      if (!to_event (self, &response, &event))
        return G_SOURCE_CONTINUE;
      jxs_log_debug (NULL, "PCP answer: result %u", response.result);
    }

  return jxs_s5b_lease_handle (&self->lease, event) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static const JxsS5bLeaseClass pcp_class = {
  .way = { .name = "pcp", .refresh = jxs_s5b_lease_refresh, .stop = jxs_s5b_lease_stop },
  .first_retry_ms = JXS_PCP_RETRY_MS,
  .send = send_cb,
  .clear = clear,
};

JxsS5bWay *
jxs_s5b_pcp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data)
{
  GSocketFamily family = g_inet_address_get_family (params->local);
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new (params->local, 0);
  g_autoptr (GInetAddress) any = g_inet_address_new_any (family);
  g_autoptr (GSocket) socket =
      g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  Pcp *self;

  /* The server compares the address in the request with the one it comes from (§8.1). */
  if (socket == NULL || !g_socket_bind (socket, local, FALSE, NULL) ||
      !g_socket_connect (socket, G_SOCKET_ADDRESS (params->gateway), NULL, NULL))
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  self = g_new0 (Pcp, 1);
  jxs_s5b_lease_init (&self->lease, &pcp_class, params->context, func, user_data);
  self->lease.machine.address = jxs_pcp_address_from_inet (any);
  self->request.client = jxs_pcp_address_from_inet (params->local);
  self->request.map.internal_port = params->local_port;
  jxs_random_bytes (self->request.map.nonce, JXS_PCP_NONCE_LENGTH);

  self->socket = g_steal_pointer (&socket);
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "[jxs] PCP");
  g_source_set_callback (self->source, G_SOURCE_FUNC (receive_cb), self, NULL);
  g_source_attach (self->source, params->context);
  jxs_s5b_lease_handle (&self->lease, (JxsPcpEvent){ .type = JXS_PCP_EVENT_START });
  return &self->lease.way;
}
