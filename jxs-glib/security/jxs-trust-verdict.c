/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-verdict-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

#define JXS_TRUST_SEEN_SECONDS 60 /* between writes of when a key was seen; spares the disk */

void
jxs_trust_verdict_clear (JxsTrustVerdict *self)
{
  g_clear_pointer (&self->known, jxs_trust_row_unref);
  g_clear_pointer (&self->write, jxs_trust_row_unref);
}

static gboolean
is_accepted (const JxsTrustRow *row)
{
  return row->level >= JXS_TRUST_LEVEL_FIRST_USE;
}

static gboolean
is_decided (const JxsTrustRow *row)
{
  return row->level != JXS_TRUST_LEVEL_UNKNOWN;
}

/* Authorities are not persons: nothing they say goes against these. */
static gboolean
is_verified_by_person (const JxsTrustRow *row)
{
  return row->level == JXS_TRUST_LEVEL_VERIFIED && row->origin != JXS_TRUST_ORIGIN_AUTHORITY;
}

gboolean
jxs_trust_row_is_rejected (const JxsTrustRow *row)
{
  return row->level == JXS_TRUST_LEVEL_UNKNOWN && row->origin == JXS_TRUST_ORIGIN_SHORT_STRING;
}

static const JxsTrustRow *
find_rejected (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (jxs_trust_row_is_rejected (g_ptr_array_index (rows, i)))
      return g_ptr_array_index (rows, i);
  return NULL;
}

gboolean
jxs_trust_row_is_void (GPtrArray *rows, const JxsTrustRow *row)
{
  /* A file that others can write may hold a circle. */
  for (guint i = 0; i <= rows->len; i++)
    {
      if (row->origin != JXS_TRUST_ORIGIN_VOUCHED || row->voucher == NULL)
        return FALSE;
      row = jxs_trust_rows_find (rows, row->voucher);
      if (row == NULL)
        return FALSE;
      if (row->level == JXS_TRUST_LEVEL_DISTRUSTED || jxs_trust_row_is_rejected (row))
        return TRUE;
    }
  return TRUE;
}

gboolean
jxs_trust_rows_are_decided (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (is_decided (g_ptr_array_index (rows, i)) ||
        jxs_trust_row_is_rejected (g_ptr_array_index (rows, i)))
      return TRUE;
  return FALSE;
}

static gboolean
is_other_verified_by_person (GPtrArray *rows, const JxsTrustRow *seen)
{
  for (guint i = 0; i < rows->len; i++)
    {
      const JxsTrustRow *row = g_ptr_array_index (rows, i);

      if (is_verified_by_person (row) && strcmp (row->fingerprint, seen->fingerprint) != 0)
        return TRUE;
    }
  return FALSE;
}

/* The row to be written of a key that was seen now. (transfer full) */
static JxsTrustRow *
mark_seen (const JxsTrustRow *row, const JxsTrustRow *seen, gint64 now)
{
  JxsTrustRow *copy = jxs_trust_row_copy (row);

  copy->last_seen = now;
  if (copy->first_seen == 0)
    copy->first_seen = now;
  if (seen->device != NULL)
    {
      g_free (copy->device);
      copy->device = g_strdup (seen->device);
    }
  if (copy->certificate == NULL && seen->certificate != NULL)
    copy->certificate = g_bytes_ref (seen->certificate);
  return copy;
}

static gboolean
is_stale (const JxsTrustRow *row, gint64 now)
{
  /* Clocks are set back, too. */
  return ABS (now - row->last_seen) >= JXS_TRUST_SEEN_SECONDS;
}

static void
judge_accepted (GPtrArray *rows,
                const JxsTrustRow *own,
                const JxsTrustRow *seen,
                const JxsTrustCircumstances *circumstances,
                JxsTrustVerdict *verdict)
{
  JxsTrustLevel level = MAX (own->level, JXS_TRUST_LEVEL_PINNED);
  JxsTrustOrigin origin = own->origin;

  if (circumstances->origin == JXS_TRUST_ORIGIN_AUTHORITY && level < JXS_TRUST_LEVEL_VERIFIED &&
      !is_other_verified_by_person (rows, seen))
    {
      level = JXS_TRUST_LEVEL_VERIFIED;
      origin = JXS_TRUST_ORIGIN_AUTHORITY;
    }

  verdict->outcome = JXS_TRUST_OUTCOME_ACCEPTED;
  verdict->level = level;
  verdict->origin = origin;
  if (level != own->level || is_stale (own, circumstances->now))
    {
      verdict->write = mark_seen (own, seen, circumstances->now);
      verdict->write->level = level;
      verdict->write->origin = origin;
    }
  /* That an authority said so once does not count when it is believed no more, or has revoked it.
   */
  if (origin == JXS_TRUST_ORIGIN_AUTHORITY && circumstances->origin != JXS_TRUST_ORIGIN_AUTHORITY)
    {
      verdict->level = JXS_TRUST_LEVEL_PINNED;
      verdict->origin = JXS_TRUST_ORIGIN_NONE;
    }
}

