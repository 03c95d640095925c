/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-disco-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

struct _JxsDisco
{
  GObject parent_instance;

  JxsRouter *router; /* (owned) */
  guint info_handler;
  guint items_handler;
  guint presence_handler;

  char *category;      /* (owned) */
  char *type;          /* (owned) */
  char *name;          /* (owned) (nullable) */
  GPtrArray *features; /* (owned) (element-type utf8): sorted */
  JxsDiscoFilterFunc filter;
  gpointer filter_data;

  GHashTable *cache;     /* (owned) (element-type JxsJid CacheEntry) */
  GQueue cache_by_use;   /* (element-type CacheEntry): the longest unused first */
  GHashTable *queries;   /* (owned) (element-type JxsJid Query): on their way */
  GMainContext *context; /* (owned) */
};

G_DEFINE_FINAL_TYPE (JxsDisco, jxs_disco, G_TYPE_OBJECT)

typedef struct
{
  JxsJid *jid;          /* (owned) */
  GHashTable *features; /* (owned) (element-type utf8): a set */
  gint64 expires_us;
  GList link; /* in cache_by_use */
} CacheEntry;

/* One request and those who wait for it. */
typedef struct
{
  JxsDisco *disco;           /* (owned) */
  JxsJid *jid;               /* (owned) */
  GPtrArray *tasks;          /* (owned) (element-type GTask) */
  GCancellable *cancellable; /* (owned): cancelled when nobody waits any more */
} Query;

/* Data of each of those tasks. */
typedef struct
{
  Query *query;              /* unowned (nullable): NULL when done */
  GSource *cancelled_source; /* (owned) (nullable) */
} Waiter;

static void
query_free (Query *query)
{
  g_clear_object (&query->disco);
  g_clear_pointer (&query->jid, jxs_jid_unref);
  g_clear_pointer (&query->tasks, g_ptr_array_unref);
  g_clear_object (&query->cancellable);
  g_free (query);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Query, query_free)

static void
waiter_end (Waiter *waiter)
{
  waiter->query = NULL;
  if (waiter->cancelled_source != NULL)
    {
      g_source_destroy (waiter->cancelled_source);
      g_clear_pointer (&waiter->cancelled_source, g_source_unref);
    }
}

static guint
jid_hash (gconstpointer key)
{
  return jxs_jid_hash (key);
}

static gboolean
jid_equal (gconstpointer a, gconstpointer b)
{
  return jxs_jid_equal (a, b);
}

/* Answers */

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
jxs_disco_may_ask (JxsDisco *self, JxsElement *iq, JxsElement *query, JxsJid *from)
{
  const char *node = jxs_element_get_attribute (query, "node");
  g_autoptr (GError) refusal = NULL;

  if (self->filter != NULL && !self->filter (self, from, self->filter_data))
    refusal = g_error_new_literal (JXS_STANZA_ERROR,
                                   JXS_STANZA_ERROR_SERVICE_UNAVAILABLE,
                                   "No handler for this request");
  else if (g_strcmp0 (jxs_element_get_attribute (iq, "type"), "get") != 0)
    refusal = g_error_new_literal (JXS_STANZA_ERROR,
                                   JXS_STANZA_ERROR_NOT_ALLOWED,
                                   "Discovery only answers");
  else if (node != NULL && *node != '\0')
    refusal =
        g_error_new_literal (JXS_STANZA_ERROR, JXS_STANZA_ERROR_ITEM_NOT_FOUND, "No such node");

  if (refusal == NULL)
    return TRUE;
  jxs_router_reply_error (self->router, iq, refusal, NULL);
  return FALSE;
}

/* An answer names the node that was asked for (XEP-0030 §3.2). */
static JxsElement *
jxs_disco_new_answer (JxsElement *query)
{
  JxsElement *answer = jxs_element_new ("query", jxs_element_get_namespace (query));
  const char *node = jxs_element_get_attribute (query, "node");

  if (node != NULL)
    jxs_element_set_attribute (answer, "node", node);
  return answer;
}

static gboolean
jxs_disco_info_cb (
    JxsRouter *router, JxsElement *iq, JxsElement *query, JxsJid *from, gpointer user_data)
{
  JxsDisco *self = user_data;
  g_autoptr (JxsElement) answer = NULL;
  JxsElement *identity;

  if (!jxs_disco_may_ask (self, iq, query, from))
    return TRUE;

  answer = jxs_disco_new_answer (query);
  identity = jxs_element_append (answer, "identity", NULL);
  jxs_element_set_attribute (identity, "category", self->category);
  jxs_element_set_attribute (identity, "type", self->type);
  if (self->name != NULL)
    jxs_element_set_attribute (identity, "name", self->name);
  for (guint i = 0; i < self->features->len; i++)
    jxs_element_set_attribute (jxs_element_append (answer, "feature", NULL),
                               "var",
                               g_ptr_array_index (self->features, i));
  jxs_router_reply_result (router, iq, answer);
  return TRUE;
}

