/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

/* Whether jxs_channel_report_closed() was called. */
gboolean jxs_channel_is_closed (JxsChannel *self);

G_END_DECLS
