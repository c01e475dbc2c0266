#!/usr/bin/env python3
"""A thread of the real node is held still: liveness_test.py CONDUCTOR SCRIPTED_OLLAMA. /healthz of the admin listener
tells which, the service manager gets no sign of life meanwhile, and both are well again afterwards. Load is told from that."""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import ask, conductor, free_port, scripted_ollama, set_script, tasks, until  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
ATTACH, DETACH, WALL = 16, 17, 0x40000000


@contextlib.contextmanager
def held_still(task):
    """One thread of another process, stopped by ptrace; the others run on."""
    if LIBC.ptrace(ATTACH, task, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"thread {task} cannot be stopped")
    os.waitpid(task, WALL)
    try:
        yield
    finally:
        LIBC.ptrace(DETACH, task, None, None)


class Manager:
    """A service manager's socket: what the node tells it."""

    def __init__(self, folder):
        self.path = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def told(self):
        """The lines told since the last call."""
        lines = []
        with contextlib.suppress(TimeoutError):
            while True:
                lines += self.socket.recv(4096).decode().splitlines()
        return lines

    def variables(self, watchdog_ms=300):
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(watchdog_ms * 1000)}


class Liveness(unittest.TestCase):
    @contextlib.contextmanager
    def node(self, *flags, **more):
        self.admin = free_port()
        with scripted_ollama(OLLAMA) as self.ollama, \
                conductor(NODE, self.ollama.port, "--admin-listen", f"127.0.0.1:{self.admin}", *flags, **more) as node:
            until("readiness", lambda: ask(self.admin, "GET", "/readyz")[0] == 200)
            yield node

    def health(self):
        return ask(self.admin, "GET", "/healthz")

    def task(self, node, name):
        return next(task for task, named in tasks(node.pid).items() if named == name)

    def lane_at_rest(self, node, name):
        """That lane's thread, where it carries nobody and sleeps until something happens."""
        ask(node.port, "GET", "/healthz")  # whoever connected before is accepted
        until("them to be gone", lambda: json.loads(ask(self.admin, "GET", "/conductor/v1/status")[1])["connections"] == 1)
        task = self.task(node, name)
        until("the lane to sleep", lambda: pathlib.Path(f"/proc/{node.pid}/task/{task}/stat").read_text().rpartition(")")[2]
              .split()[0] == "S")
        return task

    def test_a_lane_that_stands_still_is_told_by_name(self):
        with self.node(more={"CONDUCTOR_RUNTIME_STUCK": "300ms"}) as node:
            self.assertEqual(self.health(), (200, "ok\n"))
            with held_still(self.lane_at_rest(node, "lane-0")):
                status, body = until("a 503", lambda: (lambda h: h[0] == 503 and h)(self.health()))
                self.assertTrue(body.startswith("lane-0 has not turned for "), body)
                self.assertEqual(len(body.splitlines()), 1, body)
                until("the log", lambda: "the node is stuck: lane-0" in node.log())
            until("health", lambda: self.health() == (200, "ok\n"))
            until("the log", lambda: "the node turns again" in node.log())

    def test_workers_that_stand_still_are_told(self):
        with self.node(more={"CONDUCTOR_RUNTIME_STUCK": "300ms", "CONDUCTOR_RUNTIME_WORKERS": "1"}) as node:
            workers = [task for task, name in tasks(node.pid).items() if name in ("caf.multiplexer", "caf.worker")]
            self.assertEqual(len(workers), 1, tasks(node.pid))
            with held_still(workers[0]):
                until("a 503", lambda: self.health()[0] == 503)
                self.assertIn("no worker has turned for ", self.health()[1])
            until("health", lambda: self.health() == (200, "ok\n"))

    def test_the_service_manager_is_told_of_life_only_while_there_is_life(self):
        with tempfile.TemporaryDirectory() as folder, Manager(folder) as manager:
            with self.node(more={"CONDUCTOR_RUNTIME_STUCK": "300ms", **manager.variables()}) as node:
                begin = manager.told()
                self.assertIn("READY=1", begin)
                self.assertTrue(any(line.startswith("STATUS=listens on 127.0.0.1:") for line in begin), begin)
                until("signs of life", lambda: "WATCHDOG=1" in manager.told())
                with held_still(self.task(node, "lane-0")):
                    until("a 503", lambda: self.health()[0] == 503)
                    manager.told()
                    time.sleep(1)  # three times what the manager would wait for
                    self.assertNotIn("WATCHDOG=1", manager.told())
                until("signs of life again", lambda: "WATCHDOG=1" in manager.told())
                node.process.send_signal(signal.SIGHUP)
                told = []
                until("the end of the reload", lambda: told.extend(manager.told()) or "RELOADING=1" in told and
                      "READY=1" in told[told.index("RELOADING=1"):])
                node.process.send_signal(signal.SIGTERM)
                self.assertEqual(node.ended(), 0)
                end = manager.told()
                self.assertIn("STOPPING=1", end)
                self.assertIn("EXTEND_TIMEOUT_USEC=45000000", end)

    def test_load_fails_no_probe(self):
        """More connections than there may be, all of them streaming, and the lanes busy without a pause."""
        with self.node(more={"CONDUCTOR_SERVER_MAX_CONNECTIONS": "200"}) as node:
            set_script(self.ollama, gap_ms=1, records=100000)
            body = json.dumps({"model": "canned", "prompt": "hi"})
            head = f"POST /api/generate HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            over, failures, probed = threading.Event(), [], [0]

            def probe(path):
                while not over.is_set():
                    try:
                        status, said = ask(self.admin, "GET", path)
                        if status != 200:
                            failures.append((path, status, said))
                        probed[0] += 1
                    except (OSError, http.client.HTTPException) as failure:
                        failures.append((path, repr(failure)))

            probes = [threading.Thread(target=probe, args=(path,)) for path in ("/healthz", "/readyz", "/metrics")]
            with contextlib.ExitStack() as held:
                for _ in range(300):
                    s = held.enter_context(socket.create_connection(("127.0.0.1", node.port), 10))
                    s.sendall(head.encode())
                for thread in probes:
                    thread.start()
                until("probes under load", lambda: probed[0] > 60)
                self.assertEqual(ask(node.port, "GET", "/healthz")[0], 503, "the node is not full: this is no load")
                over.set()
                for thread in probes:
                    thread.join()
            self.assertEqual(failures, [])
            self.assertNotIn("the node is stuck", node.log())

    def test_a_conversation_is_not_carried_by_the_admin_listeners_lane(self):
        """That has the fewest connections of all, and is for probes alone."""
        with self.node() as node, contextlib.ExitStack() as held:
            for _ in range(4):
                held.enter_context(socket.create_connection(("127.0.0.1", node.port), 5))
            until("them", lambda: json.loads(ask(self.admin, "GET", "/conductor/v1/status")[1])["connections"] >= 4)
            set_script(self.ollama, gap_ms=2, records=200)
            session = json.loads(ask(self.admin, "POST", "/conductor/v1/sessions", {"model": "canned"})[1])["id"]
            before = self.turns(node, "lane-admin")
            ask(node.port, "POST", f"/conductor/v1/sessions/{session}/messages", {"content": "hi"})
            self.assertLess(self.turns(node, "lane-admin") - before, 50, "200 records went through it")

    def turns(self, node, name):
        """How often a thread slept, which it does after each record."""
        status = pathlib.Path(f"/proc/{node.pid}/task/{self.task(node, name)}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("voluntary")))


OLLAMA, NODE = sys.argv.pop(2), sys.argv.pop(1)
if __name__ == "__main__":
    unittest.main(verbosity=2)
