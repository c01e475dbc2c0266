"""What an answer said, read from its bytes: one function for each surface, which knows nothing of the node."""

import dataclasses
import json

# What a backend says that is scripted to send garbage; the node passes on what is framed as a record.
GARBAGE = "this is no record"

PATHS = {"generate": "/api/generate", "chat": "/api/chat", "openai": "/v1/chat/completions"}


@dataclasses.dataclass
class Said:
    text: str = ""
    ends: list = dataclasses.field(default_factory=list)  # terminal records: "done", "error", "cancelled"
    after: int = 0  # records behind the first terminal one
    garbage: int = 0
    rest: bytes = b""  # bytes that are no whole record
    error: str = ""
    events: list = dataclasses.field(default_factory=list)  # of a turn

    def add(self, text, end=None):
        self.after += bool(self.ends)
        self.text += text
        if end:
            self.ends.append(end)


def mark(surface):
    """What ends a record."""
    return b"\n\n" if surface == "openai" else b"\n"


def split(surface, body):
    """(whole records, the rest)."""
    *whole, rest = bytes(body).split(mark(surface))
    return whole, rest


def whole_text(surface, body):
    """The text of an answer that is not streamed; None: it is none."""
    answer = json.loads(body)
    if surface == "openai":
        choice, = answer["choices"]
        return choice["message"]["content"] if choice["finish_reason"] == "stop" else None
    if answer["done"] is not True or "error" in answer:
        return None
    return answer["response"] if surface == "generate" else answer["message"]["content"]


def error_text(surface, body):
    """What an answer with an error's status says, in its dialect."""
    answer = json.loads(body)
    if surface == "turn":
        return f'{answer["code"]}: {answer["detail"]}'
    error = answer["error"]
    text = error["message"] if surface == "openai" else error
    if not isinstance(text, str) or not text:
        raise ValueError("an error without a text")
    return text


def _read_native(said, surface, record):
    if "error" in record:
        said.add("", "error")
        said.error = record["error"]
        return
    text = record["response"] if surface == "generate" else record["message"]["content"]
    said.add(text, "done" if record["done"] else None)


def _read_openai(said, data):
    if data == "[DONE]":
        said.add("", "done")
        return
    record = json.loads(data)
    if "error" in record:
        said.add("", "error")
        said.error = record["error"]["message"]
        return
    said.add("".join(c["delta"].get("content") or "" for c in record["choices"]))


def read_event(said, event):
    """An event of a session, of one turn."""
    said.events.append(event)
    kind = event["type"]
    terminal = kind in ("done", "cancelled", "error")
    said.add(event["text"] if kind == "delta" else "", kind if terminal else None)
    if kind == "error":
        said.error = f'{event["code"]}: {event["detail"]}'


def read_stream(surface, body):
    """Raises ValueError, KeyError or TypeError where a record is none."""
    said = Said()
    whole, said.rest = split(surface, body)
    for record in whole:
        for line in record.decode().split("\n"):
            if line == GARBAGE:
                said.garbage += 1
            elif surface == "openai":
                if not line.startswith("data: "):
                    raise ValueError(line)
                _read_openai(said, line[6:])
            elif surface == "turn":
                read_event(said, json.loads(line))
            else:
                _read_native(said, surface, json.loads(line))
    return said
