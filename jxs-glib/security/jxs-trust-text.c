/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-text-private.h>

#include <string.h>

#include <glib/gi18n-lib.h>
#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/security/jxs-fingerprint-private.h>

#define HEADER "jxs-trust "
#define VERSION 1
#define MAX_TIME G_GUINT64_CONSTANT (253402300799) /* the end of the year 9999 */

typedef enum
{
  FIELD_JID,
  FIELD_FINGERPRINT,
  FIELD_LEVEL,
  FIELD_ORIGIN,
  FIELD_FIRST_SEEN,
  FIELD_LAST_SEEN,
  FIELD_VOUCHER,
  FIELD_DEVICE,
  FIELD_CERTIFICATE,
  N_FIELDS
} Field;

static const char *
get_nick (GType type, int value)
{
  GEnumClass *values = g_type_class_ref (type);
  const char *nick = g_enum_get_value (values, value)->value_nick;

  g_type_class_unref (values);
  return nick;
}

static gboolean
parse_nick (GType type, const char *nick, int *value)
{
  GEnumClass *values = g_type_class_ref (type);
  const GEnumValue *found = g_enum_get_value_by_nick (values, nick);

  if (found != NULL)
    *value = found->value;
  g_type_class_unref (values);
  return found != NULL;
}

/* Written by somebody else; no address or digest has such. */
static gboolean
breaks_line (const char *field)
{
  return field != NULL && strpbrk (field, "\t\n\r") != NULL;
}

char *
jxs_trust_text_build (GPtrArray *rows)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, HEADER "%d\n", VERSION);
  g_string_append (
      text,
      "# address\tSHA-256\tlevel\torigin\tfirst seen\tlast seen\tvoucher\tdevice\tcertificate\n");
  for (guint i = 0; i < rows->len; i++)
    {
      const JxsTrustRow *row = g_ptr_array_index (rows, i);

      if (row->level == JXS_TRUST_LEVEL_UNKNOWN || breaks_line (row->jid) ||
          breaks_line (row->fingerprint) || breaks_line (row->voucher) || breaks_line (row->device))
        continue;
      g_string_append_printf (text,
                              "%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s",
                              row->jid,
                              row->fingerprint,
                              get_nick (JXS_TYPE_TRUST_LEVEL, (int) row->level),
                              get_nick (JXS_TYPE_TRUST_ORIGIN, (int) row->origin),
                              row->first_seen,
                              row->last_seen,
                              row->voucher != NULL ? row->voucher : "",
                              row->device != NULL ? row->device : "");
      if (row->certificate != NULL)
        {
          gsize size;
          const guint8 *der = g_bytes_get_data (row->certificate, &size);
          g_autofree char *base64 = g_base64_encode (der, size);

          g_string_append_printf (text, "\t%s", base64);
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

/* (nullable) */
static char *
parse_fingerprint (const char *text)
{
  GChecksumType type;

  return jxs_fingerprint_parse (text, "sha-256", &type, NULL);
}

static gboolean
parse_time (const char *text, gint64 *seconds)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, MAX_TIME, &value, NULL))
    return FALSE;
  *seconds = (gint64) value;
  return TRUE;
}

/* The address with the device, as one where both are text for addresses. (transfer full) */
static JxsJid *
parse_jid (const char *bare, const char *device)
{
  g_autofree char *full = g_strdup_printf ("%s/%s", bare, device);
  g_autoptr (JxsJid) jid = NULL;

  if (strchr (bare, '/') != NULL)
    return NULL;
  jid = jxs_jid_new (device[0] != '\0' ? full : bare, NULL);
  return g_steal_pointer (&jid);
}

static gboolean
parse_certificate (const char *base64, JxsTrustRow *row)
{
  g_autofree guchar *der = NULL;
  g_autofree char *digest = NULL;
  gsize size;

  if (base64[0] == '\0')
    return TRUE;
  der = g_base64_decode (base64, &size);
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der, size);
  if (strcmp (digest, row->fingerprint) != 0)
    return FALSE;
  if (size <= JXS_TRUST_ROW_MAX_CERTIFICATE)
    row->certificate = g_bytes_new_take (g_steal_pointer (&der), size);
  return TRUE;
}

