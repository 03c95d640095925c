#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two jxs commands talk through a real server."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import signal
import struct
import subprocess
import termios
import threading
import time

import command
import prosody
import tap
import xmpp
from server_case import Server
from terminal import Terminal

MESSAGES = 100
FILE_BYTES = 32 * 1024 * 1024
SLOW_READER_BYTES = 1024 * 1024
PIPE_BYTES = 64 * 1024  # what Linux keeps in a pipe
SLOW_FILE_BYTES = 48 * 1024
PING_SECONDS = 3


def bytes_of(size):
    return random.Random(size).randbytes(size)


@contextlib.contextmanager
def closed_pipe():
    """What is written to it nobody can read."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


class Asked(Server):
    def listen(self, *arguments):
        return Terminal("listen", *self.account("juliet"), "--once", *arguments,
                        environment=self.environment(NO_COLOR="1"))

    def test_yes(self):
        with self.listen() as listen:
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.until("wants to chat. Accept? [y/N] ")
                listen.type("y\n")
                listen.until("the first contact with romeo@")
                listen.until("Accept this key? [y/N] ")
                listen.type("y\n")
                chat.errors.until("Connected")
                listen.type("welcome\n")
                chat.output.until("welcome")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
            self.assertEqual(listen.wait(), 0)

    def test_no(self):
        with self.listen() as listen:
            listen.until("Listening")
            for answer in ("n\n", "\n"):
                with self.jxs("chat", "romeo", self.juliet()) as chat:
                    listen.until("Accept? [y/N] ")
                    listen.type(answer)
                    self.assertEqual(chat.wait(), 4)

    def test_asked_again(self):
        """A message takes the line of the question."""
        romeo = f"romeo@{self.server.domain}=" + self.fingerprint("romeo")
        with self.listen("--trust-fingerprint", romeo) as listen:
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as first, self.jxs("chat", "romeo", self.juliet()) as second:
                listen.until("Accept? [y/N] ")
                listen.type("y\n")
                listen.until("Accept? [y/N] ")
                for chat in (first, second):
                    chat.send("hello")
                listen.until(": hello")
                listen.until("Accept? [y/N] ")
                listen.type(" yes\n")
                listen.until(": hello")

    def test_end(self):
        """Ctrl-D ends listening, also while a question waits for its answer."""
        with self.listen() as listen:
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.until("Accept? [y/N] ")
                listen.type("\x04")
                self.assertEqual(listen.wait(), 0)
                self.assertEqual(chat.wait(), 4)

    def test_hangup(self):
        """A terminal that is closed ends the chat in order."""
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with Terminal("chat", *self.account("romeo"), self.juliet(), environment=self.environment()) as chat:
                chat.until("Accept this key? [y/N] ")
                chat.type("y\n")
                chat.until("Ctrl-D ends the chat")
                os.close(chat.leader)
                chat.leader = os.open(os.devnull, os.O_RDONLY)
                self.assertEqual(chat.wait(), 130)
            self.assertEqual(listen.wait(), 0)
            self.assertIn("ended the chat", listen.errors.rest()[-1])

    def test_given_up(self):
        with self.listen() as listen:
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.until("Accept? [y/N] ")
                chat.process.send_signal(signal.SIGINT)
                self.assertEqual(chat.wait(), 130)
            listen.until("They gave up.")

    def test_password(self):
        """Asked for on the terminal, and not shown there."""
        environment = self.environment()
        del environment["JXS_PASSWORD"]
        with Terminal("chat", *self.account("romeo"), self.juliet(), environment=environment) as chat:
            chat.until(f"Password for romeo@{self.server.domain}: ")
            chat.type(self.server.password + "\n")
            shown = chat.until("is not online")
            self.assertNotIn(self.server.password, shown)
            self.assertEqual(chat.wait(), 4)

    def test_password_interrupted(self):
        environment = self.environment()
        del environment["JXS_PASSWORD"]
        with Terminal("chat", *self.account("romeo"), self.juliet(), environment=environment) as chat:
            chat.until("Password for romeo@")
            chat.type("\x03")
            chat.until("Interrupted")
            self.assertEqual(chat.wait(), 130)
            self.assertTrue(termios.tcgetattr(chat.leader)[3] & termios.ECHO)


class Chat(Server):
    def test_messages(self):
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening as " + self.juliet() + "/jxs")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("TLS 1.3")
                for i in range(MESSAGES):
                    chat.send(f"to Juliet {i}")
                for i in range(MESSAGES):
                    line = listen.output.until(f"to Juliet {i}")
                    self.assertEqual(line, f"romeo@{self.server.domain}: to Juliet {i}")
                for i in range(MESSAGES):
                    listen.send(f"to Romeo {i}")
                for i in range(MESSAGES):
                    self.assertEqual(chat.output.until(f"to Romeo {i}"), f"{self.juliet()}: to Romeo {i}")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
                self.assertEqual(chat.output.rest(), [])
            self.assertEqual(listen.wait(), 0)
            self.assertIn("ended the chat", listen.errors.rest()[-1])

    def test_strange_lines(self):
        """What could drive a terminal is made harmless; what no message can hold is refused, not cut."""
        family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
        lines = {"turned \u202e around": "turned \ufffd around", "colour \x9b31m": "colour \ufffd31m",
                 "a\tb": "a b", "dos\r": "dos", "": "", family: family, "y" * 60000: "y" * 60000}
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("Connected")
                for line, shown in lines.items():
                    chat.send(line)
                    self.assertEqual(listen.output.until(""), f"romeo@{self.server.domain}: {shown}")
                for line, fault in {"\x1b[31m": "control", "nul\0": "no text", "z" * 70000: "too long"}.items():
                    chat.send(line)
                    self.assertIn(fault, chat.errors.until("not sent"))
                chat.end_input()
                self.assertEqual(chat.wait(), 1)
            self.assertEqual(listen.wait(), 0)
            self.assertEqual(listen.output.rest(), [])

    def test_output_closed(self):
        """Messages that nobody can read any more end the chat, in order for the other side."""
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with closed_pipe() as output, self.jxs("chat", "romeo", self.juliet(), stdout=output) as chat:
                chat.errors.until("Connected")
                listen.errors.until("Connected")
                listen.send("to nobody")
                self.assertEqual(chat.wait(), 1)
            listen.errors.until("ended the chat")

    def test_fingerprints(self):
        """Both see the other's key as `jxs identity` shows it; one given is one verified."""
        romeo, juliet = self.fingerprint("romeo"), self.fingerprint("juliet")
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet(), "--trust-fingerprint", juliet) as chat:
                chat.errors.until("is verified (fingerprint compared)")
                self.assertIn(juliet[:39], chat.errors.until(juliet[:4]))
                self.assertIn(juliet[40:], chat.errors.until(juliet[40:44]))
                listen.errors.until("not verified")
                self.assertIn(romeo[:39], listen.errors.until(romeo[:4]))
                chat.end_input()
                self.assertEqual(chat.wait(), 0)

    def test_wrong_key(self):
        wrong = "00:" * 31 + "00"
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet(), "--trust-fingerprint", wrong) as chat:
                self.assertEqual(chat.wait(), 5)
                text = " ".join("\n".join(chat.errors.rest()).split())
                self.assertIn("0000 " * 16, text)
                self.assertIn(self.fingerprint("juliet"), text)

    def test_wrong_key_of_caller(self):
        """The one who calls learns that the other refuses its key."""
        wrong = f"romeo@{self.server.domain}=" + "00" * 32
        with self.jxs("listen", "juliet", "--accept", "all", "--once", "--trust-fingerprint", wrong) as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                self.assertEqual(chat.wait(), 5, chat.errors.text())
            listen.errors.until("has changed")

    def test_interrupt(self):
        """Ctrl-C ends the chat in order for the other side."""
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("Connected")
                listen.errors.until("Connected")
                chat.process.send_signal(signal.SIGINT)
                self.assertEqual(chat.wait(), 130)
            self.assertEqual(listen.wait(), 0)
            self.assertIn("ended the chat", listen.errors.rest()[-1])

    def test_interrupt_listen(self):
        with self.jxs("listen", "juliet", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.errors.until("Connected")
                listen.process.send_signal(signal.SIGINT)
                self.assertEqual(listen.wait(), 130)
                self.assertEqual(chat.wait(), 0)


class Secrets(Server):
    """The log and the trace, at their fullest, hold no key, no password, nothing that was said or sent."""

    def fullest(self):
        return self.environment(G_MESSAGES_DEBUG="all")

    def assert_silent(self, text, *secrets):
        self.assertIn("jxs-security-DEBUG", text)
        self.assertIn('"event":"secured"', text)
        keys = []
        for name in os.listdir(os.path.join(self.data.name, "jxs")):
            with open(os.path.join(self.data.name, "jxs", name), encoding="ascii") as file:
                pem = re.search("PRIVATE KEY-----\n(.*?)-----END", file.read(), re.DOTALL).group(1)
            keys += [base64.b64decode(pem)[-32:], *pem.split()]
        self.assertGreaterEqual(len(keys), 4)
        for secret in [self.server.password, *keys, *secrets]:
            for trace in command.traces_of(secret):
                self.assertNotIn(trace, text.encode())

    def test_chat(self):
        said = "a rose by any other name"
        with self.jxs("listen", "juliet", "--accept", "all", "--once", "--trace", environment=self.fullest()) as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet(), "--trace", environment=self.fullest()) as chat:
                chat.errors.until("Connected")
                chat.send(said)
                listen.output.until(said)
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
                self.assertEqual(chat.output.rest(), [])
            self.assertEqual(listen.wait(), 0)
            for jxs in (chat, listen):
                jxs.errors.rest()
                self.assert_silent(jxs.errors.text(), said)

    def test_trace_is_json(self):
        """Also with a resource that JSON has to quote."""
        jid = f"romeo@{self.server.domain}/\"quoted\\"
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with command.Jxs("chat", "--jid", jid, *self.account("romeo")[2:], self.juliet(), "--trace",
                             environment=self.environment()) as chat:
                chat.errors.until("Connected")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
                chat.errors.rest()
                events = [json.loads(line) for line in chat.errors.text().splitlines() if line.startswith("{")]
            self.assertEqual({event["endpoint"] for event in events}, {jid})

    def test_pipe(self):
        sent = "smells as sweet, four and twenty bytes and more"
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all", "--trace", environment=self.fullest()) as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet(), "--trace", environment=self.fullest()) as pipe:
                pipe.send(sent)
                pipe.end_input()
                listen.end_input()
                self.assertEqual(pipe.wait(), 0)
            self.assertEqual(listen.wait(), 0)
            self.assertEqual(listen.output.rest(), [sent])
            for jxs in (pipe, listen):
                jxs.errors.rest()
                self.assert_silent(jxs.errors.text(), sent)


