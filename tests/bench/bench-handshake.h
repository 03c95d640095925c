/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gnutls/gnutls.h>

#include <jxs-glib/io/jxs-tls-private.h>

G_BEGIN_DECLS

/* Whole handshakes with both ends in this process, one after the other, in two ways by turns: each
 * on a new pair of sockets that is closed afterwards. */

/* What GnuTLS alone uses for all its handshakes. */
typedef struct
{
  gnutls_priority_t priority;
  gnutls_credentials_type_t type;
  gpointer credentials[2]; /* [0] is the client's, as in all pairs here */
  gboolean request;        /* the server demands a certificate */
} HandshakePlain;

/* Through the seam; how long it took in seconds. */
double handshake_ours (const JxsTlsParams params[2]);
double handshake_plain (const HandshakePlain *plain);
/* Compares them and prints what run.py reads: handshakes per second. */
int handshake_main (const JxsTlsParams params[2], const HandshakePlain *plain);

double handshake_now (void);
double handshake_median (double *values, gsize n);

G_END_DECLS
