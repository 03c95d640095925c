/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <glib/gi18n.h>

#define PASSWORD_MAX_BYTES 1024
#define PASSWORD_FILE_MAX_BYTES 4096

void
tool_wipe (char *text)
{
  volatile char *p = text;

  while (p != NULL && *p != '\0')
    *p++ = '\0';
  g_free (text);
}

char *
tool_read_password_file (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  char *text = NULL;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  text[strcspn (text, "\r\n")] = '\0';
  if (*text != '\0' && length <= PASSWORD_FILE_MAX_BYTES && g_utf8_validate (text, -1, NULL))
    return text;
  g_set_error (error,
               JXS_ERROR,
               JXS_ERROR_INVALID_ARGUMENT,
               _ ("The first line of “%s” is no password"),
               name);
  tool_wipe (text);
  return NULL;
}

static volatile sig_atomic_t interrupted;

static void
interrupted_cb (int number)
{
  interrupted = 1;
}

/* One line, at most size - 1 bytes; FALSE when interrupted or at the end of file. */
static gboolean
read_line (int fd, char *line, gsize size)
{
  gsize n = 0;
  char c;

  while (!interrupted)
    {
      gssize got = read (fd, &c, 1);

      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      if (c == '\n')
        {
          line[n] = '\0';
          return TRUE;
        }
      if (n < size - 1)
        line[n++] = c;
    }
  return FALSE;
}

char *
tool_ask_password (const char *prompt, const char *otherwise, GError **error)
{
  struct sigaction action = { .sa_handler = interrupted_cb };
  struct sigaction old_action;
  struct termios silent, old;
  char line[PASSWORD_MAX_BYTES];
  char *password;
  gboolean got;
  int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

  if (fd < 0 || tcgetattr (fd, &old) != 0)
    {
      if (fd >= 0)
        close (fd);
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("There is no terminal to ask for the password on; use %s"),
                   otherwise);
      return NULL;
    }

  /* No SA_RESTART: Ctrl-C ends the question, and the terminal is put right. */
  interrupted = 0;
  sigaction (SIGINT, &action, &old_action);
  silent = old;
  silent.c_lflag &= ~ECHO;
  tcsetattr (fd, TCSAFLUSH, &silent);
  dprintf (fd, "%s", prompt);
  got = read_line (fd, line, sizeof line);
  dprintf (fd, "\n");
  tcsetattr (fd, TCSAFLUSH, &old);
  sigaction (SIGINT, &old_action, NULL);
  close (fd);

  password = got ? g_strdup (line) : NULL;
  explicit_bzero (line, sizeof line);
  if (!got)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("No password was entered"));
  return password;
}
