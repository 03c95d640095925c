/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/e2e/jxs-peer-stream-private.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>

G_BEGIN_DECLS

/* One stream being opened, the data of its task. */
typedef struct
{
  GTask *task; /* (owned) (nullable): itself, until it is returned */
  JxsPeerStreamMachine machine;
  JxsXmlStream *stream;        /* (owned) */
  JxsStreamSecurity *security; /* (owned) (nullable) */
  GMainContext *context;       /* (owned) */
  GCancellable *stop;          /* (owned): of whatever runs */
  GSource *cancelled;          /* (owned) (nullable): of the caller's cancellable */
  GSource *deadline;           /* (owned) (nullable) */
  guint limit;                 /* of the deadline, in milliseconds */
  gulong ended_id;             /* of the session */
  gulong closed_id;            /* of the stream */
  JxsSaslExchange *sasl;       /* (owned) (nullable) */
  const char *mechanism;       /* static, (nullable): of SASL, that we demand */
  char *text;                  /* (owned) (nullable): of SASL, to work on or to be sent */
  JxsSaslError condition;      /* why an attempt was rejected */
  JxsStreamError refusal;      /* what a refused peer is told */
  gboolean optional;           /* plain will do */
  gboolean opened;             /* headers were exchanged */
  gboolean told;               /* the peer has heard, or will hear, why it failed */
  gboolean decided;            /* it is we who refuse: no reason of the peer's explains more */
  gboolean waiting;            /* for the session to say why */
  GError *error;               /* (owned) (nullable): the first */
} JxsPeerOpening;

/* The first one counts. error: (transfer full) */
void jxs_peer_opening_take_error (JxsPeerOpening *self, GError *error);
void jxs_peer_opening_take_problem (JxsPeerOpening *self, JxsError code, const char *message);

/* What something that arrived is to the machine; takes the error, and what else is to be kept. */
JxsPeerStreamEvent jxs_peer_opening_judge_features (JxsPeerOpening *self, JxsElement *features);
JxsPeerStreamEvent jxs_peer_opening_judge_element (JxsPeerOpening *self, JxsElement *element);
/* Before the stream begins anew: whoever gets bytes in before TLS wants them taken for the peer's.
 * FALSE: takes the error. */
gboolean jxs_peer_opening_is_alone (JxsPeerOpening *self);
/* What came of a step of SASL, receiver. */
JxsPeerStreamEvent jxs_peer_opening_judge_proof (JxsPeerOpening *self);
JxsPeerStreamEvent jxs_peer_opening_reject (JxsPeerOpening *self, JxsSaslError condition);

G_END_DECLS
