/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "account.h"

#include <string.h>

#include <glib/gi18n.h>

#define STRONG_LENGTH 20 /* letters and digits that make a password one that nobody can guess */
#define END_SECONDS 10
#define LOST_MS 250  /* in which the end of the server is noticed, if it ended */
#define UNMAP_MS 500 /* of a router, for the end of a mapping */

void
tool_account_add_options (ToolAccount *self, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "jid",
      'j',
      0,
      G_OPTION_ARG_STRING,
      &self->jid_text,
      N_ ("The address of your account"),
      "JID" },
    { "server",
      's',
      0,
      G_OPTION_ARG_STRING,
      &self->server,
      N_ ("Connect there instead of asking the DNS"),
      "HOST:PORT" },
    { "ca-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->ca_file,
      N_ ("Trust these certificate authorities (PEM) instead of the system's"),
      "FILE" },
    { "password-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->password_file,
      N_ ("Read the password from the first line of a file; otherwise it is taken from the "
          "environment variable JXS_PASSWORD, or asked for"),
      "FILE" },
    { "trust-fingerprint",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &self->fingerprints,
      N_ ("This key (SHA-256) was compared over another way: it is verified from now on; may be "
          "repeated"),
      "[JID=]KEY" },
    { "trust-store",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->trust_path,
      N_ ("The file with the keys of others (see “jxs trust”)"),
      "FILE" },
    { "peer-password-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->peer_password_file,
      N_ ("Let a password prove who is there: the first line of a file, which the other side "
          "gives too; good for one call"),
      "FILE" },
    { "verified-only",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->verified_only,
      N_ ("Speak with nobody whose key is not verified"),
      NULL },
    { "trace",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->trace,
      N_ ("Print every event as a line of JSON on standard error"),
      NULL },
    G_OPTION_ENTRY_NULL
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  tool_identity_add_options (&self->key, context);
  tool_network_add_options (&self->network, context);
}

/* A domain alone is a valid address, but mostly one that was cut short. */
static JxsJid *
parse_account (const char *text, GError **error)
{
  g_autoptr (JxsJid) jid = jxs_jid_new (text, error);

  if (jid == NULL || jxs_jid_get_local (jid) != NULL)
    return g_steal_pointer (&jid);
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_INVALID_JID,
               _ ("“%s” is not the address of an account, which looks like juliet@example.org"),
               jxs_jid_to_string (jid));
  return NULL;
}

JxsJid *
tool_parse_peer (const char *text, GError **error)
{
  g_autoptr (JxsJid) jid = parse_account (text, error);

  if (jid == NULL || jxs_jid_is_full (jid))
    return g_steal_pointer (&jid);
  return jxs_jid_new_from_parts (jxs_jid_get_local (jid),
                                 jxs_jid_get_domain (jid),
                                 TOOL_RESOURCE,
                                 error);
}

static char *
get_password (ToolAccount *self, GError **error)
{
  const char *from_environment = g_getenv ("JXS_PASSWORD");
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (self->jid);
  g_autofree char *prompt = NULL;

  if (self->password_file != NULL)
    return tool_read_password_file (self->password_file, error);
  if (from_environment != NULL)
    return g_strdup (from_environment);
  prompt = g_strdup_printf (_ ("Password for %s: "), jxs_jid_to_string (bare));
  return tool_ask_password (prompt, "--password-file, JXS_PASSWORD", error);
}

/* JID=FINGERPRINT, or the fingerprint of the one peer there is. */
static gboolean
parse_pin (const char *text, JxsJid *peer, JxsJid **jid, char **fingerprint, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *address = equals != NULL ? g_strndup (text, equals - text) : NULL;

  if (address != NULL)
    *jid = jxs_jid_new (address, error);
  else if (peer != NULL)
    *jid = jxs_jid_ref (peer);
  else
    g_set_error (error,
                 JXS_ERROR,
                 JXS_ERROR_INVALID_JID,
                 _ ("Whose fingerprint is “%s”? Write JID=FINGERPRINT"),
                 text);
  return *jid != NULL &&
         (*fingerprint = jxs_fingerprint_from_text (equals != NULL ? equals + 1 : text, error)) !=
             NULL;
}

