/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jingle/jxs-session-manager-private.h>

#include <glib/gi18n-lib.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/base/jxs-random-private.h>
#include <jxs-glib/jingle/jxs-jingle-error-private.h>
#include <jxs-glib/jingle/jxs-session-private.h>
#include <jxs-glib/stream/jxs-stanza.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* The name of our content: it need only be unique within the session (XEP-0166 §7.3). */
#define CONTENT_NAME "stream"

struct _JxsSessionManager
{
  GObject parent_instance;

  JxsRouter *router;        /* (owned) */
  guint handlers[6];        /* of the router */
  GHashTable *sessions;     /* (owned) (element-type utf8 JxsSession): live ones, by peer and sid */
  GHashTable *applications; /* (owned) (element-type utf8) */
  GArray *transports;       /* (owned) (element-type JxsTransportFactory), by preference */
  JxsSecurityFactory security;
  gboolean (*filter) (JxsSessionManager *self, JxsJid *from, gpointer user_data);
  gpointer filter_data;
  char *redirect_uri; /* (owned) (nullable) */
  guint max_per_peer;
  guint max_total;
  guint connect_timeout;
  gboolean legacy;
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (JxsSessionManager, jxs_session_manager, G_TYPE_OBJECT)

enum
{
  INCOMING,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static char *
make_key (const JxsJid *peer, const char *sid)
{
  /* A unit separator occurs in no address. */
  return g_strconcat (jxs_jid_to_string (peer), "\x1f", sid, NULL);
}

static JxsSession *
find_session (JxsSessionManager *self, const JxsJid *peer, const char *sid)
{
  g_autofree char *key = make_key (peer, sid);

  return g_hash_table_lookup (self->sessions, key);
}

/* An attacker has as many resources as it likes: the bare address is what counts. */
static guint
count_sessions_with (JxsSessionManager *self, const JxsJid *peer)
{
  GHashTableIter iter;
  gpointer session;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    if (jxs_jid_equal_bare (jxs_session_get_peer_jid (session), peer))
      count++;

  return count;
}

/* Ours with the same wish, on the way to the same peer. */
static JxsSession *
find_contender (JxsSessionManager *self, JxsJid *peer, const JxsJingle *offer)
{
  GHashTableIter iter;
  gpointer session;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    {
      if (!jxs_jid_equal (jxs_session_get_peer_jid (session), peer))
        continue;
      for (guint i = 0; i < offer->contents->len; i++)
        {
          const JxsJingleContent *content = g_ptr_array_index (offer->contents, i);

          if (jxs_session_contends (session, content->description))
            return session;
        }
    }

  return NULL;
}

/* A session that ends before it is one: nothing is kept of it. */
static void
terminate_offer (JxsSessionManager *self,
                 JxsJid *peer,
                 const JxsJingle *offer,
                 JxsReasonCondition condition)
{
  g_autoptr (JxsJingle) jingle =
      jxs_jingle_new (offer->namespace_uri, JXS_JINGLE_SESSION_TERMINATE, offer->sid);
  g_autoptr (JxsElement) payload = NULL;
  g_autoptr (JxsElement) iq = NULL;

  jingle->reason = jxs_reason_new (condition, NULL);
  payload = jxs_jingle_build (jingle);
  iq = jxs_stanza_new_iq ("set", jxs_jid_to_string (peer), payload);
  jxs_session_trace_action (self->router, "action-sent", peer, jingle);
  jxs_router_send_iq_async (self->router, iq, 0, NULL, NULL, NULL);
}

/* How far the best content of an offer came. */
typedef enum
{
  OFFER_NO_APPLICATION,
  OFFER_NO_TRANSPORT,
  OFFER_INCOMPATIBLE,
  OFFER_NO_SECURITY,
  OFFER_MALFORMED,
  OFFER_GOOD,
} Fitness;

static gboolean
offers_security (JxsSessionManager *self, const JxsJingleContent *offered)
{
  return offered->security != NULL && self->security.namespace_uri != NULL &&
         g_strcmp0 (jxs_element_get_namespace (offered->security), self->security.namespace_uri) ==
             0;
}

static Fitness
judge_content (JxsSessionManager *self,
               JxsJid *peer,
               const JxsJingleContent *offered,
               JxsContent **content_out,
               GError **error)
{
  const char *application = jxs_element_get_namespace (offered->description);
  g_autoptr (JxsContent) content = NULL;
  g_autoptr (JxsSecurity) security = NULL;
  g_autoptr (GError) local_error = NULL;

  if (application == NULL || !g_hash_table_contains (self->applications, application))
    return OFFER_NO_APPLICATION;
  /* A stream has both directions. */
  if (offered->senders != JXS_JINGLE_SENDERS_BOTH || !jxs_jingle_content_is_session (offered))
    return OFFER_INCOMPATIBLE;

  content = jxs_content_new (
      self->router, peer, FALSE, offered->creator, offered->name, self->transports);
  jxs_content_set_connect_timeout (content, self->connect_timeout);
  if (!jxs_content_take_offer (content, offered->transport, &local_error))
    {
      if (local_error->domain == JXS_STANZA_ERROR)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return OFFER_MALFORMED;
        }
      return jxs_content_knows_namespace (content, jxs_element_get_namespace (offered->transport))
                 ? OFFER_INCOMPATIBLE
                 : OFFER_NO_TRANSPORT;
    }

