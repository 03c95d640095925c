/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-verdict-private.h>

#include <string.h>

/* The rules alone. Keys are named by one letter; rows are written as words like
 * "a=verified/password@balcony", seen at 1000. */

#define NOW 5000

static int
get_value (GType type, const char *nick)
{
  GEnumClass *values = g_type_class_ref (type);
  const GEnumValue *value = g_enum_get_value_by_nick (values, nick);

  g_assert_nonnull (value);
  g_type_class_unref (values);
  return value->value;
}

static char *
fingerprint_of (char letter)
{
  return g_strnfill (64, letter);
}

static JxsTrustRow *
row_new (const char *text)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.lit", NULL);
  g_autofree char *fingerprint = fingerprint_of (text[0]);
  g_auto (GStrv) device = g_strsplit (text + 2, "@", 2);
  g_auto (GStrv) trust = g_strsplit (device[0], "/", 2);
  JxsTrustRow *row = jxs_trust_row_new (jid, fingerprint);

  row->level = (JxsTrustLevel) get_value (JXS_TYPE_TRUST_LEVEL, trust[0]);
  if (trust[1] != NULL)
    row->origin = (JxsTrustOrigin) get_value (JXS_TYPE_TRUST_ORIGIN, trust[1]);
  row->device = g_strdup (device[1]);
  row->id = text[0];
  row->first_seen = row->last_seen = 1000;
  return row;
}

static GPtrArray *
rows_new (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GPtrArray *rows = jxs_trust_rows_new ();

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0')
      g_ptr_array_add (rows, row_new (words[i]));
  return rows;
}

/* As in row_new(); "-": nothing. */
static char *
describe (const JxsTrustRow *row)
{
  g_autofree char *level = NULL;
  g_autofree char *origin = NULL;

  if (row == NULL)
    return g_strdup ("-");
  level = g_enum_to_string (JXS_TYPE_TRUST_LEVEL, (int) row->level);
  origin = g_enum_to_string (JXS_TYPE_TRUST_ORIGIN, (int) row->origin);
  return g_strdup_printf ("%c=%s/%s",
                          row->fingerprint[0],
                          g_str_has_prefix (level, "JXS_TRUST_LEVEL_") ? level + 16 : level,
                          g_str_has_prefix (origin, "JXS_TRUST_ORIGIN_") ? origin + 17 : origin);
}

static void
assert_row (const JxsTrustRow *row, const char *expected)
{
  g_autofree char *actual = describe (row);
  g_autofree char *lower = g_ascii_strdown (actual, -1);

  g_strdelimit (lower, "_", '-');
  g_assert_cmpstr (lower, ==, expected);
}

typedef struct
{
  const char *rows;
  const char *seen; /* letter@device */
  JxsTrustOrigin origin;
  JxsTrustLevel minimum;
  gboolean first_use;
  gboolean ask;

  JxsTrustOutcome outcome;
  int detail;        /* level of what is accepted, contact of what is not */
  const char *known; /* letter or NULL */
  const char *write;
  gboolean must_write;
} Case;

#define NONE JXS_TRUST_ORIGIN_NONE
#define CA JXS_TRUST_ORIGIN_AUTHORITY
#define ANY JXS_TRUST_LEVEL_FIRST_USE
#define REFUSED JXS_TRUST_OUTCOME_REFUSED
#define ASK JXS_TRUST_OUTCOME_ASK
#define ACCEPTED JXS_TRUST_OUTCOME_ACCEPTED
#define FIRST_USE JXS_TRUST_LEVEL_FIRST_USE
#define PINNED JXS_TRUST_LEVEL_PINNED
#define VERIFIED JXS_TRUST_LEVEL_VERIFIED
#define FIRST JXS_TRUST_CONTACT_FIRST
#define NEW_DEVICE JXS_TRUST_CONTACT_NEW_DEVICE
#define CHANGED JXS_TRUST_CONTACT_CHANGED
#define REJECTED JXS_TRUST_CONTACT_REJECTED

