/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "questions.h"
#include "trust.h"

#include <unistd.h>

#include <glib/gi18n.h>

#define NAME_WIDTH 12

JxsTrustStore *
tool_trust_open (const char *path, GError **error)
{
  g_autoptr (GFile) file =
      path != NULL ? g_file_new_for_commandline_arg (path)
                   : g_file_new_build_filename (g_get_user_data_dir (), "jxs", "trust.db", NULL);
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_open_async (
      file, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  return jxs_trust_store_open_finish (tool_wait (&result), error);
}

void
tool_trust_settle (JxsTrustStore *store, JxsJid *jid)
{
  /* No certificate has this fingerprint: nothing is removed. */
  static const char none[] = "0000000000000000000000000000000000000000000000000000000000000000";
  g_autoptr (GAsyncResult) result = NULL;

  jxs_trust_store_remove_async (
      store, jid, none, G_PRIORITY_DEFAULT, NULL, tool_result_cb, &result);
  jxs_trust_store_remove_finish (store, tool_wait (&result), NULL, NULL);
}

const char *
tool_trust_describe_level (JxsTrustLevel level)
{
  switch (level)
    {
    case JXS_TRUST_LEVEL_VERIFIED:
      return _ ("verified");
    case JXS_TRUST_LEVEL_PINNED:
    case JXS_TRUST_LEVEL_FIRST_USE:
      return _ ("accepted at first contact, not verified");
    case JXS_TRUST_LEVEL_DISTRUSTED:
      return _ ("distrusted");
    case JXS_TRUST_LEVEL_UNKNOWN:
    default:
      return _ ("refused so far: nobody decided");
    }
}

const char *
tool_trust_describe_origin (JxsTrustOrigin origin)
{
  switch (origin)
    {
    case JXS_TRUST_ORIGIN_FINGERPRINT:
      return _ ("fingerprint compared");
    case JXS_TRUST_ORIGIN_SHORT_STRING:
      return _ ("numbers or pictures compared");
    case JXS_TRUST_ORIGIN_PASSWORD:
      return _ ("both knew a password");
    case JXS_TRUST_ORIGIN_AUTHORITY:
      return _ ("certified by an authority");
    case JXS_TRUST_ORIGIN_VOUCHED:
      return _ ("named by their older key");
    case JXS_TRUST_ORIGIN_APPLICATION:
      return _ ("given by a program");
    case JXS_TRUST_ORIGIN_NONE:
    default:
      return NULL;
    }
}

char *
tool_trust_date (gint64 seconds)
{
  g_autoptr (GDateTime) date = seconds > 0 ? g_date_time_new_from_unix_local (seconds) : NULL;

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M") : g_strdup (_ ("never"));
}

char *
tool_trust_describe (JxsTrustRecord *record)
{
  JxsTrustLevel level = jxs_trust_record_get_level (record);
  JxsTrustOrigin origin = jxs_trust_record_get_origin (record);
  const char *words = tool_trust_describe_origin (origin);

  /* What a first contact rests on is said already. */
  if (words == NULL || (level != JXS_TRUST_LEVEL_VERIFIED && origin != JXS_TRUST_ORIGIN_VOUCHED))
    return g_strdup (tool_trust_describe_level (level));
  return g_strdup_printf ("%s (%s)", tool_trust_describe_level (level), words);
}

static void
answered_cb (const char *answer, gpointer user_data)
{
  char **kept = user_data;

  *kept = g_strdup (answer != NULL ? answer : "");
}

static gboolean
ask (const char *question)
{
  g_autoptr (ToolQuestions) questions = tool_questions_new ();
  g_autofree char *answer = NULL;

  if (!tool_questions_ask (questions, question, answered_cb, &answer))
    return FALSE;
  while (answer == NULL && !g_cancellable_is_cancelled (tool_get_cancellable ()))
    g_main_context_iteration (NULL, TRUE);
  if (answer == NULL || *answer == '\0')
    g_printerr ("\n");
  return tool_is_yes (answer);
}

static void
print_field (const char *name, const char *value)
{
  g_autofree char *padded = tool_pad (name, NAME_WIDTH);

  g_print ("  %s%s%s%s\n", tool_style (TOOL_DIM), padded, tool_end_style (), value);
}

static ToolStyle
get_style (JxsTrustLevel level)
{
  switch (level)
    {
    case JXS_TRUST_LEVEL_VERIFIED:
      return TOOL_GREEN;
    case JXS_TRUST_LEVEL_DISTRUSTED:
    case JXS_TRUST_LEVEL_UNKNOWN:
      return TOOL_YELLOW;
    case JXS_TRUST_LEVEL_PINNED:
    case JXS_TRUST_LEVEL_FIRST_USE:
    default:
      return TOOL_PLAIN;
    }
}

static void
print_record (JxsTrustRecord *record)
{
  JxsTrustLevel level = jxs_trust_record_get_level (record);
  const char *device = jxs_trust_record_get_device (record);
  g_autofree char *first = tool_trust_date (jxs_trust_record_get_first_seen (record));
  g_autofree char *last = tool_trust_date (jxs_trust_record_get_last_seen (record));
  g_autofree char *key =
      tool_fingerprint (jxs_trust_record_get_fingerprint (record), NAME_WIDTH + 2);
  g_autofree char *words = tool_trust_describe (record);
  g_autofree char *trust =
      g_strdup_printf ("%s%s%s", tool_style (get_style (level)), words, tool_end_style ());

  g_print ("%s%s%s\n",
           tool_style (TOOL_BOLD),
           jxs_jid_to_string (jxs_trust_record_get_jid (record)),
           tool_end_style ());
  print_field (_ ("Trust"), trust);
  if (device != NULL && *device != '\0')
    {
      g_autofree char *clean = tool_clean (device, 64);

      print_field (_ ("Seen at"), clean);
    }
  if (jxs_trust_record_get_last_seen (record) > 0)
    {
      print_field (_ ("First seen"), first);
      print_field (_ ("Last seen"), last);
    }
  else
    print_field (_ ("Last seen"), last);
  print_field (_ ("Key"), key);
}

/* The records of an address (nullable: of all). (transfer full) (element-type JxsTrustRecord) */
static GPtrArray *
find_records (JxsTrustStore *store, JxsJid *jid)
{
  GPtrArray *records = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (store)); i++)
    {
      g_autoptr (JxsTrustRecord) record = g_list_model_get_item (G_LIST_MODEL (store), i);

      if (jid == NULL || jxs_jid_equal_bare (jid, jxs_trust_record_get_jid (record)))
        g_ptr_array_add (records, g_steal_pointer (&record));
    }
  return records;
}