class Refusals(Server):
    def expect(self, status, *words, name="chat", user="romeo", arguments=None, environment=None):
        with self.jxs(name, user, *(arguments or [self.juliet()]), environment=environment) as jxs:
            self.assertEqual(jxs.wait(), status, jxs.errors.text())
            text = "\n".join(jxs.errors.rest())
            for word in words:
                self.assertIn(word, text)

    def test_nobody_there(self):
        self.expect(4, self.juliet(), "jxs listen")

    def test_declined(self):
        with self.jxs("listen", "juliet", "--accept", "nurse@" + self.server.domain) as listen:
            listen.errors.until("Listening")
            self.expect(4, "--accept")
            listen.errors.until("declined")

    def test_not_asked_without_terminal(self):
        with self.jxs("listen", "juliet") as listen:
            listen.errors.until("Listening")
            self.expect(4, "--accept")

    def test_chat_is_no_pipe(self):
        with self.jxs("listen", "juliet", "--accept", "all") as listen:
            listen.errors.until("Listening")
            self.expect(4, name="pipe")
            listen.errors.until("jxs listen --pipe")

    def test_wrong_password(self):
        self.expect(3, "password", environment=self.environment(JXS_PASSWORD="wrong"))

    def test_unknown_authority(self):
        with command.Jxs("chat", "--jid", f"romeo@{self.server.domain}", "--server", self.server.server,
                         self.juliet(), environment=self.environment()) as jxs:
            self.assertEqual(jxs.wait(), 3)

    def test_no_server(self):
        with command.Jxs("chat", "--jid", "romeo@example.test", "--server", f"127.0.0.1:{prosody.free_port()}",
                         self.juliet(), environment=self.environment()) as jxs:
            self.assertEqual(jxs.wait(), 3)

    def test_usage(self):
        for arguments in (["chat", "juliet@example.test"], ["chat", "--jid", "a@b.c"], ["pipe", "--jid", "a@b.c"],
                          ["chat", "--jid", "a@b.c", "@"], ["chat", "--jid", "a@b.c", "d@e.f", "g@h.i"],
                          ["listen", "--jid", "a@b.c", "more"], ["listen", "--jid", "a@b.c", "--pipe"],
                          ["listen", "--jid", "a@b.c", "--trust-fingerprint", "00" * 32],
                          ["chat", "--jid", "a@b.c", "--password", "secret", "d@e.f"],
                          ["chat", "--jid", "a@b.c", "juliet"], ["chat", "--jid", "romeo", "a@b.c"],
                          ["chat", "--jid", "a@b.c", "d@e.f", "--trust-fingerprint", "AB:CD"]):
            with self.subTest(arguments):
                with command.Jxs(*arguments, environment=self.environment()) as jxs:
                    self.assertEqual(jxs.wait(), 2, jxs.errors.text())

    def test_elsewhere(self):
        """A domain our server does not reach is no failure of ours."""
        self.expect(4, "juliet@nowhere.test", arguments=["juliet@nowhere.test"])

    def test_password_file(self):
        path = os.path.join(self.data.name, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.server.password + "\nmore\n")
        environment = self.environment(JXS_PASSWORD="wrong")
        self.expect(4, arguments=[self.juliet(), "--password-file", path], environment=environment)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n")
        self.expect(1, path, arguments=[self.juliet(), "--password-file", path], environment=environment)


