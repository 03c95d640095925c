/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-quota-private.h>

struct _JxsQuota
{
  guint per_peer;
  guint total;
  guint n_taken;
  GHashTable *taken; /* (owned) (element-type utf8 guint): of those who have something */
};

JxsQuota *
jxs_quota_new (guint per_peer, guint total)
{
  JxsQuota *self = g_new0 (JxsQuota, 1);

  self->per_peer = per_peer;
  self->total = total;
  self->taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
jxs_quota_free (JxsQuota *self)
{
  g_hash_table_unref (self->taken);
  g_free (self);
}

static guint
count (JxsQuota *self, const char *peer)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->taken, peer));
}

gboolean
jxs_quota_has (JxsQuota *self, const char *peer)
{
  return self->n_taken < self->total && count (self, peer) < self->per_peer;
}

gboolean
jxs_quota_take (JxsQuota *self, const char *peer)
{
  if (!jxs_quota_has (self, peer))
    return FALSE;

  g_hash_table_replace (self->taken, g_strdup (peer), GUINT_TO_POINTER (count (self, peer) + 1));
  self->n_taken++;
  return TRUE;
}

void
jxs_quota_give_back (JxsQuota *self, const char *peer)
{
  guint n = count (self, peer);

  g_return_if_fail (n > 0);

  self->n_taken--;
  if (n == 1)
    g_hash_table_remove (self->taken, peer);
  else
    g_hash_table_replace (self->taken, g_strdup (peer), GUINT_TO_POINTER (n - 1));
}
