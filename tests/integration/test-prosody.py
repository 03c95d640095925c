#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two `jxs` processes with accounts on a real server: Prosody, over real sockets."""

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
import unittest

try:
    import slixmpp
except ImportError:
    slixmpp = None

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", part) for part in ("util", "servers")]

import command  # noqa: E402
import prosody  # noqa: E402
import tap  # noqa: E402

MESSAGES = 100
MIB = 1024 * 1024


class ServerCase(unittest.TestCase):
    """A server of its own for each class, and the options that `jxs` needs for it."""

    limit = None

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.server = cls.stack.enter_context(
                prosody.Prosody(accounts=("romeo", "juliet", "nurse"), limit=cls.limit)
            )
        except prosody.ProsodyMissing as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def jid(self, name, resource="jxs"):
        return f"{name}@{self.server.domain}/{resource}"

    def options(self, name):
        return (
            "--jid", self.jid(name), "--server", self.server.server, "--ca-file", self.server.ca_file,
            "--identity", os.path.join(self.folder, name + ".pem"),
        )

    def jxs(self, verb, name, *arguments, password=None, **other):
        environment = {"JXS_PASSWORD": self.server.password if password is None else password}
        return command.Jxs(verb, *self.options(name), *arguments, environment=environment, **other)

    def listening(self, name, *arguments, **other):
        listener = self.jxs("listen", name, *arguments, **other)
        listener.errors.until("Listening as")
        return listener

    def send_file(self, size):
        """Pipes random bytes from romeo to juliet; returns (seconds, the bytes' and the file's SHA-256)."""
        sent = os.path.join(self.folder, "sent")
        received = os.path.join(self.folder, "received")
        with open(sent, "wb") as file:
            file.write(random.Random(4).randbytes(size))
        with open(sent, "rb") as source, open(received, "wb") as target, self.listening(
            "juliet", "--pipe", "--accept", self.jid("romeo"), stdout=target
        ) as listener:
            listener.end_input()
            started = time.monotonic()
            with self.jxs("pipe", "romeo", self.jid("juliet"), stdin=source) as sender:
                self.assertEqual(sender.wait(170), 0, sender.errors.text())
            self.assertEqual(listener.wait(), 0, listener.errors.text())
            seconds = time.monotonic() - started
        hashes = []
        for name in (sent, received):
            with open(name, "rb") as file:
                hashes.append(hashlib.sha256(file.read()).hexdigest())
        return seconds, *hashes


class Talk(ServerCase):
    def test_hundred_messages_each_way(self):
        with self.listening("juliet", "--accept", "all", "--once") as listener:
            with self.jxs("chat", "romeo", self.jid("juliet")) as chat:
                # Lines of a listener go to who spoke last, so romeo speaks first.
                for number in range(MESSAGES):
                    chat.send(f"light {number} <&>'\" 🌙")
                for number in range(MESSAGES):
                    self.assertIn(f"light {number} <&>'\" 🌙", listener.output.until("light"))
                for number in range(MESSAGES):
                    listener.send(f"night {number}")
                for number in range(MESSAGES):
                    self.assertTrue(chat.output.until("night").endswith(f"night {number}"))
                chat.end_input()
                self.assertEqual(chat.wait(), 0, chat.errors.text())
            self.assertEqual(listener.wait(), 0, listener.errors.text())

    def test_the_keys_are_shown_and_remembered_as_announced(self):
        shown = {}
        for name in ("romeo", "juliet"):
            with command.Jxs("identity", "--jid", f"{name}@{self.server.domain}",
                             "--identity", os.path.join(self.folder, name + ".pem")) as identity:
                self.assertEqual(identity.wait(), 0)
                shown[name] = "\n".join(identity.output.rest())
        with self.listening("juliet", "--accept", "all", "--once") as listener:
            with self.jxs("chat", "romeo", self.jid("juliet")) as chat:
                chat.send("hello")
                listener.output.until("hello")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
                chat.errors.rest()
                # Some piece of juliet's fingerprint, in whatever layout.
                piece = next(word for word in shown["juliet"].split() if word.count(":") >= 7)
                self.assertIn(piece, chat.errors.text())
            self.assertEqual(listener.wait(), 0)

    def test_a_peer_that_declines(self):
        with self.listening("juliet", "--accept", self.jid("nurse")) as listener:
            with self.jxs("chat", "romeo", self.jid("juliet")) as chat:
                self.assertEqual(chat.wait(), 4, chat.errors.text())
            listener.errors.until("declined")
            listener.process.send_signal(signal.SIGINT)
            self.assertEqual(listener.wait(), 130)

    def test_a_peer_that_is_not_there(self):
        with self.jxs("chat", "romeo", self.jid("juliet", "nowhere")) as chat:
            self.assertEqual(chat.wait(), 4, chat.errors.text())

    def test_a_wrong_password(self):
        with self.jxs("chat", "romeo", self.jid("juliet"), password="wrong") as chat:
            self.assertEqual(chat.wait(), 3)
            self.assertIn("password", "\n".join(chat.errors.rest()).lower())

    def test_an_untrusted_server(self):
        options = list(self.options("romeo"))
        del options[options.index("--ca-file") : options.index("--ca-file") + 2]
        with command.Jxs("chat", *options, self.jid("juliet"),
                         environment={"JXS_PASSWORD": self.server.password}) as chat:
            self.assertEqual(chat.wait(), 3)
            self.assertIn("certificate", "\n".join(chat.errors.rest()).lower())

    def test_a_pinned_key_that_does_not_match(self):
        with self.listening("juliet", "--accept", "all") as listener:
            with self.jxs("chat", "romeo", "--trust-fingerprint", "00" * 32, self.jid("juliet")) as chat:
                self.assertEqual(chat.wait(), 5, chat.errors.text())
            listener.process.send_signal(signal.SIGINT)
            self.assertEqual(listener.wait(), 130)

    def test_an_interrupt_ends_in_order(self):
        with self.listening("juliet", "--accept", "all", "--once") as listener:
            with self.jxs("chat", "romeo", self.jid("juliet")) as chat:
                chat.send("hello")
                listener.output.until("hello")
                chat.process.send_signal(signal.SIGINT)
                self.assertEqual(chat.wait(), 130)
            self.assertEqual(listener.wait(), 0, listener.errors.text())

    def test_a_killed_peer_is_an_error(self):
        with self.listening("juliet", "--accept", "all", "--once") as listener:
            with self.jxs("chat", "romeo", self.jid("juliet")) as chat:
                chat.send("hello")
                listener.output.until("hello")
                chat.process.kill()
                chat.wait()
            listener.errors.until("broke off")


