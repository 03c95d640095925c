/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/security/jxs-pubkey-codec-private.h>
#include <jxs-glib/security/jxs-sas-codec-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* What peers say inside streams: whatever the input, it is refused as such, or what was read can be
 * written and read again. */

static void
check_verification (JxsElement *element)
{
  g_auto (JxsSasMessage) message = { 0 };
  g_auto (JxsSasMessage) again = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (GError) error = NULL;

  if (!jxs_sas_parse (element, &message, &error))
    {
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }
  built = jxs_sas_build (&message);
  g_assert_true (jxs_sas_parse (built, &again, &error));
  g_assert_no_error (error);
  g_assert_cmpint (again.kind, ==, message.kind);
  g_assert_cmpstr (again.id, ==, message.id);
  g_assert_cmpmem (again.bytes, JXS_SAS_SIZE, message.bytes, JXS_SAS_SIZE);
  g_assert_cmpint (again.timed_out, ==, message.timed_out);
}

static void
check_keys (JxsElement *element)
{
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (GError) error = NULL;

  certificates = jxs_pubkeys_parse (element, &error);
  if (certificates == NULL)
    {
      if (!g_error_matches (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_NOT_ACCEPTABLE))
        g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }
  g_assert_cmpuint (certificates->len, <=, JXS_PUBKEYS_MAX_CERTIFICATES);
  built = jxs_pubkeys_build (certificates);
  again = jxs_pubkeys_parse (built, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, certificates->len);
  for (guint i = 0; i < again->len; i++)
    g_assert_true (g_tls_certificate_is_same (g_ptr_array_index (again, i),
                                              g_ptr_array_index (certificates, i)));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JxsElement) element = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);

  if (element == NULL)
    return 0;
  if (g_strcmp0 (jxs_element_get_namespace (element), JXS_NS_TMP_PUBKEY) == 0)
    check_keys (element);
  else
    check_verification (element);
  return 0;
}
