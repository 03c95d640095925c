/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* The file of the trust store: who may have it, what is in it, how older ones are brought up.
 * Blocks: for worker threads. */

#define JXS_TRUST_SCHEMA_VERSION 2

/* Opens the database and brings its schema up to date; makes it if there is none. Nothing is
 * changed in a file that is damaged, newer or somebody else's. */
sqlite3 *jxs_trust_schema_open (const char *path,
                                int (*busy) (void *data, int n),
                                gpointer busy_data,
                                GError **error);
/* FALSE: another version of the library changed it since. */
gboolean jxs_trust_schema_check_version (sqlite3 *db, GError **error);

/* What SQLite failed with, as an error of GIO. Always FALSE. */
gboolean jxs_trust_schema_set_error (GError **error, sqlite3 *db);

G_END_DECLS
