#!/usr/bin/env python3
"""Names that nobody has: whatever a client may name costs him nothing, so a node may keep nothing for it.
names_test.py CONDUCTOR SCRIPTED_OLLAMA. With CONDUCTOR_LONG set 20,000 of each kind, else 1,500."""

import concurrent.futures
import http.client
import itertools
import json
import pathlib
import tempfile
import unittest

from peer import LONG, NODE, OLLAMA, ask, conductor, resident, runs_under, scripted_ollama, until

EACH = 20_000 if LONG else 1_500
WARM = 400  # caches fill
AT_ONCE = 4
MOST = 256  # pages of 4 KiB for what came in EACH: less than 700 bytes a name

SPOKEN = {"model": "canned", "prompt": "x", "stream": False}


def generate(headers=None, **more):
    return "POST", "/api/generate", {**SPOKEN, **more}, headers or {}


# What names something, by what it names: a request with that name, and what it is answered.
KINDS = {
    "a model": (404, lambda x: generate(model=x)),
    "a model of a cloud": (404, lambda x: generate(model=f"{x}:cloud")),
    "a model of OpenAI's chat": (404, lambda x: ("POST", "/v1/chat/completions", {
        "model": x, "messages": [{"role": "user", "content": "x"}]}, {})),
    "a model to embed": (404, lambda x: ("POST", "/api/embed", {"model": x, "input": "x"}, {})),
    "a model to show": (404, lambda x: ("POST", "/api/show", {"model": x}, {})),
    "a model of a list": (404, lambda x: ("GET", f"/v1/models/{x}", None, {})),
    "a model to unload": (404, lambda x: generate(model=x, keep_alive=0)),
    "a blob": (404, lambda x: ("HEAD", f"/api/blobs/sha256:{x.encode().hex():0>64}", None, {})),
    "a route": (404, lambda x: ("GET", f"/api/{x}", None, {})),
    "a request": (200, lambda x: generate({"X-Request-Id": x})),
    "a user": (200, lambda x: generate({"X-OpenWebUI-User-Id": x})),
    "a chat": (200, lambda x: generate({"X-OpenWebUI-Chat-Id": x})),
    "an affinity": (200, lambda x: generate({"X-Conductor-Session": x})),
    "a trace": (200, lambda x: generate({"traceparent": f"00-{x.encode().hex():0>32}-{x.encode().hex()[-16:]}-01"})),
    "an agent": (200, lambda x: generate({"User-Agent": x})),
    "a host": (200, lambda x: generate({"Host": f"{x}.localhost"})),
    "an origin": (403, lambda x: generate({"Origin": f"http://{x}.example"})),
    "a backend": (400, lambda x: generate({"X-Conductor-Backend": x})),
    "a class": (400, lambda x: generate({"X-Conductor-Class": x})),
    "an address": (401, lambda x: generate({"X-Forwarded-For": f"203.0.{int(x[1:]) // 256 % 256}.{int(x[1:]) % 256}"})),
    "a key": (401, lambda x: generate({"Authorization": f"Bearer cnd_{x:0>12}_{x}"})),
    "a key in a path": (401, lambda x: ("GET", f"/t/cnd_{x:0>12}_{x}/api/tags", None, {})),
    "a session": (404, lambda x: ("GET", f"/conductor/v1/sessions/{x}", None, {})),
    "a session's metadata": (200, lambda x: ("GET", f"/conductor/v1/sessions?metadata.{x}=1", None, {})),
    "an answer to cancel": (200, lambda x: ("POST", f"/conductor/v1/generations/{x}/cancel", {}, {})),
    "a request to explain": (404, lambda x: ("GET", f"/conductor/v1/requests/{x}", None, {})),
    "a response": (404, lambda x: ("GET", f"/v1/responses/resp_{x}", None, {})),
    "a response before": (400, lambda x: ("POST", "/v1/responses", {
        "model": "canned", "input": "x", "previous_response_id": x}, {})),
}

CONFIG = """[server]
trusted_proxies = ["127.0.0.1"]
"""


class Names(unittest.TestCase):
    def setUp(self):
        self.numbers = itertools.count(1_000_000)
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "c.toml"
        file.write_text(CONFIG)
        self.ollama = self.enterContext(scripted_ollama(OLLAMA))
        self.node = self.enterContext(conductor(NODE, self.ollama.port, "--config", str(file)))
        until("readiness", lambda: ask(self.node.port, "GET", "/readyz")[0] == 200)
        self.judges_memory = not runs_under(self.node.pid, "asan", "tsan")

    def runners(self):
        return [r["model"] for r in json.loads(ask(self.node.port, "GET", "/conductor/v1/status")[1])["backends"][0]["runners"]]

    def sizes(self):
        """Of what the node says of itself, when the leases that DESK keeps for 200 ms have gone back."""
        until("the runners of names to go", lambda: set(self.runners()) <= {"canned:latest"})
        return {path: len(ask(self.node.port, "GET", path)[1]) for path in ("/conductor/v1/status", "/metrics")}

    def say(self, status, request, times):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=30)
        for _ in range(times):
            method, path, body, headers = request(f"n{next(self.numbers)}")
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            self.assertEqual(answer.status, status, text)
        connection.close()

    def name(self, kind, times):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda _: self.say(*KINDS[kind], times // AT_ONCE), range(AT_ONCE)))

    def test_that_nobody_has_leave_nothing_behind(self):
        for kind in KINDS:
            self.name(kind, WARM)
        for kind in KINDS:
            pages, sizes = resident(self.node.pid), self.sizes()
            self.name(kind, EACH)
            with self.subTest(kind):
                if self.judges_memory:
                    self.assertLess(resident(self.node.pid) - pages, MOST, f"memory grew by {kind}, in pages of 4 KiB")
                for path, size in self.sizes().items():
                    self.assertLess(size - sizes[path], 20 * EACH, f"{path} grew by {kind}")


if __name__ == "__main__":
    unittest.main(argv=["names_test.py"], verbosity=2)