static gboolean
jxs_disco_items_cb (
    JxsRouter *router, JxsElement *iq, JxsElement *query, JxsJid *from, gpointer user_data)
{
  JxsDisco *self = user_data;
  g_autoptr (JxsElement) answer = NULL;

  if (!jxs_disco_may_ask (self, iq, query, from))
    return TRUE;

  answer = jxs_disco_new_answer (query);
  jxs_router_reply_result (router, iq, answer);
  return TRUE;
}

/* The cache */

static void
jxs_disco_forget (JxsDisco *self, CacheEntry *entry)
{
  g_queue_unlink (&self->cache_by_use, &entry->link);
  g_hash_table_remove (self->cache, entry->jid);
}

static void
cache_entry_free (gpointer data)
{
  CacheEntry *entry = data;

  g_clear_pointer (&entry->jid, jxs_jid_unref);
  g_clear_pointer (&entry->features, g_hash_table_unref);
  g_free (entry);
}

static void
jxs_disco_remember (JxsDisco *self, JxsJid *jid, GHashTable *features)
{
  CacheEntry *entry = g_hash_table_lookup (self->cache, jid);

  if (entry != NULL)
    jxs_disco_forget (self, entry);
  else if (g_hash_table_size (self->cache) >= JXS_DISCO_CACHE_SIZE)
    jxs_disco_forget (self, g_queue_peek_head (&self->cache_by_use));

  entry = g_new0 (CacheEntry, 1);
  entry->jid = jxs_jid_ref (jid);
  entry->features = g_hash_table_ref (features);
  entry->expires_us = jxs_clock_now () + (gint64) JXS_DISCO_CACHE_SECONDS * G_USEC_PER_SEC;
  entry->link.data = entry;
  g_hash_table_insert (self->cache, entry->jid, entry);
  g_queue_push_tail_link (&self->cache_by_use, &entry->link);
}

/* (transfer none) (nullable) */
static GHashTable *
jxs_disco_recall (JxsDisco *self, JxsJid *jid)
{
  CacheEntry *entry = g_hash_table_lookup (self->cache, jid);

  if (entry == NULL)
    return NULL;
  if (entry->expires_us <= jxs_clock_now ())
    {
      jxs_disco_forget (self, entry);
      return NULL;
    }
  g_queue_unlink (&self->cache_by_use, &entry->link);
  g_queue_push_tail_link (&self->cache_by_use, &entry->link);
  return entry->features;
}

static void
jxs_disco_presence_cb (JxsRouter *router, JxsJid *from, gboolean available, gpointer user_data)
{
  JxsDisco *self = user_data;
  CacheEntry *entry = g_hash_table_lookup (self->cache, from);

  if (!available && entry != NULL)
    jxs_disco_forget (self, entry);
}

static void
jxs_disco_dispose (GObject *object)
{
  JxsDisco *self = JXS_DISCO (object);

  /* No query is on its way: it would hold a reference. */
  if (self->router != NULL)
    {
      jxs_router_remove_handler (self->router, self->info_handler);
      jxs_router_remove_handler (self->router, self->items_handler);
      jxs_router_remove_handler (self->router, self->presence_handler);
      g_clear_object (&self->router);
    }

  G_OBJECT_CLASS (jxs_disco_parent_class)->dispose (object);
}

static void
jxs_disco_finalize (GObject *object)
{
  JxsDisco *self = JXS_DISCO (object);

  g_clear_pointer (&self->category, g_free);
  g_clear_pointer (&self->type, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->features, g_ptr_array_unref);
  g_clear_pointer (&self->cache, g_hash_table_unref);
  g_clear_pointer (&self->queries, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (jxs_disco_parent_class)->finalize (object);
}

static void
jxs_disco_class_init (JxsDiscoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_disco_dispose;
  object_class->finalize = jxs_disco_finalize;
}

static void
jxs_disco_init (JxsDisco *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->category = g_strdup ("client");
  self->type = g_strdup ("pc");
  self->features = g_ptr_array_new_with_free_func (g_free);
  self->cache = g_hash_table_new_full (jid_hash, jid_equal, NULL, cache_entry_free);
  self->queries = g_hash_table_new (jid_hash, jid_equal);
  g_queue_init (&self->cache_by_use);
  /* XEP-0030 §3.1 */
  jxs_disco_add_feature (self, JXS_NS_DISCO_INFO);
}

JxsDisco *
jxs_disco_new (JxsRouter *router)
{
  JxsDisco *self = g_object_new (JXS_TYPE_DISCO, NULL);

  self->router = g_object_ref (router);
  self->info_handler =
      jxs_router_add_iq_handler (router, "query", JXS_NS_DISCO_INFO, jxs_disco_info_cb, self);
  self->items_handler =
      jxs_router_add_iq_handler (router, "query", JXS_NS_DISCO_ITEMS, jxs_disco_items_cb, self);
  self->presence_handler = jxs_router_add_presence_handler (router, jxs_disco_presence_cb, self);
  return self;
}

void
jxs_disco_set_identity (JxsDisco *self, const char *category, const char *type, const char *name)
{
  g_free (self->category);
  self->category = g_strdup (category);
  g_free (self->type);
  self->type = g_strdup (type);
  g_free (self->name);
  self->name = g_strdup (name);
}

void
jxs_disco_add_feature (JxsDisco *self, const char *var)
{
  if (g_ptr_array_find_with_equal_func (self->features, var, g_str_equal, NULL))
    return;
  g_ptr_array_add (self->features, g_strdup (var));
  g_ptr_array_sort (self->features, compare_strings);
}

void
jxs_disco_remove_feature (JxsDisco *self, const char *var)
{
  guint index;

  if (g_ptr_array_find_with_equal_func (self->features, var, g_str_equal, &index))
    g_ptr_array_remove_index (self->features, index);
}

void
jxs_disco_set_filter (JxsDisco *self, JxsDiscoFilterFunc func, gpointer user_data)
{
  self->filter = func;
  self->filter_data = user_data;
}

/* Queries */

static GHashTable *
jxs_disco_parse (JxsElement *reply, GError **error)
{
  JxsElement *query = jxs_element_get_first_child (reply);
  g_autoptr (GHashTable) features = NULL;

  if (query == NULL || !jxs_element_is (query, "query", JXS_NS_DISCO_INFO))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_PROTOCOL,
                           _ ("The peer's answer to a discovery request is none"));
      return NULL;
    }

  features = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (JxsElement *child = jxs_element_get_first_child (query);
       child != NULL && g_hash_table_size (features) < JXS_DISCO_MAX_FEATURES;
       child = jxs_element_get_next_sibling (child))
    {
      const char *var = jxs_element_get_attribute (child, "var");

      if (jxs_element_is (child, "feature", JXS_NS_DISCO_INFO) && var != NULL &&
          strlen (var) <= JXS_DISCO_MAX_FEATURE_BYTES)
        g_hash_table_add (features, g_strdup (var));
    }
  return g_steal_pointer (&features);
}