/* only_parse: to find fault early */
static gboolean
pin_all (ToolAccount *self, JxsJid *peer, gboolean only_parse, GError **error)
{
  for (gsize i = 0; self->fingerprints != NULL && self->fingerprints[i] != NULL; i++)
    {
      g_autoptr (JxsJid) jid = NULL;
      g_autofree char *fingerprint = NULL;
      g_autoptr (GAsyncResult) result = NULL;

      if (!parse_pin (self->fingerprints[i], peer, &jid, &fingerprint, error))
        return FALSE;
      if (only_parse)
        continue;
      jxs_trust_store_set_level_async (self->trust,
                                       jid,
                                       fingerprint,
                                       JXS_TRUST_LEVEL_VERIFIED,
                                       JXS_TRUST_ORIGIN_FINGERPRINT,
                                       G_PRIORITY_DEFAULT,
                                       tool_get_cancellable (),
                                       tool_result_cb,
                                       &result);
      if (!jxs_trust_store_set_level_finish (self->trust, tool_wait (&result), error))
        return FALSE;
    }
  return TRUE;
}

/* Takes what the command line says. */
static gboolean
prepare (ToolAccount *self, const char *resource, JxsJid *peer, GError **error)
{
  g_autoptr (JxsJid) jid = parse_account (self->jid_text, error);

  if (jid == NULL)
    return FALSE;
  if (jxs_jid_is_full (jid) || resource == NULL)
    self->jid = g_steal_pointer (&jid);
  else
    self->jid =
        jxs_jid_new_from_parts (jxs_jid_get_local (jid), jxs_jid_get_domain (jid), resource, error);

  return self->jid != NULL && pin_all (self, peer, TRUE, error) &&
         tool_network_apply (&self->network, NULL, error);
}

static gboolean
load_trust (ToolAccount *self, JxsJid *peer, GError **error)
{
  self->trust = tool_trust_open (self->trust_path, error);
  if (self->trust == NULL || !pin_all (self, peer, FALSE, error))
    return FALSE;
  self->contact = tool_contact_new (self->trust, self->questions);
  return TRUE;
}

static void
closed_cb (JxsChannel *channel, const GError *error, gpointer user_data)
{
  ToolAccount *self = user_data;

  self->is_lost = TRUE;
  if (error != NULL && self->lost_error == NULL)
    self->lost_error = g_error_copy (error);
}

static gboolean
candidate_cb (JxsEndpoint *endpoint, JxsJid *peer, JxsCandidate *candidate, gpointer user_data)
{
  ToolAccount *self = user_data;

  if (jxs_candidate_get_kind (candidate) == JXS_CANDIDATE_KIND_ASSISTED)
    self->is_mapped = TRUE;
  return FALSE;
}

static void
verification_cb (JxsEndpoint *endpoint, JxsVerification *verification, gpointer user_data)
{
  ToolAccount *self = user_data;

  if (tool_questions_can_ask (self->questions))
    tool_contact_compare (verification, self->questions, NULL, NULL);
  else
    jxs_verification_cancel (verification);
}

static gboolean
connect_client (ToolAccount *self, char *password, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  self->client = jxs_client_new (self->jid);
  jxs_client_set_password (self->client, password);
  if (self->server != NULL)
    jxs_client_set_server (self->client, self->server);
  if (self->ca_file != NULL)
    jxs_client_set_ca_file (self->client, self->ca_file);
  jxs_client_connect_async (
      self->client, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_client_connect_finish (self->client, tool_wait (&result), error);
}

gboolean
tool_account_open (ToolAccount *self, const char *resource, JxsJid *peer, int *status)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *what = NULL;
  char *password;
  gboolean connected;

  if (self->jid_text == NULL)
    {
      *status = tool_usage (_ ("Which account? Give its address with --jid"));
      return FALSE;
    }
  if (!prepare (self, resource, peer, &error))
    {
      tool_fail (NULL, error);
      *status = TOOL_USAGE;
      return FALSE;
    }
  self->questions = tool_questions_new ();
  self->identity = tool_identity_load (&self->key, self->jid, &error);
  if (self->identity == NULL || !load_trust (self, peer, &error))
    {
      *status = tool_fail (NULL, error);
      return FALSE;
    }
  password = get_password (self, &error);
  if (password == NULL)
    {
      *status = tool_fail (NULL, error);
      return FALSE;
    }
  connected = connect_client (self, password, &error);
  tool_wipe (password);
  if (!connected)
    {
      what = g_strdup_printf (_ ("Cannot connect as %s"), jxs_jid_to_string (self->jid));
      *status = tool_fail_server (what, error);
      return FALSE;
    }

  g_signal_connect (self->client, "closed", G_CALLBACK (closed_cb), self);
  self->endpoint =
      jxs_endpoint_new (JXS_CHANNEL (self->client), self->identity, JXS_TRUST (self->trust));
  g_signal_connect (self->endpoint, "candidate", G_CALLBACK (candidate_cb), self);
  g_signal_connect (self->endpoint, "verification", G_CALLBACK (verification_cb), self);
  tool_network_apply (&self->network, self->endpoint, NULL); /* it was understood before */
  if (self->verified_only)
    {
      JxsSecurityPolicy *policy = jxs_endpoint_get_security_policy (self->endpoint);

      jxs_security_policy_set_minimum_trust_opening (policy, JXS_TRUST_LEVEL_VERIFIED);
      jxs_security_policy_set_minimum_trust_accepting (policy, JXS_TRUST_LEVEL_VERIFIED);
    }
  if (self->trace)
    tool_trace (self->endpoint,
                jxs_jid_to_string (jxs_channel_get_local_jid (JXS_CHANNEL (self->client))));
  return TRUE;
}

