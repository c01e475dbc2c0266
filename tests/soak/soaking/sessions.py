"""Conversations: judged as the chaos does where one node lived through them, and by what was acknowledged where not."""

import contextlib
import json
import time

from chaos.judge import Complaint, judge_session
from chaos.load import marked
from chaos.peer import BOUND, Answer, Peer
from chaos.rest import at_rest, messages_of
from chaos.talk import WebSocketTalker
from chaos.talkers import TURNS_EACH, Talker, speak
from processes import until

from soaking.clients import BROKEN, Living

OVER = ("done", "failed", "cancelled", "interrupted")


def judge_survivor(session, messages, interruptible):
    """A conversation whose node went away. `interruptible`: it was killed, or did not wait for all."""
    asked = [m["content"] for m in messages if m["role"] == "user"]
    lost = set(session.acknowledged) - set(asked)
    if lost:
        raise Complaint(f"acknowledged and lost: {lost}")
    if len(asked) != len(set(asked)) or not set(asked) <= set(session.posted):
        raise Complaint(f"a message was taken twice, or is somebody else's: {asked}")
    states = {m["seq"]: m["state"] for m in messages}
    for number, events in session.told:
        ended = [e for e in events if e["type"] in ("done", "error", "cancelled")]
        told_as = {"done": "done", "error": "failed", "cancelled": "cancelled"}
        if number and ended and states.get(number) != told_as[ended[-1]["type"]]:
            raise Complaint(f"turn {number} was told as {ended[-1]['type']} and is {states.get(number)}")
    question = None
    for m in messages:
        if m["role"] == "user":
            question = m["content"]
        elif m["state"] == "done" and m["content"] != question:
            raise Complaint(f"turn {m['seq']} is done and says {m['content'][-100:]!r}, not {question[-100:]!r}")
        elif not question.startswith(m["content"]):
            raise Complaint(f"turn {m['seq']} says {m['content'][-100:]!r}, no answer to {question[:100]!r}")
        elif m["state"] == "interrupted" and not interruptible:
            raise Complaint(f"turn {m['seq']} was interrupted where nobody was killed")


class Lasting(Living):
    """A talker whose sessions are judged when they are full, or when their node has gone."""

    def begin_session(self, id):
        began = time.monotonic()
        super().begin_session(id)
        self.sessions[-1].began = began

    def _outlived(self, session):
        """Its node went away since it began, or was about to."""
        return self.tally.outages.during(session.began, time.monotonic())

    def before(self):
        if any(self._outlived(s) for s in self.sessions):
            self.settle()
        for session in [s for s in self.sessions if self._outlived(s)]:
            self._cross(session)

    def after(self):
        for session in [s for s in self.sessions if len(s.posted) >= TURNS_EACH]:
            self._close(session)

    def finish(self):
        self.settle()
        for session in list(self.sessions):
            self._close(session)

    def settle(self):
        """Before sessions are judged."""

    def _close(self, session):
        self.settle()
        try:
            judge_session(at_rest(self, session))
        except BROKEN as complaint:
            if not self._outlived(session):
                self.sessions.remove(session)
                self.tally.complain(f"session {session.id}: {complaint!r}")
                return
            self._cross(session)
            return
        self.sessions.remove(session)
        self.tally.count("session, one node")
        self.tally.count("message acknowledged", len(session.acknowledged))
        self._erase(session)

    def _cross(self, session):
        """The node it began with has gone: what was acknowledged is there, and it goes on."""
        with contextlib.suppress(OSError):
            session.follower.end()
        while True:
            began, lives = time.monotonic(), self.tally.outages.lives
            try:
                self._judge_survivor(session)
            except BROKEN as complaint:
                if self.tally.outages.during(began, time.monotonic()) or lives != self.tally.outages.lives:
                    time.sleep(0.2)
                    continue
                self.tally.complain(f"session {session.id} behind a kill: {complaint!r}")
            break
        self.sessions.remove(session)

    def _judge_survivor(self, session):
        def over():
            messages = messages_of(self, session)
            return all(m["state"] in OVER for m in messages if m["role"] == "assistant") and [messages]

        messages = until(f"the turns of session {session.id} to end", over, BOUND)[0]
        judge_survivor(session, messages, "kill" in self._outlived(session))
        again = Answer("turn", True, f"{session.id}-{time.monotonic_ns()}", "")
        again.wanted = marked(f"again{len(session.posted)}", 5)
        peer = Peer(self.port)
        speak(peer, session, again)
        peer.close()
        if self.tally.take(again) in ("whole", "failed", "garbled"):
            self.tally.count("session, went on behind an outage")
            self.tally.count("message acknowledged", len(session.acknowledged))
            self._erase(session)

    def _erase(self, session):
        """Half of them."""
        if self.chance.random() < 0.5:
            peer, answer = Peer(self.port), Answer("turn", False, f"{session.id}x", "")
            peer.ask(answer, "DELETE", session.path, b"")
            peer.close()
            if answer.status == 204:
                self.tally.count("session, erased")
            elif not self.tally.outages.during(answer.began, answer.ended):
                raise AssertionError(f"session {session.id} cannot be erased: {answer.status} {bytes(answer.body)}")

    def interrupted(self, why):
        super().interrupted(why)
        self.settle()


class HttpTalker(Lasting, Talker):
    pass


class SocketTalker(Lasting, WebSocketTalker):
    def settle(self):
        """Its connection is over: what came over it goes to the sessions. Where the node went away meanwhile, each
        answer was judged by itself."""
        if self.talk and (self.tally.outages.during(self.talk.began, time.monotonic())
                          or any(self._outlived(s) for s in self.sessions)):
            self.talk.close()
            self.talk = None
        self.leave()

    def ask(self, id):
        answers = super().ask(id)
        if any(a.end == "cut" for a in answers):
            self.settle()
        return answers
