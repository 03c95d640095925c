/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-identity.h>
#include <jxs-glib/security/jxs-trust-store.h>
#include <sqlite3.h>

/* A store in a folder of its own, and keys to show it. */

#define N_KEYS 3

typedef struct
{
  char *folder;
  char *path;
  GFile *file;
  JxsTrustStore *store; /* (nullable) */
  JxsJid *juliet;       /* at her balcony */
  JxsJid *chamber;      /* the same elsewhere */
  JxsJid *nurse;
  JxsIdentity *keys[N_KEYS]; /* (unowned): made once */
  char *fingerprints[N_KEYS];
} Fixture;

void set_up (Fixture *f, gconstpointer data);        /* with an open store */
void set_up_closed (Fixture *f, gconstpointer data); /* without */
void tear_down (Fixture *f, gconstpointer data);

void result_cb (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *wait_for (GAsyncResult **result);

JxsTrustStore *open_store (Fixture *f, GError **error);
void reopen (Fixture *f);
/* The worker of a store that was let go of may still hold its file. */
void close_store (Fixture *f);

JxsTrustLevel decide_full (Fixture *f,
                           JxsJid *jid,
                           guint key,
                           JxsTrustOrigin origin,
                           JxsTrustLevel minimum,
                           GError **error);
void assert_level (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level);
/* (transfer full): the reason */
char *assert_refused (Fixture *f, JxsJid *jid, guint key);
void set_level (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level, JxsTrustOrigin origin);
guint remove_keys (Fixture *f, JxsJid *jid, const char *fingerprint);
void learn (Fixture *f,
            JxsJid *jid,
            guint key,
            JxsTrustLevel level,
            JxsTrustOrigin origin,
            const char *voucher);
/* Until all that was asked of the store is done. */
void settle (Fixture *f);
/* What is on record, or UNKNOWN - 10 if nothing is. */
void assert_record (Fixture *f, JxsJid *jid, guint key, JxsTrustLevel level, JxsTrustOrigin origin);
void assert_no_record (Fixture *f, JxsJid *jid, guint key);

/* By another connection. */
void execute (const char *path, const char *sql);
gint64 query (const char *path, const char *sql);
