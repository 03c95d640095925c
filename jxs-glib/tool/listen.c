/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pipe.h"
#include "probe.h"
#include "talk.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#define MAX_PROBES 8     /* at a time; stops who has accounts without number from keeping us busy */
#define MAX_QUESTIONS 16 /* that wait for an answer; stops strangers from filling the screen */

typedef struct
{
  ToolAccount account;
  char **accepted; /* (owned) (nullable): addresses, or "all" */
  gboolean for_pipe;
  gboolean once;

  GQueue questions;    /* (element-type JxsSession): owned */
  GPtrArray *talks;    /* (owned) (element-type ToolTalk) */
  ToolTalk *speaker;   /* (nullable): who spoke last, in talks */
  ToolLines *lines;    /* (owned) (nullable) */
  JxsConnection *pipe; /* (owned) (nullable) */
  gboolean accepting;  /* a pipe */
  guint probes;        /* being accepted or answered */
  guint sending;
  guint n_ended;
  gboolean is_done; /* says the person at the terminal */
} Listen;

static gboolean
is_accepted (Listen *self, JxsJid *peer)
{
  for (gsize i = 0; self->accepted != NULL && self->accepted[i] != NULL; i++)
    {
      g_autoptr (JxsJid) jid = NULL;

      if (g_str_equal (self->accepted[i], "all"))
        return TRUE;
      jid = jxs_jid_new (self->accepted[i], NULL);
      if (jid != NULL &&
          (jxs_jid_is_full (jid) ? jxs_jid_equal (jid, peer) : jxs_jid_equal_bare (jid, peer)))
        return TRUE;
    }
  return FALSE;
}

static void
decline (JxsSession *session, JxsReasonCondition condition)
{
  g_autoptr (JxsReason) reason = jxs_reason_new (condition, NULL);

  jxs_session_terminate (session, reason);
}

static void
ask (Listen *self)
{
  JxsSession *session = g_queue_peek_head (&self->questions);

  if (session != NULL)
    g_printerr (jxs_endpoint_is_stream_session (self->account.endpoint, session)
                    ? _ ("%s wants to chat. Accept? [y/N] ")
                    : _ ("%s wants to probe the connection. Accept? [y/N] "),
                jxs_jid_to_string (jxs_session_get_peer_jid (session)));
}

static void
spoke_cb (ToolTalk *talk, gpointer user_data)
{
  Listen *self = user_data;

  self->speaker = talk;
  ask (self); /* again, as the message took its line */
}

static void
stream_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Listen *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream =
      jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &error);
  ToolTalk *talk;

  if (stream == NULL)
    {
      tool_fail (_ ("A chat did not come about"), error);
      self->n_ended++;
      return;
    }
  talk = tool_talk_new (self->account.endpoint, stream, spoke_cb, self);
  tool_print_connection (tool_talk_get_connection (talk));
  g_ptr_array_add (self->talks, talk);
}

static void
pipe_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Listen *self = user_data;
  g_autoptr (GError) error = NULL;

  self->accepting = FALSE;
  self->pipe = jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &error);
  if (self->pipe == NULL)
    tool_fail (_ ("A pipe did not come about"), error);
}

static void
probed_cb (gpointer user_data)
{
  Listen *self = user_data;

  self->probes--;
}

static void
probe_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Listen *self = user_data;
  g_autoptr (GError) error = NULL;
  JxsConnection *connection =
      jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &error);
  g_autofree char *path = NULL;

  if (connection == NULL)
    {
      tool_fail (_ ("A probe did not come about"), error);
      self->probes--;
      return;
    }
  path = tool_network_path (jxs_connection_get_session (connection));
  g_printerr (_ ("%s probes the connection: %s\n"),
              jxs_jid_to_string (jxs_connection_get_peer_jid (connection)),
              path);
  tool_probe_answer (connection, probed_cb, self);
}

static gboolean
is_for (Listen *self, JxsSession *session, const char *service)
{
  return g_strcmp0 (jxs_endpoint_get_session_service (self->account.endpoint, session), service) ==
         0;
}

static void
accept_session (Listen *self, JxsSession *session)
{
  JxsEndpoint *endpoint = self->account.endpoint;

  if (is_for (self, session, TOOL_PROBE_SERVICE))
    {
      if (self->probes >= MAX_PROBES)
        {
          decline (session, JXS_REASON_BUSY);
          return;
        }
      self->probes++;
      jxs_endpoint_accept_pipe_async (
          endpoint, session, G_PRIORITY_DEFAULT, tool_get_cancellable (), probe_accepted_cb, self);
    }
  else if (self->for_pipe)
    {
      self->accepting = TRUE;
      jxs_endpoint_accept_pipe_async (
          endpoint, session, G_PRIORITY_DEFAULT, tool_get_cancellable (), pipe_accepted_cb, self);
    }
  else
    jxs_endpoint_accept_stream_async (
        endpoint, session, G_PRIORITY_DEFAULT, tool_get_cancellable (), stream_accepted_cb, self);
}

