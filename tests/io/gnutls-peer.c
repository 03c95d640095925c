/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gnutls-peer.h"

#include <string.h>

gpointer
gnutls_peer_run (gpointer user_data)
{
  GnutlsPeer *peer = user_data;
  g_autofree char *certificate_pem = NULL;
  g_autofree char *key_pem = NULL;
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;
  gnutls_datum_t certificate;
  gnutls_datum_t key;
  char c;

  g_object_get (
      peer->certificate, "certificate-pem", &certificate_pem, "private-key-pem", &key_pem, NULL);
  certificate = (gnutls_datum_t){ (unsigned char *) certificate_pem, strlen (certificate_pem) };
  key = (gnutls_datum_t){ (unsigned char *) key_pem, strlen (key_pem) };
  gnutls_certificate_allocate_credentials (&credentials);
  gnutls_certificate_set_x509_key_mem (credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
  gnutls_init (&session, peer->is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);
  gnutls_priority_set_direct (session, peer->priority, NULL);
  gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
  if (!peer->is_client)
    gnutls_certificate_server_set_request (session, peer->request);
  gnutls_transport_set_int (session, g_socket_get_fd (peer->socket));

  while ((peer->result = gnutls_handshake (session)) < 0 && !gnutls_error_is_fatal (peer->result))
    g_socket_condition_wait (peer->socket, G_IO_IN, NULL, NULL);
  if (peer->result < 0)
    gnutls_alert_send_appropriate (session, peer->result);
  /* until the other end is closed */
  while (peer->result == 0 && gnutls_record_recv (session, &c, 1) == GNUTLS_E_AGAIN)
    g_socket_condition_wait (peer->socket, G_IO_IN, NULL, NULL);

  gnutls_deinit (session);
  gnutls_certificate_free_credentials (credentials);
  return NULL;
}
