/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A bytestream proxy (XEP-0065 §6) on loopback, as picky as those in the field: each message of
 * SOCKS5 has to come in one piece, what comes before the activation is dropped, and the end of one
 * direction ends both. */
typedef struct _FakeProxy FakeProxy;

FakeProxy *fake_proxy_new (void);
/* Nothing of it is left afterwards. */
void fake_proxy_free (FakeProxy *self);
guint16 fake_proxy_get_port (FakeProxy *self);
/* Connections with a completed handshake. */
guint fake_proxy_get_n_connected (FakeProxy *self);
/* The DST.ADDR of the first one. */
const char *fake_proxy_get_hash (FakeProxy *self);
/* Closes them all. */
void fake_proxy_hang_up (FakeProxy *self);
/* The condition of the error, or NULL: the two are joined. */
const char *
fake_proxy_activate (FakeProxy *self, const char *sid, const char *from, const char *peer);

G_END_DECLS
