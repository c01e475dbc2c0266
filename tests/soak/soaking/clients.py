"""Clients of the drop-in surfaces that live through the node's outages, and those whose answers nothing may disturb."""

import contextlib
import dataclasses
import json
import threading
import time
import traceback

from chaos.judge import Complaint, judge
from chaos.load import LONG, Client, Tally, marked, request_body, some_text
from chaos.peer import Answer, Peer
from chaos.records import PATHS, read_stream
from processes import ask
from soaking.place import DRAIN, STEADY, STEADY_MODEL

# What an outage may do to a client: a stream of events may also end with a record that is no event.
BROKEN = (OSError, EOFError, AssertionError, ValueError, KeyError)
SLOW = 1_000_000  # bytes: only a slow reader is asked for so long a text


class SoakTally(Tally):
    """Counts what an outage may do to answers in flight apart; everything else is judged as without one."""

    def __init__(self, place):
        super().__init__(lambda name, *when: name in place.backends and place.backends[name].garbled(*when))
        self.outages, self.done = place.outages, {}  # counts of what is no answer

    def count(self, what, n=1):
        with self.lock:
            self.done[what] = self.done.get(what, 0) + n

    def take(self, answer):
        why = self.outages.during(answer.began, answer.ended)
        answer.garbled = self.garbled(answer.headers.get("x-conductor-backend"), answer.began, answer.ended)
        verdict = self._excused(answer, why) or super().take(answer)
        if len(answer.wanted) > SLOW:
            self.count(f"slow reader, {verdict}")
        if answer.cancelled and verdict == "cancelled":
            self.count("cancelled by a word")
        return verdict

    def _excused(self, answer, why):
        """What the node's outage, or the change of its backends, makes of an answer."""
        verdict = None
        if answer.status == 400 and b"unknown backend" in answer.body:
            verdict = "failed"  # pinned to the one that the configuration lacks at times
        elif answer.status == 503 and "handover" in why and b"shutting_down" in answer.body:
            verdict = "failed"
        elif answer.end == "cut" and "kill" in why:
            verdict = "broken"
        elif answer.end == "cut" and "handover" in why and (
                answer.status == 0 or not answer.body or answer.ended - answer.began >= DRAIN * 0.9):
            # A connection that closes while a request is on its way, or an answer longer than the drain.
            verdict = "broken"
        if verdict == "broken":
            try:  # what came of it is right
                judge(dataclasses.replace(answer, end="left"))
            except Complaint as complaint:
                self.complain(str(complaint))
                verdict = "complaint"
        if verdict:
            with self.lock:
                self.counts[answer.surface, answer.stream, verdict] += 1
        return verdict


class Living:
    """Mixed into a client: goes on when the node is away, which nothing else may be a reason for."""

    asked = 0.0  # when it did last

    def run(self):
        try:
            while not self.stop.is_set():
                self.number += 1
                self._once()
            self.finish()
        except Exception as e:
            self.tally.complain(f"client {self.id}: {e!r} at {traceback.extract_tb(e.__traceback__)[-1]}")
        finally:
            self.leave()

    def _once(self):
        began = time.monotonic()
        try:
            self.before()
            if self.peer and self.tally.outages.during(self.asked, time.monotonic()):
                self.peer.close()  # perhaps the node's that has gone
            self.asked = time.monotonic()
            verdicts = [self.tally.take(a) for a in self.ask(f"{self.id}n{self.number}")]
            self.after()
        except BROKEN as e:
            if not self.tally.outages.during(began, time.monotonic()):
                raise
            self.tally.count("refused while it was away")
            self.interrupted(e)
            self.stop.wait(0.1)
            return
        if "failed" in verdicts:  # as a patient client does
            self.stop.wait(self.chance.uniform(0, 0.2))

    def before(self):
        """Before it asks."""

    def after(self):
        """When its answers have been judged."""

    def interrupted(self, why):
        if self.peer:
            self.peer.close()

    def finish(self):
        """When it asks no more."""


class DropIn(Living, Client):
    pass


class Timed(Peer):
    """Remembers when an answer's first byte came."""

    first = None

    def _fill(self, answer):
        super()._fill(answer)
        self.first = self.first or time.monotonic()

    def ask(self, *args, **kwargs):
        self.first = None
        super().ask(*args, **kwargs)


class Steady(Living, Client):
    """Asks a server that no fault hits at a steady pace: whole, always; and its times tell how the node is."""

    EVERY = 0.1

    def __init__(self, *args, slowness=1, **kwargs):
        super().__init__("steady", *args, faithful=True, **kwargs)
        self.every, self.times = self.EVERY * slowness, []  # (when, seconds to the first byte)

    def ask(self, id):
        self.stop.wait(self.every)
        answer = Answer(self.chance.choice(tuple(PATHS)), True, id, some_text(self.chance, id, 12))
        self.peer = Timed(self.port)  # a new connection: none is refused or raced where it is replaced
        self.peer.ask(answer, "POST", PATHS[answer.surface],
                      request_body(answer.surface, True, STEADY_MODEL, answer.wanted), [f"X-Conductor-Backend: {STEADY}"])
        first, away = self.peer.first, self.tally.outages.during(answer.began, answer.ended)
        self.peer.close()
        if first and not away:
            self.times.append((answer.began, first - answer.began))
        if answer.status != 200 and not away:
            self.tally.complain(f"{answer.id} of the steady server got {answer.status}: {bytes(answer.body[:300])}")
        return [answer]


class SlowReader(Living, Client):
    """Is slower than the steady server, again and again, and gets all."""

    def __init__(self, *args, **kwargs):
        super().__init__("slow", *args, faithful=True, **kwargs)

    def ask(self, id):
        self.stop.wait(self.chance.uniform(2, 5))
        answer = Answer("generate", True, id, marked(id, *LONG))
        self.peer = Peer(self.port, slow=True)
        self.peer.ask(answer, "POST", PATHS["generate"],
                      request_body("generate", True, STEADY_MODEL, answer.wanted), ['X-Script: {"gap_ms": 0, "split": 0}'])
        self.peer.close()
        return [answer]


class Canceller(Living, Client):
    """Has its own answers cancelled by their ids, and is told so."""

    def __init__(self, *args, **kwargs):
        super().__init__("canceller", *args, **kwargs)

    def ask(self, id):
        self.stop.wait(self.chance.uniform(0.5, 1.5))
        answer = Answer("generate", True, id, marked(id, 400))
        acknowledged = []
        later = threading.Timer(0.3, self._cancel, (id, acknowledged))
        later.start()
        self.peer = Peer(self.port)
        self.peer.ask(answer, "POST", PATHS["generate"],
                      request_body("generate", True, STEADY_MODEL, answer.wanted))
        self.peer.close()
        later.join()
        if not self.tally.outages.during(answer.began, answer.ended):
            if answer.status == 200:
                said = read_stream("generate", answer.body)
                told = said.ends == ["error"] and answer.wanted.startswith(said.text)
            else:  # before its first record
                told = answer.status == 499
            if not (acknowledged == [True] and told):
                self.tally.complain(f"{id}: its cancel was answered {acknowledged}, and it ended with {answer.status} and "
                                    f"{bytes(answer.body[-200:])}")
            self.tally.count("cancelled by its id")
        return []

    def _cancel(self, id, acknowledged):
        with contextlib.suppress(OSError, ValueError):
            status, text = ask(self.port, "POST", f"/conductor/v1/generations/{id}/cancel")
            acknowledged.append(status == 200 and json.loads(text)["cancelled"])
