"""The real programs as a test runs them: the scripted Ollama and the node, each on a port
of its own, with an environment that holds nothing of the user's."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402, F401

# Long, because the machine may be busy: what is slow is measured elsewhere.
PATIENCE = 20.0


def until(what, true, patience=PATIENCE):
    """Waits until `true()` is, and returns it; an AssertionError says what was waited for."""
    end = time.monotonic() + patience
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(0.01)


def ask(port, method, path, body=None, headers=None, patience=PATIENCE):
    """One whole answer: (status, body as text). A body of bytes goes as it is, any other as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    with contextlib.closing(connection):
        text = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, text, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


# As the sanitizers begin what they tell.
FINDING = re.compile(r"(ERROR|WARNING): \w+Sanitizer|\S+: runtime error: ")


class Program:
    """A running program; ends with its `with` block."""

    def __init__(self, command, port=None, before=(), pass_fds=(), more=None):
        self.port = port
        self.home = tempfile.TemporaryDirectory(prefix="conductor-test-")
        self.log_path = pathlib.Path(self.home.name) / "log"
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TZ", "ASAN_OPTIONS", "TSAN_OPTIONS")}
        here = {name: self.home.name for name in (
            "HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR")}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*before, *command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**keep, **here, **(more or {})},
                                            cwd=self.home.name, pass_fds=pass_fds)
        self.started = time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def ready(self):
        """Waits until the port takes connections."""

        def up():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log()}")
            return listens(self.port)

        until(f"port {self.port}", up)
        return self

    def ended(self, patience=PATIENCE):
        """The exit status, once it has ended."""
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {patience} s:\n{self.log()}") from None

    def end(self):
        """Kills what still runs, and removes its home. Fails on what a sanitizer found."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        said = self.log() if self.log_path.exists() else ""
        self.home.cleanup()
        found = FINDING.search(said)
        if found:
            raise AssertionError(f"{self.process.args[0]}:\n{said[found.start():][:8000]}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            said = self.log().splitlines()
            print(f"--- {self.process.args[0]} said, in its last lines:", *said[-40:], sep="\n")
        self.end()


def scripted_ollama(program, *flags):
    port = free_port()
    return Program([program, "--port", str(port), *flags], port).ready()


def conductor(program, backend_port, *flags, before=(), port=None, wait=True, more=None):
    port = port or free_port()
    node = Program([program, "serve", "--listen", f"127.0.0.1:{port}",
                    "--backend", f"http://127.0.0.1:{backend_port}", *flags], port, before, more=more)
    return node.ready() if wait else node


def stats(ollama):
    """What the scripted Ollama counted."""
    return json.loads(ask(ollama.port, "GET", "/_scripted/stats")[1])


def set_script(ollama, **script):
    """How the scripted Ollama answers from now on."""
    status, body = ask(ollama.port, "POST", "/_scripted/script", {"default": script})
    assert status in (200, 204), body


def tasks(pid):
    """{thread id: name} of a process."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found[int(task.name)] = (task / "comm").read_text().strip()
    return found


def cpu_seconds(pid):
    """Processor time of all its threads so far, to the nanosecond where the kernel tells."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def many_descriptors():
    """Raises this process's limit, and so its children's."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
