/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* When it went wrong. */
typedef struct
{
  gboolean in_handshake;
  gboolean pinned;     /* TLS 1.3 was demanded */
  gboolean srp;        /* a password was to prove who we are */
  gboolean speaks_tls; /* what came from the peer began as TLS does */
} JxsTlsMoment;

/* result: of a function of GnuTLS; alert: the last one received. */
GError *jxs_tls_error_new (int result, int alert, const JxsTlsMoment *moment);

G_END_DECLS
