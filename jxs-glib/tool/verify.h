/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account.h"

G_BEGIN_DECLS

/* Takes what a person typed for the next session with peer: a long one is taken for one that nobody
 * can guess. */
gboolean tool_verify_set_password (JxsEndpoint *endpoint,
                                   JxsJid *peer,
                                   const char *password,
                                   GError **error);

G_END_DECLS
