#!/usr/bin/env python3
"""Drives the web console of a real node by a browser, or makes its assets anew and compares them:
run.py assets|chat|resume|long|hostile|pages BUILD_DIR CONDUCTOR SCRIPTED_OLLAMA NVML_STUB. What comes from npm is
installed from the lock files into BUILD_DIR, once for each content of these."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CONSOLE = HERE.parents[1] / "adapters" / "console"
sys.path.insert(0, str(HERE.parent / "support"))
from npm import installed  # noqa: E402

MOST = 300 * 1024  # bytes of all assets, compressed

WHAT, PLACE, NODE, OLLAMA, STUB = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), *sys.argv[3:6]


def assets():
    """What is committed is what the sources make, here and anywhere."""
    place = installed(CONSOLE / "web", PLACE / "web")
    for name in ("src", "build.js", "index.html", "icon.svg", "tsconfig.json"):
        source = CONSOLE / "web" / name
        if source.is_dir():
            shutil.rmtree(place / name, ignore_errors=True)
            shutil.copytree(source, place / name)
        else:
            shutil.copy(source, place)
    subprocess.run(["npm", "run", "--silent", "check"], cwd=place, check=True)
    made = PLACE / "made"
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run(["node", "build.js", str(made)], cwd=place, check=True)

    def files(folder):
        return {f.name: f.read_bytes() for f in folder.glob("*.gz")}

    committed, anew = files(CONSOLE / "assets"), files(made)
    differ = sorted(name for name in committed.keys() | anew.keys() if committed.get(name) != anew.get(name))
    size = sum(map(len, committed.values()))
    if differ:
        sys.exit(f"adapters/console/assets is not what adapters/console/web makes; run ops/console: {', '.join(differ)}")
    if not 10_000 < size < MOST:
        sys.exit(f"the assets have {size} bytes, and {MOST} are allowed")
    for lock in (CONSOLE / "web" / "package-lock.json", HERE / "package-lock.json"):
        if "://" in "".join(line for line in lock.read_text().splitlines() if '"resolved"' in line):
            sys.exit(f"{lock} names a registry")


def browse():
    place = installed(HERE, PLACE / "tests")
    for source in HERE.glob("*.js"):
        shutil.copy(source, place)
    subprocess.run(["node", "--test", "--test-reporter=spec", str(place / f"{WHAT}.test.js")], check=True, env={
        **os.environ, "NO_PROXY": "*", "CONDUCTOR": NODE, "SCRIPTED_OLLAMA": OLLAMA, "NVML_STUB": STUB})


try:
    (assets if WHAT == "assets" else browse)()
except subprocess.CalledProcessError as failed:
    sys.exit(failed.returncode)
