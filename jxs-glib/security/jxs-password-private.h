/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/security/jxs-password.h>

G_BEGIN_DECLS

#define JXS_PASSWORD_MAX_LENGTH 256 /* bytes; longer ones are mistakes */

/* Passwords for the next session with a peer, by bare address. Each serves for one attempt: who
 * takes it has the only copy, and makes it the attempt. */
typedef struct _JxsPasswords JxsPasswords;

JxsPasswords *jxs_passwords_new (void);
JxsPasswords *jxs_passwords_ref (JxsPasswords *self);
void jxs_passwords_unref (JxsPasswords *self);
/* In place of an older one; password: as a person typed it, or NULL to forget. The spaces and
 * hyphens of a generated one do not matter, nor the case of its letters. FALSE with
 * JXS_ERROR_INVALID_ARGUMENT: it is none, too short for a strong one, or mistyped as its check
 * character tells. */
gboolean jxs_passwords_set (
    JxsPasswords *self, JxsJid *peer, const char *password, JxsPasswordKind kind, GError **error);
/* kind: (out) (optional) */
gboolean jxs_passwords_has (JxsPasswords *self, JxsJid *peer, JxsPasswordKind *kind);
/* (transfer full) (nullable): to be given to jxs_password_free(). kind: (out) (optional) */
char *jxs_passwords_take (JxsPasswords *self, JxsJid *peer, JxsPasswordKind *kind);
/* Wipes it. (nullable) */
void jxs_password_free (char *password);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsPasswords, jxs_passwords_unref)

G_END_DECLS
