/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/ibb/jxs-ibb-codec-private.h>
#include <jxs-glib/transports/ibb/jxs-ibb-machine-private.h>
#include <jxs-glib/xml/jxs-xml-parser-private.h>

/* Three readings of one input: an element of XEP-0047 or XEP-0261, base64, and a course of events
 * for the machine. */

static void
read_element (const guint8 *data, gsize size)
{
  static const char *const names[] = { "open", "transport" };
  g_autoptr (JxsElement) element = jxs_xml_parse_document ((const char *) data, size, NULL, NULL);

  if (element == NULL)
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (JxsIbbParams) params = { 0 };
      g_auto (JxsIbbParams) again = { 0 };
      g_autoptr (JxsElement) built = NULL;
      g_autoptr (GError) error = NULL;

      if (!jxs_ibb_params_parse (element, names[i], &params, &error))
        {
          g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
          continue;
        }
      g_assert_cmpuint (params.block_size, >, 0);
      g_assert_cmpuint (params.block_size, <=, JXS_IBB_MAX_BLOCK_SIZE);
      g_assert_cmpuint (strlen (params.sid), <=, JXS_IBB_MAX_SID);
      built = jxs_ibb_params_build (&params, names[i]);
      g_assert_true (jxs_ibb_params_parse (built, names[i], &again, NULL));
      g_assert_cmpstr (again.sid, ==, params.sid);
      g_assert_cmpuint (again.block_size, ==, params.block_size);
      g_assert_cmpint (again.carrier, ==, params.carrier);
    }

  if (jxs_element_is (element, "data", NULL))
    {
      g_autoptr (GBytes) bytes = jxs_ibb_data_parse_bytes (element, 100, NULL);
      guint16 seq;

      jxs_ibb_parse_sid (element, NULL);
      jxs_ibb_data_parse_seq (element, &seq, NULL);
      g_assert_true (bytes == NULL || g_bytes_get_size (bytes) <= 100);
    }
}

/* What is accepted is what an encoder writes, but for white space. */
static void
read_base64 (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = jxs_ibb_base64_decode (text, size, &error);
  g_autofree char *again = NULL;
  char *to = text;

  if (bytes == NULL)
    {
      g_assert_error (error, JXS_STANZA_ERROR, JXS_STANZA_ERROR_BAD_REQUEST);
      return;
    }
  for (const char *from = text; *from != '\0'; from++)
    if (strchr (" \t\r\n", *from) == NULL)
      *to++ = *from;
  *to = '\0';
  again = g_bytes_get_size (bytes) == 0
              ? g_strdup ("")
              : g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpstr (again, ==, text);
}

/* Two bytes are one event. */
static void
run_machine (const guint8 *data, gsize size)
{
  g_autoptr (GArray) actions = jxs_ibb_actions_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  JxsIbbMachine machine;
  guint n_closed = 0;

  jxs_ibb_machine_init (&machine, size % 2);
  machine.block_size = 16;
  for (gsize i = 0; i + 1 < size; i += 2)
    {
      JxsIbbEvent event = {
        .type = data[i] % JXS_IBB_N_EVENTS,
        .request = data[i + 1] & 0x80 ? NULL : &machine,
        .block_size = data[i + 1] & 0x40 ? 16 : 17,
        .seq = (data[i + 1] & 0x20 ? machine.receive_seq : machine.send_seq) - (data[i + 1] & 3),
        .bytes = bytes,
        .fault = data[i] / JXS_IBB_N_EVENTS % (JXS_IBB_FAULT_OVERFLOW + 1),
        .failure = JXS_IBB_FAILURE_STALLED,
      };

      /* The shell asks first. */
      if (event.type == JXS_IBB_EVENT_SEND && !jxs_ibb_machine_can_send (&machine))
        continue;

      jxs_ibb_machine_handle (&machine, &event, actions);
      for (guint j = 0; j < actions->len; j++)
        n_closed += g_array_index (actions, JxsIbbAction, j).type == JXS_IBB_ACTION_CLOSED;
      g_array_set_size (actions, 0);
    }
  g_assert_cmpuint (n_closed, ==, machine.state == JXS_IBB_STATE_CLOSED);
  jxs_ibb_machine_clear (&machine);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  read_element (data, size);
  read_base64 (data, size);
  run_machine (data, size);
  return 0;
}
