/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-security-private.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

/* XTLS (jingle-xtls 0.0.4), method x509: both sides announce the fingerprints of their certificates
 * in the session negotiation, then do a TLS 1.3 handshake in which each shows its certificate; the
 * initiator of the session is the TLS client. Three things must hold before the connection is
 * handed out:
 *  1. the peer holds the key of the certificate it showed (TLS);
 *  2. that certificate matches every fingerprint announced in this session, else
 *     JXS_ERROR_SECURITY: a fingerprint sent through servers proves nothing by itself, but one that
 *     does not match proves that somebody interfered;
 *  3. the trust object accepts it, else JXS_ERROR_UNTRUSTED. It is asked after the handshake, so
 *     that no limit of the handshake hurries a person.
 * A peer that announces no fingerprint cannot do x509 and is refused.
 *
 * The responder knows that its peer is authenticated when secure_async completes. The initiator
 * knows who the responder is, but not yet whether the responder accepts it: TLS 1.3 lets the client
 * finish first, and the responder may still be asking somebody. It learns of a refusal at its first
 * read, as an error and never as an orderly end: the base stream is closed without close_notify.
 * Only the first bytes read show that both sides agreed. */
#define JXS_TYPE_XTLS_SECURITY (jxs_xtls_security_get_type ())
G_DECLARE_FINAL_TYPE (JxsXtlsSecurity, jxs_xtls_security, JXS, XTLS_SECURITY, JxsSecurity)

/* user_data for the factory; kept by the owner of the session manager. */
typedef struct
{
  JxsIdentity *identity;
  JxsTrust *trust;
  gboolean required; /* a peer whose initiate or accept is without <security/> ends the session with
                        security-error; one whose key is known does so in any case */
} JxsXtlsConfig;

/* namespace urn:xmpp:jingle:security:xtls:0; pass &config as user_data */
JxsSecurity *jxs_xtls_security_create (
    JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer config);

/* After secure_async completed. */
JxsTrustLevel jxs_xtls_security_get_trust_level (JxsXtlsSecurity *self);
/* SHA-256 of the peer's certificate (nullable before) */
const char *jxs_xtls_security_get_peer_fingerprint (JxsXtlsSecurity *self);

G_END_DECLS
