/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/transports/s5b/jxs-s5b-proxies-private.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

typedef struct _Search Search;

struct _JxsS5bProxies
{
  GObject parent_instance;

  JxsRouter *router; /* (owned) */
  gboolean discover;

  GPtrArray *configured; /* (owned) (element-type Configured) */
  JxsJid *account;       /* (owned) (nullable): bare; whose server was or is searched */
  GPtrArray *found;      /* (owned) (element-type JxsS5bCandidate): by the last search */
  GPtrArray *known;      /* (owned) (element-type JxsS5bCandidate): all of it, without doubles */
  gint64 search_due_us;  /* not before */
  Search *search;        /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (JxsS5bProxies, jxs_s5b_proxies, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  JxsJid *jid; /* (owned) */
  char *host;  /* (owned) (nullable): NULL: it is asked */
  guint16 port;
} Configured;

/* One round of questions. Reference counted: each question on its way holds it. */
struct _Search
{
  JxsS5bProxies *proxies;    /* unowned (nullable): NULL when the answers do not matter any more */
  GCancellable *cancellable; /* (owned) */
  GHashTable *asked;         /* (owned) (element-type JxsJid): a set */
  GPtrArray *found;          /* (owned) (element-type JxsS5bCandidate) */
  guint n_items;
  guint n_pending;
};

static void
configured_free (gpointer data)
{
  Configured *configured = data;

  jxs_jid_unref (configured->jid);
  g_free (configured->host);
  g_free (configured);
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

static GPtrArray *
new_candidates (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_s5b_candidate_free);
}

/* What is known */

static gboolean
knows_place (GPtrArray *candidates, const char *host, guint16 port)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      JxsS5bCandidate *candidate = g_ptr_array_index (candidates, i);

      if (candidate->port == port && g_str_equal (candidate->host, host))
        return TRUE;
    }
  return FALSE;
}

static gboolean
add_known (GPtrArray *candidates, JxsJid *jid, const char *host, guint16 port)
{
  if (candidates->len >= JXS_S5B_PROXIES_MAX || knows_place (candidates, host, port))
    return FALSE;
  g_ptr_array_add (candidates,
                   jxs_s5b_candidate_new (NULL, JXS_CANDIDATE_KIND_PROXY, host, port, jid, 0));
  return TRUE;
}

static void
add_all_known (GPtrArray *candidates, GPtrArray *more)
{
  for (guint i = 0; i < more->len; i++)
    {
      JxsS5bCandidate *candidate = g_ptr_array_index (more, i);

      add_known (candidates, candidate->jid, candidate->host, candidate->port);
    }
}

/* What the user configured comes first. While a search is under way, what the last one found still
 * counts. */
static void
jxs_s5b_proxies_update_known (JxsS5bProxies *self)
{
  g_ptr_array_set_size (self->known, 0);
  for (guint i = 0; i < self->configured->len; i++)
    {
      const Configured *configured = g_ptr_array_index (self->configured, i);

      if (configured->host != NULL)
        add_known (self->known, configured->jid, configured->host, configured->port);
    }
  if (self->search != NULL)
    add_all_known (self->known, self->search->found);
  add_all_known (self->known, self->found);
}

/* The search */

static void
search_clear (gpointer data)
{
  Search *search = data;

  g_clear_object (&search->cancellable);
  g_clear_pointer (&search->asked, g_hash_table_unref);
  g_clear_pointer (&search->found, g_ptr_array_unref);
}

