/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-xtls-codec-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

static const struct
{
  const char *name;
  JxsXtlsMethods method;
} methods[] = {
  { "x509", JXS_XTLS_METHOD_X509 },
  { "srp", JXS_XTLS_METHOD_SRP },
  { "openpgp", JXS_XTLS_METHOD_OPENPGP },
};

static gboolean
bad_request (GError **error, const char *message)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST, message);
  return FALSE;
}

/* 0 for a method without a name here. */
static JxsXtlsMethods
method_from_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (name, methods[i].name))
      return methods[i].method;
  return 0;
}

/* Two different digests of one certificate by one algorithm cannot be. */
static gboolean
add_fingerprint (JxsXtls *xtls, GChecksumType type, const char *normalized, GError **error)
{
  if (xtls->fingerprints[type] != NULL && !g_str_equal (xtls->fingerprints[type], normalized))
    return bad_request (error, _ ("Two fingerprints of the certificate contradict each other"));
  g_free (xtls->fingerprints[type]);
  xtls->fingerprints[type] = g_strdup (normalized);
  return TRUE;
}

/* Hexadecimal text, as in <fingerprint/>; algo is what older clients add to it. */
static gboolean
parse_hexadecimal (JxsXtls *xtls, const char *text, const char *algo, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *normalized = NULL;
  GChecksumType type;

  normalized = jxs_fingerprint_parse (text, algo, &type, &local_error);
  if (normalized != NULL)
    return add_fingerprint (xtls, type, normalized, error);
  /* Another algorithm may stand beside it. */
  if (g_error_matches (local_error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/* XEP-0300 §2: base64. */
static gboolean
parse_hash (JxsXtls *xtls, JxsElement *hash, GError **error)
{
  const char *algo = jxs_element_get_attribute (hash, "algo");
  const char *text = jxs_element_get_text (hash);
  char base64[JXS_FINGERPRINT_MAX_BYTES / 3 * 4 + 5];
  g_autofree guint8 *digest = NULL;
  g_autofree char *canonical = NULL;
  GString *hexadecimal;
  g_autofree char *normalized = NULL;
  gsize length = 0;
  gsize n = 0;
  GChecksumType type;

  if (algo == NULL)
    return bad_request (error, _ ("A hash lacks its algorithm"));
  if (!jxs_fingerprint_algo_from_name (algo, &type))
    return TRUE;

  for (; *text != '\0' && n < sizeof base64 - 1; text++)
    if (!g_ascii_isspace (*text))
      base64[n++] = *text;
  base64[n] = '\0';

  digest = g_base64_decode (base64, &length);
  canonical = g_base64_encode (digest, length);
  if (*text != '\0' || !g_str_equal (canonical, base64) ||
      length != (gsize) g_checksum_type_get_length (type))
    return bad_request (error, _ ("A hash is not a digest of its algorithm"));

  hexadecimal = g_string_sized_new (length * 2);
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hexadecimal, "%02x", digest[i]);
  normalized = g_string_free (hexadecimal, FALSE);
  return add_fingerprint (xtls, type, normalized, error);
}

/* <keyinfo><name>HASH</name></keyinfo> and methods named by elements. */
static gboolean
parse_offer (JxsXtls *xtls, JxsElement *offer, GError **error)
{
  guint seen = 0;

  xtls->form = JXS_XTLS_FORM_OFFER;
  for (JxsElement *child = jxs_element_get_first_child (offer);
       child != NULL && seen < JXS_XTLS_MAX_CHILDREN;
       child = jxs_element_get_next_sibling (child), seen++)
    if (jxs_element_is (child, "keyinfo", JXS_NS_TMP_PUBKEY))
      {
        JxsElement *name = jxs_element_find_child (child, "name", JXS_NS_TMP_PUBKEY);

        if (name == NULL)
          return bad_request (error, _ ("The key in the offer lacks its name"));
        if (!parse_hexadecimal (xtls, jxs_element_get_text (name), NULL, error))
          return FALSE;
        xtls->methods |= JXS_XTLS_METHOD_X509;
      }
    else if (g_strcmp0 (jxs_element_get_namespace (child), JXS_NS_TMP_C2CTLS) == 0)
      xtls->methods |= method_from_name (jxs_element_get_name (child));
  return TRUE;
}

static gboolean
parse_child (JxsXtls *xtls, JxsElement *child, const char *namespace_uri, GError **error)
{
  if (jxs_element_is (child, "fingerprint", namespace_uri))
    {
      const char *algo = jxs_element_get_attribute (child, "algo");

      if (algo == NULL)
        algo = jxs_element_get_attribute (child, "hash");
      return parse_hexadecimal (xtls, jxs_element_get_text (child), algo, error);
    }
  if (jxs_element_is (child, "method", namespace_uri))
    {
      const char *name = jxs_element_get_attribute (child, "name");

      if (name == NULL)
        return bad_request (error, _ ("A security method lacks its name"));
      xtls->methods |= method_from_name (name);
      return TRUE;
    }
  if (jxs_element_is (child, "hash", JXS_NS_HASHES))
    return parse_hash (xtls, child, error);
  if (jxs_element_is (child, "offer", JXS_NS_TMP_C2CTLS))
    return parse_offer (xtls, child, error);
  return TRUE;
}

gboolean
jxs_xtls_parse (JxsElement *security, JxsXtls *xtls, GError **error)
{
  const char *namespace_uri = jxs_element_get_namespace (security);
  const char *method = jxs_element_get_attribute (security, "method");
  g_auto (JxsXtls) parsed = { 0 };
  guint seen = 0;

  if (method != NULL)
    {
      parsed.form = JXS_XTLS_FORM_ATTRIBUTE;
      parsed.methods |= method_from_name (method);
    }
  for (JxsElement *child = jxs_element_get_first_child (security); child != NULL;
       child = jxs_element_get_next_sibling (child), seen++)
    {
      if (seen == JXS_XTLS_MAX_CHILDREN)
        return bad_request (error, _ ("The security precondition holds too many elements"));
      if (!parse_child (&parsed, child, namespace_uri, error))
        return FALSE;
    }

  *xtls = parsed;
  memset (&parsed, 0, sizeof parsed);
  return TRUE;
}

static void
build_hash (JxsElement *security, GChecksumType type, const char *normalized)
{
  guint8 digest[JXS_FINGERPRINT_MAX_BYTES];
  gsize length = strlen (normalized) / 2;
  JxsElement *hash = jxs_element_append (security, "hash", JXS_NS_HASHES);
  g_autofree char *base64 = NULL;

  for (gsize i = 0; i < length; i++)
    digest[i] = g_ascii_xdigit_value (normalized[2 * i]) << 4 |
                g_ascii_xdigit_value (normalized[2 * i + 1]);
  base64 = g_base64_encode (digest, length);
  jxs_element_set_attribute (hash, "algo", jxs_fingerprint_algo_to_name (type));
  jxs_element_add_text (hash, base64);
}

static void
build_offer (JxsElement *security, const JxsXtls *xtls)
{
  JxsElement *offer = jxs_element_append (security, "offer", JXS_NS_TMP_C2CTLS);

  if (xtls->fingerprints[G_CHECKSUM_SHA1] != NULL)
    {
      JxsElement *keyinfo = jxs_element_append (offer, "keyinfo", JXS_NS_TMP_PUBKEY);

      jxs_element_add_text (jxs_element_append (keyinfo, "name", NULL),
                            xtls->fingerprints[G_CHECKSUM_SHA1]);
    }
  /* The key stands for x509. */
  for (gsize i = 1; i < G_N_ELEMENTS (methods); i++)
    if ((xtls->methods & methods[i].method) != 0)
      jxs_element_append (offer, methods[i].name, NULL);
}

JxsElement *
jxs_xtls_build (const JxsXtls *xtls)
{
  JxsElement *security = jxs_element_new ("security", JXS_NS_XTLS);

  if (xtls->form == JXS_XTLS_FORM_OFFER)
    {
      build_offer (security, xtls);
      return security;
    }
  if (xtls->fingerprints[G_CHECKSUM_SHA1] != NULL)
    jxs_element_add_text (jxs_element_append (security, "fingerprint", NULL),
                          xtls->fingerprints[G_CHECKSUM_SHA1]);
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if ((xtls->methods & methods[i].method) != 0)
      {
        if (xtls->form == JXS_XTLS_FORM_ATTRIBUTE)
          jxs_element_set_attribute (security, "method", methods[i].name);
        else
          jxs_element_set_attribute (jxs_element_append (security, "method", NULL),
                                     "name",
                                     methods[i].name);
      }
  for (int type = 0; type < JXS_XTLS_N_DIGESTS; type++)
    if (type != G_CHECKSUM_SHA1 && xtls->fingerprints[type] != NULL)
      build_hash (security, type, xtls->fingerprints[type]);
  return security;
}

gboolean
jxs_xtls_has_fingerprint (const JxsXtls *xtls)
{
  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    if (xtls->fingerprints[i] != NULL)
      return TRUE;
  return FALSE;
}

void
jxs_xtls_clear (JxsXtls *xtls)
{
  for (gsize i = 0; i < JXS_XTLS_N_DIGESTS; i++)
    g_clear_pointer (&xtls->fingerprints[i], g_free);
  xtls->methods = 0;
}
