/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "verify.h"

#include <unistd.h>

#include <glib/gi18n.h>

/* Letters and digits of a password that is no spoken one any more: 20 of 32 make 100 bits. */
#define STRONG_LENGTH 20

typedef struct
{
  gboolean with_password;
  gboolean strong;
  gboolean is_compared;
  gboolean is_verified;
} Verify;

/* What the command line of this command says; its callback takes no data. */
static Verify verify;

gboolean
tool_verify_set_password (JxsEndpoint *endpoint, JxsJid *peer, const char *password, GError **error)
{
  gsize length = 0;

  for (const char *p = password; *p != '\0'; p++)
    length += g_ascii_isalnum (*p) ? 1 : 0;
  return jxs_endpoint_set_peer_password (endpoint,
                                         peer,
                                         password,
                                         length >= STRONG_LENGTH ? JXS_PASSWORD_STRONG
                                                                 : JXS_PASSWORD_SHORT,
                                         error);
}

static void
compared_cb (JxsVerification *verification, gpointer user_data)
{
  verify.is_compared = TRUE;
  verify.is_verified = jxs_verification_get_state (verification) == JXS_VERIFICATION_STATE_VERIFIED;
}

static int
compare (ToolAccount *account, JxsXmlStream *stream)
{
  g_autoptr (JxsVerification) verification = NULL;
  g_autoptr (GError) error = NULL;

  verification = jxs_endpoint_verify_stream (account->endpoint, stream, &error);
  if (verification == NULL)
    return tool_fail (NULL, error);
  g_printerr ("%s\n", _ ("Waiting for the other side …"));
  tool_contact_compare (verification, account->questions, compared_cb, NULL);
  while (!verify.is_compared && !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  if (!verify.is_compared)
    {
      jxs_verification_cancel (verification);
      return TOOL_INTERRUPTED;
    }
  return verify.is_verified ? TOOL_OK : TOOL_SECURITY;
}

/* A password of both, typed or made here. */
static gboolean
give_password (ToolAccount *account, JxsJid *peer, GError **error)
{
  g_autofree char *typed =
      tool_ask_password (_ ("The password you agreed on (Enter: make one): "), error);

  if (typed == NULL)
    return FALSE;
  if (*typed == '\0')
    {
      g_free (typed);
      typed = jxs_password_generate (verify.strong ? JXS_PASSWORD_STRONG : JXS_PASSWORD_SHORT);
      g_printerr ("\n  %s%s%s\n\n", tool_style (TOOL_BOLD), typed, tool_end_style ());
      tool_say (
          0,
          _ ("Tell it to %s over another way, by telephone for example: “jxs listen” asks for "
             "it there. It is good for one attempt."),
          jxs_jid_to_string (peer));
    }
  return tool_verify_set_password (account->endpoint, peer, typed, error);
}

static JxsXmlStream *
open_stream (ToolAccount *account, JxsJid *peer, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_printerr (_ ("Calling %s\n"), jxs_jid_to_string (peer));
  jxs_endpoint_open_stream_async (account->endpoint,
                                  peer,
                                  G_PRIORITY_DEFAULT,
                                  tool_get_cancellable (),
                                  tool_result_cb,
                                  &result);
  return jxs_endpoint_open_stream_finish (account->endpoint, tool_wait (&result), error);
}

static void
close_stream (JxsXmlStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_xml_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
  jxs_xml_stream_close_finish (stream, tool_wait (&result), NULL);
}

static int
verify_peer (ToolAccount *account, JxsJid *peer)
{
  g_autoptr (JxsXmlStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *what = g_strdup_printf (_ ("Cannot verify %s"), jxs_jid_to_string (peer));
  JxsConnection *connection;
  int status = TOOL_OK;

  if (!verify.with_password && !tool_questions_can_ask (account->questions))
    return tool_usage (_ ("Comparing takes a person at a terminal; with --password there is less "
                          "to do"));
  if (verify.with_password && !give_password (account, peer, &error))
    return tool_fail (what, error);
  stream = open_stream (account, peer, &error);
  if (stream == NULL)
    return tool_account_fail (account, what, peer, error);
  connection = jxs_endpoint_get_stream_connection (account->endpoint, stream);
  tool_print_connection (connection);
  if (!verify.with_password)
    status = compare (account, stream);
  else if (jxs_connection_get_trust_level (connection) != JXS_TRUST_LEVEL_VERIFIED)
    status = TOOL_SECURITY;
  close_stream (stream);
  tool_wait_for_end (connection);
  return status;
}

int
tool_verify (int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "password",
      0,
      0,
      G_OPTION_ARG_NONE,
      &verify.with_password,
      N_ ("By a password that both know, instead of comparing"),
      NULL },
    { "strong",
      0,
      0,
      G_OPTION_ARG_NONE,
      &verify.strong,
      N_ ("With --password: make one that nobody can guess, for programs that cannot do better"),
      NULL },
    G_OPTION_ENTRY_NULL
  };

  return tool_account_call (
      argc,
      argv,
      _ ("Makes sure that JID, who must be running “jxs listen”, is who they seem to be. Both of "
         "you see the same numbers and pictures, if nobody is in between: compare them by "
         "telephone "
         "or side by side. With --password both type a password that only you two know. Their key "
         "is remembered as verified."),
      entries,
      verify_peer);
}
