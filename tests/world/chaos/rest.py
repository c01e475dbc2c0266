"""Waits until the node is at rest, and says what it has then. `node` is what has a `port`."""

import json
import time

from chaos.judge import Complaint, judge_rest
from chaos.peer import BOUND
from chaos.records import ENDS
from chaos.talkers import Follower
from processes import ask, until


def status_of(node):
    return json.loads(ask(node.port, "GET", "/conductor/v1/status")[1])


def messages_of(node, session):
    return json.loads(ask(node.port, "GET", session.path)[1])["messages"]


def at_rest(node, session):
    """The session's history once no turn is under way and the follower has seen each end; with another follower's, who
    comes late."""

    def settled():
        messages = messages_of(node, session)
        ends = sum(e["type"] in ENDS for e in session.follower.events())
        answers = [m for m in messages if m["role"] == "assistant"]
        over = all(m["state"] not in ("queued", "streaming") for m in answers)
        return over and ends >= len(answers) == len(messages) - len(answers) and [messages]

    while True:
        history = session.history(until(f"the turns of session {session.id} to end", settled, BOUND)[0])
        late = Follower(node.port, session.path, "turn")
        try:
            until(f"all events of session {session.id}", lambda: len(late.events()) >= len(history.events), BOUND)
            events = late.events()
        finally:
            ended = late.end()
        if ended or len(events) == len(history.events):
            break  # else a message whose client left at once came only now
    ended = session.follower.end() or ended
    if ended:
        raise Complaint(f"the events of session {session.id} ended by themselves: {ended}")
    history.told.append((None, events))
    return history


def wait_for_rest(node, backends, patience):
    """Waits until the judge has nothing to complain about; the last complaint is the failure."""
    end = time.monotonic() + patience
    while True:
        evidence = status_of(node), {b.name: b.stats() for b in backends.values()}
        try:
            judge_rest(*evidence)
            return evidence
        except Complaint:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
