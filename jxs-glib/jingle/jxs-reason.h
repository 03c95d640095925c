/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib-object.h>

#include <jxs-glib/base/jxs-version-macros.h>
#include <jxs-glib/xml/jxs-element.h>

G_BEGIN_DECLS

/**
 * JxsReasonCondition:
 * @JXS_REASON_NONE: no reason was given
 * @JXS_REASON_ALTERNATIVE_SESSION: another session with the peer is to be used instead
 * @JXS_REASON_BUSY: the party is busy
 * @JXS_REASON_CANCEL: the initiator withdraws its request
 * @JXS_REASON_CONNECTIVITY_ERROR: there are problems with the connection
 * @JXS_REASON_DECLINE: the party declines
 * @JXS_REASON_EXPIRED: the session lasted longer than it may
 * @JXS_REASON_FAILED_APPLICATION: the application could not be set up
 * @JXS_REASON_FAILED_TRANSPORT: no transport could be established
 * @JXS_REASON_GENERAL_ERROR: another error, or a condition this library does not know: see
 *   [method@Reason.get_name]
 * @JXS_REASON_GONE: the party is going offline
 * @JXS_REASON_INCOMPATIBLE_PARAMETERS: the application is supported, its parameters are not
 * @JXS_REASON_MEDIA_ERROR: the media could not be processed
 * @JXS_REASON_SECURITY_ERROR: the security policy of the party was violated
 * @JXS_REASON_SUCCESS: the session ends in order
 * @JXS_REASON_TIMEOUT: a request was not answered in time
 * @JXS_REASON_UNSUPPORTED_APPLICATIONS: none of the offered applications is supported
 * @JXS_REASON_UNSUPPORTED_TRANSPORTS: none of the offered transports is supported
 *
 * Why something is done to a session (XEP-0166 §7.4).
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_REASON_NONE,
  JXS_REASON_ALTERNATIVE_SESSION,
  JXS_REASON_BUSY,
  JXS_REASON_CANCEL,
  JXS_REASON_CONNECTIVITY_ERROR,
  JXS_REASON_DECLINE,
  JXS_REASON_EXPIRED,
  JXS_REASON_FAILED_APPLICATION,
  JXS_REASON_FAILED_TRANSPORT,
  JXS_REASON_GENERAL_ERROR,
  JXS_REASON_GONE,
  JXS_REASON_INCOMPATIBLE_PARAMETERS,
  JXS_REASON_MEDIA_ERROR,
  JXS_REASON_SECURITY_ERROR,
  JXS_REASON_SUCCESS,
  JXS_REASON_TIMEOUT,
  JXS_REASON_UNSUPPORTED_APPLICATIONS,
  JXS_REASON_UNSUPPORTED_TRANSPORTS,
} JxsReasonCondition;

#define JXS_TYPE_REASON_CONDITION (jxs_reason_condition_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_reason_condition_get_type (void);

#define JXS_TYPE_REASON (jxs_reason_get_type ())
typedef struct _JxsReason JxsReason;

JXS_AVAILABLE_IN_1_0
GType jxs_reason_get_type (void);
JXS_AVAILABLE_IN_1_0
JxsReason *jxs_reason_new (JxsReasonCondition condition, const char *text);
JXS_AVAILABLE_IN_1_0
JxsReason *jxs_reason_new_alternative_session (const char *sid, const char *text);
JXS_AVAILABLE_IN_1_0
JxsReason *jxs_reason_ref (JxsReason *self);
JXS_AVAILABLE_IN_1_0
void jxs_reason_unref (JxsReason *self);
JXS_AVAILABLE_IN_1_0
JxsReasonCondition jxs_reason_get_condition (JxsReason *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_reason_get_name (JxsReason *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_reason_get_text (JxsReason *self);
JXS_AVAILABLE_IN_1_0
const char *jxs_reason_get_alternative_sid (JxsReason *self);
JXS_AVAILABLE_IN_1_0
JxsElement *jxs_reason_get_detail (JxsReason *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JxsReason, jxs_reason_unref)

G_END_DECLS
