# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network namespaces that the tests make for themselves.

After private() this process and its children have a network of their own, in which no device leads
outside, and a /run of their own, in which `ip netns` keeps its names. Nobody else sees them, and the
kernel takes everything away with the last of the processes, however they end.
"""

import contextlib
import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


class NetnsMissing(Exception):
    """This process may not make namespaces."""


def _call(what, *arguments):
    if getattr(_libc, what)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def private():
    """To be called before any thread is started. An ordinary user becomes root of its own namespaces.
    In a chroot they cannot be had: mounts of ours would show outside."""
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", CLONE_NEWNS | (CLONE_NEWUSER if user != 0 else 0))
        if user != 0:
            for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                    file.write(text)
        _call("mount", b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
        _call("mount", b"tmpfs", b"/run", b"tmpfs", ctypes.c_ulong(0), None)
        # Last: whoever goes on without namespaces still has its network.
        _call("unshare", CLONE_NEWNET)
    except OSError as error:
        raise NetnsMissing(f"no network namespaces here: {error}") from None


def _enter(path):
    with open(path, "rb") as namespace:
        _call("setns", namespace.fileno(), CLONE_NEWNET)


@contextlib.contextmanager
def inside(name):
    """Sockets that this thread makes meanwhile belong to the namespace, also later; None: nothing changes."""
    if name is None:
        yield
        return
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _enter(f"/run/netns/{name}")
        try:
            yield
        finally:
            _call("setns", here, CLONE_NEWNET)
    finally:
        os.close(here)


def command(name):
    """What to put before a command so that it runs there."""
    return [] if name is None else ["ip", "netns", "exec", name]
