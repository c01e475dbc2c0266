"""Asks chats, many at once, times them, and checks that every answer is whole."""

import asyncio
import dataclasses
import json
import time

from .failure import Failure

PATIENCE = 120  # seconds


def words(tag, count):
    """A text of so many words, none of them twice: what an answer is to say, a record each."""
    return " ".join(f"{tag}.{n}" for n in range(count))


@dataclasses.dataclass(frozen=True)
class Question:
    text: str  # what is to be said
    first_ms: float = 0
    gap_ms: float = 0
    model: str = "canned"
    messages: tuple = ({"role": "user", "content": "Say it."},)
    options: dict = dataclasses.field(default_factory=dict)
    headers: dict = dataclasses.field(default_factory=dict)

    def request(self):
        script = {"text": self.text}
        for key, value in (("first_ms", self.first_ms), ("gap_ms", self.gap_ms)):
            if value:
                script[key] = value
        body = json.dumps({"model": self.model, "messages": self.messages,
                           "options": {**self.options, "script": script}}).encode()
        lines = ["POST /api/chat HTTP/1.1", "Host: localhost", "Connection: close",
                 "Content-Type: application/json", f"Content-Length: {len(body)}",
                 *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclasses.dataclass(frozen=True)
class Answer:
    """Seconds from before the connection was opened."""

    first: float  # to the first record
    whole: float  # to the end


class _Exchange(asyncio.Protocol):
    def __init__(self, request):
        self._request = request
        self.received = bytearray()
        self.first = self.last = None
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        transport.write(self._request)

    def data_received(self, data):
        self.last = time.perf_counter()
        self.received += data
        if self.first is None and self.received.partition(b"\r\n\r\n")[2]:
            self.first = self.last

    def connection_lost(self, error):
        if not self.over.done():
            self.over.set_result(error)


def _body(received):
    """(status, body) of a response that has come to its end; the body in any framing."""
    head, _, rest = bytes(received).partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode() if head.count(b" ") > 1 else "none"
    if b"transfer-encoding: chunked" not in head.lower():
        return status, rest
    body = b""
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            raise ValueError("the answer's framing breaks off")
        length = int(size, 16)
        if length == 0:
            return status, body
        body, rest = body + rest[:length], rest[length + 2:]


def wrong(received, text):
    """What is wrong with a response that was to say `text`; None where it is whole."""
    try:
        status, body = _body(received)
        if status != "200":
            return f"status {status}: {body.decode(errors='replace').strip()}"
        records = [json.loads(line) for line in body.splitlines()]
        said = "".join(r["message"]["content"] for r in records)
    except (ValueError, KeyError) as e:
        return f"no whole answer ({e}): {bytes(received[-200:])!r}"
    if [r["done"] for r in records[-1:]] != [True] or any(r["done"] for r in records[:-1]):
        return "not just the last record says done"
    if said != text:
        return f"{len(said)} characters where {len(text)} were to be said: {said[-200:]!r}"
    return None


async def ask(port, question):
    """The answer's times; a Failure where it is not whole."""
    request = question.request()
    began = time.perf_counter()
    transport = None
    try:
        async with asyncio.timeout(PATIENCE):
            transport, exchange = await asyncio.get_running_loop().create_connection(
                lambda: _Exchange(request), "127.0.0.1", port)
            await exchange.over
    except TimeoutError:
        raise Failure(f"no whole answer within {PATIENCE} s") from None
    except OSError as e:
        raise Failure(f"port {port}: {e}") from e
    finally:
        if transport:
            transport.abort()
    fault = wrong(exchange.received, question.text)
    if fault:
        raise Failure(fault)
    return Answer(exchange.first - began, exchange.last - began)


def percentile(values, share):
    """The nearest of the values: the highest, where they are too few."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
