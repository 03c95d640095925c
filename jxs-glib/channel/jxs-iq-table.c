/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-iq-table-private.h>

#include <jxs-glib/base/jxs-quota-private.h>

struct _JxsIqEntry
{
  char *to;   /* (owned): "" for our own account */
  char *peer; /* (owned): whom the quota counts */
  char *id;   /* (owned) */
  gint64 deadline_us;
  gpointer data;
  GList link; /* in by_deadline */
};

struct _JxsIqTable
{
  GHashTable *entries; /* (owned) (element-type JxsIqEntry JxsIqEntry): a set */
  JxsQuota *quota;     /* (owned) */
  GQueue by_deadline;  /* (element-type JxsIqEntry): earliest first */
};

static guint
jxs_iq_entry_hash (gconstpointer key)
{
  const JxsIqEntry *entry = key;

  return g_str_hash (entry->to) * 31 + g_str_hash (entry->id);
}

static gboolean
jxs_iq_entry_equal (gconstpointer a, gconstpointer b)
{
  const JxsIqEntry *first = a;
  const JxsIqEntry *second = b;

  return g_str_equal (first->id, second->id) && g_str_equal (first->to, second->to);
}

static void
jxs_iq_entry_free (gpointer data)
{
  JxsIqEntry *entry = data;

  g_free (entry->to);
  g_free (entry->peer);
  g_free (entry->id);
  g_free (entry);
}

static JxsIqEntry *
jxs_iq_table_find (JxsIqTable *self, const char *to, const char *id)
{
  JxsIqEntry key = { .to = (char *) to, .id = (char *) id };

  return g_hash_table_lookup (self->entries, &key);
}

JxsIqTable *
jxs_iq_table_new (void)
{
  JxsIqTable *self = g_new0 (JxsIqTable, 1);

  self->entries =
      g_hash_table_new_full (jxs_iq_entry_hash, jxs_iq_entry_equal, jxs_iq_entry_free, NULL);
  self->quota = jxs_quota_new (JXS_IQ_TABLE_MAX_PENDING, JXS_IQ_TABLE_MAX_TOTAL);
  g_queue_init (&self->by_deadline);
  return self;
}

void
jxs_iq_table_free (JxsIqTable *self)
{
  /* The links are inside the entries. */
  g_hash_table_unref (self->entries);
  jxs_quota_free (self->quota);
  g_free (self);
}

guint
jxs_iq_table_get_size (JxsIqTable *self)
{
  return g_hash_table_size (self->entries);
}

static char *
get_peer (JxsJid *to)
{
  g_autoptr (JxsJid) bare = to != NULL ? jxs_jid_to_bare (to) : NULL;

  return g_strdup (bare != NULL ? jxs_jid_to_string (bare) : "");
}

gboolean
jxs_iq_table_is_full (JxsIqTable *self, JxsJid *to)
{
  g_autofree char *peer = get_peer (to);

  return !jxs_quota_has (self->quota, peer);
}

JxsIqEntry *
jxs_iq_table_add (JxsIqTable *self, JxsJid *to, const char *id, gint64 deadline_us, gpointer data)
{
  const char *to_text = to != NULL ? jxs_jid_to_string (to) : "";
  g_autofree char *peer = get_peer (to);
  JxsIqEntry *entry;
  GList *before;

  if (jxs_iq_table_find (self, to_text, id) != NULL || !jxs_quota_take (self->quota, peer))
    return NULL;

  entry = g_new0 (JxsIqEntry, 1);
  entry->to = g_strdup (to_text);
  entry->peer = g_steal_pointer (&peer);
  entry->id = g_strdup (id);
  entry->deadline_us = deadline_us;
  entry->data = data;
  entry->link.data = entry;
  g_hash_table_add (self->entries, entry);

  /* Deadlines mostly grow, so the place is at or near the end. */
  before = self->by_deadline.tail;
  while (before != NULL && ((JxsIqEntry *) before->data)->deadline_us > deadline_us)
    before = before->prev;
  if (before == NULL)
    g_queue_push_head_link (&self->by_deadline, &entry->link);
  else
    g_queue_insert_after_link (&self->by_deadline, before, &entry->link);
  return entry;
}

gpointer
jxs_iq_table_answer (JxsIqTable *self, JxsJid *from, const char *id, JxsJid *local)
{
  JxsIqEntry *entry = NULL;

  if (from != NULL)
    entry = jxs_iq_table_find (self, jxs_jid_to_string (from), id);

  /* Our server answers for itself and for our account: without `from`, as our bare JID, or as the
   * domain (RFC 6120 §8.1.2.1, §10.3.3). */
  if (entry == NULL && local != NULL)
    {
      const char *domain = jxs_jid_get_domain (local);
      g_autoptr (JxsJid) bare = jxs_jid_to_bare (local);

      if (from == NULL)
        {
          entry = jxs_iq_table_find (self, "", id);
          if (entry == NULL)
            entry = jxs_iq_table_find (self, jxs_jid_to_string (bare), id);
          if (entry == NULL)
            entry = jxs_iq_table_find (self, domain, id);
        }
      else if (jxs_jid_equal (from, bare) || g_str_equal (jxs_jid_to_string (from), domain))
        {
          entry = jxs_iq_table_find (self, "", id);
        }
    }
  else if (entry == NULL && from == NULL)
    {
      entry = jxs_iq_table_find (self, "", id);
    }

  return entry != NULL ? jxs_iq_table_remove (self, entry) : NULL;
}

gpointer
jxs_iq_table_remove (JxsIqTable *self, JxsIqEntry *entry)
{
  gpointer data = entry->data;

  g_queue_unlink (&self->by_deadline, &entry->link);
  jxs_quota_give_back (self->quota, entry->peer);
  g_hash_table_remove (self->entries, entry);
  return data;
}

gpointer
jxs_iq_table_take_expired (JxsIqTable *self, gint64 now_us)
{
  JxsIqEntry *first = g_queue_peek_head (&self->by_deadline);

  if (first == NULL || first->deadline_us > now_us)
    return NULL;
  return jxs_iq_table_remove (self, first);
}

gint64
jxs_iq_table_get_next_deadline (JxsIqTable *self)
{
  JxsIqEntry *first = g_queue_peek_head (&self->by_deadline);

  return first != NULL ? first->deadline_us : G_MAXINT64;
}