static void
search_unref (Search *search)
{
  g_rc_box_release_full (search, search_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Search, search_unref)

/* To one of those that are asked. */
typedef struct
{
  Search *search; /* (owned) */
  JxsJid *to;     /* (owned) */
} Question;

static void
question_free (Question *question)
{
  search_unref (question->search);
  jxs_jid_unref (question->to);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static Search *
search_new (JxsS5bProxies *proxies)
{
  Search *search = g_rc_box_new0 (Search);

  search->proxies = proxies;
  search->cancellable = g_cancellable_new ();
  search->asked = g_hash_table_new_full (jid_hash, jid_equal, (GDestroyNotify) jxs_jid_unref, NULL);
  search->found = new_candidates ();
  return search;
}

static void
jxs_s5b_proxies_drop_search (JxsS5bProxies *self)
{
  g_autoptr (Search) search = g_steal_pointer (&self->search);

  if (search == NULL)
    return;
  search->proxies = NULL;
  g_cancellable_cancel (search->cancellable);
}

/* Sending may run code of the application's, which may end the search. */
static void
search_ask (Search *search, JxsJid *to, JxsElement *payload, GAsyncReadyCallback callback)
{
  g_autoptr (JxsElement) iq = NULL;
  Question *question;

  if (search->proxies == NULL)
    return;
  question = g_new0 (Question, 1);
  question->search = g_rc_box_acquire (search);
  question->to = jxs_jid_ref (to);
  search->n_pending++;
  iq = jxs_stanza_new_iq ("get", jxs_jid_to_string (to), payload);
  jxs_router_send_iq_async (search->proxies->router,
                            iq,
                            JXS_S5B_PROXIES_TIMEOUT_MS,
                            search->cancellable,
                            callback,
                            question);
}

static void jxs_s5b_proxies_sync_account (JxsS5bProxies *self);

/* An answer was dealt with. */
static void
search_answered (Search *search)
{
  g_autoptr (JxsS5bProxies) self = NULL;
  gint64 seconds;

  search->n_pending--;
  if (search->proxies == NULL || search->n_pending > 0)
    return;

  self = g_object_ref (search->proxies);
  seconds = search->found->len > 0 ? JXS_S5B_PROXIES_SECONDS : JXS_S5B_PROXIES_RETRY_SECONDS;
  self->search_due_us = jxs_clock_now () + seconds * G_USEC_PER_SEC;
  g_clear_pointer (&self->found, g_ptr_array_unref);
  self->found = g_ptr_array_ref (search->found);
  jxs_s5b_proxies_drop_search (self);
  jxs_s5b_proxies_update_known (self);
  jxs_log_debug (self, "%u bytestream proxies are known", self->known->len);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The payload of a good answer, NULL if it is to be passed over. */
static JxsElement *
search_receive (Search *search,
                GObject *router,
                GAsyncResult *result,
                const char *namespace_uri,
                JxsElement **reply,
                GError **error)
{
  JxsElement *query;

  if (!jxs_router_send_iq_finish (JXS_ROUTER (router), result, reply, error))
    return NULL;
  /* Somebody else's server may be asked by now, by another search. */
  if (search->proxies != NULL)
    jxs_s5b_proxies_sync_account (search->proxies);
  query = jxs_element_get_first_child (*reply);
  if (search->proxies != NULL && query != NULL && jxs_element_is (query, "query", namespace_uri))
    return query;
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_PROTOCOL, "The answer is none");
  return NULL;
}

static void
trace_proxy (JxsS5bProxies *self, JxsS5bCandidate *proxy)
{
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "s5b",
                  "proxy-found",
                  "s:jid",
                  jxs_jid_to_string (proxy->jid),
                  "s:host",
                  proxy->host,
                  "i:port",
                  (gint64) proxy->port,
                  NULL);
}

static void
trace_refusal (JxsS5bProxies *self, JxsJid *proxy, const GError *error)
{
  jxs_trace_emit (jxs_router_get_trace (self->router),
                  "s5b",
                  "proxy-refused",
                  "s:jid",
                  jxs_jid_to_string (proxy),
                  "s:error",
                  error->message,
                  NULL);
}

/* XEP-0065 §4: its address, or forbidden, or not-allowed */
static void
search_address_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  Search *search = question->search;
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GError) error = NULL;
  JxsElement *query = search_receive (search, object, result, JXS_NS_BYTESTREAMS, &reply, &error);
  g_autoptr (JxsS5bProxies) self = search->proxies != NULL ? g_object_ref (search->proxies) : NULL;
  gboolean is_new = FALSE;

  if (query != NULL)
    hosts = jxs_s5b_query_parse (query, &error);
  for (guint i = 0; hosts != NULL && i < MIN (hosts->len, JXS_S5B_PROXIES_MAX_HOSTS); i++)
    {
      JxsS5bCandidate *host = g_ptr_array_index (hosts, i);

      if (add_known (search->found, host->jid, host->host, host->port))
        {
          trace_proxy (self, host);
          is_new = TRUE;
        }
    }
  if (self != NULL && error != NULL)
    trace_refusal (self, question->to, error);
  /* Whoever listened may have ended the search. */
  if (search->proxies != NULL && is_new)
    {
      jxs_s5b_proxies_update_known (self);
      if (search->n_pending > 1)
        g_signal_emit (self, signals[CHANGED], 0);
    }
  search_answered (search);
}

static void
search_ask_address (Search *search, JxsJid *jid)
{
  g_autoptr (JxsElement) query = jxs_s5b_query_build ();

  search_ask (search, jid, query, search_address_cb);
}

