/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-trust-text-private.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define START "juliet@capulet.lit\t" A "\tverified\tfingerprint\t10\t20"

static GPtrArray *
parse (const char *text, guint *n_invalid)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *rows = jxs_trust_text_parse (text, strlen (text), n_invalid, &error);

  g_assert_no_error (error);
  return rows;
}

static void
assert_equal (const JxsTrustRow *a, const JxsTrustRow *b)
{
  g_assert_cmpstr (a->jid, ==, b->jid);
  g_assert_cmpstr (a->fingerprint, ==, b->fingerprint);
  g_assert_cmpint (a->level, ==, b->level);
  g_assert_cmpint (a->origin, ==, b->origin);
  g_assert_cmpint (a->first_seen, ==, b->first_seen);
  g_assert_cmpint (a->last_seen, ==, b->last_seen);
  g_assert_cmpstr (a->voucher, ==, b->voucher);
  g_assert_cmpstr (a->device, ==, b->device);
  g_assert_cmpint (a->certificate == NULL, ==, b->certificate == NULL);
  if (a->certificate != NULL)
    g_assert_true (g_bytes_equal (a->certificate, b->certificate));
}

static void
test_round_trip (void)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.lit/on the balcony/2", NULL);
  g_autoptr (JxsJid) service = jxs_jid_new ("capulet.lit", NULL);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "certificate", -1);
  g_autoptr (GPtrArray) rows = jxs_trust_rows_new ();
  g_autoptr (GPtrArray) again = NULL;
  g_autofree char *text = NULL;
  JxsTrustRow *row;
  guint n_invalid;

  row = jxs_trust_row_new (jid, digest);
  row->level = JXS_TRUST_LEVEL_PINNED;
  row->origin = JXS_TRUST_ORIGIN_VOUCHED;
  row->voucher = g_strdup (B);
  row->certificate = g_bytes_new_static ("certificate", strlen ("certificate"));
  row->first_seen = 1;
  row->last_seen = G_GINT64_CONSTANT (253402300799);
  g_ptr_array_add (rows, row);
  for (int level = JXS_TRUST_LEVEL_DISTRUSTED; level <= JXS_TRUST_LEVEL_VERIFIED; level++)
    for (int origin = JXS_TRUST_ORIGIN_NONE; origin <= JXS_TRUST_ORIGIN_APPLICATION; origin++)
      if (level != JXS_TRUST_LEVEL_UNKNOWN)
        {
          row = jxs_trust_row_new (service, A);
          row->level = (JxsTrustLevel) level;
          row->origin = (JxsTrustOrigin) origin;
          g_ptr_array_add (rows, row);
        }

  text = jxs_trust_text_build (rows);
  again = parse (text, &n_invalid);
  g_assert_cmpuint (n_invalid, ==, 0);
  g_assert_cmpuint (again->len, ==, rows->len);
  for (guint i = 0; i < rows->len; i++)
    assert_equal (rows->pdata[i], again->pdata[i]);
}

/* Undecided, or written by somebody who does not know what an address is. */
static void
test_left_out (void)
{
  g_autoptr (JxsJid) jid = jxs_jid_new ("juliet@capulet.lit", NULL);
  g_autoptr (GPtrArray) rows = jxs_trust_rows_new ();
  g_autoptr (GPtrArray) again = NULL;
  g_autofree char *text = NULL;
  guint n_invalid;

  for (guint i = 0; i < 4; i++)
    {
      JxsTrustRow *row = jxs_trust_row_new (jid, A);

      row->level = i == 0 ? JXS_TRUST_LEVEL_UNKNOWN : JXS_TRUST_LEVEL_VERIFIED;
      if (i == 1)
        row->device = g_strdup ("x\nmallory@capulet.lit\t" B "\tverified\tnone\t0\t0");
      else if (i == 2)
        row->voucher = g_strdup (B "\t");
      g_ptr_array_add (rows, row);
    }
  text = jxs_trust_text_build (rows);
  again = parse (text, &n_invalid);
  g_assert_cmpuint (n_invalid, ==, 0);
  g_assert_cmpuint (again->len, ==, 1);
}

