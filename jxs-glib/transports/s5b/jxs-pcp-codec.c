/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-pcp-codec-private.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>

#define HEADER_LENGTH 24
#define RESPONSE_BIT 0x80
#define PROTOCOL_TCP 6

static const guint8 v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

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

JxsPcpAddress
jxs_pcp_address_from_inet (GInetAddress *address)
{
  JxsPcpAddress self = { { 0 } };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    {
      memcpy (self.bytes, v4_mapped, sizeof (v4_mapped));
      memcpy (self.bytes + sizeof (v4_mapped), g_inet_address_to_bytes (address), 4);
    }
  else
    memcpy (self.bytes, g_inet_address_to_bytes (address), sizeof (self.bytes));
  return self;
}

GInetAddress *
jxs_pcp_address_to_inet (const JxsPcpAddress *self)
{
  if (memcmp (self->bytes, v4_mapped, sizeof (v4_mapped)) == 0)
    return g_inet_address_new_from_bytes (self->bytes + sizeof (v4_mapped), G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_bytes (self->bytes, G_SOCKET_FAMILY_IPV6);
}

void
jxs_pcp_request_build (const JxsPcpRequest *self, guint8 bytes[JXS_PCP_MAP_LENGTH])
{
  guint8 *map = bytes + HEADER_LENGTH;

  memset (bytes, 0, JXS_PCP_MAP_LENGTH);
  bytes[0] = JXS_PCP_VERSION;
  bytes[1] = JXS_PCP_OPCODE_MAP;
  put_32 (bytes + 4, self->lifetime);
  memcpy (bytes + 8, self->client.bytes, sizeof (self->client.bytes));

  memcpy (map, self->map.nonce, JXS_PCP_NONCE_LENGTH);
  map[12] = PROTOCOL_TCP;
  put_16 (map + 16, self->map.internal_port);
  put_16 (map + 18, self->map.external_port);
  memcpy (map + 20, self->map.external_address.bytes, sizeof (self->map.external_address.bytes));
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL, "Port mapping answer: %s", what);
  return FALSE;
}

gboolean
jxs_pcp_response_parse (const guint8 *bytes, gsize length, JxsPcpResponse *parsed, GError **error)
{
  const guint8 *map = bytes + HEADER_LENGTH;

  memset (parsed, 0, sizeof (*parsed));
  if (length < 2)
    return fail (error, "too short");
  if ((bytes[1] & RESPONSE_BIT) == 0)
    return fail (error, "not an answer");

  parsed->version = bytes[0];
  parsed->opcode = bytes[1] & ~RESPONSE_BIT;
  if (parsed->version != JXS_PCP_VERSION)
    {
      /* NAT-PMP servers answer in 8 bytes (§9). */
      parsed->result = JXS_PCP_RESULT_UNSUPP_VERSION;
      return length >= 4 || fail (error, "too short");
    }

  if (length < HEADER_LENGTH || length > JXS_PCP_MAX_LENGTH || length % 4 != 0)
    return fail (error, "bad length");
  parsed->result = bytes[3];
  parsed->lifetime = get_32 (bytes + 4);
  parsed->epoch = get_32 (bytes + 8);

  if (parsed->opcode != JXS_PCP_OPCODE_MAP)
    return TRUE;
  if (length >= JXS_PCP_MAP_LENGTH && map[12] == PROTOCOL_TCP)
    {
      parsed->has_map = TRUE;
      memcpy (parsed->map.nonce, map, JXS_PCP_NONCE_LENGTH);
      parsed->map.internal_port = get_16 (map + 16);
      parsed->map.external_port = get_16 (map + 18);
      memcpy (parsed->map.external_address.bytes,
              map + 20,
              sizeof (parsed->map.external_address.bytes));
    }
  if (parsed->result == JXS_PCP_RESULT_SUCCESS && !parsed->has_map)
    return fail (error, "no mapping in it");
  if (parsed->result == JXS_PCP_RESULT_SUCCESS && parsed->lifetime > 0 &&
      parsed->map.external_port == 0)
    return fail (error, "no external port");
  return TRUE;
}
