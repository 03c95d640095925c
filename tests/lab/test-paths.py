#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which way two jxs commands find to each other, by what is between them."""

import os
import time

import across
import ejabberd
import lab
import tap

PROTOCOLS = os.environ.get("JXS_TEST_PROTOCOLS", "upnp nat-pmp pcp").split()  # what this jxs was built with
QUICK_MS = 4000    # with one way that works
FALLBACK_MS = 15000  # with none but the servers
REMOVED_SECONDS = 5
BOUND_SECONDS = 30


class Path(across.Across):
    def assert_relayed(self, table):
        self.assertIn(f"through the relay {self.server.proxy_jid}", table.path or "", str(table))
        self.assertLess(table.ms, QUICK_MS, str(table))

    def assert_direct(self, table, *addresses):
        self.assertRegex(table.path or "", "^direct, ", str(table))
        self.assertTrue(any(address in table.path for address in addresses), str(table))
        self.assertLess(table.ms, QUICK_MS, str(table))

    def assert_in_band(self, table):
        self.assertIn("in-band", table.path or "", str(table))
        self.assertLess(table.ms, FALLBACK_MS, str(table))


class Nat(Path):
    """Each behind a NAT of its own: only the relay of the server reaches both."""

    def test_swallowed(self):
        """What is sent to the peer's address is never heard of again."""
        self.listen()
        table = self.probe()
        self.assert_relayed(table)
        self.assertEqual(table.states("there", "direct"), {"failed"}, str(table))
        self.assertIn("in use", table.states("here", "relay") | table.states("there", "relay"), str(table))

    def test_refused(self):
        self.world.refuse_private()
        self.listen()
        table = self.probe()
        self.assert_relayed(table)
        self.assertEqual(table.states("there", "direct"), {"failed"}, str(table))

    def test_blocked(self):
        """Nothing but the connection to the server passes."""
        self.world.r1.close_all_but(self.server.port, lab.DROP)
        self.world.r2.close_all_but(self.server.port, lab.REJECT)
        self.listen()
        table = self.probe()
        self.assert_in_band(table)
        self.assertEqual(table.states("here", "relay") - {"failed"}, {"not reached"}, str(table))
        self.assertRegex(" ".join(table.text.split()), "Nothing faster: direct: .*; relay: not reached")

    def test_one_side_blocked(self):
        """Only one of the two reaches the relay."""
        for router, resource in ((self.world.r1, "caller"), (self.world.r2, "called")):
            router.close_all_but(self.server.port)
            with self.subTest(resource):
                self.listen(resource=resource)
                self.assert_in_band(self.probe(resource=resource))
            router.open()

    def test_in_band_only(self):
        self.listen("--transports", "ibb")
        table = self.probe("--transports", "ibb")
        self.assert_in_band(table)
        self.assertEqual(table.rows, [], str(table))

    def test_listener_in_band_only(self):
        """Who is called need not have every transport."""
        self.listen("--transports", "ibb")
        self.assert_in_band(self.probe())

    def test_nothing_left(self):
        """Without a fallback the reason is told, once, and in time."""
        for router in (self.world.r1, self.world.r2):
            router.close_all_but(self.server.port)
        self.listen()
        start = time.monotonic()
        probe = self.call("probe", "--transports", "s5b")
        self.assertNotIn(probe.wait(), (0, 3))
        self.assertLess(time.monotonic() - start, BOUND_SECONDS)
        probe.errors.rest()
        self.assert_one_complaint(probe, self.world.b.ipv4)


class SameAddress(Path):
    """Both have the same private address: each finds itself where the peer is said to be."""

    world_options = {"same_lan": True}

    def test_relay(self):
        self.listen()
        self.assert_relayed(self.probe())


class Ejabberd(Path):
    kind = ejabberd.Ejabberd

    def test_relay(self):
        self.listen()
        self.assert_relayed(self.probe())

    def test_blocked(self):
        for router in (self.world.r1, self.world.r2):
            router.close_all_but(self.server.port)
        self.listen()
        self.assert_in_band(self.probe())


