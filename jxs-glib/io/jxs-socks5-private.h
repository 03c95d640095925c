/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Both sides of a SOCKS5 handshake (RFC 1928) as XEP-0065 §5.3.2 uses it: no authentication,
 * CONNECT, a domain of up to 255 bytes, port 0. Pure: bytes in, bytes out. Never more is asked for
 * than surely belongs to the handshake, so what follows it stays on the socket. */

#define JXS_SOCKS5_MAX_MESSAGE (4 + 1 + 255 + 2) /* bytes: a request or reply with a domain */

typedef enum
{
  JXS_SOCKS5_MORE,      /* send the reply or out, if any; read on */
  JXS_SOCKS5_REQUEST,   /* server: address is known, answer with jxs_socks5_server_reply() */
  JXS_SOCKS5_CONNECTED, /* client: done */
  JXS_SOCKS5_REFUSED,   /* server: send reply if any, then close; client: see code */
  JXS_SOCKS5_BROKEN,    /* client: what answers does not speak SOCKS5 */
} JxsSocks5Step;

typedef enum
{
  JXS_SOCKS5_SUCCEEDED = 0,
  JXS_SOCKS5_FAILURE = 1,
  JXS_SOCKS5_NOT_ALLOWED = 2,
  JXS_SOCKS5_UNKNOWN_COMMAND = 7,
  JXS_SOCKS5_UNKNOWN_ADDRESS_TYPE = 8,
} JxsSocks5Reply;

typedef struct
{
  guint8 in[JXS_SOCKS5_MAX_MESSAGE];
  gsize n_in;
  gsize n_due; /* bytes of the message that are known to come */
  guint8 reply[JXS_SOCKS5_MAX_MESSAGE];
  gsize n_reply;     /* to be sent now; cleared by the next call */
  char address[256]; /* DST.ADDR: any bytes but NUL */
  gboolean greeted;
} JxsSocks5Server;

void jxs_socks5_server_init (JxsSocks5Server *self);
/* How many bytes to read at most, so that nothing of what follows the handshake is taken; 0 when
 * there is nothing to read any more. */
gsize jxs_socks5_server_get_wanted (const JxsSocks5Server *self);
/* n_bytes is at most what is wanted. */
JxsSocks5Step jxs_socks5_server_take (JxsSocks5Server *self, const guint8 *bytes, gsize n_bytes);
/* Fills reply: BND is DST of the request. */
void jxs_socks5_server_reply (JxsSocks5Server *self, JxsSocks5Reply reply);

/* In place of GIO's client, which mistakes the reply when its address comes in pieces, and asks for
 * ATYP 1 or 4 when the domain looks like an address. */
typedef struct
{
  guint8 in[JXS_SOCKS5_MAX_MESSAGE];
  gsize n_in;
  gsize n_due;
  guint8 out[JXS_SOCKS5_MAX_MESSAGE];
  gsize n_out; /* to be sent now; cleared by the next call */
  char address[256];
  gboolean greeted; /* the request is out */
  guint8 code;      /* REFUSED: the reply (a JxsSocks5Reply or another), 0: no method is accepted */
} JxsSocks5Client;

/* Fills out. FALSE: the address is empty or longer than 255 bytes. */
gboolean jxs_socks5_client_init (JxsSocks5Client *self, const char *address);
gsize jxs_socks5_client_get_wanted (const JxsSocks5Client *self);
JxsSocks5Step jxs_socks5_client_take (JxsSocks5Client *self, const guint8 *bytes, gsize n_bytes);

G_END_DECLS
