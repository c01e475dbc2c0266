#!/usr/bin/env python3
"""Connections in great number, and too few descriptors for them: connections_test.py CONDUCTOR SCRIPTED_OLLAMA.
With CONDUCTOR_LONG set 100,000 in turn, else 3,000."""

import contextlib
import json
import pathlib
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest

from peer import LONG, NODE, OLLAMA, Peer, ask, conductor, cpu_seconds, resident, runs_under, scripted_ollama, stats, until

IN_TURN = 100_000 if LONG else 3_000
FEW = 96


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


class Connections(unittest.TestCase):
    def start(self, *flags, before=()):
        self.ollama = self.enterContext(scripted_ollama(OLLAMA))
        # A sanitizer keeps what was freed: little, or that is what grows.
        self.node = self.enterContext(conductor(NODE, self.ollama.port, *flags, before=before,
                                                more={"ASAN_OPTIONS": "quarantine_size_mb=4:thread_local_quarantine_size_kb=64"}))
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)

    def connections(self):
        return json.loads(ask(self.node.port, "GET", "/conductor/v1/status")[1])["connections"] - 1

    def needs_the_systems_allocator(self, *sanitizers):
        for name in runs_under(self.node.pid, *sanitizers):
            self.skipTest(f"{name} keeps memory of its own")

    def test_many_in_turn_leave_nothing_behind(self):
        self.start()
        ways = (
            lambda p: None,
            lambda p: p.say("GET /api/version HTTP/1.1\r\n"),
            lambda p: (p.say("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"), p.answer()),
            lambda p: p.say("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"),
            lambda p: p.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),  # a reset
            lambda p: p.say(b"\x16\x03\x01\x02\x00\x01"),
        )
        def turns(n):
            for i in range(n):
                with Peer(self.node.port) as p:
                    ways[i % len(ways)](p)
        turns(600)
        until("all to be gone", lambda: self.connections() == 0)
        open_before, pages_before = descriptors(self.node.pid), resident(self.node.pid)
        turns(IN_TURN)
        until("all to be gone", lambda: self.connections() == 0)
        self.assertLessEqual(descriptors(self.node.pid), open_before + 4)
        self.assertLess(resident(self.node.pid) - pages_before, 20 * 256, "pages of 4 KiB: memory grew by 20 MiB")
        self.assertEqual(ask(self.node.port, "GET", "/healthz")[0], 200)

    def test_answers_that_are_left_in_number_leave_nothing_behind(self):
        self.start()
        self.needs_the_systems_allocator("tsan")
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {"records": 1000, "gap_ms": 50}})
        body = json.dumps({"model": "canned", "prompt": "x"})

        def leave(n):
            for _ in range(n):
                with Peer(self.node.port) as p:
                    p.say(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}")
                    self.assertTrue(p.read())
            until("all to be gone", lambda: self.connections() == 0)
        leave(1_000)
        pages_before = resident(self.node.pid)
        leave(IN_TURN)
        self.assertLess(resident(self.node.pid) - pages_before, 4 * 256, "pages of 4 KiB: memory grew by 4 MiB")

    def test_large_bodies_leave_no_room_behind(self):
        self.start()
        self.needs_the_systems_allocator("asan", "tsan")
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {"records": 200}})
        large = json.dumps({"model": "canned", "stream": True, "input": "x", "instructions": "ü0" * 600_000})

        def ask_and_read_late():
            with Peer(self.node.port) as p:
                p.say(f"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(large)}\r\n\r\n{large}")
                time.sleep(.3)
                while b"event: response.completed" not in p.seen:
                    self.assertTrue(p.read())

        pages_before = resident(self.node.pid)
        for _ in range(6):
            peers = [threading.Thread(target=ask_and_read_late) for _ in range(4)]
            for p in peers:
                p.start()
            for _ in range(60):
                ask(self.node.port, "POST", "/api/generate", {"model": "canned", "prompt": "x"})
            for p in peers:
                p.join()
        until("all to be gone", lambda: self.connections() == 0)
        self.assertLess(resident(self.node.pid) - pages_before, 5 * 256, "pages of 4 KiB: memory grew by 5 MiB")

    def test_without_descriptors_accepting_pauses_and_nothing_spins(self):
        self.start(before=("prlimit", f"--nofile={FEW}:{FEW}"))
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {"records": 400, "gap_ms": 10}})
        body = json.dumps({"model": "canned", "prompt": "x"})
        with Peer(self.node.port) as stream, contextlib.ExitStack() as crowd:
            stream.say(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}")
            self.assertTrue(stream.read())
            for _ in range(FEW * 2):
                crowd.enter_context(Peer(self.node.port))
            until("the node to say so", lambda: "pauses" in self.node.log())
            begin = cpu_seconds(self.node.pid)
            time.sleep(1)
            self.assertLess(cpu_seconds(self.node.pid) - begin, .5, "it spins")
            while b'"done":true' not in stream.seen:
                self.assertTrue(stream.read(), "the stream that was there is cut")
        until("all to be gone", lambda: self.connections() == 0)
        self.assertEqual(ask(self.node.port, "GET", "/api/version")[0], 200)

    def test_more_than_max_connections_are_told_so(self):
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "c.toml"
        file.write_text("[server]\nmax_connections = 5\n")
        self.start("--config", str(file))
        with contextlib.ExitStack() as crowd:
            for _ in range(5):
                crowd.enter_context(Peer(self.node.port))
            refused = crowd.enter_context(Peer(self.node.port))
            self.assertEqual(refused.answer()[0], 503)
        until("room again", lambda: ask(self.node.port, "GET", "/healthz")[0] == 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
