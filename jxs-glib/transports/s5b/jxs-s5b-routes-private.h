/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The kernel's routes as /proc/net/route and /proc/net/ipv6_route tell them. Lines that make no
 * sense are skipped. */

/* (transfer full) (nullable): the gateway of the default route with the lowest metric */
GInetAddress *jxs_s5b_routes_get_gateway (const char *routes);
/* The same for IPv6; interface (out) (transfer full): a link-local gateway is nothing without it */
GInetAddress *jxs_s5b_routes_get_gateway_ipv6 (const char *ipv6_routes, char **interface);
/* Whether address, of IPv4, is in a network that a link of ours leads to. */
gboolean jxs_s5b_routes_is_on_link (const char *routes, GInetAddress *address);

G_END_DECLS