gboolean
tool_account_set_peer_password (ToolAccount *self,
                                JxsJid *peer,
                                const char *password,
                                GError **error)
{
  char *from_file = NULL;
  gsize length = 0;
  gboolean set;

  if (password == NULL)
    password = from_file = tool_read_password_file (self->peer_password_file, error);
  if (password == NULL)
    return FALSE;
  for (const char *p = password; *p != '\0'; p++)
    length += g_ascii_isalnum (*p) ? 1 : 0;
  set = jxs_endpoint_set_peer_password (self->endpoint,
                                        peer,
                                        password,
                                        length >= STRONG_LENGTH ? JXS_PASSWORD_STRONG
                                                                : JXS_PASSWORD_SHORT,
                                        error);
  g_clear_pointer (&from_file, tool_wipe);
  return set;
}

int
tool_account_fail_lost (ToolAccount *self)
{
  g_autoptr (GError) error =
      self->lost_error != NULL
          ? g_error_copy (self->lost_error)
          : g_error_new_literal (JXS_ERROR, JXS_ERROR_CLOSED, _ ("It closed the connection"));

  return tool_fail_server (_ ("The server is gone"), error);
}

static gboolean
deadline_cb (gpointer user_data)
{
  gboolean *passed = user_data;

  *passed = TRUE;
  return G_SOURCE_CONTINUE;
}

/* enough (nullable): ends it earlier */
static void
run_for (guint ms, const gboolean *enough)
{
  gboolean passed = FALSE;
  guint timeout = g_timeout_add (ms, deadline_cb, &passed);

  while (!passed && (enough == NULL || !*enough))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
}