static const Case cases[] = {
  /* Persons found a key different: neither it nor another new one is the first any more. */
  { "a=unknown/short-string",
    "a@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    REJECTED,
    "a",
    "a=unknown/short-string",
    FALSE },
  { "a=unknown/short-string",
    "b@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    REJECTED,
    "a",
    "b=unknown/none",
    FALSE },
  { "a=unknown/short-string", "b@x", NONE, ANY, TRUE, TRUE, ASK, REJECTED, "a", "-", FALSE },
  /* Whom an authority believes matters less than what they saw. */
  { "a=unknown/short-string",
    "a@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    REJECTED,
    "a",
    "a=unknown/short-string",
    FALSE },
  { "a=unknown/short-string b=pinned",
    "b@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    PINNED,
    NULL,
    "b=pinned/none",
    FALSE },
  /* The first key. */
  { "", "a@x", NONE, ANY, TRUE, FALSE, ACCEPTED, FIRST_USE, NULL, "a=first-use/none", TRUE },
  { "", "a@x", NONE, ANY, TRUE, TRUE, ASK, FIRST, NULL, "-", FALSE },
  { "", "a@x", NONE, ANY, FALSE, FALSE, REFUSED, FIRST, NULL, "a=unknown/none", FALSE },
  /* Nor does a refused one become the first by being seen again. */
  { "", "a@x", NONE, PINNED, TRUE, FALSE, REFUSED, FIRST, NULL, "a=unknown/none", FALSE },
  { "a=unknown@x",
    "a@x",
    NONE,
    PINNED,
    TRUE,
    FALSE,
    REFUSED,
    FIRST,
    NULL,
    "a=unknown/none",
    FALSE },
  { "a=unknown@x", "a@x", NONE, ANY, FALSE, FALSE, REFUSED, FIRST, NULL, "a=unknown/none", FALSE },
  { "a=unknown@x",
    "a@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    FIRST_USE,
    NULL,
    "a=first-use/none",
    TRUE },
  { "b=unknown@x",
    "a@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    FIRST_USE,
    NULL,
    "a=first-use/none",
    TRUE },

  /* Seen before. */
  { "a=first-use@x", "a@x", NONE, ANY, TRUE, TRUE, ACCEPTED, PINNED, NULL, "a=pinned/none", FALSE },
  { "a=pinned@x",
    "a@y",
    NONE,
    VERIFIED,
    FALSE,
    FALSE,
    ACCEPTED,
    PINNED,
    NULL,
    "a=pinned/none",
    FALSE },
  { "a=verified/password b=pinned",
    "a@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "a=verified/password",
    FALSE },
  { "a=distrusted@x",
    "a@x",
    NONE,
    ANY,
    TRUE,
    TRUE,
    REFUSED,
    FIRST,
    "a",
    "a=distrusted/none",
    FALSE },
  { "a=distrusted@x b=pinned@x",
    "a@x",
    CA,
    ANY,
    TRUE,
    TRUE,
    REFUSED,
    FIRST,
    "a",
    "a=distrusted/none",
    FALSE },

  /* Another key. */
  { "a=pinned@x", "b@x", NONE, ANY, TRUE, FALSE, REFUSED, CHANGED, "a", "b=unknown/none", FALSE },
  { "a=pinned@x", "b@x", NONE, ANY, TRUE, TRUE, ASK, CHANGED, "a", "-", FALSE },
  { "a=pinned@x",
    "b@y",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    NEW_DEVICE,
    "a",
    "b=unknown/none",
    FALSE },
  { "a=pinned@x", "b@y", NONE, ANY, TRUE, TRUE, ASK, NEW_DEVICE, "a", "-", FALSE },
  /* Without a resource, or one that was never seen, it may be any device. */
  { "a=pinned@x", "b", NONE, ANY, TRUE, FALSE, REFUSED, CHANGED, "a", "b=unknown/none", FALSE },
  { "a=verified", "b@y", NONE, ANY, TRUE, FALSE, REFUSED, CHANGED, "a", "b=unknown/none", FALSE },
  /* The one of the device is what changed, of several the one trusted most. */
  { "a=verified@x b=pinned@y",
    "c@y",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    CHANGED,
    "b",
    "c=unknown/none",
    FALSE },
  { "a=pinned@x b=verified@x",
    "c@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    CHANGED,
    "b",
    "c=unknown/none",
    FALSE },
  { "a=pinned@x b=verified@y",
    "c@z",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    NEW_DEVICE,
    "b",
    "c=unknown/none",
    FALSE },
  { "a=pinned@x b=unknown@y",
    "b@y",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    NEW_DEVICE,
    "a",
    "b=unknown/none",
    FALSE },
  /* Whose key was distrusted is not believed the next one. */
  { "a=distrusted@x",
    "b@x",
    NONE,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    CHANGED,
    "a",
    "b=unknown/none",
    FALSE },

  /* An authority stands behind it, but not above a person. */
  { "", "a@x", CA, VERIFIED, FALSE, TRUE, ACCEPTED, VERIFIED, NULL, "a=verified/authority", TRUE },
  { "a=unknown@x",
    "a@x",
    CA,
    VERIFIED,
    FALSE,
    TRUE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "a=verified/authority",
    TRUE },
  { "a=pinned@x",
    "b@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "b=verified/authority",
    TRUE },
  { "a=verified/authority@x",
    "b@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "b=verified/authority",
    TRUE },
  { "a=distrusted@x",
    "b@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "b=verified/authority",
    TRUE },
  { "a=verified/fingerprint@x",
    "b@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    CHANGED,
    "a",
    "b=unknown/none",
    FALSE },
  { "a=verified/vouched@x",
    "b@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    REFUSED,
    CHANGED,
    "a",
    "b=unknown/none",
    FALSE },
  { "a=pinned@x",
    "a@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    VERIFIED,
    NULL,
    "a=verified/authority",
    FALSE },
  { "a=pinned@x b=verified/password@y",
    "a@x",
    CA,
    ANY,
    TRUE,
    FALSE,
    ACCEPTED,
    PINNED,
    NULL,
    "a=pinned/none",
    FALSE },
};