/* Which of the keys decided about a new one is measured against: rather one of the same device, the
 * one trusted most, the one seen last. */
static const JxsTrustRow *
find_known (GPtrArray *rows, const JxsTrustRow *seen, JxsTrustContact *contact)
{
  const JxsTrustRow *best = NULL;
  gboolean best_is_near = FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const JxsTrustRow *row = g_ptr_array_index (rows, i);
      gboolean near =
          seen->device == NULL || row->device == NULL || strcmp (row->device, seen->device) == 0;

      if (!is_decided (row) || jxs_trust_row_is_void (rows, row))
        continue;
      if (best == NULL || near > best_is_near ||
          (near == best_is_near &&
           (row->level > best->level ||
            (row->level == best->level && row->last_seen > best->last_seen))))
        {
          best = row;
          best_is_near = near;
        }
    }
  *contact = best == NULL   ? JXS_TRUST_CONTACT_FIRST
             : best_is_near ? JXS_TRUST_CONTACT_CHANGED
                            : JXS_TRUST_CONTACT_NEW_DEVICE;
  return best;
}

static void
accept_new (const JxsTrustRow *row,
            const JxsTrustRow *seen,
            gint64 now,
            JxsTrustLevel level,
            JxsTrustOrigin origin,
            JxsTrustVerdict *verdict)
{
  verdict->outcome = JXS_TRUST_OUTCOME_ACCEPTED;
  verdict->level = level;
  verdict->origin = origin;
  verdict->must_write = TRUE;
  verdict->write = mark_seen (row, seen, now);
  verdict->write->level = level;
  verdict->write->origin = origin;
}

void
jxs_trust_judge (GPtrArray *rows,
                 const JxsTrustRow *seen,
                 const JxsTrustCircumstances *circumstances,
                 JxsTrustVerdict *verdict)
{
  JxsTrustRow *own = jxs_trust_rows_find (rows, seen->fingerprint);
  const JxsTrustRow *row = own != NULL ? own : seen;
  const JxsTrustRow *rejected = find_rejected (rows);
  const JxsTrustRow *known;
  gint64 now = circumstances->now;

  memset (verdict, 0, sizeof *verdict);
  if (own != NULL && is_accepted (own) && !jxs_trust_row_is_void (rows, own))
    {
      judge_accepted (rows, own, seen, circumstances, verdict);
      return;
    }
  if (own != NULL && own->level == JXS_TRUST_LEVEL_DISTRUSTED)
    {
      verdict->known = jxs_trust_row_ref (own);
      if (is_stale (own, now))
        verdict->write = mark_seen (own, seen, now);
      return;
    }
  if (circumstances->origin == JXS_TRUST_ORIGIN_AUTHORITY &&
      !is_other_verified_by_person (rows, seen) &&
      (own == NULL || !jxs_trust_row_is_rejected (own)))
    {
      accept_new (row, seen, now, JXS_TRUST_LEVEL_VERIFIED, JXS_TRUST_ORIGIN_AUTHORITY, verdict);
      return;
    }

  known = find_known (rows, seen, &verdict->contact);
  /* Somebody who was found out could come again with another key, as the first. */
  if (known == NULL && rejected != NULL)
    {
      known = rejected;
      verdict->contact = JXS_TRUST_CONTACT_REJECTED;
    }
  if (known != NULL)
    verdict->known = jxs_trust_row_copy (known);
  if (circumstances->ask)
    verdict->outcome = JXS_TRUST_OUTCOME_ASK;
  /* Seen again it would count as pinned: what the policy wants more of must not get in that way. */
  else if (known == NULL && circumstances->first_use &&
           circumstances->minimum <= JXS_TRUST_LEVEL_FIRST_USE)
    accept_new (row, seen, now, JXS_TRUST_LEVEL_FIRST_USE, JXS_TRUST_ORIGIN_NONE, verdict);
  else if (own == NULL || is_stale (own, now))
    verdict->write = mark_seen (row, seen, now);
}

