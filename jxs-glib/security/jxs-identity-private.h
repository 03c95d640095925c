/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-identity.h>

G_BEGIN_DECLS

/* Of certificates with their private keys. */
JxsIdentity *jxs_identity_new (GTlsCertificate *certificate, GTlsCertificate *successor);
/* jxs_identity_generate() at a moment of the calendar, in seconds. */
JxsIdentity *jxs_identity_generate_at (JxsJid *jid, JxsKeyType type, gint64 now, GError **error);
/* Does nothing if there is one already. */
void jxs_identity_set_successor (JxsIdentity *self, JxsIdentity *successor);

G_END_DECLS
