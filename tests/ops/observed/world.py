"""A node over four backends with all that can be seen of one: two that work, one that fails, one that is not there; and
clients that do everything that moves a number."""

import contextlib
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "guards"), str(TESTS / "support")]
from certificates import Authority  # noqa: E402
from processes import Program, ask, free_port, scripted_ollama, until  # noqa: E402

MODELS = ("alpha", "beta")
CONFIG = """[server]
listen = ["127.0.0.1:{port}", "https://127.0.0.1:{secure}"]
admin_listen = "127.0.0.1:{admin}"
[tls]
certificate = "{certificate}"
key = "{key}"
[upstream]
probe_interval = "200ms"
retries_per_second = 1
[queue]
limit = 10
max_bytes = "64KiB"
max_wait = "1500ms"
swap_after = "300ms"
ageing = "1s"
[stream]
window = "16KiB"
[store]
data_dir = "{data}"
"""
# Keys that a node may have or not: set where `config show` knows them.
MORE = {
    "trace.endpoint": "http://127.0.0.1:{gone}", "trace.sample": "1",
    "metrics.shadow_model": "alpha", "metrics.shadow_interval": "100ms",
    "gpu.probe": "nvml", "gpu.library": "{nvml}",
}
# What the driver's stand-in says (tests/support/nvml).
GPUS = """devices 2
0.throttle 4
0.fan 40
0.ecc_corrected 3
0.processes 77 1000000000 0
program.77 /usr/lib/ollama/llama-server
"""


@contextlib.contextmanager
def world(conductor, ollama, nvml=None):
    """(node, its port for scrapes)"""
    with contextlib.ExitStack() as stack:
        flags = ["--parallel", "2", "--max-loaded", "1", "--load-ms", "100", "--prefill-us", "100",
                 "--decode-us", "4000", *(f for m in MODELS for f in ("--model", m))]
        backends = {"one": stack.enter_context(scripted_ollama(ollama, *flags)).port,
                    "two": stack.enter_context(scripted_ollama(ollama, *flags)).port,
                    "fails": stack.enter_context(scripted_ollama(
                        ollama, "--script", '{"status":500}', "--model", "alpha")).port,
                    "gone": free_port()}
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conductor-ops-")))
        certificate, key = Authority(folder).sign("node")
        places = {"port": free_port(), "admin": free_port(), "secure": free_port(), "certificate": certificate,
                  "key": key, "data": folder / "data", "gone": backends["gone"],
                  "nvml": nvml}
        config = folder / "conductor.toml"
        config.write_text(CONFIG.format(**places) + "".join(
            f'[[backend]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}"\n' for name, port in backends.items()))
        command = [conductor, "serve", "--config", str(config)]
        shown = subprocess.run([conductor, "config", "show", "--config", str(config)], capture_output=True, text=True,
                               check=True).stdout
        sections = tomllib.loads(shown)
        for key, value in MORE.items():
            section, name = key.split(".")
            if name in sections.get(section, {}) and (nvml or section != "gpu"):
                command.insert(0, f"CONDUCTOR_{section}_{name}".upper() + "=" + value.format(**places))
        (folder / "gpus").write_text(GPUS)
        command.insert(0, f"NVML_STUB={folder}/gpus")
        node = stack.enter_context(Program(["env", *command], places["port"]).ready())
        # The node compares itself with a backend that has nothing else to do.
        hi = {"model": "alpha", "prompt": "hi", "stream": False}
        until("a first answer", lambda: ask(node.port, "POST", "/api/generate", hi)[0] == 200)
        until("two comparisons", lambda: "conductor_transparency_difference_seconds" in
              ask(places["admin"], "GET", "/metrics")[1])
        yield node, places["admin"]


