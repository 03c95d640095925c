/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gnutls/gnutls.h>

#include <jxs-glib/io/jxs-tls-private.h>

G_BEGIN_DECLS

/* Our side of a TLS connection and a peer that a test drives by hand, both in the thread and the
 * default context of the test. The peer is GnuTLS (or nothing but raw bytes), whose records pass
 * through the hands of the test on their way: they can be held, cut, changed and added to. */

#define TLS_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM"
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM"

/* What is sent in each record: the content types of RFC 8446 §5.1 */
enum
{
  TLS_CHANGE_CIPHER_SPEC = 20,
  TLS_ALERT = 21,
  TLS_HANDSHAKE = 22,
  TLS_APPLICATION_DATA = 23,
};

typedef struct _TlsTorture TlsTorture;

/* Sees what GnuTLS is about to send, whole records, and may change it. */
typedef void (*TlsPeerFilter) (TlsTorture *t, GByteArray *outbox, gpointer user_data);

typedef struct
{
  gnutls_session_t session; /* (nullable) */
  int result;               /* of the handshake, GNUTLS_E_AGAIN while it is under way */
  gboolean deaf;            /* reads nothing after the handshake */
  GByteArray *received;     /* application data */
  gboolean got_end;         /* close_notify */
  int read_error;           /* a fatal one of GnuTLS, or 0 */
  GByteArray *inbox;        /* arrived, and not read by GnuTLS */
  gboolean closed;          /* our side closed the connection: nothing comes any more */

  guint64 n_sent;
  guint64 limit;        /* so many bytes leave, then the connection ends */
  guint n_records;      /* sent by GnuTLS */
  int inject_at;        /* before the record of this number these bytes leave; -1 for never */
  GByteArray *injected; /* (nullable) */
  TlsPeerFilter filter; /* (nullable) */
  gpointer filter_data;

  GIOStream *stream;
  GByteArray *outbox;
  GByteArray *wire;      /* has left GnuTLS, and our side has still to take it */
  gboolean closing;      /* once that is gone */
  GSource *write_source; /* (nullable) */
  GSource *source;
  gpointer credentials;
  gnutls_credentials_type_t credentials_type;
} TlsPeer;

struct _TlsTorture
{
  JxsTlsRole role;                  /* of our side */
  GTlsCertificate *certificates[2]; /* ours, the peer's */
  JxsTlsParams params;
  GIOStream *base;
  GAsyncResult *result;
  GTlsConnection *connection; /* (nullable) */
  GError *error;              /* of our handshake */
  GByteArray *received;       /* by our side */
  GError *read_error;         /* what ended our reading; NULL: an orderly end */
  TlsPeer peer;
};

/* Pinned, with certificates; change params before the start. No peer yet. */
void tls_torture_init (TlsTorture *t, JxsTlsRole role);
void tls_torture_clear (TlsTorture *t);
/* The peer becomes GnuTLS; with the certificate unless that is NULL. */
void tls_torture_set_peer (TlsTorture *t, const char *priority, GTlsCertificate *certificate);
/* The same with other credentials, which become its own. */
void tls_torture_set_peer_credentials (TlsTorture *t,
                                       const char *priority,
                                       gnutls_credentials_type_t type,
                                       gpointer credentials);
gnutls_certificate_credentials_t tls_torture_load (GTlsCertificate *certificate, guint flags);

void tls_torture_start (TlsTorture *t);
/* Waits for our side. */
void tls_torture_finish (TlsTorture *t);
/* All of it; neither side may fail. */
void tls_torture_handshake (TlsTorture *t);
/* start() and finish(); our side must fail, and its reason is a GError for people. */
void tls_torture_fail (TlsTorture *t);

/* Our side */
void tls_torture_write (TlsTorture *t, const void *data, gsize size);
/* Until there are so many bytes in received, an end, or an error. */
void tls_torture_read (TlsTorture *t, gsize size);
void tls_torture_read_to_end (TlsTorture *t);
void tls_torture_close_output (TlsTorture *t);

/* The peer: what leaves, leaves at once or when the socket takes it. */
void tls_peer_send (TlsTorture *t, const void *data, gsize size);
void tls_peer_end (TlsTorture *t);
void tls_peer_send_raw (TlsTorture *t, const void *data, gsize size);
/* A record of any content, encrypted as the next one of an established TLS 1.3 session. */
void tls_peer_send_sealed (TlsTorture *t, guint8 type, const void *data, gsize size);
void tls_peer_flush (TlsTorture *t);
void tls_peer_close (TlsTorture *t);

guint tls_torture_count_descriptors (void);
gsize tls_torture_count_memory (void);

G_END_DECLS
