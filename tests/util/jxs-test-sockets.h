/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Two ends of a TCP connection over loopback. */
void jxs_test_tcp_pair (GSocketConnection **first, GSocketConnection **second);

/* A self-signed certificate with its key, made for the tests: 0 or 1. */
GTlsCertificate *jxs_test_certificate (guint which);

/* A GAsyncReadyCallback that keeps the result: user_data is a GAsyncResult ** that is NULL. */
void jxs_test_keep_result (GObject *object, GAsyncResult *result, gpointer user_data);

/* Iterates the default context until the condition holds. */
#define jxs_test_wait_for(condition)                                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