class PortMapping(Path):
    """One of the two routers maps ports, by one protocol alone."""

    def test_caller(self):
        """The mapping is gone with the command that asked for it."""
        router = self.world.r1
        self.listen()
        for protocol in PROTOCOLS:
            with self.subTest(protocol), router.port_mapping(protocol):
                table = self.probe()
                self.assert_direct(table, router.ipv4)
                self.assertEqual(table.states("here", "router"), {"in use"}, str(table))
                deadline = time.monotonic() + REMOVED_SECONDS
                while router.mappings():
                    self.assertLess(time.monotonic(), deadline, "the mapping stays")
                    time.sleep(0.05)

    def test_called(self):
        router = self.world.r2
        for protocol in PROTOCOLS:
            with self.subTest(protocol), router.port_mapping(protocol):
                self.listen(resource=protocol)
                table = self.probe(resource=protocol)
                self.assert_direct(table, router.ipv4)
                self.assertEqual(table.states("there", "router"), {"in use"}, str(table))

    def test_not_asked(self):
        with self.world.r1.port_mapping("nat-pmp"):
            self.listen("--no-port-mapping")
            self.assert_relayed(self.probe("--no-port-mapping"))
            self.assertEqual(self.world.r1.mappings(), [])


class BothFamilies(Path):
    """IPv4 behind NAT, IPv6 as it should be."""

    world_options = {"ipv6": True}

    def count(self):
        for host, peer, router in ((self.world.a, self.world.b, self.world.r2),
                                   (self.world.b, self.world.a, self.world.r1)):
            host.count_to(*peer.addresses, router.ipv4)

    def assert_never_sent(self):
        self.assertEqual(self.world.a.counted(), 0)
        self.assertEqual(self.world.b.counted(), 0)

    def test_direct(self):
        self.count()
        self.listen()
        self.assert_direct(self.probe(), self.world.a.ipv6, self.world.b.ipv6)
        self.assertGreater(self.world.a.counted(), 0)

    def test_relay_only_caller(self):
        self.count()
        self.listen()
        table = self.probe("--relay-only")
        self.assert_relayed(table)
        self.assertEqual({kind for at, kind, *_ in table.rows if at == "here"}, {"relay"}, str(table))
        self.assertEqual(table.states("there", "direct"), {"not allowed"}, str(table))
        self.assert_never_sent()

    def test_relay_only_called(self):
        self.count()
        self.listen("--relay-only")
        table = self.probe()
        self.assert_relayed(table)
        self.assertEqual({kind for at, kind, *_ in table.rows if at == "there"} - {"relay"}, set(), str(table))
        self.assert_never_sent()

    def test_relay_only_in_band(self):
        """Not even when nothing else is left."""
        self.count()
        for router in (self.world.r1, self.world.r2):
            router.close(f"tcp dport {self.server.proxy_port} drop")
        self.listen()
        self.assert_in_band(self.probe("--relay-only"))
        self.assert_never_sent()

    def test_one_firewall(self):
        """One side lets nobody in, but out."""
        for router, resource in ((self.world.r1, "caller"), (self.world.r2, "called")):
            router.close('iifname "wan" ct state new drop')
            with self.subTest(resource):
                self.listen(resource=resource)
                self.assert_direct(self.probe(resource=resource), self.world.a.ipv6, self.world.b.ipv6)
            router.open()


class Ipv6Alone(Path):
    world_options = {"ipv4": False, "ipv6": True}

    def test_direct(self):
        self.listen()
        self.assert_direct(self.probe(), self.world.a.ipv6, self.world.b.ipv6)

    def test_relay(self):
        for router in (self.world.r1, self.world.r2):
            router.close('iifname "wan" ct state new drop')
        self.listen()
        self.assert_relayed(self.probe())


if __name__ == "__main__":
    tap.main("/lab")
