/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes nobody can predict (RFC 4086), from the kernel. */
void jxs_random_bytes (guint8 *bytes, gsize length);
/* A fresh identifier of 128 bits that matches the NMTOKEN production of XML: session, stream and
 * stanza ids. (transfer full) */
char *jxs_random_id (void);

/* Tests only: a repeatable sequence from seed. */
void jxs_random_use_seed (guint64 seed);
void jxs_random_use_real (void);

G_END_DECLS
