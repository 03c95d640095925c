/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-certificate-names-private.h>

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>

#define XMPP_ADDRESS_OID "1.3.6.1.5.5.7.8.5" /* id-on-xmppAddr, RFC 6120 §13.7.1.4 */
#define SRV_NAME_OID "1.3.6.1.5.5.7.8.7"     /* id-on-dnsSRV, RFC 4985 §2 */

#define TAG_UTF8_STRING 0x0c
#define TAG_IA5_STRING 0x16

/* A NUL inside would let one name pass for another; it is no valid UTF-8 here. */
static char *
text_new (const guint8 *data, gsize size, gboolean only_ascii)
{
  if (size == 0 || !g_utf8_validate ((const char *) data, size, NULL))
    return NULL;
  for (gsize i = 0; only_ascii && i < size; i++)
    if (data[i] >= 0x80)
      return NULL;
  return g_strndup ((const char *) data, size);
}

/* The one string that the value of an otherName is, in DER with this tag. */
static char *
decode_string (const gnutls_datum_t *value, guint8 tag)
{
  const guint8 *data = value->data;
  gsize rest = value->size;
  gsize length;

  if (rest < 2 || data[0] != tag)
    return NULL;
  length = data[1];
  data += 2;
  rest -= 2;
  if (length >= 0x80)
    {
      gsize n = length & 0x7f;

      if (n == 0 || n > 3 || n > rest)
        return NULL;
      for (length = 0; n > 0; n--, rest--)
        length = length << 8 | *data++;
    }
  return length == rest ? text_new (data, length, tag == TAG_IA5_STRING) : NULL;
}

static gboolean
oid_is (const gnutls_datum_t *oid, const char *expected)
{
  return oid->size == strlen (expected) && memcmp (oid->data, expected, oid->size) == 0;
}

static void
add_name (JxsCertificateNames *self,
          unsigned int type,
          const gnutls_datum_t *value,
          const gnutls_datum_t *oid)
{
  char *name;

  if (type == GNUTLS_SAN_DNSNAME)
    {
      if ((name = text_new (value->data, value->size, TRUE)) != NULL)
        g_ptr_array_add (self->hosts, name);
    }
  else if (type == GNUTLS_SAN_OTHERNAME && oid_is (oid, XMPP_ADDRESS_OID))
    {
      if ((name = decode_string (value, TAG_UTF8_STRING)) != NULL)
        g_ptr_array_add (self->addresses, name);
      else
        self->has_broken_address = TRUE;
    }
  else if (type == GNUTLS_SAN_OTHERNAME && oid_is (oid, SRV_NAME_OID))
    {
      if ((name = decode_string (value, TAG_IA5_STRING)) != NULL)
        g_ptr_array_add (self->services, name);
    }
}

static gboolean
add_names (JxsCertificateNames *self, gnutls_subject_alt_names_t names)
{
  for (unsigned int i = 0; i <= JXS_CERTIFICATE_MAX_NAMES; i++)
    {
      gnutls_datum_t value = { NULL, 0 }, oid = { NULL, 0 };
      unsigned int type;
      int code = gnutls_subject_alt_names_get (names, i, &type, &value, &oid);

      if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return TRUE;
      if (code != 0)
        return FALSE;
      add_name (self, type, &value, &oid);
    }
  return FALSE;
}

gboolean
jxs_certificate_names_init (JxsCertificateNames *self, gnutls_x509_crt_t crt)
{
  gnutls_subject_alt_names_t names = NULL;
  gnutls_datum_t extension = { NULL, 0 };
  gnutls_datum_t second = { NULL, 0 };
  gboolean done = FALSE;
  int code;

  self->addresses = g_ptr_array_new_with_free_func (g_free);
  self->hosts = g_ptr_array_new_with_free_func (g_free);
  self->services = g_ptr_array_new_with_free_func (g_free);
  self->has_broken_address = FALSE;

  code = gnutls_x509_crt_get_extension_by_oid2 (crt, GNUTLS_X509EXT_OID_SAN, 0, &extension, NULL);
  if (code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
    return TRUE;
  /* Two of them: which counts would be anybody's guess (RFC 5280 §4.2). */
  if (code == 0 &&
      gnutls_x509_crt_get_extension_by_oid2 (crt, GNUTLS_X509EXT_OID_SAN, 1, &second, NULL) != 0 &&
      gnutls_subject_alt_names_init (&names) == 0 &&
      gnutls_x509_ext_import_subject_alt_names (&extension, names, 0) == 0)
    done = add_names (self, names);

  gnutls_free (extension.data);
  gnutls_free (second.data);
  g_clear_pointer (&names, gnutls_subject_alt_names_deinit);
  return done;
}

void
jxs_certificate_names_clear (JxsCertificateNames *self)
{
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->hosts, g_ptr_array_unref);
  g_clear_pointer (&self->services, g_ptr_array_unref);
}

gboolean
jxs_certificate_names_has_address (const JxsCertificateNames *self, JxsJid *jid)
{
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (jid);

  for (guint i = 0; i < self->addresses->len; i++)
    {
      g_autoptr (JxsJid) named = jxs_jid_new (g_ptr_array_index (self->addresses, i), NULL);

      if (named != NULL && (jxs_jid_equal (named, jid) || jxs_jid_equal (named, bare)))
        return TRUE;
    }
  return FALSE;
}

/* A wildcard is a whole label, the left-most one, and stands for exactly one (RFC 6125 §6.4.3);
 * what follows it must be a domain that somebody can own. */
static gboolean
host_matches (const char *name, const char *host)
{
  const char *parent;

  if (!g_str_has_prefix (name, "*."))
    return g_ascii_strcasecmp (name, host) == 0;
  parent = strchr (host, '.');
  return parent != NULL && parent != host && strchr (name + 2, '.') != NULL &&
         g_ascii_strcasecmp (name + 1, parent) == 0;
}

/* "_xmpp-server.example.org"; wildcards are not for these. */
static gboolean
service_matches (const char *name, const char *host)
{
  static const char *const prefixes[] = { "_xmpp-client.", "_xmpp-server." };

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_ascii_strncasecmp (name, prefixes[i], strlen (prefixes[i])) == 0 &&
        g_ascii_strcasecmp (name + strlen (prefixes[i]), host) == 0)
      return TRUE;
  return FALSE;
}

gboolean
jxs_certificate_names_has_service (const JxsCertificateNames *self, const char *domain)
{
  g_autofree char *host = NULL;

  /* RFC 6125 §1.7.2: addresses of machines are not names of services. */
  if (domain[0] == '[' || g_hostname_is_ip_address (domain))
    return FALSE;
  host = g_hostname_to_ascii (domain);
  if (host == NULL)
    return FALSE;
  for (guint i = 0; i < self->hosts->len; i++)
    if (host_matches (g_ptr_array_index (self->hosts, i), host))
      return TRUE;
  for (guint i = 0; i < self->services->len; i++)
    if (service_matches (g_ptr_array_index (self->services, i), host))
      return TRUE;
  return FALSE;
}
