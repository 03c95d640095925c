/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-test-pair.h"

G_BEGIN_DECLS

/* Juliet without our XML streams: her side of a negotiated session as bytes, XML by hand, and TLS
 * by GIO's own connections. Romeo is the endpoint that is tested. */
typedef struct
{
  Pair pair;
  Doorman doorman; /* of Romeo */
  JxsXmlStream *stream;
  GError *error; /* why Romeo has none */
  gboolean done;
  JxsSession *session; /* (owned) (nullable): Romeo's, while she waits for his */
  JxsConnection *connection;
  GIOStream *io; /* (owned): the connection, or TLS over it */
  GString *received;
  gboolean ended;
} Raw;

/* Juliet encrypts nothing by herself; Romeo insists on STARTTLS. */
void raw_set_up (Raw *raw, gconstpointer data);
void raw_tear_down (Raw *raw, gconstpointer data);
/* Romeo opens the stream, or Juliet does; ends when the bytes flow. */
void raw_called (Raw *raw);
void raw_calls (Raw *raw);
void raw_write (Raw *raw, const char *text);
/* Waits until text arrived, and forgets what arrived up to there. */
void raw_expect (Raw *raw, const char *text);
/* Waits until nothing more will arrive. */
void raw_expect_end (Raw *raw);
/* TLS over the connection; judge nothing. NULL certificate: none shown. FALSE: it failed. */
gboolean raw_secure (Raw *raw, gboolean client, GTlsCertificate *certificate);
/* Waits for Romeo's stream, or for his error. */
void raw_wait (Raw *raw);
void raw_assert_failed (Raw *raw, GQuark domain, int code);

/* With %s for what is inside features. */
#define RAW_HEADER                                                                                 \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "          \
  "from='juliet@capulet.lit' to='romeo@montague.lit' version='1.0'>"
#define RAW_REPLY(id)                                                                              \
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "          \
  "from='juliet@capulet.lit' to='romeo@montague.lit' id='" id "' version='1.0'>"
#define RAW_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define RAW_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define RAW_OFFER(inside) "<offer xmlns='urn:xmpp:tmp:c2ctls'>" inside "</offer>"
#define RAW_KEY(name) "<keyinfo xmlns='urn:xmpp:tmp:pubkey'><name>" name "</name></keyinfo>"

G_END_DECLS