static void
test_header (void)
{
  static const struct
  {
    const char *text;
    int code; /* -1: none */
  } headers[] = {
    { "jxs-trust 1\n", -1 },
    { "jxs-trust 1", -1 },
    { "jxs-trust 1\r\n", -1 },
    { "jxs-trust 2\n", JXS_ERROR_NOT_SUPPORTED },
    { "jxs-trust 4294967295\n", JXS_ERROR_NOT_SUPPORTED },
    { "jxs-trust 4294967296\n", JXS_ERROR_INVALID_ARGUMENT },
    { "jxs-trust 0\n", JXS_ERROR_INVALID_ARGUMENT },
    { "jxs-trust -1\n", JXS_ERROR_INVALID_ARGUMENT },
    { "jxs-trust 1x\n", JXS_ERROR_INVALID_ARGUMENT },
    { "jxs-trust \n", JXS_ERROR_INVALID_ARGUMENT },
    { "\njxs-trust 1\n", JXS_ERROR_INVALID_ARGUMENT },
    { "", JXS_ERROR_INVALID_ARGUMENT },
    { "\n", JXS_ERROR_INVALID_ARGUMENT },
    { "\xff\n", JXS_ERROR_INVALID_ARGUMENT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr (GError) error = NULL;
      guint n_invalid;
      g_autoptr (GPtrArray) rows =
          jxs_trust_text_parse (headers[i].text, strlen (headers[i].text), &n_invalid, &error);

      if (headers[i].code < 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, JXS_ERROR, headers[i].code);
      g_assert_cmpint (rows != NULL, ==, headers[i].code < 0);
    }
}

static void
test_lines (void)
{
  static const struct
  {
    const char *line;
    guint n_rows;
  } lines[] = {
    { START, 1 },
    { START "\r", 1 },
    { START "\t", 1 },
    { START "\t\t\t", 1 },
    { START "\t" B, 1 },
    { START "\t\tbalcony\t\tand what may come later", 1 },
    { "capulet.lit\tAA:" A "\tverified\tnone\t0\t0", 0 },
    { "JULIET@capulet.lit\t" A "\tdistrusted\tapplication\t0\t0", 1 },
    { "juliet@capulet.lit\t" A "\tverified\tfingerprint\t10", 0 },
    { "juliet@capulet.lit/balcony\t" A "\tverified\tfingerprint\t10\t20", 0 },
    { "@capulet.lit\t" A "\tverified\tfingerprint\t10\t20", 0 },
    { "\t" A "\tverified\tfingerprint\t10\t20", 0 },
    { "juliet@capulet.lit\taa\tverified\tfingerprint\t10\t20", 0 },
    { "juliet@capulet.lit\t" A "\tunknown\tfingerprint\t10\t20", 0 },
    { "juliet@capulet.lit\t" A "\tbest\tfingerprint\t10\t20", 0 },
    { "juliet@capulet.lit\t" A "\tverified\thearsay\t10\t20", 0 },
    { "juliet@capulet.lit\t" A "\tverified\tfingerprint\t-1\t20", 0 },
    { "juliet@capulet.lit\t" A "\tverified\tfingerprint\t10\t253402300800", 0 },
    { "juliet@capulet.lit\t" A "\tverified\tfingerprint\t10\t", 0 },
    { START "\tbb", 0 },
    { START "\t\t\tbm90IHRoaXMgb25l", 0 },
    { "\xff" START, 0 },
    { "nothing", 0 },
    { " ", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *text =
          g_strconcat ("jxs-trust 1\n# ", START, "\n\n", lines[i].line, "\n", NULL);
      guint n_invalid;
      g_autoptr (GPtrArray) rows = parse (text, &n_invalid);

      g_test_message ("%u", (guint) i);
      g_assert_cmpuint (rows->len, ==, lines[i].n_rows);
      g_assert_cmpuint (n_invalid, ==, 1 - lines[i].n_rows);
      if (rows->len > 0)
        g_assert_cmpstr (((JxsTrustRow *) rows->pdata[0])->jid, ==, "juliet@capulet.lit");
    }
}

/* A NUL cuts nothing off. */
static void
test_nul (void)
{
  static const char text[] = "jxs-trust 1\n" START "\0\n" START "\n";
  guint n_invalid;
  g_autoptr (GPtrArray) rows = jxs_trust_text_parse (text, sizeof text - 1, &n_invalid, NULL);

  g_assert_cmpuint (rows->len, ==, 1);
  g_assert_cmpuint (n_invalid, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/security/trust-text/round-trip", test_round_trip);
  g_test_add_func ("/security/trust-text/left-out", test_left_out);
  g_test_add_func ("/security/trust-text/header", test_header);
  g_test_add_func ("/security/trust-text/lines", test_lines);
  g_test_add_func ("/security/trust-text/nul", test_nul);

  return g_test_run ();
}
