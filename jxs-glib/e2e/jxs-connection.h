/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trust-level.h>
#include <jxs-glib/jingle/jxs-session.h>

G_BEGIN_DECLS

#define JXS_TYPE_CONNECTION (jxs_connection_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsConnection, jxs_connection, JXS, CONNECTION, GIOStream)

JXS_AVAILABLE_IN_1_0
JxsSession *jxs_connection_get_session (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
JxsJid *jxs_connection_get_peer_jid (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
gboolean jxs_connection_get_can_half_close (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
GTlsConnection *jxs_connection_get_tls_connection (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_protocol_name (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_cipher_name (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_local_fingerprint (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_peer_fingerprint (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_connection_get_trust_level (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
JxsTrustOrigin jxs_connection_get_trust_origin (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_security_method (JxsConnection *self);

G_END_DECLS
