/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Structured log in the domain of the layer (G_LOG_DOMAIN), with the object it is about. Nothing
 * secret may be passed: keys, passwords, application bytes. */
#define jxs_log_debug(self, ...)                                                                   \
  jxs_log_full (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, G_STRFUNC, (gconstpointer) (self), __VA_ARGS__)
#define jxs_log_info(self, ...)                                                                    \
  jxs_log_full (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, G_STRFUNC, (gconstpointer) (self), __VA_ARGS__)

void jxs_log_full (const char *domain,
                   GLogLevelFlags level,
                   const char *func,
                   gconstpointer self,
                   const char *format,
                   ...) G_GNUC_PRINTF (5, 6);
/* Peer or server text for a log line or an error message: valid UTF-8, no control characters,
 * at most max_chars characters. (transfer full) */
char *jxs_log_sanitize (const char *text, gsize max_chars);

G_END_DECLS
