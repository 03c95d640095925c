/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Asks the router to let the peers in: UPnP IGD, NAT-PMP (RFC 6886) and PCP (RFC 6887), all at
 * once; the first mapping counts, the others are given back. One per endpoint, shared by its
 * sessions: held while somebody uses it and JXS_S5B_MAPPER_LINGER_SECONDS more, renewed at half its
 * lifetime, removed at the end. */
#define JXS_TYPE_S5B_MAPPER (jxs_s5b_mapper_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bMapper, jxs_s5b_mapper, JXS, S5B_MAPPER, GObject)

#define JXS_S5B_MAPPER_LIFETIME_SECONDS 600
#define JXS_S5B_MAPPER_LINGER_SECONDS 30
#define JXS_S5B_MAPPER_SEARCH_MS 3000   /* then there is none, for the time being */
#define JXS_S5B_MAPPER_RETRY_SECONDS 60 /* from one search to the next; stops busy searching */

typedef enum
{
  JXS_S5B_MAPPER_UPNP = 1 << 0,
  JXS_S5B_MAPPER_NATPMP = 1 << 1,
  JXS_S5B_MAPPER_PCP = 1 << 2,
  JXS_S5B_MAPPER_ALL = 7,
} JxsS5bMapperProtocols;

/* Signal "changed": the mapping appeared, moved or went. Signal "settled": the search is over, with
 * or without one. */
JxsS5bMapper *jxs_s5b_mapper_new (void);
void jxs_s5b_mapper_set_protocols (JxsS5bMapper *self, JxsS5bMapperProtocols protocols);
/* local_port: that of the IPv4 listener. Each hold is given back with release. */
void jxs_s5b_mapper_hold (JxsS5bMapper *self, guint16 local_port);
void jxs_s5b_mapper_release (JxsS5bMapper *self);
gboolean jxs_s5b_mapper_is_searching (JxsS5bMapper *self);
/* (nullable) (transfer none): the outer address and port */
GInetSocketAddress *jxs_s5b_mapper_get_external (JxsS5bMapper *self);
/* For the time line: "upnp", "nat-pmp", "pcp"; NULL without a mapping. */
const char *jxs_s5b_mapper_get_protocol (JxsS5bMapper *self);

/* Tests only: PCP and NAT-PMP are spoken there, not to the default gateway, and UPnP with nobody.
 */
void jxs_s5b_mapper_set_gateway (JxsS5bMapper *self, GInetSocketAddress *gateway);

G_END_DECLS
