/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/security/jxs-identity-file-private.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <jxs-glib/base/jxs-error.h>

/* errno as a GIO error; format holds one %s for the path. */
static void
set_error_from_errno (GError **error, const char *format, const char *path)
{
  int saved_errno = errno;
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *what = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  what = g_strdup_printf (format, name);
#pragma GCC diagnostic pop
  g_set_error (error,
               G_IO_ERROR,
               (int) g_io_error_from_errno (saved_errno),
               "%s: %s",
               what,
               g_strerror (saved_errno));
}

static char *
get_path (GFile *file, GError **error)
{
  char *path = g_file_get_path (file);

  if (path == NULL)
    {
      g_autofree char *uri = g_file_get_uri (file);

      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a local file, and keys are kept in local files only"),
                   uri);
    }
  return path;
}

static gboolean
read_all (int fd, char *buffer, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = read (fd, buffer + done, size - done);

      if (n == 0)
        break;
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      done += n;
    }
  buffer[done] = '\0';
  return TRUE;
}

static char *
read_checked (int fd, const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  struct stat status;
  char *text;

  if (fstat (fd, &status) != 0)
    {
      set_error_from_errno (error, _ ("Cannot read “%s”"), path);
      return NULL;
    }
  if (!S_ISREG (status.st_mode) || status.st_size > JXS_IDENTITY_FILE_MAX_BYTES)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a file with a certificate and its key"),
                   name);
      return NULL;
    }
  if (status.st_uid != geteuid ())
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_SECURITY,
                   _ ("“%s” belongs to another user, who knows the private key in it"),
                   name);
      return NULL;
    }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    {
      g_set_error (error,
                   JXS_ERROR,
                   JXS_ERROR_SECURITY,
                   _ ("“%s” holds a private key, but other users have access to it; make it yours "
                      "alone with “chmod 600”, or use a new key"),
                   name);
      return NULL;
    }

  text = g_malloc (status.st_size + 1);
  if (!read_all (fd, text, status.st_size))
    {
      set_error_from_errno (error, _ ("Cannot read “%s”"), path);
      gnutls_memset (text, 0, status.st_size);
      g_free (text);
      return NULL;
    }
  return text;
}

char *
jxs_identity_file_read (GFile *file, GError **error)
{
  g_autofree char *path = get_path (file, error);
  char *text;
  int fd;

  if (path == NULL)
    return NULL;
  /* Non-blocking: opening a named pipe must not wait for a writer. */
  fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0)
    {
      set_error_from_errno (error, _ ("Cannot open “%s”"), path);
      return NULL;
    }
  text = read_checked (fd, path, error);
  g_close (fd, NULL);
  return text;
}

static gboolean
write_all (int fd, const char *text)
{
  gsize size = strlen (text);
  gsize done = 0;

  while (done < size)
    {
      gssize n = write (fd, text + done, size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      done += n;
    }
  return fsync (fd) == 0;
}

/* Makes the new name survive a crash; failure is harmless. */
static void
sync_folder (const char *folder)
{
  int fd = g_open (folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);

  if (fd >= 0)
    {
      fsync (fd);
      g_close (fd, NULL);
    }
}

gboolean
jxs_identity_file_write (GFile *file,
                         const char *pem,
                         JxsIdentityFileMode mode,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autofree char *path = get_path (file, error);
  g_autofree char *folder = NULL;
  g_autofree char *temporary = NULL;
  gboolean written;
  int fd;

  if (path == NULL)
    return FALSE;
  folder = g_path_get_dirname (path);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      set_error_from_errno (error, _ ("Cannot make the folder “%s”"), folder);
      return FALSE;
    }
  temporary = g_strconcat (path, ".XXXXXX", NULL);
  fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      set_error_from_errno (error, _ ("Cannot write “%s”"), path);
      return FALSE;
    }

  written = write_all (fd, pem);
  if (close (fd) != 0 || !written)
    {
      set_error_from_errno (error, _ ("Cannot write “%s”"), path);
      written = FALSE;
    }
  else if (g_cancellable_set_error_if_cancelled (cancellable, error))
    written = FALSE;
  /* link() fails when the name is taken, so of two processes one wins and both can tell. */
  else if (mode == JXS_IDENTITY_FILE_CREATE ? link (temporary, path) != 0
                                            : g_rename (temporary, path) != 0)
    {
      set_error_from_errno (error, _ ("Cannot write “%s”"), path);
      written = FALSE;
    }
  if (!written || mode == JXS_IDENTITY_FILE_CREATE)
    g_unlink (temporary);
  sync_folder (folder);
  return written;
}

static gboolean
lock_fd (int fd)
{
  while (flock (fd, LOCK_EX) != 0)
    if (errno != EINTR)
      return FALSE;
  return TRUE;
}

int
jxs_identity_file_lock (GFile *file, GError **error)
{
  g_autofree char *path = get_path (file, error);

  while (path != NULL)
    {
      struct stat locked, named;
      int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

      if (fd < 0 || !lock_fd (fd) || fstat (fd, &locked) != 0 || g_stat (path, &named) != 0)
        {
          set_error_from_errno (error, _ ("Cannot lock “%s”"), path);
          if (fd >= 0)
            g_close (fd, NULL);
          return -1;
        }
      if (locked.st_ino == named.st_ino && locked.st_dev == named.st_dev)
        return fd;
      /* Who had the lock has replaced the file. */
      g_close (fd, NULL);
    }
  return -1;
}
