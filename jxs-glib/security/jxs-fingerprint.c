/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-fingerprint-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-error.h>

/* xmpp:romeo@montague.lit?trust;sha-256=… */
#define URI_SCHEME "xmpp:"
#define URI_QUERY "trust"
#define URI_KEY "sha-256"

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

char *
jxs_fingerprint_compute (GTlsCertificate *certificate, GChecksumType type)
{
  g_autoptr (GByteArray) der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
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

/**
 * jxs_fingerprint_to_text:
 * @fingerprint: a fingerprint in hexadecimal, as of [method@Identity.get_fingerprint]
 *
 * Writes a fingerprint for people to compare or to read aloud: upper case, in groups of four digits
 * with spaces between.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
char *
jxs_fingerprint_to_text (const char *fingerprint)
{
  GString *text = NULL;

  g_return_val_if_fail (fingerprint != NULL, NULL);

  text = g_string_new (NULL);
  for (gsize i = 0; fingerprint[i] != '\0'; i++)
    {
      if (i > 0 && i % 4 == 0)
        g_string_append_c (text, ' ');
      g_string_append_c (text, g_ascii_toupper (fingerprint[i]));
    }
  return g_string_free (text, FALSE);
}

/**
 * jxs_fingerprint_from_text:
 * @text: what a person typed or pasted
 * @error: return location for an error
 *
 * Reads a SHA-256 fingerprint in any of the usual notations: upper or lower case, with or without
 * spaces and colons.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT if it is no such fingerprint.
 *
 * Returns: (transfer full): the fingerprint in lower-case hexadecimal, or %NULL on error
 *
 * Since: 1.0
 */
char *
jxs_fingerprint_from_text (const char *text, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  GChecksumType type;
  char *fingerprint;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  fingerprint = jxs_fingerprint_parse (text, "sha-256", &type, &local_error);
  if (fingerprint == NULL)
    g_set_error_literal (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, local_error->message);
  return fingerprint;
}

/**
 * jxs_fingerprint_to_uri:
 * @jid: whose key it is; a resource is left out
 * @fingerprint: the SHA-256 fingerprint, in hexadecimal
 *
 * Makes a URI of a fingerprint, for QR codes and messages over another way (XEP-0147 syntax):
 * `xmpp:romeo@montague.lit?trust;sha-256=…`.
 *
 * Returns: (transfer full): the URI
 *
 * Since: 1.0
 */
char *
jxs_fingerprint_to_uri (JxsJid *jid, const char *fingerprint)
{
  g_autofree char *domain = NULL;
  g_autofree char *local = NULL;

  g_return_val_if_fail (jid != NULL, NULL);
  g_return_val_if_fail (fingerprint != NULL, NULL);

  /* Brackets and colons: addresses of IPv6 (RFC 5122 §2.2). */
  domain = g_uri_escape_string (jxs_jid_get_domain (jid), "[]:", FALSE);
  if (jxs_jid_get_local (jid) != NULL)
    local = g_uri_escape_string (jxs_jid_get_local (jid), NULL, FALSE);
  return g_strconcat (URI_SCHEME,
                      local != NULL ? local : "",
                      local != NULL ? "@" : "",
                      domain,
                      "?" URI_QUERY ";" URI_KEY "=",
                      fingerprint,
                      NULL);
}

static gboolean
refuse_uri (GError **error, const char *why)
{
  g_set_error_literal (error, JXS_ERROR, JXS_ERROR_INVALID_ARGUMENT, why);
  return FALSE;
}

/* The address, escaped: the path, without authority, query and fragment. */
static JxsJid *
parse_uri_path (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autoptr (JxsJid) jid = NULL;

  if (path[0] == '/')
    {
      refuse_uri (error, _ ("The link is for a certain account of yours, not for a key"));
      return NULL;
    }
  text = g_uri_unescape_string (path, NULL);
  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    {
      refuse_uri (error, _ ("The link is damaged: its address cannot be read"));
      return NULL;
    }
  jid = jxs_jid_new (text, &local_error);
  if (jid == NULL)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("The address in the link is not valid: %s"),
                   local_error->message);
      return NULL;
    }
  return jxs_jid_to_bare (jid);
}

/* The fingerprint among the pairs; other keys are for others, or for later. */
static char *
parse_uri_pairs (char **pairs, GError **error)
{
  g_autofree char *fingerprint = NULL;

  for (gsize i = 0; pairs[i] != NULL; i++)
    {
      g_autofree char *value = NULL;

      if (!g_str_has_prefix (pairs[i], URI_KEY "="))
        continue;
      if (fingerprint != NULL)
        {
          refuse_uri (error, _ ("The link holds more than one fingerprint"));
          return NULL;
        }
      value = g_uri_unescape_string (pairs[i] + strlen (URI_KEY "="), NULL);
      if (value == NULL)
        {
          refuse_uri (error, _ ("The link is damaged: its fingerprint cannot be read"));
          return NULL;
        }
      fingerprint = jxs_fingerprint_from_text (value, error);
      if (fingerprint == NULL)
        return NULL;
    }
  if (fingerprint == NULL)
    refuse_uri (error, _ ("The link holds no SHA-256 fingerprint"));
  return g_steal_pointer (&fingerprint);
}

/**
 * jxs_fingerprint_from_uri:
 * @uri: a URI, as read from a QR code
 * @jid: (out) (transfer full): return location for the bare address
 * @fingerprint: (out) (transfer full): return location for the SHA-256 fingerprint, in lower-case
 *   hexadecimal
 * @error: return location for an error
 *
 * Takes a URI of [func@fingerprint_to_uri] apart.
 *
 * Fails with %JXS_ERROR_INVALID_ARGUMENT, and a message for people, if it is not one.
 *
 * Returns: %TRUE if @jid and @fingerprint are set
 *
 * Since: 1.0
 */
gboolean
jxs_fingerprint_from_uri (const char *uri, JxsJid **jid, char **fingerprint, GError **error)
{
  g_autofree char *path = NULL;
  g_auto (GStrv) pairs = NULL;
  g_autoptr (JxsJid) parsed_jid = NULL;
  g_autofree char *parsed_fingerprint = NULL;
  char *query;

  g_return_val_if_fail (uri != NULL, FALSE);
  g_return_val_if_fail (jid != NULL, FALSE);
  g_return_val_if_fail (fingerprint != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (g_ascii_strncasecmp (uri, URI_SCHEME, strlen (URI_SCHEME)) != 0)
    return refuse_uri (error, _ ("This is not a link to an XMPP address"));
  path = g_strdup (uri + strlen (URI_SCHEME));
  path[strcspn (path, "#")] = '\0';
  query = strchr (path, '?');
  if (query == NULL)
    return refuse_uri (error, _ ("The link holds no fingerprint"));
  *query++ = '\0';
  pairs = g_strsplit (query, ";", -1);
  /* The query type comes first (XEP-0147 §2). */
  if (g_strcmp0 (pairs[0], URI_QUERY) != 0)
    return refuse_uri (error, _ ("The link is for something else than a fingerprint"));

  parsed_jid = parse_uri_path (path, error);
  if (parsed_jid == NULL)
    return FALSE;
  parsed_fingerprint = parse_uri_pairs (pairs + 1, error);
  if (parsed_fingerprint == NULL)
    return FALSE;
  *jid = g_steal_pointer (&parsed_jid);
  *fingerprint = g_steal_pointer (&parsed_fingerprint);
  return TRUE;
}
