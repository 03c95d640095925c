/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The server's side of a SOCKS5 handshake (RFC 1928) as XEP-0065 §5.3.2 uses it: no authentication,
 * CONNECT, a domain of up to 255 bytes, port 0. Pure: bytes in, bytes out. */

#define JXS_SOCKS5_MAX_HANDSHAKE (2 + 255 + 4 + 1 + 255 + 2) /* bytes; more is refused */

typedef enum
{
  JXS_SOCKS5_MORE,    /* send reply if any, read on */
  JXS_SOCKS5_REQUEST, /* address is known: answer with jxs_socks5_server_reply() */
  JXS_SOCKS5_REFUSED, /* send reply if any, then close */
} JxsSocks5Step;

typedef enum
{
  JXS_SOCKS5_SUCCEEDED = 0,
  JXS_SOCKS5_NOT_ALLOWED = 2,
} JxsSocks5Reply;

typedef struct
{
  guint8 in[JXS_SOCKS5_MAX_HANDSHAKE];
  gsize n_in;
  guint8 reply[262];
  gsize n_reply; /* to be sent now; cleared by the next call */
  char address[256];
  gboolean greeted;
} JxsSocks5Server;

void jxs_socks5_server_init (JxsSocks5Server *self);
/* How many bytes to read at most, so that nothing of what follows the handshake is taken. */
gsize jxs_socks5_server_get_wanted (const JxsSocks5Server *self);
JxsSocks5Step jxs_socks5_server_take (JxsSocks5Server *self, const guint8 *bytes, gsize n_bytes);
/* Fills reply: BND is DST of the request. */
void jxs_socks5_server_reply (JxsSocks5Server *self, JxsSocks5Reply reply);

G_END_DECLS
