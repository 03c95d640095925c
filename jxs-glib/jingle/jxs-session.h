/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/jingle/jxs-reason.h>

G_BEGIN_DECLS

/**
 * JxsSessionState:
 * @JXS_SESSION_STATE_NEW: ours, nothing was sent yet
 * @JXS_SESSION_STATE_PENDING: session-initiate was sent or received
 * @JXS_SESSION_STATE_ACTIVE: session-accept was sent or received
 * @JXS_SESSION_STATE_ENDED: it is over, and stays so
 *
 * Where a session stands (XEP-0166 §5.1).
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_SESSION_STATE_NEW,
  JXS_SESSION_STATE_PENDING,
  JXS_SESSION_STATE_ACTIVE,
  JXS_SESSION_STATE_ENDED,
} JxsSessionState;

#define JXS_TYPE_SESSION_STATE (jxs_session_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_session_state_get_type (void);

#define JXS_TYPE_SESSION (jxs_session_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsSession, jxs_session, JXS, SESSION, GObject)

JXS_AVAILABLE_IN_1_0
JxsSessionState jxs_session_get_state (JxsSession *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_session_get_sid (JxsSession *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_session_get_peer_jid (JxsSession *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_session_get_local_jid (JxsSession *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_session_is_initiator (JxsSession *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_session_get_namespace (JxsSession *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_session_get_description (JxsSession *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_session_get_transport_namespace (JxsSession *self);
JXS_AVAILABLE_IN_1_0
JxsReason *jxs_session_get_reason (JxsSession *self);
JXS_AVAILABLE_IN_1_0
guint jxs_session_get_round_trips (JxsSession *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_session_get_redirect_uri (JxsSession *self);
JXS_AVAILABLE_IN_1_0
GListModel *jxs_session_get_candidates (JxsSession *self);
JXS_AVAILABLE_IN_1_0
JxsCandidate *jxs_session_get_nominated_candidate (JxsSession *self);

JXS_AVAILABLE_IN_1_0
void jxs_session_terminate (JxsSession *self, JxsReason *reason);
JXS_AVAILABLE_IN_1_0
void jxs_session_send_info_async (JxsSession *self,
                                  JxsElement *payload,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_session_send_info_finish (JxsSession *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_session_send_description_info_async (JxsSession *self,
                                              JxsElement *description,
                                              int io_priority,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean
jxs_session_send_description_info_finish (JxsSession *self, GAsyncResult *result, GError **error);

G_END_DECLS
