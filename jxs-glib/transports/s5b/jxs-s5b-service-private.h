/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/jingle/jxs-candidate.h>
#include <jxs-glib/jingle/jxs-transport-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-listener-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-mapper-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-proxies-private.h>

G_BEGIN_DECLS

/* What the SOCKS5 bytestreams of one endpoint share: listener, port mapping, proxies, policy.
 * Signal "candidates-changed": gather() may give more, or is_gathering() became FALSE, for any of
 * the bytestreams. */
#define JXS_TYPE_S5B_SERVICE (jxs_s5b_service_get_type ())
G_DECLARE_FINAL_TYPE (JxsS5bService, jxs_s5b_service, JXS, S5B_SERVICE, GObject)

#define JXS_S5B_SERVICE_MAX_CANDIDATES 16 /* of ours in one bytestream: enough, and polite */

typedef struct
{
  /* ALL or RELAY_ONLY for this peer, now; ASK counts as RELAY_ONLY. */
  JxsAddressPolicy (*get_policy) (JxsJid *peer, gpointer user_data);
  /* Before a candidate of ours is offered, once for each bytestream: FALSE vetoes it; its priority
   * may be changed, but for the lowest bit. */
  gboolean (*review) (JxsJid *peer, JxsCandidate *candidate, gpointer user_data);
} JxsS5bServiceFuncs;

JxsS5bService *jxs_s5b_service_new (JxsRouter *router);
/* Both functions are optional; without them everything is allowed. funcs NULL: whoever could allow
 * anything is gone, so that nothing of ours is offered and no address dialled any more. */
void jxs_s5b_service_set_funcs (JxsS5bService *self,
                                const JxsS5bServiceFuncs *funcs,
                                gpointer user_data);
void jxs_s5b_service_set_allow_loopback (JxsS5bService *self, gboolean allow_loopback);
gboolean jxs_s5b_service_get_allow_loopback (JxsS5bService *self);
void jxs_s5b_service_set_enable_proxy (JxsS5bService *self, gboolean enable_proxy);
gboolean jxs_s5b_service_get_enable_proxy (JxsS5bService *self);
/* Default TRUE, but FALSE where the environment has JXS_PORT_MAPPING=no. */
void jxs_s5b_service_set_port_mapping (JxsS5bService *self, gboolean port_mapping);
gboolean jxs_s5b_service_get_port_mapping (JxsS5bService *self);
/* An address of ours that peers can reach from outside (a forwarded port); port 0: that of the
 * listener. Offered as "assisted". FALSE: the host is neither an address nor a name. */
gboolean jxs_s5b_service_add_external (JxsS5bService *self, const char *host, guint16 port);

JxsS5bListener *jxs_s5b_service_get_listener (JxsS5bService *self);
JxsS5bMapper *jxs_s5b_service_get_mapper (JxsS5bService *self);
JxsS5bProxies *jxs_s5b_service_get_proxies (JxsS5bService *self);

/* Starts to look for proxies in the background, so that they are known when somebody calls. As soon
 * as the channel has its JID; harmless before that. */
void jxs_s5b_service_prepare (JxsS5bService *self);

/* A bytestream with this peer begins: its candidates are gathered from now on, under the policy of
 * this moment, and what that needs (the listener, the mapping of its port) is held until it ends.
 * Returns an id, never 0. */
guint jxs_s5b_service_begin (JxsS5bService *self, JxsJid *peer, gboolean initiator);
void jxs_s5b_service_end (JxsS5bService *self, guint id);
/* Whether the addresses of either side may be used: by the policy under which it began, unless that
 * became stricter meanwhile. */
gboolean jxs_s5b_service_is_direct (JxsS5bService *self, guint id);
/* The candidates of ours for this bytestream that are known now and were not given before, vetoed
 * ones left out, best first; their priorities are frozen. Their local preference is even for the
 * initiator's and odd for the responder's, so that no tie can occur. Call it for the offer or the
 * answer, and again after each "candidates-changed". (transfer full) (element-type JxsCandidate) */
GPtrArray *jxs_s5b_service_gather (JxsS5bService *self, guint id);
/* Whether more candidates of ours may still come that are worth waiting for. */
gboolean jxs_s5b_service_is_gathering (JxsS5bService *self, guint id);

/* Makes transports with user_data this service, which has to outlive them. */
void jxs_s5b_service_get_factory (JxsS5bService *self, JxsTransportFactory *factory);

G_END_DECLS
