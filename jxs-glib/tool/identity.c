/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "identity.h"

#include <string.h>

#include <glib/gi18n.h>

#define N_TRIES 3 /* to type a password */
#define NAME_WIDTH 10
#define TOKEN_SCHEME "pkcs11:"
#define PASSWORD_VARIABLE "JXS_IDENTITY_PASSWORD"
#define PASSWORD_SOURCES "--identity-password-file, " PASSWORD_VARIABLE
#define SECONDS_PER_DAY (24 * 60 * 60)
#define SOON_DAYS 90 /* when a successor is made */

void
tool_identity_add_options (ToolIdentity *self, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "identity",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->path,
      N_ ("The file with your key, or the “pkcs11:” URI of key and certificate in a token"),
      "FILE" },
    { "identity-password-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->password_file,
      N_ ("Read the password of your key, or the PIN of the token, from the first line of a file; "
          "otherwise it is taken from the environment variable JXS_IDENTITY_PASSWORD, or asked "
          "for"),
      "FILE" },
    G_OPTION_ENTRY_NULL
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

void
tool_identity_clear (ToolIdentity *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->password_file, g_free);
}

/* ---- loading ---- */

static gboolean
is_token (const ToolIdentity *self)
{
  return self->path != NULL && g_str_has_prefix (self->path, TOKEN_SCHEME);
}

static GFile *
get_file (const ToolIdentity *self, JxsJid *jid)
{
  g_autoptr (JxsJid) bare = NULL;
  g_autofree char *name = NULL;

  if (self->path != NULL)
    return g_file_new_for_commandline_arg (self->path);
  bare = jxs_jid_to_bare (jid);
  name = g_strconcat (jxs_jid_to_string (bare), ".pem", NULL);
  /* Neither part of a bare address can hold a slash. */
  return g_file_new_build_filename (g_get_user_data_dir (), "jxs", name, NULL);
}

