"""One TCP connection that says whatever bytes it is told, and what the tests here share."""

import os
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "guards"))
from processes import PATIENCE, Program, ask, conductor, cpu_seconds, free_port, scripted_ollama, stats, until  # noqa: E402, F401

NODE, OLLAMA = sys.argv[1:3]
LONG = bool(os.environ.get("CONDUCTOR_LONG"))


def resident(pid):
    """Pages of 4 KiB."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])


def runs_under(pid, *sanitizers):
    """Those of them whose allocator keeps memory of its own there."""
    loaded = pathlib.Path(f"/proc/{pid}/maps").read_text()
    return [name for name in sanitizers if f"lib{name}" in loaded]


class Peer:
    """Closes with its `with` block."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.seen = b""

    def say(self, data):
        """False: the other end has gone."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
            return True
        except OSError:
            return False

    def read(self):
        """What comes next; empty: the end."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionError:
            piece = b""
        self.seen += piece
        return piece

    def read_to_end(self):
        while self.read():
            pass
        return self.seen

    def answer(self):
        """The next whole answer as (status, {header: value}, body); None: the connection ended."""
        while b"\r\n\r\n" not in self.seen:
            if not self.read():
                return None
        head, _, self.seen = self.seen.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        chunked = headers.get("transfer-encoding") == "chunked"
        while not self.seen.endswith(b"0\r\n\r\n") if chunked else len(self.seen) < length:
            if not self.read():
                return None
        body, self.seen = (self.seen, b"") if chunked else (self.seen[:length], self.seen[length:])
        return int(status.split()[1]), headers, body

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
