/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <jxs-glib/channel/jxs-iq-table-private.h>

static JxsJid *
make_jid (const char *text)
{
  JxsJid *jid = jxs_jid_new (text, NULL);

  g_assert_nonnull (jid);
  return jid;
}

/* RFC 6120 §8.1.2.1 and §10.3.3: who may answer what. Our full JID is
 * romeo@montague.example/orchard.
 */
static const struct
{
  const char *to;
  const char *from;
  gboolean accepted;
} answers[] = {
  { "juliet@capulet.example/balcony", "juliet@capulet.example/balcony", TRUE },
  { "juliet@capulet.example/balcony", "juliet@CAPULET.example/balcony", TRUE },
  { "juliet@capulet.example/balcony", "juliet@capulet.example/Balcony", FALSE },
  { "juliet@capulet.example/balcony", "juliet@capulet.example", FALSE },
  { "juliet@capulet.example/balcony", "capulet.example", FALSE },
  { "juliet@capulet.example/balcony", NULL, FALSE },
  { "juliet@capulet.example/balcony", "montague.example", FALSE },
  { "juliet@capulet.example/balcony", "romeo@montague.example", FALSE },
  { "juliet@capulet.example", "juliet@capulet.example", TRUE },
  { "juliet@capulet.example", "juliet@capulet.example/balcony", FALSE },
  { NULL, NULL, TRUE },
  { NULL, "romeo@montague.example", TRUE },
  { NULL, "montague.example", TRUE },
  { NULL, "romeo@montague.example/garden", FALSE },
  { NULL, "juliet@capulet.example/balcony", FALSE },
  { NULL, "capulet.example", FALSE },
  { "montague.example", "montague.example", TRUE },
  { "montague.example", NULL, TRUE },
  { "montague.example", "romeo@montague.example", FALSE },
  { "montague.example", "proxy.montague.example", FALSE },
  { "romeo@montague.example", "romeo@montague.example", TRUE },
  { "romeo@montague.example", NULL, TRUE },
  { "romeo@montague.example", "montague.example", FALSE },
  { "romeo@montague.example/orchard", "romeo@montague.example/orchard", TRUE },
  { "romeo@montague.example/orchard", NULL, FALSE },
};

static void
test_answers (void)
{
  g_autoptr (JxsJid) local = make_jid ("romeo@montague.example/orchard");

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (JxsIqTable) table = jxs_iq_table_new ();
      g_autoptr (JxsJid) to = answers[i].to != NULL ? make_jid (answers[i].to) : NULL;
      g_autoptr (JxsJid) from = answers[i].from != NULL ? make_jid (answers[i].from) : NULL;
      int data;

      g_test_message ("to %s from %s", answers[i].to, answers[i].from);
      g_assert_nonnull (jxs_iq_table_add (table, to, "1", 100, &data));
      g_assert_null (jxs_iq_table_answer (table, from, "2", local));
      g_assert_cmpuint (jxs_iq_table_get_size (table), ==, 1);
      if (answers[i].accepted)
        {
          g_assert_true (jxs_iq_table_answer (table, from, "1", local) == &data);
          g_assert_cmpuint (jxs_iq_table_get_size (table), ==, 0);
        }
      /* A second answer finds nothing, a wrong one takes nothing. */
      g_assert_null (jxs_iq_table_answer (table, from, "1", local));
      g_assert_cmpuint (jxs_iq_table_get_size (table), ==, answers[i].accepted ? 0 : 1);
    }
}

/* Before our JID is known only the server talks to us. */
static void
test_no_local_jid (void)
{
  g_autoptr (JxsIqTable) table = jxs_iq_table_new ();
  g_autoptr (JxsJid) server = make_jid ("montague.example");
  int data;

  g_assert_nonnull (jxs_iq_table_add (table, NULL, "1", 100, &data));
  g_assert_null (jxs_iq_table_answer (table, server, "1", NULL));
  g_assert_true (jxs_iq_table_answer (table, NULL, "1", NULL) == &data);
}

static void
test_same_id (void)
{
  g_autoptr (JxsIqTable) table = jxs_iq_table_new ();
  g_autoptr (JxsJid) juliet = make_jid ("juliet@capulet.example/balcony");
  g_autoptr (JxsJid) nurse = make_jid ("nurse@capulet.example/kitchen");
  int first;
  int second;

  g_assert_nonnull (jxs_iq_table_add (table, juliet, "1", 100, &first));
  g_assert_nonnull (jxs_iq_table_add (table, nurse, "1", 100, &second));
  g_assert_null (jxs_iq_table_add (table, juliet, "1", 100, &second));
  g_assert_true (jxs_iq_table_answer (table, nurse, "1", NULL) == &second);
  g_assert_true (jxs_iq_table_answer (table, juliet, "1", NULL) == &first);
  g_assert_nonnull (jxs_iq_table_add (table, juliet, "1", 100, &first));
}

