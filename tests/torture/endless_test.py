#!/usr/bin/env python3
"""Peers that never come to an end of what has no length: a client's framing, and all that a broken backend may say.
endless_test.py CONDUCTOR SCRIPTED_OLLAMA"""

import json
import pathlib
import select
import socket
import tempfile
import threading
import unittest

from peer import NODE, OLLAMA, Peer, ask, conductor, cpu_seconds, scripted_ollama, until

PIECE = 1 << 16  # bytes
ENOUGH = 256 * PIECE  # 16 MiB: no limit of the node is as large
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ONE_BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


# What a backend says: first, and then for ever.
ENDLESS = {
    "a head": (HEAD, b"X-A: " + b"a" * 1000 + b"\r\n"),
    "one line of a head": (HEAD + b"X-A: ", b"a" * PIECE),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "a chunk's extension": (CHUNKED + b"2;", b"a" * PIECE),
    "trailers": (CHUNKED + chunk(b"{}") + b"0\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"),
    "a record": (CHUNKED, chunk(b"a" * PIECE)),
    "a body until its end": (HEAD + b"\r\n", b"a" * PIECE),
}
KNOWN = {
    "/api/version": {"version": "0.24.0"},
    "/api/tags": {"models": [{"name": name, "model": name, "digest": "d"}
                             for name in ("canned:latest", "canned-ctx8192:latest")]},
    "/api/ps": {"models": []},
}


class Backend:
    """An Ollama that answers what it is asked for in `endless` by that, and the rest as it should."""

    def __init__(self, endless, first, more):
        self.endless, self.first, self.more = endless, first, more
        self.asked = self.most = 0  # how often for that; bytes of the longest answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as lines:
            while line := lines.readline():
                path = line.split()[1].decode()
                length = 0
                while (field := lines.readline()) not in (b"\r\n", b""):
                    if field.lower().startswith(b"content-length:"):
                        length = int(field.split(b":")[1])
                lines.read(length)
                if path in self.endless:
                    self.asked += 1
                    self._flood(peer)
                    return
                body = json.dumps(KNOWN.get(path, {"capabilities": ["completion"], "done": True})).encode()
                peer.sendall(ONE_BODY + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _flood(self, peer):
        said = 0
        try:
            peer.sendall(self.first)
            while said < 4 * ENOUGH:
                peer.sendall(self.more)
                said += len(self.more)
        except OSError:
            pass
        self.most = max(self.most, said)


class Endless(unittest.TestCase):
    def start(self, port, config=""):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "conductor.toml").write_text(config)
        self.node = self.enterContext(conductor(NODE, port, "--config", str(folder / "conductor.toml")))
        until("an answer to a probe", lambda: json.loads(ask(self.node.port, "GET", "/conductor/v1/status")[1])
              ["backends"][0]["state"] != "unknown")
        self.began = cpu_seconds(self.node.pid)

    def is_well(self):
        self.assertEqual(ask(self.node.port, "GET", "/healthz")[0], 200)

    def says_for_ever(self, head, piece):
        """What a client is told who never ends that."""
        with Peer(self.node.port) as p:
            p.say(head)
            for _ in range(ENOUGH // len(piece)):
                if not p.say(piece) or select.select([p.socket], [], [], 0)[0]:
                    break
            else:
                self.fail("it is still listened to")
            return p.read_to_end()

    def test_a_clients_framing_is_bounded(self):
        self.start(self.enterContext(scripted_ollama(OLLAMA)).port)
        for path in ("/api/generate", "/api/blobs/sha256:" + 64 * "a", "/conductor/v1/sessions"):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            for what, (first, more) in {"an extension": (b"2;", b"a" * PIECE),
                                        "trailers": (b"2\r\n{}\r\n0\r\n", b"X-A: " + b"a" * 1000 + b"\r\n")}.items():
                with self.subTest(path=path, what=what):
                    said = self.says_for_ever(head + first, more)
                    self.assertIn(said.split(b" ")[1:2], ([b"431"], []), said)  # unless it was reset meanwhile
                    self.is_well()

    def test_a_head_that_is_full_of_names_costs_little(self):
        self.start(self.enterContext(scripted_ollama(OLLAMA)).port)
        head = ("GET /api/tags HTTP/1.1\r\nHost: localhost\r\nConnection: " + ",".join(f"a{n}" for n in range(3000)) +
                "\r\n" + "".join(f"b{n}:\r\n" for n in range(3000)) + "\r\n")
        for _ in range(10):
            with Peer(self.node.port) as p:
                p.say(head)
                self.assertEqual(p.answer()[0], 200)
        self.assertLess(cpu_seconds(self.node.pid) - self.began, 4)

    def test_what_a_backend_answers_is_bounded(self):
        for what, (first, more) in ENDLESS.items():
            with self.subTest(what), Backend(("/api/generate", "/api/chat"), first, more) as backend:
                self.start(backend.port)
                for path in ("/api/generate", "/api/chat"):
                    body = {"model": "canned", "prompt": "x", "messages": [{"role": "user", "content": "x"}]}
                    status, text = ask(self.node.port, "POST", path, body)
                    # The head may have gone out before.
                    self.assertIn(status, (200, 500, 502, 503), text)
                    self.assertIn("error", json.loads(text.splitlines()[-1]))
                self.is_well()
                self.assertLess(backend.most, 4 * ENOUGH)
                self.assertLess(backend.asked, 10, "the node asks again and again")
                self.assertLess(cpu_seconds(self.node.pid) - self.began, 10)

    def test_an_answer_whose_model_has_to_be_renamed_is_bounded(self):
        """It is renamed once it is whole."""
        path = "/v1/chat/completions"
        with Backend((path,), ONE_BODY + b"\r\n" + b'{"a":"', b"a" * PIECE) as backend:
            self.start(backend.port, '[[model]]\nname = "canned"\noptions = "raise"\nnum_ctx = 8192\nderive = true\n')
            status, text = ask(self.node.port, "POST", path,
                               {"model": "canned", "messages": [{"role": "user", "content": "x"}]})
            self.assertEqual(status, 502, text[:200])
            self.assertIn("upstream.max_record", text)
            self.assertLess(backend.most, 4 * ENOUGH)
            self.is_well()

    def test_what_a_backend_says_of_itself_is_bounded(self):
        for path, start in (("/api/version", b""), ("/api/tags", b'{"models":['), ("/api/ps", b'{"models":['),
                            ("/api/show", b'{"template":"')):
            with self.subTest(path), Backend((path,), ONE_BODY + b"\r\n" + start,
                                             b'{"name":"a"},' * 5000) as backend:
                self.start(backend.port)
                until("it to be asked", lambda: backend.asked)
                until("the node to hang up", lambda: backend.most)
                self.assertLess(backend.most, 4 * ENOUGH)
                self.is_well()


if __name__ == "__main__":
    unittest.main(argv=["endless_test.py"], verbosity=2)