static int
fail_unknown (JxsJid *jid)
{
  tool_say (TOOL_INDENT, _ ("jxs: No key of %s is known"), jxs_jid_to_string (jid));
  return TOOL_FAILED;
}

/* ---- the commands: jid and fingerprint (nullable), or a file ---- */

static int
list (JxsTrustStore *store, JxsJid *jid, const char *fingerprint)
{
  g_autoptr (GPtrArray) records = find_records (store, jid);

  if (records->len == 0 && jid != NULL)
    return fail_unknown (jid);
  if (records->len == 0)
    g_printerr ("%s\n", _ ("No key of anybody is known yet."));
  for (guint i = 0; i < records->len; i++)
    {
      if (i > 0)
        g_print ("\n");
      print_record (g_ptr_array_index (records, i));
    }
  return TOOL_OK;
}

static int
set_level (JxsTrustStore *store,
           JxsJid *jid,
           const char *fingerprint,
           JxsTrustLevel level,
           JxsTrustOrigin origin)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_store_set_level_async (store,
                                   jid,
                                   fingerprint,
                                   level,
                                   origin,
                                   G_PRIORITY_DEFAULT,
                                   tool_get_cancellable (),
                                   tool_result_cb,
                                   &result);
  if (!jxs_trust_store_set_level_finish (store, tool_wait (&result), &error))
    return tool_fail (NULL, error);
  return TOOL_OK;
}

/* The one key of an address that is not decided as wanted yet; NULL: all is said. */
static JxsTrustRecord *
find_only (JxsTrustStore *store, JxsJid *jid, JxsTrustLevel unwanted, int *status)
{
  g_autoptr (GPtrArray) records = find_records (store, jid);
  JxsTrustRecord *found = NULL;

  *status = TOOL_OK;
  if (records->len == 0)
    {
      *status = fail_unknown (jid);
      return NULL;
    }
  for (guint i = 0; i < records->len; i++)
    {
      JxsTrustRecord *record = g_ptr_array_index (records, i);

      if (jxs_trust_record_get_level (record) == unwanted)
        continue;
      if (found != NULL)
        {
          *status = tool_usage (_ ("There are several keys of %s: give the fingerprint of the one "
                                   "you mean (see “jxs trust list”)"),
                                jxs_jid_to_string (jid));
          return NULL;
        }
      found = record;
    }
  if (found == NULL)
    tool_say (0,
              _ ("Nothing to do: every key of %s is %s."),
              jxs_jid_to_string (jid),
              tool_trust_describe_level (unwanted));
  return found != NULL ? g_object_ref (found) : NULL;
}

