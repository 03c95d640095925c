/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define JXS_S5B_DIAL_MAX_ADDRESSES 4 /* at once; stops a name that stands for a crowd */

/* One attempt at one candidate: TCP, then the SOCKS5 handshake. */
typedef struct
{
  const char *host; /* an address without zone, or a name */
  guint16 port;
  const char *dst_addrs[2]; /* (nullable): the second is tried on a fresh connection when the first
                               is refused */
  guint timeout_ms;         /* for all of it */
  gboolean enable_proxy;    /* through the system's own proxy */
  gboolean allow_loopback;
} JxsS5bDialParams;

/* Refuses what must not be dialled (unspecified, multicast, broadcast, loopback unless allowed)
 * also when a name resolves to it: JXS_ERROR_INVALID_ARGUMENT. A link-local IPv6 address is tried
 * on the interfaces that are up; of a name all addresses at once. Errors: JXS_ERROR_TIMED_OUT;
 * G_IO_ERROR of TCP; JXS_ERROR_PROTOCOL: what answers is no SOCKS5 server;
 * JXS_ERROR_NOT_SUPPORTED: it wants a password; JXS_ERROR_DECLINED: it does not know the stream. */
void jxs_s5b_dial_async (const JxsS5bDialParams *params,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
/* round_trip_us (out) (optional): what the TCP handshake took. */
GSocketConnection *
jxs_s5b_dial_finish (GAsyncResult *result, gint64 *round_trip_us, GError **error);

/* Whether an address may be offered or dialled. */
gboolean jxs_s5b_address_is_usable (GInetAddress *address, gboolean allow_loopback);

G_END_DECLS
