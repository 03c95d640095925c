#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be checked by reading: run as `./dev lint` or, in a commit hook, `lint.py CHECK…`."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 800

# What each layer may include besides itself: the table of doc/architecture.md.
LAYERS = {
    "base": [],
    "io": ["base"],
    "xml": ["base"],
    "stream": ["base", "io", "xml"],
    "channel": ["base", "xml", "stream"],
    "jingle": ["base", "xml", "stream", "channel"],
    "transports/ibb": ["base", "io", "xml", "stream", "channel", "jingle"],
    "transports/s5b": ["base", "io", "xml", "stream", "channel", "jingle"],
    "security": ["base", "io", "xml", "stream", "channel", "jingle"],
    "e2e": ["base", "io", "xml", "stream", "channel", "jingle"],
    "client": ["base", "io", "xml", "stream", "channel"],
}

# Libraries that only some layers may know, and no public header.
FOREIGN = {
    "expat.h": ["xml"],
    "gsasl.h": ["stream", "client"],
    "libgupnp-igd/": ["transports/s5b"],
    "natpmp.h": ["transports/s5b"],
    "gnutls/": ["io", "security"],
    "sqlite3.h": ["security"],
    "stringprep.h": ["base"],
    "idna.h": ["base"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
PUBLIC_GUARD = '#error "Only <jxs-glib/jxs-glib.h> can be included directly."'


def tracked(*suffixes):
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file() and (not suffixes or path.name.endswith(suffixes))]


def shown(path):
    return str(path.relative_to(ROOT))


def layer_of(name):
    """The layer that a path below jxs-glib/ belongs to; None for the front door."""
    for layer in sorted(LAYERS, key=len, reverse=True):
        if name.startswith(layer + "/"):
            return layer
    return None


def is_public(path):
    return path.suffix == ".h" and not path.name.endswith("-private.h")


def check_layers():
    """An #include that reaches upward or sideways, or a library outside its rooms."""
    for path in tracked(".c", ".h"):
        name = shown(path)
        if not name.startswith("jxs-glib/"):
            continue
        inside = name.removeprefix("jxs-glib/")
        layer = layer_of(inside)
        for include in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if inside.startswith("tool/"):
                if include.startswith("jxs-glib/") and not include.startswith("jxs-glib/tool/"):
                    if include != "jxs-glib/jxs-glib.h":
                        yield f"{name}: the command uses the public header only, not {include}"
                continue
            if layer and include.startswith("jxs-glib/"):
                target = layer_of(include.removeprefix("jxs-glib/"))
                if target != layer and target not in LAYERS[layer]:
                    yield f"{name}: {layer} may not include {include}"
            for library, rooms in FOREIGN.items():
                if include.startswith(library) and (layer not in rooms or is_public(path)):
                    yield f"{name}: {include} may not be included here"


def check_headers():
    """Guards and availability of public headers; #pragma once everywhere."""
    for path in tracked(".h"):
        text = path.read_text(encoding="utf-8")
        name = shown(path)
        if "#pragma once" not in text:
            yield f"{name}: no #pragma once"
        if not name.startswith("jxs-glib/") or name.startswith("jxs-glib/tool/"):
            continue
        public = is_public(path)
        if public and path.name != "jxs-glib.h" and PUBLIC_GUARD not in text:
            yield f"{name}: a public header without the guard against direct inclusion"
        if public and "-private.h" in text:
            yield f"{name}: a public header includes a private one"
        if not public and "JXS_AVAILABLE_IN" in text:
            yield f"{name}: a private header declares public symbols"


def check_size():
    """Files that should have been split."""
    for path in tracked(".c", ".h", ".py", ".js", ".vala"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MAX_LINES:
            yield f"{shown(path)}: {lines} lines, split it by noun (at most {MAX_LINES})"


def check_licence():
    """An SPDX line at the head of each source file."""
    for path in tracked(".c", ".h", ".h.in", ".py", ".js", ".vala", ".build", ".sh", "meson_options.txt", "dev"):
        head = "\n".join(path.read_text(encoding="utf-8").splitlines()[:3])
        if "SPDX-License-Identifier: LGPL-2.1-or-later" not in head:
            yield f"{shown(path)}: no SPDX line"


def check_namespaces():
    """Namespaces are spelled once, in xml/jxs-namespaces-private.h."""
    uri = re.compile(r'"(?:urn:(?:xmpp|ietf:params:xml:ns|jxs-glib)|jabber:|http://(?:jabber\.org|etherx))[^"]*"')
    for path in tracked(".c", ".h"):
        name = shown(path)
        if not name.startswith("jxs-glib/") or name.startswith("jxs-glib/tool/"):
            continue
        if path.name == "jxs-namespaces-private.h":
            continue
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for found in uri.findall(code):
            yield f"{name}: {found} belongs into xml/jxs-namespaces-private.h"


def check_potfiles():
    """po/POTFILES.in lists exactly the files with translated messages, sorted."""
    listed = [
        line.strip()
        for line in (ROOT / "po/POTFILES.in").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    marked = re.compile(r'\b(?:_|N_|C_|NC_|ngettext|g_dngettext)\s*\(\s*"|\bn?gettext \(')
    used = [
        shown(path)
        for path in tracked(".c")
        if shown(path).startswith("jxs-glib/") and marked.search(path.read_text(encoding="utf-8"))
    ]
    if listed != sorted(listed):
        yield "po/POTFILES.in: not sorted"
    for name in sorted(set(used) - set(listed)):
        yield f"po/POTFILES.in: {name} is missing"
    for name in sorted(set(listed) - set(used)):
        yield f"po/POTFILES.in: {name} has no messages"


def check_format():
    """clang-format, version 14, has nothing to change."""
    files = [shown(path) for path in tracked(".c", ".h")]
    run = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True
    )
    for name in sorted({line.split(":", 1)[0] for line in run.stderr.splitlines() if "error:" in line}):
        yield f"{name}: not formatted: clang-format -i {name}"
    if run.returncode and not run.stderr:
        yield "clang-format failed"


def check_spelling():
    """codespell."""
    files = [shown(path) for path in tracked(".c", ".h", ".py", ".md", ".build") if "corpus" not in shown(path)]
    run = subprocess.run(
        ["codespell", "--ignore-words-list", "fo,gir,hel,sie", *files], cwd=ROOT, capture_output=True, text=True
    )
    yield from run.stdout.splitlines()


CHECKS = {
    name.removeprefix("check_"): function
    for name, function in sorted(globals().items())
    if name.startswith("check_")
}


def main():
    failed = 0
    for name in sys.argv[1:] or CHECKS:
        problems = list(CHECKS[name]())
        failed += len(problems)
        print(f"lint: {name}: " + ("ok" if not problems else f"{len(problems)} to mend"))
        for problem in problems:
            print(f"  {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
