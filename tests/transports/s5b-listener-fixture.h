/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/resource.h>

#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>

G_BEGIN_DECLS

#define FIRST "972b7bf47291ca609517f67f86b5081086052dad"
#define SECOND "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba"
#define UNKNOWN "416781edf1ae50bad01cb8509ba35b43952bc345"
#define HELLO(hash)                                                                                \
  "\5\1\0"                                                                                         \
  "\5\1\0\3\x28" hash "\0\0"
#define WELCOME(hash)                                                                              \
  "\5\0"                                                                                           \
  "\5\0\0\3\x28" hash "\0\0"
#define REFUSAL(hash)                                                                              \
  "\5\0"                                                                                           \
  "\5\2\0\3\x28" hash "\0\0"
#define MS G_GINT64_CONSTANT (1000)

typedef struct
{
  JxsS5bListener *listener; /* (owned) (nullable) */
  GPtrArray *incoming;      /* (owned) (element-type GSocketConnection) */
  guint id;
} Fixture;

/* The clock stands still; FIRST and SECOND are expected and kept in incoming. */
void fixture_set_up (Fixture *self, gconstpointer unused);
void fixture_tear_down (Fixture *self, gconstpointer unused);
/* A JxsS5bIncomingFunc; user_data is the fixture. */
void keep_incoming (JxsS5bListener *listener, GSocketConnection *connection, gpointer user_data);

/* Runs what is due without waiting. */
void iterate (void);
/* From another address of the loopback network, if one is given. NULL: refused. */
GSocket *try_connect (const char *from, GSocketFamily family, guint16 port);
GSocket *connect_from (Fixture *self, const char *from);
void send_bytes (GSocket *socket, const char *bytes, gsize n_bytes);
/* Exactly these bytes have arrived, and nothing else but the end, if that is expected too. */
void expect_bytes (GSocket *socket, const char *bytes, gsize n_bytes, gboolean with_end);
#define SEND(socket, bytes) send_bytes (socket, bytes, sizeof bytes - 1)
#define EXPECT(socket, bytes) expect_bytes (socket, bytes, sizeof bytes - 1, FALSE)
#define EXPECT_END(socket, bytes) expect_bytes (socket, bytes, sizeof bytes - 1, TRUE)
gboolean is_closed (GSocket *socket);

guint count_descriptors (void);
/* From now on no descriptor can be had. */
void take_descriptors (struct rlimit *before);
void give_descriptors_back (const struct rlimit *before);

G_END_DECLS
