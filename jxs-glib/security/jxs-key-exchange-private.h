/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust.h>

G_BEGIN_DECLS

/* The certificates that the two sides of one stream name to each other (jingle-xtls §5.1):
 *
 * - After a password each asks for those of the other, which showed none, and learns them as
 *   verified by the password.
 * - Who is about to change its key names the next one. The other learns it with the level of the
 * key that the stream was opened with, which vouches for it: never more than that, so a key that
 * was merely seen vouches for one that counts as merely seen.
 *
 * Outside of an encrypted stream nothing is asked, answered or learned. */
#define JXS_TYPE_KEY_EXCHANGE (jxs_key_exchange_get_type ())
G_DECLARE_FINAL_TYPE (JxsKeyExchange, jxs_key_exchange, JXS, KEY_EXCHANGE, GObject)

#define JXS_KEY_EXCHANGE_MAX_LEARNED                                                               \
  8 /* certificates that a peer may vouch for on one stream; stops it from filling a store */

typedef struct
{
  JxsIdentity *identity;
  JxsTrust *trust;
  GTlsCertificate *peer_certificate; /* (nullable): that of the stream */
  JxsTrustLevel level;               /* of the peer */
  JxsTrustOrigin origin;
} JxsKeyExchangeParams;

/* router: of an inner channel; peer: full JID. params: copied; NULL: the stream is not encrypted.
 */
JxsKeyExchange *
jxs_key_exchange_new (JxsRouter *router, JxsJid *peer, const JxsKeyExchangeParams *params);
/* Asks for and names what is to be known. */
void jxs_key_exchange_start (JxsKeyExchange *self);
/* Two persons found the peer to be whom it says it is, or not: VERIFIED or UNKNOWN. So is what it
 * vouched for. */
void jxs_key_exchange_set_level (JxsKeyExchange *self, JxsTrustLevel level);
void jxs_key_exchange_close (JxsKeyExchange *self);

/* Refuses requests on a channel that leads through servers (jingle-xtls §5.1). Returns the id of
 * the handler. */
guint jxs_key_exchange_refuse (JxsRouter *router);

G_END_DECLS
