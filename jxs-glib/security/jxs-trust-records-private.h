/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-database-private.h>
#include <jxs-glib/security/jxs-trust-record-private.h>

G_BEGIN_DECLS

/* The rows of the database as a list of objects, in the order of their appearance. */
typedef struct _JxsTrustRecords JxsTrustRecords;

/* model (unowned): whose items these are */
JxsTrustRecords *jxs_trust_records_new (GListModel *model);
void jxs_trust_records_free (JxsTrustRecords *self);
guint jxs_trust_records_get_n (JxsTrustRecords *self);
/* (transfer full) (nullable) */
JxsTrustRecord *jxs_trust_records_get (JxsTrustRecords *self, guint position);
/* (transfer none) (nullable) */
JxsTrustRecord *
jxs_trust_records_find (JxsTrustRecords *self, const char *jid, const char *fingerprint);
gboolean jxs_trust_records_has_peer (JxsTrustRecords *self, const char *jid);
/* (element-type JxsTrustChange); the model and the objects notify. */
void jxs_trust_records_apply (JxsTrustRecords *self, GPtrArray *changes);

G_END_DECLS
