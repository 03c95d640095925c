/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(JXS_INSIDE) && !defined(JXS_COMPILATION)
#error "Only <jxs-glib/jxs-glib.h> can be included directly."
#endif

#include <glib-object.h>

#include <jxs-glib/base/jxs-version-macros.h>

G_BEGIN_DECLS

/**
 * JxsPasswordKind:
 * @JXS_PASSWORD_SHORT: few enough digits or words for a person to say; used only in ways that allow
 *   one guess in each session and none from what is heard
 * @JXS_PASSWORD_STRONG: at least 80 bits nobody can guess; for peers that can do no better it may
 *   also be used in a way that lets an attacker in the middle try guesses on its own machines
 *
 * How much a password withstands.
 *
 * Since: 1.0
 */
typedef enum
{
  JXS_PASSWORD_SHORT,
  JXS_PASSWORD_STRONG,
} JxsPasswordKind;

#define JXS_TYPE_PASSWORD_KIND (jxs_password_kind_get_type ())
JXS_AVAILABLE_IN_1_0
GType jxs_password_kind_get_type (void);

JXS_AVAILABLE_IN_1_0
char *jxs_password_generate (JxsPasswordKind kind);

G_END_DECLS
