# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two jxs commands on the two sides of a laboratory, and a server between them.

One laboratory and one server for all cases of a class; what a case changes in a router it takes back.
"""

import atexit
import contextlib
import os
import re
import select
import signal
import tempfile
import time
import unittest

import command
import lab
import netns
import prosody
import server


class Across(unittest.TestCase):
    world_options = {}
    kind = prosody.Prosody
    server_options = {}

    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        atexit.register(stack.close)  # when a signal ends us
        cls.world = stack.enter_context(lab.Lab(**cls.world_options))
        try:
            cls.server = stack.enter_context(cls.kind(
                addresses=cls.world.public, namespace=cls.world.p.name, **{"proxy65": True, **cls.server_options}))
        except server.ServerMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.data = stack.enter_context(tempfile.TemporaryDirectory(prefix="jxs-lab-"))

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        for router in (self.world.r1, self.world.r2):
            self.addCleanup(router.open)

    def jid(self, user, resource=None):
        return f"{user}@{self.server.domain}" + (f"/{resource}" if resource else "")

    def jxs(self, host, name, jid, *arguments, own_server=None, **streams):
        there = own_server or self.server
        jxs = command.Jxs(
            name, "--jid", jid, "--server", there.server, "--ca-file", there.ca_file, *arguments,
            prefix=netns.command(host.name), preexec_fn=server.end_with_parent,
            # Of gupnp's warnings GLib does not know that the command does not show them.
            environment={"XDG_DATA_HOME": self.data, "JXS_PASSWORD": there.password,
                         "G_DEBUG": "gc-friendly,fatal-criticals"}, **streams)
        self.stack.callback(self.assert_sound, jxs)
        return self.stack.enter_context(jxs)

    def assert_sound(self, jxs):
        """However it ended, it did not do so by a mistake of its own."""
        jxs.errors.rest()
        self.assertNotRegex(jxs.errors.text(), "Sanitizer|CRITICAL|WARNING|runtime error")
        self.assertIn(jxs.process.returncode, (*range(6), -signal.SIGKILL))

    def listen(self, *arguments, resource="jxs", **streams):
        """Juliet on b."""
        listen = self.jxs(self.world.b, "listen", self.jid("juliet", resource), "--accept", "all", *arguments, **streams)
        listen.errors.until("Listening")
        return listen

    def call(self, name, *arguments, resource="jxs", **streams):
        """Romeo on a calls Juliet."""
        return self.jxs(self.world.a, name, self.jid("romeo", resource), *arguments, self.jid("juliet", resource),
                        **streams)

    def assert_one_complaint(self, jxs, *words):
        complaints = [line for line in jxs.errors.text().splitlines() if line.startswith("jxs: ")]
        self.assertEqual(len(complaints), 1, jxs.errors.text())
        for word in words:
            self.assertIn(word, complaints[0])

    def probe(self, *arguments, **streams):
        """What `jxs probe` says of the way to whom listens."""
        probe = self.call("probe", *arguments, **streams)
        status = probe.wait()
        probe.errors.rest()
        self.assertEqual(status, 0, probe.errors.text())
        return Table("\n".join(probe.output.rest()), probe.errors.text())


class Table:
    """What jxs probe prints."""

    ROW = re.compile(r"^  (here|there) +(direct|router|tunnel|relay) +(\d+)  (\S+)\s+([\d.]+ ms)? +(\S.*)$", re.MULTILINE)

    def __init__(self, text, errors):
        self.text = text
        self.errors = errors
        self.rows = [match.groups() for match in self.ROW.finditer(text)]
        path = re.search(r"^The connection\n  (.*)$", text, re.MULTILINE)
        self.path = path.group(1) if path else None
        took = re.search(r"Set up in (\d+) ms, with (\d+) round trips?", text)
        self.ms, self.round_trips = map(int, took.groups()) if took else (None, None)

    def __str__(self):
        return self.text + "\n" + self.errors

    def states(self, where, kind):
        return {state for at, what, _, _, _, state in self.rows if (at, what) == (where, kind)}

    def addresses(self, where):
        return {address.rpartition(":")[0].strip("[]") for at, _, _, address, _, _ in self.rows if at == where}


class Ends:
    """Both ends of a pipe whose input stays open."""

    def __init__(self, case, *arguments, listen_arguments=(), resource="jxs"):
        reader, writer = os.pipe()
        self.outputs = [reader]
        self.listen = case.listen("--pipe", *listen_arguments, resource=resource, stdout=writer)
        os.close(writer)
        reader, writer = os.pipe()
        self.outputs.append(reader)
        self.pipe = case.call("pipe", *arguments, resource=resource, stdout=writer)
        os.close(writer)
        for reader in self.outputs:
            case.stack.callback(os.close, reader)
        self.pipe.errors.until("Connected")
        self.listen.errors.until("Connected")
        self.inputs = [self.pipe.process.stdin, self.listen.process.stdin]

    def send(self, direction, data, timeout):
        """Writes data at one end; returns what came out at the other, and the seconds it took."""
        start = time.monotonic()
        os.set_blocking(self.inputs[direction].fileno(), False)
        received = bytearray()
        sent = 0
        while len(received) < len(data):
            left = start + timeout - time.monotonic()
            ready = select.select([self.outputs[direction]], [self.inputs[direction]] if sent < len(data) else [], [],
                                  max(left, 0))
            if not any(ready):
                raise AssertionError(f"{len(received)} of {len(data)} bytes in {timeout} s, {sent} taken")
            if ready[1]:
                sent += os.write(self.inputs[direction].fileno(), data[sent:sent + 65536])
            if ready[0]:
                piece = os.read(self.outputs[direction], 65536)
                if not piece:
                    raise AssertionError(f"ended after {len(received)} of {len(data)} bytes")
                received += piece
        return bytes(received), time.monotonic() - start

    def end(self):
        """In order; both statuses."""
        for end in self.inputs:
            end.close()
        return self.pipe.wait(), self.listen.wait()
