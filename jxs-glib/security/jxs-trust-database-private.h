/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-row-private.h>

G_BEGIN_DECLS

/* The rows of the trust store in their file, which other processes change too. Blocks: for one
 * worker thread at a time. Errors are those of GIO, and JXS_ERROR_LIMIT when there is no room. */
typedef struct _JxsTrustDatabase JxsTrustDatabase;

/* A row that became another, or is new, or (row: NULL) gone. */
typedef struct
{
  gint64 id;
  JxsTrustRow *row; /* (owned) (nullable) */
} JxsTrustChange;

JxsTrustDatabase *
jxs_trust_database_open (const char *path, GCancellable *cancellable, GError **error);
void jxs_trust_database_close (JxsTrustDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTrustDatabase, jxs_trust_database_close)

/* Between the two no other process writes. Waits for those that do, until it is cancelled. */
gboolean
jxs_trust_database_begin (JxsTrustDatabase *self, GCancellable *cancellable, GError **error);
gboolean jxs_trust_database_commit (JxsTrustDatabase *self, GError **error);
/* Does nothing if there is nothing to take back. */
void jxs_trust_database_rollback (JxsTrustDatabase *self);

/* (transfer full) (element-type JxsTrustRow) (nullable) */
GPtrArray *jxs_trust_database_get_peer (JxsTrustDatabase *self, const char *jid, GError **error);
GPtrArray *jxs_trust_database_get_all (JxsTrustDatabase *self, GError **error);
/* Inserts a row without id, updates one with. A row that nobody decided about makes the oldest such
 * go; another one fails if check_room and there are too many. */
gboolean jxs_trust_database_write (JxsTrustDatabase *self,
                                   const JxsTrustRow *row,
                                   gboolean check_room,
                                   GError **error);
/* fingerprint: NULL for all of the address. */
gboolean jxs_trust_database_remove (JxsTrustDatabase *self,
                                    const char *jid,
                                    const char *fingerprint,
                                    guint *n_removed,
                                    GError **error);

/* What changed since the last call, by whom ever, in order of id; all rows at first. What cannot be
 * read now comes later. (transfer full) (element-type JxsTrustChange) */
GPtrArray *jxs_trust_database_take_changes (JxsTrustDatabase *self);

G_END_DECLS
