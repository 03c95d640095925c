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
         g_error_matches (error, JXS_ERROR, JXS_ERROR_UNTRUSTED);
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
      return _ ("Ask the other side to run “jxs listen --accept” with your address.");
    case JXS_ERROR_TIMED_OUT:
      return _ ("Check that the other side is still online, and try again.");
    case JXS_ERROR_NOT_SUPPORTED:
      return _ ("The program at that address cannot do this; name the resource of one that can.");
    case JXS_ERROR_AUTHENTICATION:
      return _ ("Check the address and the password.");
    case JXS_ERROR_UNTRUSTED:
      return _ ("Compare the fingerprints with your contact over another way; if the new one is "
                "right, give it with --trust-fingerprint.");
    case JXS_ERROR_FAILED:
    case JXS_ERROR_INVALID_ARGUMENT:
    case JXS_ERROR_INVALID_JID:
    case JXS_ERROR_CLOSED:
    case JXS_ERROR_PROTOCOL:
    case JXS_ERROR_BUSY:
    case JXS_ERROR_CONFLICT:
    case JXS_ERROR_LIMIT:
    case JXS_ERROR_CONNECTIVITY:
    case JXS_ERROR_SECURITY:
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
  if (error->domain != JXS_ERROR)
    return TOOL_FAILED;
  switch ((JxsError) error->code)
    {
    case JXS_ERROR_INVALID_JID:
      return TOOL_USAGE;
    case JXS_ERROR_AUTHENTICATION:
      return TOOL_SERVER;
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
    g_printerr ("jxs: %s\n", _ ("Interrupted"));
  else
    {
      g_autofree char *why = tool_clean (error->message, 1000);
      const char *what_to_do = advice (error);

      if (what != NULL)
        g_printerr ("jxs: %s: %s\n", what, why);
      else
        g_printerr ("jxs: %s\n", why);
      if (what_to_do != NULL)
        g_printerr ("     %s\n", what_to_do);
    }
  return status;
}

int
tool_fail_server (const char *what, const GError *error)
{
  int status = tool_fail (what, error);

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
  g_printerr ("jxs: %s\n     ", message);
  g_printerr (_ ("Try “%s --help”."), g_get_prgname ());
  g_printerr ("\n");
  return TOOL_USAGE;
}

gboolean
tool_parse (GOptionContext *context, int *argc, char ***argv, int *status)
{
  g_autoptr (GError) error = NULL;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
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
  signal (SIGPIPE, SIG_IGN);
  g_unix_signal_add (SIGINT, interrupted_cb, NULL);
  g_unix_signal_add (SIGTERM, interrupted_cb, NULL);
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
