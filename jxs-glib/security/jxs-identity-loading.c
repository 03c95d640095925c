/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity-private.h>

#include <unistd.h>

#include <jxs-glib/base/jxs-clock-private.h>
#include <jxs-glib/base/jxs-log-private.h>
#include <jxs-glib/security/jxs-certificate-private.h>
#include <jxs-glib/security/jxs-identity-file-private.h>
#include <jxs-glib/security/jxs-identity-pem-private.h>

/* Peers learn the successor while the old key still authenticates a stream: those that were met
 * within these days. */
#define DAY_SECONDS (G_GINT64_CONSTANT (24) * 60 * 60)
#define RENEW_SECONDS (90 * DAY_SECONDS)
/* The successor takes over before the old certificate ends: peers' clocks differ, and programs run
 * for long. Not before it was known for as long. */
#define REPLACE_SECONDS (14 * DAY_SECONDS)

typedef struct
{
  GFile *file;    /* (owned) */
  JxsJid *jid;    /* (owned) (nullable): for a new identity, if one may be made */
  char *password; /* (owned) (nullable): wiped */
  gint64 now;     /* seconds of the calendar */
} FileJob;

static FileJob *
file_job_new (GFile *file, JxsJid *jid, const char *password)
{
  FileJob *job = g_new0 (FileJob, 1);

  job->file = g_object_ref (file);
  job->jid = jid != NULL ? jxs_jid_ref (jid) : NULL;
  job->password = g_strdup (password);
  job->now = jxs_clock_utc ();
  return job;
}

static void
file_job_free (gpointer data)
{
  FileJob *job = data;

  g_clear_object (&job->file);
  g_clear_pointer (&job->jid, jxs_jid_unref);
  g_clear_pointer (&job->password, jxs_identity_wipe);
  g_free (job);
}

static JxsIdentity *
load (FileJob *job, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GTlsCertificate) successor = NULL;
  char *pem = jxs_identity_file_read (job->file, error);
  gboolean parsed;

  if (pem == NULL)
    return NULL;
  parsed = jxs_identity_pem_parse (pem, job->password, &certificate, &successor, error);
  jxs_identity_wipe (pem);
  if (!parsed)
    {
      g_autofree char *name = g_file_get_parse_name (job->file);

      g_prefix_error (error, "“%s”: ", name);
      return NULL;
    }
  return jxs_identity_new (certificate, successor);
}

static gboolean
save (FileJob *job,
      JxsIdentity *identity,
      JxsIdentity *successor,
      JxsIdentityFileMode mode,
      GCancellable *cancellable,
      GError **error)
{
  char *pem =
      jxs_identity_pem_build (jxs_identity_get_certificate (identity),
                              successor != NULL ? jxs_identity_get_certificate (successor) : NULL,
                              job->password,
                              error);
  gboolean saved =
      pem != NULL && jxs_identity_file_write (job->file, pem, mode, cancellable, error);

  jxs_identity_wipe (pem);
  return saved;
}

static gint64
get_left (FileJob *job, JxsIdentity *identity)
{
  return jxs_identity_get_expiry (identity) - job->now;
}

static gboolean
is_replaced (FileJob *job, JxsIdentity *identity)
{
  JxsIdentity *successor = jxs_identity_get_successor (identity);
  gint64 left = get_left (job, identity);

  if (successor == NULL)
    return FALSE;
  return left <= 0 || (left < REPLACE_SECONDS &&
                       jxs_certificate_get_activation (jxs_identity_get_certificate (successor)) <
                           job->now - REPLACE_SECONDS);
}

static gboolean
is_renewed (FileJob *job, JxsIdentity *identity)
{
  return jxs_identity_get_successor (identity) == NULL &&
         get_left (job, identity) < RENEW_SECONDS &&
         jxs_identity_pem_is_own (jxs_identity_get_certificate (identity));
}

/* Makes the successor, in the file as well; one that is not there is of no use. */
static gboolean
renew (FileJob *job, JxsIdentity *identity, GCancellable *cancellable, GError **error)
{
  JxsJid *jid = jxs_identity_get_jid (identity);
  JxsKeyType type = jxs_identity_pem_get_key_type (jxs_identity_get_certificate (identity));
  g_autoptr (JxsIdentity) successor =
      jxs_identity_generate_at (jid != NULL ? jid : job->jid, type, job->now, error);

  if (successor == NULL ||
      !save (job, identity, successor, JXS_IDENTITY_FILE_REPLACE, cancellable, error))
    return FALSE;
  jxs_identity_set_successor (identity, successor);
  return TRUE;
}

/* With the lock on the file: what the identity of this installation is from now on. */
static JxsIdentity *
maintain_locked (FileJob *job, GCancellable *cancellable, GError **error)
{
  g_autoptr (JxsIdentity) identity = load (job, error);

  if (identity == NULL)
    return NULL;
  for (;;)
    {
      JxsIdentity *successor;

      if (is_renewed (job, identity) && !renew (job, identity, cancellable, error))
        return NULL;
      if (!is_replaced (job, identity))
        break;
      successor = jxs_identity_get_successor (identity);
      if (!save (job, successor, NULL, JXS_IDENTITY_FILE_REPLACE, cancellable, error))
        return NULL;
      g_set_object (&identity, successor);
    }
  return g_steal_pointer (&identity);
}

