"""Where and with what a bench ran."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from .programs import find

ROOT = pathlib.Path(__file__).resolve().parents[3]


def _output(*command):
    """Both outputs of a short command; empty when it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _match(pattern, text):
    found = re.search(pattern, text, re.M)
    return found[1].strip() if found else "unknown"


def _conductor():
    version = _match(r"project\(conductor VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())
    commit = _output("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*")
    return f"{version} ({commit.strip() or 'no git'})"


def header(options, command):
    """Facts in the order in which they are told."""
    versions = {"Conductor": _conductor()}
    if "haproxy" in options.only:
        versions["HAProxy"] = _match(r"version ([\d.]+)", _output(find("haproxy"), "-v"))
    if "nginx" in options.only:
        versions["nginx"] = _match(r"nginx/([\d.]+)", _output(find("nginx"), "-v"))
    return {
        "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
        "cpu": _match(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text()),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
        "versions": versions,
        "command": command.strip(),
    }