/* (transfer full) (nullable) */
static JxsTrustRow *
parse_line (const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", N_FIELDS + 1);
  guint n_fields = g_strv_length (fields);
  g_autofree char *fingerprint = NULL;
  g_autoptr (JxsTrustRow) row = NULL;
  g_autoptr (JxsJid) jid = NULL;
  int level, origin;

  /* Editors cut off what looks empty at the end; later versions of this form may add fields. */
  if (n_fields <= FIELD_LAST_SEEN)
    return NULL;
  fingerprint = parse_fingerprint (fields[FIELD_FINGERPRINT]);
  jid = parse_jid (fields[FIELD_JID], n_fields > FIELD_DEVICE ? fields[FIELD_DEVICE] : "");
  if (fingerprint == NULL || jid == NULL ||
      !parse_nick (JXS_TYPE_TRUST_LEVEL, fields[FIELD_LEVEL], &level) ||
      level == JXS_TRUST_LEVEL_UNKNOWN ||
      !parse_nick (JXS_TYPE_TRUST_ORIGIN, fields[FIELD_ORIGIN], &origin))
    return NULL;

  row = jxs_trust_row_new (jid, fingerprint);
  row->level = (JxsTrustLevel) level;
  row->origin = (JxsTrustOrigin) origin;
  if (!parse_time (fields[FIELD_FIRST_SEEN], &row->first_seen) ||
      !parse_time (fields[FIELD_LAST_SEEN], &row->last_seen))
    return NULL;
  if (n_fields > FIELD_VOUCHER && fields[FIELD_VOUCHER][0] != '\0')
    {
      row->voucher = parse_fingerprint (fields[FIELD_VOUCHER]);
      if (row->voucher == NULL)
        return NULL;
    }
  if (n_fields > FIELD_CERTIFICATE && !parse_certificate (fields[FIELD_CERTIFICATE], row))
    return NULL;
  return g_steal_pointer (&row);
}

static gboolean
check_header (const char *line, GError **error)
{
  guint64 version;

  if (!g_str_has_prefix (line, HEADER) ||
      !g_ascii_string_to_unsigned (line + strlen (HEADER), 10, 1, G_MAXUINT32, &version, NULL))
    {
      g_set_error_literal (error,
                           JXS_ERROR,
                           JXS_ERROR_INVALID_ARGUMENT,
                           _ ("The file is no list of trusted keys"));
      return FALSE;
    }
  if (version > VERSION)
    {
      g_set_error_literal (
          error,
          JXS_ERROR,
          JXS_ERROR_NOT_SUPPORTED,
          _ ("The list of trusted keys was made by a newer version of this software"));
      return FALSE;
    }
  return TRUE;
}

GPtrArray *
jxs_trust_text_parse (const char *text, gsize size, guint *n_invalid, GError **error)
{
  g_autoptr (GPtrArray) rows = jxs_trust_rows_new ();
  const char *end = text + size;
  gboolean first = TRUE;

  *n_invalid = 0;
  if (size == 0)
    text = end = "";
  while (text < end || first)
    {
      const char *newline = memchr (text, '\n', (gsize) (end - text));
      const char *stop = newline != NULL ? newline : end;
      g_autofree char *line = g_strndup (text, (gsize) (stop - text));
      gboolean valid = g_utf8_validate_len (text, (gsize) (stop - text), NULL);

      if (g_str_has_suffix (line, "\r"))
        line[strlen (line) - 1] = '\0';
      text = newline != NULL ? newline + 1 : end;
      if (first)
        {
          if (!check_header (valid ? line : "", error))
            return NULL;
          first = FALSE;
        }
      else if (!valid || (line[0] != '\0' && line[0] != '#'))
        {
          g_autoptr (JxsTrustRow) row = valid ? parse_line (line) : NULL;

          if (row != NULL)
            g_ptr_array_add (rows, g_steal_pointer (&row));
          else
            (*n_invalid)++;
        }
    }
  return g_steal_pointer (&rows);
}
