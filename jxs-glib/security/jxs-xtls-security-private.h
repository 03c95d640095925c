/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-security-private.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-password-private.h>
#include <jxs-glib/security/jxs-security-policy-private.h>
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
  JxsSecurityPolicy *policy; /* looked at when a session begins */
  JxsPasswords *passwords;
  gboolean (*supports_srp) (void); /* jxs_tls_supports_srp() where it is no test */
} JxsXtlsConfig;

/* namespace urn:xmpp:jingle:security:xtls:0; pass &config as user_data */
JxsSecurity *jxs_xtls_security_create (
    JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer config);

/* After secure_async completed. */
JxsTrustLevel jxs_xtls_security_get_trust_level (JxsXtlsSecurity *self);
JxsTrustOrigin jxs_xtls_security_get_trust_origin (JxsXtlsSecurity *self);
/* One of them; NONE: the session goes on without XTLS */
JxsSecurityMethods jxs_xtls_security_get_method (JxsXtlsSecurity *self);
/* A strong password is still to be proved inside the stream, bound to this TLS session, with
 * jxs_passwords_take(). Until then nobody was asked about the key of the peer: it counts for
 * nothing, and is not remembered. Once it is proved: jxs_trust_learn (VERIFIED, PASSWORD), then
 * jxs_trust_decide_async(), which may still refuse a distrusted key. */
gboolean jxs_xtls_security_is_password_pending (JxsXtlsSecurity *self);

/* Before our offer: the content is an XML stream, so that it may go on without <security/> where
 * the policy allows STARTTLS; it must then not be used before that has come. A responder always
 * goes on then: its owner looks at is_plain() and at what the content is. */
void jxs_xtls_security_allow_starttls (JxsXtlsSecurity *self);
/* The peer's offer, or its answer, was without <security/>. */
gboolean jxs_xtls_security_is_plain (JxsXtlsSecurity *self);
/* The password was tried in TLS, whatever came of it. */
gboolean jxs_xtls_security_tried_password (JxsXtlsSecurity *self);
/* As the responder: the peer entered a password. */
gboolean jxs_xtls_security_offers_password (JxsXtlsSecurity *self);
/* As the responder, before the answer is built: whether there is one. FALSE: JXS_ERROR_SECURITY */
gboolean jxs_xtls_security_check_answer (JxsXtlsSecurity *self, GError **error);
/* The policy of when the session began. */
JxsSecurityPolicy *jxs_xtls_security_get_policy (JxsXtlsSecurity *self);
/* SHA-256 of the peer's certificate (nullable before) */
const char *jxs_xtls_security_get_peer_fingerprint (JxsXtlsSecurity *self);

G_END_DECLS
