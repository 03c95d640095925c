/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fake-router.h"

#include <string.h>

#define PCP_LENGTH 60
#define MAX_LENGTH 1200

static guint16
get_16 (const guint8 *bytes)
{
  return bytes[0] << 8 | bytes[1];
}

static guint32
get_32 (const guint8 *bytes)
{
  return (guint32) get_16 (bytes) << 16 | get_16 (bytes + 2);
}

static void
put_16 (guint8 *bytes, guint16 value)
{
  bytes[0] = value >> 8;
  bytes[1] = value & 0xff;
}

static void
put_32 (guint8 *bytes, guint32 value)
{
  put_16 (bytes, value >> 16);
  put_16 (bytes + 2, value & 0xffff);
}

static void
put_external (FakeRouter *self, guint8 *bytes)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (self->external);

  memcpy (bytes, g_inet_address_to_bytes (address), 4);
}

void
fake_router_send (FakeRouter *self, const guint8 *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_socket_send_to (self->socket, self->client, (const char *) bytes, length, NULL, &error);
  g_assert_no_error (error);
}

static void
answer (FakeRouter *self, guint8 *bytes, gsize length)
{
  if (self->mangle != NULL)
    length = self->mangle (bytes, length);
  if (!self->mute && length > 0)
    fake_router_send (self, bytes, length);
}

/* Carries out a request; returns the external port and cuts down the lifetime. */
static guint16
map (FakeRouter *self,
     FakeRouterProtocol protocol,
     guint16 internal,
     guint16 suggested,
     guint32 *lifetime)
{
  self->internal_port = internal;
  self->asked_lifetime = *lifetime;
  if (*lifetime == 0)
    {
      self->n_deletions[protocol]++;
      self->mapped[protocol] = 0;
      if (self->one_table)
        memset (self->mapped, 0, sizeof (self->mapped));
      return 0;
    }

  *lifetime = MIN (*lifetime, self->lifetime);
  if (self->external_port != 0)
    suggested = self->external_port;
  for (guint i = 0; self->one_table && i < FAKE_ROUTER_N_PROTOCOLS; i++)
    if (self->mapped[i] != 0)
      suggested = self->mapped[i];
  self->mapped[protocol] = suggested;
  return suggested;
}

static void
handle_pcp (FakeRouter *self, const guint8 *request)
{
  static const guint8 loopback[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1 };
  guint8 bytes[MAX_LENGTH];
  guint32 lifetime = get_32 (request + 4);
  guint16 port;

  self->n_requests[FAKE_ROUTER_PCP]++;
  g_assert_cmpuint (request[1], ==, 1);
  g_assert_cmpuint (request[36], ==, 6);
  g_assert_cmpmem (request + 8, 16, loopback, 16);

  memcpy (bytes, request, PCP_LENGTH);
  bytes[1] |= 0x80;
  memset (bytes + 8, 0, 16);
  bytes[3] = self->result[FAKE_ROUTER_PCP];
  put_32 (bytes + 8, self->epoch);
  if (bytes[3] == 0)
    {
      port = map (self, FAKE_ROUTER_PCP, get_16 (request + 40), get_16 (request + 42), &lifetime);
      put_32 (bytes + 4, lifetime);
      put_16 (bytes + 42, port);
      memcpy (bytes + 44, loopback, 12);
      put_external (self, bytes + 56);
    }
  answer (self, bytes, PCP_LENGTH);
}

static void
handle_natpmp (FakeRouter *self, const guint8 *request, gsize length)
{
  guint8 bytes[MAX_LENGTH] = { 0 };
  guint32 lifetime;
  guint16 port;

  self->n_requests[FAKE_ROUTER_NATPMP]++;
  bytes[1] = 0x80 | request[1];
  put_16 (bytes + 2, self->result[FAKE_ROUTER_NATPMP]);
  put_32 (bytes + 4, self->epoch);
  if (request[1] == 0)
    {
      g_assert_cmpuint (length, ==, 2);
      put_external (self, bytes + 8);
      answer (self, bytes, 12);
      return;
    }

  g_assert_cmpuint (request[1], ==, 2);
  g_assert_cmpuint (length, ==, 12);
  lifetime = get_32 (request + 8);
  memcpy (bytes + 8, request + 4, 2);
  if (bytes[3] == 0)
    {
      port = map (self, FAKE_ROUTER_NATPMP, get_16 (request + 4), get_16 (request + 6), &lifetime);
      put_16 (bytes + 10, port);
      put_32 (bytes + 12, lifetime);
    }
  answer (self, bytes, 16);
}

static gboolean
receive_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  FakeRouter *self = user_data;
  guint8 bytes[MAX_LENGTH];
  gssize length;

  g_clear_object (&self->client);
  length =
      g_socket_receive_from (socket, &self->client, (char *) bytes, sizeof (bytes), NULL, NULL);
  if (length < 2)
    return G_SOURCE_CONTINUE;
  if (self->n_lose > 0)
    {
      self->n_lose--;
      return G_SOURCE_CONTINUE;
    }

  if (bytes[0] == 2 && self->speaks[FAKE_ROUTER_PCP])
    {
      g_assert_cmpint (length, ==, PCP_LENGTH);
      handle_pcp (self, bytes);
    }
  else if (bytes[0] == 0 && self->speaks[FAKE_ROUTER_NATPMP])
    handle_natpmp (self, bytes, length);
  else if (bytes[0] == 2 && self->speaks[FAKE_ROUTER_NATPMP])
    {
      /* RFC 6887 §9: in the old layout. */
      guint8 refusal[8] = { 0, 0x81, 0, 1 };

      fake_router_send (self, refusal, sizeof (refusal));
    }
  return G_SOURCE_CONTINUE;
}

FakeRouter *
fake_router_new (void)
{
  FakeRouter *self = g_new0 (FakeRouter, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;

  self->speaks[FAKE_ROUTER_PCP] = self->speaks[FAKE_ROUTER_NATPMP] = TRUE;
  self->lifetime = G_MAXUINT32;
  self->epoch = 100;
  g_strlcpy (self->external, "198.51.100.9", sizeof (self->external));

  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_bind (self->socket, any_port, FALSE, &error);
  g_assert_no_error (error);
  self->address = G_INET_SOCKET_ADDRESS (g_socket_get_local_address (self->socket, NULL));
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (receive_cb), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

void
fake_router_free (FakeRouter *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
  g_object_unref (self->address);
  g_clear_object (&self->client);
  g_free (self);
}
