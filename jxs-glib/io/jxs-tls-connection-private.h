/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-tls-private.h"

G_BEGIN_DECLS

/* A GTlsConnection on GnuTLS, over any stream that can be polled both ways. The handshake needs no
 * thread; what is asynchronous happens in the caller's main context. One thread may read while
 * another one writes. Handlers of accept-certificate must not use the connection's streams.
 *
 * What is pinned is judged inside the handshake by accept-certificate alone, as nothing speaks for
 * it (G_TLS_CERTIFICATE_UNKNOWN_CA); no handler accepts it: refused. Otherwise the chain is
 * verified with the database right after the handshake, before a byte can be written; a thread does
 * that, unless the call is a synchronous one or reading or writing began the handshake. Dropping
 * the connection closes it without waiting. */
#define JXS_TYPE_TLS_CONNECTION (jxs_tls_connection_get_type ())
G_DECLARE_FINAL_TYPE (JxsTlsConnection, jxs_tls_connection, JXS, TLS_CONNECTION, GTlsConnection)

/* Of params what concerns the seam (timeout_ms, stranger, judge) is ignored. */
GTlsConnection *
jxs_tls_connection_new (GIOStream *base, const JxsTlsParams *params, GError **error);
JxsTlsRole jxs_tls_connection_get_role (JxsTlsConnection *self);
/* A fatal alert; nothing is written after it. */
void jxs_tls_connection_refuse (JxsTlsConnection *self);
GBytes *jxs_tls_connection_export (
    JxsTlsConnection *self, const char *label, GBytes *context, gsize length, GError **error);

G_END_DECLS
