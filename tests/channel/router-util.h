/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel-util.h"

#include <jxs-glib/channel/jxs-router-private.h>

#define NS_TEST "urn:example:test"

typedef struct
{
  JxsRelayChannel *channel;
  JxsRouter *router;
  GPtrArray *sent;
} Fixture;

static inline void
fixture_init (Fixture *fixture)
{
  jxs_clock_use_fake (0);
  fixture->sent = make_elements ();
  fixture->channel = make_relay (ROMEO, fixture->sent);
  fixture->router = jxs_router_get (JXS_CHANNEL (fixture->channel));
}

static inline void
fixture_clear (Fixture *fixture)
{
  drain ();
  g_assert_finalize_object (fixture->router);
  g_assert_finalize_object (fixture->channel);
  g_ptr_array_unref (fixture->sent);
  jxs_clock_use_real ();
}

static inline JxsElement *
last_sent (Fixture *fixture)
{
  g_assert_cmpuint (fixture->sent->len, >, 0);
  return g_ptr_array_index (fixture->sent, fixture->sent->len - 1);
}

/* Sends a request with this id (nullable) and collects what comes of it. */
static inline void
request (Fixture *fixture,
         const char *to,
         const char *id,
         guint timeout_ms,
         GCancellable *cancellable,
         GAsyncResult **result)
{
  g_autoptr (JxsElement) iq = jxs_element_new ("iq", JXS_NS_CLIENT);

  jxs_element_set_attribute (iq, "type", "get");
  if (to != NULL)
    jxs_element_set_attribute (iq, "to", to);
  if (id != NULL)
    jxs_element_set_attribute (iq, "id", id);
  jxs_element_append (iq, "query", NS_TEST);
  jxs_router_send_iq_async (fixture->router, iq, timeout_ms, cancellable, store_result_cb, result);
}

static inline void
assert_fails (Fixture *fixture, GAsyncResult **result, GQuark domain, int code)
{
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  g_assert_false (jxs_router_send_iq_finish (fixture->router, *result, &reply, &error));
  g_assert_error (error, domain, code);
  g_clear_object (result);
}

static inline void
assert_succeeds (Fixture *fixture, GAsyncResult **result)
{
  g_autoptr (JxsElement) reply = NULL;
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  g_assert_true (jxs_router_send_iq_finish (fixture->router, *result, &reply, &error));
  g_assert_no_error (error);
  assert_attribute (reply, "type", "result");
  g_clear_object (result);
}
