/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-xml-parse.h"

/* xml.parse: 270-byte stanzas into trees, against expat alone. */
int
main (void)
{
  enum
  {
    N_STANZAS = 20000
  };

  bench_parse_by_turns (BENCH_STANZA, N_STANZAS, N_STANZAS);
  return 0;
}
