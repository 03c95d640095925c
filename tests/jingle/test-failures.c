/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gio/gio.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/jingle/jxs-failures-private.h>

static void
add (JxsFailures *failures, GQuark domain, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, message);

  jxs_failures_add (failures, error);
}

static void
expect (const JxsFailures *failures, const char *expected)
{
  g_autofree char *text = jxs_failures_describe (failures);

  g_assert_cmpstr (text, ==, expected);
}

/* The more telling one replaces the vaguer ones, whichever comes first. */
static void
test_rank (void)
{
  g_auto (JxsFailures) failures = { NULL, 0 };

  expect (&failures, NULL);
  g_assert_false (jxs_failures_are_timeouts (&failures));
  add (&failures, G_IO_ERROR, G_IO_ERROR_CANCELLED, "given up");
  expect (&failures, "given up");
  add (&failures, JXS_ERROR, JXS_ERROR_TIMED_OUT, "slow");
  expect (&failures, "slow");
  add (&failures, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "slower");
  expect (&failures, "slow; slower");
  g_assert_true (jxs_failures_are_timeouts (&failures));
  add (&failures, JXS_ERROR, JXS_ERROR_NOT_SUPPORTED, "not wanted");
  expect (&failures, "not wanted");
  add (&failures, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "refused");
  add (&failures, JXS_ERROR, JXS_ERROR_TIMED_OUT, "slow");
  expect (&failures, "refused");
  g_assert_false (jxs_failures_are_timeouts (&failures));
}

/* A person reads it: no repetition, and no list without end. */
static void
test_many (void)
{
  g_auto (JxsFailures) failures = { NULL, 0 };

  for (guint i = 0; i < 4; i++)
    add (&failures, JXS_ERROR, JXS_ERROR_CONNECTIVITY, i % 2 == 0 ? "even" : "odd");
  expect (&failures, "even; odd");
  add (&failures, JXS_ERROR, JXS_ERROR_CONNECTIVITY, "third");
  add (&failures, JXS_ERROR, JXS_ERROR_CONNECTIVITY, "fourth");
  expect (&failures, "even; odd; third");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/jingle/failures/rank", test_rank);
  g_test_add_func ("/jingle/failures/many", test_many);

  return g_test_run ();
}
