/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-router-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-quota-private.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/channel/jxs-channel-private.h>
#include <jxs-glib/channel/jxs-iq-table-private.h>
#include <jxs-glib/stream/jxs-stanza.h>

struct _JxsRouter
{
  GObject parent_instance;

  JxsChannel *channel;    /* (owned) */
  GMainContext *context;  /* (owned) */
  JxsTrace *trace;        /* (owned) (nullable) */
  JxsIqTable *pending;    /* (owned): data is the GTask that waits */
  GSource *timer;         /* (owned) (nullable) */
  gint64 timer_due_us;    /* when timer fires */
  GPtrArray *handlers;    /* (owned) (element-type Handler): oldest first */
  GHashTable *unanswered; /* (owned) (element-type JxsElement utf8): by address; who asked */
  JxsQuota *quota;        /* (owned): of unanswered */
  GHashTable *cancellers; /* (owned) (element-type GCancellable Canceller) */
  guint last_handler_id;
  guint dispatching; /* depth: removed handlers are swept when it is back to 0 */
};

G_DEFINE_FINAL_TYPE (JxsRouter, jxs_router, G_TYPE_OBJECT)

typedef enum
{
  HANDLER_REMOVED,
  HANDLER_IQ,
  HANDLER_MESSAGE,
  HANDLER_PRESENCE,
} HandlerKind;

typedef struct
{
  guint id;
  HandlerKind kind;
  char *name;          /* (owned) (nullable) */
  char *namespace_uri; /* (owned) (nullable) */
  union
  {
    JxsRouterIqFunc iq;
    JxsRouterMessageFunc message;
    JxsRouterPresenceFunc presence;
  } func;
  gpointer user_data;
} Handler;

/* All requests on their way that one cancellable cancels: hundreds of a bytestream share a source.
 */
typedef struct
{
  JxsRouter *router; /* unowned: it owns this */
  GSource *source;   /* (owned) */
  GQueue tasks;      /* (element-type GTask): the table's */
} Canceller;

/* One request on its way. */
typedef struct
{
  JxsIqEntry *entry;    /* (nullable): NULL once it was taken out of the table */
  Canceller *canceller; /* (nullable) */
  GList canceller_link; /* in its tasks */
  JxsRouter *router;    /* unowned: the task holds it */
} Request;

static G_DEFINE_QUARK (jxs_router, jxs_router);

static void
handler_free (gpointer data)
{
  Handler *handler = data;

  g_free (handler->name);
  g_free (handler->namespace_uri);
  g_free (handler);
}

static void
canceller_free (gpointer data)
{
  Canceller *canceller = data;

  g_source_destroy (canceller->source);
  g_source_unref (canceller->source);
  g_free (canceller);
}

/* What took the task out of the table owns it. */
static void
jxs_router_release_request (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  Canceller *canceller = g_steal_pointer (&request->canceller);

  request->entry = NULL;
  if (canceller == NULL)
    return;

  g_queue_unlink (&canceller->tasks, &request->canceller_link);
  if (g_queue_is_empty (&canceller->tasks))
    g_hash_table_remove (request->router->cancellers, g_task_get_cancellable (task));
}

static void
jxs_router_fail_request (GTask *request_task, GError *error)
{
  g_autoptr (GTask) task = request_task;

  jxs_router_release_request (task);
  g_task_return_error (task, error);
}

/* Timeouts */

static void jxs_router_update_timer (JxsRouter *self);

static gboolean
jxs_router_timer_cb (gpointer user_data)
{
  g_autoptr (JxsRouter) self = g_object_ref (user_data);
  gint64 now_us = jxs_clock_now ();
  GTask *task;

  g_clear_pointer (&self->timer, g_source_unref);
  while ((task = jxs_iq_table_take_expired (self->pending, now_us)) != NULL)
    {
      jxs_trace_emit (self->trace, "channel", "iq-timed-out", NULL);
      jxs_router_fail_request (
          task, g_error_new_literal (JXS_ERROR, JXS_ERROR_TIMED_OUT, _ ("No answer came in time")));
    }
  jxs_router_update_timer (self);
  return G_SOURCE_REMOVE;
}

