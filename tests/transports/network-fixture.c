/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "network-fixture.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
network_is_available (void)
{
  g_autofree char *ip = g_find_program_in_path ("ip");
  int status;
  pid_t child;

  if (ip == NULL)
    return FALSE;
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (unshare (CLONE_NEWNET) == 0 ? 0 : 1);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFEXITED (status) && WEXITSTATUS (status) == 0;
}

void
network_enter (void)
{
  g_assert_cmpint (unshare (CLONE_NEWNET), ==, 0);
}

void
network_run (const char *command)
{
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_command_line_sync (command, NULL, &output, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s: %s", command, output);
}
