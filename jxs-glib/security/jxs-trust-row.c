/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-trust-row-private.h>

#include <string.h>

static void
row_clear (gpointer data)
{
  JxsTrustRow *self = data;

  g_free (self->jid);
  g_free (self->fingerprint);
  g_free (self->device);
  g_clear_pointer (&self->certificate, g_bytes_unref);
  g_free (self->voucher);
}

JxsTrustRow *
jxs_trust_row_new (JxsJid *peer, const char *fingerprint)
{
  JxsTrustRow *self = g_atomic_rc_box_new0 (JxsTrustRow);
  g_autoptr (JxsJid) bare = jxs_jid_to_bare (peer);

  self->jid = g_strdup (jxs_jid_to_string (bare));
  self->device = g_strdup (jxs_jid_get_resource (peer));
  self->fingerprint = g_strdup (fingerprint);
  self->level = JXS_TRUST_LEVEL_UNKNOWN;
  return self;
}

JxsTrustRow *
jxs_trust_row_copy (const JxsTrustRow *self)
{
  JxsTrustRow *copy = g_atomic_rc_box_new0 (JxsTrustRow);

  *copy = *self;
  copy->jid = g_strdup (self->jid);
  copy->fingerprint = g_strdup (self->fingerprint);
  copy->device = g_strdup (self->device);
  copy->certificate = self->certificate != NULL ? g_bytes_ref (self->certificate) : NULL;
  copy->voucher = g_strdup (self->voucher);
  return copy;
}

JxsTrustRow *
jxs_trust_row_ref (JxsTrustRow *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
jxs_trust_row_unref (JxsTrustRow *self)
{
  g_atomic_rc_box_release_full (self, row_clear);
}

GPtrArray *
jxs_trust_rows_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) jxs_trust_row_unref);
}

JxsTrustRow *
jxs_trust_rows_find (GPtrArray *rows, const char *fingerprint)
{
  for (guint i = 0; i < rows->len; i++)
    {
      JxsTrustRow *row = g_ptr_array_index (rows, i);

      if (strcmp (row->fingerprint, fingerprint) == 0)
        return row;
    }
  return NULL;
}

void
jxs_trust_row_set_certificate (JxsTrustRow *self, GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  g_clear_pointer (&self->certificate, g_bytes_unref);
  if (der != NULL && der->len <= JXS_TRUST_ROW_MAX_CERTIFICATE)
    self->certificate = g_bytes_new (der->data, der->len);
}

gint64
jxs_trust_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}
