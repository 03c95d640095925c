/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "identity-file.h"

#include <glib/gstdio.h>

void
identity_file_set_up (IdentityFile *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("jxs-identity-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "identity.pem", NULL);
  f->file = g_file_new_for_path (f->path);
  f->jid = jxs_jid_new ("romeo@montague.lit/orchard", &error);
  g_assert_no_error (error);
}

guint
identity_file_count (IdentityFile *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

void
identity_file_tear_down (IdentityFile *f, gconstpointer data)
{
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
  g_object_unref (f->file);
  jxs_jid_unref (f->jid);
}

void
identity_file_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  *out = g_object_ref (result);
}

GAsyncResult *
identity_file_wait (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

JxsIdentity *
identity_file_load (IdentityFile *f,
                    const char *password,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_load_async (
      f->file, password, G_PRIORITY_DEFAULT, cancellable, identity_file_result_cb, &result);
  return jxs_identity_load_finish (identity_file_wait (&result), error);
}

JxsIdentity *
identity_file_ensure (IdentityFile *f,
                      const char *password,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_load_or_generate_async (
      f->file, f->jid, password, G_PRIORITY_DEFAULT, cancellable, identity_file_result_cb, &result);
  return jxs_identity_load_or_generate_finish (identity_file_wait (&result), error);
}

gboolean
identity_file_save (IdentityFile *f,
                    JxsIdentity *identity,
                    const char *password,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  jxs_identity_save_async (identity,
                           f->file,
                           password,
                           G_PRIORITY_DEFAULT,
                           cancellable,
                           identity_file_result_cb,
                           &result);
  return jxs_identity_save_finish (identity, identity_file_wait (&result), error);
}

void
assert_same_identity (JxsIdentity *a, JxsIdentity *b)
{
  g_autofree char *first = jxs_identity_get_fingerprint (a, G_CHECKSUM_SHA256);
  g_autofree char *second = jxs_identity_get_fingerprint (b, G_CHECKSUM_SHA256);

  g_assert_cmpstr (first, ==, second);
}
