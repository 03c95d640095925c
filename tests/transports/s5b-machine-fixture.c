/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "s5b-machine-fixture.h"

void
reset (Fixture *self, gboolean initiator)
{
  jxs_s5b_machine_init (&self->machine, initiator);
  self->actions.n_actions = 0;
}

void
set_up (Fixture *self, gconstpointer unused)
{
  reset (self, TRUE);
}

void
add_remote (Fixture *self, JxsCandidateKind kind, guint32 priority)
{
  g_assert_true (jxs_s5b_machine_add_remote (&self->machine, kind, priority));
}

void
add_local (Fixture *self, JxsCandidateKind kind, guint32 priority)
{
  g_assert_true (jxs_s5b_machine_add_local (&self->machine, kind, priority));
}

/* The last actions as text, like "used:0 cancel:1". */
static char *
describe (Fixture *self)
{
  static const char *const names[] = {
    "dial", "cancel",   "used",      "error",       "remote", "local",
    "open", "activate", "activated", "proxy-error", "ready",  "fail",
  };
  static const char *const causes[] = {
    "none", "no-candidate", "no-report", "no-socket", "proxy", "peer-proxy", "not-activated",
  };
  GString *text = g_string_new (NULL);

  g_assert_cmpuint (self->actions.n_actions, <=, JXS_S5B_MAX_ACTIONS);
  for (guint i = 0; i < self->actions.n_actions; i++)
    {
      const JxsS5bAction *action = &self->actions.actions[i];

      if (i > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, names[action->kind]);
      switch (action->kind)
        {
        case JXS_S5B_ACTION_FAIL:
          g_string_append_printf (text, ":%s", causes[self->machine.cause]);
          break;
        case JXS_S5B_ACTION_READY:
        case JXS_S5B_ACTION_SEND_ERROR:
        case JXS_S5B_ACTION_SEND_PROXY_ERROR:
          break;
        default:
          g_string_append_printf (text, ":%u", action->index);
        }
    }
  return g_string_free (text, FALSE);
}

/* at: milliseconds after the start */
void
feed (Fixture *self, JxsS5bEvent event, guint index, gint64 at, const char *expected)
{
  g_autofree char *got = NULL;

  g_assert_true (jxs_s5b_machine_handle (&self->machine, event, index, T0 + at, &self->actions));
  got = describe (self);
  g_assert_cmpstr (got, ==, expected);
  g_assert_true (self->machine.wake_at == -1 || self->machine.wake_at > T0 + at);
}

void
feed_refused (Fixture *self, JxsS5bEvent event, guint index, gint64 at)
{
  JxsS5bMachine before = self->machine;

  g_assert_false (jxs_s5b_machine_handle (&self->machine, event, index, T0 + at, &self->actions));
  g_assert_cmpuint (self->actions.n_actions, ==, 0);
  g_assert_cmpmem (&before, sizeof before, &self->machine, sizeof self->machine);
}

void
add_cases (const char *prefix, const Case *cases, gsize n_cases)
{
  for (gsize i = 0; i < n_cases; i++)
    {
      g_autofree char *path = g_strconcat (prefix, cases[i].name, NULL);

      g_test_add (path, Fixture, NULL, set_up, cases[i].func, NULL);
    }
}
