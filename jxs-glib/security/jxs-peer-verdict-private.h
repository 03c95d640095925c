/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>

G_BEGIN_DECLS

/* What is decided about a peer by its certificate, the same for every way of encryption. */

/* Inside the handshake: the certificate must match every fingerprint announced in this session,
 * else JXS_ERROR_SECURITY. A fingerprint sent through servers proves nothing by itself, but one
 * that does not match proves that somebody interfered. certificate: (nullable) */
gboolean jxs_peer_verdict_check_announced (GTlsCertificate *certificate,
                                           const JxsXtls *announced,
                                           GError **error);

/* Inside the handshake: whoever sends back to us what we say has our certificate, and we hold the
 * key. Only devices of one account may share one. JXS_ERROR_SECURITY. local: (nullable) */
gboolean jxs_peer_verdict_check_not_ours (GTlsCertificate *certificate,
                                          JxsIdentity *identity,
                                          JxsJid *local,
                                          JxsJid *peer,
                                          GError **error);

/* After the handshake, by which the peer has shown that it holds the key: what the certificate says
 * (RFC 6120 §13.7), whether one of authorities (nullable: none counts) certified the address, what
 * trust makes of that, and whether it reaches minimum. A person may be asked: no time limit may
 * run. The caller keeps the arguments. JXS_ERROR_SECURITY for a certificate that is not in order,
 * JXS_ERROR_UNTRUSTED. */
void jxs_peer_verdict_async (JxsJid *peer,
                             GTlsCertificate *certificate,
                             JxsTrust *trust,
                             GTlsDatabase *authorities,
                             JxsTrustLevel minimum,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/* The level, at least minimum; JXS_TRUST_LEVEL_DISTRUSTED with error. origin (out) (optional):
 * AUTHORITY where that is why the level was reached, else NONE. */
JxsTrustLevel
jxs_peer_verdict_finish (GAsyncResult *result, JxsTrustOrigin *origin, GError **error);

G_END_DECLS
