/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-pubkey-codec-private.h>

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>
#include <jxs-glib/xml/jxs-namespaces-private.h>

/* The children of <pubkeys/> that are looked at: other kinds of keys may stand beside. */
#define MAX_CHILDREN (2 * JXS_PUBKEYS_MAX_CERTIFICATES)

static gboolean
refuse (GError **error, JxsStanzaError condition, const char *message)
{
  g_set_error_literal (error, JXS_STANZA_ERROR, condition, message);
  return FALSE;
}

/* Base64 in lines, as the examples have it; what is not base64 is an error (RFC 4648 §3.3). */
static GByteArray *
parse_der (const char *text, GError **error)
{
  const gsize max = (JXS_PUBKEYS_MAX_BYTES + 2) / 3 * 4;
  g_autoptr (GString) compact = g_string_new (NULL);
  g_autofree guchar *der = NULL;
  g_autofree char *canonical = NULL;
  gsize length = 0;

  for (; *text != '\0'; text++)
    if (!g_ascii_isspace (*text))
      {
        if (compact->len == max)
          {
            refuse (error, JXS_STANZA_ERROR_NOT_ACCEPTABLE, "A certificate is too large");
            return NULL;
          }
        g_string_append_c (compact, *text);
      }
  der = g_base64_decode (compact->str, &length);
  canonical = g_base64_encode (der, length);
  if (length == 0 || strcmp (canonical, compact->str) != 0)
    {
      refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "A certificate is not base64");
      return NULL;
    }
  return g_byte_array_new_take (g_steal_pointer (&der), length);
}

static GTlsCertificate *
parse_keyinfo (JxsElement *keyinfo, GError **error)
{
  JxsElement *name = jxs_element_find_child (keyinfo, "name", JXS_NS_TMP_PUBKEY);
  JxsElement *x509cert = jxs_element_find_child (keyinfo, "x509cert", JXS_NS_TMP_PUBKEY);
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree char *fingerprint = NULL;
  GChecksumType type;

  if (name == NULL || x509cert == NULL)
    {
      refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "A key lacks its name or its certificate");
      return NULL;
    }
  fingerprint = jxs_fingerprint_parse (jxs_element_get_text (name), "sha-1", &type, NULL);
  der = parse_der (jxs_element_get_text (x509cert), error);
  if (der == NULL)
    return NULL;
  certificate = g_initable_new (g_tls_backend_get_certificate_type (g_tls_backend_get_default ()),
                                NULL,
                                NULL,
                                "certificate",
                                der,
                                NULL);
  if (certificate == NULL)
    refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "A certificate cannot be read");
  else if (fingerprint == NULL || !jxs_fingerprint_matches (fingerprint, type, certificate))
    {
      refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "The name of a key is not its fingerprint");
      g_clear_object (&certificate);
    }
  return g_steal_pointer (&certificate);
}

GPtrArray *
jxs_pubkeys_parse (JxsElement *pubkeys, GError **error)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func (g_object_unref);
  guint seen = 0;

  if (!jxs_element_is (pubkeys, "pubkeys", JXS_NS_TMP_PUBKEY))
    {
      refuse (error, JXS_STANZA_ERROR_BAD_REQUEST, "Only keys are exchanged like this");
      return NULL;
    }
  for (JxsElement *child = jxs_element_get_first_child (pubkeys); child != NULL;
       child = jxs_element_get_next_sibling (child), seen++)
    {
      GTlsCertificate *certificate;

      if (seen == MAX_CHILDREN || certificates->len == JXS_PUBKEYS_MAX_CERTIFICATES)
        {
          refuse (error, JXS_STANZA_ERROR_NOT_ACCEPTABLE, "These are too many keys");
          return NULL;
        }
      if (!jxs_element_is (child, "keyinfo", JXS_NS_TMP_PUBKEY))
        continue;
      certificate = parse_keyinfo (child, error);
      if (certificate == NULL)
        return NULL;
      g_ptr_array_add (certificates, certificate);
    }
  return g_steal_pointer (&certificates);
}

JxsElement *
jxs_pubkeys_build (GPtrArray *certificates)
{
  JxsElement *pubkeys = jxs_element_new ("pubkeys", JXS_NS_TMP_PUBKEY);

  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      GTlsCertificate *certificate = g_ptr_array_index (certificates, i);
      JxsElement *keyinfo = jxs_element_append (pubkeys, "keyinfo", NULL);
      g_autofree char *name = jxs_fingerprint_compute (certificate, G_CHECKSUM_SHA1);
      g_autoptr (GByteArray) der = NULL;
      g_autofree char *text = NULL;

      g_object_get (certificate, "certificate", &der, NULL);
      text = g_base64_encode (der->data, der->len);
      jxs_element_add_text (jxs_element_append (keyinfo, "name", NULL), name);
      jxs_element_add_text (jxs_element_append (keyinfo, "x509cert", NULL), text);
    }
  return pubkeys;
}
