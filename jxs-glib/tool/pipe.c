/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pipe.h"

#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gi18n.h>

static void
ended_cb (JxsSession *session, JxsReason *reason, const GError *error, gpointer user_data)
{
  g_cancellable_cancel (user_data); /* nobody takes what could still be read from standard input */
}

static void
interrupted_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* The first error that was not our own cancelling. */
static const GError *
get_failure (ToolCopy *down, ToolCopy *up)
{
  const GError *error = tool_copy_get_error (down);

  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    error = tool_copy_get_error (up);
  if (error != NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return NULL;
  return error;
}

static int
close_connection (JxsConnection *connection)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_io_stream_close_async (
      G_IO_STREAM (connection), G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
  if (g_io_stream_close_finish (G_IO_STREAM (connection), tool_wait (&result), &error))
    return TOOL_OK;
  return tool_fail (_ ("The pipe did not end in order"), error);
}

int
tool_pipe_run (ToolAccount *account, JxsConnection *connection)
{
  JxsSession *session = jxs_connection_get_session (connection);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GOutputStream) output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  g_autoptr (GCancellable) stop_up = g_cancellable_new ();
  g_autoptr (ToolCopy) up = NULL;
  g_autoptr (ToolCopy) down = NULL;
  gulong handler;
  const GError *failure;
  int status;

  handler = g_signal_connect (session, "ended", G_CALLBACK (ended_cb), stop_up);
  up = tool_copy_new (input,
                      g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                      TOOL_COPY_CLOSE_OUTPUT,
                      stop_up,
                      NULL,
                      NULL);
  down = tool_copy_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                        output,
                        TOOL_COPY_TO_PIPE,
                        tool_get_cancellable (),
                        NULL,
                        NULL);
  g_signal_connect (tool_get_cancellable (), "cancelled", G_CALLBACK (interrupted_cb), stop_up);
  while (!tool_copy_is_done (up) || !tool_copy_is_done (down))
    {
      g_main_context_iteration (NULL, TRUE);
      /* One direction that broke takes the other with it; one that ended does not. */
      if (tool_copy_get_error (down) != NULL)
        g_cancellable_cancel (stop_up);
      else if (tool_copy_get_error (up) != NULL && !g_cancellable_is_cancelled (stop_up))
        break;
    }
  g_signal_handlers_disconnect_by_data (tool_get_cancellable (), stop_up);
  g_signal_handler_disconnect (session, handler);

  failure = get_failure (down, up);
  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    status = TOOL_INTERRUPTED;
  else if (failure == NULL)
    status = close_connection (connection);
  else
    status = tool_account_fail (account,
                                _ ("The pipe broke"),
                                jxs_connection_get_peer_jid (connection),
                                failure);
  /* An orderly end would tell the peer that it has all. */
  if (status != TOOL_OK)
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  tool_wait_for_end (connection);
  return status;
}

static int
pipe_to (ToolAccount *account, JxsJid *peer)
{
  g_autoptr (JxsConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_printerr (_ ("Calling %s\n"), jxs_jid_to_string (peer));
  jxs_endpoint_open_pipe_async (account->endpoint,
                                peer,
                                TOOL_PIPE_SERVICE,
                                G_PRIORITY_DEFAULT,
                                tool_get_cancellable (),
                                tool_result_cb,
                                &result);
  connection = jxs_endpoint_open_pipe_finish (account->endpoint, tool_wait (&result), &error);
  if (connection == NULL)
    {
      g_autofree char *what =
          g_strdup_printf (_ ("Cannot open a pipe to %s"), jxs_jid_to_string (peer));

      return tool_account_fail (account, what, peer, error);
    }
  tool_account_print_connection (account, connection);
  return tool_pipe_run (account, connection);
}

int
tool_pipe (int argc, char **argv)
{
  return tool_account_call (
      argc,
      argv,
      _ ("Connects standard input and output, encrypted, with those of “jxs listen --pipe” at "
         "JID. Any bytes pass. The end of input ends our direction only; the command ends when "
         "both directions have. A JID without resource means “jxs listen” there."),
      NULL,
      pipe_to);
}
