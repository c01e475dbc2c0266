"""Says of what was collected whether it keeps the node's promises. Raises Complaint with the broken one; plants.py
shows that it does."""

import dataclasses
import itertools

from chaos.peer import BOUND
from chaos.records import ENDS, GARBAGE, TURNS, error_text, read_stream, whole_text


class Complaint(AssertionError):
    """A promise of the node is broken."""


def _need(true, what):
    if not true:
        raise Complaint(what)


# Statuses that a request may fail with when its backends misbehave; 500 is a backend's own word.
FAILURES = (404, 500, 502, 503, 504)
SCRIPTED = "scripted error"


def _need_living_actors(text):
    _need("system_error" not in text and "actor failed" not in text and not text.startswith("internal"),
          f"an actor died: {text}")


def judge(answer):
    """How an answer ended: "whole", "failed" (and told so once), "garbled" by its backend, "cancelled" as its client
    asked, or "left" by it."""
    try:
        return _judge(answer)
    except Complaint as broken:
        raise Complaint(f"{answer.id} ({answer.surface}, {'stream' if answer.stream else 'one body'}, "
                        f"{answer.status} from {answer.headers.get('x-conductor-backend')}): {broken}; "
                        f"it ends with {bytes(answer.body[-300:])}") from None


def _judge(answer):
    _need(answer.end != "late", f"no end within {BOUND:.0f} s: {len(answer.body)} bytes came, the last of them "
          f"{answer.ended - (answer.heard or answer.began):.1f} s before; {answer.socket}")
    _need(answer.end != "broken", "its framing is broken")
    if answer.status == 0:
        _need(answer.end == "left", "the node closed without an answer")
        return "left"
    _need(answer.headers.get("x-request-id") == answer.id or answer.surface == "ws",
          f"it has another request's id, {answer.headers.get('x-request-id')}")
    try:
        if answer.status != 200:
            return _judge_refusal(answer)
        return _judge_stream(answer) if answer.stream else _judge_body(answer)
    except (ValueError, KeyError, TypeError) as e:
        raise Complaint(f"a record is none of its dialect: {e!r}") from None


def _judge_refusal(answer):
    if answer.end == "left":
        return "left"
    _need(answer.end == "whole", "an error's body is cut")
    text = error_text(answer.surface, answer.body)
    _need(answer.status in FAILURES, f"no status of a backend's failure: {text}")
    _need_living_actors(text)
    _need(answer.status != 500 or text == SCRIPTED, f"the node failed by itself: {text}")
    _need(answer.surface not in TURNS, f"a session refused a message: {text}")
    return "failed"


def _judge_body(answer):
    if answer.end == "left":
        return "left"
    if answer.end == "cut":
        return "failed"  # a body cut short can only be told by cutting the connection
    if answer.body.decode().strip() == GARBAGE:
        _need(answer.garbled, "garbage that no backend sent")
        return "garbled"
    _need(whole_text(answer.surface, answer.body) == answer.wanted, f"another text than {answer.wanted[:200]!r}")
    return "whole"


def _judge_stream(answer):
    said = read_stream(answer.surface, answer.body)
    _need(len(said.ends) <= 1, f"ended more than once: {said.ends}")
    _need(said.after == 0, f"{said.after} records behind the last one")
    _need(answer.wanted.startswith(said.text), f"records lost, doubled or mixed: {said.text[-200:]!r} is not "
                                               f"the beginning of {answer.wanted[:200]!r}")
    _need(not said.garbage or answer.garbled, "garbage that no backend sent")
    if said.events:
        _judge_turn(answer, said.events)
    if answer.end == "left":
        return "left"
    _need(answer.end == "whole", "a stream is cut without a word")
    _need(not said.rest, f"it ends inside a record: {said.rest[-200:]!r}")
    _need(said.ends, "neither its last record nor an error")
    _need_living_actors(said.error)
    _need((said.ends == ["cancelled"]) == answer.cancelled,
          f"it ended as {said.ends[0]}, and its cancel was {'' if answer.cancelled else 'not '}taken")
    if answer.cancelled:
        return "cancelled"
    if said.ends == ["error"]:
        return "failed"
    _need(said.text == answer.wanted, f"records lost at the end: {said.text[-200:]!r} of {answer.wanted[-200:]!r}")
    return "garbled" if said.garbage else "whole"


def _judge_turn(answer, events):
    _need(events[0]["type"] == "message" and events[0]["content"] == answer.wanted,
          f"the first event is not the message: {events[0]}")
    numbers = [e["seq"] for e in events]
    _need(all(a < b for a, b in zip(numbers, numbers[1:])), f"events out of order: {numbers}")
    about = {e["message"] for e in events[1:]}
    _need(about <= {events[0]["message"] + 1}, f"events of other messages: {about}")


@dataclasses.dataclass
class History:
    """A session at rest."""

    messages: list  # as the node has them
    events: list  # every one since it began, as a follower got them
    posted: list  # texts that were posted,
    acknowledged: list  # that were acknowledged,
    to_cancel: list  # that were asked to be cancelled,
    cancelled: list  # and whose cancel was acknowledged
    told: list  # (None, events) of each other who followed, (turn's answer, events) of each who asked