static void
test_deadlines (void)
{
  static const gint64 deadlines[] = { 300, 100, 200, 100, 400, 50, 200 };
  static const gint64 sorted[] = { 50, 100, 100, 200, 200, 300, 400 };
  g_autoptr (JxsIqTable) table = jxs_iq_table_new ();

  g_assert_cmpint (jxs_iq_table_get_next_deadline (table), ==, G_MAXINT64);
  g_assert_null (jxs_iq_table_take_expired (table, G_MAXINT64));
  for (gsize i = 0; i < G_N_ELEMENTS (deadlines); i++)
    {
      g_autofree char *id = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

      g_assert_nonnull (jxs_iq_table_add (table, NULL, id, deadlines[i], (gpointer) &deadlines[i]));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (sorted); i++)
    {
      gint64 *taken;

      g_assert_cmpint (jxs_iq_table_get_next_deadline (table), ==, sorted[i]);
      g_assert_null (jxs_iq_table_take_expired (table, sorted[i] - 1));
      taken = jxs_iq_table_take_expired (table, sorted[i]);
      g_assert_nonnull (taken);
      g_assert_cmpint (*taken, ==, sorted[i]);
    }
  g_assert_cmpuint (jxs_iq_table_get_size (table), ==, 0);
}

static void
test_limit (void)
{
  g_autoptr (JxsIqTable) table = jxs_iq_table_new ();
  g_autoptr (JxsJid) balcony = make_jid ("juliet@capulet.example/balcony");
  g_autoptr (JxsJid) chamber = make_jid ("juliet@capulet.example/chamber");
  g_autoptr (JxsJid) nurse = make_jid ("nurse@capulet.example/balcony");
  int data;

  for (guint i = 0; i < JXS_IQ_TABLE_MAX_PENDING; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      g_assert_false (jxs_iq_table_is_full (table, balcony));
      g_assert_nonnull (jxs_iq_table_add (table, balcony, id, i, &data));
    }
  g_assert_true (jxs_iq_table_is_full (table, balcony));
  g_assert_null (jxs_iq_table_add (table, balcony, "more", 0, &data));
  /* Another resource does not help, and nobody else is concerned. */
  g_assert_true (jxs_iq_table_is_full (table, chamber));
  g_assert_null (jxs_iq_table_add (table, chamber, "more", 0, &data));
  g_assert_false (jxs_iq_table_is_full (table, nurse));
  g_assert_nonnull (jxs_iq_table_add (table, nurse, "more", 0, &data));
  g_assert_nonnull (jxs_iq_table_add (table, NULL, "more", 0, &data));
  g_assert_nonnull (jxs_iq_table_answer (table, balcony, "7", NULL));
  g_assert_nonnull (jxs_iq_table_add (table, chamber, "more", 0, &data));
}

/* Random additions, answers, removals and deadlines against a plain list. */
static void
test_random (void)
{
  typedef struct
  {
    JxsIqEntry *entry;
    guint peer;
    guint id;
    gint64 deadline_us;
  } Model;
  g_autoptr (JxsIqTable) table = jxs_iq_table_new ();
  g_autoptr (GPtrArray) model = g_ptr_array_new_with_free_func (g_free);
  JxsJid *peers[4];

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *text = g_strdup_printf ("juliet@capulet.example/%u", i);

      peers[i] = make_jid (text);
    }
  for (guint round = 0; round < 20000; round++)
    {
      guint peer = (guint) g_test_rand_int_range (0, G_N_ELEMENTS (peers));
      guint id = (guint) g_test_rand_int_range (0, 16);
      gint64 now_us = g_test_rand_int_range (0, 1000);
      g_autofree char *id_text = g_strdup_printf ("%u", id);
      Model *known = NULL;
      Model *taken;
      gint64 earliest_us = G_MAXINT64;

      for (guint i = 0; i < model->len; i++)
        {
          Model *one = g_ptr_array_index (model, i);

          if (one->peer == peer && one->id == id)
            known = one;
          earliest_us = MIN (earliest_us, one->deadline_us);
        }
      g_assert_cmpuint (jxs_iq_table_get_size (table), ==, model->len);
      g_assert_cmpint (jxs_iq_table_get_next_deadline (table), ==, earliest_us);

      switch (g_test_rand_int_range (0, 4))
        {
        case 0:
          taken = g_new0 (Model, 1);
          taken->peer = peer;
          taken->id = id;
          taken->deadline_us = now_us;
          taken->entry = jxs_iq_table_add (table, peers[peer], id_text, now_us, taken);
          g_assert_true ((taken->entry == NULL) == (known != NULL));
          if (taken->entry != NULL)
            g_ptr_array_add (model, taken);
          else
            g_free (taken);
          continue;
        case 1:
          taken = jxs_iq_table_answer (table, peers[peer], id_text, peers[0]);
          g_assert_true (taken == known);
          break;
        case 2:
          taken = known != NULL ? jxs_iq_table_remove (table, known->entry) : NULL;
          g_assert_true (taken == known);
          break;
        default:
          taken = jxs_iq_table_take_expired (table, now_us);
          g_assert_true ((taken != NULL) == (earliest_us <= now_us && earliest_us != G_MAXINT64));
          if (taken != NULL)
            g_assert_cmpint (taken->deadline_us, ==, earliest_us);
          break;
        }
      if (taken != NULL)
        g_assert_true (g_ptr_array_remove_fast (model, taken));
    }
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    jxs_jid_unref (peers[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/iq-table/answers", test_answers);
  g_test_add_func ("/channel/iq-table/no-local-jid", test_no_local_jid);
  g_test_add_func ("/channel/iq-table/same-id", test_same_id);
  g_test_add_func ("/channel/iq-table/deadlines", test_deadlines);
  g_test_add_func ("/channel/iq-table/limit", test_limit);
  g_test_add_func ("/channel/iq-table/random", test_random);

  return g_test_run ();
}
