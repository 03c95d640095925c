/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/* A byte stream to the peer: what a session delivers. Its streams are pollable and, under TLS,
 * those of the TLS connection itself. Closing the output stream ends our direction (half-close);
 * closing the whole ends the session in order. Properties: peer-jid, session-id, tls-connection,
 * protocol-name, cipher-name, local-fingerprint, peer-fingerprint, verified. */
#define JXS_TYPE_CONNECTION (jxs_connection_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsConnection, jxs_connection, JXS, CONNECTION, GIOStream)

JXS_AVAILABLE_IN_1_0
GTlsConnection *jxs_connection_get_tls_connection (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_protocol_name (JxsConnection *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_connection_get_cipher_name (JxsConnection *self);

G_END_DECLS
