/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool.h"

G_BEGIN_DECLS

/* A chat over an XML stream: their messages are printed, our lines are sent. */
typedef struct _ToolTalk ToolTalk;
typedef void (*ToolTalkFunc) (ToolTalk *talk, gpointer user_data);

/* spoke (nullable) is called after a message of theirs. */
ToolTalk *
tool_talk_new (JxsEndpoint *endpoint, JxsXmlStream *stream, ToolTalkFunc spoke, gpointer user_data);
/* Says on standard error why a line cannot be sent. sent (nullable) is called once it is gone, or
 * at once when it never will. */
void tool_talk_send (
    ToolTalk *self, const char *line, gsize length, ToolTalkFunc sent, gpointer user_data);
/* Whether each line was sent. */
gboolean tool_talk_is_complete (ToolTalk *self);
/* Ends in order; is_over tells when. */
void tool_talk_close (ToolTalk *self);
gboolean tool_talk_is_over (ToolTalk *self);
/* NULL when it ended in order */
const GError *tool_talk_get_error (ToolTalk *self);
JxsXmlStream *tool_talk_get_stream (ToolTalk *self);
JxsConnection *tool_talk_get_connection (ToolTalk *self);
const char *tool_talk_get_name (ToolTalk *self);
/* Waits until each line is sent or never will be. */
void tool_talk_free (ToolTalk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolTalk, tool_talk_free)

/* Lines of standard input. */
typedef struct _ToolLines ToolLines;
/* line is NULL at the end. The next one is read when tool_lines_next() is called. */
typedef void (*ToolLinesFunc) (const char *line, gsize length, gpointer user_data);

ToolLines *tool_lines_new (ToolLinesFunc func, gpointer user_data);
void tool_lines_next (ToolLines *self);
void tool_lines_free (ToolLines *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolLines, tool_lines_free)

G_END_DECLS
