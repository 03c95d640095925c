#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Port mapping by a real router, miniupnpd: by each protocol alone and by all at once; nothing is left."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import lab
import netns
import tap
from command import Lines

HELPER = os.environ["JXS_TEST_MAPPER"]
# Those that the library is built with.
PROTOCOLS = os.environ["JXS_TEST_PROTOCOLS"].split()
TIMEOUT = 20
LINGER_MS = 30000
FRESH_MS = 10000
SEARCH_MS = 3000


class Helper:
    """A mapper on a host of the laboratory."""

    def __init__(self, host, protocols):
        self.process = subprocess.Popen(
            [*netns.command(host.name), HELPER, protocols],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = Lines(self.process.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.lines.thread.join()
        self.process.stdout.close()
        assert status == 0, f"the helper ended with {status}"

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def expect(self, words):
        return self.lines.until(words, TIMEOUT)

    def mapped(self, protocol=""):
        """Waits for a mapping; its outer address and port."""
        host, port = re.fullmatch(r"mapped (\S+) (\d+) \S+", self.expect("mapped")).groups()
        assert self.lines.seen[-1].endswith(protocol), self.lines.seen
        return host, int(port)


class Watch:
    """Every mapping that the router makes and takes back, as it happens."""

    def __init__(self, router):
        self.changed = threading.Condition()
        self.listens = False
        self.made = self.taken = 0
        self.process = subprocess.Popen(
            [*netns.command(router.name), "stdbuf", "-oL", "nft", "-n", "monitor", "rules"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.router = router
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def __enter__(self):
        # It tells nothing before it listens: wait until it notices something.
        deadline = time.monotonic() + TIMEOUT
        while not self.listens:
            assert time.monotonic() < deadline, "nft monitor says nothing"
            self.router.nft("add rule inet lab closed tcp dport 1 drop\n")
            with self.changed:
                self.changed.wait(0.05)
        self.router.open()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.listens = True
                if " mapped_in " in line:
                    self.made += line.startswith("add")
                    self.taken += line.startswith("delete")
                self.changed.notify_all()

    def wait_for(self, condition):
        with self.changed:
            done = self.changed.wait_for(condition, TIMEOUT)
        assert done, f"{self.made} made, {self.taken} taken back"


class Mapper(unittest.TestCase):
    def setUp(self):
        if shutil.which("miniupnpd") is None:
            self.skipTest("miniupnpd is not installed")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.world = self.stack.enter_context(lab.Lab())

    def wait_for_mappings(self, expected):
        deadline = time.monotonic() + TIMEOUT
        while (mappings := self.world.r1.mappings()) != expected:
            self.assertLess(time.monotonic(), deadline, f"{mappings}, not {expected}")
            time.sleep(0.02)

    def assert_open(self, helper, outer):
        for peer in (self.world.b, self.world.p):
            with peer.connect(*outer):
                helper.expect("peer")

    def test_alone(self):
        """From the first hold to the end of the lingering."""
        for protocol in PROTOCOLS:
            with self.subTest(protocol), self.world.r1.port_mapping(protocol), \
                    Helper(self.world.a, protocol) as helper:
                helper.tell("hold")
                outer = helper.mapped(protocol)
                helper.expect("settled")
                self.assertEqual(outer[0], self.world.r1.ipv4)
                self.assertEqual(self.world.r1.mappings(), [outer[1]])
                self.assert_open(helper, outer)

                helper.tell("release")
                helper.tell(f"advance {LINGER_MS - 1}")
                helper.tell("hold")
                helper.tell("release")
                self.assert_open(helper, outer)
                helper.tell(f"advance {LINGER_MS}")
                helper.expect("none")
                self.wait_for_mappings([])

    def test_dropped(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol), self.world.r1.port_mapping(protocol), \
                    Helper(self.world.a, protocol) as helper:
                helper.tell("hold")
                helper.mapped(protocol)
                helper.tell("drop")
                self.wait_for_mappings([])

    def test_ended(self):
        """The program ends at once: what needs a conversation (UPnP) ends with its lifetime."""
        for protocol in set(PROTOCOLS) - {"upnp"}:
            with self.subTest(protocol), self.world.r1.port_mapping(protocol):
                with Helper(self.world.a, protocol) as helper:
                    helper.tell("hold")
                    helper.mapped(protocol)
                self.wait_for_mappings([])

    def test_dropped_while_asking(self):
        """The router does what it was asked for, though nobody waits for it any more."""
        for protocol in PROTOCOLS:
            with self.subTest(protocol), self.world.r1.port_mapping(protocol), \
                    Watch(self.world.r1) as watch, Helper(self.world.a, protocol) as helper:
                helper.tell("hold")
                watch.wait_for(lambda: watch.made == 1)
                helper.tell("drop")
                watch.wait_for(lambda: watch.taken == 1)
                self.assertEqual(self.world.r1.mappings(), [])
        with self.world.r1.port_mapping("pcp"), \
                Watch(self.world.r1) as watch, Helper(self.world.a, "pcp") as helper:
            helper.tell("hold\ndrop")
            watch.wait_for(lambda: watch.made == 1 and watch.taken == 1)

    def test_all(self):
        """The first wins, the others are given back: one mapping is left, and works."""
        with self.world.r1.port_mapping("all"), Watch(self.world.r1) as watch:
            with Helper(self.world.a, "all") as helper:
                helper.tell("hold")
                outer = helper.mapped()
                watch.wait_for(lambda: watch.made == len(PROTOCOLS) and watch.taken == watch.made - 1)
                self.assertEqual(self.world.r1.mappings(), [outer[1]])
                self.assert_open(helper, outer)
                helper.tell("drop")
                watch.wait_for(lambda: watch.taken == watch.made)
                self.assertEqual(self.world.r1.mappings(), [])
                self.assertEqual(watch.made, len(PROTOCOLS))

    def test_restarted(self):
        """The router has forgotten everything: the next who relies on the mapping has it made anew."""
        for protocol in set(PROTOCOLS) - {"upnp"}:
            with self.subTest(protocol), Helper(self.world.a, protocol) as helper:
                with self.world.r1.port_mapping(protocol):
                    helper.tell("hold")
                    outer = helper.mapped(protocol)
                self.assertEqual(self.world.r1.mappings(), [])
                with self.world.r1.port_mapping(protocol):
                    helper.tell(f"advance {FRESH_MS}")
                    helper.tell("hold")
                    self.wait_for_mappings([outer[1]])
                    self.assert_open(helper, outer)

    def test_nobody(self):
        """A router that maps nothing."""
        for protocol in PROTOCOLS:
            with self.subTest(protocol), Helper(self.world.a, protocol) as helper:
                helper.tell("hold")
                if protocol == "upnp":
                    helper.tell(f"advance {SEARCH_MS}")
                helper.expect("settled")
                self.assertEqual(helper.lines.seen, ["settled"])


if __name__ == "__main__":
    tap.main("lab/mapper")
