/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

#include "jxs-tls-private.h"

G_BEGIN_DECLS

/* A session of GnuTLS over the two streams of a base: what a JxsTlsConnection and its streams
 * share. No function waits: what cannot go on fails with G_IO_ERROR_WOULD_BLOCK, and a source (see
 * jxs-tls-source-private.h) tells when to come again. Any thread may call. */
typedef struct _JxsTlsSession JxsTlsSession;

typedef enum
{
  JXS_TLS_SESSION_HANDSHAKE,
  JXS_TLS_SESSION_CHECK, /* the handshake is done, but the peer's certificate is still to be
                            verified */
  JXS_TLS_SESSION_READY,
  JXS_TLS_SESSION_FAILED,
} JxsTlsSessionState;

/* What the owner decides. Called with the session locked: nothing of it must be used meanwhile. */
typedef struct
{
  /* Inside the handshake: the chain of the peer is known. FALSE: refused. */
  gboolean (*judge) (GTlsCertificate *peer, gpointer owner, GError **error);
  /* After it, in the state CHECK, when somebody reads or writes; may take a while. */
  gboolean (*check) (gpointer owner, GError **error);
} JxsTlsSessionOwner;

JxsTlsSession *jxs_tls_session_new (GIOStream *base, const JxsTlsParams *params, GError **error);
JxsTlsSession *jxs_tls_session_ref (JxsTlsSession *self);
void jxs_tls_session_unref (JxsTlsSession *self);
/* owner: (nullable): not kept alive. */
void
jxs_tls_session_set_owner (JxsTlsSession *self, const JxsTlsSessionOwner *vtable, gpointer owner);

GIOStream *jxs_tls_session_get_base (JxsTlsSession *self);
JxsTlsSessionState jxs_tls_session_get_state (JxsTlsSession *self);
/* (transfer full) (nullable): from the moment it is judged. */
GTlsCertificate *jxs_tls_session_dup_peer (JxsTlsSession *self);
/* The same for what the authority says of its certificate (OCSP). */
GBytes *jxs_tls_session_dup_peer_status (JxsTlsSession *self);
void jxs_tls_session_set_require_close_notify (JxsTlsSession *self, gboolean require);

/* For the handshake; ignored after it. */
gboolean
jxs_tls_session_set_certificate (JxsTlsSession *self, GTlsCertificate *certificate, GError **error);
void jxs_tls_session_set_protocols (JxsTlsSession *self, const char *const *protocols);

/* While somebody drives it to its end, reading and writing only wait for that. */
void jxs_tls_session_set_driven (JxsTlsSession *self, gboolean driven);
/* FALSE: G_IO_ERROR_PENDING, somebody does. */
gboolean jxs_tls_session_check_free (JxsTlsSession *self, GError **error);
/* Goes on with the handshake. TRUE: it is done; where there is something to check, the state is
 * CHECK until jxs_tls_session_checked(). */
gboolean jxs_tls_session_step (JxsTlsSession *self, GError **error);
/* error: (nullable): what is wrong with the peer's certificate; alert: how the peer is told. */
void jxs_tls_session_checked (JxsTlsSession *self, const GError *error, int alert);

/* These begin the handshake, or go on with it. */
gssize jxs_tls_session_read (JxsTlsSession *self, void *buffer, gsize count, GError **error);
/* A write that would block has to be repeated with the same bytes, as they may be half under way;
 * unless base is a JxsSocketStream that gathers: then nothing was taken. */
gssize jxs_tls_session_write (JxsTlsSession *self, const void *buffer, gsize count, GError **error);
gboolean jxs_tls_session_flush (JxsTlsSession *self, GError **error);

/* The end of our direction: close_notify, once. */
gboolean jxs_tls_session_bye (JxsTlsSession *self, GError **error);
/* A fatal alert; nothing is written after it. */
void jxs_tls_session_alert (JxsTlsSession *self, int alert);
/* Reading, or writing, fails from now on, and who waits for it is woken; condition is G_IO_IN or
 * G_IO_OUT, or both. */
void jxs_tls_session_close (JxsTlsSession *self, GIOCondition condition);

/* In place of a condition: the handshake wants to go on, or is done (by whoever). */
#define JXS_TLS_HANDSHAKE ((GIOCondition) 0)
/* What a source for condition has to wait for: a condition of base, or 0 for a call that changes
 * the state. ready: not at all. */
GIOCondition jxs_tls_session_poll (JxsTlsSession *self, GIOCondition condition, gboolean *ready);
/* Woken when what is to be waited for changes; one call for each source. */
void jxs_tls_session_add_context (JxsTlsSession *self, GMainContext *context);
void jxs_tls_session_remove_context (JxsTlsSession *self, GMainContext *context);

GBytes *jxs_tls_session_export (
    JxsTlsSession *self, const char *label, GBytes *context, gsize length, GError **error);
gboolean jxs_tls_session_get_binding (JxsTlsSession *self,
                                      gnutls_channel_binding_t type,
                                      GByteArray *data,
                                      GError **error);
/* Facts, once ready. (transfer full) (nullable) */
char *jxs_tls_session_dup_protocol (JxsTlsSession *self);
char *jxs_tls_session_dup_cipher (JxsTlsSession *self);
GTlsProtocolVersion jxs_tls_session_get_version (JxsTlsSession *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTlsSession, jxs_tls_session_unref)

G_END_DECLS
