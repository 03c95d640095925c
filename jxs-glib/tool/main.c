/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include <glib/gi18n.h>

static const struct
{
  const char *name;
  ToolCommand run;
  const char *summary;
} commands[] = {
  { "demo", tool_demo, N_ ("two endpoints in this process talk end to end, and show how") },
#ifdef JXS_HAS_CLIENT
  { "listen", tool_listen, N_ ("wait for others, and chat with them or take their bytes") },
  { "chat", tool_chat, N_ ("open an encrypted stream, and send lines as messages") },
  { "pipe", tool_pipe, N_ ("connect standard input and output with those of the peer") },
  { "probe", tool_probe, N_ ("show which ways there are to the peer, and which work") },
  { "verify", tool_verify, N_ ("make sure that a contact is who they seem to be") },
#endif
  { "trust", tool_trust, N_ ("show the keys of others, and decide about them") },
  { "identity", tool_identity, N_ ("show the key others know this computer by") },
};

static void
print_help (void)
{
  g_print (_ ("Usage: jxs COMMAND [OPTION…]\n\n"
              "Opens streams to other people's computers, encrypted from end to end, through\n"
              "the XMPP servers where they have accounts.\n\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *name = tool_pad (commands[i].name, 10);

      g_print (
          "  %s%s%s%s\n", tool_style (TOOL_BOLD), name, tool_end_style (), _ (commands[i].summary));
    }
  g_print (_ ("\n“jxs COMMAND --help” tells the options of a command.\n\n"
              "Exit status:\n"
              "  0    all went well\n"
              "  1    failed\n"
              "  2    wrong usage\n"
              "  3    no connection to the server, or it refuses the account\n"
              "  4    the peer refuses, does not answer, or is not there\n"
              "  5    encryption failed, a key is not trusted, or a password is wrong\n"
              "  130  interrupted\n\n"
              "Environment:\n"
              "  JXS_PASSWORD           the password of the account\n"
              "  JXS_IDENTITY_PASSWORD  the password of the key\n"
              "  NO_COLOR               when set, no colours\n"));
}

/* A socket must not become what a shell closed: the messages for people would go there. Opened the
 * wrong way round, so that using it still fails. */
static void
reserve_standard_streams (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF &&
        open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      _exit (TOOL_FAILED);
}

static int
run (int argc, char **argv)
{
  if (argc < 2)
    return tool_usage (_ ("What is to be done?"));
  if (g_str_equal (argv[1], "help") && argc == 3)
    {
      char *of_command[] = { argv[0], argv[2], (char *) "--help", NULL };

      return run (3, of_command);
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") ||
      g_str_equal (argv[1], "help"))
    {
      print_help ();
      return TOOL_OK;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      g_print ("jxs-glib %s\n", PACKAGE_VERSION);
      return TOOL_OK;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      {
        g_autofree char *name = g_strconcat ("jxs ", commands[i].name, NULL);

        g_set_prgname (name);
        tool_catch_interrupts ();
        return commands[i].run (argc - 1, argv + 1);
      }
  return tool_usage (_ ("There is no command “%s”"), argv[1]);
}

static void
ignore_cb (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

int
main (int argc, char **argv)
{
  int status;

  reserve_standard_streams ();
  setlocale (LC_ALL, "");
  /* Where nobody chose a locale (a bare system, a container) the terminal still speaks UTF-8. */
  if (g_str_equal (setlocale (LC_CTYPE, NULL), "C"))
    setlocale (LC_CTYPE, "C.UTF-8");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("jxs");
  /* Standard output belongs to what was asked for, which may be the bytes of a pipe. */
  g_log_writer_default_set_use_stderr (TRUE);
  tool_catch_output_errors ();
  /* They find no port at the loopback address, where no router is, now and then. */
  g_log_set_handler ("gupnp-context", G_LOG_LEVEL_WARNING, ignore_cb, NULL);
  g_log_set_handler ("gupnp-context-manager", G_LOG_LEVEL_WARNING, ignore_cb, NULL);

  status = run (argc, argv);
  if (tool_get_output_errno () == 0)
    return status;
  /* Whoever closes a pipe, as “head” does, has had enough. */
  if (tool_get_output_errno () != EPIPE)
    tool_say (TOOL_INDENT, _ ("jxs: Standard output: %s"), g_strerror (tool_get_output_errno ()));
  return TOOL_FAILED;
}
