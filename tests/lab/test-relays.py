#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Relays that fail, each in its own way: the stream comes another way, or there is one clear reason
why not, in time."""

import time

import across
import proxy
import tap
import xmpp

BOUND_SECONDS = 30
FALLBACK_SECONDS = 15


class Relays(across.Across):
    """The only relay there is fails in its own way."""

    server_options = {"proxy65": False}

    def offer(self, relay, jid):
        return ["--proxy", f"{jid}={relay.address}:{relay.port}"]

    def start(self, behaviour, jid, *arguments, name):
        relay = self.stack.enter_context(proxy.Proxy(self.world.p, behaviour))
        self.listen(resource=name)
        return relay, self.call("probe", *self.offer(relay, jid), *arguments, resource=name)

    def each(self):
        """Which relay, and who says that it is one: nobody there refuses to activate it."""
        mute = self.stack.enter_context(self.mute("relay"))
        for behaviour in (proxy.silent, proxy.greets, proxy.hangs_up, proxy.refuses, proxy.babbles,
                          proxy.wants_password, proxy.connects):
            yield behaviour.__name__, behaviour, f"relay.{self.server.domain}"
        yield "mute", proxy.connects, mute.jid

    def mute(self, resource):
        """Somebody who never answers a request."""
        with self.world.a.inside():
            return xmpp.Client(self.server, "romeo", resource)

    def test_fallback(self):
        start = time.monotonic()
        probes = [(name, *self.start(behaviour, jid, name=name)) for name, behaviour, jid in self.each()]
        for name, relay, probe in probes:
            with self.subTest(name):
                self.assertEqual(probe.wait(BOUND_SECONDS), 0, probe.errors.text())
                table = across.Table("\n".join(probe.output.rest()), "\n".join(probe.errors.rest()))
                self.assertIn("in-band", table.path or "", str(table))
                self.assertLess(table.ms, FALLBACK_SECONDS * 1000, str(table))
                self.assertGreater(relay.n_connections, 0, "nobody tried it")
                print(f"# {name}: in-band after {table.ms} ms", flush=True)
        self.assertLess(time.monotonic() - start, BOUND_SECONDS)

    def test_no_fallback(self):
        probes = [(name, *self.start(behaviour, jid, "--transports", "s5b", name=name))
                  for name, behaviour, jid in self.each()]
        for name, _, probe in probes:
            with self.subTest(name):
                self.assertNotEqual(probe.wait(BOUND_SECONDS), 0)
                probe.errors.rest()
                self.assert_one_complaint(probe)
                print(f"# {name}: {probe.errors.text().splitlines()[-1]}", flush=True)


if __name__ == "__main__":
    tap.main("/lab")
