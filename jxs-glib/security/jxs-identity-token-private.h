/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A certificate whose key stays in a PKCS#11 token; key_uri finds it. Blocks. */
GTlsCertificate *
jxs_identity_token_load (const char *certificate_uri, const char *key_uri, GError **error);

G_END_DECLS
