/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/jingle/jxs-security-private.h>
#include <jxs-glib/jingle/jxs-session.h>
#include <jxs-glib/jingle/jxs-transport-private.h>

G_BEGIN_DECLS

/* All sessions on one router, keyed by (peer full JID, sid); the application registry; the caps;
 * the tie-breaks. Signal: "incoming" (JxsSession *session): PENDING, description of a registered
 * namespace, transport and security acceptable; emitted after the session-initiate was
 * acknowledged. Nobody answers: it stays pending until its deadline.
 *
 * When both sides ask for the same at once (XEP-0166 §7.2.16) one session survives. If it is the
 * peer's, ours fails with JXS_ERROR_CONFLICT, its reason (alternative-session) names the other one,
 * and that one is emitted as any incoming one: the application goes on there if it accepts it.
 *
 * Of several contents in an offer the first one that can be served is taken. Others of the same
 * name are alternatives to it and fall with the session-accept; contents of other names are removed
 * with content-remove right before it. */
/* Events for the time line go to the trace of the router, layer "jingle", all with sid and peer:
 * "state" (state, initiator, reason), "action-sent" and "action-received" (action, contents,
 * transport, reason), "transport-connecting", "transport-connected", "transport-failed",
 * "securing", "secured", "security-failed" (transport, duration-us or -1 at the beginning, error)
 * and "connected" (transport, round-trips). */
#define JXS_TYPE_SESSION_MANAGER (jxs_session_manager_get_type ())
G_DECLARE_FINAL_TYPE (JxsSessionManager, jxs_session_manager, JXS, SESSION_MANAGER, GObject)

/* Incoming ones beyond these are answered with resource-constraint: peers cannot fill memory. A
 * peer is a bare address, since it may have any number of resources. */
#define JXS_SESSION_MAX_PER_PEER 16
#define JXS_SESSION_MAX_TOTAL 4096

/* Milliseconds from the session-accept to a secured stream over whichever transport; people who
 * decide about a key do not count. */
#define JXS_SESSION_CONNECT_TIMEOUT 30000

JxsSessionManager *jxs_session_manager_new (JxsRouter *router);
void jxs_session_manager_add_application (JxsSessionManager *self, const char *namespace_uri);
void jxs_session_manager_remove_application (JxsSessionManager *self, const char *namespace_uri);
/* The structs are copied, their pointers must stay valid. */
void jxs_session_manager_add_transport (JxsSessionManager *self,
                                        const JxsTransportFactory *factory);
/* Of sessions that begin later. */
void jxs_session_manager_clear_transports (JxsSessionManager *self);
void jxs_session_manager_set_connect_timeout (JxsSessionManager *self, guint timeout_ms);
void jxs_session_manager_set_security (JxsSessionManager *self, const JxsSecurityFactory *factory);
/* FALSE: unknown entity, answered as if there were no Jingle (XEP-0166 §6.3.2). */
void jxs_session_manager_set_filter (JxsSessionManager *self,
                                     gboolean (*func) (JxsSessionManager *self,
                                                       JxsJid *from,
                                                       gpointer user_data),
                                     gpointer user_data);
/* New sessions from `from` are answered with redirect to uri ("xmpp:..."), NULL for none. */
void jxs_session_manager_set_redirect (JxsSessionManager *self, const char *uri);
void jxs_session_manager_set_caps (JxsSessionManager *self, guint per_peer, guint total);
/* Also serve peers of the older Jingle namespaces, in theirs; default FALSE. */
void jxs_session_manager_set_legacy (JxsSessionManager *self, gboolean legacy);
/* (transfer full): state NEW. description is our offer. secure FALSE: no <security/> is offered. */
JxsSession *jxs_session_manager_create (JxsSessionManager *self,
                                        JxsJid *peer,
                                        JxsElement *description,
                                        gboolean secure);
guint jxs_session_manager_get_n_sessions (JxsSessionManager *self);
/* (transfer full) (element-type JxsSession) */
GPtrArray *jxs_session_manager_list_sessions (JxsSessionManager *self);

/* Before a session of ours is connected: what the peer supports (as jxs_disco_query_finish()
 * tells), so that no transport is proposed in vain. */
void jxs_session_set_peer_features (JxsSession *self, GHashTable *features);

/* ---- what the layers above do with a session ---- */

/* Ours, NEW: sends session-initiate, waits for the peer's user, connects the transport and secures
 * it; falls back to the next transport. Theirs, PENDING: sends session-accept (description: our
 * answer) and the same. Result: the stream, ready for application bytes. On failure the session is
 * ended with the reason that fits. timeout_ms: limit for the peer's session-accept
 * (initiator), 0 for none. */
void jxs_session_connect_async (JxsSession *self,
                                JxsElement *answer,
                                guint timeout_ms,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GIOStream *jxs_session_connect_finish (JxsSession *self, GAsyncResult *result, GError **error);
/* (nullable) (transfer none): the negotiated security, for its facts. */
JxsSecurity *jxs_session_get_security (JxsSession *self);
JxsTransport *jxs_session_get_transport (JxsSession *self);
/* Orderly end: transport close, then session-terminate with reason (default success). */
void jxs_session_close_async (JxsSession *self,
                              JxsReason *reason,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean jxs_session_close_finish (JxsSession *self, GAsyncResult *result, GError **error);
/* Delivered data must not be lost: the layer above holds the end of a session back until it has
 * read what arrived. */

G_END_DECLS
