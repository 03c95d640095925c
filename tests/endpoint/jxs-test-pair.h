/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-loopback-channel.h>
#include <jxs-glib/jxs-endpoint.h>
#include <jxs-glib/security/jxs-memory-trust.h>

G_BEGIN_DECLS

/* Two endpoints in one process, Romeo's and Juliet's, over a loopback channel. */
typedef struct
{
  JxsJid *jids[2];
  JxsIdentity *identities[2];
  JxsMemoryTrust *trusts[2];
  JxsLoopbackChannel *channels[2];
  JxsEndpoint *endpoints[2];
} Pair;

#define ROMEO 0
#define JULIET 1

/* Identities are made once per process. */
void pair_init (Pair *pair);
/* An endpoint of a test: uses the one transport that the environment names (JXS_TEST_TRANSPORT,
 * otherwise in-band), and keeps to the loopback interface. */
JxsEndpoint *pair_new_endpoint (JxsChannel *channel, JxsIdentity *identity, JxsTrust *trust);
gboolean pair_is_in_band (void);
/* Lets no candidate pass but those of the loopback interface. */
void pair_use_loopback (JxsEndpoint *endpoint);
/* Both endpoints must die here, and with them everything they held. */
void pair_clear (Pair *pair);

/* A callback that keeps the result, and what waits for it. */
typedef struct
{
  GAsyncResult *result;
} Reply;

void reply_cb (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *reply_wait (Reply *reply);

/* Iterates until *flag, or until expression. */
#define wait_until(expression)                                                                     \
  while (!(expression))                                                                            \
  g_main_context_iteration (NULL, TRUE)
/* Iterates until nothing is left to do at once. */
void settle (void);
/* With the fake clock: lets its time pass much faster than that of the sockets and threads, which
 * are real, until hurry_stop(). */
void hurry_start (void);
void hurry_stop (void);

/* Answers "incoming" of an endpoint. */
typedef struct
{
  JxsEndpoint *endpoint;
  JxsXmlStream *stream;      /* accepted */
  JxsConnection *connection; /* accepted */
  JxsSession *session;       /* the last one */
  GError *error;
  GCancellable *cancellable; /* for accepting */
  guint n_incoming;
  guint n_connections; /* accepted */
  gboolean hold;       /* do not answer */
  gboolean is_gone;    /* cleared */
  JxsReasonCondition refuse;
  gulong id;
} Doorman;

void doorman_init (Doorman *doorman, JxsEndpoint *endpoint);
void doorman_clear (Doorman *doorman);

/* What arrived on a stream. */
typedef struct
{
  JxsXmlStream *stream; /* unowned */
  GPtrArray *bodies;
  GPtrArray *stanzas;
  GError *error;
  gboolean closed;
} Inbox;

void inbox_init (Inbox *inbox, JxsXmlStream *stream);
void inbox_clear (Inbox *inbox);

/* A stream, a pipe, open on both ends. */
JxsXmlStream *open_stream (Pair *pair, Doorman *doorman);
JxsConnection *open_pipe (Pair *pair, Doorman *doorman);
void close_stream (JxsXmlStream *stream);
void send_body (JxsXmlStream *stream, const char *body);

G_END_DECLS
