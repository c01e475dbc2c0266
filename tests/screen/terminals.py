"""A terminal for a program under test, and a node behind it."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import (PATIENCE, ask, conductor, cpu_seconds, free_port, scripted_ollama,  # noqa: E402, F401
                       set_script, stats, until)

PROGRAM, OLLAMA, STUB = sys.argv[1:4]
CONFIG = '[gpu]\nprobe = "nvml"\nlibrary = "{stub}"\n'


class World(unittest.TestCase):
    """One scripted Ollama for all tests of a class, a node for each."""

    parallel = "2"

    @classmethod
    def setUpClass(cls):
        cls.ollama = scripted_ollama(OLLAMA, "--parallel", cls.parallel)
        cls.addClassCleanup(cls.ollama.end)

    def setUp(self):
        set_script(self.ollama, records=5)
        place = tempfile.TemporaryDirectory(prefix="conductor-screen-")
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
        (self.place / "node.toml").write_text(CONFIG.format(stub=STUB))
        self.port = free_port()
        self.start_node()
        self.addCleanup(lambda: self.node.end())

    def start_node(self):
        self.node = conductor(PROGRAM, self.ollama.port, "--config", str(self.place / "node.toml"),
                              "--data-dir", str(self.place / "data"), port=self.port)
        until("readiness", lambda: self.ask("GET", "/readyz", status=None)[0] == 200)
        self.ask("PUT", "/conductor/v1/backends/ollama",
                 {"url": f"http://127.0.0.1:{self.ollama.port}", "parallel": int(self.parallel)})
        until("readiness", lambda: self.ask("GET", "/readyz", status=None)[0] == 200)

    def ask(self, method, path, body=None, status=200):
        got, text = ask(self.port, method, path, body)
        if status is None:
            return got, text
        self.assertIn(got, (status, 201, 204), text)
        return json.loads(text) if text else None

    def session(self, title, *messages, model="canned"):
        """A session of the node that has these messages, in turns of user and assistant."""
        said = [{"role": ("user", "assistant")[i % 2], "content": text, "state": "done"}
                for i, text in enumerate(messages)]
        return self.ask("POST", "/conductor/v1/sessions",
                        {"model": model, "title": title, "messages": said} if said else
                        {"model": model, "title": title})["id"]

    def answers(self, count, model="canned"):
        """Clients that each wait for an answer, until the test ends."""
        for _ in range(count):
            client = subprocess.Popen(
                [PROGRAM, "run", model, "hello", "--host", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(client.wait)
            self.addCleanup(client.kill)

    def terminal(self, *words, columns=80, rows=24, **more):
        t = Tmux(self.place / f"tmux-{time.monotonic_ns()}",
                 [PROGRAM, *words, "--host", f"127.0.0.1:{self.port}"], columns, rows, more)
        self.addCleanup(t.end)
        return t


class Tmux:
    """A program in a tmux server of its own."""

    def __init__(self, socket, command, columns, rows, more):
        self.socket = socket
        keep = {k: v for k, v in os.environ.items() if k in ("PATH",)}
        self.environment = {**keep, "LC_ALL": "C.UTF-8", "HOME": str(socket.parent), "TMPDIR": str(socket.parent)}
        words = [f"{k}={v}" for k, v in {"LC_ALL": "C.UTF-8", **more}.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "env", *words, *command, ";", "set", "-g", "remain-on-exit", "on", ";",
                  "set", "-g", "status", "off", ";", "set", "-g", "set-clipboard", "on", ";",
                  "set", "-g", "escape-time", "0")
        self.size(columns, rows)

    def tmux(self, *words, check=True):
        return subprocess.run(["tmux", "-u", "-S", str(self.socket), *words], capture_output=True, check=check,
                              timeout=PATIENCE, env=self.environment).stdout.decode()

    def read_on(self):
        """From writing to reading: what follows an escape too soon would be Alt."""
        writes = self.shown()
        self.keys("Escape")
        until("another footer", lambda: self.shown() != writes)

    def size(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def paste(self, text):
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", "-p")

    def shown(self):
        return self.tmux("capture-pane", "-p")

    def sees(self, *texts):
        """Waits until all of the texts are on the screen, and returns it."""
        def there():
            seen = self.shown()
            return seen if all(t in seen for t in texts) else None
        try:
            return until(f"{texts}", there)
        except AssertionError as late:
            raise AssertionError(f"{late}; the screen is:\n{self.shown()}") from None

    def misses(self, text):
        try:
            return until(f"no {text!r}", lambda: text not in self.shown())
        except AssertionError as late:
            raise AssertionError(f"{late}; the screen is:\n{self.shown()}") from None

    def pid(self):
        return int(self.tmux("list-panes", "-F", "#{pane_pid}"))

    def status(self):
        """The exit status, once it ended."""
        def ended():
            dead, code = self.tmux("list-panes", "-F", "#{pane_dead} #{pane_dead_status}").split(" ", 1)
            if dead == "1" and not code.strip():
                # tmux 3.3a now and then leaves a child unburied until another one ends.
                self.tmux("run-shell", "true")
            return (int(code),) if dead == "1" and code.strip() else None
        return until("the end of the program", ended)[0]

    def end(self):
        self.tmux("kill-server", check=False)


class Raw:
    """A program on a pseudo terminal, whose every byte is kept."""

    def __init__(self, command, columns=80, rows=24, **more):
        self.bytes = b""
        pid, self.master = pty.fork()
        if pid == 0:
            keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}
            os.execve(command[0], command, {**keep, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **more})
        self.pid = pid
        self.code = None
        self.size(columns, rows)

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data):
        os.write(self.master, data)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                some = os.read(self.master, 1 << 16)
            except OSError:
                some = b""
            if not some:
                return
            self.bytes += some

    def sees(self, *texts):
        def there():
            self.read()
            return all(t in self.bytes for t in texts)
        try:
            until(f"{texts}", there)
        except AssertionError as late:
            raise AssertionError(f"{late}; it wrote {self.bytes[-2000:]!r}") from None
        return self.bytes

    def status(self):
        def ended():
            self.read()
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(code)
            return pid
        until("the end of the program", ended)
        self.read()
        return self.code

    def end(self):
        if self.code is None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self.master)


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