/* One source for the earliest deadline. It is left alone when requests are answered, so it may find
 * nothing to do. */
static void
jxs_router_update_timer (JxsRouter *self)
{
  gint64 deadline_us = jxs_iq_table_get_next_deadline (self->pending);
  gint64 delay_us;

  if (deadline_us == G_MAXINT64 || (self->timer != NULL && self->timer_due_us <= deadline_us))
    return;

  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  delay_us = MAX (deadline_us - jxs_clock_now (), 0);
  self->timer_due_us = deadline_us;
  self->timer = jxs_clock_timeout_attach ((guint) ((delay_us + 999) / 1000),
                                          "[jxs] iq deadline",
                                          self->context,
                                          jxs_router_timer_cb,
                                          self);
}

/* What arrives */

/* Whether an answer; the task may run the caller's code at once. */
static gboolean
jxs_router_handle_answer (JxsRouter *self, JxsElement *iq, const char *id, JxsJid *from)
{
  g_autoptr (GTask) task = NULL;

  task = jxs_iq_table_answer (self->pending, from, id, jxs_channel_get_local_jid (self->channel));
  if (task == NULL)
    {
      jxs_log_debug (self, "an answer nobody waits for");
      return FALSE;
    }
  jxs_router_release_request (task);
  g_task_return_pointer (task, jxs_element_ref (iq), (GDestroyNotify) jxs_element_unref);
  return TRUE;
}

static void
jxs_router_send_error (JxsRouter *self, JxsElement *iq, JxsStanzaError code, const char *text)
{
  g_autoptr (GError) reason = g_error_new_literal (JXS_STANZA_ERROR, (int) code, text);
  g_autoptr (JxsElement) answer = jxs_stanza_new_error (iq, reason, NULL);
  g_autoptr (GError) error = NULL;

  if (!jxs_channel_send (self->channel, answer, &error))
    jxs_log_debug (self, "error answer was not sent: %s", error->message);
}

static Handler *
jxs_router_match (JxsRouter *self, guint index, HandlerKind kind, JxsElement *payload)
{
  Handler *handler = g_ptr_array_index (self->handlers, index);

  if (handler->kind != kind)
    return NULL;
  if (payload != NULL &&
      (g_strcmp0 (handler->namespace_uri, jxs_element_get_namespace (payload)) != 0 ||
       (handler->name != NULL && !g_str_equal (handler->name, jxs_element_get_name (payload)))))
    return NULL;
  return handler;
}

static void
jxs_router_end_dispatch (JxsRouter *self)
{
  if (--self->dispatching > 0)
    return;
  for (guint i = self->handlers->len; i > 0; i--)
    {
      Handler *handler = g_ptr_array_index (self->handlers, i - 1);

      if (handler->kind == HANDLER_REMOVED)
        g_ptr_array_remove_index (self->handlers, i - 1);
    }
}

static gboolean
jxs_router_forget_unanswered (JxsRouter *self, JxsElement *iq)
{
  const char *peer = g_hash_table_lookup (self->unanswered, iq);

  if (peer == NULL)
    return FALSE;
  jxs_quota_give_back (self->quota, peer);
  return g_hash_table_remove (self->unanswered, iq);
}

