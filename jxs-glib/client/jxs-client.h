/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

/**
 * JxsClientState:
 * @JXS_CLIENT_STATE_DISCONNECTED: not connected, or not any more
 * @JXS_CLIENT_STATE_CONNECTING: on the way into the server
 * @JXS_CLIENT_STATE_CONNECTED: stanzas flow
 * @JXS_CLIENT_STATE_CLOSING: an orderly end is under way
 *
 * Where a [class@Client] is in its life.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_CLIENT_STATE_DISCONNECTED,
  JXS_CLIENT_STATE_CONNECTING,
  JXS_CLIENT_STATE_CONNECTED,
  JXS_CLIENT_STATE_CLOSING,
} JxsClientState;

#define JXS_TYPE_CLIENT_STATE (jxs_client_state_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_client_state_get_type (void);

#define JXS_TYPE_CLIENT (jxs_client_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsClient, jxs_client, JXS, CLIENT, GObject)

JXS_AVAILABLE_IN_1_0
JxsClient *jxs_client_new (JxsJid *jid);
JXS_AVAILABLE_IN_1_0
void jxs_client_set_password (JxsClient *self, const char *password);
JXS_AVAILABLE_IN_1_0
void jxs_client_set_server (JxsClient *self, const char *host_and_port);
JXS_AVAILABLE_IN_1_0
void jxs_client_set_ca_file (JxsClient *self, const char *path);
JXS_AVAILABLE_IN_1_0
void jxs_client_set_require_tls (JxsClient *self, gboolean require_tls);
JXS_AVAILABLE_IN_1_0
JxsClientState jxs_client_get_state (JxsClient *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_client_get_tls_protocol (JxsClient *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_client_get_sasl_mechanism (JxsClient *self);
JXS_AVAILABLE_IN_1_0
void jxs_client_connect_async (JxsClient *self,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_client_connect_finish (JxsClient *self, GAsyncResult *result, GError **error);
JXS_AVAILABLE_IN_1_0
void jxs_client_close_async (JxsClient *self,
                             int io_priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
JXS_AVAILABLE_IN_1_0
gboolean jxs_client_close_finish (JxsClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
