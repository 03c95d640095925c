#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several processes with one trust store, some of them killed: nothing acknowledged is lost, nothing is damaged."""

import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

HELPER = os.environ["JXS_TEST_TRUST_STORE_HELPER"]
VERSION_1 = Path(os.environ["G_TEST_SRCDIR"], "security/trust-store-v1.sql").read_text(encoding="utf-8")
N_VERSION_1 = 5
ROUNDS = 25
FIRST_USE, PINNED, VERIFIED = 2, 3, 4


def start(*arguments):
    # Without a buffer, in which communicate() would forget what came before it was called.
    return subprocess.Popen([HELPER, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


class Processes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="jxs-trust-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "trust.db"
        self.random = random.Random(20)

    def start(self, *arguments):
        process = start(*arguments)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()

    def make_version_1(self):
        for name in self.folder.iterdir():
            name.unlink()
        self.path.touch(mode=0o600)
        with sqlite3.connect(self.path) as database:
            database.executescript(VERSION_1)
        database.close()

    def query(self, sql):
        database = sqlite3.connect(self.path, timeout=20)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def check(self):
        self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])

    def open_all(self, n):
        """As many at once as n."""
        processes = [self.start("open", self.path) for _ in range(n)]
        counts = [int(process.communicate(timeout=60)[0]) for process in processes]
        self.assertEqual([process.returncode for process in processes], [0] * n)
        return set(counts)

    def test_killed_writers(self):
        """Two write all the time; a third is killed again and again after some entries, in the middle of the next."""
        acknowledged = set()
        writers = {name: self.start("write", self.path, name) for name in ("steady", "constant")}
        for process in writers.values():
            process.stdout.readline()
        for number in range(ROUNDS):
            victim = self.start("write", self.path, f"victim{number}x")
            for _ in range(self.random.randrange(1, 12)):
                acknowledged.add(f"victim{number}x{int(victim.stdout.readline())}@montague.lit")
            for _ in range(self.random.randrange(2000)):
                pass
            victim.send_signal(signal.SIGKILL)
            rest, _ = victim.communicate(timeout=60)
            acknowledged.update(f"victim{number}x{int(line)}@montague.lit" for line in rest.splitlines())
            self.assertEqual(victim.returncode, -signal.SIGKILL)
        for name, process in writers.items():
            rest, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            entries = rest.splitlines()
            self.assertGreater(len(entries), ROUNDS)
            acknowledged.update(f"{name}{int(line)}@montague.lit" for line in ["0", *entries])

        self.check()
        rows = dict(self.query("SELECT jid, level FROM keys"))
        self.assertEqual(acknowledged - rows.keys(), set())
        for jid in acknowledged:
            number = int(jid.removesuffix("@montague.lit").split("x")[-1].lstrip("steadyconstant"))
            self.assertEqual(rows[jid], FIRST_USE if number % 2 else VERIFIED, jid)
        # One more entry of each victim may be there: it was killed before it could tell.
        self.assertLessEqual(len(rows), len(acknowledged) + ROUNDS)
        self.assertEqual(self.open_all(1), {len(rows)})

    def test_all_killed(self):
        acknowledged = set()
        for number in range(8):
            writers = [(f"w{number}y{i}x", self.start("write", self.path, f"w{number}y{i}x")) for i in range(3)]
            for name, process in writers:
                acknowledged.add(f"{name}{int(process.stdout.readline())}@montague.lit")
            for _, process in writers:
                process.send_signal(signal.SIGKILL)
            for name, process in writers:
                rest, _ = process.communicate(timeout=60)
                acknowledged.update(f"{name}{int(line)}@montague.lit" for line in rest.splitlines())
        count = self.open_all(2)
        self.check()
        rows = {jid for (jid,) in self.query("SELECT jid FROM keys")}
        self.assertEqual(acknowledged - rows, set())
        self.assertEqual(count, {len(rows)})

    def test_made_at_once(self):
        for _ in range(3):
            self.assertEqual(self.open_all(5), {0})
            self.check()
            for name in self.folder.iterdir():
                name.unlink()

    def test_upgraded_at_once(self):
        for mode in ("DELETE", "WAL"):
            self.make_version_1()
            self.query(f"PRAGMA journal_mode = {mode}")
            self.assertEqual(self.open_all(5), {N_VERSION_1})
            self.check()
            self.assertEqual(self.query("PRAGMA user_version"), [(2,)])
            self.assertEqual(self.query("SELECT origin FROM keys ORDER BY id"), [(6,), (0,), (6,), (0,), (0,)])

    def kill_at_each_statement(self, prepare, count, versions):
        """Killed at the first statement, the second, …: whoever opens it next finds it whole and ends the work."""
        seen = set()
        for n in range(1, 200):
            prepare()
            victim = self.start("open", self.path, n)
            out, _ = victim.communicate(timeout=60)
            if victim.returncode == 0:
                self.assertEqual(int(out), count)
                self.assertGreater(n, 10)
                self.assertEqual(seen, versions)
                return
            self.assertEqual(victim.returncode, -signal.SIGKILL)
            self.check()
            seen.add(self.query("PRAGMA user_version")[0][0])
            self.assertEqual(self.open_all(1), {count})
            self.assertEqual(self.query("PRAGMA user_version"), [(2,)])
            self.check()
        self.fail("it never opens")

    def test_upgrade_killed(self):
        self.kill_at_each_statement(self.make_version_1, N_VERSION_1, {1, 2})

    def test_making_killed(self):
        def remove():
            for name in self.folder.iterdir():
                name.unlink()

        self.kill_at_each_statement(remove, 0, {0, 1, 2})

    def test_first_contact(self):
        """Whoever is first wins, and is the same for all."""
        processes = [self.start("first", self.path) for _ in range(3)]
        for process in processes:
            self.assertEqual(process.stdout.readline(), b"ready\n")
        for number in range(ROUNDS):
            for process in processes:
                process.stdin.write(f"juliet{number}@capulet.lit/balcony\n".encode())
            levels = sorted(int(process.stdout.readline()) for process in processes)
            self.assertEqual(levels, [0, 0, FIRST_USE])
        # Later it is the winner of each who is known.
        for number in range(ROUNDS):
            levels = []
            for process in processes:
                process.stdin.write(f"juliet{number}@capulet.lit/balcony\n".encode())
                levels.append(int(process.stdout.readline()))
            self.assertEqual(sorted(levels), [0, 0, PINNED])
        self.assertEqual(self.query(f"SELECT count (*) FROM keys WHERE level = {PINNED}"), [(ROUNDS,)])
        self.check()


if __name__ == "__main__":
    tap.main("/security/trust-store-processes")
