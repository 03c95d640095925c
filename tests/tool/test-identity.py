#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command shows the key others know us by: in a file, under a password, in a token."""

import os
import re
import stat
import subprocess
import tempfile
import unittest

import command
import tap
from terminal import Terminal


def run(*arguments, environment):
    # Without a terminal to ask on, also where the tests have one.
    return subprocess.run([command.JXS, "identity", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=command.DEADLINE, start_new_session=True,
                          env={**os.environ, **environment})


class Identity(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {"XDG_DATA_HOME": self.folder.name}
        self.file = os.path.join(self.folder.name, "jxs", "romeo@montague.example.pem")

    def tearDown(self):
        self.folder.cleanup()

    def show(self, *arguments, **environment):
        return run(*arguments, environment={**self.environment, **environment})

    def test_made_once(self):
        first = self.show("--jid", "romeo@montague.example/orchard")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertIn(self.file, first.stdout)
        self.assertIn("romeo@montague.example\n", first.stdout)
        self.assertRegex(first.stdout, r"SHA-256 +((?:[0-9A-F]{4} ){7}[0-9A-F]{4}\s+){2}Valid +until 20\d\d-\d\d-\d\d\n  Link +xmpp:romeo@montague.example\?")
        self.assertEqual(self.show("--jid", "romeo@montague.example").stdout, first.stdout)
        self.assertEqual(self.show("--identity", self.file).stdout, first.stdout)

    def test_fingerprint(self):
        """As OpenSSL computes it."""
        shown = self.show("--jid", "romeo@montague.example").stdout
        printed = subprocess.run(["openssl", "x509", "-in", self.file, "-noout", "-fingerprint", "-sha256"],
                                 capture_output=True, text=True, check=True).stdout
        printed = printed.split("=")[1].strip().replace(":", "")
        self.assertEqual(re.sub(r"\s", "", re.search(r"SHA-256 +((?:[0-9A-F]{4}\s+)+)", shown).group(1)), printed)
        self.assertIn("sha-256=" + printed.lower(), shown)

    def test_new(self):
        first = self.show("--jid", "romeo@montague.example").stdout
        for arguments in (["--new"], ["--new", "--ed25519"]):
            second = self.show("--jid", "romeo@montague.example", *arguments)
            self.assertEqual(second.returncode, 0, second.stderr)
            self.assertNotEqual(second.stdout, first)
            first = second.stdout
        self.assertEqual(self.show("--jid", "romeo@montague.example").stdout, first)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)

    def test_open_to_others(self):
        self.show("--jid", "romeo@montague.example")
        os.chmod(self.file, 0o644)
        result = self.show("--jid", "romeo@montague.example")
        self.assertEqual(result.returncode, 5)
        self.assertIn(self.file, result.stderr)
        self.assertIn("chmod 600", result.stderr)

    def test_broken(self):
        self.show("--jid", "romeo@montague.example")
        with open(self.file, "w", encoding="ascii") as file:
            file.write("nonsense")
        result = self.show("--jid", "romeo@montague.example")
        self.assertEqual(result.returncode, 1)
        self.assertIn(self.file, result.stderr)
        with open(self.file, encoding="ascii") as file:
            self.assertEqual(file.read(), "nonsense")

    def test_renewal(self):
        """What ends soon has a successor, made once and shown."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", self.folder.name + "/key", "-out", self.folder.name + "/certificate", "-days", "30",
                        "-subj", "/CN=romeo@montague.example", "-addext", "keyUsage=critical,digitalSignature",
                        "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                        "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:romeo@montague.example"],
                       check=True, capture_output=True)
        os.mkdir(os.path.dirname(self.file))
        with open(os.open(self.file, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            for part in ("key", "certificate"):
                with open(os.path.join(self.folder.name, part), encoding="ascii") as source:
                    file.write(source.read())
        shown = self.show("--jid", "romeo@montague.example")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"Valid +until 20\d\d-\d\d-\d\d, (29|30) more days\n")
        self.assertIn("takes over", shown.stdout)
        self.assertEqual(shown.stdout.count("SHA-256"), 2)
        keys = r"SHA-256 +((?:[0-9A-F]{4}\s+)+)"
        self.assertEqual(re.findall(keys, self.show("--jid", "romeo@montague.example").stdout),
                         re.findall(keys, shown.stdout))


class Password(unittest.TestCase):
    """A key that needs a password."""

    jid = ("--jid", "romeo@montague.example")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {"XDG_DATA_HOME": self.folder.name, "NO_COLOR": "1"}
        self.file = os.path.join(self.folder.name, "jxs", "romeo@montague.example.pem")
        self.first = self.show().stdout

    def tearDown(self):
        self.folder.cleanup()

    def show(self, *arguments, **environment):
        return run(*self.jid, *arguments, environment={**self.environment, **environment})

    def key(self, shown):
        return re.search(r"SHA-256 +((?:[0-9A-F]{4}\s+)+)", shown).group(1)

    def talk(self, *arguments, answers, status):
        """Types answers to what is asked; returns what is shown."""
        with Terminal("identity", *self.jid, *arguments, environment=self.environment) as terminal:
            shown = ""
            for question, answer in answers:
                shown += terminal.until(question)
                terminal.type(answer + "\n")
            shown += terminal.rest()
            self.assertEqual(terminal.wait(), status, shown)
        for _, answer in answers:
            if answer:
                self.assertNotIn(answer, shown)
        return shown

    def encrypt(self, password="capulet"):
        result = self.show("--encrypt", JXS_IDENTITY_PASSWORD=password)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def is_encrypted(self):
        with open(self.file, encoding="ascii") as file:
            text = file.read()
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertNotEqual("BEGIN ENCRYPTED PRIVATE KEY" in text, "BEGIN PRIVATE KEY" in text)
        return "BEGIN ENCRYPTED PRIVATE KEY" in text

    def test_encrypt(self):
        """The same key, of no use without the password, also for OpenSSL."""
        self.assertIn("Password  none", self.first)
        shown = self.talk("--encrypt", answers=[("New password of the key: ", "capulet"), ("Once more: ", "capulet")],
                          status=0)
        self.assertIn("Password  needed", shown)
        self.assertEqual(self.key(shown), self.key(self.first).replace("\n", "\r\n"))
        self.assertTrue(self.is_encrypted())
        for password, status in (("capulet", 0), ("tybalt", 1)):
            self.assertEqual(subprocess.run(["openssl", "pkey", "-in", self.file, "-noout", "-passin", "pass:" + password],
                                            capture_output=True, check=False).returncode, status)

    def test_not_the_same_twice(self):
        for answers, part in (((("New password of the key: ", "capulet"), ("Once more: ", "capulets")), "differ"),
                              ((("New password of the key: ", ""), ("Once more: ", "")), "protects nothing")):
            self.assertIn(part, self.talk("--encrypt", answers=answers, status=1))
            self.assertFalse(self.is_encrypted())

    def test_asked(self):
        self.encrypt()
        question = f"Password of the key in “{self.file}”: "
        shown = self.talk(answers=[(question, "tybalt"), (question, "capulet")], status=0)
        self.assertIn("That is not the password", shown)
        self.assertIn("needed", shown)
        self.assertIn("not right", self.talk(answers=3 * [(question, "tybalt")], status=5))

    def test_given(self):
        self.encrypt()
        path = os.path.join(self.folder.name, "password")
        for text, status in (("capulet\nmore", 0), ("tybalt\n", 5), ("\n", 1)):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            # The file says it, whatever the environment does.
            result = self.show("--identity-password-file", path, JXS_IDENTITY_PASSWORD="mercutio")
            self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(self.show(JXS_IDENTITY_PASSWORD="capulet").returncode, 0)
        self.assertEqual(self.show(JXS_IDENTITY_PASSWORD="tybalt").returncode, 5)
        result = self.show("--identity-password-file", path + "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn(path + "2", result.stderr)

    def test_nobody_to_ask(self):
        self.encrypt()
        result = self.show()
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        for part in ("no terminal", "--identity-password-file", "JXS_IDENTITY_PASSWORD"):
            self.assertIn(part, result.stderr)

    def test_change(self):
        """What is given opens the old one; the new one is asked for."""
        self.encrypt()
        self.talk("--encrypt", answers=[("Password of the key in", "capulet"), ("New password of the key: ", "mercutio"),
                                        ("Once more: ", "mercutio")], status=0)
        self.assertEqual(self.show(JXS_IDENTITY_PASSWORD="capulet").returncode, 5)
        self.assertEqual(self.show(JXS_IDENTITY_PASSWORD="mercutio").returncode, 0)

    def test_decrypt(self):
        self.encrypt()
        self.assertEqual(self.show("--decrypt", JXS_IDENTITY_PASSWORD="tybalt").returncode, 5)
        self.assertTrue(self.is_encrypted())
        self.assertEqual(self.show("--decrypt", JXS_IDENTITY_PASSWORD="capulet").stdout, self.first)
        self.assertFalse(self.is_encrypted())

    def test_new(self):
        """A new key has a password where the old one had."""
        self.encrypt()
        self.assertEqual(self.show("--new").returncode, 1)
        shown = self.show("--new", JXS_IDENTITY_PASSWORD="mercutio").stdout
        self.assertNotEqual(self.key(shown), self.key(self.first))
        self.assertTrue(self.is_encrypted())
        self.assertEqual(self.show("--new", "--decrypt").returncode, 0)
        self.assertFalse(self.is_encrypted())
        self.assertEqual(self.show("--new", "--encrypt", JXS_IDENTITY_PASSWORD="mercutio").returncode, 0)
        self.assertTrue(self.is_encrypted())

    def test_made_with_password(self):
        os.unlink(self.file)
        self.assertIn("needed", self.show(JXS_IDENTITY_PASSWORD="capulet").stdout)
        self.assertTrue(self.is_encrypted())

    def test_usage(self):
        for arguments in (["--encrypt", "--decrypt"], ["--identity", "pkcs11:token=x", "--new"],
                          ["--identity", "pkcs11:token=x", "--encrypt"], ["--identity", "pkcs11:token=x", "--decrypt"]):
            self.assertEqual(self.show(*arguments).returncode, 2, arguments)


class Token(unittest.TestCase):
    """A key that never leaves its token."""

    pin = "12345678"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        configuration = os.path.join(self.folder.name, "softhsm2.conf")
        tokens = os.path.join(self.folder.name, "tokens")
        os.mkdir(tokens, 0o700)
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": configuration, "XDG_DATA_HOME": self.folder.name}
        self.shown = run("--jid", "romeo@montague.example", environment=self.environment).stdout
        file = os.path.join(self.folder.name, "jxs", "romeo@montague.example.pem")
        try:
            self.tool("softhsm2-util", "--init-token", "--free", "--label", "jxs-tool", "--pin", self.pin,
                      "--so-pin", self.pin)
            for what in ("--load-privkey", "--load-certificate"):
                self.tool("p11tool", "--write", what, file, "--label", "romeo", "--id", "01", "--login",
                          "--batch", "pkcs11:token=jxs-tool?pin-value=" + self.pin)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise unittest.SkipTest(f"SoftHSM or p11tool is not to be had: {error}") from None

    def tool(self, *arguments):
        subprocess.run(arguments, check=True, capture_output=True, stdin=subprocess.DEVNULL,
                       env={**os.environ, **self.environment, "GNUTLS_PIN": self.pin})

    def show(self, uri="pkcs11:token=jxs-tool;object=romeo", **environment):
        return run("--identity", uri, environment={**self.environment, **environment})

    def test_pin(self):
        result = self.show(JXS_IDENTITY_PASSWORD=self.pin)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("in a token", result.stdout)
        self.assertIn("needed", result.stdout)
        self.assertEqual(re.search("SHA-256.*", result.stdout, re.DOTALL).group(),
                         re.search("SHA-256.*", self.shown, re.DOTALL).group())
        # Where the URI says it, too, and whatever it says of the type.
        for uri in (f"pkcs11:token=jxs-tool;type=cert;object=romeo?pin-value={self.pin}",
                    f"pkcs11:token=jxs-tool;id=%01;object-type=private?pin-value={self.pin}"):
            self.assertEqual(self.show(uri).stdout, result.stdout)

    def test_wrong_pin(self):
        """Asked for once; a token locks itself."""
        result = self.show(JXS_IDENTITY_PASSWORD="87654321")
        self.assertEqual(result.returncode, 5)
        self.assertIn("PIN", result.stderr)
        self.assertNotIn("87654321", result.stderr)
        result = self.show()
        self.assertEqual(result.returncode, 1)
        self.assertIn("no terminal", result.stderr)
        for pin, status in (("87654321", 5), (self.pin, 0)):
            with Terminal("identity", "--identity", "pkcs11:token=jxs-tool;object=romeo",
                          environment=self.environment) as terminal:
                terminal.until("PIN of the token: ")
                terminal.type(pin + "\n")
                self.assertNotIn(pin, terminal.rest())
                self.assertEqual(terminal.wait(), status)

    def test_none(self):
        for uri in ("pkcs11:token=other;object=romeo", "pkcs11:token=jxs-tool;object=juliet", "pkcs11:"):
            result = self.show(uri, JXS_IDENTITY_PASSWORD=self.pin)
            self.assertEqual(result.returncode, 1, uri)
            self.assertNotIn(self.pin, result.stderr)


if __name__ == "__main__":
    tap.main("/tool/identity")
