/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

typedef enum
{
  JXS_TRUST_LEVEL_REFUSED,   /* end the session with security-error */
  JXS_TRUST_LEVEL_FIRST_USE, /* seen for the first time, remembered, not verified by a person */
  JXS_TRUST_LEVEL_PINNED,    /* the same key as before */
  JXS_TRUST_LEVEL_VERIFIED,  /* a person or a third party verified it */
} JxsTrustLevel;

#define JXS_TYPE_TRUST_LEVEL (jxs_trust_level_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_trust_level_get_type (void);

/* Decides about the keys of peers. "decide" is a vfunc without callback, so that every language can
 * implement it: it is given a request and answers it now or later with jxs_trust_request_respond().
 */
#define JXS_TYPE_TRUST_REQUEST (jxs_trust_request_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (JxsTrustRequest, jxs_trust_request, JXS, TRUST_REQUEST, GObject)

JXS_AVAILABLE_IN_1_0
JxsJid *jxs_trust_request_get_peer_jid (JxsTrustRequest *self);
JXS_AVAILABLE_IN_1_0
GTlsCertificate *jxs_trust_request_get_certificate (JxsTrustRequest *self);
/* SHA-256, lower-case hexadecimal */
JXS_AVAILABLE_IN_1_0
const char *jxs_trust_request_get_fingerprint (JxsTrustRequest *self);
/* The first answer counts. A request dropped without answer is refused. message (nullable): why
 * refused. */
JXS_AVAILABLE_IN_1_0
void jxs_trust_request_respond (JxsTrustRequest *self, JxsTrustLevel level, const char *message);

#define JXS_TYPE_TRUST (jxs_trust_get_type ())
JXS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (JxsTrust, jxs_trust, JXS, TRUST, GObject)

struct _JxsTrustInterface
{
  GTypeInterface parent_iface;

  void (*decide) (JxsTrust *self, JxsTrustRequest *request);

  /*< private >*/
  gpointer padding[8];
};

JXS_AVAILABLE_IN_1_0
void jxs_trust_decide_async (JxsTrust *self,
                             JxsJid *peer,
                             GTlsCertificate *certificate,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
JXS_AVAILABLE_IN_1_0
JxsTrustLevel jxs_trust_decide_finish (JxsTrust *self, GAsyncResult *result, GError **error);

G_END_DECLS
