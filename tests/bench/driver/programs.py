"""Finds the programs that take part, and starts and stops them."""

import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

from .failure import Failure

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from ports import free_port  # noqa: E402, F401


def find(name):
    """An installed program; sbin is not on everybody's path."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if not path:
        raise Failure(f"{name} is not installed (ops/install test installs it), "
                      "or leave it out with --only")
    return path


def built(build, name):
    """A program of this project."""
    path = build / name
    if not os.access(path, os.X_OK):
        raise Failure(f"{path} is missing: build the preset release first, "
                      "or name another build with --build")
    return str(path.resolve())


def many_descriptors():
    """Raises this process's limit, and so its children's."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Program:
    """A server process. Its output goes to a file, and the end of that into failures."""

    def __init__(self, name, command, port, folder, environment=None):
        self.name, self.port = name, port
        self.after = None  # what is stopped behind it
        self.log = pathlib.Path(folder) / f"{name}.log"
        # A server must not outlive a driver that is killed.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with open(self.log, "wb") as log:
            try:
                self.process = subprocess.Popen(
                    guard + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=environment, cwd=folder)
            except OSError as e:
                raise Failure(f"{name} cannot start: {e}") from e

    def wait_until_listening(self, patience=15):
        end = time.monotonic() + patience
        while True:
            self.check()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise Failure(f"{self.name} does not listen on port {self.port} after "
                                  f"{patience} s{self.said()}") from None
                time.sleep(0.02)

    def check(self):
        """Fails when the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise Failure(f"{self.name} ended by itself with {code}{self.said()}")

    def said(self):
        """The end of its output, as the end of a message."""
        text = self.log.read_text(errors="replace").strip()
        return "; it said:\n" + "\n".join(text.splitlines()[-15:]) if text else ""

    def processes(self):
        """The process and all its descendants, as nginx has its workers."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    stat = pathlib.Path("/proc", entry, "stat").read_text()
                except OSError:
                    continue
                # The name in parentheses may hold anything.
                parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
        family = {self.process.pid}
        while more := {p for p, parent in parents.items() if parent in family} - family:
            family |= more
        return sorted(family)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.after:
            self.after.stop()
