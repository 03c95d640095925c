/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* The static copy of a namespace or name that XMPP uses all the time, or NULL for any other: equal
 * names then mostly are equal pointers, and need not be copied into each tree. */
const char *jxs_names_lookup (const char *name, gsize length);

/* The end of a name tells more than its start, which often is that of a common namespace. */
static inline guint
jxs_names_hash (const char *name, gsize length)
{
  guint64 tail = 0;

  if (length >= 8)
    memcpy (&tail, name + length - 8, 8);
  else if (length > 0)
    tail = (guint64) (guchar) name[0] | (guint64) (guchar) name[length / 2] << 8 |
           (guint64) (guchar) name[length - 1] << 16;
  return (guint) (((tail ^ length) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 40);
}

static inline gboolean
jxs_names_equal (const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp (a, b) == 0);
}

G_END_DECLS