class Clients:
    """Threads that ask until the end of their `with` block."""

    def __init__(self, node):
        self.port, self.stop = node.port, threading.Event()
        self.answers, self.failure, self.lock = {}, None, threading.Lock()
        kinds = [(self.chat, klass, user) for klass, user in (
            ("interactive", "anna"), ("normal", "anna"), ("normal", "bert"), ("normal", "carl"), ("batch", "dora"))]
        kinds += [(self.openai,), (self.embeddings,), (self.turns,), (self.leaver,), (self.dawdler,), (self.burst,),
                  (self.large,), (self.failing,), (self.reader,), (self.keyed,)]
        self.threads = [threading.Thread(target=self._run, args=kind, daemon=True) for kind in kinds]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "a client is stuck"
        if self.failure:
            raise self.failure

    def _run(self, client, *arguments):
        number = 0
        try:
            while not self.stop.is_set():
                client(number, *arguments)
                number += 1
        except Exception as failure:  # told by the thread that waits
            self.failure = failure

    def _ask(self, path, body, headers=None):
        status, text = ask(self.port, "POST", path, body, headers)
        with self.lock:
            self.answers[status] = self.answers.get(status, 0) + 1
        return status, text

    def chat(self, number, klass, user):
        said = [{"role": "user", "content": "Why is the sky blue? " * (1 + number % 5)}]
        self._ask("/api/chat", {"model": MODELS[number // 4 % 2], "messages": said, "options": {"num_predict": 20}},
                  {"X-Conductor-Class": klass, "X-OpenWebUI-User-Id": user})

    def openai(self, number):
        self._ask("/v1/chat/completions", {"model": MODELS[number // 8 % 2], "max_tokens": 10, "stream": True,
                                           "messages": [{"role": "user", "content": "hi"}]})

    def keyed(self, number):
        """Somebody with a key; now and then with a wrong one, who is turned away."""
        if number == 0:
            self.key = json.loads(ask(self.port, "POST", "/conductor/v1/keys", {"name": "observed"})[1])["key"]
        ask(self.port, "POST", "/api/chat", {"model": "alpha", "messages": [{"role": "user", "content": "hi"}],
                                             "options": {"num_predict": 5}}, {"Authorization": f"Bearer {self.key}"})
        if number % 10 == 0:
            ask(self.port, "GET", "/api/tags", None, {"Authorization": f"Bearer {self.key}x"})

    def embeddings(self, _):
        self._ask("/api/embed", {"model": "alpha", "input": "why"})
        self.stop.wait(0.2)

    def turns(self, _):
        """A conversation of three turns."""
        session = json.loads(ask(self.port, "POST", "/conductor/v1/sessions", {"model": "alpha"})[1])["id"]
        for _ in range(3):
            self._ask(f"/conductor/v1/sessions/{session}/messages", {"content": "and then?"})

    def leaver(self, number):
        """Leaves while its prompt is read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            connection.request("POST", "/api/generate", json.dumps(
                {"model": "alpha", "prompt": f"{number} " + "word " * 3000}), {"X-Conductor-Class": "interactive"})
            self.stop.wait(0.2)
        self.stop.wait(0.2)

    def dawdler(self, _):
        """Takes its answer slowly."""
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.port))
            body = json.dumps({"model": "alpha", "prompt": "hi", "options": {"num_predict": 200}})
            s.sendall(f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                      f"X-Conductor-Class: interactive\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            while s.recv(512):
                time.sleep(0.01)

    def burst(self, number):
        """More at once than may wait."""
        several = [threading.Thread(target=self.chat, args=(number, "batch", f"burst{n}"), daemon=True)
                   for n in range(25)]
        for thread in several:
            thread.start()
        for thread in several:
            thread.join()
        self.stop.wait(1)

    def large(self, _):
        """A body that finds no room in the queue."""
        self._ask("/api/generate", {"model": "beta", "prompt": "x" * 100_000, "options": {"num_predict": 1}},
                  {"X-Conductor-Class": "batch"})
        self.stop.wait(0.2)

    def failing(self, _):
        """Asks the backends that fail and that are not there."""
        for backend in ("fails", "gone"):
            self._ask("/api/generate", {"model": "alpha", "prompt": "hi"}, {"X-Conductor-Backend": backend})
        self.stop.wait(0.1)

    def reader(self, _):
        """Looks at lists and at the node itself."""
        for path in ("/api/tags", "/api/ps", "/v1/models", "/conductor/v1/status", "/conductor/v1/queue", "/nothing"):
            ask(self.port, "GET", path)
        self.stop.wait(0.2)
