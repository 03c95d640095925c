/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-sas-string-private.h>
#include <jxs-glib/security/jxs-verification.h>

G_BEGIN_DECLS

/* What our person did. */
typedef enum
{
  JXS_VERIFICATION_CONFIRM,
  JXS_VERIFICATION_REJECT,
  JXS_VERIFICATION_CANCEL,
} JxsVerificationAct;

typedef void (*JxsVerificationFunc) (JxsVerification *verification,
                                     JxsVerificationAct act,
                                     gpointer user_data);

/* func hears what our person does until the verification is over; user_data is kept alive. stream
 * is not. (transfer full) */
JxsVerification *
jxs_verification_new (JxsXmlStream *stream, JxsVerificationFunc func, GObject *user_data);
void jxs_verification_show (JxsVerification *self, const JxsSasString *string);
void jxs_verification_set_confirmed (JxsVerification *self);
void jxs_verification_set_verified (JxsVerification *self);
void jxs_verification_fail (JxsVerification *self, const GError *error);

G_END_DECLS
