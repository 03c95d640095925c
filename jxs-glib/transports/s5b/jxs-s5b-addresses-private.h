/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/jingle/jxs-candidate.h>

G_BEGIN_DECLS

/* The addresses of this machine worth offering, best first. */
typedef struct
{
  GInetAddress *address; /* (owned) */
  JxsCandidateKind kind; /* direct or tunnel */
} JxsS5bAddress;

/* (transfer full) (element-type JxsS5bAddress). Up interfaces, IPv4 and IPv6; temporary IPv6
 * addresses before lasting ones, deprecated and tentative ones not at all, link-local IPv6 only
 * where there is nothing else; loopback last, and only if allowed. */
GPtrArray *jxs_s5b_addresses_list (gboolean allow_loopback);
/* An IPv4 address that only a private network reaches: a router in front of it may map ports. */
gboolean jxs_s5b_addresses_need_mapping (void);

G_END_DECLS
