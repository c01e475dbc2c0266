#!/usr/bin/env python3
"""clang-tidy finds nothing in production code: tidy.py BUILD_DIR.

A file whose verdict is known is not looked at again. The verdict is kept under a hash of
everything it depends on: the file, every header of ours that it includes, the size of every
other header, its flags, the checks and clang-tidy's version."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from source import LAYERS, ROOT

BUILD = pathlib.Path(sys.argv[1]).resolve()
KNOWN = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "conductor-tidy"
# Flags of GCC that clang does not know.
GCC_ONLY = {"-Wno-maybe-uninitialized", "-Wno-restrict", "-fcoroutines"}


def commands():
    """{path: flags} of every compiled source of production code."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"]).resolve()
        if not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[0] not in LAYERS:
            continue
        words = shlex.split(entry["command"])
        flags = [w for w in words[1:words.index("-o")] if re.match(r"-[DIfmstW]", w) and w not in GCC_ONLY]
        for at, word in enumerate(words):
            if word == "-isystem":
                flags += [word, words[at + 1]]
        found[path] = flags
    return found


def dependencies():
    """{object's source: every file it was compiled from}, as ninja recorded it."""
    listed = subprocess.run(["ninja", "-C", str(BUILD), "-t", "deps"], capture_output=True,
                            text=True, check=True).stdout
    found = {}
    for block in re.split(r"\n(?=\S)", listed):
        files = [(BUILD / line.strip()).resolve() for line in block.splitlines()[1:] if line.startswith("    ")]
        if files:
            found.setdefault(files[0], files)
    return found


def digest(path, flags, files, common):
    h = hashlib.sha256(common)
    h.update(" ".join(flags).replace(str(ROOT), "").encode())
    for name in sorted(files):
        inside = name.is_relative_to(ROOT)
        h.update(str(name.relative_to(ROOT) if inside else name).encode())
        h.update(name.read_bytes() if inside else str(name.stat().st_size).encode())
    return h.hexdigest()


def check(path, flags):
    """(exit status, what clang-tidy said)"""
    done = subprocess.run(
        ["clang-tidy", "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(path), "--",
         *flags, "-Wno-everything"],
        capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + ("" if done.returncode == 0 else done.stderr)


def sees_planted_faults():
    """A clang-tidy that finds nothing in this could find nothing anywhere."""
    planted = ("#include <string>\n#include <utility>\n"
               "struct base { virtual ~base() = default; virtual void f() {} };\n"
               "struct derived : base { virtual void f() {} };\n"
               "std::string twice(std::string s) { auto t = std::move(s); return t + s; }\n")
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "planted.cpp"
        path.write_text(planted)
        status, said = check(path, ["-std=c++20"])
    return status != 0 and "modernize-use-override" in said and "bugprone-use-after-move" in said


def main():
    if not sees_planted_faults():
        sys.exit("clang-tidy does not see planted faults")
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
    todo, known = [], 0
    every, compiled_from = commands(), dependencies()
    if len(every) < 20:
        sys.exit(f"only {len(every)} sources in {BUILD}/compile_commands.json: is it the right tree?")
    for path, flags in sorted(every.items()):
        if path not in compiled_from:
            sys.exit(f"{path} was not built: build the whole tree first")
        stamp = KNOWN / digest(path, flags, compiled_from[path], common)
        if stamp.exists():
            known += 1
            os.utime(stamp)
        else:
            todo.append((path, flags, stamp))
    KNOWN.mkdir(parents=True, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (path, _, stamp), (status, said) in zip(todo, pool.map(lambda t: check(t[0], t[1]), todo)):
            if status == 0:
                stamp.touch()
            else:
                failed += 1
                print(f"--- {path.relative_to(ROOT)}\n{said}", flush=True)
    print(f"{len(every)} sources: {known} known to be clean, {len(todo)} looked at, {failed} with findings")
    sys.exit(1 if failed else 0)


main()
