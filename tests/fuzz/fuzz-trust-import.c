/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-trust-text-private.h>

/* Whatever the input, it is refused, or what was read of it is written and read again the same. */

static void
check (GPtrArray *rows)
{
  g_autofree char *text = jxs_trust_text_build (rows);
  g_autofree char *second = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GError) error = NULL;
  guint n_invalid;

  for (guint i = 0; i < rows->len; i++)
    {
      const JxsTrustRow *row = g_ptr_array_index (rows, i);

      g_assert_cmpuint (strlen (row->fingerprint), ==, 64);
      g_assert_cmpint (row->level, !=, JXS_TRUST_LEVEL_UNKNOWN);
      g_assert_true (g_utf8_validate (row->jid, -1, NULL));
    }
  again = jxs_trust_text_parse (text, strlen (text), &n_invalid, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_invalid, ==, 0);
  g_assert_cmpuint (again->len, ==, rows->len);
  second = jxs_trust_text_build (again);
  g_assert_cmpstr (second, ==, text);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  guint n_invalid;

  rows = jxs_trust_text_parse ((const char *) data, size, &n_invalid, &error);
  if (rows != NULL)
    check (rows);
  else
    g_assert_true (g_error_matches (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT) ||
                   g_error_matches (error, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED));
  return 0;
}
