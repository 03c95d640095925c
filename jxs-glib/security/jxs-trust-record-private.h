/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-record.h>
#include <jxs-glib/security/jxs-trust-row-private.h>

G_BEGIN_DECLS

/* NULL for a row whose address is none. (transfer full) (nullable) */
JxsTrustRecord *jxs_trust_record_new (JxsTrustRow *row);
/* (transfer none) */
JxsTrustRow *jxs_trust_record_get_row (JxsTrustRecord *self);
/* The same key, known better: notifies of what changed. */
void jxs_trust_record_set_row (JxsTrustRecord *self, JxsTrustRow *row);

G_END_DECLS
