/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stream-fixture.h"

#include <jxs-glib/channel/jxs-inner-channel-private.h>
#include <jxs-glib/security/jxs-verifier-private.h>

G_BEGIN_DECLS

#define NS "xmlns='urn:jxs-glib:verification:0'"
#define BYTES "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/* A verifier against a peer that is driven by hand, on the wire. */
typedef struct
{
  Side *side;
  Raw *raw;
  JxsInnerChannel *channel;
  JxsRouter *router;
  JxsVerifier *verifier;
  JxsVerification *verification;
  JxsSasBinding binding;      /* as the verifier has it */
  JxsSasSide role;            /* of the verifier */
  guint8 nonce[JXS_SAS_SIZE]; /* the peer's */
  gboolean refuse;            /* what is offered */
  gboolean cancel;            /* the same, by the handler */
  gboolean close;             /* the same, with the stream */
  guint n_offered;
  guint n_verified;
  guint n_rejected;
  GError *end; /* of the stream */
  guint n_for_application;
} Scene;

void scene_init_with (Scene *scene, JxsSasSide role, gboolean possible);
void scene_init (Scene *scene, JxsSasSide role);
void scene_clear (Scene *scene);
/* Our person wants to. */
void begin (Scene *scene);
/* The value of an attribute that follows before, in what arrived. (transfer full) */
char *find_attribute (Scene *scene, const char *before, const char *name);
/* Waits until text has arrived since somebody said something. */
void expect (Scene *scene, const char *text);
/* The peer's hand. */
void say (Scene *scene, const char *format, ...) G_GNUC_PRINTF (2, 3);
void say_commit (Scene *scene, const char *id);
void say_reveal (Scene *scene, const char *id);
void say_word (Scene *scene, const char *word, const char *id);
/* The answer to the last request that holds word. */
void say_result (Scene *scene, const char *word, const char *payload);
void say_error (Scene *scene, const char *word, const char *condition);
void answer_commit (Scene *scene);
JxsVerificationState get_state (Scene *scene);
void wait_state (Scene *scene, JxsVerificationState state);
void assert_failed (Scene *scene, GQuark domain, int code);

G_END_DECLS
