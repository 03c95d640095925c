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