class Lost(Server):
    """Ends with its server."""

    def test_lost(self):
        with self.jxs("listen", "juliet", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("Connected")
                listen.errors.until("Connected")
                self.server.kill()
                self.assertEqual(listen.wait(), 3)
                self.assertIn("The server is gone", "\n".join(listen.errors.rest()))
                self.assertEqual(chat.wait(), 3)
                self.assertIn("The server is gone", "\n".join(chat.errors.rest()))


class Pipe(Server):
    def move(self, data, back, watch=None):
        """Romeo sends data, Juliet answers with back at the same time; returns what came out on both sides."""
        source = os.path.join(self.data.name, "source")
        target = os.path.join(self.data.name, "target")
        with open(source, "wb") as file:
            file.write(data)
        with open(source, "rb") as stdin, open(target, "wb") as stdout, \
                self.jxs("listen", "juliet", "--pipe", "--accept", f"romeo@{self.server.domain}",
                         stdout=stdout) as listen:
            listen.errors.until("Listening")
            answer = threading.Thread(target=self.feed, args=(listen.process.stdin, back))
            answer.start()
            with command.Jxs("pipe", "--jid", f"romeo@{self.server.domain}/pipe", *self.account("romeo")[2:],
                             self.juliet(), environment=self.environment(), stdin=stdin,
                             stdout=subprocess.PIPE) as pipe:
                pipe.errors.until("Connected")
                if watch is not None:
                    watch(pipe)
                self.assertEqual(pipe.wait(240), 0, pipe.errors.text())
                self.assertEqual(listen.wait(), 0, listen.errors.text())
                answer.join()
                received = "\n".join(pipe.output.rest())
        with open(target, "rb") as file:
            return file.read(), received

    @staticmethod
    def feed(stdin, text):
        stdin.write(text.encode())
        stdin.close()

    def assert_same(self, received, sent):
        self.assertEqual(len(received), len(sent))
        self.assertEqual(hashlib.sha256(received).hexdigest(), hashlib.sha256(sent).hexdigest())

    def test_file(self):
        data = bytes_of(FILE_BYTES)
        received, answer = self.move(data, "well received\n")
        self.assert_same(received, data)
        self.assertEqual(answer, "well received")

    def test_half_close(self):
        """The end of one direction is not the end of the other."""
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet()) as pipe:
                pipe.send("the end")
                pipe.end_input()
                listen.output.until("the end")
                listen.errors.until("Connected")
                listen.send("still here")
                pipe.output.until("still here")
                listen.end_input()
                self.assertEqual(pipe.wait(), 0)
                self.assertEqual(listen.wait(), 0)

    def test_killed(self):
        """A peer that is gone without a word is an error, not an end of file."""
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet()) as pipe:
                pipe.send("alive")
                listen.output.until("alive")
                listen.process.kill()
                pipe.send("are you there?")
                self.assertNotEqual(pipe.wait(), 0)

    def test_interrupt(self):
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet()) as pipe:
                pipe.send("alive")
                listen.output.until("alive")
                pipe.process.send_signal(signal.SIGINT)
                self.assertEqual(pipe.wait(), 130)
                listen.end_input()
                self.assertEqual(listen.wait(), 1, "what was cut off must not look whole")

    def test_slow_reader(self):
        """What nobody takes from standard output does not stop anything else."""
        data = bytes_of(SLOW_READER_BYTES)
        reader, writer = os.pipe()
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all", stdout=writer) as listen, \
                xmpp.Client(self.server, "romeo", "observer") as observer, \
                os.fdopen(reader, "rb") as received:
            os.close(writer)
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet()) as pipe:
                pipe.errors.until("Connected")
                feeding = threading.Thread(target=pipe.process.stdin.write, args=(data,))
                feeding.start()
                while fcntl.ioctl(reader, termios.FIONREAD, bytes(4)) != struct.pack("i", PIPE_BYTES):
                    time.sleep(0.05)
                # Room for a little: a write of more would block.
                taken = received.read1(4096)
                for _ in range(20):
                    observer.ping(self.juliet() + "/jxs")
                listen.end_input()
                taken += received.read(len(data) - len(taken))
                feeding.join()
                pipe.end_input()
                self.assert_same(taken, data)
                self.assertEqual(pipe.wait(), 0)
            self.assertEqual(listen.wait(), 0)

    def test_output_closed(self):
        with closed_pipe() as output, \
                self.jxs("listen", "juliet", "--pipe", "--accept", "all", stdout=output) as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet()) as pipe:
                pipe.errors.until("Connected")
                pipe.send("for nobody")
                self.assertEqual(listen.wait(), 1)
                self.assertEqual(pipe.wait(), 1)


