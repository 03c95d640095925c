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

G_END_DECLS
