/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-security-private.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

/* XTLS (jingle-xtls 0.0.4), method x509. */
#define JXS_TYPE_XTLS_SECURITY (jxs_xtls_security_get_type ())
G_DECLARE_FINAL_TYPE (JxsXtlsSecurity, jxs_xtls_security, JXS, XTLS_SECURITY, JxsSecurity)

/* user_data for the factory; kept by the owner of the session manager. */
typedef struct
{
  JxsIdentity *identity;
  JxsTrust *trust;
  gboolean
      required; /* a peer that answers without <security/> ends the session with security-error */
} JxsXtlsConfig;

/* namespace urn:xmpp:jingle:security:xtls:0; pass &config as user_data */
JxsSecurity *jxs_xtls_security_create (
    JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer config);

/* After secure_async completed. */
JxsTrustLevel jxs_xtls_security_get_trust_level (JxsXtlsSecurity *self);
/* SHA-256 of the peer's certificate (nullable before) */
const char *jxs_xtls_security_get_peer_fingerprint (JxsXtlsSecurity *self);

G_END_DECLS
