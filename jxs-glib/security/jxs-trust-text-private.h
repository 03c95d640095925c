/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-row-private.h>

G_BEGIN_DECLS

#define JXS_TRUST_TEXT_MAX_BYTES                                                                   \
  (16 * 1024 * 1024) /* of a file that is imported; stops memory exhaustion by a wrong one */

/* The form described at JxsTrustStore. Rows that nobody decided about are left out. (transfer full)
 */
char *jxs_trust_text_build (GPtrArray *rows);
/* NULL with JXS_ERROR_INVALID_ARGUMENT if that is no such text, JXS_ERROR_NOT_SUPPORTED if it is of
 * a newer version. Lines that are wrong are counted and left out. (transfer full) (nullable) */
GPtrArray *jxs_trust_text_parse (const char *text, gsize size, guint *n_invalid, GError **error);

G_END_DECLS
