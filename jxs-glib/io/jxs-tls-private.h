/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The one seam through which every TLS session of the library is made. */

typedef enum
{
  JXS_TLS_CLIENT,
  JXS_TLS_SERVER,
} JxsTlsRole;

/* The peer's chain is known, inside the handshake; FALSE with an error: it is told by an alert, and
 * the handshake fails with that error. Must not use the connection. */
typedef gboolean (*JxsTlsJudge) (GTlsCertificate *peer, gpointer user_data, GError **error);

typedef struct
{
  JxsTlsRole role;
  GTlsCertificate *certificate; /* (nullable): our own, with its private key */
  gboolean pin; /* accept any certificate during the handshake and let the caller judge it
                   afterwards; no certificate database is loaded; the server demands the
                   client's certificate, and the client that it is asked for; TLS 1.3 required */
  GSocketConnectable *identity; /* (nullable): when not pinning: the name the server must prove */
  GTlsDatabase *database; /* (nullable): when not pinning: trust anchors, NULL for the system's */
  const char *const *protocols; /* (nullable): ALPN */
  guint timeout_ms;             /* for the whole handshake, 0 for the default of 30 s */
  const char *stranger; /* (nullable): the bare address of a peer that is still to prove who it is:
                           counts against the caps of concurrent handshakes with strangers */
  const char *srp_username; /* (nullable): with the password: SRP (RFC 5054) in place of
                               certificates, the same on both sides; a bare JID */
  const char *srp_password; /* (nullable) */
  JxsTlsJudge judge;        /* (nullable) */
  gpointer judge_data;      /* (unowned): until the callback */
} JxsTlsParams;

/* Concurrent handshakes of peers that are still to prove who they are: each takes about 15 KiB, and
 * up to 192 KiB more for the message that comes. Stops exhaustion of memory; beyond it: refused. */
#define JXS_TLS_MAX_STRANGERS 256
/* Of one of them: stops a peer that opens sessions and says nothing from locking out all others. */
#define JXS_TLS_MAX_PER_STRANGER 64

/* Secures base and completes the handshake. On any failure base is closed before the callback runs,
 * after the alert that tells the peer why has left. The result is a JxsTlsConnection with
 * require-close-notify on. If base is a JxsSocketStream, gathering is switched on.
 *
 * Errors: that of the judge; JXS_ERROR_TIMED_OUT; JXS_ERROR_SECURITY (older than TLS 1.3 when
 * pinning, nothing safe in common, no peer certificate, ours not asked for); JXS_ERROR_UNTRUSTED
 * (the peer refused our certificate); JXS_ERROR_AUTHENTICATION (another password); JXS_ERROR_LIMIT
 * (too many strangers, too large certificates); G_TLS_ERROR_NOT_TLS, and others of TLS; where a
 * JxsSocketStream ended, why; G_TLS_ERROR_BAD_CERTIFICATE tells in its message what is wrong with
 * the server's certificate.
 *
 * In TLS 1.3 a client is content before the server has judged its certificate: a peer counts as
 * authenticated after the first bytes from it were read. Unless base is a JxsSocketStream, a write
 * that would block has to be repeated with the same bytes, as the record may be half under way. */
void jxs_tls_handshake_async (GIOStream *base,
                              const JxsTlsParams *params,
                              int io_priority,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GTlsConnection *jxs_tls_handshake_finish (GAsyncResult *result, GError **error);

/* Whether this GnuTLS can do SRP at all: distributions may build it without. */
gboolean jxs_tls_supports_srp (void);

JxsTlsRole jxs_tls_get_role (GTlsConnection *connection);
/* Tells the peer, after the handshake, that its key is not trusted, and writes nothing more: its
 * next read fails with JXS_ERROR_UNTRUSTED. The alert leaves before the base stream is closed. */
void jxs_tls_refuse (GTlsConnection *connection);

/* Keying material that only the two ends of this connection can know (RFC 5705, RFC 8446 §7.5). */
GBytes *jxs_tls_export (
    GTlsConnection *connection, const char *label, GBytes *context, gsize length, GError **error);
/* The tls-exporter channel binding (RFC 9266): 32 bytes. */
GBytes *jxs_tls_get_exporter (GTlsConnection *connection, GError **error);
/* Like "TLS 1.3" and "TLS_AES_256_GCM_SHA384" (nullable: not known). (transfer full)
 */
char *jxs_tls_get_protocol_name (GTlsConnection *connection);
char *jxs_tls_get_cipher_name (GTlsConnection *connection);

G_END_DECLS
