/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-transport-private.h>

G_BEGIN_DECLS

/* The transports one content may use, by preference, and how far it has gone through them. */
typedef struct
{
  GArray *factories;     /* (owned) (element-type JxsTransportFactory) */
  GPtrArray *proposable; /* (owned) (nullable) (element-type utf8): by factory, the namespace the
                            peer knows, or NULL; without it the first of each factory */
  guint next;
} JxsTransportList;

/* factories is copied. */
void jxs_transport_list_init (JxsTransportList *self, GArray *factories);
void jxs_transport_list_clear (JxsTransportList *self);
/* features: a set of namespaces. A peer that names none of ours is not believed. */
void jxs_transport_list_set_peer_features (JxsTransportList *self, GHashTable *features);
/* NULL: none serves that namespace. */
const JxsTransportFactory *jxs_transport_list_find (const JxsTransportList *self,
                                                    const char *namespace_uri);
gboolean jxs_transport_list_has_next (JxsTransportList *self);
/* The next one to propose, and in which namespace; NULL: none is left. */
const JxsTransportFactory *jxs_transport_list_take_next (JxsTransportList *self,
                                                         const char **namespace_uri);

G_END_DECLS
