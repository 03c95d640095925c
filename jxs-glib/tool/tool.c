/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <signal.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n.h>

static GCancellable *cancellable;

static gboolean
is_security_error (const GError *error)
{
  return error->domain == G_TLS_ERROR || g_error_matches (error, JXS_ERROR, JXS_ERROR_SECURITY) ||
         g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED) ||
         g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION);
}

/* What a person can do about it, or NULL. */
static const char *
advice (const GError *error)
{
  if (error->domain != JXS_ERROR)
    return NULL;
  switch ((JxsError) error->code)
    {
    case JXS_ERROR_PEER_UNAVAILABLE:
      return _ ("Check the address, with its resource, and that “jxs listen” is running there.");
    case JXS_ERROR_DECLINED:
      return _ ("Ask the other side to say yes, or to run “jxs listen --accept” with your address; "
                "a pipe needs “jxs listen --pipe --accept”.");
    case JXS_ERROR_TIMED_OUT:
      return _ ("Check that the other side is still online, and try again.");
    case JXS_ERROR_NOT_SUPPORTED:
      return _ ("The program at that address cannot do this; name the resource of one that can.");
    case JXS_ERROR_UNTRUSTED:
      return _ ("“jxs trust list” shows the keys that are known. “jxs trust verify” takes one that "
                "you compared; “jxs verify --password” makes sure without a key.");
    case JXS_ERROR_SECURITY:
      return _ ("Ask the other side what it is told; it may have to decide about your key with "
                "“jxs verify” or “jxs trust verify”.");
    case JXS_ERROR_AUTHENTICATION:
    case JXS_ERROR_FAILED:
    case JXS_ERROR_INVALID_ARGUMENT:
    case JXS_ERROR_INVALID_JID:
    case JXS_ERROR_CLOSED:
    case JXS_ERROR_PROTOCOL:
    case JXS_ERROR_BUSY:
    case JXS_ERROR_CONFLICT:
    case JXS_ERROR_LIMIT:
    case JXS_ERROR_CONNECTIVITY:
    case JXS_ERROR_TRUNCATED:
    default:
      return NULL;
    }
}

static ToolStatus
status_of (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TOOL_INTERRUPTED;
  if (is_security_error (error))
    return TOOL_SECURITY;
  if (error->domain == JXS_STANZA_ERROR)
    return TOOL_PEER;
  if (error->domain != JXS_ERROR)
    return TOOL_FAILED;
  switch ((JxsError) error->code)
    {
    case JXS_ERROR_INVALID_JID:
      return TOOL_USAGE;
    case JXS_ERROR_PEER_UNAVAILABLE:
    case JXS_ERROR_DECLINED:
    case JXS_ERROR_BUSY:
    case JXS_ERROR_NOT_SUPPORTED:
    case JXS_ERROR_TIMED_OUT:
      return TOOL_PEER;
    case JXS_ERROR_FAILED:
    case JXS_ERROR_INVALID_ARGUMENT:
    case JXS_ERROR_CLOSED:
    case JXS_ERROR_PROTOCOL:
    case JXS_ERROR_CONFLICT:
    case JXS_ERROR_LIMIT:
    case JXS_ERROR_CONNECTIVITY:
    case JXS_ERROR_SECURITY:
    case JXS_ERROR_UNTRUSTED:
    case JXS_ERROR_AUTHENTICATION:
    case JXS_ERROR_TRUNCATED:
    default:
      return TOOL_FAILED;
    }
}

int
tool_fail (const char *what, const GError *error)
{
  ToolStatus status = status_of (error);

  tool_progress_end ();
  if (status == TOOL_INTERRUPTED)
    {
      if (tool_get_output_errno () == 0)
        tool_say (TOOL_INDENT, "jxs: %s", _ ("Interrupted"));
    }
  else
    {
      g_autofree char *why = tool_clean (error->message, 1000);
      const char *what_to_do = advice (error);

      if (what != NULL)
        tool_say (TOOL_INDENT, "jxs: %s: %s", what, why);
      else
        tool_say (TOOL_INDENT, "jxs: %s", why);
      if (what_to_do != NULL)
        tool_say (TOOL_INDENT, "%*s%s", TOOL_INDENT, "", what_to_do);
    }
  return status;
}

/* A password may be that of the account, of the key, or of both persons. */
static void
advise_on_password (const GError *error, const char *what_to_do)
{
  if (g_error_matches (error, JXS_ERROR, JXS_ERROR_AUTHENTICATION))
    tool_say (TOOL_INDENT, "%*s%s", TOOL_INDENT, "", what_to_do);
}

int
tool_fail_peer (const char *what, const GError *error)
{
  int status = tool_fail (what, error);

  advise_on_password (error,
                      _ ("A password is good for one attempt: agree on a new one. A wrong one that "
                         "nobody mistyped means that somebody is guessing."));
  return status;
}

int
tool_fail_server (const char *what, const GError *error)
{
  int status = tool_fail (what, error);

  advise_on_password (error, _ ("Check the address and the password of the account."));
  return status == TOOL_INTERRUPTED ? status : TOOL_SERVER;
}

int
tool_usage (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  tool_say (TOOL_INDENT, "jxs: %s", message);
  g_free (message);
  message = g_strdup_printf (_ ("Try “%s --help”."), g_get_prgname ());
  tool_say (TOOL_INDENT, "%*s%s", TOOL_INDENT, "", message);
  return TOOL_USAGE;
}

gboolean
tool_parse (GOptionContext *context, int *argc, char ***argv, int *status)
{
  g_autoptr (GError) error = NULL;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  /* GLib's own does not wrap. */
  for (int i = 1; i < *argc && !g_str_equal ((*argv)[i], "--"); i++)
    if (g_str_equal ((*argv)[i], "--help") || g_str_equal ((*argv)[i], "-h"))
      {
        g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);
        g_autofree char *wrapped = tool_wrap (help, TOOL_HELP_WIDTH, 0);

        g_print ("%s", wrapped);
        *status = TOOL_OK;
        return FALSE;
      }
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  *status = tool_usage ("%s", error->message);
  return FALSE;
}

GCancellable *
tool_get_cancellable (void)
{
  if (cancellable == NULL)
    cancellable = g_cancellable_new ();
  return cancellable;
}

static gboolean
interrupted_cb (gpointer user_data)
{
  /* The second time nobody wants to wait for an orderly end. */
  if (g_cancellable_is_cancelled (tool_get_cancellable ()))
    _exit (TOOL_INTERRUPTED);
  g_cancellable_cancel (tool_get_cancellable ());
  return G_SOURCE_CONTINUE;
}

void
tool_catch_interrupts (void)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

  signal (SIGPIPE, SIG_IGN);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      struct sigaction old;

      /* As nohup and shells ask programs in the background to. */
      if (sigaction (signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        g_unix_signal_add (signals[i], interrupted_cb, NULL);
    }
}

void
tool_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  *out = g_object_ref (result);
}

GAsyncResult *
tool_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}