static gboolean
jxs_router_handle_request (JxsRouter *self, JxsElement *iq, JxsJid *from)
{
  JxsElement *payload = jxs_element_get_first_child (iq);
  g_autoptr (JxsJid) bare = from != NULL ? jxs_jid_to_bare (from) : NULL;
  const char *peer = bare != NULL ? jxs_jid_to_string (bare) : "";
  gboolean handled = FALSE;

  if (payload == NULL || jxs_element_get_next_sibling (payload) != NULL)
    {
      /* RFC 6120 §8.2.3 */
      jxs_router_send_error (self,
                             iq,
                             JXS_STANZA_ERROR_BAD_REQUEST,
                             "A request has exactly one child element");
      return TRUE;
    }
  if (!jxs_quota_has (self->quota, peer))
    {
      jxs_router_send_error (self,
                             iq,
                             JXS_STANZA_ERROR_RESOURCE_CONSTRAINT,
                             "Too many requests without an answer");
      return TRUE;
    }

  self->dispatching++;
  for (guint i = self->handlers->len; i > 0 && !handled; i--)
    {
      Handler *handler = jxs_router_match (self, i - 1, HANDLER_IQ, payload);

      if (handler == NULL)
        continue;
      /* The handler may answer from inside. */
      jxs_quota_take (self->quota, peer);
      g_hash_table_insert (self->unanswered, jxs_element_ref (iq), g_strdup (peer));
      handled = handler->func.iq (self, iq, payload, from, handler->user_data);
      if (!handled && !jxs_router_forget_unanswered (self, iq))
        {
          jxs_log_debug (self, "a handler answered a request and did not take it");
          handled = TRUE;
        }
    }
  jxs_router_end_dispatch (self);
  return handled;
}

static gboolean
jxs_router_handle_iq (JxsRouter *self, JxsElement *iq, JxsJid *from)
{
  const char *type = jxs_element_get_attribute (iq, "type");
  const char *id = jxs_element_get_attribute (iq, "id");

  if (g_strcmp0 (type, "result") == 0 || g_strcmp0 (type, "error") == 0)
    return id != NULL && jxs_router_handle_answer (self, iq, id, from);

  if (id == NULL)
    {
      /* An answer could not be told from any other (RFC 6120 §8.2.3). */
      jxs_log_debug (self, "request without an id dropped");
      return TRUE;
    }
  if (g_strcmp0 (type, "get") == 0 || g_strcmp0 (type, "set") == 0)
    return jxs_router_handle_request (self, iq, from);

  jxs_router_send_error (self, iq, JXS_STANZA_ERROR_BAD_REQUEST, "Unknown type of iq");
  return TRUE;
}

static gboolean
jxs_router_handle_message (JxsRouter *self, JxsElement *message, JxsJid *from)
{
  gboolean handled = FALSE;

  /* A bounced message carries what we sent ourselves. */
  if (g_strcmp0 (jxs_element_get_attribute (message, "type"), "error") == 0)
    return FALSE;

  self->dispatching++;
  for (JxsElement *payload = jxs_element_get_first_child (message); payload != NULL && !handled;
       payload = jxs_element_get_next_sibling (payload))
    for (guint i = self->handlers->len; i > 0 && !handled; i--)
      {
        Handler *handler = jxs_router_match (self, i - 1, HANDLER_MESSAGE, payload);

        if (handler != NULL)
          handled = handler->func.message (self, message, payload, from, handler->user_data);
      }
  jxs_router_end_dispatch (self);
  return handled;
}

static void
jxs_router_handle_presence (JxsRouter *self, JxsElement *presence, JxsJid *from)
{
  const char *type = jxs_element_get_attribute (presence, "type");

  if (from == NULL || (type != NULL && g_strcmp0 (type, "unavailable") != 0))
    return;

  self->dispatching++;
  for (guint i = self->handlers->len; i > 0; i--)
    {
      Handler *handler = jxs_router_match (self, i - 1, HANDLER_PRESENCE, NULL);

      if (handler != NULL)
        handler->func.presence (self, from, type == NULL, handler->user_data);
    }
  jxs_router_end_dispatch (self);
}

static gboolean
jxs_router_stanza_cb (JxsChannel *channel, JxsElement *stanza, JxsRouter *self)
{
  g_autoptr (JxsRouter) alive = g_object_ref (self);
  g_autoptr (JxsJid) from = NULL;
  const char *from_text = jxs_element_get_attribute (stanza, "from");

  if (from_text != NULL)
    {
      from = jxs_jid_new (from_text, NULL);
      if (from == NULL)
        {
          jxs_log_debug (self, "stanza with a malformed sender ignored");
          return FALSE;
        }
    }

  switch (jxs_stanza_get_kind (stanza))
    {
    case JXS_STANZA_KIND_IQ:
      return jxs_router_handle_iq (self, stanza, from);
    case JXS_STANZA_KIND_MESSAGE:
      return jxs_router_handle_message (self, stanza, from);
    case JXS_STANZA_KIND_PRESENCE:
      jxs_router_handle_presence (self, stanza, from);
      return FALSE;
    case JXS_STANZA_KIND_NONE:
    default:
      return FALSE;
    }
}

