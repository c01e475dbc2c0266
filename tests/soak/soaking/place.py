"""The node under test with its scripted Ollamas; it may be killed, replaced and configured anew, and says when it was
away."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from chaos.backends import Backend
from chaos.judge import judge_log
from chaos.rest import status_of
from processes import PATIENCE, Program, ask, free_port, until

HURT, CHANGING, STEADY = ("a", "b", "c"), "d", "s"  # names of servers: those that faults hit, one that comes and goes
STEADY_MODEL = "steady"
PARALLEL = {"a": 2, "b": 2, "c": 3, STEADY: 8}
IDLE = 4  # connections kept to each server, by each lane
DRAIN = 10  # seconds for answers in flight when the node is replaced

CONFIG = """[server]
listen = ["127.0.0.1:{port}"]
drain = "{drain}s"
[upstream]
probe_interval = "200ms"
probe_timeout = "{slowness}s"
first_byte_timeout = "{phase}s"
gap_timeout = "{phase}s"
idle_connections = {idle}
[stream]
window = "16KiB"
[queue]
max_wait = "20s"
[store]
data_dir = "{folder}/data"
"""

ADOPT = 36  # PR_SET_CHILD_SUBREAPER


class Outages:
    """When the node was away, and why: "kill" or "handover"."""

    def __init__(self):
        self.lock, self.all, self.lives = threading.Lock(), [], 1

    @contextlib.contextmanager
    def __call__(self, why):
        entry = [why, time.monotonic(), float("inf")]
        with self.lock:
            self.all.append(entry)
            self.lives += 1
        yield entry
        entry[2] = time.monotonic()

    def during(self, began, ended):
        """Reasons for which it was away at some time between two."""
        with self.lock:
            return {why for why, since, until in self.all if since <= ended and until >= began}


class Place:
    """`under` goes before the node's command. `slowness`: seconds for what takes a moment."""

    def __init__(self, node, ollama, folder, under=(), slowness=1):
        ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)  # a successor whose starter is gone is waited for here
        self.node, self.folder, self.under, self.slowness = node, pathlib.Path(folder), under, slowness
        self.port, self.outages, self.pid, self.program = free_port(), Outages(), 0, None
        self.backends = {name: Backend(ollama, name) for name in (*HURT, CHANGING)}
        self.backends[STEADY] = Backend(ollama, STEADY, [STEADY_MODEL])
        self.config, self.names, self.idle_descriptors = self.folder / "conductor.toml", set(), 0
        self.configure({*HURT, STEADY})

    def configure(self, names, more=""):
        text = CONFIG.format(port=self.port, drain=DRAIN, idle=IDLE, folder=self.folder, slowness=self.slowness,
                             phase=min(3 * self.slowness, 15))  # several servers may hang before a client's patience ends
        for name in sorted(names):
            text += f'[[backend]]\nname = "{name}"\nurl = "http://127.0.0.1:{self.backends[name].port}"\n'
            if name in PARALLEL:
                text += f"parallel = {PARALLEL[name]}\n"
        self.config.write_text(text + more)
        self.names = set(names)

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def states(self):
        return {b["name"]: b["state"] for b in status_of(self)["backends"]}

    def serves(self):
        """The steady server answers through it."""
        with contextlib.suppress(OSError, ValueError):
            return ask(self.port, "GET", "/readyz")[0] == 200 and self.states().get(STEADY) == "up"

    def start(self):
        self.program = Program([self.node, "serve", "--config", str(self.config)], self.port, self.under)
        self.pid = self.program.pid
        until("the node to serve", self.serves, PATIENCE * self.slowness)

    def kill(self):
        with self.outages("kill"):
            os.kill(self.pid, signal.SIGKILL)
            status = self._reap(self.pid)
            if status != -signal.SIGKILL:
                raise AssertionError(f"the node had ended with {status} before it was killed")
            self._end_program()
            self.start()

    def hand_over(self):
        with self.outages("handover"):
            before, old = set(self._successors()), self.pid
            os.kill(old, signal.SIGUSR2)
            self.pid = until("a successor", lambda: set(self._successors()) - before).pop()
            status = self._reap(old, DRAIN + PATIENCE)
            if status != 0:
                raise AssertionError(f"the node that was replaced ended with {status}:\n{self.program.log()[-3000:]}")
            until("the successor to serve", self.serves)

    def _successors(self):
        return [int(line.split("process ")[1].split()[0]) for line in self.program.log().splitlines()
                if "serves in this one's place" in line]

    def _reap(self, pid, patience=PATIENCE):
        """The exit status of a node that ends."""
        if pid == self.program.pid:
            return self.program.ended(patience)
        end = time.monotonic() + patience
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                raise AssertionError(f"the node, process {pid}, did not end within {patience} s")
            time.sleep(0.02)

    def _end_program(self):
        judge_log(self.program.log().splitlines())
        self.program.end()

    def stop(self):
        """As an operator stops it; what it logged is judged."""
        os.kill(self.pid, signal.SIGTERM)
        status = self._reap(self.pid, (DRAIN + PATIENCE) * self.slowness)
        if status != 0:
            raise AssertionError(f"the node ended with {status}")
        self.pid = 0
        judge_log(self.program.log().splitlines())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError, subprocess.SubprocessError):
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
        if self.program:
            self.program.end()
        for b in self.backends.values():
            b.kill()


def answer_of(place, method, path, body=None, headers=None):
    """(status, document) of one of the node's own routes."""
    status, text = ask(place.port, method, path, body, headers)
    return status, json.loads(text) if text else None
