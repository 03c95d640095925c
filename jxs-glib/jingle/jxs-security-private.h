/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trace-private.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/* A security precondition of a content (XEP-0166 §9): negotiated beside the transport, then wraps
 * its stream. */
#define JXS_TYPE_SECURITY (jxs_security_get_type ())
G_DECLARE_DERIVABLE_TYPE (JxsSecurity, jxs_security, JXS, SECURITY, GObject)

struct _JxsSecurityClass
{
  GObjectClass parent_class;

  /* Our <security/> for session-initiate or, after set_remote(), session-accept. (nullable): none
   * to send. */
  JxsElement *(*build) (JxsSecurity *self);
  /* The peer's <security/> of initiate or accept; NULL: it sent none. FALSE: JXS_ERROR_SECURITY
   * when policy does not allow to go on (the session then terminates with security-error),
   * JXS_STANZA_ERROR when malformed. */
  gboolean (*set_remote) (JxsSecurity *self, JxsElement *security, GError **error);
  /* security-info; FALSE with JXS_STANZA_ERROR. Default: feature-not-implemented. */
  gboolean (*handle_info) (JxsSecurity *self, JxsElement *security, GError **error);
  /* Wraps base (takes it over: closed on failure) and judges the peer: trust has been decided when
   * it completes. Result: a GTlsConnection, or base itself where policy allows plain. When the
   * transport is replaced meanwhile it is cancelled and, after that, called again with the new
   * base: what was negotiated stays (XEP-0166 §7.2.15). */
  void (*secure_async) (JxsSecurity *self,
                        GIOStream *base,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  GIOStream *(*secure_finish) (JxsSecurity *self, GAsyncResult *result, GError **error);
};

/* Construct-only properties of the base class. */
JxsJid *jxs_security_get_local_jid (JxsSecurity *self); /* "local-jid" */
JxsJid *jxs_security_get_peer_jid (JxsSecurity *self);  /* "peer-jid" */
gboolean jxs_security_is_initiator (JxsSecurity *self); /* "initiator" */
JxsTrace *jxs_security_get_trace (JxsSecurity *self);   /* "trace" (boxed pointer) (nullable) */

JxsElement *jxs_security_build (JxsSecurity *self);
gboolean jxs_security_set_remote (JxsSecurity *self, JxsElement *security, GError **error);
gboolean jxs_security_handle_info (JxsSecurity *self, JxsElement *security, GError **error);
void jxs_security_secure_async (JxsSecurity *self,
                                GIOStream *base,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GIOStream *jxs_security_secure_finish (JxsSecurity *self, GAsyncResult *result, GError **error);
/* Of an error of secure_async: whether security itself refused, or what is below broke, so that
 * another transport may do. */
gboolean jxs_security_error_is_refusal (const GError *error);
/* For subclasses, around waiting for a decision that a person may have to take: emits "asking"
 * (gboolean), and meanwhile no limit of time runs. */
void jxs_security_set_asking (JxsSecurity *self, gboolean asking);
/* For subclasses: emits "send-info" (JxsElement *security), which the session sends as
 * security-info. */
void jxs_security_send_info (JxsSecurity *self, JxsElement *security);

typedef struct
{
  const char *namespace_uri;
  JxsSecurity *(*create) (
      JxsJid *local, JxsJid *peer, gboolean initiator, JxsTrace *trace, gpointer user_data);
  gpointer user_data;
} JxsSecurityFactory;

G_END_DECLS
