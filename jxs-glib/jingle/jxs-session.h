/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/jingle/jxs-reason.h>

G_BEGIN_DECLS

typedef enum
{
  JXS_SESSION_STATE_NEW,     /* ours, nothing sent yet */
  JXS_SESSION_STATE_PENDING, /* session-initiate sent or received */
  JXS_SESSION_STATE_ACTIVE,  /* session-accept sent or received */
  JXS_SESSION_STATE_ENDED,
} JxsSessionState;

#define JXS_TYPE_SESSION_STATE (jxs_session_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_session_state_get_type (void);

/* A Jingle session (XEP-0166) with a peer, for one description (application) of one content.
 * Properties: state, sid, peer-jid, local-jid, initiator (gboolean: we are it), namespace (of the
 * description), description (the peer's, JxsElement), reason (JxsReason, once ended),
 * transport-namespace (string, the one in use), setup round trips "round-trips" (guint: signalling
 * round trips until connected). Signals: "info" (JxsElement *payload) -> gboolean understood
 * (session-info; FALSE: unsupported-info is answered); "description-info" (JxsElement *description)
 * -> gboolean; "ended" (JxsReason *reason, GError *error (nullable)), once. */
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

/* Refuses an incoming session that is pending; ends any other. At once ENDED. */
JXS_AVAILABLE_IN_1_0
void jxs_session_terminate (JxsSession *self, JxsReason *reason);
/* session-info (XEP-0166 §6.8); payload NULL is a ping. Fails with JXS_ERROR_NOT_SUPPORTED when the
 * peer does not understand it. */
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