  security = jxs_session_manager_make_security (self, peer, FALSE);
  if (security != NULL)
    {
      JxsElement *element = offers_security (self, offered) ? offered->security : NULL;

      if (!jxs_security_set_remote (security, element, &local_error))
        {
          if (local_error->domain != JXS_STANZA_ERROR)
            return OFFER_NO_SECURITY;
          g_propagate_error (error, g_steal_pointer (&local_error));
          return OFFER_MALFORMED;
        }
      jxs_content_take_security (content, g_steal_pointer (&security));
    }
  *content_out = g_steal_pointer (&content);

  return OFFER_GOOD;
}

/* Looks for the first content that can be served: same-named contents are alternatives, others are
 * not needed (XEP-0166 §7.3). One without security counts only if none was offered with it:
 * somebody may have put it there. */
static Fitness
judge_offer (JxsSessionManager *self,
             JxsJid *peer,
             const JxsJingle *offer,
             JxsContent **content,
             guint *index,
             GError **error)
{
  Fitness best = OFFER_NO_APPLICATION;
  gboolean secured = FALSE;

  for (guint i = 0; i < offer->contents->len; i++)
    secured |= offers_security (self, g_ptr_array_index (offer->contents, i));
  for (guint i = 0; i < offer->contents->len && best < OFFER_MALFORMED; i++)
    {
      const JxsJingleContent *offered = g_ptr_array_index (offer->contents, i);
      Fitness fitness;

      if (secured && !offers_security (self, offered))
        continue;
      fitness = judge_content (self, peer, offered, content, error);
      if (fitness == OFFER_GOOD)
        *index = i;
      best = MAX (best, fitness);
    }

  return best;
}

/* The contents of other names, to be removed when the session is accepted; the transports of
 * alternatives are only remembered as meaningless. */
static JxsJingle *
collect_extra (const JxsJingle *offer, guint chosen, JxsContent *content)
{
  JxsJingle *extra = jxs_jingle_new (offer->namespace_uri, JXS_JINGLE_CONTENT_REMOVE, offer->sid);

  for (guint i = 0; i < offer->contents->len; i++)
    {
      const JxsJingleContent *other = g_ptr_array_index (offer->contents, i);

      if (i == chosen)
        continue;
      if (g_str_equal (other->name, jxs_content_get_name (content)))
        jxs_content_ignore_namespace (content, jxs_element_get_namespace (other->transport));
      else
        jxs_jingle_add_content (extra, other->creator, other->name);
    }

  return extra;
}

static void
handle_offer (JxsSessionManager *self, JxsElement *iq, const JxsJingle *offer, JxsJid *peer)
{
  static const JxsReasonCondition reasons[] = {
    [OFFER_NO_APPLICATION] = JXS_REASON_UNSUPPORTED_APPLICATIONS,
    [OFFER_NO_TRANSPORT] = JXS_REASON_UNSUPPORTED_TRANSPORTS,
    [OFFER_INCOMPATIBLE] = JXS_REASON_INCOMPATIBLE_PARAMETERS,
    [OFFER_NO_SECURITY] = JXS_REASON_SECURITY_ERROR,
  };
  g_autoptr (JxsContent) content = NULL;
  g_autoptr (JxsSession) session = NULL;
  g_autoptr (GError) error = NULL;
  const JxsJingleContent *chosen;
  guint index = 0;
  Fitness fitness = judge_offer (self, peer, offer, &content, &index, &error);

  if (fitness == OFFER_MALFORMED)
    {
      jxs_jingle_reply_error (self->router, iq, offer->namespace_uri, error);
      return;
    }

  /* What is wrong beyond form is said after the acknowledgement (XEP-0166 §6.3.1). */
  jxs_router_reply_result (self->router, iq, NULL);
  if (fitness != OFFER_GOOD)
    {
      terminate_offer (self, peer, offer, reasons[fitness]);
      return;
    }

  chosen = g_ptr_array_index (offer->contents, index);
  session = jxs_session_new (self,
                             self->router,
                             peer,
                             offer->sid,
                             offer->namespace_uri,
                             FALSE,
                             content,
                             chosen->description,
                             collect_extra (offer, index, content));
  jxs_session_manager_insert (self, session);
  jxs_session_wait_for_application (session);
  if (jxs_session_get_state (session) == JXS_SESSION_STATE_PENDING)
    g_signal_emit (self, signals[INCOMING], 0, session);
}

/* A session-initiate without session: what comes before its contents matter (XEP-0166 §6.3.2). */
static void
handle_initiate (JxsSessionManager *self, JxsElement *iq, const JxsJingle *offer, JxsJid *peer)
{
  JxsSession *contender = find_contender (self, peer, offer);
  g_autoptr (GError) error = NULL;

  if (self->redirect_uri != NULL)
    {
      jxs_jingle_reply_redirect (self->router, iq, self->redirect_uri);
      return;
    }
  if (contender != NULL)
    {
      if (jxs_session_tie_is_won (jxs_session_get_sid (contender),
                                  jxs_session_get_local_jid (contender),
                                  offer->sid,
                                  peer))
        {
          jxs_jingle_reply_condition (self->router, iq, offer->namespace_uri, JXS_JINGLE_TIE_BREAK);
          return;
        }
      jxs_session_lose_tie (contender, offer->sid);
    }
  if (g_hash_table_size (self->sessions) >= self->max_total ||
      count_sessions_with (self, peer) >= self->max_per_peer)
    {
      error = g_error_new_literal (JXS_STANZA_ERROR,
                                   JXS_STANZA_ERROR_RESOURCE_CONSTRAINT,
                                   "There are too many sessions");
      jxs_jingle_reply_error (self->router, iq, offer->namespace_uri, error);
      return;
    }

  handle_offer (self, iq, offer, peer);
}

static gboolean
jingle_cb (JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  g_autoptr (JxsSessionManager) self = g_object_ref (user_data);
  const char *namespace_uri = jxs_element_get_namespace (payload);
  const char *sid = jxs_element_get_attribute (payload, "sid");
  g_autoptr (JxsJingle) jingle = NULL;
  g_autoptr (GError) error = NULL;
  JxsSession *session;

  if (from == NULL || g_strcmp0 (jxs_element_get_attribute (iq, "type"), "set") != 0 ||
      (!self->legacy && g_strcmp0 (namespace_uri, JXS_NS_JINGLE) != 0))
    return FALSE;
  session = sid != NULL ? find_session (self, from, sid) : NULL;
  /* Strangers are answered by nobody, which is what happens without Jingle (XEP-0166 §6.3.2). */
  if (session == NULL && self->filter != NULL && !self->filter (self, from, self->filter_data))
    return FALSE;

  jingle = jxs_jingle_parse (payload, &error);
  if (jingle == NULL)
    {
      jxs_jingle_reply_error (router, iq, namespace_uri, error);
      return TRUE;
    }
  jxs_session_trace_action (router, "action-received", from, jingle);

  /* Both may have come up with the same id (XEP-0166 §7.2.16). */
  if (session != NULL && jingle->action == JXS_JINGLE_SESSION_INITIATE &&
      find_contender (self, from, jingle) == session)
    session = NULL;

  if (session != NULL)
    jxs_session_handle (session, iq, jingle);
  else if (jingle->action == JXS_JINGLE_SESSION_INITIATE)
    handle_initiate (self, iq, jingle, from);
  else
    jxs_jingle_reply_condition (router, iq, namespace_uri, JXS_JINGLE_UNKNOWN_SESSION);

  return TRUE;
}

/* Keys asked for over the servers by a peer that has an encrypted session with us belong there
 * (XEP-0166 §9). */
static gboolean
pubkeys_cb (
    JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data)
{
  JxsSessionManager *self = user_data;
  GHashTableIter iter;
  gpointer session;

  if (from == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    {
      if (!jxs_jid_equal (jxs_session_get_peer_jid (session), from) ||
          jxs_session_get_security (session) == NULL)
        continue;
      jxs_jingle_reply_condition (router, iq, JXS_NS_JINGLE, JXS_JINGLE_SECURITY_REQUIRED);
      return TRUE;
    }

  return FALSE;
}

/* What ends sessions may run code of the application: the list is fixed before. */
static void
presence_cb (JxsRouter *router, JxsJid *from, gboolean available, gpointer user_data)
{
  g_autoptr (JxsSessionManager) self = g_object_ref (user_data);
  g_autoptr (GPtrArray) sessions = jxs_session_manager_list_sessions (self);

  for (guint i = 0; i < sessions->len; i++)
    {
      JxsSession *session = g_ptr_array_index (sessions, i);

      if (jxs_jid_equal (jxs_session_get_peer_jid (session), from))
        jxs_session_set_peer_available (session, available);
    }
}

static void
end_all (JxsSessionManager *self, JxsReasonCondition condition, const GError *error, gboolean tell)
{
  g_autoptr (GPtrArray) sessions = jxs_session_manager_list_sessions (self);
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  for (guint i = 0; i < sessions->len; i++)
    jxs_session_end (g_ptr_array_index (sessions, i), reason, g_error_copy (error), tell);
}

static void
channel_closed_cb (JxsChannel *channel, const GError *cause, JxsSessionManager *self)
{
  g_autoptr (JxsSessionManager) keep = g_object_ref (self);
  g_autoptr (GError) error = NULL;

  if (self->closed)
    return;
  self->closed = TRUE;
  if (cause != NULL)
    error = g_error_new (JXS_ERROR,
                         JXS_ERROR_CLOSED,
                         _ ("The connection was closed: %s"),
                         cause->message);
  else
    error = g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The connection was closed"));
  end_all (self, JXS_REASON_GONE, error, FALSE);
}

static void
jxs_session_manager_dispose (GObject *object)
{
  JxsSessionManager *self = JXS_SESSION_MANAGER (object);

  if (self->router != NULL)
    {
      g_autoptr (GError) error =
          g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("The endpoint is going away"));

      end_all (self, JXS_REASON_GONE, error, !self->closed);
      for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
        if (self->handlers[i] != 0)
          jxs_router_remove_handler (self->router, self->handlers[i]);
    }
  g_clear_object (&self->router);

  G_OBJECT_CLASS (jxs_session_manager_parent_class)->dispose (object);
}

static void
jxs_session_manager_finalize (GObject *object)
{
  JxsSessionManager *self = JXS_SESSION_MANAGER (object);

  g_clear_pointer (&self->sessions, g_hash_table_unref);
  g_clear_pointer (&self->applications, g_hash_table_unref);
  g_clear_pointer (&self->transports, g_array_unref);
  g_clear_pointer (&self->redirect_uri, g_free);

  G_OBJECT_CLASS (jxs_session_manager_parent_class)->finalize (object);
}

static void
jxs_session_manager_class_init (JxsSessionManagerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = jxs_session_manager_dispose;
  object_class->finalize = jxs_session_manager_finalize;

  signals[INCOMING] = g_signal_new ("incoming",
                                    JXS_TYPE_SESSION_MANAGER,
                                    G_SIGNAL_RUN_LAST,
                                    0,
                                    NULL,
                                    NULL,
                                    NULL,
                                    G_TYPE_NONE,
                                    1,
                                    JXS_TYPE_SESSION);
}

static void
jxs_session_manager_init (JxsSessionManager *self)
{
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->applications = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->transports = g_array_new (FALSE, FALSE, sizeof (JxsTransportFactory));
  self->max_per_peer = JXS_SESSION_MAX_PER_PEER;
  self->max_total = JXS_SESSION_MAX_TOTAL;
  self->connect_timeout = JXS_SESSION_CONNECT_TIMEOUT;
}

JxsSessionManager *
jxs_session_manager_new (JxsRouter *router)
{
  static const char *const namespaces[] = { JXS_NS_JINGLE, JXS_NS_JINGLE_0, JXS_NS_JINGLE_TMP };
  JxsSessionManager *self = g_object_new (JXS_TYPE_SESSION_MANAGER, NULL);
  guint n = 0;

  self->router = g_object_ref (router);
  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    self->handlers[n++] =
        jxs_router_add_iq_handler (router, "jingle", namespaces[i], jingle_cb, self);
  self->handlers[n++] =
      jxs_router_add_iq_handler (router, "pubkeys", JXS_NS_TMP_PUBKEY, pubkeys_cb, self);
  self->handlers[n++] = jxs_router_add_presence_handler (router, presence_cb, self);
  g_signal_connect_object (
      jxs_router_get_channel (router), "closed", G_CALLBACK (channel_closed_cb), self, 0);

  return self;
}

void
jxs_session_manager_add_application (JxsSessionManager *self, const char *namespace_uri)
{
  g_hash_table_add (self->applications, g_strdup (namespace_uri));
}

void
jxs_session_manager_remove_application (JxsSessionManager *self, const char *namespace_uri)
{
  g_hash_table_remove (self->applications, namespace_uri);
}

void
jxs_session_manager_add_transport (JxsSessionManager *self, const JxsTransportFactory *factory)
{
  guint i = 0;

  while (i < self->transports->len &&
         g_array_index (self->transports, JxsTransportFactory, i).preference >= factory->preference)
    i++;
  g_array_insert_val (self->transports, i, *factory);
}

void
jxs_session_manager_clear_transports (JxsSessionManager *self)
{
  g_array_set_size (self->transports, 0);
}

void
jxs_session_manager_set_connect_timeout (JxsSessionManager *self, guint timeout_ms)
{
  self->connect_timeout = timeout_ms;
}

void
jxs_session_manager_set_security (JxsSessionManager *self, const JxsSecurityFactory *factory)
{
  self->security = factory != NULL ? *factory : (JxsSecurityFactory){ NULL, NULL, NULL };
}

void
jxs_session_manager_set_filter (JxsSessionManager *self,
                                gboolean (*func) (JxsSessionManager *self,
                                                  JxsJid *from,
                                                  gpointer user_data),
                                gpointer user_data)
{
  self->filter = func;
  self->filter_data = user_data;
}

void
jxs_session_manager_set_redirect (JxsSessionManager *self, const char *uri)
{
  g_free (self->redirect_uri);
  self->redirect_uri = g_strdup (uri);
}

void
jxs_session_manager_set_caps (JxsSessionManager *self, guint per_peer, guint total)
{
  self->max_per_peer = per_peer;
  self->max_total = total;
}

void
jxs_session_manager_set_legacy (JxsSessionManager *self, gboolean legacy)
{
  self->legacy = legacy;
}

JxsSession *
jxs_session_manager_create (JxsSessionManager *self,
                            JxsJid *peer,
                            JxsElement *description,
                            gboolean secure)
{
  g_autofree char *sid = jxs_random_id ();
  g_autoptr (JxsContent) content = jxs_content_new (
      self->router, peer, TRUE, JXS_JINGLE_CREATOR_INITIATOR, CONTENT_NAME, self->transports);

  jxs_content_set_connect_timeout (content, self->connect_timeout);
  if (secure)
    jxs_content_take_security (content, jxs_session_manager_make_security (self, peer, TRUE));

  return jxs_session_new (
      self, self->router, peer, sid, JXS_NS_JINGLE, TRUE, content, description, NULL);
}

guint
jxs_session_manager_get_n_sessions (JxsSessionManager *self)
{
  return g_hash_table_size (self->sessions);
}

GPtrArray *
jxs_session_manager_list_sessions (JxsSessionManager *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer session;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &session))
    g_ptr_array_add (list, g_object_ref (session));

  return list;
}

gboolean
jxs_session_manager_is_closed (JxsSessionManager *self)
{
  return self->closed;
}

JxsSecurity *
jxs_session_manager_make_security (JxsSessionManager *self, JxsJid *peer, gboolean initiator)
{
  if (self->security.create == NULL)
    return NULL;

  return self->security.create (jxs_router_get_local_jid (self->router),
                                peer,
                                initiator,
                                jxs_router_get_trace (self->router),
                                self->security.user_data);
}

const char *
jxs_session_manager_get_security_namespace (JxsSessionManager *self)
{
  return self->security.namespace_uri;
}

void
jxs_session_manager_insert (JxsSessionManager *self, JxsSession *session)
{
  g_hash_table_insert (self->sessions,
                       make_key (jxs_session_get_peer_jid (session), jxs_session_get_sid (session)),
                       g_object_ref (session));
}

void
jxs_session_manager_remove (JxsSessionManager *self, JxsSession *session)
{
  g_autofree char *key =
      make_key (jxs_session_get_peer_jid (session), jxs_session_get_sid (session));

  if (g_hash_table_lookup (self->sessions, key) == session)
    g_hash_table_remove (self->sessions, key);
}
