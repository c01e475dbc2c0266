"""A client's side of HTTP/1.1 as the chaos needs it: strict about framing, with a bound on every answer, able to
leave in the middle and to read slowly."""

import dataclasses
import socket
import time

# Every request ends within this, whatever happens to the backends.
BOUND = 60.0
# A slow reader takes nothing for PAUSE seconds whenever it has taken STEP bytes.
STEP, PAUSE = 1_000_000, 0.2


@dataclasses.dataclass
class Answer:
    """One request and everything that came back for it."""

    surface: str  # one of PATHS or TURNS in records.py
    stream: bool
    id: str
    wanted: str  # the text that the model must say
    garbled: bool = False  # a backend was scripted to send garbage meanwhile
    cancelled: bool = False  # the node said that it took its cancel
    began: float = 0.0
    ended: float = 0.0
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytearray = dataclasses.field(default_factory=bytearray)
    # How it ended: "whole" as framed, "cut" before that, "left" by the client, "late": not within the bound,
    # "broken" by a framing that is none.
    end: str = ""
    heard: float = 0.0  # when the last bytes came
    socket: str = ""  # of a late one, as the kernel sees it


class Left(Exception):
    """The client has read what it wanted."""


class Cut(Exception):
    """The node closed the connection."""


def both_ends(connection):
    """What the kernel knows of a connection on this machine: addresses, state, bytes to be sent:read, timers."""
    port = f":{connection.getsockname()[1]:04X} "
    with open("/proc/net/tcp", encoding="ascii") as table:
        return "; ".join(" ".join(line.split()[1:7]) for line in table if port in line)


class Peer:
    """One connection to the node, for one request after the other."""

    def __init__(self, port, slow=False):
        self.socket = socket.socket()
        if slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.slow, self.buffer, self.open = slow, b"", True
        self.deadline, self.leave_after, self.read = None, None, 0
        self.socket.settimeout(BOUND)
        self.socket.connect(("127.0.0.1", port))

    def ask(self, answer, method, path, body, headers=(), leave_after=None, bound=BOUND):
        """Fills `answer`. `leave_after`: closes when it has read so many bytes, 0: none. `bound`: None for an answer
        that has no end."""
        answer.began = time.monotonic()
        self.deadline, self.leave_after, self.read = bound and answer.began + bound, leave_after, 0
        self.socket.settimeout(bound)
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"X-Request-Id: {answer.id}",
                 f"Content-Length: {len(body)}", *headers]
        try:
            self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            self._read_answer(answer)
            answer.end = "whole"
        except Left:
            answer.end = "left"
        except TimeoutError:
            answer.end, answer.socket = "late", both_ends(self.socket)
        except (Cut, OSError):
            answer.end = "cut"
        except ValueError:
            answer.end = "broken"
        answer.ended = time.monotonic()
        if answer.end == "whole" and self.buffer:
            answer.end = "broken"  # it speaks unasked
        if answer.end != "whole" or answer.headers.get("connection") == "close":
            self.close()

    def close(self):
        self.open = False
        self.socket.close()

    def _fill(self, answer):
        if self.leave_after is not None and self.read >= self.leave_after:
            raise Left
        if self.deadline:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
        got = self.socket.recv(65536)
        if not got:
            raise Cut
        if self.slow and self.read // STEP != (self.read + len(got)) // STEP:
            time.sleep(PAUSE)
        self.read += len(got)
        answer.heard = time.monotonic()
        self.buffer += got

    def _until(self, mark, answer):
        while mark not in self.buffer:
            self._fill(answer)
        found, _, self.buffer = self.buffer.partition(mark)
        return found

    def _take(self, answer, length):
        while length > 0:
            if not self.buffer:
                self._fill(answer)
            part, self.buffer = self.buffer[:length], self.buffer[length:]
            answer.body += part
            length -= len(part)

    def _read_answer(self, answer):
        first, *lines = self._until(b"\r\n\r\n", answer).decode().split("\r\n")
        fields = [line.split(": ", 1) for line in lines]
        answer.headers = {name.lower(): value for name, value in fields}
        version, status, *_ = first.split(" ")
        if version != "HTTP/1.1" or len(answer.headers) != len(fields):
            raise ValueError(first)
        answer.status = int(status)
        if "content-length" in answer.headers:
            self._take(answer, int(answer.headers["content-length"]))
            return
        if answer.headers.get("transfer-encoding") != "chunked":
            raise ValueError("a body without framing")
        while size := int(self._until(b"\r\n", answer), 16):
            self._take(answer, size)
            if self._until(b"\r\n", answer):
                raise ValueError("a chunk longer than it said")
        if self._until(b"\r\n", answer):
            raise ValueError("a trailer")