static JxsTrustRow *
seen_new (const char *text)
{
  g_autofree char *address = g_strconcat ("juliet@capulet.lit",
                                          text[1] != '\0' ? "/" : "",
                                          text[1] != '\0' ? text + 2 : "",
                                          NULL);
  g_autoptr (JxsJid) jid = jxs_jid_new (address, NULL);
  g_autofree char *fingerprint = fingerprint_of (text[0]);

  return jxs_trust_row_new (jid, fingerprint);
}

static void
test_judge (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      g_autoptr (GPtrArray) rows = rows_new (c->rows);
      g_autoptr (JxsTrustRow) seen = seen_new (c->seen);
      const JxsTrustCircumstances circumstances = {
        c->origin, c->minimum, c->first_use, c->ask, NOW
      };
      g_auto (JxsTrustVerdict) verdict = { 0 };

      g_test_message ("%s <- %s", c->rows, c->seen);
      jxs_trust_judge (rows, seen, &circumstances, &verdict);
      g_assert_cmpint (verdict.outcome, ==, c->outcome);
      g_assert_cmpint (c->outcome == ACCEPTED ? (int) verdict.level : (int) verdict.contact,
                       ==,
                       c->detail);
      if (c->known == NULL)
        g_assert_null (verdict.known);
      else
        g_assert_cmpint (verdict.known->fingerprint[0], ==, c->known[0]);
      assert_row (verdict.write, c->write);
      g_assert_cmpint (verdict.must_write, ==, c->must_write);
      if (verdict.write != NULL)
        {
          g_assert_cmpint (verdict.write->last_seen, ==, NOW);
          g_assert_cmpint (verdict.write->first_seen, ==, verdict.write->id != 0 ? 1000 : NOW);
        }
      if (c->outcome == REFUSED)
        {
          g_autofree char *message = jxs_trust_verdict_to_message (&verdict, seen);

          g_assert_nonnull (strstr (message, "juliet@capulet.lit"));
        }
    }
}

/* The disk is spared, whatever the clock does. */
static void
test_seen (void)
{
  static const struct
  {
    gint64 now;
    gboolean written;
  } times[] = { { 1000, FALSE }, { 1059, FALSE }, { 1060, TRUE }, { 941, FALSE }, { 940, TRUE } };
  static const char *const rows_of[] = { "a=pinned@x", "a=distrusted@x", "a=unknown@x b=pinned@x" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows_of); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (times); j++)
      {
        g_autoptr (GPtrArray) rows = rows_new (rows_of[i]);
        g_autoptr (JxsTrustRow) seen = seen_new ("a@y");
        const JxsTrustCircumstances circumstances = { .minimum = ANY,
                                                      .first_use = TRUE,
                                                      .now = times[j].now };
        g_auto (JxsTrustVerdict) verdict = { 0 };

        jxs_trust_judge (rows, seen, &circumstances, &verdict);
        g_assert_cmpint (verdict.write != NULL, ==, times[j].written);
        if (verdict.write != NULL)
          g_assert_cmpstr (verdict.write->device, ==, "y");
      }
}

