/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/stream/jxs-xml-stream-private.h>

G_BEGIN_DECLS

#define JXS_LOGIN_TIMEOUT_MS 60000 /* for all of it; stops a server that is slow on purpose */

typedef struct
{
  JxsJid *jid;            /* bare, or full to ask for that resource */
  const char *password;   /* not needed any longer than the call */
  const char *server;     /* (nullable): HOST:PORT */
  GTlsDatabase *database; /* (nullable): the system's */
  gboolean require_tls;
  gboolean use_proxy;
} JxsLoginParams;

typedef struct
{
  JxsXmlStream *stream;       /* (owned): negotiated; the caller makes stanzas flow */
  JxsJid *jid;                /* (owned): ours, full */
  char *tls_protocol;         /* (owned) (nullable): not encrypted */
  const char *sasl_mechanism; /* static */
} JxsLoginResult;

/* From an address to a stream that is ours (RFC 6120): connects, encrypts, authenticates, binds. */
void jxs_login_async (const JxsLoginParams *params,
                      int io_priority,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
JxsLoginResult *jxs_login_finish (GAsyncResult *result, GError **error);
void jxs_login_result_free (JxsLoginResult *self);
/* Ends the connection beneath a stream at once. Closing TLS in order would keep a thread busy for
 * as long as a server that is gone does not read. */
void jxs_login_abort (GIOStream *io_stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsLoginResult, jxs_login_result_free)

G_END_DECLS
