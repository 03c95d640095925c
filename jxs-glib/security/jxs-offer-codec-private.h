/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* <offer/> (XEP-0250): the ways in which a client can do TLS inside a stream, and the certificates
 * it may show. */

#define JXS_OFFER_MAX_KEYS 8 /* more are ignored; stops work chosen by the peer */

typedef struct
{
  guint n_keys;
  struct
  {
    GChecksumType type;
    char *fingerprint; /* (owned): normalized */
  } keys[JXS_OFFER_MAX_KEYS];
  gboolean srp;
  gboolean insecure; /* in an answer: certificates that cannot be verified will do */
} JxsOffer;

/* What is not understood is left out (§2): other methods, and names that are no digest. */
void jxs_offer_parse (JxsElement *element, JxsOffer *offer);
/* (transfer full) */
JxsElement *jxs_offer_build (const JxsOffer *offer);
/* Of our own certificate. */
void jxs_offer_add_key (JxsOffer *offer, GChecksumType type, const char *fingerprint);
gboolean jxs_offer_has_key (const JxsOffer *offer, GChecksumType type, const char *fingerprint);
/* Whether the certificate may be one of those: of each kind of digest named, one has to match. A
 * key may also be of another kind, OpenPGP say. */
gboolean jxs_offer_matches (const JxsOffer *offer, GTlsCertificate *certificate);
void jxs_offer_clear (JxsOffer *offer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsOffer, jxs_offer_clear)

G_END_DECLS
