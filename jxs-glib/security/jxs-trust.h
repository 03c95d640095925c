/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trust-level.h>

G_BEGIN_DECLS

#define JXS_TYPE_TRUST_REQUEST (jxs_trust_request_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsTrustRequest, jxs_trust_request, JXS, TRUST_REQUEST, GObject)

JXS_AVAILABLE_IN_1_0
JxsJid *jxs_trust_request_get_peer_jid (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
GTlsCertificate *jxs_trust_request_get_certificate (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_trust_request_get_fingerprint (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
JxsTrustOrigin jxs_trust_request_get_origin (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_trust_request_get_level_wanted (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
void jxs_trust_request_set_origin (JxsTrustRequest *self, JxsTrustOrigin origin);
JXS_AVAILABLE_IN_1_0
void jxs_trust_request_respond (JxsTrustRequest *self, JxsTrustLevel level, const char *message);

#define JXS_TYPE_TRUST (jxs_trust_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (JxsTrust, jxs_trust, JXS, TRUST, GObject)

/**
 * JxsTrustInterface:
 * @parent_iface: the parent interface
 * @decide: judges the key of a peer: looks at the request and answers it, now or later, with
 *   [method@TrustRequest.respond]
 * @is_known: says at once, and does no more, whether a key of the peer is known; optional: without
 *   it no peer is
 * @learn: takes note that a key was verified or vouched for, at once or later; optional. It never
 *   raises a key that is distrusted, and lowers a level only when two persons found a key to be
 *   another one. See [method@Trust.learn]
 *
 * The virtual functions of [iface@Trust].
 *
 * Since: 1.0
 */
struct _JxsTrustInterface
{
  /*< private >*/
  GTypeInterface parent_iface;

  /*< public >*/
  void (*decide) (JxsTrust *self, JxsTrustRequest *request);
  gboolean (*is_known) (JxsTrust *self, JxsJid *peer);
  void (*learn) (JxsTrust *self,
                 JxsJid *peer,
                 GTlsCertificate *certificate,
                 JxsTrustLevel level,
                 JxsTrustOrigin origin,
                 const char *voucher);

  /*< private >*/
  gpointer padding[7];
};

JXS_AVAILABLE_IN_1_0
void jxs_trust_decide_async (JxsTrust *self,
                             JxsJid *peer,
                             GTlsCertificate *certificate,
                             JxsTrustOrigin origin,
                             JxsTrustLevel minimum,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_trust_decide_finish (JxsTrust *self,
                                       GAsyncResult *result,
                                       JxsTrustOrigin *origin,
                                       GError **error);
JXS_AVAILABLE_IN_1_0
gboolean jxs_trust_is_known (JxsTrust *self, JxsJid *peer);
JXS_AVAILABLE_IN_1_0
void jxs_trust_learn (JxsTrust *self,
                      JxsJid *peer,
                      GTlsCertificate *certificate,
                      JxsTrustLevel level,
                      JxsTrustOrigin origin,
                      const char *voucher);

G_END_DECLS
