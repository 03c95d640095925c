#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jxs command shows the keys of others, and takes what a person decides about them."""

import os
import re
import sqlite3
import subprocess
import tempfile
import unittest

import command
import tap
from terminal import Terminal

JULIET = "juliet@capulet.example"
NURSE = "nurse@capulet.example"
LONG = "a" * 200 + "@" + ".".join(["b" * 60] * 3) + ".example"
FIRST, SECOND = "0a" * 32, "f5" * 32
WIDTH = 80


def grouped(key):
    """As jxs shows it, in one line."""
    return " ".join(key.upper()[i:i + 4] for i in range(0, 64, 4))


def one_line(text):
    return " ".join(text.split())


class Trust(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = os.path.join(self.folder.name, "trust.db")
        self.file = os.path.join(self.folder.name, "exported")

    def tearDown(self):
        self.folder.cleanup()

    def trust(self, *arguments, store=None):
        return subprocess.run([command.JXS, "trust", *arguments, "--trust-store", store or self.store],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=command.DEADLINE)

    def decide(self, *arguments):
        result = self.trust(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stderr

    def listed(self, *arguments):
        result = self.trust("list", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def terminal(self, *arguments, columns=WIDTH):
        return Terminal("trust", *arguments, "--trust-store", self.store,
                        environment={"NO_COLOR": "1"}, columns=columns)

    def fill(self, *rows):
        """As if they had been seen: address, key, level, device."""
        lines = ["jxs-trust 1", *("\t".join([jid, key, level, "none", "1700000000", "1700000000", "", device, ""])
                                  for jid, key, level, device in rows)]
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return self.decide("import", self.file)

    def change(self, statement, *values):
        """What the tool would not write."""
        with sqlite3.connect(self.store) as database:
            self.assertGreater(database.execute(statement, values).rowcount, 0)
        database.close()

    # ---- showing ----

    def test_nothing(self):
        result = self.trust("list")
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertIn("No key of anybody", result.stderr)
        for arguments in (["list", JULIET], ["remove", JULIET], ["distrust", JULIET]):
            result = self.trust(*arguments)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn(f"No key of {JULIET}", result.stderr)

    def test_list(self):
        """Many records: aligned, within the width, each told apart."""
        self.fill((JULIET, FIRST, "first-use", "balcony"), (JULIET, SECOND, "distrusted", "phone"),
                  (NURSE, FIRST, "verified", "x" * 500))
        text = self.listed()
        for part in ("accepted at first contact, not verified", "distrusted", "Seen at     balcony",
                     "Seen at     " + "x" * 64 + "…", "First seen  2023-11-1"):
            self.assertIn(part, text)
        self.assertEqual({len(name) for name in re.findall(r"(?m)^  (\S+(?: \S+)* {2,})", text)}, {12})
        self.assertEqual([line for line in text.splitlines() if len(line) > WIDTH], [])
        self.assertEqual(len(text.split("\n\n")), 3)
        self.assertIn(grouped(SECOND), one_line(text))
        self.assertNotIn(NURSE, self.listed(JULIET))
        self.assertEqual(self.listed(JULIET + "/balcony"), self.listed(JULIET))

    def test_long_address(self):
        """It is not cut: somebody could hide at its end."""
        self.fill((LONG, FIRST, "first-use", "x"))
        self.assertIn(LONG + "\n", self.listed())

    def test_hostile_device(self):
        """What a peer calls its device does not drive the terminal."""
        self.fill((JULIET, FIRST, "first-use", "balcony"))
        device = "\x1b[2J\x1b]0;owned\x07\u202everified\nTrust       verified\x9b31m"
        self.change("UPDATE keys SET device = ?", device)
        text = self.listed()
        self.assertEqual(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), [])
        self.assertEqual(len(re.findall(r"(?m)^ +Trust", text)), 1)

    # ---- deciding ----

    def test_verify_key(self):
        """Also one never seen, given in any form people write it."""
        for jid, key in ((JULIET, FIRST), (NURSE, grouped(SECOND)), ("romeo@montague.example", ":".join(["ab"] * 32))):
            self.assertIn(f"{jid} is verified", self.decide("verify", jid, key))
        text = one_line(self.listed())
        self.assertEqual(text.count("verified (fingerprint compared)"), 3)
        self.assertEqual(text.count("Last seen never"), 3)
        self.assertIn(grouped(FIRST), text)

    def test_verify_link(self):
        link = f"xmpp:{JULIET}?trust;sha-256={FIRST}"
        self.assertIn(grouped(FIRST), one_line(self.decide("verify", link)))
        self.assertIn("verified (fingerprint compared)", self.listed(JULIET))
        self.assertIn("refused from now on", self.decide("distrust", link))
        self.assertIn("distrusted", self.listed(JULIET))

    def test_verify_asks(self):
        for answer, status in (("n\n", 5), ("\n", 5), ("\x04", 5), ("\x03", 130), ("y\n", 0)):
            with self.subTest(answer):
                self.fill((JULIET, FIRST, "first-use", "balcony"))
                with self.terminal("verify", JULIET) as terminal:
                    shown = terminal.until("Is every group the same? [y/N] ")
                    self.assertIn(grouped(FIRST), one_line(shown))
                    self.assertIn("telephone", shown)
                    terminal.type(answer)
                    rest = terminal.rest()
                    self.assertEqual(terminal.wait(), status)
                self.assertIn("is verified" if status == 0 else "nothing was changed", rest)
                if status == 0: # the key once more, in order
                    self.assertIn(grouped(FIRST), one_line(rest))
                self.assertEqual("verified (" in self.listed(), status == 0)

    def test_verify_again(self):
        self.decide("verify", JULIET, FIRST)
        with self.terminal("verify", JULIET) as terminal:
            self.assertIn("Nothing to do", terminal.rest())
            self.assertEqual(terminal.wait(), 0)

    def test_verify_without_terminal(self):
        """Nobody can say yes there: the key is needed."""
        self.fill((JULIET, FIRST, "first-use", "balcony"))
        result = self.trust("verify", JULIET)
        self.assertEqual(result.returncode, 2)
        self.assertIn("jxs trust verify JID KEY", one_line(result.stderr))
        self.assertNotIn("verified (", self.listed())

    def test_several_keys(self):
        self.fill((JULIET, FIRST, "first-use", "balcony"), (JULIET, SECOND, "first-use", "phone"))
        with self.terminal("verify", JULIET) as terminal:
            self.assertIn("several keys", terminal.rest())
            self.assertEqual(terminal.wait(), 2)
        result = self.trust("distrust", JULIET)
        self.assertEqual(result.returncode, 2)
        self.assertIn("several keys", result.stderr)
        self.assertIn(grouped(SECOND), one_line(self.decide("distrust", JULIET, SECOND)))
        # One is left that it can mean.
        with self.terminal("verify", JULIET) as terminal:
            terminal.until("several keys")
        self.assertIn(grouped(FIRST), one_line(self.decide("distrust", JULIET)))
        self.assertIn("Nothing to do", self.decide("distrust", JULIET))

    def test_remove(self):
        self.fill((JULIET, FIRST, "first-use", "balcony"), (JULIET, SECOND, "verified", "phone"),
                  (NURSE, FIRST, "verified", "x"))
        self.assertEqual(self.decide("remove", NURSE), f"1 key of {NURSE} is forgotten.\n")
        self.assertEqual(self.decide("remove", JULIET, SECOND), f"1 key of {JULIET} is forgotten.\n")
        self.fill((JULIET, SECOND, "verified", "phone"))
        self.assertEqual(self.decide("remove", JULIET), f"2 keys of {JULIET} are forgotten.\n")
        self.assertEqual(self.listed(), "")

    # ---- files ----

    def test_export_import(self):
        other = os.path.join(self.folder.name, "other.db")
        self.decide("verify", JULIET, FIRST)
        self.assertEqual(self.decide("export", self.file), "1 key was exported.\n")
        self.decide("verify", NURSE, SECOND)
        self.assertEqual(self.decide("export", self.file), "2 keys were exported.\n")
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        result = self.trust("import", self.file, store=other)
        self.assertEqual((result.returncode, result.stderr), (0, "2 keys were imported.\n"))
        self.assertEqual(self.trust("list", store=other).stdout, self.listed())
        # What was decided here stays.
        self.decide("distrust", JULIET, FIRST)
        self.assertEqual(self.decide("import", self.file), "0 keys were imported.\n2 keys stay as they were here.\n")
        self.assertIn("distrusted", self.listed(JULIET))

    def test_import_nonsense(self):
        self.decide("verify", JULIET, FIRST)
        self.decide("export", self.file)
        with open(self.file, "a", encoding="utf-8") as file:
            file.write("nonsense\n")
        result = self.trust("import", self.file, store=os.path.join(self.folder.name, "other.db"))
        self.assertEqual((result.returncode, result.stderr),
                         (1, "1 key was imported.\njxs: 1 line was not understood\n"))

    def test_files_that_fail(self):
        missing = os.path.join(self.folder.name, "no", "such")
        for arguments in (["import", missing], ["export", missing]):
            result = self.trust(*arguments)
            self.assertEqual(result.returncode, 1)
            self.assertIn(missing, result.stderr)
        with open(self.store + "2", "w", encoding="ascii") as file:
            file.write("no database" * 100)
        result = self.trust("list", store=self.store + "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn(self.store + "2", result.stderr)

    def test_usage(self):
        for arguments, part in {(): "What is to be done", ("dance",): "trust dance", ("verify",): "Whose key",
                                ("distrust",): "Whose key", ("remove",): "Whose key", ("export",): "Which file",
                                ("import",): "Which file", ("list", JULIET, FIRST): "one argument too many",
                                ("verify", JULIET, FIRST, "x"): "one argument too many",
                                ("import", "a", "b"): "one argument too many", ("verify", JULIET, "abcd"): "",
                                ("verify", "@"): "", ("verify", "xmpp:" + JULIET): "",
                                ("verify", f"xmpp:{JULIET}?trust;sha-256=12"): "", ("list", "--dance"): ""}.items():
            with self.subTest(arguments):
                result = self.trust(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                self.assertRegex(result.stderr, r"^jxs: .+\n")
                self.assertIn(part, one_line(result.stderr))


if __name__ == "__main__":
    tap.main("/tool/trust")
