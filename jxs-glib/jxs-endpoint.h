/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/jingle/jxs-session.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

/* The front door. Signals:
 *  "incoming" (JxsSession *session): answer with one of the accept functions or
 * jxs_session_terminate(), now or later; "trace" (gint64 time_us, const char *layer, const char
 * *what, const char *detail). Properties: channel, identity, trust, require-security (default
 * TRUE). */
#define JXS_TYPE_ENDPOINT (jxs_endpoint_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsEndpoint, jxs_endpoint, JXS, ENDPOINT, GObject)

JXS_AVAILABLE_IN_1_0
JxsEndpoint *jxs_endpoint_new (JxsChannel *channel, JxsIdentity *identity, JxsTrust *trust);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_open_stream_async (JxsEndpoint *self,
                                     JxsJid *peer,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsXmlStream *
jxs_endpoint_open_stream_finish (JxsEndpoint *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_open_pipe_async (JxsEndpoint *self,
                                   JxsJid *peer,
                                   const char *service,
                                   int io_priority,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsConnection *
jxs_endpoint_open_pipe_finish (JxsEndpoint *self, GAsyncResult *result, GError **error);
/* An application's own description (its namespace must be registered for incoming sessions). */
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_register (JxsEndpoint *self, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_unregister (JxsEndpoint *self, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
JxsSession *jxs_endpoint_create_session (JxsEndpoint *self, JxsJid *peer, JxsElement *description);
/* Ours: offers it; theirs: accepts it with the answer description (nullable: mirrored). */
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_connect_session_async (JxsEndpoint *self,
                                         JxsSession *session,
                                         JxsElement *answer,
                                         int io_priority,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsConnection *
jxs_endpoint_connect_session_finish (JxsEndpoint *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_accept_stream_async (JxsEndpoint *self,
                                       JxsSession *session,
                                       int io_priority,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsXmlStream *
jxs_endpoint_accept_stream_finish (JxsEndpoint *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_accept_pipe_async (JxsEndpoint *self,
                                     JxsSession *session,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsConnection *
jxs_endpoint_accept_pipe_finish (JxsEndpoint *self, GAsyncResult *result, GError **error);

G_END_DECLS
