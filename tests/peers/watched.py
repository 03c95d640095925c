# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be seen of a process from outside."""

import os


class Watched:
    def __init__(self, jxs):
        self.jxs = jxs
        self.pid = jxs.process.pid

    def alive(self):
        return self.jxs.process.poll() is None

    def memory(self):
        """KiB that are resident; the sanitizers' own habits are no measure."""
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            if "libasan" in maps.read():
                return 0
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def open_files(self):
        """Every session holds some."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def processor(self):
        """Seconds it has run."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
