/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "channel-util.h"

#include <jxs-glib/channel/jxs-channel-private.h>

/* What an application might write: its send fails as told. */
typedef enum
{
  SEND_OK,
  SEND_ERROR,
  SEND_SILENT_FAILURE,
  SEND_AGAIN,
} SendMode;

#define TEST_TYPE_CHANNEL (test_channel_get_type ())
G_DECLARE_FINAL_TYPE (TestChannel, test_channel, TEST, CHANNEL, GObject)

struct _TestChannel
{
  GObject parent_instance;

  SendMode mode;
  GPtrArray *sent; /* (owned) */
};

static void test_channel_iface_init (JxsChannelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestChannel,
                               test_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (JXS_TYPE_CHANNEL, test_channel_iface_init))

static gboolean
test_channel_send (JxsChannel *channel, JxsElement *stanza, GError **error)
{
  TestChannel *self = TEST_CHANNEL (channel);

  switch (self->mode)
    {
    case SEND_ERROR:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "broken");
      return FALSE;
    case SEND_SILENT_FAILURE:
      return FALSE;
    case SEND_AGAIN:
      self->mode = SEND_OK;
      g_ptr_array_add (self->sent, jxs_element_ref (stanza));
      return jxs_channel_send (channel, stanza, error);
    case SEND_OK:
    default:
      g_ptr_array_add (self->sent, jxs_element_ref (stanza));
      return TRUE;
    }
}

static void
test_channel_iface_init (JxsChannelInterface *iface)
{
  iface->send = test_channel_send;
}

static void
test_channel_finalize (GObject *object)
{
  g_ptr_array_unref (TEST_CHANNEL (object)->sent);
  G_OBJECT_CLASS (test_channel_parent_class)->finalize (object);
}

static void
test_channel_class_init (TestChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_channel_finalize;
}

static void
test_channel_init (TestChannel *self)
{
  self->sent = make_elements ();
}

