/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/io/jxs-tls-connection-private.h>

G_BEGIN_DECLS

/* Two JxsTlsConnections on a pipe, used as any GTlsConnection: without the seam that the library
 * goes through. */
typedef struct
{
  GIOStream *base[2]; /* [0] is the client's */
  GTlsCertificate *certificate[2];
  JxsTlsParams params[2];
  GTlsConnection *connection[2];
  GAsyncResult *result[2];
  GCancellable *cancellable[2];
} TlsPair;

/* A handler of accept-certificate; connected by tls_pair_connect() where keys are pinned. */
gboolean tls_pair_accept_cb (GTlsConnection *connection,
                             GTlsCertificate *peer,
                             GTlsCertificateFlags errors,
                             gpointer user_data);
void tls_pair_set_up (TlsPair *fixture, gconstpointer unused);
void tls_pair_tear_down (TlsPair *fixture, gconstpointer unused);
/* Once more from the start. */
void tls_pair_renew (TlsPair *fixture);
void tls_pair_connect (TlsPair *fixture);
void tls_pair_handshake_async (TlsPair *fixture, int i);
void tls_pair_handshake (TlsPair *fixture);
GInputStream *tls_pair_get_in (TlsPair *fixture, int i);
GOutputStream *tls_pair_get_out (TlsPair *fixture, int i);
gssize tls_pair_write_now (TlsPair *fixture, int i, const void *data, gsize size, GError **error);
/* Reads until the end, or an error, while the main loop runs. */
GString *tls_pair_read_all (TlsPair *fixture, int i, GError **error);

G_END_DECLS