static void
tell_decision (JxsJid *jid, const char *fingerprint, JxsTrustLevel level)
{
  g_autofree char *key = tool_fingerprint (fingerprint, 2);

  tool_say (0,
            level == JXS_TRUST_LEVEL_VERIFIED ? _ ("This key of %s is verified:")
                                              : _ ("This key of %s is refused from now on:"),
            jxs_jid_to_string (jid));
  g_printerr ("  %s\n", key);
}

static int
verify (JxsTrustStore *store, JxsJid *jid, const char *fingerprint)
{
  g_autoptr (JxsTrustRecord) record = NULL;
  g_autofree char *only = NULL;
  int status = TOOL_OK;

  if (fingerprint == NULL && !tool_is_terminal (STDIN_FILENO))
    return tool_usage (_ ("There is no terminal to ask on whether the keys are the same: give the "
                          "one you were told, “jxs trust verify JID KEY”"));
  if (fingerprint == NULL)
    {
      record = find_only (store, jid, JXS_TRUST_LEVEL_VERIFIED, &status);
      if (record == NULL)
        return status;
      /* The record changes with the decision. */
      fingerprint = only = g_strdup (jxs_trust_record_get_fingerprint (record));
      print_record (record);
      g_print ("\n");
      tool_say (0,
                "%s",
                _ ("Let your contact read aloud the key that “jxs identity” shows there, over the "
                   "telephone or side by side."));
      if (!ask (_ ("Is every group the same? [y/N]")))
        {
          tool_say (TOOL_INDENT, "jxs: %s", _ ("Not verified; nothing was changed"));
          return g_cancellable_is_cancelled (tool_get_cancellable ()) ? TOOL_INTERRUPTED
                                                                      : TOOL_SECURITY;
        }
    }
  status =
      set_level (store, jid, fingerprint, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_FINGERPRINT);
  if (status == TOOL_OK)
    tell_decision (jid, fingerprint, JXS_TRUST_LEVEL_VERIFIED);
  return status;
}

static int
distrust (JxsTrustStore *store, JxsJid *jid, const char *fingerprint)
{
  g_autoptr (JxsTrustRecord) record = NULL;
  g_autofree char *only = NULL;
  int status = TOOL_OK;

  if (fingerprint == NULL)
    {
      record = find_only (store, jid, JXS_TRUST_LEVEL_DISTRUSTED, &status);
      if (record == NULL)
        return status;
      fingerprint = only = g_strdup (jxs_trust_record_get_fingerprint (record));
    }
  status = set_level (store, jid, fingerprint, JXS_TRUST_LEVEL_DISTRUSTED, JXS_TRUST_ORIGIN_NONE);
  if (status == TOOL_OK)
    tell_decision (jid, fingerprint, JXS_TRUST_LEVEL_DISTRUSTED);
  return status;
}

static int
remove_keys (JxsTrustStore *store, JxsJid *jid, const char *fingerprint)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint n_removed = 0;

  jxs_trust_store_remove_async (store,
                                jid,
                                fingerprint,
                                G_PRIORITY_DEFAULT,
                                tool_get_cancellable (),
                                tool_result_cb,
                                &result);
  if (!jxs_trust_store_remove_finish (store, tool_wait (&result), &n_removed, &error))
    return tool_fail (NULL, error);
  if (n_removed == 0)
    return fail_unknown (jid);
  g_printerr (ngettext ("%u key of %s is forgotten.\n",
                        "%u keys of %s are forgotten.\n",
                        n_removed),
              n_removed,
              jxs_jid_to_string (jid));
  return TOOL_OK;
}

static int
export_to (JxsTrustStore *store, GFile *file)
{
  guint n_exported = 0;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  jxs_trust_store_export_async (
      store, file, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  if (!jxs_trust_store_export_finish (store, tool_wait (&result), &error))
    return tool_fail (NULL, error);
  /* Nothing but what was decided is. */
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (store)); i++)
    {
      g_autoptr (JxsTrustRecord) record = g_list_model_get_item (G_LIST_MODEL (store), i);

      n_exported += jxs_trust_record_get_level (record) != JXS_TRUST_LEVEL_UNKNOWN ? 1 : 0;
    }
  g_printerr (ngettext ("%u key was exported.\n", "%u keys were exported.\n", n_exported),
              n_exported);
  return TOOL_OK;
}

