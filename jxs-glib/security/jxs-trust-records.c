/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-records-private.h>

struct _JxsTrustRecords
{
  GListModel *model; /* (unowned): the owner */
  GPtrArray *items;  /* (owned) (element-type JxsTrustRecord) */
  GHashTable *ids;   /* (owned) (element-type gint64 JxsTrustRecord): the same, not owned */
  GHashTable *peers; /* (owned) (element-type utf8 GPtrArray): the same, by bare address */
};

JxsTrustRecords *
jxs_trust_records_new (GListModel *model)
{
  JxsTrustRecords *self = g_new0 (JxsTrustRecords, 1);

  self->model = model;
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->peers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  return self;
}

void
jxs_trust_records_free (JxsTrustRecords *self)
{
  g_hash_table_unref (self->peers);
  g_hash_table_unref (self->ids);
  g_ptr_array_unref (self->items);
  g_free (self);
}

guint
jxs_trust_records_get_n (JxsTrustRecords *self)
{
  return self->items->len;
}

JxsTrustRecord *
jxs_trust_records_get (JxsTrustRecords *self, guint position)
{
  return position < self->items->len ? g_object_ref (g_ptr_array_index (self->items, position))
                                     : NULL;
}

gboolean
jxs_trust_records_has_peer (JxsTrustRecords *self, const char *jid)
{
  return g_hash_table_contains (self->peers, jid);
}

static void
index_record (JxsTrustRecords *self, JxsTrustRecord *record)
{
  JxsTrustRow *row = jxs_trust_record_get_row (record);
  GPtrArray *records = g_hash_table_lookup (self->peers, row->jid);

  g_hash_table_insert (self->ids, g_memdup2 (&row->id, sizeof row->id), record);
  if (records == NULL)
    {
      records = g_ptr_array_new ();
      g_hash_table_insert (self->peers, g_strdup (row->jid), records);
    }
  g_ptr_array_add (records, record);
}

static void
unindex_record (JxsTrustRecords *self, JxsTrustRecord *record)
{
  JxsTrustRow *row = jxs_trust_record_get_row (record);
  GPtrArray *records = g_hash_table_lookup (self->peers, row->jid);

  g_hash_table_remove (self->ids, &row->id);
  g_ptr_array_remove (records, record);
  if (records->len == 0)
    g_hash_table_remove (self->peers, row->jid);
}

static void
remove_items (JxsTrustRecords *self, guint position, guint n)
{
  for (guint i = position; i < position + n; i++)
    unindex_record (self, g_ptr_array_index (self->items, i));
  g_ptr_array_remove_range (self->items, position, n);
  g_list_model_items_changed (self->model, position, n, 0);
}

/* gone: (element-type JxsTrustRecord); those next to one another are told of together */
static void
remove_records (JxsTrustRecords *self, GHashTable *gone)
{
  guint n = 0;

  if (g_hash_table_size (gone) == 0)
    return;
  for (guint i = self->items->len; i-- > 0;)
    if (g_hash_table_contains (gone, g_ptr_array_index (self->items, i)))
      n++;
    else if (n > 0)
      {
        remove_items (self, i + 1, n);
        n = 0;
      }
  if (n > 0)
    remove_items (self, 0, n);
}

void
jxs_trust_records_apply (JxsTrustRecords *self, GPtrArray *changes)
{
  g_autoptr (GHashTable) gone = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) added = g_ptr_array_new ();
  guint position;

  for (guint i = 0; i < changes->len; i++)
    {
      const JxsTrustChange *change = g_ptr_array_index (changes, i);
      JxsTrustRecord *record = g_hash_table_lookup (self->ids, &change->id);

      if (record == NULL && change->row != NULL)
        record = jxs_trust_record_new (change->row);
      else if (record != NULL && change->row == NULL)
        {
          g_hash_table_add (gone, record);
          continue;
        }
      else if (record != NULL)
        {
          jxs_trust_record_set_row (record, change->row);
          continue;
        }
      if (record != NULL)
        g_ptr_array_add (added, record);
    }

  remove_records (self, gone);
  position = self->items->len;
  for (guint i = 0; i < added->len; i++)
    {
      JxsTrustRecord *record = g_ptr_array_index (added, i);

      g_ptr_array_add (self->items, record);
      index_record (self, record);
    }
  if (added->len > 0)
    g_list_model_items_changed (self->model, position, 0, added->len);
}

JxsTrustRecord *
jxs_trust_records_find (JxsTrustRecords *self, const char *jid, const char *fingerprint)
{
  GPtrArray *records = g_hash_table_lookup (self->peers, jid);

  for (guint i = 0; records != NULL && i < records->len; i++)
    {
      JxsTrustRecord *record = g_ptr_array_index (records, i);

      if (g_strcmp0 (jxs_trust_record_get_fingerprint (record), fingerprint) == 0)
        return record;
    }
  return NULL;
}
