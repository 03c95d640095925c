/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-tcp-private.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef __linux__
#include <linux/sockios.h>
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif

#define DRAIN_MAX (1024 * 1024) /* dropped at a time; a peer may send for ever */

static gboolean
is_tcp (GSocket *socket)
{
  GSocketFamily family = g_socket_get_family (socket);

  return family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6;
}

void
jxs_tcp_set_up (GSocket *socket)
{
  if (!is_tcp (socket))
    return;

  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  g_socket_set_keepalive (socket, TRUE);
#ifdef TCP_KEEPIDLE
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, JXS_TCP_KEEPALIVE_IDLE, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, JXS_TCP_KEEPALIVE_INTERVAL, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, JXS_TCP_KEEPALIVE_COUNT, NULL);
#endif
}

gsize
jxs_tcp_get_unacknowledged (GSocket *socket)
{
#ifdef SIOCOUTQ
  int count = 0;

  if (is_tcp (socket) && ioctl (g_socket_get_fd (socket), SIOCOUTQ, &count) == 0)
    return MAX (count, 0);
#endif
  return 0;
}

gsize
jxs_tcp_get_window (GSocket *socket)
{
#ifdef __linux__
  struct tcp_info info = { 0 };
  socklen_t size = sizeof info;

  /* A kernel that does not know the field yet leaves it 0. */
  if (is_tcp (socket) &&
      getsockopt (g_socket_get_fd (socket), IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    return info.tcpi_snd_wnd;
#endif
  return 0;
}

void
jxs_tcp_explain (GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return;
  error->code = G_IO_ERROR_CONNECTION_CLOSED;
  g_free (error->message);
  error->message = g_strdup (_ ("The peer can no longer be reached"));
}

gboolean
jxs_tcp_drain (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  char buffer[16 * 1024];
  gsize total = 0;
  gssize n;

  if (!g_socket_shutdown (socket, FALSE, TRUE, NULL))
    return TRUE;
  do
    {
      n = g_socket_receive_with_blocking (socket, buffer, sizeof buffer, FALSE, NULL, &error);
      total += MAX (n, 0);
    }
  while (n > 0 && total < DRAIN_MAX);
  return n == 0 || (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
}
