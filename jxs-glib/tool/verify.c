/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "account.h"

#include <unistd.h>

#include <glib/gi18n.h>

#define LEARN_SECONDS 10 /* until the other side has told its key */

typedef struct
{
  gboolean with_password;
  gboolean strong;
  gboolean is_compared;
  gboolean is_verified;
} Verify;

/* What the command line of this command says; its callback takes no data. */
static Verify verify;

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
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  char *password = tool_ask_password (_ ("The password you agreed on (Enter: make one): "),
                                      "--peer-password-file",
                                      error);
  gboolean given;

  if (password == NULL)
    return FALSE;
  if (*password == '\0')
    {
      tool_wipe (password);
      password = jxs_password_generate (verify.strong ? JXS_PASSWORD_STRONG : JXS_PASSWORD_SHORT);
      g_printerr ("\n  %s%s%s\n\n", tool_style (TOOL_BOLD), password, tool_end_style ());
      tool_say (0,
                _ ("Tell it to %s by telephone, or any other way but this one. “jxs listen” asks "
                   "for it there, now. It is good for one attempt."),
                jxs_jid_to_string (bare));
    }
  given = tool_account_set_peer_password (account, peer, password, error);
  tool_wipe (password);
  return given;
}

static gboolean
is_remembered (ToolAccount *account, JxsJid *peer)
{
  GListModel *records = G_LIST_MODEL (account->trust);

  for (guint i = 0; i < g_list_model_get_n_items (records); i++)
    {
      g_autoptr (JxsTrustRecord) record = g_list_model_get_item (records, i);

      if (jxs_jid_equal_bare (jxs_trust_record_get_jid (record), peer) &&
          jxs_trust_record_get_level (record) == JXS_TRUST_LEVEL_VERIFIED &&
          jxs_trust_record_get_origin (record) == JXS_TRUST_ORIGIN_PASSWORD)
        return TRUE;
    }
  return FALSE;
}

/* Both programs ask for the other's key when the stream begins. What is answered after that tells
 * that they had their answers. */
#define LAST_ID "jxs-verify-last"

static gboolean
stanza_cb (JxsXmlStream *stream, JxsElement *stanza, gpointer user_data)
{
  gboolean *answered = user_data;

  if (g_strcmp0 (jxs_element_get_attribute (stanza, "id"), LAST_ID) != 0)
    return FALSE;
  *answered = TRUE;
  return TRUE;
}

static void
closed_cb (JxsXmlStream *stream, const GError *error, gpointer user_data)
{
  gboolean *answered = user_data;

  *answered = TRUE;
}

static gboolean
send_last (JxsXmlStream *stream)
{
  g_autoptr (JxsElement) iq = jxs_element_new ("iq", "jabber:client");
  g_autoptr (JxsElement) ping = jxs_element_new ("ping", "urn:xmpp:ping");

  jxs_element_set_attribute (iq, "type", "get");
  jxs_element_set_attribute (iq, "id", LAST_ID);
  jxs_element_add_child (iq, ping);
  return jxs_xml_stream_send (stream, iq, NULL);
}

static gboolean
deadline_cb (gpointer user_data)
{
  gboolean *passed = user_data;

  *passed = TRUE;
  return G_SOURCE_CONTINUE;
}

/* With a password both programs then tell each other their keys. */
static int
conclude (ToolAccount *account, JxsXmlStream *stream, JxsConnection *connection)
{
  JxsJid *peer = jxs_connection_get_peer_jid (connection);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);
  gboolean passed = FALSE;
  gboolean answered = FALSE;
  guint timeout;

  if (jxs_connection_get_trust_level (connection) != JXS_TRUST_LEVEL_VERIFIED)
    return TOOL_SECURITY;
  timeout = g_timeout_add_seconds (LEARN_SECONDS, deadline_cb, &passed);
  g_signal_connect (stream, "stanza", G_CALLBACK (stanza_cb), &answered);
  g_signal_connect (stream, "closed", G_CALLBACK (closed_cb), &answered);
  answered = !send_last (stream);
  while (!passed && !(answered && is_remembered (account, peer)) &&
         !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
  g_signal_handlers_disconnect_by_data (stream, &answered);
  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    return TOOL_INTERRUPTED;
  if (!is_remembered (account, peer))
    {
      tool_say (TOOL_INDENT,
                _ ("jxs: The password was right, but the program of %s did not tell its key: the "
                   "next call will not be verified"),
                jxs_jid_to_string (bare));
      return TOOL_PEER;
    }
  g_printerr (_ ("%s%s is verified.%s\n"),
              tool_style (TOOL_GREEN),
              jxs_jid_to_string (bare),
              tool_end_style ());
  return TOOL_OK;
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

  if (account->peer_password_file != NULL)
    verify.with_password = TRUE;
  if (!verify.with_password && !tool_questions_can_ask (account->questions))
    return tool_usage (_ ("Comparing takes a person at a terminal; a password can be given with "
                          "--peer-password-file"));
  if (verify.strong && (!verify.with_password || account->peer_password_file != NULL))
    return tool_usage (_ ("--strong is for a password that --password makes"));
  if (!verify.with_password)
    {
      tool_contact_will_compare (account->contact);
      /* Whoever --verified-only keeps out is to be verified now. */
      jxs_security_policy_set_minimum_trust_opening (jxs_endpoint_get_security_policy (
                                                         account->endpoint),
                                                     JXS_TRUST_LEVEL_FIRST_USE);
    }
  else if (account->peer_password_file == NULL && !give_password (account, peer, &error))
    return tool_fail (what, error);
  stream = open_stream (account, peer, &error);
  if (stream == NULL)
    return tool_account_fail (account, what, peer, error);
  connection = jxs_endpoint_get_stream_connection (account->endpoint, stream);
  tool_account_print_connection (account, connection);
  status =
      verify.with_password ? conclude (account, stream, connection) : compare (account, stream);
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
