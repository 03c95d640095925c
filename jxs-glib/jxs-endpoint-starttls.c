/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/jxs-endpoint-private.h>

#include <jxs-glib/security/jxs-starttls-security-private.h>

/* What is secured inside XML streams, and what peers say of that beforehand. */

gboolean
jxs_endpoint_prepare_stream (JxsEndpoint *self,
                             JxsSession *session,
                             GIOStream *stream,
                             JxsPeerStreamParams *params,
                             GError **error)
{
  JxsXtlsSecurity *xtls = jxs_endpoint_get_xtls (session);
  JxsStarttlsParams starttls = {
    .policy = xtls != NULL ? jxs_xtls_security_get_policy (xtls) : self->policy,
    .local = jxs_session_get_local_jid (session),
    .peer = jxs_session_get_peer_jid (session),
    .initiator = jxs_session_is_initiator (session),
    .trace = self->trace,
    .tls = G_IS_TLS_CONNECTION (stream) ? G_TLS_CONNECTION (stream) : NULL,
  };

  *params = (JxsPeerStreamParams){ NULL };
  if (!jxs_endpoint_needs_stream_security (self, session, stream))
    return TRUE;
  if (starttls.tls == NULL)
    params->optional = jxs_endpoint_check_plain (self, session, NULL);
  if (!jxs_endpoint_check_alive (self, error))
    return FALSE;
  /* Who is not bound to encrypt could offer it, but would then not know when the stream is open: a
   * peer that does not want it says nothing. */
  if (params->optional && !starttls.initiator)
    return TRUE;
  starttls.config = self->xtls;
  params->security = jxs_starttls_security_new (&starttls);
  return TRUE;
}
