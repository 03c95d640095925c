/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/channel/jxs-router-private.h>
#include <jxs-glib/security/jxs-sas-machine-private.h>
#include <jxs-glib/security/jxs-verification-private.h>

G_BEGIN_DECLS

/* The verifications of one stream, see jxs-sas-codec-private.h. */
#define JXS_TYPE_VERIFIER (jxs_verifier_get_type ())
G_DECLARE_FINAL_TYPE (JxsVerifier, jxs_verifier, JXS, VERIFIER, GObject)

typedef struct
{
  /* The peer began one. FALSE: nobody is here. */
  gboolean (*offered) (JxsVerification *verification, gpointer user_data);
  /* Both persons confirmed; the verification is told afterwards. */
  void (*verified) (gpointer user_data);
  /* One of them found the strings different; likewise. */
  void (*rejected) (gpointer user_data);
  /* The stream has to end; what the peer has to be told is queued. */
  void (*end_stream) (const GError *error, gpointer user_data);
} JxsVerifierFuncs;

/* router: of an inner channel on the stream, which is not kept. binding: what is in it is taken;
 * NULL: the stream cannot be verified, and the peer is told so. user_data is unowned: until
 * jxs_verifier_close() or _abandon(). */
JxsVerifier *jxs_verifier_new (JxsRouter *router,
                               JxsXmlStream *stream,
                               JxsSasSide side,
                               JxsSasBinding *binding,
                               const JxsVerifierFuncs *funcs,
                               gpointer user_data);
/* JXS_ERROR: CLOSED, NOT_SUPPORTED, BUSY, LIMIT. (transfer full) */
JxsVerification *jxs_verifier_begin (JxsVerifier *self, GError **error);
gboolean jxs_verifier_is_busy (JxsVerifier *self);
/* user_data goes away: none of the funcs is called any more. */
void jxs_verifier_abandon (JxsVerifier *self);
/* The stream is over; error: why (nullable). */
void jxs_verifier_close (JxsVerifier *self, const GError *error);

G_END_DECLS
