#!/usr/bin/env python3
"""What nobody may have more of, and whose word counts: limits_test.py CONDUCTOR SCRIPTED_OLLAMA."""

import contextlib
import http.client
import json
import pathlib
import socket
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "guards"), str(TESTS / "support")]
from frames import CLOSE, TEXT, Frames  # noqa: E402
from processes import PATIENCE, ask, conductor, scripted_ollama, set_script, stats, until  # noqa: E402

NODE, OLLAMA = sys.argv[1:3]
PROXY = {"X-Forwarded-For": "203.0.113.7"}


class World(unittest.TestCase):
    def setUp(self):
        self.ollama = self.enterContext(scripted_ollama(OLLAMA))

    def start(self, config, *flags, **how):
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="conductor-limits-"))) / "c.toml"
        file.write_text(config)
        node = self.enterContext(conductor(NODE, self.ollama.port, "--config", str(file), *flags, **how))
        until("readiness", lambda: ask(node.port, "GET", "/readyz")[0] == 200)
        return node

    def series(self, node, name):
        for line in ask(node.port, "GET", "/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no series {name}")

    def waiting(self, address, port, size, headers=""):
        """A connection whose prompt of that size Ollama has, and does not answer; the next ones it does."""
        set_script(self.ollama, records=1, first_ms=3_600_000)
        s = self.enterContext(socket.create_connection((address, port), PATIENCE))
        body = json.dumps({"model": "canned", "prompt": "x" * size})
        s.sendall(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
                  f"{body}".encode())
        until("it is asked", lambda: stats(self.ollama)["in_flight"] == 1)
        set_script(self.ollama)
        return s


