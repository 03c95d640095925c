/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>

G_BEGIN_DECLS

/* One machine of SOCKS5 bytestreams and what its last event led to. Tests have it as self; times
 * are milliseconds after the start. */

#define DIRECT JXS_CANDIDATE_KIND_DIRECT
#define PROXY JXS_CANDIDATE_KIND_PROXY

/* The clock starts anywhere. */
#define T0 1000000

typedef struct
{
  JxsS5bMachine machine;
  JxsS5bActions actions;
} Fixture;

void set_up (Fixture *self, gconstpointer unused);
void reset (Fixture *self, gboolean initiator);
void add_remote (Fixture *self, JxsCandidateKind kind, guint32 priority);
void add_local (Fixture *self, JxsCandidateKind kind, guint32 priority);
/* expected: the actions, like "cancel:2 used:0" */
void feed (Fixture *self, JxsS5bEvent event, guint index, gint64 at, const char *expected);
void feed_refused (Fixture *self, JxsS5bEvent event, guint index, gint64 at);

#define START(at, expected) feed (self, JXS_S5B_EVENT_START, 0, at, expected)
#define GATHERED(at, expected) feed (self, JXS_S5B_EVENT_GATHERED, 0, at, expected)
#define DIAL_OPEN(index, at, expected) feed (self, JXS_S5B_EVENT_DIAL_OPEN, index, at, expected)
#define DIAL_FAILED(index, at, expected) feed (self, JXS_S5B_EVENT_DIAL_FAILED, index, at, expected)
#define INCOMING(at, expected) feed (self, JXS_S5B_EVENT_INCOMING, 0, at, expected)
#define INCOMING_LOST(at, expected) feed (self, JXS_S5B_EVENT_INCOMING_LOST, 0, at, expected)
#define PEER_USED(index, at, expected) feed (self, JXS_S5B_EVENT_PEER_USED, index, at, expected)
#define PEER_ERROR(at, expected) feed (self, JXS_S5B_EVENT_PEER_ERROR, 0, at, expected)
#define PEER_ACTIVATED(index, at, expected)                                                        \
  feed (self, JXS_S5B_EVENT_PEER_ACTIVATED, index, at, expected)
#define PEER_PROXY_ERROR(at, expected) feed (self, JXS_S5B_EVENT_PEER_PROXY_ERROR, 0, at, expected)
#define PROXY_OPEN(at, expected) feed (self, JXS_S5B_EVENT_PROXY_OPEN, 0, at, expected)
#define PROXY_FAILED(at, expected) feed (self, JXS_S5B_EVENT_PROXY_FAILED, 0, at, expected)
#define ACTIVATED(at, expected) feed (self, JXS_S5B_EVENT_ACTIVATED, 0, at, expected)
#define ACTIVATE_FAILED(at, expected) feed (self, JXS_S5B_EVENT_ACTIVATE_FAILED, 0, at, expected)

/* Nothing happens just before, and the machine asks to be woken then. */
#define WAKE(at, expected)                                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpint (self->machine.wake_at, ==, T0 + (at));                                        \
    feed (self, JXS_S5B_EVENT_TICK, 0, (at) -1, "");                                               \
    g_assert_cmpint (self->machine.wake_at, ==, T0 + (at));                                        \
    feed (self, JXS_S5B_EVENT_TICK, 0, at, expected);                                              \
  }                                                                                                \
  G_STMT_END

#define ASSERT_STATE(name) g_assert_cmpint (self->machine.state, ==, JXS_S5B_STATE_##name)
#define ASSERT_ATTEMPT(index, name)                                                                \
  g_assert_cmpint (self->machine.remote[index].attempt, ==, JXS_S5B_ATTEMPT_##name)

typedef struct
{
  const char *name;
  void (*func) (Fixture *self, gconstpointer unused);
} Case;
void add_cases (const char *prefix, const Case *cases, gsize n_cases);

G_END_DECLS
