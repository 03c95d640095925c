/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-transport-list-private.h>

static const JxsTransportFactory *
get_factory (const JxsTransportList *self, guint index)
{
  return &g_array_index (self->factories, JxsTransportFactory, index);
}

static const char *
get_proposable (const JxsTransportList *self, guint index)
{
  if (self->proposable != NULL)
    return g_ptr_array_index (self->proposable, index);

  return get_factory (self, index)->namespaces[0];
}

void
jxs_transport_list_init (JxsTransportList *self, GArray *factories)
{
  *self = (JxsTransportList){ .factories = g_array_copy (factories) };
}

void
jxs_transport_list_clear (JxsTransportList *self)
{
  g_clear_pointer (&self->factories, g_array_unref);
  g_clear_pointer (&self->proposable, g_ptr_array_unref);
}

void
jxs_transport_list_set_peer_features (JxsTransportList *self, GHashTable *features)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new ();
  gboolean any = FALSE;

  for (guint i = 0; i < self->factories->len; i++)
    {
      const char *const *namespaces = get_factory (self, i)->namespaces;

      while (*namespaces != NULL && !g_hash_table_contains (features, *namespaces))
        namespaces++;
      any = any || *namespaces != NULL;
      g_ptr_array_add (known, (gpointer) *namespaces);
    }
  g_clear_pointer (&self->proposable, g_ptr_array_unref);
  if (any)
    self->proposable = g_steal_pointer (&known);
}

const JxsTransportFactory *
jxs_transport_list_find (const JxsTransportList *self, const char *namespace_uri)
{
  for (guint i = 0; namespace_uri != NULL && i < self->factories->len; i++)
    if (g_strv_contains (get_factory (self, i)->namespaces, namespace_uri))
      return get_factory (self, i);

  return NULL;
}

gboolean
jxs_transport_list_has_next (JxsTransportList *self)
{
  while (self->next < self->factories->len && get_proposable (self, self->next) == NULL)
    self->next++;

  return self->next < self->factories->len;
}

const JxsTransportFactory *
jxs_transport_list_take_next (JxsTransportList *self, const char **namespace_uri)
{
  if (!jxs_transport_list_has_next (self))
    return NULL;
  *namespace_uri = get_proposable (self, self->next);

  return get_factory (self, self->next++);
}