static JxsIdentity *
load (GFile *file, JxsJid *jid, const char *password, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (jid == NULL)
    {
      jxs_identity_load_async (
          file, password, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
      return jxs_identity_load_finish (tool_wait (&result), error);
    }
  jxs_identity_load_or_generate_async (
      file, jid, password, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_identity_load_or_generate_finish (tool_wait (&result), error);
}

static gboolean
save (JxsIdentity *identity, GFile *file, const char *password, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_save_async (identity,
                           file,
                           password,
                           G_PRIORITY_DEFAULT,
                           tool_get_cancellable (),
                           tool_result_cb,
                           &result);
  return jxs_identity_save_finish (identity, tool_wait (&result), error);
}

static gboolean
is_wrong_password (const GError *error)
{
  return g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* FALSE with an error; *password is NULL when nothing was given. */
static gboolean
get_given_password (const ToolIdentity *self, char **password, GError **error)
{
  *password = self->password_file != NULL ? tool_read_password_file (self->password_file, error)
                                          : g_strdup (g_getenv (PASSWORD_VARIABLE));
  return *password != NULL || self->password_file == NULL;
}

static JxsIdentity *
load_file (const ToolIdentity *self, GFile *file, JxsJid *jid, GError **error)
{
  g_autofree char *name = g_file_get_parse_name (file);
  g_autofree char *prompt = g_strdup_printf (_ ("Password of the key in “%s”: "), name);
  g_autoptr (GError) local_error = NULL;
  JxsIdentity *identity;
  char *password = NULL;

  if (!get_given_password (self, &password, error))
    return NULL;
  identity = load (file, jid, password, &local_error);
  for (guint i = 0; identity == NULL && is_wrong_password (local_error) && i < N_TRIES; i++)
    {
      if (i == 0 && password != NULL)
        break; /* What was given is not to be corrected by hand. */
      if (i > 0)
        tool_say (TOOL_INDENT, "jxs: %s", _ ("That is not the password"));
      g_clear_pointer (&password, tool_wipe);
      g_clear_error (&local_error);
      password = tool_ask_password (prompt, PASSWORD_SOURCES, &local_error);
      if (password == NULL)
        break;
      identity = load (file, jid, password, &local_error);
    }
  g_clear_pointer (&password, tool_wipe);
  if (identity == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return identity;
}

/* The URI of the certificate or of the key, of one that may name both. pin: (nullable) */
static char *
make_token_uri (const char *uri, const char *type, const char *pin)
{
  const char *query = strchr (uri, '?');
  g_autofree char *path = query != NULL ? g_strndup (uri, query - uri) : g_strdup (uri);
  g_auto (GStrv) attributes = g_strsplit (path + strlen (TOKEN_SCHEME), ";", -1);
  GString *made = g_string_new (TOKEN_SCHEME);

  for (gsize i = 0; attributes[i] != NULL; i++)
    if (*attributes[i] != '\0' && !g_str_has_prefix (attributes[i], "type=") &&
        !g_str_has_prefix (attributes[i], "object-type="))
      g_string_append_printf (made, "%s;", attributes[i]);
  g_string_append_printf (made, "type=%s%s", type, query != NULL ? query : "");
  if (pin != NULL)
    {
      g_string_append (made, query != NULL ? "&pin-value=" : "?pin-value=");
      g_string_append_uri_escaped (made, pin, NULL, FALSE);
    }
  return g_string_free (made, FALSE);
}

static JxsIdentity *
open_token (const char *uri, const char *pin, GError **error)
{
  g_autofree char *certificate_uri = make_token_uri (uri, "cert", NULL);
  char *key_uri = make_token_uri (uri, "private", pin);
  JxsIdentity *identity = jxs_identity_new_from_pkcs11 (certificate_uri, key_uri, error);

  tool_wipe (key_uri);
  return identity;
}

static JxsIdentity *
load_token (const ToolIdentity *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  JxsIdentity *identity;
  char *pin = NULL;

  if (!get_given_password (self, &pin, error))
    return NULL;
  identity = open_token (self->path, pin, &local_error);
  /* Asked once: after a few wrong ones a token is locked. */
  if (identity == NULL && is_wrong_password (local_error) && pin == NULL)
    {
      g_clear_error (&local_error);
      pin = tool_ask_password (_ ("PIN of the token: "), PASSWORD_SOURCES, &local_error);
      if (pin != NULL)
        identity = open_token (self->path, pin, &local_error);
    }
  g_clear_pointer (&pin, tool_wipe);
  if (identity == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return identity;
}

JxsIdentity *
tool_identity_load (const ToolIdentity *self, JxsJid *jid, GError **error)
{
  g_autoptr (GFile) file = NULL;

  if (is_token (self))
    return load_token (self, error);
  file = get_file (self, jid);
  return load_file (self, file, jid, error);
}

/* ---- showing ---- */

static void
print_field (const char *name, const char *value)
{
  g_autofree char *padded = tool_pad (name, NAME_WIDTH);

  g_print ("  %s%s%s%s\n", tool_style (TOOL_DIM), padded, tool_end_style (), value);
}

static char *
describe_expiry (JxsIdentity *identity)
{
  gint64 expiry = jxs_identity_get_expiry (identity);
  gint64 days = (expiry - g_get_real_time () / G_USEC_PER_SEC) / SECONDS_PER_DAY;
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (expiry);
  g_autofree char *day = date != NULL ? g_date_time_format (date, "%F") : g_strdup ("?");

  if (days < 0)
    return g_strdup_printf (_ ("ended on %s: make a new one with --new"), day);
  if (days < SOON_DAYS)
    return g_strdup_printf (ngettext ("until %s, %d more day", "until %s, %d more days", days),
                            day,
                            (int) days);
  return g_strdup_printf (_ ("until %s"), day);
}

static void
print_key (const char *name, JxsIdentity *identity)
{
  g_autofree char *fingerprint = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
  g_autofree char *text = tool_fingerprint (fingerprint, NAME_WIDTH + 2);
  g_autofree char *expiry = describe_expiry (identity);

  print_field (name, text);
  print_field (_ ("Valid"), expiry);
}

static void
print_identity (JxsIdentity *identity, const char *where, gboolean is_protected)
{
  JxsJid *jid = jxs_identity_get_jid (identity);

  print_field (_ ("File"), where);
  print_field (_ ("Password"), is_protected ? _ ("needed to use the key") : _ ("none"));
  print_field (_ ("Address"), jid != NULL ? jxs_jid_to_string (jid) : _ ("none"));
  print_key ("SHA-256", identity);
  if (jid != NULL)
    {
      g_autofree char *fingerprint = jxs_identity_get_fingerprint (identity, G_CHECKSUM_SHA256);
      g_autofree char *link = jxs_fingerprint_to_uri (jid, fingerprint);

      print_field (_ ("Link"), link);
    }
  if (jxs_identity_get_successor (identity) != NULL)
    {
      g_print ("\n%s\n", _ ("The key that takes over then; contacts learn it when they connect:"));
      print_key ("SHA-256", jxs_identity_get_successor (identity));
    }
}

/* ---- the command ---- */

typedef struct
{
  ToolIdentity from;
  char *jid_text;
  gboolean is_new;
  gboolean ed25519;
  gboolean encrypt;
  gboolean decrypt;
} Command;

/* One that is typed twice, or was given. NULL with an error. (transfer full) */
static char *
get_new_password (const Command *self, gboolean may_be_given, GError **error)
{
  char *password = NULL;
  char *again;
  gboolean same;

  if (may_be_given && (!get_given_password (&self->from, &password, error) || password != NULL))
    return password;
  password = tool_ask_password (_ ("New password of the key: "), PASSWORD_SOURCES, error);
  if (password == NULL)
    return NULL;
  again = tool_ask_password (_ ("Once more: "), PASSWORD_SOURCES, error);
  same = again != NULL && *password != '\0' && g_str_equal (password, again);
  if (again != NULL && !same)
    g_set_error_literal (error,
                         JXS_ERROR,
                         JXS_ERROR_INVALID_ARGUMENT,
                         *password == '\0' ? _ ("An empty password protects nothing")
                                           : _ ("The two passwords differ; nothing was changed"));
  g_clear_pointer (&again, tool_wipe);
  if (!same)
    g_clear_pointer (&password, tool_wipe);
  return password;
}

/* Whether a file holds a key under a password. */
static gboolean
is_encrypted (GFile *file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsIdentity) identity = load (file, NULL, NULL, &error);

  return identity == NULL && is_wrong_password (error);
}

static JxsIdentity *
run_on_file (const Command *self, GFile *file, JxsJid *jid, GError **error)
{
  const gboolean was_encrypted = is_encrypted (file);
  /* A new key is protected as the old one was. */
  const gboolean encrypt = self->encrypt || (was_encrypted && !self->decrypt);
  g_autoptr (JxsIdentity) identity = NULL;
  char *password = NULL;
  gboolean saved;

  if (self->is_new)
    identity =
        jxs_identity_generate (jid,
                               self->ed25519 ? JXS_KEY_TYPE_ED25519 : JXS_KEY_TYPE_ECDSA_P256,
                               error);
  else
    identity = load_file (&self->from, file, jid, error);
  if (identity == NULL || (!self->is_new && !self->encrypt && !self->decrypt))
    return g_steal_pointer (&identity);

  /* What was given has opened the old key: it is not the new password. */
  if (encrypt &&
      (password = get_new_password (self, self->is_new || !was_encrypted, error)) == NULL)
    return NULL;
  saved = save (identity, file, password, error);
  g_clear_pointer (&password, tool_wipe);
  return saved ? g_steal_pointer (&identity) : NULL;
}

static int
run (const Command *self)
{
  g_autoptr (JxsIdentity) identity = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;

  if (self->jid_text != NULL && (jid = jxs_jid_new (self->jid_text, &error)) == NULL)
    return tool_fail (NULL, error);
  if (is_token (&self->from))
    identity = load_token (&self->from, &error);
  else
    {
      file = get_file (&self->from, jid);
      identity = run_on_file (self, file, jid, &error);
    }
  if (identity == NULL)
    return tool_fail (NULL, error);
  name = file != NULL ? g_file_get_parse_name (file) : g_strdup (_ ("in a token"));
  print_identity (identity, name, file == NULL || is_encrypted (file));
  return TOOL_OK;
}

static int
check_usage (const Command *self, int argc, char **argv)
{
  const gboolean changes = self->is_new || self->encrypt || self->decrypt;

  if (argc > 1)
    return tool_usage (_ ("“%s” is one argument too many"), argv[1]);
  if (self->jid_text == NULL && (self->from.path == NULL || self->is_new))
    return tool_usage (_ ("Whose key? Give the address with --jid"));
  if (self->ed25519 && !self->is_new)
    return tool_usage (_ ("--ed25519 is only for new keys"));
  if (self->encrypt && self->decrypt)
    return tool_usage (_ ("Either --encrypt or --decrypt"));
  if (changes && is_token (&self->from))
    return tool_usage (_ ("The key in a token can only be shown"));
  return TOOL_OK;
}

int
tool_identity (int argc, char **argv)
{
  Command self = { 0 };
  const GOptionEntry entries[] = {
    { "jid",
      'j',
      0,
      G_OPTION_ARG_STRING,
      &self.jid_text,
      N_ ("The address of the account"),
      "JID" },
    { "new",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self.is_new,
      N_ ("Make a new key in place of the old one; contacts will have to trust it anew"),
      NULL },
    { "ed25519", 0, 0, G_OPTION_ARG_NONE, &self.ed25519, N_ ("With --new: an Ed25519 key"), NULL },
    { "encrypt",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self.encrypt,
      N_ ("Protect the key with a new password, which is needed to use it from then on"),
      NULL },
    { "decrypt", 0, 0, G_OPTION_ARG_NONE, &self.decrypt, N_ ("Take the password away"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  int status;

  g_option_context_set_summary (
      context,
      _ ("Shows the key of an account on this computer; makes it when there is none yet. "
         "Compare the fingerprint with your contacts over another way than this one."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  tool_identity_add_options (&self.from, context);
  if (tool_parse (context, &argc, &argv, &status) &&
      (status = check_usage (&self, argc, argv)) == TOOL_OK)
    status = run (&self);
  tool_identity_clear (&self.from);
  g_free (self.jid_text);
  return status;
}
