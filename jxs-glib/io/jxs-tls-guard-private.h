/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

G_BEGIN_DECLS

/* GnuTLS (3.7.9 to 3.8.13 at least) loops for ever when, after the handshake, half a message of the
 * handshake protocol is followed by a record of that type with nothing in it, which RFC 8446 §5.1
 * forbids. This looks at the records on their way to GnuTLS. What is in them only their key can
 * tell; so that not all is decrypted twice, it looks inside only once a record had no bytes for the
 * application, which between our peers none has. */
typedef struct
{
  guint8 header[5];
  guint n_header;
  gsize left;           /* of the body */
  GByteArray *record;   /* (owned) (nullable): while it is to be looked into */
  gboolean established; /* the handshake is over, in which GnuTLS refuses such records itself */
  gboolean completed;   /* a record, since the call of GnuTLS began */
  gboolean looks;
} JxsTlsGuard;

/* Before each call that reads, and after it: whether it gave bytes to the application. */
void jxs_tls_guard_begin (JxsTlsGuard *self);
void jxs_tls_guard_end (JxsTlsGuard *self, gboolean gave_data);
/* Octets that GnuTLS is about to get. FALSE: it must not. */
gboolean
jxs_tls_guard_take (JxsTlsGuard *self, gnutls_session_t session, const guint8 *bytes, gsize size);
void jxs_tls_guard_clear (JxsTlsGuard *self);

G_END_DECLS