static void
test_send (void)
{
  TestChannel *self = g_object_new (TEST_TYPE_CHANNEL, NULL);
  JxsChannel *channel = JXS_CHANNEL (self);
  g_autoptr (JxsElement) stanza = jxs_stanza_new_message (JULIET, "hi");
  g_autoptr (GError) error = NULL;

  g_assert_true (jxs_channel_send (channel, stanza, &error));
  g_assert_no_error (error);

  self->mode = SEND_AGAIN;
  g_assert_true (jxs_channel_send (channel, stanza, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (self->sent->len, ==, 3);

  self->mode = SEND_ERROR;
  g_assert_false (jxs_channel_send (channel, stanza, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_clear_error (&error);

  /* An exception of another kind in Python ends like this. */
  self->mode = SEND_SILENT_FAILURE;
  g_assert_false (jxs_channel_send (channel, stanza, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_FAILED);
  g_assert_false (jxs_channel_send (channel, stanza, NULL));

  /* What the implementation leaves out. */
  g_assert_null (jxs_channel_get_local_jid (channel));
  g_assert_false (jxs_channel_is_secure (channel));

  g_assert_finalize_object (self);
}

typedef struct
{
  guint n_first;
  guint n_second;
  guint n_closed;
  GError *error;
  gboolean take;
} Seen;

static gboolean
first_cb (JxsChannel *channel, JxsElement *stanza, Seen *seen)
{
  seen->n_first++;
  return seen->take;
}

static gboolean
second_cb (JxsChannel *channel, JxsElement *stanza, Seen *seen)
{
  seen->n_second++;
  return FALSE;
}

static void
closed_cb (JxsChannel *channel, const GError *error, Seen *seen)
{
  g_autoptr (JxsElement) stanza = jxs_stanza_new_message (JULIET, "hi");

  seen->n_closed++;
  seen->error = error != NULL ? g_error_copy (error) : NULL;
  /* From inside it is closed already. */
  g_assert_false (jxs_channel_send (channel, stanza, NULL));
  jxs_channel_report_closed (channel, NULL);
}

static void
test_receive (void)
{
  TestChannel *self = g_object_new (TEST_TYPE_CHANNEL, NULL);
  JxsChannel *channel = JXS_CHANNEL (self);
  g_autoptr (JxsElement) stanza = jxs_stanza_new_message (JULIET, "hi");
  Seen seen = { 0 };

  g_assert_false (jxs_channel_receive (channel, stanza));
  g_signal_connect (channel, "stanza", G_CALLBACK (first_cb), &seen);
  g_signal_connect (channel, "stanza", G_CALLBACK (second_cb), &seen);
  g_assert_false (jxs_channel_receive (channel, stanza));
  g_assert_cmpuint (seen.n_first, ==, 1);
  g_assert_cmpuint (seen.n_second, ==, 1);

  /* The first that takes it ends the emission. */
  seen.take = TRUE;
  g_assert_true (jxs_channel_receive (channel, stanza));
  g_assert_cmpuint (seen.n_first, ==, 2);
  g_assert_cmpuint (seen.n_second, ==, 1);

  jxs_channel_report_closed (channel, NULL);
  g_assert_false (jxs_channel_receive (channel, stanza));
  g_assert_cmpuint (seen.n_first, ==, 2);

  g_assert_finalize_object (self);
}

static void
test_closed (void)
{
  TestChannel *self = g_object_new (TEST_TYPE_CHANNEL, NULL);
  JxsChannel *channel = JXS_CHANNEL (self);
  g_autoptr (JxsElement) stanza = jxs_stanza_new_message (JULIET, "hi");
  g_autoptr (GError) why = g_error_new_literal (JXS_ERROR, JXS_ERROR_CONNECTIVITY, "gone");
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  g_signal_connect (channel, "closed", G_CALLBACK (closed_cb), &seen);
  g_assert_false (jxs_channel_is_closed (channel));
  jxs_channel_report_closed (channel, why);
  jxs_channel_report_closed (channel, NULL);
  g_assert_true (jxs_channel_is_closed (channel));
  g_assert_cmpuint (seen.n_closed, ==, 1);
  g_assert_error (seen.error, JXS_ERROR, JXS_ERROR_CONNECTIVITY);
  g_clear_error (&seen.error);

  g_assert_false (jxs_channel_send (channel, stanza, &error));
  g_assert_error (error, JXS_ERROR, JXS_ERROR_CLOSED);
  g_assert_cmpuint (self->sent->len, ==, 0);

  g_assert_finalize_object (self);
}

static void
drop_cb (JxsChannel *channel, const GError *error, JxsChannel **owned)
{
  g_clear_object (owned);
}

static void
test_dropped_while_closing (void)
{
  JxsChannel *channel = g_object_new (TEST_TYPE_CHANNEL, NULL);
  gpointer weak = channel;

  g_object_add_weak_pointer (G_OBJECT (channel), &weak);
  g_signal_connect (channel, "closed", G_CALLBACK (drop_cb), &channel);
  jxs_channel_report_closed (channel, NULL);
  g_assert_null (channel);
  g_assert_null (weak);
}

/* RFC 6120 §8.2.3 and §8.4: which stanzas are answered at all. */
static const struct
{
  const char *xml;
  gboolean answered;
} refusals[] = {
  { "<iq type='get' id='1' from='" JULIET "'><a xmlns='x'/></iq>", TRUE },
  { "<iq type='set' id='1' from='" JULIET "'><a xmlns='x'/></iq>", TRUE },
  { "<iq type='set' id='1'><a xmlns='x'/></iq>", TRUE },
  { "<iq type='result' id='1' from='" JULIET "'/>", FALSE },
  { "<iq type='error' id='1' from='" JULIET "'/>", FALSE },
  { "<iq id='1' from='" JULIET "'/>", FALSE },
  { "<iq type='get' from='" JULIET "'><a xmlns='x'/></iq>", FALSE },
  { "<iq type='get' id='1' from='@'><a xmlns='x'/></iq>", FALSE },
  { "<message from='" JULIET "'><body>hi</body></message>", FALSE },
  { "<presence from='" JULIET "'/>", FALSE },
  { "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", FALSE },
};

static void
test_refuse (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      TestChannel *self = g_object_new (TEST_TYPE_CHANNEL, NULL);
      g_autofree char *xml = NULL;
      g_autoptr (JxsElement) wrapper = NULL;

      g_test_message ("%s", refusals[i].xml);
      xml = g_strdup_printf ("<w xmlns='jabber:client'>%s</w>", refusals[i].xml);
      wrapper = make_element (xml);
      jxs_channel_refuse (JXS_CHANNEL (self), jxs_element_get_first_child (wrapper));
      g_assert_cmpuint (self->sent->len, ==, refusals[i].answered ? 1 : 0);
      if (refusals[i].answered)
        {
          JxsElement *answer = g_ptr_array_index (self->sent, 0);

          assert_error_stanza (answer, JXS_STANZA_ERROR_SERVICE_UNAVAILABLE);
          assert_attribute (answer, "id", "1");
        }
      jxs_channel_report_closed (JXS_CHANNEL (self), NULL);
      jxs_channel_refuse (JXS_CHANNEL (self), jxs_element_get_first_child (wrapper));
      g_assert_finalize_object (self);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/channel/channel/send", test_send);
  g_test_add_func ("/channel/channel/receive", test_receive);
  g_test_add_func ("/channel/channel/closed", test_closed);
  g_test_add_func ("/channel/channel/dropped-while-closing", test_dropped_while_closing);
  g_test_add_func ("/channel/channel/refuse", test_refuse);

  return g_test_run ();
}
