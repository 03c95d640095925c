/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A machine, a listener and a router as the test wants them, linked in place of the real ones. */
typedef struct
{
  const char *const *addresses; /* NULL-terminated; "tun:…" is one of a tunnel */
  gboolean need_mapping;
  guint16 port4; /* of the listener; 0: that family cannot be bound */
  guint16 port6;

  guint n_listening; /* holds of the listener */
  guint n_holds;     /* of the mapping */
  guint16 held_port;
  gboolean searching;
  GInetSocketAddress *external; /* (owned) (nullable) */
} Fakes;

extern Fakes fakes;

/* Two families, no address, no mapping. */
void fakes_reset (void);
/* The search for a mapping is over; host NULL: without one. */
void fakes_settle (const char *host, guint16 port);

G_END_DECLS
