/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-socks5-private.h"

#include <string.h>

#define VERSION 5
#define NO_AUTHENTICATION 0
#define NO_ACCEPTABLE_METHOD 0xff
#define CONNECT 1
#define ATYP_IPV4 1
#define ATYP_DOMAIN 3
#define ATYP_IPV6 4

/* Of a request or a reply: up to the length of the domain, which is the first byte of an address
 * of another type; no message is shorter. */
#define HEAD 5
#define DOMAIN_MESSAGE(n) (HEAD + (n) + 2)

void
jxs_socks5_server_init (JxsSocks5Server *self)
{
  *self = (JxsSocks5Server){ .n_due = 2 };
}

gsize
jxs_socks5_server_get_wanted (const JxsSocks5Server *self)
{
  return self->n_due - self->n_in;
}

static JxsSocks5Step
server_refuse (JxsSocks5Server *self, const guint8 *reply, gsize n_reply)
{
  if (n_reply > 0)
    memcpy (self->reply, reply, n_reply);
  self->n_reply = n_reply;
  self->n_due = self->n_in;
  return JXS_SOCKS5_REFUSED;
}

/* RFC 1928 §3 */
static JxsSocks5Step
server_take_greeting (JxsSocks5Server *self)
{
  static const guint8 accepted[] = { VERSION, NO_AUTHENTICATION };
  static const guint8 none[] = { VERSION, NO_ACCEPTABLE_METHOD };
  guint8 n_methods = self->in[1];

  if (n_methods > 0 && self->n_due == 2)
    {
      self->n_due += n_methods;
      return JXS_SOCKS5_MORE;
    }
  if (memchr (self->in + 2, NO_AUTHENTICATION, n_methods) == NULL)
    return server_refuse (self, none, sizeof none);

  memcpy (self->reply, accepted, sizeof accepted);
  self->n_reply = sizeof accepted;
  self->greeted = TRUE;
  self->n_in = 0;
  self->n_due = HEAD;
  return JXS_SOCKS5_MORE;
}

/* RFC 1928 §4. Any port is accepted: XEP-0065 says 0, but its early versions let it be ignored,
 * and it names nothing here. */
static JxsSocks5Step
server_take_request (JxsSocks5Server *self)
{
  guint8 failure[] = { VERSION, JXS_SOCKS5_SUCCEEDED, 0, ATYP_IPV4, 0, 0, 0, 0, 0, 0 };
  guint8 n_domain = self->in[4];

  if (self->n_due > HEAD)
    {
      if (memchr (self->in + HEAD, '\0', n_domain) == NULL)
        {
          memcpy (self->address, self->in + HEAD, n_domain);
          return JXS_SOCKS5_REQUEST;
        }
      failure[1] = JXS_SOCKS5_FAILURE;
    }
  else if (self->in[1] != CONNECT)
    failure[1] = JXS_SOCKS5_UNKNOWN_COMMAND;
  else if (self->in[3] != ATYP_DOMAIN)
    failure[1] = JXS_SOCKS5_UNKNOWN_ADDRESS_TYPE;
  else if (self->in[2] != 0 || n_domain == 0)
    failure[1] = JXS_SOCKS5_FAILURE;

  if (failure[1] != JXS_SOCKS5_SUCCEEDED)
    return server_refuse (self, failure, sizeof failure);
  self->n_due = DOMAIN_MESSAGE (n_domain);
  return JXS_SOCKS5_MORE;
}

JxsSocks5Step
jxs_socks5_server_take (JxsSocks5Server *self, const guint8 *bytes, gsize n_bytes)
{
  g_return_val_if_fail (n_bytes <= jxs_socks5_server_get_wanted (self), JXS_SOCKS5_REFUSED);

  self->n_reply = 0;
  memcpy (self->in + self->n_in, bytes, n_bytes);
  self->n_in += n_bytes;
  if (self->n_in > 0 && self->in[0] != VERSION)
    return server_refuse (self, NULL, 0);
  if (self->n_in < self->n_due)
    return JXS_SOCKS5_MORE;
  return self->greeted ? server_take_request (self) : server_take_greeting (self);
}

void
jxs_socks5_server_reply (JxsSocks5Server *self, JxsSocks5Reply reply)
{
  memcpy (self->reply, self->in, self->n_in);
  self->reply[1] = reply;
  self->n_reply = self->n_in;
}

gboolean
jxs_socks5_client_init (JxsSocks5Client *self, const char *address)
{
  static const guint8 greeting[] = { VERSION, 1, NO_AUTHENTICATION };
  gsize length = strlen (address);

  *self = (JxsSocks5Client){ .n_due = 2 };
  if (length == 0 || length >= sizeof self->address)
    return FALSE;
  memcpy (self->address, address, length);
  memcpy (self->out, greeting, sizeof greeting);
  self->n_out = sizeof greeting;
  return TRUE;
}

gsize
jxs_socks5_client_get_wanted (const JxsSocks5Client *self)
{
  return self->n_due - self->n_in;
}

static JxsSocks5Step
client_end (JxsSocks5Client *self, JxsSocks5Step step)
{
  self->n_due = self->n_in;
  return step;
}

static JxsSocks5Step
client_take_method (JxsSocks5Client *self)
{
  const guint8 head[] = { VERSION, CONNECT, 0, ATYP_DOMAIN, strlen (self->address) };

  if (self->in[1] != NO_AUTHENTICATION)
    return client_end (self, JXS_SOCKS5_REFUSED);

  memset (self->out, 0, DOMAIN_MESSAGE (head[4])); /* the port is 0 */
  memcpy (self->out, head, HEAD);
  memcpy (self->out + HEAD, self->address, head[4]);
  self->n_out = DOMAIN_MESSAGE (head[4]);
  self->greeted = TRUE;
  self->n_in = 0;
  /* Some say no more than why they refuse. */
  self->n_due = 2;
  return JXS_SOCKS5_MORE;
}

/* RFC 1928 §6: of the address only the length matters. */
static JxsSocks5Step
client_take_reply (JxsSocks5Client *self)
{
  if (self->n_due == 2)
    {
      self->code = self->in[1];
      if (self->code != JXS_SOCKS5_SUCCEEDED)
        return client_end (self, JXS_SOCKS5_REFUSED);
      self->n_due = HEAD;
      return JXS_SOCKS5_MORE;
    }
  if (self->n_due > HEAD)
    return JXS_SOCKS5_CONNECTED;

  switch (self->in[3])
    {
    case ATYP_IPV4:
      self->n_due = 4 + 4 + 2;
      return JXS_SOCKS5_MORE;
    case ATYP_DOMAIN:
      self->n_due = DOMAIN_MESSAGE (self->in[4]);
      return JXS_SOCKS5_MORE;
    case ATYP_IPV6:
      self->n_due = 4 + 16 + 2;
      return JXS_SOCKS5_MORE;
    default:
      return client_end (self, JXS_SOCKS5_BROKEN);
    }
}

JxsSocks5Step
jxs_socks5_client_take (JxsSocks5Client *self, const guint8 *bytes, gsize n_bytes)
{
  g_return_val_if_fail (n_bytes <= jxs_socks5_client_get_wanted (self), JXS_SOCKS5_BROKEN);

  self->n_out = 0;
  memcpy (self->in + self->n_in, bytes, n_bytes);
  self->n_in += n_bytes;
  if (self->n_in > 0 && self->in[0] != VERSION)
    return client_end (self, JXS_SOCKS5_BROKEN);
  if (self->n_in < self->n_due)
    return JXS_SOCKS5_MORE;
  return self->greeted ? client_take_reply (self) : client_take_method (self);
}
