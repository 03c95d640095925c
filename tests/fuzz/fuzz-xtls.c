/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-xtls-codec-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* Whatever the input, it is refused as a bad request, or every digest in it is one, and what was
 * read can be written and read again. */

static void
check (const JxsXtls *xtls)
{
  g_auto (JxsXtls) again = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    if (xtls->fingerprints[i] != NULL)
      {
        g_assert_nonnull (jxs_fingerprint_algo_to_name (i));
        g_assert_cmpuint (strlen (xtls->fingerprints[i]),
                          ==,
                          (gsize) g_checksum_type_get_length (i) * 2);
      }

  built = jxs_xtls_build (xtls);
  g_assert_true (jxs_xtls_parse (built, &again, &error));
  g_assert_no_error (error);
  /* The forms of the first drafts cannot carry everything. */
  if (xtls->form != JXS_XTLS_FORM_CURRENT)
    return;
  g_assert_cmpint (again.methods, ==, xtls->methods);
  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    g_assert_cmpstr (again.fingerprints[i], ==, xtls->fingerprints[i]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JxsElement) element = NULL;
  g_auto (JxsXtls) xtls = { 0 };
  g_autoptr (GError) error = NULL;

  element = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);
  if (element == NULL)
    return 0;
  if (jxs_xtls_parse (element, &xtls, &error))
    check (&xtls);
  else
    g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
  return 0;
}
