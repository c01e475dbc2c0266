"""Clients of every kind, each a thread that asks one thing after the other and has each answer judged."""

import collections
import json
import random
import threading

from chaos.backends import MODELS
from chaos.judge import Complaint, judge
from chaos.peer import Answer, Peer
from chaos.records import PATHS

SESSIONS = "/conductor/v1/sessions"
TURNS = 20  # of a session, before its client begins another


LONG = (4000, 1000)  # words and their length: more than the kernel keeps for a reader that takes nothing


def marked(id, words, length=0):
    """A text whose every word is this request's, and its place in it."""
    return " ".join(f"{id}ü{i}".ljust(length, ".") for i in range(words))


def request_body(surface, stream, model, text):
    if surface == "turn":
        return json.dumps({"content": text}).encode()
    said = {"prompt": text} if surface == "generate" else {"messages": [{"role": "user", "content": text}]}
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
    """`faithful` ones never leave in the middle."""

    def __init__(self, name, port, seed, stop, tally, faithful=False):
        super().__init__(daemon=True)
        self.id, self.port, self.stop, self.tally, self.faithful = name, port, stop, tally, faithful
        self.chance, self.number, self.peer = random.Random(f"{seed} {name}"), 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.number += 1
                answer = self.ask_once(f"{self.id}n{self.number}")
                if self.tally.take(answer) == "failed":  # as a patient client does
                    self.stop.wait(self.chance.uniform(0, 0.2))
        except Exception as e:
            self.tally.complain(f"client {self.id}: {e!r}")
        finally:
            if self.peer:
                self.peer.close()

    def leaving(self):
        """After how many bytes this time."""
        if self.faithful or self.chance.random() > 0.12:
            return None
        return self.chance.choice((0, 1, 300, 1500))

    def ask_once(self, id):
        surface = self.chance.choice(tuple(PATHS))
        slow = self.chance.random() < 0.015
        stream = slow or self.chance.random() < 0.7
        answer = Answer(surface, stream, id, marked(id, *LONG) if slow else marked(id, self.chance.randint(1, 50)))
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
                      self.leaving())
        if slow:
            self.peer.close()
        return answer


class Session:
    """A conversation, and a follower that reads every event of it."""

    def __init__(self, port, id):
        peer, made = Peer(port), Answer("turn", False, id, "")
        peer.ask(made, "POST", SESSIONS, b'{"model": "canned"}')
        peer.close()
        assert made.status == 201, (made.status, made.body)
        self.id = json.loads(made.body)["id"]
        self.path = f"{SESSIONS}/{self.id}"
        self.posted, self.acknowledged = [], []
        self.follower, self.seen = Peer(port), Answer("turn", True, id + "f", "")
        self.thread = threading.Thread(daemon=True, target=self._follow)
        self.thread.start()

    def _follow(self):
        self.follower.ask(self.seen, "GET", self.path + "/events?from=1", b"", bound=None)

    def events(self):
        return [json.loads(line) for line in bytes(self.seen.body).split(b"\n")[:-1]]


class Talker(Client):
    """Its requests are turns of a session."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sessions = []

    def ask_once(self, id):
        if not self.sessions or len(self.sessions[-1].posted) >= TURNS:
            self.sessions.append(Session(self.port, id + "s"))
        session = self.sessions[-1]
        answer = Answer("turn", True, id, marked(id, self.chance.randint(1, 30)))
        session.posted.append(answer.wanted)
        if self.peer is None or not self.peer.open:
            self.peer = Peer(self.port)
        self.peer.ask(answer, "POST", session.path + "/messages", request_body("turn", True, "", answer.wanted),
                      (), self.leaving())
        if b"\n" in answer.body:
            session.acknowledged.append(answer.wanted)
        return answer
