/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <glib/gi18n.h>

GFile *
tool_identity_file (JxsJid *jid)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jid);
  g_autofree char *name = g_strconcat (jxs_jid_to_string (bare), ".pem", NULL);

  /* Neither part of a bare address can hold a slash. */
  return g_file_new_build_filename (g_get_user_data_dir (), "jxs", name, NULL);
}

static void
print_field (const char *name, const char *value)
{
  g_autofree char *padded = tool_pad (name, 10);

  g_print ("  %s%s%s%s\n", tool_style (TOOL_DIM), padded, tool_end_style (), value);
}

void
tool_print_identity (JxsIdentity *identity)
{
  g_autofree char *fingerprint = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
  g_autofree char *text = tool_fingerprint (fingerprint, 12);
  JxsJid *jid = jxs_identity_get_jid (identity);

  print_field (_ ("Address"), jid != NULL ? jxs_jid_to_string (jid) : _ ("none"));
  print_field ("SHA-256", text);
  if (jid != NULL)
    {
      g_autofree char *link = jxs_fingerprint_to_uri (jid, fingerprint);

      print_field (_ ("Link"), link);
    }
}

static gboolean
save (JxsIdentity *identity, GFile *file, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_save_async (
      identity, file, NULL, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_identity_save_finish (identity, tool_wait (&result), error);
}

static JxsIdentity *
load (GFile *file, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_load_async (
      file, NULL, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_identity_load_finish (tool_wait (&result), error);
}

static JxsIdentity *
load_or_generate (GFile *file, JxsJid *jid, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_load_or_generate_async (
      file, jid, NULL, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_identity_load_or_generate_finish (tool_wait (&result), error);
}

static JxsIdentity *
replace (GFile *file, JxsJid *jid, gboolean ed25519, GError **error)
{
  g_autoptr (JxsIdentity) identity =
      jxs_identity_generate (jid, ed25519 ? JXS_KEY_TYPE_ED25519 : JXS_KEY_TYPE_ECDSA_P256, error);

  if (identity == NULL || !save (identity, file, error))
    return NULL;
  return g_steal_pointer (&identity);
}

int
tool_identity (int argc, char **argv)
{
  g_autofree char *jid_text = NULL;
  g_autofree char *path = NULL;
  gboolean new_key = FALSE;
  gboolean ed25519 = FALSE;
  const GOptionEntry entries[] = {
    { "jid", 'j', 0, G_OPTION_ARG_STRING, &jid_text, N_ ("The address of the account"), "JID" },
    { "identity", 0, 0, G_OPTION_ARG_FILENAME, &path, N_ ("The file with the key"), "FILE" },
    { "new",
      0,
      0,
      G_OPTION_ARG_NONE,
      &new_key,
      N_ ("Make a new key in place of the old one; contacts will have to trust it anew"),
      NULL },
    { "ed25519", 0, 0, G_OPTION_ARG_NONE, &ed25519, N_ ("With --new: an Ed25519 key"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  int status;

  g_option_context_set_summary (
      context,
      _ ("Shows the key of an account on this computer; makes it when there is none yet. "
         "Compare the fingerprint with your contacts over another way than this one."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!tool_parse (context, &argc, &argv, &status))
    return status;
  if (argc > 1)
    return tool_usage (_ ("“%s” is one argument too many"), argv[1]);
  if (jid_text == NULL && (path == NULL || new_key))
    return tool_usage (_ ("Whose key? Give the address with --jid"));
  if (ed25519 && !new_key)
    return tool_usage (_ ("--ed25519 is only for new keys"));
  if (jid_text != NULL && (jid = jxs_jid_new (jid_text, &error)) == NULL)
    return tool_fail (NULL, error);

  file = path != NULL ? g_file_new_for_commandline_arg (path) : tool_identity_file (jid);
  if (new_key)
    identity = replace (file, jid, ed25519, &error);
  else if (jid != NULL)
    identity = load_or_generate (file, jid, &error);
  else
    identity = load (file, &error);
  if (identity == NULL)
    return tool_fail (NULL, error);

  name = g_file_get_parse_name (file);
  print_field (_ ("File"), name);
  tool_print_identity (identity);
  return TOOL_OK;
}
