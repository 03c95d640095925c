/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Shares out what there is only so much of, so that no peer gets all of it. A peer is a string, and
 * should be a bare address: it may have any number of resources. */
typedef struct _JxsQuota JxsQuota;

JxsQuota *jxs_quota_new (guint per_peer, guint total);
void jxs_quota_free (JxsQuota *self);
gboolean jxs_quota_has (JxsQuota *self, const char *peer);
/* FALSE: nothing is left, or nothing for this peer. */
gboolean jxs_quota_take (JxsQuota *self, const char *peer);
/* What was taken before. */
void jxs_quota_give_back (JxsQuota *self, const char *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsQuota, jxs_quota_free)

G_END_DECLS