static void
test_answer (void)
{
  static const struct
  {
    const char *rows; /* when the answer comes */
    JxsTrustContact asked;
    const char *known;
    JxsTrustLevel answer;

    JxsTrustOutcome outcome;
    JxsTrustLevel level;
    const char *write;
  } answers[] = {
    { "", FIRST, NULL, FIRST_USE, ACCEPTED, FIRST_USE, "b=first-use/application" },
    { "", FIRST, NULL, VERIFIED, ACCEPTED, VERIFIED, "b=verified/application" },
    { "", FIRST, NULL, JXS_TRUST_LEVEL_UNKNOWN, REFUSED, 0, "b=unknown/none" },
    { "", FIRST, NULL, JXS_TRUST_LEVEL_DISTRUSTED, REFUSED, 0, "b=distrusted/application" },
    { "a=pinned@x", CHANGED, "a=pinned@x", PINNED, ACCEPTED, PINNED, "b=pinned/application" },
    { "a=pinned@x b=unknown@x", CHANGED, "a=pinned@x", JXS_TRUST_LEVEL_UNKNOWN, REFUSED, 0, "-" },
    /* Another key was accepted in the meantime: that is another question. */
    { "a=pinned@x", FIRST, NULL, FIRST_USE, ASK, 0, "-" },
    { "a=pinned@x c=pinned@x", CHANGED, "c=pinned@y", FIRST_USE, ASK, 0, "-" },
    { "a=pinned@x", FIRST, NULL, VERIFIED, ACCEPTED, VERIFIED, "b=verified/application" },
    { "a=pinned@x",
      FIRST,
      NULL,
      JXS_TRUST_LEVEL_DISTRUSTED,
      REFUSED,
      0,
      "b=distrusted/application" },
    /* The same key was. */
    { "b=pinned@x", FIRST, NULL, FIRST_USE, ACCEPTED, PINNED, "b=pinned/none" },
    { "b=pinned@x", FIRST, NULL, VERIFIED, ACCEPTED, VERIFIED, "b=verified/application" },
    { "b=pinned@x", FIRST, NULL, JXS_TRUST_LEVEL_UNKNOWN, REFUSED, 0, "-" },
    { "b=distrusted@x", FIRST, NULL, VERIFIED, REFUSED, 0, "b=distrusted/none" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GPtrArray) rows = rows_new (answers[i].rows);
      g_autoptr (JxsTrustRow) seen = seen_new ("b@x");
      const JxsTrustCircumstances circumstances = {
        .minimum = ANY, .first_use = TRUE, .ask = TRUE, .now = NOW
      };
      g_auto (JxsTrustVerdict) asked = { .contact = answers[i].asked };
      g_auto (JxsTrustVerdict) verdict = { 0 };

      g_test_message ("%u: %s", (guint) i, answers[i].rows);
      if (answers[i].known != NULL)
        asked.known = row_new (answers[i].known);
      jxs_trust_judge_answer (rows, seen, &circumstances, &asked, answers[i].answer, &verdict);
      g_assert_cmpint (verdict.outcome, ==, answers[i].outcome);
      if (verdict.outcome == ACCEPTED)
        g_assert_cmpint (verdict.level, ==, answers[i].level);
      assert_row (verdict.write, answers[i].write);
    }
}

/* Each was vouched for by the next letter. */
static void
set_vouchers (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      JxsTrustRow *row = g_ptr_array_index (rows, i);

      if (row->origin == JXS_TRUST_ORIGIN_VOUCHED)
        row->voucher = fingerprint_of (row->fingerprint[0] + 1);
    }
}

