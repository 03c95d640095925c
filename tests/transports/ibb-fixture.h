/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-transport-private.h>

G_BEGIN_DECLS

/* Two accounts that see each other; Alice starts every session. */
typedef struct
{
  JxsJid *alice_jid;
  JxsJid *bob_jid;
  JxsLoopbackChannel *alice_channel;
  JxsLoopbackChannel *bob_channel;
  JxsRouter *alice_router;
  JxsRouter *bob_router; /* NULL: the test plays Bob with stanzas */
  JxsTransport *alice;
  JxsTransport *bob;
  GIOStream *alice_stream;
  GIOStream *bob_stream;

  GQueue heard; /* (element-type JxsElement): what a played Bob received */
  gulong handler;
} Fixture;

/* With a Bob of the library: the transports are made and have exchanged their descriptions. */
void fixture_set_up (Fixture *self, gconstpointer unused);
/* Both streams are open. */
void fixture_set_up_open (Fixture *self, gconstpointer unused);
/* With a Bob played by the test: only Alice has a transport. */
void fixture_set_up_played (Fixture *self, gconstpointer unused);
void fixture_tear_down (Fixture *self, gconstpointer unused);

JxsTransport *fixture_make_transport (JxsRouter *router,
                                      JxsJid *peer,
                                      gboolean initiator,
                                      const char *namespace_uri);
/* Exchanges the descriptions. */
void fixture_negotiate (JxsTransport *offerer, JxsTransport *answerer);
GIOStream *fixture_connect_finish (JxsTransport *transport, GAsyncResult *result);

/* Waits for the next stanza to a played Bob. (transfer full) */
JxsElement *fixture_next (Fixture *self);
/* The same, which must be an IQ with this payload; returns the IQ. */
JxsElement *fixture_next_iq (Fixture *self, const char *payload_name);
void fixture_answer (Fixture *self, JxsElement *iq);
void fixture_refuse (Fixture *self, JxsElement *iq, const char *type, const char *condition);
/* Sends text as a stanza from Bob. */
void fixture_say (Fixture *self, const char *xml);
/* Runs what is due without waiting. */
void fixture_settle (void);

void write_all (GIOStream *stream, const void *data, gsize size);
/* Reads exactly size bytes, which must be those. */
void expect_bytes (GIOStream *stream, const void *data, gsize size);
void expect_eof (GIOStream *stream);
/* Reading and writing fail with this code of JXS_ERROR. */
void expect_broken (GIOStream *stream, int code);

G_END_DECLS
