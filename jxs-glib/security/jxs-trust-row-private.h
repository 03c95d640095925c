/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <jxs-glib/base/jxs-jid.h>
#include <jxs-glib/base/jxs-trust-level.h>

G_BEGIN_DECLS

#define JXS_TRUST_ROW_MAX_CERTIFICATE                                                              \
  8192 /* octets of a certificate that is kept; stops strangers from filling memory and disk */

/* What is known of one key at one address. Counted; never changed once others see it, so that
 * threads share it. */
typedef struct
{
  gint64 id;           /* order of appearance; 0: not stored yet */
  char *jid;           /* (owned): bare */
  char *fingerprint;   /* (owned): SHA-256, normalized */
  char *device;        /* (owned) (nullable): the resource it was seen at last */
  GBytes *certificate; /* (owned) (nullable): DER */
  char *voucher;       /* (owned) (nullable): like fingerprint */
  JxsTrustLevel level;
  JxsTrustOrigin origin;
  gint64 first_seen; /* seconds UTC; 0: never */
  gint64 last_seen;
} JxsTrustRow;

JxsTrustRow *jxs_trust_row_new (JxsJid *peer, const char *fingerprint);
JxsTrustRow *jxs_trust_row_copy (const JxsTrustRow *self);
JxsTrustRow *jxs_trust_row_ref (JxsTrustRow *self);
void jxs_trust_row_unref (JxsTrustRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsTrustRow, jxs_trust_row_unref)

/* (transfer full) */
GPtrArray *jxs_trust_rows_new (void);
/* (transfer none) (nullable) */
JxsTrustRow *jxs_trust_rows_find (GPtrArray *rows, const char *fingerprint);

/* Takes what is known of a certificate; one that is too large to keep is left out. */
void jxs_trust_row_set_certificate (JxsTrustRow *self, GTlsCertificate *certificate);

/* Seconds since 1970, UTC. */
gint64 jxs_trust_now (void);

G_END_DECLS