/* Of two reasons for the same level the stronger is remembered. */
static int
get_strength (JxsTrustOrigin origin)
{
  switch (origin)
    {
    case JXS_TRUST_ORIGIN_FINGERPRINT:
    case JXS_TRUST_ORIGIN_SHORT_STRING:
    case JXS_TRUST_ORIGIN_PASSWORD:
    case JXS_TRUST_ORIGIN_APPLICATION:
      return 3;
    case JXS_TRUST_ORIGIN_VOUCHED:
      return 2;
    case JXS_TRUST_ORIGIN_AUTHORITY:
      return 1;
    case JXS_TRUST_ORIGIN_NONE:
    default:
      return 0;
    }
}

static gboolean
is_same_question (const JxsTrustVerdict *a, const JxsTrustVerdict *b)
{
  return a->contact == b->contact &&
         g_strcmp0 (a->known != NULL ? a->known->fingerprint : NULL,
                    b->known != NULL ? b->known->fingerprint : NULL) == 0;
}

void
jxs_trust_judge_answer (GPtrArray *rows,
                        const JxsTrustRow *seen,
                        const JxsTrustCircumstances *circumstances,
                        const JxsTrustVerdict *asked,
                        JxsTrustLevel level,
                        JxsTrustVerdict *verdict)
{
  JxsTrustRow *own = jxs_trust_rows_find (rows, seen->fingerprint);
  const JxsTrustRow *row = own != NULL ? own : seen;
  /* No authority answers. */
  JxsTrustOrigin origin =
      get_strength (seen->origin) == 3 ? seen->origin : JXS_TRUST_ORIGIN_APPLICATION;

  jxs_trust_judge (rows, seen, circumstances, verdict);
  /* Distrusted by now: that stands. */
  if (verdict->outcome == JXS_TRUST_OUTCOME_REFUSED)
    return;
  if (level >= JXS_TRUST_LEVEL_FIRST_USE)
    {
      if (verdict->outcome == JXS_TRUST_OUTCOME_ASK && level < JXS_TRUST_LEVEL_VERIFIED &&
          !is_same_question (verdict, asked))
        return;
      if (verdict->outcome == JXS_TRUST_OUTCOME_ACCEPTED && verdict->level >= level)
        return;
      g_clear_pointer (&verdict->write, jxs_trust_row_unref);
      accept_new (row, seen, circumstances->now, level, origin, verdict);
      return;
    }

  g_clear_pointer (&verdict->write, jxs_trust_row_unref);
  verdict->outcome = JXS_TRUST_OUTCOME_REFUSED;
  if (level == JXS_TRUST_LEVEL_DISTRUSTED || own == NULL)
    {
      verdict->write = mark_seen (row, seen, circumstances->now);
      verdict->write->level = level;
      verdict->write->origin = level == JXS_TRUST_LEVEL_DISTRUSTED ? origin : JXS_TRUST_ORIGIN_NONE;
    }
}

/* (transfer full) */
static JxsTrustRow *
merge (const JxsTrustRow *own, const JxsTrustRow *other)
{
  JxsTrustRow *merged = jxs_trust_row_copy (own);

  merged->level = other->level;
  merged->origin = other->origin;
  g_free (merged->voucher);
  merged->voucher = g_strdup (other->voucher);
  if (merged->certificate == NULL && other->certificate != NULL)
    merged->certificate = g_bytes_ref (other->certificate);
  if (merged->device == NULL)
    merged->device = g_strdup (other->device);
  if (merged->first_seen == 0 || (other->first_seen != 0 && other->first_seen < merged->first_seen))
    merged->first_seen = other->first_seen;
  merged->last_seen = MAX (merged->last_seen, other->last_seen);
  return merged;
}

JxsTrustRow *
jxs_trust_judge_learned (GPtrArray *rows, const JxsTrustRow *learned)
{
  const JxsTrustRow *own = jxs_trust_rows_find (rows, learned->fingerprint);
  g_autoptr (JxsTrustRow) row = jxs_trust_row_copy (learned);

  if (jxs_trust_row_is_rejected (learned))
    {
      if (own == NULL)
        return g_steal_pointer (&row);
      return own->level == JXS_TRUST_LEVEL_DISTRUSTED || is_verified_by_person (own)
                 ? NULL
                 : merge (own, row);
    }
  if (learned->origin == JXS_TRUST_ORIGIN_VOUCHED)
    {
      const JxsTrustRow *voucher = jxs_trust_rows_find (rows, learned->voucher);

      /* No key can give what it has not. */
      if (voucher == NULL || !is_accepted (voucher) || jxs_trust_row_is_void (rows, voucher))
        return NULL;
      row->level = MIN (row->level, voucher->level);
    }
  if (own == NULL)
    return g_steal_pointer (&row);
  if (own->level == JXS_TRUST_LEVEL_DISTRUSTED || row->level < own->level ||
      (row->level == own->level && get_strength (row->origin) <= get_strength (own->origin)))
    return NULL;
  return merge (own, row);
}

