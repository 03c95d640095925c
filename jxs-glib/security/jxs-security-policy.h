/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-trust-level.h>
#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

/**
 * JxsSecurityMethods:
 * @JXS_SECURITY_METHODS_NONE: no encryption
 * @JXS_SECURITY_METHODS_X509: TLS 1.3 under the whole session, with a certificate on both sides
 * @JXS_SECURITY_METHODS_SRP: TLS 1.2 under the whole session, with a password that both sides know
 *   and that cannot be guessed from what is heard (RFC 5054)
 * @JXS_SECURITY_METHODS_STARTTLS: TLS 1.3 begun inside an XML stream, with a certificate on both
 *   sides, where the peer knows nothing better (XEP-0246); never for pipes
 * @JXS_SECURITY_METHODS_ALL: each of them
 *
 * Ways to encrypt from end to end.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_SECURITY_METHODS_NONE = 0,
  JXS_SECURITY_METHODS_X509 = 1 << 0,
  JXS_SECURITY_METHODS_SRP = 1 << 1,
  JXS_SECURITY_METHODS_STARTTLS = 1 << 2,
  JXS_SECURITY_METHODS_ALL =
      JXS_SECURITY_METHODS_X509 | JXS_SECURITY_METHODS_SRP | JXS_SECURITY_METHODS_STARTTLS,
} JxsSecurityMethods;

#define JXS_TYPE_SECURITY_METHODS (jxs_security_methods_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_security_methods_get_type (void);

#define JXS_TYPE_SECURITY_POLICY (jxs_security_policy_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsSecurityPolicy, jxs_security_policy, JXS, SECURITY_POLICY, GObject)

JXS_AVAILABLE_IN_1_0
JxsSecurityPolicy *jxs_security_policy_new (void);
JXS_AVAILABLE_IN_1_0
gboolean jxs_security_policy_get_require_encryption (JxsSecurityPolicy *self);
JXS_AVAILABLE_IN_1_0
void jxs_security_policy_set_require_encryption (JxsSecurityPolicy *self,
                                                 gboolean require_encryption);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_security_policy_get_minimum_trust_opening (JxsSecurityPolicy *self);
JXS_AVAILABLE_IN_1_0
void jxs_security_policy_set_minimum_trust_opening (JxsSecurityPolicy *self, JxsTrustLevel level);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_security_policy_get_minimum_trust_accepting (JxsSecurityPolicy *self);
JXS_AVAILABLE_IN_1_0
void jxs_security_policy_set_minimum_trust_accepting (JxsSecurityPolicy *self, JxsTrustLevel level);
JXS_AVAILABLE_IN_1_0
JxsSecurityMethods jxs_security_policy_get_methods (JxsSecurityPolicy *self);
JXS_AVAILABLE_IN_1_0
void jxs_security_policy_set_methods (JxsSecurityPolicy *self, JxsSecurityMethods methods);
JXS_AVAILABLE_IN_1_0
GTlsDatabase *jxs_security_policy_get_authorities (JxsSecurityPolicy *self);
JXS_AVAILABLE_IN_1_0
void jxs_security_policy_set_authorities (JxsSecurityPolicy *self, GTlsDatabase *authorities);

G_END_DECLS
