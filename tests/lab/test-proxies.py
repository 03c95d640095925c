#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a relay does to a stream: nothing may hang in it or be cut short by it."""

import concurrent.futures
import hashlib
import random

import across
import ejabberd
import tap

# Around what a relay may hold back, a TLS record, and the buffers of the kernel.
SIZES = (1, 100, 4000, 4095, 4096, 4097, 5000, 8192, 8193, 12288, 16384, 16385, 65536, 262144, 1048576)
ARRIVAL_SECONDS = 1
TRANSFER_BYTES = 6 * 1024 * 1024
TRANSFER_SECONDS = 30


class Relayed:
    def setUp(self):
        super().setUp()
        self.ends = across.Ends(self)
        for host in (self.world.a, self.world.b):
            self.assertIn(f"{self.server.proxy_host}:{self.server.proxy_port}", host.connected())

    def move(self, data, timeout):
        """Both at the same time; what came out, and the seconds it took."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            moving = [pool.submit(self.ends.send, direction, data[direction], timeout) for direction in (0, 1)]
            return [future.result() for future in moving]

    def test_sizes(self):
        """What was written arrives, without one more byte being written."""
        slowest = 0.0
        for size in SIZES:
            data = [random.Random(size + direction).randbytes(size) for direction in (0, 1)]
            with self.subTest(size):
                for sent, (received, seconds) in zip(data, self.move(data, 10)):
                    self.assertEqual(received, sent)
                    self.assertLess(seconds, ARRIVAL_SECONDS)
                    slowest = max(slowest, seconds)
        print(f"# the slowest of {2 * len(SIZES)} writes arrived after {slowest * 1000:.0f} ms", flush=True)
        self.assertEqual(self.ends.end(), (0, 0))

    def test_transfer(self):
        data = [random.Random(direction).randbytes(TRANSFER_BYTES) for direction in (0, 1)]
        for sent, (received, seconds) in zip(data, self.move(data, TRANSFER_SECONDS)):
            self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(sent).digest())
            print(f"# {TRANSFER_BYTES / seconds / 1e6:.0f} MB/s", flush=True)
        self.assertEqual(self.ends.end(), (0, 0))

    def test_half_close(self):
        """The end of one direction is not the end of the other, though it would be for the relay."""
        for direction in (0, 1):
            ends = self.ends if direction == 0 else across.Ends(self, resource="second")
            ends.send(direction, b"last words", 10)
            ends.inputs[direction].close()
            received, seconds = ends.send(1 - direction, bytes(100000), 10)
            self.assertEqual(received, bytes(100000))
            self.assertLess(seconds, ARRIVAL_SECONDS)
            self.assertEqual(ends.end(), (0, 0))


class ProsodyEpoll(Relayed, across.Across):
    pass


class ProsodyEvent(Relayed, across.Across):
    server_options = {"backend": "event"}


class Ejabberd(Relayed, across.Across):
    kind = ejabberd.Ejabberd


if __name__ == "__main__":
    tap.main("/lab")
