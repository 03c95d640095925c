#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command verifies peers: keys that are new, compared, given by a password, or changed."""

import contextlib
import os
import subprocess

import command
import tap
from server_case import Server
from terminal import Terminal


class Verified(Server):
    """Two persons at their terminals."""

    def terminal(self, name, user, *arguments):
        return Terminal(name, *self.account(user), *arguments, environment=self.environment(NO_COLOR="1"))

    def trust(self, user, *arguments):
        return subprocess.run([command.JXS, "trust", *arguments, "--trust-store", self.trust_store(user)],
                              capture_output=True, text=True, env={**os.environ, **self.environment()})

    def accept(self, terminal, question):
        terminal.until(question)
        terminal.type("y\n")

    @contextlib.contextmanager
    def compared(self):
        """Up to the question whether what both see is the same."""
        with self.terminal("listen", "juliet", "--once") as listen:
            listen.until("Listening")
            with self.terminal("verify", "romeo", self.juliet()) as verify:
                self.accept(listen, "wants to chat. Accept? [y/N] ")
                # Who is about to compare has nothing to decide before.
                self.accept(listen, "Accept this key? [y/N] ")
                shown = []
                for terminal in (verify, listen):
                    terminal.until("by telephone or side by side")
                    shown.append(terminal.until("Is it the same? [y/N] "))
                self.assertRegex(shown[0], r"\d{4} \d{4} \d{4}")
                self.assertEqual(shown[0], shown[1])
                yield verify, listen

    def test_same(self):
        with self.compared() as (verify, listen):
            listen.type("y\n")
            verify.type("y\n")
            self.assertNotIn("Accept", verify.until(f"{self.juliet()} is verified"))
            self.assertEqual(verify.wait(), 0)
            listen.until(" is verified")
            self.assertEqual(listen.wait(), 0)
        for user, other in (("romeo", "juliet"), ("juliet", "romeo")):
            listed = self.trust(user, "list").stdout
            self.assertIn("verified (numbers or pictures compared)", listed)
            self.assertIn(self.fingerprint(other)[:39], listed)
        # From now on nobody is asked about the key any more.
        with self.jxs("listen", "juliet", "--accept", "all", "--once", "--verified-only") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet(), "--verified-only") as chat:
                chat.errors.until("is verified (numbers or pictures compared)")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)

    def test_different(self):
        with self.compared() as (verify, listen):
            verify.type("n\n")
            verify.until("SOMEBODY MAY BE LISTENING IN")
            self.assertEqual(verify.wait(), 5)
            listen.until("SOMEBODY MAY BE LISTENING IN")
        self.assertNotIn("verified (", self.trust("romeo", "list").stdout)
        self.assertNotIn("verified (", self.trust("juliet", "list").stdout)

    def call_with_password(self, typed, answered):
        with self.terminal("listen", "juliet", "--once") as listen:
            listen.until("Listening")
            with self.terminal("verify", "romeo", self.juliet(), "--password") as verify:
                verify.until("password you agreed on")
                verify.type(typed + "\n")
                listen.until("calls with a password")
                listen.type(answered + "\n")
                status = verify.wait()
                listen.process.terminate()
                return status, listen.wait()

    def test_password(self):
        status, _ = self.call_with_password("under the balcony", "under the balcony")
        self.assertEqual(status, 0)
        self.assertIn("verified (both knew a password)", self.trust("romeo", "list").stdout)
        self.assertIn(self.fingerprint("juliet")[:39], self.trust("romeo", "list").stdout)

    def test_wrong_password(self):
        status, _ = self.call_with_password("under the balcony", "over the balcony")
        self.assertEqual(status, 5)
        self.assertEqual(self.trust("romeo", "list").stdout, "")

    def test_no_password(self):
        status, _ = self.call_with_password("under the balcony", "")
        self.assertEqual(status, 4)

    def test_not_accepted(self):
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.terminal("chat", "romeo", self.juliet()) as chat:
                chat.until("Accept this key? [y/N] ")
                chat.type("\n")
                chat.until("you did not accept it")
                self.assertEqual(chat.wait(), 5)

    def test_changed(self):
        """The warning is loud, tells both keys, and what to do; doing that helps."""
        old = self.fingerprint("juliet")
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("not verified")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
        subprocess.run([command.JXS, "identity", "--jid", self.juliet(), "--new"], check=True,
                       capture_output=True, env={**os.environ, **self.environment()})
        new = self.fingerprint("juliet")
        with self.jxs("listen", "juliet", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                self.assertEqual(chat.wait(), 5)
                text = " ".join(" ".join(chat.errors.rest()).split())
                for part in (f"WARNING: THE KEY OF {self.juliet()} HAS CHANGED", "LISTENING IN", old, new,
                             f"jxs trust verify {self.juliet()}"):
                    self.assertIn(part, text)
            self.assertIn("refused so far", self.trust("romeo", "list").stdout)
            self.assertEqual(self.trust("romeo", "verify", self.juliet(), new).returncode, 0)
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("is verified (fingerprint compared)")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)


if __name__ == "__main__":
    tap.main("/tool/verify")
