/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pipe.h"
#include "probe.h"
#include "talk.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#define MAX_PROBES 8 /* at a time; stops who has accounts without number from keeping us busy */

typedef struct
{
  ToolAccount account;
  char **accepted; /* (owned) (nullable): addresses, or "all" */
  gboolean for_pipe;
  gboolean once;

  GPtrArray *calls;    /* (owned) (element-type Call): a person is asked about them */
  GPtrArray *talks;    /* (owned) (element-type ToolTalk) */
  ToolTalk *speaker;   /* (nullable): who spoke last, in talks */
  JxsConnection *pipe; /* (owned) (nullable) */
  gboolean accepting;  /* a pipe */
  guint probes;        /* being accepted or answered */
  guint sending;
  gboolean is_reading;       /* lines of standard input */
  gboolean is_password_used; /* that of --peer-password-file */
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
spoke_cb (ToolTalk *talk, gpointer user_data)
{
  Listen *self = user_data;

  self->speaker = talk;
  tool_questions_repeat (self->account.questions);
}

/* What is being accepted. */
typedef struct
{
  Listen *listen;
  JxsJid *peer; /* (owned) */
} Acceptance;

static Acceptance *
acceptance_new (Listen *self, JxsSession *session)
{
  Acceptance *acceptance = g_new0 (Acceptance, 1);

  acceptance->listen = self;
  acceptance->peer = jxs_jid_ref (jxs_session_get_peer_jid (session));
  return acceptance;
}

static void
acceptance_free (Acceptance *self)
{
  jxs_jid_unref (self->peer);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Acceptance, acceptance_free)

static void
fail (const Acceptance *self, const char *what, const GError *error)
{
  g_autofree char *of_whom = g_strdup_printf ("%s (%s)", what, jxs_jid_to_string (self->peer));

  tool_contact_withdraw (self->listen->account.contact, self->peer);
  tool_fail_peer (of_whom, error);
}

static void
stream_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Acceptance) acceptance = user_data;
  Listen *self = acceptance->listen;
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsXmlStream) stream =
      jxs_endpoint_accept_stream_finish (JXS_ENDPOINT (source), result, &error);
  ToolTalk *talk;

  if (stream == NULL)
    {
      fail (acceptance, _ ("A chat did not come about"), error);
      self->n_ended++;
      return;
    }
  talk = tool_talk_new (self->account.endpoint, stream, spoke_cb, self);
  tool_account_print_connection (&self->account, tool_talk_get_connection (talk));
  g_ptr_array_add (self->talks, talk);
}

static void
pipe_accepted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Acceptance) acceptance = user_data;
  Listen *self = acceptance->listen;
  g_autoptr (GError) error = NULL;

  self->accepting = FALSE;
  self->pipe = jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &error);
  if (self->pipe == NULL)
    fail (acceptance, _ ("A pipe did not come about"), error);
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
  g_autoptr (Acceptance) acceptance = user_data;
  Listen *self = acceptance->listen;
  g_autoptr (GError) error = NULL;
  JxsConnection *connection =
      jxs_endpoint_accept_pipe_finish (JXS_ENDPOINT (source), result, &error);
  g_autofree char *path = NULL;

  if (connection == NULL)
    {
      fail (acceptance, _ ("A probe did not come about"), error);
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

/* Of who calls with a password; TRUE when it is given and the session may be accepted. password
 * (nullable): that of --peer-password-file. */
static gboolean
give_password (Listen *self, JxsSession *session, const char *password)
{
  g_autoptr (GError) error = NULL;

  self->is_password_used = self->is_password_used || password == NULL;
  if (tool_account_set_peer_password (
          &self->account, jxs_session_get_peer_jid (session), password, &error))
    return TRUE;
  tool_say (TOOL_INDENT, "jxs: %s", error->message);
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED))
    tool_say (TOOL_INDENT,
              "%*s%s",
              TOOL_INDENT,
              "",
              _ ("Let the caller make a strong one, by “jxs verify --password --strong”."));
  decline (session, JXS_REASON_SECURITY_ERROR);
  return FALSE;
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
      jxs_endpoint_accept_pipe_async (endpoint,
                                      session,
                                      G_PRIORITY_DEFAULT,
                                      tool_get_cancellable (),
                                      probe_accepted_cb,
                                      acceptance_new (self, session));
    }
  else if (self->for_pipe)
    {
      self->accepting = TRUE;
      jxs_endpoint_accept_pipe_async (endpoint,
                                      session,
                                      G_PRIORITY_DEFAULT,
                                      tool_get_cancellable (),
                                      pipe_accepted_cb,
                                      acceptance_new (self, session));
    }
  else
    jxs_endpoint_accept_stream_async (endpoint,
                                      session,
                                      G_PRIORITY_DEFAULT,
                                      tool_get_cancellable (),
                                      stream_accepted_cb,
                                      acceptance_new (self, session));
}

/* ---- calls a person is asked about ---- */

typedef struct
{
  Listen *listen;
  JxsSession *session; /* (owned) */
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_signal_handlers_disconnect_by_data (call->session, call);
  g_object_unref (call->session);
  g_free (call);
}

static void
withdrawn_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  Call *call = user_data;

  tool_questions_withdraw (call->listen->account.questions, call, _ ("They gave up."));
  g_ptr_array_remove (call->listen->calls, call);
}

static void
answered_cb (const char *answer, gpointer user_data)
{
  Call *call = user_data;
  Listen *self = call->listen;
  g_autoptr (JxsSession) session = g_object_ref (call->session);

  g_ptr_array_remove (self->calls, call);
  if (tool_is_yes (answer))
    accept_session (self, session);
  else
    decline (session, JXS_REASON_DECLINE);
}

