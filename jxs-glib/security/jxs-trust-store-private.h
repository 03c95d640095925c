/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-store.h>
#include <jxs-glib/security/jxs-trust-worker-private.h>

G_BEGIN_DECLS

/* The job is done after all before it; job->done is called when what changed is visible. (transfer
 * full): job */
void jxs_trust_store_push (JxsTrustStore *self, JxsTrustJob *job);

G_END_DECLS
