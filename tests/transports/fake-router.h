/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A router on loopback that speaks PCP (RFC 6887) and NAT-PMP (RFC 6886), as told. One client. */

typedef enum
{
  FAKE_ROUTER_PCP,
  FAKE_ROUTER_NATPMP,
  FAKE_ROUTER_N_PROTOCOLS,
} FakeRouterProtocol;

typedef struct
{
  GSocket *socket;             /* (owned) */
  GSource *source;             /* (owned) */
  GInetSocketAddress *address; /* (owned) */

  /* How it behaves. */
  gboolean speaks[FAKE_ROUTER_N_PROTOCOLS];
  guint8 result[FAKE_ROUTER_N_PROTOCOLS]; /* 0: success */
  guint n_lose;                           /* requests that never arrive from now on */
  gboolean mute;                          /* does what it is asked for, but does not say so */
  gboolean one_table;                     /* the protocols see and delete one another's mapping */
  guint32 lifetime;                       /* granted at most */
  guint32 epoch;
  char external[16];
  guint16 external_port;                         /* not 0: whatever is suggested */
  gsize (*mangle) (guint8 *bytes, gsize length); /* (nullable): the answer, of up to 1200 bytes */

  /* What it was asked for. */
  guint n_requests[FAKE_ROUTER_N_PROTOCOLS];
  guint n_deletions[FAKE_ROUTER_N_PROTOCOLS];
  guint32 asked_lifetime;
  guint16 internal_port;
  guint16 mapped[FAKE_ROUTER_N_PROTOCOLS]; /* the external ports; 0: none */
  GSocketAddress *client;                  /* (owned) (nullable): of the last request */
} FakeRouter;

FakeRouter *fake_router_new (void);
void fake_router_free (FakeRouter *self);
/* Unasked, to the client of the last request. */
void fake_router_send (FakeRouter *self, const guint8 *bytes, gsize length);

G_END_DECLS