/* Who calls with a password has to be asked for it. */
static void
password_cb (const char *answer, gpointer user_data)
{
  Call *call = user_data;
  Listen *self = call->listen;
  g_autoptr (JxsSession) session = g_object_ref (call->session);

  g_ptr_array_remove (self->calls, call);
  if (answer == NULL || *answer == '\0')
    decline (session, JXS_REASON_DECLINE);
  else if (give_password (self, session, answer))
    accept_session (self, session);
}

static void
ask (Listen *self, JxsSession *session)
{
  JxsEndpoint *endpoint = self->account.endpoint;
  gboolean wants_password = jxs_endpoint_session_wants_password (endpoint, session);
  Call *call = g_new0 (Call, 1);
  g_autofree char *text = NULL;

  if (wants_password)
    text = g_strdup_printf (_ ("%s calls with a password. Type the one you agreed on (Enter: "
                               "decline):"),
                            jxs_jid_to_string (jxs_session_get_peer_jid (session)));
  else
    text = g_strdup_printf (jxs_endpoint_is_stream_session (endpoint, session)
                                ? _ ("%s wants to chat. Accept? [y/N]")
                                : _ ("%s wants to probe the connection. Accept? [y/N]"),
                            jxs_jid_to_string (jxs_session_get_peer_jid (session)));
  call->listen = self;
  call->session = g_object_ref (session);
  g_ptr_array_add (self->calls, call);
  g_signal_connect (session, "ended", G_CALLBACK (withdrawn_cb), call);
  if (tool_questions_ask (
          self->account.questions, text, wants_password ? password_cb : answered_cb, call))
    return;
  g_ptr_array_remove (self->calls, call);
  decline (session, JXS_REASON_BUSY);
}

/* Of somebody whose calls are accepted without asking: but the password has to come from somewhere.
 */
static void
accept_with_password (Listen *self, JxsSession *session)
{
  JxsJid *peer = jxs_session_get_peer_jid (session);

  if (self->account.peer_password_file != NULL && !self->is_password_used)
    {
      if (give_password (self, session, NULL))
        accept_session (self, session);
    }
  else if (!self->for_pipe && tool_questions_can_ask (self->account.questions))
    ask (self, session);
  else
    {
      if (self->is_password_used)
        tool_say (0,
                  _ ("%s calls with a password: declined, as that of --peer-password-file was for "
                     "one call; start again with a new one"),
                  jxs_jid_to_string (peer));
      else
        tool_say (0,
                  _ ("%s calls with a password: declined, as there is nobody to ask for it; give "
                     "it with --peer-password-file"),
                  jxs_jid_to_string (peer));
      decline (session, JXS_REASON_DECLINE);
    }
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
  else if (is_accepted (self, peer) && jxs_endpoint_session_wants_password (endpoint, session))
    accept_with_password (self, session);
  else if (is_accepted (self, peer))
    accept_session (self, session);
  else if (self->for_pipe || self->accepted != NULL || !tool_is_terminal (STDIN_FILENO))
    {
      g_printerr (_ ("%s called: declined, as --accept does not name them\n"),
                  jxs_jid_to_string (peer));
      decline (session, JXS_REASON_DECLINE);
    }
  else
    ask (self, session);
}

static void line_cb (const char *line, gsize length, gpointer user_data);

static void
sent_cb (ToolTalk *talk, gpointer user_data)
{
  Listen *self = user_data;

  self->sending--;
  if (self->sending == 0 && self->is_reading)
    tool_questions_want_line (self->account.questions, line_cb, self);
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
      if (tool_contact_has_told (tool_talk_get_stream (talk)))
        ;
      else if (tool_talk_get_error (talk) != NULL)
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
  self->calls = g_ptr_array_new_with_free_func (call_free);
  g_signal_connect (self->account.endpoint, "incoming", G_CALLBACK (incoming_cb), self);
  g_printerr (_ ("Listening as %s\n"),
              jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (self->account.client))));
  if (!self->for_pipe)
    {
      self->is_reading = TRUE;
      tool_questions_want_line (self->account.questions, line_cb, self);
    }
  while (goes_on (self))
    {
      g_main_context_iteration (NULL, TRUE);
      drop_ended_talks (self);
    }
  self->is_reading = FALSE;
  tool_questions_want_line (self->account.questions, NULL, NULL);

  if (self->pipe != NULL)
    {
      tool_account_print_connection (&self->account, self->pipe);
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
  while (self->calls != NULL && self->calls->len > 0)
    {
      Call *call = g_ptr_array_index (self->calls, self->calls->len - 1);
      g_autoptr (JxsSession) session = g_object_ref (call->session);

      tool_questions_withdraw (self->account.questions, call, NULL);
      g_ptr_array_remove (self->calls, call);
      decline (session, JXS_REASON_GONE);
    }
  g_clear_pointer (&self->calls, g_ptr_array_unref);
  /* Accepting that was cancelled still calls back. */
  while (self->sending > 0 || self->accepting || self->probes > 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->pipe);
  g_clear_pointer (&self->talks, g_ptr_array_unref);
  tool_account_clear (&self->account);
  g_strfreev (self->accepted);
}

static gboolean
names_one (char **accepted)
{
  return accepted != NULL && g_strv_length (accepted) == 1 && !g_str_equal (accepted[0], "all");
}

int
tool_listen (int argc, char **argv)
{
  Listen self = { 0 };
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
  else if (self.account.peer_password_file != NULL && !names_one (self.accepted))
    status = tool_usage (_ ("Whose password? Say with --accept, for one address"));
  else
    {
      /* Who wants a password wants to know who is there. */
      self.account.verified_only |= self.account.peer_password_file != NULL;
      if (tool_account_open (&self.account, TOOL_RESOURCE, NULL, &status))
        status = listen_on (&self);
    }
  listen_clear (&self);
  return status;
}
