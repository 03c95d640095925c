/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jxs-test-pair.h"

G_BEGIN_DECLS

/* What an endpoint was told to remember. */
#define NOTEBOOK_TYPE_TRUST (notebook_trust_get_type ())
G_DECLARE_FINAL_TYPE (NotebookTrust, notebook_trust, NOTEBOOK, TRUST, GObject)

struct _NotebookTrust
{
  GObject parent_instance;

  JxsTrustLevel level; /* of every decision */
  GString *notes;      /* (owned): a line for each key learned */
};

/* Romeo and Juliet with a stream between them, and what they see of its verification. */
typedef struct _Scene Scene;
struct _Scene
{
  Pair pair;
  NotebookTrust *books[2];
  Doorman doorman;
  JxsXmlStream *streams[2];
  JxsConnection *connections[2];
  Inbox inboxes[2];
  JxsVerification *verifications[2];
  guint n_offered[2];
  JxsTrustLevel level;            /* of both keys; DISTRUSTED: first use */
  gboolean deaf;                  /* nobody is connected to the signal */
  void (*prepare) (Scene *scene); /* (nullable): before the stream is opened */
};

/* identity: (nullable): Romeo's. */
void scene_init_with (Scene *scene, JxsIdentity *identity);
void scene_init (Scene *scene);
void scene_drop_stream (Scene *scene, guint who);
void scene_clear (Scene *scene);
/* Somebody wants to verify the other. */
void begin (Scene *scene, guint who);
gboolean is_in (Scene *scene, guint who, JxsVerificationState state);
void wait_both (Scene *scene, JxsVerificationState state);
void assert_failed (Scene *scene, guint who, GQuark domain, int code);
/* Both see the same string. */
void assert_same (Scene *scene);
/* The stream serves the application, and nothing else reached Romeo's. */
void assert_open (Scene *scene);
/* All that one was told to learn is that of the other's key. */
void assert_notes (Scene *scene, guint who, const char *level, const char *origin);

G_END_DECLS
