/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "talk.h"

G_BEGIN_DECLS

/* Standard input, shared by the questions to the person at the terminal and whoever takes the other
 * lines. Questions are asked one after another, and nothing waits for them but who asked. */
typedef struct _ToolQuestions ToolQuestions;

#define TOOL_QUESTIONS_MAX 16 /* that wait; stops strangers from filling the screen */

/* answer: a line; NULL when input ended. */
typedef void (*ToolAnswerFunc) (const char *answer, gpointer user_data);

ToolQuestions *tool_questions_new (void);
/* Whether there is a terminal to ask, and input has not ended. */
gboolean tool_questions_can_ask (ToolQuestions *self);
/* FALSE: nobody can be asked, or too much waits already; func is not called. user_data names the
 * question. */
gboolean
tool_questions_ask (ToolQuestions *self, const char *text, ToolAnswerFunc func, gpointer user_data);
/* It is answered in another way; message (nullable) tells if it was on the screen. */
void tool_questions_withdraw (ToolQuestions *self, gpointer user_data, const char *message);
/* Shows the present question again, as something else took its line. */
void tool_questions_repeat (ToolQuestions *self);
/* From now on one line that answers no question goes there, NULL at the end of input. */
void tool_questions_want_line (ToolQuestions *self, ToolLinesFunc func, gpointer user_data);
/* Questions that wait get no answer any more. */
void tool_questions_free (ToolQuestions *self);

/* Whether an answer is “yes”. */
gboolean tool_is_yes (const char *answer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ToolQuestions, tool_questions_free)

G_END_DECLS
