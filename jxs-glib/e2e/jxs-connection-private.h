/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/e2e/jxs-conduit-private.h>
#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/e2e/jxs-e2e-machine-private.h>
#include <jxs-glib/io/jxs-socket-stream-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>

G_BEGIN_DECLS

struct _JxsConnection
{
  GIOStream parent_instance;

  JxsSession *session;     /* (owned) */
  GIOStream *stream;       /* (owned): the TLS connection, or the transport's own stream */
  JxsSocketStream *base;   /* (owned) (nullable): below all */
  JxsConduit *conduit;     /* (owned): the streams the application gets */
  GInputStream *input;     /* (owned) */
  GOutputStream *output;   /* (owned) */
  JxsTrace *trace;         /* (owned) (nullable) */
  char *protocol_name;     /* (owned) (nullable) */
  char *cipher_name;       /* (owned) (nullable) */
  char *local_fingerprint; /* (owned) (nullable) */
  char *peer_fingerprint;  /* (owned) (nullable) */
  GMainContext *context;   /* (owned) */
  GCancellable *step;      /* (owned) (nullable): of the closing step that runs */
  GSource *deadline;       /* (owned) (nullable) */
  GSource *drain;          /* (owned) (nullable): waits for more to throw away */
  GSource *cancelled;      /* (owned) (nullable): of the one who closes */
  GTask *close_task;       /* (owned) (nullable) */
  GError *close_error;     /* (owned) (nullable): the first that went wrong */
  GError *session_error;   /* (owned) (nullable) */
  char *abort_text;        /* (owned) (nullable) */
  JxsE2eMachine machine;
  JxsReasonCondition close_reason;
  JxsReasonCondition abort_reason;
  JxsTrustLevel trust_level;
  JxsTrustOrigin trust_origin;
  char *security_method; /* (owned) (nullable) */
  gsize pending;         /* bytes the peer had not taken when the closing step began, or went on */
  gboolean disposing;
};

/* What the security of the session found out; copied. */
typedef struct
{
  const char *local_fingerprint; /* (nullable) */
  const char *peer_fingerprint;  /* (nullable) */
  JxsTrustLevel trust_level;
  JxsTrustOrigin trust_origin;
  const char *security_method; /* (nullable): "x509", "srp", "starttls" */
} JxsConnectionFacts;

/* stream: what jxs_session_connect_finish() gave; facts and trace are nullable. (transfer full) */
JxsConnection *jxs_connection_new (JxsSession *session,
                                   GIOStream *stream,
                                   const JxsConnectionFacts *facts,
                                   JxsTrace *trace);
/* Anew; NULL forgets all. The protocol and the cipher are read from its stream. */
void jxs_connection_set_facts (JxsConnection *self, const JxsConnectionFacts *facts);
/* Puts TLS, made over its stream, between the application and that stream. Nobody may be reading or
 * writing. */
void
jxs_connection_upgrade (JxsConnection *self, GTlsConnection *tls, const JxsConnectionFacts *facts);
/* Somebody verified the peer while the connection was open. */
void jxs_connection_set_trust (JxsConnection *self, JxsTrustLevel level, JxsTrustOrigin origin);
/* The reason an orderly close gives, JXS_REASON_SUCCESS otherwise. */
void jxs_connection_set_close_reason (JxsConnection *self, JxsReasonCondition reason);
/* Ends everything at once, without waiting for anybody. */
void jxs_connection_abort (JxsConnection *self, JxsReasonCondition reason, const char *text);
/* Ends a session from the main loop, for use in dispose(): a garbage collector does not let the
 * application's channel run. keep: (nullable): referenced until then. */
void jxs_connection_end_later (JxsSession *session,
                               JxsReasonCondition condition,
                               const char *text,
                               GMainContext *context,
                               GObject *keep);
/* Why the session ended, if it did not end in order. (transfer none) (nullable) */
const GError *jxs_connection_get_session_error (JxsConnection *self);
gboolean jxs_connection_is_session_over (JxsConnection *self);

G_END_DECLS