JxsTrustRow *
jxs_trust_judge_imported (GPtrArray *rows, const JxsTrustRow *imported, gboolean decided)
{
  const JxsTrustRow *own = jxs_trust_rows_find (rows, imported->fingerprint);
  gboolean weighs =
      imported->level == JXS_TRUST_LEVEL_DISTRUSTED || imported->level == JXS_TRUST_LEVEL_VERIFIED;

  /* Two persons did, here; the file may be older. */
  if (own != NULL && jxs_trust_row_is_rejected (own))
    return imported->level == JXS_TRUST_LEVEL_DISTRUSTED ? merge (own, imported) : NULL;
  if (own == NULL || !is_decided (own))
    {
      /* It would pass for a changed key if it were shown. */
      if (decided && !weighs)
        return NULL;
      return own != NULL ? merge (own, imported) : jxs_trust_row_copy (imported);
    }
  /* Decided by a person, here. */
  if (own->level == JXS_TRUST_LEVEL_DISTRUSTED || get_strength (own->origin) == 3)
    return NULL;
  if (imported->level != JXS_TRUST_LEVEL_DISTRUSTED &&
      (imported->level < own->level ||
       (imported->level == own->level &&
        get_strength (imported->origin) <= get_strength (own->origin))))
    return NULL;
  return merge (own, imported);
}

static const char *
describe_trust (const JxsTrustRow *row)
{
  if (row->level == JXS_TRUST_LEVEL_DISTRUSTED)
    return _ ("distrusted");
  if (row->origin == JXS_TRUST_ORIGIN_VOUCHED)
    return _ ("vouched for by an older key");
  if (row->level < JXS_TRUST_LEVEL_VERIFIED)
    return _ ("never verified");
  switch (row->origin)
    {
    case JXS_TRUST_ORIGIN_FINGERPRINT:
      return _ ("verified by comparing fingerprints");
    case JXS_TRUST_ORIGIN_SHORT_STRING:
      return _ ("verified by comparing a short string");
    case JXS_TRUST_ORIGIN_PASSWORD:
      return _ ("verified by a password");
    case JXS_TRUST_ORIGIN_AUTHORITY:
      return _ ("certified by an authority");
    case JXS_TRUST_ORIGIN_NONE:
    case JXS_TRUST_ORIGIN_VOUCHED:
    case JXS_TRUST_ORIGIN_APPLICATION:
    default:
      return _ ("verified");
    }
}

static char *
describe_age (const JxsTrustRow *row)
{
  g_autoptr (GDateTime) date = NULL;
  g_autofree char *day = NULL;

  if (row->first_seen == 0)
    return g_strdup (_ ("never seen"));
  date = g_date_time_new_from_unix_local (row->first_seen);
  day = date != NULL ? g_date_time_format (date, "%F") : NULL;
  return g_strdup_printf (_ ("seen since %s"), day != NULL ? day : "?");
}

char *
jxs_trust_verdict_to_message (const JxsTrustVerdict *self, const JxsTrustRow *seen)
{
  g_autofree char *shown = jxs_fingerprint_to_text (seen->fingerprint);
  g_autofree char *known = NULL;
  g_autofree char *age = NULL;

  if (self->known == NULL)
    return g_strdup_printf (
        _ ("The key of %s is not known, and nobody verified it; its fingerprint is %s"),
        seen->jid,
        shown);
  if (jxs_trust_row_is_rejected (self->known))
    return g_strdup_printf (
        _ ("A string that was compared with %s was different: somebody may have been listening in. "
           "Until a key is verified none is accepted; the fingerprint of this one is %s"),
        seen->jid,
        shown);
  if (strcmp (self->known->fingerprint, seen->fingerprint) == 0)
    return g_strdup_printf (_ ("The key of %s with the fingerprint %s is distrusted"),
                            seen->jid,
                            shown);

  known = jxs_fingerprint_to_text (self->known->fingerprint);
  age = describe_age (self->known);
  if (self->contact == JXS_TRUST_CONTACT_NEW_DEVICE)
    return g_strdup_printf (
        _ ("%s uses a device whose key is not known: shown was %s; known is %s (%s, %s). It may be "
           "a new device, or somebody who listens in: compare the fingerprint with them some other "
           "way, and verify the new key or leave it refused"),
        seen->jid,
        shown,
        known,
        age,
        describe_trust (self->known));
  return g_strdup_printf (
      _ ("The key of %s has changed: shown was %s; known is %s (%s, %s). Somebody may be listening "
         "in, or they set their device up anew: compare the fingerprint with them some other way, "
         "and verify the new key or leave it refused"),
      seen->jid,
      shown,
      known,
      age,
      describe_trust (self->known));
}
