"""Python tools of these tests, installed from a list with fixed versions."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys


def with_tools(place):
    """Runs this very test with their Python; they are installed into `place`, once for each content of their list."""
    if sys.prefix == str(place):
        return
    lock = pathlib.Path(__file__).resolve().parent / "requirements.txt"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--no-deps", "-r",
                        str(lock)], check=True)
        stamp.write_text(wanted)
    python = str(place / "bin" / "python")
    os.execv(python, [python, "-B", *sys.argv])
