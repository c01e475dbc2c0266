#!/usr/bin/env python3
"""cppcheck finds nothing in production code but what cppcheck_allowed.txt gives a reason for: cppcheck.py BUILD_DIR.
What it knows of a file that has not changed is kept in the build tree."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from source import LAYERS, ROOT

BUILD = pathlib.Path(sys.argv[1]).resolve()
ALLOWED = pathlib.Path(__file__).with_name("cppcheck_allowed.txt")
# What it cannot look up, for it reads no header of others.
MACROS = ("-DCAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)=",)
PLANTED = """int beyond(int i) { int some[4] = {1, 2, 3, 4}; if (i == 7) return some[i]; return some[4]; }
int unset() { int never; return never; }
int nowhere() { int* none = nullptr; return *none; }
"""


def check(project, place, *more):
    """What it finds: lines of FILE:LINE: ID: WORDS."""
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["cppcheck", f"--project={project}", f"--cppcheck-build-dir={place}", "--std=c++20", "--quiet",
         "--enable=warning,performance,portability", "-j", str(os.cpu_count()), *MACROS, *more,
         "--template={file}:{line}: {id}: {message}"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stdout:
        sys.exit(f"cppcheck ended with {done.returncode}: {done.stdout}")
    return sorted({line for line in done.stderr.splitlines() if re.match(r"\S+:\d+: \w+: ", line)})


def project_of(entries, place):
    file = pathlib.Path(place) / "project.json"
    file.write_text(json.dumps(entries))
    return file


def sees_planted_faults(folder):
    """A cppcheck that finds nothing in this could find nothing anywhere."""
    source = pathlib.Path(folder) / "planted.cpp"
    source.write_text(PLANTED)
    entry = {"file": str(source), "directory": folder, "command": f"c++ -std=c++20 -c {source}"}
    found = "\n".join(check(project_of([entry], folder), pathlib.Path(folder) / "known"))
    return all(f": {id}: " in found for id in ("arrayIndexOutOfBounds", "uninitvar", "nullPointer"))


def allowed():
    """(id, file or None) of each."""
    lines = [line for line in ALLOWED.read_text().splitlines() if line and not line.startswith("#")]
    return [(id, file or None) for id, _, file in (line.partition(":") for line in lines)]


def main():
    entries = [e for e in json.loads((BUILD / "compile_commands.json").read_text())
               if pathlib.Path(e["file"]).is_relative_to(ROOT)
               and pathlib.Path(e["file"]).relative_to(ROOT).parts[0] in LAYERS]
    if len(entries) < 20:
        sys.exit(f"only {len(entries)} sources in {BUILD}/compile_commands.json: is it the right tree?")
    with tempfile.TemporaryDirectory() as folder:
        if not sees_planted_faults(folder):
            sys.exit("cppcheck does not see planted faults")
        found = check(project_of(entries, folder), BUILD / "cppcheck")
    used, left = set(), []
    for line in found:
        path, _, id, _ = line.split(":", 3)
        name = os.path.relpath(path, ROOT)
        excuse = next((a for a in allowed() if a[0] == id.strip() and a[1] in (None, name)), None)
        used.add(excuse)
        if excuse is None:
            left.append(line.replace(f"{ROOT}/", ""))
    print(*left, sep="\n")
    idle = [f"{id}{':' + file if file else ''}" for id, file in allowed() if (id, file) not in used]
    if idle:
        print(f"{ALLOWED.name} allows what is found no more: {', '.join(idle)}")
    print(f"{len(entries)} sources, {len(found)} findings, {len(left)} of them without a reason")
    sys.exit(1 if left or idle else 0)


main()