static JxsIdentity *
maintain (FileJob *job, JxsIdentity *identity, GCancellable *cancellable, GError **error)
{
  JxsIdentity *maintained = NULL;
  g_autoptr (GError) local_error = NULL;
  int lock;

  if (!is_renewed (job, identity) && !is_replaced (job, identity))
    return g_object_ref (identity);

  lock = jxs_identity_file_lock (job->file, &local_error);
  if (lock >= 0)
    {
      maintained = maintain_locked (job, cancellable, &local_error);
      close (lock);
    }
  if (maintained != NULL)
    return maintained;
  /* As long as peers take the old one there is no haste. */
  if (get_left (job, identity) > 0 &&
      !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      jxs_log_info (identity, "cannot be renewed: %s", local_error->message);
      return g_object_ref (identity);
    }
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

static JxsIdentity *
load_or_generate (FileJob *job, GCancellable *cancellable, GError **error)
{
  g_autoptr (JxsIdentity) self = NULL;
  g_autoptr (GError) local_error = NULL;

  self = load (job, &local_error);
  if (self == NULL && g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_error (&local_error);
      self = jxs_identity_generate_at (job->jid, JXS_KEY_TYPE_ECDSA_P256, job->now, &local_error);
      if (self != NULL &&
          !save (job, self, NULL, JXS_IDENTITY_FILE_CREATE, cancellable, &local_error))
        {
          g_clear_object (&self);
          /* Another process was faster: its identity is the one of this installation. */
          if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_EXISTS))
            {
              g_clear_error (&local_error);
              self = load (job, &local_error);
            }
        }
    }
  if (self == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  return maintain (job, self, cancellable, error);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  FileJob *job = task_data;
  g_autoptr (GError) error = NULL;
  JxsIdentity *self;

  if (job->jid != NULL)
    self = load_or_generate (job, cancellable, &error);
  else
    self = load (job, &error);
  if (self == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, self, g_object_unref);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  FileJob *job = task_data;
  g_autoptr (GError) error = NULL;

  if (!save (job,
             source,
             jxs_identity_get_successor (source),
             JXS_IDENTITY_FILE_REPLACE,
             cancellable,
             &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * jxs_identity_load_async:
 * @file: a local file
 * @password: (nullable): the password of the key, or %NULL
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads an identity from a PEM file.
 *
 * A key that is not protected is read also if there is a @password, and a certificate that has
 * expired is read like any other: see [method@Identity.get_expiry].
 *
 * Fails with %G_IO_ERROR_NOT_FOUND if there is none, %JXS_ERROR_SECURITY if the file belongs to
 * another user or others have access to it, %JXS_ERROR_AUTHENTICATION if the password is wrong or
 * missing, %JXS_ERROR_INVALID_ARGUMENT if the file holds no certificate with its key.
 *
 * Since: 1.0
 */
void
jxs_identity_load_async (GFile *file,
                         const char *password,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_load_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, NULL, password), file_job_free);
  g_task_run_in_thread (task, load_in_thread);
}

/**
 * jxs_identity_load_finish:
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [func@Identity.load_async].
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_load_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_identity_load_or_generate_async:
 * @file: a local file
 * @jid: the address of the account, for a new identity
 * @password: (nullable): the password of the key, or %NULL
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads an identity from a PEM file; if there is no such file, makes an identity and saves it, its
 * key protected by @password.
 *
 * A self-signed certificate is also renewed, in the file: with less than 90 days left, the identity
 * gets a successor; when it has expired, or with less than 14 days left and a successor that is
 * older than that, the successor takes its place. Certificates that somebody else issued are left
 * as they are.
 *
 * Two processes that do this at once end with the same identity. Fails like
 * [func@Identity.load_async]: a file that cannot be used is never replaced.
 *
 * Since: 1.0
 */
void
jxs_identity_load_or_generate_async (GFile *file,
                                     JxsJid *jid,
                                     const char *password,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (jid != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_load_or_generate_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, jid, password), file_job_free);
  g_task_run_in_thread (task, load_in_thread);
}

/**
 * jxs_identity_load_or_generate_finish:
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [func@Identity.load_or_generate_async].
 *
 * Returns: (transfer full): the identity, or %NULL on error
 *
 * Since: 1.0
 */
JxsIdentity *
jxs_identity_load_or_generate_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_load_or_generate_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * jxs_identity_save_async:
 * @self: an identity
 * @file: a local file
 * @password: (nullable): the password of the key, or %NULL
 * @io_priority: the I/O priority of the request
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Writes the certificate and its key to a PEM file that only this user can read (mode 0600).
 *
 * With a password the key is encrypted (PKCS#8, AES-256, PBKDF2), which takes some tenths of a
 * second. If there is a successor it is saved as well, in the same way.
 *
 * An existing file is replaced atomically; missing folders are made. Fails with
 * %JXS_ERROR_INVALID_ARGUMENT if @file is not local or the private key cannot be read, as that of a
 * smart card, and with errors of %G_IO_ERROR.
 *
 * Since: 1.0
 */
void
jxs_identity_save_async (JxsIdentity *self,
                         GFile *file,
                         const char *password,
                         int io_priority,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (JXS_IS_IDENTITY (self));
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, jxs_identity_save_async);
  g_task_set_priority (task, io_priority);
  g_task_set_task_data (task, file_job_new (file, NULL, password), file_job_free);
  g_task_run_in_thread (task, save_in_thread);
}

/**
 * jxs_identity_save_finish:
 * @self: an identity
 * @result: the result given to the callback
 * @error: return location for an error
 *
 * Completes [method@Identity.save_async].
 *
 * Returns: %TRUE if the file was written
 *
 * Since: 1.0
 */
gboolean
jxs_identity_save_finish (JxsIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, jxs_identity_save_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
