"""Clients of sessions: each asks in its own, over HTTP or over a WebSocket, while others follow what happens there."""

import contextlib
import json
import random
import socket
import threading

from chaos.judge import History
from chaos.load import Client, request_body, some_text
from chaos.peer import Answer, Peer
from chaos.records import events_of

SESSIONS = "/conductor/v1/sessions"
TURNS_EACH = 20  # of a session, before its client begins another
SERVER_SENT = ("Accept: text/event-stream",)


class Follower:
    """Reads every event of a session, from the first. A `restless` one leaves again and again, and goes on behind the
    last that it got."""

    def __init__(self, port, session, surface, chance=None):
        self.port, self.path, self.surface, self.chance = port, session + "/events", surface, chance
        self.lock, self.peer, self.parts, self.over = threading.Lock(), None, [], False
        self.thread = threading.Thread(daemon=True, target=self._run)
        self.thread.start()

    def _run(self):
        while self._connect():
            restless = self.chance and self.chance.random() < 0.7
            after = self.chance.randint(0, 6000) if restless else None
            path, headers = self._from(max((e["seq"] for e in self.events()), default=0))
            self.peer.ask(self.parts[-1], "GET", path, b"", headers, after, bound=None)
            if self.parts[-1].end != "left":
                return

    def _connect(self):
        with self.lock:
            if self.over:
                return False
            self.parts.append(Answer(self.surface, True, f"f{len(self.parts)}", "", end="cut"))
            with contextlib.suppress(OSError):  # no node is there
                self.peer = Peer(self.port)
                return True
            return False

    def _from(self, last):
        if self.surface == "sse":
            return self.path, [*SERVER_SENT, f"Last-Event-ID: {last}"]
        return f"{self.path}?from={last + 1}", []

    def events(self):
        return [e for part in list(self.parts) if part.status == 200 for e in events_of(self.surface, part.body)]

    def end(self):
        """How it ended by itself, if it did."""
        with self.lock:
            self.over = True
            ended = None if self.thread.is_alive() else self.parts[-1].end
            if ended is None:
                with contextlib.suppress(OSError):  # it has just left, to come back
                    self.peer.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        if self.peer:
            self.peer.close()
        return ended


class Session:
    """A conversation, and one who follows it."""

    def __init__(self, port, id, surface, chance=None):
        peer, made = Peer(port), Answer("turn", False, id, "")
        peer.ask(made, "POST", SESSIONS, b'{"model": "canned"}')
        peer.close()
        assert made.status == 201, (made.status, made.body)
        self.id = json.loads(made.body)["id"]
        self.path = f"{SESSIONS}/{self.id}"
        self.posted, self.acknowledged, self.to_cancel, self.cancelled, self.told = [], [], [], [], []
        self.heard = 0  # the last event that came over a WebSocket
        self.follower = Follower(port, self.path, surface, chance)

    def history(self, messages):
        return History(messages, self.follower.events(), self.posted, self.acknowledged, self.to_cancel,
                       self.cancelled, self.told)


def speak(peer, session, answer, leave_after=None):
    """Fills `answer` with a turn of the session, over HTTP."""
    session.posted.append(answer.wanted)
    peer.ask(answer, "POST", session.path + "/messages", request_body(answer.surface, True, "", answer.wanted),
             SERVER_SENT if answer.surface == "sse" else (), leave_after)
    events = events_of(answer.surface, answer.body) if answer.status == 200 else []
    if events:
        session.acknowledged.append(answer.wanted)
        session.told.append((events[0]["message"] + 1, events))


class Talker(Client):
    """Its requests are turns of a session."""

    def __init__(self, surface, *args, **kwargs):
        super().__init__(surface, *args, **kwargs)
        self.surface, self.sessions = surface, []

    def with_room(self):
        """Its sessions that may have another turn."""
        return [s for s in self.sessions if len(s.posted) < TURNS_EACH]

    def begin_session(self, id):
        chance = None if self.faithful else random.Random(self.chance.random())
        self.sessions.append(Session(self.port, id, self.chance.choice(("turn", "sse")), chance))

    def ask(self, id):
        if not self.with_room():
            self.begin_session(id + "s")
        answer = Answer(self.surface, True, id, some_text(self.chance, id, 30))
        if self.peer is None or not self.peer.open:
            self.peer = Peer(self.port)
        speak(self.peer, self.with_room()[0], answer, self.leaving())
        return [answer]
