/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-trace-private.h>
#include <jxs-glib/channel/jxs-disco-private.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>
#include <jxs-glib/jxs-endpoint.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>

G_BEGIN_DECLS

struct _JxsEndpoint
{
  GObject parent_instance;

  GMainContext *context;      /* (owned) */
  JxsChannel *channel;        /* (owned) */
  JxsIdentity *identity;      /* (owned) (nullable) */
  JxsTrust *trust;            /* (owned) (nullable) */
  JxsTrace *trace;            /* (owned) */
  JxsRouter *router;          /* (owned) */
  JxsDisco *disco;            /* (owned) */
  JxsSessionManager *manager; /* (owned) */
  JxsXtlsConfig *xtls;        /* unowned (nullable): lives as long as the manager */
  gboolean require_security;
};

/* jxs-endpoint-checks.c: what must hold for a session */

/* Operations keep the endpoint, but somebody may dispose of it all the same. */
gboolean jxs_endpoint_check_alive (JxsEndpoint *self, GError **error);
/* Before the peer is asked anything. */
gboolean jxs_endpoint_check_possible (JxsEndpoint *self, JxsJid *peer, GError **error);
/* What the peer told by service discovery; may run code of the application's (JxsTrust). */
gboolean jxs_endpoint_check_features (JxsEndpoint *self,
                                      GHashTable *features,
                                      JxsJid *peer,
                                      const char *namespace_uri,
                                      GError **error);
/* What the session delivered; may run code of the application's (JxsTrust). */
gboolean
jxs_endpoint_check_stream (JxsEndpoint *self, GIOStream *stream, JxsJid *peer, GError **error);

G_END_DECLS
