/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool.h"

G_BEGIN_DECLS

/* Prints what two channels in this process say to each other, as it arrives. */
typedef struct _ToolTimeline ToolTimeline;

/* Before anything else listens to the channels. */
ToolTimeline *tool_timeline_new (JxsChannel *first, JxsChannel *second);
void tool_timeline_start (ToolTimeline *self);
void tool_timeline_stop (ToolTimeline *self);
/* Something happened on one side. */
void tool_timeline_note (ToolTimeline *self, JxsChannel *where, const char *what, const char *more);
double tool_timeline_get_elapsed_ms (ToolTimeline *self);
void tool_timeline_free (ToolTimeline *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTimeline, tool_timeline_free)

G_END_DECLS
