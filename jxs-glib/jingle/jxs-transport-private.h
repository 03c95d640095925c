/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/channel/jxs-router-private.h>

G_BEGIN_DECLS

/* How bytes get to the peer: one object per content and attempt. The session drives it; it talks to
 * the peer with IQs of its own over the router and with transport-info through "send-info". */
#define JXS_TYPE_TRANSPORT (jxs_transport_get_type ())
G_DECLARE_DERIVABLE_TYPE (JxsTransport, jxs_transport, JXS, TRANSPORT, GObject)

struct _JxsTransportClass
{
  GObjectClass parent_class;

  /* Makes our <transport/> for session-initiate, -accept, transport-replace or -accept. A responder
   * has seen set_remote() before. (transfer full) */
  JxsElement *(*build) (JxsTransport *self);
  /* The peer's <transport/> of the initiate, accept, replace. Error: JXS_STANZA_ERROR for malformed
   * (bad-request), JXS_ERROR_NOT_SUPPORTED for well-formed but unusable. */
  gboolean (*set_remote) (JxsTransport *self, JxsElement *transport, GError **error);
  /* transport-info; FALSE with JXS_STANZA_ERROR. */
  gboolean (*handle_info) (JxsTransport *self, JxsElement *transport, GError **error);
  /* Called once set_remote() and build() were exchanged (initiator: session-accept was
   * acknowledged; responder: our session-accept was handed to the channel). Result: a connected
   * GIOStream (see design: pollable, thread-safe). */
  void (*connect_async) (JxsTransport *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  GIOStream *(*connect_finish) (JxsTransport *self, GAsyncResult *result, GError **error);
  /* Orderly end: what was written is delivered, the peer is told. After it, or instead of it on
   * failure, dispose. */
  void (*close_async) (JxsTransport *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*close_finish) (JxsTransport *self, GAsyncResult *result, GError **error);
  /* The session ended without close: fail at once, no word to the peer. */
  void (*abort) (JxsTransport *self, const GError *error);
};

/* Construct-only properties of the base class. */
JxsRouter *jxs_transport_get_router (JxsTransport *self); /* "router" */
JxsJid *jxs_transport_get_peer_jid (JxsTransport *self);  /* "peer-jid" */
gboolean jxs_transport_is_initiator (JxsTransport *self); /* "initiator": we started the session */
const char *jxs_transport_get_namespace (
    JxsTransport *self); /* "namespace": as the peer used or we originate */

JxsElement *jxs_transport_build (JxsTransport *self);
gboolean jxs_transport_set_remote (JxsTransport *self, JxsElement *transport, GError **error);
gboolean jxs_transport_handle_info (JxsTransport *self, JxsElement *transport, GError **error);
void jxs_transport_connect_async (JxsTransport *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
GIOStream *jxs_transport_connect_finish (JxsTransport *self, GAsyncResult *result, GError **error);
void jxs_transport_close_async (JxsTransport *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean jxs_transport_close_finish (JxsTransport *self, GAsyncResult *result, GError **error);
void jxs_transport_abort (JxsTransport *self, const GError *error);
/* For subclasses: emits "send-info" (JxsElement *transport), which the session sends as
 * transport-info. */
void jxs_transport_send_info (JxsTransport *self, JxsElement *transport);

/* A way of making transports; the endpoint holds a list in order of preference. */
typedef struct
{
  const char *const *namespaces; /* NULL-terminated; the first is originated, all are accepted */
  int preference;                /* higher is tried first; IBB is the lowest */
  JxsTransport *(*create) (JxsRouter *router,
                           JxsJid *peer,
                           gboolean initiator,
                           const char *namespace_uri,
                           gpointer user_data);
  gpointer user_data;
} JxsTransportFactory;

G_END_DECLS
