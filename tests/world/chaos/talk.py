"""Clients of the node's WebSocket, each with several sessions at once on one connection."""

import json
import time

from chaos.judge import Complaint, judge_talk
from chaos.load import some_text
from chaos.peer import BOUND, Answer
from chaos.records import ENDS
from chaos.talkers import Talker
from frames import CLOSE, PING, PONG, TEXT, Frames

CONVERSATIONS = 3  # at once on a connection


class Turn:
    """One message that was sent, and its answer as far as it came."""

    def __init__(self, session, answer):
        self.session, self.answer, self.number = session, answer, None
        self.cancels, self.ended = 0, False  # cancels that are not acknowledged

    def hear(self, event):
        """An event of the session; says whether it was one of this turn's."""
        if self.number is None or event.get("message") not in (self.number - 1, self.number):
            return False
        self.answer.body += json.dumps(event).encode() + b"\n"
        self.ended |= event["message"] == self.number and event["type"] in ENDS
        return True


class Talk:
    """One WebSocket; `record` is what went over it, for the judge."""

    def __init__(self, port, id):
        self.frames = Frames("127.0.0.1", port, BOUND, [f"X-Request-Id: {id}"])
        if self.frames.headers["x-request-id"] != id:
            raise ValueError(f"the upgrade of {id} has the id {self.frames.headers['x-request-id']}")
        self.id, self.record, self.refs, self.turns = id, [], 0, {}  # turns by the ref of their operation
        self.following, self.open, self.read = {}, True, 0
        self.began = time.monotonic()

    def tell(self, op, session, turn=None, **more):
        self.refs += 1
        operation = {"op": op, "ref": str(self.refs), "session": session.id, **more}
        self.turns[operation["ref"]] = turn
        self.record.append(("sent", operation))
        self.frames.send(TEXT, json.dumps(operation).encode())

    def follow(self, session, again=0):
        """From the next event that it lacks, or `again` so many before it."""
        self.following[session.id] = session
        self.tell("subscribe", session, **{"from": max(1, session.heard + 1 - again)})

    def speak(self, session, answer, **more):
        answer.began = time.monotonic()
        answer.status = 200
        session.posted.append(answer.wanted)
        turn = Turn(session, answer)
        self.tell("send", session, turn, content=answer.wanted, **more)
        return turn

    def cancel(self, turn):
        turn.cancels += 1
        turn.session.to_cancel.append(turn.answer.wanted)
        self.tell("cancel", turn.session, turn, message=turn.number)

    def hear(self):
        """The next record, which is kept and taken notice of."""
        while True:
            opcode, payload = self.frames.receive()
            if opcode == PING:
                self.frames.send(PONG, payload)
            elif opcode == TEXT:
                break
            elif opcode != PONG:
                raise EOFError
        said = json.loads(payload)
        self.record.append(("heard", said))
        self.read += len(payload)
        if "ref" in said:
            self._acknowledged(said, self.turns.pop(said["ref"], None))
        elif said.get("session") in self.following:
            session = self.following[said["session"]]
            session.heard = max(session.heard, said.get("seq", 0))  # what ends a subscription has none
        return said

    def _acknowledged(self, ack, turn):
        if turn is None or ack["type"] != "ack":
            return
        if "cancelled" in ack:
            turn.cancels -= 1
            if ack["cancelled"]:
                turn.answer.cancelled = True
                turn.session.cancelled.append(turn.answer.wanted)
        else:
            turn.number = ack["message"]
            turn.session.acknowledged.append(turn.answer.wanted)

    def until_over(self, turns, leave_after=None, heard=lambda turn, event: None):
        """Hears until the turns have ended and every operation is acknowledged; `heard` is called with each event of
        theirs. Or leaves when it has read so many bytes."""
        begin, end = self.read, "whole"
        try:
            while self.turns or not all(t.ended for t in turns):
                if leave_after is not None and self.read - begin >= leave_after:
                    end = "left"
                    break
                event = self.hear()
                for t in turns:
                    if "ref" not in event and event["session"] == t.session.id and t.hear(event):
                        heard(t, event)
                        t.answer.ended = time.monotonic()
        except TimeoutError:
            end = "late"
        except (EOFError, OSError):
            end = "cut"
        for t in turns:
            t.answer.end = "whole" if t.ended and not t.cancels else end
            if not t.ended:
                t.answer.ended = time.monotonic()
        if end != "whole":
            self.close()
        return end

    def close(self, politely=False):
        if self.open and politely:
            self.frames.send(CLOSE, b"\x03\xe8")
        self.open = False
        self.frames.socket.close()

    def judge(self, left, sessions):
        """And gives the sessions what was told of them."""
        for id, events in judge_talk(self.record, left):
            next(s for s in sessions if s.id == id).told.append((None, events))


class WebSocketTalker(Talker):
    def __init__(self, *args, **kwargs):
        super().__init__("ws", *args, **kwargs)
        self.talk, self.left = None, False

    def ask(self, id):
        while len(self.with_room()) < CONVERSATIONS:
            self.begin_session(f"{id}s{len(self.sessions)}")
        if self.talk is None or not self.talk.open:
            self.leave()
            self.talk = Talk(self.port, id)
        turns = []
        for i, session in enumerate(self.chance.sample(self.with_room(), self.chance.randint(1, CONVERSATIONS))):
            self.follow(session)
            answer = Answer("ws", True, f"{id}t{i}", some_text(self.chance, f"{id}t{i}", 20))
            turns.append(self.talk.speak(session, answer))
        self.left = self.talk.until_over(turns, self.leaving(), self.maybe_cancel) == "left"
        return [t.answer for t in turns]

    def follow(self, session):
        """If it does not; now and then anew, without waiting in between."""
        if session.id not in self.talk.following:
            self.talk.follow(session, self.chance.choice((0, 0, 5)))
        while self.chance.random() < 0.15:
            self.talk.tell("unsubscribe", session)
            self.talk.follow(session, self.chance.choice((0, 5)))

    def maybe_cancel(self, turn, event):
        if not self.faithful and event["type"] == "delta" and self.chance.random() < 0.02 and not turn.ended:
            self.talk.cancel(turn)

    def leave(self):
        super().leave()
        if self.talk:
            talk, self.talk = self.talk, None
            talk.close(politely=not self.left)
            try:
                talk.judge(self.left, self.sessions)
            except Complaint as complaint:
                self.tally.complain(f"{talk.id} (a WebSocket): {complaint}")
