/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-s5b-codec-private.h>
#include <jxs-glib/transports/s5b/jxs-s5b-machine-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* Two readings of one input: an element of XEP-0260 or XEP-0065, whose candidates the machine then
 * negotiates, and a course of events for it. */

static void
check_candidate (const JxsS5bCandidate *candidate, gboolean has_cid)
{
  g_assert_true (has_cid == (candidate->cid != NULL));
  g_assert_nonnull (candidate->jid);
  g_assert_cmpuint (candidate->port, >, 0);
  g_assert_cmpint (candidate->kind, <=, JXS_CANDIDATE_KIND_PROXY);
  g_assert_cmpuint (strlen (candidate->host), >, 0);
  g_assert_cmpuint (strlen (candidate->host), <=, JXS_S5B_MAX_TEXT);
  for (const char *p = candidate->host; *p != '\0'; p++)
    g_assert_true (g_ascii_islower (*p) || g_ascii_isdigit (*p) || strchr (".:-_", *p) != NULL);
}

static void
read_transport (JxsElement *element, JxsS5bMachine *machine)
{
  g_auto (JxsS5bTransportElement) parsed = { 0 };
  g_auto (JxsS5bTransportElement) again = { 0 };
  g_autoptr (JxsElement) built = NULL;
  g_autoptr (JxsElement) rebuilt = NULL;
  g_autoptr (GError) error = NULL;
  guint n_dropped;

  if (!jxs_s5b_transport_element_parse (element, &parsed, &n_dropped, &error))
    {
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }

  g_assert_cmpuint (parsed.candidates->len, <=, JXS_S5B_MAX_CANDIDATES);
  g_assert_true (parsed.dstaddr == NULL || strlen (parsed.dstaddr) <= 255);
  built = jxs_s5b_transport_element_build (&parsed);
  g_assert_true (jxs_s5b_transport_element_parse (built, &again, &n_dropped, NULL));
  g_assert_cmpuint (n_dropped, ==, 0);
  rebuilt = jxs_s5b_transport_element_build (&again);
  g_assert_true (jxs_element_equal (built, rebuilt));

  for (guint i = 0; i < parsed.candidates->len; i++)
    {
      const JxsS5bCandidate *candidate = parsed.candidates->pdata[i];

      check_candidate (candidate, TRUE);
      for (guint j = 0; j < i; j++)
        {
          const JxsS5bCandidate *other = parsed.candidates->pdata[j];

          g_assert_cmpstr (other->cid, !=, candidate->cid);
          g_assert_true (other->port != candidate->port ||
                         !g_str_equal (other->host, candidate->host));
        }
      g_assert_true (jxs_s5b_machine_add_remote (machine, candidate->kind, candidate->priority));
    }
}

static void
read_query (JxsElement *element)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) streamhosts = jxs_s5b_query_parse (element, &error);

  if (streamhosts == NULL)
    {
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }
  g_assert_cmpuint (streamhosts->len, <=, JXS_S5B_MAX_CANDIDATES);
  for (guint i = 0; i < streamhosts->len; i++)
    check_candidate (streamhosts->pdata[i], FALSE);
}

typedef struct
{
  gboolean busy[JXS_S5B_MAX_CANDIDATES]; /* dialled and not ended */
  guint n_reports;
  guint n_nominations;
  gboolean over;
} Course;

static void
check_action (Course *self, const JxsS5bAction *action)
{
  g_assert_false (self->over);
  switch (action->kind)
    {
    case JXS_S5B_ACTION_DIAL:
      g_assert_cmpuint (self->n_reports, ==, 0);
      g_assert_false (self->busy[action->index]);
      self->busy[action->index] = TRUE;
      break;
    case JXS_S5B_ACTION_CANCEL:
      self->busy[action->index] = FALSE;
      break;
    case JXS_S5B_ACTION_SEND_USED:
      g_assert_true (self->busy[action->index]);
      g_assert_cmpuint (self->n_reports++, ==, 0);
      break;
    case JXS_S5B_ACTION_SEND_ERROR:
      g_assert_cmpuint (self->n_reports++, ==, 0);
      break;
    case JXS_S5B_ACTION_NOMINATE_REMOTE:
    case JXS_S5B_ACTION_NOMINATE_LOCAL:
      g_assert_cmpuint (self->n_reports, ==, 1);
      g_assert_cmpuint (self->n_nominations++, ==, 0);
      break;
    case JXS_S5B_ACTION_OPEN_PROXY:
    case JXS_S5B_ACTION_ACTIVATE:
    case JXS_S5B_ACTION_SEND_ACTIVATED:
    case JXS_S5B_ACTION_SEND_PROXY_ERROR:
      g_assert_cmpuint (self->n_nominations, ==, 1);
      break;
    case JXS_S5B_ACTION_READY:
      g_assert_cmpuint (self->n_nominations, ==, 1);
      self->over = TRUE;
      break;
    case JXS_S5B_ACTION_FAIL:
      self->over = TRUE;
      break;
    default:
      g_assert_not_reached ();
    }
}

/* Two bytes are one event or one more candidate; left alone in the end it ends. */
static void
run_machine (JxsS5bMachine *machine, const guint8 *data, gsize size)
{
  Course course = { 0 };
  JxsS5bActions actions;
  gint64 now = 0;

  for (gsize i = 0; i + 1 < size || !course.over; i += 2)
    {
      guint what = i + 1 < size ? data[i] % (JXS_S5B_N_EVENTS + 3) : JXS_S5B_EVENT_TICK;
      guint index = i + 1 < size ? data[i + 1] : 0;
      JxsS5bEvent event = JXS_S5B_EVENT_TICK;

      if (i + 1 >= size && machine->state == JXS_S5B_STATE_IDLE)
        event = JXS_S5B_EVENT_START;
      else if (i + 1 >= size)
        now = machine->wake_at;
      else if (what < JXS_S5B_N_EVENTS)
        event = what;
      else if (what == JXS_S5B_N_EVENTS)
        jxs_s5b_machine_add_remote (machine, index % 4, index / 4);
      else if (what == JXS_S5B_N_EVENTS + 1)
        jxs_s5b_machine_add_local (machine, index % 4, index / 4);
      else
        now += index * 10;

      /* Whoever dials says how it went, once. */
      if (event == JXS_S5B_EVENT_DIAL_FAILED && index < JXS_S5B_MAX_CANDIDATES)
        course.busy[index] = FALSE;
      if (jxs_s5b_machine_handle (machine, event, index, now, &actions))
        g_assert_true (machine->wake_at == -1 || machine->wake_at > now);
      else
        g_assert_cmpuint (actions.n_actions, ==, 0);
      g_assert_cmpuint (actions.n_actions, <=, JXS_S5B_MAX_ACTIONS);
      for (guint j = 0; j < actions.n_actions; j++)
        check_action (&course, &actions.actions[j]);
      g_assert_true (course.over == (machine->state >= JXS_S5B_STATE_READY));
    }

  for (guint i = 0; i < JXS_S5B_MAX_CANDIDATES; i++)
    if (course.busy[i])
      {
        g_assert_cmpint (machine->state, ==, JXS_S5B_STATE_READY);
        g_assert_true (machine->nominated_remote && machine->our_choice == i);
      }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JxsElement) element = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);
  JxsS5bMachine machine;

  jxs_s5b_machine_init (&machine, size % 2);
  if (element != NULL)
    {
      read_transport (element, &machine);
      read_query (element);
    }
  run_machine (&machine, data, size);
  return 0;
}