static void
test_learned (void)
{
  static const struct
  {
    const char *rows;
    const char *learned;
    const char *voucher;
    const char *result;
  } lessons[] = {
    { "", "a=verified/password", NULL, "a=verified/password" },
    { "a=unknown", "a=verified/short-string", NULL, "a=verified/short-string" },
    { "a=pinned", "a=verified/short-string", NULL, "a=verified/short-string" },
    { "b=verified/fingerprint", "a=verified/password", NULL, "a=verified/password" },
    /* Never lower, and the stronger reason stays. */
    { "a=verified/password", "a=pinned/short-string", NULL, "-" },
    { "a=verified/password", "a=verified/short-string", NULL, "-" },
    { "a=verified/password", "a=verified/authority", NULL, "-" },
    { "a=verified/authority", "a=verified/password", NULL, "a=verified/password" },
    { "a=distrusted", "a=verified/password", NULL, "-" },
    /* No key gives what it has not. */
    { "b=pinned", "a=verified/vouched", "b", "a=pinned/vouched" },
    { "b=verified/password", "a=pinned/vouched", "b", "a=pinned/vouched" },
    { "b=verified/password", "a=verified/vouched", "b", "a=verified/vouched" },
    { "b=distrusted", "a=verified/vouched", "b", "-" },
    { "b=unknown", "a=verified/vouched", "b", "-" },
    { "b=pinned/vouched c=pinned", "a=pinned/vouched", "b", "a=pinned/vouched" },
    { "b=pinned/vouched c=distrusted", "a=pinned/vouched", "b", "-" },
    { "", "a=verified/vouched", "b", "-" },
    { "a=distrusted b=verified", "a=verified/vouched", "b", "-" },
    { "a=unknown b=first-use", "a=first-use/vouched", "b", "a=first-use/vouched" },
    { "a=pinned b=first-use", "a=first-use/vouched", "b", "-" },
    { "b=unknown/short-string", "a=first-use/vouched", "b", "-" },
    /* Two persons found it different: what no person verified is taken back. */
    { "", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=unknown", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=first-use", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=pinned/application", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=pinned/vouched", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=verified/authority", "a=unknown/short-string", NULL, "a=unknown/short-string" },
    { "a=verified/fingerprint", "a=unknown/short-string", NULL, "-" },
    { "a=verified/password", "a=unknown/short-string", NULL, "-" },
    { "a=distrusted", "a=unknown/short-string", NULL, "-" },
    { "a=unknown/short-string", "a=verified/short-string", NULL, "a=verified/short-string" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lessons); i++)
    {
      g_autoptr (GPtrArray) rows = rows_new (lessons[i].rows);
      g_autoptr (JxsTrustRow) learned = row_new (lessons[i].learned);
      g_autoptr (JxsTrustRow) result = NULL;

      g_test_message ("%s <- %s", lessons[i].rows, lessons[i].learned);
      set_vouchers (rows);
      if (lessons[i].voucher != NULL)
        learned->voucher = fingerprint_of (lessons[i].voucher[0]);
      result = jxs_trust_judge_learned (rows, learned);
      assert_row (result, lessons[i].result);
      if (result != NULL)
        g_assert_cmpstr (result->voucher, ==, learned->voucher);
    }
}

/* What vouched for a key counts no more, so neither does the key. */
static void
test_void (void)
{
  static const struct
  {
    const char *rows;
    JxsTrustOutcome outcome;
  } cases_void[] = {
    { "a=pinned/vouched b=pinned", ACCEPTED },
    { "a=verified/vouched b=verified/fingerprint", ACCEPTED },
    /* forgotten, or never more than seen */
    { "a=pinned/vouched", ACCEPTED },
    { "a=pinned/vouched b=unknown", ACCEPTED },
    { "a=pinned/vouched b=distrusted", REFUSED },
    { "a=verified/vouched b=distrusted", REFUSED },
    { "a=first-use/vouched b=unknown/short-string", REFUSED },
    /* for what vouched for it in turn */
    { "a=pinned/vouched b=pinned/vouched c=pinned", ACCEPTED },
    { "a=pinned/vouched b=pinned/vouched c=distrusted", REFUSED },
    { "a=pinned/vouched b=pinned/vouched c=verified/vouched d=unknown/short-string", REFUSED },
    { "a=pinned/vouched b=verified/password c=distrusted", ACCEPTED },
    /* found to be right since */
    { "a=verified/fingerprint b=distrusted", ACCEPTED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases_void); i++)
    {
      g_autoptr (GPtrArray) rows = rows_new (cases_void[i].rows);
      g_autoptr (JxsTrustRow) seen = seen_new ("a@x");
      const JxsTrustCircumstances circumstances = { NONE, ANY, TRUE, FALSE, NOW };
      g_auto (JxsTrustVerdict) verdict = { 0 };

      set_vouchers (rows);
      g_test_message ("%s", cases_void[i].rows);
      jxs_trust_judge (rows, seen, &circumstances, &verdict);
      g_assert_cmpint (verdict.outcome, ==, cases_void[i].outcome);
      if (verdict.outcome == REFUSED)
        {
          g_autofree char *message = jxs_trust_verdict_to_message (&verdict, seen);

          g_assert_cmpstr (message, !=, "");
        }
    }
  {
    g_autoptr (GPtrArray) circle = rows_new ("a=pinned/vouched b=pinned/vouched");

    set_vouchers (circle);
    g_free (((JxsTrustRow *) g_ptr_array_index (circle, 1))->voucher);
    ((JxsTrustRow *) g_ptr_array_index (circle, 1))->voucher = fingerprint_of ('a');
    g_assert_true (jxs_trust_row_is_void (circle, g_ptr_array_index (circle, 0)));
  }
}

static void
test_imported (void)
{
  static const struct
  {
    const char *rows;
    const char *imported;
    const char *result;
  } imports[] = {
    { "", "a=pinned", "a=pinned/none" },
    { "", "a=distrusted", "a=distrusted/none" },
    { "a=unknown", "a=pinned", "a=pinned/none" },
    { "a=first-use", "a=pinned", "a=pinned/none" },
    { "a=pinned", "a=verified/fingerprint", "a=verified/fingerprint" },
    { "a=verified/authority", "a=verified/fingerprint", "a=verified/fingerprint" },
    /* What is as good already. */
    { "a=pinned", "a=pinned", "-" },
    { "a=pinned", "a=first-use", "-" },
    { "a=verified/authority", "a=pinned", "-" },
    /* What a person decided here. */
    { "a=distrusted", "a=verified/fingerprint", "-" },
    { "a=verified/fingerprint", "a=distrusted", "-" },
    { "a=pinned/application", "a=distrusted", "-" },
    { "a=pinned/application", "a=verified/fingerprint", "-" },
    /* What a person decided elsewhere, against what was only seen here. */
    { "a=pinned", "a=distrusted", "a=distrusted/none" },
    { "a=verified/authority", "a=distrusted", "a=distrusted/none" },
    { "a=pinned/vouched", "a=distrusted", "a=distrusted/none" },
    /* It would hide a changed key. */
    { "b=pinned", "a=pinned", "-" },
    { "b=pinned a=unknown", "a=first-use", "-" },
    { "b=distrusted", "a=pinned", "-" },
    { "b=pinned", "a=verified/fingerprint", "a=verified/fingerprint" },
    { "b=pinned", "a=distrusted", "a=distrusted/none" },
    /* What persons found different here, since the file was written. */
    { "a=unknown/short-string", "a=pinned", "-" },
    { "a=unknown/short-string", "a=verified/fingerprint", "-" },
    { "a=unknown/short-string", "a=distrusted", "a=distrusted/none" },
    { "b=unknown/short-string", "a=pinned", "-" },
    { "b=unknown/short-string", "a=verified/fingerprint", "a=verified/fingerprint" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (imports); i++)
    {
      g_autoptr (GPtrArray) rows = rows_new (imports[i].rows);
      g_autoptr (JxsTrustRow) imported = row_new (imports[i].imported);
      g_autoptr (JxsTrustRow) result = NULL;

      g_test_message ("%s <- %s", imports[i].rows, imports[i].imported);
      imported->first_seen = 500;
      imported->last_seen = 900;
      result = jxs_trust_judge_imported (rows, imported, jxs_trust_rows_are_decided (rows));
      assert_row (result, imports[i].result);
      if (result == NULL)
        continue;
      g_assert_cmpint (result->first_seen, ==, 500);
      g_assert_cmpint (result->last_seen,
                       ==,
                       jxs_trust_rows_find (rows, result->fingerprint) != NULL ? 1000 : 900);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/security/trust-verdict/judge", test_judge);
  g_test_add_func ("/security/trust-verdict/seen", test_seen);
  g_test_add_func ("/security/trust-verdict/answer", test_answer);
  g_test_add_func ("/security/trust-verdict/learned", test_learned);
  g_test_add_func ("/security/trust-verdict/void", test_void);
  g_test_add_func ("/security/trust-verdict/imported", test_imported);

  return g_test_run ();
}
