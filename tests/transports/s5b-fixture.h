/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-relay-channel.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-transport-private.h>

#include "jxs-test-sockets.h"
#include "s5b-proxy.h"

G_BEGIN_DECLS

#define PROXY_JID "proxy.example.com"

/* One side of a bytestream. */
typedef struct
{
  JxsJid *jid;
  JxsChannel *channel;
  JxsRouter *router;
  JxsS5bService *service;
  JxsTransport *transport; /* (nullable) */
  GListStore *candidates;
  JxsAddressPolicy policy;
  gboolean direct; /* offers its loopback addresses */
  GQueue said;     /* (element-type JxsElement): transport-infos that did not arrive yet */
  gboolean held;   /* they do not arrive by themselves */
  GCancellable *cancellable;
  GAsyncResult *result; /* (nullable) */
  GIOStream *stream;    /* (nullable) */
  GError *error;        /* (nullable) */
} Side;

/* Alice offers. Stanzas to the proxy reach it if there is one. */
typedef struct
{
  Side alice;
  Side bob;
  FakeProxy *proxy;               /* (nullable) */
  const char *refuse_to_activate; /* (nullable): a condition */
  guint n_activations;
  guint n_sockets;
} Fixture;

void fixture_set_up (Fixture *self, gconstpointer unused);
/* Nothing stays behind, and no socket. */
void fixture_tear_down (Fixture *self, gconstpointer unused);
void fixture_add_proxy (Fixture *self, Side *side);

/* The <transport/> of alice goes to bob and his to her. */
void fixture_exchange (Fixture *self);
/* Both connect. */
void fixture_connect (Fixture *self);
void side_connect (Side *self);
/* Runs what is due; what was said arrives, unless it is held. */
void fixture_settle (Fixture *self);
/* Both connects came back. */
gboolean fixture_is_done (Fixture *self);
/* Waits for that: by itself, or as time passes on the fake clock, which is told. */
void fixture_finish (Fixture *self);
guint fixture_finish_in_time (Fixture *self);
/* Takes the next thing said; the name of its child is checked. (transfer full) */
JxsElement *fixture_take (Fixture *self, Side *from, const char *child);
/* Lets the other side have it. */
void fixture_hand (Fixture *self, Side *to, JxsElement *element);
/* A transport-info with these children; it is answered with an error of that code
 * (JXS_STANZA_ERROR), or none (-1). */
void side_hear (Side *self, const char *children, int code);
/* The candidate of that kind and owner. (transfer none) */
JxsCandidate *side_find (Side *self, gboolean local, JxsCandidateKind kind);
/* Bytes go both ways. */
void fixture_check_streams (Fixture *self);
guint count_sockets (void);

#define fixture_wait_for(self, condition)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    fixture_settle (self);                                                                         \
    while (!(condition))                                                                           \
      {                                                                                            \
        g_main_context_iteration (NULL, TRUE);                                                     \
        fixture_settle (self);                                                                     \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
