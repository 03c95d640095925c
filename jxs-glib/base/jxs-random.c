/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "jxs-random-private.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* 128 bits in hexadecimal digits: an NMTOKEN, and in lower case like every other id on the wire */
#define ID_BYTES 16

static GMutex seed_mutex;
static GRand *seeded; /* (owned) (nullable): tests only; guarded by seed_mutex */
static int use_seeded;

static void
fill_from_kernel (guint8 *bytes, gsize length)
{
  while (length > 0)
    {
      gssize n = getrandom (bytes, length, 0);

      if (n < 0 && errno == EINTR)
        continue;
      /* Identifiers that can be guessed would be worse than no process. */
      if (n <= 0)
        g_error ("getrandom() failed: %s", g_strerror (errno));
      bytes += n;
      length -= n;
    }
}

void
jxs_random_bytes (guint8 *bytes, gsize length)
{
  g_return_if_fail (bytes != NULL || length == 0);

  if (g_atomic_int_get (&use_seeded))
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&seed_mutex);

      if (seeded != NULL)
        {
          for (gsize i = 0; i < length; i++)
            bytes[i] = g_rand_int (seeded) & 0xff;
          return;
        }
    }

  fill_from_kernel (bytes, length);
}

char *
jxs_random_id (void)
{
  static const char digits[] = "0123456789abcdef";
  guint8 bytes[ID_BYTES];
  char *id = g_malloc (2 * ID_BYTES + 1);

  jxs_random_bytes (bytes, sizeof bytes);
  for (gsize i = 0; i < ID_BYTES; i++)
    {
      id[2 * i] = digits[bytes[i] >> 4];
      id[2 * i + 1] = digits[bytes[i] & 0xf];
    }
  id[2 * ID_BYTES] = '\0';
  return id;
}

void
jxs_random_use_seed (guint64 seed)
{
  guint32 words[] = { seed & G_MAXUINT32, seed >> 32 };
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&seed_mutex);

  g_clear_pointer (&seeded, g_rand_free);
  seeded = g_rand_new_with_seed_array (words, G_N_ELEMENTS (words));
  g_atomic_int_set (&use_seeded, TRUE);
}

void
jxs_random_use_real (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&seed_mutex);

  g_atomic_int_set (&use_seeded, FALSE);
  g_clear_pointer (&seeded, g_rand_free);
}
