/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-way-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <natpmp.h>
#include <string.h>
#include <sys/socket.h>

#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>

#define ERROR_RESPONSE_LENGTH 8    /* RFC 6886 §3.5 */
#define ADDRESS_RESPONSE_LENGTH 12 /* RFC 6886 §3.2 */
#define MAP_RESPONSE_LENGTH 16     /* RFC 6886 §3.3 */
#define RESPONSE_BIT 0x80

/* NAT-PMP (RFC 6886): first the outer address is asked for, then the port. libnatpmp makes and
 * reads the packets; when one is sent again JxsPcpMachine decides, on our clock. */
typedef struct
{
  JxsS5bLease lease;
  natpmp_t natpmp;
  GSource *source; /* (owned) */
  guint16 local_port;
  gboolean has_address; /* the outer address has been answered in this round */
  JxsPcpAddress address;
} Natpmp;

static void
send_cb (gpointer data, guint32 lifetime)
{
  Natpmp *self = data;
  int status;

  if (lifetime > 0 && !self->has_address)
    status = sendpublicaddressrequest (&self->natpmp);
  else
    /* A deletion suggests no external port (RFC 6886 §3.4). */
    status = sendnewportmappingrequest (&self->natpmp,
                                        NATPMP_PROTOCOL_TCP,
                                        self->local_port,
                                        lifetime > 0 ? self->lease.machine.port : 0,
                                        lifetime);
  /* What is lost here is sent again as if it was lost on the way. */
  if (status < 0)
    jxs_log_debug (NULL, "NAT-PMP request: error %d", status);
}

static void
clear (gpointer data)
{
  Natpmp *self = data;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  closenatpmp (&self->natpmp);
}

/* libnatpmp, in older versions, takes anything of any length for the answer to its last request. */
static gboolean
is_answer (Natpmp *self, const guint8 *bytes, gsize length)
{
  const guint8 *request = self->natpmp.pending_request;

  if (!self->natpmp.has_pending_request || length < ERROR_RESPONSE_LENGTH ||
      bytes[1] != (request[1] | RESPONSE_BIT))
    return FALSE;
  if ((bytes[2] | bytes[3]) != 0)
    return TRUE;
  if (request[1] == NATPMP_RESPTYPE_PUBLICADDRESS)
    return length >= ADDRESS_RESPONSE_LENGTH;
  return length >= MAP_RESPONSE_LENGTH && memcmp (bytes + 8, request + 4, 2) == 0;
}

/* Reads what libnatpmp makes of an answer; FALSE: nothing. */
static gboolean
read_event (Natpmp *self, JxsPcpEvent *event)
{
  natpmpresp_t response = { 0 };
  int status = readnatpmpresponseorretry (&self->natpmp, &response);

  if (status == NATPMP_TRYAGAIN || status == NATPMP_ERR_WRONGPACKETSOURCE)
    return FALSE;

  jxs_log_debug (NULL, "NAT-PMP answer: status %d, type %u", status, response.type);
  if (status == 0 && response.type == NATPMP_RESPTYPE_PUBLICADDRESS)
    {
      g_autoptr (GInetAddress) address =
          g_inet_address_new_from_bytes ((const guint8 *) &response.pnu.publicaddress.addr,
                                         G_SOCKET_FAMILY_IPV4);

      self->address = jxs_pcp_address_from_inet (address);
      self->has_address = TRUE;
      send_cb (self, JXS_S5B_MAPPER_LIFETIME_SECONDS);
      return FALSE;
    }

  self->has_address = FALSE;
  *event = (JxsPcpEvent){
    .type = status == 0 ? JXS_PCP_EVENT_GRANTED : JXS_PCP_EVENT_REFUSED,
    .epoch = response.epoch,
    .lifetime = response.pnu.newportmapping.lifetime,
    .port = response.pnu.newportmapping.mappedpublicport,
    .address = self->address,
  };
  return TRUE;
}

static gboolean
receive_cb (int fd, GIOCondition condition, gpointer user_data)
{
  Natpmp *self = user_data;
  guint8 bytes[MAP_RESPONSE_LENGTH] = { 0 };
  gssize length = recv (fd, bytes, sizeof (bytes), MSG_PEEK | MSG_DONTWAIT);
  JxsPcpEvent event = { .type = JXS_PCP_EVENT_UNREACHABLE };

  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (length >= 0 && !is_answer (self, bytes, length))
    {
      recv (fd, bytes, sizeof (bytes), MSG_DONTWAIT);
      return G_SOURCE_CONTINUE;
    }
  if (length >= 0 && !read_event (self, &event))
    return G_SOURCE_CONTINUE;

  return jxs_s5b_lease_handle (&self->lease, event) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static const JxsS5bLeaseClass natpmp_class = {
  .way = { .name = "nat-pmp", .refresh = jxs_s5b_lease_refresh, .stop = jxs_s5b_lease_stop },
  .first_retry_ms = JXS_PCP_NATPMP_RETRY_MS,
  .send = send_cb,
  .clear = clear,
};

JxsS5bWay *
jxs_s5b_natpmp_new (const JxsS5bWayParams *params, JxsS5bWayFunc func, gpointer user_data)
{
  GInetAddress *gateway = g_inet_socket_address_get_address (params->gateway);
  struct sockaddr_in address;
  Natpmp *self;
  natpmp_t natpmp;
  in_addr_t forced;

  if (g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4)
    return NULL;
  memcpy (&forced, g_inet_address_to_bytes (gateway), sizeof (forced));
  /* libnatpmp connects to the port of the protocol; tests have another one. */
  if (initnatpmp (&natpmp, TRUE, forced) != 0 ||
      !g_socket_address_to_native (
          G_SOCKET_ADDRESS (params->gateway), &address, sizeof (address), NULL) ||
      connect (natpmp.s, (struct sockaddr *) &address, sizeof (address)) != 0)
    {
      closenatpmp (&natpmp);
      return NULL;
    }

  fcntl (natpmp.s, F_SETFD, FD_CLOEXEC);
  self = g_new0 (Natpmp, 1);
  jxs_s5b_lease_init (&self->lease, &natpmp_class, params->context, func, user_data);
  self->natpmp = natpmp;
  self->local_port = params->local_port;
  self->source = g_unix_fd_source_new (self->natpmp.s, G_IO_IN);
  g_source_set_static_name (self->source, "[jxs] NAT-PMP");
  g_source_set_callback (self->source, G_SOURCE_FUNC (receive_cb), self, NULL);
  g_source_attach (self->source, params->context);
  jxs_s5b_lease_handle (&self->lease, (JxsPcpEvent){ .type = JXS_PCP_EVENT_START });
  return &self->lease.way;
}
