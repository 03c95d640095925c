/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

/* Takes the answers given with jxs_trust_request_respond() instead of the request: what decides may
 * have to remember one before it counts. */
typedef void (*JxsTrustRequestFilter) (JxsTrustRequest *request,
                                       JxsTrustLevel level,
                                       const char *message);

void jxs_trust_request_set_filter (JxsTrustRequest *self, JxsTrustRequestFilter filter);
JxsTrustRequestFilter jxs_trust_request_get_filter (JxsTrustRequest *self);
/* Past the filter. Does nothing if the request is over. */
void jxs_trust_request_complete (JxsTrustRequest *self, JxsTrustLevel level, const char *message);
/* The origin as it was at first, whatever a handler made of it. */
JxsTrustOrigin jxs_trust_request_get_evidence (JxsTrustRequest *self);
/* Who was asked; NULL once the request is over. */
JxsTrust *jxs_trust_request_get_trust (JxsTrustRequest *self);

G_END_DECLS
