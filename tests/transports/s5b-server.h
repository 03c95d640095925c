/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* A channel whose server, with everybody behind it, is played by the test. Time stands still. */
typedef struct
{
  JxsChannel *channel;
  JxsRouter *router;
  GPtrArray *asked; /* (element-type JxsElement): requests without an answer, the oldest first */
  guint n_asked;    /* requests in all */
  GFunc sending;    /* (nullable): called with each request and sending_data */
  gpointer sending_data;
} Server;

/* jid: ours (nullable) */
void server_init (Server *self, const char *jid);
/* Everything that used it is gone. */
void server_clear (Server *self);
void server_set_jid (Server *self, const char *jid);
/* The connection is lost. */
void server_close (Server *self);

gboolean server_is_asked (Server *self, const char *who, const char *namespace_uri);
/* The request to who with a payload in that namespace, which is there; it counts as answered.
 * (transfer full) */
JxsElement *server_take (Server *self, const char *who, const char *namespace_uri);
/* Answers it with this payload, or with this error; what follows from it has happened then. */
void server_answer (Server *self, const char *who, const char *namespace_uri, const char *payload);
void server_refuse (Server *self,
                    const char *who,
                    const char *namespace_uri,
                    const char *type,
                    const char *condition);
/* A result for iq from anybody. */
void server_say (Server *self, JxsElement *iq, const char *from, const char *payload);

/* Runs what is due. */
void drain (void);
/* Time passes. */
void pass (guint ms);

JxsJid *make_jid (const char *text);

G_END_DECLS
