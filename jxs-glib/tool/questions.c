/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "questions.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

typedef struct
{
  char *text; /* (owned) */
  ToolAnswerFunc func;
  gpointer user_data;
} Question;

struct _ToolQuestions
{
  GQueue waiting;      /* (element-type Question): owned; the first is on the screen */
  ToolLines *lines;    /* (owned) */
  ToolLinesFunc taker; /* (nullable): of a line that answers nothing */
  gpointer taker_data;
  gboolean reading;
  gboolean ended;
};

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->text);
  g_free (question);
}

gboolean
tool_is_yes (const char *answer)
{
  if (answer == NULL)
    return FALSE;
  answer += strspn (answer, " ");
  /* Translators: the first letter of “yes”, as in “[y/N]”. */
  return g_ascii_tolower (*answer) == 'y' || g_str_has_prefix (answer, _ ("y"));
}

void
tool_questions_repeat (ToolQuestions *self)
{
  Question *question = g_queue_peek_head (&self->waiting);

  if (question != NULL)
    tool_prompt (question->text);
}

static void
read_on (ToolQuestions *self)
{
  if (self->reading || self->ended || (self->taker == NULL && g_queue_is_empty (&self->waiting)))
    return;
  self->reading = TRUE;
  tool_lines_next (self->lines);
}

static void
line_cb (const char *line, gsize length, gpointer user_data)
{
  ToolQuestions *self = user_data;
  Question *question = NULL;

  self->reading = FALSE;
  self->ended = line == NULL;
  do
    {
      question = g_queue_pop_head (&self->waiting);
      if (question != NULL)
        {
          question->func (line, question->user_data);
          question_free (question);
          if (!self->ended)
            tool_questions_repeat (self);
        }
      else if (self->taker != NULL)
        {
          ToolLinesFunc taker = self->taker;

          self->taker = NULL;
          taker (line, length, self->taker_data);
        }
    }
  while (self->ended && question != NULL);
  read_on (self);
}

ToolQuestions *
tool_questions_new (void)
{
  ToolQuestions *self = g_new0 (ToolQuestions, 1);

  self->lines = tool_lines_new (line_cb, self);
  return self;
}

gboolean
tool_questions_can_ask (ToolQuestions *self)
{
  return !self->ended && tool_is_terminal (STDIN_FILENO);
}

gboolean
tool_questions_ask (ToolQuestions *self, const char *text, ToolAnswerFunc func, gpointer user_data)
{
  Question *question;

  if (!tool_questions_can_ask (self) || g_queue_get_length (&self->waiting) >= TOOL_QUESTIONS_MAX)
    return FALSE;
  question = g_new0 (Question, 1);
  question->text = g_strdup (text);
  question->func = func;
  question->user_data = user_data;
  g_queue_push_tail (&self->waiting, question);
  if (g_queue_get_length (&self->waiting) == 1)
    tool_questions_repeat (self);
  read_on (self);
  return TRUE;
}

void
tool_questions_withdraw (ToolQuestions *self, gpointer user_data, const char *message)
{
  for (GList *l = self->waiting.head; l != NULL; l = l->next)
    {
      Question *question = l->data;
      gboolean was_shown = l == self->waiting.head;

      if (question->user_data != user_data)
        continue;
      g_queue_delete_link (&self->waiting, l);
      question_free (question);
      if (was_shown)
        g_printerr ("\n%s%s", message != NULL ? message : "", message != NULL ? "\n" : "");
      if (was_shown)
        tool_questions_repeat (self);
      return;
    }
}

void
tool_questions_want_line (ToolQuestions *self, ToolLinesFunc func, gpointer user_data)
{
  self->taker = func;
  self->taker_data = user_data;
  read_on (self);
}

void
tool_questions_free (ToolQuestions *self)
{
  g_clear_pointer (&self->lines, tool_lines_free);
  g_queue_clear_full (&self->waiting, question_free);
  g_free (self);
}
