/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Finds the server of an XMPP domain and connects to it (RFC 6120 §3.2). server (nullable) is
 * HOST:PORT, or HOST for the port 5222, and replaces the look-up. use_proxy: through what the
 * desktop is set to use. Errors name whom we looked for. */
void jxs_resolver_connect_async (const char *domain,
                                 const char *server,
                                 gboolean use_proxy,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
GSocketConnection *jxs_resolver_connect_finish (GAsyncResult *result, GError **error);

G_END_DECLS
