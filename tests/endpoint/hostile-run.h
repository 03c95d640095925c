/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "hostile-channel.h"
#include "jxs-test-pair.h"

G_BEGIN_DECLS

/* How the bytes travel. */
typedef struct
{
  const char *name;
  const char *const transports[3];
  gboolean reachable; /* by candidates */
} HostileWay;

/* What Romeo and Juliet know and want. */
typedef struct
{
  const char *name;
  gboolean optional;   /* encryption is not required */
  JxsTrustLevel known; /* the level at which each knows the other's key; FIRST_USE: not at all */
  JxsTrustLevel minimum;
} HostilePolicy;

typedef struct _HostileRun HostileRun;

/* As HostileFunc. */
typedef void (*HostileAttack) (HostileRun *run, guint who, guint n, JxsElement *stanza);

/* Romeo opens an XML stream to Juliet, each says N_WORDS words, then Romeo closes it. */
#define N_WORDS 3

typedef struct
{
  JxsXmlStream *stream; /* (owned) (nullable) */
  GError *error;        /* (owned) (nullable): why there is none, or why it broke */
  gboolean called;      /* opening or accepting was begun */
  gboolean ended;       /* nothing more will come */
  gboolean opened;
  gboolean encrypted;
  JxsTrustLevel level;
  Inbox inbox;
} HostileSide;

struct _HostileRun
{
  const HostileWay *way;
  const HostilePolicy *policy;
  HostileAttack attack;
  gpointer user_data;
  HostileChannel *channels[2];
  JxsEndpoint *endpoints[2];
  HostileSide sides[2];
  gboolean over; /* no attack any more */
  gint64 began;  /* on the clock of the tests */
  guint n_alive; /* objects that are to go */
};

extern const HostileWay hostile_ways[];
extern const guint hostile_n_ways;

/* Of Romeo, Juliet, and somebody else. */
#define MALLORY 2
JxsIdentity *hostile_get_identity (guint who);
JxsJid *hostile_get_jid (guint who);

/* Runs until nothing more can happen. Whatever was done: a stream leads to the right key, at the
 * level that the policy asks for, and what it delivers is what was sent; an end without error lost
 * nothing; each side has one outcome within an hour of the clock that the tests advance; and
 * nothing is left of all the objects. */
void hostile_run (HostileRun *run);
void hostile_run_clear (HostileRun *run);
/* What a user is told. */
typedef enum
{
  HOSTILE_ANY, /* in expectations: any of the others but UNCLEAR and, unless policy allows, PLAIN */
  HOSTILE_DONE,
  HOSTILE_PLAIN,   /* done, without encryption */
  HOSTILE_NOTHING, /* never called */
  HOSTILE_OTHER_KEY,
  HOSTILE_REFUSED, /* by the other side, for a reason of security */
  HOSTILE_NO_KEY,
  HOSTILE_NO_METHOD,
  HOSTILE_PASSWORD, /* none was entered, or it cannot be used */
  HOSTILE_IN_CLEAR, /* the other side does not encrypt */
  HOSTILE_UNTRUSTED,
  HOSTILE_NO_TLS,    /* but something else */
  HOSTILE_NO_STREAM, /* but something else, which may be TLS */
  HOSTILE_FORGED,    /* what is inside TLS was touched */
  HOSTILE_MALFORMED, /* what was said, or not what was asked for */
  HOSTILE_LOST,      /* the way, or the other side */
  HOSTILE_BROKEN,    /* the same, of what was open to the other side */
  HOSTILE_ENDED,     /* by the other side */
  HOSTILE_UNCLEAR,   /* a reason that is none */
} HostileOutcome;

HostileOutcome hostile_get_outcome (HostileRun *run, guint who);
/* “done”, “nothing” (was never called), or the domain, code and message of the error. */
char *hostile_describe (HostileRun *run, guint who);

G_END_DECLS
