/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-trace-private.h>
#include <jxs-glib/channel/jxs-disco-private.h>
#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/e2e/jxs-peer-stream-private.h>
#include <jxs-glib/jingle/jxs-session-manager-private.h>
#include <jxs-glib/jxs-endpoint.h>
#include <jxs-glib/security/jxs-offer-responder-private.h>
#include <jxs-glib/security/jxs-xtls-security-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-service-private.h>

G_BEGIN_DECLS

typedef struct _JxsEndpointWait JxsEndpointWait;

struct _JxsEndpoint
{
  GObject parent_instance;

  GMainContext *context;        /* (owned) */
  JxsChannel *channel;          /* (owned) */
  JxsIdentity *identity;        /* (owned) (nullable) */
  JxsTrust *trust;              /* (owned) (nullable) */
  JxsSecurityPolicy *policy;    /* (owned) */
  JxsPasswords *passwords;      /* (owned): for the next sessions */
  JxsTrace *trace;              /* (owned) */
  JxsRouter *router;            /* (owned) */
  JxsDisco *disco;              /* (owned) */
  JxsSessionManager *manager;   /* (owned) */
  guint pubkeys_handler;        /* of router */
  JxsXtlsConfig *xtls;          /* unowned (nullable): lives as long as the manager */
  JxsOfferResponder *responder; /* (owned) (nullable): with an identity */

  JxsS5bService *s5b; /* (owned) */
  char **transports;  /* (owned): names, best first */
  JxsAddressPolicy address_policy;
  GHashTable *policies; /* (owned) (element-type JxsJid JxsAddressPolicy): of peers */
  GPtrArray *waits; /* (owned) (element-type JxsEndpointWait): for the application to say who may
                       learn our addresses */
  gboolean discover_proxies;
  guint connect_timeout;
  guint listen_port;
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
/* What a peer offers, before the application learns of it; may run code of the application's. */
gboolean jxs_endpoint_check_incoming (JxsEndpoint *self, JxsSession *session, GError **error);
/* When a session begins. A password that is there holds for it to its end: another session with the
 * same peer may use it up meanwhile, and this one must fail then. */
void jxs_endpoint_note_password (JxsEndpoint *self, JxsSession *session);
/* kind: (out) (optional) */
gboolean jxs_endpoint_had_password (JxsSession *session, JxsPasswordKind *kind);
/* Before a peer's session is accepted: whether there is an answer to its offer. is_stream: an XML
 * stream will be opened on it. */
gboolean jxs_endpoint_check_answer (JxsEndpoint *self,
                                    JxsSession *session,
                                    gboolean is_stream,
                                    GError **error);
/* What the session delivered; may run code of the application's (JxsTrust). TRUE for an XML stream
 * that is to be secured inside, see jxs_endpoint_needs_stream_security(). */
gboolean jxs_endpoint_check_stream (
    JxsEndpoint *self, JxsSession *session, GIOStream *stream, gboolean is_stream, GError **error);
/* Says in more telling words why a session failed. error: (transfer full), as the result */
GError *jxs_endpoint_explain_refusal (JxsSession *session, GError *error);
/* Whether something must still happen inside an XML stream before it may be used: STARTTLS, or the
 * proof of a strong password (jxs_xtls_security_is_password_pending()). */
gboolean
jxs_endpoint_needs_stream_security (JxsEndpoint *self, JxsSession *session, GIOStream *stream);
/* Whether a session may go on without encryption; may run code of the application's (JxsTrust). */
gboolean jxs_endpoint_check_plain (JxsEndpoint *self, JxsSession *session, GError **error);

/* jxs-endpoint-trust.c: what is demanded of peers */

void jxs_endpoint_start_security (JxsEndpoint *self);
/* Whether a <security/> of XTLS can be offered to the peer. */
gboolean jxs_endpoint_can_offer_security (JxsEndpoint *self, JxsJid *peer);
/* (nullable): of a session that has one */
JxsXtlsSecurity *jxs_endpoint_get_xtls (JxsSession *session);

/* jxs-endpoint-starttls.c: what is secured inside XML streams */

/* What has to happen inside an XML stream; params->security: (transfer full) (nullable). May run
 * code of the application's. */
gboolean jxs_endpoint_prepare_stream (JxsEndpoint *self,
                                      JxsSession *session,
                                      GIOStream *stream,
                                      JxsPeerStreamParams *params,
                                      GError **error);

/* jxs-endpoint-network.c: how peers are reached */

/* Its properties have these ids and the following ones. */
#define JXS_ENDPOINT_FIRST_NETWORK_PROP 32

void jxs_endpoint_install_network (GObjectClass *object_class);
gboolean jxs_endpoint_get_network_property (JxsEndpoint *self, guint prop_id, GValue *value);
gboolean jxs_endpoint_set_network_property (JxsEndpoint *self, guint prop_id, const GValue *value);
void jxs_endpoint_init_network (JxsEndpoint *self);
void jxs_endpoint_start_network (JxsEndpoint *self);
/* Nobody is asked or told anything any more. */
void jxs_endpoint_stop_network (JxsEndpoint *self);
void jxs_endpoint_clear_network (JxsEndpoint *self);
/* A session is near: looks for relays, so that they are known when they are needed. */
void jxs_endpoint_prepare_network (JxsEndpoint *self);
/* features: of a peer. */
gboolean jxs_endpoint_shares_transport (JxsEndpoint *self, GHashTable *features);
/* Whether a session with such a peer may tell it our addresses. */
gboolean jxs_endpoint_reveals_addresses (JxsEndpoint *self, GHashTable *features);
/* "address-request"; can_ask: somebody would hear it. */
gboolean jxs_endpoint_can_ask (JxsEndpoint *self);
void jxs_endpoint_emit_address_request (JxsEndpoint *self, JxsJid *peer);

/* jxs-endpoint-policy.c: who may learn our addresses */

/* ALL or RELAY_ONLY. */
JxsAddressPolicy jxs_endpoint_resolve_address_policy (JxsEndpoint *self, JxsJid *peer);
/* task: (transfer full) */
typedef void (*JxsEndpointGoOnFunc) (GTask *task);
/* Calls go_on, now or when the application has decided about the peer of the session, the task is
 * cancelled, the session ended or the endpoint goes away. task: (transfer full) */
void jxs_endpoint_await_policy (JxsEndpoint *self,
                                JxsSession *session,
                                JxsEndpointGoOnFunc go_on,
                                GTask *task);
/* Whatever waits goes on. */
void jxs_endpoint_end_waits (JxsEndpoint *self);

/* jxs-endpoint-streams.c: what the library itself says inside open streams */

void jxs_endpoint_install_streams (GObjectClass *object_class);
void jxs_endpoint_start_streams (JxsEndpoint *self);
void jxs_endpoint_stop_streams (JxsEndpoint *self);
/* Takes what the two endpoints exchange on a peer's stream that has opened: no stanza of theirs
 * reaches the application. Before it connects to the stream. */
void
jxs_endpoint_attend_stream (JxsEndpoint *self, JxsXmlStream *stream, JxsConnection *connection);

G_END_DECLS