static GError *
jxs_router_closed_error (void)
{
  return g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection is closed"));
}

static void
jxs_router_closed_cb (JxsChannel *channel, const GError *error, JxsRouter *self)
{
  g_autoptr (JxsRouter) alive = g_object_ref (self);
  GTask *task;

  jxs_trace_emit (
      self->trace, "channel", "closed", "s:error", error != NULL ? error->message : NULL, NULL);
  g_hash_table_remove_all (self->unanswered);
  /* New requests fail from here on, so this ends. */
  while ((task = jxs_iq_table_take_expired (self->pending, G_MAXINT64)) != NULL)
    {
      GError *reason = jxs_router_closed_error ();

      if (error != NULL)
        {
          g_free (reason->message);
          reason->message = g_strdup_printf (_ ("The connection is closed: %s"), error->message);
        }
      jxs_router_fail_request (task, reason);
    }
}

static void
jxs_router_dispose (GObject *object)
{
  JxsRouter *self = JXS_ROUTER (object);

  /* No request waits: its task would hold a reference. */
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  if (self->channel != NULL)
    {
      g_object_set_qdata (G_OBJECT (self->channel), jxs_router_quark (), NULL);
      g_clear_object (&self->channel);
    }

  G_OBJECT_CLASS (jxs_router_parent_class)->dispose (object);
}

static void
jxs_router_finalize (GObject *object)
{
  JxsRouter *self = JXS_ROUTER (object);

  g_clear_pointer (&self->pending, jxs_iq_table_free);
  g_clear_pointer (&self->handlers, g_ptr_array_unref);
  g_clear_pointer (&self->unanswered, g_hash_table_unref);
  g_clear_pointer (&self->quota, jxs_quota_free);
  g_clear_pointer (&self->cancellers, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->trace, jxs_trace_unref);

  G_OBJECT_CLASS (jxs_router_parent_class)->finalize (object);
}

static void
jxs_router_class_init (JxsRouterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_router_dispose;
  object_class->finalize = jxs_router_finalize;
}

static void
jxs_router_init (JxsRouter *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->pending = jxs_iq_table_new ();
  self->handlers = g_ptr_array_new_with_free_func (handler_free);
  self->unanswered = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) jxs_element_unref, g_free);
  self->quota = jxs_quota_new (JXS_ROUTER_MAX_UNANSWERED, JXS_ROUTER_MAX_UNANSWERED_TOTAL);
  self->cancellers = g_hash_table_new_full (NULL, NULL, NULL, canceller_free);
}

JxsRouter *
jxs_router_get (JxsChannel *channel)
{
  JxsRouter *self = g_object_get_qdata (G_OBJECT (channel), jxs_router_quark ());

  if (self != NULL)
    return g_object_ref (self);

  self = g_object_new (JXS_TYPE_ROUTER, NULL);
  self->channel = g_object_ref (channel);
  g_object_set_qdata (G_OBJECT (channel), jxs_router_quark (), self);
  g_signal_connect_object (channel, "stanza", G_CALLBACK (jxs_router_stanza_cb), self, 0);
  g_signal_connect_object (channel, "closed", G_CALLBACK (jxs_router_closed_cb), self, 0);
  return self;
}

JxsChannel *
jxs_router_get_channel (JxsRouter *self)
{
  return self->channel;
}

JxsJid *
jxs_router_get_local_jid (JxsRouter *self)
{
  return jxs_channel_get_local_jid (self->channel);
}

JxsTrace *
jxs_router_get_trace (JxsRouter *self)
{
  return self->trace;
}

void
jxs_router_set_trace (JxsRouter *self, JxsTrace *trace)
{
  if (trace != NULL)
    jxs_trace_ref (trace);
  g_clear_pointer (&self->trace, jxs_trace_unref);
  self->trace = trace;
}

