#!/usr/bin/env python3
"""Peers that are slow on purpose, or leave in the middle: slow_peers_test.py CONDUCTOR SCRIPTED_OLLAMA."""

import hashlib
import json
import pathlib
import sys
import tempfile
import time
import unittest

from peer import NODE, OLLAMA, Peer, ask, conductor, cpu_seconds, scripted_ollama, stats, until

CONFIG = """
[server]
head_timeout = "1s"
body_timeout = "1s"
[stream]
buffer = "1MiB"
write_timeout = "2s"
"""
MANY = 200


class SlowPeers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.ollama = self.enterContext(scripted_ollama(OLLAMA))
        file = self.folder / "conductor.toml"
        file.write_text(CONFIG)
        self.node = self.enterContext(conductor(NODE, self.ollama.port, "--config", str(file)))
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)

    def peers(self, n, **how):
        return [self.enterContext(Peer(self.node.port, **how)) for _ in range(n)]

    def connections(self):
        """Besides the one that asks."""
        return json.loads(ask(self.node.port, "GET", "/conductor/v1/status")[1])["connections"] - 1

    def answers_others(self):
        status, body = ask(self.node.port, "POST", "/api/generate", {"model": "canned", "prompt": "x", "stream": False})
        self.assertEqual(status, 200, body)

    def test_heads_that_come_a_byte_at_a_time_are_given_up(self):
        peers = self.peers(MANY)
        alive = list(peers)
        for byte in "GET /api/version HTTP/1.1\r\nHost: localhost\r\nX: ":
            alive = [p for p in alive if p.say(byte)]
        self.answers_others()

        def gone():
            """Though a byte comes well within the limit, again and again."""
            nonlocal alive
            alive = [p for p in alive if p.say("y")]
            return self.connections() == 0

        until("the slow ones to be closed", gone)
        self.answers_others()

    def test_bodies_that_come_a_byte_at_a_time_are_given_up_when_they_stop(self):
        peers = self.peers(MANY)
        for p in peers:
            p.say("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        self.answers_others()
        until("the slow ones to be closed", lambda: self.connections() == 0)
        self.assertEqual(stats(self.ollama)["by_route"].get("/api/chat", 0), 0, "half a body was passed on")

    def test_uploads_are_given_up_when_they_stop(self):
        digest = hashlib.sha256(b"x" * 1000).hexdigest()
        peers = self.peers(20)
        for p in peers:
            p.say(f"POST /api/blobs/sha256:{digest} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx")
        for p in peers:
            status, _, body = p.answer()
            self.assertEqual((status, b"server.body_timeout" in body), (408, True), body)
        until("the slow ones to be closed", lambda: self.connections() == 0)
        until("Ollama to be rid of them", lambda: stats(self.ollama)["in_flight"] == 0)
        status, body = ask(self.node.port, "POST", f"/api/blobs/sha256:{digest}", b"x" * 1000)
        self.assertEqual(status, 201, body)

    def test_uploads_whose_parts_come_in_time_are_taken(self):
        data = bytes(range(250)) * 2
        with Peer(self.node.port) as p:
            p.say(f"POST /api/blobs/sha256:{hashlib.sha256(data).hexdigest()} HTTP/1.1\r\nHost: localhost\r\n"
                  f"Content-Length: {len(data)}\r\nExpect: 100-continue\r\n\r\n")
            for n in range(5):
                time.sleep(.5)
                p.say(data[n * 100:n * 100 + 100])
            until("100 Continue", lambda: p.seen.startswith(b"HTTP/1.1 100") or not p.read())
            p.seen = p.seen.split(b"\r\n\r\n", 1)[1]
            self.assertEqual(p.answer()[0], 201)
            time.sleep(2)  # no deadline of the upload is left
            p.say("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(p.answer()[0], 200)

    def test_who_vanishes_is_asked_after(self):
        """A keep-alive timer runs at each end of ours, as the kernel tells."""
        with Peer(self.node.port) as p:
            p.say("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(p.answer()[0], 200)
            here = "%04X" % self.node.port, "%04X" % p.socket.getsockname()[1]
            rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
            timers = [row[5] for row in rows if (row[1].split(":")[1], row[2].split(":")[1]) == here]
            self.assertEqual([t.split(":")[0] for t in timers], ["02"])

    def test_readers_that_do_not_read_hold_neither_ollama_nor_others(self):
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {"records": 20000, "size": 500}})
        for p in self.peers(8, receive_buffer=4096):
            body = json.dumps({"model": "canned", "prompt": "x"})
            p.say(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        until("Ollama to be asked", lambda: stats(self.ollama)["answers"] == 8)
        until("they are all answered or given up", lambda: stats(self.ollama)["in_flight"] == 0)
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {}})
        self.answers_others()
        until("the ones that do not read to be closed", lambda: self.connections() == 0)

    def test_who_closes_one_half_is_gone(self):
        ask(self.ollama.port, "POST", "/_scripted/script", {"default": {"records": 100000, "gap_ms": 10}})
        before = stats(self.ollama)["cancels"]
        body = json.dumps({"model": "canned", "prompt": "x"})
        for p in self.peers(4):
            p.say(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}")
            p.read()
            p.socket.shutdown(1)
        until("the cancels at Ollama", lambda: stats(self.ollama)["cancels"] == before + 4)

    def test_pipelined_requests_are_bounded_and_answered_in_order(self):
        with Peer(self.node.port) as peer:
            for n in range(500):
                peer.say(f"GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r{n}\r\n\r\n")
            for n in range(500):
                self.assertEqual(peer.answer()[1]["x-request-id"], f"r{n}")

    def test_idle_connections_cost_no_processor_time(self):
        self.peers(MANY)
        until("all to be accepted", lambda: self.connections() == MANY)
        begin = cpu_seconds(self.node.pid)
        time.sleep(2)
        self.assertLess(cpu_seconds(self.node.pid) - begin, .5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
