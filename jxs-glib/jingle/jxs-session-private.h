/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-content-private.h>
#include <jxs-glib/jingle/jxs-session-machine-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>

G_BEGIN_DECLS

/* Seen by the parts of the session: its object, its life, the peer's actions. */
struct _JxsSession
{
  GObject parent_instance;

  GWeakRef manager;      /* JxsSessionManager, which owns live sessions */
  GMainContext *context; /* (owned) */
  JxsRouter *router;     /* (owned) */
  JxsJid *peer;          /* (owned) */
  JxsJid *local;         /* (owned) */
  char *sid;             /* (owned) */
  const char *jingle_namespace;

  JxsSessionMachine machine;
  JxsContent *content;            /* (owned) */
  JxsElement *local_description;  /* (owned) (nullable) */
  JxsElement *remote_description; /* (owned) (nullable) */
  JxsJingle *extra;               /* (owned) (nullable): offered contents that are not taken */

  GListModel *candidates;  /* (owned) (element-type JxsCandidate): of the content */
  JxsCandidate *nominated; /* (owned) (nullable) */

  GTask *connect_task;       /* (owned) (nullable) */
  GSource *connect_cancel;   /* (owned) (nullable) */
  GSource *deadline;         /* (owned) (nullable): of the user on either side */
  GSource *gone_timer;       /* (owned) (nullable): the peer went offline */
  GCancellable *cancellable; /* (owned): ends with the session */
  gint64 last_heard;
  guint round_trips;
  GPtrArray *held; /* (owned) (nullable) (element-type JxsJingle): not before the answer to what the
                      peer sent */
  gboolean initiate_answered;
  gboolean closing; /* the transport is being closed, or is closed */
  gboolean ended;
  gboolean ended_by_peer; /* what arrived stays readable */

  JxsReason *reason;  /* (owned) (nullable): once ended */
  GError *error;      /* (owned) (nullable): once ended */
  char *redirect_uri; /* (owned) (nullable) */
};

/* description: our offer, or the peer's. extra: (transfer full) (nullable): a content-remove with
 * the contents of the peer's offer that are not taken. */
JxsSession *jxs_session_new (JxsSessionManager *manager,
                             JxsRouter *router,
                             JxsJid *peer,
                             const char *sid,
                             const char *jingle_namespace,
                             gboolean initiator,
                             JxsContent *content,
                             JxsElement *description,
                             JxsJingle *extra);
/* Theirs, acknowledged: the time of the application starts. */
void jxs_session_wait_for_application (JxsSession *self);
/* The peer's action for this session. Answers iq exactly once. */
void jxs_session_handle (JxsSession *self, JxsElement *iq, JxsJingle *jingle);
/* Ours, session-initiate not answered yet, with an equivalent description (XEP-0166 §7.2.16). */
gboolean jxs_session_contends (JxsSession *self, JxsElement *description);
/* The tie is lost: ends without a word to the peer, with JXS_ERROR_CONFLICT. */
void jxs_session_lose_tie (JxsSession *self, const char *winner_sid);
void jxs_session_set_peer_available (JxsSession *self, gboolean available);
/* Ends in whatever state; error (transfer full) (nullable): what a pending operation is told.
 * tell: send session-terminate. */
void jxs_session_end (JxsSession *self, JxsReason *reason, GError *error, gboolean tell);

/* Between the parts of the session. jingle: (transfer full) */
void jxs_session_send (JxsSession *self, JxsJingle *jingle);
/* task: (transfer full) (nullable): returns a boolean when the peer has answered. */
void jxs_session_send_task (JxsSession *self, JxsJingle *jingle, GTask *task);
JxsJingle *jxs_session_new_action (JxsSession *self, JxsJingleAction action);
/* Adds our content. */
JxsJingleContent *jxs_session_add_content (JxsSession *self, JxsJingle *jingle);
void jxs_session_clear_sources (JxsSession *self);
void jxs_session_initiate (JxsSession *self, guint timeout_ms);
void jxs_session_accept (JxsSession *self, JxsElement *answer);
void jxs_session_accepted (JxsSession *self, JxsElement *description);
gboolean jxs_session_emit_info (JxsSession *self, JxsJingleAction action, JxsElement *payload);
/* A GCancellableSourceFunc: the application gave jxs_session_connect_async() up. */
gboolean jxs_session_cancelled_cb (GCancellable *cancellable, gpointer self);
extern const JxsContentFuncs jxs_session_content_funcs;

/* Follows what becomes of the candidates; once, at construction. */
void jxs_session_watch_candidates (JxsSession *self);

/* An event of the time line: "action-sent" or "action-received". */
void jxs_session_trace_action (JxsRouter *router,
                               const char *what,
                               JxsJid *peer,
                               const JxsJingle *jingle);

/* Of the manager. */
gboolean jxs_session_manager_is_closed (JxsSessionManager *self);
/* (transfer full) (nullable) */
JxsSecurity *
jxs_session_manager_make_security (JxsSessionManager *self, JxsJid *peer, gboolean initiator);
const char *jxs_session_manager_get_security_namespace (JxsSessionManager *self);
void jxs_session_manager_insert (JxsSessionManager *self, JxsSession *session);
void jxs_session_manager_remove (JxsSessionManager *self, JxsSession *session);

G_END_DECLS
