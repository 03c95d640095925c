#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Goodput of an in-band bytestream through Prosody at 50 ms round trip, against one block of 4096
bytes at a time on the same path.

The path: client, relay, Prosody without limits (TLS to it), relay, client, all on loopback. Each
relay holds every byte back for 12.5 ms in each direction; a block and its acknowledgement pass four
of those: 50 ms. Both figures are bytes acknowledged over the time from the first write to the
last acknowledgement, in one stream, so the adaptive sender's start counts against it."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
import prosody  # noqa: E402

DELAY_US = 12500
BASELINE_BYTES = 160 * 1024
ADAPTIVE_BYTES = 48 * 1024 * 1024


class Side:
    """One bench-ibb and the relay it is behind."""

    def __init__(self, build_dir, role, server):
        folder = os.path.join(build_dir, 'tests', 'bench')
        self.relay = subprocess.Popen(
            [os.path.join(folder, 'bench-delay-relay'), str(server.port), str(DELAY_US)],
            stdout=subprocess.PIPE, text=True)
        port = self.relay.stdout.readline().strip()
        self.client = subprocess.Popen(
            [os.path.join(folder, 'bench-ibb'), role, '127.0.0.1:' + port, server.domain,
             server.password, server.ca_file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self):
        line = self.client.stdout.readline()
        if not line:
            raise SystemExit('bench-ibb ended with status %d' % self.client.wait())
        return line.strip()

    def write(self, line):
        self.client.stdin.write(line + '\n')
        self.client.stdin.flush()

    def end(self):
        for process in (self.client, self.relay):
            process.kill()
            process.wait()


def transfer(sender, window, block, size):
    """Bytes per second."""
    sender.write('%d %d %d' % (window, block, size))
    seconds, rtt, window, block = sender.read().split()
    print('%d bytes in %s s, round trip %s ms, window %s x %s at the end'
          % (size, seconds, rtt, window, block))
    return size / float(seconds)


def main():
    with prosody.Prosody() as server:
        sides = []
        try:
            for role in ('send', 'receive'):
                sides.append(Side(sys.argv[1], role, server))
            sender, receiver = sides
            jids = [side.read() for side in sides]
            sender.write(jids[1])
            receiver.write(jids[0])
            receiver.write(sender.read())
            sender.write(receiver.read())
            before = transfer(sender, 1, 4096, BASELINE_BYTES)
            value = transfer(sender, 0, 0, ADAPTIVE_BYTES)
            after = transfer(sender, 1, 4096, BASELINE_BYTES)
        finally:
            for side in sides:
                side.end()
    print('{"value": %f, "baseline": %f}' % (value / 1e6, (before + after) / 2e6))


if __name__ == '__main__':
    main()
