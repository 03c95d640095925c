/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint.h>

/* What cameras and clipboards bring: a link or a fingerprint that can be written and read again, or
 * a message for people. */

static void
check_uri (const char *uri)
{
  g_autoptr (JxsJid) jid = NULL;
  g_autoptr (JxsJid) again_jid = NULL;
  g_autofree char *fingerprint = NULL;
  g_autofree char *again = NULL;
  g_autofree char *built = NULL;
  g_autoptr (GError) error = NULL;

  if (!jxs_fingerprint_from_uri (uri, &jid, &fingerprint, &error))
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return;
    }
  built = jxs_fingerprint_to_uri (jid, fingerprint);
  g_assert_true (jxs_fingerprint_from_uri (built, &again_jid, &again, &error));
  g_assert_no_error (error);
  g_assert_true (jxs_jid_equal (jid, again_jid));
  g_assert_cmpstr (fingerprint, ==, again);
}

static void
check_text (const char *text)
{
  g_autofree char *fingerprint = jxs_fingerprint_from_text (text, NULL);
  g_autofree char *shown = NULL;
  g_autofree char *again = NULL;

  if (fingerprint == NULL)
    return;
  g_assert_cmpuint (strlen (fingerprint), ==, 64);
  shown = jxs_fingerprint_to_text (fingerprint);
  again = jxs_fingerprint_from_text (shown, NULL);
  g_assert_cmpstr (fingerprint, ==, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  check_uri (text);
  check_text (text);
  return 0;
}