static gboolean
jxs_router_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  Canceller *canceller = user_data;
  g_autoptr (JxsRouter) self = g_object_ref (canceller->router);

  /* It goes with its last request; no more are added, as new ones fail at once. */
  while ((canceller = g_hash_table_lookup (self->cancellers, cancellable)) != NULL)
    {
      GTask *task = g_queue_peek_head (&canceller->tasks);
      Request *request = g_task_get_task_data (task);

      jxs_iq_table_remove (self->pending, request->entry);
      jxs_router_fail_request (task,
                               g_error_new_literal (G_IO_ERROR,
                                                    G_IO_ERROR_CANCELLED,
                                                    _ ("Operation was cancelled")));
    }
  return G_SOURCE_REMOVE;
}

static void
jxs_router_watch_cancellable (JxsRouter *self, GTask *task, GCancellable *cancellable)
{
  Request *request = g_task_get_task_data (task);
  Canceller *canceller = g_hash_table_lookup (self->cancellers, cancellable);

  if (canceller == NULL)
    {
      canceller = g_new0 (Canceller, 1);
      canceller->router = self;
      canceller->source = g_cancellable_source_new (cancellable);
      g_source_set_static_name (canceller->source, "[jxs] iq cancelled");
      g_source_set_callback (canceller->source,
                             G_SOURCE_FUNC (jxs_router_cancelled_cb),
                             canceller,
                             NULL);
      g_source_attach (canceller->source, self->context);
      /* The source, and each task, holds the cancellable. */
      g_hash_table_insert (self->cancellers, cancellable, canceller);
    }
  request->canceller = canceller;
  request->canceller_link.data = task;
  g_queue_push_tail_link (&canceller->tasks, &request->canceller_link);
}

/* What is wrong with a request of ours, before it is sent. */
static gboolean
jxs_router_check_request (JxsRouter *self, JxsElement *iq, JxsJid **to, GError **error)
{
  const char *type = jxs_element_get_attribute (iq, "type");
  const char *to_text = jxs_element_get_attribute (iq, "to");

  if (jxs_stanza_get_kind (iq) != JXS_STANZA_KIND_IQ ||
      (g_strcmp0 (type, "get") != 0 && g_strcmp0 (type, "set") != 0))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           "The stanza is no iq request");
      return FALSE;
    }
  if (jxs_channel_is_closed (self->channel))
    {
      g_propagate_error (error, jxs_router_closed_error ());
      return FALSE;
    }
  if (to_text != NULL)
    {
      *to = jxs_jid_new (to_text, error);
      if (*to == NULL)
        return FALSE;
    }
  if (jxs_iq_table_is_full (self->pending, *to))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_LIMIT,
                           _ ("Too many requests wait for an answer"));
      return FALSE;
    }
  return TRUE;
}

void
jxs_router_send_iq_async (JxsRouter *self,
                          JxsElement *iq,
                          guint timeout_ms,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (JxsJid) to = NULL;
  g_autoptr (GError) error = NULL;
  Request *request;
  gint64 deadline_us;
  JxsIqEntry *entry;

  g_task_set_source_tag (task, jxs_router_send_iq_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!jxs_router_check_request (self, iq, &to, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (jxs_element_get_attribute (iq, "id") == NULL)
    {
      g_autofree char *id = jxs_random_id ();

      jxs_element_set_attribute (iq, "id", id);
    }
  if (timeout_ms == 0)
    timeout_ms = JXS_ROUTER_DEFAULT_TIMEOUT_MS;
  deadline_us = jxs_clock_now () + (gint64) timeout_ms * 1000;
  entry =
      jxs_iq_table_add (self->pending, to, jxs_element_get_attribute (iq, "id"), deadline_us, task);
  if (entry == NULL)
    {
      g_task_return_new_error (task,
                               JXS_ERROR,
                               JXS_ERROR_INVALID_ARGUMENT,
                               "A request with this id is already on its way");
      return;
    }

  request = g_new0 (Request, 1);
  request->entry = entry;
  request->router = self;
  g_task_set_task_data (task, request, g_free);
  g_object_ref (task); /* the table's */
  if (cancellable != NULL)
    jxs_router_watch_cancellable (self, task, cancellable);
  jxs_router_update_timer (self);

  /* The answer, or the end of the channel, may come before this returns. */
  if (!jxs_channel_send (self->channel, iq, &error) && request->entry != NULL)
    {
      jxs_iq_table_remove (self->pending, request->entry);
      jxs_router_fail_request (task, g_steal_pointer (&error));
    }
}

gboolean
jxs_router_send_iq_finish (JxsRouter *self,
                           GAsyncResult *result,
                           JxsElement **reply,
                           GError **error)
{
  g_autoptr (JxsElement) answer = NULL;
  gboolean ok;

  if (reply != NULL)
    *reply = NULL;
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_router_send_iq_async), FALSE);

  answer = g_task_propagate_pointer (G_TASK (result), error);
  if (answer == NULL)
    return FALSE;
  ok = jxs_stanza_check_error (answer, error);
  if (reply != NULL)
    *reply = g_steal_pointer (&answer);
  return ok;
}

