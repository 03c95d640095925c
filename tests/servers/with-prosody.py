#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command while a Prosody, or an ejabberd, of its own is up; the command finds it through JXS_TEST_SERVER,
JXS_TEST_SERVER_PID, JXS_TEST_DOMAIN, JXS_TEST_CA and JXS_TEST_PASSWORD (accounts romeo and juliet),
its SOCKS5 proxy, if asked for, through JXS_TEST_PROXY_JID and JXS_TEST_PROXY (host and port).
The exit status is that of the command, 77 when the server is not installed."""

import argparse
import os
import signal
import subprocess
import sys

import ejabberd
import prosody


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", help="throttle of each client, like 10kb/s")
    parser.add_argument("--burst", default="2s", help="what the throttle lets through at first")
    parser.add_argument("--no-tls", action="store_true", help="a server without STARTTLS")
    parser.add_argument("--proxy65", action="store_true", help="a server with a SOCKS5 proxy")
    parser.add_argument("--backend", default="epoll", choices=("epoll", "event"), help="how it waits for its sockets")
    parser.add_argument("--extra", default="", help="more configuration, in Lua")
    parser.add_argument("--ejabberd", action="store_true", help="ejabberd instead, to which --proxy65 alone applies")
    parser.add_argument("--tap", action="store_true", help="the command is a test that prints TAP")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("no command")

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if arguments.ejabberd:
        server = ejabberd.Ejabberd(proxy65=arguments.proxy65)
    else:
        server = prosody.Prosody(limit=arguments.limit, burst=arguments.burst,
                                 tls=not arguments.no_tls, extra=arguments.extra,
                                 proxy65=arguments.proxy65, backend=arguments.backend)
    try:
        server.start()
    except prosody.ProsodyMissing as missing:
        print("1..0 # SKIP %s" % missing)
        return 0 if arguments.tap else 77
    try:
        child = subprocess.Popen(arguments.command, env={**os.environ, **server.environment()})
        try:
            status = child.wait()
            return status if status >= 0 else 128 - status
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
