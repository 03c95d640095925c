/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-identity.h>

G_BEGIN_DECLS

/* A folder of its own for the file of an identity. */
typedef struct
{
  char *folder;
  char *path;
  GFile *file;
  JxsJid *jid;
} IdentityFile;

void identity_file_set_up (IdentityFile *f, gconstpointer data);
/* Asserts that nothing else is left in the folder. */
void identity_file_tear_down (IdentityFile *f, gconstpointer data);
guint identity_file_count (IdentityFile *f);

JxsIdentity *identity_file_load (IdentityFile *f,
                                 const char *password,
                                 GCancellable *cancellable,
                                 GError **error);
JxsIdentity *identity_file_ensure (IdentityFile *f,
                                   const char *password,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean identity_file_save (IdentityFile *f,
                             JxsIdentity *identity,
                             const char *password,
                             GCancellable *cancellable,
                             GError **error);

void identity_file_result_cb (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *identity_file_wait (GAsyncResult **result);

void assert_same_identity (JxsIdentity *a, JxsIdentity *b);

G_END_DECLS