static int
import_from (JxsTrustStore *store, GFile *file)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint n_imported = 0;
  guint n_kept = 0;
  guint n_invalid = 0;

  jxs_trust_store_import_async (
      store, file, G_PRIORITY_DEFAULT, tool_get_cancellable (), tool_result_cb, &result);
  if (!jxs_trust_store_import_finish (
          store, tool_wait (&result), &n_imported, &n_kept, &n_invalid, &error))
    return tool_fail (NULL, error);
  g_printerr (ngettext ("%u key was imported.\n", "%u keys were imported.\n", n_imported),
              n_imported);
  if (n_kept > 0)
    g_printerr (ngettext ("%u key stays as it was here.\n",
                          "%u keys stay as they were here.\n",
                          n_kept),
                n_kept);
  if (n_invalid > 0)
    tool_say (TOOL_INDENT,
              ngettext ("jxs: %u line was not understood",
                        "jxs: %u lines were not understood",
                        n_invalid),
              n_invalid);
  return n_invalid == 0 ? TOOL_OK : TOOL_FAILED;
}

typedef enum
{
  TAKES_MAYBE_JID,
  TAKES_JID_OR_URI,
  TAKES_FILE,
} Takes;

static const struct
{
  const char *name;
  Takes takes;
  int (*for_key) (JxsTrustStore *store, JxsJid *jid, const char *fingerprint);
  int (*for_file) (JxsTrustStore *store, GFile *file);
} commands[] = {
  { "list", TAKES_MAYBE_JID, list, NULL },
  { "verify", TAKES_JID_OR_URI, verify, NULL },
  { "distrust", TAKES_JID_OR_URI, distrust, NULL },
  { "remove", TAKES_JID_OR_URI, remove_keys, NULL },
  { "export", TAKES_FILE, NULL, export_to },
  { "import", TAKES_FILE, NULL, import_from },
};

/* JID [FINGERPRINT], or both in a URI. */
static gboolean
parse_key (int argc, char **argv, JxsJid **jid, char **fingerprint, GError **error)
{
  if (argc == 1 && g_ascii_strncasecmp (argv[0], "xmpp:", 5) == 0)
    return jxs_fingerprint_from_uri (argv[0], jid, fingerprint, error);
  if (argc > 0 && (*jid = jxs_jid_new (argv[0], error)) == NULL)
    return FALSE;
  return argc < 2 || (*fingerprint = jxs_fingerprint_from_text (argv[1], error)) != NULL;
}

static int
run (gsize command, const char *path, int argc, char **argv)
{
  g_autoptr (JxsTrustStore) store = NULL;
  g_autoptr (JxsJid) jid = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  if (commands[command].takes != TAKES_FILE && !parse_key (argc, argv, &jid, &fingerprint, &error))
    {
      tool_fail (NULL, error);
      return TOOL_USAGE;
    }
  store = tool_trust_open (path, &error);
  if (store == NULL)
    return tool_fail (NULL, error);
  if (commands[command].takes == TAKES_FILE)
    {
      g_autoptr (GFile) file = g_file_new_for_commandline_arg (argv[0]);

      return commands[command].for_file (store, file);
    }
  return commands[command].for_key (store, jid, fingerprint);
}

int
tool_trust (int argc, char **argv)
{
  g_autofree char *path = NULL;
  const GOptionEntry entries[] = { { "trust-store",
                                     0,
                                     0,
                                     G_OPTION_ARG_FILENAME,
                                     &path,
                                     N_ ("The file with the keys of others"),
                                     "FILE" },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("COMMAND [JID [KEY] | FILE]"));
  int status;

  g_option_context_set_summary (
      context,
      _ ("Shows the keys of others that were seen, and decides about them:\n\n"
         "  list [JID]          what is known, and what it rests on\n"
         "  verify JID [KEY]    the key is theirs: you compared it over another way\n"
         "  distrust JID [KEY]  never again speak with who shows this key\n"
         "  remove JID [KEY]    forget it: the next contact is the first again\n"
         "  export FILE         write all to a file\n"
         "  import FILE         take what another computer exported\n\n"
         "KEY is a fingerprint (SHA-256); instead of both, the “xmpp:” address that “jxs identity” "
         "shows there."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!tool_parse (context, &argc, &argv, &status))
    return status;
  if (argc < 2)
    return tool_usage (_ ("What is to be done with the keys? “jxs trust list” shows them"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      {
        static const int least[] = { 0, 1, 1 };
        static const int most[] = { 1, 2, 1 };
        int n = argc - 2;

        if (n < least[commands[i].takes])
          return tool_usage (commands[i].takes == TAKES_FILE ? _ ("Which file?")
                                                             : _ ("Whose key? Give an address"));
        if (n > most[commands[i].takes])
          return tool_usage (_ ("“%s” is one argument too many"), argv[argc - 1]);
        return run (i, path, n, argv + 2);
      }
  return tool_usage (_ ("There is no command “trust %s”"), argv[1]);
}
