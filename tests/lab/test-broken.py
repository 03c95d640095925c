#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What both sides rely on goes away while they negotiate, or later: each of them ends, in time, and
says once what happened, or goes on another way."""

import contextlib
import os
import signal
import threading

import across
import prosody
import tap

BOUND_SECONDS = 30


class Cut(across.Across):
    """The way to the relay ends while it is being used."""

    def cut(self, verdict):
        for router in (self.world.r1, self.world.r2):
            router.close(f"tcp dport {self.server.proxy_port} {verdict}",
                         f"tcp sport {self.server.proxy_port} {verdict}")

    def test_in_mid_negotiation(self):
        """At each step the relay disappears."""
        for step in ("session-initiate", "session-accept"):
            with self.subTest(step):
                self.listen(resource=step)
                probe = self.call("probe", "--trace", resource=step)
                probe.errors.until(step)
                self.cut("drop")
                self.assertEqual(probe.wait(BOUND_SECONDS), 0, probe.errors.text())
            for router in (self.world.r1, self.world.r2):
                router.open()

    def test_in_use(self):
        """What is cut off is an error on both sides, not an end."""
        ends = across.Ends(self)
        ends.send(0, bytes(100000), 10)
        self.cut("reject with tcp reset")
        ends.inputs[0].write(bytes(100))
        ends.inputs[0].flush()
        self.assertNotEqual(ends.pipe.wait(BOUND_SECONDS), 0)
        self.assertNotEqual(ends.listen.wait(BOUND_SECONDS), 0)


class Server(across.Across):
    """The server, and the relay with it, ends in mid-negotiation: one of its own for each moment."""

    # What one of the two has just done, or seen. Whose relay it is differs from time to time.
    STEPS = ("action-sent", "proxy-found", "action-received", "candidate-received", "dialling", "used-received",
             "nominated", "proxy-dialling", "proxy-open", "activating", "activated", "ready", "handshake", "secured")

    def end_at(self, step, number):
        """Both commands, and the threads that wait for the moment."""
        own = self.stack.enter_context(prosody.Prosody(
            addresses=self.world.public, namespace=self.world.p.name, proxy65=True))
        listen = self.listen("--trace", own_server=own)
        probe = self.call("probe", "--trace", own_server=own)
        seen = []

        def wait(jxs):
            with contextlib.suppress(AssertionError):
                jxs.errors.until(f'"event":"{step}"')
                seen.append(step)
                os.kill(own.pid, number)

        threads = [threading.Thread(target=wait, args=(jxs,)) for jxs in (listen, probe)]
        for thread in threads:
            thread.start()
        return listen, probe, threads, seen

    def test_killed(self):
        cases = {step: self.end_at(step, signal.SIGKILL) for step in self.STEPS}
        for step, (listen, probe, threads, seen) in cases.items():
            with self.subTest(step):
                self.assertEqual(probe.wait(BOUND_SECONDS), 3)
                self.assertEqual(listen.wait(BOUND_SECONDS), 3)
                for thread in threads:
                    thread.join()
                self.assertIn(step, seen)
                for jxs in (probe, listen):
                    jxs.errors.rest()
                self.assert_one_complaint(probe, "The server is gone")
                self.assertIn("The server is gone", listen.errors.text())


if __name__ == "__main__":
    tap.main("/lab")