static gboolean
is_proxy (JxsElement *info)
{
  for (JxsElement *child = jxs_element_get_first_child (info); child != NULL;
       child = jxs_element_get_next_sibling (child))
    if (jxs_element_is (child, "identity", JXS_NS_DISCO_INFO) &&
        g_strcmp0 (jxs_element_get_attribute (child, "category"), "proxy") == 0 &&
        g_strcmp0 (jxs_element_get_attribute (child, "type"), "bytestreams") == 0)
      return TRUE;
  return FALSE;
}

static void
search_info_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  Search *search = question->search;
  g_autoptr (JxsElement) reply = NULL;
  JxsElement *query = search_receive (search, object, result, JXS_NS_DISCO_INFO, &reply, NULL);

  if (query != NULL && is_proxy (query))
    search_ask_address (search, question->to);
  search_answered (search);
}

static void
search_items_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  Search *search = question->search;
  g_autoptr (JxsElement) reply = NULL;
  JxsElement *query = search_receive (search, object, result, JXS_NS_DISCO_ITEMS, &reply, NULL);
  JxsElement *item = query != NULL ? jxs_element_get_first_child (query) : NULL;

  for (; item != NULL && search->n_items < JXS_S5B_PROXIES_MAX_ITEMS;
       item = jxs_element_get_next_sibling (item))
    {
      const char *text = jxs_element_get_attribute (item, "jid");
      g_autoptr (JxsJid) jid = NULL;
      g_autoptr (JxsElement) info = NULL;

      /* A node is a part of somebody, and no proxy. */
      if (!jxs_element_is (item, "item", JXS_NS_DISCO_ITEMS) || text == NULL ||
          jxs_element_get_attribute (item, "node") != NULL)
        continue;
      jid = jxs_jid_new (text, NULL);
      if (jid == NULL || !g_hash_table_add (search->asked, jxs_jid_ref (jid)))
        continue;
      search->n_items++;
      info = jxs_element_new ("query", JXS_NS_DISCO_INFO);
      search_ask (search, jid, info, search_info_cb);
    }
  search_answered (search);
}

static void
search_ask_items (Search *search, JxsJid *account)
{
  g_autoptr (JxsJid) server = jxs_jid_new (jxs_jid_get_domain (account), NULL);
  g_autoptr (JxsElement) items = jxs_element_new ("query", JXS_NS_DISCO_ITEMS);

  if (server != NULL)
    search_ask (search, server, items, search_items_cb);
}

/* Not more often than allowed, nor before there is an account. */
static void
jxs_s5b_proxies_start_search (JxsS5bProxies *self)
{
  g_autoptr (Search) search = NULL;

  if (self->search != NULL || self->account == NULL || jxs_clock_now () < self->search_due_us)
    return;

  self->search = search_new (self);
  search = g_rc_box_acquire (self->search);
  search->n_pending = 1; /* until all were asked */
  for (guint i = 0; i < self->configured->len; i++)
    {
      const Configured *configured = g_ptr_array_index (self->configured, i);

      if (g_hash_table_add (search->asked, jxs_jid_ref (configured->jid)) &&
          configured->host == NULL)
        search_ask_address (search, configured->jid);
    }
  if (self->discover)
    search_ask_items (search, self->account);
  search->n_pending--;
  if (search->n_pending == 0 && self->search == search)
    jxs_s5b_proxies_drop_search (self);
}

/* What is asked of whom is not the same any more: a search begins anew. */
static void
jxs_s5b_proxies_invalidate (JxsS5bProxies *self)
{
  gboolean searching = self->search != NULL;

  jxs_s5b_proxies_drop_search (self);
  self->search_due_us = 0;
  if (searching)
    jxs_s5b_proxies_start_search (self);
  jxs_s5b_proxies_update_known (self);
}

/* A channel may come back as somebody else, whose server has other proxies. */
static void
jxs_s5b_proxies_sync_account (JxsS5bProxies *self)
{
  JxsJid *local = jxs_router_get_local_jid (self->router);

  if (local == NULL || (self->account != NULL && jxs_jid_equal_bare (local, self->account)))
    return;
  g_clear_pointer (&self->account, jxs_jid_unref);
  self->account = jxs_jid_to_bare (local);
  g_ptr_array_unref (self->found);
  self->found = new_candidates ();
  jxs_s5b_proxies_invalidate (self);
}

static void
jxs_s5b_proxies_dispose (GObject *object)
{
  JxsS5bProxies *self = JXS_S5B_PROXIES (object);

  jxs_s5b_proxies_drop_search (self);

  G_OBJECT_CLASS (jxs_s5b_proxies_parent_class)->dispose (object);
}

