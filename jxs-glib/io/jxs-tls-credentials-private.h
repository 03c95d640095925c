/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

#include "jxs-tls-private.h"

G_BEGIN_DECLS

/* Certificates in a chain; stops a peer from having us look at many. */
#define JXS_TLS_MAX_CHAIN 10

/* What proves us to the peer, as GnuTLS wants it: a certificate's chain and key, parsed once for
 * each GTlsCertificate, or a password. */
typedef struct _JxsTlsKey JxsTlsKey;

/* Fails if there is no private key, or it cannot be reached. */
JxsTlsKey *jxs_tls_key_get (GTlsCertificate *certificate, GError **error);
JxsTlsKey *jxs_tls_key_ref (JxsTlsKey *self);
void jxs_tls_key_unref (JxsTlsKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTlsKey, jxs_tls_key_unref)

typedef enum
{
  JXS_TLS_SUITES_PINNED, /* TLS 1.3 */
  JXS_TLS_SUITES_SERVER, /* TLS 1.2 as well, as servers need it */
  JXS_TLS_SUITES_SRP,    /* TLS 1.2, as there are no others */
  JXS_TLS_N_SUITES,
} JxsTlsSuites;

/* NULL: this GnuTLS cannot do that. */
gnutls_priority_t jxs_tls_suites_get (JxsTlsSuites suites);

typedef struct
{
  JxsTlsRole role;
  JxsTlsKey *key;     /* (owned) (nullable) */
  gboolean was_asked; /* for the certificate of key */

  gboolean is_srp;
  char *srp_username;                         /* (owned) (nullable) */
  char *srp_password;                         /* (owned) (nullable) */
  gnutls_srp_client_credentials_t srp_client; /* (owned) (nullable) */
  gnutls_srp_server_credentials_t srp_server; /* (owned) (nullable) */
  gboolean unknown_user; /* the name the SRP client gave is not the one agreed on */
} JxsTlsCredentials;

/* The session's pointer must be the credentials (gnutls_session_set_ptr). */
gboolean
jxs_tls_credentials_init (JxsTlsCredentials *self, const JxsTlsParams *params, GError **error);
gboolean jxs_tls_credentials_set (JxsTlsCredentials *self, gnutls_session_t session);
/* The handshake is done: the password is wiped. */
void jxs_tls_credentials_forget (JxsTlsCredentials *self, gnutls_session_t session);
void jxs_tls_credentials_clear (JxsTlsCredentials *self);

G_END_DECLS
