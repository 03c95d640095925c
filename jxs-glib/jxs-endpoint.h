/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <jxs-glib/channel/jxs-channel.h>
#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/jingle/jxs-session.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-password.h>
#include <jxs-glib/security/jxs-security-policy.h>
#include <jxs-glib/security/jxs-trust.h>
#include <jxs-glib/security/jxs-verification.h>
#include <jxs-glib/stream/jxs-xml-stream.h>

G_BEGIN_DECLS

#define JXS_TYPE_ENDPOINT (jxs_endpoint_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsEndpoint, jxs_endpoint, JXS, ENDPOINT, GObject)

JXS_AVAILABLE_IN_1_0
JxsEndpoint *jxs_endpoint_new (JxsChannel *channel, JxsIdentity *identity, JxsTrust *trust);
JXS_AVAILABLE_IN_1_0
JxsChannel *jxs_endpoint_get_channel (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
JxsIdentity *jxs_endpoint_get_identity (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
JxsTrust *jxs_endpoint_get_trust (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
JxsSecurityPolicy *jxs_endpoint_get_security_policy (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_set_peer_password (
    JxsEndpoint *self, JxsJid *peer, const char *password, JxsPasswordKind kind, GError **error);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_session_wants_password (JxsEndpoint *self, JxsSession *session);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_limits (JxsEndpoint *self, guint sessions_per_peer, guint sessions);
JXS_AVAILABLE_IN_1_0
JxsAddressPolicy jxs_endpoint_get_address_policy (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_address_policy (JxsEndpoint *self, JxsAddressPolicy policy);
JXS_AVAILABLE_IN_1_0
JxsAddressPolicy jxs_endpoint_get_peer_address_policy (JxsEndpoint *self, JxsJid *peer);
JXS_AVAILABLE_IN_1_0
void
jxs_endpoint_set_peer_address_policy (JxsEndpoint *self, JxsJid *peer, JxsAddressPolicy policy);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_unset_peer_address_policy (JxsEndpoint *self, JxsJid *peer);
JXS_AVAILABLE_IN_1_0
const char *const *jxs_endpoint_get_transports (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_transports (JxsEndpoint *self, const char *const *transports);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_get_allow_loopback (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_allow_loopback (JxsEndpoint *self, gboolean allow_loopback);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_get_port_mapping (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_port_mapping (JxsEndpoint *self, gboolean port_mapping);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_get_enable_proxy (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_enable_proxy (JxsEndpoint *self, gboolean enable_proxy);
JXS_AVAILABLE_IN_1_0
gboolean jxs_endpoint_get_discover_proxies (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_discover_proxies (JxsEndpoint *self, gboolean discover_proxies);
JXS_AVAILABLE_IN_1_0
guint jxs_endpoint_get_connect_timeout (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_connect_timeout (JxsEndpoint *self, guint connect_timeout);
JXS_AVAILABLE_IN_1_0
guint jxs_endpoint_get_listen_port (JxsEndpoint *self);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_set_listen_port (JxsEndpoint *self, guint listen_port);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_add_proxy (JxsEndpoint *self, JxsJid *jid, const char *host, guint port);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_add_external_address (JxsEndpoint *self, const char *host, guint port);
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
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_query_security_async (JxsEndpoint *self,
                                        JxsJid *peer,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsSecurityMethods jxs_endpoint_query_security_finish (JxsEndpoint *self,
                                                       GAsyncResult *result,
                                                       char **fingerprint,
                                                       GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_register (JxsEndpoint *self, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
void jxs_endpoint_unregister (JxsEndpoint *self, const char *namespace_uri);
JXS_AVAILABLE_IN_1_0
JxsSession *jxs_endpoint_create_session (JxsEndpoint *self, JxsJid *peer, JxsElement *description);
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
gboolean jxs_endpoint_is_stream_session (JxsEndpoint *self, JxsSession *session);
JXS_AVAILABLE_IN_1_0
const char *jxs_endpoint_get_session_service (JxsEndpoint *self, JxsSession *session);
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
JXS_AVAILABLE_IN_1_0
JxsConnection *jxs_endpoint_get_stream_connection (JxsEndpoint *self, JxsXmlStream *stream);
JXS_AVAILABLE_IN_1_0
JxsVerification *
jxs_endpoint_verify_stream (JxsEndpoint *self, JxsXmlStream *stream, GError **error);

G_END_DECLS