static void
jxs_disco_replied_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Query) query = user_data;
  JxsDisco *self = query->disco;
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GHashTable) features = NULL;
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GError) error = NULL;

  if (jxs_router_send_iq_finish (JXS_ROUTER (object), result, &reply, &error))
    features = jxs_disco_parse (reply, &error);
  if (features != NULL)
    jxs_disco_remember (self, query->jid, features);

  /* A query everybody gave up was taken out already, and another may be in its place. */
  if (g_hash_table_lookup (self->queries, query->jid) == query)
    g_hash_table_remove (self->queries, query->jid);
  tasks = g_steal_pointer (&query->tasks);
  for (guint i = 0; i < tasks->len; i++)
    waiter_end (g_task_get_task_data (g_ptr_array_index (tasks, i)));
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      if (features != NULL)
        g_task_return_pointer (task,
                               g_hash_table_ref (features),
                               (GDestroyNotify) g_hash_table_unref);
      else
        g_task_return_error (task, g_error_copy (error));
    }
}

static gboolean
jxs_disco_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Waiter *waiter = g_task_get_task_data (task);
  Query *query = waiter->query;

  waiter_end (waiter);
  g_ptr_array_remove (query->tasks, task);
  if (query->tasks->len == 0)
    {
      g_hash_table_remove (query->disco->queries, query->jid);
      g_cancellable_cancel (query->cancellable);
    }
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

void
jxs_disco_query_async (JxsDisco *self,
                       JxsJid *jid,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (JxsElement) iq = NULL;
  g_autoptr (JxsElement) payload = NULL;
  GHashTable *features;
  Query *query;
  Waiter *waiter;

  g_task_set_source_tag (task, jxs_disco_query_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  features = jxs_disco_recall (self, jid);
  if (features != NULL)
    {
      g_task_return_pointer (task,
                             g_hash_table_ref (features),
                             (GDestroyNotify) g_hash_table_unref);
      return;
    }

  waiter = g_new0 (Waiter, 1);
  g_task_set_task_data (task, waiter, g_free);
  if (cancellable != NULL)
    {
      waiter->cancelled_source = g_cancellable_source_new (cancellable);
      g_source_set_static_name (waiter->cancelled_source, "[jxs] disco cancelled");
      g_source_set_callback (waiter->cancelled_source,
                             G_SOURCE_FUNC (jxs_disco_cancelled_cb),
                             task,
                             NULL);
      g_source_attach (waiter->cancelled_source, self->context);
    }

  query = g_hash_table_lookup (self->queries, jid);
  if (query != NULL)
    {
      waiter->query = query;
      g_ptr_array_add (query->tasks, g_steal_pointer (&task));
      return;
    }

  query = g_new0 (Query, 1);
  query->disco = g_object_ref (self);
  query->jid = jxs_jid_ref (jid);
  query->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  query->cancellable = g_cancellable_new ();
  g_hash_table_insert (self->queries, query->jid, query);
  waiter->query = query;
  g_ptr_array_add (query->tasks, g_steal_pointer (&task));

  payload = jxs_element_new ("query", JXS_NS_DISCO_INFO);
  iq = jxs_stanza_new_iq ("get", jxs_jid_to_string (jid), payload);
  jxs_router_send_iq_async (self->router, iq, 0, query->cancellable, jxs_disco_replied_cb, query);
}

GHashTable *
jxs_disco_query_finish (JxsDisco *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_disco_query_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