class ThrottledPipe(Pipe):
    """An account that may send 10 kB/s stays usable while a file moves."""

    limit = "10kb/s"
    test_half_close = test_killed = test_interrupt = test_slow_reader = test_output_closed = None

    def test_file(self):
        data = bytes_of(SLOW_FILE_BYTES)
        slowest = 0.0
        pings = 0

        def watch(pipe):
            nonlocal slowest, pings
            with xmpp.Client(self.server, "juliet", "observer") as observer:
                while pipe.process.poll() is None:
                    start = time.monotonic()
                    observer.ping(f"romeo@{self.server.domain}/pipe")
                    slowest = max(slowest, time.monotonic() - start)
                    pings += 1
                    time.sleep(0.2)

        received, _ = self.move(data, "", watch)
        self.assert_same(received, data)
        print(f"# {pings} pings, the slowest answered after {slowest:.2f} s", flush=True)
        self.assertGreater(pings, 3)
        self.assertLess(slowest, PING_SECONDS)


class Paths(Server):
    """Which way the bytes take, by the options of both sides."""

    proxy65 = True
    network = ("--no-port-mapping",)
    # The longest there is.
    long_address = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"

    def relay(self):
        return f"through the relay {self.server.proxy_jid} (127.0.0.1:{self.server.proxy_port})"

    def assert_readable(self, text):
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])
        self.assertNotIn("\x1b", text)

    def probe(self, *options, listen=(), status=0):
        """What the one who probes and the one who is probed print."""
        with self.jxs("listen", "juliet", "--accept", "all", *listen) as other:
            other.errors.until("Listening")
            with self.jxs("probe", "romeo", self.juliet(), *options) as probe:
                self.assertEqual(probe.wait(), status, probe.errors.text())
                output = "\n".join(probe.output.rest())
                probe.errors.rest()
            other.process.send_signal(signal.SIGINT)
            self.assertEqual(other.wait(), 130)
            other.errors.rest()
        self.assert_readable(output)
        return output, probe.errors.text(), other.errors.text()

    def test_direct(self):
        both = ("--allow-loopback",)
        # Named, as a search for it might take longer than the connection.
        relay = f"{self.server.proxy_jid}={self.server.proxy_host}:{self.server.proxy_port}"
        # Only who is known is told the key (XEP-0250 §3.2).
        known = f"romeo@{self.server.domain}=" + self.fingerprint("romeo")
        output, errors, other = self.probe(*both, "--proxy", relay, listen=(*both, "--trust-fingerprint", known))
        self.assertRegex(output, r"(?m)^  (here|there) +direct +\d+  \S+ .* in use$")
        self.assertRegex(output, r"(?m)^  (here|there) +relay +\d+  127\.0\.0\.1:\d+ ")
        self.assertRegex(output, r"(?m)^  s5b   in use$")
        self.assertRegex(output, r"(?m)^  ibb   not needed$")
        # What they say of encryption, and the key they have.
        for method in ("x509", "srp", "starttls"):
            self.assertRegex(output, rf"(?m)^  {method} +\w")
        self.assertIn("their key " + self.fingerprint("juliet"), " ".join(output.split()))
        self.assertRegex(output, r"(?m)^  direct, (to|at our) \S+:\d+$")
        self.assertRegex(output, r"There and back, encrypted, takes \d+\.\d+ ms")
        self.assertRegex(errors, r"Path: direct, ")
        self.assertRegex(other, r"probes the connection: direct, ")

    def test_relay_only(self):
        """Neither side's address is shown to anybody."""
        for ours, theirs in (("--relay-only",), ()), ((), ("--relay-only",)), (("--relay-only",), ("--relay-only",)):
            with self.subTest(ours=ours, theirs=theirs):
                # The relay is at a loopback address here.
                output, _, other = self.probe("--allow-loopback", *ours, listen=("--allow-loopback", *theirs))
                self.assertIn(self.relay(), output)
                self.assertIn(self.relay(), other)
                if ours:
                    self.assertNotRegex(output, r"(?m)^  here +(direct|router|tunnel)")
                    self.assertEqual(" not allowed" in output, not theirs)
                if theirs:
                    self.assertNotRegex(output, r"(?m)^  there +(direct|router|tunnel)")

    def test_in_band(self):
        output, _, other = self.probe("--transports", "ibb")
        self.assertIn("none was offered", output)
        self.assertRegex(output, r"(?m)^  ibb   in use$")
        self.assertIn("in-band", output)
        self.assertIn("in-band", other)

    def test_long_address(self):
        output, _, _ = self.probe("--allow-loopback", "--proxy", f"far.example={self.long_address}", "--transports", "s5b,ibb",
                                  listen=("--allow-loopback",))
        self.assertIn(self.long_address, output)

    def test_dead_relay(self):
        """Nobody listens there: what happened is told in words, and something else is used."""
        dead = f"dead.example=127.0.0.1:{prosody.free_port()}"
        output, _, _ = self.probe("--allow-loopback", listen=("--allow-loopback", "--relay-only", "--proxy", dead))
        self.assertRegex(output, r"(?m)^  there +relay +\d+  127\.0\.0\.1:\d+ +failed\n {9}\S.*[Cc]onnection refused")
        self.assertIn("through the relay " + self.server.proxy_jid, output)

    def test_no_way(self):
        """Nothing is left: the table says what was tried, the error why it did not work."""
        output, errors, other = self.probe(
            "--transports", "s5b", "--relay-only", listen=("--transports", "s5b", "--relay-only"), status=1)
        self.assertIn("Ways between us", output)
        self.assertNotIn("in use", output)
        self.assertEqual(errors.count("No connection to " + self.juliet()), 1)
        self.assertIn("A probe did not come about", other)

    def test_declined(self):
        with self.jxs("listen", "juliet", "--accept", "nurse@" + self.server.domain) as listen:
            listen.errors.until("Listening")
            with self.jxs("probe", "romeo", self.juliet()) as probe:
                self.assertEqual(probe.wait(), 4)
                self.assertEqual(probe.output.rest(), [])

    def test_asked(self):
        with Terminal("listen", *self.account("juliet"), environment=self.environment(NO_COLOR="1")) as listen:
            listen.until("Listening")
            with self.jxs("probe", "romeo", self.juliet(), "--transports", "ibb") as probe:
                for question in ("wants to probe the connection. Accept? [y/N] ", "Accept this key? [y/N] "):
                    listen.until(question)
                    listen.type("y\n")
                self.assertEqual(probe.wait(), 0)
            listen.until("probes the connection: in-band")

    def test_chat(self):
        both = ("--allow-loopback",)
        with self.jxs("listen", "juliet", "--accept", "all", "--once", *both) as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet(), *both) as chat:
                chat.errors.until("Path: direct, ")
                listen.errors.until("Path: direct, ")
                chat.send("hello")
                listen.output.until(": hello")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
            self.assertEqual(listen.wait(), 0)

    def test_pipe(self):
        """Through the relay, and a probe beside it."""
        sent = bytes_of(1024 * 1024)
        both = ("--allow-loopback", "--relay-only")
        with self.jxs("listen", "juliet", "--pipe", "--accept", "all", *both) as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet(), *both) as pipe:
                pipe.errors.until("Path: " + self.relay())
                listen.errors.until("Path: " + self.relay())
                with self.jxs("probe", "romeo", self.juliet(), *both) as probe:
                    self.assertEqual(probe.wait(), 0, probe.errors.text())
                text = base64.b64encode(sent).decode()
                pipe.send(text)
                self.assertEqual(listen.output.until(""), text)
                pipe.end_input()
                listen.end_input()
                self.assertEqual(pipe.wait(), 0)
            self.assertEqual(listen.wait(), 0)

    def test_wrong_options(self):
        for options in (["--transports", "tcp"], ["--transports", ""], ["--transports", "ibb,ibb"],
                        ["--proxy", "@"], ["--proxy", "proxy.example="], ["--proxy", "proxy.example=host"],
                        ["--proxy", "proxy.example=host:0"], ["--proxy", "proxy.example=host:70000"]):
            with self.subTest(options):
                with self.jxs("probe", "romeo", self.juliet(), *options) as probe:
                    self.assertEqual(probe.wait(), 2, probe.errors.text())
                    self.assertRegex("\n".join(probe.errors.rest()), "^jxs: ")


if __name__ == "__main__":
    tap.main("/tool")
