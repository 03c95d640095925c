/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-trace-private.h>
#include <jxs-glib/channel/jxs-channel.h>

G_BEGIN_DECLS

/* IQ tracking, handler matching and automatic answers on a channel. One router per channel, shared:
 * it holds a strong reference on the channel and is kept alive by its users. */
#define JXS_TYPE_ROUTER (jxs_router_get_type ())
G_DECLARE_FINAL_TYPE (JxsRouter, jxs_router, JXS, ROUTER, GObject)

/* (transfer full): the router of channel, made at the first call. */
JxsRouter *jxs_router_get (JxsChannel *channel);
JxsChannel *jxs_router_get_channel (JxsRouter *self);
JxsJid *jxs_router_get_local_jid (JxsRouter *self);
JxsTrace *jxs_router_get_trace (JxsRouter *self); /* (nullable) (transfer none) */
void jxs_router_set_trace (JxsRouter *self, JxsTrace *trace);

#define JXS_ROUTER_DEFAULT_TIMEOUT_MS 60000
#define JXS_ROUTER_MAX_UNANSWERED                                                                  \
  8192 /* requests of one peer that handlers took and did not answer yet; stops it from filling    \
          memory, and from taking the room of others */
#define JXS_ROUTER_MAX_UNANSWERED_TOTAL 65536 /* of all of them */

/* Sends an IQ of type get or set (an id is made up when it has none) and waits for the answer from
 * exactly the JID it went to. timeout_ms 0: the default. */
void jxs_router_send_iq_async (JxsRouter *self,
                               JxsElement *iq,
                               guint timeout_ms,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* Error answer: JXS_STANZA_ERROR. No answer: JXS_ERROR_TIMED_OUT. Channel gone: JXS_ERROR_CLOSED.
 * Too many without an answer: JXS_ERROR_LIMIT. reply (out) (optional) (nullable): the whole answer,
 * set for error answers too. */
gboolean jxs_router_send_iq_finish (JxsRouter *self,
                                    GAsyncResult *result,
                                    JxsElement **reply,
                                    GError **error);
gboolean jxs_router_send (JxsRouter *self, JxsElement *stanza, GError **error);

/* payload: the only child of the IQ. Whoever takes it (TRUE) answers exactly once with one of the
 * reply functions, now or later. `from` has been validated; it is NULL when the server itself asks
 * on our account's behalf. */
typedef gboolean (*JxsRouterIqFunc) (
    JxsRouter *router, JxsElement *iq, JxsElement *payload, JxsJid *from, gpointer user_data);
/* name NULL: every name in that namespace. Handlers are tried newest first. */
guint jxs_router_add_iq_handler (JxsRouter *self,
                                 const char *name,
                                 const char *namespace_uri,
                                 JxsRouterIqFunc func,
                                 gpointer user_data);
/* Messages with a child of that name and namespace, bounced ones (type error) excepted; TRUE:
 * taken. */
typedef gboolean (*JxsRouterMessageFunc) (
    JxsRouter *router, JxsElement *message, JxsElement *payload, JxsJid *from, gpointer user_data);
guint jxs_router_add_message_handler (JxsRouter *self,
                                      const char *name,
                                      const char *namespace_uri,
                                      JxsRouterMessageFunc func,
                                      gpointer user_data);
/* Presence of somebody was seen: available (no type) or unavailable. */
typedef void (*JxsRouterPresenceFunc) (JxsRouter *router,
                                       JxsJid *from,
                                       gboolean available,
                                       gpointer user_data);
guint
jxs_router_add_presence_handler (JxsRouter *self, JxsRouterPresenceFunc func, gpointer user_data);
/* Works from inside a handler too; nothing is called for it any more. */
void jxs_router_remove_handler (JxsRouter *self, guint id);

/* Answer iq, which a handler was given. A second answer to the same request is dropped. payload and
 * app_condition are nullable. */
void jxs_router_reply_result (JxsRouter *self, JxsElement *iq, JxsElement *payload);
void jxs_router_reply_error (JxsRouter *self,
                             JxsElement *iq,
                             const GError *error,
                             JxsElement *app_condition);
/* The same with an answer the caller built from iq. */
void jxs_router_reply_stanza (JxsRouter *self, JxsElement *iq, JxsElement *answer);

G_END_DECLS
