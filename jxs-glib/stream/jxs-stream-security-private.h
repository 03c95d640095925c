/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-trust-level.h>
#include <jxs-glib/stream/jxs-sasl-exchange-private.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* What was found out about the peer; strings belong to the object. */
typedef struct
{
  const char *local_fingerprint; /* (nullable) */
  const char *peer_fingerprint;  /* (nullable) */
  JxsTrustLevel trust_level;
  JxsTrustOrigin trust_origin;
  const char *method; /* for people, static */
} JxsStreamSecurityFacts;

/* What has to be negotiated inside a stream between two clients before stanzas may flow: TLS
 * (RFC 6120 §5, XEP-0250) unless it is there already, and proof of who the peer is (RFC 6120 §6).
 * Who negotiates knows the protocol and this object the keys. */
#define JXS_TYPE_STREAM_SECURITY (jxs_stream_security_get_type ())
G_DECLARE_DERIVABLE_TYPE (JxsStreamSecurity, jxs_stream_security, JXS, STREAM_SECURITY, GObject)

struct _JxsStreamSecurityClass
{
  GObjectClass parent_class;

  /* Whether TLS is still to be started: else only the functions of SASL are called. */
  gboolean (*needs_tls) (JxsStreamSecurity *self);
  /* Whether the peer can go on only with a password. */
  gboolean (*demands_password) (JxsStreamSecurity *self);
  /* The next <offer/> (XEP-0250 §3.3) of ours: the receiver's in its features, the initiator's in
   * <starttls/>, the receiver's in <proceed/>. (transfer full) (nullable): none. */
  JxsElement *(*build_offer) (JxsStreamSecurity *self);
  /* The peer's; NULL: it sent none. FALSE: what it offers will not do, JXS_ERROR. */
  gboolean (*set_offer) (JxsStreamSecurity *self, JxsElement *offer, GError **error);
  /* The handshake over base and the verdict about the peer; base is closed on failure. */
  void (*secure_async) (JxsStreamSecurity *self,
                        GIOStream *base,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  GTlsConnection *(*secure_finish) (JxsStreamSecurity *self, GAsyncResult *result, GError **error);
  /* Over TLS: the SASL mechanism that the initiator has to use, static; NULL: none, the peers know
   * each other. */
  const char *(*get_mechanism) (JxsStreamSecurity *self);
  /* Begins an exchange with that mechanism. (transfer full); NULL with error. */
  JxsSaslExchange *(*start_sasl) (JxsStreamSecurity *self, gboolean initiator, GError **error);
  /* The receiver's: whether the peer may act as authzid (bare address, "" for whoever the
   * certificate names). */
  gboolean (*authorize) (JxsStreamSecurity *self, const char *authzid);
  /* The exchange succeeded on both sides: what that means for the key of the peer. FALSE: it is
   * refused all the same. A person may be asked. */
  void (*confirm_async) (JxsStreamSecurity *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  gboolean (*confirm_finish) (JxsStreamSecurity *self, GAsyncResult *result, GError **error);
  /* Valid after secure_async(), and after confirm_async() anew. */
  void (*get_facts) (JxsStreamSecurity *self, JxsStreamSecurityFacts *facts);
};

gboolean jxs_stream_security_needs_tls (JxsStreamSecurity *self);
gboolean jxs_stream_security_demands_password (JxsStreamSecurity *self);
JxsElement *jxs_stream_security_build_offer (JxsStreamSecurity *self);
gboolean jxs_stream_security_set_offer (JxsStreamSecurity *self, JxsElement *offer, GError **error);
void jxs_stream_security_secure_async (JxsStreamSecurity *self,
                                       GIOStream *base,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
GTlsConnection *
jxs_stream_security_secure_finish (JxsStreamSecurity *self, GAsyncResult *result, GError **error);
const char *jxs_stream_security_get_mechanism (JxsStreamSecurity *self);
JxsSaslExchange *
jxs_stream_security_start_sasl (JxsStreamSecurity *self, gboolean initiator, GError **error);
gboolean jxs_stream_security_authorize (JxsStreamSecurity *self, const char *authzid);
void jxs_stream_security_confirm_async (JxsStreamSecurity *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean
jxs_stream_security_confirm_finish (JxsStreamSecurity *self, GAsyncResult *result, GError **error);
void jxs_stream_security_get_facts (JxsStreamSecurity *self, JxsStreamSecurityFacts *facts);

G_END_DECLS
