/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The kernel's IPv4 routes as /proc/net/route tells them. Lines that make no sense are skipped. */

/* (transfer full) (nullable): the gateway of the default route with the lowest metric */
GInetAddress *jxs_s5b_routes_get_gateway (const char *routes);
/* Whether address is in a network that a link of ours leads to. */
gboolean jxs_s5b_routes_is_on_link (const char *routes, GInetAddress *address);

G_END_DECLS
