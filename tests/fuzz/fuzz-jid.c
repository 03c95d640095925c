/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/base/jxs-jid.h>

/* Whatever the input, it is refused as an invalid address, or it comes out the same however it is
 * taken apart and put together again (RFC 7622 §3). */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (JxsJid) jid = jxs_jid_new (text, &error);
  g_autoptr (JxsJid) again = NULL;
  g_autoptr (JxsJid) from_parts = NULL;
  g_autoptr (JxsJid) bare = NULL;

  if (jid == NULL)
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_INVALID_JID);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  g_assert_no_error (error);
  g_assert_true (g_utf8_validate (jxs_jid_to_string (jid), -1, NULL));
  g_assert_cmpuint (strlen (jxs_jid_to_string (jid)), <=, 3 * 1023 + 2);

  again = jxs_jid_new (jxs_jid_to_string (jid), &error);
  g_assert_no_error (error);
  g_assert_true (jxs_jid_equal (jid, again));
  g_assert_cmpuint (jxs_jid_hash (jid), ==, jxs_jid_hash (again));

  from_parts = jxs_jid_new_from_parts (jxs_jid_get_local (jid),
                                       jxs_jid_get_domain (jid),
                                       jxs_jid_get_resource (jid),
                                       &error);
  g_assert_no_error (error);
  g_assert_true (jxs_jid_equal (jid, from_parts));

  bare = jxs_jid_to_bare (jid);
  g_assert_false (jxs_jid_is_full (bare));
  g_assert_true (jxs_jid_equal_bare (jid, bare));
  return 0;
}
