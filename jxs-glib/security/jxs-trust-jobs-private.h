/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jxs-glib/security/jxs-trust-worker-private.h>

G_BEGIN_DECLS

/* What the worker of a trust store does. */

/* row, circumstances -> verdict, text: why it is refused */
void jxs_trust_job_decide (JxsTrustDatabase *database, JxsTrustJob *job);
/* row, circumstances, asked, level -> verdict, text: why it is refused, if it was not given */
void jxs_trust_job_answer (JxsTrustDatabase *database, JxsTrustJob *job);
/* row with level, origin, voucher */
void jxs_trust_job_learn (JxsTrustDatabase *database, JxsTrustJob *job);
/* row with level and origin -> error */
void jxs_trust_job_set_level (JxsTrustDatabase *database, JxsTrustJob *job);
/* row: address, and the fingerprint or "" for all -> n_done, error */
void jxs_trust_job_remove (JxsTrustDatabase *database, JxsTrustJob *job);
/* -> text, error */
void jxs_trust_job_export (JxsTrustDatabase *database, JxsTrustJob *job);
/* text, size -> n_done, n_kept, n_invalid, error */
void jxs_trust_job_import (JxsTrustDatabase *database, JxsTrustJob *job);

G_END_DECLS
