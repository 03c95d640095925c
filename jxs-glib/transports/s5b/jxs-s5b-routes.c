/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-s5b-routes-private.h"

#include <stdio.h>
#include <string.h>

#define FLAG_UP 0x1
#define FLAG_GATEWAY 0x2
#define FLAG_REJECT 0x200

/* Addresses are printed as the integers they are in the memory of this machine. */
typedef struct
{
  guint32 destination;
  guint32 gateway;
  guint32 mask;
  guint flags;
  guint metric;
} Route;

static gboolean
parse_route (const char *line, Route *route)
{
  return sscanf (line,
                 "%*s %8x %8x %x %*d %*u %u %8x",
                 &route->destination,
                 &route->gateway,
                 &route->flags,
                 &route->metric,
                 &route->mask) == 5 &&
         (route->flags & FLAG_UP) != 0 && (route->flags & FLAG_REJECT) == 0;
}

GInetAddress *
jxs_s5b_routes_get_gateway (const char *routes)
{
  g_auto (GStrv) lines = g_strsplit (routes, "\n", -1);
  Route best = { 0 };

  for (guint i = 0; lines[i] != NULL; i++)
    {
      Route route;

      if (parse_route (lines[i], &route) && (route.flags & FLAG_GATEWAY) != 0 &&
          route.destination == 0 && route.mask == 0 && route.gateway != 0 &&
          (best.gateway == 0 || route.metric < best.metric))
        best = route;
    }
  return best.gateway != 0
             ? g_inet_address_new_from_bytes ((const guint8 *) &best.gateway, G_SOCKET_FAMILY_IPV4)
             : NULL;
}

gboolean
jxs_s5b_routes_is_on_link (const char *routes, GInetAddress *address)
{
  g_auto (GStrv) lines = g_strsplit (routes, "\n", -1);
  guint32 bytes;

  g_return_val_if_fail (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4, FALSE);

  memcpy (&bytes, g_inet_address_to_bytes (address), sizeof (bytes));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      Route route;

      if (parse_route (lines[i], &route) && (route.flags & FLAG_GATEWAY) == 0 && route.mask != 0 &&
          (bytes & route.mask) == route.destination)
        return TRUE;
    }
  return FALSE;
}

static gboolean
parse_address (const char *hex, guint8 bytes[16])
{
  if (strlen (hex) != 32)
    return FALSE;
  for (guint i = 0; i < 16; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]);
      int low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      bytes[i] = high << 4 | low;
    }
  return TRUE;
}

GInetAddress *
jxs_s5b_routes_get_gateway_ipv6 (const char *ipv6_routes, char **interface)
{
  static const guint8 unspecified[16];
  g_auto (GStrv) lines = g_strsplit (ipv6_routes, "\n", -1);
  g_autoptr (GInetAddress) gateway = NULL;
  guint best = G_MAXUINT;

  *interface = NULL;
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char destination[33], next_hop[33], name[17];
      guint8 network[16], bytes[16];
      guint length, metric, flags;

      if (sscanf (lines[i],
                  "%32s %x %*32s %*x %32s %x %*x %*x %x %16s",
                  destination,
                  &length,
                  next_hop,
                  &metric,
                  &flags,
                  name) != 6 ||
          (flags & FLAG_UP) == 0 || (flags & FLAG_GATEWAY) == 0 || (flags & FLAG_REJECT) != 0 ||
          length != 0 || !parse_address (destination, network) ||
          !parse_address (next_hop, bytes) || memcmp (network, unspecified, 16) != 0 ||
          memcmp (bytes, unspecified, 16) == 0 || (gateway != NULL && metric >= best))
        continue;

      best = metric;
      g_clear_object (&gateway);
      gateway = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
      g_free (*interface);
      *interface = g_strdup (name);
    }
  return g_steal_pointer (&gateway);
}
