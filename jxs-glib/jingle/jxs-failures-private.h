/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Why several attempts at one thing failed, of which a person is told the most telling: something
 * specific rather than that an offer was refused, and that rather than that time passed. Equally
 * telling ones are told together. */

#define JXS_FAILURES_MAX 3 /* told together */

typedef struct
{
  GPtrArray *messages; /* (owned) (nullable) (element-type utf8): all equally telling */
  guint rank;
} JxsFailures;

void jxs_failures_add (JxsFailures *self, const GError *error);
/* (transfer full) (nullable): NULL: nothing failed */
char *jxs_failures_describe (const JxsFailures *self);
/* Time passed, and nothing more telling happened. */
gboolean jxs_failures_are_timeouts (const JxsFailures *self);
void jxs_failures_clear (JxsFailures *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsFailures, jxs_failures_clear)

G_END_DECLS
