/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "account.h"
#include "talk.h"

#include <unistd.h>

#include <glib/gi18n.h>

typedef struct
{
  ToolQuestions *questions;
  ToolTalk *talk;   /* (owned) */
  gboolean is_done; /* we ended it */
  gboolean is_over; /* no more lines are sent */
} Chat;

static void line_cb (const char *line, gsize length, gpointer user_data);

static void
sent_cb (ToolTalk *talk, gpointer user_data)
{
  Chat *chat = user_data;

  if (!chat->is_over)
    tool_questions_want_line (chat->questions, line_cb, chat);
}

static void
line_cb (const char *line, gsize length, gpointer user_data)
{
  Chat *chat = user_data;

  if (line != NULL)
    {
      tool_talk_send (chat->talk, line, length, sent_cb, chat);
      return;
    }
  chat->is_done = TRUE;
  tool_talk_close (chat->talk);
}

static int
get_status (const Chat *chat, ToolAccount *account)
{
  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    return TOOL_INTERRUPTED;
  if (tool_contact_has_told (tool_talk_get_stream (chat->talk)))
    return TOOL_SECURITY;
  if (tool_talk_get_error (chat->talk) != NULL)
    return tool_account_fail (account,
                              _ ("The chat broke off"),
                              jxs_connection_get_peer_jid (tool_talk_get_connection (chat->talk)),
                              tool_talk_get_error (chat->talk));
  if (account->is_lost)
    return tool_account_fail_lost (account);
  if (!chat->is_done)
    g_printerr (_ ("%s ended the chat\n"), tool_talk_get_name (chat->talk));
  return tool_talk_is_complete (chat->talk) ? TOOL_OK : TOOL_FAILED;
}

static int
chat_on (ToolAccount *account, JxsXmlStream *stream)
{
  Chat chat = { .questions = account->questions };
  int status;

  chat.talk = tool_talk_new (account->endpoint, stream, NULL, NULL);
  tool_account_print_connection (account, tool_talk_get_connection (chat.talk));
  if (tool_is_terminal (STDIN_FILENO))
    g_printerr ("%s\n", _ ("Each line you type is sent; Ctrl-D ends the chat."));
  tool_questions_want_line (chat.questions, line_cb, &chat);
  while (!tool_talk_is_over (chat.talk) && !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  chat.is_over = TRUE;
  tool_questions_want_line (chat.questions, NULL, NULL);

  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    tool_talk_close (chat.talk);
  tool_wait_for_end (tool_talk_get_connection (chat.talk));
  status = get_status (&chat, account);
  tool_talk_free (chat.talk);
  return status;
}

static int
chat_with (ToolAccount *account, JxsJid *peer)
{
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_printerr (_ ("Calling %s\n"), jxs_jid_to_string (peer));
  jxs_endpoint_open_stream_async (account->endpoint,
                                  peer,
                                  G_PRIORITY_DEFAULT,
                                  tool_get_cancellable (),
                                  tool_result_cb,
                                  &result);
  stream = jxs_endpoint_open_stream_finish (account->endpoint, tool_wait (&result), &error);
  if (stream == NULL)
    {
      g_autofree char *what = g_strdup_printf (_ ("Cannot chat with %s"), jxs_jid_to_string (peer));

      return tool_account_fail (account, what, peer, error);
    }
  return chat_on (account, stream);
}

int
tool_chat (int argc, char **argv)
{
  return tool_account_call (
      argc,
      argv,
      _ ("Opens an encrypted stream to JID, which must be running “jxs listen” or another program "
         "for XML streams (XEP-0247). Lines of standard input are sent as messages; theirs are "
         "printed. The end of input (Ctrl-D) ends the chat in order. A JID without resource means "
         "“jxs listen” there."),
      NULL,
      chat_with);
}