static void
withdrawn_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  Listen *self = user_data;
  gboolean was_asked = g_queue_peek_head (&self->questions) == session;

  if (!g_queue_remove (&self->questions, session))
    return;
  g_signal_handlers_disconnect_by_data (session, self);
  if (was_asked)
    {
      g_printerr ("\n%s\n", _ ("They gave up."));
      ask (self);
    }
  g_object_unref (session);
}

static void
answer (Listen *self, const char *line)
{
  g_autoptr (JxsSession) session = g_queue_pop_head (&self->questions);

  g_signal_handlers_disconnect_by_data (session, self);
  line += strspn (line, " ");
  /* Translators: the first letter of “yes”, as in “[y/N]”. */
  if (g_ascii_tolower (*line) == 'y' || g_str_has_prefix (line, _ ("y")))
    accept_session (self, session);
  else
    decline (session, JXS_REASON_DECLINE);
  ask (self);
}

static void
incoming_cb (JxsEndpoint *endpoint, JxsSession *session, gpointer user_data)
{
  Listen *self = user_data;
  JxsJid *peer = jxs_session_get_peer_jid (session);
  gboolean is_probe = is_for (self, session, TOOL_PROBE_SERVICE);
  gboolean fits = is_probe || (self->for_pipe ? is_for (self, session, TOOL_PIPE_SERVICE)
                                              : jxs_endpoint_is_stream_session (endpoint, session));

  if (!fits)
    {
      g_printerr (self->for_pipe
                      ? _ ("%s wants something else than a pipe: declined\n")
                      : _ ("%s wants something else than a chat (a pipe needs “jxs listen "
                           "--pipe”): declined\n"),
                  jxs_jid_to_string (peer));
      decline (session, JXS_REASON_DECLINE);
    }
  else if (self->for_pipe && !is_probe && (self->pipe != NULL || self->accepting))
    decline (session, JXS_REASON_BUSY);
  else if (is_accepted (self, peer))
    accept_session (self, session);
  else if (self->for_pipe || self->accepted != NULL || !tool_is_terminal (STDIN_FILENO))
    {
      g_printerr (_ ("%s called: declined, as --accept does not name them\n"),
                  jxs_jid_to_string (peer));
      decline (session, JXS_REASON_DECLINE);
    }
  else if (g_queue_get_length (&self->questions) >= MAX_QUESTIONS)
    decline (session, JXS_REASON_BUSY);
  else
    {
      g_queue_push_tail (&self->questions, g_object_ref (session));
      g_signal_connect (session, "ended", G_CALLBACK (withdrawn_cb), self);
      if (g_queue_get_length (&self->questions) == 1)
        ask (self);
    }
}

static void
sent_cb (ToolTalk *talk, gpointer user_data)
{
  Listen *self = user_data;

  self->sending--;
  if (self->sending == 0 && self->lines != NULL)
    tool_lines_next (self->lines);
}

/* To who spoke last, or to everybody when nobody has. */
static void
say (Listen *self, const char *line, gsize length)
{
  self->sending++;
  if (self->speaker != NULL)
    {
      self->sending++;
      tool_talk_send (self->speaker, line, length, sent_cb, self);
    }
  else
    for (guint i = 0; i < self->talks->len; i++)
      {
        self->sending++;
        tool_talk_send (g_ptr_array_index (self->talks, i), line, length, sent_cb, self);
      }
  if (self->talks->len == 0)
    g_printerr ("%s\n", _ ("Nobody is there to read this."));
  sent_cb (NULL, self);
}

static void
line_cb (const char *line, gsize length, gpointer user_data)
{
  Listen *self = user_data;

  if (line == NULL)
    {
      /* On a terminal it was Ctrl-D; elsewhere listening goes on without input. */
      self->is_done = tool_is_terminal (STDIN_FILENO);
      return;
    }
  if (!g_queue_is_empty (&self->questions))
    {
      answer (self, line);
      tool_lines_next (self->lines);
    }
  else
    say (self, line, length);
}

