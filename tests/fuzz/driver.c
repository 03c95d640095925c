/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a fuzz target as an ordinary test, without libFuzzer: every file of its corpus, then a fixed
 * number of mutations of them, always the same ones. Arguments: NAME CORPUS-DIRECTORY, and how many
 * mutations where each takes long. The input being run is kept in NAME.input in the current
 * directory; after a crash it is what crashed. */

#define N_MUTATIONS 40000
#define SEED 20
#define MAX_SIZE 8192 /* of a mutation, octets */

typedef struct
{
  char *name;       /* (unowned) */
  GPtrArray *files; /* (owned) (element-type GBytes) */
  guint n_mutations;
  int fd;
} Driver;

static Driver driver;

static void
run (const guint8 *data, gsize size)
{
  g_assert_cmpint (ftruncate (driver.fd, 0), ==, 0);
  g_assert_cmpint (pwrite (driver.fd, data, size, 0), ==, size);
  LLVMFuzzerTestOneInput (data, size);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
load_corpus (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      char *contents;
      gsize size;

      g_file_get_contents (names->pdata[i], &contents, &size, &error);
      g_assert_no_error (error);
      g_ptr_array_add (driver.files, g_bytes_new_take (contents, size));
    }
  g_assert_cmpuint (driver.files->len, >, 0);
}

static GBytes *
pick (GRand *random)
{
  return driver.files->pdata[g_rand_int_range (random, 0, (gint32) driver.files->len)];
}

/* Replaces some bytes at one place by others of the same input, of another one, or by random ones.
 */
static void
mutate (GByteArray *input, GRand *random)
{
  guint at = (guint) g_rand_int_range (random, 0, (gint32) input->len + 1);
  guint n_removed = (guint) g_rand_int_range (random, 0, 16);
  g_autoptr (GByteArray) tail = g_byte_array_new ();

  if (g_rand_int_range (random, 0, 8) == 0)
    n_removed = (guint) g_rand_int_range (random, 0, (gint32) input->len + 1);
  n_removed = MIN (n_removed, input->len - at);
  g_byte_array_append (tail, input->data + at + n_removed, input->len - at - n_removed);
  g_byte_array_set_size (input, at);

  if (g_rand_boolean (random))
    {
      GBytes *other = pick (random);
      gsize size = g_bytes_get_size (other);
      gsize from = (gsize) g_rand_int_range (random, 0, (gint32) size + 1);
      gsize n = (gsize) g_rand_int_range (random, 0, 64);

      g_byte_array_append (input,
                           (const guint8 *) g_bytes_get_data (other, NULL) + from,
                           (guint) MIN (n, size - from));
    }
  else
    {
      for (gint32 n = g_rand_int_range (random, 0, 4); n > 0; n--)
        {
          guint8 byte = (guint8) g_rand_int (random);

          g_byte_array_append (input, &byte, 1);
        }
    }
  g_byte_array_append (input, tail->data, tail->len);
}

static void
test_corpus (void)
{
  for (guint i = 0; i < driver.files->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (driver.files->pdata[i], &size);

      run (data, size);
    }
}

static void
test_mutations (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

  for (guint i = 0; i < driver.n_mutations; i++)
    {
      g_autoptr (GByteArray) input = g_byte_array_new ();
      gsize size;
      const guint8 *data = g_bytes_get_data (pick (random), &size);

      g_byte_array_append (input, data, (guint) size);
      for (gint32 n = g_rand_int_range (random, 1, 5); n > 0; n--)
        mutate (input, random);
      run (input->data, MIN (input->len, MAX_SIZE));
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *corpus_path = NULL;
  g_autofree char *mutations_path = NULL;
  g_autofree char *input_name = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_true (argc == 3 || argc == 4);
  LLVMFuzzerInitialize (&argc, &argv);

  driver.name = argv[1];
  driver.n_mutations = argc == 4 ? (guint) atoi (argv[3]) : N_MUTATIONS;
  driver.files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  load_corpus (argv[2]);
  input_name = g_strdup_printf ("%s.input", driver.name);
  driver.fd = g_open (input_name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  g_assert_cmpint (driver.fd, >=, 0);

  corpus_path = g_strdup_printf ("/fuzz/%s/corpus", driver.name);
  mutations_path = g_strdup_printf ("/fuzz/%s/mutations", driver.name);
  g_test_add_func (corpus_path, test_corpus);
  g_test_add_func (mutations_path, test_mutations);
  status = g_test_run ();

  close (driver.fd);
  g_unlink (input_name);
  g_ptr_array_unref (driver.files);
  return status;
}
