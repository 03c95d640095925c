/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Relays between two TCP connections as Prosody's mod_proxy65 does on its epoll backend: it asks
 * LuaSocket for 4096 bytes when the kernel says that there are some; LuaSocket takes up to 8192
 * from the kernel into a buffer of its own, and what stays there nobody looks at before the kernel
 * says again that there is something. Reading pauses until the other side took what was read. The
 * end of one direction is the end of both. Runs in the default context, in the thread of the test.
 */
typedef struct _JxsTestProxy JxsTestProxy;

/* The two connections that end at the proxy. (transfer full) */
JxsTestProxy *jxs_test_proxy_new (GSocketConnection **first, GSocketConnection **second);
void jxs_test_proxy_free (JxsTestProxy *self);
/* Reads no more while it is paused, as one whose receiver is slow. */
void jxs_test_proxy_set_paused (JxsTestProxy *self, gboolean paused);
/* What it forgot in the buffer of the connection (0 or 1), and how much went through. */
gsize jxs_test_proxy_get_held (JxsTestProxy *self, int which);
guint64 jxs_test_proxy_get_relayed (JxsTestProxy *self, int which);
gboolean jxs_test_proxy_is_closed (JxsTestProxy *self);

G_END_DECLS
