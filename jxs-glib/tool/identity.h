/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool.h"

G_BEGIN_DECLS

/* Where a key of our own is, and what opens it, as the command line says. */
typedef struct
{
  char *path; /* (nullable): of a file, or the pkcs11: URI of a token */
  char *password_file;
} ToolIdentity;

void tool_identity_add_options (ToolIdentity *self, GOptionContext *context);
/* Asks for the password where the key has one and it is not given. jid (nullable): makes the key
 * when there is none. NULL with an error. (transfer full) */
JxsIdentity *tool_identity_load (const ToolIdentity *self, JxsJid *jid, GError **error);
void tool_identity_clear (ToolIdentity *self);

G_END_DECLS