class Memory(World):
    def nothing_held(self, node):
        until("all is given back", lambda: self.series(node, "conductor_memory_held_bytes") == 0)

    def generate(self, node, size, priority="normal", headers=None):
        return ask(node.port, "POST", "/api/generate", {"model": "canned", "prompt": "x" * size, "stream": False},
                   {"X-Conductor-Class": priority, **(headers or {})})

    def test_bodies_are_shed_in_order_of_their_class(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        for size, let_in in ((680_000, ("interactive", "normal", "batch")), (800_000, ("interactive", "normal")),
                             (960_000, ("interactive",)), (1_100_000, ())):
            for priority in ("interactive", "normal", "batch"):
                with self.subTest(size=size, priority=priority):
                    self.nothing_held(node)  # what was answered may take a moment longer
                    status, text = self.generate(node, size, priority)
                    self.assertEqual(status, 200 if priority in let_in else 503, text[:300])
                    if status == 503:
                        self.assertIn("limits.memory", text)
                        self.assertIn(priority, text)
        self.nothing_held(node)
        self.assertEqual(self.series(node, "conductor_memory_limit_bytes"), 1000 * 1024)

    def test_what_is_announced_and_does_not_come_holds_nothing(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        for _ in range(20):
            s = self.enterContext(socket.create_connection(("127.0.0.1", node.port), PATIENCE))
            s.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 800000\r\n\r\n{")
        self.assertEqual(self.generate(node, 700_000)[0], 200)

    def test_chunks_are_counted_as_they_come(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        s = self.enterContext(socket.create_connection(("127.0.0.1", node.port), PATIENCE))
        s.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                s.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        answer = http.client.HTTPResponse(s)
        answer.begin()
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.getheader("Retry-After"), "1")
        self.assertRegex(ask(node.port, "GET", "/metrics")[1], r'conductor_refusals_total\{reason="memory"\} 1')

    def test_who_waits_holds_his_body_until_he_is_served(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        s = self.waiting("127.0.0.1", node.port, 500_000)
        self.assertEqual(self.generate(node, 500_000)[0], 503)
        self.assertEqual(self.generate(node, 100_000)[0], 200)
        s.close()
        self.nothing_held(node)
        self.assertEqual(self.generate(node, 500_000)[0], 200)

    def test_one_key_holds_no_more_than_its_part(self):
        node = self.start('[limits]\nmemory = "2000KiB"\nkey_memory = "300KiB"\n')
        one, other = ({"Authorization": "Bearer " + json.loads(
            ask(node.port, "POST", "/conductor/v1/keys", {"name": name})[1])["key"]} for name in ("one", "other"))
        status, text = self.generate(node, 400_000, headers=one)
        self.assertEqual(status, 429, text)
        self.assertIn("limits.key_memory", text)
        s = self.waiting("127.0.0.1", node.port, 200_000, f"Authorization: {one['Authorization']}\r\n")
        self.assertEqual(self.generate(node, 200_000, headers=one)[0], 429)
        self.assertEqual(self.generate(node, 50_000, headers=one)[0], 200)
        self.assertEqual(self.generate(node, 200_000, headers=other)[0], 200)
        self.assertEqual(self.generate(node, 400_000)[0], 200, "this machine needs no key")
        s.close()
        self.nothing_held(node)
        self.assertEqual(self.generate(node, 200_000, headers=one)[0], 200)

    def test_without_room_an_answer_is_read_as_its_reader_reads_and_is_whole(self):
        node = self.start('[limits]\nmemory = "1MiB"\n')
        set_script(self.ollama, records=60_000, size=1000)
        s = socket.socket()
        self.addCleanup(s.close)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", node.port))
        body = json.dumps({"model": "canned", "prompt": "hi"})
        s.sendall(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        until("the memory is used", lambda: self.series(node, "conductor_memory_held_bytes") >= 1 << 20)
        # Were it spooled, Ollama would be done: 20 MB fit stream.buffer.
        before = self.series(node, "conductor_memory_held_bytes")
        self.assertEqual(stats(self.ollama)["in_flight"], 1)
        self.assertLess(before, 3 << 19)
        answer = http.client.HTTPResponse(s)
        answer.begin()
        records = [json.loads(line) for line in answer.read().splitlines()]
        self.assertEqual(len(records), 60_001)
        self.assertTrue(records[-1]["done"])
        self.nothing_held(node)


class Conversations(World):
    """They take the node's memory for as long as they are used: each text twice, as it was said and as it goes on."""

    def create(self, node, size, status=201, **more):
        got, text = ask(node.port, "POST", "/conductor/v1/sessions",
                        {"model": "canned", "messages": [{"role": "user", "content": "x" * size}], **more})
        self.assertEqual(got, status, text[:300])
        return json.loads(text).get("id")

    def held(self, node):
        return self.series(node, "conductor_memory_held_bytes")

    def test_they_count_until_they_are_gone(self):
        node = self.start('[limits]\nmemory = "4000KiB"\n')
        ids = [self.create(node, 600_000), self.create(node, 600_000)]
        until("the bodies are given back", lambda: self.held(node) < 2_500_000)
        self.assertGreater(self.held(node), 2_400_000)
        self.create(node, 1_200_000, 503)
        status, text = ask(node.port, "POST", "/api/generate",
                           {"model": "canned", "prompt": "x" * 1_200_000, "stream": False})
        self.assertEqual(status, 503, text)
        for one in ids:
            self.assertEqual(ask(node.port, "DELETE", f"/conductor/v1/sessions/{one}")[0], 204)
        until("nothing is held", lambda: self.held(node) == 0)
        self.create(node, 1_200_000)

    def test_those_of_one_key_are_of_its_part(self):
        node = self.start('[limits]\nmemory = "20MiB"\nkey_memory = "1000KiB"\n')
        key = {"Authorization": "Bearer " + json.loads(
            ask(node.port, "POST", "/conductor/v1/keys", {"name": "one"})[1])["key"]}
        body = {"model": "canned", "messages": [{"role": "user", "content": "x" * 300_000}]}
        self.assertEqual(ask(node.port, "POST", "/conductor/v1/sessions", body, key)[0], 201)
        until("its body is given back", lambda: self.held(node) < 700_000)
        body = {"model": "canned", "prompt": "x" * 500_000, "stream": False}
        self.assertEqual(ask(node.port, "POST", "/api/generate", body, key)[0], 429)
        self.assertEqual(ask(node.port, "POST", "/api/generate", body)[0], 200)

    def test_answers_that_nobody_takes_are_bounded(self):
        node = self.start('[limits]\nmemory = "100MiB"\n')
        one = self.create(node, 8_000_000)
        peers = []
        for _ in range(20):
            s = socket.socket()
            self.addCleanup(s.close)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(PATIENCE)
            s.connect(("127.0.0.1", node.port))
            s.sendall(f"GET /conductor/v1/sessions/{one} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            peers.append(s)
        said = [s.recv(12) for s in peers]
        self.assertEqual(set(said), {b"HTTP/1.1 200", b"HTTP/1.1 503"})
        self.assertLess(self.held(node), 100 << 20)
        for s in peers:
            s.close()
        until("they are given back", lambda: self.held(node) < 17_000_000)
        self.assertEqual(ask(node.port, "GET", f"/conductor/v1/sessions/{one}")[0], 200)

    def test_a_snapshot_for_which_there_is_no_room_is_refused(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        one = self.create(node, 300_000)
        until("its body is given back", lambda: self.held(node) < 700_000)
        text = ask(node.port, "GET", f"/conductor/v1/sessions/{one}/events")[1]
        self.assertIn("limits.memory", text)
        self.assertNotIn("xxxxxxxx", text)
        self.assertLess(self.held(node), 700_000)

    def test_half_a_message_of_a_websocket_counts(self):
        node = self.start('[limits]\nmemory = "1000KiB"\n')
        peer = Frames("127.0.0.1", node.port, PATIENCE)
        self.addCleanup(peer.socket.close)
        with contextlib.suppress(ConnectionError):
            peer.send(TEXT, b"x" * 2_000_000, length=8_000_000)
        opcode, said = peer.receive()
        self.assertEqual((opcode, int.from_bytes(said[:2], "big")), (CLOSE, 1013), said)
        until("it is given back", lambda: self.held(node) == 0)
        again = Frames("127.0.0.1", node.port, PATIENCE)
        self.addCleanup(again.socket.close)
        again.send(TEXT, json.dumps({"op": "subscribe", "topic": "overview", "ref": "r"}).encode())
        self.assertEqual(json.loads(again.receive()[1])["type"], "ack")

    def test_long_operations_are_obeyed_in_their_order(self):
        """Though another thread reads them."""
        node = self.start("")
        one = self.create(node, 10)
        peer = Frames("127.0.0.1", node.port, PATIENCE)
        self.addCleanup(peer.socket.close)
        long = "x" * 300_000
        for op in ({"op": "send", "session": one, "content": long, "ref": "1"}, {"op": "unsubscribe", "session": one, "ref": "2"},
                   {"op": "send", "session": one, "content": long, "ref": "3", "nonsense": 1},
                   {"op": "subscribe", "topic": "overview", "ref": "4"}):
            peer.send(TEXT, json.dumps(op).encode())
        got = []
        while len(got) < 4:
            said = json.loads(peer.receive()[1])
            if "ref" in said:
                got.append((said["ref"], said["type"]))
        self.assertEqual(sorted(got), [("1", "ack"), ("2", "error"), ("3", "error"), ("4", "ack")])
        self.assertLess(got.index(("3", "error")), got.index(("4", "ack")))
        until("it is answered", lambda: ask(node.port, "GET", f"/conductor/v1/sessions/{one}")[1].count('"done"') >= 2)
        until("what was read is given back", lambda: self.held(node) < 650_000)

    def test_an_answer_that_never_ends_is_ended(self):
        node = self.start('[stream]\nbuffer = "1MiB"\n')
        set_script(self.ollama, records=100_000, size=1000, gap_us=100)
        one = self.create(node, 10)
        ask(node.port, "POST", f"/conductor/v1/sessions/{one}/messages", {"content": "go on"})
        until("Ollama is rid of it", lambda: stats(self.ollama)["in_flight"] == 0)
        answer = json.loads(ask(node.port, "GET", f"/conductor/v1/sessions/{one}")[1])["messages"][-1]
        self.assertEqual(answer["state"], "failed")
        self.assertIn("longer than stream.buffer", answer["error"])
        self.assertGreater(len(answer["content"]), 1 << 20)

    def test_a_page_of_a_list_ends_where_it_is_large(self):
        node = self.start("")
        made = [self.create(node, 10, system="s" * 5_000_000) for _ in range(3)]
        first = json.loads(ask(node.port, "GET", "/conductor/v1/sessions?limit=10")[1])
        rest = json.loads(ask(node.port, "GET", f"/conductor/v1/sessions?limit=10&before={first['next']}")[1])
        self.assertEqual([len(first["sessions"]), len(rest["sessions"]), rest["next"]], [2, 1, None])
        self.assertEqual({s["id"] for s in first["sessions"] + rest["sessions"]}, set(made))

    def test_a_copy_that_nobody_waits_for_is_removed(self):
        node = self.start("")
        self.create(node, 30_000_000)
        copies = lambda: list(pathlib.Path(node.home.name).rglob("*.copy-*"))  # noqa: E731
        s = self.enterContext(socket.create_connection(("127.0.0.1", node.port), PATIENCE))
        s.sendall(b"GET /conductor/v1/backup HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until("a copy is made", copies)
        s.close()
        until("it is removed", lambda: not copies())


def own_address():
    """An address of this machine that is not loopback; None: it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
        s.connect(("192.0.2.254", 9))
        found = s.getsockname()[0]
        if not found.startswith("127."):
            return found
    return None


class Peers(World):
    def test_one_address_without_a_key_holds_no_more_than_its_part(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has no address but loopback's: a_peer_book tests the sum")
        from ports import free_port
        port = free_port()
        node = self.start('[limits]\nmemory = "2000KiB"\npeer_memory = "300KiB"\n', "--listen", f"0.0.0.0:{port}",
                          "--insecure")

        def generate(size, host=address, at=port):
            connection = http.client.HTTPConnection(host, at, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("POST", "/api/generate", json.dumps(
                    {"model": "canned", "prompt": "x" * size, "stream": False}))
                answer = connection.getresponse()
                return answer.status, answer.read().decode()

        status, text = generate(400_000)
        self.assertEqual(status, 429, text)
        self.assertIn(f"{address} holds 0 of the 307200 bytes that limits.peer_memory allows", text)
        s = self.waiting(address, port, 200_000)
        self.assertEqual(generate(200_000)[0], 429)
        self.assertEqual(generate(50_000)[0], 200)
        self.assertEqual(generate(400_000, "127.0.0.1", node.port)[0], 200, "this machine is not counted")
        s.close()
        until("all is given back", lambda: generate(200_000)[0] == 200)

    def test_one_address_has_so_many_connections_and_the_others_are_served(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has no address but loopback's: a_peer_book tests the count")
        from ports import free_port
        port = free_port()
        node = self.start("[limits]\npeer_connections = 5\n", "--listen", f"0.0.0.0:{port}", "--insecure")
        held = [self.enterContext(socket.create_connection((address, port), PATIENCE)) for _ in range(5)]
        until("they are counted", lambda: json.loads(
            ask(node.port, "GET", "/conductor/v1/status")[1])["connections"] >= 5)
        with socket.create_connection((address, port), PATIENCE) as s:
            answer = http.client.HTTPResponse(s)
            answer.begin()
            self.assertEqual(answer.status, 429)
            self.assertIn("limits.peer_connections", json.loads(answer.read())["error"])
        for _ in range(20):
            self.assertEqual(ask(node.port, "GET", "/api/version")[0], 200)
        self.assertRegex(ask(node.port, "GET", "/metrics")[1], r'conductor_refusals_total\{reason="connections"\} 1')
        held[0].close()

        def served():
            connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
            with contextlib.closing(connection), contextlib.suppress(ConnectionError):
                connection.request("GET", "/api/version")
                return connection.getresponse().status == 200

        until("a seat is free again", served)


class Proxies(World):
    def test_a_trusted_one_says_who_asks(self):
        node = self.start('[server]\ntrusted_proxies = ["127.0.0.1"]\n')
        status, text = ask(node.port, "GET", "/api/tags", headers=PROXY)
        self.assertEqual(status, 401, "who asks is of another machine: " + text)
        self.assertEqual(ask(node.port, "GET", "/api/tags", headers={"X-Forwarded-For": "127.0.0.1"})[0], 200)
        spoofed = {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"}
        self.assertEqual(ask(node.port, "GET", "/api/tags", headers=spoofed)[0], 401)
        key = json.loads(ask(node.port, "POST", "/conductor/v1/keys", {"name": "far"})[1])["key"]
        asked = {**PROXY, "Authorization": "Bearer " + key}
        self.assertEqual(ask(node.port, "POST", "/api/generate", {"model": "canned", "prompt": "x"}, asked)[0], 200)
        until("the line of the log", lambda: "peer=203.0.113.7" in node.log())

    def test_another_one_needs_a_key_whatever_it_says(self):
        node = self.start("")
        for said in ("127.0.0.1", "203.0.113.7"):
            self.assertEqual(ask(node.port, "GET", "/api/tags", headers={"X-Forwarded-For": said})[0], 401)
        self.assertNotIn("203.0.113.7", node.log())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