class Pipe(ServerCase):
    def test_32_mebibytes(self):
        seconds, sent, received = self.send_file(32 * MIB)
        self.assertEqual(sent, received)
        print(f"# 32 MiB in {seconds:.1f} s", flush=True)

    def test_an_empty_file(self):
        _, sent, received = self.send_file(0)
        self.assertEqual(sent, received)

    def test_both_directions_end_one_after_the_other(self):
        with self.listening("juliet", "--pipe", "--accept", "all") as listener:
            with self.jxs("pipe", "romeo", self.jid("juliet")) as pipe:
                pipe.send("question")
                pipe.end_input()
                listener.output.until("question")
                # The end of romeo's input is not the end of juliet's answer.
                listener.send("answer")
                pipe.output.until("answer")
                listener.end_input()
                self.assertEqual(pipe.wait(), 0, pipe.errors.text())
            self.assertEqual(listener.wait(), 0, listener.errors.text())


class Pinger(threading.Thread):
    """Asks for an answer each half second, from another account, as long as the target is there."""

    def __init__(self, server, target):
        super().__init__(daemon=True)
        self.server = server
        self.target = target
        self.times = []

    def run(self):
        asyncio.run(self._ping())

    async def _ping(self):
        client = slixmpp.ClientXMPP(f"nurse@{self.server.domain}/pinger", self.server.password)
        client.use_aiodns = False
        client.use_ipv6 = False
        client.ca_certs = self.server.ca_file
        client.register_plugin("xep_0199")
        started = asyncio.get_running_loop().create_future()
        client.add_event_handler("session_start", lambda _: started.set_result(True))
        client.connect(address=("127.0.0.1", self.server.port))
        await asyncio.wait_for(started, 20)
        give_up = time.monotonic() + command.DEADLINE
        while time.monotonic() < give_up or self.times:
            before = time.monotonic()
            try:
                await client["xep_0199"].send_ping(self.target, timeout=60)
            except slixmpp.exceptions.IqError:
                if self.times:
                    break  # it was there, now it has gone
                await asyncio.sleep(0.05)
                continue
            self.times.append(time.monotonic() - before)
            await asyncio.sleep(0.5)
        client.disconnect()


class Throttled(ServerCase):
    """What a stock server allows an account."""

    limit = "10kb/s"

    @unittest.skipIf(slixmpp is None, "python3-slixmpp is not installed")
    def test_a_file_leaves_the_account_usable(self):
        pinger = Pinger(self.server, self.jid("romeo"))
        pinger.start()
        seconds, sent, received = self.send_file(96 * 1024)
        pinger.join(command.DEADLINE)
        self.assertEqual(sent, received)
        self.assertFalse(pinger.is_alive())
        print(f"# 96 KiB in {seconds:.1f} s; {len(pinger.times)} pings, "
              f"slowest {max(pinger.times, default=0):.2f} s", flush=True)
        self.assertGreater(len(pinger.times), 5)
        self.assertLess(max(pinger.times), 3)


if __name__ == "__main__":
    tap.main("/integration/prosody")
