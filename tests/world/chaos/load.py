"""Clients of the drop-in surfaces, each a thread that asks one thing after the other and has each answer judged."""

import collections
import json
import random
import threading

from chaos.backends import MODELS
from chaos.judge import Complaint, judge
from chaos.peer import Answer, Peer
from chaos.records import PATHS, TURNS

LONG = (4000, 1000)  # words and their length: more than the kernel keeps for a reader that takes nothing
# What a model may say of a protocol without saying it.
QUOTES = ("message_stop", "response.completed", '{"done":true}', "data:[DONE]", '{"error":"e"}')


def marked(id, words, length=0, quote=""):
    """A text whose every word is this request's, and its place in it."""
    return " ".join(f"{id}ü{i}{quote}".ljust(length, ".") for i in range(words))


def some_text(chance, id, words):
    return marked(id, chance.randint(1, words), quote=chance.choice(QUOTES) if chance.random() < 0.2 else "")


def request_body(surface, stream, model, text):
    if surface in TURNS:
        return json.dumps({"content": text}).encode()
    said = {"messages": [{"role": "user", "content": text}]}
    if surface == "generate":
        said = {"prompt": text}
    elif surface == "anthropic":
        said["max_tokens"] = 1_000_000
    elif surface in ("responses", "stored"):
        said = {"input": text, "store": surface == "stored"}
    return json.dumps({"model": model, "stream": stream, **said}).encode()


class Tally:
    """What came of all answers: counts, and the complaints. `garbled` says whether the backend of that name sent
    garbage at some time between two."""

    def __init__(self, garbled=lambda *_: False):
        self.lock, self.garbled = threading.Lock(), garbled
        self.counts, self.complaints, self.slowest = collections.Counter(), [], 0.0

    def take(self, answer):
        answer.garbled = self.garbled(answer.headers.get("x-conductor-backend"), answer.began, answer.ended)
        try:
            verdict = judge(answer)
        except Complaint as complaint:
            verdict = "complaint"
            self.complain(str(complaint))
        with self.lock:
            self.counts[answer.surface, answer.stream, verdict] += 1
            self.slowest = max(self.slowest, answer.ended - answer.began)
        return verdict

    def complain(self, text):
        with self.lock:
            self.complaints.append(text)

    def total(self, surface=None, stream=None, verdict=None):
        return sum(n for (a, b, c), n in self.counts.items()
                   if surface in (None, a) and stream in (None, b) and verdict in (None, c))


class Client(threading.Thread):
    """`place` is its number among its like. `faithful` ones never leave in the middle."""

    def __init__(self, kind, place, port, seed, stop, tally, faithful=False):
        super().__init__(daemon=True)
        self.place, name = place, f"{kind}{place}"
        self.id, self.port, self.stop, self.tally, self.faithful = name, port, stop, tally, faithful
        self.chance, self.number, self.peer = random.Random(f"{seed} {name}"), 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.number += 1
                answers = self.ask(f"{self.id}n{self.number}")
                if "failed" in [self.tally.take(a) for a in answers]:  # as a patient client does
                    self.stop.wait(self.chance.uniform(0, 0.2))
        except Exception as e:
            self.tally.complain(f"client {self.id}: {e!r}")
        finally:
            self.leave()

    def leave(self):
        if self.peer:
            self.peer.close()

    def leaving(self):
        """After how many bytes this time."""
        if self.faithful or self.chance.random() > 0.12:
            return None
        return self.chance.choice((0, 1, 300, 1500))

    def any_surface(self):
        """Of each surface somebody's first is left."""
        surfaces = tuple(PATHS)
        return surfaces[self.place % len(surfaces)] if self.number == 1 else self.chance.choice(surfaces)

    def ask(self, id):
        """Asks; the answers, each ended."""
        surface, leave_after = self.any_surface(), self.leaving()
        if self.number == 1 and not self.faithful:
            leave_after = 0
        slow = self.chance.random() < 0.015 and surface != "stored"  # whose backend gets no X-Script
        stream = slow or self.chance.random() < 0.7
        answer = Answer(surface, stream, id, marked(id, *LONG) if slow else some_text(self.chance, id, 50))
        headers = []
        if slow:  # as fast as it can be, for the reader to be slower
            headers.append('X-Script: {"gap_ms": 0, "split": 0}')
        model = self.chance.choices(("canned", "north", "south"), (8, 1, 1))[0]
        if self.chance.random() < 0.1:
            name = self.chance.choice([name for name, models in MODELS.items() if model in models])
            headers.append(f"X-Conductor-Backend: {name}")
        elif self.chance.random() < 0.2:
            headers.append(f"X-Conductor-Session: {self.id}")
        if self.peer is None or not self.peer.open or slow or self.chance.random() < 0.2:
            if self.peer:
                self.peer.close()
            self.peer = Peer(self.port, slow)
        self.peer.ask(answer, "POST", PATHS[surface], request_body(surface, stream, model, answer.wanted), headers,
                      leave_after)
        if slow:
            self.peer.close()
        return [answer]
