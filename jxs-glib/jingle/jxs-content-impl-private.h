/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-content-private.h>
#include <jxs-glib/jingle/jxs-failures-private.h>
#include <jxs-glib/jingle/jxs-transport-list-private.h>

G_BEGIN_DECLS

/* Seen by the parts of the content: its object with the peer's actions, its steps. */
struct _JxsContent
{
  GObject parent_instance;

  const JxsContentFuncs *funcs; /* (nullable): without owner nobody is told */
  gpointer owner;               /* (unowned): clears itself with jxs_content_stop() */
  GMainContext *context;        /* (owned) */
  JxsRouter *router;            /* (owned) */
  JxsJid *peer;                 /* (owned) */
  gboolean initiator;
  JxsJingleCreator creator;
  char *name; /* (owned) */

  JxsContentMachine machine;
  JxsContentActions todo; /* what follows the answer to the peer's action */
  GSource *deadline;      /* (owned) (nullable): of the state */
  GSource *limit;         /* (owned) (nullable): of all transports together */
  gint64 limit_at;        /* when it ends; while people are asked: what is left of it */
  guint connect_timeout;
  gboolean agreed;     /* a transport-replace settled both parts of the transport */
  gint64 step_started; /* of the transport or the security handshake under way */

  JxsTransportList list;
  GListStore *candidates;    /* (owned) (element-type JxsCandidate): of all transports */
  JxsTransport *transport;   /* (owned) (nullable): in use */
  JxsTransport *proposed;    /* (owned) (nullable): ours or the peer's transport-replace */
  JxsElement *rejected;      /* (owned) (nullable): what names the peer's transport-replace */
  GHashTable *past;          /* (owned) (element-type utf8): namespaces of replaced transports */
  GCancellable *cancellable; /* (owned) (nullable): of the attempt under way */
  JxsFailures failures;      /* why there is no transport */
  GError *refusal;           /* (owned) (nullable): why there is no security */
  guint n_replacements;      /* that the peer asked for */
  guint round_trips;         /* of transport-replace and of transports given up */

  JxsSecurity *security;  /* (owned) (nullable) */
  gboolean security_busy; /* a secure_async is under way, maybe cancelled */
  GIOStream *base;        /* (owned) (nullable): waits for security to be free */
  GIOStream *stream;      /* (owned) (nullable): to be delivered */
};

/* The peer's transport, of a namespace that one of ours serves. (transfer full) */
JxsTransport *
jxs_content_make_remote_transport (JxsContent *self, JxsElement *element, GError **error);
/* (transfer full) (nullable) */
JxsTransport *jxs_content_make_next_transport (JxsContent *self);
/* The machine's word, without doing anything yet. */
JxsContentActions jxs_content_consult (JxsContent *self, JxsContentEvent event);
void jxs_content_perform (JxsContent *self, JxsContentActions actions);
/* Both together. */
void jxs_content_feed (JxsContent *self, JxsContentEvent event);
void jxs_content_set_deadline (JxsContent *self, guint deadline_ms);
void jxs_content_set_limit (JxsContent *self, guint limit_ms);
void jxs_content_asking_cb (JxsSecurity *security, gboolean asking, JxsContent *self);

G_END_DECLS
