/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/jingle/jxs-candidate.h>

G_BEGIN_DECLS

/* How bytes get to the peer: one object per content and attempt. The session drives it; it talks to
 * the peer with IQs of its own over the router and with transport-info through "send-info". It is
 * never used again after connect failed, close or abort. */
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
  /* transport-info; FALSE with JXS_STANZA_ERROR. Default: feature-not-implemented. */
  gboolean (*handle_info) (JxsTransport *self, JxsElement *transport, GError **error);
  /* Called once set_remote() and build() were exchanged (initiator: session-accept was
   * acknowledged; responder: our session-accept was handed to the channel). Result: a connected
   * GIOStream (see design: pollable, thread-safe). Cancelled when the peer replaces the transport
   * and when the session ends. */
  void (*connect_async) (JxsTransport *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  GIOStream *(*connect_finish) (JxsTransport *self, GAsyncResult *result, GError **error);
  /* Orderly end: what was written is delivered, the peer is told. After it, or instead of it on
   * failure, dispose. Default: nothing to do. */
  void (*close_async) (JxsTransport *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*close_finish) (JxsTransport *self, GAsyncResult *result, GError **error);
  /* The session ended without close: no word to the peer. With an error: fail at once. With NULL:
   * the peer ended the session in order; what it sent before that stays readable, then comes the
   * end of file. Default: nothing to do. */
  void (*abort) (JxsTransport *self, const GError *error);
  /* Optional, for a transport that is not told of each sign of life: looks for one now, and calls
   * jxs_transport_heard_at(). */
  void (*look_for_life) (JxsTransport *self);
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
 * transport-info. Not from inside set_remote() or build(): the peer would hear of it too early. */
void jxs_transport_send_info (JxsTransport *self, JxsElement *transport);
/* For subclasses: the peer was heard just now, in whatever way (a packet of data, a connectivity
 * check). While that goes on, unavailable presence does not end the session (XEP-0166 §6.7). */
void jxs_transport_heard (JxsTransport *self);
/* The same, at that time of the library's clock. */
void jxs_transport_heard_at (JxsTransport *self, gint64 time_us);
/* When that was, on the library's clock; 0: never. */
gint64 jxs_transport_get_last_heard (JxsTransport *self);
/* For subclasses, before connect completes: one more request to the peer was sent and its answer
 * waited for on the way (the open of an in-band bytestream, for example). */
void jxs_transport_count_round_trip (JxsTransport *self);
guint jxs_transport_get_round_trips (JxsTransport *self);

/* Where the candidates of all attempts of a content are collected, for people: (element-type
 * JxsCandidate), kept; before anything else is called. */
void jxs_transport_set_candidates (JxsTransport *self, GListStore *store);
/* For subclasses: a candidate, ours or the peer's, became known. */
void jxs_transport_add_candidate (JxsTransport *self, JxsCandidate *candidate);
/* How many of them are the peer's. */
guint jxs_transport_count_remote_candidates (JxsTransport *self);

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
