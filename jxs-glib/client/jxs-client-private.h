/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/client/jxs-client.h>
#include <jxs-glib/stream/jxs-xml-stream-private.h>

G_BEGIN_DECLS

#define JXS_CLIENT_DEFAULT_KEEPALIVE_S 60
#define JXS_CLIENT_PING_TIMEOUT_S 30 /* for the answer to a ping of a server that is silent */

struct _JxsClient
{
  GObject parent_instance;

  JxsJid *jid;            /* (owned) (nullable): the one asked for */
  char *password;         /* (owned) (nullable) */
  char *server;           /* (owned) (nullable) */
  char *ca_file;          /* (owned) (nullable) */
  GTlsDatabase *database; /* (owned) (nullable) */
  gboolean require_tls;
  gboolean use_proxy;
  gboolean send_presence;
  guint keepalive_s;

  JxsClientState state;
  gboolean over;              /* it was connected once */
  GCancellable *login_stop;   /* (owned) (nullable): while connecting */
  gulong login_handler;       /* on the caller's cancellable, to cancel login_stop */
  JxsXmlStream *stream;       /* (owned) (nullable): while connected and closing */
  JxsJid *bound_jid;          /* (owned) (nullable): the one the server gave us */
  char *tls_protocol;         /* (owned) (nullable) */
  const char *sasl_mechanism; /* static, (nullable) */
};

void jxs_client_install_properties (GObjectClass *object_class);
void jxs_client_update_keepalive (JxsClient *self);

G_END_DECLS
