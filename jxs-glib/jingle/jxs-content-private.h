/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-content-machine-private.h>
#include <jxs-glib/jingle/jxs-jingle-private.h>
#include <jxs-glib/jingle/jxs-security-private.h>
#include <jxs-glib/jingle/jxs-transport-private.h>

G_BEGIN_DECLS

/* The one content of a session (XEP-0166 §7.3): its transport, the ones it may fall back to, its
 * security, and the stream they yield. The shell of JxsContentMachine. */
#define JXS_TYPE_CONTENT (jxs_content_get_type ())
G_DECLARE_FINAL_TYPE (JxsContent, jxs_content, JXS, CONTENT, GObject)

/* Called on the owner until jxs_content_stop(). */
typedef struct
{
  /* Send an action about this content; the two elements are nullable. */
  void (*send) (gpointer owner,
                JxsJingleAction action,
                JxsElement *transport,
                JxsElement *security);
  void (*ready) (gpointer owner, GIOStream *stream);
  /* There will be no stream. */
  void (*failed) (gpointer owner, JxsReasonCondition condition, const GError *error);
  /* For the time line; error is nullable, duration in microseconds or -1. */
  void (*step) (gpointer owner,
                const char *what,
                const char *namespace_uri,
                gint64 duration,
                const GError *error);
} JxsContentFuncs;

/* factories: (element-type JxsTransportFactory), by preference; copied. */
JxsContent *jxs_content_new (JxsRouter *router,
                             JxsJid *peer,
                             gboolean initiator,
                             JxsJingleCreator creator,
                             const char *name,
                             GArray *factories);
void jxs_content_set_owner (JxsContent *self, const JxsContentFuncs *funcs, gpointer owner);
/* (transfer full) (nullable) */
void jxs_content_take_security (JxsContent *self, JxsSecurity *security);

JxsJingleCreator jxs_content_get_creator (JxsContent *self);
const char *jxs_content_get_name (JxsContent *self);
JxsTransport *jxs_content_get_transport (JxsContent *self);
JxsSecurity *jxs_content_get_security (JxsContent *self);
JxsContentState jxs_content_get_state (JxsContent *self);
guint jxs_content_get_round_trips (JxsContent *self);
/* (element-type JxsCandidate): of all attempts, as they became known */
GListModel *jxs_content_get_candidates (JxsContent *self);

/* See jxs_transport_list_set_peer_features(). */
void jxs_content_set_peer_features (JxsContent *self, GHashTable *features);
/* Ours: makes the transport to offer. FALSE: no transport is registered. */
gboolean jxs_content_choose_first (JxsContent *self);
/* Theirs: takes the transport of the session-initiate. JXS_STANZA_ERROR: malformed,
 * JXS_ERROR_NOT_SUPPORTED: not for us. */
gboolean jxs_content_take_offer (JxsContent *self, JxsElement *transport, GError **error);
/* Ours: takes the peer's part from session-accept. */
gboolean jxs_content_take_answer (JxsContent *self,
                                  JxsElement *transport,
                                  JxsElement *security,
                                  GError **error);
/* Whether one of our transports is of that namespace. */
gboolean jxs_content_knows_namespace (JxsContent *self, const char *namespace_uri);
/* A namespace whose stanzas may still come, and mean nothing any more. */
void jxs_content_ignore_namespace (JxsContent *self, const char *namespace_uri);

/* Milliseconds for all transports together, securing included, from jxs_content_start() on; before
 * that. */
void jxs_content_set_connect_timeout (JxsContent *self, guint timeout_ms);

/* Adds what failed on our side to the peer's word that it could not connect. */
void jxs_content_explain (JxsContent *self, GError *error);

/* The session is accepted: on to the stream. */
void jxs_content_start (JxsContent *self);
/* The session ended. error NULL: the peer ended it in order (see JxsTransportClass.abort). */
void jxs_content_stop (JxsContent *self, const GError *error);

/* The peer's transport-replace, -accept, -reject. Returns what to answer: JXS_CONTENT_ACK,
 * JXS_CONTENT_TIE_BREAK, JXS_CONTENT_OUT_OF_ORDER, or 0 with error (JXS_STANZA_ERROR). What
 * follows the answer happens in jxs_content_go_on(). */
JxsContentActions jxs_content_handle (JxsContent *self,
                                      JxsJingleAction action,
                                      JxsElement *transport,
                                      GError **error);
void jxs_content_go_on (JxsContent *self);
gboolean
jxs_content_handle_transport_info (JxsContent *self, JxsElement *transport, GError **error);
gboolean jxs_content_handle_security_info (JxsContent *self, JxsElement *security, GError **error);
/* Our transport-replace was answered with an error; conflict: a tie was lost. */
void jxs_content_replace_failed (JxsContent *self, gboolean conflict, const GError *error);

G_END_DECLS
