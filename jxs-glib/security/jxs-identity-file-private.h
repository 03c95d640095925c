/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The file of an identity. These functions block: they run in the worker of a GTask. */

#define JXS_IDENTITY_FILE_MAX_BYTES                                                                \
  65536 /* octets; a certificate and its key are 2 KiB; stops memory exhaustion by a wrong file */

/* The text of the file, to be freed with jxs_identity_wipe(). Refuses what others may read. */
char *jxs_identity_file_read (GFile *file, GError **error);

typedef enum
{
  JXS_IDENTITY_FILE_REPLACE, /* atomically */
  JXS_IDENTITY_FILE_CREATE,  /* G_IO_ERROR_EXISTS if it is there; never seen half written */
} JxsIdentityFileMode;

/* Mode 0600, flushed to the disk; missing folders are made (0700). cancellable is looked at until
 * the file appears. */
gboolean jxs_identity_file_write (GFile *file,
                                  const char *pem,
                                  JxsIdentityFileMode mode,
                                  GCancellable *cancellable,
                                  GError **error);

/* Keeps other processes that take this lock from replacing the file; the descriptor is to be
 * closed, -1 on error. */
int jxs_identity_file_lock (GFile *file, GError **error);

G_END_DECLS
