/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/jingle/jxs-candidate.h>

G_BEGIN_DECLS

#define JXS_S5B_ADDRESSES_MAX                                                                      \
  12 /* offered; those behind are bridges that would cost peers time                               \
      */

/* The addresses of this machine worth offering, best first. */
typedef struct
{
  GInetAddress *address; /* (owned) */
  JxsCandidateKind kind; /* direct or tunnel */
} JxsS5bAddress;

/* (transfer full) (element-type JxsS5bAddress). Up interfaces, IPv4 and IPv6; those of the
 * interface that leads out first; temporary IPv6 addresses before lasting ones, deprecated and
 * tentative ones not at all, link-local ones only where there is nothing else; loopback last, and
 * only if allowed. */
GPtrArray *jxs_s5b_addresses_list (gboolean allow_loopback);
/* An IPv4 address that only a private network reaches: a router in front of it may map ports. */
gboolean jxs_s5b_addresses_need_mapping (void);
/* Whether packets to it stay on this machine. */
gboolean jxs_s5b_addresses_is_own (GInetAddress *address);
/* The interfaces a link-local address may mean: their indexes, at most n_scopes. */
guint jxs_s5b_addresses_get_scopes (guint32 *scopes, guint n_scopes);

/* The rest is what the above is made of: no system is asked. */

typedef enum
{
  JXS_S5B_ADDRESS_TEMPORARY = 1 << 0,
  JXS_S5B_ADDRESS_DEPRECATED = 1 << 1,
  JXS_S5B_ADDRESS_TENTATIVE = 1 << 2, /* or found to be somebody else's */
} JxsS5bAddressFlags;

typedef struct
{
  const char *name;         /* of the interface */
  guint interface_flags;    /* IFF_… */
  int hardware;             /* ARPHRD_…; -1: unknown */
  gboolean tun;             /* a TUN or TAP device */
  gboolean leads_out;       /* the way to the internet begins here */
  GInetAddress *address;    /* (unowned) */
  JxsS5bAddressFlags flags; /* of an IPv6 address */
} JxsS5bInterfaceAddress;

/* As jxs_s5b_addresses_list(), of what was found. */
GPtrArray *jxs_s5b_addresses_rank (const JxsS5bInterfaceAddress *found,
                                   gsize n_found,
                                   gboolean allow_loopback);
gboolean jxs_s5b_addresses_are_private (GPtrArray *addresses);
/* What /proc/net/if_inet6 says of an address; 0 if nothing. */
JxsS5bAddressFlags jxs_s5b_addresses_parse_flags (const char *if_inet6, GInetAddress *address);

G_END_DECLS
