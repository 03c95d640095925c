/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-socket-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-transport-private.h>

G_BEGIN_DECLS

/* Seen by the parts of the transport: its object with what the peer says, our offer, the actions of
 * the machine. */

/* Of the peer that are looked up: stops it from keeping the resolver of the whole process busy. */
#define JXS_S5B_MAX_NAMES 8

/* One of ours; its index is that of the machine. */
typedef struct
{
  char *cid;               /* (owned) */
  JxsCandidate *candidate; /* (owned) */
} JxsS5bLocal;

/* One of the peer's. */
typedef struct
{
  char *cid;               /* (owned) */
  JxsCandidate *candidate; /* (owned) */
  GCancellable *dial;      /* (owned) (nullable): while it is under way */
  gint64 dialled_at;
  JxsS5bSocket *socket; /* (owned) (nullable) */
} JxsS5bRemote;

struct _JxsS5bTransport
{
  JxsTransport parent_instance;

  GMainContext *context;  /* (owned) */
  JxsS5bService *service; /* (owned) */
  JxsS5bMachine machine;

  char *sid;          /* (owned) (nullable): of the bytestream */
  char *our_hash;     /* (owned) (nullable): the DST.ADDR of what we offer */
  char *peer_hash;    /* (owned) (nullable): of what the peer offers, unless it says otherwise */
  char *peer_dstaddr; /* (owned) (nullable): that it says */
  GPtrArray *local;   /* (owned) (element-type JxsS5bLocal) */
  GPtrArray *remote;  /* (owned) (element-type JxsS5bRemote) */
  guint n_names;      /* of them, that have to be looked up */
  GPtrArray *usable;  /* (owned) (element-type JxsS5bRemote): some of remote, by index of the
                         machine, once started */
  gboolean built;
  gboolean remote_set;
  gboolean started;
  gboolean over; /* connected, failed or given up */

  guint gathering; /* of the service; 0: nothing is */
  gboolean gathered;
  guint expected;            /* of the listener; 0: nobody */
  GCancellable *cancellable; /* (owned): of what is asked of others */

  GPtrArray *incoming;      /* (owned) (element-type JxsS5bSocket) */
  gint64 choose_until;      /* one of them is to be taken, in milliseconds; 0: not now */
  GCancellable *proxy_dial; /* (owned) (nullable): to our nominated proxy */
  gint64 proxy_dialled_at;
  JxsS5bSocket *proxy;     /* (owned) (nullable) */
  JxsCandidate *nominated; /* (owned) (nullable) */

  GArray *todo; /* (owned) (element-type JxsS5bAction) */
  gboolean acting;
  gboolean sweeping;
  GSource *wake; /* (owned) (nullable) */

  GTask *connect_task;        /* (owned) (nullable) */
  GSource *connect_cancelled; /* (owned) (nullable) */
  GIOStream *stream;          /* (owned) (nullable): once connected */
  GError *error;              /* (owned) (nullable): why there is none */
  gint64 started_at;
};

/* jxs-s5b-transport.c */

void jxs_s5b_transport_trace (JxsS5bTransport *self,
                              const char *what,
                              JxsCandidate *candidate,
                              gint64 duration_us,
                              const GError *error);
/* No stream will come, or not any more; error NULL: the peer ended it in order. */
void jxs_s5b_transport_end (JxsS5bTransport *self, const GError *error);
/* The stream is there. */
void jxs_s5b_transport_deliver (JxsS5bTransport *self, GIOStream *stream);

/* jxs-s5b-transport-offer.c */

/* Our <transport/>, with what is known now; the rest follows. (transfer full) */
JxsElement *jxs_s5b_transport_offer (JxsS5bTransport *self);
/* Tells the machine, once, when nothing more of ours is on its way. */
void jxs_s5b_transport_feed_gathered (JxsS5bTransport *self);
/* Nobody may come in any more. */
void jxs_s5b_transport_stop_listening (JxsS5bTransport *self);
/* Gives up what the offer needs: the listener, a mapping of its port. */
void jxs_s5b_transport_stop_gathering (JxsS5bTransport *self);
JxsS5bSocket *jxs_s5b_transport_keep_socket (JxsS5bTransport *self, GSocketConnection *connection);

/* jxs-s5b-transport-actions.c */

/* Tells the machine and does what it says. FALSE: not now. */
gboolean jxs_s5b_transport_feed (JxsS5bTransport *self, JxsS5bEvent event, guint index);
/* Leaves those that the address policy forbids aside. */
void jxs_s5b_transport_use_remote (JxsS5bTransport *self, JxsS5bRemote *remote);
/* We know more proxies: one of the peer's that was left aside may be ours too. */
void jxs_s5b_transport_reconsider_remote (JxsS5bTransport *self);
void jxs_s5b_transport_cancel_dials (JxsS5bTransport *self);

/* jxs-s5b-transport-outcome.c */

/* The machine is READY. While it shall be called again, choose_until is set. */
void jxs_s5b_transport_take_nominated (JxsS5bTransport *self);
/* The machine has FAILED. */
void jxs_s5b_transport_give_up (JxsS5bTransport *self);

G_END_DECLS
