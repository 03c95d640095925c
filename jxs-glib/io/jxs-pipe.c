/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-pipe-private.h"

#include "jxs-socket-stream-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a writer may be ahead of the reader, in each direction: the kernel's default of 208 KiB
 * would be half a minute on a slow in-band path. */
#define PIPE_BUFFER (64 * 1024)

static GIOStream *
wrap (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);
  g_autoptr (GSocketConnection) connection = NULL;
  GIOStream *stream;

  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }

  g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, PIPE_BUFFER, NULL);
  connection = g_socket_connection_factory_create_connection (socket);
  stream = jxs_socket_stream_new (connection);
  jxs_socket_stream_set_half_close (JXS_SOCKET_STREAM (stream), TRUE);
  return stream;
}

gboolean
jxs_pipe_new (GIOStream **first, GIOStream **second, GError **error)
{
  g_autoptr (GIOStream) a = NULL;
  g_autoptr (GIOStream) b = NULL;
  int fds[2];

  g_return_val_if_fail (first != NULL && second != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    {
      int saved_errno = errno;

      g_set_error (error,
                   G_IO_ERROR,
                   g_io_error_from_errno (saved_errno),
                   _ ("Could not make a pipe: %s"),
                   g_strerror (saved_errno));
      return FALSE;
    }

  a = wrap (fds[0], error);
  if (a == NULL)
    {
      close (fds[1]);
      return FALSE;
    }
  b = wrap (fds[1], error);
  if (b == NULL)
    return FALSE;

  *first = g_steal_pointer (&a);
  *second = g_steal_pointer (&b);
  return TRUE;
}