static void
drop_ended_talks (Listen *self)
{
  for (guint i = self->talks->len; i > 0 && self->sending == 0; i--)
    {
      ToolTalk *talk = g_ptr_array_index (self->talks, i - 1);

      if (!tool_talk_is_over (talk))
        continue;
      if (tool_talk_get_error (talk) != NULL)
        {
          g_autofree char *what =
              g_strdup_printf (_ ("The chat with %s broke off"), tool_talk_get_name (talk));

          tool_fail (what, tool_talk_get_error (talk));
        }
      else
        g_printerr (_ ("%s ended the chat\n"), tool_talk_get_name (talk));
      if (self->speaker == talk)
        self->speaker = NULL;
      self->n_ended++;
      /* Otherwise it ends while others talk: peers that do not let go of it hold up nobody. */
      if (self->once)
        tool_wait_for_end (tool_talk_get_connection (talk));
      g_ptr_array_remove_index (self->talks, i - 1);
    }
}

static gboolean
goes_on (Listen *self)
{
  return !self->is_done && self->pipe == NULL && !self->account.is_lost &&
         !(self->once && self->n_ended > 0) &&
         !g_cancellable_is_cancelled (tool_get_cancellable ());
}

static void
close_talks (Listen *self)
{
  for (guint i = 0; i < self->talks->len; i++)
    tool_talk_close (g_ptr_array_index (self->talks, i));
  for (guint i = 0; i < self->talks->len; i++)
    tool_wait_for_end (tool_talk_get_connection (g_ptr_array_index (self->talks, i)));
}

static int
listen_on (Listen *self)
{
  int status = TOOL_OK;

  self->talks = g_ptr_array_new_with_free_func ((GDestroyNotify) tool_talk_free);
  g_signal_connect (self->account.endpoint, "incoming", G_CALLBACK (incoming_cb), self);
  g_printerr (_ ("Listening as %s\n"),
              jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (self->account.client))));
  if (!self->for_pipe)
    {
      self->lines = tool_lines_new (line_cb, self);
      tool_lines_next (self->lines);
    }
  while (goes_on (self))
    {
      g_main_context_iteration (NULL, TRUE);
      drop_ended_talks (self);
    }
  g_clear_pointer (&self->lines, tool_lines_free);

  if (self->pipe != NULL)
    {
      tool_print_connection (self->pipe);
      status = tool_pipe_run (&self->account, self->pipe);
    }
  else if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    status = TOOL_INTERRUPTED;
  else if (self->account.is_lost)
    status = tool_account_fail_lost (&self->account);
  if (!self->account.is_lost)
    close_talks (self);
  return status;
}

static void
listen_clear (Listen *self)
{
  JxsSession *session;

  while ((session = g_queue_pop_head (&self->questions)) != NULL)
    {
      g_signal_handlers_disconnect_by_data (session, self);
      decline (session, JXS_REASON_GONE);
      g_object_unref (session);
    }
  /* Accepting that was cancelled still calls back. */
  while (self->sending > 0 || self->accepting || self->probes > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->pipe);
  g_clear_pointer (&self->talks, g_ptr_array_unref);
  tool_account_clear (&self->account);
  g_strfreev (self->accepted);
}

int
tool_listen (int argc, char **argv)
{
  Listen self = { .questions = G_QUEUE_INIT };
  const GOptionEntry entries[] = {
    { "accept",
      'a',
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &self.accepted,
      N_ ("Accept calls of this address without asking, and decline all others; “all” for "
          "anybody; may be repeated"),
      "JID" },
    { "pipe",
      'p',
      0,
      G_OPTION_ARG_NONE,
      &self.for_pipe,
      N_ ("Take one pipe, connect it with standard input and output, and end with it"),
      NULL },
    { "once", '1', 0, G_OPTION_ARG_NONE, &self.once, N_ ("End after the first chat"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  int status = TOOL_OK;

  g_option_context_set_summary (
      context,
      _ ("Waits for others. Their messages are printed; lines of standard input go to who spoke "
         "last. Asks before it accepts a call, unless --accept says whose to take. Ctrl-D or "
         "Ctrl-C ends it. Without a resource in --jid it is “jxs”, where “jxs chat” and “jxs pipe” "
         "look for it."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  tool_account_add_options (&self.account, context);
  if (!tool_parse (context, &argc, &argv, &status))
    ;
  else if (argc > 1)
    status = tool_usage (_ ("“%s” is one argument too many"), argv[1]);
  else if (self.for_pipe && self.accepted == NULL)
    status = tool_usage (_ ("Whose pipe? Standard input is needed for it, so say with --accept"));
  else if (tool_account_open (&self.account, TOOL_RESOURCE, NULL, &status))
    status = listen_on (&self);
  listen_clear (&self);
  return status;
}
