#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command without a server: usage, exit status, demo."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import unittest

import command
import tap

ESCAPE = "\x1b"


def run(*arguments, environment=None):
    return subprocess.run([command.JXS, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=command.DEADLINE, env={**os.environ, **(environment or {})})


def run_on_terminal(*arguments, environment=None):
    """Both outputs are a terminal; what it shows, and the status."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([command.JXS, *arguments], stdin=follower, stdout=follower, stderr=follower,
                               start_new_session=True,
                               env={**os.environ, "TERM": "xterm", **(environment or {})})
    os.close(follower)
    shown = b""
    while True:
        ready, _, _ = select.select([leader], [], [], command.DEADLINE)
        assert ready, "silence"
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    return shown.decode(), process.wait()


class Usage(unittest.TestCase):
    def test_help(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for word in ("demo", "identity", "130", "JXS_PASSWORD"):
            self.assertIn(word, result.stdout)
        self.assertEqual(result.stderr, "")

    def test_help_of_commands(self):
        names = re.findall(r"^  ([a-z]+)  ", run("--help").stdout, re.MULTILINE)
        self.assertIn("demo", names)
        for name in names:
            with self.subTest(name):
                result = run(name, "--help")
                self.assertEqual(result.returncode, 0)
                self.assertIn("jxs " + name, result.stdout)
                self.assertEqual([line for line in result.stdout.splitlines() if len(line) > 79], [])
                self.assertEqual(run("help", name).stdout, result.stdout)

    def test_manual(self):
        """doc/jxs.md tells of each command, option, status and variable, and of no other option."""
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "doc", "jxs.md"), encoding="utf-8") as file:
            manual = file.read()
        overview = run("--help").stdout
        names = re.findall(r"^  ([a-z]+)  ", overview, re.MULTILINE)
        if "chat" not in names:
            self.skipTest("built without the client")
        helps = "".join(run(name, "--help").stdout for name in names)
        for name in names:
            self.assertIn(f"jxs {name}", manual)
        for variable in re.findall(r"^  ([A-Z_]+)  ", overview, re.MULTILINE):
            self.assertIn(f"`{variable}`", manual)
        for status, meaning in re.findall(r"^  (\d+) +(.*)$", overview, re.MULTILINE):
            self.assertRegex(manual, rf"\| {status} \| {meaning}")
        options = re.compile(r"--[a-z][a-z0-9-]*")
        self.assertEqual(set(options.findall(helps)) - {"--help"}, set(options.findall(manual)) - {"--version"})

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^jxs-glib \d+\.\d+\.\d+\n$")

    def test_wrong(self):
        for arguments in ([], ["dance"], ["demo", "--dance"], ["demo", "more"], ["demo", "--size", "-1"],
                          ["demo", "--size", "much"], ["demo", "--delay", "100000"],
                          ["demo", "--transports", "tcp"], ["identity"],
                          ["identity", "--new"], ["identity", "--jid", "@"], ["identity", "--ed25519", "-j", "a@b.c"],
                          ["identity", "--jid", "a@b.c", "more"]):
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(result.stdout, "")
                self.assertRegex(result.stderr, r"^jxs: .+\n")


class Output(unittest.TestCase):
    """Standard output that does not take what is printed."""

    def demo(self, **arguments):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen([command.JXS, "demo", "--delay", "0", "--size", "1"], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": folder},
                                       **arguments)
            if process.stdout is not None:
                process.stdout.readline()
                process.stdout.close()
            errors = process.communicate(timeout=command.DEADLINE)[1]
            self.assertEqual(os.listdir(folder), [])
        return process.returncode, errors

    def test_full(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            status, errors = self.demo(stdout=full)
        self.assertEqual(status, 1)
        self.assertEqual(errors, "jxs: Standard output: No space left on device\n")

    def test_closed(self):
        """No socket takes its place."""
        status, errors = self.demo(preexec_fn=lambda: os.close(1))
        self.assertEqual(status, 1)
        self.assertIn("jxs: Standard output: ", errors)

    def test_enough(self):
        """As with “jxs demo | head -1”."""
        self.assertEqual(self.demo(stdout=subprocess.PIPE), (1, ""))


class Demo(unittest.TestCase):
    def test_verified(self):
        for transports, path in {"s5b,ibb": r"direct, (to|at our) (127\.0\.0\.1|\[::1\]):\d+", "ibb": "in-band"}.items():
            with self.subTest(transports):
                result = run("demo", "--size", "2", "--delay", "5", "--transports", transports)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                self.assertEqual(result.stderr, "")
                for part in ("session-initiate", "session-accept", "TLS 1.3", "SHA-256", "first use",
                             "the keys are verified", "verified: by what both sides compared",
                             "the file arrived as it was sent", "2 messages one way, 2 the other", "ended in order"):
                    self.assertIn(part, result.stdout)
                self.assertRegex(result.stdout, r"(?m)^  Path +" + path)
                # Both sides see the same string.
                seen = re.findall(r"(?m)^  \w+ sees +(\d{4} \d{4} \d{4}   .+)$", result.stdout)
                self.assertEqual((len(seen), len(set(seen))), (2, 1))
                self.assertTrue(result.stdout.endswith("\nAll verified.\n"))
                self.assertEqual([line for line in result.stdout.splitlines() if len(line) > 80], [])

    def test_sizes(self):
        for size in ("0", "1"):
            result = run("demo", "--size", size, "--delay", "0")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_leaves_no_files(self):
        with tempfile.TemporaryDirectory() as folder:
            run("demo", "--size", "1", "--delay", "0", environment={"TMPDIR": folder})
            self.assertEqual(os.listdir(folder), [])

    def test_plain_when_piped(self):
        self.assertNotIn(ESCAPE, run("demo", "--size", "1", "--delay", "0").stdout)

    def test_colours_on_terminal(self):
        colourful = {name: "" for name in ("NO_COLOR",)}
        shown, status = run_on_terminal("demo", "--size", "1", "--delay", "0", environment=colourful)
        self.assertEqual(status, 0)
        self.assertIn(ESCAPE + "[1m", shown)
        self.assertIn("100 %", shown)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb", "NO_COLOR": ""}):
            shown, status = run_on_terminal("demo", "--size", "0", "--delay", "0", environment=environment)
            self.assertEqual(status, 0)
            self.assertNotRegex(shown, ESCAPE + r"\[\d*m")

    def test_trace(self):
        result = run("demo", "--size", "0", "--delay", "0", "--trace")
        self.assertEqual(result.returncode, 0)
        events = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertGreater(len(events), 4)
        for event in events:
            self.assertEqual(set(event), {"time", "endpoint", "layer", "event", "detail"})
        secured = [event for event in events if (event["layer"], event["event"]) == ("security", "secured")]
        self.assertEqual({event["endpoint"] for event in secured}, {"romeo", "juliet"})
        self.assertEqual(secured[0]["detail"]["protocol"], "TLS 1.3")
        self.assertEqual([event["detail"]["trust-level"] for event in secured], 2 * ["first-use"] + 2 * ["verified"])
        self.assertNotIn("PRIVATE", result.stderr)

    def test_log_tells_no_secrets(self):
        """Neither the log nor the trace, at their fullest, holds what was said or sent."""
        for transport in ("s5b", "ibb"):
            with self.subTest(transport):
                result = run("demo", "--size", "1", "--delay", "0", "--trace", "--transports", transport,
                             environment={"G_MESSAGES_DEBUG": "all"})
                self.assertEqual(result.returncode, 0)
                self.assertNotIn("DEBUG", result.stdout)
                said = re.findall(r"^  (?:romeo|juliet) +(.*[.?!])$", result.stdout, re.MULTILINE)
                self.assertEqual(len(said), 4)
                for layer in ("jingle", "security", "stream", transport, "e2e"):
                    self.assertTrue(f"jxs-{layer}-DEBUG" in result.stderr, layer)
                for secret in [*said, "-----BEGIN", "PRIVATE KEY", "<body", "<data", "stream:stream"]:
                    for trace in command.traces_of(secret):
                        self.assertFalse(trace in result.stderr.encode(), secret)

    def test_interrupted(self):
        """Whether it was opening, making the file or moving it."""
        for part in ("session-accept", "Messages", "through a pipe"):
            with tempfile.TemporaryDirectory() as folder, \
                    command.Jxs("demo", "--size", "256", "--delay", "50",
                                environment={"TMPDIR": folder}) as demo:
                demo.output.until(part)
                demo.process.send_signal(signal.SIGINT)
                self.assertEqual(demo.wait(), 130)
                self.assertIn("jxs: Interrupted", demo.errors.rest())
                self.assertEqual(os.listdir(folder), [])

    def test_hangup(self):
        """The end of the terminal, unless nohup stands against it."""
        for ignored in (False, True):
            with tempfile.TemporaryDirectory() as folder, command.Jxs(
                    "demo", "--size", "1", "--delay", "20", environment={"TMPDIR": folder},
                    preexec_fn=lambda: ignored and signal.signal(signal.SIGHUP, signal.SIG_IGN)) as demo:
                demo.output.until("session-accept")
                demo.process.send_signal(signal.SIGHUP)
                self.assertEqual(demo.wait(), 0 if ignored else 130)
                self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    tap.main("/tool")
