/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/base/jxs-jid.h>

G_BEGIN_DECLS

/* The IQ requests that wait for an answer, by the JID they went to and their id: no I/O, no clock.
 */
#define JXS_IQ_TABLE_MAX_PENDING                                                                   \
  8192 /* requests to one peer without an answer; stops a silent one from filling memory, and from \
          taking the room of others */
#define JXS_IQ_TABLE_MAX_TOTAL 65536 /* to all of them */

typedef struct _JxsIqTable JxsIqTable;
typedef struct _JxsIqEntry JxsIqEntry;

JxsIqTable *jxs_iq_table_new (void);
/* Entries left in the table are dropped; their data is the caller's. */
void jxs_iq_table_free (JxsIqTable *self);
guint jxs_iq_table_get_size (JxsIqTable *self);
/* For requests to that JID. */
gboolean jxs_iq_table_is_full (JxsIqTable *self, JxsJid *to);

/* to NULL: our own account. NULL is returned if that id is already on its way to that JID, or the
 * table is full for it. The entry is valid until one of the functions below takes it out. */
JxsIqEntry *
jxs_iq_table_add (JxsIqTable *self, JxsJid *to, const char *id, gint64 deadline_us, gpointer data);
/* Takes out and returns the data of the request which an answer with this id from this JID belongs
 * to; NULL if there is none. from NULL: our server. local (nullable): our full JID. */
gpointer jxs_iq_table_answer (JxsIqTable *self, JxsJid *from, const char *id, JxsJid *local);
gpointer jxs_iq_table_remove (JxsIqTable *self, JxsIqEntry *entry);
/* Takes out the request with the earliest deadline if that is not after now_us; G_MAXINT64 takes
 * any. NULL: none. */
gpointer jxs_iq_table_take_expired (JxsIqTable *self, gint64 now_us);
/* G_MAXINT64 when empty. */
gint64 jxs_iq_table_get_next_deadline (JxsIqTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsIqTable, jxs_iq_table_free)

G_END_DECLS
