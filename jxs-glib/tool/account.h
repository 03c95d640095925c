/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "contact.h"
#include "identity.h"
#include "network.h"

G_BEGIN_DECLS

/* An account on a server, and the endpoint on top of it: what the commands that call share. */
typedef struct
{
  /* options */
  char *jid_text;
  char *server;
  char *ca_file;
  char *password_file;
  char *peer_password_file;
  ToolIdentity key;
  char *trust_path;
  char **fingerprints;
  gboolean verified_only;
  gboolean trace;
  ToolNetwork network;

  JxsJid *jid;              /* (owned) */
  JxsIdentity *identity;    /* (owned) */
  JxsTrustStore *trust;     /* (owned) */
  JxsClient *client;        /* (owned) */
  JxsEndpoint *endpoint;    /* (owned) */
  ToolQuestions *questions; /* (owned) */
  ToolContact *contact;     /* (owned) */
  gboolean is_lost;         /* the server closed the connection */
  GError *lost_error;       /* (owned) (nullable) */
  gboolean is_mapped;       /* a router lets peers in for us */
} ToolAccount;

/* The options of an account for context, to be filled by parsing. */
void tool_account_add_options (ToolAccount *self, GOptionContext *context);
/* Connects. resource (nullable) is asked for when the address names none; peer (nullable) is whose
 * fingerprint one without address is. On failure all is said, and status tells how to end. */
gboolean tool_account_open (ToolAccount *self, const char *resource, JxsJid *peer, int *status);
/* Gives the endpoint the password, or that of --peer-password-file, for the next call of peer; long
 * ones are taken for strong ones. */
gboolean tool_account_set_peer_password (ToolAccount *self,
                                         JxsJid *peer,
                                         const char *password,
                                         GError **error);
/* Says that the server closed the connection, once is_lost; returns the status. */
int tool_account_fail_lost (ToolAccount *self);
/* Says why something with peer failed, as tool_fail() does, or that the server is gone, if that is
 * why. */
int tool_account_fail (ToolAccount *self, const char *what, JxsJid *peer, const GError *error);
/* In order; what goes wrong at that time is nobody's concern. */
void tool_account_clear (ToolAccount *self);

/* A command that calls one peer: parses its options, of which summary tells, connects, and lets run
 * do it; returns the status. */
typedef int (*ToolCall) (ToolAccount *account, JxsJid *peer);
/* entries (nullable): its own options */
int tool_account_call (
    int argc, char **argv, const char *summary, const GOptionEntry *entries, ToolCall run);

/* An address given on the command line; without a resource it is that of `jxs listen`. */
JxsJid *tool_parse_peer (const char *text, GError **error);
#define TOOL_RESOURCE "jxs"

/* Says on standard error who is at the other end, and how that is known. */
void tool_account_print_connection (ToolAccount *self, JxsConnection *connection);
/* Waits until the session of a connection has ended, a few seconds at most. */
void tool_wait_for_end (JxsConnection *connection);

G_END_DECLS
