/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "tool.h"

GFile *
tool_make_file (guint64 size, GFileIOStream **stream, GError **error)
{
  GFile *file = g_file_new_tmp ("jxs-demo-XXXXXX", stream, error);
  guint32 words[16384];

  for (guint64 done = 0; file != NULL && done < size; done += MIN (size - done, sizeof words))
    {
      g_main_context_iteration (NULL, FALSE); /* for Ctrl-C */
      for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
        words[i] = g_random_int ();
      if (!g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (*stream)),
                                      words,
                                      MIN (size - done, sizeof words),
                                      NULL,
                                      tool_get_cancellable (),
                                      error))
        {
          g_file_delete (file, NULL, NULL);
          g_clear_object (&file);
        }
    }
  return file;
}

char *
tool_hash_file (GFile *file, GError **error)
{
  g_autoptr (GFileInputStream) input = g_file_read (file, NULL, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 buffer[65536];
  gssize n;

  if (input == NULL)
    return NULL;
  while ((n = g_input_stream_read (G_INPUT_STREAM (input), buffer, sizeof buffer, NULL, error)) > 0)
    g_checksum_update (checksum, buffer, n);
  return n < 0 ? NULL : g_strdup (g_checksum_get_string (checksum));
}
