/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/transports/s5b/jxs-s5b-dial-private.h>

G_BEGIN_DECLS

#define FIRST "972b7bf47291ca609517f67f86b5081086052dad"
#define SECOND "1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba"
#define GREETING "\5\1\0"
#define ACCEPTED "\5\0"
#define REQUEST(hash) "\5\1\0\3\x28" hash "\0\0"
#define SUCCESS(hash) "\5\0\0\3\x28" hash "\0\0"

/* What is dialled: the test plays it, step by step. */
typedef struct
{
  GSocketListener *listener; /* (owned) */
  guint16 port;
  GSocketConnection *peer;   /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) */
  GAsyncResult *result;      /* (owned) (nullable) */
  JxsS5bDialParams params;
} Fixture;

void fixture_set_up (Fixture *self, gconstpointer unused);
void fixture_tear_down (Fixture *self, gconstpointer unused);

/* Runs what is due without waiting. */
void iterate (void);
/* Starts dialling self->params. */
void dial (Fixture *self);
/* Waits for the connection of the dialler; drops the one before. */
void take_connection (Fixture *self);
void expect_bytes (Fixture *self, const char *bytes, gsize n_bytes);
void send_bytes (Fixture *self, const char *bytes, gsize n_bytes);
#define EXPECT(self, bytes) expect_bytes (self, bytes, sizeof bytes - 1)
#define SEND(self, bytes) send_bytes (self, bytes, sizeof bytes - 1)
/* All of a handshake that succeeds. */
void take_handshake (Fixture *self);
/* The socket of the dialler is closed: in order, or by a reset. */
void expect_end (Fixture *self);

GSocketConnection *finish (Fixture *self, GError **error);
/* message (nullable) */
void expect_failure (Fixture *self, GQuark domain, int code, const char *message);
void expect_payload (GSocketConnection *connection, const char *payload);

G_END_DECLS