def judge_session(s):
    asked = [m["content"] for m in s.messages if m["role"] == "user"]
    _need(len(asked) == len(set(asked)), "a message was taken twice")
    _need(set(asked) <= set(s.posted), "it has a message of somebody else")
    _need(set(s.acknowledged) <= set(asked), f"acknowledged and lost: {set(s.acknowledged) - set(asked)}")
    numbers = [e["seq"] for e in s.events]
    _need(numbers == list(range(1, len(numbers) + 1)), f"its events are out of order: {numbers}")
    question = None
    for m in s.messages:
        if m["role"] == "user":
            question = m["content"]
        else:
            _judge_kept(s, question, m)
    for answer, events in s.told:
        _judge_told(s, answer, events)


def _judge_kept(s, question, m):
    """One answer."""
    mine = [e for e in s.events if e.get("message") == m["seq"]]
    ends = [e["type"] for e in mine if e["type"] in ENDS]
    _need(len(ends) == 1, f"turn {m['seq']} ended {len(ends)} times: {ends}")
    _need((m["state"], ends[0]) in (("done", "done"), ("failed", "error"), ("cancelled", "cancelled")),
          f"turn {m['seq']} is {m['state']} and told as {ends[0]}")
    _need(ends[0] != "cancelled" or question in s.to_cancel, f"turn {m['seq']} was cancelled, which nobody asked for")
    _need(ends[0] == "cancelled" or question not in s.cancelled, f"turn {m['seq']} was cancelled and is {m['state']}")
    told = "".join(e["text"] for e in mine if e["type"] == "delta")
    _need(told == m["content"], f"turn {m['seq']} told {told[-100:]!r} and kept {m['content'][-100:]!r}")
    _need(question.startswith(told), f"turn {m['seq']}: {told[-100:]!r} is no answer to {question[:100]!r}")
    _need(m["state"] != "done" or told == question, f"turn {m['seq']} is done and lacks its end")


def _judge_told(s, answer, events):
    """What one client was told: all that happened between its first and its last, as it happened."""
    if not events:
        return
    first, last = events[0]["seq"], events[-1]["seq"]
    wanted = [e for e in s.events if first <= e["seq"] <= last
              and (answer is None or e.get("message") in (answer - 1, answer))]
    for told, logged in itertools.zip_longest(events, wanted):
        _need(told == logged, f"told {told} where {logged} happened")


def judge_talk(talk, left):
    """One WebSocket: ("sent", operation) and ("heard", record) as they came; `left` by its client. Returns what it was
    told of each session: [(session, events)]."""
    sent, told, following = {}, [], {}
    for way, record in talk:
        if way == "sent":
            sent[record["ref"]] = record
        elif record["type"] in ("ack", "error") and "ref" in record:
            op = sent.pop(record["ref"], None)
            _need(op is not None, f"acknowledged twice, or asked by nobody: {record}")
            _need(record["type"] == "ack", f"{op['op']} was refused: {record}")
            _need(record["session"] == op["session"], f"{op} is acknowledged by {record}")
            if op["op"] == "subscribe":
                _need(op["session"] not in following, f"subscribed twice: {op}")
                told.append((op["session"], []))
                following[op["session"]] = (op["from"], told[-1][1])
            elif op["op"] == "unsubscribe":
                _need(following.pop(op["session"], None), f"unsubscribed twice: {op}")
        else:
            _need(record.get("session") in following, f"told of what it does not follow: {record}")
            _need("seq" in record, f"a subscription ended: {record}")
            begin, events = following[record["session"]]
            _need(record["seq"] == begin + len(events), f"told {record} where {begin + len(events)} was next")
            events.append({name: value for name, value in record.items() if name != "session"})
    _need(left or not sent, f"never acknowledged: {list(sent.values())}")
    return told


def judge_log(lines):
    """What the node logged."""
    for line in lines:
        _need(not any(words in line for words in ("unhandled exception", "is started anew", "failed for good")),
              f"it logged: {line}")


def judge_rest(status, backends):
    """The node when nobody asks it: its status document, and what each backend counts."""
    for b in status["backends"]:
        _need(b["in_flight"] == 0, f"{b['in_flight']} leases of {b['name']} are not given back")
        _need(b["relayed"] == 0, f"{b['relayed']} relayed requests of {b['name']} are not given back")
        _need(b["state"] == "up", f"{b['name']} is {b['state']}: {b.get('error')}")
    _need(status["generations_in_flight"] == 0, "answers are in flight")
    _need(status["queue"]["waiting"] == 0, f"{status['queue']['waiting']} requests wait")
    _need(status["connections"] == 1, f"{status['connections'] - 1} connections of clients that left")
    for name, seen in backends.items():
        for what in ("in_flight", "waiting", "generating", "open_streams"):
            _need(seen[what] == 0, f"{name} still counts {what} {seen[what]}: a cancel did not reach it")
