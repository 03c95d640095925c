/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-handshake.h"

#include <string.h>

/* srp.handshake: with a password, against GnuTLS with the same group and ciphers, whose server also
 * makes the verifier when it is needed. */

#define PRIORITY                                                                                   \
  "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA1"
#define USER "romeo@montague.lit"
#define PASSWORD "wherefore"

static void
copy (gnutls_datum_t *to, const gnutls_datum_t *from)
{
  to->data = gnutls_malloc (from->size);
  memcpy (to->data, from->data, from->size);
  to->size = from->size;
}

static int
verifier_cb (gnutls_session_t session,
             const char *username,
             gnutls_datum_t *salt,
             gnutls_datum_t *verifier,
             gnutls_datum_t *generator,
             gnutls_datum_t *prime)
{
  static const gnutls_datum_t our_salt = { (unsigned char *) "0123456789abcdef", 16 };

  copy (salt, &our_salt);
  copy (generator, &gnutls_srp_3072_group_generator);
  copy (prime, &gnutls_srp_3072_group_prime);
  return gnutls_srp_verifier (username, PASSWORD, salt, generator, prime, verifier);
}

int
main (void)
{
  HandshakePlain plain = { .type = GNUTLS_CRD_SRP };
  gnutls_srp_client_credentials_t client;
  gnutls_srp_server_credentials_t server;
  JxsTlsParams params[2];

  if (!jxs_tls_supports_srp ())
    g_error ("this GnuTLS knows no SRP");
  for (int i = 0; i < 2; i++)
    params[i] = (JxsTlsParams){
      .role = i == 0 ? JXS_TLS_CLIENT : JXS_TLS_SERVER,
      .srp_username = USER,
      .srp_password = PASSWORD,
    };
  gnutls_srp_allocate_client_credentials (&client);
  gnutls_srp_set_client_credentials (client, USER, PASSWORD);
  gnutls_srp_allocate_server_credentials (&server);
  gnutls_srp_set_server_credentials_function (server, verifier_cb);
  plain.credentials[0] = client;
  plain.credentials[1] = server;
  gnutls_priority_init (&plain.priority, PRIORITY, NULL);
  return handshake_main (params, &plain);
}
