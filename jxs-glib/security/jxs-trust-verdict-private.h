/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-row-private.h>
#include <jxs-glib/security/jxs-trust-store.h>

G_BEGIN_DECLS

/* The rules of trust: from what is known of an address to what becomes of a key. No state, no I/O.
 */

typedef enum
{
  JXS_TRUST_OUTCOME_REFUSED,
  JXS_TRUST_OUTCOME_ASK, /* whoever handles contacts decides */
  JXS_TRUST_OUTCOME_ACCEPTED,
} JxsTrustOutcome;

typedef struct
{
  JxsTrustOrigin origin; /* AUTHORITY: a chain of certificates proves the address */
  JxsTrustLevel minimum; /* of the policy */
  gboolean first_use;    /* the first key of an address is accepted */
  gboolean ask;          /* somebody handles contacts */
  gint64 now;            /* seconds UTC */
} JxsTrustCircumstances;

typedef struct
{
  JxsTrustOutcome outcome;
  JxsTrustLevel level;     /* of what is accepted */
  JxsTrustOrigin origin;   /* likewise */
  JxsTrustContact contact; /* of what is not */
  JxsTrustRow *known;      /* (owned) (nullable): the key that this one was judged against */
  JxsTrustRow *write;      /* (owned) (nullable): what is to be remembered */
  gboolean must_write;     /* accepted only if that is remembered */
} JxsTrustVerdict;

void jxs_trust_verdict_clear (JxsTrustVerdict *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JxsTrustVerdict, jxs_trust_verdict_clear)

/* Judges the key in seen by all that is known of its address. */
void jxs_trust_judge (GPtrArray *rows,
                      const JxsTrustRow *seen,
                      const JxsTrustCircumstances *circumstances,
                      JxsTrustVerdict *verdict);
/* The same, after whoever was asked answered with level and the origin in seen; ASK again if what
 * is known became another than it was when asked. */
void jxs_trust_judge_answer (GPtrArray *rows,
                             const JxsTrustRow *seen,
                             const JxsTrustCircumstances *circumstances,
                             const JxsTrustVerdict *asked,
                             JxsTrustLevel level,
                             JxsTrustVerdict *verdict);
/* Two persons compared a string over this key and found it different: level UNKNOWN, but not for
 * want of an opinion. */
gboolean jxs_trust_row_is_rejected (const JxsTrustRow *row);
/* What vouched for it, or for that and so on, turned out to be somebody else's. */
gboolean jxs_trust_row_is_void (GPtrArray *rows, const JxsTrustRow *row);
/* What becomes of a key that was verified or vouched for, level, origin and voucher in learned;
 * NULL: nothing. (transfer full) (nullable) */
JxsTrustRow *jxs_trust_judge_learned (GPtrArray *rows, const JxsTrustRow *learned);
/* What becomes of a key that a file brings; NULL: what is on record stands. decided: keys of the
 * address were decided about before the file came. (transfer full) (nullable) */
JxsTrustRow *
jxs_trust_judge_imported (GPtrArray *rows, const JxsTrustRow *imported, gboolean decided);
/* Somebody or something decided about a key, or persons found one different. */
gboolean jxs_trust_rows_are_decided (GPtrArray *rows);

/* Why the key was refused and what can be done, for a person. (transfer full) */
char *jxs_trust_verdict_to_message (const JxsTrustVerdict *self, const JxsTrustRow *seen);

G_END_DECLS
