/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trust-level.h>

G_BEGIN_DECLS

#define JXS_TYPE_TRUST_RECORD (jxs_trust_record_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsTrustRecord, jxs_trust_record, JXS, TRUST_RECORD, GObject)

JXS_AVAILABLE_IN_1_0
JxsJid *jxs_trust_record_get_jid (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_trust_record_get_device (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_trust_record_get_fingerprint (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
GTlsCertificate *jxs_trust_record_get_certificate (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_trust_record_get_level (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
JxsTrustOrigin jxs_trust_record_get_origin (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_trust_record_get_voucher (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
gint64 jxs_trust_record_get_first_seen (JxsTrustRecord *self);
JXS_AVAILABLE_IN_1_0
gint64 jxs_trust_record_get_last_seen (JxsTrustRecord *self);

G_END_DECLS
