#!/usr/bin/env python3
"""Drives the real clients of one language, our own, or the recipes, against a node in front of a scripted
Ollama, on a machine with the GPU of NVML's stub: run.py js|python|websocket|native|otlp|conformance|conductor|recipes
BUILD_DIR CONDUCTOR SCRIPTED_OLLAMA NVML_STUB. Those of others are installed from their lock files into BUILD_DIR, once
for each content of these."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "guards"))
from processes import ask, conductor, scripted_ollama, until  # noqa: E402

sys.path.insert(0, str(HERE.parent / "support"))
from npm import installed  # noqa: E402

LANGUAGE, PLACE, NODE, OLLAMA, STUB = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), *sys.argv[3:6]


def once(place, locks, install):
    """Runs `install` unless it ran for the same lock files before."""
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    stamp = place / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    install()
    stamp.write_text(wanted)


def node_modules(folder="js"):
    """A folder with the JavaScript clients."""
    return installed(HERE / "js", PLACE / folder)


def js():
    place = node_modules()
    shutil.copy(HERE / "js" / "clients.test.js", place)
    return ["node", "--test", "--test-reporter=spec", str(place / "clients.test.js")]


def python(folder="python", test="clients_test.py"):
    place = PLACE / folder
    lock = HERE / folder / "requirements.txt"

    def install():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check",
                        "--no-deps", "-r", str(lock)], check=True)

    once(place, [lock], install)
    return [str(place / "bin" / "python"), "-B", str(HERE / folder / test), "-v"]


def websocket():
    return python("websocket", "websocket_test.py")


def native():
    return python("native", "native_test.py")


def otlp():
    return python("otlp", "otlp_test.py")


def conformance():
    return python("conformance", "conformance_test.py")


def recipes():
    more["NODE_MODULES"] = str(node_modules("recipes_js") / "node_modules")
    return python("recipes", "recipes_test.py")


def own():
    return [sys.executable, "-B", "-m", "unittest", "discover", "-v", "-s", str(HERE / "conductor"), "-p", "*_test.py"]


more = {}
command = {"js": js, "python": python, "websocket": websocket, "native": native, "otlp": otlp,
           "conformance": conformance, "conductor": own, "recipes": recipes}[LANGUAGE]()
config = PLACE / f"{LANGUAGE}.toml"
config.write_text(f'[gpu]\nprobe = "nvml"\nlibrary = "{STUB}"\n')
with scripted_ollama(OLLAMA) as ollama, conductor(NODE, ollama.port, "--config", str(config)) as node:
    until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
    done = subprocess.run(command, env={
        **os.environ, "OLLAMA_URL": f"http://127.0.0.1:{ollama.port}", "NO_PROXY": "*", "CONDUCTOR": NODE,
        "CONDUCTOR_URL": f"http://127.0.0.1:{node.port}", **more}, check=False)
sys.exit(done.returncode)