static void
jxs_s5b_proxies_finalize (GObject *object)
{
  JxsS5bProxies *self = JXS_S5B_PROXIES (object);

  g_clear_object (&self->router);
  g_clear_pointer (&self->account, jxs_jid_unref);
  g_clear_pointer (&self->configured, g_ptr_array_unref);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_pointer (&self->known, g_ptr_array_unref);

  G_OBJECT_CLASS (jxs_s5b_proxies_parent_class)->finalize (object);
}

static void
jxs_s5b_proxies_class_init (JxsS5bProxiesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_s5b_proxies_dispose;
  object_class->finalize = jxs_s5b_proxies_finalize;

  signals[CHANGED] = g_signal_new (
      "changed", JXS_TYPE_S5B_PROXIES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
jxs_s5b_proxies_init (JxsS5bProxies *self)
{
  self->discover = TRUE;
  self->configured = g_ptr_array_new_with_free_func (configured_free);
  self->found = new_candidates ();
  self->known = new_candidates ();
}

JxsS5bProxies *
jxs_s5b_proxies_new (JxsRouter *router)
{
  JxsS5bProxies *self = g_object_new (JXS_TYPE_S5B_PROXIES, NULL);

  self->router = g_object_ref (router);
  return self;
}

gboolean
jxs_s5b_proxies_add (JxsS5bProxies *self, JxsJid *jid, const char *host, guint16 port)
{
  g_autofree char *canonical = host != NULL ? jxs_s5b_parse_host (host) : NULL;
  Configured *configured;

  if (host != NULL && canonical == NULL)
    return FALSE;
  configured = g_new0 (Configured, 1);
  configured->jid = jxs_jid_ref (jid);
  configured->host = g_steal_pointer (&canonical);
  configured->port = port;
  g_ptr_array_add (self->configured, configured);
  jxs_s5b_proxies_invalidate (self);
  g_signal_emit (self, signals[CHANGED], 0);
  return TRUE;
}

void
jxs_s5b_proxies_set_discover (JxsS5bProxies *self, gboolean discover)
{
  gboolean searching = self->search != NULL;

  if (self->discover == discover)
    return;
  self->discover = discover;
  jxs_s5b_proxies_invalidate (self);
  if (searching && self->search == NULL)
    g_signal_emit (self, signals[CHANGED], 0);
}

GPtrArray *
jxs_s5b_proxies_peek (JxsS5bProxies *self)
{
  jxs_s5b_proxies_sync_account (self);
  return self->known;
}

gboolean
jxs_s5b_proxies_is_searching (JxsS5bProxies *self)
{
  return self->search != NULL;
}

void
jxs_s5b_proxies_search (JxsS5bProxies *self)
{
  jxs_s5b_proxies_sync_account (self);
  jxs_s5b_proxies_start_search (self);
}

gboolean
jxs_s5b_proxies_knows (JxsS5bProxies *self, JxsJid *jid, const char *host, guint16 port)
{
  g_autofree char *canonical = host != NULL ? jxs_s5b_parse_host (host) : NULL;

  jxs_s5b_proxies_sync_account (self);
  if (host != NULL)
    return canonical != NULL && knows_place (self->known, canonical, port);
  for (guint i = 0; i < self->known->len; i++)
    {
      JxsS5bCandidate *candidate = g_ptr_array_index (self->known, i);

      if (jxs_jid_equal (candidate->jid, jid))
        return TRUE;
    }
  return FALSE;
}

/* It may not be what it was: a proxy that was restarted can have another address. */
static void
jxs_s5b_proxies_doubt (JxsS5bProxies *self)
{
  gint64 soon_us = jxs_clock_now () + (gint64) JXS_S5B_PROXIES_RETRY_SECONDS * G_USEC_PER_SEC;

  self->search_due_us = MIN (self->search_due_us, soon_us);
}

static void
activated_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (jxs_router_send_iq_finish (JXS_ROUTER (object), result, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        jxs_s5b_proxies_doubt (g_task_get_source_object (task));
      g_task_return_error (task, error);
    }
}

void
jxs_s5b_proxies_activate_async (JxsS5bProxies *self,
                                JxsJid *proxy,
                                const char *sid,
                                JxsJid *peer,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (JxsElement) query = jxs_s5b_activate_build (sid, peer);
  g_autoptr (JxsElement) iq = jxs_stanza_new_iq ("set", jxs_jid_to_string (proxy), query);

  g_task_set_source_tag (task, jxs_s5b_proxies_activate_async);
  jxs_router_send_iq_async (self->router,
                            iq,
                            JXS_ROUTER_DEFAULT_TIMEOUT_MS, /* who asked has a deadline */
                            cancellable,
                            activated_cb,
                            g_steal_pointer (&task));
}

gboolean
jxs_s5b_proxies_activate_finish (JxsS5bProxies *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_s5b_proxies_activate_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
