/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bench-xml-parse.h"

/* xml.ibb: iqs with a 4096-byte block (XEP-0047 §2.2) into trees, against expat alone. */
int
main (void)
{
  enum
  {
    N_STANZAS = 2000
  };
  guchar block[4096];
  g_autofree char *base64 = NULL;
  g_autofree char *stanza = NULL;

  for (gsize i = 0; i < sizeof block; i++)
    block[i] = (guchar) (i * 7);
  base64 = g_base64_encode (block, sizeof block);
  stanza = g_strdup_printf ("<iq from='romeo@montague.example/orchard' id='kr91n475' "
                            "to='juliet@capulet.example/balcony' type='set'>"
                            "<data xmlns='http://jabber.org/protocol/ibb' seq='0' sid='i781hf64'>"
                            "%s</data></iq>",
                            base64);

  bench_parse_by_turns (stanza, N_STANZAS, (double) strlen (stanza) * N_STANZAS / 1e6);
  return 0;
}