/* Whether the failure may be only what the end of the server looks like from there. */
static gboolean
may_be_of_server (const GError *error)
{
  if (error->domain == JXS_STANZA_ERROR ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return FALSE;
  return error->domain != JXS_ERROR || error->code == JXS_ERROR_CLOSED ||
         error->code == JXS_ERROR_CONNECTIVITY || error->code == JXS_ERROR_SECURITY ||
         error->code == JXS_ERROR_TRUNCATED;
}

int
tool_account_fail (ToolAccount *self, const char *what, JxsJid *peer, const GError *error)
{
  tool_contact_withdraw (self->contact, peer);
  /* Relays mostly are part of the server: its end may be seen on their connections first. */
  if (may_be_of_server (error))
    run_for (LOST_MS, &self->is_lost);
  if (self->is_lost)
    return tool_account_fail_lost (self);
  /* Whoever names the peer says the whole. */
  return tool_fail_peer (strstr (error->message, jxs_jid_to_string (peer)) == NULL ? what : NULL,
                         error);
}

void
tool_account_clear (ToolAccount *self)
{
  /* Sessions that are still there are terminated before the connection goes. */
  g_clear_object (&self->endpoint);
  if (self->client != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->client, self);
      if (jxs_client_get_state (self->client) == JXS_CLIENT_STATE_CONNECTED)
        {
          g_autoptr (GAsyncResult) result = NULL;

          jxs_client_close_async (self->client, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
          jxs_client_close_finish (self->client, tool_wait (&result), NULL);
        }
    }
  g_clear_object (&self->client);
  /* The router is told now that nobody is to be let in any more. */
  if (self->is_mapped)
    run_for (UNMAP_MS, NULL);
  g_clear_object (&self->identity);
  if (self->trust != NULL)
    tool_trust_settle (self->trust, self->jid);
  g_clear_pointer (&self->contact, tool_contact_free);
  g_clear_object (&self->trust);
  g_clear_pointer (&self->questions, tool_questions_free);
  g_clear_pointer (&self->jid, jxs_jid_unref);
  g_clear_error (&self->lost_error);
  tool_network_clear (&self->network);
  g_clear_pointer (&self->jid_text, g_free);
  g_clear_pointer (&self->server, g_free);
  g_clear_pointer (&self->ca_file, g_free);
  g_clear_pointer (&self->password_file, g_free);
  tool_identity_clear (&self->key);
  g_clear_pointer (&self->peer_password_file, g_free);
  g_clear_pointer (&self->trust_path, g_free);
  g_clear_pointer (&self->fingerprints, g_strfreev);
}

int
tool_account_call (
    int argc, char **argv, const char *summary, const GOptionEntry *entries, ToolCall run)
{
  ToolAccount account = { 0 };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("JID"));
  g_autoptr (JxsJid) peer = NULL;
  g_autoptr (GError) error = NULL;
  int status = TOOL_OK;

  g_option_context_set_summary (context, summary);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  tool_account_add_options (&account, context);
  if (!tool_parse (context, &argc, &argv, &status))
    ;
  else if (argc != 2)
    status = tool_usage (argc < 2 ? _ ("To whom? Give an address") : _ ("One address is enough"));
  else if ((peer = tool_parse_peer (argv[1], &error)) == NULL)
    status = tool_fail (NULL, error);
  else if (tool_account_open (&account, NULL, peer, &status))
    {
      if (account.peer_password_file == NULL ||
          tool_account_set_peer_password (&account, peer, NULL, &error))
        status = run (&account, peer);
      else
        status = tool_fail (NULL, error);
    }
  tool_account_clear (&account);
  return status;
}

static void
print_key (ToolAccount *self, JxsConnection *connection, const char *fingerprint)
{
  const char *origin = tool_trust_describe_origin (jxs_connection_get_trust_origin (connection));
  g_autofree char *text = tool_fingerprint (fingerprint, 2);

  switch (jxs_connection_get_trust_level (connection))
    {
    case JXS_TRUST_LEVEL_VERIFIED:
      tool_say (0, _ ("Their key is verified (%s):"), origin != NULL ? origin : "?");
      break;
    case JXS_TRUST_LEVEL_PINNED:
      tool_say (0, "%s", _ ("Their key is the same as last time, and still not verified:"));
      break;
    case JXS_TRUST_LEVEL_FIRST_USE:
    case JXS_TRUST_LEVEL_UNKNOWN:
    case JXS_TRUST_LEVEL_DISTRUSTED:
    default:
      if (tool_contact_has_shown (self->contact, fingerprint))
        {
          tool_say (0, "%s", _ ("Their key is new and not verified."));
          return;
        }
      tool_say (
          0,
          "%s",
          _ ("Their key is new and not verified; “jxs verify” makes sure that it is theirs:"));
    }
  g_printerr ("  %s\n", text);
}

void
tool_account_print_connection (ToolAccount *self, JxsConnection *connection)
{
  const char *cipher = jxs_connection_get_cipher_name (connection);
  const char *fingerprint = jxs_connection_get_peer_fingerprint (connection);
  g_autofree char *path = tool_network_path (jxs_connection_get_session (connection));

  tool_say (2,
            _ ("Connected with %s: %s%s%s"),
            jxs_jid_to_string (jxs_connection_get_peer_jid (connection)),
            jxs_connection_get_protocol_name (connection),
            cipher != NULL ? ", " : "",
            cipher != NULL ? cipher : "");
  tool_say (2, _ ("Path: %s"), path);
  if (fingerprint != NULL)
    print_key (self, connection, fingerprint);
  else if (jxs_connection_get_trust_level (connection) == JXS_TRUST_LEVEL_VERIFIED)
    g_printerr ("%s\n", _ ("Both sides knew the password: verified."));
}

void
tool_wait_for_end (JxsConnection *connection)
{
  JxsSession *session = jxs_connection_get_session (connection);
  gboolean passed = FALSE;
  guint timeout = g_timeout_add_seconds (END_SECONDS, deadline_cb, &passed);

  while (jxs_session_get_state (session) != JXS_SESSION_STATE_ENDED && !passed)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
}
