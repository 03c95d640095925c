#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command verifies peers: keys that are new, compared, given by a password, or changed."""

import contextlib
import os
import re
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
    def compared(self, *options):
        """Up to the question whether what both see is the same."""
        with self.terminal("listen", "juliet", "--once") as listen:
            listen.until("Listening")
            with self.terminal("verify", "romeo", self.juliet(), *options) as verify:
                self.accept(listen, "wants to chat. Accept? [y/N] ")
                # Who is about to compare has nothing to decide before.
                self.accept(listen, "Accept this key? [y/N] ")
                shown = []
                for terminal in (verify, listen):
                    terminal.until("by telephone or side by side")
                    shown.append(terminal.until("Is it the same? [y/N] "))
                self.assertRegex(shown[0], r"\d{4} \d{4} \d{4}")
                self.assertEqual(shown[0], shown[1])
                self.string = shown[0]
                yield verify, listen

    def test_same(self):
        # Whom the option would keep out is to be verified.
        with self.compared("--verified-only") as (verify, listen):
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

    def test_end_of_input(self):
        """Ctrl-D is no answer: nobody is accused."""
        with self.compared() as (verify, listen):
            verify.type("\x04")
            self.assertIn("you gave up", verify.rest())
            self.assertEqual(verify.wait(), 5)
            listen.until("gave up before answering")

    def test_interrupted(self):
        with self.compared() as (verify, listen):
            verify.type("\x03")
            self.assertNotIn("The other side", verify.rest())
            self.assertEqual(verify.wait(), 130)
            shown = listen.until("gave up before answering")
            self.assertNotIn("LISTENING IN", shown)

    def test_hung_up(self):
        """The one who waits for the other's answer learns that none will come."""
        with self.compared() as (verify, listen):
            verify.type("y\n")
            verify.until("Waiting for the other side to say so too")
            listen.type("\x03")
            self.assertIn("ended before both had answered", " ".join(verify.rest().split()))
            self.assertEqual(verify.wait(), 5)
            self.assertEqual(listen.wait(), 130)
        self.assertNotIn("verified (", self.trust("romeo", "list").stdout)

    def test_killed(self):
        with self.compared() as (verify, listen):
            verify.process.kill()
            listen.type("y\n")
            listen.until("ended before both")
            # It listens on, or ends, as it was told: with --once it ends.
            self.assertEqual(listen.wait(), 0)

    def test_pictures_whole(self):
        """Each picture stays beside its name, and nothing is cut."""
        with self.compared() as (verify, listen):
            self.assertEqual([line for line in self.string.splitlines() if len(line) > 72], [])
            rows = [re.findall(r"(\S) +(\w[\w ]*?)(?:  |$)", line) for line in self.string.splitlines()]
            self.assertEqual(sum(len(row) for row in rows if row and ord(row[0][0]) > 0x2000), 7)
            verify.type("\x03")
            listen.until("gave up")

    def test_without_terminal(self):
        """Nobody can compare there, on either side."""
        with self.terminal("listen", "juliet", "--accept", "all") as listen:
            listen.until("Listening")
            with self.jxs("verify", "romeo", self.juliet()) as verify:
                self.assertEqual(verify.wait(), 2)
                self.assertIn("--peer-password-file", verify.errors.rest()[0])
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.terminal("verify", "romeo", self.juliet()) as verify:
                self.assertIn("gave up before answering", " ".join(verify.rest().split()))
                self.assertEqual(verify.wait(), 5)

    def test_usage(self):
        file = self.password_file("secret")
        for arguments in (["--strong"], ["--strong", "--peer-password-file", file]):
            with self.terminal("verify", "romeo", self.juliet(), *arguments) as verify:
                verify.until("--strong is for a password that --password makes")
                self.assertEqual(verify.wait(), 2)
        for accepted in ([], ["--accept", "all"], ["--accept", "a@b.c", "--accept", "d@e.f"]):
            with self.jxs("listen", "juliet", *accepted, "--peer-password-file", file) as listen:
                self.assertEqual(listen.wait(), 2)
                self.assertIn("Whose password", listen.errors.rest()[0])

    def test_nobody(self):
        with self.terminal("verify", "romeo", self.juliet()) as verify:
            verify.until("is not online")
            self.assertEqual(verify.wait(), 4)

    # ---- by a password ----

    def password_file(self, password):
        path = os.path.join(self.data.name, f"{self.id()}-{password}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(password + "\n")
        return path

    def romeo(self):
        return f"romeo@{self.server.domain}"

    def call_with_password(self, typed, answered, *options, environment=None, strong=False, declined=False):
        """What both showed, and the status of who called. Without typed one is made."""
        listen = Terminal("listen", *self.account("juliet"), "--once",
                          environment={**self.environment(NO_COLOR="1"), **(environment or {})})
        with listen:
            listen.until("Listening")
            with self.terminal("verify", "romeo", self.juliet(), "--password", *options) as verify:
                verify.until("password you agreed on")
                verify.type((typed or "") + "\n")
                if typed is None:
                    shown = verify.until("good for one attempt")
                    answered = re.search(r"(?m)^  ([0-9A-Z][0-9A-Z -]+[0-9A-Z])\r$", shown).group(1)
                    self.assertRegex(answered, r"^(\w{4}-){4}\w{4}$" if strong else r"^\d{3} \d{3} \d{3}$")
                listen.until("calls with a password")
                self.assertNotIn("Accept this key", listen.shown)
                listen.type(answered + "\n")
                shown = " ".join(verify.rest().split())
                status = verify.wait()
                if declined: # otherwise it was the one call
                    listen.process.terminate()
                return shown, " ".join(listen.rest().split()), status

    def assert_verified(self):
        for user, other in (("romeo", "juliet"), ("juliet", "romeo")):
            listed = self.trust(user, "list").stdout
            self.assertIn("verified (both knew a password)", listed)
            self.assertIn(self.fingerprint(other)[:39], listed)

    def test_password(self):
        shown, there, status = self.call_with_password("under the balcony", "under the balcony")
        self.assertEqual(status, 0)
        self.assertIn(f"{self.juliet()} is verified", shown)
        self.assertIn("Both sides knew the password: verified", there)
        self.assert_verified()

    def test_made_password(self):
        for options, strong in (((), False), (("--strong",), True)):
            _, _, status = self.call_with_password(None, None, *options, strong=strong)
            self.assertEqual(status, 0)
        self.assert_verified()

    def test_wrong_password(self):
        shown, there, status = self.call_with_password("under the balcony", "over the balcony")
        self.assertEqual(status, 5)
        for text in (shown, there):
            self.assertIn("entered another password", text)
            self.assertIn("agree on a new one", text)
        self.assertEqual(self.trust("romeo", "list").stdout, "")
        self.assertEqual(self.trust("juliet", "list").stdout, "")

    def test_no_password(self):
        shown, _, status = self.call_with_password("under the balcony", "", declined=True)
        self.assertEqual(status, 4)
        self.assertIn("declined", shown)

    def test_mistyped(self):
        """A strong one has a check character: nothing is tried."""
        with self.terminal("verify", "romeo", self.juliet(), "--password") as verify:
            verify.until("password you agreed on")
            verify.type("K2ED-92PB-ATXY-SVMD-8WGB\n")
            self.assertIn("not typed correctly", " ".join(verify.rest().split()))
            self.assertEqual(verify.wait(), 1)

    def test_nobody_types(self):
        with self.terminal("listen", "juliet", "--once") as listen:
            listen.until("Listening")
            with self.terminal("verify", "romeo", self.juliet(), "--password") as verify:
                verify.until("password you agreed on")
                verify.type("under the balcony\n")
                listen.until("calls with a password")
                verify.type("\x03")
                self.assertEqual(verify.wait(), 130)
            listen.until("They gave up.")

    def test_without_srp(self):
        """Where the TLS library there lacks SRP a short password is refused, and a strong one does all the same."""
        path = os.path.join(self.data.name, self.id() + "-priorities")
        with open(path, "w", encoding="ascii") as file:
            file.write("[overrides]\n\n" + "".join(f"tls-disabled-kx = {kx}\n" for kx in ("SRP", "SRP-RSA", "SRP-DSS")))
        without = {"GNUTLS_SYSTEM_PRIORITY_FILE": path}
        shown, there, status = self.call_with_password("123 456 789", "123 456 789", environment=without,
                                                       declined=True)
        self.assertEqual(status, 5)
        self.assertIn("Short passwords cannot be used", there)
        self.assertIn("jxs verify --password --strong", there)
        self.assertEqual(self.trust("romeo", "list").stdout, "")
        shown, there, status = self.call_with_password(None, None, "--strong", strong=True, environment=without)
        self.assertEqual(status, 0)
        self.assertIn("TLS 1.3", shown)
        self.assertIn("Their key is verified (both knew a password)", there)
        self.assert_verified()
        strong = ("K2ED-92PB-ATXY-SVMD-8WGA", "YTYR-7BHK-BG5J-T2DH-5TA9")
        shown, there, status = self.call_with_password(*strong, environment=without)
        self.assertEqual(status, 5)
        self.assertIn("entered another password", shown)
        self.assertIn("does not know the password", there)

    def test_changed_key(self):
        """A password verifies a key in place of the known one."""
        self.trust("romeo", "verify", self.juliet(), "00" * 32)
        _, _, status = self.call_with_password("under the balcony", "under the balcony")
        self.assertEqual(status, 0)
        self.assert_verified()

    # ---- the password of a file ----

    def test_password_file(self):
        """Nobody has to be there; the password is for one call, the key for all others."""
        file = self.password_file("under the balcony")
        with self.jxs("listen", "juliet", "--accept", self.romeo(), "--peer-password-file", file) as listen:
            listen.errors.until("Listening")
            # Who calls without it is not let in: nobody knows who that is.
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                self.assertEqual(chat.wait(), 5)
            listen.errors.until("did not come about")
            self.trust("romeo", "remove", self.juliet())
            with self.jxs("verify", "romeo", self.juliet(), "--peer-password-file", file) as verify:
                self.assertEqual(verify.wait(), 0, verify.errors.text())
            listen.errors.until("Both sides knew the password")
            with self.jxs("verify", "romeo", self.juliet(), "--peer-password-file", file) as verify:
                self.assertEqual(verify.wait(), 4)
            self.assertIn("was for one call", listen.errors.until("declined"))
            with self.jxs("chat", "romeo", self.juliet(), "--verified-only") as chat:
                chat.errors.until("is verified (both knew a password)")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
        self.assert_verified()

    def test_wrong_password_file(self):
        right = self.password_file("under the balcony")
        with self.jxs("listen", "juliet", "--accept", self.romeo(), "--peer-password-file", right) as listen:
            listen.errors.until("Listening")
            wrong = self.password_file("over the balcony")
            with self.jxs("chat", "romeo", self.juliet(), "--peer-password-file", wrong) as chat:
                self.assertEqual(chat.wait(), 5)
                self.assertIn("another password", " ".join(chat.errors.rest()))
        with self.jxs("chat", "romeo", self.juliet(), "--peer-password-file", right + "2") as chat:
            self.assertEqual(chat.wait(), 1)
            self.assertIn(right + "2", " ".join(chat.errors.rest()))

    def test_accepted_without_password(self):
        """--accept does not stand in for a password."""
        file = self.password_file("under the balcony")
        with self.jxs("listen", "juliet", "--accept", "all") as listen:
            listen.errors.until("Listening")
            with self.jxs("verify", "romeo", self.juliet(), "--peer-password-file", file) as verify:
                self.assertEqual(verify.wait(), 4)
            self.assertIn("--peer-password-file", listen.errors.until("declined"))
        with self.terminal("listen", "juliet", "--accept", self.romeo(), "--once") as listen:
            listen.until("Listening")
            with self.jxs("verify", "romeo", self.juliet(), "--peer-password-file", file) as verify:
                listen.until("calls with a password")
                listen.type("under the balcony\n")
                self.assertEqual(verify.wait(), 0)

    def test_pipe_with_password(self):
        """Bytes between two that never met, and know no key of each other."""
        file = self.password_file("under the balcony")
        with self.jxs("listen", "juliet", "--pipe", "--accept", self.romeo(), "--peer-password-file", file) as listen:
            listen.errors.until("Listening")
            with self.jxs("pipe", "romeo", self.juliet(), "--peer-password-file", file) as pipe:
                pipe.send("sweet sorrow")
                pipe.end_input()
                listen.output.until("sweet sorrow")
                listen.end_input()
                self.assertEqual((pipe.wait(), listen.wait()), (0, 0))

    # ---- keys ----

    def test_remembered(self):
        """The line for a first contact comes once."""
        for part in ("is new and not verified", "is the same as last time, and still not verified"):
            with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
                listen.errors.until("Listening")
                with self.jxs("chat", "romeo", self.juliet()) as chat:
                    chat.end_input()
                    self.assertEqual(chat.wait(), 0)
                    text = " ".join(chat.errors.rest())
                    self.assertEqual(text.count("not verified"), 1)
                    self.assertIn(part, text)

    def test_verified_only(self):
        with self.jxs("listen", "juliet", "--accept", "all", "--verified-only") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                self.assertEqual(chat.wait(), 5)
            text = listen.errors.until("did not come about")
            self.assertIn(self.romeo(), text)
            self.assertIn("jxs trust verify", listen.errors.until("jxs trust list"))

    def test_new_device(self):
        """Another device with another key: asked about, and refused where nobody can be asked."""
        other = os.path.join(self.data.name, self.id() + ".pem")
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.end_input()
                self.assertEqual(chat.wait(), 0)
        with self.jxs("listen", "juliet", "--accept", "all", "--identity", other,
                      "--jid", self.juliet() + "/Verona") as listen:
            listen.errors.until("Listening")
            with self.jxs("chat", "romeo", self.juliet() + "/Verona") as chat:
                self.assertEqual(chat.wait(), 5)
                self.assertIn("device whose key is not known", " ".join(chat.errors.rest()))
            for answer, status in (("n\n", 5), ("y\n", 0)):
                with self.terminal("chat", "romeo", self.juliet() + "/Verona") as chat:
                    shown = " ".join(chat.until("Accept this key? [y/N] ").split())
                    self.assertIn("never seen before, “Verona”, with a key of its own", shown)
                    chat.type(answer)
                    if status == 0:
                        chat.until("Ctrl-D ends the chat")
                        chat.type("\x04")
                    self.assertEqual(chat.wait(), status, chat.rest())

    def test_question_withdrawn(self):
        """Who gave up is not asked about any more: the next line is no answer."""
        with self.terminal("listen", "juliet", "--accept", "all") as listen:
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.until("Accept this key? [y/N] ")
                chat.process.terminate()
                self.assertEqual(chat.wait(), 130)
            listen.until("did not come about")
            listen.type("y\n")
            listen.until("Nobody is there to read this.")

    def test_identity_password(self):
        """The key of an account may need a password, in each command."""
        key = os.path.join(self.data.name, self.id() + ".pem")
        subprocess.run([command.JXS, "identity", "--jid", self.juliet(), "--identity", key], check=True,
                       capture_output=True, env={**os.environ, "JXS_IDENTITY_PASSWORD": "capulet"})
        with self.jxs("listen", "juliet", "--identity", key, "--accept", "all", start_new_session=True) as listen:
            self.assertEqual(listen.wait(), 1)
            self.assertIn("--identity-password-file", " ".join(listen.errors.rest()))
        with self.terminal("listen", "juliet", "--identity", key, "--accept", "all", "--once") as listen:
            listen.until("Password of the key in ")
            listen.type("capulet\n")
            listen.until("Listening")
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                listen.until("Accept this key? [y/N] ")
                listen.type("y\n")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)

    def test_not_accepted(self):
        with self.jxs("listen", "juliet", "--accept", "all", "--once") as listen:
            listen.errors.until("Listening")
            with self.terminal("chat", "romeo", self.juliet()) as chat:
                chat.until("Accept this key? [y/N] ")
                chat.type("\n")
                chat.until("Their key is new, and you")
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
                for part in (f"WARNING: THE KEY OF {self.juliet()} HAS CHANGED", "LISTENING IN",
                             f"jxs trust verify {self.juliet()} KEY", f"jxs verify --password {self.juliet()}"):
                    self.assertIn(part, text)
                self.assertRegex(text, rf"Shown now: {new} Known since 20[\d: -]+, accepted[a-z, ]+: {old}")
                self.assertIn("Their key has changed, and is refused", text)
            self.assertIn("refused so far", self.trust("romeo", "list").stdout)
            self.assertEqual(self.trust("romeo", "verify", self.juliet(), new).returncode, 0)
            with self.jxs("chat", "romeo", self.juliet()) as chat:
                chat.errors.until("is verified (fingerprint compared)")
                chat.end_input()
                self.assertEqual(chat.wait(), 0)


if __name__ == "__main__":
    tap.main("/tool/verify")
