/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/e2e/jxs-connection.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>

G_BEGIN_DECLS

/* What the security of the session found out; copied. */
typedef struct
{
  const char *local_fingerprint; /* (nullable) */
  const char *peer_fingerprint;  /* (nullable) */
  gboolean verified;
} JxsConnectionFacts;

/* stream: what jxs_session_connect_finish() gave; facts and trace are nullable. (transfer full) */
JxsConnection *jxs_connection_new (JxsSession *session,
                                   GIOStream *stream,
                                   const JxsConnectionFacts *facts,
                                   JxsTrace *trace);
/* The reason an orderly close gives, JXS_REASON_SUCCESS otherwise. */
void jxs_connection_set_close_reason (JxsConnection *self, JxsReasonCondition reason);
/* Ends everything at once, without waiting for anybody. */
void jxs_connection_abort (JxsConnection *self, JxsReasonCondition reason, const char *text);
/* Why the session ended, if it did not end in order. (transfer none) (nullable) */
const GError *jxs_connection_get_session_error (JxsConnection *self);
gboolean jxs_connection_is_session_over (JxsConnection *self);

G_END_DECLS
