/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/base/jxs-quota-private.h>

static void
test_shares (void)
{
  g_autoptr (JxsQuota) quota = jxs_quota_new (2, 5);

  for (guint round = 0; round < 3; round++)
    {
      g_assert_true (jxs_quota_take (quota, "tybalt"));
      g_assert_true (jxs_quota_take (quota, "tybalt"));
      g_assert_false (jxs_quota_has (quota, "tybalt"));
      g_assert_false (jxs_quota_take (quota, "tybalt"));

      g_assert_true (jxs_quota_take (quota, "romeo"));
      g_assert_true (jxs_quota_take (quota, "romeo"));
      g_assert_true (jxs_quota_take (quota, "juliet"));
      /* In all. */
      g_assert_false (jxs_quota_take (quota, "juliet"));
      g_assert_false (jxs_quota_has (quota, "nurse"));

      jxs_quota_give_back (quota, "tybalt");
      g_assert_true (jxs_quota_take (quota, "juliet"));
      g_assert_false (jxs_quota_take (quota, "tybalt"));

      jxs_quota_give_back (quota, "juliet");
      jxs_quota_give_back (quota, "juliet");
      jxs_quota_give_back (quota, "romeo");
      jxs_quota_give_back (quota, "romeo");
      jxs_quota_give_back (quota, "tybalt");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/quota/shares", test_shares);
  return g_test_run ();
}
