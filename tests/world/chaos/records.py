"""What an answer said, read from its bytes: one function for each surface, which knows nothing of the node."""

import dataclasses
import json

from chaos.typed import READERS

# What a backend says that is scripted to send garbage; the node passes on what is framed as a record.
GARBAGE = "this is no record"

# "stored" is a response that the node keeps.
PATHS = {"generate": "/api/generate", "chat": "/api/chat", "openai": "/v1/chat/completions",
         "anthropic": "/v1/messages", "responses": "/v1/responses", "stored": "/v1/responses"}
# Turns of a session, told as NDJSON, as server-sent events, and over the WebSocket.
TURNS = ("turn", "sse", "ws")
SERVER_SENT = ("openai", "sse", *READERS)
ENDS = ("done", "cancelled", "error")  # terminal events of a turn


@dataclasses.dataclass
class Said:
    texts: list = dataclasses.field(default_factory=list)  # of the records
    ends: list = dataclasses.field(default_factory=list)  # terminal records: "done", "error", "cancelled"
    after: int = 0  # records behind the first terminal one
    garbage: int = 0
    rest: bytes = b""  # bytes that are no whole record
    error: str = ""
    events: list = dataclasses.field(default_factory=list)  # of a turn

    def add(self, text, end=None):
        self.after += bool(self.ends)
        self.texts.append(text)
        if end:
            self.ends.append(end)

    @property
    def text(self):
        return "".join(self.texts)


def mark(surface):
    """What ends a record."""
    return b"\n\n" if surface in SERVER_SENT else b"\n"


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
    if surface in READERS:
        return READERS[surface].whole_text(answer)
    if answer["done"] is not True or "error" in answer:
        return None
    return answer["response"] if surface == "generate" else answer["message"]["content"]


def error_text(surface, body):
    """What an answer with an error's status says, in its dialect."""
    answer = json.loads(body)
    if surface in TURNS:
        return f'{answer["code"]}: {answer["detail"]}'
    if surface == "anthropic" and answer["type"] != "error":
        raise ValueError("no error of Anthropic's")
    error = answer["error"]
    text = error["message"] if surface in SERVER_SENT else error
    if not isinstance(text, str) or not text:
        raise ValueError("an error without a text")
    return text


def _read_ollama(said, surface, line):
    record = json.loads(line)
    if "error" in record:
        said.add("", "error")
        said.error = record["error"]
        return
    text = record["response"] if surface == "generate" else record["message"]["content"]
    said.add(text, "done" if record["done"] else None)


def _read_openai(said, line):
    if not line.startswith("data: "):
        raise ValueError(line)
    data = line[6:]
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
    said.add(event["text"] if kind == "delta" else "", kind if kind in ENDS else None)
    if kind == "error":
        said.error = f'{event["code"]}: {event["detail"]}'


def fields_of(lines):
    """Those of one server-sent event, each of which is there once; comments say nothing."""
    fields = [line.split(": ", 1) for line in lines if not line.startswith(":")]
    named = dict(fields)
    if len(named) != len(fields):
        raise ValueError(f"a field twice: {lines}")
    return named


def event_of(lines):
    """A session's event that was sent as server-sent event; None: only a comment was sent."""
    fields = fields_of(lines)
    if not fields:
        return None
    event = json.loads(fields["data"])
    if fields != {"id": str(event["seq"]), "event": event["type"], "data": fields["data"]}:
        raise ValueError(f"fields that are not the event's: {lines}")
    return event


def events_of(surface, body):
    """A session's events from the whole records of a body."""
    whole, _ = split(surface, body)
    if surface != "sse":
        return [json.loads(record) for record in whole]
    return [e for e in (event_of(record.decode().split("\n")) for record in whole) if e]


def read_stream(surface, body):
    """Raises ValueError, KeyError or TypeError where a record is none."""
    said = Said()
    whole, said.rest = split(surface, body)
    typed = READERS[surface]() if surface in READERS else None
    for record in whole:
        lines = record.decode().split("\n")
        said.garbage += lines.count(GARBAGE)
        lines = [line for line in lines if line != GARBAGE]
        if typed:
            fields = fields_of(lines)
            if fields:
                typed.read(said, fields["event"], json.loads(fields["data"]))
        elif surface == "sse":
            event = event_of(lines)
            if event:
                read_event(said, event)
        else:
            for line in lines:
                if surface == "openai":
                    _read_openai(said, line)
                elif surface in TURNS:
                    read_event(said, json.loads(line))
                else:
                    _read_ollama(said, surface, line)
    return said
