/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the authority says of a server's certificate, as the server hands it on in the handshake
 * (RFC 6066 §8, RFC 6960): that it was revoked, or that it was not, where the certificate demands
 * that to be shown (RFC 7633). The chain is verified elsewhere. response: (nullable): none was
 * shown. database: where the issuer is found that the server does not show. */
GTlsCertificateFlags jxs_tls_status_check (GTlsCertificate *server,
                                           GBytes *response,
                                           GTlsDatabase *database,
                                           GCancellable *cancellable);

G_END_DECLS