gboolean
jxs_router_send (JxsRouter *self, JxsElement *stanza, GError **error)
{
  return jxs_channel_send (self->channel, stanza, error);
}

static Handler *
jxs_router_add_handler (JxsRouter *self,
                        HandlerKind kind,
                        const char *name,
                        const char *namespace_uri,
                        gpointer user_data)
{
  Handler *handler = g_new0 (Handler, 1);

  handler->id = ++self->last_handler_id;
  handler->kind = kind;
  handler->name = g_strdup (name);
  handler->namespace_uri = g_strdup (namespace_uri);
  handler->user_data = user_data;
  g_ptr_array_add (self->handlers, handler);
  return handler;
}

guint
jxs_router_add_iq_handler (JxsRouter *self,
                           const char *name,
                           const char *namespace_uri,
                           JxsRouterIqFunc func,
                           gpointer user_data)
{
  Handler *handler = jxs_router_add_handler (self, HANDLER_IQ, name, namespace_uri, user_data);

  handler->func.iq = func;
  return handler->id;
}

guint
jxs_router_add_message_handler (JxsRouter *self,
                                const char *name,
                                const char *namespace_uri,
                                JxsRouterMessageFunc func,
                                gpointer user_data)
{
  Handler *handler = jxs_router_add_handler (self, HANDLER_MESSAGE, name, namespace_uri, user_data);

  handler->func.message = func;
  return handler->id;
}

guint
jxs_router_add_presence_handler (JxsRouter *self, JxsRouterPresenceFunc func, gpointer user_data)
{
  Handler *handler = jxs_router_add_handler (self, HANDLER_PRESENCE, NULL, NULL, user_data);

  handler->func.presence = func;
  return handler->id;
}

void
jxs_router_remove_handler (JxsRouter *self, guint id)
{
  for (guint i = 0; i < self->handlers->len; i++)
    {
      Handler *handler = g_ptr_array_index (self->handlers, i);

      if (handler->id != id)
        continue;
      handler->kind = HANDLER_REMOVED;
      if (self->dispatching == 0)
        g_ptr_array_remove_index (self->handlers, i);
      return;
    }
}

void
jxs_router_reply_result (JxsRouter *self, JxsElement *iq, JxsElement *payload)
{
  g_autoptr (JxsElement) answer = jxs_stanza_new_result (iq, payload);

  jxs_router_reply_stanza (self, iq, answer);
}

void
jxs_router_reply_error (JxsRouter *self,
                        JxsElement *iq,
                        const GError *error,
                        JxsElement *app_condition)
{
  g_autoptr (JxsElement) answer = jxs_stanza_new_error (iq, error, app_condition);

  jxs_router_reply_stanza (self, iq, answer);
}

void
jxs_router_reply_stanza (JxsRouter *self, JxsElement *iq, JxsElement *answer)
{
  g_autoptr (GError) error = NULL;

  if (!jxs_router_forget_unanswered (self, iq))
    jxs_log_debug (self, "second answer to a request dropped");
  else if (!jxs_channel_send (self->channel, answer, &error))
    jxs_log_debug (self, "answer was not sent: %s", error->message);
}
