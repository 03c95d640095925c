/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-security-policy.h>

G_BEGIN_DECLS

/* What a session keeps from its beginning, so that later changes do not reach it. (transfer full)
 */
JxsSecurityPolicy *jxs_security_policy_copy (JxsSecurityPolicy *self);
/* The minimum for a side of a session. */
JxsTrustLevel jxs_security_policy_get_minimum_trust (JxsSecurityPolicy *self, gboolean opening);
/* Of one method: "x509"; it is shown to people. NULL for none or several. */
const char *jxs_security_method_get_name (JxsSecurityMethods method);

G_END_DECLS
