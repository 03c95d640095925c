/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-bulk.h"

#include "jxs-test-sockets.h"

#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/e2e/jxs-connection-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/io/jxs-tls-private.h>

/* tls.bulk: bytes as an application would move them through a JxsConnection, against GnuTLS on the
 * socket. */

static GTlsConnection *
library_start (int fd, gboolean is_client)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (socket);
  g_autoptr (GIOStream) base = jxs_socket_stream_new (connection);
  g_autoptr (GTlsCertificate) certificate = jxs_test_certificate (is_client ? 0 : 1);
  g_autoptr (GAsyncResult) result = NULL;
  GTlsConnection *tls;
  JxsTlsParams params = {
    .role = is_client ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
    .certificate = certificate,
    .pin = TRUE,
  };

  jxs_tls_handshake_async (base, &params, G_PRIORITY_DEFAULT, NULL, jxs_test_keep_result, &result);
  jxs_test_wait_for (result != NULL);
  tls = jxs_tls_handshake_finish (result, &error);
  g_assert_no_error (error);
  return tls;
}

/* As a session hands it out; the session itself has no part in moving the bytes. */
static JxsConnection *
connection_on (GTlsConnection *tls)
{
  g_autoptr (JxsJid) local = jxs_jid_new ("juliet@example.com/balcony", NULL);
  g_autoptr (JxsJid) peer = jxs_jid_new ("romeo@example.net/orchard", NULL);
  g_autoptr (JxsElement) description = jxs_element_new ("description", "urn:example:bench");
  g_autoptr (JxsLoopbackChannel) channel = NULL;
  g_autoptr (JxsLoopbackChannel) other = NULL;
  g_autoptr (JxsRouter) router = NULL;
  g_autoptr (JxsSessionManager) manager = NULL;
  g_autoptr (JxsSession) session = NULL;

  jxs_loopback_channel_new_pair (local, peer, &channel, &other);
  router = jxs_router_get (JXS_CHANNEL (channel));
  manager = jxs_session_manager_new (router);
  session = jxs_session_manager_create (manager, peer, description, FALSE);
  return jxs_connection_new (session, G_IO_STREAM (tls), NULL, NULL);
}

static double
library_move (int fd, gboolean is_sender)
{
  g_autoptr (GTlsConnection) tls = library_start (fd, is_sender);
  g_autoptr (JxsConnection) connection = connection_on (tls);

  return bulk_move_and_close (G_IO_STREAM (connection), is_sender);
}

int
main (void)
{
  return bulk_main (library_move, bulk_gnutls);
}
