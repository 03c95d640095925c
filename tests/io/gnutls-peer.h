/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

G_BEGIN_DECLS

/* A peer that does what GIO cannot be told to do on one connection. */
typedef struct
{
  GSocket *socket;
  gboolean is_client;
  const char *priority;
  gnutls_certificate_request_t request; /* of a server */
  GTlsCertificate *certificate;
  int result; /* of the handshake */
} GnutlsPeer;

/* The function of a thread; ends with the connection. */
gpointer gnutls_peer_run (gpointer peer);

G_END_DECLS
