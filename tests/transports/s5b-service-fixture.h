/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>

#include "s5b-fakes.h"
#include "s5b-server.h"

G_BEGIN_DECLS

#define ROMEO "romeo@montague.example/orchard"
#define JULIET "juliet@capulet.example/balcony"

typedef struct
{
  Server server;
  JxsS5bService *service;
  JxsJid *peer;
  guint n_changed;

  JxsAddressPolicy policy;
  /* What the application says to each candidate. */
  const char *veto;   /* (nullable): this host; "*": all */
  guint new_priority; /* 0: as it is */
  guint n_reviews;
  guint end; /* id; 0: none */
  gboolean stop_asking;
} Fixture;

/* Nobody is asked for proxies unless the test wants that. */
void fixture_init (Fixture *fixture, const char *const *addresses);
void fixture_clear (Fixture *fixture);
/* Returns the id. */
guint begin (Fixture *fixture, gboolean initiator);
void add_proxy (Fixture *fixture, const char *host);
/* expected: "kind host port" lines. */
void assert_gather (Fixture *fixture, guint id, const char *expected);
/* Of a bytestream of its own, in this order. */
void assert_priorities (Fixture *fixture, gboolean initiator, const guint *priorities, guint n);

G_END_DECLS
