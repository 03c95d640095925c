/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include <jxs-glib/base/jxs-error.h>
#include <jxs-glib/transports/s5b/jxs-pcp-machine-private.h>

/* Two readings of one input: an answer of a router, and a course of events for the machine. */

static void
read_answer (const guint8 *data, gsize size)
{
  JxsPcpResponse response;
  g_autoptr (GError) error = NULL;

  if (!jxs_pcp_response_parse (data, size, &response, &error))
    {
      g_assert_error (error, JXS_ERROR, JXS_ERROR_PROTOCOL);
      return;
    }
  if (response.version != JXS_PCP_VERSION)
    {
      g_assert_cmpuint (response.result, ==, JXS_PCP_RESULT_UNSUPP_VERSION);
      g_assert_false (response.has_map);
    }
  else if (response.opcode == JXS_PCP_OPCODE_MAP && response.result == JXS_PCP_RESULT_SUCCESS)
    {
      JxsPcpRequest request = { .map = response.map };
      guint8 bytes[JXS_PCP_MAP_LENGTH];

      g_assert_true (response.has_map);
      g_assert_true (response.lifetime == 0 || response.map.external_port != 0);
      /* The same layout both ways, but for what is reserved. */
      jxs_pcp_request_build (&request, bytes);
      g_assert_cmpmem (bytes + 24, 13, data + 24, 13);
      g_assert_cmpmem (bytes + 40, 20, data + 40, 20);
    }
}

/* Four bytes are one event. */
static void
run_machine (const guint8 *data, gsize size)
{
  JxsPcpMachine machine;
  JxsPcpActions actions;
  gint64 now_us = G_USEC_PER_SEC;
  guint n_over = 0;

  jxs_pcp_machine_init (&machine, JXS_PCP_NATPMP_RETRY_MS, 1);
  for (gsize i = 0; i + 3 < size; i += 4)
    {
      JxsPcpEvent event = {
        .type = data[i] % JXS_PCP_N_EVENTS,
        .jitter = data[i] / JXS_PCP_N_EVENTS,
        .lifetime = data[i + 1] * 100,
        .epoch = data[i + 2],
        .port = data[i + 3],
      };

      if (data[i + 3] % 2 == 0 && machine.deadline_us != 0)
        now_us = MAX (now_us, machine.deadline_us);
      event.now_us = now_us;
      actions = jxs_pcp_machine_handle (&machine, &event);
      n_over += (actions & JXS_PCP_ACTION_OVER) != 0;
      g_assert_cmpuint (n_over, ==, machine.state == JXS_PCP_STATE_OVER);
      g_assert_cmpint (machine.deadline_us != 0,
                       ==,
                       machine.state != JXS_PCP_STATE_NEW && machine.state != JXS_PCP_STATE_OVER);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  read_answer (data, size);
  run_machine (data, size);
  return 0;
}
