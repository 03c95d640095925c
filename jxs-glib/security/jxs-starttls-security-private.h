/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-trace-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>
#include <jxs-glib/stream/jxs-stream-security-private.h>

G_BEGIN_DECLS

/* TLS and SASL inside an XML stream (XEP-0246 §3, XEP-0250), for peers that do not speak XTLS:
 * certificates on both sides, judged as with XTLS, then EXTERNAL; or SRP, with a password, where
 * both offer it. A strong password is proved over certificates with SCRAM-SHA-256-PLUS, bound to
 * the TLS session (RFC 9266); that is done over XTLS as well.
 *
 * Offers travel in the clear: they prove nothing, but a certificate that was not offered, or a
 * method, shows that somebody interfered. */
#define JXS_TYPE_STARTTLS_SECURITY (jxs_starttls_security_get_type ())
G_DECLARE_FINAL_TYPE (
    JxsStarttlsSecurity, jxs_starttls_security, JXS, STARTTLS_SECURITY, JxsStreamSecurity)

typedef struct
{
  const JxsXtlsConfig *config;
  JxsSecurityPolicy *policy; /* of the session */
  JxsJid *local;
  JxsJid *peer;
  gboolean initiator;
  gboolean had_password; /* there was one when the session began: it is demanded, used up or not */
  JxsPasswordKind password_kind; /* of that */
  JxsTrace *trace;               /* (nullable) */
  GTlsConnection *tls; /* (nullable): already there, by XTLS, and with it a strong password that is
                        * pending: nobody was asked about the key */
} JxsStarttlsParams;

JxsStreamSecurity *jxs_starttls_security_new (const JxsStarttlsParams *params);

G_END_DECLS
