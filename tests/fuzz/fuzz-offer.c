/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/security/jxs-offer-codec-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* Whatever the input, what is understood of it is bounded and well-formed, and can be written and
 * read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JxsElement) element = NULL;
  g_autoptr (JxsElement) built = NULL;
  g_auto (JxsOffer) offer = { 0 };
  g_auto (JxsOffer) again = { 0 };

  element = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);
  if (element == NULL)
    return 0;
  jxs_offer_parse (element, &offer);
  g_assert_cmpuint (offer.n_keys, <=, JXS_OFFER_MAX_KEYS);
  for (guint i = 0; i < offer.n_keys; i++)
    g_assert_cmpuint (strlen (offer.keys[i].fingerprint),
                      ==,
                      (gsize) g_checksum_type_get_length (offer.keys[i].type) * 2);

  built = jxs_offer_build (&offer);
  jxs_offer_parse (built, &again);
  g_assert_cmpuint (again.n_keys, ==, offer.n_keys);
  g_assert_cmpint (again.srp, ==, offer.srp);
  g_assert_cmpint (again.insecure, ==, offer.insecure);
  for (guint i = 0; i < offer.n_keys; i++)
    g_assert_true (jxs_offer_has_key (&again, offer.keys[i].type, offer.keys[i].fingerprint));
  return 0;
}
