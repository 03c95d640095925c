/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-fingerprint-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <jxs-glib/base/jxs-error.h>

#define JXS_CERTIFICATE_MAX_ADDRESSES                                                              \
  16 /* names read from a peer's certificate; stops work chosen by strangers */

static const struct
{
  const char *name;
  GChecksumType type;
} algorithms[] = {
  { "sha-1", G_CHECKSUM_SHA1 },
  { "sha-256", G_CHECKSUM_SHA256 },
  { "sha-384", G_CHECKSUM_SHA384 },
  { "sha-512", G_CHECKSUM_SHA512 },
};

static GByteArray *
certificate_get_der (GTlsCertificate *certificate)
{
  GByteArray *der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  return der;
}

char *
jxs_fingerprint_compute (GTlsCertificate *certificate, GChecksumType type)
{
  g_autoptr (GByteArray) der = certificate_get_der (certificate);

  return der != NULL ? g_compute_checksum_for_data (type, der->data, der->len) : NULL;
}

const char *
jxs_fingerprint_algo_to_name (GChecksumType type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (algorithms[i].type == type)
      return algorithms[i].name;
  return NULL;
}

gboolean
jxs_fingerprint_algo_from_name (const char *name, GChecksumType *type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    {
      const char *known = algorithms[i].name;

      /* "sha-256" of XEP-0300, "sha256" of older clients. */
      if (g_ascii_strcasecmp (name, known) == 0 ||
          (g_ascii_strncasecmp (name, "sha", 3) == 0 && strcmp (name + 3, known + 4) == 0))
        {
          *type = algorithms[i].type;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
algo_from_length (gsize hex_length, GChecksumType *type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if ((gsize) g_checksum_type_get_length (algorithms[i].type) * 2 == hex_length)
      {
        *type = algorithms[i].type;
        return TRUE;
      }
  return FALSE;
}

char *
jxs_fingerprint_parse (const char *text, const char *algo, GChecksumType *type, GError **error)
{
  char hex[JXS_FINGERPRINT_MAX_BYTES * 2 + 1];
  gsize n = 0;

  if (algo != NULL && !jxs_fingerprint_algo_from_name (algo, type))
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_FEATURE_NOT_IMPLEMENTED,
                           _ ("The fingerprint is of an algorithm that is not supported"));
      return NULL;
    }

  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == ':' || g_ascii_isspace (*p))
        continue;
      if (!g_ascii_isxdigit (*p) || n == sizeof hex - 1)
        {
          g_set_error_literal (error,
                               JXS_STANZA_ERROR,
                               JXS_STANZA_ERROR_BAD_REQUEST,
                               _ ("The fingerprint is not a hexadecimal digest"));
          return NULL;
        }
      hex[n++] = g_ascii_tolower (*p);
    }
  hex[n] = '\0';

  if (algo != NULL ? (gsize) g_checksum_type_get_length (*type) * 2 != n
                   : !algo_from_length (n, type))
    {
      g_set_error_literal (error,
                           JXS_STANZA_ERROR,
                           JXS_STANZA_ERROR_BAD_REQUEST,
                           _ ("The fingerprint has the wrong length"));
      return NULL;
    }
  return g_strndup (hex, n);
}

gboolean
jxs_fingerprint_matches (const char *normalized, GChecksumType type, GTlsCertificate *certificate)
{
  g_autofree char *actual = jxs_fingerprint_compute (certificate, type);
  gsize length;

  if (actual == NULL)
    return FALSE;
  length = strlen (actual);
  return strlen (normalized) == length && gnutls_memcmp (normalized, actual, length) == 0;
}

char *
jxs_fingerprint_to_display (const char *normalized)
{
  GString *display = g_string_new (NULL);

  for (gsize i = 0; normalized[i] != '\0'; i++)
    {
      if (i > 0 && i % 2 == 0)
        g_string_append_c (display, ':');
      g_string_append_c (display, g_ascii_toupper (normalized[i]));
    }
  return g_string_free (display, FALSE);
}

static void
collect_address (GPtrArray *addresses, const gnutls_datum_t *oid, const gnutls_datum_t *value)
{
  g_autofree char *oid_text = g_strndup ((const char *) oid->data, oid->size);
  gnutls_datum_t address = { NULL, 0 };
  unsigned int type = 0;

  if (gnutls_x509_othername_to_virtual (oid_text, value, &type, &address) < 0)
    return;
  /* A NUL inside would let one name pass for another. */
  if (type == GNUTLS_SAN_OTHERNAME_XMPP && address.size > 0 &&
      memchr (address.data, '\0', address.size) == NULL &&
      g_utf8_validate ((const char *) address.data, address.size, NULL))
    g_ptr_array_add (addresses, g_strndup ((const char *) address.data, address.size));
  gnutls_free (address.data);
}

GPtrArray *
jxs_certificate_get_xmpp_addresses (GTlsCertificate *certificate)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) der = certificate_get_der (certificate);
  gnutls_subject_alt_names_t names = NULL;
  gnutls_x509_crt_t crt = NULL;
  gnutls_datum_t extension = { NULL, 0 };
  gnutls_datum_t input = { der != NULL ? der->data : NULL, der != NULL ? der->len : 0 };

  if (gnutls_x509_crt_init (&crt) == 0 && gnutls_subject_alt_names_init (&names) == 0 &&
      gnutls_x509_crt_import (crt, &input, GNUTLS_X509_FMT_DER) == 0 &&
      gnutls_x509_crt_get_extension_by_oid2 (crt, GNUTLS_X509EXT_OID_SAN, 0, &extension, NULL) ==
          0 &&
      gnutls_x509_ext_import_subject_alt_names (&extension, names, 0) == 0)
    for (unsigned int i = 0; i < JXS_CERTIFICATE_MAX_ADDRESSES; i++)
      {
        gnutls_datum_t value, oid;
        unsigned int type;

        if (gnutls_subject_alt_names_get (names, i, &type, &value, &oid) != 0)
          break;
        if (type == GNUTLS_SAN_OTHERNAME)
          collect_address (addresses, &oid, &value);
      }

  gnutls_free (extension.data);
  g_clear_pointer (&names, gnutls_subject_alt_names_deinit);
  g_clear_pointer (&crt, gnutls_x509_crt_deinit);
  return g_steal_pointer (&addresses);
}
